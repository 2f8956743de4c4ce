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
                    "Keys of your own instead of the pipeline's. Default none. They are never modified nor deleted. Choose before there are documents: a later change is made \
                     in place and counts for what is written from then on. Where it takes the place of a key that the pipeline made, that key is removed, \
                     which is refused unless `allow_data_loss` is true: from then on nobody can read what is still under it, and after \
                     `deletion_window_days` it is lost for good.",
                    [
                        (
                            "data",
                            text(
                                Optional,
                                "ARN of your own key for documents, the audit table and the secrets. Null creates one. Changed in place: the audit table and the \
                                 secrets move to the new key. Documents and scan results that exist stay under the old one, which the functions and \
                                 the auditor's role may not use any more.",
                            ),
                        ),
                        (
                            "environment",
                            text(
                                Optional,
                                "ARN of your own key for function environment variables. Null creates one. Changed in place: nothing stays under the old one.",
                            ),
                        ),
                        (
                            "logs",
                            text(
                                Optional,
                                "ARN of your own key for logs and notifications; its policy must admit the log and notification services. Null creates one. \
                                 Changed in place: log events, objects of the log bucket and dead letters that exist stay under the old one, and are \
                                 readable for as long as that can be used.",
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
                    "Days after which old object versions move to S3 Glacier Flexible Retrieval (storage class `GLACIER`: billed for 90 days at least, and restored \
                     before it can be read), 1 to 3650. Default 30. Changed in place.",
                ),
            ),
            (
                "noncurrent_expire_after_days",
                number(
                    Default_,
                    "Days after which old object versions are deleted, more than `noncurrent_glacier_after_days`, at most 3650. In the log bucket, \
                     less than 365 misses PCI DSS 10.5.1 and is warned of; in those of documents this is how long what was replaced or deleted \
                     remains, which is yours to say (requirement 3.2.1 of PCI DSS v4.0.1). Default 400. Changed in place.",
                ),
            ),
            (
                "access_log_retention_days",
                number(
                    Default_,
                    "Days until access logs, flow logs and the files of a managed trail expire, 1 to 3650; each is then kept as an old version for \
                     `noncurrent_expire_after_days`. Those of a managed Config recorder do not expire. Default 400; less than 365 misses PCI DSS 10.5.1 \
                     and is warned of. Changed in place.",
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
                    "Whether what is deleted is gone for good: buckets are emptied, all versions included, and secrets deleted at once. Default true. With false \
                     a bucket that holds anything is kept, with an error that names it, and a secret can be restored for `encryption.deletion_window_days`. \
                     Changed in place: it is a tag on each bucket and secret, and counts when it has been applied, for a destroy sees no configuration.",
                ),
            ),
            (
                "access_log_encryption",
                text(
                    Default_,
                    "Encryption of the log bucket: `aws:kms` (the logs key) or `AES256`. AWS documents only `AES256` for a bucket that receives access logs: \
                     where after a day nothing is below `access-logs/`, write that. Default `aws:kms`. Changed in place; objects that exist stay as they are.",
                ),
            ),
            (
                "log_bucket_name",
                text(
                    Optional,
                    "Name of your own bucket for access logs, and for all other logs that go to S3. It is never modified nor deleted. Null creates one. Changed in place: \
                     logs go to the new bucket from then on, those that exist stay where they are, and the flow log of the pipeline's own network is replaced. \
                     Where it takes the place of the bucket that the pipeline made, that bucket is removed with the logs in it, which is refused unless \
                     `allow_data_loss` is true.",
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
                    "Continuous backups of the audit table. Default true; false misses PCI DSS 10.3.3 and is warned of. Changed in place.",
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
        "SNS topic for alerts: of the alarms, of documents that are not compliant or cannot be scanned, of findings, and of Config rules that are broken. \
         Eleven alarms by default, each over five minutes: 5 errors of a function (for each of six), 10 answers 4XX, 5 answers 5XX, 10 refused calls of KMS (of the whole account in this region), a \
         dead letter, an alert that was not delivered.",
        [(
            "emails",
            texts(
                Default_,
                "E-mail addresses subscribed to alerts. AWS mails each a confirmation link; until it is followed the subscription \
                 is pending, which is not drift. Default none. A change adds or removes subscriptions, and touches no other.",
            ),
        )],
    )
}
