//! What somebody deletes behind Terraform's back is planned anew and made
//! again; what merely cannot be read is an error, and never made again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::terraform::{Terraform, changed_lines, resource_change};
use acceptance::{Action, Rule, Sandbox};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox,
    terraform,
};
use live::{Settings, expect_exactly};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VANISHED: &str = "deleted outside of Terraform; created again";

fn settings() -> Settings {
    Settings::new("documents").with("alerts.emails", json!(["a@example.com", "b@example.com"]))
}

/// Logical id -> type and physical id.
fn inventory(terraform: &Terraform) -> BTreeMap<String, (String, String)> {
    let state = terraform.state_of(ADDRESS).expect("a state");
    let ids = state["physical_ids"].as_object().expect("physical ids");
    let resource = |(id, physical): (&String, &Value)| {
        let line = state["resources"][id].as_str().expect("a line");
        let kind = line.split(' ').next().expect("a type").to_owned();
        (
            id.clone(),
            (kind, physical.as_str().expect("an id").to_owned()),
        )
    };
    ids.iter().map(resource).collect()
}

#[track_caller]
fn delete(sandbox: &Sandbox, doomed: &BTreeMap<String, (String, String)>) {
    let doomed: BTreeMap<&String, Value> = doomed
        .iter()
        .map(|(id, (kind, physical))| (id, json!({ "type": kind, "physical": physical })))
        .collect();
    let script = format!(
        "doomed = json.loads({})\n{}",
        json!(json!(doomed).to_string()),
        include_str!("python/vanish.py")
    );
    if let Err(error) = sandbox.boto3(&script) {
        panic!("boto3 should delete {doomed:?}:\n{error}");
    }
}

/// Deletes what is doomed, and holds plan and apply to making it again.
/// Returns what else the plan changes, with its reason.
#[track_caller]
fn round(
    sandbox: &Sandbox,
    terraform: &Terraform,
    doomed: &BTreeMap<String, (String, String)>,
) -> BTreeMap<String, String> {
    let ids: BTreeSet<&String> = doomed.keys().collect();
    delete(sandbox, doomed);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, &format!("the plan after {ids:?} vanished"));
    let plan = terraform.shown_plan().expect("shown");
    let change = resource_change(&plan, ADDRESS);
    assert_eq!(
        change["actions"],
        json!(["update"]),
        "the pipeline itself stays"
    );
    let mut others = BTreeMap::new();
    for (id, (before, after)) in changed_lines(&plan, ADDRESS) {
        let reason = change["after"]["changes"][&id].as_str().unwrap_or_default();
        if !ids.contains(&id) {
            others.insert(id, reason.to_owned());
            continue;
        }
        assert_eq!(
            before,
            Value::Null,
            "the line of {id} should be missing before"
        );
        assert!(
            after.is_string(),
            "the line of {id} should be there after: {after}"
        );
        assert_eq!(reason, VANISHED, "the reason of {id}");
        assert_eq!(
            change["after_unknown"]["physical_ids"][&id],
            json!(true),
            "the physical id of {id} is AWS's to say"
        );
    }
    let planned = changed_lines(&plan, ADDRESS);
    for id in ids {
        assert!(
            planned.contains_key(id),
            "{id} vanished and should be planned"
        );
    }
    let reasons = change["after"]["changes"].as_object().expect("changes");
    assert_eq!(
        reasons.keys().collect::<BTreeSet<_>>(),
        planned.keys().collect::<BTreeSet<_>>(),
        "changes and changed lines are the same"
    );
    let ran = terraform
        .run(&["apply", "-input=false", "-no-color", "plan"])
        .expect("runs");
    expect_code(&ran, 0, "the apply that makes them again");
    expect_exactly(sandbox, &settings());
    expect_empty_plan(terraform);
    others
}

