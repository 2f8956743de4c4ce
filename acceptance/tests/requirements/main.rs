//! Every requirement, R001 to R130, on one pipeline: applied by Terraform to a
//! sandbox account that has what real ones have, looked at with boto3 by the
//! checks in `checks/` (a file for each chapter, a function for each row), then
//! destroyed, and looked at again.
//!
//! Prints the table: row, passed / failed / template-only, evidence. What no
//! emulator can show is checked on the template, and says so. `make
//! requirements` runs this alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

use acceptance::Sandbox;
use acceptance::terraform::{Terraform, program};
use common::ADDRESS;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const ROWS: u32 = 130;

#[test]
fn every_requirement_is_met() {
    let sandbox = Sandbox::start().expect("the sandbox starts");
    let mut story = Story::new(&sandbox);
    story.apply();
    let mut rows = story.checked();
    story.destroy();
    rows.extend(story.checked());
    let table = Table::new(rows);
    println!("{table}");
    assert_eq!(table.missing, Vec::<String>::new(), "rows without a check");
    assert_eq!(table.failures(), Vec::<&str>::new(), "the rows that failed");
    assert!(story.failures.is_empty(), "{:?}", story.failures);
}

fn checkout() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the checkout").to_path_buf()
}

/// The pipeline's life, and what the checks are told of it.
struct Story<'a> {
    sandbox: &'a Sandbox,
    terraform: Terraform,
    given: Value,
    /// The commands that failed: what they left is checked all the same.
    failures: Vec<&'static str>,
}

impl<'a> Story<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let file = checkout().join("acceptance/tests/requirements/pipeline.json");
        let text = std::fs::read_to_string(file).expect("read");
        let mut settings: Value = serde_json::from_str(&text).expect("JSON");
        // The functions run on this machine.
        if std::env::consts::ARCH == "aarch64" {
            settings["functions"]["architecture"] = json!("arm64");
        }
        let mut story = Self {
            sandbox,
            terraform: common::terraform(sandbox, &configuration(&settings)),
            given: json!({
                "settings": settings,
                "endpoint": sandbox.endpoint(),
                "provider": program("terraform-provider-tap").expect("built"),
                "root": checkout(),
                "after": null,
            }),
            failures: Vec::new(),
        };
        story.terraform.set("TF_LOG_PROVIDER", "DEBUG");
        story.given["before"] = story.python("account.prepare(); out(account.snapshot())");
        story
    }

    /// What an apply that failed left is checked all the same.
    fn apply(&mut self) {
        let planned = self.terraform.plan(&[]).expect("runs");
        let plan = self.terraform.shown_plan().unwrap_or(Value::Null);
        let apply = ["apply", "-input=false", "-no-color", "plan"];
        let applied = self.terraform.run(&apply).expect("runs");
        if planned.code != 2 || applied.code != 0 {
            self.failures.push("the apply failed");
            println!(
                "the apply failed:\n{}{}",
                errors(&planned.text),
                errors(&applied.text)
            );
        }
        let state = self.terraform.dir().join("terraform.tfstate");
        let kept = self.terraform.state_of(ADDRESS).unwrap_or(Value::Null);
        self.given["state"] = if kept.is_null() { json!({}) } else { kept };
        self.given["written"] = json!({
            "state": std::fs::read_to_string(state).unwrap_or_default(),
            "plan": plan.to_string(),
            "logs": planned.text + &applied.text,
        });
        self.given["generated"] = self.python(GENERATED);
        self.given["now"] = self.python("out(account.snapshot())");
    }

    fn destroy(&mut self) {
        self.given["held"] = self.python(HELD);
        let destroyed = self.terraform.destroy().expect("runs");
        if destroyed.code != 0 {
            self.failures.push("the destroy failed");
            println!("the destroy failed:\n{}", errors(&destroyed.text));
        }
        self.given["after"] = self.python("out(account.snapshot())");
    }

    /// The rows of this part of the story.
    fn checked(&self) -> Vec<Value> {
        let rows =
            self.python("pipeline = frame.Pipeline(given)\nout(frame.run(pipeline, given['after'] is not None))");
        rows.as_array().expect("a list").clone()
    }

    fn python(&self, script: &str) -> Value {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("given.json");
        std::fs::write(&file, self.given.to_string()).expect("written");
        let checks = checkout().join("acceptance/tests/requirements/checks");
        let script = format!(
            "import sys\nsys.dont_write_bytecode = True\nsys.path.insert(0, {})\nimport account, frame\ngiven = json.load(open({}))\nout = lambda value: print(json.dumps(value, default=str))\n{script}",
            json!(checks),
            json!(file)
        );
        self.sandbox.boto3(&script).expect("boto3 can look")
    }
}

/// What must stand nowhere: the generated members of the secrets, and the
/// values of API keys.
const GENERATED: &str = "
secrets, api = boto3.client('secretsmanager'), boto3.client('apigateway')
values = {key['value'] for key in api.get_api_keys(includeValues=True)['items']}
for secret in secrets.list_secrets()['SecretList']:
    members = json.loads(secrets.get_secret_value(SecretId=secret['ARN'])['SecretString'])
    values |= {value for name, value in members.items() if name != 'username'}
out(sorted(values))
";

/// How many versions and markers the buckets hold.
const HELD: &str = "
def count(bucket):
    pages = boto3.client('s3').get_paginator('list_object_versions').paginate(Bucket=bucket)
    return sum(len(page.get('Versions', [])) + len(page.get('DeleteMarkers', [])) for page in pages)

try:
    out({role: count(bucket) for role, bucket in frame.Pipeline(given).buckets().items()})
except Exception:
    out({'raw': 0, 'processed': 0, 'logs': 0})
";

fn configuration(settings: &Value) -> String {
    let attributes: String = settings
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("  {name} = {value}\n"))
        .collect();
    format!(
        "provider \"tap\" {{}}\n\nresource \"tap_secure_pipeline\" \"documents\" {{\n{attributes}}}\n"
    )
}

/// What Terraform says to people, without the provider's log.
fn errors(text: &str) -> String {
    text.lines()
        .filter(|line| line.starts_with(['│', '╷', '╵']))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The rows in their order, and which are missing.
struct Table {
    rows: Vec<Value>,
    missing: Vec<String>,
    passed: usize,
    failed: usize,
}

impl Table {
    fn new(mut rows: Vec<Value>) -> Self {
        rows.sort_by_key(|row| row["row"].as_str().unwrap_or_default().to_owned());
        let missing: Vec<String> = (1..=ROWS)
            .map(|number| format!("R{number:03}"))
            .filter(|name| rows.iter().filter(|row| row["row"] == **name).count() != 1)
            .collect();
        let failures = rows.iter().filter(|row| row["result"] == "failed").count();
        Self {
            passed: rows.len() - failures,
            failed: failures + missing.len(),
            missing,
            rows,
        }
    }
}

impl Table {
    fn failures(&self) -> Vec<&str> {
        let failed = self.rows.iter().filter(|row| row["result"] == "failed");
        failed.filter_map(|row| row["row"].as_str()).collect()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for row in &self.rows {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            writeln!(
                f,
                "{} | {:13} | {} | {}",
                text("row"),
                text("result"),
                text("requirement"),
                text("evidence")
            )?;
        }
        for name in &self.missing {
            writeln!(f, "{name} | failed        | it has not one check |")?;
        }
        let templates = self
            .rows
            .iter()
            .filter(|row| row["result"] == "template-only")
            .count();
        writeln!(f, "{templates} of those that passed are template-only")?;
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
