//! What people may do: uploaders, auditors, administrators.

use super::*;

/// The form's user acts in the upload role's name from where they are.
#[test]
fn an_upload_may_put_one_kind_of_thing_from_where_the_api_may_be_called() {
    let open = template(|_| {});
    let closed = template(|spec| spec.api.allowed_cidrs = vec!["203.0.113.0/24".into()]);
    let raw = &format!("{RAW}/raw/a.pdf");
    let quarantine = &format!("{RAW}/quarantine/a.pdf");
    let inside: &[(&str, &str)] = &[("aws:SourceIp", "203.0.113.5")];
    for (template, elsewhere) in [(&open, Allowed), (&closed, NotAllowed)] {
        check(
            template,
            &[
                ("UploadPolicy", "s3:PutObject", raw, inside, Allowed),
                ("UploadPolicy", "s3:PutObject", raw, ELSEWHERE, elsewhere),
                (
                    "UploadPolicy",
                    "s3:PutObject",
                    quarantine,
                    inside,
                    NotAllowed,
                ),
                ("UploadPolicy", "s3:GetObject", raw, inside, NotAllowed),
                // S3 has its own address when it uses the key.
                (
                    "UploadPolicy",
                    "kms:GenerateDataKey",
                    DATA_KEY,
                    S3_FOR_THE_CALLER,
                    Allowed,
                ),
            ],
        );
    }
    let trust = resolved(&open, "UploadRole");
    let principal = &trust["AssumeRolePolicyDocument"]["Statement"][0]["Principal"];
    assert_eq!(principal, &json!({ "AWS": "arn-of-ValidateRole" }));
}

/// R101, R103, R104: each of the three is needed.
#[test]
fn an_auditor_needs_the_external_id_mfa_and_the_right_address() {
    let template = template(auditors);
    let role = resolved(&template, "AuditorRole");
    let trust = &role["AssumeRolePolicyDocument"];
    assert_eq!(
        trust["Statement"][0]["Principal"]["AWS"],
        "arn:aws:iam::210987654321:root"
    );
    let all = [
        ("sts:ExternalId", "audit-2026"),
        ("aws:MultiFactorAuthPresent", "true"),
        ("aws:SourceIp", "203.0.113.5"),
    ];
    let auditor = "arn:aws:iam::210987654321:user/auditor";
    let may = |context: &[(&str, &str)]| {
        let request = Request::new("sts:AssumeRole", "", context).by(auditor);
        decide(trust, &request) == Allowed
    };
    assert!(may(&all));
    for missing in 0..all.len() {
        let mut context = all.to_vec();
        let (key, _) = context.remove(missing);
        assert!(!may(&context), "without {key}");
    }
    for wrong in [
        ("sts:ExternalId", "x"),
        ("aws:MultiFactorAuthPresent", "false"),
        ("aws:SourceIp", "198.51.100.7"),
    ] {
        let mut context = all.to_vec();
        context.retain(|(key, _)| *key != wrong.0);
        context.push(wrong);
        assert!(!may(&context), "{wrong:?}");
    }
}

/// R102: an hour, within a boundary.
#[test]
fn an_auditor_reads_records_for_an_hour_and_no_document() {
    let template = template(auditors);
    let role = resolved(&template, "AuditorRole");
    assert_eq!(role["MaxSessionDuration"], 3600);
    assert_eq!(role["PermissionsBoundary"], "id-of-AuditorBoundary");
    let there: &[(&str, &str)] = &[
        ("aws:SourceIp", "203.0.113.5"),
        ("aws:ViaAWSService", "false"),
    ];
    let index = &format!("{TABLE}/index/by-day");
    let result = &format!("{PROCESSED}/scan-results/a.json");
    let document = &format!("{PROCESSED}/encrypted/a.pdf");
    let raw = &format!("{RAW}/raw/a.pdf");
    let access = &format!("{LOGS}/access-logs/raw/2026");
    // In a log bucket that is others' too.
    let theirs = &format!("{LOGS}/AWSLogs/111122223333/CloudTrail/x.json.gz");
    let listing = |prefix: &'static str| [there, &[("s3:prefix", prefix)]].concat();
    let (results, documents) = (listing("scan-results/"), listing("encrypted/"));
    let (logs, trails) = (listing("access-logs/raw/2026"), listing("AWSLogs/"));
    check(
        &template,
        &[
            ("AuditorPolicy", "s3:GetObject", access, there, Allowed),
            ("AuditorPolicy", "s3:GetObject", theirs, there, NotAllowed),
            (
                "AuditorPolicy",
                "s3:ListBucket",
                PROCESSED,
                &results,
                Allowed,
            ),
            (
                "AuditorPolicy",
                "s3:ListBucket",
                PROCESSED,
                &documents,
                NotAllowed,
            ),
            ("AuditorPolicy", "s3:ListBucket", LOGS, &logs, Allowed),
            ("AuditorPolicy", "s3:ListBucket", LOGS, &trails, NotAllowed),
            ("AuditorPolicy", "s3:ListBucket", LOGS, there, NotAllowed),
            ("AuditorPolicy", "dynamodb:Query", index, there, Allowed),
            ("AuditorPolicy", "dynamodb:Query", index, ELSEWHERE, Denied),
            (
                "AuditorPolicy",
                "dynamodb:PutItem",
                TABLE,
                there,
                NotAllowed,
            ),
            ("AuditorPolicy", "s3:GetObject", result, there, Allowed),
            ("AuditorPolicy", "s3:GetObject", document, there, NotAllowed),
            ("AuditorPolicy", "s3:GetObject", raw, there, NotAllowed),
            (
                "AuditorPolicy",
                "kms:Decrypt",
                DATA_KEY,
                S3_FOR_THE_CALLER,
                Allowed,
            ),
            ("AuditorBoundary", "s3:GetObject", result, there, Allowed),
            ("AuditorBoundary", "iam:CreateUser", "*", there, NotAllowed),
        ],
    );
}

