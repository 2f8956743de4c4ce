//! A provider that is killed at any call leaves nothing that the next one does
//! not find.
//!
//! The first test runs every point against the provider's binary through a
//! client of its protocol, which keeps state as Terraform does; the second one
//! runs a sample of them through Terraform itself.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chains;
#[path = "../common/mod.rs"]
mod common;
#[path = "../live/mod.rs"]
mod live;
#[path = "../matrix/mod.rs"]
mod matrix;
mod settings;
mod worker;

use acceptance::terraform::{Terraform, ended};
use acceptance::{Sandbox, When};
use chains::{Shared, undisturbed};
use common::{expect_code, expect_empty_account, expect_empty_plan, pipeline};
use matrix::{Point, Stage, comparable, points};
use settings::before;
use std::io::Write;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use worker::Worker;

const WORKERS: usize = 2;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

fn confirm(sandbox: &Sandbox) -> Result<(), String> {
    ["a@example.com", "b@example.com", "c@example.com"]
        .iter()
        .try_for_each(|email| sandbox.confirm(email))
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
    let points = &undisturbed.points;
    let count = points.count();
    let (schedule, failures) = (Shared::new(points), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let worker = Worker {
                    stage: Stage::new(),
                    undisturbed: &undisturbed,
                    failures: &failures,
                    schedule: &schedule,
                };
                let runtime = runtime();
                while let Some((chain, busy)) = schedule.next() {
                    runtime.block_on(worker.live(&chain));
                    drop(busy);
                    let left = schedule.left();
                    let _ = writeln!(
                        std::io::stderr(),
                        "kill matrix: {left} of {count} points left, {} failed, {:.0} s",
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
        points.create.len(),
        points.update.len(),
        points.replace.len(),
        points.destroy.len(),
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
