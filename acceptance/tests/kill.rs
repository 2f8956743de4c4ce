//! A provider that is killed at any call leaves nothing that the next one does
//! not find.
//!
//! The first test runs every point against the provider's binary through a
//! client of its protocol, which keeps state as Terraform does; the second one
//! runs a sample of them through Terraform itself.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;
mod matrix;

use acceptance::terraform::{Terraform, ended};
use acceptance::tfclient::{Diagnostics, Error, Provider, Resource};
use acceptance::{Sandbox, When};
use common::{expect_code, expect_empty_account, expect_empty_plan, pipeline};
use live::Settings;
use matrix::{
    Point, Stage, Struck, TYPE, applied, comparable, creations, destroyed, points, sample,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const WORKERS: usize = 2;
/// How many points of create, update and destroy are run, and of replacement,
/// unless `TAP_MATRIX` asks for all.
const SAMPLED: usize = 6;
const REPLACEMENTS: usize = 2;
/// How often one create, update, replacement or destroy is struck: an apply of
/// the whole takes longer than the way from one point to the next.
const STRIKES: usize = 20;
/// Every so many chains boto3 holds the account to the template, beside the
/// listing that every life is held to.
const EXACTLY_EVERY: usize = 4;

fn before() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["a@example.com"]))
        .with("tags", json!({ "cost-center": "42", "team": "scan" }))
}

/// Changes in every area, a tag fewer and a tag more, one more address, a role
/// for auditors, and of what an account has once all that it has not.
fn after() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["a@example.com", "b@example.com"]))
        .with("tags", json!({ "team": "payments", "owner-of": "data" }))
        .with("encryption.rotation_period_days", 180)
        .with("encryption.deletion_window_days", 10)
        .with("storage.access_log_encryption", "AES256")
        .with("storage.access_log_retention_days", 500)
        .with("storage.noncurrent_expire_after_days", 450)
        .with("audit.recovery_period_days", 20)
        .with("network.endpoint_zones", 2)
        .with("functions.memory_mb", 768)
        .with("functions.architecture", "x86_64")
        .with(
            "functions.per_function",
            json!({ "scan": { "reserved_concurrency": 5 } }),
        )
        .with("api.rate_limit", 50)
        .with("api.quota_per_day", 5000)
        .with("api.allowed_cidrs", json!(["198.51.100.0/24"]))
        .with("api.logging_role", "managed")
        .with("firewall.requests_per_5_minutes", 1000)
        .with("monitoring.log_retention_days", 400)
        .with("monitoring.read_only_api_calls", true)
        .with("monitoring.api_calls", "managed")
        .with("threats.minimum_severity", 8)
        .with("threats.detector", "managed")
        .with("secrets.rotation_days", 60)
        .with("access.trusted_account_ids", json!(["210987654321"]))
        .with("access.external_id", "b8f3d1c2-audit")
        .with("compliance.auto_remediate", false)
        .with("compliance.recorder", "managed")
        .with(
            "overrides",
            json!({
                "AlertsTopic": json!({ "DisplayName": "Alerts" }).to_string(),
                "EnvironmentKey": json!({ "Description": "of the functions" }).to_string(),
            }),
        )
}

/// Replacements in both orders (a key and a group are made first, a table is
/// deleted first), with all that refers to them; an address fewer and another
/// one.
fn replaced() -> Settings {
    before()
        .with("alerts.emails", json!(["c@example.com"]))
        .with(
            "overrides",
            json!({
                "EnvironmentKey": json!({ "MultiRegion": true }).to_string(),
                "DataKeyAlias": json!({ "AliasName": "alias/documents-of-dev" }).to_string(),
                "QuarantineSecurityGroup": json!({ "GroupName": "apart-documents-dev" }).to_string(),
                "AuditTable": json!({
                    "KeySchema": [{ "AttributeName": "requestId", "KeyType": "HASH" }],
                    "GlobalSecondaryIndexes": null,
                    "AttributeDefinitions": [{ "AttributeName": "requestId", "AttributeType": "S" }],
                }).to_string(),
            }),
        )
}

