//! Providers that are killed at a certain call, and what is expected of the
//! next one.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use crate::common::{self, Borrowed};
use acceptance::terraform::program;
use acceptance::tfclient::{Action, Diagnostics, Error, Provider, Resource, Start};
use acceptance::{Call, Rule, Sandbox, When};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

pub const TYPE: &str = "tap_secure_pipeline";

/// How long a provider may take to reach the call it is to be killed at.
const PATIENCE: Duration = Duration::from_secs(180);

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
    /// Where it stands among the mutating calls of the record.
    pub at: usize,
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

    /// The rule where calls have been made already, earlier struck ones among
    /// them; none where that call is over.
    pub fn rule_after(&self, calls: &[Call]) -> Option<Rule> {
        let made = calls
            .iter()
            .filter(|call| call.mutating && self.is(&call.service, &call.operation))
            .count() as u64;
        (made < self.nth).then(|| self.rule().nth(self.nth - made))
    }

    pub fn is(&self, service: &str, operation: &str) -> bool {
        self.service == service && self.operation == operation
    }

    pub fn is_last_of(&self, service: &str, operation: &str) -> bool {
        self.is(service, operation) && self.nth == self.of
    }
}

/// Every mutating call of a record, once before its effect and once after.
pub fn points(calls: &[Call]) -> Vec<Point> {
    let mut places: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, call) in calls.iter().filter(|call| call.mutating).enumerate() {
        let kind = (call.service.as_str(), call.operation.as_str());
        places.entry(kind).or_default().push(at);
    }
    let mut points = Vec::new();
    for ((service, operation), places) in places {
        for (index, at) in places.iter().enumerate() {
            for when in [When::Before, When::After] {
                points.push(Point {
                    service: service.to_owned(),
                    operation: operation.to_owned(),
                    nth: index as u64 + 1,
                    of: places.len() as u64,
                    when,
                    at: *at,
                });
            }
        }
    }
    points
}

/// Whether every point is run, and not only a sample: where `TAP_MATRIX` is set
/// to anything.
pub fn whole() -> bool {
    std::env::var_os("TAP_MATRIX").is_some()
}

/// A sample that is the same in every run: of so many points the first, the
/// last, and others between at equal steps. As the points are sorted by
/// operation, those of several services are among them, and each fault in turn.
/// All of them where `TAP_MATRIX` is set.
pub fn sample(points: Vec<Point>, most: usize) -> Vec<Point> {
    if whole() || points.len() <= most {
        return points;
    }
    let last = points.len() - 1;
    let chosen = (0..most).map(|n| {
        let at = n * last / (most - 1);
        // Before and after alternate in the list, and even steps would see one.
        if n % 2 == 0 { at & !1 } else { at | 1 }
    });
    chosen
        .filter_map(|at| points.get(at.min(last)).cloned())
        .collect()
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
        let creates = ["Create", "Generate", "Subscribe"]
            .iter()
            .any(|verb| call.operation.starts_with(verb));
        if creates && had_effect(call) {
            *counts
                .entry(format!("{}:{}", call.service, call.operation))
                .or_default() += 1;
        }
    }
    counts
}

/// The kinds of things that AWS names, or that Lambda makes by itself.
const NAMED_BY_AWS: [&str; 11] = [
    "keys",
    "vpcs",
    "subnets",
    "route_tables",
    "security_groups",
    "network_acls",
    "vpc_endpoints",
    "network_interfaces",
    "flow_logs",
    "client_certificates",
    "detectors",
];

/// An account without the names that AWS chooses: such things are counted.
pub fn comparable(account: &Value) -> Value {
    let mut account = account.clone();
    for kinds in account
        .as_object_mut()
        .into_iter()
        .flat_map(|a| a.values_mut())
    {
        for kind in NAMED_BY_AWS {
            if let Some(names) = kinds.get_mut(kind) {
                *names = json!(names.as_array().map_or(0, Vec::len));
            }
        }
        let queues = kinds.get_mut("queues").and_then(Value::as_array_mut);
        for queue in queues.into_iter().flatten() {
            // A queue's URL bears the sandbox's port.
            let name = queue.as_str().and_then(|url| url.rsplit('/').next());
            *queue = json!(name);
        }
        let groups = kinds.get_mut("log_groups").and_then(Value::as_array_mut);
        for group in groups.into_iter().flatten() {
            // It bears its API's id.
            let of_api = "API-Gateway-Execution-Logs_";
            if group.as_str().is_some_and(|name| name.starts_with(of_api)) {
                *group = json!(of_api);
            }
        }
    }
    account
}

/// Waits until every call that was received has ended.
pub fn calm(sandbox: &Sandbox) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        let Some(open) = sandbox.calls_under_way()?.into_iter().next() else {
            return Ok(());
        };
        if begin.elapsed() > PATIENCE {
            return Err(format!("{}:{} does not end", open.service, open.operation));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What became of a provider that was to be killed at a point.
pub enum Struck {
    /// It was killed there.
    Yes,
    /// It was done before it came there.
    Ended(Resource),
}

/// A sandbox and a folder in which one provider after the other works. The
/// account is bare: what it has once can then be the pipeline's.
pub struct Stage {
    pub sandbox: Borrowed,
    dir: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            sandbox: common::bare(),
            dir: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Empties the account again, for another pipeline's life.
    pub fn renew(&self) {
        self.sandbox.reset().expect("the sandbox is reset");
        self.sandbox.forget_calls().expect("forgotten");
    }

    /// Everything that there is, without the names that AWS chooses, and the
    /// role with which API Gateway writes logs, which is no thing by itself.
    pub fn account(&self) -> Value {
        let mut account = comparable(&common::account(&self.sandbox));
        let settings = self.sandbox.settings().expect("answers");
        for (region, settings) in settings.as_object().into_iter().flatten() {
            let role = settings["api_gateway_role"].as_str().unwrap_or_default();
            if !role.is_empty() {
                account[region]["api_gateway_role"] = json!([role]);
            }
        }
        account
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
        task: JoinHandle<Result<(Resource, Diagnostics), Error>>,
    ) -> Result<Struck, String> {
        let begin = Instant::now();
        loop {
            let held = self.sandbox.wait_held(1, Duration::from_millis(40))?;
            if !held.is_empty() {
                break;
            }
            if task.is_finished() {
                let end = task.await.map_err(|e| e.to_string())?;
                let (resource, said) = end.map_err(|e| e.to_string())?;
                self.sandbox.clear_weather()?;
                return no_errors(said).map(|()| Struck::Ended(resource));
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("{point} was not called in {PATIENCE:?}"));
            }
        }
        provider.kill().await.map_err(|e| e.to_string())?;
        if let Ok((_, said)) = task.await.map_err(|e| e.to_string())? {
            return Err(format!("a killed provider answered: {said}"));
        }
        self.sandbox.clear_weather()?;
        calm(&self.sandbox)?;
        Ok(Struck::Yes)
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
        let account = self.account();
        if account != *expected {
            return Err(format!(
                "the account should be {expected:#}\nbut is {account:#}"
            ));
        }
        Ok(())
    }

    pub fn empty(&self) -> Result<(), String> {
        match self.account() {
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
