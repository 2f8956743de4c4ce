//! What somebody changes behind Terraform's back is planned by property path,
//! and repaired; what is nobody's business but theirs is neither.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;
mod matrix;

use acceptance::Sandbox;
use acceptance::terraform::{changed_lines, resource_change};
use acceptance::tfclient::{Action, Resource};
use common::{ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline};
use live::Settings;
use matrix::{Stage, TYPE, differences, whole};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn settings() -> Settings {
    Settings::new("documents")
        .with("alerts.emails", json!(["a@example.com", "b@example.com"]))
        .with("tags", json!({ "owner-of": "data" }))
        // What only options bring: what an account has once, a domain name, a
        // policy of the API, and what one function keeps for itself.
        .with("compliance.recorder", "managed")
        .with("threats.detector", "managed")
        .with("monitoring.api_calls", "managed")
        .with("api.logging_role", "managed")
        .with("api.allowed_cidrs", json!(["198.51.100.0/24"]))
        .with("api.mutual_tls", live::mutual_tls())
        .with(
            "functions.per_function",
            json!({ "scan": { "reserved_concurrency": 5 } }),
        )
        // For the topic to have a name that somebody can change.
        .with(
            "overrides",
            json!({ "AlertsTopic": json!({ "DisplayName": "Alerts" }).to_string() }),
        )
}

/// Logical id -> type and physical id, as the script takes them.
fn resources(state: &Value) -> Value {
    let ids = state["physical_ids"].as_object().expect("physical ids");
    let resource = |(id, physical): (&String, &Value)| {
        let line = state["resources"][id].as_str().expect("a line");
        let kind = line.split(' ').next().expect("a type");
        (id.clone(), json!({ "type": kind, "physical": physical }))
    };
    Value::Object(ids.iter().map(resource).collect())
}

/// How many rounds are run, unless `TAP_MATRIX` asks for as many as the type
/// with most changes has.
const SAMPLED: usize = 3;

/// The n-th of so many rounds.
#[derive(Clone, Copy)]
struct Round {
    number: usize,
    of: usize,
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "round {} of {}", self.number + 1, self.of)
    }
}

/// Runs the script of changes; what it prints, by logical id.
#[track_caller]
fn script(sandbox: &Sandbox, resources: &Value, round: Round, action: &str) -> Map<String, Value> {
    let Round { number, of } = round;
    // The text twice: the inner one is the JSON, the outer one a Python literal.
    let script = format!(
        "{}resources = json.loads({})\nround, rounds = {number}, {of}\naction = {}\n{}",
        live::SERVICES,
        json!(resources.to_string()),
        json!(action),
        include_str!("account/drift.py")
    );
    match sandbox.boto3(&script) {
        Ok(Value::Object(printed)) => printed,
        Ok(Value::Null) => Map::new(),
        Ok(other) => panic!("{action} of {round} printed {other}"),
        Err(error) => panic!("{action} of {round} should go well:\n{error}"),
    }
}

/// What does not depend on the round.
const ANY: Round = Round { number: 0, of: 1 };

fn rounds(sandbox: &Sandbox) -> usize {
    let counts = script(sandbox, &json!({}), ANY, "count");
    let counts = counts.values().filter_map(Value::as_u64);
    let most = counts.max().expect("changes") as usize;
    if whole() { most } else { most.min(SAMPLED) }
}

/// What a round changed: logical id -> paths, joined as a plan joins them.
#[track_caller]
fn paths(changed: &Map<String, Value>, round: Round) -> BTreeMap<String, String> {
    let paths = |(id, change): (&String, &Value)| {
        assert_ne!(
            change["was"], change["is"],
            "the change of {id} in {round} should show in boto3"
        );
        let paths = change["paths"].as_array().expect("paths");
        let paths: Vec<&str> = paths.iter().filter_map(Value::as_str).collect();
        (id.clone(), paths.join(", "))
    };
    changed.iter().map(paths).collect()
}

fn entries(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries
        .map(|(id, value)| {
            (
                id.clone(),
                value.as_str().unwrap_or("not a text").to_owned(),
            )
        })
        .collect()
}

/// Logical ids whose lines differ between two states.
fn lines(before: &Value, after: &Value) -> BTreeSet<String> {
    let (before, after) = (entries(&before["resources"]), entries(&after["resources"]));
    let ids = before.keys().chain(after.keys());
    ids.filter(|id| before.get(*id) != after.get(*id))
        .cloned()
        .collect()
}

