//! Who calls what: the one table from which interface endpoints, function
//! policies and key grants follow. What a function calls beyond it, it is
//! refused; what stands here and is never called, a test finds.
//!
//! Only what the functions' code calls: what Lambda does in a role's name
//! (logs, traces, network interfaces, dead letters, the environment) stands in
//! `access`, since none of that passes the pipeline's network.

use super::functions::Function::{self, *};
use super::spec::Spec;
use std::collections::BTreeSet;

/// What a call is about; see `access` for the ARNs and conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    RawBucket,
    /// `raw/`: where documents are uploaded to.
    RawObjects,
    /// `quarantine/` of the same bucket: what validate refused.
    QuarantinedObjects,
    ProcessedBucket,
    /// `encrypted/`
    ProcessedObjects,
    /// `scan-results/` of the same bucket.
    ScanResults,
    AuditTable,
    AlertTopic,
    EventBus,
    UploadRole,
    Baseline,
    /// The pipeline's buckets.
    Buckets,
    /// Everybody's; only with `threats.remediate_account`.
    OthersBuckets,
    /// Only to be described.
    Keys,
    /// The network interfaces of any instance, and the quarantine group that
    /// they get. Interfaces do not carry their instance's tags.
    QuarantinedInterfaces,
    /// The tag of an interface that says which groups it had.
    InterfaceTags,
    /// Only to be read.
    Principals,
    /// Users that carry the pipeline's tag, or any with
    /// `threats.remediate_account`.
    OwnUsers,
    /// Roles that carry the pipeline's tag and cannot be widened, or any with
    /// `threats.remediate_account`.
    OwnRoles,
    /// Those that carry the pipeline's tag.
    Secrets,
    ApiKeys,
    NewApiKey,
    /// Those that carry the pipeline's tag.
    OwnApiKeys,
    ApiKeyTags,
    UsagePlan,
    /// The user's function, if there is one.
    RotationHook,
    /// An action that names no resource.
    Anything,
}

/// One row: what a function does to what, through which service. The service
/// is IAM's prefix and the endpoint's name.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub function: Function,
    pub service: &'static str,
    pub actions: &'static [&'static str],
    pub on: On,
}

const fn row(
    function: Function,
    service: &'static str,
    actions: &'static [&'static str],
    on: On,
) -> Row {
    Row {
        function,
        service,
        actions,
        on,
    }
}

