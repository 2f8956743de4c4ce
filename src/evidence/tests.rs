#![allow(clippy::unwrap_used, clippy::expect_used)]

mod breakages;
mod brought;
mod strangers;

use super::*;
use crate::aws::SecretUse;
use crate::blueprint::{self, Facts, Spec};
use crate::engine::template::Template;
use serde_json::json;
use std::collections::BTreeSet;

const DAY: i64 = 86_400;
/// Any moment will do.
const NOW: i64 = 1_800_000_000;

fn arn(id: &str) -> String {
    format!("arn:aws:test:us-east-1:111122223333:{id}")
}

/// What AWS would answer if it had done what a template says.
fn live(value: &Value) -> Value {
    let reference = |id: &str| match id.split_once('.') {
        Some((id, "Arn")) => arn(id),
        Some((id, attribute)) => format!("{attribute}-of-{id}"),
        None => format!("ref-{id}"),
    };
    match value {
        Value::Array(items) => items.iter().map(live).collect(),
        Value::Object(members) => {
            let only = members.iter().next().filter(|_| members.len() == 1);
            match only.map(|(name, value)| (name.as_str(), value)) {
                Some(("Ref", Value::String(id))) => json!(reference(id)),
                Some(("Fn::GetAtt", Value::Array(parts))) => {
                    let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                    json!(reference(&parts.join(".")))
                }
                Some(("Fn::Sub", Value::String(text))) => {
                    let mut parts = text.split("${");
                    let mut out = parts.next().unwrap_or_default().to_owned();
                    for part in parts {
                        let (id, rest) = part.split_once('}').expect("closed");
                        out += &reference(id);
                        out += rest;
                    }
                    json!(out)
                }
                Some(("Fn::Join", Value::Array(parts))) => {
                    let texts: Vec<String> = live(&parts[1])
                        .as_array()
                        .expect("a list")
                        .iter()
                        .map(|part| part.as_str().expect("a text").to_owned())
                        .collect();
                    json!(texts.join(parts[0].as_str().expect("glue")))
                }
                _ => members
                    .iter()
                    .map(|(name, value)| (name.clone(), live(value)))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            }
        }
        other => other.clone(),
    }
}

fn of_template(template: &Template) -> Pipeline {
    let mut pipeline = Pipeline {
        id: "documents-dev@us-east-1".into(),
        account_id: "111122223333".into(),
        region: "us-east-1".into(),
        at: NOW,
        ..Pipeline::default()
    };
    for (id, resource) in &template.resources {
        let arn = arn(id);
        pipeline.resources.insert(
            id.clone(),
            Observed {
                type_name: resource.type_name.clone(),
                identifier: format!("id-{id}"),
                reference: format!("ref-{id}"),
                attributes: BTreeMap::from([("Arn".to_owned(), json!(arn))]),
                properties: live(&resource.properties),
            },
        );
        if resource.type_name == "AWS::SecretsManager::Secret" {
            let just_made = SecretUse {
                created: Some(NOW - DAY),
                ..SecretUse::default()
            };
            pipeline.secrets.insert(arn, just_made);
        }
    }
    pipeline
}

fn pipeline() -> Pipeline {
    let spec = Spec::new("documents", "dev");
    of_template(&blueprint::expand(&spec, &Facts::documentation()).expect("a template"))
}

fn set(pipeline: &mut Pipeline, id: &str, pointer: &str, value: Value) {
    let resource = pipeline.resources.get_mut(id).expect("a resource");
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = resource.properties.pointer_mut(parent).expect("a parent");
    match parent {
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
        parent => parent[name] = value,
    }
}

fn failed(report: &Report) -> BTreeSet<(&str, &str)> {
    let failed = report.findings.iter().filter(|f| f.status == Status::Fail);
    failed.map(|f| (f.check, f.logical_id.as_str())).collect()
}

#[test]
fn a_pipeline_that_is_as_its_template_says_fails_nothing() {
    let report = judge(&pipeline());
    assert_eq!(failed(&report), BTreeSet::new());
    assert!(
        report.count(Status::Pass) > 150,
        "{}",
        report.count(Status::Pass)
    );
    let waived: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Waived)
        .map(|finding| finding.check)
        .collect();
    assert!(waived.contains("buckets_log_access"), "{waived:?}");
    for finding in &report.findings {
        let unmet = matches!(finding.status, Status::Waived | Status::Account);
        assert_eq!(unmet, !finding.reason.is_empty(), "{finding:?}");
        assert!(!finding.observed.is_empty(), "{finding:?}");
        assert!(!finding.requirements.is_empty(), "{finding:?}");
    }
}

