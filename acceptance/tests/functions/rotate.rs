//! rotate: the four steps of both kinds of secrets, each repeated, and the
//! retirement of the API key's predecessor.

use crate::events::{bus, rotation};
use crate::stage::{PIPELINE, Stage, expect_part};
use acceptance::lambda::{Answer, Function};
use acceptance::{Action, Rule};
use serde_json::{Value, json};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const TOKENS: [&str; 2] = [
    "11111111-aaaa-4444-8888-000000000001",
    "11111111-aaaa-4444-8888-000000000002",
];

/// A stage with an API key of the pipeline, its plan and its secret.
fn with_api_key(name: &str) -> (Stage, String) {
    with_api_key_in(Stage::new(name))
}

fn with_api_key_in(mut stage: Stage) -> (Stage, String) {
    let name = stage.name.clone();
    let made = stage.boto3(&format!(
        r#"
api, sm = c("apigateway"), c("secretsmanager")
tags = {{"tap:pipeline": {PIPELINE:?} + NAME, "tap:logical-id": "ApiKey", "team": "blue"}}
value = (NAME + "-") * 4 + "0" * 10
key = api.create_api_key(name="api-" + NAME, value=value, enabled=True, tags=tags)
plan = api.create_usage_plan(name=NAME)["id"]
api.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
secret = sm.create_secret(Name="api-key-" + NAME, SecretString=json.dumps({{"api_key": value}}), Tags=[{{"Key": "tap:pipeline", "Value": tags["tap:pipeline"]}}, {{"Key": "tap:rotation", "Value": "api-key"}}])["ARN"]
api.create_api_key(name="stranger-" + NAME, value="s" * 30 + NAME, enabled=True, tags={{"tap:pipeline": "other-dev@us-east-1", "tap:logical-id": "ApiKey", "tap:retire-after": "2000-01-01T00:00:00.000Z"}})
out({{"plan": plan, "secret": secret}})"#
    ));
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    stage.set(&[
        ("TAP_PIPELINE", format!("{PIPELINE}{name}")),
        ("TAP_USAGE_PLAN_ID", text("plan")),
        ("TAP_API_KEY_SECRET_ARN", text("secret")),
        ("TAP_ROTATION_OVERLAP_SECONDS", "0".to_owned()),
    ]);
    (stage, text("secret"))
}

/// Every step twice, as when Secrets Manager did not hear the first answer.
fn rotate_all(rotate: &mut Function, secret: &str, token: &str) {
    for step in STEPS {
        for _ in 0..2 {
            let answer = rotate.invoke(&rotation(step, secret, token)).response();
            expect_part(&answer, json!({ "verdict": "rotated", "step": step }));
        }
    }
}

/// The current secret, and this stage's API keys: name, value, tags, in the plan?
fn api_keys(stage: &Stage) -> Value {
    let plan = &stage.env["TAP_USAGE_PLAN_ID"];
    stage.boto3(&format!(
        r#"
api, sm = c("apigateway"), c("secretsmanager")
secret = json.loads(sm.get_secret_value(SecretId="api-key-" + NAME)["SecretString"])
joined = [k["id"] for k in api.get_usage_plan_keys(usagePlanId={plan:?})["items"]]
keys = [k for k in api.get_api_keys(limit=500, includeValues=True)["items"] if k["tags"].get("tap:pipeline", "").endswith(NAME)]
out({{"secret": secret, "keys": [{{"id": k["id"], "name": k["name"], "value": k["value"], "tags": k["tags"], "joined": k["id"] in joined, "enabled": k["enabled"]}} for k in keys]}})"#
    ))
}

