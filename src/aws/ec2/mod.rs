//! EC2, of which only the network. Almost nothing in it has a name: what is
//! ours is found by our tags, and what carries no tags stands under something
//! that does.

mod facts;
mod flow_log;
mod interfaces;
mod network_acl;
mod network_acl_association;
mod network_acl_entry;
mod route_table;
mod route_table_association;
mod rules;
mod security_group;
mod security_group_ingress;
mod subnet;
mod vpc;
mod vpc_endpoint;

pub use facts::{NetworkFacts, network_facts};

use super::clients::Clients;
use super::codes;
use super::context::AwsContext;
use super::error::HandlerResultExt;
use super::resource_type::{Outcome, Typed};
use super::tags::{self, Tag, TagChange, TagMap};
use crate::engine::{
    Context, ErrorKind, Found, Handler, HandlerError, TAG_LOGICAL_ID, TAG_PIPELINE,
};
use aws_sdk_ec2::config::Builder;
use aws_sdk_ec2::types::{
    Filter, ResourceType as Kind, Tag as SdkTag, TagSpecification, UnsuccessfulItem,
};
use aws_smithy_types::retry::RetryConfig;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, flow_log::FlowLog),
        Typed::handler(context, network_acl::NetworkAcl),
        Typed::handler(
            context,
            network_acl_association::SubnetNetworkAclAssociation,
        ),
        Typed::handler(context, network_acl_entry::NetworkAclEntry),
        Typed::handler(context, route_table::RouteTable),
        Typed::handler(
            context,
            route_table_association::SubnetRouteTableAssociation,
        ),
        Typed::handler(context, security_group::SecurityGroup),
        Typed::handler(context, security_group_ingress::SecurityGroupIngress),
        Typed::handler(context, subnet::Subnet),
        Typed::handler(context, vpc::Vpc),
        Typed::handler(context, vpc_endpoint::VpcEndpoint),
    ]
}

/// For calls that create: sent once, since a lost answer is no reason to
/// make a second one.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// What Describe calls are asked for to find what is this logical id's.
fn by_our_tags(cx: &Context<'_>) -> Option<Vec<Filter>> {
    Some(vec![
        filter(&format!("tag:{TAG_PIPELINE}"), &cx.owner.pipeline),
        filter(&format!("tag:{TAG_LOGICAL_ID}"), cx.logical_id),
    ])
}

/// What a Describe call by our tags found.
fn ours(identifiers: impl IntoIterator<Item = Option<String>>) -> Found {
    let identifiers: Vec<String> = identifiers.into_iter().flatten().collect();
    if identifiers.is_empty() {
        Found::Absent
    } else {
        Found::Ours(identifiers)
    }
}

/// The tags of a creating call.
fn tagged(cx: &Context<'_>, kind: Kind, tags: &[Tag]) -> TagSpecification {
    let tags = sdk_tags(&tags::for_create(cx, tags));
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags))
        .build()
}

fn sdk_tags(tags: &TagMap) -> Vec<SdkTag> {
    tags.iter()
        .map(|(key, value)| SdkTag::builder().key(key).value(value).build())
        .collect()
}

fn tag_map(tags: Option<Vec<SdkTag>>) -> TagMap {
    tags.unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect()
}

fn visible_tags(clients: &Clients, live: &TagMap, applied: Option<&Vec<Tag>>) -> Vec<Tag> {
    tags::visible(live, applied.map(Vec::as_slice), clients.ignore_tags())
}

async fn change_tags(clients: &Clients, id: &str, current: &[Tag], desired: &[Tag]) -> Outcome<()> {
    let change = TagChange::of(clients, current, desired);
    if !change.set.is_empty() {
        clients
            .ec2()
            .create_tags()
            .resources(id)
            .set_tags(Some(sdk_tags(&change.set)))
            .send()
            .await
            .during("ec2:CreateTags")?;
    }
    if !change.remove.is_empty() {
        let keys = change.remove.iter();
        let tags = keys.map(|key| SdkTag::builder().key(key).build()).collect();
        clients
            .ec2()
            .delete_tags()
            .resources(id)
            .set_tags(Some(tags))
            .send()
            .await
            .during("ec2:DeleteTags")?;
    }
    Ok(())
}

/// What the answer of a creating call must hold. Without it, nobody knows
/// whether there is something.
fn told<T>(operation: &str, answer: Option<T>) -> Outcome<T> {
    answer.ok_or_else(|| {
        HandlerError::ours(
            ErrorKind::Ambiguous,
            operation,
            "the answer does not say what was made",
        )
    })
}

/// The refusal of a call on several things, which AWS answers as a success.
fn refused_item(operation: &str, items: Option<Vec<UnsuccessfulItem>>) -> Outcome<()> {
    let Some(error) = items.unwrap_or_default().into_iter().find_map(|i| i.error) else {
        return Ok(());
    };
    let message = error.message.unwrap_or_default();
    let code = error.code.as_deref();
    Err(HandlerError {
        kind: codes::kind(operation, code, &message, 400, ErrorKind::Transient),
        operation: operation.to_owned(),
        code: error.code,
        message,
        request_id: None,
    })
}

/// A list that is compared as a set.
fn sort(list: &mut Vec<String>) {
    list.sort();
    list.dedup();
}

/// What takes one set to another: what to add, what to remove.
fn difference(current: &[String], desired: &[String]) -> (Vec<String>, Vec<String>) {
    let without = |list: &[String], other: &[String]| -> Vec<String> {
        let kept = list.iter().filter(|item| !other.contains(item));
        kept.cloned().collect()
    };
    (without(desired, current), without(current, desired))
}
