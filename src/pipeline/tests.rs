//! The face without an account: what is refused and how, and that a plan
//! says exactly what an unknown input leaves open.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::checks;
use super::inputs::{self, Probe};
use super::planning::{self, Desired};
use super::state::{AccessBlock, AlertsBlock, EncryptionBlock, NetworkBlock, State, StorageBlock};
use crate::aws::{self, AwsContext, AwsSettings};
use crate::blueprint::Facts;
use crate::bundle::{Architecture, Bundle};
use crate::engine::Registry;
use crate::engine::ledger::Ledger;
use std::collections::BTreeMap;
use tf_provider::Diagnostics;
use tf_provider::value::Value;

fn config(change: impl FnOnce(&mut State)) -> State {
    let mut config = State {
        name: Value::Value("documents".into()),
        environment_suffix: Value::Value("dev".into()),
        ..State::default()
    };
    change(&mut config);
    config
}

fn registry() -> Registry {
    let settings = AwsSettings {
        region: Some("us-east-1".into()),
        ..AwsSettings::default()
    };
    aws::registry(&AwsContext::new(settings).expect("valid settings"))
}

fn desired(config: &State) -> Desired {
    let read = |probe| inputs::read(config, &BTreeMap::new(), probe).expect("valid");
    Desired::expand(
        read(Probe::First),
        &read(Probe::Second),
        Facts::documentation(),
    )
    .expect("valid overrides")
}

fn planned(config: &State) -> State {
    let desired = desired(config);
    planning::plan(&registry(), &desired, &Ledger::default()).create(config, &desired)
}

#[test]
fn the_whole_template_is_made_of_types_that_have_a_handler() {
    let registry = registry();
    let desired = desired(&config(|c| {
        c.alerts = Value::Value(AlertsBlock {
            emails: Value::Value(vec![Value::Value("a@example.com".into())]),
        });
    }));
    for (id, resource) in &desired.template.resources {
        assert!(
            registry.get(&resource.type_name).is_some(),
            "{id}: {}",
            resource.type_name
        );
    }
}

#[test]
fn every_line_of_a_create_is_known_when_the_configuration_is() {
    let config = config(|_| {});
    let state = planned(&config);
    let Value::Value(lines) = &state.resources else {
        panic!("the map is known")
    };
    let template = desired(&config).template;
    assert!(lines.keys().eq(template.resources.keys()), "{lines:?}");
    assert!(lines.values().all(Value::is_value), "{lines:?}");
    assert_eq!(state.id, Value::Value("documents-dev@us-east-1".into()));
}

#[test]
fn an_unknown_property_makes_only_the_lines_unknown_that_it_decides() {
    let state = planned(&config(|c| {
        c.encryption = Value::Value(EncryptionBlock {
            rotation_period_days: Value::Unknown,
            ..EncryptionBlock::default()
        });
    }));
    let Value::Value(lines) = &state.resources else {
        panic!("the ids are known")
    };
    let unknown: Vec<&str> = lines
        .iter()
        .filter(|(_, line)| line.is_unknown())
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(unknown, ["DataKey", "EnvironmentKey", "LogsKey"]);
}

#[test]
fn an_unknown_input_that_decides_which_resources_exist_makes_the_map_unknown() {
    let bucket = planned(&config(|c| {
        c.alerts = Value::Value(AlertsBlock {
            emails: Value::Unknown,
        });
    }));
    assert!(bucket.resources.is_unknown());
    let overrides = planned(&config(|c| c.overrides = Value::Unknown));
    assert!(overrides.resources.is_unknown());
}

#[test]
fn outputs_that_follow_from_an_unknown_name_are_unknown() {
    let state = planned(&config(|c| c.name = Value::Unknown));
    assert!(state.id.is_unknown() && state.audit_table_name.is_unknown());
    assert_eq!(state.account_id, Value::Value("111122223333".into()));
}

#[test]
fn a_block_that_is_wholly_unknown_is_one_whose_every_attribute_is() {
    let state = planned(&config(|c| c.storage = Value::Unknown));
    let Value::Value(lines) = &state.resources else {
        panic!("the ids are known")
    };
    assert!(lines["RawBucket"].is_unknown() && lines["DataKey"].is_value());
}

#[test]
fn the_plan_writes_out_every_default() {
    let state = planned(&config(|c| {
        c.storage = Value::Value(StorageBlock {
            noncurrent_glacier_after_days: Value::Value(60.0),
            ..StorageBlock::default()
        });
    }));
    let Value::Value(storage) = &state.storage else {
        panic!("known")
    };
    assert_eq!(storage.noncurrent_glacier_after_days, Value::Value(60.0));
    assert_eq!(storage.noncurrent_expire_after_days, Value::Value(400.0));
    assert_eq!(state.on_create_failure, Value::Value("keep".into()));
}

