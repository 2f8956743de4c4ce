//! Audit table (R070-R075): one row per operation, by request and time, with
//! an index by day so that an auditor can read a day in order.

use super::encryption::Purpose;
use super::{Expansion, Spec, naming};
use serde_json::{Value, json};

pub const TABLE_ID: &str = "AuditTable";

/// A hash key of whole days and a range key of time: an index hashed by the
/// time itself could not answer "between" (R073).
pub const DAY_INDEX: &str = "by-day";

pub fn table_name(spec: &Spec) -> String {
    naming::name("audit", spec, naming::limit::TABLE)
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    let properties = json!({
        "TableName": table_name(x.spec),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "day", "AttributeType": "S" },
            { "AttributeName": "requestId", "AttributeType": "S" },
            { "AttributeName": "timestamp", "AttributeType": "S" },
        ],
        "KeySchema": key_schema("requestId", "timestamp"),
        "GlobalSecondaryIndexes": [{
            "IndexName": DAY_INDEX,
            "KeySchema": key_schema("day", "timestamp"),
            "Projection": { "ProjectionType": "ALL" },
        }],
        "PointInTimeRecoverySpecification": point_in_time_recovery(x.spec),
        "SSESpecification": {
            "SSEEnabled": true,
            "SSEType": "KMS",
            "KMSMasterKeyId": Purpose::Data.arn(x.spec),
        },
        "DeletionProtectionEnabled": false,
        "Tags": x.tags(&[]),
    });
    x.add(TABLE_ID, "AWS::DynamoDB::Table", properties);
}

fn key_schema(hash: &str, range: &str) -> Value {
    json!([
        { "AttributeName": hash, "KeyType": "HASH" },
        { "AttributeName": range, "KeyType": "RANGE" },
    ])
}

fn point_in_time_recovery(spec: &Spec) -> Value {
    if spec.audit.point_in_time_recovery {
        json!({
            "PointInTimeRecoveryEnabled": true,
            "RecoveryPeriodInDays": spec.audit.recovery_period_days,
        })
    } else {
        json!({ "PointInTimeRecoveryEnabled": false })
    }
}
