//! What API Gateway refuses and ministack does: a second one of the same
//! place, deleting what is in use, an empty deployment, one of a private API
//! without a policy, logs of a stage in an
//! account that has no role to write them, and showing validators of an API
//! that is gone
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>).

use hyper::Method;
use serde_json::Value;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "apigateway_refusals";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if call.service != "apigateway" {
        return None;
    }
    let parts: Vec<&str> = call.path.split('/').skip(1).collect();
    let (status, message) = match call.method {
        Method::PUT => second_method(backend, &parts).await,
        Method::POST => second(backend, &parts).await,
        Method::DELETE => in_use(backend, &parts).await,
        Method::PATCH => logs(backend, &parts).await,
        Method::GET => left_behind(backend, &parts).await,
        _ => None,
    }?;
    let code = match status {
        404 => "NotFoundException",
        409 => "ConflictException",
        _ => "BadRequestException",
    };
    Some(reply::error(call, status, code, &message))
}

type Refusal = Option<(u16, String)>;

async fn second_method(backend: &Backend<'_>, parts: &[&str]) -> Refusal {
    let ["restapis", _, "resources", _, "methods", _] = parts else {
        return None;
    };
    let message = "Method already exists for this resource";
    is_there(backend, &backend.call.path)
        .await
        .then(|| (409, message.to_owned()))
}

async fn second(backend: &Backend<'_>, parts: &[&str]) -> Refusal {
    let (status, member, message) = match parts {
        ["restapis", _, "stages"] => (409, "stageName", "Stage already exists"),
        ["restapis", _, "models"] => (409, "name", "Model name already exists for this REST API"),
        ["domainnames"] => (
            400,
            "domainName",
            "The domain name you provided already exists.",
        ),
        ["domainnames", _, "basepathmappings"] => (
            409,
            "basePath",
            "Base path already exists for this domain name",
        ),
        ["restapis", api, "deployments"] => {
            let message = "The REST API doesn't contain any methods";
            if methods(backend, api).await.is_empty() {
                return Some((400, message.to_owned()));
            }
            let whole = backend.get("apigateway", &format!("/restapis/{api}")).await;
            let whole = reply::body_json(&whole);
            let private = whole["endpointConfiguration"]["types"][0] == "PRIVATE";
            let open = whole["policy"].as_str().unwrap_or_default().is_empty();
            let message = "Private REST API doesn't have a resource policy attached to it";
            return (private && open).then(|| (400, message.to_owned()));
        }
        _ => return None,
    };
    let body = backend.call.json();
    let name = body.get(member)?.as_str()?;
    let path = format!("{}/{name}", backend.call.path);
    is_there(backend, &path)
        .await
        .then(|| (status, message.to_owned()))
}

async fn in_use(backend: &Backend<'_>, parts: &[&str]) -> Refusal {
    match parts {
        ["restapis", api, "deployments", id] => {
            let stages = list(backend, &format!("/restapis/{api}/stages")).await;
            let message = "Active stages pointing to this deployment must be moved or deleted";
            let served = stages.iter().any(|stage| stage["deploymentId"] == **id);
            served.then(|| (400, message.to_owned()))
        }
        ["restapis", api, "models", name] => {
            let uses = |method: &Value| {
                let models = method["requestModels"].as_object();
                models.is_some_and(|models| models.values().any(|model| model == name))
            };
            let message = format!("Cannot delete model '{name}', is referenced in method request");
            let used = methods(backend, api).await.iter().any(uses);
            used.then_some((409, message))
        }
        ["restapis", api, "requestvalidators", id] => {
            let message = format!("Cannot delete validator '{id}', is referenced in method");
            let methods = methods(backend, api).await;
            let used = methods
                .iter()
                .any(|method| method["requestValidatorId"] == **id);
            used.then_some((409, message))
        }
        ["restapis", api] => {
            let domain = serving(backend, api).await?;
            let message = format!(
                "Deleting RestApi {api} failed. Please remove all base path mappings related to the RestApi in your domains: {domain}"
            );
            Some((400, message))
        }
        ["usageplans", id] => {
            let plan = backend.get("apigateway", &backend.call.path).await;
            let plan = reply::body_json(&plan);
            let stages = plan["apiStages"].as_array().map_or(0, Vec::len);
            let message = format!(
                "Cannot delete Usage Plan {id} because it has API stages associated with it"
            );
            (stages > 0).then_some((400, message))
        }
        _ => None,
    }
}

/// A domain name that serves an API.
async fn serving(backend: &Backend<'_>, api: &str) -> Option<String> {
    for domain in list(backend, "/domainnames?limit=500").await {
        let name = domain["domainName"].as_str()?.to_owned();
        let mappings = list(backend, &format!("/domainnames/{name}/basepathmappings")).await;
        if mappings.iter().any(|mapping| mapping["restApiId"] == api) {
            return Some(name);
        }
    }
    None
}

async fn logs(backend: &Backend<'_>, parts: &[&str]) -> Refusal {
    let ["restapis", _, "stages", _] = parts else {
        return None;
    };
    let patches = backend.call.json();
    let wants_logs = patches["patchOperations"].as_array()?.iter().any(|patch| {
        let path = patch["path"].as_str().unwrap_or_default();
        let level = path.ends_with("/logging/loglevel") && patch["value"] != "OFF";
        level || path == "/accessLogSettings/destinationArn"
    });
    if !wants_logs {
        return None;
    }
    let account = backend.get("apigateway", "/account").await;
    let account = reply::body_json(&account);
    let role = account["cloudwatchRoleArn"].as_str().unwrap_or_default();
    let message = "CloudWatch Logs role ARN must be set in account settings to enable logging";
    role.is_empty().then(|| (400, message.to_owned()))
}

/// With an API goes all that is in it; ministack keeps its validators.
async fn left_behind(backend: &Backend<'_>, parts: &[&str]) -> Refusal {
    let ["restapis", api, "requestvalidators", ..] = parts else {
        return None;
    };
    let message = "Invalid API identifier specified";
    let gone = !is_there(backend, &format!("/restapis/{api}")).await;
    gone.then(|| (404, message.to_owned()))
}

async fn is_there(backend: &Backend<'_>, path: &str) -> bool {
    backend.get("apigateway", path).await.status().is_success()
}

async fn list(backend: &Backend<'_>, path: &str) -> Vec<Value> {
    let answer = backend.get("apigateway", path).await;
    let body = reply::body_json(&answer);
    body["item"].as_array().cloned().unwrap_or_default()
}

/// All methods of an API.
async fn methods(backend: &Backend<'_>, api: &str) -> Vec<Value> {
    let resources = list(backend, &format!("/restapis/{api}/resources?limit=500")).await;
    let of = |resource: Value| resource["resourceMethods"].as_object().cloned();
    resources
        .into_iter()
        .filter_map(of)
        .flat_map(|methods| methods.into_iter().map(|(_, method)| method))
        .collect()
}
