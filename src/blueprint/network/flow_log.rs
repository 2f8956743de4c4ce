//! The record of all traffic (R029), in the log bucket under `flow-logs/`.

use super::{VPC_ID, is_brought, tags};
use crate::blueprint::policy::Statement;
use crate::blueprint::spec::AccessLogEncryption;
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Expansion, Facts, Spec};
use crate::engine::template::intrinsics::reference;
use serde_json::json;

/// The service that writes flow logs to S3.
const DELIVERY: &str = "delivery.logs.amazonaws.com";
pub(in crate::blueprint) const PREFIX: &str = "flow-logs/";

pub(super) fn expand(x: &mut Expansion<'_>) {
    let bucket = x.facts.bucket_arn(&Bucket::Logs.name(x.spec, x.facts));
    let properties = json!({
        "ResourceId": reference(VPC_ID),
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": format!("{bucket}/{PREFIX}"),
        "MaxAggregationInterval": 600,
        "DestinationOptions": {
            "FileFormat": "plain-text",
            "HiveCompatiblePartitions": false,
            "PerHourPartition": false,
        },
        "Tags": tags(x, "flow-log"),
    });
    // AWS looks at the bucket's policy when the log is made, and writes one of
    // its own over it where delivery is not allowed yet.
    let after: &[&str] = match &x.spec.storage.log_bucket_name {
        Some(_) => &[],
        None => &["LogsBucketPolicy"],
    };
    x.add_after("FlowLog", "AWS::EC2::FlowLog", properties, after);
}

fn bound(statement: Statement, facts: &Facts) -> Statement {
    statement
        .service(DELIVERY)
        .when(
            "StringEquals",
            "aws:SourceAccount",
            facts.account_id.clone(),
        )
        .when("ArnLike", "aws:SourceArn", facts.arn("logs", "*"))
}

/// What the log bucket's policy allows for it, in AWS's own words: where these
/// two statements are missing, AWS puts them there itself and the rest of the
/// policy is lost
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html>).
pub(in crate::blueprint) fn log_delivery_statements(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    if is_brought(spec) {
        return Vec::new();
    }
    let bucket = facts.bucket_arn(&Bucket::Logs.name(spec, facts));
    let objects = format!("{bucket}/{PREFIX}AWSLogs/{}/*", facts.account_id);
    vec![
        bound(Statement::allow("AWSLogDeliveryWrite"), facts)
            .actions(["s3:PutObject"])
            .resource(objects)
            .when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
        bound(Statement::allow("AWSLogDeliveryAclCheck"), facts)
            .actions(["s3:GetBucketAcl", "s3:ListBucket"])
            .resource(bucket),
    ]
}

/// Delivery writes under the log bucket's key.
pub(in crate::blueprint) fn log_delivery_key_grant(
    spec: &Spec,
    facts: &Facts,
) -> Option<Statement> {
    let encrypted = spec.storage.access_log_encryption == AccessLogEncryption::Kms;
    if is_brought(spec) || spec.storage.log_bucket_name.is_some() || !encrypted {
        return None;
    }
    let grant = Statement::allow("FlowLogDelivery").actions([
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    ]);
    Some(bound(grant.resource("*"), facts))
}