#[test]
fn what_was_deleted_outside_is_planned_and_made_again_until_each_resource_has_been_once() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&settings().hcl()));
    apply(&terraform);
    for email in ["a@example.com", "b@example.com"] {
        sandbox.confirm(email).expect("confirmed");
    }
    expect_empty_plan(&terraform);

    // With a bucket or a topic goes what lies in it.
    let sets: [&[&str]; 5] = [
        &["AWS::KMS::Alias", "AWS::SNS::Subscription"],
        &["AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"],
        &["AWS::DynamoDB::Table"],
        &["AWS::S3::Bucket", "AWS::SNS::Topic"],
        &["AWS::KMS::Key"],
    ];
    let mut gone = BTreeSet::new();
    for kinds in sets {
        let all = inventory(&terraform);
        let doomed: BTreeMap<String, (String, String)> = all
            .iter()
            .filter(|(_, (kind, _))| kinds.contains(&kind.as_str()))
            .map(|(id, resource)| (id.clone(), resource.clone()))
            .collect();
        assert!(!doomed.is_empty(), "there should be something of {kinds:?}");
        assert!(
            doomed.keys().all(|id| !gone.contains(id)),
            "each round deletes what no other has"
        );
        gone.extend(doomed.keys().cloned());
        let others = match kinds.contains(&"AWS::S3::Bucket") {
            // Policies and subscriptions go with what they belong to.
            true => {
                let inside = [
                    "AWS::S3::BucketPolicy",
                    "AWS::SNS::TopicPolicy",
                    "AWS::SNS::Subscription",
                ];
                let with = all
                    .iter()
                    .filter(|(_, (kind, _))| inside.contains(&kind.as_str()));
                with_their_contents(&sandbox, &terraform, &doomed, with)
            }
            false => round(&sandbox, &terraform, &doomed),
        };
        if !kinds.contains(&"AWS::KMS::Key") {
            assert_eq!(
                others,
                BTreeMap::new(),
                "nothing else changes with {kinds:?}"
            );
            continue;
        }
        // Whatever names a key by id or ARN is told of the new one.
        let referring: BTreeSet<&str> = [
            "AlertsTopic",
            "AuditTable",
            "DataKeyAlias",
            "EnvironmentKeyAlias",
            "LogsBucket",
            "LogsKeyAlias",
            "ProcessedBucket",
            "ProcessedBucketPolicy",
            "RawBucket",
            "RawBucketPolicy",
        ]
        .into();
        assert_eq!(
            others.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            referring,
            "what refers to a key changes with it: {others:#?}"
        );
        assert!(
            others
                .values()
                .all(|reason| reason.starts_with("changed: refers to ")),
            "and says why: {others:#?}"
        );
        new_keys_are_used(&sandbox, &doomed, &inventory(&terraform));
    }
    let all: BTreeSet<String> = inventory(&terraform).into_keys().collect();
    assert_eq!(gone, all, "each resource should have been deleted once");
    expect_clean_destroy(&terraform, &sandbox);
}

/// A round in which more vanishes than is deleted by name.
#[track_caller]
fn with_their_contents<'a>(
    sandbox: &Sandbox,
    terraform: &Terraform,
    doomed: &BTreeMap<String, (String, String)>,
    inside: impl Iterator<Item = (&'a String, &'a (String, String))>,
) -> BTreeMap<String, String> {
    let mut others = round(sandbox, terraform, doomed);
    for (id, _) in inside {
        assert_eq!(
            others.remove(id).as_deref(),
            Some(VANISHED),
            "{id} goes with what it belongs to"
        );
    }
    // Subscriptions made again wait for their confirmation again.
    for email in ["a@example.com", "b@example.com"] {
        sandbox.confirm(email).expect("confirmed");
    }
    others
}