/// `ListBucket` is what makes S3 say 404 instead of 403 of what is not there.
pub const CALLS: &[Row] = &[
    // Reads and judges a document, takes one from an API caller, moves a
    // refused one away: CopyObject reads the source's tags and writes them.
    row(
        Validate,
        "s3",
        &[
            "GetObject",
            "GetObjectVersion",
            "GetObjectTagging",
            "GetObjectVersionTagging",
            "PutObject",
            "DeleteObjectVersion",
        ],
        On::RawObjects,
    ),
    row(
        Validate,
        "s3",
        &["GetObject", "PutObject", "PutObjectTagging"],
        On::QuarantinedObjects,
    ),
    row(Validate, "s3", &["ListBucket"], On::RawBucket),
    row(Validate, "sts", &["AssumeRole"], On::UploadRole),
    row(Validate, "events", &["PutEvents"], On::EventBus),
    row(Validate, "dynamodb", &["PutItem"], On::AuditTable),
    // The copy keeps metadata and tags; the versions tell which is newer.
    row(
        Encrypt,
        "s3",
        &[
            "GetObject",
            "GetObjectVersion",
            "GetObjectTagging",
            "GetObjectVersionTagging",
        ],
        On::RawObjects,
    ),
    row(
        Encrypt,
        "s3",
        &["ListBucket", "ListBucketVersions"],
        On::RawBucket,
    ),
    row(
        Encrypt,
        "s3",
        &["GetObject", "PutObject", "PutObjectTagging"],
        On::ProcessedObjects,
    ),
    row(Encrypt, "s3", &["ListBucket"], On::ProcessedBucket),
    row(Encrypt, "dynamodb", &["PutItem"], On::AuditTable),
    row(
        Scan,
        "s3",
        &["GetObject", "GetObjectVersion"],
        On::ProcessedObjects,
    ),
    row(Scan, "s3", &["GetObject", "PutObject"], On::ScanResults),
    row(Scan, "s3", &["ListBucket"], On::ProcessedBucket),
    row(Scan, "sns", &["Publish"], On::AlertTopic),
    row(Scan, "dynamodb", &["PutItem"], On::AuditTable),
    row(
        Remediate,
        "ec2",
        &["DescribeInstances", "DescribeSecurityGroups"],
        On::Anything,
    ),
    row(
        Remediate,
        "ec2",
        &["ModifyNetworkInterfaceAttribute"],
        On::QuarantinedInterfaces,
    ),
    row(Remediate, "ec2", &["CreateTags"], On::InterfaceTags),
    row(
        Remediate,
        "iam",
        &[
            "GetRolePolicy",
            "GetUserPolicy",
            "ListAccessKeys",
            "ListRoleTags",
            "ListUserTags",
        ],
        On::Principals,
    ),
    row(
        Remediate,
        "iam",
        &["PutUserPolicy", "UpdateAccessKey"],
        On::OwnUsers,
    ),
    row(Remediate, "iam", &["PutRolePolicy"], On::OwnRoles),
    row(
        Remediate,
        "s3",
        &[
            "GetBucketPolicy",
            "GetBucketPublicAccessBlock",
            "GetBucketTagging",
            "GetEncryptionConfiguration",
            "PutBucketPolicy",
            "PutBucketPublicAccessBlock",
            "PutEncryptionConfiguration",
        ],
        On::Buckets,
    ),
    row(
        Remediate,
        "s3",
        &[
            "GetBucketPublicAccessBlock",
            "GetBucketTagging",
            "PutBucketPublicAccessBlock",
        ],
        On::OthersBuckets,
    ),
    row(Remediate, "ssm", &["GetParameter"], On::Baseline),
    row(
        Remediate,
        "config",
        &["GetResourceConfigHistory"],
        On::Anything,
    ),
    row(Remediate, "sns", &["Publish"], On::AlertTopic),
    row(Remediate, "dynamodb", &["PutItem"], On::AuditTable),
    row(
        Rotate,
        "secretsmanager",
        &[
            "DescribeSecret",
            "GetSecretValue",
            "ListSecretVersionIds",
            "PutSecretValue",
            "UpdateSecretVersionStage",
        ],
        On::Secrets,
    ),
    row(
        Rotate,
        "secretsmanager",
        &["GetRandomPassword"],
        On::Anything,
    ),
    // API Gateway's actions are HTTP's verbs.
    row(Rotate, "apigateway", &["GET"], On::ApiKeys),
    row(Rotate, "apigateway", &["POST"], On::NewApiKey),
    row(Rotate, "apigateway", &["DELETE"], On::OwnApiKeys),
    row(
        Rotate,
        "apigateway",
        &["DELETE", "POST", "PUT"],
        On::ApiKeyTags,
    ),
    row(Rotate, "apigateway", &["GET", "POST"], On::UsagePlan),
    row(Rotate, "lambda", &["InvokeFunction"], On::RotationHook),
    row(Rotate, "dynamodb", &["PutItem"], On::AuditTable),
    row(
        Evaluate,
        "config",
        &["GetResourceConfigHistory", "PutEvaluations"],
        On::Anything,
    ),
    row(Evaluate, "kms", &["DescribeKey"], On::Keys),
    row(Evaluate, "dynamodb", &["PutItem"], On::AuditTable),
];

/// The rows of one function.
pub fn of(function: Function) -> impl Iterator<Item = &'static Row> {
    CALLS.iter().filter(move |row| row.function == function)
}

/// Whether this pipeline's functions make that call at all.
pub(super) fn is_made(row: &Row, spec: &Spec) -> bool {
    match row.on {
        On::OthersBuckets => spec.threats.remediate_account,
        On::RotationHook => spec.secrets.rotation_function_arn.is_some(),
        _ => true,
    }
}

