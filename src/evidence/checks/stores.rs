//! What holds data, and the keys of it.

use super::{Check, Controls, Waiver};
use crate::aws::SecretUse;
use crate::evidence::Pipeline;
use crate::evidence::statements::{asks_only, is_everybody, strangers};
use crate::evidence::subject::{Subject, Verdict, at, list, many, seen, show, texts, unread};
use serde_json::Value;

const DAY: i64 = 86_400;

const LOCKED: &str = "a locked object would keep its bucket from being destroyed with the pipeline; versioning, which has a check of its own, keeps what is overwritten or deleted";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "buckets_block_public_access",
        title: "Buckets block public access",
        requirements: &["1.4.4", "7.2.1"],
        controls: Controls {
            security_hub: &["S3.8"],
            fsbp: &["S3.2", "S3.3", "S3.8"],
            config_pack: &[],
            prowler: &["s3_bucket_public_access", "s3_bucket_public_write_acl"],
        },
        types: &["AWS::S3::Bucket"],
        judge: blocked,
        waiver: None,
    },
    Check {
        name: "buckets_have_no_acls",
        title: "Buckets have no ACLs",
        requirements: &["7.2.1"],
        controls: Controls {
            fsbp: &["S3.12"],
            prowler: &["s3_bucket_acl_prohibited"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| {
            let rules = many(bucket.at("OwnershipControls.Rules"));
            let ownership: Vec<String> = rules
                .iter()
                .map(|rule| show(at(rule, "ObjectOwnership")))
                .collect();
            seen(
                ownership == ["BucketOwnerEnforced"],
                format!("ObjectOwnership = {}", list(&ownership)),
            )
        },
        waiver: None,
    },
    Check {
        name: "buckets_are_encrypted",
        title: "Buckets encrypt by default",
        requirements: &["3.5.1"],
        controls: Controls {
            prowler: &["s3_bucket_default_encryption"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| {
            let algorithms = encryption(bucket, "SSEAlgorithm");
            seen(
                !algorithms.is_empty(),
                format!("SSEAlgorithm = {}", list(&algorithms)),
            )
        },
        waiver: None,
    },
    Check {
        name: "buckets_are_encrypted_with_a_key_of_ours",
        title: "Buckets encrypt under a customer managed key",
        requirements: &["3.5.1"],
        controls: Controls {
            security_hub: &["S3.17"],
            prowler: &["s3_bucket_kms_encryption"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| {
            let algorithms = encryption(bucket, "SSEAlgorithm");
            let keys = encryption(bucket, "KMSMasterKeyID");
            let kms = algorithms.iter().all(|one| one.starts_with("aws:kms"));
            let ours = !keys.is_empty() && keys.iter().all(|key| !key.contains("alias/aws/"));
            seen(
                kms && ours,
                format!(
                    "SSEAlgorithm = {}, KMSMasterKeyID = {}",
                    list(&algorithms),
                    list(&keys)
                ),
            )
        },
        waiver: None,
    },
    Check {
        name: "buckets_refuse_what_is_not_tls",
        title: "Buckets refuse requests without TLS",
        requirements: &["4.2.1"],
        controls: Controls {
            security_hub: &["S3.5"],
            fsbp: &["S3.5"],
            config_pack: &[],
            prowler: &["s3_bucket_secure_transport_policy"],
        },
        types: &["AWS::S3::Bucket"],
        judge: only_tls,
        waiver: None,
    },
    Check {
        name: "buckets_log_access",
        title: "Access to buckets is logged",
        requirements: &["10.2.1"],
        controls: Controls {
            security_hub: &["S3.9"],
            fsbp: &["S3.9"],
            config_pack: &[],
            prowler: &["s3_bucket_server_access_logging_enabled"],
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| {
            let target = bucket.at("LoggingConfiguration.DestinationBucketName");
            seen(
                target.is_string(),
                format!("DestinationBucketName = {}", show(target)),
            )
        },
        waiver: Waiver::of(
            "LogsBucket",
            "it is the target of the access logs: each line about it would make another",
        ),
    },
    Check {
        name: "buckets_keep_versions",
        title: "Buckets keep versions",
        requirements: &["10.3.4", "10.5.1"],
        controls: Controls {
            config_pack: &["S3_BUCKET_VERSIONING_ENABLED"],
            prowler: &["s3_bucket_object_versioning"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| bucket.expects("VersioningConfiguration.Status", "Enabled"),
        waiver: None,
    },
    Check {
        name: "buckets_have_a_lifecycle",
        title: "Buckets end old versions",
        requirements: &["3.2.1"],
        controls: Controls {
            fsbp: &["S3.10", "S3.13"],
            prowler: &["s3_bucket_lifecycle_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| {
            let days: Vec<String> = many(bucket.at("LifecycleConfiguration.Rules"))
                .into_iter()
                .filter(|rule| at(rule, "Status").as_str() == Some("Enabled"))
                .map(|rule| at(rule, "NoncurrentVersionExpiration.NoncurrentDays"))
                .filter(|days| !days.is_null())
                .map(show)
                .collect();
            seen(
                !days.is_empty(),
                format!("old versions end after days: {}", list(&days)),
            )
        },
        waiver: None,
    },
    Check {
        name: "buckets_notify",
        title: "Events of buckets are told",
        requirements: &["11.5.2"],
        controls: Controls {
            fsbp: &["S3.11"],
            prowler: &["s3_bucket_event_notifications_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |bucket| {
            let path = "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled";
            let lists = ["Topic", "Queue", "Lambda"]
                .map(|kind| format!("NotificationConfiguration.{kind}Configurations"));
            let told = lists.iter().any(|path| !many(bucket.at(path)).is_empty());
            seen(
                told || *bucket.at(path) == Value::Bool(true),
                bucket.show("NotificationConfiguration"),
            )
        },
        waiver: None,
    },
    Check {
        name: "buckets_are_locked",
        title: "Objects are locked",
        requirements: &["10.3.4"],
        controls: Controls {
            security_hub: &["S3.15"],
            fsbp: &[],
            config_pack: &["S3_BUCKET_DEFAULT_LOCK_ENABLED"],
            prowler: &["s3_bucket_object_lock"],
        },
        types: &["AWS::S3::Bucket"],
        judge: |_| unread("object lock"),
        waiver: Waiver::of_all(LOCKED),
    },
    Check {
        name: "buckets_delete_with_mfa",
        title: "Versions are deleted with a second factor alone",
        requirements: &["10.3.2"],
        controls: Controls {
            config_pack: &["S3_BUCKET_MFA_DELETE_ENABLED"],
            prowler: &["s3_bucket_no_mfa_delete"],
            ..Controls::NONE
        },
        types: &["AWS::S3::Bucket"],
        judge: |_| unread("MFA delete"),
        waiver: Waiver::of_all(
            "only the root user can turn it on, with a code of its own MFA device; versioning, which has a check of its own, keeps what is deleted",
        ),
    },
    Check {
        name: "tables_recover_to_a_point_in_time",
        title: "Tables recover to a point in time",
        requirements: &["10.3.3"],
        controls: Controls {
            fsbp: &["DynamoDB.2"],
            config_pack: &["DYNAMODB_PITR_ENABLED"],
            prowler: &["dynamodb_tables_pitr_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::DynamoDB::Table"],
        judge: |table| {
            table.expects(
                "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
                true,
            )
        },
        waiver: None,
    },
    Check {
        name: "tables_are_encrypted_with_a_key_of_ours",
        title: "Tables encrypt under a customer managed key",
        requirements: &["3.5.1"],
        controls: Controls {
            config_pack: &[
                "DYNAMODB_TABLE_ENCRYPTED_KMS",
                "DYNAMODB_TABLE_ENCRYPTION_ENABLED",
            ],
            prowler: &["dynamodb_tables_kms_cmk_encryption_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::DynamoDB::Table"],
        judge: |table| table.expects_key("SSESpecification.KMSMasterKeyId"),
        waiver: None,
    },
    Check {
        name: "tables_scale",
        title: "Tables scale with demand",
        requirements: &["10.2.1"],
        controls: Controls {
            fsbp: &["DynamoDB.1"],
            ..Controls::NONE
        },
        types: &["AWS::DynamoDB::Table"],
        judge: |table| table.expects("BillingMode", "PAY_PER_REQUEST"),
        waiver: None,
    },
    Check {
        name: "tables_are_protected_from_deletion",
        title: "Tables are protected from deletion",
        requirements: &["10.3.2"],
        controls: Controls {
            fsbp: &["DynamoDB.6"],
            ..Controls::NONE
        },
        types: &["AWS::DynamoDB::Table"],
        judge: |table| table.expects("DeletionProtectionEnabled", true),
        waiver: Waiver::of_all(
            "a protected table would outlive its pipeline; deletion_protection = true refuses the destroy of the whole pipeline, and point-in-time recovery, which has a check of its own, keeps what a table held",
        ),
    },
    Check {
        name: "tables_are_in_a_backup_plan",
        title: "Tables are in a backup plan",
        requirements: &["10.3.3"],
        controls: Controls {
            prowler: &["dynamodb_table_protected_by_backup_plan"],
            ..Controls::NONE
        },
        types: &["AWS::DynamoDB::Table"],
        judge: |table| {
            let path = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled";
            let recovery = table.show(path);
            seen(
                false,
                format!("{recovery}; backup plans are the account's, and were not looked at"),
            )
        },
        waiver: Waiver::of_all(
            "backup plans are the account's to make; point-in-time recovery stands in for them, and has a check of its own",
        ),
    },
    Check {
        name: "keys_rotate",
        title: "Keys rotate",
        requirements: &["3.7.4"],
        controls: Controls {
            security_hub: &["KMS.4"],
            prowler: &["kms_cmk_rotation_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::KMS::Key"],
        judge: |key| {
            let days = key.at("RotationPeriodInDays");
            seen(
                *key.at("EnableKeyRotation") == Value::Bool(true),
                format!(
                    "{}, every {} days",
                    key.show("EnableKeyRotation"),
                    show(days)
                ),
            )
        },
        waiver: None,
    },
    Check {
        name: "keys_stay",
        title: "Keys are enabled and nobody is deleting them",
        requirements: &["3.6.1"],
        controls: Controls {
            fsbp: &["KMS.3"],
            prowler: &["kms_cmk_not_deleted_unintentionally"],
            ..Controls::NONE
        },
        types: &["AWS::KMS::Key"],
        judge: |key| {
            // Its template says it only where it is off.
            let enabled = *key.at("Enabled") != Value::Bool(false);
            seen(enabled, if enabled { "enabled" } else { "disabled" })
        },
        waiver: None,
    },
    Check {
        name: "keys_are_not_public",
        title: "Nobody outside the account may use a key",
        requirements: &["3.6.1", "7.2.1"],
        controls: Controls {
            fsbp: &["KMS.5"],
            ..Controls::NONE
        },
        types: &["AWS::KMS::Key"],
        judge: |key| {
            let account = &key.pipeline.account_id;
            let others = strangers(key.at("KeyPolicy"), account, |_| false);
            seen(
                others.is_empty(),
                format!("from outside the account: {}", list(&others)),
            )
        },
        waiver: None,
    },
    Check {
        name: "secrets_rotate",
        title: "Secrets rotate within 90 days",
        requirements: &["8.6.3"],
        controls: Controls {
            security_hub: &["SecretsManager.1", "SecretsManager.4"],
            fsbp: &["SecretsManager.1", "SecretsManager.4"],
            config_pack: &["SECRETSMANAGER_SECRET_PERIODIC_ROTATION"],
            prowler: &["secretsmanager_automatic_rotation_enabled"],
        },
        types: &["AWS::SecretsManager::Secret"],
        judge: |secret| {
            let days = period(secret);
            let shown = days.map_or("never".to_owned(), |days| format!("every {days} days"));
            seen(
                days.is_some_and(|days| (1..=90).contains(&days)),
                format!("it rotates {shown}"),
            )
        },
        waiver: None,
    },
    Check {
        name: "secrets_have_rotated_in_time",
        title: "The last rotation of a secret went well",
        requirements: &["8.6.3"],
        controls: Controls {
            security_hub: &["SecretsManager.2"],
            fsbp: &["SecretsManager.2"],
            config_pack: &["SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK"],
            prowler: &[],
        },
        types: &["AWS::SecretsManager::Secret"],
        judge: rotated,
        waiver: None,
    },
    Check {
        name: "secrets_are_used",
        title: "Secrets are read at least every 90 days",
        requirements: &["8.2.6"],
        controls: Controls {
            fsbp: &["SecretsManager.3"],
            config_pack: &["SECRETSMANAGER_SECRET_UNUSED"],
            prowler: &["secretsmanager_secret_unused"],
            ..Controls::NONE
        },
        types: &["AWS::SecretsManager::Secret"],
        judge: used,
        waiver: None,
    },
    Check {
        name: "topics_are_encrypted_with_a_key_of_ours",
        title: "Alerts are encrypted at rest under a customer managed key",
        requirements: &["3.5.1"],
        controls: Controls {
            fsbp: &["SNS.1"],
            prowler: &["sns_topics_kms_encryption_at_rest_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::SNS::Topic"],
        judge: |topic| topic.expects_key("KmsMasterKeyId"),
        waiver: None,
    },
    Check {
        name: "topics_log_deliveries",
        title: "Deliveries of alerts are logged",
        requirements: &["10.2.1"],
        controls: Controls {
            config_pack: &["SNS_TOPIC_MESSAGE_DELIVERY_NOTIFICATION_ENABLED"],
            ..Controls::NONE
        },
        types: &["AWS::SNS::Topic"],
        judge: |_| unread("delivery status logging"),
        waiver: Waiver::of_all(
            "SNS logs no deliveries by e-mail, and nothing else subscribes; what does not arrive raises AlertsUndeliveredAlarm",
        ),
    },
    Check {
        name: "queues_are_encrypted_with_a_key_of_ours",
        title: "Queues are encrypted at rest under a customer managed key",
        requirements: &["3.5.1"],
        controls: Controls {
            fsbp: &["SQS.1"],
            ..Controls::NONE
        },
        types: &["AWS::SQS::Queue"],
        judge: |queue| queue.expects_key("KmsMasterKeyId"),
        waiver: None,
    },
];

fn blocked(bucket: &Subject<'_>) -> Option<Verdict> {
    const FLAGS: [&str; 4] = [
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    ];
    let block = bucket.at("PublicAccessBlockConfiguration");
    let off: Vec<&str> = FLAGS
        .into_iter()
        .filter(|flag| *at(block, flag) != Value::Bool(true))
        .collect();
    seen(off.is_empty(), format!("off: {}", list(&off)))
}

fn encryption<'a>(bucket: &Subject<'a>, member: &str) -> Vec<&'a str> {
    many(bucket.at("BucketEncryption.ServerSideEncryptionConfiguration"))
        .into_iter()
        .filter_map(|rule| at(rule, &format!("ServerSideEncryptionByDefault.{member}")).as_str())
        .collect()
}

/// A statement that denies everything, of the bucket and of what is in it, to
/// everybody whose request is not TLS, and asks nothing else.
fn only_tls(bucket: &Subject<'_>) -> Option<Verdict> {
    const KEY: &str = "aws:SecureTransport";
    let arn = bucket.resource.attributes.get("Arn");
    let Some(arn) = arn.and_then(Value::as_str) else {
        return unread("Arn");
    };
    let all = [arn.to_owned(), format!("{arn}/*")];
    let every = format!("{arn}*");
    let denying: Vec<String> = bucket
        .others("AWS::S3::BucketPolicy")
        .filter(|policy| bucket.is_named_by(policy.at("Bucket")))
        .flat_map(|policy| many(policy.at("PolicyDocument.Statement")))
        .filter(|statement| {
            let of = texts(at(statement, "Resource"));
            let covers = |one: &String| {
                of.contains(&one.as_str()) || of.contains(&"*") || of.contains(&every.as_str())
            };
            let operators = ["Bool", "BoolIfExists"];
            at(statement, "Effect").as_str() == Some("Deny")
                && is_everybody(statement)
                // All but some are not everybody.
                && statement.get("NotPrincipal").is_none()
                && texts(at(statement, "Action"))
                    .iter()
                    .any(|action| ["*", "s3:*"].contains(&action.to_ascii_lowercase().as_str()))
                && all.iter().all(covers)
                && operators
                    .iter()
                    .any(|operator| asks_only(statement, operator, KEY, "false"))
        })
        .map(|statement| match at(statement, "Sid").as_str() {
            Some(sid) => sid.to_owned(),
            None => "a statement without a Sid".to_owned(),
        })
        .collect();
    let observed = match denying.as_slice() {
        [] => "no statement denies it to everybody, of all that the bucket holds".to_owned(),
        sids => format!("denied by: {}", list(sids)),
    };
    seen(!denying.is_empty(), observed)
}

/// Days between the rotations of a secret.
fn period(secret: &Subject<'_>) -> Option<i64> {
    secret
        .others("AWS::SecretsManager::RotationSchedule")
        .find(|schedule| secret.is_named_by(schedule.at("SecretId")))?
        .at("RotationRules.AutomaticallyAfterDays")
        .as_i64()
}

fn use_of(secret: &Subject<'_>) -> SecretUse {
    let Pipeline { secrets, .. } = secret.pipeline;
    let found = secrets
        .iter()
        .find(|(arn, _)| secret.is_named_by(&Value::String((*arn).clone())));
    found.map(|(_, used)| *used).unwrap_or_default()
}

/// A secret that has never been rotated is in time for as long as one that was
/// rotated when it was made. A day is given for the rotation itself.
fn rotated(secret: &Subject<'_>) -> Option<Verdict> {
    let SecretUse {
        created, rotated, ..
    } = use_of(secret);
    let Some(days) = period(secret) else {
        return seen(false, "it does not rotate");
    };
    let Some(last) = rotated.or(created) else {
        return seen(false, "AWS does not say when it was made");
    };
    let age = (secret.pipeline.at - last) / DAY;
    let observed = match rotated {
        Some(_) => format!("rotated {age} days ago, due after {days}"),
        None => format!("made {age} days ago and not due before {days}"),
    };
    seen(age <= days + 1, observed)
}

fn used(secret: &Subject<'_>) -> Option<Verdict> {
    let SecretUse { created, read, .. } = use_of(secret);
    let Some(last) = read.max(created) else {
        return seen(false, "AWS does not say when it was made");
    };
    let age = (secret.pipeline.at - last) / DAY;
    let what = if read.is_some() { "read" } else { "made" };
    seen(age <= 90, format!("{what} {} days ago", age.max(0)))
}
