//! The provider block: whose account, by whose leave, over which wires.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::terraform::Terraform;
use acceptance::{Action, Call, Rule, Sandbox};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox,
    terraform,
};
use live::{ACCOUNT, Settings, expect_exactly, expect_exactly_all};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The pipeline under a provider block.
fn under(block: &str) -> String {
    pipeline("").replace(
        "provider \"tap\" {}",
        &format!("provider \"tap\" {{\n{block}\n}}"),
    )
}

/// Terraform with exactly these variables of AWS'.
fn with_env(env: &[(&str, &str)], configuration: &str) -> Terraform {
    let env: BTreeMap<String, String> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let terraform = Terraform::new(&env).expect("Terraform and the provider are there");
    terraform.configure(configuration).expect("written");
    terraform
}

fn operations(calls: &[Call]) -> BTreeSet<String> {
    calls
        .iter()
        .map(|call| format!("{}:{}", call.service, call.operation))
        .collect()
}

#[test]
fn a_wrong_account_is_refused_before_anything_but_the_account_is_asked_for() {
    let sandbox = sandbox();
    let forbidden = format!("  forbidden_account_ids = [\"{ACCOUNT}\"]");
    for block in ["  allowed_account_ids = [\"999999999999\"]", &forbidden] {
        let terraform = terraform(&sandbox, &under(block));
        let plan = terraform.plan(&[]).expect("runs");
        expect_code(&plan, 1, "a plan in a wrong account");
        let text = plan.flat();
        assert!(
            text.contains(ACCOUNT) && text.contains("account_ids"),
            "the refusal should name the account and the attribute:\n{}",
            plan.text
        );
        let ran = terraform.apply(&[]).expect("runs");
        expect_code(&ran, 1, "an apply in a wrong account");
    }
    let called = operations(&sandbox.calls().expect("recorded"));
    assert_eq!(
        called,
        BTreeSet::from(["sts:GetCallerIdentity".to_owned()]),
        "nothing else may be called"
    );
    let allowed = format!("  allowed_account_ids = [\"999999999999\", \"{ACCOUNT}\"]");
    let terraform = terraform(&sandbox, &under(&allowed));
    expect_code(
        &terraform.plan(&[]).expect("runs"),
        2,
        "a plan in an allowed account",
    );
}

#[test]
fn the_pipeline_of_another_account_is_neither_read_nor_forgotten() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(""));
    apply(&terraform);
    let path = terraform.dir().join("terraform.tfstate");
    let state = std::fs::read_to_string(&path).expect("a state");
    std::fs::write(
        &path,
        state.replace(
            &format!("\"account_id\": \"{ACCOUNT}\""),
            "\"account_id\": \"999999999999\"",
        ),
    )
    .expect("written");
    let before = sandbox.last_sequence().expect("recorded");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan with credentials of another account");
    assert!(
        ran.flat()
            .contains("The credentials are for another account"),
        "{}",
        ran.text
    );
    let called = operations(&sandbox.calls_since(before).expect("recorded"));
    assert_eq!(called, BTreeSet::from(["sts:GetCallerIdentity".to_owned()]));
}

#[test]
fn a_role_is_assumed_with_its_external_id_and_session_name_and_everything_is_called_as_it() {
    let sandbox = sandbox();
    let external_id = "external-id-of-a-partner";
    let terraform = terraform(
        &sandbox,
        &under(&format!(
            "  assume_role = {{\n    role_arn = \"arn:aws:iam::{ACCOUNT}:role/deployer\"\n    external_id = \"{external_id}\"\n    session_name = \"release-42\"\n    duration = \"15m\"\n  }}"
        )),
    );
    apply(&terraform);
    let calls = sandbox.calls().expect("recorded");
    let order: Vec<&str> = calls
        .iter()
        .filter(|call| call.service == "sts")
        .map(|call| call.operation.as_str())
        .collect();
    assert_eq!(
        order.first(),
        Some(&"AssumeRole"),
        "the role is assumed before anything is called: {order:?}"
    );
    let assumed: Vec<&Call> = calls
        .iter()
        .filter(|call| call.operation == "AssumeRole")
        .collect();
    for call in &assumed {
        assert_eq!(call.status, Some(200), "{call:?}");
        assert!(
            call.resource.contains("role/deployer") || call.resource.contains("release-42"),
            "the role of the block is assumed: {call:?}"
        );
    }
    expect_empty_plan(&terraform);
    let state = std::fs::read_to_string(terraform.dir().join("terraform.tfstate")).expect("state");
    assert!(
        !state.contains(external_id),
        "the external id is not in the state"
    );
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn an_unassumable_role_is_an_error_that_names_it_and_nothing_else_is_called() {
    let sandbox = sandbox();
    sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("sts")
            .operation("AssumeRole")])
        .expect("rules");
    let terraform = terraform(
        &sandbox,
        &under(&format!(
            "  assume_role = {{ role_arn = \"arn:aws:iam::{ACCOUNT}:role/deployer\" }}"
        )),
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a role that may not be assumed");
    let text = ran.flat();
    for part in ["role/deployer", "AccessDenied"] {
        assert!(
            text.contains(part),
            "the error should say {part:?}:\n{}",
            ran.text
        );
    }
    let called = operations(&sandbox.calls().expect("recorded"));
    assert_eq!(called, BTreeSet::from(["sts:AssumeRole".to_owned()]));
}

