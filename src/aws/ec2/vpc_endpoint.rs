//! `AWS::EC2::VPCEndpoint`.

use super::{
    by_our_tags, change_tags, difference, once, ours, refused_item, sort, tag_map, tagged, told,
    visible_tags,
};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag};
use crate::aws::waiting::Patience;

use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType as Kind, State, VpcEndpoint as Live, VpcEndpointType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const DESCRIBE: &str = "ec2:DescribeVpcEndpoints";

/// `AWS::EC2::VPCEndpoint`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html>).
///
/// Two endpoints of one service cannot have the same private names or route
/// table, so that a replacement deletes first. Ownership: our tags, which
/// stand in `CreateVpcEndpoint`. Interruption: every call but the first may
/// be made again. Errors: an endpoint that AWS refused or failed to make is
/// `Invalid`, and is replaced.
pub(in crate::aws) struct VpcEndpoint;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct EndpointProperties {
    vpc_id: String,
    service_name: String,
    /// Only of a service in another region, as IAM's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_region: Option<String>,
    #[serde(default = "gateway")]
    vpc_endpoint_type: String,
    #[serde(default)]
    private_dns_enabled: bool,
    #[serde(default)]
    subnet_ids: Vec<String>,
    #[serde(default)]
    security_group_ids: Vec<String>,
    #[serde(default)]
    route_table_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy_document: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
    /// Only read: why AWS could not make it. CloudFormation knows no such
    /// property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creation_failure: Option<String>,
}

fn gateway() -> String {
    "Gateway".into()
}

impl EndpointProperties {
    fn is_interface(&self) -> bool {
        self.vpc_endpoint_type == "Interface"
    }
}

