//! What a user does on a good day: apply, change, import, destroy.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::Sandbox;
use acceptance::terraform::{Terraform, changed_lines, resource_change};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox,
    terraform,
};
use live::{Settings, expect_exactly};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const KEYS: &[&str] = &["DataKey", "EnvironmentKey", "LogsKey"];
const BUCKETS: &[&str] = &["LogsBucket", "ProcessedBucket", "RawBucket"];

fn documents() -> Settings {
    Settings::new("documents")
}

/// The ids of the template's resources of which this is true.
fn resources(wanted: impl Fn(&str, &Value) -> bool) -> BTreeSet<String> {
    let template = live::template(&documents().spec(), live::REGION);
    let resources = template["Resources"].as_object().expect("resources");
    let found = resources
        .iter()
        .filter(|(id, resource)| wanted(id, resource));
    found.map(|(id, _)| id.clone()).collect()
}

/// What carries tags, and so those of `tags`.
fn tagged() -> BTreeSet<String> {
    resources(|_, resource| resource["Properties"].get("Tags").is_some())
}

/// What carries a tag of that key.
fn tagged_with(key: &str) -> BTreeSet<String> {
    resources(|_, resource| {
        let tags = resource["Properties"]["Tags"].as_array();
        tags.is_some_and(|tags| tags.iter().any(|tag| tag["Key"] == key))
    })
}

/// What says the ARN or the name of one of these, which is another when they
/// are replaced.
fn referring_to(replaced: &[&str]) -> BTreeSet<String> {
    resources(|_, resource| {
        let text = resource["Properties"].to_string();
        let says = |id: &&str| {
            let parts = [
                format!("\"Ref\":\"{id}\""),
                format!("\"Fn::GetAtt\":[\"{id}\","),
                format!("${{{id}}}"),
                format!("${{{id}."),
            ];
            parts.iter().any(|part| text.contains(part))
        };
        replaced.iter().any(says)
    })
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Plans into the plan file, expects changes, and returns the logical ids
/// whose lines change.
#[track_caller]
fn planned_lines(terraform: &Terraform, what: &str) -> BTreeSet<String> {
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, &format!("{what} should plan changes"));
    let plan = terraform.shown_plan().expect("shown");
    changed_lines(&plan, ADDRESS).into_keys().collect()
}

#[track_caller]
fn apply_plan(terraform: &Terraform, what: &str) {
    let ran = terraform
        .run(&["apply", "-input=false", "-no-color", "plan"])
        .expect("runs");
    expect_code(&ran, 0, &format!("apply of {what}"));
}

/// Plans and expects a refusal that says all of this.
#[track_caller]
fn expect_refused(terraform: &Terraform, arguments: &[&str], says: &[&str]) {
    let ran = terraform.plan(arguments).expect("runs");
    expect_code(&ran, 1, &format!("the plan should be refused ({says:?})"));
    let text = ran.flat();
    for part in says {
        assert!(
            text.contains(part),
            "the refusal should say {part:?}:\n{}",
            ran.text
        );
    }
}

fn configured(sandbox: &Sandbox, settings: &Settings) -> Terraform {
    terraform(sandbox, &pipeline(&settings.hcl()))
}

fn configure(terraform: &Terraform, settings: &Settings) {
    terraform
        .configure(&pipeline(&settings.hcl()))
        .expect("written");
}

