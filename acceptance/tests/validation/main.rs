//! What cannot be right is refused before anything is called: with the line
//! it stands in, what is wrong with it, and what to write instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
#[path = "../common/mod.rs"]
mod common;

use acceptance::terraform::Terraform;
use cases::{AREAS, BY_SCHEMA, Case, DATA, PROVIDER};
use common::{expect_code, sandbox};
use serde_json::Value;
use std::collections::BTreeMap;

/// A folder in which every AWS call would reach a sandbox that writes it down.
fn folder(sandbox: &acceptance::Sandbox, configuration: &str) -> Terraform {
    common::terraform(sandbox, configuration)
}

fn block(label: &str, case: &Case) -> String {
    let mut lines = vec![
        "name = \"documents\"".to_owned(),
        "environment_suffix = \"dev\"".to_owned(),
    ];
    let attribute = case.written.split(' ').next().unwrap_or_default();
    lines.retain(|line| line.split(' ').next() != Some(attribute));
    lines.push(case.written.to_owned());
    format!(
        "resource \"tap_secure_pipeline\" \"{label}\" {{\n  {}\n}}\n",
        lines.join("\n  ")
    )
}

/// The errors of `terraform validate -json`, which it must end with 1 for.
fn refusals(terraform: &Terraform) -> Vec<Value> {
    let ran = terraform.run(&["validate", "-json"]).expect("runs");
    expect_code(&ran, 1, "validate of what is wrong");
    let answer: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let all = answer["diagnostics"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    all.into_iter()
        .filter(|diagnostic| diagnostic["severity"] == "error")
        .collect()
}

fn said(diagnostic: &Value) -> String {
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    format!(
        "{}: {}",
        text(&diagnostic["summary"]),
        text(&diagnostic["detail"])
    )
}

/// What is missing of what a case asks for.
fn complaint(case: &Case, diagnostics: &[&Value]) -> Option<String> {
    let fits = |diagnostic: &&&Value| {
        let text = said(diagnostic);
        let code = diagnostic["snippet"]["code"].as_str().unwrap_or_default();
        code.contains(case.at) && text.contains(case.wrong) && text.contains(case.instead)
    };
    if diagnostics.iter().any(|diagnostic| fits(&diagnostic)) {
        return None;
    }
    let found: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            format!(
                "    {} [at {}]",
                said(diagnostic),
                diagnostic["snippet"]["code"]
            )
        })
        .collect();
    Some(format!(
        "  {}\n    should be refused at {:?} with {:?} and {:?}; what was said:\n{}",
        case.written,
        case.at,
        case.wrong,
        case.instead,
        found.join("\n")
    ))
}

#[test]
fn every_wrong_attribute_of_a_pipeline_is_refused_where_it_stands_with_advice_and_without_a_call() {
    let sandbox = sandbox();
    for cases in [DATA, AREAS, BY_SCHEMA] {
        let text: String = cases
            .iter()
            .enumerate()
            .map(|(n, case)| block(&format!("case_{n}"), case))
            .collect();
        let terraform = folder(&sandbox, &text);
        let mut by_case: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for diagnostic in refusals(&terraform) {
            let context = diagnostic["snippet"]["context"]
                .as_str()
                .unwrap_or_default();
            let place = format!(
                "{} {context}",
                diagnostic["address"].as_str().unwrap_or_default()
            );
            let number = place.split("case_").nth(1).and_then(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().ok()
            });
            let number = number.unwrap_or_else(|| panic!("a refusal of no case: {diagnostic:#}"));
            by_case.entry(number).or_default().push(diagnostic);
        }
        let complaints: Vec<String> = cases
            .iter()
            .enumerate()
            .filter_map(|(n, case)| {
                let diagnostics: Vec<&Value> = by_case.get(&n).into_iter().flatten().collect();
                complaint(case, &diagnostics)
            })
            .collect();
        assert!(
            complaints.is_empty(),
            "{} of {} cases are not refused as they should be:\n{}",
            complaints.len(),
            cases.len(),
            complaints.join("\n")
        );
    }
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "validating calls nothing: {calls:?}");
}

#[test]
fn every_wrong_attribute_of_the_provider_block_is_refused_where_it_stands_and_without_a_call() {
    let sandbox = sandbox();
    // One block a run: Terraform stops at the first that is wrong. Validating
    // is what a plan begins with, so that a plan refuses it too.
    let mut complaints = Vec::new();
    for case in PROVIDER {
        let text = format!(
            "provider \"tap\" {{\n  {}\n}}\n\ndata \"tap_secure_pipeline_template\" \"x\" {{\n  name = \"documents\"\n  environment_suffix = \"dev\"\n}}\n",
            case.written
        );
        let refusals = refusals(&folder(&sandbox, &text));
        complaints.extend(complaint(case, &refusals.iter().collect::<Vec<_>>()));
        assert!(
            !refusals
                .iter()
                .any(|refusal| said(refusal).contains("hunter2")),
            "a refusal shows no secret"
        );
    }
    assert!(
        complaints.is_empty(),
        "{} of {} cases are not refused as they should be:\n{}",
        complaints.len(),
        PROVIDER.len(),
        complaints.join("\n")
    );
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "validating calls nothing: {calls:?}");
}

