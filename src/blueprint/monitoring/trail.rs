//! The trail of `api_calls = "managed"`: management events of all regions, in
//! the log bucket, under the logs key, with digests that show tampering.

use super::super::encryption::Purpose;
use super::super::policy::Statement;
use super::super::spec::Provision;
use super::super::storage::Bucket;
use super::super::{Expansion, Facts, Spec, naming};
use serde_json::{Value, json};

const TRAIL_ID: &str = "ManagementTrail";
const PREFIX: &str = "cloudtrail";
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

fn is_managed(spec: &Spec) -> bool {
    spec.monitoring.api_calls == Provision::Managed
}

fn trail_name(spec: &Spec) -> String {
    naming::name("management", spec, naming::limit::TRAIL)
}

/// By name: policies name the trail before it is.
fn trail_arn(spec: &Spec, facts: &Facts) -> String {
    facts.arn("cloudtrail", &format!("trail/{}", trail_name(spec)))
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if !is_managed(x.spec) {
        return;
    }
    let properties = json!({
        "TrailName": trail_name(x.spec),
        "S3BucketName": Bucket::Logs.name(x.spec, x.facts),
        "S3KeyPrefix": PREFIX,
        "KMSKeyId": Purpose::Logs.arn(x.spec),
        "IsLogging": true,
        "IsMultiRegionTrail": true,
        "IncludeGlobalServiceEvents": true,
        "EnableLogFileValidation": true,
        "EventSelectors": [{ "IncludeManagementEvents": true, "ReadWriteType": "All" }],
        "Tags": x.tags(&[]),
    });
    // CloudTrail looks whether it may write when the trail is made.
    let policy = Bucket::Logs.policy_id();
    let after: &[&str] = match x.spec.storage.log_bucket_name {
        Some(_) => &[],
        None => &[policy],
    };
    x.add_after(TRAIL_ID, "AWS::CloudTrail::Trail", properties, after);
}

/// What CloudTrail may do with our log bucket
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>).
pub(in super::super) fn trail_bucket_statements(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    if !is_managed(spec) {
        return Vec::new();
    }
    let bucket = facts.bucket_arn(&Bucket::Logs.name(spec, facts));
    let objects = format!("{bucket}/{PREFIX}/AWSLogs/{}/*", facts.account_id);
    let trail = trail_arn(spec, facts);
    vec![
        Statement::allow("TrailLooks")
            .service(CLOUDTRAIL)
            .actions(["s3:GetBucketAcl"])
            .resource(bucket)
            .when("StringEquals", "aws:SourceArn", trail.clone()),
        Statement::allow("TrailWrites")
            .service(CLOUDTRAIL)
            .actions(["s3:PutObject"])
            .resource(objects)
            .when("StringEquals", "aws:SourceArn", trail)
            .when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
    ]
}

/// What CloudTrail may do with the logs key
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html>).
pub(in super::super) fn trail_key_grant(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    if !is_managed(spec) {
        return Vec::new();
    }
    let trail = trail_arn(spec, facts);
    let trails = format!(
        "arn:{}:cloudtrail:*:{}:trail/*",
        facts.partition, facts.account_id
    );
    vec![
        Statement::allow("TrailEncrypts")
            .service(CLOUDTRAIL)
            .actions(["kms:Decrypt", "kms:GenerateDataKey*"])
            .resource("*")
            .when("StringEquals", "aws:SourceArn", trail.clone())
            .when(
                "StringLike",
                "kms:EncryptionContext:aws:cloudtrail:arn",
                trails,
            ),
        Statement::allow("TrailDescribes")
            .service(CLOUDTRAIL)
            .actions(["kms:DescribeKey"])
            .resource("*")
            .when("StringEquals", "aws:SourceArn", trail),
    ]
}

/// How long the trail's files are kept, as a lifecycle rule of the log bucket.
pub(in super::super) fn trail_lifecycle(spec: &Spec) -> Option<Value> {
    is_managed(spec).then(|| {
        json!({
            "Id": "trail-retention",
            "Status": "Enabled",
            "Prefix": format!("{PREFIX}/"),
            "ExpirationInDays": spec.storage.access_log_retention_days,
        })
    })
}