/// The services that the functions of this pipeline call through interface
/// endpoints: S3 and DynamoDB have gateway endpoints, which cost nothing.
///
/// By the last part of the endpoint's name: `com.amazonaws.us-east-1.ssm`. The
/// one of `iam` is `com.amazonaws.iam`, and only us-east-1 has it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_interface_vpc_endpoints.html>).
pub fn endpoint_services_of(spec: &Spec) -> BTreeSet<&'static str> {
    let made = CALLS.iter().filter(|row| is_made(row, spec));
    made.map(|row| row.service)
        .filter(|service| !matches!(*service, "dynamodb" | "s3"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the functions' source as the name of a call: the
    /// operation of each failure, which is IAM's name of it.
    const SOURCES: &[&str] = &[
        include_str!("../../functions/src/alert.rs"),
        include_str!("../../functions/src/audit.rs"),
        include_str!("../../functions/src/presign.rs"),
        include_str!("../../functions/src/store.rs"),
        include_str!("../../functions/src/operation/encrypt.rs"),
        include_str!("../../functions/src/operation/evaluate/encryption.rs"),
        include_str!("../../functions/src/operation/evaluate/mod.rs"),
        include_str!("../../functions/src/operation/remediate/bucket.rs"),
        include_str!("../../functions/src/operation/remediate/credentials.rs"),
        include_str!("../../functions/src/operation/remediate/instance.rs"),
        include_str!("../../functions/src/operation/remediate/mod.rs"),
        include_str!("../../functions/src/operation/rotate/api_key.rs"),
        include_str!("../../functions/src/operation/rotate/credentials.rs"),
        include_str!("../../functions/src/operation/rotate/mod.rs"),
        include_str!("../../functions/src/operation/scan.rs"),
        include_str!("../../functions/src/operation/validate.rs"),
    ];

    /// Every `Failure::aws("service:Action", ...)` of the functions.
    fn called() -> BTreeSet<(String, String)> {
        let texts = SOURCES.iter().map(|source| {
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            let code: String = code.split_whitespace().collect();
            code
        });
        let mut called = BTreeSet::new();
        for text in texts {
            for rest in text.split("Failure::aws(\"").skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                if let Some((service, action)) = name.split_once(':') {
                    called.insert((service.to_owned(), action.to_owned()));
                }
            }
        }
        called
    }

    #[test]
    fn every_call_of_the_functions_has_a_row() {
        let called = called();
        assert!(called.len() > 30, "{called:?}");
        for (service, action) in called {
            // API Gateway's actions are verbs, tested below.
            if service == "apigateway" {
                continue;
            }
            assert!(
                CALLS
                    .iter()
                    .any(|row| row.service == service && row.actions.contains(&action.as_str())),
                "{service}:{action} is called and nobody may"
            );
        }
    }

    /// What S3 asks for beside the action that has the operation's name:
    /// reading a version or its tags, listing, and copying tags.
    const BESIDE: [&str; 5] = [
        "GetObjectTagging",
        "GetObjectVersion",
        "ListBucket",
        "PutObjectTagging",
        "GetObjectVersionTagging",
    ];

    #[test]
    fn what_is_never_called_is_nobodys() {
        let called = called();
        for row in CALLS.iter().filter(|row| row.service != "apigateway") {
            for action in row.actions {
                let is_called = called.contains(&(row.service.to_owned(), (*action).to_owned()));
                let beside = row.service == "s3" && BESIDE.contains(action);
                assert!(is_called || beside, "{}:{action}", row.service);
            }
        }
    }

    #[test]
    fn api_keys_are_made_listed_tagged_and_deleted_with_the_verbs_of_those_calls() {
        let verbs = |on: On| {
            let mut rows = CALLS.iter().filter(|row| row.on == on);
            rows.next().map(|row| row.actions).unwrap_or_default()
        };
        for (call, verb, on) in [
            ("GetApiKeys", "GET", On::ApiKeys),
            ("GetApiKey", "GET", On::ApiKeys),
            ("CreateApiKey", "POST", On::NewApiKey),
            ("CreateUsagePlanKey", "POST", On::UsagePlan),
            ("GetUsagePlanKey", "GET", On::UsagePlan),
            ("TagResource", "PUT", On::ApiKeyTags),
            ("UntagResource", "DELETE", On::ApiKeyTags),
        ] {
            let called = called();
            assert!(
                called.contains(&("apigateway".into(), call.into())),
                "{call}"
            );
            assert!(verbs(on).contains(&verb), "{call}");
        }
        assert_eq!(verbs(On::OwnApiKeys), ["DELETE"]);
    }

    /// R089: what an attacker who makes findings could use is in no row.
    #[test]
    fn nothing_is_ever_attached_or_created_with_permissions() {
        for row in CALLS {
            for action in row.actions {
                for word in [
                    "Attach",
                    "CreateUser",
                    "CreateRole",
                    "CreateAccessKey",
                    "PassRole",
                ] {
                    assert!(!action.contains(word), "{action}");
                }
            }
        }
    }

    /// R076: rows of the audit table are put, and nothing else.
    #[test]
    fn functions_only_put_into_the_audit_table() {
        for function in Function::ALL {
            let mut rows = of(function).filter(|row| row.service == "dynamodb");
            let row = rows.next().expect("a row");
            assert_eq!((row.actions, row.on), (&["PutItem"][..], On::AuditTable));
            assert!(rows.next().is_none());
        }
    }

    #[test]
    fn endpoints_follow_from_the_calls() {
        let always = [
            "apigateway",
            "config",
            "ec2",
            "events",
            "iam",
            "kms",
            "secretsmanager",
            "sns",
            "ssm",
            "sts",
        ];
        let mut spec = Spec::new("documents", "dev");
        assert_eq!(endpoint_services_of(&spec), BTreeSet::from(always));
        spec.secrets.rotation_function_arn = Some("arn".into());
        assert!(endpoint_services_of(&spec).contains("lambda"));
    }
}
