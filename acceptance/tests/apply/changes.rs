//! Each attribute changes the lines that it says, in place, and goes back.

use crate::common::{ADDRESS, apply, expect_clean_destroy, expect_empty_plan, sandbox};
use crate::live::expect_exactly;
use crate::{
    BUCKETS, KEYS, apply_plan, configure, configured, documents, planned_lines, resources, set,
    tagged, tagged_with,
};
use acceptance::terraform::Terraform;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
