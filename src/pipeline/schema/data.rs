//! Where data is: keys, buckets, the audit table, alerts.

use super::{Default_, Optional, block, flag, number, text, texts};
use tf_provider::schema::Attribute;

pub fn encryption() -> Attribute {
    block(
        Default_,
        "Customer-managed KMS keys: one for data, one for function environments, one for logs and notifications.",
        [
            (
                "rotation_period_days",
                number(
                    Default_,
                    "Days between automatic rotations of the keys' material, 90 to 2560. Default 365. Changed in place.",
                ),
            ),
            (
                "deletion_window_days",
                number(
                    Default_,
                    "Days AWS keeps a deleted key before it is gone, and a deleted secret where `storage.force_destroy` is false, 7 to 30. Default 7. Changed in place.",
                ),
            ),
            (
                "key_arns",
                block(
                    Optional,
                    "Keys of your own instead of the pipeline's. They are never modified nor deleted.",
                    [
                        (
                            "data",
                            text(
                                Optional,
                                "ARN of your own key for documents and the audit table. Null creates one.",
                            ),
                        ),
                        (
                            "environment",
                            text(
                                Optional,
                                "ARN of your own key for function environment variables. Null creates one.",
                            ),
                        ),
                        (
                            "logs",
                            text(
                                Optional,
                                "ARN of your own key for logs and notifications; its policy must admit the log and notification services. Null creates one.",
                            ),
                        ),
                    ],
                ),
            ),
        ],
    )
}

pub fn storage() -> Attribute {
    block(
        Default_,
        "S3 buckets for raw documents, processed documents and access logs.",
        [
            (
                "noncurrent_glacier_after_days",
                number(
                    Default_,
                    "Days after which old object versions move to Glacier, 1 to 3650. Default 30. Changed in place.",
                ),
            ),
            (
                "noncurrent_expire_after_days",
                number(
                    Default_,
                    "Days after which old object versions are deleted, more than `noncurrent_glacier_after_days`, at most 3650. \
                     Default 400; less than 365 misses PCI DSS 10.5.1 and is warned of. Changed in place.",
                ),
            ),
            (
                "access_log_retention_days",
                number(
                    Default_,
                    "Days access logs are kept, 1 to 3650. Default 400; less than 365 misses PCI DSS 10.5.1 and is warned of. Changed in place.",
                ),
            ),
            (
                "abort_incomplete_uploads_after_days",
                number(
                    Default_,
                    "Days after which an unfinished multipart upload is dropped, 1 to 365. Default 7. Changed in place.",
                ),
            ),
            (
                "force_destroy",
                flag(
                    Default_,
                    "Whether destroy may empty the buckets, all versions included. Default true. \
                     Takes effect when applied: it is a tag on each bucket, for a destroy sees no configuration.",
                ),
            ),
            (
                "access_log_encryption",
                text(
                    Default_,
                    "Encryption of the log bucket: `aws:kms` (the logs key) or `AES256`. Default `aws:kms`. Changed in place.",
                ),
            ),
            (
                "log_bucket_name",
                text(
                    Optional,
                    "Name of your own bucket for access logs. It is never modified nor deleted. Null creates one.",
                ),
            ),
        ],
    )
}

pub fn audit() -> Attribute {
    block(
        Default_,
        "DynamoDB table with one row per operation.",
        [
            (
                "point_in_time_recovery",
                flag(
                    Default_,
                    "Continuous backups of the audit table. Default true; false is warned of. Changed in place.",
                ),
            ),
            (
                "recovery_period_days",
                number(
                    Default_,
                    "Days of continuous backups, 1 to 35. Default 35. Changed in place.",
                ),
            ),
        ],
    )
}

pub fn alerts() -> Attribute {
    block(
        Default_,
        "SNS topic for alerts.",
        [(
            "emails",
            texts(
                Default_,
                "E-mail addresses subscribed to alerts. AWS mails each a confirmation link; until it is followed the subscription \
                 is pending, which is not drift. Default none.",
            ),
        )],
    )
}
