//! Whether a resource keeps its data under a customer managed key (R109).
//!
//! A key's ARN does not say whose it is, and a service that was given its own
//! key by ARN is recorded with that: KMS is asked.

use super::Finding;
use super::item::Item;
use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_kms::types::KeyManagerType;
use serde_json::Value;

/// Keys of AWS's own, which a service falls back to.
const AWS_MANAGED: &str = "alias/aws/";

/// What an item says.
#[derive(Debug, PartialEq, Eq)]
enum Claim {
    /// All that there is to know.
    Found(Finding),
    /// `what` is encrypted with a key that must be the customer's.
    Key { what: &'static str, id: String },
}

pub async fn judge(call: &Call<'_>, item: &Item) -> Result<Finding, Failure> {
    match claim(item) {
        Claim::Found(finding) => Ok(finding),
        Claim::Key { what, id } => managed_by_customer(call, what, &id).await,
    }
}

async fn managed_by_customer(call: &Call<'_>, what: &str, id: &str) -> Result<Finding, Failure> {
    let answer = call.clients.kms().describe_key().key_id(id).send().await;
    let metadata = match answer {
        Ok(answer) => answer.key_metadata,
        Err(error) => {
            let failure = Failure::aws("kms:DescribeKey", id, error);
            // Another account's key, or one that is no more. It comes to the
            // same: nobody here can tell that the data is under our key.
            return match failure.code() {
                Some("NotFoundException") => Ok(Finding::NonCompliant(format!(
                    "the {what} is encrypted with the key {id}, which does not exist"
                ))),
                Some("AccessDeniedException" | "InvalidArnException") => {
                    Ok(Finding::NonCompliant(format!(
                        "the {what} is encrypted with the key {id}, which cannot be described, so nobody can tell whether it is customer managed"
                    )))
                }
                _ => Err(failure),
            };
        }
    };
    let manager = metadata.and_then(|metadata| metadata.key_manager);
    Ok(managed_by(what, manager.as_ref()))
}

fn managed_by(what: &str, manager: Option<&KeyManagerType>) -> Finding {
    match manager {
        Some(KeyManagerType::Customer) => Finding::Compliant,
        _ => aws_owned(what),
    }
}

fn aws_owned(what: &str) -> Finding {
    Finding::NonCompliant(format!("the {what} is encrypted with a key of AWS's own"))
}

fn not_compliant(why: impl Into<String>) -> Claim {
    Claim::Found(Finding::NonCompliant(why.into()))
}

fn claim(item: &Item) -> Claim {
    match item.resource_type.as_str() {
        "AWS::S3::Bucket" => bucket(item),
        "AWS::DynamoDB::Table" => {
            let description = item.field(&["ssedescription"]);
            if description["status"] != "ENABLED" || description["ssetype"] != "KMS" {
                return not_compliant("the table is not encrypted with KMS");
            }
            key("table", &description["kmsmasterKeyArn"])
        }
        "AWS::SNS::Topic" => key("topic", item.field(&["KmsMasterKeyId"])),
        "AWS::SQS::Queue" => key("queue", item.field(&["KmsMasterKeyId"])),
        "AWS::SecretsManager::Secret" => key("secret", item.field(&["KMSKeyId"])),
        "AWS::Lambda::Function" => key("function's environment", item.field(&["kmskeyArn"])),
        "AWS::KMS::Key" => match item.supplement("KeyRotationStatus") {
            Value::Bool(true) => Claim::Found(Finding::Compliant),
            _ => not_compliant("the key does not rotate by itself"),
        },
        _ => Claim::Found(Finding::NotApplicable("such a resource keeps no data")),
    }
}

fn bucket(item: &Item) -> Claim {
    let encryption = item.supplement("ServerSideEncryptionConfiguration");
    let default = &encryption["rules"][0]["applyServerSideEncryptionByDefault"];
    match default["sseAlgorithm"].as_str() {
        Some("aws:kms" | "aws:kms:dsse") => key("bucket", &default["kmsMasterKeyID"]),
        // What the access log bucket may choose (R011); S3 refuses to deliver
        // its logs into some buckets otherwise.
        Some("AES256") if item.tag("tap:logical-id") == Some("LogsBucket") => {
            Claim::Found(Finding::Compliant)
        }
        Some(other) => not_compliant(format!(
            "the bucket's default encryption is {other}, not aws:kms"
        )),
        None => not_compliant("the bucket has no default encryption"),
    }
}

fn key(what: &'static str, id: &Value) -> Claim {
    match id.as_str().unwrap_or_default() {
        "" => not_compliant(format!(
            "the {what} is not encrypted with a customer managed key"
        )),
        // KMS would make such a key where there is none yet.
        id if id.contains(AWS_MANAGED) => Claim::Found(aws_owned(what)),
        id => Claim::Key {
            what,
            id: id.to_owned(),
        },
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
    fn only_what_has_a_key_may_be_compliant() {
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
            let claim = claim(&item);
            let may_be = match &claim {
                Claim::Found(finding) => *finding == Finding::Compliant,
                Claim::Key { id, .. } => id == KEY,
            };
            assert_eq!(
                may_be, compliant,
                "{kind} {configuration} {supplement}: {claim:?}"
            );
        }
        let role = item("AWS::IAM::Role", json!({}), json!({}));
        assert!(matches!(
            claim(&role),
            Claim::Found(Finding::NotApplicable(_))
        ));
    }

    #[test]
    fn only_the_customer_is_a_customer() {
        let managed = |manager: Option<&KeyManagerType>| managed_by("bucket", manager);
        let customer = managed(Some(&KeyManagerType::Customer));
        assert_eq!(customer, Finding::Compliant);
        for manager in [Some(&KeyManagerType::Aws), None] {
            assert!(matches!(managed(manager), Finding::NonCompliant(_)));
        }
    }
}