#[test]
fn endpoints_by_service_beat_the_environment_and_only_those_named_are_used() {
    let (one, other) = (sandbox(), sandbox());
    // KMS lives in the other sandbox, everything else in the one.
    let terraform = terraform(
        &one,
        &under(&format!(
            "  endpoints = {{ kms = \"{}\" }}",
            other.endpoint()
        ))
        // What needs a key that is elsewhere waits for it.
        .replace(
            "environment_suffix = \"dev\"\n",
            "environment_suffix = \"dev\"\n  timeouts = { create = \"20s\" }\n",
        ),
    );
    let ran = terraform.apply(&[]).expect("runs");
    let services = |sandbox: &Sandbox| -> BTreeSet<String> {
        let calls = sandbox.calls().expect("recorded");
        calls.into_iter().map(|call| call.service).collect()
    };
    assert_eq!(
        services(&other),
        BTreeSet::from(["kms".to_owned()]),
        "only kms is called at its own endpoint:\n{}",
        ran.text
    );
    let at_one = services(&one);
    assert!(
        !at_one.contains("kms") && at_one.contains("s3") && at_one.contains("ssm"),
        "the others are called at theirs: {at_one:?}"
    );
}

#[test]
fn default_tags_are_on_everything_a_pipelines_own_win_and_ignored_ones_neither_drift_nor_go() {
    let sandbox = sandbox();
    let block = "  default_tags = { team = \"platform\", stage = \"test\" }\n  ignore_tags = { keys = [\"scanned\"], key_prefixes = [\"backup/\"] }";
    let text = under(block).replace(
        "environment_suffix = \"dev\"\n",
        "environment_suffix = \"dev\"\n  tags = { stage = \"mine\" }\n",
    );
    let terraform = terraform(&sandbox, &text);
    apply(&terraform);
    let expected =
        Settings::new("documents").with("tags", json!({ "team": "platform", "stage": "mine" }));
    expect_exactly(&sandbox, &expected);
    expect_empty_plan(&terraform);

    // Others tag what is ours: with ignored keys and with one that is not.
    let state = terraform.state_of(ADDRESS).expect("a state");
    let script = format!(
        r#"
s3, kms, dynamodb, sns = (boto3.client(name) for name in ("s3", "kms", "dynamodb", "sns"))
state = json.loads({})
tags = {{"scanned": "yes", "backup/daily": "on", "cost-center": "7"}}
listed = [{{"Key": k, "Value": v}} for k, v in tags.items()]
for bucket in state["bucket_names"].values():
    s3.put_bucket_tagging(Bucket=bucket, Tagging={{"TagSet": s3.get_bucket_tagging(Bucket=bucket)["TagSet"] + listed}})
for key in state["key_arns"].values():
    kms.tag_resource(KeyId=key, Tags=[{{"TagKey": k, "TagValue": v}} for k, v in tags.items()])
dynamodb.tag_resource(ResourceArn=dynamodb.describe_table(TableName=state["audit_table_name"])["Table"]["TableArn"], Tags=listed)
sns.tag_resource(ResourceArn=state["alert_topic_arn"], Tags=listed)
"#,
        json!(state.to_string())
    );
    sandbox.boto3(&script).expect("tagged");
    expect_empty_plan(&terraform);
    // A change of our own tags leaves theirs.
    let changed = text.replace("stage = \"mine\"", "stage = \"other\"");
    terraform.configure(&changed).expect("written");
    apply(&terraform);
    let look = format!(
        r#"
s3, kms, dynamodb, sns = (boto3.client(name) for name in ("s3", "kms", "dynamodb", "sns"))
state = json.loads({})
found = [{{t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=b)["TagSet"]}} for b in state["bucket_names"].values()]
found += [{{t["TagKey"]: t["TagValue"] for t in kms.list_resource_tags(KeyId=k)["Tags"]}} for k in state["key_arns"].values()]
arn = dynamodb.describe_table(TableName=state["audit_table_name"])["Table"]["TableArn"]
found.append({{t["Key"]: t["Value"] for t in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}})
found.append({{t["Key"]: t["Value"] for t in sns.list_tags_for_resource(ResourceArn=state["alert_topic_arn"])["Tags"]}})
print(json.dumps(found))
"#,
        json!(state.to_string())
    );
    let found = sandbox.boto3(&look).expect("read");
    for tags in found.as_array().expect("a list") {
        for (key, value) in [
            ("scanned", "yes"),
            ("backup/daily", "on"),
            ("cost-center", "7"),
            ("stage", "other"),
            ("team", "platform"),
        ] {
            assert_eq!(tags[key], value, "the tag {key} of {tags}");
        }
    }
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn the_region_of_the_block_beats_the_environments() {
    let sandbox = sandbox();
    let mut first = terraform(&sandbox, &pipeline(""));
    first.set("AWS_REGION", "eu-west-1");
    first.set("AWS_DEFAULT_REGION", "eu-central-1");
    let second = terraform(&sandbox, &under("  region = \"us-west-2\""));
    for (terraform, region) in [(&first, "eu-west-1"), (&second, "us-west-2")] {
        let ran = terraform.plan(&[]).expect("runs");
        expect_code(&ran, 2, "a plan");
        let plan = terraform.shown_plan().expect("shown");
        let after = acceptance::terraform::resource_change(&plan, ADDRESS)["after"].clone();
        assert_eq!(after["region"], region);
        assert_eq!(after["id"], format!("documents-dev@{region}"));
    }
    let none = with_env(
        &[
            ("AWS_ENDPOINT_URL", sandbox.endpoint()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ],
        &pipeline(""),
    );
    let ran = none.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan without a region");
    assert!(
        ran.flat()
            .contains("set region in the provider block, or AWS_REGION"),
        "it should say what to set:\n{}",
        ran.text
    );
}

#[test]
fn a_profile_of_a_shared_configuration_file_gives_region_endpoint_and_credentials() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().expect("a folder");
    let (config, credentials) = (
        folder.path().join("config"),
        folder.path().join("credentials"),
    );
    std::fs::write(
        &config,
        format!(
            "[default]\nregion = eu-north-1\n\n[profile sandbox]\nregion = us-west-2\nendpoint_url = {}\n",
            sandbox.endpoint()
        ),
    )
    .expect("written");
    std::fs::write(
        &credentials,
        "[sandbox]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = of-the-profile\n",
    )
    .expect("written");
    let block = format!(
        "  profile = \"sandbox\"\n  shared_config_files = [\"{}\"]\n  shared_credentials_files = [\"{}\"]",
        config.display(),
        credentials.display()
    );
    let by_block = with_env(&[("AWS_EC2_METADATA_DISABLED", "true")], &under(&block));
    let by_env = with_env(
        &[
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_PROFILE", "sandbox"),
            ("AWS_CONFIG_FILE", &config.display().to_string()),
            (
                "AWS_SHARED_CREDENTIALS_FILE",
                &credentials.display().to_string(),
            ),
        ],
        &pipeline(""),
    );
    for terraform in [by_block, by_env] {
        let ran = terraform.plan(&[]).expect("runs");
        expect_code(&ran, 2, "a plan with a profile");
        let plan = terraform.shown_plan().expect("shown");
        let after = acceptance::terraform::resource_change(&plan, ADDRESS)["after"].clone();
        assert_eq!(after["region"], "us-west-2");
    }
}

