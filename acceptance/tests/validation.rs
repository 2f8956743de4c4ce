//! What cannot be right is refused before anything is called: with the line
//! it stands in, what is wrong with it, and what to write instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::terraform::Terraform;
use common::{expect_code, sandbox};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is written beside name and suffix, where it must be pointed at, what
/// is wrong, what to write.
struct Case {
    written: &'static str,
    /// In the source line that the diagnostic shows.
    at: &'static str,
    wrong: &'static str,
    instead: &'static str,
}

const fn case(
    written: &'static str,
    at: &'static str,
    wrong: &'static str,
    instead: &'static str,
) -> Case {
    Case {
        written,
        at,
        wrong,
        instead,
    }
}

const DAYS: &str = "Write a whole number from";
const NAME: &str = "Write 1 to 32 lower-case letters, digits and single hyphens";
const SUFFIX: &str = "Write 1 to 16 lower-case letters and digits without a hyphen";
const ARN: &str = "Write the key's ARN (not its alias)";
const MAIL: &str = "Write an address that can receive mail";
const BUCKET: &str = "Write the name of an existing bucket (not its ARN)";
const DURATION: &str = "Write a number with a unit";

/// Cases of the resource that the provider itself refuses.
const CASES: &[Case] = &[
    case(
        "name = \"Documents\"",
        "name = \"Documents\"",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"\"",
        "name = \"\"",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"1st\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"docs-\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"a--b\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"my_docs\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \" docs\"",
        "name = ",
        "begins or ends with white space",
        "trimspace()",
    ),
    case(
        "name = \"a234567890123456789012345678901234\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "environment_suffix = \"pre-prod\"",
        "environment_suffix = ",
        "is not an environment suffix",
        SUFFIX,
    ),
    case(
        "environment_suffix = \"\"",
        "environment_suffix = ",
        "is not an environment suffix",
        SUFFIX,
    ),
    case(
        "environment_suffix = \"seventeencharacte\"",
        "environment_suffix = ",
        "is not an environment suffix",
        SUFFIX,
    ),
    case(
        "encryption = { rotation_period_days = 89 }",
        "rotation_period_days",
        "encryption.rotation_period_days: 89 is not possible",
        DAYS,
    ),
    case(
        "encryption = { rotation_period_days = 2561 }",
        "rotation_period_days",
        "2561 is not possible",
        "from 90 to 2560; the default is 365",
    ),
    case(
        "encryption = { rotation_period_days = 180.5 }",
        "rotation_period_days",
        "180.5 is not possible",
        DAYS,
    ),
    case(
        "encryption = { deletion_window_days = 6 }",
        "deletion_window_days",
        "encryption.deletion_window_days: 6",
        "from 7 to 30; the default is 7",
    ),
    case(
        "encryption = { deletion_window_days = -7 }",
        "deletion_window_days",
        "-7 is not possible",
        DAYS,
    ),
    case(
        "encryption = { key_arns = { data = \"alias/mine\" } }",
        "key_arns",
        "encryption.key_arns.data: \"alias/mine\" is not the ARN of a KMS key",
        ARN,
    ),
    case(
        "encryption = { key_arns = { environment = \"arn:aws:kms:us-east-1:123:key/x\" } }",
        "key_arns",
        "encryption.key_arns.environment",
        ARN,
    ),
    case(
        "encryption = { key_arns = { logs = \"arn:aws:s3:::bucket\" } }",
        "key_arns",
        "encryption.key_arns.logs",
        ARN,
    ),
    case(
        "encryption = { key_arns = { data = \"arn:aws:kms:us-east-1:111122223333:key/a\", environment = \"arn:aws:kms:us-east-1:111122223333:key/a\" } }",
        "key_arns",
        "encryption.key_arns.environment: arn:aws:kms:us-east-1:111122223333:key/a is also key_arns.data",
        "leave key_arns.environment out",
    ),
    case(
        "storage = { noncurrent_glacier_after_days = 0 }",
        "noncurrent_glacier_after_days",
        "storage.noncurrent_glacier_after_days: 0",
        DAYS,
    ),
    case(
        "storage = { noncurrent_glacier_after_days = 7.5 }",
        "noncurrent_glacier_after_days",
        "7.5 is not possible",
        DAYS,
    ),
    case(
        "storage = { noncurrent_expire_after_days = 3651 }",
        "noncurrent_expire_after_days",
        "3651 is not possible",
        DAYS,
    ),
    case(
        "storage = { noncurrent_glacier_after_days = 400 }",
        "storage = ",
        "storage.noncurrent_expire_after_days: noncurrent_expire_after_days is 400 and noncurrent_glacier_after_days is 400",
        "Write a number greater than 400",
    ),
    case(
        "storage = { access_log_retention_days = 0 }",
        "access_log_retention_days",
        "storage.access_log_retention_days: 0",
        DAYS,
    ),
    case(
        "storage = { abort_incomplete_uploads_after_days = 366 }",
        "abort_incomplete_uploads_after_days",
        "366 is not possible",
        "from 1 to 365",
    ),
    case(
        "storage = { access_log_encryption = \"none\" }",
        "access_log_encryption",
        "\"none\" is not one of the possible values",
        "Write \"aws:kms\" or \"AES256\"",
    ),
    case(
        "storage = { log_bucket_name = \"My_Bucket\" }",
        "log_bucket_name",
        "\"My_Bucket\" is not a bucket name",
        BUCKET,
    ),
    case(
        "storage = { log_bucket_name = \"arn:aws:s3:::logs\" }",
        "log_bucket_name",
        "is not a bucket name",
        BUCKET,
    ),
    case(
        "storage = { log_bucket_name = \"ab\" }",
        "log_bucket_name",
        "\"ab\" is not a bucket name",
        BUCKET,
    ),
    case(
        "audit = { recovery_period_days = 36 }",
        "recovery_period_days",
        "audit.recovery_period_days: 36",
        "from 1 to 35",
    ),
    case(
        "alerts = { emails = [\"nobody\"] }",
        "emails",
        "alerts.emails: \"nobody\" is not an e-mail address",
        MAIL,
    ),
    case(
        "alerts = { emails = [\"a@b\"] }",
        "emails",
        "\"a@b\" is not an e-mail address",
        MAIL,
    ),
    case(
        "alerts = { emails = [\"a..b@example.com\"] }",
        "emails",
        "is not an e-mail address",
        MAIL,
    ),
    case(
        "alerts = { emails = [\"A@example.com\", \"a@example.com\"] }",
        "emails",
        "in two spellings",
        "Remove one",
    ),
    case(
        "alerts = { emails = [null] }",
        "emails",
        "must be an e-mail address",
        "compact()",
    ),
    case(
        "tags = { owner = \"me\" }",
        "owner = \"me\"",
        "The tag key \"owner\" is set by the provider",
        "Write another key",
    ),
    case(
        "tags = { \"tap:pipeline\" = \"x\" }",
        "tap:pipeline",
        "\"tap:pipeline\"",
        "Write another key",
    ),
    case(
        "tags = { \"aws:x\" = \"x\" }",
        "aws:x",
        "\"aws:x\"",
        "Write another key",
    ),
    case(
        "tags = { \"a#b\" = \"x\" }",
        "a#b",
        "\"a#b\" cannot be a tag key",
        "Write 1 to 128 letters",
    ),
    case(
        "tags = { ok = \"a;b\" }",
        "ok = ",
        "The value of tag \"ok\" is not allowed",
        "Write at most 256 letters",
    ),
    case(
        "tags = { gone = null }",
        "gone = null",
        "The value of \"gone\" is null",
        "Write a value or remove the key",
    ),
    case(
        "tags = { for n in range(41) : \"k${n}\" => \"v\" }",
        "tags = ",
        "41 tags are given",
        "Write at most 40",
    ),
    case(
        "on_create_failure = \"retry\"",
        "on_create_failure = ",
        "\"retry\" is not one of the possible values",
        "Write \"keep\" or \"rollback\" or \"resume\"",
    ),
    case(
        "timeouts = { create = \"60\" }",
        "create = \"60\"",
        "timeouts.create: \"60\" is not a duration",
        DURATION,
    ),
    case(
        "timeouts = { update = \"1d\" }",
        "update = \"1d\"",
        "\"1d\" is not a duration",
        DURATION,
    ),
    case(
        "timeouts = { delete = \"0s\" }",
        "delete = \"0s\"",
        "\"0s\" is not a duration",
        DURATION,
    ),
    case(
        "overrides = { RawBucket = \"{\" }",
        "RawBucket = ",
        "RawBucket is not a JSON object",
        "jsonencode({ Property = value })",
    ),
    case(
        "overrides = { RawBucket = jsonencode([1]) }",
        "RawBucket = ",
        "another kind of value",
        "jsonencode({ Property = value })",
    ),
    case(
        "overrides = { Bucket = jsonencode({}) }",
        "Bucket = ",
        "Bucket is not a logical id of this pipeline",
        "the logical ids are AlertsTopic",
    ),
    case(
        "overrides = { RawBucket = null }",
        "RawBucket = null",
        "\"RawBucket\" is null",
        "Write a value or remove the key",
    ),
    case(
        "overrides = { RawBucket = jsonencode({ Colour = \"red\" }) }",
        "RawBucket = ",
        "Colour",
        "Write properties of AWS::S3::Bucket as CloudFormation documents them",
    ),
    case(
        "overrides = { AuditTable = jsonencode({ BillingMode = 7 }) }",
        "AuditTable = ",
        "BillingMode",
        "Write properties of AWS::DynamoDB::Table",
    ),
    case(
        "overrides = { DataKey = jsonencode({ RotationPeriodInDays = 10 }) }",
        "DataKey = ",
        "RotationPeriodInDays: must be between 90 and 2560",
        "Write properties of AWS::KMS::Key",
    ),
];