#[test]
pub fn an_api_key_is_replaced_overlaps_and_is_retired() {
    let (stage, secret) = with_api_key("r-key");
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate_all(&mut rotate, &secret, TOKENS[0]);
    let now = api_keys(&stage);
    let keys = now["keys"].as_array().unwrap();
    assert_eq!(
        keys.len(),
        2,
        "one successor, however often a step comes: {now:#}"
    );
    let successor = keys
        .iter()
        .find(|key| key["id"] == now["secret"]["api_key_id"])
        .unwrap();
    let predecessor = keys
        .iter()
        .find(|key| key["id"] != now["secret"]["api_key_id"])
        .unwrap();
    assert_eq!(
        successor["value"], now["secret"]["api_key"],
        "R098: the key is the secret"
    );
    assert_eq!(successor["value"].as_str().unwrap().len(), 40);
    assert_eq!(
        successor["tags"],
        json!({ "tap:pipeline": stage.env["TAP_PIPELINE"], "tap:logical-id": "ApiKey", "team": "blue" })
    );
    for key in keys {
        expect_part(key, json!({ "joined": true, "enabled": true }));
    }
    assert!(
        predecessor["tags"]["tap:retire-after"].is_string(),
        "{predecessor}"
    );

    // The schedule: nothing but our predecessor goes, and only once.
    let answer = rotate.invoke(&schedule("s-1")).response();
    expect_part(
        &answer,
        json!({ "verdict": "retired", "api_key_ids": [predecessor["id"]] }),
    );
    assert_eq!(
        rotate.invoke(&schedule("s-2")).response(),
        json!({ "ignored": "no API key is to be retired" })
    );
    let left = api_keys(&stage);
    assert_eq!(left["keys"].as_array().unwrap().len(), 1);
    let strangers = stage.boto3("out(sum(k[\"name\"] == \"stranger-\" + NAME for k in c(\"apigateway\").get_api_keys(limit=500)[\"items\"]))");
    assert_eq!(strangers, json!(1));

    // And once more: a successor of a successor.
    stage.stage_pending(&secret, TOKENS[1]);
    rotate_all(&mut rotate, &secret, TOKENS[1]);
    let again = api_keys(&stage);
    assert_eq!(again["keys"].as_array().unwrap().len(), 2);
    assert_ne!(again["secret"]["api_key"], now["secret"]["api_key"]);

    let rows = stage.rows();
    assert_eq!(
        rows.len(),
        2 * STEPS.len() + 2,
        "a row for each step of each rotation, one for the retirement and one for its intent: {rows:#?}"
    );
    expect_part(
        &rows[0],
        json!({ "requestId": format!("rotate#{}/createSecret", TOKENS[0]), "principal": "secretsmanager.amazonaws.com", "verdict": "rotated" }),
    );
    let said = format!("{}{rows:?}", rotate.log().join("\n"));
    for key in [&now, &again] {
        let value = key["secret"]["api_key"].as_str().unwrap();
        assert!(!said.contains(value), "no log line and no row holds a key");
    }
}

#[test]
pub fn a_key_that_is_current_again_is_not_retired() {
    let (mut stage, secret) = with_api_key("r-back");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate_all(&mut stage.function("rotate"), &secret, TOKENS[0]);
    // Somebody marks the current key, as if an earlier rotation had been undone.
    stage.boto3(
        r#"
id = json.loads(c("secretsmanager").get_secret_value(SecretId="api-key-" + NAME)["SecretString"])["api_key_id"]
c("apigateway").tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/apikeys/" + id, tags={"tap:retire-after": "2000-01-01T00:00:00.000Z"})"#,
    );
    stage.set(&[]);
    let answer = stage
        .function("rotate")
        .invoke(&bus("s-1", "aws.events", "Scheduled Event", json!({})))
        .response();
    let left = api_keys(&stage);
    let current = &left["secret"]["api_key_id"];
    assert!(
        !answer["api_key_ids"].as_array().unwrap().contains(current),
        "{answer}"
    );
    let keys = left["keys"].as_array().unwrap();
    let kept = keys.iter().find(|key| &key["id"] == current).unwrap();
    assert!(
        kept["tags"]["tap:retire-after"].is_null(),
        "it does not end: {kept}"
    );
}

/// Gives every key of the stage a time to end that has passed.
fn all_due(stage: &Stage) {
    stage.boto3(
        r#"
api = c("apigateway")
for key in api.get_api_keys(limit=500)["items"]:
    if key["tags"].get("tap:pipeline", "").endswith(NAME):
        api.tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/apikeys/" + key["id"], tags={"tap:retire-after": "2000-01-01T00:00:00.000Z"})"#,
    );
}

