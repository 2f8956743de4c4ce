//! Who may speak to whom (R025, R026): functions to endpoints over HTTPS, and
//! nobody else to anybody.

use super::{
    ENDPOINT_SECURITY_GROUP_ID, FUNCTION_SECURITY_GROUP_ID, QUARANTINE_SECURITY_GROUP_ID,
    QUARANTINE_TAG, endpoint_security_group, endpoints_are_brought, vpc_id,
};
use crate::blueprint::functions::Function;
use crate::blueprint::{Expansion, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

pub(super) const HTTPS: u16 = 443;

pub(super) fn expand(x: &mut Expansion<'_>) {
    group(
        x,
        FUNCTION_SECURITY_GROUP_ID,
        "functions",
        "may call the endpoints and nothing else",
        function_egress(x),
        &[],
    );
    // Lambda gives the functions' network interfaces back in the name of their
    // roles, after the functions are gone
    // (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>):
    // the group goes when the interfaces have gone, and only then the roles,
    // or nobody could delete either.
    let roles = Function::ALL.map(|function| function.role_id());
    x.after(FUNCTION_SECURITY_GROUP_ID, &roles);
    if !endpoints_are_brought(x.spec) {
        endpoint_group(x);
    }
    group(
        x,
        QUARANTINE_SECURITY_GROUP_ID,
        "quarantine",
        "lets nothing through, for what remediation isolates",
        Vec::new(),
        &[(QUARANTINE_TAG, "true".to_owned())],
    );
}

fn endpoint_group(x: &mut Expansion<'_>) {
    group(
        x,
        ENDPOINT_SECURITY_GROUP_ID,
        "endpoints",
        "may be called by the functions",
        Vec::new(),
        &[],
    );
    // On its own: the two groups refer to each other.
    x.add(
        "EndpointIngressFromFunctions",
        "AWS::EC2::SecurityGroupIngress",
        json!({
            "GroupId": reference(ENDPOINT_SECURITY_GROUP_ID),
            "IpProtocol": "tcp",
            "FromPort": HTTPS,
            "ToPort": HTTPS,
            "SourceSecurityGroupId": reference(FUNCTION_SECURITY_GROUP_ID),
            "Description": "HTTPS from the functions",
        }),
    );
}

/// A group lets out what `egress` says; an empty list is nothing, where no
/// list would be everything.
pub(super) fn group(
    x: &mut Expansion<'_>,
    id: &str,
    base: &str,
    purpose: &str,
    egress: Vec<Value>,
    more: &[(&str, String)],
) {
    let name = naming::name(base, x.spec, naming::limit::SECURITY_GROUP);
    let mut tags = vec![("Name", name.clone())];
    tags.extend(more.iter().cloned());
    let properties = json!({
        "GroupName": name,
        "GroupDescription": format!(
            "{}: {base}, {purpose}",
            naming::pipeline_id(x.spec, x.facts)
        ),
        "VpcId": vpc_id(x.spec),
        "SecurityGroupIngress": [],
        "SecurityGroupEgress": egress,
        "Tags": x.tags(&tags),
    });
    x.add(id, "AWS::EC2::SecurityGroup", properties);
}

/// The interface endpoints are known by their group, the gateway endpoints by
/// their services' prefix lists.
fn function_egress(x: &Expansion<'_>) -> Vec<Value> {
    let https = |peer: &str, value: Value, description: String| {
        json!({
            "IpProtocol": "tcp",
            "FromPort": HTTPS,
            "ToPort": HTTPS,
            peer: value,
            "Description": description,
        })
    };
    let mut rules = vec![https(
        "DestinationSecurityGroupId",
        endpoint_security_group(x.spec),
        "HTTPS to the interface endpoints".to_owned(),
    )];
    rules.extend(x.facts.prefix_list_ids.iter().map(|(service, list)| {
        https(
            "DestinationPrefixListId",
            json!(list),
            format!("HTTPS to the gateway endpoint of {service}"),
        )
    }));
    rules
}
