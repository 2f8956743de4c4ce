//! Whether a resource keeps its data under a customer managed key (R109).

use super::Finding;
use super::item::Item;
use serde_json::Value;

/// Keys of AWS's own, which a service falls back to.
const AWS_MANAGED: &str = "alias/aws/";

pub fn judge(item: &Item) -> Finding {
    match item.resource_type.as_str() {
        "AWS::S3::Bucket" => bucket(item),
        "AWS::DynamoDB::Table" => {
            let description = item.field(&["ssedescription"]);
            if description["status"] != "ENABLED" || description["ssetype"] != "KMS" {
                return Finding::NonCompliant("the table is not encrypted with KMS".to_owned());
            }
            key("table", &description["kmsmasterKeyArn"])
        }
        "AWS::SNS::Topic" => key("topic", item.field(&["KmsMasterKeyId"])),
        "AWS::SQS::Queue" => key("queue", item.field(&["KmsMasterKeyId"])),
        "AWS::SecretsManager::Secret" => key("secret", item.field(&["KMSKeyId"])),
        "AWS::Lambda::Function" => key("function's environment", item.field(&["kmskeyArn"])),
        "AWS::KMS::Key" => match item.supplement("KeyRotationStatus") {
            Value::Bool(true) => Finding::Compliant,
            _ => Finding::NonCompliant("the key does not rotate by itself".to_owned()),
        },
        _ => Finding::NotApplicable("such a resource keeps no data"),
    }
}

fn bucket(item: &Item) -> Finding {
    let encryption = item.supplement("ServerSideEncryptionConfiguration");
    let default = &encryption["rules"][0]["applyServerSideEncryptionByDefault"];
    match default["sseAlgorithm"].as_str() {
        Some("aws:kms" | "aws:kms:dsse") => key("bucket", &default["kmsMasterKeyID"]),
        // What the access log bucket may choose (R011); S3 refuses to deliver
        // its logs into some buckets otherwise.
        Some("AES256") if item.tag("tap:logical-id") == Some("LogsBucket") => Finding::Compliant,
        Some(other) => Finding::NonCompliant(format!(
            "the bucket's default encryption is {other}, not aws:kms"
        )),
        None => Finding::NonCompliant("the bucket has no default encryption".to_owned()),
    }
}

fn key(what: &str, id: &Value) -> Finding {
    match id.as_str().unwrap_or_default() {
        "" => Finding::NonCompliant(format!(
            "the {what} is not encrypted with a customer managed key"
        )),
        id if id.contains(AWS_MANAGED) => {
            Finding::NonCompliant(format!("the {what} is encrypted with a key of AWS's own"))
        }
        _ => Finding::Compliant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(resource_type: &str, configuration: Value, supplement: Value) -> Item {
        Item {
            resource_type: resource_type.to_owned(),
            configuration,
            supplementary_configuration: supplement.as_object().cloned().unwrap_or_default(),
            ..Item::default()
        }
    }

    #[test]
    fn a_customer_managed_key_is_compliant_and_nothing_else_is() {
        const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/k";
        let bucket = |default: Value| json!({ "ServerSideEncryptionConfiguration": { "rules": [{ "applyServerSideEncryptionByDefault": default }] } });
        let cases = [
            (
                "AWS::S3::Bucket",
                json!({}),
                bucket(json!({ "sseAlgorithm": "aws:kms", "kmsMasterKeyID": KEY })),
                true,
            ),
            (
                "AWS::S3::Bucket",
                json!({}),
                bucket(json!({ "sseAlgorithm": "aws:kms", "kmsMasterKeyID": null })),
                false,
            ),
            (
                "AWS::S3::Bucket",
                json!({}),
                bucket(
                    json!({ "sseAlgorithm": "aws:kms", "kmsMasterKeyID": "arn:aws:kms:us-east-1:1:alias/aws/s3" }),
                ),
                false,
            ),
            (
                "AWS::S3::Bucket",
                json!({}),
                bucket(json!({ "sseAlgorithm": "AES256" })),
                false,
            ),
            ("AWS::S3::Bucket", json!({}), json!({}), false),
            (
                "AWS::DynamoDB::Table",
                json!({ "ssedescription": { "status": "ENABLED", "ssetype": "KMS", "kmsmasterKeyArn": KEY } }),
                json!({}),
                true,
            ),
            (
                "AWS::DynamoDB::Table",
                json!({ "ssedescription": { "status": "DISABLED" } }),
                json!({}),
                false,
            ),
            ("AWS::DynamoDB::Table", json!({}), json!({}), false),
            (
                "AWS::SNS::Topic",
                json!({ "KmsMasterKeyId": KEY }),
                json!({}),
                true,
            ),
            (
                "AWS::SNS::Topic",
                json!({ "KmsMasterKeyId": "alias/aws/sns" }),
                json!({}),
                false,
            ),
            ("AWS::SQS::Queue", json!({}), json!({}), false),
            (
                "AWS::SecretsManager::Secret",
                json!({ "KMSKeyId": KEY }),
                json!({}),
                true,
            ),
            (
                "AWS::Lambda::Function",
                json!({ "kmskeyArn": KEY }),
                json!({}),
                true,
            ),
            (
                "AWS::Lambda::Function",
                json!({ "kmskeyArn": null }),
                json!({}),
                false,
            ),
            (
                "AWS::KMS::Key",
                json!({}),
                json!({ "KeyRotationStatus": true }),
                true,
            ),
            (
                "AWS::KMS::Key",
                json!({}),
                json!({ "KeyRotationStatus": "false" }),
                false,
            ),
        ];
        for (kind, configuration, supplement, compliant) in cases {
            let item = item(kind, configuration.clone(), supplement.clone());
            let finding = judge(&item);
            assert_eq!(
                finding == Finding::Compliant,
                compliant,
                "{kind} {configuration} {supplement}: {finding:?}"
            );
        }
        let role = item("AWS::IAM::Role", json!({}), json!({}));
        assert!(matches!(judge(&role), Finding::NotApplicable(_)));
    }
}
