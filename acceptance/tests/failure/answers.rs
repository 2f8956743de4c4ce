//! Calls that are refused, fail after their effect, or whose answer is lost:
//! none of it shows, and nothing is made twice.

use crate::common::{expect_code, expect_empty_account, expect_empty_plan, sandbox};
use crate::live::expect_exactly;
use crate::matrix::whole;
use crate::{configure, configured, documents};
use acceptance::terraform::Ran;
use acceptance::{Action, Rule};
use serde_json::json;
use std::collections::BTreeSet;

/// What befalls the calls.
type Weather = fn() -> Vec<Rule>;

/// Reads and changes are counted apart. Counted together, three calls that
/// belong together would be refused at the same one for ever.
fn every_third_call_throttled() -> Vec<Rule> {
    let mut reads = Rule::new(Action::Throttle).every(3);
    reads.matching.mutating = Some(false);
    vec![reads, Rule::new(Action::Throttle).mutating().every(3)]
}

fn a_500_after_the_effect_of_every_fifth_change() -> Vec<Rule> {
    vec![Rule::new(Action::ErrorAfter(500)).mutating().every(5)]
}

fn a_503_before_and_connections_that_break_on_either_side() -> Vec<Rule> {
    vec![
        Rule::new(Action::DropAfter).mutating().every(4),
        Rule::new(Action::DropBefore).every(7),
        Rule::new(Action::ErrorBefore(503)).every(11),
    ]
}

/// Operations of a create, whose first answers are lost.
const MAKING: [&str; 46] = [
    "CreateKey",
    "CreateAlias",
    "CreateBucket",
    "CreateTable",
    "CreateTopic",
    "Subscribe",
    "PutParameter",
    "CreateVpc",
    "CreateSubnet",
    "CreateRouteTable",
    "CreateSecurityGroup",
    "CreateNetworkAcl",
    "CreateNetworkAclEntry",
    "CreateVpcEndpoint",
    "CreateFlowLogs",
    "AssociateRouteTable",
    "ReplaceNetworkAclAssociation",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "CreateRole",
    "CreatePolicy",
    "AttachRolePolicy",
    "CreateFunction",
    "AddPermission",
    "CreateQueue",
    "CreateLogGroup",
    "PutMetricAlarm",
    "PutRule",
    "CreateSecret",
    "RotateSecret",
    "CreateRestApi",
    "CreateResource",
    "PutMethod",
    "CreateModel",
    "CreateRequestValidator",
    "CreateDeployment",
    "CreateStage",
    "CreateApiKey",
    "CreateUsagePlan",
    "CreateUsagePlanKey",
    "GenerateClientCertificate",
    "CreateWebACL",
    "AssociateWebACL",
    "PutConfigRule",
    "TagResource",
    "PutBucketPolicy",
];

/// The same of a destroy.
const TAKING: [&str; 17] = [
    "DeleteTable",
    "DeleteTopic",
    "DeleteBucket",
    "ScheduleKeyDeletion",
    "DeleteVpc",
    "DeleteSubnet",
    "DeleteSecurityGroup",
    "DeleteVpcEndpoints",
    "DeleteFlowLogs",
    "DeleteFunction",
    "DeleteRole",
    "DeletePolicy",
    "DeleteSecret",
    "DeleteRestApi",
    "DeleteApiKey",
    "DeleteUsagePlan",
    "DeleteWebACL",
];

/// The first answer of every operation that makes or takes something, so that
/// it is looked for; and the first who look do not see whose it is, since tags
/// are eventually consistent.
fn answers_lost_once() -> Vec<Rule> {
    let late = TAGS_READ_BY.map(|(service, operation)| {
        let late = Rule::new(Action::TagsLate).service(service);
        late.operation(operation).first(2)
    });
    let lost = MAKING.into_iter().chain(TAKING);
    let lost = lost.map(|operation| Rule::new(Action::DropAfter).operation(operation).first(1));
    lost.chain(late).collect()
}

