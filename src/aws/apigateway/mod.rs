//! API Gateway, REST APIs.
//!
//! An API, a stage, a key, a usage plan, a client certificate and a domain
//! name carry tags. What stands below an API (resources, methods, models,
//! validators, deployments) has none: it is ours when the API is, and is told
//! apart by its natural key.
//!
//! Changes are JSON patches. What AWS takes as a patch of each thing is listed
//! at <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html>.

mod account;
mod api_key;
mod base_path_mapping;
mod client_certificate;
mod deployment;
mod domain_name;
mod key_ring;
mod method;
mod model;
mod request_validator;
mod resource;
mod rest_api;
mod stage;
mod usage_plan;
mod usage_plan_key;

pub(super) use account::logging_role;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::{self, Ownership, TagChange, TagMap};
use crate::engine::{Context, ErrorKind, Found, Handler, HandlerError};
use aws_sdk_apigateway::config::Builder;
use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_smithy_types::retry::RetryConfig;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, account::Account),
        Typed::handler(context, api_key::ApiKey),
        Typed::handler(context, base_path_mapping::BasePathMapping),
        Typed::handler(context, client_certificate::ClientCertificate),
        Typed::handler(context, deployment::Deployment),
        Typed::handler(context, domain_name::DomainName),
        Typed::handler(context, method::Method),
        Typed::handler(context, model::Model),
        Typed::handler(context, request_validator::RequestValidator),
        Typed::handler(context, resource::Resource),
        Typed::handler(context, rest_api::RestApi),
        Typed::handler(context, stage::Stage),
        Typed::handler(context, usage_plan::UsagePlan),
        Typed::handler(context, usage_plan_key::UsagePlanKey),
    ]
}

/// The largest page of every list.
const PAGE: i32 = 500;

/// For calls that make something: whether one did is the engine's question.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

fn replace(path: impl Into<String>, value: impl ToString) -> PatchOperation {
    patch(Op::Replace, path, Some(value.to_string()))
}

fn add(path: impl Into<String>, value: impl ToString) -> PatchOperation {
    patch(Op::Add, path, Some(value.to_string()))
}

fn remove(path: impl Into<String>) -> PatchOperation {
    patch(Op::Remove, path, None)
}

fn patch(op: Op, path: impl Into<String>, value: Option<String>) -> PatchOperation {
    PatchOperation::builder()
        .op(op)
        .path(path)
        .set_value(value)
        .build()
}

/// A member's name in the path of a patch (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The parts of a composite identifier.
fn parts<const N: usize>(identifier: &str) -> Outcome<[&str; N]> {
    let parts: Vec<&str> = identifier.split('|').collect();
    parts.try_into().map_err(|_| {
        let message = format!("{identifier:?} is no identifier of {N} parts");
        HandlerError::ours(ErrorKind::Invalid, "apigateway", message)
    })
}

/// `arn:aws:apigateway:us-east-1::/restapis/...`: without an account
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>).
fn arn(clients: &Clients, path: &str) -> String {
    let (partition, region) = (clients.partition(), clients.region());
    format!("arn:{partition}:apigateway:{region}::{path}")
}

fn tag_map(tags: Option<HashMap<String, String>>) -> TagMap {
    tags.unwrap_or_default().into_iter().collect()
}

fn sdk_tags(tags: TagMap) -> Option<HashMap<String, String>> {
    Some(tags.into_iter().collect())
}

async fn change_tags(clients: &Clients, path: &str, change: TagChange) -> Outcome<()> {
    let resource_arn = arn(clients, path);
    if !change.set.is_empty() {
        clients
            .apigateway()
            .tag_resource()
            .resource_arn(&resource_arn)
            .set_tags(sdk_tags(change.set))
            .send()
            .await
            .during("apigateway:TagResource")?;
    }
    if !change.remove.is_empty() {
        clients
            .apigateway()
            .untag_resource()
            .resource_arn(&resource_arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("apigateway:UntagResource")?;
    }
    Ok(())
}

/// An API; `None` when there is none of that id.
async fn api(clients: &Clients, rest_api_id: &str) -> Outcome<Option<GetRestApiOutput>> {
    let answer = clients
        .apigateway()
        .get_rest_api()
        .rest_api_id(rest_api_id)
        .send()
        .await
        .during("apigateway:GetRestApi");
    found(answer)
}

async fn api_tags(clients: &Clients, rest_api_id: &str) -> Outcome<Option<TagMap>> {
    let api = api(clients, rest_api_id).await?;
    Ok(api.map(|api| tag_map(api.tags)))
}

/// Whether there is anything to delete below an API; refuses a stranger's.
async fn may_delete_below(
    cx: &Context<'_>,
    clients: &Clients,
    operation: &str,
    rest_api_id: &str,
) -> Outcome<bool> {
    let Some(live_tags) = api_tags(clients, rest_api_id).await? else {
        return Ok(false);
    };
    let what = format!("the API {rest_api_id}");
    tags::require_ours(cx, operation, &what, &live_tags)?;
    Ok(true)
}

/// Whose the children are that were found below an API.
async fn found_below(
    cx: &Context<'_>,
    clients: &Clients,
    rest_api_id: &str,
    identifiers: Vec<String>,
) -> Outcome<Found> {
    if identifiers.is_empty() {
        return Ok(Found::Absent);
    }
    let Some(live_tags) = api_tags(clients, rest_api_id).await? else {
        return Ok(Found::Absent);
    };
    Ok(match tags::ownership(cx, &live_tags) {
        // The tags are the API's: its logical id is never the child's.
        Ownership::Ours | Ownership::Sibling(_) => Found::Ours(identifiers),
        Ownership::Stranger(why) => Found::Stranger(format!("the API {rest_api_id} {why}")),
    })
}

/// What of a list is ours: names are not unique, so a stranger's of the same
/// name is no obstacle.
fn ours_among(
    cx: &Context<'_>,
    things: impl IntoIterator<Item = (Option<String>, Option<HashMap<String, String>>)>,
) -> Found {
    let ours: Vec<String> = things
        .into_iter()
        .filter_map(|(id, live_tags)| {
            let ours = tags::ownership(cx, &tag_map(live_tags)) == Ownership::Ours;
            id.filter(|_| ours)
        })
        .collect();
    if ours.is_empty() {
        Found::Absent
    } else {
        Found::Ours(ours)
    }
}

/// AWS answered a creation without saying what it made.
fn without_id(operation: &str) -> HandlerError {
    let message = "the answer holds no id";
    HandlerError::ours(ErrorKind::Ambiguous, operation, message)
}

/// What is to be changed is not there: it went in between, or is not seen yet.
fn gone(operation: &str, what: &str) -> HandlerError {
    let message = format!("{what} is not there");
    HandlerError::ours(ErrorKind::NotFound, operation, message)
}