/// Check, resource, where its properties are changed, and to what.
type Breakage = (&'static str, &'static str, &'static str, Value);

#[test]
fn each_check_fails_what_is_not_so_and_says_what_it_saw() {
    let sound = judge(&pipeline());
    let mut tried = BTreeSet::from([
        // Secrets are judged by their dates too.
        "secrets_have_rotated_in_time",
        "secrets_are_used",
    ]);
    for (check, id, pointer, value) in breakages::breakages()
        .into_iter()
        .chain(strangers::breakages())
    {
        let mut broken = pipeline();
        set(&mut broken, id, pointer, value.clone());
        let report = judge(&broken);
        let found: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.check == check && finding.status == Status::Fail)
            .collect();
        // Where several associations say the same, one of them is not enough.
        if check != "network_acls_are_used" {
            assert_eq!(
                found.len(),
                1,
                "{check} of {id}{pointer} = {value}: {found:#?}"
            );
            let before = sound.findings.iter().find(|finding| {
                finding.check == check && finding.logical_id == found[0].logical_id
            });
            assert_ne!(
                before.map(|finding| &finding.observed),
                Some(&found[0].observed),
                "{check} should say what it saw"
            );
        }
        tried.insert(check);
    }
    // Only where there are any, and there.
    tried.insert("auditors_prove_who_they_are");
    let waived = checks::controls()
        .into_iter()
        .filter(|(_, _, status)| *status == Status::Waived)
        .map(|(_, name, _)| name);
    tried.extend(waived);
    let all: BTreeSet<&str> = checks::names().into_iter().collect();
    assert_eq!(tried, all, "every check is tried");
}

#[test]
fn an_acl_of_no_subnet_is_not_used() {
    let mut broken = pipeline();
    for n in 1..=3 {
        let id = format!("PrivateSubnet{n}NetworkAclAssociation");
        broken.resources.remove(&id).expect("an association");
    }
    let report = judge(&broken);
    assert_eq!(
        failed(&report),
        BTreeSet::from([("network_acls_are_used", "NetworkAcl")])
    );
}

#[test]
fn a_secret_is_in_time_until_its_rotation_is_overdue() {
    let arn = |pipeline: &Pipeline| pipeline.secrets.keys().next().unwrap().clone();
    let judged = |used: SecretUse| {
        let mut pipeline = pipeline();
        let arn = arn(&pipeline);
        pipeline.secrets.insert(arn, used);
        let report = judge(&pipeline);
        let failed: BTreeSet<String> = failed(&report)
            .into_iter()
            .map(|(check, _)| check.to_owned())
            .collect();
        failed.into_iter().collect::<Vec<_>>()
    };
    let days_ago = |days: i64| Some(NOW - days * DAY);
    let made_long_ago = SecretUse {
        created: days_ago(400),
        ..SecretUse::default()
    };
    assert_eq!(
        judged(made_long_ago),
        ["secrets_are_used", "secrets_have_rotated_in_time"]
    );
    let kept_up = SecretUse {
        rotated: days_ago(31),
        read: days_ago(90),
        ..made_long_ago
    };
    assert_eq!(judged(kept_up), Vec::<String>::new());
    let overdue = SecretUse {
        rotated: days_ago(32),
        read: days_ago(91),
        ..made_long_ago
    };
    assert_eq!(
        judged(overdue),
        ["secrets_are_used", "secrets_have_rotated_in_time"]
    );
    assert_eq!(
        judged(SecretUse::default()),
        ["secrets_are_used", "secrets_have_rotated_in_time"]
    );
}

#[test]
fn what_is_gone_fails_every_check_of_its_type() {
    let mut broken = pipeline();
    let key = broken.resources.remove("DataKey").expect("a key");
    broken.missing.insert("DataKey".into(), key.type_name);
    let report = judge(&broken);
    let gone: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.logical_id == "DataKey")
        .collect();
    assert_eq!(gone.len(), 3, "{gone:#?}");
    for finding in gone {
        assert_eq!(finding.status, Status::Fail);
        assert_eq!(finding.observed, "it does not exist");
    }
    assert_eq!(
        report.findings[0].status,
        Status::Fail,
        "what failed is first"
    );
}