/// A configuration for the client, in which data is nobody's.
fn config(settings: &Settings) -> Value {
    let mut config = settings.spec();
    config["allow_data_loss"] = json!(true);
    config
}

/// What an undisturbed pipeline looks like from birth to end.
struct Undisturbed {
    before: Value,
    after: Value,
    replaced: Value,
    creations: BTreeMap<String, usize>,
    create: Vec<Point>,
    update: Vec<Point>,
    replace: Vec<Point>,
    destroy: Vec<Point>,
}

/// What comes after an update was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Again,
    Revert,
}

/// One pipeline's life, in which it is struck again and again: each provider
/// goes on where the one before was killed.
struct Chain {
    number: usize,
    create: Vec<Point>,
    update: (Vec<Point>, Then),
    replace: (Vec<Point>, Then),
    destroy: Vec<Point>,
}

impl Chain {
    fn new(number: usize) -> Self {
        let then = match number.is_multiple_of(2) {
            true => Then::Again,
            false => Then::Revert,
        };
        Self {
            number,
            create: Vec::new(),
            update: (Vec::new(), then),
            replace: (Vec::new(), then),
            destroy: Vec::new(),
        }
    }

    fn points(&self) -> usize {
        self.create.len() + self.update.0.len() + self.replace.0.len() + self.destroy.len()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

async fn undisturbed(stage: &Stage) -> Result<Undisturbed, String> {
    let sandbox = &stage.sandbox;
    let provider = stage.provider().await?;
    let mut resource = Resource::new(TYPE);
    stage
        .apply(&provider, &mut resource, &config(&before()))
        .await?;
    let create = sandbox.calls()?;
    let account = stage.account();

    // Only then is there something to unsubscribe.
    confirm(sandbox)?;
    let since = sandbox.last_sequence()?;
    stage
        .apply(&provider, &mut resource, &config(&replaced()))
        .await?;
    let replace = sandbox.mutations_since(since)?;
    let another = stage.account();
    confirm(sandbox)?;
    stage
        .apply(&provider, &mut resource, &config(&before()))
        .await?;

    let since = sandbox.last_sequence()?;
    stage
        .apply(&provider, &mut resource, &config(&after()))
        .await?;
    let update = sandbox.mutations_since(since)?;
    let changed = stage.account();

    confirm(sandbox)?;
    let since = sandbox.last_sequence()?;
    stage.destroy(&provider, &mut resource).await?;
    let destroy = sandbox.mutations_since(since)?;
    stage.empty()?;
    Ok(Undisturbed {
        before: account,
        after: changed,
        replaced: another,
        creations: creations(&create),
        create: sample(points(&create), SAMPLED),
        update: sample(points(&update), SAMPLED),
        replace: sample(points(&replace), REPLACEMENTS),
        destroy: sample(points(&destroy), SAMPLED),
    })
}

fn confirm(sandbox: &Sandbox) -> Result<(), String> {
    ["a@example.com", "b@example.com", "c@example.com"]
        .iter()
        .try_for_each(|email| sandbox.confirm(email))
}

/// The pipeline is complete and only its state is lost: the one strike after
/// which a create is not simply continued.
fn loses_only_the_state(point: &Point) -> bool {
    point.when == When::After && point.is_last_of("ssm", "PutParameter")
}

/// Points dealt to lives, each of which has its own from begin to end.
fn dealt(points: &[Point]) -> Vec<Vec<Point>> {
    let (alone, mut points): (Vec<Point>, Vec<Point>) =
        points.iter().cloned().partition(loses_only_the_state);
    points.sort_by_key(|point| point.at);
    let mut lives = vec![Vec::new(); points.len().div_ceil(STRIKES).max(WORKERS)];
    let count = lives.len();
    for (index, point) in points.into_iter().enumerate() {
        lives[index % count].push(point);
    }
    lives.extend(alone.into_iter().map(|point| vec![point]));
    lives
}

fn chains(undisturbed: &Undisturbed) -> VecDeque<Chain> {
    let mut chains = VecDeque::new();
    let at = |chains: &mut VecDeque<Chain>, number: usize| {
        while chains.len() <= number {
            let number = chains.len();
            chains.push_back(Chain::new(number));
        }
    };
    for (number, points) in dealt(&undisturbed.create).into_iter().enumerate() {
        at(&mut chains, number);
        chains[number].create = points;
    }
    for (number, points) in dealt(&undisturbed.update).into_iter().enumerate() {
        at(&mut chains, number);
        chains[number].update.0 = points;
    }
    for (number, points) in dealt(&undisturbed.destroy).into_iter().enumerate() {
        at(&mut chains, number);
        chains[number].destroy = points;
    }
    for points in dealt(&undisturbed.replace) {
        let mut chain = Chain::new(chains.len());
        chain.replace.0 = points;
        chains.push_back(chain);
    }
    chains
}

/// Points, for a sentence.
fn list(points: &[Point]) -> String {
    let names: Vec<String> = points.iter().map(Point::to_string).collect();
    names.join(", ")
}

/// A worker's side of the matrix: a sandbox, and what stands in it.
struct Worker<'a> {
    stage: Stage,
    undisturbed: &'a Undisturbed,
    failures: &'a Mutex<Vec<String>>,
    /// Points that a life was past already: they get one of their own.
    queue: &'a Mutex<VecDeque<Chain>>,
}

impl Worker<'_> {
    async fn live(&self, chain: &Chain) {
        let mut standing = None;
        if !chain.create.is_empty() {
            let result = self.create(chain).await;
            let name = format!("create killed at {}", list(&chain.create));
            standing = self.held_to(name, result);
        }
        let updates = [
            ("update", &chain.update, after(), &self.undisturbed.after),
            (
                "replacement",
                &chain.replace,
                replaced(),
                &self.undisturbed.replaced,
            ),
        ];
        for (what, (points, then), to, account) in updates {
            if points.is_empty() {
                continue;
            }
            let name = format!("{what} killed at {}, then {then:?}", list(points));
            let result = match self.standing(standing.take()).await {
                Ok(resource) => {
                    let target = match then {
                        Then::Again => (&to, account),
                        Then::Revert => (&before(), &self.undisturbed.before),
                    };
                    let late = |point: Point| {
                        let mut one = Chain::new(chain.number);
                        match what {
                            "update" => one.update.0.push(point),
                            _ => one.replace.0.push(point),
                        }
                        one
                    };
                    self.update(resource, &to, points, target, (chain.number, &late))
                        .await
                }
                Err(error) => Err(error),
            };
            standing = self.held_to(name, result);
        }
        if !chain.destroy.is_empty() {
            let result = match self.standing(standing.take()).await {
                Ok(resource) => self.destroy(resource, chain).await,
                Err(error) => Err(error),
            };
            let name = format!("destroy killed at {}", list(&chain.destroy));
            self.held_to(name, result);
        }
        self.stage.renew();
    }

