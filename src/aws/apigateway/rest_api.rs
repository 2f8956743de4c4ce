//! `AWS::ApiGateway::RestApi`.

use super::{
    PAGE, add, api, api_tags, change_tags, gone, once, ours_among, patch, replace, sdk_tags,
    tag_map, without_id,
};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_apigateway::types::{
    ApiKeySourceType, ApiStatus, EndpointAccessMode, EndpointConfiguration, EndpointType, Op,
    PatchOperation, SecurityPolicy,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::ApiGateway::RestApi`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html>).
///
/// Ownership: our tags, which stand in `CreateRestApi` itself; names are not
/// unique. Interruption: every call but the creating one may be made again.
/// Deleting it deletes what stands below it.
pub(in crate::aws) struct RestApi;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct RestApiProperties {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    endpoint_configuration: Endpoint,
    #[serde(default)]
    disable_execute_api_endpoint: bool,
    #[serde(default = "header")]
    api_key_source_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Value>,
    /// Of the default endpoint, and of the domain names that lead to the API.
    #[serde(default)]
    security_policy: String,
    /// Of an enhanced security policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint_access_mode: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Endpoint {
    types: Vec<String>,
    /// Of a private API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vpc_endpoint_ids: Vec<String>,
}

impl Default for Endpoint {
    /// What AWS makes of an API that says nothing.
    fn default() -> Self {
        Self::new(EndpointType::Edge.as_str())
    }
}

impl Endpoint {
    fn new(kind: &str) -> Self {
        Self {
            types: vec![kind.to_owned()],
            vpc_endpoint_ids: Vec::new(),
        }
    }

    pub(super) fn kind(&self) -> &str {
        self.types.first().map(String::as_str).unwrap_or_default()
    }

    pub(super) fn normalise(&mut self) -> Result<(), String> {
        self.vpc_endpoint_ids.sort();
        let private = self.kind() == EndpointType::Private.as_str();
        match self.types.as_slice() {
            [_] if self.vpc_endpoint_ids.is_empty() || private => Ok(()),
            [_] => Err("EndpointConfiguration.VpcEndpointIds: are for PRIVATE".to_owned()),
            _ => Err("EndpointConfiguration.Types: must hold exactly one type".to_owned()),
        }
    }

    pub(super) fn to_sdk(&self) -> EndpointConfiguration {
        EndpointConfiguration::builder()
            .types(EndpointType::from(self.kind()))
            .set_vpc_endpoint_ids(Some(self.vpc_endpoint_ids.clone()).filter(|ids| !ids.is_empty()))
            .build()
    }

    pub(super) fn from_sdk(live: Option<EndpointConfiguration>) -> Self {
        let Some(live) = live else {
            return Self {
                types: Vec::new(),
                vpc_endpoint_ids: Vec::new(),
            };
        };
        Self {
            types: live
                .types()
                .iter()
                .map(|kind| kind.as_str().to_owned())
                .collect(),
            vpc_endpoint_ids: live.vpc_endpoint_ids.unwrap_or_default(),
        }
    }
}

/// How the names of policies begin that take an access mode.
const ENHANCED: &str = "SecurityPolicy_";

/// The security policy of an API that says nothing
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html>).
fn by_default(endpoint: &Endpoint) -> &'static str {
    match endpoint.kind() == EndpointType::Private.as_str() {
        true => SecurityPolicy::Tls12.as_str(),
        false => SecurityPolicy::Tls10.as_str(),
    }
}

fn header() -> String {
    ApiKeySourceType::Header.as_str().to_owned()
}

#[async_trait]
impl ResourceType for RestApi {
    const TYPE: &'static str = "AWS::ApiGateway::RestApi";
    const CREATE_ONLY: &'static [&'static str] = &[];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = RestApiProperties;

    fn normalise(&self, properties: &mut RestApiProperties, partition: &str) -> Result<(), String> {
        properties.endpoint_configuration.normalise()?;
        if let Some(document) = &properties.policy {
            let canonical = policy::canonical(document, partition)
                .map_err(|problem| format!("Policy: {problem}"))?;
            properties.policy = Some(canonical);
        }
        if properties.security_policy.is_empty() {
            properties.security_policy = by_default(&properties.endpoint_configuration).to_owned();
        }
        let enhanced = properties.security_policy.starts_with(ENHANCED);
        match &properties.endpoint_access_mode {
            None if enhanced => Err(format!(
                "EndpointAccessMode: {} takes one, STRICT or BASIC",
                properties.security_policy
            )),
            Some(_) if !enhanced => Err(format!(
                "EndpointAccessMode: is for a SecurityPolicy that begins with {ENHANCED}, and this is {}",
                properties.security_policy
            )),
            _ => tags::normalise(&mut properties.tags),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RestApiProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "apigateway:CreateRestApi";
        let answer = clients
            .apigateway()
            .create_rest_api()
            .name(&desired.name)
            .description(&desired.description)
            .endpoint_configuration(desired.endpoint_configuration.to_sdk())
            .disable_execute_api_endpoint(desired.disable_execute_api_endpoint)
            .api_key_source(ApiKeySourceType::from(desired.api_key_source_type.as_str()))
            .set_policy(desired.policy.as_ref().map(Value::to_string))
            .security_policy(SecurityPolicy::from(desired.security_policy.as_str()))
            .set_endpoint_access_mode(
                desired
                    .endpoint_access_mode
                    .as_deref()
                    .map(EndpointAccessMode::from),
            )
            .set_tags(sdk_tags(tags::for_create(cx, &desired.tags)))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)?;
        let id = answer.id.ok_or_else(|| without_id(OPERATION))?;
        Ok(as_physical(&id, answer.root_resource_id))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&RestApiProperties>,
    ) -> Outcome<Option<(Physical, RestApiProperties)>> {
        let Some(api) = api(clients, identifier).await? else {
            return Ok(None);
        };
        let live_tags = tag_map(api.tags);
        tags::require_ours(cx, "apigateway:GetRestApi", &named(identifier), &live_tags)?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let document = match api.policy.filter(|text| !text.is_empty()) {
            Some(text) => Some(document(&text, identifier)?),
            None => None,
        };
        let endpoint_configuration = Endpoint::from_sdk(api.endpoint_configuration);
        let live = RestApiProperties {
            name: api.name.unwrap_or_default(),
            description: api.description.unwrap_or_default(),
            security_policy: api.security_policy.map_or_else(
                || by_default(&endpoint_configuration).to_owned(),
                |policy| policy.as_str().to_owned(),
            ),
            endpoint_access_mode: api
                .endpoint_access_mode
                .map(|mode| mode.as_str().to_owned())
                .filter(|mode| !mode.is_empty()),
            endpoint_configuration,
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            api_key_source_type: api
                .api_key_source
                .map_or_else(header, |source| source.as_str().to_owned()),
            policy: document,
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((as_physical(identifier, api.root_resource_id), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RestApiProperties,
        desired: &RestApiProperties,
    ) -> Outcome<Physical> {
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &format!("/restapis/{identifier}"), change).await?;
        let patches = patches(current, desired);
        if !patches.is_empty() {
            clients
                .apigateway()
                .update_rest_api()
                .rest_api_id(identifier)
                .set_patch_operations(Some(patches))
                .send()
                .await
                .during("apigateway:UpdateRestApi")?;
        }
        let there = api(clients, identifier).await?;
        let there = there.ok_or_else(|| gone("apigateway:GetRestApi", &named(identifier)))?;
        // A security policy takes a quarter of an hour, for which nothing
        // waits: the API can be called meanwhile
        // (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-update.html>).
        if there.api_status == Some(ApiStatus::Failed) {
            let why = there.api_status_message.unwrap_or_default();
            let message = format!("{} is FAILED: {why}", named(identifier));
            let operation = "apigateway:UpdateRestApi";
            return Err(HandlerError::ours(ErrorKind::Invalid, operation, message));
        }
        Ok(as_physical(identifier, there.root_resource_id))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "apigateway:DeleteRestApi";
        let Some(live_tags) = api_tags(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .apigateway()
            .delete_rest_api()
            .rest_api_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &RestApiProperties,
    ) -> Outcome<Found> {
        let apis = clients
            .apigateway()
            .get_rest_apis()
            .limit(PAGE)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .during("apigateway:GetRestApis")?;
        Ok(ours_among(
            cx,
            apis.into_iter().map(|api| (api.id, api.tags)),
        ))
    }
}

fn patches(current: &RestApiProperties, desired: &RestApiProperties) -> Vec<PatchOperation> {
    const ENDPOINTS: &str = "/endpointConfiguration/vpcEndpointIds";
    let mut patches = Vec::new();
    if current.name != desired.name {
        patches.push(replace("/name", &desired.name));
    }
    if current.description != desired.description {
        patches.push(replace("/description", &desired.description));
    }
    let (was, now) = (
        current.endpoint_configuration.kind(),
        desired.endpoint_configuration.kind(),
    );
    // Only a private API has endpoints: those that it loses go before it is
    // none any more, and it gets its own when it is one.
    let endpoints = |of: &RestApiProperties, not: &RestApiProperties| {
        let not = &not.endpoint_configuration.vpc_endpoint_ids;
        let mut ids = of.endpoint_configuration.vpc_endpoint_ids.clone();
        ids.retain(|id| !not.contains(id));
        ids
    };
    for id in endpoints(current, desired) {
        patches.push(patch(Op::Remove, ENDPOINTS, Some(id)));
    }
    if was != now {
        let path = format!("/endpointConfiguration/types/{was}");
        patches.push(replace(path, now));
    }
    for id in endpoints(desired, current) {
        patches.push(add(ENDPOINTS, id));
    }
    // Another type of endpoint has to be told its security policy, and an
    // enhanced one its access mode, in the same call: AWS refuses them alone.
    if was != now || current.security_policy != desired.security_policy {
        patches.push(replace("/securityPolicy", &desired.security_policy));
    }
    if current.endpoint_access_mode != desired.endpoint_access_mode {
        // An empty mode is none.
        let mode = desired.endpoint_access_mode.as_deref().unwrap_or_default();
        patches.push(replace("/endpointAccessMode", mode));
    }
    if current.disable_execute_api_endpoint != desired.disable_execute_api_endpoint {
        let disabled = desired.disable_execute_api_endpoint;
        patches.push(replace("/disableExecuteApiEndpoint", disabled));
    }
    if current.api_key_source_type != desired.api_key_source_type {
        patches.push(replace("/apiKeySource", &desired.api_key_source_type));
    }
    if current.policy != desired.policy {
        // An empty policy is none.
        let text = desired.policy.as_ref().map(Value::to_string);
        patches.push(replace("/policy", text.unwrap_or_default()));
    }
    patches
}

/// The policy as it was written. AWS answers it as the inside of a JSON
/// string, quotes escaped, and with the API's own ARN where `execute-api:/`
/// was written
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html>).
fn document(text: &str, rest_api_id: &str) -> Outcome<Value> {
    let plain = serde_json::from_str::<String>(&format!("\"{text}\""));
    let parsed = serde_json::from_str(plain.as_deref().unwrap_or(text));
    let mut document: Value = parsed.map_err(|error| {
        let message = format!("the policy of {} is no JSON: {error}", named(rest_api_id));
        HandlerError::ours(ErrorKind::Other, "apigateway:GetRestApi", message)
    })?;
    let statements = document.get_mut("Statement").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        match statement.get_mut("Resource") {
            Some(Value::Array(list)) => list.iter_mut().for_each(|one| shorten(one, rest_api_id)),
            Some(one) => shorten(one, rest_api_id),
            None => {}
        }
    }
    Ok(document)
}

fn shorten(resource: &mut Value, rest_api_id: &str) {
    let own = format!(":{rest_api_id}/");
    if let Some((head, path)) = resource.as_str().and_then(|text| text.split_once(&own))
        && head.starts_with("arn:")
        && head.contains(":execute-api:")
    {
        *resource = Value::String(format!("execute-api:/{path}"));
    }
}

fn named(id: &str) -> String {
    format!("the API {id}")
}

fn as_physical(id: &str, root: Option<String>) -> Physical {
    let root = root.unwrap_or_default();
    physical(
        id,
        id,
        [("RestApiId", id.to_owned()), ("RootResourceId", root)],
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_reads_back_as_it_was_written() {
        let written = json!({ "Statement": [{ "Action": "execute-api:Invoke", "Resource": "execute-api:/*" }] });
        let expanded = json!({ "Statement": [{
            "Action": "execute-api:Invoke",
            "Resource": "arn:aws:execute-api:us-east-1:111122223333:a1b2c3/*",
        }] });
        let text = expanded.to_string();
        let escaped = text.replace('"', "\\\"");
        for answered in [text, escaped] {
            assert_eq!(document(&answered, "a1b2c3").unwrap(), written);
        }
        let others =
            json!({ "Statement": [{ "Resource": "arn:aws:execute-api:us-east-1:1:zzz/*" }] });
        assert_eq!(document(&others.to_string(), "a1b2c3").unwrap(), others);
        assert!(document("{", "a1b2c3").is_err());
    }

    fn api(members: Value) -> Result<RestApiProperties, String> {
        let mut whole = json!({
            "Name": "a",
            "EndpointConfiguration": { "Types": ["REGIONAL"] },
        });
        let members = members.as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(members);
        let mut properties = serde_json::from_value(whole).unwrap();
        RestApi
            .normalise(&mut properties, "aws")
            .map(|()| properties)
    }

    #[test]
    fn an_api_that_says_nothing_has_the_policy_that_aws_gives_it() {
        assert_eq!(api(json!({})).unwrap().security_policy, "TLS_1_0");
        let private = json!({ "EndpointConfiguration": { "Types": ["PRIVATE"] } });
        assert_eq!(api(private).unwrap().security_policy, "TLS_1_2");
    }

    #[test]
    fn an_enhanced_policy_and_an_access_mode_go_together() {
        const STRONG: &str = "SecurityPolicy_TLS13_1_3_2025_09";
        let alone = api(json!({ "SecurityPolicy": STRONG })).unwrap_err();
        assert!(alone.contains("STRICT or BASIC"), "{alone}");
        let mode = json!({ "SecurityPolicy": "TLS_1_2", "EndpointAccessMode": "STRICT" });
        let of_none = api(mode).unwrap_err();
        assert!(of_none.contains("begins with SecurityPolicy_"), "{of_none}");
        let both = json!({ "SecurityPolicy": STRONG, "EndpointAccessMode": "STRICT" });
        assert_eq!(api(both).unwrap().security_policy, STRONG);
    }

    /// AWS refuses each of them alone.
    #[test]
    fn another_type_is_told_its_policy_and_a_policy_its_mode() {
        let legacy = api(json!({})).unwrap();
        let strong = json!({
            "SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09", "EndpointAccessMode": "STRICT",
        });
        let strong = api(strong).unwrap();
        let edge = api(json!({ "EndpointConfiguration": { "Types": ["EDGE"] } })).unwrap();
        let told = |current: &RestApiProperties, desired: &RestApiProperties| {
            let of = |patch: PatchOperation| {
                let path = patch.path.unwrap_or_default();
                let value = patch.value.unwrap_or_default();
                format!("{path}={value}")
            };
            let patches = patches(current, desired);
            patches.into_iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&legacy, &strong),
            [
                "/securityPolicy=SecurityPolicy_TLS13_1_3_2025_09",
                "/endpointAccessMode=STRICT"
            ]
        );
        assert_eq!(
            told(&strong, &legacy),
            ["/securityPolicy=TLS_1_0", "/endpointAccessMode="]
        );
        assert_eq!(
            told(&legacy, &edge),
            [
                "/endpointConfiguration/types/REGIONAL=EDGE",
                "/securityPolicy=TLS_1_0"
            ]
        );
    }
}