/// R101: nobody is trusted who was not named.
#[test]
fn without_trusted_accounts_there_is_no_auditor() {
    let template = template(|_| {});
    for id in ["AuditorRole", "AuditorPolicy", "AuditorBoundary"] {
        assert!(!template.resources.contains_key(id), "{id}");
    }
}

/// R108: the principal that creates the pipeline, without its session, unless
/// others are named.
#[test]
fn who_creates_the_pipeline_administers_it() {
    let facts = Facts::documentation();
    let mut spec = Spec::new("documents", "dev");
    let creator = vec![facts.administrator_arn.clone()];
    assert_eq!(administrator_arns(&spec, &facts), creator);
    let named = vec!["arn:aws:iam::111122223333:role/ops".to_owned()];
    spec.access.administrator_arns = Some(named.clone());
    assert_eq!(administrator_arns(&spec, &facts), named);
    spec.access.administrator_arns = None;
    let unknown = Facts {
        administrator_arn: String::new(),
        ..facts
    };
    assert!(administrator_arns(&spec, &unknown).is_empty());
}

/// R104, R108 and their trap: whoever provisions the pipeline, under whatever
/// path its role has, and every service can do what they did before.
#[test]
fn keys_and_buckets_are_deleted_by_administrators_or_with_mfa() {
    let guarded = template(|_| {});
    let decide = |template: &Template, id: &str, action: &str, context: &[(&str, &str)]| {
        let properties = resolved(template, id);
        let document = match properties.get("KeyPolicy") {
            Some(policy) => policy.clone(),
            None => properties["PolicyDocument"].clone(),
        };
        // Whom the guard means it asks by key, not by principal.
        let request = Request::new(action, RAW, context).by("arn:aws:iam::111122223333:role/any");
        super::super::evaluator::decide(&document, &request)
    };
    let role = "arn:aws:iam::111122223333:role/administrator";
    let single_sign_on = "arn:aws:iam::111122223333:role/aws-reserved/x/administrator";
    let other = "arn:aws:iam::111122223333:role/other";
    for (id, action) in [
        ("DataKey", "kms:ScheduleKeyDeletion"),
        ("LogsKey", "kms:DisableKey"),
        ("RawBucketPolicy", "s3:DeleteBucket"),
        ("RawBucketPolicy", "s3:DeleteBucketPolicy"),
    ] {
        let denied = |context: &[(&str, &str)]| {
            let mut context = context.to_vec();
            context.extend([("aws:SecureTransport", "true"), ("s3:TlsVersion", "1.3")]);
            decide(&guarded, id, action, &context) == Denied
        };
        for principal in [role, single_sign_on] {
            assert!(!denied(&[("aws:PrincipalArn", principal)]), "{principal}");
        }
        let another = ("aws:PrincipalArn", other);
        assert!(denied(&[another]), "{id} {action}");
        assert!(denied(&[another, ("aws:MultiFactorAuthPresent", "false")]));
        assert!(!denied(&[another, ("aws:MultiFactorAuthPresent", "true")]));
        assert!(!denied(&[("aws:PrincipalIsAWSService", "true")]));
    }
    let named = template(|spec| spec.access.administrator_arns = Some(vec![other.into()]));
    let creator = [("aws:PrincipalArn", role)];
    let action = "kms:ScheduleKeyDeletion";
    assert_eq!(decide(&named, "DataKey", action, &creator), Denied);
}
