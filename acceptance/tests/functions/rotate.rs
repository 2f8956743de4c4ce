//! rotate: the four steps of both kinds of secrets, each repeated, and the
//! retirement of the API key's predecessor.

use crate::events::{bus, rotation};
use crate::stage::{PIPELINE, Stage, expect_part};
use acceptance::lambda::{Answer, Function};
use serde_json::{Value, json};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
const TOKENS: [&str; 2] = [
    "11111111-aaaa-4444-8888-000000000001",
    "11111111-aaaa-4444-8888-000000000002",
];

/// A stage with an API key of the pipeline, its plan and its secret.
fn with_api_key(name: &str) -> (Stage, String) {
    let mut stage = Stage::new(name);
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
fn an_api_key_is_replaced_overlaps_and_is_retired() {
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
    let schedule = |id: &str| bus(id, "aws.events", "Scheduled Event", json!({}));
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
        2 * STEPS.len() + 1,
        "a row for each step of each rotation, and one for the retirement: {rows:#?}"
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
fn a_key_that_is_current_again_is_not_retired() {
    let (mut stage, secret) = with_api_key("r-back");
    stage.stage_pending(&secret, TOKENS[0]);
    rotate_all(&mut stage.function("rotate"), &secret, TOKENS[0]);
    // Somebody marks the current key, as if an earlier rotation had been undone.
    stage.boto3(&format!(
        r#"
id = json.loads(c("secretsmanager").get_secret_value(SecretId="api-key-" + NAME)["SecretString"])["api_key_id"]
c("apigateway").tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/apikeys/" + id, tags={{"tap:retire-after": "2000-01-01T00:00:00.000Z"}})"#
    ));
    stage.set(&[]);
    let answer = stage
        .function("rotate")
        .invoke(&bus("s-1", "aws.events", "Scheduled Event", json!({})))
        .response();
    let current = &api_keys(&stage)["secret"]["api_key_id"];
    assert!(
        !answer["api_key_ids"].as_array().unwrap().contains(current),
        "{answer}"
    );
    let left = api_keys(&stage);
    assert!(
        left["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| &key["id"] == current)
    );
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
    let mut stage = Stage::new(name);
    let secret = stage.boto3(&format!(
        "out(c(\"secretsmanager\").create_secret(Name=\"db-\" + NAME, SecretString=json.dumps({{\"username\": \"dbadmin\", \"password\": \"first\", \"port\": 5432}}), Tags={tags})[\"ARN\"])"
    ));
    stage.set(&[]);
    let secret = secret.as_str().unwrap().to_owned();
    (stage, secret)
}

fn tags(kind: &str) -> String {
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
