//! Every requirement, R001 to R130, on one pipeline: applied by Terraform to a
//! sandbox account that has what real ones have, looked at with boto3 by the
//! checks in `checks/` (a file for each chapter, a function for each row), then
//! destroyed, and looked at again. Two neighbours are applied at the same time:
//! `beside` it, with options of the API, and `abroad`, of the same name.
//!
//! Prints the table: row, passed / failed / template-only, evidence. What no
//! emulator can show is checked on the template, and says so. `make
//! requirements` runs this alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

use acceptance::Sandbox;
use acceptance::terraform::{Terraform, ended, program};
use common::ADDRESS;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const ROWS: u32 = 130;

#[test]
fn every_requirement_is_met() {
    let sandbox = Sandbox::start().expect("the sandbox starts");
    let mut story = Story::new(&sandbox);
    story.apply();
    let mut rows = story.checked();
    story.destroy();
    story.again();
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
    neighbours: Terraform,
    given: Value,
    /// The commands that failed: what they left is checked all the same.
    failures: Vec<&'static str>,
}

impl<'a> Story<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let mut settings = settings("pipeline.json");
        let mut neighbours = settings_of_neighbours();
        for settings in neighbours
            .values_mut()
            .map(|neighbour| &mut neighbour["settings"])
            .chain([&mut settings])
        {
            // The functions run on this machine.
            if std::env::consts::ARCH == "aarch64" {
                settings["functions"]["architecture"] = json!("arm64");
            }
        }
        let mut story = Self {
            sandbox,
            terraform: common::terraform(sandbox, &configuration(&settings)),
            neighbours: common::terraform(sandbox, &configuration_of(&neighbours)),
            given: json!({
                "settings": settings,
                "neighbours": neighbours,
                "endpoint": sandbox.endpoint(),
                "provider": program("terraform-provider-tap").expect("built"),
                "root": checkout(),
                "after": null,
            }),
            failures: Vec::new(),
        };
        story.terraform.set("TF_LOG_PROVIDER", "DEBUG");
        story.given["tests"] = unit_tests();
        story.given["documented"] = story.documented();
        story.given["before"] = story.python(
            "account.prepare(given['provider'], given['settings']); out(account.snapshot())",
        );
        story
    }

    /// What Terraform says of the example on the resource's page, and of the
    /// provider: what the pages are held against.
    fn documented(&self) -> Value {
        let page = checkout().join("docs/resources/secure_pipeline.md");
        let page = std::fs::read_to_string(page).unwrap_or_default();
        let example = page.split("```terraform\n").nth(1).unwrap_or_default();
        let example = example.split("```").next().unwrap_or_default();
        let terraform = common::terraform(self.sandbox, example);
        let validated = terraform.run(&["validate", "-no-color"]).expect("runs");
        let schema = terraform.run(&["providers", "schema", "-json"]);
        let schema: Value = serde_json::from_str(&schema.expect("runs").stdout).unwrap_or_default();
        let schema = schema["provider_schemas"].as_object();
        json!({
            "example": example,
            "validate": { "code": validated.code, "text": validated.text },
            "schema": schema.and_then(|providers| providers.values().next()),
        })
    }

    /// What an apply that failed left is checked all the same.
    fn apply(&mut self) {
        let planned = self.terraform.plan(&[]).expect("runs");
        let plan = self.terraform.shown_plan().unwrap_or(Value::Null);
        let neighbours =
            self.neighbours
                .start(&["apply", "-input=false", "-no-color", "-auto-approve"]);
        let neighbours = neighbours.expect("runs");
        let apply = ["apply", "-input=false", "-no-color", "plan"];
        let applied = self.terraform.run(&apply).expect("runs");
        let theirs = ended(neighbours).expect("ends");
        if planned.code != 2 || applied.code != 0 {
            self.failures.push("the apply failed");
            println!(
                "the apply failed:\n{}{}",
                errors(&planned.text),
                errors(&applied.text)
            );
        }
        if theirs.code != 0 {
            self.failures.push("the apply of the neighbours failed");
            println!("the apply of the neighbours failed:\n{}", theirs.text);
        }
        let state = |of: &Terraform| std::fs::read_to_string(of.dir().join("terraform.tfstate"));
        self.given["written"] = json!({
            "state": state(&self.terraform).unwrap_or_default(),
            "plan": plan.to_string(),
            "logs": planned.text + &applied.text,
            "journal": std::fs::read_to_string(self.terraform.dir().join(".terraform/tap/documents-dev@us-east-1.jsonl")).unwrap_or_default(),
            "neighbours' state": state(&self.neighbours).unwrap_or_default(),
            "neighbours' logs": theirs.text,
        });
        self.given["state"] = state_of(&self.terraform, ADDRESS);
        for name in NEIGHBOURS {
            let address = format!("tap_secure_pipeline.{name}");
            self.given["neighbours"][name]["state"] = state_of(&self.neighbours, &address);
        }
        self.given["terraform"] = json!(self.terraform.run(&["version"]).expect("runs").stdout);
        self.given["generated"] = self.python(GENERATED);
        self.given["secrets"] = self.python(SECRETS);
        self.given["now"] = self.python("out(account.snapshot())");
    }

    /// The pipeline first, so that its neighbours can be seen to be unharmed.
    fn destroy(&mut self) {
        self.given["held"] = self.python(HELD);
        let destroyed = self.terraform.destroy().expect("runs");
        if destroyed.code != 0 {
            self.failures.push("the destroy failed");
            println!("the destroy failed:\n{}", errors(&destroyed.text));
        }
        let plan = self.neighbours.plan(&[]).expect("runs");
        self.given["unharmed"] = json!({ "code": plan.code, "text": plan.text });
        let theirs = self.neighbours.destroy().expect("runs");
        if theirs.code != 0 {
            self.failures.push("the destroy of the neighbours failed");
            println!("the destroy of the neighbours failed:\n{}", theirs.text);
        }
        self.given["after"] = self.python("out(account.snapshot())");
    }

    /// The same once more, which R099 judges.
    fn again(&mut self) {
        let applied = self.terraform.apply(&[]).expect("runs");
        let mut again = json!({
            "state": state_of(&self.terraform, ADDRESS),
            "applied": applied.code,
            "said": errors(&applied.text),
        });
        let first = std::mem::replace(&mut self.given["state"], again["state"].clone());
        again["secrets"] = self.python(SECRETS);
        self.given["state"] = first;
        again["destroyed"] = json!(self.terraform.destroy().expect("runs").code);
        again["after"] = self.python("out(account.snapshot())");
        self.given["again"] = again;
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

/// What lies behind the pipeline's secrets; null where that cannot be asked.
const SECRETS: &str = "
import credentials
out(account.attempt(lambda: credentials.described(frame.Pipeline(given))))
";

/// How many versions and markers the buckets hold.
const HELD: &str = "
def count(bucket):
    pages = list(boto3.client('s3').get_paginator('list_object_versions').paginate(Bucket=bucket))
    return {kind: sum(len(page.get(kind, [])) for page in pages) for kind in ('Versions', 'DeleteMarkers')}

out(account.attempt(lambda: {role: count(bucket) for role, bucket in frame.Pipeline(given).buckets().items()}))
";

/// What there is beside the pipeline.
const NEIGHBOURS: [&str; 2] = ["beside", "abroad"];

fn settings(file: &str) -> Value {
    let file = checkout().join("acceptance/tests/requirements").join(file);
    let text = std::fs::read_to_string(file).expect("read");
    serde_json::from_str(&text).expect("JSON")
}

fn settings_of_neighbours() -> Map<String, Value> {
    match settings("neighbours.json") {
        Value::Object(neighbours) => neighbours,
        other => panic!("{other} are no neighbours"),
    }
}

/// What Terraform keeps of a pipeline; empty where it keeps nothing.
fn state_of(terraform: &Terraform, address: &str) -> Value {
    match terraform.state_of(address) {
        Ok(state) if !state.is_null() => state,
        _ => json!({}),
    }
}

/// The unit tests of the expansion, as cargo has them run (R128). They are
/// built already where everything is, as `make test` builds it.
fn unit_tests() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ran = Command::new(cargo)
        .args(["test", "--workspace", "--lib", "--", "blueprint::"])
        .current_dir(checkout())
        .output()
        .expect("cargo runs");
    json!({
        "code": ran.status.code(),
        "text": String::from_utf8_lossy(&ran.stdout),
        "errors": String::from_utf8_lossy(&ran.stderr),
    })
}

fn configuration(settings: &Value) -> String {
    format!("provider \"tap\" {{}}\n\n{}", block("documents", settings))
}

/// Each with a provider of its own region.
fn configuration_of(neighbours: &Map<String, Value>) -> String {
    let one = |(name, neighbour): (&String, &Value)| {
        let provider = format!(
            "provider \"tap\" {{\n  alias = \"{name}\"\n  region = {}\n}}\n",
            neighbour["region"]
        );
        let resource = block(name, &neighbour["settings"]);
        let resource = resource.replacen("{\n", &format!("{{\n  provider = tap.{name}\n"), 1);
        provider + &resource
    };
    neighbours.iter().map(one).collect()
}

fn block(name: &str, settings: &Value) -> String {
    let attributes: String = settings
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("  {name} = {value}\n"))
        .collect();
    format!("resource \"tap_secure_pipeline\" \"{name}\" {{\n{attributes}}}\n")
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
