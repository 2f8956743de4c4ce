//! Buckets, their policies and their logs.

use super::*;

#[test]
fn every_bucket_is_versioned_encrypted_private_owned_and_has_a_lifecycle() {
    let template = template(|_| {});
    for (id, bucket) in of_type(&template, "AWS::S3::Bucket") {
        assert_eq!(
            bucket["VersioningConfiguration"]["Status"], "Enabled",
            "{id}"
        );
        for flag in [
            "BlockPublicAcls",
            "BlockPublicPolicy",
            "IgnorePublicAcls",
            "RestrictPublicBuckets",
        ] {
            assert_eq!(
                bucket["PublicAccessBlockConfiguration"][flag], true,
                "{id} {flag}"
            );
        }
        let rule = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        assert_eq!(rule["BucketKeyEnabled"], true, "{id}");
        assert_eq!(
            rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "aws:kms",
            "{id}"
        );
        assert_eq!(
            bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced",
            "{id}"
        );
        let rules = bucket["LifecycleConfiguration"]["Rules"]
            .as_array()
            .expect("rules");
        assert!(
            rules
                .iter()
                .any(|rule| rule["NoncurrentVersionTransitions"][0]["TransitionInDays"] == 30),
            "{id}"
        );
        assert!(
            rules
                .iter()
                .any(|rule| rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7),
            "{id}"
        );
    }
}

#[test]
fn document_buckets_log_to_the_log_bucket_and_the_log_bucket_to_nobody() {
    let template = template(|_| {});
    for (id, prefix) in [
        ("RawBucket", "access-logs/raw/"),
        ("ProcessedBucket", "access-logs/processed/"),
    ] {
        assert_eq!(
            property(&template, id, "/LoggingConfiguration/DestinationBucketName"),
            &json!({ "Ref": "LogsBucket" })
        );
        assert_eq!(
            property(&template, id, "/LoggingConfiguration/LogFilePrefix"),
            prefix
        );
    }
    assert_eq!(
        property(&template, "LogsBucket", "/LoggingConfiguration"),
        &Value::Null
    );
}

#[test]
fn every_bucket_policy_refuses_plain_http_and_old_tls() {
    let template = template(|_| {});
    for (id, policy) in of_type(&template, "AWS::S3::BucketPolicy") {
        let denies = |condition: Value| {
            statements(&policy["PolicyDocument"]).iter().any(|s| {
                s["Effect"] == "Deny" && s["Condition"] == condition && s["Action"] == "s3:*"
            })
        };
        assert!(
            denies(json!({ "Bool": { "aws:SecureTransport": "false" } })),
            "{id}"
        );
        assert!(
            denies(json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } })),
            "{id}"
        );
    }
}

/// A negated condition holds when its key is absent; without `Null: false`
/// beside it, every upload that relies on the bucket's default is refused.
#[test]
fn no_deny_of_the_wrong_key_hits_uploads_that_say_nothing() {
    let template = template(|_| {});
    for id in ["RawBucketPolicy", "ProcessedBucketPolicy"] {
        let document = property(&template, id, "/PolicyDocument");
        let mut seen = 0;
        for statement in statements(document) {
            for operator in ["StringNotEquals", "ArnNotEquals"] {
                for key in statement["Condition"][operator]
                    .as_object()
                    .into_iter()
                    .flat_map(|keys| keys.keys())
                {
                    seen += 1;
                    assert_eq!(
                        statement["Condition"]["Null"][key], "false",
                        "{id} {}",
                        statement["Sid"]
                    );
                }
            }
        }
        assert_eq!(seen, 2, "{id} refuses a wrong algorithm and a wrong key");
    }
}

#[test]
fn log_delivery_may_write_logs_of_this_pipelines_buckets_only() {
    let template = template(|_| {});
    let allow: Vec<&Value> = statements(property(&template, "LogsBucketPolicy", "/PolicyDocument"))
        .iter()
        .filter(|statement| statement["Sid"] == "AccessLogDelivery")
        .collect();
    assert_eq!(allow.len(), 1);
    assert_eq!(
        allow[0]["Principal"],
        json!({ "Service": "logging.s3.amazonaws.com" })
    );
    assert_eq!(
        allow[0]["Condition"]["ArnLike"]["aws:SourceArn"],
        json!([
            "arn:aws:s3:::documents-raw-documents-dev-111122223333-us-east-1",
            "arn:aws:s3:::documents-processed-documents-dev-111122223333-us-east-1",
        ])
    );
}

#[test]
fn a_log_bucket_under_sse_s3_needs_no_grant_of_the_key() {
    let template =
        template(|spec| spec.storage.access_log_encryption = AccessLogEncryption::Aes256);
    let policy = property(&template, "LogsKey", "/KeyPolicy").to_string();
    assert!(!policy.contains("logging.s3"), "{policy}");
}