#[test]
fn max_retries_is_how_often_a_call_is_tried_again() {
    let sandbox = sandbox();
    for (retries, attempts) in [(0, 1), (2, 3)] {
        sandbox.clear_weather().expect("cleared");
        sandbox
            .weather([Rule::new(Action::ErrorBefore(500))
                .service("sts")
                .operation("GetCallerIdentity")])
            .expect("rules");
        let before = sandbox.last_sequence().expect("recorded");
        let terraform = terraform(&sandbox, &under(&format!("  max_retries = {retries}")));
        let ran = terraform.plan(&[]).expect("runs");
        expect_code(&ran, 1, "a plan without an answer");
        let calls = sandbox.calls_since(before).expect("recorded");
        assert_eq!(
            calls.len(),
            attempts,
            "max_retries = {retries}: {:?}",
            operations(&calls)
        );
    }
}

#[test]
fn a_block_that_is_not_known_yet_plans_without_an_account_and_applies_when_it_is() {
    let sandbox = sandbox();
    let text = format!(
        "resource \"terraform_data\" \"region\" {{\n  input = \"us-west-2\"\n}}\n{}",
        under("  region = terraform_data.region.output")
    );
    let terraform = terraform(&sandbox, &text);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan under an unknown block");
    let calls = sandbox.calls().expect("recorded");
    assert!(
        calls.is_empty(),
        "no account is known, so none is asked: {calls:?}"
    );
    apply(&terraform);
    let spec = Settings::new("documents").spec();
    expect_exactly_all(&sandbox, &[("us-west-2", spec, "documents-dev@us-west-2")]);
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn no_secret_is_in_state_plan_journal_or_trace_output() {
    let sandbox = sandbox();
    let secrets = [
        "SecretKeyOfTheBlock/0123456789+abcdef",
        "SessionTokenOfTheBlock-0123456789",
        "ExternalIdOfAPartner-0123456789",
    ];
    let [key, token, external] = secrets;
    let mut terraform = terraform(
        &sandbox,
        &under(&format!(
            "  access_key = \"AKIAIOSFODNN7EXAMPLE\"\n  secret_key = \"{key}\"\n  token = \"{token}\"\n  assume_role = {{\n    role_arn = \"arn:aws:iam::{ACCOUNT}:role/deployer\"\n    external_id = \"{external}\"\n  }}"
        )),
    );
    // The level of Terraform's own lines would bury the provider's; both are
    // written to files of their own.
    let log = terraform.dir().join("trace.log");
    terraform.set("TF_LOG", "TRACE");
    terraform.set("TF_LOG_PATH", &log);
    terraform.set("RUST_LOG", "trace");
    let planned = terraform.plan(&[]).expect("runs");
    expect_code(&planned, 2, "plan");
    let applied = terraform
        .run(&["apply", "-input=false", "-no-color", "plan"])
        .expect("runs");
    expect_code(&applied, 0, "apply");
    let session = sandbox.calls().expect("recorded");
    assert!(
        session.iter().any(|call| call.operation == "AssumeRole"),
        "the role was assumed"
    );
    // An error too, since errors quote what they are about.
    sandbox
        .weather([Rule::new(Action::AccessDenied).service("kms")])
        .expect("rules");
    let failed = terraform.plan(&[]).expect("runs");
    expect_code(&failed, 1, "a plan that may not read");
    sandbox.clear_weather().expect("cleared");

    let mut texts = vec![
        ("output of plan".to_owned(), planned.text),
        ("output of apply".to_owned(), applied.text),
        ("output of a failed plan".to_owned(), failed.text),
    ];
    let trace = std::fs::read_to_string(&log).expect("a trace");
    assert!(
        trace.contains("terraform-provider-tap") && trace.contains("[TRACE]"),
        "the trace should hold Terraform's and the provider's lines"
    );
    texts.push(("TF_LOG=TRACE".to_owned(), trace));
    let mut folders = vec![terraform.dir().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .file_name()
                .is_some_and(|name| name != "main.tf" && name != "plan")
            {
                let bytes = std::fs::read(&path).expect("read");
                texts.push((
                    path.display().to_string(),
                    String::from_utf8_lossy(&bytes).into_owned(),
                ));
            }
        }
    }
    assert!(
        texts.iter().any(|(name, _)| name.ends_with(".jsonl"))
            && texts
                .iter()
                .any(|(name, _)| name.ends_with("terraform.tfstate")),
        "journal and state should be among what is searched"
    );
    // The plan file is a zip that holds the configuration itself, as always.
    let shown = terraform.run(&["show", "-json"]).expect("runs");
    texts.push(("terraform show".to_owned(), shown.text));
    for (name, text) in &texts {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in {name}");
        }
        assert!(
            !text.to_ascii_lowercase().contains("x-amz-security-token: "),
            "a session token is in {name}"
        );
    }
}
