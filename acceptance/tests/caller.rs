//! What whoever applies a pipeline must be allowed: every call that the provider
//! makes in the pipeline's life is allowed by the policy that it says is
//! required, and that policy holds nothing that no call needs.
//!
//! The record holds no tags, and of some calls no name: what is judged then is
//! the call on something of the pipeline's, with the pipeline's tag.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::Sandbox;
use common::{apply, bare, expect_clean_destroy, expect_empty_plan, pipeline, sandbox, terraform};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const JUDGE: &str = include_str!("caller/judge.py");
const EMAILS: &str = "  alerts = { emails = [\"security@example.com\"] }\n";

/// A policy at the API, and of what an account has once all that it has not.
const MANAGED: &str = r#"
  api        = { allowed_cidrs = ["198.51.100.0/24"], logging_role = "managed" }
  access     = { trusted_account_ids = ["210987654321"], external_id = "b8f3d1c2-audit" }
  compliance = { recorder = "managed" }
  monitoring = { api_calls = "managed" }
  threats    = { detector = "managed" }
"#;

/// The policy, from the function.
fn policy_of(settings: &str) -> String {
    format!(
        "\noutput \"policy\" {{\n  value = provider::tap::required_iam_policy({{\n    name = \"documents\"\n    environment_suffix = \"dev\"\n{settings}  }}, \"{ACCOUNT}\", \"{REGION}\")\n}}\n"
    )
}

/// Something that the destroy has to empty a bucket of.
const DOCUMENT: &str = r#"
boto3.client("s3").put_object(Bucket="documents-logs-documents-dev-123456789012-us-east-1", Key="left", Body=b"behind")
"#;

/// The calls of the provider: those of the functions and of boto3 are others'.
fn of_the_provider(sandbox: &Sandbox) -> Vec<Value> {
    let calls = sandbox.calls().expect("recorded").into_iter();
    calls
        .filter(|call| call.user_agent.contains("app/terraform-provider-tap"))
        .map(|call| {
            json!({
                "service": call.service,
                "operation": call.operation,
                "resource": call.resource,
                "path": call.path,
            })
        })
        .collect()
}

/// What moto makes of the calls and the policy.
fn judged(sandbox: &Sandbox, calls: &[Value], policy: &Value, configured: &[&str]) -> Value {
    // Of what a call says nothing of in the record, one of the pipeline's own.
    let names = json!({
        "cloudwatch": "alerts-undelivered-documents-dev",
        "monitoring": "alerts-undelivered-documents-dev",
        "recorder": "config-documents-dev",
        "recorder role": "config-documents-dev-us-east-1",
        "api logging role": "api-logging-documents-dev-us-east-1",
        "dashboard": "pipeline-documents-dev-us-east-1",
        "events": "scan-documents-dev",
        "lambda": "scan-documents-dev",
        "logs": "/aws/lambda/scan-documents-dev",
        "rotation": "rotate-documents-dev",
        "secretsmanager": "api-key-documents-dev",
        "sns": "alerts-documents-dev",
        "sqs": "dead-letters-documents-dev",
        "wafv2": "web-acl-documents-dev",
        "dynamodb": "audit-documents-dev",
    });
    let given = json!([
        calls,
        policy,
        format!("documents-dev@{REGION}"),
        ACCOUNT,
        REGION,
        names,
        configured
    ]);
    // A string of JSON twice over is one of Python.
    let text = json!(given.to_string());
    let script = format!(
        "calls, policy, pipeline, account, region, names, configured = json.loads({text})\n{JUDGE}"
    );
    sandbox.boto3(&script).expect("judged")
}

/// Of a life with these settings, every call is allowed by the policy that is
/// required for them, and each of its statements allows one.
fn is_exactly_allowed(sandbox: &Sandbox, settings: &str, changed: &str, configured: &[&str]) {
    let configuration = |more: &str| pipeline(&format!("{settings}{more}")) + &policy_of(settings);
    let terraform = terraform(sandbox, &configuration(""));
    apply(&terraform);
    expect_empty_plan(&terraform);
    let ran = terraform.run(&["output", "-raw", "policy"]).expect("runs");
    let policy: Value = serde_json::from_str(&ran.stdout).expect("a policy");
    terraform
        .configure(&configuration(changed))
        .expect("written");
    apply(&terraform);
    sandbox.boto3(DOCUMENT).expect("put");
    expect_clean_destroy(&terraform, sandbox);

    let calls = of_the_provider(sandbox);
    assert!(
        calls.len() > 500,
        "a life has more than {} calls",
        calls.len()
    );
    let judged = judged(sandbox, &calls, &policy, configured);
    println!(
        "{} calls, {} permissions, {} statements, {} characters",
        judged["calls"],
        judged["permissions"],
        judged["statements"],
        policy.to_string().len()
    );
    assert_eq!(judged["refused"], json!([]), "calls that are not allowed");
    assert_eq!(judged["unused"], json!([]), "statements that no call needs");
}

#[test]
fn the_required_policy_allows_every_call_of_a_pipelines_life_and_holds_nothing_else() {
    let changed =
        "  storage = { noncurrent_glacier_after_days = 60 }\n  tags = { team = \"security\" }\n";
    is_exactly_allowed(&sandbox(), EMAILS, changed, &[]);
}

#[test]
fn what_is_managed_for_the_account_and_a_policy_of_the_api_are_allowed_too() {
    let changed = "  firewall = { requests_per_5_minutes = 1000 }\n";
    is_exactly_allowed(&bare(), MANAGED, changed, &["Policy", "Trail"]);
}

#[test]
fn the_judge_refuses_what_the_policy_leaves_out() {
    let sandbox = sandbox();
    let call = |service: &str, operation: &str, resource: &str| json!({ "service": service, "operation": operation, "resource": resource, "path": "" });
    let statement = |sid: &str, action: &str, resource: &str| json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource });
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        statement("Own", "sns:DeleteTopic", "arn:aws:sns:us-east-1:123456789012:own"),
        statement("Idle", "sns:Publish", "*"),
    ] });
    let calls = [
        call(
            "sns",
            "DeleteTopic",
            "arn:aws:sns:us-east-1:123456789012:own",
        ),
        call(
            "sns",
            "DeleteTopic",
            "arn:aws:sns:us-east-1:123456789012:strangers",
        ),
    ];
    let judged = judged(&sandbox, &calls, &policy, &[]);
    assert_eq!(judged["unused"], json!(["Idle"]));
    let refused = judged["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(
        refused[0]
            .as_str()
            .is_some_and(|text| text.contains("strangers"))
    );
}
