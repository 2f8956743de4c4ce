//! The account as boto3 sees it, held against the template.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use acceptance::Sandbox;
use acceptance::terraform::program;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

/// How boto3 sees, changes, tags and deletes what a pipeline has: one file for
/// each service.
pub const SERVICES: &str = concat!(
    include_str!("../account/frame.py"),
    include_str!("../account/dynamodb.py"),
    include_str!("../account/kms.py"),
    include_str!("../account/s3.py"),
    include_str!("../account/log_bucket.py"),
    include_str!("../account/sns.py"),
    // In the order in which vanishing goes: what others lie in goes last.
    include_str!("../account/wafv2.py"),
    include_str!("../account/apigateway.py"),
    include_str!("../account/secretsmanager.py"),
    include_str!("../account/config.py"),
    include_str!("../account/cloudtrail.py"),
    include_str!("../account/guardduty.py"),
    include_str!("../account/events.py"),
    include_str!("../account/cloudwatch.py"),
    include_str!("../account/sqs.py"),
    include_str!("../account/lambda.py"),
    include_str!("../account/iam.py"),
    include_str!("../account/ec2.py"),
    include_str!("../account/logs.py"),
    include_str!("../account/ssm.py"),
);

/// The account that the sandbox is.
pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";

/// The template of a pipeline in the account as it is: with its zones, prefix
/// lists, caller and singletons, which boto3 asks for.
#[track_caller]
pub fn template_here(sandbox: &Sandbox, spec: &Value, region: &str) -> Value {
    let mut spec = spec.clone();
    spec["facts"] = facts(sandbox, &[region])[region].take();
    template(&spec, region)
}

/// By region.
#[track_caller]
fn facts(sandbox: &Sandbox, regions: &[&str]) -> Value {
    let script = format!(
        "{}regions = {}\n{}",
        include_str!("../account/frame.py"),
        json!(regions),
        include_str!("../account/facts.py")
    );
    sandbox.boto3(&script).expect("boto3 can look")
}

/// The template of a pipeline in the sandbox's account, as the provider's
/// command line prints it.
pub fn template(spec: &Value, region: &str) -> Value {
    let mut spec = spec.clone();
    spec["account_id"] = json!(ACCOUNT);
    spec["region"] = json!(region);
    let (code, text, errors) = template_command(&spec);
    assert_eq!(code, 0, "the template of {spec}:\n{errors}");
    serde_json::from_str(&text).expect("JSON")
}

/// `terraform-provider-tap template -`: exit code, output, errors. Without any
/// variable of AWS', since it touches none.
pub fn template_command(spec: &Value) -> (i32, String, String) {
    let mut child = Command::new(program("terraform-provider-tap").expect("built"))
        .args(["template", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin
        .write_all(spec.to_string().as_bytes())
        .expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// `documents-dev` with settings: dotted attributes to JSON values, from which
/// both the configuration and the template are made.
#[derive(Clone, Debug)]
pub struct Settings {
    name: String,
    values: BTreeMap<&'static str, Value>,
}

impl Settings {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            values: BTreeMap::new(),
        }
    }

    pub fn with(mut self, attribute: &'static str, value: impl Into<Value>) -> Self {
        self.set(attribute, value);
        self
    }

    pub fn set(&mut self, attribute: &'static str, value: impl Into<Value>) {
        self.values.insert(attribute, value.into());
    }

    pub fn unset(&mut self, attribute: &str) {
        self.values.remove(attribute);
    }

    /// As one object, nested.
    fn nested(&self) -> Value {
        let mut object = json!({ "name": self.name, "environment_suffix": "dev" });
        for (attribute, value) in &self.values {
            match attribute.split_once('.') {
                Some((block, leaf)) => object[block][leaf] = value.clone(),
                None => object[*attribute] = value.clone(),
            }
        }
        object
    }

    /// What decides the template.
    pub fn spec(&self) -> Value {
        let mut object = self.nested();
        if let Some(members) = object.as_object_mut() {
            let settings = [
                "name",
                "environment_suffix",
                "encryption",
                "storage",
                "network",
                "functions",
                "api",
                "firewall",
                "audit",
                "monitoring",
                "threats",
                "secrets",
                "access",
                "compliance",
                "alerts",
                "overrides",
                "tags",
            ];
            members.retain(|key, _| settings.contains(&key.as_str()));
        }
        object
    }

    /// The attributes beside name and suffix, as `common::pipeline` takes them.
    /// JSON values are HCL expressions.
    pub fn hcl(&self) -> String {
        let nested = self.nested();
        nested
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| *key != "name" && *key != "environment_suffix")
            .map(|(key, value)| format!("  {key} = {value}"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A domain name whose certificate and truststore are somebody else's.
pub fn mutual_tls() -> Value {
    json!({
        "domain_name": "documents.example.com",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
        "truststore_uri": "s3://of-the-certificate-authority/clients.pem",
    })
}

/// Holds the account to exactly what settings stand for.
#[track_caller]
pub fn expect_exactly(sandbox: &Sandbox, settings: &Settings) {
    expect_exactly_all(
        sandbox,
        &[(
            REGION,
            settings.spec(),
            &format!("{}-dev@{REGION}", settings.name),
        )],
    );
}

/// The same for several pipelines: region, spec, pipeline id.
#[track_caller]
pub fn expect_exactly_all(sandbox: &Sandbox, pipelines: &[(&str, Value, &str)]) {
    let regions: Vec<&str> = pipelines.iter().map(|(region, _, _)| *region).collect();
    let facts = facts(sandbox, &regions);
    let here = |spec: &Value, region: &str| {
        let mut spec = spec.clone();
        spec["facts"] = facts[region].clone();
        template(&spec, region)
    };
    let templates: Vec<Value> = pipelines
        .iter()
        .map(|(region, spec, id)| json!([region, here(spec, region), id]))
        .collect();
    // In a file, since an argument has no room for many.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("templates.json");
    std::fs::write(&file, json!(templates).to_string()).expect("written");
    let script = format!(
        "{SERVICES}templates = json.load(open({}))\n{}",
        json!(file),
        include_str!("../account/compare.py")
    );
    let differences = sandbox.boto3(&script).expect("boto3 can look");
    assert!(
        differences == json!([]),
        "the account should be exactly what the template says; it differs:\n{differences:#}"
    );
}

/// Everything that exists, as one set of names with their kind.
pub fn names(account: &Value) -> BTreeSet<String> {
    account
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(region, kinds)| {
            kinds
                .as_object()
                .into_iter()
                .flatten()
                .flat_map(move |(kind, names)| {
                    names
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(move |name| format!("{region} {kind} {}", name.as_str().unwrap_or("")))
                })
        })
        .collect()
}
