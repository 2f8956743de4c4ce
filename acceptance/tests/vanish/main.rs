//! What somebody deletes behind Terraform's back is planned anew and made
//! again; what merely cannot be read is an error, and never made again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod edges;
#[path = "../live/mod.rs"]
mod live;
#[path = "../matrix/mod.rs"]
mod matrix;

use acceptance::terraform::{Terraform, changed_lines, resource_change};
use acceptance::{Action, Rule, Sandbox};
use common::{
    ADDRESS, apply, bare, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, terraform,
};
use edges::Edges;
use live::{Settings, expect_exactly};
use matrix::whole;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const EMAILS: [&str; 2] = ["a@example.com", "b@example.com"];

/// What is deleted at once, by type, round by round; each type in one of them.
/// Where AWS lets a thing go only when others are gone, they go in one round.
const ROUNDS: &[&[&str]] = &[
    // What stands alone or hangs on something that stays.
    &[
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Model",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::UsagePlanKey",
        "AWS::CloudTrail::Trail",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Config::ConfigRule",
        "AWS::Config::DeliveryChannel",
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::Events::Rule",
        "AWS::GuardDuty::Detector",
        "AWS::KMS::Alias",
        "AWS::Lambda::Permission",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::ResourcePolicy",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::WAFv2::WebACLAssociation",
    ],
    // What the API is made of, what functions act as, and what records while
    // where it writes stays.
    &[
        "AWS::ApiGateway::ApiKey",
        "AWS::ApiGateway::ClientCertificate",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::UsagePlan",
        "AWS::Config::ConfigurationRecorder",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::WAFv2::WebACL",
    ],
    // What holds data, and what is sent to.
    &[
        "AWS::DynamoDB::Table",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    ],
    // The network, with all that has an address in it.
    &[
        "AWS::EC2::FlowLog",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
        "AWS::Lambda::Function",
    ],
    &["AWS::ApiGateway::RestApi", "AWS::KMS::Key"],
];

/// With all types that only options bring.
fn settings() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(EMAILS))
        .with("compliance.recorder", "managed")
        .with("threats.detector", "managed")
        .with("monitoring.api_calls", "managed")
        .with("api.logging_role", "managed")
        .with("api.mutual_tls", live::mutual_tls())
}

/// Logical id -> type and physical id.
type Inventory = BTreeMap<String, (String, String)>;

fn inventory(terraform: &Terraform) -> Inventory {
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
fn delete(sandbox: &Sandbox, doomed: &Inventory) {
    let doomed: BTreeMap<&String, Value> = doomed
        .iter()
        .map(|(id, (kind, physical))| (id, json!({ "type": kind, "physical": physical })))
        .collect();
    let script = format!(
        "{}doomed = json.loads({})\n{}",
        live::SERVICES,
        json!(json!(doomed).to_string()),
        include_str!("../account/vanish.py")
    );
    if let Err(error) = sandbox.boto3(&script) {
        panic!("boto3 should delete {doomed:?}:\n{error}");
    }
}

/// Holds plan and apply to making again what was deleted, with what went with
/// it.
#[track_caller]
fn made_again(sandbox: &Sandbox, terraform: &Terraform, edges: &Edges, doomed: &Inventory) {
    let gone = edges.with_what_is_inside(doomed);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, &format!("the plan after {gone:?} vanished"));
    let plan = terraform.shown_plan().expect("shown");
    let change = resource_change(&plan, ADDRESS);
    assert_eq!(
        change["actions"],
        json!(["update"]),
        "the pipeline itself stays"
    );
    let reasons = change["after"]["changes"].as_object().expect("changes");
    let reasons: BTreeMap<String, String> = reasons
        .iter()
        .map(|(id, reason)| (id.clone(), reason.as_str().unwrap_or_default().to_owned()))
        .collect();
    edges.expect_what_follows(&gone, &reasons);
    let planned = changed_lines(&plan, ADDRESS);
    assert_eq!(
        reasons.keys().collect::<BTreeSet<_>>(),
        planned.keys().collect::<BTreeSet<_>>(),
        "changes and changed lines are the same"
    );
    for (id, (before, after)) in planned {
        assert!(
            after.is_string(),
            "the line of {id} should be there after: {after}"
        );
        assert_eq!(
            before.is_null(),
            gone.contains(&id),
            "the line of {id} should be missing before just if it vanished: {before}"
        );
        if gone.contains(&id) {
            assert_eq!(
                change["after_unknown"]["physical_ids"][&id],
                json!(true),
                "the physical id of {id} is AWS's to say"
            );
        }
    }
    let ran = terraform
        .run(&["apply", "-input=false", "-no-color", "plan"])
        .expect("runs");
    expect_code(&ran, 0, "the apply that makes them again");
    expect_exactly(sandbox, &settings());
    expect_empty_plan(terraform);
    if gone
        .iter()
        .any(|id| edges.types[id] == "AWS::SNS::Subscription")
    {
        confirm(sandbox);
    }
}

