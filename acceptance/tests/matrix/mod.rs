//! Providers that are killed at a certain call, and what is expected of the
//! next one.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use crate::common::{Borrowed, sandbox};
use acceptance::terraform::program;
use acceptance::tfclient::{Action, Diagnostics, Error, Provider, Resource, Start};
use acceptance::{Call, Rule, When};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

pub const TYPE: &str = "tap_secure_pipeline";

/// How long a provider may take to reach the call it is to be killed at.
const PATIENCE: Duration = Duration::from_secs(60);

/// One call of an operation at which a provider is killed: the n-th of its
/// kind, because calls of different kinds run in parallel and so have no order
/// that every run repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub service: String,
    pub operation: String,
    pub nth: u64,
    pub of: u64,
    pub when: When,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.when {
            When::Before => "before its effect",
            When::After => "after its effect, its answer lost",
        };
        write!(
            f,
            "{}:{} {}/{} {when}",
            self.service, self.operation, self.nth, self.of
        )
    }
}

impl Point {
    pub fn rule(&self) -> Rule {
        Rule::new(acceptance::Action::Hold(self.when))
            .service(&self.service)
            .operation(&self.operation)
            .mutating()
            .nth(self.nth)
    }

    pub fn is_last_of(&self, service: &str, operation: &str) -> bool {
        self.service == service && self.operation == operation && self.nth == self.of
    }
}

/// Every mutating call of a record, once before its effect and once after.
pub fn points(calls: &[Call]) -> Vec<Point> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.mutating) {
        *counts.entry((&call.service, &call.operation)).or_default() += 1;
    }
    let mut points = Vec::new();
    for ((service, operation), of) in counts {
        for nth in 1..=of {
            for when in [When::Before, When::After] {
                points.push(Point {
                    service: service.to_owned(),
                    operation: operation.to_owned(),
                    nth,
                    of,
                    when,
                });
            }
        }
    }
    points
}

/// Whether AWS did what a call asked for, whatever its caller was told.
pub fn had_effect(call: &Call) -> bool {
    call.status.is_some_and(|status| status < 300)
        || call.weather.iter().any(|name| name == "hold_after")
}

/// How often each creating operation had an effect.
pub fn creations(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        let creates = call.operation.starts_with("Create") || call.operation == "Subscribe";
        if creates && had_effect(call) {
            *counts
                .entry(format!("{}:{}", call.service, call.operation))
                .or_default() += 1;
        }
    }
    counts
}

/// An account without the names that AWS chooses: keys are counted.
pub fn comparable(account: &Value) -> Value {
    let mut account = account.clone();
    for kinds in account
        .as_object_mut()
        .into_iter()
        .flat_map(|a| a.values_mut())
    {
        if let Some(keys) = kinds.get_mut("keys") {
            *keys = json!(keys.as_array().map_or(0, Vec::len));
        }
    }
    account
}

/// A sandbox and a folder in which one provider after the other works.
pub struct Stage {
    pub sandbox: Borrowed,
    dir: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            sandbox: sandbox(),
            dir: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A new provider process, configured.
    pub async fn provider(&self) -> Result<Arc<Provider>, String> {
        let binary = program("terraform-provider-tap").map_err(|e| e.to_string())?;
        let mut start = Start::new(binary)
            .dir(self.dir.path())
            .env("TF_DATA_DIR", self.dir.path());
        for (name, value) in self.sandbox.env() {
            start = start.env(name, value);
        }
        let provider = Provider::start(start).await.map_err(|e| e.to_string())?;
        let said = provider.configure(json!({})).await;
        said.map_err(|e| e.to_string())?;
        Ok(Arc::new(provider))
    }

    /// `terraform apply`: refresh, plan, apply. Returns what it made of the
    /// state.
    pub async fn apply(
        &self,
        provider: &Provider,
        resource: &mut Resource,
        config: &Value,
    ) -> Result<(), String> {
        applied(provider, resource, config)
            .await
            .map_err(|e| e.to_string())
            .and_then(no_errors)
    }