#[async_trait]
impl ResourceType for VpcEndpoint {
    const TYPE: &'static str = "AWS::EC2::VPCEndpoint";
    const CREATE_ONLY: &'static [&'static str] = &[
        "CreationFailure",
        "ServiceName",
        "ServiceRegion",
        "VpcEndpointType",
        "VpcId",
    ];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);
    const AWS_CHOSEN: &'static [&'static str] = &["PolicyDocument"];

    type Properties = EndpointProperties;

    fn normalise(
        &self,
        properties: &mut EndpointProperties,
        partition: &str,
    ) -> Result<(), String> {
        sort(&mut properties.subnet_ids);
        sort(&mut properties.security_group_ids);
        sort(&mut properties.route_table_ids);
        if let Some(document) = &mut properties.policy_document {
            *document = policy::canonical(document, partition)
                .map_err(|problem| format!("PolicyDocument: {problem}"))?;
        }
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &EndpointProperties) -> Result<(), String> {
        if desired.creation_failure.is_some() {
            return Err("CreationFailure: nobody wants one".to_owned());
        }
        match desired.vpc_endpoint_type.as_str() {
            "Interface" if !desired.route_table_ids.is_empty() => {
                Err("RouteTableIds: are for gateway endpoints".to_owned())
            }
            "Gateway" if !desired.subnet_ids.is_empty() || desired.private_dns_enabled => {
                Err("SubnetIds: are for interface endpoints".to_owned())
            }
            "Gateway" | "Interface" => Ok(()),
            other => Err(format!("VpcEndpointType: {other} is not supported")),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &EndpointProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateVpcEndpoint";
        let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
        let interface = desired.is_interface();
        let answer = clients
            .ec2()
            .create_vpc_endpoint()
            .vpc_id(&desired.vpc_id)
            .service_name(&desired.service_name)
            .set_service_region(desired.service_region.clone())
            .vpc_endpoint_type(VpcEndpointType::from(desired.vpc_endpoint_type.as_str()))
            .set_private_dns_enabled(interface.then_some(desired.private_dns_enabled))
            .set_subnet_ids(some(&desired.subnet_ids))
            .set_security_group_ids(some(&desired.security_group_ids))
            .set_route_table_ids(some(&desired.route_table_ids))
            .set_policy_document(desired.policy_document.as_ref().map(Value::to_string))
            .tag_specifications(tagged(cx, Kind::VpcEndpoint, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)
            .map_err(there_is_one)?;
        let endpoint = answer.vpc_endpoint;
        let id = told(OPERATION, endpoint.and_then(|made| made.vpc_endpoint_id))?;
        Ok(as_physical(&id))
    }

    async fn ready(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let mut patience = Patience::new();
        loop {
            let endpoint = describe(clients, identifier).await?;
            if let Some(why) = endpoint.as_ref().and_then(failure) {
                let message = format!("{} is {why}", named(identifier));
                return Err(HandlerError::ours(ErrorKind::Invalid, DESCRIBE, message));
            }
            if endpoint.as_ref().map(state) == Some("available") {
                return Ok(());
            }
            patience.pause(cx, DESCRIBE, &named(identifier)).await?;
        }
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&EndpointProperties>,
    ) -> Outcome<Option<(Physical, EndpointProperties)>> {
        let endpoint = describe(clients, identifier).await?.filter(is_there);
        let Some(endpoint) = endpoint else {
            return Ok(None);
        };
        let live = properties(clients, endpoint, applied)?;
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &EndpointProperties,
        desired: &EndpointProperties,
    ) -> Outcome<Physical> {
        // From what is there now: AWS refuses to add what has been added.
        if let Some(live) = describe(clients, identifier).await? {
            let mut live = properties(clients, live, None)?;
            live.policy_document.clone_from(&current.policy_document);
            modify(clients, identifier, &live, desired).await?;
        }
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteVpcEndpoints";
        let Some(endpoint) = describe(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tag_map(endpoint.tags.clone());
        if is_there(&endpoint) {
            tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
            let deleted = clients
                .endpoint_deletions()
                .join(OPERATION, identifier, |ids| delete(clients, ids))
                .await;
            found(deleted)?;
        }
        let mut patience = Patience::new();
        while describe(clients, identifier)
            .await?
            .is_some_and(|endpoint| state(&endpoint) != "deleted")
        {
            patience.pause(cx, OPERATION, &named(identifier)).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &EndpointProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_vpc_endpoints()
            .set_filters(by_our_tags(cx))
            .send()
            .await
            .during(DESCRIBE)?;
        let endpoints = answer.vpc_endpoints.unwrap_or_default().into_iter();
        let there = endpoints.filter(is_there);
        Ok(ours(there.map(|endpoint| endpoint.vpc_endpoint_id)))
    }
}

/// AWS lets this call be made three times in ten seconds, with many ids each
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>).
async fn delete(clients: &Clients, ids: Vec<String>) -> Outcome<Vec<Outcome<()>>> {
    const OPERATION: &str = "ec2:DeleteVpcEndpoints";
    let answer = clients
        .ec2()
        .delete_vpc_endpoints()
        .set_vpc_endpoint_ids(Some(ids.clone()))
        .send()
        .await
        .during(OPERATION)?;
    let refused = answer.unsuccessful.unwrap_or_default();
    let of = |id: &String| {
        let items = refused.iter();
        let items = items.filter(|item| item.resource_id.as_ref() == Some(id));
        refused_item(OPERATION, Some(items.cloned().collect()))
    };
    Ok(ids.iter().map(of).collect())
}

/// A VPC has one endpoint of a service under its private name, and a route
/// table one gateway of it. What AWS says of that does not say what to do.
fn there_is_one(mut error: HandlerError) -> HandlerError {
    let attribute = match error.code.as_deref() {
        Some("RouteAlreadyExists") => "leave network.route_table_ids out",
        Some("InvalidParameter") if error.message.contains("conflicting DNS domain") => {
            "write the security group of its endpoints as network.endpoint_security_group_id"
        }
        _ => return error,
    };
    let message = &mut error.message;
    message.push_str(". The network has an endpoint of this service: to use those that it has, ");
    message.push_str(attribute);
    error
}

async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_vpc_endpoints()
        .vpc_endpoint_ids(id)
        .send()
        .await
        .during(DESCRIBE);
    let endpoints = found(answer)?.and_then(|answer| answer.vpc_endpoints);
    Ok(endpoints.and_then(|mut endpoints| endpoints.pop()))
}

/// In lower case: the API reference and the API differ in that.
fn state(endpoint: &Live) -> &'static str {
    let text = endpoint.state.as_ref().map(State::as_str);
    let states = [
        "available",
        "pending",
        "deleting",
        "deleted",
        "failed",
        "rejected",
        "expired",
    ];
    let known = text.and_then(|text| {
        let mut states = states.into_iter();
        states.find(|state| state.eq_ignore_ascii_case(text))
    });
    known.unwrap_or("pending")
}