/// boto3 finds the new keys, and none of the old ones, wherever a key is named.
#[track_caller]
fn new_keys_are_used(
    sandbox: &Sandbox,
    old: &BTreeMap<String, (String, String)>,
    now: &BTreeMap<String, (String, String)>,
) {
    let names = |kind: &str| -> Vec<&String> {
        let of_kind = now.values().filter(|(found, _)| found == kind);
        of_kind.map(|(_, physical)| physical).collect()
    };
    let script = format!(
        r#"
kms, s3, sns, dynamodb = (boto3.client(name) for name in ("kms", "s3", "sns", "dynamodb"))
named = dict()
for name in json.loads({aliases}):
    named[name] = kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"]
for name in json.loads({buckets}):
    named[name] = s3.get_bucket_encryption(Bucket=name)
    named[name + " policy"] = s3.get_bucket_policy(Bucket=name)["Policy"]
for name in json.loads({tables}):
    named[name] = dynamodb.describe_table(TableName=name)["Table"]["SSEDescription"]
for arn in json.loads({topics}):
    named[arn] = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["KmsMasterKeyId"]
print(json.dumps(named, default=str))
"#,
        aliases = json!(json!(names("AWS::KMS::Alias")).to_string()),
        buckets = json!(json!(names("AWS::S3::Bucket")).to_string()),
        tables = json!(json!(names("AWS::DynamoDB::Table")).to_string()),
        topics = json!(json!(names("AWS::SNS::Topic")).to_string()),
    );
    let named = sandbox.boto3(&script).expect("boto3 can look");
    let text = named.to_string();
    for (id, (_, key)) in old {
        assert_ne!(*key, now[id].1, "{id} should be another key now");
        assert!(
            !text.contains(key),
            "nothing should name the old {id} {key}: {named:#}"
        );
        assert!(
            text.contains(&now[id].1),
            "something should name the new {id}: {named:#}"
        );
    }
}

#[test]
fn a_manifest_deleted_outside_is_written_again() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&settings().hcl()));
    apply(&terraform);
    let name = "/tap/documents-dev/manifest";
    sandbox
        .boto3(&format!(
            "boto3.client('ssm').delete_parameter(Name='{name}')"
        ))
        .expect("deleted");
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "the plan after the manifest vanished");
    let plan = terraform.shown_plan().expect("shown");
    assert_eq!(
        changed_lines(&plan, ADDRESS),
        BTreeMap::new(),
        "no resource changes for it"
    );
    apply(&terraform);
    expect_empty_plan(&terraform);
    expect_exactly(&sandbox, &settings());
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn a_read_that_is_denied_is_an_error_of_the_plan_and_nothing_is_made_again() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(&settings().hcl()));
    apply(&terraform);
    let since = sandbox.last_sequence().expect("recorded");
    expect_empty_plan(&terraform);
    let reads: BTreeSet<(String, String)> = sandbox
        .calls_since(since)
        .expect("recorded")
        .into_iter()
        .map(|call| (call.service, call.operation))
        .collect();
    for service in ["dynamodb", "kms", "s3", "sns", "ssm"] {
        assert!(
            reads.iter().any(|(read, _)| read == service),
            "a plan should read from {service}: {reads:?}"
        );
    }
    let before = terraform.state_of(ADDRESS).expect("a state");
    for (service, operation) in &reads {
        let what = format!("with {service}:{operation} denied");
        let denied = Rule::new(Action::AccessDenied)
            .service(service)
            .operation(operation);
        sandbox.weather([denied]).expect("weather");
        let since = sandbox.last_sequence().expect("recorded");
        for ran in [
            terraform.plan(&[]).expect("runs"),
            terraform.apply(&[]).expect("runs"),
        ] {
            expect_code(&ran, 1, &what);
            let text = ran.flat();
            assert!(
                text.contains("AccessDenied") || text.contains("AuthorizationError"),
                "{what} the error should say so:\n{}",
                ran.text
            );
            assert!(
                !text.contains("created again") && !text.contains("will be updated"),
                "{what} there should be no plan:\n{}",
                ran.text
            );
        }
        let mutations = sandbox.mutations_since(since).expect("recorded");
        assert!(
            mutations.is_empty(),
            "{what} nothing should change: {mutations:?}"
        );
        sandbox.clear_weather().expect("cleared");
    }
    let after = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(before, after, "the state should be what it was");
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}