    /// `terraform destroy`: refresh, and what is left of the state destroyed.
    pub async fn destroy(
        &self,
        provider: &Provider,
        resource: &mut Resource,
    ) -> Result<(), String> {
        destroyed(provider, resource)
            .await
            .map_err(|e| e.to_string())
            .and_then(no_errors)?;
        if resource.exists() {
            return Err(format!(
                "destroy left a state: {}",
                resource.state["ledger"]
            ));
        }
        Ok(())
    }

    /// Waits until a call is held, kills the provider that made it, and lets
    /// everything else that was under way end.
    pub async fn strike(
        &self,
        point: &Point,
        provider: &Provider,
        task: JoinHandle<Result<Diagnostics, Error>>,
    ) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            let held = self.sandbox.wait_held(1, Duration::from_millis(40))?;
            if !held.is_empty() {
                break;
            }
            if task.is_finished() {
                let end = task.await.map_err(|e| e.to_string())?;
                let end = end.map_or_else(|e| e.to_string(), |d| format!("success\n{d}"));
                return Err(format!("{point} was never called; it ended with {end}"));
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("{point} was not called in {PATIENCE:?}"));
            }
        }
        provider.kill().await.map_err(|e| e.to_string())?;
        if let Ok(said) = task.await.map_err(|e| e.to_string())? {
            return Err(format!("a killed provider answered: {said}"));
        }
        self.sandbox.clear_weather()?;
        self.calm()
    }

    /// Waits until every call that was received has ended.
    pub fn calm(&self) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            let calls = self.sandbox.calls()?;
            let Some(open) = calls.iter().find(|call| call.duration_ms.is_none()) else {
                return Ok(());
            };
            if begin.elapsed() > PATIENCE {
                return Err(format!("{}:{} does not end", open.service, open.operation));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A pipeline at rest: ready, its plan empty, the account what it is after
    /// an undisturbed apply.
    pub async fn settled(
        &self,
        provider: &Provider,
        resource: &mut Resource,
        config: &Value,
        expected: &Value,
    ) -> Result<(), String> {
        let said = resource.read(provider).await.map_err(|e| e.to_string())?;
        no_errors(said)?;
        if resource.state["status"] != "READY" {
            return Err(format!("its status is {}", resource.state["status"]));
        }
        let plan = resource.plan(provider, config.clone()).await;
        let plan = plan.map_err(|e| e.to_string())?;
        if plan.action != Action::NoOp {
            return Err(format!(
                "the plan after it should be empty, but is {:?}: {}",
                plan.action,
                differences(&plan.prior, &plan.planned)
            ));
        }
        let account = comparable(&self.sandbox.account()?);
        if account != *expected {
            return Err(format!(
                "the account should be {expected:#}\nbut is {account:#}"
            ));
        }
        Ok(())
    }

    pub fn empty(&self) -> Result<(), String> {
        match self.sandbox.account()? {
            account if account == json!({}) => Ok(()),
            left => Err(format!("destroy should leave nothing, but left {left:#}")),
        }
    }
}

/// The attributes in which two states differ.
pub fn differences(before: &Value, after: &Value) -> String {
    let mut text = String::new();
    for (name, was) in before.as_object().into_iter().flatten() {
        if after[name] != *was {
            text.push_str(&format!("\n  {name}: {was} -> {}", after[name]));
        }
    }
    text
}

fn no_errors(said: Diagnostics) -> Result<(), String> {
    match said.has_errors() {
        true => Err(said.to_string()),
        false => Ok(()),
    }
}

pub async fn applied(
    provider: &Provider,
    resource: &mut Resource,
    config: &Value,
) -> Result<Diagnostics, Error> {
    if resource.exists() {
        let said = resource.read(provider).await?;
        if said.has_errors() {
            return Ok(said);
        }
    }
    resource.converge(provider, config.clone()).await
}

pub async fn destroyed(provider: &Provider, resource: &mut Resource) -> Result<Diagnostics, Error> {
    let said = resource.read(provider).await?;
    if said.has_errors() || !resource.exists() {
        return Ok(said);
    }
    resource.destroy(provider).await
}
