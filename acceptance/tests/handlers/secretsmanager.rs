//! Secrets, their rotation and their policies, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use acceptance::Sandbox;
use serde_json::{Value, json};
use terraform_provider_tap::engine::{ErrorKind, Found};

const SECRET: &str = "AWS::SecretsManager::Secret";
const SCHEDULE: &str = "AWS::SecretsManager::RotationSchedule";

fn secret(force: bool) -> Value {
    json!({
        "Name": "credentials-documents-dev",
        "Description": "a credential",
        "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/one",
        "GenerateSecretString": {
            "SecretStringTemplate": r#"{"username":"dbadmin"}"#,
            "GenerateStringKey": "password",
            "PasswordLength": 32,
            "ExcludeCharacters": "/@\"\\",
        },
        "Tags": [{ "Key": "tap:force-destroy", "Value": force.to_string() }],
    })
}

/// The versions of the secret and the value that is current, as boto3 sees
/// them.
fn seen(sandbox: &Sandbox) -> (usize, String) {
    let seen = sandbox
        .boto3(
            r#"
api = boto3.client("secretsmanager")
versions = api.list_secret_version_ids(SecretId="credentials-documents-dev")["Versions"]
value = api.get_secret_value(SecretId="credentials-documents-dev")["SecretString"]
print(json.dumps([len(versions), value]))
"#,
        )
        .expect("the secret has a value");
    let text = seen[1].as_str().unwrap().to_owned();
    (seen[0].as_u64().unwrap() as usize, text)
}

/// A function that Secrets Manager may invoke; its ARN.
fn function(sandbox: &Sandbox, permitted: bool) -> String {
    let permission = if permitted {
        r#"api.add_permission(FunctionName="rotate", StatementId="s", Action="lambda:InvokeFunction",
    Principal="secretsmanager.amazonaws.com", SourceAccount="123456789012")"#
    } else {
        ""
    };
    let made = sandbox.boto3(&format!(
        r#"
import io, zipfile
archive = io.BytesIO()
zipfile.ZipFile(archive, "w").writestr("bootstrap", "x")
archive.seek(0)
api = boto3.client("lambda")
iam = boto3.client("iam")
try:
    iam.create_role(RoleName="rotate", AssumeRolePolicyDocument="{{}}")
except iam.exceptions.EntityAlreadyExistsException:
    pass
try:
    arn = api.create_function(FunctionName="rotate", Runtime="provided.al2023", Handler="rotate",
        Role="arn:aws:iam::123456789012:role/rotate", Code={{"ZipFile": archive.read()}})["FunctionArn"]
except api.exceptions.ResourceConflictException:
    arn = api.get_function(FunctionName="rotate")["Configuration"]["FunctionArn"]
{permission}
print(json.dumps(arn))
"#
    ));
    made.expect("a function").as_str().unwrap().to_owned()
}

#[test]
fn a_secret_keeps_the_contract() {
    story(async |sandbox| {
        for force in [true, false] {
            let bench = Bench::new(sandbox);
            let mut then = secret(force);
            then["Description"] = json!("another");
            then["KmsKeyId"] = json!("arn:aws:kms:us-east-1:123456789012:key/two");
            then["Tags"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "Key": "team", "Value": "blue" }));
            hold(
                &bench,
                Case {
                    id: "DatabaseSecret",
                    type_name: SECRET,
                    first: secret(force),
                    then: vec![then],
                    unique: true,
                    refuses_strangers: true,
                },
            )
            .await;
        }
    });
}

/// R093, R100: the value has the form that was asked for, and stands in nothing
/// that this program keeps or says.
#[test]
fn the_value_is_made_by_aws_and_known_to_nobody_else() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let properties = secret(true);
        let made = bench.made("DatabaseSecret", SECRET, &properties).await;
        let (versions, value) = seen(sandbox);
        assert_eq!(versions, 1);
        let value: Value = serde_json::from_str(&value).unwrap();
        let password = value["password"].as_str().unwrap();
        assert_eq!(value["username"], "dbadmin");
        assert_eq!(password.len(), 32);
        assert!(!password.contains(|c| "/@\"\\ ".contains(c)), "{password}");

        let handler = bench.handler(SECRET);
        let cx = bench.cx("DatabaseSecret");
        let normal = handler.normalise(&properties).unwrap();
        let live = handler.read(&cx, &made.identifier, Some(&normal)).await;
        let live = live.unwrap().unwrap();
        let again = handler.create(&cx, &properties).await.unwrap_err();
        for said in [
            format!("{made:?}"),
            format!("{live:?}"),
            live.properties.to_string(),
            format!("{again:?}"),
        ] {
            assert!(!said.contains(password), "the value is in {said}");
        }
    });
}