#[test]
fn durations_are_read_as_go_writes_them() {
    let seconds = |text: &str| super::values::parse_duration(text).map(|d| d.as_secs());
    for (text, expected) in [
        ("90s", Some(90)),
        ("60m", Some(3600)),
        ("1h30m", Some(5400)),
        ("60", None),
        ("", None),
        ("m", None),
        ("1d", None),
        ("-1h", None),
    ] {
        assert_eq!(seconds(text), expected, "{text:?}");
    }
}

#[test]
fn a_plan_says_which_functions_the_provider_was_built_without() {
    let held = |architecture| Bundle {
        architecture,
        sha256: "",
        glibc: "2.34",
        built_with: "",
        zip: &[],
    };
    let said = |bundles: &[Bundle]| {
        let mut diags = Diagnostics::default();
        checks::bundles(&mut diags, bundles);
        assert!(diags.errors.is_empty(), "an apply is still possible");
        diags.warnings
    };
    let both = [held(Architecture::Arm64), held(Architecture::X86_64)];
    assert!(said(&both).is_empty());
    for (bundles, named) in [(&both[..0], "arm64 and x86_64"), (&both[1..], "arm64,")] {
        let warnings = said(bundles);
        assert_eq!(warnings.len(), 1, "{named}");
        let detail = &warnings[0].detail;
        assert!(
            detail.contains(&format!("no functions for {named}")),
            "{detail}"
        );
        assert!(detail.contains("make build"), "{detail}");
    }
}

/// A block that says everything, and that `texts` of a kind make long.
fn everything() -> State {
    let json = include_str!("everything.json");
    let settings: super::template_data::TemplateState =
        serde_json::from_str(json).expect("a block");
    settings.settings()
}

#[test]
fn the_example_of_everything_is_accepted_and_leaves_no_setting_at_its_default() {
    let read = inputs::read(&everything(), &BTreeMap::new(), Probe::First).expect("valid");
    let settings = serde_json::to_value(&read.spec).expect("JSON");
    let plain = crate::blueprint::Spec::new("documents", "dev");
    let plain = serde_json::to_value(&plain).expect("JSON");
    // One of a kind excludes the other: a network that is brought is in
    // another example.
    let exempt = [
        "vpc_id",
        "subnet_ids",
        "route_table_ids",
        "endpoint_security_group_id",
        "endpoint_type",
        // Of what a plan never shows.
        "credential_passwords_version",
    ];
    for (area, members) in plain.as_object().expect("an object") {
        let Some(members) = members.as_object() else {
            continue;
        };
        for (name, default) in members {
            let same = settings[area][name] == *default;
            assert!(!same || exempt.contains(&name.as_str()), "{area}.{name}");
        }
    }
}

#[test]
fn settings_that_are_imported_read_back_as_the_same_spec() {
    for config in [config(|_| {}), everything()] {
        let read = |config: &State| {
            let read = inputs::read(config, &BTreeMap::new(), Probe::First);
            read.expect("valid").spec
        };
        let spec = read(&config);
        assert_eq!(read(&super::settings::of_spec(&spec)), spec);
        assert_eq!(read(&super::settings::planned(&config, &spec)), spec);
    }
}

#[test]
fn a_manifest_holds_a_block_of_everything_beside_the_one_before_it() {
    use crate::aws::ParameterManifest;
    use crate::engine::manifest::{Manifest, ManifestStatus, Wanted};
    let read = inputs::read(&everything(), &BTreeMap::new(), Probe::First).expect("valid");
    let mut facts = Facts::documentation();
    facts.account.recorder = Some("default".into());
    facts.account.detector = Some("12abc34d567e8fa901bc2d34e56789f0".into());
    facts.account.trail =
        Some("arn:aws:cloudtrail:us-east-1:111122223333:trail/organization".into());
    facts.account.api_logging_role =
        Some("arn:aws:iam::111122223333:role/service-role/api-logging".into());
    let wanted = |change: &dyn Fn(&mut crate::blueprint::Spec)| {
        let mut spec = read.spec.clone();
        change(&mut spec);
        Wanted {
            spec: serde_json::json!({ "format": 1, "spec": spec }),
            facts: serde_json::json!(facts),
        }
    };
    let now = wanted(&|_| {});
    let manifest = Manifest {
        format: 1,
        pipeline: "documents-dev@us-east-1".into(),
        incarnation: uuid::Uuid::new_v4().to_string(),
        status: ManifestStatus::Updating,
        spec: now.spec,
        facts: now.facts,
        provider_version: "0.1.0".into(),
        earlier: vec![wanted(&|spec| {
            spec.tags.clear();
            spec.firewall.requests_per_5_minutes = 11;
        })],
    };
    let value = ParameterManifest::value_of(&manifest).expect("it fits");
    // Systems Manager takes 8192; the rest is room for overrides.
    assert!(value.len() < 4096, "{}", value.len());
}

