//! The whole system after one apply: requests through the API, documents
//! through the buckets, findings, compliance changes, a rotation.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod permissions;

use acceptance::Sandbox;
use acceptance::terraform::Terraform;
use common::{ADDRESS, apply, expect_clean_destroy, expect_empty_plan, pipeline, terraform};
use serde_json::{Value, json};

/// A stage that takes more than the plan does, so that it is the plan's rate
/// which is met.
const STAGE: &str = r#"{ MethodSettings = [{
    HttpMethod = "*", ResourcePath = "/*", LoggingLevel = "INFO", MetricsEnabled = true, DataTraceEnabled = false,
    ThrottlingRateLimit = 1000, ThrottlingBurstLimit = 1000 }] }"#;

/// The sandbox runs functions on this machine, whatever Lambda would run them on.
fn configuration() -> String {
    let here = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x86_64",
    };
    pipeline(&format!(
        "  functions = {{ architecture = \"{here}\" }}\n  api = {{ rate_limit = 1, burst_limit = 5 }}\n  overrides = {{ ApiStage = jsonencode({STAGE}) }}\n  alerts = {{ emails = [\"security@example.com\"] }}"
    ))
}

/// What every script knows of the deployed pipeline. `rows()` waits for nothing;
/// `until` does.
const PRELUDE: &str = r#"
import base64, concurrent.futures, time, uuid, botocore, requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
def c(service):
    return boto3.client(service, region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))
def out(value):
    print(json.dumps(value, default=str))
RAW, PROCESSED, TABLE, TOPIC = state["bucket_names"]["raw"], state["bucket_names"]["processed"], state["audit_table_name"], state["alert_topic_arn"]
API, STAGE = ids["RestApi"], ids["ApiStage"].split("|")[-1]
s3, lam, ev, sqs = c("s3"), c("lambda"), c("events"), c("sqs")
def key():
    return c("apigateway").get_api_key(apiKey=state["api_key_id"], includeValue=True)["value"]
def call(path, body, key=None, sign=True, patient=True):
    url = f"{ENDPOINT}/restapis/{API}/{STAGE}/_user_request_{path}"
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": "application/json"} | ({"x-api-key": key} if key else {})
    request = AWSRequest(method="POST", url=url, data=data, headers=headers)
    if sign:
        SigV4Auth(boto3.Session().get_credentials(), "execute-api", "us-east-1").add_auth(request)
    answer = requests.post(url, data=data, headers=dict(request.headers))
    while patient and answer.status_code == 429:
        time.sleep(1)
        answer = requests.post(url, data=data, headers=dict(request.headers))
    return answer
def rows():
    items, table = [], boto3.resource("dynamodb", region_name="us-east-1").Table(TABLE)
    page = table.scan()
    items += page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        items += page["Items"]
    return json.loads(json.dumps(sorted(items, key=lambda row: row["timestamp"]), default=float))
def until(true, seconds=40):
    end = time.time() + seconds
    while time.time() < end:
        value = true()
        if value:
            return value
        time.sleep(0.2)
    return true()
def deliver(source, kind, detail, how="Event"):
    """What EventBridge does with an event of AWS's own, which nobody else may
    put: the rules and targets are the live ones. Returns how many functions
    were told, and with RequestResponse only when they are done."""
    told = 0
    event = {"version": "0", "id": str(uuid.uuid4()), "source": source, "detail-type": kind, "detail": detail, "resources": [],
        "account": "123456789012", "region": "us-east-1", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    for rule in ev.list_rules()["Rules"]:
        pattern = rule.get("EventPattern")
        if not pattern or not ev.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]:
            continue
        for target in ev.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            if ":lambda:" in target["Arn"]:
                # EventBridge is no administrator, as this script is.
                policy = json.loads(lam.get_policy(FunctionName=target["Arn"])["Policy"])["Statement"]
                assert any(s["Principal"] == {"Service": "events.amazonaws.com"} and rule["Arn"] in json.dumps(s["Condition"]) for s in policy), [rule["Name"], policy]
                answer = lam.invoke(FunctionName=target["Arn"], InvocationType=how, Payload=json.dumps(event))
                assert "FunctionError" not in answer, answer["Payload"].read()
                told += 1
                continue
            policy = json.loads(c("sns").get_topic_attributes(TopicArn=target["Arn"])["Attributes"]["Policy"])["Statement"]
            assert any(s["Effect"] == "Allow" and s["Principal"] == {"Service": "events.amazonaws.com"} for s in policy), policy
            transformer = target.get("InputTransformer", {"InputPathsMap": {}, "InputTemplate": json.dumps(json.dumps(event))})
            text = transformer["InputTemplate"]
            for name, path in transformer["InputPathsMap"].items():
                value = event
                for part in path.removeprefix("$.").split("."):
                    value = value[part]
                text = text.replace(f"<{name}>", str(value))
            c("sns").publish(TopicArn=target["Arn"], Message=json.loads(text))
    return told
