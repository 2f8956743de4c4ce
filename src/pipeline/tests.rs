//! The face without an account: what is refused and how, and that a plan
//! says exactly what an unknown input leaves open.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::checks;
use super::inputs::{self, Probe};
use super::planning::{self, Desired};
use super::state::{AlertsBlock, EncryptionBlock, State, StorageBlock};
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
        &Facts::documentation(),
    )
    .expect("valid overrides")
}

fn planned(config: &State) -> State {
    let desired = desired(config);
    let facts = Facts::documentation();
    planning::plan(&registry(), &desired, &Ledger::default()).create(config, &desired, &facts)
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
    let state = planned(&config(|_| {}));
    let Value::Value(lines) = &state.resources else {
        panic!("the map is known")
    };
    assert_eq!(lines.len(), 15);
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