#[test]
fn what_the_account_has_is_said_and_not_judged() {
    let mut pipeline = pipeline();
    pipeline.account.recorder = Some("default".into());
    pipeline.account.detector = Some(String::new());
    let report = judge(&pipeline);
    let said = |check: &str| {
        let finding = report.findings.iter().find(|one| one.check == check);
        finding
            .map(|one| (one.status, one.observed.clone()))
            .unwrap()
    };
    let account = Status::Account;
    assert_eq!(
        said("account_has_a_recorder"),
        (account, "Config recorder: default".into())
    );
    assert_eq!(
        said("account_has_a_detector"),
        (account, "there is no GuardDuty detector".into())
    );
    assert!(said("account_has_a_trail").1.contains("nobody may look"));

    pipeline.account.recorder_is_stopped = true;
    pipeline.account.detector = Some("d1".into());
    pipeline.account.detector_is_stopped = true;
    let report = judge(&pipeline);
    let observed = |check: &str| {
        let finding = report.findings.iter().find(|one| one.check == check);
        finding.unwrap().observed.clone()
    };
    assert_eq!(
        observed("account_has_a_recorder"),
        "Config recorder: default, which does not record"
    );
    assert_eq!(
        observed("account_has_a_detector"),
        "GuardDuty detector: d1, which is suspended"
    );
}

#[test]
fn findings_of_ocsf_have_ids_of_their_own_and_the_statuses_that_it_knows() {
    let mut broken = pipeline();
    set(&mut broken, "DataKey", "/EnableKeyRotation", json!(false));
    let report = judge(&broken);
    let findings = ocsf(&report);
    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), report.findings.len());
    let ids: BTreeSet<&str> = findings
        .iter()
        .map(|one| one["finding_info"]["uid"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), findings.len());
    let first = &findings[0];
    assert_eq!(first["compliance"]["status_id"], 3);
    assert_eq!(
        first["compliance"]["requirements"],
        json!(["PCI DSS v4.0.1/3.7.4"])
    );
    assert_eq!(
        first["unmapped"]["controls"]["prowler pci_4.0_aws"],
        json!(["kms_cmk_rotation_enabled"])
    );
    assert_eq!(first["time"], NOW * 1000);
}

#[test]
fn a_page_shows_what_failed_and_nothing_of_it_is_markup() {
    let mut broken = pipeline();
    set(
        &mut broken,
        "DataKey",
        "/EnableKeyRotation",
        json!("<b>no</b>"),
    );
    let page = page(&judge(&broken));
    assert!(page.contains("EnableKeyRotation = &lt;b&gt;no&lt;/b&gt;"));
    assert!(page.contains("<li class=\"fail\"><a href=\"#fail\"><b>1</b> Failed</a></li>"));
    assert!(page.contains("2027-01-15 08:00 UTC"));
    assert!(!page.contains("<script"));
    assert_eq!(
        page.matches("<article").count(),
        page.matches("</article>").count()
    );
}

#[test]
fn an_auditor_reads_of_controls_and_not_of_rows_of_our_own() {
    let report = judge(&pipeline());
    let words = report.findings.iter().flat_map(|one| {
        let texts = [one.title, one.reason, one.observed.as_str()];
        texts.map(ToOwned::to_owned)
    });
    let words = words.chain(checks::words().into_iter().map(ToOwned::to_owned));
    for text in words {
        let row = text
            .as_bytes()
            .windows(4)
            .any(|part| part[0] == b'R' && part[1..].iter().all(u8::is_ascii_digit));
        let mut parts = text.split(|letter: char| !letter.is_alphabetic());
        assert!(!row && !parts.any(|part| part == "mission"), "{text}");
    }
}

#[test]
fn a_backup_plan_is_not_said_to_be_missing_where_nobody_looked() {
    let report = judge(&pipeline());
    let mut findings = report.findings.iter();
    let finding = findings.find(|one| one.check == "tables_are_in_a_backup_plan");
    assert_eq!(
        finding.unwrap().observed,
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled = true; backup plans are the account's, and were not looked at"
    );
}

#[test]
fn no_control_is_judged_twice() {
    let mut seen = BTreeSet::new();
    for (control, check, _) in controls() {
        assert!(seen.insert(control), "{control:?} of {check}");
    }
    assert!(seen.len() > 150, "{}", seen.len());
}