    /// Kills one provider after the other at a point each, all of them at the
    /// same work. Returns what the last one made of it when it was done before
    /// its point came.
    async fn strikes<W>(
        &self,
        points: &[Point],
        work: impl Fn(Arc<Provider>) -> W,
        late: &dyn Fn(Point) -> Chain,
    ) -> Result<Option<Resource>, String>
    where
        W: Future<Output = Result<(Resource, Diagnostics), Error>> + Send + 'static,
    {
        let (stage, since) = (&self.stage, self.stage.sandbox.last_sequence()?);
        let mut left = points.iter();
        while let Some(point) = left.next() {
            let made = stage.sandbox.mutations_since(since)?;
            let Some(rule) = point.rule_after(&made) else {
                self.later(points, point, late)?;
                continue;
            };
            let provider = stage.provider().await?;
            stage.sandbox.weather([rule])?;
            let task = tokio::spawn(work(Arc::clone(&provider)));
            let struck = stage.strike(point, &provider, task).await;
            match struck.map_err(|error| format!("at {point}: {error}"))? {
                Struck::Yes => {}
                Struck::Ended(resource) => {
                    for point in std::iter::once(point).chain(left) {
                        self.later(points, point, late)?;
                    }
                    return Ok(Some(resource));
                }
            }
            let _ = confirm(&stage.sandbox);
        }
        Ok(None)
    }

