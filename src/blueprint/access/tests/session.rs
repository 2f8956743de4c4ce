//! The policy that auditors pass when they assume their role: what a session
//! with it may do is what it and the role's policy both allow.

use super::super::session_policy;
use super::*;

fn parsed(spec: &Spec, facts: &Facts) -> Value {
    let text = session_policy(spec, facts).expect("there are auditors");
    serde_json::from_str(&text).expect("JSON")
}

fn audited() -> Spec {
    let mut spec = Spec::new("documents", "dev");
    auditors(&mut spec);
    spec
}

/// R102
#[test]
fn a_session_of_an_auditor_reads_the_records_of_this_pipeline_as_the_role_does() {
    let template = template(auditors);
    let role = policy_of(&template, "AuditorPolicy");
    let session = parsed(&audited(), &Facts::documentation());
    let there: &[(&str, &str)] = &[
        ("aws:SourceIp", "203.0.113.5"),
        ("aws:ViaAWSService", "false"),
    ];
    let listing = |prefix: &'static str| [there, &[("s3:prefix", prefix)]].concat();
    let (results, documents) = (listing("scan-results/"), listing("encrypted/"));
    let (logs, trails) = (listing("access-logs/raw/2026"), listing("AWSLogs/"));
    let through = |service: &'static str| vec![("kms:ViaService", service)];
    let index = &format!("{TABLE}/index/by-day");
    let stream = &format!(
        "arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/scan-documents-dev:log-stream:s"
    );
    let result = &format!("{PROCESSED}/scan-results/a.json");
    let access = &format!("{LOGS}/access-logs/raw/2026");
    let key = &format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/1");
    let elsewhere = &format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/1");
    for (action, resource, context, expected) in [
        ("dynamodb:GetItem", TABLE, there, Allowed),
        ("dynamodb:Query", index, there, Allowed),
        ("logs:GetLogEvents", stream, there, Allowed),
        ("s3:GetObject", result, there, Allowed),
        ("s3:GetObject", access, there, Allowed),
        ("s3:ListBucket", PROCESSED, &results, Allowed),
        ("s3:ListBucket", LOGS, &logs, Allowed),
        // And nothing that the role has not.
        ("s3:ListBucket", PROCESSED, &documents, NotAllowed),
        ("s3:ListBucket", LOGS, &trails, NotAllowed),
        ("s3:ListBucket", RAW, &results, NotAllowed),
        (
            "s3:GetObject",
            &format!("{RAW}/raw/a.pdf"),
            there,
            NotAllowed,
        ),
        (
            "s3:GetObject",
            &format!("{PROCESSED}/encrypted/a"),
            there,
            NotAllowed,
        ),
    ] {
        let request = Request::new(action, resource, context);
        assert_eq!(decide(&session, &request), expected, "{request:?}");
        assert_eq!(decide(&role, &request), expected, "the role: {request:?}");
    }
    // Our keys have no name before they are there; the role says which.
    for (resource, service, expected) in [
        (key, "dynamodb.us-east-1.amazonaws.com", Allowed),
        (key, "s3.us-east-1.amazonaws.com", Allowed),
        (key, "secretsmanager.us-east-1.amazonaws.com", NotAllowed),
        (elsewhere, "s3.us-east-1.amazonaws.com", NotAllowed),
    ] {
        let context = through(service);
        let request = Request::new("kms:Decrypt", resource, &context);
        assert_eq!(decide(&session, &request), expected, "{request:?}");
    }
}

/// R102: the session is narrowed by itself, not only by the role that it is of:
/// an administrator's policy, attached to the role, gives it nothing more.
#[test]
fn a_session_changes_nothing_and_reads_nothing_else_whatever_the_role_becomes() {
    let session = parsed(&audited(), &Facts::documentation());
    let other = "arn:aws:dynamodb:us-east-1:111122223333:table/audit-claims-dev";
    let region = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/scan-documents-dev:*";
    let group = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/scan-documents-dev:*";
    for (action, resource) in [
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
        ("dynamodb:Scan", other),
        ("dynamodb:Query", other),
        ("logs:DeleteLogGroup", group),
        ("logs:PutLogEvents", group),
        ("logs:GetLogEvents", region),
        (
            "logs:GetLogEvents",
            "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/x:*",
        ),
        ("s3:PutObject", &format!("{PROCESSED}/scan-results/a.json")),
        (
            "s3:DeleteObjectVersion",
            &format!("{LOGS}/access-logs/raw/2026"),
        ),
        ("s3:GetObject", "arn:aws:s3:::another/scan-results/a.json"),
        ("kms:Encrypt", DATA_KEY),
        ("iam:CreateUser", "*"),
        (
            "sts:AssumeRole",
            "arn:aws:iam::111122223333:role/administrator",
        ),
    ] {
        let context = [("kms:ViaService", "s3.us-east-1.amazonaws.com")];
        let request = Request::new(action, resource, &context);
        assert_eq!(decide(&session, &request), NotAllowed, "{request:?}");
    }
}

/// Keys of the user's own have names.
#[test]
fn a_session_decrypts_with_the_keys_that_were_brought_alone() {
    let mut spec = audited();
    let arn = |end: &str| format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{end}");
    spec.encryption.key_arns.data = Some(arn("data"));
    spec.encryption.key_arns.logs = Some(arn("logs"));
    let session = parsed(&spec, &Facts::documentation());
    for (key, expected) in [
        (arn("data"), Allowed),
        (arn("logs"), Allowed),
        (arn("other"), NotAllowed),
    ] {
        let context = [("kms:ViaService", "s3.us-east-1.amazonaws.com")];
        let request = Request::new("kms:Decrypt", &key, &context);
        assert_eq!(decide(&session, &request), expected, "{key}");
    }
}

/// STS counts every character
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
#[test]
fn a_session_policy_fits_with_the_longest_names() {
    let mut spec = Spec::new(&"n".repeat(32), &"s".repeat(16));
    auditors(&mut spec);
    spec.storage.log_bucket_name = Some("b".repeat(63));
    let facts = Facts {
        partition: "aws-us-gov".into(),
        region: "us-gov-east-1".into(),
        ..Facts::documentation()
    };
    let arn = |letter: &str| facts.arn("kms", &format!("key/{}", letter.repeat(36)));
    let ours = session_policy(&spec, &facts).expect("auditors");
    spec.encryption.key_arns.data = Some(arn("a"));
    spec.encryption.key_arns.logs = Some(arn("b"));
    let brought = session_policy(&spec, &facts).expect("auditors");
    for text in [ours, brought] {
        assert!(text.len() <= 2048, "{} characters: {text}", text.len());
    }
}

#[test]
fn without_auditors_there_is_no_session_policy() {
    let spec = Spec::new("documents", "dev");
    assert_eq!(session_policy(&spec, &Facts::documentation()), None);
}
