//! `AWS::EC2::SecurityGroupIngress`: a rule on its own, for groups that refer
//! to each other.

use super::rules::{Direction, Rule, of_group};
use super::security_group::{describe, named};
use super::{by_our_tags, once, ours, tag_map, tagged, told};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType as Kind, SecurityGroupRule, SecurityGroupRuleDescription};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::SecurityGroupIngress`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html>).
///
/// Ownership: our tags on the rule, by which the group's own handler tells it
/// from rules that nobody wanted; they stand in the creating call. The same
/// rule twice is refused, so that a replacement deletes first. Interruption:
/// every call but the first may be made again.
pub(in crate::aws) struct SecurityGroupIngress;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct IngressProperties {
    group_id: String,
    ip_protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cidr_ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_security_group_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_prefix_list_id: Option<String>,
    #[serde(default)]
    description: String,
}

impl IngressProperties {
    fn rule(&self) -> Rule {
        let mut rule = Rule {
            ip_protocol: self.ip_protocol.clone(),
            from_port: self.from_port,
            to_port: self.to_port,
            cidr_ip: self.cidr_ip.clone(),
            source_security_group_id: self.source_security_group_id.clone(),
            source_prefix_list_id: self.source_prefix_list_id.clone(),
            description: Some(self.description.clone()),
            ..Rule::default()
        };
        rule.normalise();
        rule
    }

    fn of_live(live: &SecurityGroupRule) -> Self {
        let rule = Rule::of_live(live);
        Self {
            group_id: live.group_id.clone().unwrap_or_default(),
            ip_protocol: rule.ip_protocol,
            from_port: rule.from_port,
            to_port: rule.to_port,
            cidr_ip: rule.cidr_ip,
            source_security_group_id: rule.source_security_group_id,
            source_prefix_list_id: rule.source_prefix_list_id,
            description: rule.description.unwrap_or_default(),
        }
    }
}

#[async_trait]
impl ResourceType for SecurityGroupIngress {
    const TYPE: &'static str = "AWS::EC2::SecurityGroupIngress";
    const CREATE_ONLY: &'static [&'static str] = &[
        "CidrIp",
        "FromPort",
        "GroupId",
        "IpProtocol",
        "SourcePrefixListId",
        "SourceSecurityGroupId",
        "ToPort",
    ];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = IngressProperties;

    fn normalise(&self, properties: &mut IngressProperties, _: &str) -> Result<(), String> {
        let rule = properties.rule();
        properties.ip_protocol = rule.ip_protocol;
        (properties.from_port, properties.to_port) = (rule.from_port, rule.to_port);
        Ok(())
    }

    fn check(&self, desired: &IngressProperties) -> Result<(), String> {
        let checked = desired.rule().check(Direction::Ingress);
        checked.map_err(|problem| format!("SourceSecurityGroupId: {problem}"))
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &IngressProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:AuthorizeSecurityGroupIngress";
        let id = &desired.group_id;
        let Some(group) = describe(clients, id).await? else {
            let message = format!("{} is not there yet", named(id));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(id), &tag_map(group.tags))?;
        let answer = clients
            .ec2()
            .authorize_security_group_ingress()
            .group_id(id)
            .ip_permissions(desired.rule().permission())
            .tag_specifications(tagged(cx, Kind::SecurityGroupRule, &[]))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let rules = answer.security_group_rules.unwrap_or_default();
        let id = rules
            .into_iter()
            .find_map(|rule| rule.security_group_rule_id);
        Ok(as_physical(&told(OPERATION, id)?))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&IngressProperties>,
    ) -> Outcome<Option<(Physical, IngressProperties)>> {
        let rule = rule(clients, identifier).await?;
        Ok(rule.map(|rule| (as_physical(identifier), IngressProperties::of_live(&rule))))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &IngressProperties,
        desired: &IngressProperties,
    ) -> Outcome<Physical> {
        if current.description != desired.description {
            let description = SecurityGroupRuleDescription::builder()
                .security_group_rule_id(identifier)
                .description(&desired.description)
                .build();
            clients
                .ec2()
                .update_security_group_rule_descriptions_ingress()
                .group_id(&desired.group_id)
                .security_group_rule_descriptions(description)
                .send()
                .await
                .during("ec2:UpdateSecurityGroupRuleDescriptionsIngress")?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:RevokeSecurityGroupIngress";
        let Some(rule) = rule(clients, identifier).await? else {
            return Ok(());
        };
        let what = format!("the rule {identifier}");
        tags::require_ours(cx, OPERATION, &what, &tag_map(rule.tags))?;
        let group = rule.group_id.unwrap_or_default();
        let ids = vec![identifier.to_owned()];
        found(super::rules::revoke(clients, Direction::Ingress, &group, ids).await).map(drop)
    }

    /// Ours by our tags, or somebody else's that is the same.
    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &IngressProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_security_group_rules()
            .set_filters(by_our_tags(cx))
            .send()
            .await
            .during("ec2:DescribeSecurityGroupRules")?;
        let rules = answer.security_group_rules.unwrap_or_default().into_iter();
        match ours(rules.map(|rule| rule.security_group_rule_id)) {
            Found::Absent => {}
            found => return Ok(found),
        }
        let same = |live: &&SecurityGroupRule| {
            let mut live = IngressProperties::of_live(live);
            live.description.clone_from(&desired.description);
            live == *desired
        };
        let rules = of_group(clients, &desired.group_id).await?;
        let there = rules.iter().filter(|rule| rule.is_egress != Some(true));
        Ok(match there.into_iter().find(same) {
            Some(rule) => {
                let id = rule.security_group_rule_id.clone().unwrap_or_default();
                let what = format!("the rule {id} of {}", named(&desired.group_id));
                tags::stranger_or(cx, &what, &id, &tag_map(rule.tags.clone()))
            }
            None => Found::Absent,
        })
    }
}

async fn rule(clients: &Clients, id: &str) -> Outcome<Option<SecurityGroupRule>> {
    let answer = clients
        .ec2()
        .describe_security_group_rules()
        .security_group_rule_ids(id)
        .send()
        .await
        .during("ec2:DescribeSecurityGroupRules");
    let rules = found(answer)?.and_then(|answer| answer.security_group_rules);
    Ok(rules.and_then(|mut rules| rules.pop()))
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