    fn later(
        &self,
        points: &[Point],
        point: &Point,
        late: &dyn Fn(Point) -> Chain,
    ) -> Result<(), String> {
        if points.len() == 1 {
            return Err(format!("{point} was never called"));
        }
        let mut queue = self.queue.lock().expect("no panic");
        queue.push_back(late(point.clone()));
        Ok(())
    }

    fn held_to<T>(&self, name: String, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let text = format!("{name}: {error}");
                let _ = writeln!(std::io::stderr(), "kill matrix: {text}");
                self.failures.lock().expect("no panic").push(text);
                None
            }
        }
    }

    /// What the last link left, or a pipeline of its own after a failure.
    async fn standing(&self, left: Option<Resource>) -> Result<Resource, String> {
        if let Some(resource) = left {
            return Ok(resource);
        }
        self.stage.renew();
        let provider = self.stage.provider().await?;
        let mut resource = Resource::new(TYPE);
        let config = config(&before());
        self.stage.apply(&provider, &mut resource, &config).await?;
        Ok(resource)
    }

    async fn create(&self, chain: &Chain) -> Result<Resource, String> {
        let (stage, config) = (&self.stage, config(&before()));
        let work = |provider: Arc<Provider>| {
            let config = config.clone();
            async move {
                let mut resource = Resource::new(TYPE);
                let said = applied(&provider, &mut resource, &config).await?;
                Ok((resource, said))
            }
        };
        let late = |point| {
            let mut one = Chain::new(chain.number);
            one.create.push(point);
            one
        };
        let done = self.strikes(&chain.create, work, &late).await?;

        let provider = stage.provider().await?;
        let mut resource = done.unwrap_or_else(|| Resource::new(TYPE));
        let applied = stage.apply(&provider, &mut resource, &config).await;
        if chain.create.iter().all(loses_only_the_state) {
            // Nothing tells it from somebody else's, so it has to be imported.
            let refusal = applied.err().unwrap_or_default();
            if !refusal.contains("terraform import ADDRESS documents-dev@us-east-1") {
                return Err(format!(
                    "a complete pipeline without a state should be refused with the command that imports it, but: {refusal}"
                ));
            }
            let import = provider.import(TYPE, "documents-dev@us-east-1").await;
            (resource, _) = import.map_err(|e| e.to_string())?;
            // A permission to lose data is not the pipeline's, so that no
            // import knows of it.
            let plain = before().spec();
            let expected = &self.undisturbed.before;
            stage
                .settled(&provider, &mut resource, &plain, expected)
                .await?;
            stage.apply(&provider, &mut resource, &config).await?;
        } else {
            applied?;
        }
        let expected = &self.undisturbed.before;
        stage
            .settled(&provider, &mut resource, &config, expected)
            .await?;
        let made = creations(&stage.sandbox.calls()?);
        if made != self.undisturbed.creations {
            return Err(format!(
                "each thing should have been created once, {:?}, but were {made:?}",
                self.undisturbed.creations
            ));
        }
        self.exactly(chain.number, &before())?;
        Ok(resource)
    }

    /// An update `to` something that is killed again and again, and what leads
    /// to `target`.
    async fn update(
        &self,
        resource: Resource,
        to: &Settings,
        points: &[Point],
        target: (&Settings, &Value),
        (number, late): (usize, &dyn Fn(Point) -> Chain),
    ) -> Result<Resource, String> {
        let stage = &self.stage;
        // A subscription that waits for its confirmation cannot be removed.
        confirm(&stage.sandbox)?;
        let config = config(to);
        let work = |provider: Arc<Provider>| {
            let (mut resource, config) = (resource.clone(), config.clone());
            async move {
                let said = applied(&provider, &mut resource, &config).await?;
                Ok((resource, said))
            }
        };
        let done = self.strikes(points, work, late).await?;
        confirm(&stage.sandbox)?;

        let provider = stage.provider().await?;
        let mut resource = done.unwrap_or(resource);
        let (settings, expected) = target;
        let config = self::config(settings);
        stage.apply(&provider, &mut resource, &config).await?;
        stage
            .settled(&provider, &mut resource, &config, expected)
            .await?;
        self.exactly(number, settings)?;
        Ok(resource)
    }

    async fn destroy(&self, mut resource: Resource, chain: &Chain) -> Result<(), String> {
        let stage = &self.stage;
        // As much as the undisturbed destroy had, and as many old versions of
        // policies, of which each change leaves one.
        let mut points = chain.destroy.iter();
        let past = match points.any(|point| point.operation == "DeletePolicyVersion") {
            true => vec![replaced(), before(), after()],
            false => vec![after()],
        };
        for settings in past {
            let provider = stage.provider().await?;
            stage
                .apply(&provider, &mut resource, &config(&settings))
                .await?;
            confirm(&stage.sandbox)?;
        }
        let work = |provider: Arc<Provider>| {
            let mut resource = resource.clone();
            async move {
                let said = destroyed(&provider, &mut resource).await?;
                Ok((resource, said))
            }
        };
        let late = |point| {
            let mut one = Chain::new(chain.number);
            one.destroy.push(point);
            one
        };
        let done = self.strikes(&chain.destroy, work, &late).await?;

        let mut resource = done.unwrap_or(resource);
        if resource.exists() {
            let provider = stage.provider().await?;
            stage.destroy(&provider, &mut resource).await?;
        }
        stage.empty()
    }

    fn exactly(&self, number: usize, settings: &Settings) -> Result<(), String> {
        if !number.is_multiple_of(EXACTLY_EVERY) {
            return Ok(());
        }
        let look = || live::expect_exactly(&self.stage.sandbox, settings);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.unwrap_or_else(|| "boto3 could not look".to_owned())
        })
    }
}

