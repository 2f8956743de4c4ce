//! What a deployment is made of: paths, models, methods, and the right of API
//! Gateway to invoke the functions behind them.

use super::{Expansion, REST_API_ID, STAGE_NAME, rest_api_id};
use crate::blueprint::functions::Function;
use crate::blueprint::network::EXECUTE_API_ENDPOINT_ID;
use crate::blueprint::spec::EndpointType;
use crate::engine::plan::digest_line;
use crate::engine::template::intrinsics::{get_att, reference, sub};
use crate::engine::template::{Resource, Template};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(super) const DEPLOYMENT_ID: &str = "ApiDeployment";
const VALIDATOR_ID: &str = "ApiRequestValidator";
const DOCUMENTS_ID: &str = "ApiDocumentsResource";

/// API Gateway waits no longer by itself, and the functions end sooner.
const TIMEOUT_MILLISECONDS: u32 = 29_000;

/// What is sent to a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Upload,
    Document,
}

impl Body {
    const ALL: [Self; 2] = [Self::Upload, Self::Document];

    fn model_id(self) -> &'static str {
        match self {
            Self::Upload => "ApiUploadModel",
            Self::Document => "ApiDocumentModel",
        }
    }

    /// Letters and digits only.
    fn name(self) -> &'static str {
        match self {
            Self::Upload => "UploadRequest",
            Self::Document => "DocumentRequest",
        }
    }

    /// No stricter than the functions themselves, which explain what they
    /// refuse; in draft 4, which is what API Gateway knows.
    fn schema(self) -> Value {
        let mut properties = Map::from_iter([(
            "document_key".to_owned(),
            json!({ "type": "string", "minLength": 1, "maxLength": 1024 }),
        )]);
        if self == Self::Upload {
            properties.extend([
                ("content".to_owned(), json!({ "type": "string" })),
                (
                    "content_type".to_owned(),
                    json!({ "type": "string", "minLength": 1, "maxLength": 255 }),
                ),
                ("presign".to_owned(), json!({ "type": "boolean" })),
            ]);
        }
        json!({
            "$schema": "http://json-schema.org/draft-04/schema#",
            "title": self.name(),
            "type": "object",
            "properties": properties,
            "required": ["document_key"],
            "additionalProperties": false,
        })
    }
}

/// One `POST`.
struct Route {
    /// What its logical ids begin with.
    stem: &'static str,
    path: &'static str,
    function: Function,
    body: Body,
}

impl Route {
    fn resource_id(&self) -> String {
        format!("{}Resource", self.stem)
    }

    fn method_id(&self) -> String {
        format!("{}Method", self.stem)
    }

    fn permission_id(&self) -> String {
        format!("{}Permission", self.stem)
    }

    /// The logical id of the resource that it stands under, if not the root.
    fn parent(&self) -> Value {
        if self.path.starts_with("/documents/") {
            reference(DOCUMENTS_ID)
        } else {
            get_att(REST_API_ID, "RootResourceId")
        }
    }

