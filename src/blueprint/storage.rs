//! Storage (R008-R018): three buckets. `raw` receives documents, `processed`
//! holds what the functions made of them, `logs` holds who touched either.

use super::encryption::Purpose;
use super::policy::{Statement, document};
use super::spec::AccessLogEncryption;
use super::{Expansion, Facts, Spec, access, monitoring, naming, network, object};
use crate::engine::template::intrinsics::{get_att, reference, sub};
use serde_json::{Value, json};

/// The three buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Raw,
    Processed,
    Logs,
}

impl Bucket {
    pub const ALL: [Self; 3] = [Self::Raw, Self::Processed, Self::Logs];

    fn base(self) -> &'static str {
        match self {
            Self::Raw => "documents-raw",
            Self::Processed => "documents-processed",
            Self::Logs => "documents-logs",
        }
    }

    pub fn bucket_id(self) -> &'static str {
        match self {
            Self::Raw => "RawBucket",
            Self::Processed => "ProcessedBucket",
            Self::Logs => "LogsBucket",
        }
    }

    pub fn policy_id(self) -> &'static str {
        match self {
            Self::Raw => "RawBucketPolicy",
            Self::Processed => "ProcessedBucketPolicy",
            Self::Logs => "LogsBucketPolicy",
        }
    }

    /// Where this bucket's access logs go inside the log bucket.
    pub fn log_prefix(self) -> &'static str {
        match self {
            Self::Raw => "access-logs/raw/",
            Self::Processed => "access-logs/processed/",
            Self::Logs => "access-logs/logs/",
        }
    }

    /// The bucket's name, ours or (for logs) brought.
    pub fn name(self, spec: &Spec, facts: &Facts) -> String {
        match (self, &spec.storage.log_bucket_name) {
            (Self::Logs, Some(brought)) => brought.clone(),
            _ => naming::bucket(self.base(), spec, facts),
        }
    }

    fn is_brought(self, spec: &Spec) -> bool {
        self == Self::Logs && spec.storage.log_bucket_name.is_some()
    }
}

/// The tag that tells a destroy, which sees no configuration, that it may
/// empty the bucket (R017).
pub const FORCE_DESTROY_TAG: &str = "tap:force-destroy";

const LOG_DELIVERY: &str = "logging.s3.amazonaws.com";

pub(super) fn expand(x: &mut Expansion<'_>) {
    for bucket in Bucket::ALL {
        if bucket.is_brought(x.spec) {
            continue;
        }
        let properties = object(json!({
            "BucketName": bucket.name(x.spec, x.facts),
            "VersioningConfiguration": { "Status": "Enabled" },
            "BucketEncryption": encryption(bucket, x.spec),
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true,
                "BlockPublicPolicy": true,
                "IgnorePublicAcls": true,
                "RestrictPublicBuckets": true,
            },
            "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
            "LoggingConfiguration": logging(bucket, x.spec),
            "NotificationConfiguration": {
                "EventBridgeConfiguration": { "EventBridgeEnabled": true },
            },
            "LifecycleConfiguration": lifecycle(bucket, x.spec),
            "Tags": x.tags(&[(FORCE_DESTROY_TAG, x.spec.storage.force_destroy.to_string())]),
        }));
        // AWS checks the log target's policy when logging is switched on.
        let logs_to_ours = bucket != Bucket::Logs && !Bucket::Logs.is_brought(x.spec);
        let after: &[&str] = if logs_to_ours {
            &["LogsBucketPolicy"]
        } else {
            &[]
        };
        x.add_after(bucket.bucket_id(), "AWS::S3::Bucket", properties, after);
        x.add(
            bucket.policy_id(),
            "AWS::S3::BucketPolicy",
            json!({
                "Bucket": reference(bucket.bucket_id()),
                "PolicyDocument": bucket_policy(bucket, x.spec, x.facts),
            }),
        );
    }
}

fn encryption(bucket: Bucket, spec: &Spec) -> Value {
    let rule = match (bucket, spec.storage.access_log_encryption) {
        (Bucket::Logs, AccessLogEncryption::Aes256) => json!({
            "BucketKeyEnabled": false,
            "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" },
        }),
        _ => json!({
            "BucketKeyEnabled": true,
            "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": key_purpose(bucket).arn(spec),
            },
        }),
    };
    json!({ "ServerSideEncryptionConfiguration": [rule] })
}

fn key_purpose(bucket: Bucket) -> Purpose {
    match bucket {
        Bucket::Raw | Bucket::Processed => Purpose::Data,
        Bucket::Logs => Purpose::Logs,
    }
}

/// The log bucket does not log its own accesses: each log line would make
/// another
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html>).
fn logging(bucket: Bucket, spec: &Spec) -> Value {
    if bucket == Bucket::Logs {
        return Value::Null;
    }
    let destination = match &spec.storage.log_bucket_name {
        Some(brought) => json!(brought),
        None => reference(Bucket::Logs.bucket_id()),
    };
    json!({ "DestinationBucketName": destination, "LogFilePrefix": bucket.log_prefix() })
}

