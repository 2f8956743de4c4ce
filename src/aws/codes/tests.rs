//! The tables against what the services document.

use super::*;
use crate::aws::services::Service;

#[test]
fn codes_mean_what_the_services_document() {
    let table: &[(&str, Option<&str>, &str, u16, ErrorKind)] = &[
        (
            "kms:DescribeKey",
            Some("NotFoundException"),
            "",
            400,
            NotFound,
        ),
        (
            "kms:CreateAlias",
            Some("AlreadyExistsException"),
            "",
            400,
            AlreadyExists,
        ),
        (
            "kms:CreateKey",
            Some("ThrottlingException"),
            "",
            400,
            Throttled,
        ),
        (
            "kms:CreateKey",
            Some("KMSInternalException"),
            "",
            500,
            Ambiguous,
        ),
        (
            "kms:CreateKey",
            Some("LimitExceededException"),
            "",
            400,
            Invalid,
        ),
        (
            "kms:PutKeyPolicy",
            Some("MalformedPolicyDocumentException"),
            "Policy contains a statement with one or more invalid principals.",
            400,
            Transient,
        ),
        (
            "kms:PutKeyPolicy",
            Some("MalformedPolicyDocumentException"),
            "The new key policy will not allow you to update the key policy in the future.",
            400,
            Invalid,
        ),
        (
            "kms:EnableKeyRotation",
            Some("KMSInvalidStateException"),
            "arn:... is pending deletion.",
            400,
            Invalid,
        ),
        ("s3:GetBucketPolicy", None, "", 404, Other),
        ("s3:GetBucketPolicy", Some("NotFound"), "", 404, Other),
        ("s3:HeadBucket", None, "", 403, AccessDenied),
        (
            "s3:CreateBucket",
            Some("BucketAlreadyExists"),
            "",
            409,
            AlreadyExists,
        ),
        (
            "s3:CreateBucket",
            Some("OperationAborted"),
            "",
            409,
            Transient,
        ),
        (
            "s3:PutBucketPolicy",
            Some("MalformedPolicy"),
            "Invalid principal in policy",
            400,
            Transient,
        ),
        (
            "s3:PutBucketPolicy",
            Some("MalformedPolicy"),
            "Action does not apply",
            400,
            Invalid,
        ),
        (
            "s3:PutBucketVersioning",
            Some("SlowDown"),
            "",
            503,
            Throttled,
        ),
        ("s3:CreateBucket", Some("Unheard"), "", 503, Ambiguous),
        (
            "dynamodb:CreateTable",
            Some("ResourceInUseException"),
            "",
            400,
            AlreadyExists,
        ),
        (
            "dynamodb:UpdateTable",
            Some("ResourceInUseException"),
            "",
            400,
            Transient,
        ),
        (
            "dynamodb:CreateTable",
            Some("LimitExceededException"),
            "",
            400,
            Throttled,
        ),
        (
            "sns:CreateTopic",
            Some("InvalidParameter"),
            "Invalid parameter: Tags Reason: Topic already exists with different tags",
            400,
            AlreadyExists,
        ),
        (
            "sns:SetTopicAttributes",
            Some("InvalidParameter"),
            "Invalid parameter: Policy statement action out of service scope!",
            400,
            Invalid,
        ),
        (
            "sns:SetTopicAttributes",
            Some("InvalidParameter"),
            "Invalid parameter: Policy Error: PrincipalNotFound",
            400,
            Transient,
        ),
        (
            "sns:Subscribe",
            Some("AuthorizationError"),
            "",
            403,
            AccessDenied,
        ),
        (
            "ssm:PutParameter",
            Some("ParameterAlreadyExists"),
            "",
            400,
            AlreadyExists,
        ),
        (
            "ssm:PutParameter",
            Some("TooManyUpdates"),
            "",
            400,
            Throttled,
        ),
        (
            "ssm:GetParameter",
            Some("ParameterNotFound"),
            "",
            400,
            NotFound,
        ),
        (
            "sts:AssumeRole",
            Some("AccessDenied"),
            "",
            403,
            AccessDenied,
        ),
        (
            "logs:CreateLogGroup",
            Some("ResourceAlreadyExistsException"),
            "",
            400,
            AlreadyExists,
        ),
        (
            "logs:CreateLogGroup",
            Some("InvalidParameterException"),
            "The specified KMS key does not exist or is not allowed to be used with LogGroup 'x'",
            400,
            Transient,
        ),
        (
            "logs:PutRetentionPolicy",
            Some("InvalidParameterException"),
            "",
            400,
            Invalid,
        ),
        (
            "logs:PutResourcePolicy",
            Some("LimitExceededException"),
            "",
            400,
            Invalid,
        ),
        (
            "events:DeleteRule",
            Some("ValidationException"),
            "Rule can't be deleted since it has targets.",
            400,
            Transient,
        ),
        (
            "events:PutRule",
            Some("InvalidEventPatternException"),
            "",
            400,
            Invalid,
        ),
        (
            "events:PutTargets",
            Some("ConcurrentModificationException"),
            "",
            400,
            Transient,
        ),
        (
            "cloudwatch:GetDashboard",
            Some("DashboardNotFoundError"),
            "",
            404,
            NotFound,
        ),
        (
            "cloudwatch:PutMetricAlarm",
            Some("LimitExceeded"),
            "",
            400,
            Invalid,
        ),
        (
            "guardduty:CreateDetector",
            Some("BadRequestException"),
            "The request is rejected because a detector already exists for the current account.",
            400,
            AlreadyExists,
        ),
        (
            "guardduty:GetDetector",
            Some("BadRequestException"),
            "The request is rejected because the input detectorId is not owned by the current account.",
            400,
            NotFound,
        ),
        ("kms:DescribeKey", Some("Novel"), "", 404, Other),
        ("kms:DescribeKey", Some("Novel"), "", 400, Other),
    ];
    for (operation, code, message, status, expected) in table {
        let got = kind(operation, *code, message, *status, Ambiguous);
        assert_eq!(got, *expected, "{operation} {code:?} {status} {message}");
    }
}

#[test]
fn a_missing_permission_is_never_not_found() {
    for service in [
        "cloudwatch",
        "dynamodb",
        "events",
        "guardduty",
        "kms",
        "logs",
        "s3",
        "sns",
        "ssm",
    ] {
        let operation = format!("{service}:Get");
        for code in ["AccessDenied", "AccessDeniedException", "ExpiredToken"] {
            let got = kind(&operation, Some(code), "", 403, Transient);
            assert_eq!(got, AccessDenied, "{operation} {code}");
        }
    }
}

/// The first row of a code is the one that counts.
#[test]
fn no_code_stands_twice_in_a_table() {
    for service in Service::ALL.iter().map(|service| service.name()) {
        let mut seen = std::collections::BTreeSet::new();
        for (code, _) in table(service) {
            assert!(seen.insert(code), "{service}: {code}");
        }
    }
}
