//! What exists in the account, for tests that must prove that nothing was left
//! behind. Asks the emulators past recorder and weather, so that looking
//! changes nothing that a test counts.
//!
//! Left out is what AWS leaves behind too: keys and secrets that are pending
//! deletion; and what AWS itself puts into every account or every VPC: default
//! VPC and subnets, main route tables, default groups and ACLs, `alias/aws/`,
//! service-linked roles, the interfaces of endpoints.

mod kinds;
mod look;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::emulators::REGION;
use super::route::{self, Emulator};
use super::server::Sandbox;
use kinds::Kind;
use look::Look;

/// Services whose things are in no region: listed under the region of requests that name none.
const GLOBAL: &[&str] = &["iam"];

/// What an account has once, by kind.
const SETTINGS: &[&str] = &["delivery_channels", "detectors", "recorders", "trails"];

/// Region by region, kind by kind, the names of everything that exists. Kinds
/// and regions without anything are left out: an empty account is `{}`.
pub async fn list(sandbox: &Arc<Sandbox>) -> Result<Value, String> {
    let found = look_at(sandbox, |_| true).await?;
    Ok(json!(found))
}

/// Region by region the settings that an account has once and that a pipeline
/// must leave alone: recorders, delivery channels, trails, detectors, and the
/// role with which API Gateway writes logs. The shape does not depend on what
/// there is.
pub async fn settings(sandbox: &Arc<Sandbox>) -> Result<Value, String> {
    let is_setting = |kind: &Kind| SETTINGS.contains(&kind.name);
    let found = look_at(sandbox, is_setting).await?;
    let mut settings = Map::new();
    for region in regions(sandbox) {
        let look = Look {
            sandbox,
            region: &region,
        };
        let account = look.rest("apigateway", "/account").await?;
        let role = account.get("cloudwatchRoleArn").and_then(Value::as_str);
        let mut here = Map::from_iter([("api_gateway_role".to_owned(), json!(role))]);
        for kind in SETTINGS {
            let names = found.get(&region).and_then(|kinds| kinds.get(*kind));
            here.insert((*kind).to_owned(), json!(names.unwrap_or(&Vec::new())));
        }
        settings.insert(region, Value::Object(here));
    }
    Ok(Value::Object(settings))
}

type Found = BTreeMap<String, BTreeMap<&'static str, Vec<String>>>;

/// All questions at once: this is asked after every test.
async fn look_at(sandbox: &Arc<Sandbox>, wanted: fn(&Kind) -> bool) -> Result<Found, String> {
    let mut questions = JoinSet::new();
    for region in regions(sandbox) {
        for kind in kinds::all() {
            if !wanted(&kind) || !may_have(sandbox, &region, &kind) {
                continue;
            }
            let (sandbox, region) = (Arc::clone(sandbox), region.clone());
            questions.spawn(async move {
                let look = Look {
                    sandbox: &sandbox,
                    region: &region,
                };
                let names = look.names(&kind).await;
                (region, kind.name, names)
            });
        }
    }
    let mut found = Found::new();
    while let Some(answer) = questions.join_next().await {
        let (region, kind, names) = answer.map_err(|error| error.to_string())?;
        let mut names = names?;
        names.retain(|name| !is_of_aws(name));
        // Two things may share a name: both are there.
        names.sort();
        if !names.is_empty() {
            found.entry(region).or_default().insert(kind, names);
        }
    }
    Ok(found)
}

fn regions(sandbox: &Sandbox) -> BTreeSet<String> {
    let mut regions: BTreeSet<String> = sandbox
        .recorder
        .places()
        .into_iter()
        .map(|(region, _)| region)
        .collect();
    regions.insert(REGION.to_owned());
    regions
}

/// ministack is asked always: its services make things of each other, such as
/// the log group of a function. moto takes a second to furnish a region and
/// another to forget it: it is asked for what somebody has called.
fn may_have(sandbox: &Sandbox, region: &str, kind: &Kind) -> bool {
    if GLOBAL.contains(&kind.service) {
        return region == REGION;
    }
    route::emulator(kind.service) != Emulator::Moto
        || sandbox
            .recorder
            .places()
            .contains(&(region.to_owned(), kind.service.to_owned()))
}

fn is_of_aws(name: &str) -> bool {
    name.starts_with("alias/aws/") || name.starts_with("AWSServiceRoleFor")
}
