//! What whoever applies a pipeline must be allowed: every call that the provider
//! makes in the pipeline's life is allowed by the policy that it says is
//! required, and that policy holds nothing that no call needs.
//!
//! The record holds no tags, and of some calls no name: what is judged then is
//! the call on something of the pipeline's, with the pipeline's tag.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;
mod theirs;

use acceptance::Sandbox;
use common::{apply, bare, expect_code, expect_empty_plan, pipeline, sandbox, terraform};
use live::Settings;
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

/// What the destroy has to clear: something in each bucket that may be emptied,
/// and an interface that Lambda has let go and forgotten.
const LEFT: &str = r#"
s3 = boto3.client("s3")
name = "documents-%s-documents-dev-123456789012-us-east-1"
for of in OF:
    s3.put_object(Bucket=name % of, Key="left", Body=b"behind")
place = boto3.client("lambda").get_function_configuration(FunctionName="scan-documents-dev")["VpcConfig"]
boto3.client("ec2").create_network_interface(
    SubnetId=place["SubnetIds"][0], Groups=place["SecurityGroupIds"], Description="AWS Lambda VPC ENI-scan-documents-dev")
"#;

/// What a pipeline is beside its settings.
#[derive(Default)]
struct Besides {
    /// What it has because of them, as the judge calls it.
    configured: &'static [&'static str],
    /// What is brought, as the block names it.
    theirs: Value,
    /// Its buckets that a destroy empties, all but which are empty.
    emptied: &'static [&'static str],
}

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
fn judged(sandbox: &Sandbox, calls: &[Value], policy: &Value, besides: &Besides) -> Value {
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
        besides.configured,
        if besides.theirs.is_null() {
            json!({})
        } else {
            besides.theirs.clone()
        },
    ]);
    // A string of JSON twice over is one of Python.
    let text = json!(given.to_string());
    let script = format!(
        "calls, policy, pipeline, account, region, names, configured, theirs = json.loads({text})\n{JUDGE}"
    );
    sandbox.boto3(&script).expect("judged")
}

/// Of a life with these settings, every call is allowed by the policy that is
/// required for them, and each of its statements allows one.
fn is_exactly_allowed(sandbox: &Sandbox, settings: &str, changed: &str, besides: &Besides) {
    let configuration = |more: &str| pipeline(&format!("{settings}{more}")) + &policy_of(settings);
    let before = common::account(sandbox);
    let terraform = terraform(sandbox, &configuration(""));
    apply(&terraform);
    expect_empty_plan(&terraform);
    let ran = terraform.run(&["output", "-raw", "policy"]).expect("runs");
    let policy: Value = serde_json::from_str(&ran.stdout).expect("a policy");
    terraform
        .configure(&configuration(changed))
        .expect("written");
    apply(&terraform);
    let of = json!(besides.emptied).to_string();
    let script = LEFT.replace("OF", &of);
    sandbox.boto3(&script).expect("left");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(common::account(sandbox), before, "the account after it");

    let calls = of_the_provider(sandbox);
    assert!(
        calls.len() > 500,
        "a life has more than {} calls",
        calls.len()
    );
    let judged = judged(sandbox, &calls, &policy, besides);
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
    let besides = Besides {
        emptied: &["logs"],
        ..Besides::default()
    };
    is_exactly_allowed(&sandbox(), EMAILS, changed, &besides);
}

#[test]
fn what_is_managed_for_the_account_and_a_policy_of_the_api_are_allowed_too() {
    let changed = "  firewall = { requests_per_5_minutes = 1000 }\n";
    let besides = Besides {
        configured: &["Policy", "Trail"],
        emptied: &["logs"],
        ..Besides::default()
    };
    is_exactly_allowed(&bare(), MANAGED, changed, &besides);
}

#[test]
fn what_is_brought_is_allowed_by_its_name_and_a_domain_with_its_truststore() {
    let sandbox = sandbox();
    let (brought, network) = (theirs::bring(&sandbox), theirs::network(&sandbox));
    let mutual_tls = theirs::mutual_tls(&sandbox);
    let code = json!({
        "s3_bucket": "their-releases", "s3_key": "functions.zip",
        "s3_object_version": brought["version"],
    });
    let settings = Settings::new("documents")
        .with("encryption.key_arns", brought["keys"].clone())
        .with("storage.log_bucket_name", "their-logs")
        .with("storage.force_destroy", true)
        .with("network", network.clone())
        .with("functions.code", code.clone())
        .with("secrets.rotation_function_arn", brought["rotation"].clone())
        .with("secrets.credentials", json!({ "database": "dbadmin" }))
        .with("api.mutual_tls", mutual_tls.clone());
    let mut theirs = network;
    theirs["keys"] = brought["keys"].clone();
    theirs["code"] = code;
    theirs["mutual_tls"] = mutual_tls;
    let besides = Besides {
        configured: &[],
        theirs,
        emptied: &["processed", "raw"],
    };
    let changed = "  tags = { team = \"security\" }\n";
    is_exactly_allowed(&sandbox, &(settings.hcl() + "\n"), changed, &besides);
}

#[test]
fn an_api_that_is_called_from_inside_of_a_network_with_endpoints_is_allowed() {
    let sandbox = sandbox();
    let network = theirs::network_with_endpoints(&sandbox);
    let settings = Settings::new("documents")
        .with("network", network.clone())
        .with("api.endpoint_type", "PRIVATE");
    let besides = Besides {
        configured: &["Policy"],
        theirs: network,
        emptied: &["logs"],
    };
    let changed = "  tags = { team = \"security\" }\n";
    is_exactly_allowed(&sandbox, &(settings.hcl() + "\n"), changed, &besides);
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
    let judged = judged(&sandbox, &calls, &policy, &Besides::default());
    assert_eq!(judged["unused"][0]["Sid"], "Idle");
    let refused = judged["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(
        refused[0]
            .as_str()
            .is_some_and(|text| text.contains("strangers"))
    );
}
