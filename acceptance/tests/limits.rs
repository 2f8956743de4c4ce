//! What others in the account notice of a pipeline: its calls leave them their
//! share of AWS' limits, and what is not the pipeline's stays as it was.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::{Action, Rule, Sandbox};
use common::{
    LOG_BUCKET, apply, bare, expect_code, expect_empty_plan, pipeline, rates, sandbox, terraform,
    terraform_within_limits,
};
use serde_json::{Value, json};

/// The provider waits before a call, not after a refusal: AWS' own limits
/// hardly ever have to say no.
#[test]
fn one_pipeline_comes_and_goes_below_the_limits_of_the_control_plane() {
    let sandbox = sandbox();
    sandbox.aws_limits().expect("AWS' limits");
    let terraform = terraform_within_limits(&sandbox, &pipeline(""));
    apply(&terraform);
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");

    let calls = sandbox.calls().expect("recorded");
    let throttled: Vec<String> = calls
        .iter()
        .filter(|call| !call.weather.is_empty())
        .map(|call| format!("{} {}: {:?}", call.service, call.operation, call.weather))
        .collect();
    assert!(
        throttled.len() * 100 <= calls.len(),
        "{} of {} calls were throttled:\n{}",
        throttled.len(),
        calls.len(),
        throttled.join("\n")
    );
    let held = rates::expect_below_all(&calls);
    assert!(held > 10, "the pipeline meets {held} of the limits");
    let rates = sandbox.rates().expect("rates");
    let answered: u64 = rates.values().map(|rate| rate.calls).sum();
    assert_eq!(answered, calls.len() as u64, "every call has its service");
}

/// What an account says for all of its buckets.
const BLOCK: &str = include_str!("account/public_access_block.py");

/// Things of others, of kinds that the pipeline has too, and every setting that
/// an account has once.
const OTHERS: &str = r#"
s3 = boto3.client("s3")
log_bucket("of-others")
s3.put_object(Bucket="of-others", Key="file", Body=b"theirs")
events = boto3.client("events")
events.put_rule(Name="of-others", EventPattern=json.dumps({"source": ["theirs"]}))
events.put_targets(Rule="of-others", Targets=[{"Id": "theirs", "Arn": "arn:aws:sqs:us-east-1:123456789012:theirs"}])
boto3.client("sns").create_topic(Name="of-others")
role = boto3.client("iam").create_role(RoleName="of-others", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
boto3.client("apigateway").update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
boto3.client("guardduty").create_detector(Enable=True, Tags={"owner": "others"})
config = boto3.client("config")
config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}})
config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "of-others"})
config.start_configuration_recorder(ConfigurationRecorderName="default")
trail = boto3.client("cloudtrail")
trail.create_trail(Name="of-others", S3BucketName="of-others", IsMultiRegionTrail=True)
trail.start_logging(Name="of-others")
public_access_block("PUT", b'<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>')
"#;

const LOOK: &str = r#"
s3, events = boto3.client("s3"), boto3.client("events")
guardduty, config = boto3.client("guardduty"), boto3.client("config")
def quiet(function, **arguments):
    try:
        answer = function(**arguments)
        answer.pop("ResponseMetadata")
        return answer
    except Exception as error:
        return str(error)
detectors = guardduty.list_detectors()["DetectorIds"]
print(json.dumps({
    "objects": [o["Key"] for o in s3.list_objects_v2(Bucket="of-others").get("Contents", [])],
    "policy": quiet(s3.get_bucket_policy, Bucket="of-others"),
    "encryption": quiet(s3.get_bucket_encryption, Bucket="of-others"),
    "notification": quiet(s3.get_bucket_notification_configuration, Bucket="of-others"),
    "rule": quiet(events.describe_rule, Name="of-others"),
    "targets": quiet(events.list_targets_by_rule, Rule="of-others"),
    "topic": [t for t in boto3.client("sns").list_topics()["Topics"] if t["TopicArn"].endswith(":of-others")],
    "role": quiet(boto3.client("iam").get_role, RoleName="of-others"),
    "attached": quiet(boto3.client("iam").list_attached_role_policies, RoleName="of-others"),
    "detectors": [quiet(guardduty.get_detector, DetectorId=d) for d in detectors],
    "recorders": quiet(config.describe_configuration_recorders),
    "recording": [s["recording"] for s in config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]],
    "channels": quiet(config.describe_delivery_channels),
    "trails": quiet(boto3.client("cloudtrail").describe_trails),
    "logging": quiet(boto3.client("cloudtrail").get_trail_status, Name="of-others"),
    "gateway": quiet(boto3.client("apigateway").get_account),
    "public access block": quiet(lambda: {"ResponseMetadata": 0, "said": public_access_block("GET")}),
}, default=str))
"#;

