//! Security groups and the network ACL.

use super::*;
use crate::blueprint::functions::Function;

/// R026.
#[test]
fn functions_are_called_by_nobody_and_call_endpoints_only() {
    let template = default();
    let group = properties(&template, "FunctionSecurityGroup");
    assert_eq!(group["SecurityGroupIngress"], json!([]));
    let rules = group["SecurityGroupEgress"].as_array().expect("rules");
    assert_eq!(rules.len(), 3);
    for rule in rules {
        assert_eq!(rule["IpProtocol"], "tcp");
        assert_eq!(
            (&rule["FromPort"], &rule["ToPort"]),
            (&json!(443), &json!(443))
        );
        assert_eq!(rule.get("CidrIp"), None, "{rule}");
        assert!(rule["Description"].is_string());
    }
    let peers =
        |name: &str| -> Vec<&Value> { rules.iter().filter_map(|rule| rule.get(name)).collect() };
    let groups = peers("DestinationSecurityGroupId");
    assert_eq!(groups, [&reference("EndpointSecurityGroup")]);
    assert_eq!(
        peers("DestinationPrefixListId"),
        ["pl-02cd2c6b", "pl-63a5400a"]
    );
}

/// A role that is gone cannot give its network interfaces back, and what they
/// hold would stay for ever: the group goes first, which waits for them.
#[test]
fn roles_are_there_until_no_network_interface_of_the_functions_is_left() {
    let template = default();
    let after = &template.resources["FunctionSecurityGroup"].depends_on;
    for function in Function::ALL {
        assert!(after.contains(&function.role_id()), "{after:?}");
    }
}

/// R026: AWS gives every new group a rule that lets everything out, which
/// only a list, be it empty, takes away.
#[test]
fn no_group_is_left_with_the_rule_that_lets_everything_out() {
    let template = default();
    let groups = of_type(&template, "AWS::EC2::SecurityGroup");
    assert_eq!(groups.len(), 3);
    for (id, group) in groups {
        let rules = group["SecurityGroupEgress"].as_array();
        for rule in rules.unwrap_or_else(|| panic!("{id} says nothing")) {
            assert_ne!(rule["IpProtocol"], "-1", "{id}");
            assert_eq!(rule.get("CidrIp"), None, "{id}");
        }
        let description = group["GroupDescription"].as_str().expect("a description");
        let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
        assert!(description.chars().all(allowed), "{description}");
    }
}

#[test]
fn the_quarantine_group_is_tagged_and_lets_nothing_through() {
    let template = default();
    let group = properties(&template, "QuarantineSecurityGroup");
    assert_eq!(group["SecurityGroupIngress"], json!([]));
    assert_eq!(group["SecurityGroupEgress"], json!([]));
    let tags = group["Tags"].as_array().unwrap();
    assert!(tags.contains(&json!({ "Key": "tap:quarantine", "Value": "true" })));
}

fn admits(entry: &Value, peer: &str, port: u16) -> bool {
    let bound = |name: &str| entry["PortRange"][name].as_u64();
    entry["RuleAction"] == "allow"
        && entry["CidrBlock"] == peer
        && bound("From") <= Some(port.into())
        && bound("To") >= Some(port.into())
}

/// R027.
#[test]
fn the_network_acl_allows_https_and_its_answers_and_refuses_the_rest() {
    let template = default();
    let any = |egress: bool, peer: &str, port: u16| {
        let mut entries = entries(&template).into_iter();
        entries.any(|(_, entry)| entry["Egress"] == egress && admits(entry, peer, port))
    };
    const VPC: &str = "10.0.0.0/16";
    const ANY: &str = "0.0.0.0/0";
    // A function calls an interface endpoint in another subnet, and is answered.
    assert!(any(true, ANY, 443) && any(false, VPC, 443));
    assert!(any(true, VPC, 1024) && any(false, VPC, 65535) && any(false, VPC, 3389));
    // A function calls S3, whose addresses are public, and is answered.
    assert!(any(false, ANY, 1024) && any(false, ANY, 32768) && any(false, ANY, 65535));
    for (id, entry) in entries(&template) {
        if entry["RuleAction"] == "deny" {
            assert_eq!(entry["Protocol"], -1, "{id}");
            assert_eq!(entry["CidrBlock"], ANY, "{id}");
            assert_eq!(entry["RuleNumber"], 32000, "{id} is the last");
        }
    }
    for egress in [true, false] {
        let mut entries = entries(&template).into_iter();
        assert!(
            entries.any(|(_, entry)| entry["RuleAction"] == "deny" && entry["Egress"] == egress)
        );
    }
}

/// R027: what stands in the list beside these is taken away.
#[test]
fn the_network_acl_is_told_the_numbers_of_all_its_entries() {
    let template = default();
    let tags = properties(&template, "NetworkAcl")["Tags"]
        .as_array()
        .unwrap();
    let tag = tags.iter().find(|tag| tag["Key"] == "tap:entries").unwrap();
    let (ingress, egress) = tag["Value"]
        .as_str()
        .unwrap()
        .split_once(" egress ")
        .unwrap();
    let ingress = ingress.strip_prefix("ingress ").unwrap();
    for (told, direction) in [(ingress, false), (egress, true)] {
        let told: Vec<u64> = told.split(' ').map(|word| word.parse().unwrap()).collect();
        let entries = entries(&template).into_iter();
        let entries = entries.filter(|(_, entry)| entry["Egress"] == direction);
        let numbers: Vec<u64> = entries
            .map(|(_, e)| e["RuleNumber"].as_u64().unwrap())
            .collect();
        assert_eq!(
            told.iter().collect::<std::collections::BTreeSet<_>>(),
            numbers.iter().collect()
        );
    }
}

/// R027: answers come to almost every port, but none that is a door.
#[test]
fn the_network_acl_lets_no_remote_shell_or_desktop_in_from_everywhere() {
    let template = default();
    for (id, entry) in entries(&template) {
        for port in [20, 21, 22, 3389] {
            let open = entry["Egress"] == false && admits(entry, "0.0.0.0/0", port);
            assert!(!open, "{id} admits {port}");
        }
    }
}

/// R027: a list that no subnet has refuses nothing.
#[test]
fn every_subnet_has_the_network_acl_once_its_entries_are_there() {
    let template = default();
    for (id, _) in of_type(&template, "AWS::EC2::Subnet") {
        let association = &template.resources[&format!("{id}NetworkAclAssociation")];
        assert_eq!(association.properties["SubnetId"], reference(id));
        let waits: Vec<&str> = association.depends_on.iter().map(String::as_str).collect();
        for (entry, _) in entries(&template) {
            assert!(waits.contains(&entry), "{id} does not wait for {entry}");
        }
    }
}