/// How the provider asks whose something is, where that is not in what
/// describes it.
const TAGS_READ_BY: [(&str, &str); 10] = [
    ("monitoring", "ListTagsForResource"),
    ("config", "ListTagsForResource"),
    ("dynamodb", "ListTagsOfResource"),
    ("events", "ListTagsForResource"),
    ("kms", "ListResourceTags"),
    ("logs", "ListTagsForResource"),
    ("s3", "GetBucketTagging"),
    ("sns", "ListTagsForResource"),
    ("sqs", "ListQueueTags"),
    ("wafv2", "ListTagsForResource"),
];

/// Applies, changes and destroys, each under its weather, and expects that
/// none of it shows. Returns the operations that were struck.
fn converges_under([creating, updating, destroying]: [Weather; 3]) -> BTreeSet<String> {
    let sandbox = sandbox();
    let mut settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let terraform = configured(&sandbox, &settings);
    let under = |weather: Weather, command: &dyn Fn() -> std::io::Result<Ran>, what: &str| {
        let since = sandbox.last_sequence().expect("recorded");
        sandbox.weather(weather()).expect("rules");
        expect_code(&command().expect("runs"), 0, what);
        sandbox.clear_weather().expect("cleared");
        let calls = sandbox.calls_since(since).expect("recorded");
        let struck = calls.into_iter().filter(|call| !call.weather.is_empty());
        let struck: Vec<String> = struck.map(|call| call.operation).collect();
        assert!(!struck.is_empty(), "{what}: the weather struck nothing");
        struck
    };
    let mut struck = under(creating, &|| terraform.apply(&[]), "apply");
    expect_exactly(&sandbox, &settings);
    expect_empty_plan(&terraform);
    settings.set("encryption.rotation_period_days", 180);
    settings.set("tags", json!({ "team": "payments" }));
    settings.set("functions.memory_mb", 768);
    settings.set("functions.architecture", "x86_64");
    settings.set("network.endpoint_zones", 2);
    settings.set("api.allowed_cidrs", json!(["198.51.100.0/24"]));
    settings.set("firewall.requests_per_5_minutes", 1000);
    settings.set("monitoring.log_retention_days", 400);
    settings.set("secrets.rotation_days", 60);
    configure(&terraform, &settings);
    struck.extend(under(updating, &|| terraform.apply(&[]), "update"));
    expect_exactly(&sandbox, &settings);
    struck.extend(under(destroying, &|| terraform.destroy(), "destroy"));
    expect_empty_account(&sandbox);
    let count = struck.len();
    assert!(count > 20, "the weather struck only {count} calls");
    struck.into_iter().collect()
}

/// One life that meets both weathers, or one life wholly under each where
/// `TAP_MATRIX` is set. Returns the operations that the first one struck, and in
/// a sample those of the second one too.
fn converges_under_both(first: Weather, second: Weather) -> BTreeSet<String> {
    if !whole() {
        return converges_under([first, second, second]);
    }
    converges_under([second; 3]);
    converges_under([first; 3])
}

#[test]
fn throttled_calls_and_errors_after_the_effect_do_not_show_and_nothing_is_made_twice() {
    converges_under_both(
        every_third_call_throttled,
        a_500_after_the_effect_of_every_fifth_change,
    );
}

#[test]
fn lost_answers_and_broken_connections_do_not_show_and_nothing_is_made_twice() {
    let struck = converges_under_both(
        answers_lost_once,
        a_503_before_and_connections_that_break_on_either_side,
    );
    // A rule for what is not called would be one that proves nothing. Of a
    // sample, the destroy has the other weather.
    let taking = TAKING.into_iter().filter(|_| whole());
    let idle: Vec<&str> = MAKING
        .into_iter()
        .chain(taking)
        .filter(|operation| !struck.contains(*operation))
        .collect();
    assert!(idle.is_empty(), "never called: {idle:?}");
}
