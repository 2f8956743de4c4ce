//! `AWS::EC2::NetworkAclEntry`. It carries no tags: it is ours when the
//! network ACL is.

use super::network_acl::{describe, named};
use super::{once, tag_map};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{NetworkAcl, NetworkAclEntry as Live, PortRange as SdkRange, RuleAction};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::NetworkAclEntry`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkaclentry.html>),
/// for IPv4. The identifier is list, direction and number.
///
/// Ownership: our tags on the list. Interruption: each is one call that may be
/// made again.
pub(in crate::aws) struct NetworkAclEntry;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct EntryProperties {
    network_acl_id: String,
    #[serde(default)]
    egress: bool,
    rule_number: i32,
    /// By number; -1 is all.
    protocol: i32,
    rule_action: String,
    cidr_block: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port_range: Option<PortRange>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct PortRange {
    from: i32,
    to: i32,
}

#[async_trait]
impl ResourceType for NetworkAclEntry {
    const TYPE: &'static str = "AWS::EC2::NetworkAclEntry";
    const CREATE_ONLY: &'static [&'static str] = &["Egress", "NetworkAclId", "RuleNumber"];
    const FOUND_BY: Option<&'static [&'static str]> =
        Some(&["Egress", "NetworkAclId", "RuleNumber"]);

    type Properties = EntryProperties;

    fn normalise(&self, properties: &mut EntryProperties, _: &str) -> Result<(), String> {
        properties.rule_action.make_ascii_lowercase();
        // All protocols have no ports.
        if properties.protocol == -1 {
            properties.port_range = None;
        }
        Ok(())
    }

    fn check(&self, desired: &EntryProperties) -> Result<(), String> {
        if !["allow", "deny"].contains(&desired.rule_action.as_str()) {
            return Err("RuleAction: must be allow or deny".to_owned());
        }
        if !(1..=32766).contains(&desired.rule_number) {
            return Err("RuleNumber: must be 1 to 32766".to_owned());
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &EntryProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateNetworkAclEntry";
        let id = &desired.network_acl_id;
        let Some(acl) = describe(clients, id).await? else {
            let message = format!("{} is not there yet", named(id));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(id), &tag_map(acl.tags))?;
        clients
            .ec2()
            .create_network_acl_entry()
            .network_acl_id(id)
            .egress(desired.egress)
            .rule_number(desired.rule_number)
            .protocol(desired.protocol.to_string())
            .rule_action(RuleAction::from(desired.rule_action.as_str()))
            .cidr_block(&desired.cidr_block)
            .set_port_range(range(desired))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        Ok(as_physical(&Key::of(desired)))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&EntryProperties>,
    ) -> Outcome<Option<(Physical, EntryProperties)>> {
        let Some(key) = Key::parse(identifier) else {
            return Ok(None);
        };
        let Some(acl) = describe(clients, &key.network_acl_id).await? else {
            return Ok(None);
        };
        let entry = key.entry_of(&acl);
        Ok(entry.map(|entry| (as_physical(&key), properties(&key, entry))))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        _identifier: &str,
        current: &EntryProperties,
        desired: &EntryProperties,
    ) -> Outcome<Physical> {
        if current != desired {
            clients
                .ec2()
                .replace_network_acl_entry()
                .network_acl_id(&desired.network_acl_id)
                .egress(desired.egress)
                .rule_number(desired.rule_number)
                .protocol(desired.protocol.to_string())
                .rule_action(RuleAction::from(desired.rule_action.as_str()))
                .cidr_block(&desired.cidr_block)
                .set_port_range(range(desired))
                .send()
                .await
                .during("ec2:ReplaceNetworkAclEntry")?;
        }
        Ok(as_physical(&Key::of(desired)))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteNetworkAclEntry";
        let Some(key) = Key::parse(identifier) else {
            return Ok(());
        };
        let Some(acl) = describe(clients, &key.network_acl_id).await? else {
            return Ok(());
        };
        if key.entry_of(&acl).is_none() {
            return Ok(());
        }
        tags::require_ours(
            cx,
            OPERATION,
            &named(&key.network_acl_id),
            &tag_map(acl.tags),
        )?;
        let deleted = clients
            .ec2()
            .delete_network_acl_entry()
            .network_acl_id(key.network_acl_id)
            .egress(key.egress)
            .rule_number(key.rule_number)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &EntryProperties,
    ) -> Outcome<Found> {
        let key = Key::of(desired);
        let Some(acl) = describe(clients, &key.network_acl_id).await? else {
            return Ok(Found::Absent);
        };
        if key.entry_of(&acl).is_none() {
            return Ok(Found::Absent);
        }
        Ok(match tags::ownership(cx, &tag_map(acl.tags)) {
            Ownership::Ours | Ownership::Sibling(_) => super::ours([Some(key.to_string())]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} exists and {why}", named(&key.network_acl_id)))
            }
        })
    }
}

/// What tells one entry from another.
struct Key {
    network_acl_id: String,
    egress: bool,
    rule_number: i32,
}

impl Key {
    fn of(properties: &EntryProperties) -> Self {
        Self {
            network_acl_id: properties.network_acl_id.clone(),
            egress: properties.egress,
            rule_number: properties.rule_number,
        }
    }

    fn parse(identifier: &str) -> Option<Self> {
        let mut parts = identifier.split('|');
        Some(Self {
            network_acl_id: parts.next()?.to_owned(),
            egress: parts.next()? == "egress",
            rule_number: parts.next()?.parse().ok()?,
        })
    }

    fn entry_of<'a>(&self, acl: &'a NetworkAcl) -> Option<&'a Live> {
        let mut entries = acl.entries().iter();
        entries.find(|entry| {
            entry.egress == Some(self.egress) && entry.rule_number == Some(self.rule_number)
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let direction = if self.egress { "egress" } else { "ingress" };
        write!(
            f,
            "{}|{direction}|{}",
            self.network_acl_id, self.rule_number
        )
    }
}

fn properties(key: &Key, entry: &Live) -> EntryProperties {
    let ports = entry.port_range.as_ref();
    EntryProperties {
        network_acl_id: key.network_acl_id.clone(),
        egress: key.egress,
        rule_number: key.rule_number,
        protocol: entry.protocol().and_then(|p| p.parse().ok()).unwrap_or(-1),
        rule_action: entry
            .rule_action()
            .map(|action| action.as_str().to_owned())
            .unwrap_or_default(),
        // An entry of ours that somebody replaced by one for IPv6.
        cidr_block: entry
            .cidr_block()
            .or(entry.ipv6_cidr_block())
            .unwrap_or_default()
            .to_owned(),
        port_range: ports.and_then(|ports| {
            Some(PortRange {
                from: ports.from?,
                to: ports.to?,
            })
        }),
    }
}

fn range(properties: &EntryProperties) -> Option<SdkRange> {
    let ports = properties.port_range.as_ref()?;
    Some(SdkRange::builder().from(ports.from).to(ports.to).build())
}

fn as_physical(key: &Key) -> Physical {
    let id = key.to_string();
    physical(&id, &id, [("Id", id.clone())])
}