fn schedule(id: &str) -> Value {
    bus(id, "aws.events", "Scheduled Event", json!({}))
}

/// What an invocation failed with.
#[track_caller]
fn failure(function: &mut Function, event: &Value) -> String {
    match function.invoke(event) {
        Answer::Error { message, .. } => message,
        other => panic!("a failure was expected, and {other:?} came"),
    }
}

#[test]
fn the_current_key_is_not_deleted_whatever_the_secret_looks_like() {
    let (stage, secret) = with_api_key("r-first");
    let mut rotate = stage.function("rotate");
    // The first value has no id: the key is known by its value.
    all_due(&stage);
    assert_eq!(
        rotate.invoke(&schedule("s-1")).response(),
        json!({ "ignored": "no API key is to be retired" })
    );
    let now = api_keys(&stage);
    assert_eq!(now["keys"].as_array().unwrap().len(), 1);
    assert!(now["keys"][0]["tags"]["tap:retire-after"].is_null());

    all_due(&stage);
    for (id, value) in [("s-2", "the-key-itself"), ("s-3", "{\"key\": \"k\"}")] {
        stage.boto3(&format!(
            "c(\"secretsmanager\").put_secret_value(SecretId={secret:?}, SecretString={value:?})"
        ));
        let message = failure(&mut rotate, &schedule(id));
        assert!(
            message.contains("no API key is deleted") && !message.contains(value),
            "{message}"
        );
    }
    let count = stage.boto3("out(sum(k[\"tags\"].get(\"tap:pipeline\", \"\").endswith(NAME) for k in c(\"apigateway\").get_api_keys(limit=500)[\"items\"]))");
    assert_eq!(count, json!(1));
}