#[test]
fn apply_creates_exactly_the_template_and_the_second_plan_is_empty() {
    let sandbox = sandbox();
    let settings = documents()
        .with("alerts.emails", json!(["a@example.com", "b@example.com"]))
        .with("tags", json!({ "cost-center": "42" }));
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);

    let state = terraform.state_of(ADDRESS).expect("a state");
    let bucket = |base: &str| {
        format!(
            "documents-{base}-documents-dev-{}-{}",
            live::ACCOUNT,
            live::REGION
        )
    };
    for (attribute, expected) in [
        ("id", json!("documents-dev@us-east-1")),
        ("status", json!("READY")),
        ("account_id", json!(live::ACCOUNT)),
        ("region", json!(live::REGION)),
        (
            "bucket_names",
            json!({ "raw": bucket("raw"), "processed": bucket("processed"), "logs": bucket("logs") }),
        ),
        ("audit_table_name", json!("audit-documents-dev")),
        (
            "alert_topic_arn",
            json!(format!(
                "arn:aws:sns:us-east-1:{}:alerts-documents-dev",
                live::ACCOUNT
            )),
        ),
        ("drifted", json!({})),
        ("changes", json!({})),
    ] {
        assert_eq!(state[attribute], expected, "output {attribute}");
    }
    let template = live::template_here(&sandbox, &settings.spec(), live::REGION);
    let ids = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(id, _)| id.clone())
            .collect()
    };
    for map in ["resources", "physical_ids", "ledger"] {
        assert_eq!(
            ids(&state[map]),
            ids(&template["Resources"]),
            "{map} has one line for each resource of the template"
        );
    }
    for (name, alias) in [
        ("data", "data"),
        ("environment", "environment"),
        ("logs", "logs"),
    ] {
        let target = sandbox
            .boto3(&format!("print(json.dumps(boto3.client('kms').describe_key(KeyId='alias/{alias}-documents-dev')['KeyMetadata']['Arn']))"))
            .expect("the alias is there");
        assert_eq!(
            state["key_arns"][name], target,
            "key_arns.{name} is what the alias stands for"
        );
    }
    // Not by its exit code: Terraform 1.11 says 2 whenever a state holds a
    // number, whatever a provider answers.
    let ran = terraform
        .run(&["plan", "-refresh-only", "-no-color", "-out=plan"])
        .expect("runs");
    expect_code(&ran, 0, "plan -refresh-only");
    assert!(
        ran.text.contains("No changes."),
        "a refresh should find nothing after an apply:\n{}",
        ran.text
    );
    let plan = terraform.shown_plan().expect("shown");
    assert_eq!(
        plan["resource_drift"],
        Value::Null,
        "a refresh should find no drift after an apply"
    );
    expect_clean_destroy(&terraform, &sandbox);
}

