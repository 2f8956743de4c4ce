//! Config rules, recorder and delivery channel, trails, and what is asked of
//! the account, against the contract.

use crate::contract::{Bench, Case, OWNER, STRANGER, hold};
use crate::story;
use acceptance::Sandbox;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use terraform_provider_tap::aws::{AccountState, AwsContext, AwsSettings, Service};
use terraform_provider_tap::engine::ErrorKind;

const RULE: &str = "AWS::Config::ConfigRule";
const RECORDER: &str = "AWS::Config::ConfigurationRecorder";
const CHANNEL: &str = "AWS::Config::DeliveryChannel";
const TRAIL: &str = "AWS::CloudTrail::Trail";

fn recorder() -> Value {
    json!({
        "Name": "recorder-documents-dev",
        "RoleARN": "arn:aws:iam::123456789012:role/config",
        "RecordingGroup": { "AllSupported": true, "IncludeGlobalResourceTypes": true },
    })
}

fn channel() -> Value {
    json!({
        "Name": "channel-documents-dev",
        "S3BucketName": "documents-logs",
        "S3KeyPrefix": "config",
    })
}

fn rule() -> Value {
    let detail = |kind: &str| json!({ "EventSource": "aws.config", "MessageType": kind });
    json!({
        "ConfigRuleName": "encryption-documents-dev",
        "Description": "encrypted",
        "InputParameters": { "check": "encryption" },
        "Scope": { "TagKey": "tap:pipeline", "TagValue": OWNER },
        "Source": {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": "arn:aws:lambda:us-east-1:123456789012:function:evaluate",
            "SourceDetails": [
                detail("OversizedConfigurationItemChangeNotification"),
                detail("ConfigurationItemChangeNotification"),
            ],
        },
    })
}

/// Where channels and trails deliver.
fn make_bucket(sandbox: &Sandbox) {
    let script = concat!(
        include_str!("../account/log_bucket.py"),
        "log_bucket('documents-logs')"
    );
    sandbox.boto3(script).expect("a bucket");
}

fn make_function(sandbox: &Sandbox) {
    let made = sandbox.boto3(
        r#"
import io, zipfile
archive = io.BytesIO()
zipfile.ZipFile(archive, "w").writestr("bootstrap", "x")
archive.seek(0)
boto3.client("iam").create_role(RoleName="evaluate", AssumeRolePolicyDocument="{}")
api = boto3.client("lambda")
api.create_function(FunctionName="evaluate", Runtime="provided.al2023", Handler="evaluate",
    Role="arn:aws:iam::123456789012:role/evaluate", Code={"ZipFile": archive.read()})
"#,
    );
    made.expect("a function");
}

fn permit(sandbox: &Sandbox) {
    let permitted = sandbox.boto3(
        r#"boto3.client("lambda").add_permission(FunctionName="evaluate", StatementId="s",
    Action="lambda:InvokeFunction", Principal="config.amazonaws.com", SourceAccount="123456789012")"#,
    );
    permitted.expect("a permission");
}