#[test]
fn a_retirement_that_was_cut_off_says_which_keys_are_gone() {
    let (mut stage, _) = with_api_key_in(Stage::alone("r-partly"));
    stage.boto3(&format!(
        "for n in (1, 2):\n    c(\"apigateway\").create_api_key(name=\"old-%d\" % n, value=(\"old-%d\" % n) * 6, enabled=True, tags={{\"tap:pipeline\": {:?}, \"tap:logical-id\": \"ApiKey\"}})",
        stage.env["TAP_PIPELINE"]
    ));
    stage.set(&[]);
    all_due(&stage);
    stage
        .sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("apigateway")
            .operation("DeleteApiKey")
            .nth(2)])
        .unwrap();
    let mut rotate = stage.function("rotate");
    failure(&mut rotate, &schedule("s-1"));
    let rows = stage.rows();
    let verdicts: Vec<&Value> = rows.iter().map(|row| &row["verdict"]).collect();
    assert_eq!(verdicts, ["failed", "intended", "intended"], "{rows:#?}");
    let actions = rows[0]["detail"]["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 1, "{rows:#?}");
    let left = api_keys(&stage);
    let left = left["keys"].as_array().unwrap();
    assert_eq!(left.len(), 2, "the current one and the other");
    assert!(left.iter().all(|key| key["id"] != actions[0]["target"]));
    let answer = rotate.invoke(&schedule("s-1")).response();
    expect_part(&answer, json!({ "verdict": "retired" }));
}

#[test]
fn a_last_step_that_comes_late_leaves_the_next_rotation_alone() {
    let (stage, secret) = with_api_key("r-late");
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate_all(&mut rotate, &secret, TOKENS[0]);
    stage.stage_pending(&secret, TOKENS[1]);
    rotate
        .invoke(&rotation("createSecret", &secret, TOKENS[1]))
        .response();
    all_due(&stage);
    stage.boto3(&format!(
        r#"
api = c("apigateway")
key = [k for k in api.get_api_keys(limit=500)["items"] if k["name"].endswith({:?})][0]
api.untag_resource(resourceArn="arn:aws:apigateway:us-east-1::/apikeys/" + key["id"], tagKeys=["tap:retire-after"])"#,
        TOKENS[1]
    ));
    rotate
        .invoke(&rotation("finishSecret", &secret, TOKENS[0]))
        .response();
    let now = api_keys(&stage);
    let ends = |key: &Value| key["tags"]["tap:retire-after"].is_string();
    for key in now["keys"].as_array().unwrap() {
        let next = key["name"].as_str().unwrap().ends_with(TOKENS[1]);
        let current = key["id"] == now["secret"]["api_key_id"];
        assert_eq!(ends(key), !next && !current, "{now:#}");
    }
}

#[test]
fn a_pending_key_that_is_gone_is_said_and_what_to_do() {
    let (stage, secret) = with_api_key("r-gone");
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    let create = rotation("createSecret", &secret, TOKENS[0]);
    rotate.invoke(&create).response();
    stage.boto3(&format!(
        "api = c(\"apigateway\")\napi.delete_api_key(apiKey=[k[\"id\"] for k in api.get_api_keys(limit=500)[\"items\"] if k[\"name\"] == \"api-key-\" + NAME + \"-{}\"][0])",
        TOKENS[0]
    ));
    let message = failure(&mut rotate, &create);
    assert!(
        message.contains("is gone") && message.contains("remove the stage AWSPENDING"),
        "{message}"
    );
}

/// What RotateSecret without RotateImmediately does first: a version that is
/// staged and holds the value there is.
fn stage_current(stage: &Stage, secret: &str) {
    stage.boto3(&format!(
        "sm = c(\"secretsmanager\")\nsm.put_secret_value(SecretId={secret:?}, ClientRequestToken={:?}, SecretString=sm.get_secret_value(SecretId={secret:?})[\"SecretString\"], VersionStages=[\"AWSPENDING\"])",
        TOKENS[0]
    ));
}

#[test]
fn the_test_alone_holds_of_the_value_there_is() {
    let (stage, secret) = with_api_key("r-test-key");
    stage_current(&stage, &secret);
    let test = |secret: &str| rotation("testSecret", secret, TOKENS[0]);
    let answer = stage.function("rotate").invoke(&test(&secret)).response();
    expect_part(&answer, json!({ "step": "testSecret" }));
    let (stage, secret) = with_credentials("r-test-db", &tags("credentials"));
    stage_current(&stage, &secret);
    let answer = stage.function("rotate").invoke(&test(&secret)).response();
    expect_part(&answer, json!({ "step": "testSecret" }));
}

#[test]
fn nothing_becomes_current_that_was_not_tested() {
    let (stage, secret) = with_api_key("r-untested");
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate
        .invoke(&rotation("createSecret", &secret, TOKENS[0]))
        .response();
    // Not in the usage plan: it would open nothing.
    let message = failure(&mut rotate, &rotation("finishSecret", &secret, TOKENS[0]));
    assert!(message.contains("apigateway:GetUsagePlanKey"), "{message}");
    assert!(api_keys(&stage)["secret"]["api_key_id"].is_null());
}

#[test]
fn a_rotation_that_was_cut_off_goes_on_with_the_key_it_made() {
    let (stage, secret) = with_api_key("r-cut");
    stage.stage_pending(&secret, TOKENS[0]);
    // The key was made, and the process ended before the secret was put.
    let made = stage.boto3(&format!(
        "out(c(\"apigateway\").create_api_key(name=\"api-key-\" + NAME + \"-{}\", value=\"w\" * 40, enabled=True, tags={{\"tap:pipeline\": {:?}, \"tap:logical-id\": \"ApiKey\"}})[\"id\"])",
        TOKENS[0], stage.env["TAP_PIPELINE"]
    ));
    rotate_all(&mut stage.function("rotate"), &secret, TOKENS[0]);
    let now = api_keys(&stage);
    assert_eq!(
        now["secret"],
        json!({ "api_key": "w".repeat(40), "api_key_id": made })
    );
    assert_eq!(now["keys"].as_array().unwrap().len(), 2);
}

fn with_credentials(name: &str, tags: &str) -> (Stage, String) {
    with_credentials_in(Stage::new(name), tags)
}

fn with_credentials_in(mut stage: Stage, tags: &str) -> (Stage, String) {
    let secret = stage.boto3(&format!(
        "out(c(\"secretsmanager\").create_secret(Name=\"db-\" + NAME, SecretString=json.dumps({{\"username\": \"dbadmin\", \"password\": \"first\", \"port\": 5432}}), Tags={tags})[\"ARN\"])"
    ));
    stage.set(&[]);
    let secret = secret.as_str().unwrap().to_owned();
    (stage, secret)
}

/// Of a secret that opens nothing, so that no hook is needed.
fn tags(kind: &str) -> String {
    let hooked = hooked_tags(kind);
    let others = hooked.strip_suffix(']').unwrap();
    format!("{others}, {{\"Key\": \"tap:rotation-hook\", \"Value\": \"none\"}}]")
}

fn hooked_tags(kind: &str) -> String {
    format!(
        "[{{\"Key\": \"tap:pipeline\", \"Value\": {PIPELINE:?}}}, {{\"Key\": \"tap:rotation\", \"Value\": {kind:?}}}]"
    )
}

#[test]
fn a_password_is_replaced_and_the_rest_of_the_credentials_kept() {
    let (stage, secret) = with_credentials("r-db", &tags("credentials"));
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate_all(&mut rotate, &secret, TOKENS[0]);
    let now = stage.boto3("sm = c(\"secretsmanager\")\nout([json.loads(sm.get_secret_value(SecretId=\"db-\" + NAME, VersionStage=s)[\"SecretString\"]) for s in (\"AWSCURRENT\", \"AWSPREVIOUS\")])");
    let password = now[0]["password"].as_str().unwrap();
    assert_eq!(
        now[0],
        json!({ "username": "dbadmin", "password": password, "port": 5432 })
    );
    assert_eq!(now[1]["password"], "first");
    assert!(password.len() == 32 && !password.contains(|c| "/@\"\\".contains(c)));
    let said = format!("{}{:?}", rotate.log().join("\n"), stage.rows());
    assert!(said.contains("createSecret") && !said.contains(password));
}

#[test]
fn what_is_no_rotation_of_this_pipeline_is_refused_by_name() {
    let strangers = "[{\"Key\": \"tap:pipeline\", \"Value\": \"other-dev@us-east-1\"}, {\"Key\": \"tap:rotation\", \"Value\": \"credentials\"}]";
    for (name, tags, staged, says) in [
        (
            "r-stranger",
            strangers.to_owned(),
            true,
            "not this pipeline's",
        ),
        (
            "r-kind",
            tags("certificate"),
            true,
            "must be api-key or credentials",
        ),
        (
            "r-unstaged",
            tags("credentials"),
            false,
            "start the rotation anew",
        ),
    ] {
        let (stage, secret) = with_credentials(name, &tags);
        if staged {
            stage.stage_pending(&secret, TOKENS[0]);
        }
        let answer = stage
            .function("rotate")
            .invoke(&rotation("createSecret", &secret, TOKENS[0]));
        let Answer::Error { kind, message } = answer else {
            panic!("{name}: {answer:?}");
        };
        assert_eq!(kind, "IntegrityError", "{name}");
        assert!(
            message.contains(says) && message.contains(&secret),
            "{name}: {message}"
        );
    }
}

fn current_password(stage: &Stage) -> String {
    let now = stage.boto3("out(json.loads(c(\"secretsmanager\").get_secret_value(SecretId=\"db-\" + NAME)[\"SecretString\"])[\"password\"])");
    now.as_str().unwrap().to_owned()
}

#[test]
fn without_a_hook_nobody_is_locked_out() {
    let (stage, secret) = with_credentials("r-hookless", &hooked_tags("credentials"));
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate
        .invoke(&rotation("createSecret", &secret, TOKENS[0]))
        .response();
    for step in ["setSecret", "testSecret", "finishSecret"] {
        let message = failure(&mut rotate, &rotation(step, &secret, TOKENS[0]));
        assert!(
            message.contains("tap:rotation-hook=none"),
            "{step}: {message}"
        );
    }
    assert_eq!(current_password(&stage), "first");
}

/// A hook as a user would write one. What the password opens is an object:
/// `setSecret` puts the password there, slowly, and `testSecret` compares.
const HOOK: &str = r#"
import json, os, time, boto3
def handler(event, context):
    sm, s3 = boto3.client("secretsmanager"), boto3.client("s3")
    place = {"Bucket": os.environ["PLACE"], "Key": "password"}
    pending = sm.get_secret_value(SecretId=event["SecretId"], VersionId=event["ClientRequestToken"], VersionStage="AWSPENDING")
    password = json.loads(pending["SecretString"])["password"]
    if event["Step"] == "setSecret":
        time.sleep(6)
        count = int(s3.list_objects_v2(Bucket=os.environ["PLACE"], Prefix="set/").get("KeyCount", 0))
        s3.put_object(Bucket=os.environ["PLACE"], Key="set/%d" % count, Body=b"")
        s3.put_object(Body=password.encode(), **place)
    elif event["Step"] == "testSecret":
        if os.environ.get("REFUSES") or s3.get_object(**place)["Body"].read().decode() != password:
            raise ValueError("the password " + password + " does not open it")
    else:
        raise ValueError("no such step")
"#;

/// Credentials whose hook is deployed in the sandbox.
fn with_hook(name: &str, refuses: &str) -> (Stage, String) {
    // Lambda functions run in the sandbox' own processes.
    let (mut stage, secret) = with_credentials_in(Stage::alone(name), &hooked_tags("credentials"));
    let environment: Value = stage
        .env
        .iter()
        .filter(|(name, _)| name.starts_with("AWS_"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .chain([
            ("PLACE".to_owned(), json!(stage.raw())),
            ("REFUSES".to_owned(), json!(refuses)),
        ])
        .collect::<serde_json::Map<_, _>>()
        .into();
    let hook = stage.boto3(&format!(
        r#"
import io, zipfile
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as z:
    z.writestr("hook.py", {HOOK:?})
role = c("iam").create_role(RoleName=NAME + "-hook", AssumeRolePolicyDocument="{{}}")["Role"]["Arn"]
out(c("lambda").create_function(FunctionName=NAME + "-hook", Runtime="python3.12", Handler="hook.handler", Role=role,
    Code={{"ZipFile": archive.getvalue()}}, Timeout=30, Environment={{"Variables": json.loads({:?})}})["FunctionArn"])"#,
        environment.to_string()
    ));
    let hook = hook.as_str().unwrap().to_owned();
    stage.set(&[("TAP_ROTATION_HOOK_ARN", hook)]);
    (stage, secret)
}

#[test]
pub fn a_hook_sets_and_tests_the_password_and_may_take_its_time() {
    let (stage, secret) = with_hook("r-hook", "");
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    for step in STEPS {
        let answer = rotate
            .invoke(&rotation(step, &secret, TOKENS[0]))
            .response();
        expect_part(&answer, json!({ "verdict": "rotated", "step": step }));
    }
    let password = current_password(&stage);
    let opens = stage.boto3("out([s3.get_object(Bucket=RAW, Key=\"password\")[\"Body\"].read().decode(), s3.list_objects_v2(Bucket=RAW, Prefix=\"set/\")[\"KeyCount\"]])");
    assert_eq!(
        opens,
        json!([password, 1]),
        "the hook was called once, and waited for"
    );
    assert_ne!(password, "first");
}

#[test]
fn a_password_that_the_hook_refuses_does_not_become_current() {
    let (stage, secret) = with_hook("r-refused", "yes");
    let mut rotate = stage.function("rotate");
    stage.stage_pending(&secret, TOKENS[0]);
    for step in ["createSecret", "setSecret"] {
        rotate
            .invoke(&rotation(step, &secret, TOKENS[0]))
            .response();
    }
    let pending = stage.boto3(&format!(
        "out(json.loads(c(\"secretsmanager\").get_secret_value(SecretId=\"db-\" + NAME, VersionId={:?}, VersionStage=\"AWSPENDING\")[\"SecretString\"])[\"password\"])",
        TOKENS[0]
    ));
    for step in ["testSecret", "finishSecret"] {
        let message = failure(&mut rotate, &rotation(step, &secret, TOKENS[0]));
        assert!(message.contains("the hook"), "{step}: {message}");
        let said = format!("{message}{}{:?}", rotate.log().join(""), stage.rows());
        assert!(!said.contains(pending.as_str().unwrap()), "no password");
    }
    assert_eq!(current_password(&stage), "first");
}