/// AWS shows deleted endpoints for a while.
fn is_there(endpoint: &Live) -> bool {
    !matches!(state(endpoint), "deleting" | "deleted")
}

/// What it is instead of available, and why.
fn failure(endpoint: &Live) -> Option<String> {
    let bad = match state(endpoint) {
        bad @ ("failed" | "rejected" | "expired") => bad,
        _ => return None,
    };
    let error = endpoint.last_error.as_ref();
    let why = error.and_then(|error| error.message());
    Some(format!("{bad}: {}", why.unwrap_or("AWS does not say why")))
}

fn properties(
    clients: &Clients,
    live: Live,
    applied: Option<&EndpointProperties>,
) -> Outcome<EndpointProperties> {
    let creation_failure = failure(&live);
    let groups = live.groups.unwrap_or_default().into_iter();
    let document = live.policy_document.filter(|text| !text.is_empty());
    let document = document.map(|text| serde_json::from_str(&text));
    let policy_document = document.transpose().map_err(|error| {
        let message = format!("the policy of the endpoint is no JSON: {error}");
        HandlerError::ours(ErrorKind::Other, DESCRIBE, message)
    })?;
    let elsewhere = live
        .service_region
        .filter(|region| region != clients.region());
    Ok(EndpointProperties {
        vpc_id: live.vpc_id.unwrap_or_default(),
        service_name: live.service_name.unwrap_or_default(),
        service_region: elsewhere,
        vpc_endpoint_type: live
            .vpc_endpoint_type
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_else(gateway),
        private_dns_enabled: live.private_dns_enabled.unwrap_or_default(),
        subnet_ids: live.subnet_ids.unwrap_or_default(),
        security_group_ids: groups.filter_map(|group| group.group_id).collect(),
        route_table_ids: live.route_table_ids.unwrap_or_default(),
        policy_document,
        tags: visible_tags(clients, &tag_map(live.tags), applied.map(|a| &a.tags)),
        creation_failure,
    })
}

/// One call that says what to add and what to remove.
async fn modify(
    clients: &Clients,
    id: &str,
    current: &EndpointProperties,
    desired: &EndpointProperties,
) -> Outcome<()> {
    let (add_subnets, remove_subnets) = difference(&current.subnet_ids, &desired.subnet_ids);
    let (add_groups, remove_groups) =
        difference(&current.security_group_ids, &desired.security_group_ids);
    let (add_tables, remove_tables) =
        difference(&current.route_table_ids, &desired.route_table_ids);
    let policy = (current.policy_document != desired.policy_document)
        .then_some(desired.policy_document.as_ref())
        .flatten();
    // Without one AWS's own counts, which allows everything.
    let reset =
        (current.policy_document.is_some() && desired.policy_document.is_none()).then_some(true);
    let dns = (current.private_dns_enabled != desired.private_dns_enabled)
        .then_some(desired.private_dns_enabled);
    let lists = [
        &add_subnets,
        &remove_subnets,
        &add_groups,
        &remove_groups,
        &add_tables,
        &remove_tables,
    ];
    if policy.is_none()
        && reset.is_none()
        && dns.is_none()
        && lists.iter().all(|list| list.is_empty())
    {
        return Ok(());
    }
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    clients
        .ec2()
        .modify_vpc_endpoint()
        .vpc_endpoint_id(id)
        .set_add_subnet_ids(some(add_subnets))
        .set_remove_subnet_ids(some(remove_subnets))
        .set_add_security_group_ids(some(add_groups))
        .set_remove_security_group_ids(some(remove_groups))
        .set_add_route_table_ids(some(add_tables))
        .set_remove_route_table_ids(some(remove_tables))
        .set_policy_document(policy.map(Value::to_string))
        .set_reset_policy(reset)
        .set_private_dns_enabled(dns)
        .customize()
        .config_override(once())
        .send()
        .await
        .during("ec2:ModifyVpcEndpoint")
        .map(drop)
}

fn named(id: &str) -> String {
    format!("the VPC endpoint {id}")
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
