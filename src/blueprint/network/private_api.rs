//! The way to a private API (R061): an interface endpoint of `execute-api`.
//!
//! The functions call the API never, so that neither the table of their calls
//! nor their group says who passes here. Whoever calls carries the endpoint's
//! own group, which lets its members speak to each other over HTTPS.
//!
//! The endpoint does not answer under the service's own names (private DNS): a
//! network has one that does, ours would take every public API from whatever
//! else is in a network that was brought, and an API that knows its endpoint has
//! a name of its own there
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>).
//! So there is one even where the network has endpoints.

use super::endpoints::endpoint_subnets;
use super::groups::{HTTPS, group};
use super::{tags, vpc_id};
use crate::blueprint::policy::{Statement, document};
use crate::blueprint::spec::{Authorization, EndpointType};
use crate::blueprint::{Expansion, Facts, Spec, api};
use crate::engine::template::intrinsics::reference;
use serde_json::{Value, json};

pub const EXECUTE_API_ENDPOINT_ID: &str = "ExecuteApiEndpoint";
pub(super) const SERVICE: &str = "execute-api";
const GROUP_ID: &str = "ExecuteApiSecurityGroup";

pub(super) fn exists(spec: &Spec) -> bool {
    spec.api.endpoint_type == EndpointType::Private
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if !exists(x.spec) {
        return;
    }
    group(
        x,
        GROUP_ID,
        "api-callers",
        "may call the private API",
        Vec::new(),
        &[],
    );
    // On its own: the group refers to itself.
    x.add(
        "ExecuteApiIngressFromCallers",
        "AWS::EC2::SecurityGroupIngress",
        json!({
            "GroupId": reference(GROUP_ID),
            "IpProtocol": "tcp",
            "FromPort": HTTPS,
            "ToPort": HTTPS,
            "SourceSecurityGroupId": reference(GROUP_ID),
            "Description": "HTTPS from the callers of the API",
        }),
    );
    x.add(
        EXECUTE_API_ENDPOINT_ID,
        "AWS::EC2::VPCEndpoint",
        json!({
            "VpcId": vpc_id(x.spec),
            "ServiceName": format!("com.amazonaws.{}.{SERVICE}", x.facts.region),
            "VpcEndpointType": "Interface",
            "PrivateDnsEnabled": false,
            "SubnetIds": endpoint_subnets(x.spec, x.facts),
            "SecurityGroupIds": [reference(GROUP_ID)],
            "PolicyDocument": policy(x.spec, x.facts),
            "Tags": tags(x, SERVICE),
        }),
    );
}

/// Requests to stages of this account's APIs. Not of this API alone: its
/// resource policy names this endpoint, and one of the two comes first. A
/// request that is not signed has no account.
fn policy(spec: &Spec, facts: &Facts) -> Value {
    let callers = Statement::allow("Callers")
        .everyone()
        .actions(["execute-api:Invoke"])
        .resource(facts.arn(SERVICE, &format!("*/{}/POST/*", api::STAGE_NAME)));
    document([match spec.api.authorization {
        Authorization::Iam => callers.when(
            "StringEquals",
            "aws:PrincipalAccount",
            facts.account_id.clone(),
        ),
        Authorization::None => callers,
    }])
}
