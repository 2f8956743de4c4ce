//! The bundle for arm64, Lambda's cheaper processor, on whatever machine this
//! is: each handler once, from its event to its row. On another architecture
//! qemu's user-mode emulator runs it; `tools/arm64.py` prepares that.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::documents::{CARD, fixture};
use crate::events::{bus, compliance_change, object_created, rotation, rule};
use crate::stage::{PIPELINE, Stage, bootstrap, expect_part};
use acceptance::lambda::Program;
use serde_json::{Value, json};
use terraform_provider_tap::bundle::Architecture;

/// Emulation is some twenty times slower than the processor; what is tested
/// is that it is right.
const TIMEOUT: Duration = Duration::from_secs(120);

fn arm64() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let prefix = Command::new("python3")
            .arg(root.join("tools/arm64.py"))
            .current_dir(&root)
            .output()
            .expect("python3");
        let text = String::from_utf8_lossy(&prefix.stdout).into_owned();
        assert!(
            prefix.status.success(),
            "{}",
            String::from_utf8_lossy(&prefix.stderr)
        );
        Program {
            prefix: text.split_whitespace().map(Into::into).collect(),
            bootstrap: bootstrap(Architecture::Arm64).into(),
            timeout: TIMEOUT,
        }
    })
}

#[track_caller]
fn answer(stage: &Stage, handler: &str, event: &Value) -> Value {
    stage.function_of(arm64(), handler).invoke(event).response()
}

#[test]
fn a_document_is_validated_encrypted_and_scanned() {
    let stage = Stage::new("arm-documents");
    for (name, body, verdict) in [
        ("card.txt", CARD.as_bytes().to_vec(), "non-compliant"),
        ("letter.pdf", fixture("office/letter.pdf"), "non-compliant"),
        ("letter.docx", fixture("docx/letter.docx"), "non-compliant"),
    ] {
        let raw = format!("raw/{name}");
        let version = stage.put(&stage.raw(), &raw, &body);
        let event = object_created(&format!("v-{name}"), &stage.raw(), &raw, &version);
        expect_part(
            &answer(&stage, "validate", &event),
            json!({ "verdict": "accepted" }),
        );
        let told = stage.events();
        let event = bus(
            &format!("e-{name}"),
            "tap.pipeline",
            "Document Validated",
            told[0]["detail"].clone(),
        );
        let encrypted = answer(&stage, "encrypt", &event);
        expect_part(&encrypted, json!({ "verdict": "encrypted" }));
        let key = encrypted["encrypted_key"].as_str().unwrap();
        let version = encrypted["encrypted_version"].as_str().unwrap();
        let event = object_created(&format!("s-{name}"), &stage.processed(), key, version);
        expect_part(
            &answer(&stage, "scan", &event),
            json!({ "verdict": verdict }),
        );
    }
    assert_eq!(stage.alerts().len(), 3);
    assert_eq!(stage.rows().len(), 9);
}

#[test]
fn a_bucket_is_mended_a_secret_rotated_and_a_rule_answered() {
    let stage = Stage::new("arm-services");
    let made = stage.boto3(&format!(
        r#"
name = NAME + "-mended"
s3.create_bucket(Bucket=name)
s3.put_bucket_tagging(Bucket=name, Tagging={{"TagSet": [{{"Key": "tap:pipeline", "Value": {PIPELINE:?}}}]}})
flags = {{"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}}
baseline = {{"BucketEncryption": {{"ServerSideEncryptionConfiguration": [{{"BucketKeyEnabled": False, "ServerSideEncryptionByDefault": {{"SSEAlgorithm": "AES256"}}}}]}}, "PublicAccessBlockConfiguration": flags, "PolicyDocument": {{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::" + name + "/*", "Condition": {{"Bool": {{"aws:SecureTransport": "false"}}}}}}]}}}}
c("ssm").put_parameter(Name="/tap/" + NAME + "/baseline/" + name, Type="String", Value=json.dumps(baseline))
secret = c("secretsmanager").create_secret(Name="db-" + NAME, SecretString=json.dumps({{"username": "u", "password": "p"}}), Tags=[{{"Key": "tap:pipeline", "Value": {PIPELINE:?}}}, {{"Key": "tap:rotation", "Value": "credentials"}}, {{"Key": "tap:rotation-hook", "Value": "none"}}])["ARN"]
out({{"bucket": name, "secret": secret}})"#
    ));
    let text = |name: &str| made[name].as_str().unwrap();
    let event = compliance_change("c-1", "AWS::S3::Bucket", text("bucket"), "NON_COMPLIANT");
    expect_part(
        &answer(&stage, "remediate", &event),
        json!({ "verdict": "remediated" }),
    );

    let token = "33333333-aaaa-4444-8888-000000000001";
    stage.stage_pending(text("secret"), token);
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        let event = rotation(step, text("secret"), token);
        expect_part(
            &answer(&stage, "rotate", &event),
            json!({ "verdict": "rotated", "step": step }),
        );
    }

    let item = json!({
        "configurationItemCaptureTime": "2026-11-12T10:00:00.000Z", "configurationItemStatus": "OK",
        "resourceType": "AWS::SNS::Topic", "resourceId": "arn:aws:sns:us-east-1:123456789012:t",
        "tags": { "tap:pipeline": PIPELINE }, "configuration": { "KmsMasterKeyId": "alias/aws/sns" },
    });
    let invoking =
        json!({ "configurationItem": item, "messageType": "ConfigurationItemChangeNotification" });
    expect_part(
        &answer(&stage, "evaluate", &rule("encryption", &invoking)),
        json!({ "verdict": "non-compliant" }),
    );
    // One row for each operation, beside those of what it was about to do.
    let rows = stage.rows();
    let operations = rows.iter().filter(|row| row["verdict"] != "intended");
    assert_eq!(operations.count(), 6, "{rows:#?}");
}
