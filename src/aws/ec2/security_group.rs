//! `AWS::EC2::SecurityGroup`.

use super::interfaces::{Held, delete_when_free};
use super::rules::{self, Direction, Rule};
use super::{by_our_tags, change_tags, filter, once, ours, tag_map, tagged, told, visible_tags};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag};
use crate::engine::{Context, ErrorKind, Found, Physical, TAG_LOGICAL_ID, TAG_PIPELINE};
use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType as Kind, SecurityGroup as Live, SecurityGroupRule};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::SecurityGroup`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html>).
///
/// Without `SecurityGroupEgress` a group lets everything out, as in
/// CloudFormation; an empty list means nothing. A rule that stands in the
/// template on its own (`AWS::EC2::SecurityGroupIngress`) carries our tags and
/// is left out here; every other rule that was not wanted is drift.
///
/// Ownership: our tags, which stand in `CreateSecurityGroup`. Deleting waits
/// for the network interfaces that use it. Interruption: every call but the
/// first may be made again.
pub(in crate::aws) struct SecurityGroup;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct GroupProperties {
    group_name: String,
    group_description: String,
    vpc_id: String,
    #[serde(default)]
    security_group_ingress: Vec<Rule>,
    #[serde(default = "everything")]
    security_group_egress: Vec<Rule>,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn everything() -> Vec<Rule> {
    vec![Rule::everything_out()]
}

#[async_trait]
impl ResourceType for SecurityGroup {
    const TYPE: &'static str = "AWS::EC2::SecurityGroup";
    const CREATE_ONLY: &'static [&'static str] = &["GroupDescription", "GroupName", "VpcId"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["GroupName", "VpcId"]);

    type Properties = GroupProperties;

    fn normalise(&self, properties: &mut GroupProperties, _: &str) -> Result<(), String> {
        for rules in [
            &mut properties.security_group_ingress,
            &mut properties.security_group_egress,
        ] {
            rules.iter_mut().for_each(Rule::normalise);
            rules.sort();
            rules.dedup();
        }
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &GroupProperties) -> Result<(), String> {
        for (index, rule) in desired.security_group_ingress.iter().enumerate() {
            rule.check(Direction::Ingress)
                .map_err(|problem| format!("SecurityGroupIngress[{index}]: {problem}"))?;
        }
        for (index, rule) in desired.security_group_egress.iter().enumerate() {
            rule.check(Direction::Egress)
                .map_err(|problem| format!("SecurityGroupEgress[{index}]: {problem}"))?;
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &GroupProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateSecurityGroup";
        let answer = clients
            .ec2()
            .create_security_group()
            .group_name(&desired.group_name)
            .description(&desired.group_description)
            .vpc_id(&desired.vpc_id)
            .tag_specifications(tagged(cx, Kind::SecurityGroup, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let id = told(OPERATION, answer.group_id)?;
        Ok(as_physical(&id, &desired.vpc_id))
    }

    /// The rule that AWS gives to a new group goes, unless it is wanted.
    async fn configure(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &GroupProperties,
    ) -> Outcome<()> {
        let given = Rule::everything_out();
        if !desired.security_group_egress.contains(&given) {
            rules::revoke_given(clients, Direction::Egress, identifier, &given).await?;
        }
        settle(cx, clients, identifier, desired).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&GroupProperties>,
    ) -> Outcome<Option<(Physical, GroupProperties)>> {
        let Some(group) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let rules = rules::of_group(clients, identifier).await?;
        let of = |direction| -> Vec<Rule> {
            let inline = inline(cx, &rules, direction);
            inline.map(Rule::of_live).collect()
        };
        let live = GroupProperties {
            group_name: group.group_name.unwrap_or_default(),
            group_description: group.description.unwrap_or_default(),
            vpc_id: group.vpc_id.unwrap_or_default(),
            security_group_ingress: of(Direction::Ingress),
            security_group_egress: of(Direction::Egress),
            tags: visible_tags(clients, &tag_map(group.tags), applied.map(|a| &a.tags)),
        };
        let physical = as_physical(identifier, &live.vpc_id);
        Ok(Some((physical, live)))
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &GroupProperties,
        desired: &GroupProperties,
    ) -> Outcome<Physical> {
        settle(cx, clients, identifier, desired).await?;
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(identifier, &desired.vpc_id))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteSecurityGroup";
        let Some(group) = describe(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &tag_map(group.tags))?;
        let held = Held {
            what: named(identifier),
            filter: "group-id",
            id: identifier,
        };
        delete_when_free(cx, clients, held, OPERATION, || async move {
            let call = clients.ec2().delete_security_group().group_id(identifier);
            call.send().await.during(OPERATION).map(drop)
        })
        .await
    }

    /// Ours by our tags, or somebody else's by its name.
    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &GroupProperties,
    ) -> Outcome<Found> {
        const OPERATION: &str = "ec2:DescribeSecurityGroups";
        let call = clients.ec2().describe_security_groups();
        let answer = call.set_filters(by_our_tags(cx)).send().await;
        let groups = answer.during(OPERATION)?.security_groups;
        let groups = groups.unwrap_or_default().into_iter();
        match ours(groups.map(|group| group.group_id)) {
            Found::Absent => {}
            found => return Ok(found),
        }
        let answer = clients
            .ec2()
            .describe_security_groups()
            .filters(filter("group-name", &desired.group_name))
            .filters(filter("vpc-id", &desired.vpc_id))
            .send()
            .await
            .during(OPERATION)?;
        let group = answer.security_groups.unwrap_or_default().pop();
        Ok(match group {
            Some(group) => {
                let id = group.group_id.unwrap_or_default();
                tags::stranger_or(cx, &named(&id), &id, &tag_map(group.tags))
            }
            None => Found::Absent,
        })
    }
}

pub(super) async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_security_groups()
        .group_ids(id)
        .send()
        .await
        .during("ec2:DescribeSecurityGroups");
    let groups = found(answer)?.and_then(|answer| answer.security_groups);
    Ok(groups.and_then(|mut groups| groups.pop()))
}

/// The live rules of a direction without those that are resources of their
/// own.
fn inline<'a>(
    cx: &Context<'_>,
    rules: &'a [SecurityGroupRule],
    direction: Direction,
) -> impl Iterator<Item = &'a SecurityGroupRule> {
    let (pipeline, id) = (cx.owner.pipeline.clone(), cx.logical_id.to_owned());
    rules.iter().filter(move |rule| {
        let value = |key: &str| {
            let tag = rule.tags().iter().find(|tag| tag.key() == Some(key))?;
            tag.value().map(ToOwned::to_owned)
        };
        let of_its_own = value(TAG_PIPELINE).as_ref() == Some(&pipeline)
            && value(TAG_LOGICAL_ID).is_some_and(|other| other != id);
        rule.is_egress == Some(direction == Direction::Egress) && !of_its_own
    })
}

/// Takes away what is there and not wanted, then makes what is wanted and not
/// there: from what AWS says now, so that it may be called again.
async fn settle(
    cx: &Context<'_>,
    clients: &Clients,
    group: &str,
    desired: &GroupProperties,
) -> Outcome<()> {
    let live = rules::of_group(clients, group).await?;
    for (direction, wanted) in [
        (Direction::Ingress, &desired.security_group_ingress),
        (Direction::Egress, &desired.security_group_egress),
    ] {
        let there: Vec<(Rule, Option<String>)> = inline(cx, &live, direction)
            .map(|rule| (Rule::of_live(rule), rule.security_group_rule_id.clone()))
            .collect();
        let unwanted = there.iter().filter(|(rule, _)| !wanted.contains(rule));
        let ids = unwanted.filter_map(|(_, id)| id.clone()).collect();
        // One that is gone keeps the others from being revoked: look again.
        let revoked = rules::revoke(clients, direction, group, ids).await;
        revoked.map_err(not_yet)?;
        for rule in wanted.iter() {
            if there.iter().any(|(live, _)| live == rule) {
                continue;
            }
            match rules::authorise(clients, direction, group, rule).await {
                // The look at the rules lagged behind.
                Err(error) if error.kind == ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
    }
    Ok(())
}

pub(super) fn named(id: &str) -> String {
    format!("the security group {id}")
}

fn as_physical(id: &str, vpc_id: &str) -> Physical {
    physical(
        id,
        id,
        [("GroupId", id.to_owned()), ("VpcId", vpc_id.to_owned())],
    )
}