/// What follows from a deletion outside loses data no more easily than what
/// follows from a configuration.
#[track_caller]
fn refused_for_the_data_in(terraform: &Terraform, id: &str) {
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "the plan that would delete what holds data");
    for says in [&format!("{id}: replaced: "), "allow_data_loss = true"] {
        assert!(ran.flat().contains(says), "{says}:\n{}", ran.text);
    }
}

/// Subscriptions made again wait for their confirmation again.
#[track_caller]
fn confirm(sandbox: &Sandbox) {
    for email in EMAILS {
        sandbox.confirm(email).expect("confirmed");
    }
}

/// Every third round, unless `TAP_MATRIX` asks for all.
const SAMPLED_EVERY: usize = 3;

#[test]
fn what_was_deleted_outside_is_planned_and_made_again_until_each_resource_has_been_once() {
    let sandbox = bare();
    let terraform = terraform(&sandbox, &pipeline(&settings().hcl()));
    apply(&terraform);
    confirm(&sandbox);
    expect_empty_plan(&terraform);
    let template = live::template_here(&sandbox, &settings().spec(), live::REGION);
    let edges = Edges::of(&template);

    let mut gone = BTreeSet::new();
    let rounds = ROUNDS
        .iter()
        .step_by(if whole() { 1 } else { SAMPLED_EVERY });
    for kinds in rounds {
        let doomed: Inventory = inventory(&terraform)
            .into_iter()
            .filter(|(_, (kind, _))| kinds.contains(&kind.as_str()))
            .collect();
        let found: BTreeSet<&str> = doomed.values().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(
            found,
            kinds.iter().copied().collect(),
            "there should be something of each type of the round"
        );
        assert!(
            doomed.keys().all(|id| !gone.contains(id)),
            "each round deletes what no other has"
        );
        gone.extend(doomed.keys().cloned());
        delete(&sandbox, &doomed);
        if kinds.contains(&"AWS::ApiGateway::RestApi") {
            // A log group is called by its API's id, which will be another.
            refused_for_the_data_in(&terraform, "ApiExecutionLogGroup");
            let accepting = settings().with("allow_data_loss", true);
            let configured = terraform.configure(&pipeline(&accepting.hcl()));
            configured.expect("written");
        }
        made_again(&sandbox, &terraform, &edges, &doomed);
        if kinds.contains(&"AWS::KMS::Key") {
            new_keys_are_used(&sandbox, &doomed, &inventory(&terraform));
        }
    }
    let all: BTreeSet<String> = inventory(&terraform).into_keys().collect();
    let kinds: BTreeSet<&str> = ROUNDS.concat().into_iter().collect();
    let types: BTreeSet<&str> = edges.types.values().map(String::as_str).collect();
    assert_eq!(kinds, types, "each type is in a round");
    if whole() {
        assert_eq!(gone, all, "each resource should have been deleted once");
    }
    expect_clean_destroy(&terraform, &sandbox);
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
    for (id, (_, key)) in old.iter().filter(|(_, (kind, _))| kind == "AWS::KMS::Key") {
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
    let sandbox = bare();
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

/// Of how many operations that are denied one is applied too.
const APPLIED_EVERY: usize = 5;

/// The first operation of each service, the same in every run; all of them
/// where `TAP_MATRIX` is set.
fn sampled(reads: &BTreeSet<(String, String)>) -> Vec<&(String, String)> {
    let mut services = BTreeSet::new();
    let chosen = reads.iter();
    chosen
        .filter(|(service, _)| services.insert(service) || whole())
        .collect()
}

#[test]
fn a_read_that_is_denied_is_an_error_of_the_plan_and_nothing_is_made_again() {
    let sandbox = bare();
    let terraform = terraform(&sandbox, &pipeline(&settings().hcl()));
    apply(&terraform);
    let since = sandbox.last_sequence().expect("recorded");
    let made = sandbox.mutations_since(0).expect("recorded");
    let made: BTreeSet<String> = made.into_iter().map(|call| call.service).collect();
    expect_empty_plan(&terraform);
    let reads: BTreeSet<(String, String)> = sandbox
        .calls_since(since)
        .expect("recorded")
        .into_iter()
        .map(|call| (call.service, call.operation))
        .collect();
    let read: BTreeSet<&String> = reads.iter().map(|(service, _)| service).collect();
    for service in &made {
        assert!(
            read.contains(service),
            "a plan should read what it has in {service}: {read:?}"
        );
    }
    let before = terraform.state_of(ADDRESS).expect("a state");
    for (n, (service, operation)) in sampled(&reads).into_iter().enumerate() {
        let what = format!("with {service}:{operation} denied");
        let denied = Rule::new(Action::AccessDenied)
            .service(service)
            .operation(operation);
        sandbox.weather([denied]).expect("weather");
        let since = sandbox.last_sequence().expect("recorded");
        let mut all = vec![terraform.plan(&[]).expect("runs")];
        // An apply begins with the same plan: for some of them that is shown.
        if n % APPLIED_EVERY == 0 {
            all.push(terraform.apply(&[]).expect("runs"));
        }
        for ran in all {
            expect_code(&ran, 1, &what);
            let text = ran.flat();
            let says = format!("is not authorized to perform: {service}:{operation}");
            assert!(
                text.contains(&says),
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