#[test]
fn an_output_is_a_text_that_the_block_decides_or_one_that_aws_does() {
    use super::outputs::{Outputs, follow};
    use crate::engine::template::Template;
    let template: Template = serde_json::from_value(serde_json::json!({ "Resources": {
        "RestApi": { "Type": "AWS::ApiGateway::RestApi", "Properties": {} },
        "ApiStage": { "Type": "AWS::ApiGateway::Stage", "Properties": { "StageName": "v1" } },
        "ApiKey": { "Type": "AWS::ApiGateway::ApiKey", "Properties": {} },
        "WebAcl": { "Type": "AWS::WAFv2::WebACL", "Properties": {} },
        "PrivateSubnet1": { "Type": "AWS::EC2::Subnet", "Properties": {} },
        "PrivateSubnet2": { "Type": "AWS::EC2::Subnet", "Properties": {} },
        "KmsEndpoint": { "Type": "AWS::EC2::VPCEndpoint", "Properties": { "ServiceName": "com.amazonaws.us-east-1.kms" } },
        "ScanFunction": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "scan-documents-dev" } },
        "ApiLoggingRole": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "logging", "Path": "/tap/" } },
        "Dashboard": { "Type": "AWS::CloudWatch::Dashboard", "Properties": { "DashboardName": "documents-dev" } },
    }}))
    .expect("a template");
    let spec = crate::blueprint::Spec::new("documents", "dev");
    let outputs = Outputs {
        spec: &spec,
        facts: &Facts::documentation(),
        template: &template,
    };
    let text = |text: &str| Value::Value(text.to_owned());
    let map = |key: &str, value: Value<String>| Value::Value(BTreeMap::from([(key.into(), value)]));

    let mut new = State::default();
    outputs.write(&|_, _| Value::Unknown, &mut new);
    assert!(new.api_endpoint.is_unknown() && new.web_acl_arn.is_unknown());
    assert_eq!(
        new.api_key_secret_arn,
        Value::Null,
        "there is no such resource"
    );
    assert_eq!(new.vpc_endpoint_ids, map("kms", Value::Unknown));
    assert_eq!(new.subnet_ids, Value::Value(vec![Value::Unknown; 2]));
    assert_eq!(new.function_names, map("scan", text("scan-documents-dev")));
    let role = text("arn:aws:iam::111122223333:role/tap/logging");
    assert_eq!(new.role_arns, map("api_logging", role));
    assert_eq!(
        new.dashboard_url,
        text(
            "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/documents-dev"
        )
    );

    assert_eq!(new.session_policy, Value::Null, "there is no auditor");
    let audited = crate::blueprint::Spec {
        access: crate::blueprint::spec::Access {
            trusted_account_ids: vec!["210987654321".into()],
            ..Default::default()
        },
        ..spec.clone()
    };
    let audited = Outputs {
        spec: &audited,
        ..outputs
    };
    audited.write(&|_, _| Value::Unknown, &mut new);
    assert!(
        new.session_policy.is_value(),
        "it is known before there is anything: {:?}",
        new.session_policy
    );

    let mut there = State::default();
    let made = |id: &str, attribute: Option<&str>| {
        Value::Value(format!("{id}-{}", attribute.unwrap_or("ref")))
    };
    outputs.write(&made, &mut there);
    assert_eq!(
        there.api_endpoint,
        text("https://RestApi-ref.execute-api.us-east-1.amazonaws.com/v1")
    );
    assert_eq!(there.web_acl_arn, text("WebAcl-Arn"));

    // Each partition has a console of its own, and names end otherwise.
    let facts = Facts {
        partition: "aws-us-gov".into(),
        region: "us-gov-west-1".into(),
        ..outputs.facts.clone()
    };
    let gov = Outputs {
        facts: &facts,
        spec: &spec,
        template: &template,
    };
    let mut elsewhere = State::default();
    gov.write(&made, &mut elsewhere);
    let Value::Value(url) = &elsewhere.dashboard_url else {
        panic!("{:?}", elsewhere.dashboard_url);
    };
    let console = "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/";
    assert!(url.starts_with(console), "{url}");

    let mut template = template.clone();
    let endpoint = template.resources["KmsEndpoint"].clone();
    template
        .resources
        .insert("ExecuteApiEndpoint".into(), endpoint);
    let mut private = spec.clone();
    private.api.endpoint_type = crate::blueprint::spec::EndpointType::Private;
    let private = Outputs {
        spec: &private,
        facts: outputs.facts,
        template: &template,
    };
    let mut named = State::default();
    private.write(&made, &mut named);
    assert_eq!(
        named.api_endpoint,
        text("https://RestApi-ref-ExecuteApiEndpoint-ref.execute-api.us-east-1.amazonaws.com/v1")
    );

    // A refresh finds the successor of a rotated key, and not a vanished ACL.
    let mut rotated = there.clone();
    rotated.api_key_id = text("successor");
    rotated.web_acl_arn = Value::Null;
    follow(&mut there, &rotated);
    assert_eq!(there.api_key_id, text("successor"));
    assert_eq!(there.web_acl_arn, text("WebAcl-Arn"));
}