/// One attribute, its new value, and the lines that say so.
type Row = (&'static str, Value, BTreeSet<String>);

/// Applies the rows one after the other, each on top of those before, and then
/// takes them all away again.
///
/// A line that a row left unsettled would show up among the next row's, so
/// that only the last needs an empty plan of its own.
fn in_place(rows: &[Row]) {
    let sandbox = sandbox();
    let mut settings = documents();
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let physical = |terraform: &Terraform| {
        terraform.state_of(ADDRESS).expect("a state")["physical_ids"].clone()
    };
    let first = physical(&terraform);
    for (attribute, value, lines) in rows {
        settings.set(attribute, value.clone());
        configure(&terraform, &settings);
        let what = format!("{attribute} = {value}");
        assert_eq!(
            &planned_lines(&terraform, &what),
            lines,
            "the lines of {what}"
        );
        apply_plan(&terraform, &what);
        expect_exactly(&sandbox, &settings);
    }
    expect_empty_plan(&terraform);
    for (attribute, ..) in rows {
        settings.unset(attribute);
    }
    configure(&terraform, &settings);
    let all: BTreeSet<String> = rows
        .iter()
        .flat_map(|(.., lines)| lines.iter().cloned())
        .collect();
    let back = planned_lines(&terraform, "removing every line");
    assert_eq!(back, all, "what is no longer said goes back to its default");
    apply_plan(&terraform, "the defaults");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    assert_eq!(
        physical(&terraform),
        first,
        "changes in place make nothing new"
    );
}

#[test]
fn each_change_of_keys_table_and_tags_plans_its_own_lines_applies_and_goes_back_to_the_default() {
    in_place(&[
        ("encryption.rotation_period_days", json!(180), set(KEYS)),
        (
            "encryption.deletion_window_days",
            json!(10),
            tagged_with("tap:deletion-window-days"),
        ),
        (
            "audit.recovery_period_days",
            json!(20),
            set(&["AuditTable"]),
        ),
        (
            "overrides",
            json!({ "AuditTable": json!({ "DeletionProtectionEnabled": true }).to_string() }),
            set(&["AuditTable"]),
        ),
        (
            "audit.point_in_time_recovery",
            json!(false),
            set(&["AuditTable"]),
        ),
        ("tags", json!({ "team": "payments" }), tagged()),
    ]);
}

#[test]
fn each_change_of_storage_plans_its_own_lines_applies_and_goes_back_to_the_default() {
    in_place(&[
        (
            "storage.noncurrent_glacier_after_days",
            json!(60),
            set(BUCKETS),
        ),
        (
            "storage.noncurrent_expire_after_days",
            json!(500),
            set(BUCKETS),
        ),
        (
            "storage.access_log_retention_days",
            json!(500),
            set(&["LogsBucket"]),
        ),
        (
            "storage.abort_incomplete_uploads_after_days",
            json!(3),
            set(BUCKETS),
        ),
        (
            "storage.force_destroy",
            json!(false),
            tagged_with("tap:force-destroy"),
        ),
        (
            "storage.access_log_encryption",
            json!("AES256"),
            set(&["LogsBucket", "LogsBucketBaseline", "LogsKey"]),
        ),
    ]);
}

const FUNCTIONS: [&str; 6] = [
    "Encrypt",
    "Evaluate",
    "Remediate",
    "Rotate",
    "Scan",
    "Validate",
];

fn functions() -> BTreeSet<String> {
    FUNCTIONS.map(|name| format!("{name}Function")).into()
}

#[test]
fn each_change_of_network_functions_api_and_firewall_plans_its_own_lines_and_goes_back() {
    in_place(&[
        (
            "network.endpoint_zones",
            json!(2),
            resources(|_, resource| resource["Properties"]["VpcEndpointType"] == "Interface"),
        ),
        ("functions.memory_mb", json!(768), functions()),
        ("functions.architecture", json!("x86_64"), functions()),
        (
            "functions.max_document_mb",
            json!(20),
            set(&["EncryptFunction", "ScanFunction", "ValidateFunction"]),
        ),
        ("api.rate_limit", json!(50), set(&["ApiStage", "UsagePlan"])),
        ("api.quota_per_day", json!(5000), set(&["UsagePlan"])),
        (
            "firewall.requests_per_5_minutes",
            json!(1000),
            set(&["WebAcl"]),
        ),
    ]);
}

#[test]
fn each_change_of_monitoring_threats_secrets_and_compliance_plans_its_own_lines_and_goes_back() {
    in_place(&[
        (
            "monitoring.log_retention_days",
            json!(400),
            resources(|_, resource| resource["Type"] == "AWS::Logs::LogGroup"),
        ),
        (
            "monitoring.read_only_api_calls",
            json!(true),
            set(&["ApiCallsRule", "EventsLogPolicy", "KmsErrorsRule"]),
        ),
        ("threats.minimum_severity", json!(8), set(&["FindingsRule"])),
        (
            "secrets.rotation_days",
            json!(60),
            resources(|_, resource| resource["Type"] == "AWS::SecretsManager::RotationSchedule"),
        ),
        (
            "compliance.auto_remediate",
            json!(false),
            // Whom the function admits stands in a tag of it.
            set(&[
                "ComplianceRule",
                "ComplianceRulePermission",
                "RemediateFunction",
            ]),
        ),
        (
            "compliance.custom_policies",
            json!({ "data-encrypted": "rule encrypted { supplementaryConfiguration exists }" }),
            set(&["ComplianceRule", "DataEncryptedPolicyRule"]),
        ),
        (
            "compliance.custom_policies",
            json!({ "data-encrypted": "rule encrypted { configuration exists }" }),
            set(&["DataEncryptedPolicyRule"]),
        ),
    ]);
}

/// R061: a deployment is never changed, so that it is another one.
#[test]
fn an_api_becomes_private_behind_an_endpoint_and_regional_again() {
    let sandbox = sandbox();
    let mut settings = documents();
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let lines = set(&[
        "ApiDeployment",
        "ApiStage",
        "ExecuteApiEndpoint",
        "ExecuteApiIngressFromCallers",
        "ExecuteApiSecurityGroup",
        "RestApi",
    ]);
    for kind in ["PRIVATE", "REGIONAL"] {
        settings.set("api.endpoint_type", json!(kind));
        configure(&terraform, &settings);
        assert_eq!(
            planned_lines(&terraform, kind),
            lines,
            "the lines of {kind}"
        );
        apply_plan(&terraform, kind);
        expect_exactly(&sandbox, &settings);
        expect_empty_plan(&terraform);
    }
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn an_address_added_or_removed_is_one_subscription_and_touches_no_other() {
    let sandbox = sandbox();
    let mut settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    // Nobody can take back a subscription that is pending; it lapses by itself.
    sandbox.confirm("a@example.com").expect("confirmed");
    for emails in [
        json!(["b@example.com", "a@example.com"]),
        json!(["b@example.com"]),
        json!([]),
    ] {
        settings.set("alerts.emails", emails.clone());
        configure(&terraform, &settings);
        let lines = planned_lines(&terraform, "another address");
        assert_eq!(lines.len(), 1, "{emails} should change one line: {lines:?}");
        assert!(
            lines.iter().all(|id| id.starts_with("AlertsSubscription")),
            "{emails} should change a subscription: {lines:?}"
        );
        apply_plan(&terraform, "another address");
        if emails != json!([]) {
            sandbox.confirm("b@example.com").expect("confirmed");
        }
        let state = terraform.state_of(ADDRESS).expect("a state");
        let told = state["alert_subscriptions"].as_object().expect("a map");
        let told: BTreeSet<&str> = told.keys().map(String::as_str).collect();
        let wanted = emails.as_array().expect("a list").iter();
        assert_eq!(told, wanted.filter_map(Value::as_str).collect());
        expect_exactly(&sandbox, &settings);
    }
    expect_empty_plan(&terraform);
}

#[test]
fn the_data_guard_refuses_every_plan_that_would_lose_data_and_nothing_is_called() {
    let sandbox = sandbox();
    let plain = documents();
    let terraform = configured(&sandbox, &plain);
    apply(&terraform);
    let before = sandbox.last_sequence().expect("recorded");
    let key = format!("arn:aws:kms:us-east-1:{}:key/of-our-own", live::ACCOUNT);
    let replaced = json!([{ "AttributeName": "requestId", "KeyType": "HASH" }]);
    for (settings, says) in [
        (
            plain.clone().with(
                "overrides",
                json!({ "AuditTable": json!({ "KeySchema": replaced }).to_string() }),
            ),
            "AuditTable: replaced: KeySchema",
        ),
        (
            plain.clone().with(
                "overrides",
                json!({ "AuditTable": json!({ "TableName": "other" }).to_string() }),
            ),
            "AuditTable: replaced: TableName",
        ),
        (
            plain.clone().with(
                "overrides",
                json!({ "RawBucket": json!({ "BucketName": "another-bucket" }).to_string() }),
            ),
            "RawBucket: replaced: BucketName",
        ),
        (
            plain.clone().with(
                "overrides",
                json!({ "EnvironmentKey": json!({
                    "KeySpec": "RSA_2048", "EnableKeyRotation": false, "RotationPeriodInDays": null,
                }).to_string() }),
            ),
            "EnvironmentKey: replaced: KeySpec",
        ),
        (
            plain
                .clone()
                .with("encryption.key_arns", json!({ "data": key })),
            "DataKey: removed",
        ),
        (
            plain.clone().with("storage.log_bucket_name", "of-our-own"),
            "LogsBucket: removed",
        ),
    ] {
        configure(&terraform, &settings);
        expect_refused(&terraform, &[], &[says, "allow_data_loss = true"]);
    }
    for (from, to, path) in [
        ("name = \"documents\"", "name = \"papers\"", "name"),
        (
            "environment_suffix = \"dev\"",
            "environment_suffix = \"prod\"",
            "environment_suffix",
        ),
    ] {
        let text = pipeline("").replace(from, to);
        terraform.configure(&text).expect("written");
        expect_refused(
            &terraform,
            &[],
            &[
                &format!("A change of {path} cannot be made in place"),
                "RawBucket",
                "AuditTable",
                "DataKey",
                "allow_data_loss = true",
            ],
        );
    }
    let text = pipeline("").replace(
        "provider \"tap\" {}",
        "provider \"tap\" {\n  region = \"us-west-2\"\n}",
    );
    terraform.configure(&text).expect("written");
    expect_refused(
        &terraform,
        &[],
        &["A change of region cannot be made in place"],
    );
    let called = sandbox.mutations_since(before).expect("recorded");
    assert!(
        called.is_empty(),
        "a refused plan changes nothing: {called:?}"
    );
    configure(&terraform, &plain);
    expect_empty_plan(&terraform);
}

#[test]
fn an_override_that_refers_to_nothing_is_refused_by_the_plan_and_not_by_the_apply() {
    let sandbox = sandbox();
    let settings = documents().with(
        "overrides",
        json!({ "DataKeyAlias": json!({ "TargetKeyId": { "Ref": "DataKei" } }).to_string() }),
    );
    let terraform = configured(&sandbox, &settings);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan with a mistyped reference");
    let said = ran.flat();
    for part in [
        "DataKeyAlias refers to DataKei, which is not in the template",
        "Mend the override of DataKeyAlias",
    ] {
        assert!(said.contains(part), "{part}:\n{}", ran.text);
    }
    assert_eq!(common::account(&sandbox), json!({}), "nothing was begun");
}

#[test]
fn with_allow_data_loss_a_create_only_change_replaces_what_it_says_and_nothing_else() {
    let sandbox = sandbox();
    let mut settings = documents();
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let before = terraform.state_of(ADDRESS).expect("a state");

    settings.set("allow_data_loss", true);
    settings.set(
        "overrides",
        json!({
            "AuditTable": json!({ "KeySchema": [
                { "AttributeName": "requestId", "KeyType": "HASH" },
            ] }).to_string(),
            "EnvironmentKey": json!({ "MultiRegion": true }).to_string(),
        }),
    );
    configure(&terraform, &settings);
    let replaced = ["AuditTable", "EnvironmentKey"];
    let mut expected = referring_to(&replaced);
    expected.extend(set(&replaced));
    assert!(expected.contains("EnvironmentKeyAlias"), "{expected:?}");
    assert_eq!(
        planned_lines(&terraform, "another KeySchema and another kind of key"),
        expected,
        "what is replaced, and what refers to it"
    );
    apply_plan(&terraform, "another KeySchema and another kind of key");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    let after = terraform.state_of(ADDRESS).expect("a state");
    assert_ne!(
        before["key_arns"]["environment"],
        after["key_arns"]["environment"]
    );
    assert_eq!(before["key_arns"]["data"], after["key_arns"]["data"]);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn with_allow_data_loss_a_new_name_replaces_the_pipeline() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    apply(&terraform);
    let renamed =
        pipeline("  allow_data_loss = true").replace("name = \"documents\"", "name = \"papers\"");
    terraform.configure(&renamed).expect("written");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a new name");
    let plan = terraform.shown_plan().expect("shown");
    let change = resource_change(&plan, ADDRESS);
    assert_eq!(change["actions"], json!(["delete", "create"]));
    assert_eq!(change["after"]["id"], "papers-dev@us-east-1");
    apply_plan(&terraform, "a new name");
    expect_exactly(&sandbox, &Settings::new("papers"));
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn an_unknown_input_leaves_open_only_the_lines_that_it_decides() {
    let sandbox = sandbox();
    let block = |label: &str, more: &str| {
        format!(
            "resource \"tap_secure_pipeline\" \"{label}\" {{\n  name = \"{label}\"\n  environment_suffix = \"dev\"\n{more}\n}}\n"
        )
    };
    let text = [
        "provider \"tap\" {}\nresource \"terraform_data\" \"later\" {\n  input = \"x\"\n}\n"
            .to_owned(),
        block(
            "rotation",
            "encryption = { rotation_period_days = length(terraform_data.later.output) + 179 }",
        ),
        block(
            "table",
            "audit = { recovery_period_days = length(terraform_data.later.output) + 19 }",
        ),
        block(
            "tag",
            "tags = { later = terraform_data.later.output }",
        ),
        block(
            "email",
            "alerts = { emails = [\"${terraform_data.later.output}@example.com\"] }",
        ),
        block(
            "override",
            "overrides = { AuditTable = jsonencode({ DeletionProtectionEnabled = terraform_data.later.output == \"x\" }) }",
        ),
        block("guard", "allow_data_loss = terraform_data.later.output == \"y\""),
    ]
    .concat();
    let terraform = terraform(&sandbox, &text);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan with unknown inputs");
    let plan = terraform.shown_plan().expect("shown");
    let unknown = |label: &str| -> Value {
        resource_change(&plan, &format!("tap_secure_pipeline.{label}"))["after_unknown"]["resources"]
            .clone()
    };
    let lines = |label: &str| -> BTreeSet<String> {
        unknown(label)
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, unknown)| **unknown == true)
            .map(|(id, _)| id.clone())
            .collect()
    };
    assert_eq!(lines("rotation"), set(KEYS), "rotation_period_days unknown");
    assert_eq!(
        lines("table"),
        set(&["AuditTable"]),
        "recovery_period_days unknown"
    );
    assert_eq!(lines("tag"), tagged(), "a tag's value unknown");
    assert_eq!(
        lines("override"),
        set(&["AuditTable"]),
        "an override unknown"
    );
    assert_eq!(
        lines("guard"),
        set(&[]),
        "allow_data_loss unknown decides no line"
    );
    assert_eq!(
        unknown("email"),
        json!(true),
        "an unknown address decides which subscriptions there are"
    );
    assert_eq!(
        common::account(&sandbox),
        json!({}),
        "a plan creates nothing"
    );
}

#[test]
fn unknown_inputs_apply_as_what_they_become_and_the_next_plan_is_empty() {
    let sandbox = sandbox();
    let text = |input: &str| {
        format!(
            "resource \"terraform_data\" \"later\" {{\n  input = \"{input}\"\n}}\n{}",
            pipeline(
                "  encryption = { rotation_period_days = length(terraform_data.later.output) + 179 }\n\
                 \u{20} alerts = { emails = [\"${terraform_data.later.output}@example.com\"] }\n\
                 \u{20} tags = { later = terraform_data.later.output }"
            )
        )
    };
    let settings = |word: &str| {
        documents()
            .with("encryption.rotation_period_days", word.len() + 179)
            .with("alerts.emails", json!([format!("{word}@example.com")]))
            .with("tags", json!({ "later": word }))
    };
    let terraform = terraform(&sandbox, &text("one"));
    apply(&terraform);
    expect_exactly(&sandbox, &settings("one"));
    expect_empty_plan(&terraform);
    sandbox.confirm("one@example.com").expect("confirmed");
    terraform.configure(&text("three")).expect("written");
    apply(&terraform);
    expect_exactly(&sandbox, &settings("three"));
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn what_an_unknown_input_becomes_may_not_lose_data_either() {
    let sandbox = sandbox();
    let text = |input: &str| {
        format!(
            "resource \"terraform_data\" \"later\" {{\n  input = \"{input}\"\n}}\n{}",
            pipeline(
                "  overrides = { AuditTable = terraform_data.later.output == \"one\" ? \"{}\" : jsonencode({ TableName = \"other\" }) }"
            )
        )
    };
    let terraform = terraform(&sandbox, &text("one"));
    apply(&terraform);
    let before = sandbox.last_sequence().expect("recorded");
    terraform.configure(&text("two")).expect("written");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 1, "an apply that would replace the audit table");
    for part in ["AuditTable: replaced: TableName", "allow_data_loss = true"] {
        assert!(ran.flat().contains(part), "{part}:\n{}", ran.text);
    }
    let made = sandbox.mutations_since(before).expect("recorded");
    assert!(made.is_empty(), "{made:#?}");
    terraform.configure(&text("one")).expect("written");
    apply(&terraform);
    expect_empty_plan(&terraform);
    expect_exactly(&sandbox, &documents());
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_change_of_how_the_provider_behaves_changes_no_line_and_deletion_protection_refuses_destroy() {
    let sandbox = sandbox();
    let mut settings = documents();
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    settings.set("allow_data_loss", true);
    settings.set("on_create_failure", "resume");
    settings.set("timeouts.create", "30m");
    settings.set("deletion_protection", true);
    configure(&terraform, &settings);
    assert_eq!(
        planned_lines(&terraform, "settings"),
        set(&[]),
        "settings are no resource's property"
    );
    apply_plan(&terraform, "settings");
    expect_empty_plan(&terraform);
    expect_exactly(&sandbox, &documents());

    let before = sandbox.last_sequence().expect("recorded");
    expect_refused(
        &terraform,
        &["-destroy"],
        &[
            "protected from deletion",
            "deletion_protection = false, apply, and destroy again",
        ],
    );
    let renamed = pipeline(&settings.hcl()).replace("name = \"documents\"", "name = \"papers\"");
    terraform.configure(&renamed).expect("written");
    expect_refused(&terraform, &[], &["protected from deletion"]);
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 1, "destroy of what is protected");
    configure(&terraform, &settings);
    let ran = terraform
        .apply(&[&format!("-replace={ADDRESS}")])
        .expect("runs");
    expect_code(&ran, 1, "a replacement of what is protected");
    assert!(
        ran.flat().contains("protected from deletion"),
        "{}",
        ran.text
    );
    assert!(
        sandbox
            .mutations_since(before)
            .expect("recorded")
            .is_empty(),
        "a refused destroy deletes nothing"
    );
    expect_empty_plan(&terraform);
    settings.set("deletion_protection", false);
    configure(&terraform, &settings);
    apply(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn an_import_by_id_plans_empty_and_the_generated_configuration_too() {
    let sandbox = sandbox();
    let settings = documents()
        .with("encryption.rotation_period_days", 180)
        .with("storage.noncurrent_glacier_after_days", 45)
        .with("storage.access_log_encryption", "AES256")
        .with("audit.recovery_period_days", 30)
        .with("alerts.emails", json!(["b@example.com", "a@example.com"]))
        .with("tags", json!({ "team": "payments" }))
        .with(
            "overrides",
            json!({ "AuditTable": json!({ "DeletionProtectionEnabled": false }).to_string() }),
        );
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let ran = terraform.run(&["state", "rm", ADDRESS]).expect("runs");
    expect_code(&ran, 0, "state rm");
    let before = sandbox.last_sequence().expect("recorded");
    let ran = terraform
        .run(&[
            "import",
            "-input=false",
            "-no-color",
            ADDRESS,
            "documents-dev@us-east-1",
        ])
        .expect("runs");
    expect_code(&ran, 0, "import by id");
    expect_empty_plan(&terraform);
    assert!(
        sandbox
            .mutations_since(before)
            .expect("recorded")
            .is_empty(),
        "an import changes nothing"
    );

    let elsewhere = common::terraform(
        &sandbox,
        &format!(
            "provider \"tap\" {{}}\nimport {{\n  to = {ADDRESS}\n  id = \"documents-dev@us-east-1\"\n}}\n"
        ),
    );
    let ran = elsewhere
        .run(&[
            "plan",
            "-input=false",
            "-no-color",
            "-generate-config-out=generated.tf",
        ])
        .expect("runs");
    expect_code(&ran, 0, "plan -generate-config-out");
    let generated =
        std::fs::read_to_string(elsewhere.dir().join("generated.tf")).expect("generated");
    let ran = elsewhere.plan(&[]).expect("runs");
    assert!(
        ran.text
            .contains("1 to import, 0 to add, 0 to change, 0 to destroy"),
        "the generated configuration should plan the import and nothing else:\n{generated}\n{}",
        ran.text
    );
    let ran = elsewhere.apply(&[]).expect("runs");
    expect_code(&ran, 0, "apply of the import");
    expect_empty_plan(&elsewhere);
    expect_exactly(&sandbox, &settings);

    for (id, says) in [
        (
            "documents-dev",
            "not of the form name-environment_suffix@region",
        ),
        (
            "other-dev@us-east-1",
            "There is no pipeline other-dev@us-east-1",
        ),
    ] {
        let ran = elsewhere.run(&["state", "rm", ADDRESS]).expect("runs");
        assert!(ran.code == 0 || id.starts_with("other"), "{}", ran.text);
        let ran = elsewhere
            .run(&["import", "-input=false", "-no-color", ADDRESS, id])
            .expect("runs");
        expect_code(&ran, 1, "import of a wrong id");
        assert!(ran.flat().contains(says), "import of {id}:\n{}", ran.text);
    }
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn without_force_destroy_a_bucket_with_documents_is_kept_and_named_until_it_is_allowed() {
    let sandbox = sandbox();
    let mut settings = documents().with("storage.force_destroy", false);
    let terraform = configured(&sandbox, &settings);
    apply(&terraform);
    let raw = terraform.state_of(ADDRESS).expect("a state")["bucket_names"]["raw"].clone();
    let put = format!(
        "s3 = boto3.client('s3')\nfor n in range(3):\n    s3.put_object(Bucket={raw}, Key=f'raw/{{n}}.txt', Body=b'x')"
    );
    sandbox.boto3(&put).expect("stored");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 1, "destroy of a bucket with documents");
    let text = ran.flat();
    let name = raw.as_str().expect("a name");
    for part in [name, "3 ", "storage.force_destroy = true"] {
        assert!(
            text.contains(part),
            "the refusal should say {part:?}:\n{}",
            ran.text
        );
    }
    let count =
        format!("print(json.dumps(boto3.client('s3').list_objects_v2(Bucket={raw})['KeyCount']))");
    assert_eq!(
        sandbox.boto3(&count).expect("the bucket is there"),
        json!(3),
        "no document is lost"
    );
    assert_ne!(
        terraform.state_of(ADDRESS).expect("a state"),
        Value::Null,
        "what remains is in the state"
    );
    settings.set("storage.force_destroy", true);
    configure(&terraform, &settings);
    apply(&terraform);
    expect_exactly(&sandbox, &settings);
    assert_eq!(
        sandbox.boto3(&count).expect("the bucket is there"),
        json!(3),
        "an apply between them loses none either"
    );
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn destroy_empties_buckets_of_thousands_of_versions_and_delete_markers() {
    let sandbox = sandbox();
    let terraform = configured(&sandbox, &documents());
    apply(&terraform);
    let names = terraform.state_of(ADDRESS).expect("a state")["bucket_names"].clone();
    // Not below `raw/`, where each would be a document and run three functions.
    let script = format!(
        r#"
from concurrent.futures import ThreadPoolExecutor
names = {names}
s3 = boto3.client("s3")
def put(bucket, n, version):
    s3.put_object(Bucket=bucket, Key=f"kept/{{n}}.txt", Body=f"{{version}}".encode())
with ThreadPoolExecutor(8) as pool:
    jobs = [pool.submit(put, names["raw"], n, v) for v in range(2) for n in range(800)]
    jobs += [pool.submit(put, names["processed"], n, 0) for n in range(300)]
    [job.result() for job in jobs]
for first in range(0, 800, 400):
    keys = [{{"Key": f"kept/{{n}}.txt"}} for n in range(first, first + 400)]
    s3.delete_objects(Bucket=names["raw"], Delete={{"Objects": keys, "Quiet": True}})
s3.create_multipart_upload(Bucket=names["raw"], Key="kept/unfinished.bin")
versions = markers = 0
for page in s3.get_paginator("list_object_versions").paginate(Bucket=names["raw"]):
    versions += len(page.get("Versions", []))
    markers += len(page.get("DeleteMarkers", []))
print(json.dumps([versions, markers]))
"#
    );
    let there = sandbox.boto3(&script).expect("filled");
    assert_eq!(there, json!([1600, 800]), "versions and delete markers");
    expect_clean_destroy(&terraform, &sandbox);
    let mut deletes: BTreeMap<String, usize> = BTreeMap::new();
    for call in sandbox.calls().expect("recorded") {
        if call.operation == "DeleteObjects" && !call.user_agent.contains("Boto") {
            *deletes.entry(call.resource).or_default() += 1;
        }
    }
    let most = deletes.values().max().copied().unwrap_or(0);
    assert!(
        (1..=8).contains(&most),
        "2400 versions should go in batches of a thousand, not {most} calls"
    );
}