fn of_others(sandbox: &Sandbox) -> Value {
    let things = sandbox.boto3(&format!("{BLOCK}{LOOK}")).expect("a look");
    json!([sandbox.settings().expect("settings"), things])
}

#[test]
fn the_account_has_its_settings_and_others_have_their_things_before_and_after() {
    let sandbox = bare();
    sandbox
        .boto3(&format!("{BLOCK}{LOG_BUCKET}{OTHERS}"))
        .expect("others were here first");
    let everything = sandbox.account().expect("an account");
    let before = of_others(&sandbox);
    let block = before[1]["public access block"]["said"].as_str();
    assert!(
        block.is_some_and(|said| said.contains("<BlockPublicAcls>true")),
        "{before:#}"
    );

    let terraform = terraform(&sandbox, &pipeline(""));
    apply(&terraform);
    assert_eq!(of_others(&sandbox), before, "after the apply");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(of_others(&sandbox), before, "after the destroy");
    assert_eq!(
        sandbox.account().expect("an account"),
        everything,
        "nothing more, and nothing less"
    );
}

/// What an account can lack, what does not work then, and what to switch on.
const LACKING: [(&str, &str, &str); 4] = [
    (
        "a Config recorder",
        "nobody judges the pipeline's resources",
        "compliance.recorder = \"managed\"",
    ),
    (
        "a GuardDuty detector",
        "nothing starts remediation",
        "threats.detector = \"managed\"",
    ),
    (
        "a trail that logs management events",
        "EventBridge sees no API calls",
        "monitoring.api_calls = \"managed\"",
    ),
    (
        "a role with which API Gateway writes logs",
        "execution logs are not written",
        "api.logging_role = \"managed\"",
    ),
];

const MANAGED: &str = "  compliance = { recorder = \"managed\" }\n  threats = { detector = \"managed\" }\n  monitoring = { api_calls = \"managed\" }\n  api = { logging_role = \"managed\" }";

/// The account's four, as boto3 sees them.
const ONCE: &str = r#"
guardduty, config = boto3.client("guardduty"), boto3.client("config")
trail, gateway = boto3.client("cloudtrail"), boto3.client("apigateway")
trails = trail.describe_trails()["trailList"]
print(json.dumps({
    "recording": [s["recording"] for s in config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]],
    "channels": len(config.describe_delivery_channels()["DeliveryChannels"]),
    "rules": len(config.describe_config_rules()["ConfigRules"]) > 0,
    "detecting": [guardduty.get_detector(DetectorId=d)["Status"] for d in guardduty.list_detectors()["DetectorIds"]],
    "trails": [[t["IsMultiRegionTrail"], t["LogFileValidationEnabled"], trail.get_trail_status(Name=t["TrailARN"])["IsLogging"]] for t in trails],
    "logging role": "cloudwatchRoleArn" in gateway.get_account(),
}))
"#;

/// `"managed"`: all four are made, once, and go with the pipeline that made
/// them; another pipeline is refused a second of each.
#[test]
fn what_the_account_lacks_is_made_when_that_is_asked_for_and_goes_again() {
    let sandbox = bare();
    // A role that was taken away is told as none or as an empty text.
    let all = || {
        let settings = sandbox.settings().expect("settings").to_string();
        let settings = settings.replace("\"api_gateway_role\":\"\"", "\"api_gateway_role\":null");
        (settings, sandbox.account().expect("an account"))
    };
    let before = all();
    let first = terraform(&sandbox, &pipeline(MANAGED));
    let plan = first.plan(&[]).expect("runs");
    expect_code(&plan, 2, "the plan of what is managed");
    assert!(!plan.flat().contains("The account lacks"), "{}", plan.text);
    apply(&first);
    expect_empty_plan(&first);
    let once = sandbox.boto3(ONCE).expect("a look");
    assert_eq!(
        once,
        json!({
            "recording": [true], "channels": 1, "rules": true, "detecting": ["ENABLED"],
            "trails": [[true, true, true]], "logging role": true,
        })
    );

    let papers = |more: &str| pipeline(more).replace("\"documents\"\n", "\"papers\"\n");
    let second = terraform(&sandbox, &papers(MANAGED));
    let refused = second.plan(&[]).expect("runs");
    expect_code(&refused, 1, "a plan of a second of each");
    for (what, ..) in LACKING {
        let heading = format!("There is {what} already");
        assert_eq!(
            refused.flat().matches(&heading).count(),
            1,
            "{heading}:\n{}",
            refused.text
        );
    }
    second.configure(&papers("")).expect("written");
    let plan = second.plan(&[]).expect("runs");
    expect_code(&plan, 2, "a plan that builds on what the first has made");
    assert!(!plan.flat().contains("The account lacks"), "{}", plan.text);

    let ran = first.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(all(), before, "as it was");
}