/// Cases that Terraform refuses by the schema, in its own words.
const BY_SCHEMA: &[Case] = &[
    case(
        "encryption = { rotation_period_days = \"many\" }",
        "encryption = ",
        "a number is required",
        "",
    ),
    case("storage = \"large\"", "storage = ", "object required", ""),
    case("tags = [\"a\"]", "tags = ", "map of string required", ""),
    case(
        "deletion_protection = \"maybe\"",
        "deletion_protection = ",
        "a bool is required",
        "",
    ),
    case(
        "alerts = { emails = \"a@example.com\" }",
        "alerts = ",
        "set of string required",
        "",
    ),
    case(
        "colour = \"red\"",
        "colour = ",
        "An argument named \"colour\" is not expected here",
        "",
    ),
    case("name = null", "name = null", "", ""),
];

/// Cases of the provider block.
const PROVIDER: &[Case] = &[
    case(
        "region = \"Virginia\"",
        "region = ",
        "\"Virginia\" is no AWS region",
        "such as us-east-1",
    ),
    case(
        "insecure = true",
        "insecure = ",
        "certificates are always verified",
        "custom_ca_bundle",
    ),
    case(
        "access_key = \"AKIA\"",
        "access_key = ",
        "secret_key is missing beside it",
        "",
    ),
    case(
        "secret_key = \"hunter2\"",
        "secret_key = ",
        "access_key is missing beside it",
        "",
    ),
    case(
        "allowed_account_ids = [\"123456789012\"]\n  forbidden_account_ids = [\"123456789013\"]",
        "forbidden_account_ids = ",
        "cannot stand beside allowed_account_ids",
        "keep one of them",
    ),
    case(
        "endpoints = { s4 = \"http://localhost\" }",
        "endpoints = ",
        "no service \"s4\" is called",
        "the services are dynamodb, kms, s3",
    ),
    case(
        "endpoints = { s3 = \"localhost:4566\" }",
        "endpoints = ",
        "must begin with http:// or https://",
        "",
    ),
    case(
        "max_retries = 2.5",
        "max_retries = ",
        "2.5 is not possible",
        "Write a whole number from 0 to 100",
    ),
    case(
        "retry_mode = \"legacy\"",
        "retry_mode = ",
        "\"legacy\" is not a retry mode",
        "Write \"standard\" or \"adaptive\"",
    ),
    case(
        "assume_role = { role_arn = \"deployer\" }",
        "role_arn",
        "assume_role.role_arn: \"deployer\" is not the ARN of an IAM role",
        "arn:aws:iam::111122223333:role/deployer",
    ),
    case(
        "assume_role = {\n    role_arn = \"arn:aws:iam::123456789012:role/x\"\n    duration = \"5m\"\n  }",
        "duration = ",
        "assume_role.duration: \"5m\" is not a session's duration",
        "Write 15m to 12h",
    ),
    case(
        "default_tags = { owner = \"me\" }",
        "owner = ",
        "\"owner\" is set by the provider",
        "Write another key",
    ),
    case(
        "skip_requesting_account_id = true\n  allowed_account_ids = [\"123456789012\"]",
        "skip_requesting_account_id = ",
        "an account cannot be refused without asking for it",
        "remove this flag",
    ),
];

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
    for cases in [CASES, BY_SCHEMA] {
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

#[test]
fn what_is_allowed_but_weaker_is_warned_of() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        &common::pipeline(
            "  storage = { noncurrent_expire_after_days = 200, access_log_retention_days = 100 }\n  audit = { point_in_time_recovery = false }\n  overrides = { RawBucket = jsonencode({ PublicAccessBlockConfiguration = { BlockPublicAcls = false } }) }",
        ),
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan with warnings");
    let text = ran.flat();
    for part in [
        "storage.noncurrent_expire_after_days is 200",
        "storage.access_log_retention_days is 100",
        "PCI DSS 10.5.1",
        "The audit table has no backups",
        "An override replaces a compliance control",
        "RawBucket.PublicAccessBlockConfiguration",
    ] {
        assert!(
            text.contains(part),
            "the plan should warn {part:?}:\n{}",
            ran.text
        );
    }
}
