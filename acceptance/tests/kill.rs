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
use acceptance::tfclient::Resource;
use acceptance::{Sandbox, When};
use common::{expect_code, expect_empty_account, expect_empty_plan, pipeline};
use live::Settings;
use matrix::{Point, Stage, TYPE, applied, comparable, creations, destroyed, points};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const WORKERS: usize = 2;
/// Every so many chains boto3 holds the account to the template, beside the
/// listing that every point is held to.
const EXACTLY_EVERY: usize = 8;

fn before() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["a@example.com"]))
        .with("tags", json!({ "cost-center": "42", "team": "scan" }))
}

/// Changes in every area, a tag fewer and a tag more, and one more address.
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
        .with(
            "overrides",
            json!({
                "AlertsTopic": json!({ "DisplayName": "Alerts" }).to_string(),
                "EnvironmentKey": json!({ "Description": "of the functions" }).to_string(),
            }),
        )
}

/// Replacements in both orders (a key is made first, a table deleted first),
/// with all that refers to them; an address fewer and another one.
fn replaced() -> Settings {
    before()
        .with("alerts.emails", json!(["c@example.com"]))
        .with(
            "overrides",
            json!({
                "EnvironmentKey": json!({
                    "KeySpec": "RSA_2048", "EnableKeyRotation": false, "RotationPeriodInDays": null,
                }).to_string(),
                "DataKeyAlias": json!({ "AliasName": "alias/documents-of-dev" }).to_string(),
                "AuditTable": json!({
                    "KeySchema": [{ "AttributeName": "requestId", "KeyType": "HASH" }],
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

/// One pipeline's life, in which it is struck at up to three points.
struct Chain {
    number: usize,
    create: Option<Point>,
    update: Option<(Point, Then)>,
    replace: Option<(Point, Then)>,
    destroy: Option<Point>,
}

impl Chain {
    fn points(&self) -> usize {
        [
            self.create.is_some(),
            self.update.is_some(),
            self.replace.is_some(),
            self.destroy.is_some(),
        ]
        .into_iter()
        .filter(|there| *there)
        .count()
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
    let account = comparable(&sandbox.account()?);

    // Only then is there something to unsubscribe.
    confirm(sandbox)?;
    let since = sandbox.last_sequence()?;
    stage
        .apply(&provider, &mut resource, &config(&replaced()))
        .await?;
    let replace = sandbox.mutations_since(since)?;
    let another = comparable(&sandbox.account()?);
    confirm(sandbox)?;
    stage
        .apply(&provider, &mut resource, &config(&before()))
        .await?;

    let since = sandbox.last_sequence()?;
    stage
        .apply(&provider, &mut resource, &config(&after()))
        .await?;
    let update = sandbox.mutations_since(since)?;
    let changed = comparable(&sandbox.account()?);

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
        create: points(&create),
        update: points(&update),
        replace: points(&replace),
        destroy: points(&destroy),
    })
}

fn confirm(sandbox: &Sandbox) -> Result<(), String> {
    ["a@example.com", "b@example.com", "c@example.com"]
        .iter()
        .try_for_each(|email| sandbox.confirm(email))
}

fn chains(undisturbed: &Undisturbed) -> VecDeque<Chain> {
    let length = [
        &undisturbed.create,
        &undisturbed.update,
        &undisturbed.destroy,
    ]
    .map(Vec::len)
    .into_iter()
    .max()
    .unwrap_or(0);
    let then = |points: &[Point], number: usize| {
        let point = points.get(number)?.clone();
        // Before and after of a call alternate, so this does too, with the
        // other one of the two for the next call of its kind.
        let again = (number / 2 + number).is_multiple_of(2);
        Some((point, if again { Then::Again } else { Then::Revert }))
    };
    let lives = (0..length).map(|number| Chain {
        number,
        create: undisturbed.create.get(number).cloned(),
        update: then(&undisturbed.update, number),
        replace: None,
        destroy: undisturbed.destroy.get(number).cloned(),
    });
    let replacements = (0..undisturbed.replace.len()).map(|number| Chain {
        number,
        create: None,
        update: None,
        replace: then(&undisturbed.replace, number),
        destroy: None,
    });
    lives.chain(replacements).collect()
}

/// A worker's side of the matrix: a sandbox, and what stands in it.
struct Worker<'a> {
    stage: Stage,
    undisturbed: &'a Undisturbed,
    failures: &'a Mutex<Vec<String>>,
}

impl Worker<'_> {
    async fn live(&self, chain: &Chain) {
        let mut standing = None;
        if let Some(point) = &chain.create {
            let result = self.create(point, chain.number).await;
            standing = self.held_to(format!("create killed at {point}"), result);
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
        for (what, link, to, account) in updates {
            let Some((point, then)) = link else { continue };
            let name = format!("{what} killed at {point}, then {then:?}");
            let result = match self.standing(standing.take()).await {
                Ok(resource) => {
                    let target = match then {
                        Then::Again => (&to, account),
                        Then::Revert => (&before(), &self.undisturbed.before),
                    };
                    self.update(resource, &to, point, target, chain.number)
                        .await
                }
                Err(error) => Err(error),
            };
            standing = self.held_to(name, result);
        }
        if let Some(point) = &chain.destroy {
            let result = match self.standing(standing.take()).await {
                Ok(resource) => self.destroy(resource, point).await,
                Err(error) => Err(error),
            };
            self.held_to(format!("destroy killed at {point}"), result);
        }
        self.stage.sandbox.reset().expect("the sandbox is reset");
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
        self.stage.sandbox.reset()?;
        let provider = self.stage.provider().await?;
        let mut resource = Resource::new(TYPE);
        let config = config(&before());
        self.stage.apply(&provider, &mut resource, &config).await?;
        Ok(resource)
    }

    async fn create(&self, point: &Point, number: usize) -> Result<Resource, String> {
        let (stage, config) = (&self.stage, config(&before()));
        let provider = stage.provider().await?;
        stage.sandbox.weather([point.rule()])?;
        let task = tokio::spawn({
            let (provider, config) = (Arc::clone(&provider), config.clone());
            async move { applied(&provider, &mut Resource::new(TYPE), &config).await }
        });
        stage.strike(point, &provider, task).await?;

        let provider = stage.provider().await?;
        let mut resource = Resource::new(TYPE);
        let applied = stage.apply(&provider, &mut resource, &config).await;
        if point.when == When::After && point.is_last_of("ssm", "PutParameter") {
            // The pipeline is complete, and only its state was lost: nothing
            // tells it from somebody else's, so it has to be imported.
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
        self.exactly(number, &before())?;
        Ok(resource)
    }

    /// An update `to` something that is killed, and what leads to `target`.
    async fn update(
        &self,
        mut resource: Resource,
        to: &Settings,
        point: &Point,
        target: (&Settings, &Value),
        number: usize,
    ) -> Result<Resource, String> {
        let stage = &self.stage;
        // A subscription that waits for its confirmation cannot be removed.
        confirm(&stage.sandbox)?;
        let provider = stage.provider().await?;
        stage.sandbox.weather([point.rule()])?;
        let task = tokio::spawn({
            let (provider, config) = (Arc::clone(&provider), config(to));
            let mut resource = resource.clone();
            async move { applied(&provider, &mut resource, &config).await }
        });
        stage.strike(point, &provider, task).await?;
        confirm(&stage.sandbox)?;

        let provider = stage.provider().await?;
        let (settings, expected) = target;
        let config = config(settings);
        stage.apply(&provider, &mut resource, &config).await?;
        stage
            .settled(&provider, &mut resource, &config, expected)
            .await?;
        self.exactly(number, settings)?;
        Ok(resource)
    }

    async fn destroy(&self, mut resource: Resource, point: &Point) -> Result<(), String> {
        let stage = &self.stage;
        let provider = stage.provider().await?;
        if point.service == "sns" {
            // As many subscriptions as the undisturbed destroy had.
            stage
                .apply(&provider, &mut resource, &config(&after()))
                .await?;
            confirm(&stage.sandbox)?;
        }
        stage.sandbox.weather([point.rule()])?;
        let task = tokio::spawn({
            let (provider, mut resource) = (Arc::clone(&provider), resource.clone());
            async move { destroyed(&provider, &mut resource).await }
        });
        stage.strike(point, &provider, task).await?;

        let provider = stage.provider().await?;
        stage.destroy(&provider, &mut resource).await?;
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
                };
                let runtime = runtime();
                loop {
                    let next = queue.lock().expect("no panic").pop_front();
                    let Some(chain) = next else { return };
                    runtime.block_on(worker.live(&chain));
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

/// By type, the calls that make and unmake one.
const CALLS: &[(&str, [&str; 2], [&str; 2])] = &[
    (
        "AWS::DynamoDB::Table",
        ["dynamodb", "CreateTable"],
        ["dynamodb", "DeleteTable"],
    ),
    (
        "AWS::KMS::Alias",
        ["kms", "CreateAlias"],
        ["kms", "DeleteAlias"],
    ),
    (
        "AWS::KMS::Key",
        ["kms", "CreateKey"],
        ["kms", "ScheduleKeyDeletion"],
    ),
    (
        "AWS::S3::Bucket",
        ["s3", "CreateBucket"],
        ["s3", "DeleteBucket"],
    ),
    (
        "AWS::S3::BucketPolicy",
        ["s3", "PutBucketPolicy"],
        ["s3", "DeleteBucketPolicy"],
    ),
    (
        "AWS::SNS::Subscription",
        ["sns", "Subscribe"],
        ["sns", "Unsubscribe"],
    ),
    (
        "AWS::SNS::Topic",
        ["sns", "CreateTopic"],
        ["sns", "DeleteTopic"],
    ),
    (
        "AWS::SNS::TopicPolicy",
        ["sns", "SetTopicAttributes"],
        ["sns", "SetTopicAttributes"],
    ),
];

/// The process ids of the providers that a Terraform has started.
fn providers_of(terraform: &Child) -> Vec<String> {
    let listed = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,args="])
        .output()
        .expect("ps runs");
    let parent = terraform.id().to_string();
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (pid, ppid, program) = (words.next()?, words.next()?, words.next()?);
            let ours = ppid == parent && program.contains("terraform-provider-tap");
            ours.then(|| pid.to_owned())
        })
        .collect()
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
        .wait_held(1, Duration::from_secs(60))
        .expect("answers");
    let providers = providers_of(&child);
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
    while sandbox
        .calls()
        .expect("recorded")
        .iter()
        .any(|call| call.duration_ms.is_none())
    {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn terraform_whose_provider_was_killed_at_the_first_the_last_or_one_call_of_each_type_goes_on_with_the_next_run()
 {
    let sandbox = common::sandbox();
    let point = |call: [&str; 2], nth, when| Point {
        service: call[0].to_owned(),
        operation: call[1].to_owned(),
        nth,
        of: nth,
        when,
    };
    let mut sample = vec![
        (
            "the first call",
            point(["ssm", "PutParameter"], 1, When::After),
            point(["ssm", "PutParameter"], 1, When::Before),
        ),
        (
            "the last call",
            point(["ssm", "PutParameter"], 2, When::Before),
            point(["ssm", "DeleteParameter"], 1, When::After),
        ),
    ];
    for (index, (kind, make, unmake)) in CALLS.iter().enumerate() {
        let (first, second) = match index.is_multiple_of(2) {
            true => (When::Before, When::After),
            false => (When::After, When::Before),
        };
        sample.push((*kind, point(*make, 1, first), point(*unmake, 1, second)));
    }
    let mut expected = Value::Null;
    for (what, create, destroy) in sample {
        sandbox.reset().expect("reset");
        let terraform = common::terraform(&sandbox, &pipeline(&before().hcl()));
        if expected.is_null() {
            common::apply(&terraform);
            expected = comparable(&sandbox.account().expect("listed"));
            let state = terraform.state_of(common::ADDRESS).expect("a state");
            for line in state["resources"].as_object().expect("lines").values() {
                let kind = line.as_str().and_then(|line| line.split(' ').next());
                assert!(
                    CALLS.iter().any(|(known, ..)| Some(*known) == kind),
                    "the sample should have a call of the type {kind:?}"
                );
            }
            common::expect_clean_destroy(&terraform, &sandbox);
            sandbox.reset().expect("reset");
        }
        strike(&sandbox, &terraform, "apply", &create);
        common::apply(&terraform);
        expect_empty_plan(&terraform);
        let account = comparable(&sandbox.account().expect("listed"));
        assert_eq!(
            account, expected,
            "one of each thing after a kill at {what}"
        );

        confirm(&sandbox).expect("confirmed");
        strike(&sandbox, &terraform, "destroy", &destroy);
        let ran = terraform.destroy().expect("runs");
        expect_code(&ran, 0, &format!("destroy after a kill at {what}"));
        expect_empty_account(&sandbox);
    }
}
