//! The functions deployed: the zip in Lambda, S3's events through EventBridge,
//! and requests through API Gateway.

use std::time::{Duration, Instant};

use crate::documents::{CARD, MEMO};
use crate::stage::{Stage, expect_part, native};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Deploys validate, encrypt and scan, the rules between them, and the API;
/// prints the API's id.
const DEPLOY: &str = r#"
import io, zipfile
lam, ev, api, sts = c("lambda"), c("events"), c("apigateway"), c("sts")
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    z.writestr(entry, open(BOOTSTRAP, "rb").read())
role = c("iam").create_role(RoleName=NAME + "-role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
arns = {}
for name in ("validate", "encrypt", "scan"):
    arns[name] = lam.create_function(FunctionName=NAME + "-" + name, Runtime="provided.al2023", Handler=name, Role=role,
        Code={"ZipFile": archive.getvalue()}, Timeout=15, MemorySize=512, Environment={"Variables": ENVIRONMENT})["FunctionArn"]
for bucket in (RAW, PROCESSED):
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
created = lambda bucket, prefix: {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": prefix}]}}}
for name, pattern in {"validate": created(RAW, "raw/"), "scan": created(PROCESSED, "encrypted/"), "encrypt": {"source": ["tap.pipeline"], "detail": {"pipeline": [ENVIRONMENT["TAP_PIPELINE"]]}}}.items():
    rule = ev.put_rule(Name=NAME + "-" + name, EventPattern=json.dumps(pattern))["RuleArn"]
    lam.add_permission(FunctionName=NAME + "-" + name, StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    ev.put_targets(Rule=NAME + "-" + name, Targets=[{"Id": "function", "Arn": arns[name]}])
rest = api.create_rest_api(name=NAME)["id"]
root = api.get_resources(restApiId=rest)["items"][0]["id"]
documents = api.create_resource(restApiId=rest, parentId=root, pathPart="documents")["id"]
for part, name in {"upload": "validate", "encrypt": "encrypt", "scan": "scan"}.items():
    resource = api.create_resource(restApiId=rest, parentId=documents, pathPart=part)["id"]
    api.put_method(restApiId=rest, resourceId=resource, httpMethod="POST", authorizationType="NONE")
    api.put_integration(restApiId=rest, resourceId=resource, httpMethod="POST", type="AWS_PROXY", integrationHttpMethod="POST", uri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arns[name] + "/invocations")
    lam.add_permission(FunctionName=NAME + "-" + name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com", SourceArn="arn:aws:execute-api:us-east-1:123456789012:" + rest + "/*")
api.create_deployment(restApiId=rest, stageName="prod")
out(rest)
"#;

fn deployed(name: &str) -> (Stage, String) {
    // Lambda functions run in the sandbox' own processes, and S3 tells the
    // default bus: a sandbox of its own.
    let mut stage = Stage::alone(name);
    stage.set(&[("TAP_EVENT_BUS", "default".to_owned())]);
    let environment: Value = stage
        .env
        .iter()
        .filter(|(name, _)| name.starts_with("TAP_"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let script = format!(
        "BOOTSTRAP, ENVIRONMENT = {:?}, json.loads({:?})\n{DEPLOY}",
        native().bootstrap.to_string_lossy(),
        environment.to_string()
    );
    let api = stage.boto3(&script).as_str().expect("an id").to_owned();
    (stage, api)
}

/// Posts JSON to the deployed API; returns status and body.
fn post(stage: &Stage, api: &str, path: &str, body: &Value) -> Value {
    let endpoint = stage.sandbox.endpoint();
    stage.boto3(&format!(
        "import requests\nanswer = requests.post(\"{endpoint}/restapis/{api}/prod/_user_request_{path}\", data={:?}, headers={{\"Content-Type\": \"application/json\"}})\nout([answer.status_code, answer.json()])",
        body.to_string()
    ))
}

/// The rows once there are so many, or after half a minute.
fn rows(stage: &Stage, count: usize) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let rows = stage.rows();
        if rows.len() >= count || Instant::now() > until {
            return rows;
        }
    }
}

fn verdicts(rows: &[Value]) -> Vec<String> {
    let mut verdicts: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {}",
                row["operation"].as_str().unwrap(),
                row["verdict"].as_str().unwrap()
            )
        })
        .collect();
    verdicts.sort();
    verdicts
}

#[test]
fn a_document_goes_through_the_pipeline_and_leaves_one_row_for_each_operation() {
    let (stage, api) = deployed("y-system");
    let version = stage.put(&stage.raw(), "raw/2026/a memo.txt", MEMO.as_bytes());
    let found = rows(&stage, 3);
    assert_eq!(
        verdicts(&found),
        ["encrypt encrypted", "scan clean", "validate accepted"],
        "{found:#?}"
    );
    let validated = found
        .iter()
        .find(|row| row["operation"] == "validate")
        .unwrap();
    assert_eq!(validated["documentVersion"], version.as_str());
    let mut keys = stage.keys(&stage.processed());
    keys.sort();
    assert_eq!(keys[0], "encrypted/2026/a memo.txt");
    assert!(
        keys[1].starts_with("scan-results/2026/a memo.txt/") && keys.len() == 2,
        "{keys:?}"
    );
    assert!(stage.alerts().is_empty());

    // By API: its own row, and those of the events that it makes.
    let body = json!({ "document_key": "card.txt", "content": STANDARD.encode(CARD) });
    let answer = post(&stage, &api, "/documents/upload", &body);
    expect_part(&answer[1], json!({ "verdict": "accepted", "kind": "text" }));
    assert_eq!(answer[0], 200);
    let found = rows(&stage, 7);
    assert_eq!(
        verdicts(&found),
        [
            "encrypt encrypted",
            "encrypt encrypted",
            "scan clean",
            "scan non-compliant",
            "validate accepted",
            "validate accepted",
            "validate accepted"
        ]
    );
    let alerts = stage.alerts();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    expect_part(&alerts[0], json!({ "alert": "document-non-compliant" }));

    let answer = post(
        &stage,
        &api,
        "/documents/scan",
        &json!({ "document_key": "card.txt" }),
    );
    assert_eq!(
        (&answer[0], &answer[1]["verdict"]),
        (&json!(200), &json!("non-compliant")),
        "{answer}"
    );
    let answer = post(
        &stage,
        &api,
        "/documents/upload",
        &json!({ "nonsense": true }),
    );
    assert_eq!(
        (&answer[0], &answer[1]["error"]["code"]),
        (&json!(400), &json!("InvalidBody")),
        "{answer}"
    );
    let answer = post(
        &stage,
        &api,
        "/documents/encrypt",
        &json!({ "document_key": "none.txt" }),
    );
    assert_eq!(answer[0], 404, "{answer}");
}