#[test]
fn an_address_is_pending_until_somebody_confirms_it_and_a_refresh_sees_that() {
    use super::outputs::{Outputs, follow};
    use crate::blueprint::{alerts::subscription_id, expand};
    let mut spec = crate::blueprint::Spec::new("documents", "dev");
    spec.alerts.emails = vec!["a@example.com".into(), "b@example.com".into()];
    let facts = Facts::documentation();
    let template = expand(&spec, &facts).expect("valid");
    let outputs = Outputs {
        spec: &spec,
        facts: &facts,
        template: &template,
    };
    let states = |arn_of_b: &Value<String>| {
        let mut state = State::default();
        let made = |id: &str, _: Option<&str>| match id == subscription_id("b@example.com") {
            true => arn_of_b.clone(),
            false => Value::Value("PendingConfirmation".to_owned()),
        };
        outputs.write(&made, &mut state);
        state
    };
    let of_b =
        |state: &State| state.alert_subscriptions.as_ref_option().unwrap()["b@example.com"].clone();
    let text = |text: &str| Value::Value(text.to_owned());
    let pending = states(&text("PendingConfirmation"));
    assert_eq!(of_b(&pending), text("pending confirmation"));
    let confirmed = states(&text(
        "arn:aws:sns:us-east-1:111122223333:alerts-documents-dev:1",
    ));
    assert_eq!(of_b(&confirmed), text("confirmed"));
    assert_eq!(
        of_b(&states(&Value::Unknown)),
        Value::Unknown,
        "it is yet to be made"
    );
    let mut refreshed = pending;
    follow(&mut refreshed, &confirmed);
    assert_eq!(refreshed.alert_subscriptions, confirmed.alert_subscriptions);
}

#[test]
fn a_block_whose_areas_are_all_unknown_is_read() {
    let unknown = State {
        encryption: Value::Unknown,
        storage: Value::Unknown,
        alerts: Value::Unknown,
        network: Value::Unknown,
        functions: Value::Unknown,
        api: Value::Unknown,
        firewall: Value::Unknown,
        monitoring: Value::Unknown,
        threats: Value::Unknown,
        secrets: Value::Unknown,
        access: Value::Unknown,
        compliance: Value::Unknown,
        ..config(|_| {})
    };
    for probe in [Probe::First, Probe::Second] {
        let read = inputs::read(&unknown, &BTreeMap::new(), probe);
        assert!(read.is_ok(), "{probe:?}: {:?}", read.err());
    }
}

fn account(found: &str) -> crate::blueprint::AccountState {
    let found = Some(found.to_owned());
    crate::blueprint::AccountState {
        recorder: found.clone(),
        detector: found.clone(),
        trail: found.clone(),
        api_logging_role: found,
        ..Default::default()
    }
}

fn spec_with(provision: crate::blueprint::spec::Provision) -> crate::blueprint::Spec {
    let mut spec = crate::blueprint::Spec::new("documents", "dev");
    spec.compliance.recorder = provision;
    spec.threats.detector = provision;
    spec.monitoring.api_calls = provision;
    spec.api.logging_role = provision;
    spec
}