/// Old versions go to Glacier, then away; access logs go after their
/// retention. PCI DSS 10.5.1 asks for twelve months of logs.
fn lifecycle(bucket: Bucket, spec: &Spec) -> Value {
    let storage = &spec.storage;
    let mut rules = vec![
        json!({
            "Id": "abort-incomplete-uploads",
            "Status": "Enabled",
            "Prefix": "",
            "AbortIncompleteMultipartUpload": {
                "DaysAfterInitiation": storage.abort_incomplete_uploads_after_days,
            },
        }),
        json!({
            "Id": "old-versions",
            "Status": "Enabled",
            "Prefix": "",
            "NoncurrentVersionTransitions": [{
                "StorageClass": "GLACIER",
                "TransitionInDays": storage.noncurrent_glacier_after_days,
            }],
            "NoncurrentVersionExpiration": {
                "NoncurrentDays": storage.noncurrent_expire_after_days,
            },
        }),
    ];
    if bucket == Bucket::Logs {
        rules.push(json!({
            "Id": "access-log-retention",
            "Status": "Enabled",
            "Prefix": "access-logs/",
            "ExpirationInDays": storage.access_log_retention_days,
        }));
        rules.push(json!({
            "Id": "flow-log-retention",
            "Status": "Enabled",
            "Prefix": network::FLOW_LOG_PREFIX,
            "ExpirationInDays": storage.access_log_retention_days,
        }));
        rules.extend(monitoring::trail_lifecycle(spec));
    }
    json!({ "Rules": rules })
}

fn bucket_policy(bucket: Bucket, spec: &Spec, facts: &Facts) -> Value {
    let arn = facts.bucket_arn(&bucket.name(spec, facts));
    let objects = format!("{arn}/*");
    let mut statements = transport_statements(bucket);
    statements.extend(access::guard::of_bucket(&arn, spec, facts));
    match bucket {
        Bucket::Raw | Bucket::Processed => {
            statements.extend(right_key_statements(bucket, spec, &objects));
        }
        Bucket::Logs => {
            statements.push(access_log_statement(&arn, spec, facts));
            statements.extend(network::log_delivery_statements(spec, facts));
            statements.extend(monitoring::trail_bucket_statements(spec, facts));
        }
    }
    document(statements)
}

fn access_log_statement(arn: &str, spec: &Spec, facts: &Facts) -> Statement {
    Statement::allow("AccessLogDelivery")
        .service(LOG_DELIVERY)
        .actions(["s3:PutObject"])
        .resource(format!("{arn}/access-logs/*"))
        .when(
            "StringEquals",
            "aws:SourceAccount",
            facts.account_id.clone(),
        )
        .when("ArnLike", "aws:SourceArn", logged_buckets(spec, facts))
}

/// Nothing but TLS 1.2 or newer (R013). `s3:TlsVersion` is absent on plain
/// HTTP, which the first statement has refused already.
///
/// The bucket is referred to, not named: cdk-nag looks for the bucket that the
/// policy is of.
fn transport_statements(bucket: Bucket) -> Vec<Statement> {
    let id = bucket.bucket_id();
    let all = json!([get_att(id, "Arn"), sub(format!("${{{id}.Arn}}/*"))]);
    vec![
        Statement::deny("OnlyTls")
            .everyone()
            .actions(["s3:*"])
            .resource(all.clone())
            .when("Bool", "aws:SecureTransport", "false"),
        Statement::deny("OnlyTls12")
            .everyone()
            .actions(["s3:*"])
            .resource(all)
            .when("NumericLessThan", "s3:TlsVersion", "1.2"),
    ]
}

/// Uploads under another key are refused (R012), and uploads that say nothing
/// are left to the bucket's default, which is the right key.
///
/// Two traps of IAM's condition language
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>):
/// a negated operator holds when its key is absent, with or without
/// `IfExists`, so that each needs `Null: false` beside it; and `aws:kms`
/// without a key id means the AWS managed key, not the bucket's default.
fn right_key_statements(bucket: Bucket, spec: &Spec, objects: &str) -> Vec<Statement> {
    const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
    const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    let put = |sid: &str| {
        Statement::deny(sid)
            .everyone()
            .actions(["s3:PutObject"])
            .resource(objects)
    };
    vec![
        put("OnlyKmsEncryption")
            .when("Null", ALGORITHM, "false")
            .when("StringNotEquals", ALGORITHM, "aws:kms"),
        put("OnlyThisKey").when("Null", KEY, "false").when(
            "ArnNotEquals",
            KEY,
            key_purpose(bucket).arn(spec),
        ),
        put("NotTheAwsManagedKey")
            .when("StringEquals", ALGORITHM, "aws:kms")
            .when("Null", KEY, "true"),
    ]
}

/// Log delivery writes under the logs key (R011: a key grant is what the log
/// target needs beside SSE-KMS).
pub(super) fn access_log_key_grant(spec: &Spec, facts: &Facts) -> Option<Statement> {
    if Bucket::Logs.is_brought(spec)
        || spec.storage.access_log_encryption == AccessLogEncryption::Aes256
    {
        return None;
    }
    Some(
        Statement::allow("AccessLogDelivery")
            .service(LOG_DELIVERY)
            .actions(["kms:GenerateDataKey*", "kms:Decrypt"])
            .resource("*")
            .when(
                "StringEquals",
                "aws:SourceAccount",
                facts.account_id.clone(),
            )
            .when("ArnLike", "aws:SourceArn", logged_buckets(spec, facts)),
    )
}

/// By name and not by `Ref`: the logs key's policy names them before they are.
fn logged_buckets(spec: &Spec, facts: &Facts) -> Value {
    [Bucket::Raw, Bucket::Processed]
        .map(|bucket| facts.bucket_arn(&bucket.name(spec, facts)))
        .to_vec()
        .into()
}
