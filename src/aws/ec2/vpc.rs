//! `AWS::EC2::VPC`, and with it the default security group that every VPC
//! comes with.

use super::interfaces::{Held, delete_when_free};
use super::rules::{self, Direction, Rule};
use super::{by_our_tags, change_tags, filter, once, ours, tag_map, tagged, told, visible_tags};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType as Kind, SecurityGroupRule, Vpc as Live, VpcAttributeName,
    VpcState,
};
use serde::{Deserialize, Serialize};

/// `AWS::EC2::VPC`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html>).
///
/// Ownership: our tags, which stand in `CreateVpc`. The default security
/// group cannot be deleted and CloudFormation has no type for it, so its rules
/// are taken away here; rules that somebody gave it since are drift.
/// Interruption: every call but the first may be made again.
pub(in crate::aws) struct Vpc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct VpcProperties {
    cidr_block: String,
    #[serde(default = "yes")]
    enable_dns_support: bool,
    #[serde(default)]
    enable_dns_hostnames: bool,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Only read: the rules of the default security group, of which none is
    /// wanted. CloudFormation knows no such property.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    default_security_group_rules: Vec<String>,
}

fn yes() -> bool {
    true
}

#[async_trait]
impl ResourceType for Vpc {
    const TYPE: &'static str = "AWS::EC2::VPC";
    const CREATE_ONLY: &'static [&'static str] = &["CidrBlock"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = VpcProperties;

    fn normalise(&self, properties: &mut VpcProperties, _: &str) -> Result<(), String> {
        properties.default_security_group_rules.sort();
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &VpcProperties) -> Result<(), String> {
        if !desired.default_security_group_rules.is_empty() {
            return Err("DefaultSecurityGroupRules: the default group has no rules".to_owned());
        }
        if desired.enable_dns_hostnames && !desired.enable_dns_support {
            return Err("EnableDnsHostnames: needs EnableDnsSupport".to_owned());
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &VpcProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateVpc";
        let answer = clients
            .ec2()
            .create_vpc()
            .cidr_block(&desired.cidr_block)
            .tag_specifications(tagged(cx, Kind::Vpc, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)?;
        let id = told(OPERATION, answer.vpc.and_then(|vpc| vpc.vpc_id))?;
        Ok(as_physical(&id, &desired.cidr_block))
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &VpcProperties,
    ) -> Outcome<()> {
        // Hostnames need DNS support, which is on in a new VPC.
        set(
            clients,
            identifier,
            Dns::Support,
            desired.enable_dns_support,
        )
        .await?;
        set(
            clients,
            identifier,
            Dns::Hostnames,
            desired.enable_dns_hostnames,
        )
        .await?;
        close_default_group(clients, identifier).await?;
        empty_default_group(clients, identifier).await
    }

    async fn ready(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let mut patience = Patience::new();
        loop {
            let vpc = describe(clients, identifier).await?;
            if vpc.is_some_and(|vpc| vpc.state == Some(VpcState::Available)) {
                return Ok(());
            }
            patience
                .pause(cx, "ec2:DescribeVpcs", &named(identifier))
                .await?;
        }
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&VpcProperties>,
    ) -> Outcome<Option<(Physical, VpcProperties)>> {
        let Some(vpc) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let (support, hostnames, rules) = tokio::try_join!(
            get(clients, identifier, VpcAttributeName::EnableDnsSupport),
            get(clients, identifier, VpcAttributeName::EnableDnsHostnames),
            default_group_rules(clients, identifier),
        )?;
        let cidr_block = vpc.cidr_block.unwrap_or_default();
        let ids = rules
            .into_iter()
            .filter_map(|rule| rule.security_group_rule_id);
        let live = VpcProperties {
            cidr_block: cidr_block.clone(),
            enable_dns_support: support,
            enable_dns_hostnames: hostnames,
            tags: visible_tags(clients, &tag_map(vpc.tags), applied.map(|a| &a.tags)),
            default_security_group_rules: ids.collect(),
        };
        Ok(Some((as_physical(identifier, &cidr_block), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &VpcProperties,
        desired: &VpcProperties,
    ) -> Outcome<Physical> {
        if current.enable_dns_support != desired.enable_dns_support {
            set(
                clients,
                identifier,
                Dns::Support,
                desired.enable_dns_support,
            )
            .await?;
        }
        if current.enable_dns_hostnames != desired.enable_dns_hostnames {
            set(
                clients,
                identifier,
                Dns::Hostnames,
                desired.enable_dns_hostnames,
            )
            .await?;
        }
        if !current.default_security_group_rules.is_empty() {
            empty_default_group(clients, identifier).await?;
        }
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(identifier, &desired.cidr_block))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteVpc";
        let Some(vpc) = describe(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &tag_map(vpc.tags))?;
        let held = Held {
            what: named(identifier),
            filter: "vpc-id",
            id: identifier,
        };
        delete_when_free(cx, clients, held, OPERATION, || async move {
            let call = clients.ec2().delete_vpc().vpc_id(identifier);
            call.send().await.during(OPERATION).map(drop)
        })
        .await
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &VpcProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_vpcs()
            .set_filters(by_our_tags(cx))
            .send()
            .await
            .during("ec2:DescribeVpcs")?;
        let vpcs = answer.vpcs.unwrap_or_default().into_iter();
        Ok(ours(vpcs.map(|vpc| vpc.vpc_id)))
    }
}

async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_vpcs()
        .vpc_ids(id)
        .send()
        .await
        .during("ec2:DescribeVpcs");
    let vpcs = found(answer)?.and_then(|answer| answer.vpcs);
    Ok(vpcs.and_then(|mut vpcs| vpcs.pop()))
}

async fn get(clients: &Clients, id: &str, attribute: VpcAttributeName) -> Outcome<bool> {
    let answer = clients
        .ec2()
        .describe_vpc_attribute()
        .vpc_id(id)
        .attribute(attribute.clone())
        .send()
        .await
        .during("ec2:DescribeVpcAttribute")?;
    let value = match attribute {
        VpcAttributeName::EnableDnsSupport => answer.enable_dns_support,
        _ => answer.enable_dns_hostnames,
    };
    Ok(value.and_then(|value| value.value).unwrap_or_default())
}

enum Dns {
    Support,
    Hostnames,
}

/// One attribute a call: AWS takes no more.
async fn set(clients: &Clients, id: &str, dns: Dns, on: bool) -> Outcome<()> {
    let value = AttributeBooleanValue::builder().value(on).build();
    let call = clients.ec2().modify_vpc_attribute().vpc_id(id);
    let call = match dns {
        Dns::Support => call.enable_dns_support(value),
        Dns::Hostnames => call.enable_dns_hostnames(value),
    };
    call.send().await.during("ec2:ModifyVpcAttribute").map(drop)
}

/// Takes away what AWS gives to the default group of a new VPC: everything
/// from itself in, everything out.
async fn close_default_group(clients: &Clients, vpc: &str) -> Outcome<()> {
    let group = default_group(clients, vpc).await?;
    let from_itself = Rule {
        ip_protocol: "-1".into(),
        source_security_group_id: Some(group.clone()),
        ..Rule::default()
    };
    rules::revoke_given(clients, Direction::Ingress, &group, &from_itself).await?;
    rules::revoke_given(clients, Direction::Egress, &group, &Rule::everything_out()).await
}

/// Takes away whatever rules the default group has.
async fn empty_default_group(clients: &Clients, vpc: &str) -> Outcome<()> {
    let group = default_group(clients, vpc).await?;
    let rules = rules::of_group(clients, &group).await?;
    let ids = |egress: bool| -> Vec<String> {
        let of_kind = rules.iter().filter(|rule| rule.is_egress == Some(egress));
        of_kind
            .filter_map(|rule| rule.security_group_rule_id.clone())
            .collect()
    };
    // One that is gone keeps the others from being revoked: look again.
    for (direction, egress) in [(Direction::Ingress, false), (Direction::Egress, true)] {
        let revoked = rules::revoke(clients, direction, &group, ids(egress)).await;
        revoked.map_err(not_yet)?;
    }
    Ok(())
}

async fn default_group_rules(clients: &Clients, vpc: &str) -> Outcome<Vec<SecurityGroupRule>> {
    let group = default_group(clients, vpc).await?;
    rules::of_group(clients, &group).await
}

/// It is made with the VPC; until it is to be seen, `Transient`.
async fn default_group(clients: &Clients, vpc: &str) -> Outcome<String> {
    const OPERATION: &str = "ec2:DescribeSecurityGroups";
    let answer = clients
        .ec2()
        .describe_security_groups()
        .filters(filter("vpc-id", vpc))
        .filters(filter("group-name", "default"))
        .send()
        .await
        .during(OPERATION)?;
    let groups = answer.security_groups.unwrap_or_default();
    let id = groups.into_iter().find_map(|group| group.group_id);
    id.ok_or_else(|| {
        HandlerError::ours(
            ErrorKind::Transient,
            OPERATION,
            format!("the default security group of {vpc} is not there yet"),
        )
    })
}

fn named(id: &str) -> String {
    format!("the VPC {id}")
}

fn as_physical(id: &str, cidr_block: &str) -> Physical {
    physical(
        id,
        id,
        [
            ("VpcId", id.to_owned()),
            ("CidrBlock", cidr_block.to_owned()),
        ],
    )
}
