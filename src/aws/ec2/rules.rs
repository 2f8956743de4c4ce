//! The rules of security groups, as CloudFormation writes them and as AWS
//! does.

use super::filter;
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, not_yet};
use crate::aws::resource_type::Outcome;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, UserIdGroupPair,
};
use serde::{Deserialize, Serialize};

/// One rule of a group. AWS allows one peer in each; the peer is the source
/// of what comes in and the destination of what goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Rule {
    pub ip_protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr_ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr_ipv6: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_security_group_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_prefix_list_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_security_group_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_prefix_list_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Rule {
    /// The rule that AWS gives to every new group.
    pub fn everything_out() -> Self {
        Self {
            ip_protocol: "-1".into(),
            cidr_ip: Some("0.0.0.0/0".into()),
            ..Self::default()
        }
    }

    /// Protocols by name, no ports where AWS counts none.
    pub fn normalise(&mut self) {
        let protocol = self.ip_protocol.to_ascii_lowercase();
        self.ip_protocol = match protocol.as_str() {
            "6" => "tcp".into(),
            "17" => "udp".into(),
            "1" => "icmp".into(),
            "all" => "-1".into(),
            _ => protocol,
        };
        if self.ip_protocol == "-1" {
            (self.from_port, self.to_port) = (None, None);
        }
        self.description.take_if(|text| text.is_empty());
    }

    /// Exactly one peer, on the right side.
    pub fn check(&self, direction: Direction) -> Result<(), String> {
        let wrong = match direction {
            Direction::Ingress => [
                &self.destination_security_group_id,
                &self.destination_prefix_list_id,
            ],
            Direction::Egress => [&self.source_security_group_id, &self.source_prefix_list_id],
        };
        if wrong.iter().any(|peer| peer.is_some()) {
            return Err("a source is for what comes in, a destination for what goes out".into());
        }
        let peers = [
            &self.cidr_ip,
            &self.cidr_ipv6,
            &self.source_security_group_id,
            &self.source_prefix_list_id,
            &self.destination_security_group_id,
            &self.destination_prefix_list_id,
        ];
        match peers.iter().filter(|peer| peer.is_some()).count() {
            1 => Ok(()),
            _ => Err("must have exactly one peer: a CIDR, a group or a prefix list".into()),
        }
    }

    pub fn of_live(live: &SecurityGroupRule) -> Self {
        let group = live
            .referenced_group_info()
            .and_then(|group| group.group_id().map(Into::into));
        let list = live.prefix_list_id.clone();
        let port = |port: Option<i32>| port.filter(|port| *port >= 0);
        let mut rule = Self {
            ip_protocol: live.ip_protocol.clone().unwrap_or_default(),
            from_port: port(live.from_port),
            to_port: port(live.to_port),
            cidr_ip: live.cidr_ipv4.clone(),
            cidr_ipv6: live.cidr_ipv6.clone(),
            description: live.description.clone(),
            ..Self::default()
        };
        if live.is_egress == Some(true) {
            rule.destination_security_group_id = group;
            rule.destination_prefix_list_id = list;
        } else {
            rule.source_security_group_id = group;
            rule.source_prefix_list_id = list;
        }
        rule.normalise();
        rule
    }

    pub fn permission(&self) -> IpPermission {
        let description = self.description.clone();
        let group = self
            .source_security_group_id
            .as_ref()
            .or(self.destination_security_group_id.as_ref());
        let list = self
            .source_prefix_list_id
            .as_ref()
            .or(self.destination_prefix_list_id.as_ref());
        let one = |present: Option<_>| present.map(|peer| vec![peer]);
        IpPermission::builder()
            .ip_protocol(&self.ip_protocol)
            .set_from_port(self.from_port)
            .set_to_port(self.to_port)
            .set_ip_ranges(self.cidr_ip.as_ref().map(|cidr| {
                let range = IpRange::builder().cidr_ip(cidr);
                vec![range.set_description(description.clone()).build()]
            }))
            .set_ipv6_ranges(self.cidr_ipv6.as_ref().map(|cidr| {
                let range = Ipv6Range::builder().cidr_ipv6(cidr);
                vec![range.set_description(description.clone()).build()]
            }))
            .set_user_id_group_pairs(one(group.map(|id| {
                let pair = UserIdGroupPair::builder().group_id(id);
                pair.set_description(description.clone()).build()
            })))
            .set_prefix_list_ids(list.map(|id| {
                let list = PrefixListId::builder().prefix_list_id(id);
                vec![list.set_description(description.clone()).build()]
            }))
            .build()
    }
}