#[test]
fn a_prerequisite_that_is_missing_is_warned_of_once_each_and_only_where_it_is_built_on() {
    use crate::blueprint::spec::Provision;
    let said = |spec: &crate::blueprint::Spec, account: &crate::blueprint::AccountState| {
        let mut diags = Diagnostics::default();
        checks::prerequisites(&mut diags, [spec; 2], account);
        assert!(diags.errors.is_empty());
        diags.warnings
    };
    let existing = spec_with(Provision::Existing);
    let warnings = said(&existing, &account(""));
    let summaries: std::collections::BTreeSet<String> =
        warnings.iter().map(|w| w.summary.to_string()).collect();
    assert_eq!(summaries.len(), 4, "{summaries:?}");
    assert!(warnings.iter().all(|w| w.detail.contains("\"managed\"")));
    assert!(said(&existing, &account("there")).is_empty());
    let unasked = crate::blueprint::AccountState::default();
    assert!(said(&existing, &unasked).is_empty());
    for provision in [Provision::Managed, Provision::None] {
        assert!(said(&spec_with(provision), &account("")).is_empty());
    }
}

#[test]
fn a_prerequisite_that_is_switched_off_is_warned_of_by_its_name() {
    use crate::blueprint::spec::Provision;
    let mut off = account("theirs");
    off.recorder_is_stopped = true;
    off.detector_is_stopped = true;
    let said = |provision| {
        let mut diags = Diagnostics::default();
        let spec = spec_with(provision);
        checks::prerequisites(&mut diags, [&spec; 2], &off);
        assert!(diags.errors.is_empty());
        diags.warnings
    };
    let warnings = said(Provision::Existing);
    let summaries: Vec<_> = warnings.iter().map(|one| one.summary.to_string()).collect();
    assert_eq!(
        summaries,
        [
            "The account's Config recorder is switched off",
            "The account's GuardDuty detector is switched off"
        ]
    );
    for warning in &warnings {
        assert!(warning.detail.contains("theirs"), "{}", warning.detail);
    }
    assert!(said(Provision::None).is_empty());
}

#[test]
fn what_an_account_has_one_of_is_not_made_where_there_is_one() {
    use crate::blueprint::spec::Provision;
    let refused = |spec: &crate::blueprint::Spec, found: &str| {
        let mut diags = Diagnostics::default();
        checks::singletons(&mut diags, [spec; 2], &account(found));
        diags.errors.len()
    };
    let managed = spec_with(Provision::Managed);
    assert_eq!(refused(&managed, "theirs"), 4);
    assert_eq!(refused(&managed, ""), 0);
    assert_eq!(refused(&spec_with(Provision::Existing), "theirs"), 0);
}

#[test]
fn what_is_brought_from_another_region_is_refused_where_it_stands() {
    let read = inputs::read(&everything(), &BTreeMap::new(), Probe::First).expect("valid");
    let mut diags = Diagnostics::default();
    let here = Facts {
        region: "eu-west-1".into(),
        ..Facts::documentation()
    };
    checks::regions(&mut diags, [&read.spec; 2], &here);
    assert_eq!(diags.errors.len(), 5, "three keys, certificate, function");
}

#[test]
fn what_is_not_known_yet_is_in_nobody_s_way() {
    let number = Value::Value;
    let ids = |ids: &[&str]| {
        Value::Value(
            ids.iter()
                .map(|id| Value::Value((*id).to_owned()))
                .collect::<Vec<_>>(),
        )
    };
    let storage = StorageBlock {
        noncurrent_glacier_after_days: Value::Unknown,
        noncurrent_expire_after_days: number(20.0),
        ..StorageBlock::default()
    };
    let access = AccessBlock {
        external_id: Value::Unknown,
        ..AccessBlock::default()
    };
    let brought = NetworkBlock {
        vpc_id: Value::Value("vpc-0123456789abcdef0".into()),
        subnet_ids: ids(&["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]),
        endpoint_security_group_id: Value::Unknown,
        endpoint_zones: number(2.0),
        ..NetworkBlock::default()
    };
    let parts = NetworkBlock {
        subnet_ids: Value::Unknown,
        route_table_ids: Value::Unknown,
        endpoint_security_group_id: Value::Unknown,
        ..NetworkBlock::default()
    };
    for network in [brought, parts] {
        let state = config(|state| {
            state.storage = Value::Value(storage.clone());
            state.access = Value::Value(access.clone());
            state.network = Value::Value(network);
        });
        for probe in [Probe::First, Probe::Second] {
            let read = inputs::read(&state, &BTreeMap::new(), probe);
            assert!(read.is_ok(), "{:?}", read.err());
        }
    }
}