/// What GenerateSecretString made cannot be read back: only another one makes
/// another value, and after an import none does.
#[test]
fn a_rotation_is_no_drift_and_only_another_recipe_makes_another_value() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let properties = secret(true);
        let made = bench.made("DatabaseSecret", SECRET, &properties).await;
        let handler = bench.handler(SECRET);
        let cx = bench.cx("DatabaseSecret");
        let normal = handler.normalise(&properties).unwrap();

        sandbox
            .boto3(
                r#"boto3.client("secretsmanager").put_secret_value(
    SecretId="credentials-documents-dev", SecretString="{}")"#,
            )
            .unwrap();
        let live = handler.read(&cx, &made.identifier, Some(&normal)).await;
        assert_eq!(live.unwrap().unwrap().properties, normal, "no drift");

        let imported = handler.read(&cx, &made.identifier, None).await;
        let imported = imported.unwrap().unwrap().properties;
        let update = handler.update(&cx, &made.identifier, &imported, &properties);
        update.await.unwrap();
        assert_eq!(seen(sandbox).1, "{}", "an import keeps the value");

        let mut another = properties.clone();
        another["GenerateSecretString"]["SecretStringTemplate"] = json!(r#"{"username":"app"}"#);
        let update = handler.update(&cx, &made.identifier, &normal, &another);
        update.await.unwrap();
        let value: Value = serde_json::from_str(&seen(sandbox).1).unwrap();
        assert_eq!(value["username"], "app");
    });
}

/// R099: the same name again after a destroy, in all the ways there are.
#[test]
fn a_name_is_used_again_and_a_value_that_can_be_had_back_is_not_thrown_away() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let mut properties = secret(false);
        let window = json!({ "Key": "tap:deletion-window-days", "Value": "9" });
        properties["Tags"].as_array_mut().unwrap().push(window);
        let first = bench.made("DatabaseSecret", SECRET, &properties).await;
        let (_, value) = seen(sandbox);
        bench
            .delete("DatabaseSecret", SECRET, &first.identifier)
            .await;
        let days = sandbox
            .boto3("import datetime\nfound = boto3.client('secretsmanager').list_secrets(IncludePlannedDeletion=True)['SecretList'][0]\nprint(round((found['DeletedDate'] - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400))")
            .unwrap();
        assert_eq!(days, 9, "as long as its key is kept");

        // Another's is refused by name, by find and by create.
        let stranger = bench.stranger();
        let cx = stranger.cx("DatabaseSecret");
        let theirs = stranger.handler(SECRET).find(&cx, &properties).await;
        assert!(
            matches!(theirs, Ok(Found::Stranger(why)) if why.contains("scheduled for deletion"))
        );
        let refused = stranger.handler(SECRET).create(&cx, &properties).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Stranger);

        // Under another key it is refused with what to do.
        let mut rekeyed = properties.clone();
        rekeyed["KmsKeyId"] = json!("arn:aws:kms:us-east-1:123456789012:key/new");
        let cx = bench.cx("DatabaseSecret");
        let refused = bench.handler(SECRET).create(&cx, &rekeyed).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Invalid);
        assert!(refused.message.contains("restore-secret"), "{refused}");

        // Ours comes back with its value, and as it is wanted now.
        let mut changed = properties.clone();
        changed["Description"] = json!("came back");
        changed["Tags"] = json!([{ "Key": "tap:force-destroy", "Value": "true" }]);
        let second = bench.made("DatabaseSecret", SECRET, &changed).await;
        assert_eq!(second, first, "the same secret");
        assert_eq!(seen(sandbox).1, value, "with its value");
        let handler = bench.handler(SECRET);
        let normal = handler.normalise(&changed).unwrap();
        let live = handler.read(&cx, &second.identifier, Some(&normal)).await;
        assert_eq!(live.unwrap().unwrap().properties, normal);

        // Without a recovery window the name is free at once.
        bench
            .delete("DatabaseSecret", SECRET, &second.identifier)
            .await;
        let third = bench.made("DatabaseSecret", SECRET, &properties).await;
        assert_ne!(third.identifier, second.identifier);
    });
}

#[test]
fn a_rotation_schedule_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let secret = bench.made("DatabaseSecret", SECRET, &secret(true)).await;
        let function = function(sandbox, true);
        let schedule = |days: u32| {
            json!({
                "SecretId": secret.reference,
                "RotationLambdaARN": function,
                "RotationRules": { "AutomaticallyAfterDays": days },
                "RotateImmediatelyOnUpdate": false,
            })
        };
        hold(
            &bench,
            Case {
                id: "DatabaseRotation",
                type_name: SCHEDULE,
                first: schedule(30),
                then: vec![schedule(60)],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
        assert_eq!(seen(sandbox).0, 1, "nothing was rotated by it");
    });
}

/// Lambda is told of the permission a moment before Secrets Manager asks.
#[test]
fn a_function_that_may_not_be_invoked_yet_is_waited_for() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let secret = bench.made("DatabaseSecret", SECRET, &secret(true)).await;
        let schedule = json!({
            "SecretId": secret.reference,
            "RotationLambdaARN": function(sandbox, false),
            "RotationRules": { "AutomaticallyAfterDays": 30 },
            "RotateImmediatelyOnUpdate": false,
        });
        let cx = bench.cx("DatabaseRotation");
        let early = bench.handler(SCHEDULE).create(&cx, &schedule).await;
        assert_eq!(early.unwrap_err().kind, ErrorKind::Transient);
        function(sandbox, true);
        bench.made("DatabaseRotation", SCHEDULE, &schedule).await;
        let rules = sandbox.boto3(
            r#"
secret = boto3.client("secretsmanager").describe_secret(SecretId="credentials-documents-dev")
print(json.dumps([secret["RotationEnabled"], secret["RotationRules"]]))
"#,
        );
        assert_eq!(
            rules.unwrap(),
            json!([true, { "AutomaticallyAfterDays": 30 }])
        );
    });
}
