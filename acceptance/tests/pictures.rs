//! The commands that draw: what they draw is all of it, and is well-formed by
//! somebody else's parser.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::terraform::program;
use acceptance::{Action, Rule, Sandbox, When, terraform::Terraform};
use common::{apply, expect_code, pipeline, sandbox, terraform};
use live::Settings;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const ID: &str = "documents-dev@us-east-1";

/// The provider's binary as a person runs it, in a folder.
fn command(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program("terraform-provider-tap").expect("built"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("TF_DATA_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("taken");
    drop(stdin);
    child.wait_with_output().expect("ends")
}

#[track_caller]
fn printed(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = command(folder, arguments, input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The texts of an SVG, as Python's parser reads them.
#[track_caller]
fn texts(sandbox: &Sandbox, svg: &str) -> Vec<String> {
    let script = format!(
        "import xml.etree.ElementTree as tree\nroot = tree.fromstring({})\nprint(json.dumps([''.join(e.itertext()) for e in root.iter() if e.tag.endswith('}}text')]))",
        Value::from(svg)
    );
    let found = sandbox.boto3(&script).expect("well-formed");
    serde_json::from_value(found).expect("texts")
}

fn expect_timeline(sandbox: &Sandbox, terraform: &Terraform, done: &str) {
    let svg = printed(terraform.dir(), &["timeline", "--svg"], "");
    let texts = texts(sandbox, &svg);
    let template = live::template(&Settings::new("documents").spec(), live::REGION);
    for id in template["Resources"].as_object().expect("resources").keys() {
        assert!(texts.contains(id), "{id} is missing");
    }
    let summary = texts
        .iter()
        .find(|text| text.contains("the critical path is"));
    let summary = summary.expect("a summary");
    assert!(summary.starts_with(done), "{summary}");
    // A share of the whole time would be a test of how busy the machine is.
    let number = |after: &str| -> f64 {
        let rest = summary.split_once(after).expect("said").1.trim();
        rest.split(' ')
            .next()
            .expect("a number")
            .parse()
            .expect("a number")
    };
    let (whole, path) = (number("done in"), number("resources and"));
    assert!(path > 0.0 && path <= whole + 0.1, "{summary}");
    assert!(number("critical path is") >= 3.0, "a chain: {summary}");
    let html = printed(terraform.dir(), &["timeline"], "");
    assert!(html.contains(svg.trim()), "the page holds the picture");
}

#[test]
fn an_apply_and_a_destroy_are_drawn_with_every_resource_and_watched_to_their_end() {
    let sandbox = sandbox();
    // As long as a call takes on AWS: were each answered at once, the machine
    // would decide what ends last, and a path of one resource would be right.
    let latency = Rule::new(Action::LatencyMs(100));
    sandbox.weather([latency]).expect("rules");
    let terraform = terraform(&sandbox, &pipeline(""));
    let output = command(terraform.dir(), &["timeline"], "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("no journal"),
        "{said}"
    );

    apply(&terraform);
    let count = live::template(&Settings::new("documents").spec(), live::REGION)["Resources"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    expect_timeline(&sandbox, &terraform, &format!("{count} of {count} done"));
    let watched = printed(terraform.dir(), &["watch"], "");
    assert!(watched.starts_with("documents-dev@us-east-1"), "{watched}");
    assert!(
        watched.contains(&format!("{count} of {count}")),
        "{watched}"
    );
    assert!(watched.ends_with("ended: 0 errors\n"), "{watched}");

    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    expect_timeline(&sandbox, &terraform, &format!("{count} of {count} done"));
}

#[test]
fn an_apply_that_runs_is_watched_and_one_whose_provider_was_killed_says_so() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(""));
    let table = Rule::new(Action::Hold(When::Before)).service("dynamodb");
    let rule = table.operation("CreateTable").first(1);
    sandbox.weather([rule]).expect("rules");
    let apply = ["apply", "-input=false", "-no-color", "-auto-approve"];
    let child = terraform.start(&apply).expect("starts");
    let held = sandbox.wait_held(1, Duration::from_secs(180));
    assert_eq!(held.expect("answers").len(), 1);

    // In a terminal of its own, which shows what is in flight.
    let program = program("terraform-provider-tap").expect("built");
    let line = format!("{} watch {ID}", program.display());
    let mut watching = Command::new("script")
        .args(["-qefc", &line, "watched.txt"])
        .current_dir(terraform.dir())
        .env_remove("TF_DATA_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let watched = terraform.dir().join("watched.txt");
    let seen =
        || String::from_utf8_lossy(&std::fs::read(&watched).unwrap_or_default()).into_owned();
    let until = Instant::now() + Duration::from_secs(60);
    while !(seen().contains("in flight") && seen().contains("AuditTable")) {
        assert!(Instant::now() < until, "{}", seen());
        std::thread::sleep(Duration::from_millis(100));
    }
    for id in common::providers_of(&child) {
        let killed = Command::new("kill").args(["-9", &id]).status();
        assert!(killed.expect("runs").success(), "kill -9 {id}");
    }
    let ended = watching.wait().expect("ends");
    assert!(
        seen().contains("ended: the provider is gone. Run the same command again"),
        "{}",
        seen()
    );
    assert_eq!(ended.code(), Some(1));
    acceptance::terraform::ended(child).expect("ends");
    sandbox.clear_weather().expect("cleared");

    common::apply(&terraform);
    common::expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_pipeline_is_drawn_with_every_area_and_every_resource() {
    let sandbox = sandbox();
    let folder = std::env::temp_dir();
    let settings = json!({ "name": "documents", "environment_suffix": "dev" }).to_string();
    let texts = texts(&sandbox, &printed(&folder, &["graph", "-"], &settings)).join("\n");
    let template = live::template(&Settings::new("documents").spec(), live::REGION);
    for (id, resource) in template["Resources"].as_object().expect("resources") {
        let type_name = resource["Type"].as_str().expect("a type");
        assert!(texts.contains(id), "{id}");
        assert!(
            texts.contains(type_name.trim_start_matches("AWS::")),
            "{type_name}"
        );
    }
    let text = printed(&folder, &["graph", "--mermaid", "-"], &settings);
    for area in [
        "access",
        "alerts",
        "api",
        "audit",
        "compliance",
        "encryption",
        "firewall",
        "functions",
        "monitoring",
        "network",
        "secrets",
        "storage",
        "threats",
    ] {
        assert!(text.contains(&format!("<b>{area}</b>")), "{area}:\n{text}");
    }
}