/// What is not changed here. Most of it nobody can change outside: create-only
/// properties, and what AWS is told but does not answer, such as the days of a
/// key's deletion, how a secret was made, or whether a changed schedule rotates
/// at once. Some of it EC2 and API Gateway let one change under the same id (the
/// ports of a rule, the path of a resource, the name of a validator); to the
/// provider, as to CloudFormation, that is another thing, and a replacement.
const FIXED: &[(&str, &[&str])] = &[
    // Somebody else's role there is theirs.
    ("AWS::ApiGateway::Account", &["CloudWatchRoleArn"]),
    ("AWS::ApiGateway::ApiKey", &["Name", "Value"]),
    ("AWS::ApiGateway::BasePathMapping", &["DomainName"]),
    ("AWS::ApiGateway::ClientCertificate", &[]),
    ("AWS::ApiGateway::Deployment", &["Description", "RestApiId"]),
    // Mutual TLS is for regional ones alone.
    (
        "AWS::ApiGateway::DomainName",
        &["DomainName", "EndpointConfiguration"],
    ),
    (
        "AWS::ApiGateway::Method",
        &["HttpMethod", "ResourceId", "RestApiId"],
    ),
    (
        "AWS::ApiGateway::Model",
        &["ContentType", "Name", "RestApiId"],
    ),
    ("AWS::ApiGateway::RequestValidator", &["Name", "RestApiId"]),
    (
        "AWS::ApiGateway::Resource",
        &["ParentId", "PathPart", "RestApiId"],
    ),
    ("AWS::ApiGateway::RestApi", &[]),
    ("AWS::ApiGateway::Stage", &["RestApiId", "StageName"]),
    ("AWS::ApiGateway::UsagePlan", &[]),
    (
        "AWS::ApiGateway::UsagePlanKey",
        &["KeyId", "KeyType", "UsagePlanId"],
    ),
    ("AWS::CloudTrail::Trail", &["TrailName"]),
    ("AWS::CloudWatch::Alarm", &["AlarmName"]),
    ("AWS::CloudWatch::Dashboard", &["DashboardName"]),
    ("AWS::Config::ConfigRule", &["ConfigRuleName"]),
    ("AWS::Config::ConfigurationRecorder", &["Name"]),
    ("AWS::Config::DeliveryChannel", &["Name"]),
    ("AWS::DynamoDB::Table", &["KeySchema", "TableName"]),
    (
        "AWS::EC2::FlowLog",
        &[
            "DestinationOptions",
            "LogDestination",
            "LogDestinationType",
            "MaxAggregationInterval",
            "ResourceId",
            "ResourceType",
            "TrafficType",
        ],
    ),
    ("AWS::EC2::NetworkAcl", &["VpcId"]),
    (
        "AWS::EC2::NetworkAclEntry",
        &["Egress", "NetworkAclId", "RuleNumber"],
    ),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    (
        "AWS::EC2::SecurityGroup",
        &["GroupDescription", "GroupName", "VpcId"],
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        &[
            "FromPort",
            "GroupId",
            "IpProtocol",
            "SourceSecurityGroupId",
            "ToPort",
        ],
    ),
    (
        "AWS::EC2::Subnet",
        &["AvailabilityZoneId", "CidrBlock", "VpcId"],
    ),
    (
        "AWS::EC2::SubnetNetworkAclAssociation",
        &["NetworkAclId", "SubnetId"],
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        &["RouteTableId", "SubnetId"],
    ),
    ("AWS::EC2::VPC", &["CidrBlock"]),
    (
        "AWS::EC2::VPCEndpoint",
        &["ServiceName", "ServiceRegion", "VpcEndpointType", "VpcId"],
    ),
    ("AWS::Events::Rule", &["Name"]),
    ("AWS::GuardDuty::Detector", &[]),
    // IAM changes no description of a policy.
    (
        "AWS::IAM::ManagedPolicy",
        &["Description", "ManagedPolicyName"],
    ),
    ("AWS::IAM::Role", &["RoleName"]),
    ("AWS::KMS::Alias", &["AliasName"]),
    (
        "AWS::KMS::Key",
        &["KeySpec", "KeyUsage", "PendingWindowInDays"],
    ),
    ("AWS::Lambda::Function", &["FunctionName"]),
    (
        "AWS::Lambda::Permission",
        &[
            "Action",
            "FunctionName",
            "Principal",
            "SourceAccount",
            "SourceArn",
        ],
    ),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::Logs::MetricFilter", &["FilterName", "LogGroupName"]),
    ("AWS::Logs::ResourcePolicy", &["PolicyName"]),
    ("AWS::S3::Bucket", &["BucketName"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    (
        "AWS::SNS::Subscription",
        &["Endpoint", "Protocol", "TopicArn"],
    ),
    ("AWS::SNS::Topic", &["TopicName"]),
    ("AWS::SNS::TopicPolicy", &["Topics"]),
    ("AWS::SQS::Queue", &["QueueName"]),
    ("AWS::SQS::QueuePolicy", &["Queues"]),
    // The tier is AWS's choice, which is what was asked for.
    ("AWS::SSM::Parameter", &["Name", "Tier", "Type"]),
    (
        "AWS::SecretsManager::RotationSchedule",
        &["RotateImmediatelyOnUpdate", "SecretId"],
    ),
    (
        "AWS::SecretsManager::Secret",
        &["GenerateSecretString", "Name"],
    ),
    ("AWS::WAFv2::LoggingConfiguration", &["ResourceArn"]),
    ("AWS::WAFv2::WebACL", &["Name", "Scope"]),
    (
        "AWS::WAFv2::WebACLAssociation",
        &["ResourceArn", "WebACLArn"],
    ),
];

/// Property names by logical id, as the template has them.
fn properties_that_can_change(sandbox: &Sandbox) -> BTreeMap<String, BTreeSet<String>> {
    let template = live::template_here(sandbox, &settings().spec(), live::REGION);
    let resources = template["Resources"].as_object().expect("resources");
    let properties = |(id, resource): (&String, &Value)| {
        let fixed = FIXED.iter().find(|(kind, _)| resource["Type"] == *kind);
        let (_, fixed) =
            fixed.unwrap_or_else(|| panic!("{} should have changes", resource["Type"]));
        let names = resource["Properties"].as_object().expect("properties");
        let names = names.keys().filter(|name| !fixed.contains(&name.as_str()));
        (id.clone(), names.cloned().collect())
    };
    resources.iter().map(properties).collect()
}

/// One round through the client; returns what was not as it should be.
async fn round(
    stage: &Stage,
    resource: &mut Resource,
    round: Round,
    untouched: &mut BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let config = settings().spec();
    let provider = stage.provider().await.expect("a provider");
    let inventory = resources(&resource.state);
    let changed = script(&stage.sandbox, &inventory, round, "change");
    let expected = paths(&changed, round);
    for (id, paths) in &expected {
        let rest = untouched.get_mut(id).expect("an id of the template");
        for path in paths.split(", ") {
            rest.remove(path.split(['.', '[']).next().expect("a name"));
        }
    }
    let mut problems = Vec::new();
    let mut expect = |what: &str, expected: String, found: String| {
        if expected != found {
            problems.push(format!(
                "{round}: {what} should be\n  {expected}\nbut is\n  {found}"
            ));
        }
    };

    let read = resource.read(&provider).await.expect("answers");
    if read.has_errors() {
        return vec![format!(
            "{round}: the refresh failed: {read}\nafter {expected:#?}"
        )];
    }
    let drifted = entries(&resource.state["drifted"]);
    expect("drifted", format!("{expected:#?}"), format!("{drifted:#?}"));
    let plan = match resource.plan(&provider, config.clone()).await {
        Ok(plan) => plan,
        Err(error) => return vec![format!("{round}: the plan failed: {error}")],
    };
    let ids: BTreeSet<String> = expected.keys().cloned().collect();
    let planned = lines(&plan.prior, &plan.planned);
    expect(
        "the changed lines",
        format!("{ids:?}"),
        format!("{planned:?}"),
    );
    let reasons: BTreeMap<String, String> = expected
        .iter()
        .map(|(id, paths)| (id.clone(), format!("drifted: {paths}")))
        .collect();
    let changes = entries(&plan.planned["changes"]);
    expect("changes", format!("{reasons:#?}"), format!("{changes:#?}"));

    let said = resource.apply(&provider, plan).await.expect("answers");
    expect(
        "the apply's errors",
        String::new(),
        match said.has_errors() {
            true => said.to_string(),
            false => String::new(),
        },
    );
    let now = script(&stage.sandbox, &inventory, round, "look");
    for (id, change) in &changed {
        expect(
            &format!(
                "what boto3 sees of {id} ({}) after the repair",
                expected[id]
            ),
            change["was"].to_string(),
            now[id].to_string(),
        );
    }
    resource
        .read(&provider)
        .await
        .expect("answers")
        .ok()
        .expect("a refresh");
    let plan = resource.plan(&provider, config).await.expect("a plan");
    if plan.action != Action::NoOp {
        let text = differences(&plan.prior, &plan.planned);
        expect("the plan after the repair", "empty".to_owned(), text);
    }
    problems
}

#[test]
fn each_property_changed_outside_is_planned_by_its_path_and_repaired_and_nothing_else_is() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = Stage::new();
    runtime.block_on(async {
        let mut problems = Vec::new();
        let mut untouched = properties_that_can_change(&stage.sandbox);
        let mut resource = Resource::new(TYPE);
        let provider = stage.provider().await.expect("a provider");
        let config = settings().spec();
        stage
            .apply(&provider, &mut resource, &config)
            .await
            .expect("applied");
        let of = rounds(&stage.sandbox);
        for number in 0..of {
            let this = Round { number, of };
            problems.extend(round(&stage, &mut resource, this, &mut untouched).await);
        }
        untouched.retain(|_, names| !names.is_empty());
        assert!(
            untouched.is_empty() || !whole(),
            "every property that can change should have been changed: {untouched:#?}"
        );
        assert!(
            problems.is_empty(),
            "{} things are not as they should be:\n{}",
            problems.len(),
            problems.join("\n\n")
        );
        script(&stage.sandbox, &json!({}), ANY, "tidy");
        live::expect_exactly(&stage.sandbox, &settings());
        stage
            .destroy(&provider, &mut resource)
            .await
            .expect("destroyed");
        stage.empty().expect("empty");
    });
}

#[test]
fn terraform_shows_drift_by_path_and_repairs_it_and_takes_no_interest_in_tags_of_others_or_unread_mail()
 {
    let sandbox = common::bare();
    let terraform = common::terraform(&sandbox, &pipeline(&settings().hcl()));
    apply(&terraform);
    // Both addresses are yet to be confirmed, and that is no drift.
    expect_empty_plan(&terraform);
    let state = terraform.state_of(ADDRESS).expect("a state");
    let inventory = resources(&state);
    let tagged = script(&sandbox, &inventory, ANY, "tag as a stranger");
    assert!(tagged.values().all(|value| value == "x"), "{tagged:?}");
    expect_empty_plan(&terraform);
    let waiting = "pending confirmation";
    assert_eq!(
        state["alert_subscriptions"],
        json!({ "a@example.com": waiting, "b@example.com": waiting })
    );
    sandbox.confirm("b@example.com").expect("confirmed");
    expect_empty_plan(&terraform);
    // A refresh sees it, and is no reason to do anything.
    let ran = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
    let ran = ran.expect("runs");
    expect_code(&ran, 0, "an address was confirmed");
    assert!(ran.flat().contains("No changes"), "{}", ran.text);
    let refreshed = ["apply", "-refresh-only", "-auto-approve", "-no-color"];
    expect_code(&terraform.run(&refreshed).expect("runs"), 0, "a refresh");
    let state = terraform.state_of(ADDRESS).expect("a state");
    assert_eq!(
        state["alert_subscriptions"],
        json!({ "a@example.com": waiting, "b@example.com": "confirmed" })
    );
    expect_empty_plan(&terraform);

    let changed = script(&sandbox, &inventory, ANY, "change");
    let expected = paths(&changed, ANY);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "drift should be planned");
    let plan = terraform.shown_plan().expect("shown");
    let change = resource_change(&plan, ADDRESS);
    assert_eq!(
        change["actions"],
        json!(["update"]),
        "drift is repaired in place"
    );
    assert_eq!(entries(&change["before"]["drifted"]), expected, "drifted");
    let reasons = expected
        .iter()
        .map(|(id, paths)| (id.clone(), format!("drifted: {paths}")));
    assert_eq!(
        entries(&change["after"]["changes"]),
        reasons.collect::<BTreeMap<_, _>>(),
        "changes"
    );
    let lines: Vec<String> = changed_lines(&plan, ADDRESS).into_keys().collect();
    assert_eq!(
        lines,
        expected.keys().cloned().collect::<Vec<_>>(),
        "changed lines"
    );
    let ran = terraform
        .run(&["apply", "-input=false", "-no-color", "plan"])
        .expect("runs");
    expect_code(&ran, 0, "the repair");
    let now = script(&sandbox, &inventory, ANY, "look");
    for (id, change) in &changed {
        assert_eq!(now[id], change["was"], "{id} after the repair");
    }
    expect_empty_plan(&terraform);
    let tagged = script(&sandbox, &inventory, ANY, "see a stranger's tags");
    assert!(
        tagged.values().all(|value| value == "x"),
        "tags of others stay: {tagged:?}"
    );
    script(&sandbox, &json!({}), ANY, "tidy");
    expect_clean_destroy(&terraform, &sandbox);
}