def heard():
    """Alerts since the last look."""
    got = []
    url = sqs.get_queue_url(QueueName="listener")["QueueUrl"]
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            body = json.loads(message["Body"])
            got.append(body.get("Message", body))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if not messages:
            return got
"#;

struct Deployed<'a> {
    sandbox: &'a Sandbox,
    state: Value,
}

impl<'a> Deployed<'a> {
    fn new(sandbox: &'a Sandbox, terraform: &Terraform) -> Self {
        let state = terraform.state_of(ADDRESS).expect("a state");
        Self { sandbox, state }
    }

    #[track_caller]
    fn script(&self, script: &str) -> Value {
        let text = |value: &Value| json!(value.to_string());
        let script = format!(
            "ENDPOINT = {:?}\nstate = json.loads({})\nids = json.loads({})\n{PRELUDE}{script}",
            self.sandbox.endpoint(),
            text(&self.state),
            text(&self.state["physical_ids"]),
        );
        self.sandbox.boto3(&script).expect("the script runs")
    }
}

#[test]
fn requests_documents_findings_compliance_changes_and_a_rotation_go_through_one_pipeline() {
    let sandbox = common::sandbox();
    let terraform = terraform(&sandbox, &configuration());
    apply(&terraform);
    let system = Deployed::new(&sandbox, &terraform);
    system.script(
        r#"
url = sqs.create_queue(QueueName="listener")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
c("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)"#,
    );
    requests(&system);
    documents(&system);
    findings(&system);
    compliance(&system);
    rotation(&system);
    permissions(&system);
    system.script(
        r#"sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="listener")["QueueUrl"])
for s in c("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
    if s["Protocol"] == "sqs":
        c("sns").unsubscribe(SubscriptionArn=s["SubscriptionArn"])"#,
    );
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

/// With the key 200 and the function's own answer; without it, or without a
/// signature, 403; malformed 400; over the plan's rate 429.
fn requests(system: &Deployed<'_>) {
    let answers = system.script(
        r#"
memo = {"document_key": "memo.txt", "content": base64.b64encode(b"A memo, and nothing in it.").decode()}
good = call("/documents/upload", memo, key())
known = key()
def refused(body):
    answer = call("/documents/upload", body, known)
    return [answer.status_code, answer.json().get("message")]
with concurrent.futures.ThreadPoolExecutor(40) as many:
    at_once = list(many.map(lambda _: call("/documents/scan", {"document_key": "none.txt"}, known, patient=False).status_code, range(40)))
out({
    "good": [good.status_code, good.json().get("verdict")],
    "unsigned": call("/documents/upload", memo, key(), sign=False).status_code,
    "without a key": call("/documents/upload", memo).status_code,
    "with a wrong key": call("/documents/upload", memo, "x" * 40).status_code,
    "malformed": refused("{"),
    "without its field": refused({}),
    "at once": sorted(set(at_once)),
})"#,
    );
    assert_eq!(
        answers,
        json!({
            "good": [200, "accepted"],
            "unsigned": 403,
            "without a key": 403,
            "with a wrong key": 403,
            "malformed": [400, "Invalid request body"],
            "without its field": [400, "Invalid request body"],
            "at once": [404, 429],
        })
    );
}

/// A document that S3 alone brings leaves one row an operation and no alert;
/// one with a card number raises one.
fn documents(system: &Deployed<'_>) {
    let seen = system.script(
        r#"
heard()
def of(name):
    return sorted(f'{row["operation"]} {row["verdict"]}' for row in rows() if name in json.dumps(row))
def put(name, text):
    s3.put_object(Bucket=RAW, Key="raw/" + name, Body=text)
    until(lambda: len(of(name)) >= 3)
put("letter.txt", b"Dear auditor, nothing to see.")
clean = of("letter.txt"), heard()
put("card.txt", b"Card number: 4111 1111 1111 1111, expires 12/29")
alerts = until(heard)
head = s3.head_object(Bucket=PROCESSED, Key="encrypted/letter.txt")
out({"clean": clean, "card": of("card.txt"), "alerts": [json.loads(a)["alert"] for a in alerts], "shown": "4111 1111 1111 1111" in json.dumps(alerts + rows()),
     "encrypted": [head["ServerSideEncryption"], head["SSEKMSKeyId"] == state["key_arns"]["data"]]})"#,
    );
    assert_eq!(
        seen,
        json!({
            "clean": [["encrypt encrypted", "scan clean", "validate accepted"], []],
            "card": ["encrypt encrypted", "scan non-compliant", "validate accepted"],
            "alerts": ["document-non-compliant"],
            "shown": false,
            "encrypted": ["aws:kms", true],
        })
    );
}

/// Severity 8 and 9.5 reach remediation and alerts, 5 does not.
fn findings(system: &Deployed<'_>) {
    let seen = system.script(
        r#"
heard()
def finding(severity):
    id = f"finding-{severity}"
    detail = {"schemaVersion": "2.0", "accountId": "123456789012", "region": "us-east-1", "id": id,
        "arn": f"arn:aws:guardduty:us-east-1:123456789012:detector/d/finding/{id}", "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
        "severity": severity, "title": "t", "description": "d", "service": {"count": 1},
        "resource": {"resourceType": "AccessKey", "accessKeyDetails": {"accessKeyId": "AKIAEXAMPLE", "principalId": "p", "userName": "nobody", "userType": "IAMUser"}}}
    deliver("aws.guardduty", "GuardDuty Finding", detail)
for severity in (5, 8, 9.5):
    finding(severity)
def of(severity):
    return len([r for r in rows() if r["operation"] == "remediate" and f"finding-{severity}" in json.dumps(r)])
until(lambda: of(8) and of(9.5))
alerts = []
def alerted():
    alerts.extend(heard())
    return all(sum(f"finding-{severity}" in alert for alert in alerts) >= 2 for severity in (8, 9.5))
until(alerted)
out([[severity, of(severity) > 0, sum(f"finding-{severity}" in alert for alert in alerts)] for severity in (5, 8, 9.5)])"#,
    );
    // Each is told of twice: the rule has the topic for a target, and
    // remediation says what it did.
    assert_eq!(seen, json!([[5, false, 0], [8, true, 2], [9.5, true, 2]]));
}

/// A change of compliance puts the pipeline's own bucket right and no other.
fn compliance(system: &Deployed<'_>) {
    let seen = system.script(
        r#"
open_to = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
s3.create_bucket(Bucket="a-strangers")
for bucket in (RAW, "a-strangers"):
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=open_to)
rule = c("config").describe_config_rules()["ConfigRules"]
name = next(r["ConfigRuleName"] for r in rule if r["ConfigRuleName"].startswith("access"))
for bucket in (RAW, "a-strangers"):
    detail = {"resourceId": bucket, "awsRegion": "us-east-1", "awsAccountId": "123456789012", "configRuleName": name, "resourceType": "AWS::S3::Bucket",
        "recordVersion": "1.0", "messageType": "ComplianceChangeNotification", "notificationCreationTime": "2026-01-01T00:00:00.000Z",
        "newEvaluationResult": {"complianceType": "NON_COMPLIANT", "resultRecordedTime": "2026-01-01T00:00:00.000Z", "configRuleInvokedTime": "2026-01-01T00:00:00.000Z",
            "evaluationResultIdentifier": {"orderingTimestamp": "2026-01-01T00:00:00.000Z", "evaluationResultQualifier": {"configRuleName": name, "resourceType": "AWS::S3::Bucket", "resourceId": bucket}}}}
    told = deliver("aws.config", "Config Rules Compliance Change", detail, how="RequestResponse")
blocked = lambda bucket: all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
result = [told, blocked(RAW), blocked("a-strangers")]
s3.delete_bucket(Bucket="a-strangers")
out(result)"#,
    );
    assert_eq!(seen, json!([1, true, false]));
}

/// RotateSecret takes the four steps: then the key in API Gateway equals the
/// secret, and opens the API.
fn rotation(system: &Deployed<'_>) {
    let seen = system.script(
        r#"
sm, secret, before = c("secretsmanager"), state["api_key_secret_arn"], key()
version = sm.rotate_secret(SecretId=secret)["VersionId"]
until(lambda: "AWSCURRENT" in sm.describe_secret(SecretId=secret)["VersionIdsToStages"].get(version, []))
now = sm.get_secret_value(SecretId=secret)
value = json.loads(now["SecretString"])["api_key"]
current = [k["value"] for k in c("apigateway").get_api_keys(includeValues=True)["items"] if k["enabled"] and "tap:retire-after" not in k.get("tags", {})]
def steps():
    return sorted(row["requestId"] for row in rows() if row["operation"] == "rotate" and version in json.dumps(row))
out({"version": now["VersionId"] == version, "current": current == [value], "new": before != value,
     "opens": call("/documents/scan", {"document_key": "none.txt"}, value).status_code, "rows": len(until(lambda: steps() if len(steps()) == 4 else []))})"#,
    );
    assert_eq!(
        seen,
        json!({ "version": true, "current": true, "new": true, "opens": 404, "rows": 4 })
    );
}

/// What all of that called, held against the roles as they are in the account.
fn permissions(system: &Deployed<'_>) {
    let judged = permissions::expect_calls_allowed(system.sandbox, &system.state);
    for some in [
        "encrypt s3:PutObject",
        "remediate s3:PutBucketPublicAccessBlock",
        "rotate apigateway:POST",
        "rotate secretsmanager:PutSecretValue",
        "scan sns:Publish",
        "validate dynamodb:PutItem",
    ] {
        assert!(judged.contains(some), "{some} was not called: {judged:?}");
    }
}