#[test]
fn a_config_rule_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        make_function(sandbox);
        permit(sandbox);
        let mut then = rule();
        then["Description"] = json!("another");
        then["InputParameters"] = json!({ "check": "access" });
        hold(
            &bench,
            Case {
                id: "EncryptionConfigRule",
                type_name: RULE,
                first: rule(),
                then: vec![then],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

/// Its text is read by another call than the rest, and ends without the line
/// that a heredoc ends with.
#[test]
fn a_custom_policy_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        let mut first = rule();
        first.as_object_mut().unwrap().remove("InputParameters");
        let source = first["Source"].as_object_mut().unwrap();
        source.remove("SourceIdentifier");
        source["Owner"] = json!("CUSTOM_POLICY");
        source.insert(
            "CustomPolicyDetails".into(),
            json!({ "PolicyRuntime": "guard-2.x.x", "PolicyText": "rule a { b exists }\n" }),
        );
        let mut then = first.clone();
        then["Source"]["CustomPolicyDetails"]["PolicyText"] = json!("rule a { c exists }");
        hold(
            &bench,
            Case {
                id: "DataEncryptedPolicyRule",
                type_name: RULE,
                first,
                then: vec![then],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

/// The wire form: parameters as text, both kinds of message, the pipeline's tag.
#[test]
fn a_config_rule_is_written_as_config_reads_it() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        make_function(sandbox);
        permit(sandbox);
        bench.made("EncryptionConfigRule", RULE, &rule()).await;
        let seen = sandbox.boto3(
            r#"print(json.dumps(boto3.client("config").describe_config_rules()["ConfigRules"][0]))"#,
        );
        let seen = seen.unwrap();
        assert_eq!(seen["InputParameters"], r#"{"check":"encryption"}"#);
        assert_eq!(
            seen["Scope"],
            json!({ "TagKey": "tap:pipeline", "TagValue": OWNER })
        );
        assert_eq!(seen["Source"]["Owner"], "CUSTOM_LAMBDA");
        assert_eq!(seen["Source"]["SourceDetails"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_rule_waits_for_the_permission_of_its_function_and_not_for_a_recorder() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let cx = bench.cx("EncryptionConfigRule");
        let without = bench.handler(RULE).create(&cx, &rule()).await.unwrap_err();
        assert_eq!(without.kind, ErrorKind::Invalid, "{without}");
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        make_function(sandbox);
        let early = bench.handler(RULE).create(&cx, &rule()).await.unwrap_err();
        assert_eq!(early.kind, ErrorKind::Transient, "{early}");
        permit(sandbox);
        bench.made("EncryptionConfigRule", RULE, &rule()).await;
    });
}

/// Somebody stops the recorder: no rule sees anything, and nothing says so.
#[test]
fn a_recorder_that_was_stopped_is_seen_and_started() {
    story(async |sandbox| {
        make_bucket(sandbox);
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        let made = bench.made("ConfigChannel", CHANNEL, &channel()).await;
        let (handler, cx) = (bench.handler(CHANNEL), bench.cx("ConfigChannel"));
        let read = async || {
            let live = handler.read(&cx, &made.identifier, Some(&channel())).await;
            live.expect("readable").expect("there").properties
        };
        assert_eq!(read().await.get("RecorderStopped"), None);
        let stopped = sandbox.boto3(
            r#"boto3.client("config").stop_configuration_recorder(ConfigurationRecorderName="recorder-documents-dev")"#,
        );
        stopped.expect("stopped");
        let live = read().await;
        assert_eq!(live["RecorderStopped"], true, "{live}");
        handler
            .update(&cx, &made.identifier, &live, &channel())
            .await
            .expect("started");
        assert_eq!(read().await.get("RecorderStopped"), None);
    });
}

/// Somebody deletes the recorder and leaves the channel, which nothing then
/// makes anew.
#[test]
fn a_recorder_that_is_made_anew_records_into_the_channel_that_stayed() {
    story(async |sandbox| {
        make_bucket(sandbox);
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        let made = bench.made("ConfigChannel", CHANNEL, &channel()).await;
        let deleted = sandbox.boto3(
            r#"boto3.client("config").delete_configuration_recorder(ConfigurationRecorderName="recorder-documents-dev")"#,
        );
        deleted.expect("deleted");
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        let cx = bench.cx("ConfigChannel");
        let live = bench
            .handler(CHANNEL)
            .read(&cx, &made.identifier, Some(&channel()))
            .await;
        let live = live.expect("readable").expect("there").properties;
        assert_eq!(live.get("RecorderStopped"), None, "{live}");
    });
}

#[test]
fn a_recorder_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let mut then = recorder();
        then["RecordingGroup"] = json!({
            "AllSupported": false,
            "ResourceTypes": ["AWS::S3::Bucket", "AWS::KMS::Key"],
        });
        hold(
            &bench,
            Case {
                id: "ConfigRecorder",
                type_name: RECORDER,
                first: recorder(),
                then: vec![then],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_delivery_channel_keeps_the_contract_and_starts_the_recorder() {
    story(async |sandbox| {
        make_bucket(sandbox);
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        let mut then = channel();
        then["ConfigSnapshotDeliveryProperties"] = json!({ "DeliveryFrequency": "One_Hour" });
        hold(
            &bench,
            Case {
                id: "ConfigDeliveryChannel",
                type_name: CHANNEL,
                first: channel(),
                then: vec![then],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
        bench
            .made("ConfigDeliveryChannel", CHANNEL, &channel())
            .await;
        let recording = sandbox.boto3(
            r#"
status = boto3.client("config").describe_configuration_recorder_status()
print(json.dumps(status["ConfigurationRecordersStatus"][0]["recording"]))
"#,
        );
        assert_eq!(recording.unwrap(), json!(true));
    });
}

/// R111: an account has one recorder, and whoever has it keeps it.
#[test]
fn a_recorder_of_somebody_else_is_refused_whatever_its_name() {
    story(async |sandbox| {
        sandbox
            .boto3(
                r#"boto3.client("config").put_configuration_recorder(ConfigurationRecorder={
    "name": "default", "roleARN": "arn:aws:iam::123456789012:role/x"})"#,
            )
            .unwrap();
        let bench = Bench::new(sandbox);
        let cx = bench.cx("ConfigRecorder");
        let found = bench
            .handler(RECORDER)
            .find(&cx, &recorder())
            .await
            .unwrap();
        assert!(
            format!("{found:?}").contains("recorder default exists"),
            "{found:?}"
        );
        let cx = bench.cx("ConfigDeliveryChannel");
        let refused = bench.handler(CHANNEL).create(&cx, &channel()).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Stranger);
    });
}

#[test]
fn a_trail_keeps_the_contract() {
    story(async |sandbox| {
        make_bucket(sandbox);
        let bench = Bench::new(sandbox);
        let trail = |key: Option<&str>, logging: bool, team: &str| {
            let mut trail = json!({
                "TrailName": "trail-documents-dev",
                "S3BucketName": "documents-logs",
                "IsMultiRegionTrail": true,
                "IncludeGlobalServiceEvents": true,
                "EnableLogFileValidation": true,
                "IsLogging": logging,
                "Tags": [{ "Key": "team", "Value": team }],
            });
            if let Some(key) = key {
                trail["KMSKeyId"] = json!(key);
                trail["S3KeyPrefix"] = json!("cloudtrail");
            }
            trail
        };
        let key = "arn:aws:kms:us-east-1:123456789012:key/k";
        let selecting = |sources: &[&str]| {
            let mut trail = trail(None, false, "red");
            trail["EventSelectors"] = json!([{
                "IncludeManagementEvents": true,
                "ReadWriteType": "All",
                "ExcludeManagementEventSources": sources,
                "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"] }],
            }]);
            trail
        };
        hold(
            &bench,
            Case {
                id: "Trail",
                type_name: TRAIL,
                first: trail(Some(key), true, "blue"),
                then: vec![
                    trail(None, true, "red"),
                    trail(None, false, "red"),
                    selecting(&["kms.amazonaws.com"]),
                    selecting(&[]),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

/// R078: a trail that has gone blind still logs, as its status says.
#[test]
fn a_trail_that_was_told_to_log_less_is_seen_and_told_again() {
    story(async |sandbox| {
        make_bucket(sandbox);
        let bench = Bench::new(sandbox);
        let all = json!([{ "IncludeManagementEvents": true, "ReadWriteType": "All" }]);
        let wanted = json!({
            "TrailName": "trail-documents-dev", "S3BucketName": "documents-logs", "IsLogging": true,
            "EventSelectors": all,
        });
        let made = bench.made("Trail", TRAIL, &wanted).await;
        let handler = bench.handler(TRAIL);
        let wanted = handler.normalise(&wanted).unwrap();
        let cx = bench.cx("Trail");
        let live = async || {
            let read = handler.read(&cx, &made.identifier, Some(&wanted)).await;
            read.expect("readable").expect("there").properties
        };
        assert_eq!(live().await, wanted);
        for (blind, seen) in [
            (
                r#"EventSelectors=[{"IncludeManagementEvents": False, "ReadWriteType": "WriteOnly"}]"#,
                json!([{ "IncludeManagementEvents": false, "ReadWriteType": "WriteOnly" }]),
            ),
            (
                r#"AdvancedEventSelectors=[{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]"#,
                json!([]),
            ),
        ] {
            let python = format!(
                "boto3.client('cloudtrail').put_event_selectors(TrailName='trail-documents-dev', {blind})"
            );
            sandbox.boto3(&python).unwrap();
            let drifted = live().await;
            assert_eq!(drifted["EventSelectors"], seen);
            handler
                .update(&cx, &made.identifier, &drifted, &wanted)
                .await
                .expect("told again");
            assert_eq!(live().await, wanted);
        }
    });
}

fn context(sandbox: &Sandbox) -> std::sync::Arc<AwsContext> {
    let endpoints: BTreeMap<String, String> = Service::ALL
        .iter()
        .map(|service| (service.name().to_owned(), sandbox.endpoint().to_owned()))
        .collect();
    AwsContext::new(AwsSettings {
        region: Some("us-east-1".into()),
        access_key: Some("test".into()),
        secret_key: Some("test".into()),
        endpoints,
        s3_use_path_style: true,
        max_retries: Some(0),
        ..AwsSettings::default()
    })
    .expect("valid settings")
}

async fn state(sandbox: &Sandbox, pipeline: &str) -> AccountState {
    context(sandbox)
        .account_state(pipeline)
        .await
        .expect("answers")
}

fn none() -> AccountState {
    AccountState {
        recorder: Some(String::new()),
        detector: Some(String::new()),
        trail: Some(String::new()),
        api_logging_role: Some(String::new()),
        ..AccountState::default()
    }
}

/// The objects are tagged with the pipeline's id; to it they are none, and to
/// everybody else they are there.
#[test]
fn the_account_has_what_others_made_and_not_what_the_pipeline_itself_made() {
    story(async |sandbox| {
        make_bucket(sandbox);
        assert_eq!(state(sandbox, OWNER).await, none(), "an empty account");
        let bench = Bench::new(sandbox);
        bench.made("ConfigRecorder", RECORDER, &recorder()).await;
        let trail = json!({
            "TrailName": "trail-documents-dev", "S3BucketName": "documents-logs", "IsLogging": true,
        });
        bench.made("Trail", TRAIL, &trail).await;
        let made = sandbox.boto3(&format!(
            r#"
tags = {{"tap:pipeline": "{OWNER}"}}
detector = boto3.client("guardduty").create_detector(Enable=True, Tags=tags)["DetectorId"]
role = boto3.client("iam").create_role(RoleName="logging", AssumeRolePolicyDocument="{{}}",
    Tags=[{{"Key": key, "Value": value}} for key, value in tags.items()])["Role"]["Arn"]
boto3.client("apigateway").update_account(patchOperations=[
    {{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}}])
print(json.dumps([detector, role]))
"#
        ));
        let made = made.unwrap();
        assert_eq!(state(sandbox, OWNER).await, none(), "all of it is its own");
        let text = |value: &Value| Some(value.as_str().unwrap().to_owned());
        assert_eq!(
            state(sandbox, STRANGER).await,
            AccountState {
                recorder: Some("recorder-documents-dev".into()),
                // Its channel would have started it.
                recorder_is_stopped: true,
                detector: text(&made[0]),
                detector_is_stopped: false,
                trail: Some(
                    "arn:aws:cloudtrail:us-east-1:123456789012:trail/trail-documents-dev".into()
                ),
                api_logging_role: text(&made[1]),
            }
        );
    });
}

#[test]
fn what_is_switched_off_is_there_and_said_to_be_off() {
    story(async |sandbox| {
        make_bucket(sandbox);
        let script = r#"
guardduty, config = boto3.client("guardduty"), boto3.client("config")
detector = guardduty.create_detector(Enable=True)["DetectorId"]
config.put_configuration_recorder(ConfigurationRecorder={"name": "theirs", "roleARN": "arn:aws:iam::123456789012:role/theirs"})
config.put_delivery_channel(DeliveryChannel={"name": "theirs", "s3BucketName": "documents-logs"})
config.start_configuration_recorder(ConfigurationRecorderName="theirs")
print(json.dumps(detector))
"#;
        let detector = sandbox.boto3(script).unwrap();
        let on = state(sandbox, OWNER).await;
        assert_eq!(on.recorder.as_deref(), Some("theirs"));
        assert_eq!(
            (on.recorder_is_stopped, on.detector_is_stopped),
            (false, false)
        );
        sandbox
            .boto3(&format!(
                r#"
boto3.client("guardduty").update_detector(DetectorId={detector}, Enable=False)
boto3.client("config").stop_configuration_recorder(ConfigurationRecorderName="theirs")
print("null")
"#
            ))
            .unwrap();
        let off = state(sandbox, OWNER).await;
        assert_eq!((&off.recorder, &off.detector), (&on.recorder, &on.detector));
        assert_eq!(
            (off.recorder_is_stopped, off.detector_is_stopped),
            (true, true)
        );
    });
}

#[test]
fn a_trail_that_is_stopped_and_a_role_that_is_gone_are_none_to_build_on() {
    story(async |sandbox| {
        make_bucket(sandbox);
        sandbox
            .boto3(
                r#"
api = boto3.client("cloudtrail")
api.create_trail(Name="stopped", S3BucketName="documents-logs")
api.create_trail(Name="data", S3BucketName="documents-logs")
api.start_logging(Name="data")
api.put_event_selectors(TrailName="data", EventSelectors=[{"IncludeManagementEvents": False,
    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}])
iam = boto3.client("iam")
role = iam.create_role(RoleName="logging", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
boto3.client("apigateway").update_account(patchOperations=[
    {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
iam.delete_role(RoleName="logging")
"#,
            )
            .unwrap();
        assert_eq!(state(sandbox, OWNER).await, none());
    });
}
