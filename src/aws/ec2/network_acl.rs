//! `AWS::EC2::NetworkAcl`.

use super::{by_our_tags, change_tags, once, ours, tag_map, tagged, told, visible_tags};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagMap};
use crate::engine::{Context, Found, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    NetworkAcl as Live, NetworkAclEntry as Entry, ResourceType as Kind, RuleAction,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `AWS::EC2::NetworkAcl`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkacl.html>).
/// A new one refuses everything.
///
/// Its entries are resources of their own, so that one which somebody adds is
/// nobody's, although the lowest number decides and so it outweighs them all.
/// The tag `tap:entries` says which numbers are wanted; with it, others are
/// drift and are taken away.
///
/// Ownership: our tags, which stand in `CreateNetworkAcl`. Interruption:
/// every call but the first may be made again.
pub(in crate::aws) struct NetworkAcl;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct NetworkAclProperties {
    vpc_id: String,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Only read: entries that the tag does not name, of which none is wanted.
    /// CloudFormation knows no such property.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    foreign_entries: Vec<String>,
}

/// Which entries are wanted: `ingress`, its rule numbers, `egress`, its rule
/// numbers, with spaces between them.
const TAG_ENTRIES: &str = "tap:entries";

/// What AWS puts last into every list, shown as `*`, and nobody can change
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html>).
const LAST_RULE: i32 = 32767;

const INGRESS: &str = "ingress";
const EGRESS: &str = "egress";

#[async_trait]
impl ResourceType for NetworkAcl {
    const TYPE: &'static str = "AWS::EC2::NetworkAcl";
    const CREATE_ONLY: &'static [&'static str] = &["VpcId"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = NetworkAclProperties;

    fn normalise(&self, properties: &mut NetworkAclProperties, _: &str) -> Result<(), String> {
        properties.foreign_entries.sort();
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &NetworkAclProperties) -> Result<(), String> {
        match desired.foreign_entries.as_slice() {
            [] => Ok(()),
            _ => Err("ForeignEntries: nobody wants entries of others".to_owned()),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &NetworkAclProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateNetworkAcl";
        let answer = clients
            .ec2()
            .create_network_acl()
            .vpc_id(&desired.vpc_id)
            .tag_specifications(tagged(cx, Kind::NetworkAcl, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        let acl = answer.network_acl;
        let id = told(OPERATION, acl.and_then(|acl| acl.network_acl_id))?;
        Ok(as_physical(&id))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&NetworkAclProperties>,
    ) -> Outcome<Option<(Physical, NetworkAclProperties)>> {
        let acl = describe(clients, identifier).await?;
        Ok(acl.map(|acl| {
            let live_tags = tag_map(acl.tags);
            let wanted = match applied {
                Some(applied) => wanted(&applied.tags),
                None => live_tags.get(TAG_ENTRIES).cloned(),
            };
            let entries = acl.entries.unwrap_or_default();
            let live = NetworkAclProperties {
                vpc_id: acl.vpc_id.unwrap_or_default(),
                tags: visible_tags(clients, &live_tags, applied.map(|a| &a.tags)),
                foreign_entries: foreign(&entries, wanted.as_deref())
                    .map(described)
                    .collect(),
            };
            (as_physical(identifier), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &NetworkAclProperties,
        desired: &NetworkAclProperties,
    ) -> Outcome<Physical> {
        if !current.foreign_entries.is_empty() {
            remove_foreign(clients, identifier, &desired.tags).await?;
        }
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteNetworkAcl";
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .ec2()
            .delete_network_acl()
            .network_acl_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &NetworkAclProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_network_acls()
            .set_filters(by_our_tags(cx))
            .send()
            .await
            .during("ec2:DescribeNetworkAcls")?;
        let acls = answer.network_acls.unwrap_or_default().into_iter();
        Ok(ours(acls.map(|acl| acl.network_acl_id)))
    }
}

pub(super) async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_network_acls()
        .network_acl_ids(id)
        .send()
        .await
        .during("ec2:DescribeNetworkAcls");
    let acls = found(answer)?.and_then(|answer| answer.network_acls);
    Ok(acls.and_then(|mut acls| acls.pop()))
}

/// The tags under which its entries are owned; `None` when there is no such
/// list.
async fn tags_of(clients: &Clients, id: &str) -> Outcome<Option<TagMap>> {
    Ok(describe(clients, id).await?.map(|acl| tag_map(acl.tags)))
}

fn wanted(tags: &[Tag]) -> Option<String> {
    let tag = tags.iter().find(|tag| tag.key == TAG_ENTRIES);
    tag.map(|tag| tag.value.clone())
}

/// The entries that are not wanted; none where nothing says which are.
fn foreign<'a>(entries: &'a [Entry], wanted: Option<&str>) -> impl Iterator<Item = &'a Entry> {
    let known = wanted.map(|wanted| {
        let mut direction = "";
        let mut known = BTreeSet::new();
        for word in wanted.split_whitespace() {
            match word.parse::<i32>() {
                Ok(number) => _ = known.insert((direction == EGRESS, number)),
                Err(_) => direction = word,
            }
        }
        known
    });
    entries.iter().filter(move |entry| {
        let key = (
            entry.egress == Some(true),
            entry.rule_number.unwrap_or_default(),
        );
        key.1 != LAST_RULE && known.as_ref().is_some_and(|known| !known.contains(&key))
    })
}

async fn remove_foreign(clients: &Clients, id: &str, tags: &[Tag]) -> Outcome<()> {
    let Some(acl) = describe(clients, id).await? else {
        return Ok(());
    };
    let entries = acl.entries.unwrap_or_default();
    for entry in foreign(&entries, wanted(tags).as_deref()) {
        let deleted = clients
            .ec2()
            .delete_network_acl_entry()
            .network_acl_id(id)
            .set_egress(entry.egress)
            .set_rule_number(entry.rule_number)
            .send()
            .await
            .during("ec2:DeleteNetworkAclEntry");
        found(deleted)?;
    }
    Ok(())
}

/// An entry in one line, as `ingress 90 allow -1 0.0.0.0/0`.
fn described(entry: &Entry) -> String {
    let direction = match entry.egress {
        Some(true) => EGRESS,
        _ => INGRESS,
    };
    let number = entry.rule_number.unwrap_or_default();
    let action = entry.rule_action().map_or("", RuleAction::as_str);
    let protocol = entry.protocol().unwrap_or_default();
    let peer = entry.cidr_block().or(entry.ipv6_cidr_block());
    format!(
        "{direction} {number} {action} {protocol} {}",
        peer.unwrap_or_default()
    )
}

pub(super) fn named(id: &str) -> String {
    format!("the network ACL {id}")
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
