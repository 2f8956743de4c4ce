//! The schema of `tap_secure_pipeline`. Its descriptions are the single
//! source of the documentation: each says units, default, allowed values and
//! what a change does.

use std::collections::HashMap;
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, Schema,
};

/// Counts up when a state of the last version needs more than unknown or
/// missing attributes to be read by this one.
pub const VERSION: i64 = 1;

/// The schema of the resource.
pub fn resource() -> Schema {
    let mut attributes = settings();
    attributes.extend(computed());
    Schema {
        version: VERSION,
        block: Block {
            version: VERSION,
            attributes,
            description: Description::markdown(
                "A PCI DSS compliant document-processing pipeline on AWS, declared in one block. \
                 Every area is optional; its defaults pass the compliance checks.",
            ),
            ..Block::default()
        },
    }
}

/// What the user writes. Shared with the template data source.
pub fn settings() -> HashMap<String, Attribute> {
    use AttributeConstraint::{Optional, OptionalComputed as Default_, Required};
    let text = AttributeType::String;
    let number = AttributeType::Number;
    let flag = AttributeType::Bool;
    let map = AttributeType::Map(Box::new(AttributeType::String));
    attributes([
        (
            "name",
            text.clone(),
            Required,
            "Name of the pipeline: 1 to 32 lower-case letters, digits and single hyphens, starting with a letter. \
          Part of every resource's name. A change replaces the pipeline and is refused unless `allow_data_loss` is true.",
        ),
        (
            "environment_suffix",
            text.clone(),
            Required,
            "Environment: 1 to 16 lower-case letters and digits. Part of every resource's name. \
          A change replaces the pipeline and is refused unless `allow_data_loss` is true.",
        ),
        (
            "encryption",
            AttributeType::AttributeSingle(attributes([
                (
                    "rotation_period_days",
                    number.clone(),
                    Default_,
                    "Days between automatic rotations of the keys' material, 90 to 2560. Default 365. Changed in place.",
                ),
                (
                    "deletion_window_days",
                    number.clone(),
                    Default_,
                    "Days AWS keeps a deleted key before it is gone, 7 to 30. Default 7. Changed in place.",
                ),
                (
                    "key_arns",
                    AttributeType::AttributeSingle(attributes([
                        (
                            "data",
                            text.clone(),
                            Optional,
                            "ARN of your own key for documents and the audit table. Null creates one.",
                        ),
                        (
                            "environment",
                            text.clone(),
                            Optional,
                            "ARN of your own key for function environment variables. Null creates one.",
                        ),
                        (
                            "logs",
                            text.clone(),
                            Optional,
                            "ARN of your own key for logs and notifications; its policy must admit the log and notification services. Null creates one.",
                        ),
                    ])),
                    Optional,
                    "Keys of your own instead of the pipeline's. They are never modified nor deleted.",
                ),
            ])),
            Default_,
            "Customer-managed KMS keys: one for data, one for function environments, one for logs and notifications.",
        ),
        (
            "storage",
            AttributeType::AttributeSingle(attributes([
                (
                    "noncurrent_glacier_after_days",
                    number.clone(),
                    Default_,
                    "Days after which old object versions move to Glacier, 1 to 3650. Default 30. Changed in place.",
                ),
                (
                    "noncurrent_expire_after_days",
                    number.clone(),
                    Default_,
                    "Days after which old object versions are deleted, more than `noncurrent_glacier_after_days`, at most 3650. \
              Default 400; less than 365 misses PCI DSS 10.5.1 and is warned of. Changed in place.",
                ),
                (
                    "access_log_retention_days",
                    number.clone(),
                    Default_,
                    "Days access logs are kept, 1 to 3650. Default 400; less than 365 misses PCI DSS 10.5.1 and is warned of. Changed in place.",
                ),
                (
                    "abort_incomplete_uploads_after_days",
                    number.clone(),
                    Default_,
                    "Days after which an unfinished multipart upload is dropped, 1 to 365. Default 7. Changed in place.",
                ),
                (
                    "force_destroy",
                    flag.clone(),
                    Default_,
                    "Whether destroy may empty the buckets, all versions included. Default true. \
              Takes effect when applied: it is a tag on each bucket, for a destroy sees no configuration.",
                ),
                (
                    "access_log_encryption",
                    text.clone(),
                    Default_,
                    "Encryption of the log bucket: `aws:kms` (the logs key) or `AES256`. Default `aws:kms`. Changed in place.",
                ),
                (
                    "log_bucket_name",
                    text.clone(),
                    Optional,
                    "Name of your own bucket for access logs. It is never modified nor deleted. Null creates one.",
                ),
            ])),
            Default_,
            "S3 buckets for raw documents, processed documents and access logs.",
        ),
        (
            "audit",
            AttributeType::AttributeSingle(attributes([
                (
                    "point_in_time_recovery",
                    flag.clone(),
                    Default_,
                    "Continuous backups of the audit table. Default true; false is warned of. Changed in place.",
                ),
                (
                    "recovery_period_days",
                    number.clone(),
                    Default_,
                    "Days of continuous backups, 1 to 35. Default 35. Changed in place.",
                ),
            ])),
            Default_,
            "DynamoDB table with one row per operation.",
        ),
        (
            "alerts",
            AttributeType::AttributeSingle(attributes([(
                "emails",
                AttributeType::Set(Box::new(AttributeType::String)),
                Default_,
                "E-mail addresses subscribed to alerts. AWS mails each a confirmation link; until it is followed the subscription \
              is pending, which is not drift. Default none.",
            )])),
            Default_,
            "SNS topic for alerts.",
        ),
        (
            "overrides",
            map.clone(),
            Optional,
            "Escape hatch: by logical id, a JSON merge patch (RFC 7396) of its CloudFormation properties, written with `jsonencode`. \
          A patch that touches a compliance control is named in a plan warning.",
        ),
        (
            "tags",
            map.clone(),
            Optional,
            "Tags of every resource, beside the provider's `default_tags`, which they win over. \
          Keys `owner`, `stack`, `environment-suffix` and those that start with `tap:` or `aws:` are reserved.",
        ),
        (
            "deletion_protection",
            flag.clone(),
            Default_,
            "Whether destroying the pipeline is refused at plan time. Default false.",
        ),
        (
            "allow_data_loss",
            flag.clone(),
            Default_,
            "Whether a plan may replace or remove what holds data: buckets, the audit table, keys. Default false.",
        ),
        (
            "adopt_existing",
            flag.clone(),
            Default_,
            "Whether create may take over a complete pipeline of the same name and suffix. Default false: it is refused with the import command. \
          An unfinished one is always continued.",
        ),
        (
            "on_create_failure",
            text.clone(),
            Default_,
            "What a failed create does. `keep` (default): an error, and everything that exists stays in state; the next apply continues in place. \
          `rollback`: what this apply created is deleted. `resume`: no error but a warning and `status = \"INCOMPLETE\"`; the next apply continues.",
        ),
        (
            "timeouts",
            AttributeType::AttributeSingle(attributes([
                (
                    "create",
                    text.clone(),
                    Default_,
                    "Longest create, as `90s`, `60m` or `1h30m`. Default `60m`.",
                ),
                (
                    "update",
                    text.clone(),
                    Default_,
                    "Longest update. Default `60m`.",
                ),
                (
                    "delete",
                    text.clone(),
                    Default_,
                    "Longest delete. Default `90m`.",
                ),
            ])),
            Default_,
            "How long operations may take. What has been done when the time is up is kept, and the next apply goes on from there.",
        ),
    ])
}