    fn path_part(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// A new path is a line here.
const ROUTES: [Route; 4] = [
    Route {
        stem: "ApiUpload",
        path: "/documents/upload",
        function: Function::Validate,
        body: Body::Upload,
    },
    Route {
        stem: "ApiEncrypt",
        path: "/documents/encrypt",
        function: Function::Encrypt,
        body: Body::Document,
    },
    Route {
        stem: "ApiScan",
        path: "/documents/scan",
        function: Function::Scan,
        body: Body::Document,
    },
    // The path of the first version.
    Route {
        stem: "ApiScanAlias",
        path: "/scan",
        function: Function::Scan,
        body: Body::Document,
    },
];

pub(super) fn expand(x: &mut Expansion<'_>) {
    x.add(
        VALIDATOR_ID,
        "AWS::ApiGateway::RequestValidator",
        json!({
            "RestApiId": rest_api_id(),
            "Name": "BodyAndParameters",
            "ValidateRequestBody": true,
            "ValidateRequestParameters": true,
        }),
    );
    for body in Body::ALL {
        x.add(
            body.model_id(),
            "AWS::ApiGateway::Model",
            json!({
                "RestApiId": rest_api_id(),
                "Name": body.name(),
                "ContentType": "application/json",
                "Schema": body.schema(),
            }),
        );
    }
    x.add(
        DOCUMENTS_ID,
        "AWS::ApiGateway::Resource",
        json!({
            "RestApiId": rest_api_id(),
            "ParentId": get_att(REST_API_ID, "RootResourceId"),
            "PathPart": "documents",
        }),
    );
    for route in &ROUTES {
        declare(x, route);
    }
    let methods: Vec<String> = ROUTES.iter().map(Route::method_id).collect();
    let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
    // A policy counts when it is deployed, and that of a private API names the
    // endpoint: another endpoint is another deployment.
    let description = match x.spec.api.endpoint_type {
        EndpointType::Regional => json!("The API as of"),
        EndpointType::Private => sub(format!(
            "The API behind ${{{EXECUTE_API_ENDPOINT_ID}}} as of"
        )),
    };
    x.add_after(
        DEPLOYMENT_ID,
        "AWS::ApiGateway::Deployment",
        json!({ "RestApiId": rest_api_id(), "Description": description }),
        &methods,
    );
}

fn declare(x: &mut Expansion<'_>, route: &Route) {
    let (spec, facts) = (x.spec, x.facts);
    x.add(
        route.resource_id(),
        "AWS::ApiGateway::Resource",
        json!({
            "RestApiId": rest_api_id(),
            "ParentId": route.parent(),
            "PathPart": route.path_part(),
        }),
    );
    let model = reference(route.body.model_id());
    x.add(
        route.method_id(),
        "AWS::ApiGateway::Method",
        json!({
            "RestApiId": rest_api_id(),
            "ResourceId": reference(&route.resource_id()),
            "HttpMethod": "POST",
            "AuthorizationType": spec.api.authorization.as_str(),
            "ApiKeyRequired": true,
            "RequestValidatorId": reference(VALIDATOR_ID),
            // A body is checked against the model of its content type, and of
            // one without a model it is not checked at all: hence the default
            // (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>).
            "RequestModels": { "application/json": model, "$default": model },
            "Integration": {
                "Type": "AWS_PROXY",
                "IntegrationHttpMethod": "POST",
                "Uri": format!(
                    "arn:{}:apigateway:{}:lambda:path/2015-03-31/functions/{}/invocations",
                    facts.partition,
                    facts.region,
                    route.function.arn(spec, facts)
                ),
                "TimeoutInMillis": TIMEOUT_MILLISECONDS,
            },
        }),
    );
    // The source's ARN holds the account. `SourceAccount` beside it would
    // refuse every request: API Gateway does not say it.
    x.add(
        route.permission_id(),
        "AWS::Lambda::Permission",
        json!({
            "FunctionName": reference(&route.function.function_id()),
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": sub(format!(
                "{}:${{{REST_API_ID}}}/{STAGE_NAME}/POST{}",
                facts.arn("execute-api", "").trim_end_matches(':'),
                route.path
            )),
        }),
    );
}

/// What the API is made of, in one short text. What of the API itself takes
/// effect without a deployment is not in it.
fn digest(template: &Template) -> String {
    const MADE_OF: [&str; 5] = [
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Model",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::RestApi",
    ];
    const AT_ONCE: [&str; 3] = ["Description", "Name", "Tags"];
    let mut hasher = Sha256::new();
    for (id, resource) in &template.resources {
        if !MADE_OF.contains(&resource.type_name.as_str()) {
            continue;
        }
        let mut bare = Resource {
            type_name: resource.type_name.clone(),
            properties: resource.properties.clone(),
            ..Resource::default()
        };
        if id == REST_API_ID
            && let Some(properties) = bare.properties.as_object_mut()
        {
            properties.retain(|name, _| !AT_ONCE.contains(&name.as_str()));
        }
        let line = digest_line(&bare, &BTreeMap::new());
        hasher.update(format!("{id} {line}\n"));
    }
    let whole = hasher.finalize();
    whole
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes into the deployment's description what it deploys, so that it is
/// replaced when that changes: a stage serves a deployment, not the API.
/// After the overrides, which may change any of it.
pub(in crate::blueprint) fn seal(template: &mut Template) {
    let digest = digest(template);
    let Some(deployment) = template.resources.get_mut(DEPLOYMENT_ID) else {
        return;
    };
    if let Some(properties) = deployment.properties.as_object_mut() {
        let said = properties.get("Description");
        let seal = |said: Option<&Value>| {
            let said = said.and_then(Value::as_str).unwrap_or_default();
            format!("{said} {digest}").trim_start().to_owned()
        };
        let sealed = match said.and_then(|said| said.get("Fn::Sub")) {
            Some(text) => sub(seal(Some(text))),
            None => json!(seal(said)),
        };
        properties.insert("Description".to_owned(), sealed);
    }
}