/// All rules of a group, one of each peer.
pub(super) async fn of_group(clients: &Clients, group: &str) -> Outcome<Vec<SecurityGroupRule>> {
    let mut rules = Vec::new();
    let mut next = None;
    loop {
        let answer = clients
            .ec2()
            .describe_security_group_rules()
            .filters(filter("group-id", group))
            .set_next_token(next)
            .send()
            .await
            .during("ec2:DescribeSecurityGroupRules")?;
        rules.extend(answer.security_group_rules.unwrap_or_default());
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(rules);
        }
    }
}

/// Makes one rule of a group.
pub(super) async fn authorise(
    clients: &Clients,
    direction: Direction,
    group: &str,
    rule: &Rule,
) -> Outcome<()> {
    match direction {
        Direction::Ingress => clients
            .ec2()
            .authorize_security_group_ingress()
            .group_id(group)
            .ip_permissions(rule.permission())
            .send()
            .await
            .during("ec2:AuthorizeSecurityGroupIngress")
            .map(drop),
        Direction::Egress => clients
            .ec2()
            .authorize_security_group_egress()
            .group_id(group)
            .ip_permissions(rule.permission())
            .send()
            .await
            .during("ec2:AuthorizeSecurityGroupEgress")
            .map(drop),
    }
}

/// Takes a rule that AWS has given to a new group away by what it says: a look
/// at the rules of what has just been made may show none yet. A rule that is
/// gone already is no error; a group that is not known yet is `Transient`.
pub(super) async fn revoke_given(
    clients: &Clients,
    direction: Direction,
    group: &str,
    rule: &Rule,
) -> Outcome<()> {
    let which = Which::Permission(rule.permission());
    let revoked = send_revoke(clients, direction, group, which).await;
    match revoked {
        Err(error) if error.code.as_deref() == Some("InvalidPermission.NotFound") => Ok(()),
        other => other.map_err(not_yet),
    }
}

/// Takes rules away by their ids.
pub(super) async fn revoke(
    clients: &Clients,
    direction: Direction,
    group: &str,
    ids: Vec<String>,
) -> Outcome<()> {
    if ids.is_empty() {
        return Ok(());
    }
    send_revoke(clients, direction, group, Which::Ids(ids)).await
}

/// How rules are named.
enum Which {
    Ids(Vec<String>),
    Permission(IpPermission),
}

async fn send_revoke(
    clients: &Clients,
    direction: Direction,
    group: &str,
    which: Which,
) -> Outcome<()> {
    let (ids, permissions) = match which {
        Which::Ids(ids) => (Some(ids), None),
        Which::Permission(permission) => (None, Some(vec![permission])),
    };
    match direction {
        Direction::Ingress => clients
            .ec2()
            .revoke_security_group_ingress()
            .group_id(group)
            .set_security_group_rule_ids(ids)
            .set_ip_permissions(permissions)
            .send()
            .await
            .during("ec2:RevokeSecurityGroupIngress")
            .map(drop),
        Direction::Egress => clients
            .ec2()
            .revoke_security_group_egress()
            .group_id(group)
            .set_security_group_rule_ids(ids)
            .set_ip_permissions(permissions)
            .send()
            .await
            .during("ec2:RevokeSecurityGroupEgress")
            .map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn https(to: &str) -> Rule {
        Rule {
            ip_protocol: "tcp".into(),
            from_port: Some(443),
            to_port: Some(443),
            destination_prefix_list_id: Some(to.into()),
            ..Rule::default()
        }
    }

    #[test]
    fn a_rule_has_one_peer_on_the_side_of_its_direction() {
        let rule = https("pl-1");
        assert_eq!(rule.check(Direction::Egress), Ok(()));
        assert!(rule.check(Direction::Ingress).is_err());
        let both = Rule {
            cidr_ip: Some("10.0.0.0/16".into()),
            ..https("pl-1")
        };
        assert!(both.check(Direction::Egress).is_err());
        assert!(Rule::default().check(Direction::Egress).is_err());
    }

    #[test]
    fn what_aws_answers_has_the_shape_of_what_was_wanted() {
        let live = SecurityGroupRule::builder()
            .ip_protocol("-1")
            .from_port(-1)
            .to_port(-1)
            .cidr_ipv4("0.0.0.0/0")
            .is_egress(true)
            .build();
        assert_eq!(Rule::of_live(&live), Rule::everything_out());
        let live = SecurityGroupRule::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .prefix_list_id("pl-1")
            .is_egress(true)
            .build();
        assert_eq!(Rule::of_live(&live), https("pl-1"));
    }

    #[test]
    fn protocols_are_compared_by_name() {
        for (written, meant) in [("6", "tcp"), ("TCP", "tcp"), ("all", "-1"), ("50", "50")] {
            let mut rule = Rule {
                ip_protocol: written.into(),
                ..Rule::default()
            };
            rule.normalise();
            assert_eq!(rule.ip_protocol, meant);
        }
    }
}