#[test]
fn killed_at_every_call_of_create_update_replacement_and_destroy_the_next_run_converges_and_nothing_is_left()
 {
    let begin = Instant::now();
    let undisturbed = {
        let stage = Stage::new();
        runtime()
            .block_on(undisturbed(&stage))
            .expect("an undisturbed run")
    };
    let queue = chains(&undisturbed);
    let count: usize = queue.iter().map(Chain::points).sum();
    let (queue, failures) = (Mutex::new(queue), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let worker = Worker {
                    stage: Stage::new(),
                    undisturbed: &undisturbed,
                    failures: &failures,
                    queue: &queue,
                };
                let runtime = runtime();
                loop {
                    let next = queue.lock().expect("no panic").pop_front();
                    let Some(chain) = next else { return };
                    runtime.block_on(worker.live(&chain));
                    let left = queue.lock().expect("no panic");
                    let points: usize = left.iter().map(Chain::points).sum();
                    let _ = writeln!(
                        std::io::stderr(),
                        "kill matrix: {points} of {count} points left, {} failed, {:.0} s",
                        failures.lock().expect("no panic").len(),
                        begin.elapsed().as_secs_f64()
                    );
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    let _ = writeln!(
        std::io::stderr(),
        "kill matrix: {count} points, {} failed ({} of create, {} of update, {} of replacement, {} of destroy; {:.0} s)",
        failures.len(),
        undisturbed.create.len(),
        undisturbed.update.len(),
        undisturbed.replace.len(),
        undisturbed.destroy.len(),
        begin.elapsed().as_secs_f64()
    );
    assert!(
        failures.is_empty(),
        "every point should converge; {} of {count} did not:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

/// Runs a command of Terraform's and kills its provider at a point; expects
/// Terraform to say so.
#[track_caller]
fn strike(sandbox: &Sandbox, terraform: &Terraform, command: &str, point: &Point) {
    sandbox.weather([point.rule()]).expect("weather");
    let child = terraform
        .start(&[command, "-input=false", "-no-color", "-auto-approve"])
        .expect("starts");
    let held = sandbox
        .wait_held(1, Duration::from_secs(180))
        .expect("answers");
    let providers = common::providers_of(&child);
    for pid in &providers {
        let killed = Command::new("kill").args(["-9", pid]).status();
        assert!(killed.expect("kill runs").success(), "kill -9 {pid}");
    }
    let ran = ended(child).expect("ends");
    assert_eq!(
        held.len(),
        1,
        "{command} should reach {point}:\n{}",
        ran.text
    );
    assert!(
        !providers.is_empty(),
        "{command} should have a provider at {point}"
    );
    expect_code(
        &ran,
        1,
        &format!("{command} whose provider was killed at {point}"),
    );
    sandbox.clear_weather().expect("cleared");
    matrix::calm(sandbox).expect("calm");
}

#[test]
fn terraform_whose_provider_was_killed_at_the_first_the_last_or_a_call_between_goes_on_with_the_next_run()
 {
    let sandbox = common::sandbox();
    let terraform = common::terraform(&sandbox, &pipeline(&before().hcl()));
    common::apply(&terraform);
    let create = points(&sandbox.calls().expect("recorded"));
    let expected = comparable(&common::account(&sandbox));
    confirm(&sandbox).expect("confirmed");
    let since = sandbox.last_sequence().expect("recorded");
    common::expect_clean_destroy(&terraform, &sandbox);
    let destroy = points(&sandbox.mutations_since(since).expect("recorded"));

    let point = |operation: &str, nth, when| Point {
        service: "ssm".to_owned(),
        operation: operation.to_owned(),
        nth,
        of: nth,
        when,
        at: 0,
    };
    let written = create
        .iter()
        .filter(|point| point.is("ssm", "PutParameter"));
    let last = written.map(|point| point.nth).max().expect("the manifest");
    let mut strikes = vec![
        (
            point("PutParameter", 1, When::After),
            point("PutParameter", 1, When::Before),
        ),
        (
            point("PutParameter", last, When::Before),
            point("DeleteParameter", 1, When::After),
        ),
    ];
    // The first call of its operation: how often one is made depends on what
    // the account is ready for, as with endpoints that go together.
    let between = |points: Vec<Point>| {
        let mut points: Vec<Point> = points
            .into_iter()
            .filter(|point| point.service != "ssm" && point.nth == 1)
            .collect();
        points.sort_by_key(|point| point.at);
        points.swap_remove(points.len() / 2)
    };
    strikes.push((between(create), between(destroy)));
    for (create, destroy) in strikes {
        common::renew(&sandbox);
        let terraform = common::terraform(&sandbox, &pipeline(&before().hcl()));
        strike(&sandbox, &terraform, "apply", &create);
        common::apply(&terraform);
        expect_empty_plan(&terraform);
        let account = comparable(&common::account(&sandbox));
        assert_eq!(
            account, expected,
            "one of each thing after a kill at {create}"
        );

        confirm(&sandbox).expect("confirmed");
        strike(&sandbox, &terraform, "destroy", &destroy);
        let ran = terraform.destroy().expect("runs");
        expect_code(&ran, 0, &format!("destroy after a kill at {destroy}"));
        expect_empty_account(&sandbox);
    }
}