/// An apply is killed, its state lost, and the next one looks before the tags
/// of what was made have reached AWS' answers.
#[test]
fn what_an_interrupted_apply_made_is_no_strangers_although_its_tags_are_late() {
    let sandbox = bare();
    let first = terraform(&sandbox, &pipeline(MANAGED));
    let denied = Rule::new(Action::AccessDenied).service("monitoring");
    let denied = denied.operation("PutDashboard");
    sandbox.weather([denied]).expect("weather");
    let ran = first.apply(&[]).expect("runs");
    expect_code(&ran, 1, "an apply that does not end");
    let made = sandbox.settings().expect("settings");

    let second = terraform(&sandbox, &pipeline(MANAGED));
    let late = [
        ("config", "ListTagsForResource"),
        ("cloudtrail", "ListTags"),
        ("guardduty", "GetDetector"),
        ("iam", "GetRole"),
    ];
    let late = late.map(|(service, operation)| {
        let late = Rule::new(Action::TagsLate).service(service);
        late.operation(operation).first(2)
    });
    sandbox.weather(late).expect("weather");
    let plan = second.plan(&[]).expect("runs");
    expect_code(&plan, 2, "the plan of the next one");
    sandbox.clear_weather().expect("cleared");
    apply(&second);
    expect_empty_plan(&second);
    assert_eq!(sandbox.settings().expect("settings"), made, "taken over");
    let ran = second.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(sandbox.account().expect("an account"), json!({}));
}

/// Where there is nothing, nothing is made that is the account's.
#[test]
fn an_account_without_settings_gets_none() {
    let sandbox = bare();
    let before = sandbox.settings().expect("settings");
    let terraform = terraform(&sandbox, &pipeline(""));
    let plan = terraform.plan(&[]).expect("runs");
    expect_code(&plan, 2, "the first plan");
    let said = plan.flat();
    for (what, consequence, remedy) in LACKING {
        let heading = format!("The account lacks {what}");
        assert_eq!(
            said.matches(&heading).count(),
            1,
            "{heading}:\n{}",
            plan.text
        );
        for words in [consequence, remedy] {
            assert!(said.contains(words), "{what}: {words}:\n{}", plan.text);
        }
    }
    apply(&terraform);
    assert_eq!(sandbox.settings().expect("settings"), before, "applied");
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(sandbox.settings().expect("settings"), before, "destroyed");
}

/// What is switched off is built upon, and each plan says that it is off until
/// it is on.
#[test]
fn an_account_whose_settings_are_switched_off_is_told_until_they_are_on() {
    const OFF: [&str; 2] = [
        "The account's Config recorder is switched off",
        "The account's GuardDuty detector is switched off",
    ];
    let sandbox = sandbox();
    let switch = |recorder: &str, detector: &str| {
        let script = format!(
            r#"
guardduty = boto3.client("guardduty")
guardduty.update_detector(DetectorId=guardduty.list_detectors()["DetectorIds"][0], Enable={detector})
boto3.client("config").{recorder}_configuration_recorder(ConfigurationRecorderName="default")
print("null")
"#
        );
        sandbox.boto3(&script).expect("switched");
    };
    switch("stop", "False");
    let terraform = terraform(&sandbox, &pipeline(""));
    let said = |code, count| {
        let plan = terraform.plan(&[]).expect("runs");
        expect_code(&plan, code, "a plan");
        for heading in OFF {
            let found = plan.flat().matches(heading).count();
            assert_eq!(found, count, "{heading}:\n{}", plan.text);
        }
    };
    said(2, 1);
    apply(&terraform);
    said(0, 1);
    switch("start", "True");
    said(0, 0);
}