#[test]
fn a_plan_of_what_is_wrong_ends_with_1_names_line_and_advice_and_calls_nothing() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        "provider \"tap\" {}\nresource \"tap_secure_pipeline\" \"documents\" {\n  name = \"documents\"\n  environment_suffix = \"dev\"\n  storage = {\n    noncurrent_glacier_after_days = 7.5\n  }\n}\n",
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan of what is wrong");
    let text = ran.flat();
    for part in [
        "Error: Invalid number of days",
        "noncurrent_glacier_after_days = 7.5",
        "storage.noncurrent_glacier_after_days: 7.5 is not possible here. Write a whole number from 1 to 3650; the default is 30.",
    ] {
        assert!(
            text.contains(part),
            "the plan should say {part:?}:\n{}",
            ran.text
        );
    }
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "a refused plan calls nothing: {calls:?}");
}

#[test]
fn what_only_the_account_can_tell_is_refused_at_plan_and_nothing_but_the_account_is_asked() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        &common::pipeline(
            "  encryption = { key_arns = { data = \"arn:aws:kms:eu-west-1:111122223333:key/a\" } }",
        ),
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a key of another region");
    let text = ran.flat();
    for part in [
        "encryption.key_arns.data",
        "eu-west-1",
        "Write the ARN of a key in us-east-1",
    ] {
        assert!(
            text.contains(part),
            "the plan should say {part:?}:\n{}",
            ran.text
        );
    }
    let calls: Vec<String> = sandbox
        .calls()
        .expect("recorded")
        .into_iter()
        .map(|call| format!("{}:{}", call.service, call.operation))
        .collect();
    assert_eq!(calls, ["sts:GetCallerIdentity"]);
}

/// The attributes that can be written, at every depth.
fn settable(block: &Value, path: &str) -> Vec<String> {
    let attributes = block["attributes"].as_object().into_iter().flatten();
    attributes
        .filter(|(_, attribute)| attribute["optional"] == true || attribute["required"] == true)
        .flat_map(|(name, attribute)| {
            let path = format!("{path}{name}");
            let mut inner = settable(&attribute["nested_type"], &format!("{path}."));
            inner.push(path);
            inner
        })
        .collect()
}

#[test]
fn every_example_is_valid_and_the_complete_one_uses_every_attribute() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples");
    let sandbox = sandbox();
    for name in [
        "quickstart",
        "complete",
        "byo-network",
        "mutual-tls",
        "cross-account",
        "private-api",
        "many",
    ] {
        let file = examples.join(name).join("main.tf");
        let text = std::fs::read_to_string(file).expect("read");
        // The sandbox says itself where the provider is from.
        let (_, rest) = text
            .split_once("provider \"tap\"")
            .expect("a provider block");
        let text = format!("provider \"tap\"{rest}");
        let ran = folder(&sandbox, &text).run(&["validate"]).expect("runs");
        expect_code(&ran, 0, name);
    }
    let written = std::fs::read_to_string(examples.join("complete/main.tf")).expect("read");
    let golden = examples.with_file_name("schemas").join("provider.json");
    let golden = std::fs::read_to_string(golden).expect("read");
    let golden: Value = serde_json::from_str(&golden).expect("JSON");
    let block = &golden["resource_schemas"]["tap_secure_pipeline"]["block"];
    let unused: Vec<String> = settable(block, "")
        .into_iter()
        .filter(|path| {
            let name = path.rsplit('.').next().unwrap_or_default();
            !written.contains(&format!(" {name} "))
        })
        .collect();
    assert!(unused.is_empty(), "examples/complete lacks {unused:?}");
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "validating calls nothing: {calls:?}");
}

#[test]
fn what_is_allowed_but_weaker_is_warned_of() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        &common::pipeline(
            "  storage = { noncurrent_expire_after_days = 200, access_log_retention_days = 100 }\n  monitoring = { log_retention_days = 90 }\n  api = { authorization = \"NONE\", allowed_cidrs = [\"203.0.113.0/24\"], rate_limit = 100.5, burst_limit = 100 }\n  threats = { remediate_account = true }\n  access = { trusted_account_ids = [\"210987654321\"], external_id = \"audit\", require_mfa = false }\n  audit = { point_in_time_recovery = false }\n  overrides = { RawBucket = jsonencode({ PublicAccessBlockConfiguration = { BlockPublicAcls = false } }), WebAclLogging = jsonencode({ RedactedFields = null }) }",
        ),
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan with warnings");
    let text = ran.flat();
    for part in [
        "storage.noncurrent_expire_after_days is 200",
        "storage.access_log_retention_days is 100",
        "monitoring.log_retention_days is 90",
        "PCI DSS 10.5.1",
        "The burst is smaller than the rate",
        "Callers are not authenticated",
        "Remediation reaches beyond the pipeline",
        "Auditors need no second factor",
        "The audit table has no backups",
        "An override replaces a compliance control",
        "RawBucket.PublicAccessBlockConfiguration: the public access block",
        "WebAclLogging.RedactedFields: a firewall log without credentials",
    ] {
        assert!(
            text.contains(part),
            "the plan should warn {part:?}:\n{}",
            ran.text
        );
    }
}