fn computed() -> HashMap<String, Attribute> {
    use AttributeConstraint::Computed;
    let text = AttributeType::String;
    let map = AttributeType::Map(Box::new(AttributeType::String));
    attributes([
        (
            "id",
            text.clone(),
            Computed,
            "`name-environment_suffix@region`, the id for `terraform import`.",
        ),
        (
            "status",
            text.clone(),
            Computed,
            "`READY`, or `INCOMPLETE` while an apply has not finished.",
        ),
        (
            "account_id",
            text.clone(),
            Computed,
            "AWS account the pipeline is in.",
        ),
        (
            "region",
            text.clone(),
            Computed,
            "AWS region the pipeline is in.",
        ),
        (
            "bucket_names",
            AttributeType::AttributeSingle(attributes([
                (
                    "raw",
                    text.clone(),
                    Computed,
                    "Bucket that receives documents.",
                ),
                (
                    "processed",
                    text.clone(),
                    Computed,
                    "Bucket of processed documents and scan results.",
                ),
                ("logs", text.clone(), Computed, "Bucket of access logs."),
            ])),
            Computed,
            "Names of the buckets.",
        ),
        (
            "audit_table_name",
            text.clone(),
            Computed,
            "Name of the audit table.",
        ),
        (
            "key_arns",
            AttributeType::AttributeSingle(attributes([
                (
                    "data",
                    text.clone(),
                    Computed,
                    "ARN of the key for documents and the audit table.",
                ),
                (
                    "environment",
                    text.clone(),
                    Computed,
                    "ARN of the key for function environment variables.",
                ),
                (
                    "logs",
                    text.clone(),
                    Computed,
                    "ARN of the key for logs and notifications.",
                ),
            ])),
            Computed,
            "ARNs of the keys, the pipeline's or your own.",
        ),
        (
            "alert_topic_arn",
            text.clone(),
            Computed,
            "ARN of the alert topic.",
        ),
        (
            "resources",
            map.clone(),
            Computed,
            "Every AWS resource by logical id: its CloudFormation type and a digest of what it shall be. \
          In a plan, the lines that differ are exactly what will be created, changed or deleted.",
        ),
        (
            "physical_ids",
            map.clone(),
            Computed,
            "By logical id, what AWS calls the resource.",
        ),
        (
            "changes",
            map.clone(),
            Computed,
            "By logical id, why the last plan changes it.",
        ),
        (
            "drifted",
            map.clone(),
            Computed,
            "By logical id, the properties that were found changed outside of Terraform.",
        ),
        (
            "ledger",
            map,
            Computed,
            "Bookkeeping by logical id, from which the pipeline can be deleted without its configuration.",
        ),
        (
            "incarnation",
            text,
            Computed,
            "Which state owns the pipeline; destroy deletes only under its own.",
        ),
    ])
}

fn attributes<const N: usize>(
    rows: [(&str, AttributeType, AttributeConstraint, &str); N],
) -> HashMap<String, Attribute> {
    rows.into_iter()
        .map(|(name, attr_type, constraint, description)| {
            let attribute = Attribute {
                attr_type,
                constraint,
                description: Description::markdown(description),
                sensitive: false,
                deprecated: false,
            };
            (name.to_owned(), attribute)
        })
        .collect()
}
