//! Of the resource itself: names, keys, buckets, alerts, functions, overrides.

use super::{BUCKET, Case, case};

const DAYS: &str = "Write a whole number from";
const NAME: &str = "Write 1 to 32 lower-case letters, digits and single hyphens";
const SUFFIX: &str = "Write 1 to 16 lower-case letters and digits without a hyphen";
const ARN: &str = "Write the key's ARN (not its alias)";
const MAIL: &str = "Write an address that can receive mail";
const DURATION: &str = "Write a number with a unit";

/// Cases of the resource that the provider itself refuses.
pub const DATA: &[Case] = &[
    case(
        "name = \"Documents\"",
        "name = \"Documents\"",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"\"",
        "name = \"\"",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"1st\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"docs-\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"a--b\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \"my_docs\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "name = \" docs\"",
        "name = ",
        "begins or ends with white space",
        "trimspace()",
    ),
    case(
        "name = \"a234567890123456789012345678901234\"",
        "name = ",
        "is not a name for a pipeline",
        NAME,
    ),
    case(
        "environment_suffix = \"pre-prod\"",
        "environment_suffix = ",
        "is not an environment suffix",
        SUFFIX,
    ),
    case(
        "environment_suffix = \"\"",
        "environment_suffix = ",
        "is not an environment suffix",
        SUFFIX,
    ),
    case(
        "environment_suffix = \"seventeencharacte\"",
        "environment_suffix = ",
        "is not an environment suffix",
        SUFFIX,
    ),
    case(
        "encryption = { rotation_period_days = 89 }",
        "rotation_period_days",
        "encryption.rotation_period_days: 89 is not possible",
        DAYS,
    ),
    case(
        "encryption = { rotation_period_days = 2561 }",
        "rotation_period_days",
        "2561 is not possible",
        "from 90 to 2560; the default is 365",
    ),
    case(
        "encryption = { rotation_period_days = 180.5 }",
        "rotation_period_days",
        "180.5 is not possible",
        DAYS,
    ),
    case(
        "encryption = { deletion_window_days = 6 }",
        "deletion_window_days",
        "encryption.deletion_window_days: 6",
        "from 7 to 30; the default is 7",
    ),
    case(
        "encryption = { deletion_window_days = -7 }",
        "deletion_window_days",
        "-7 is not possible",
        DAYS,
    ),
    case(
        "encryption = { key_arns = { data = \"alias/mine\" } }",
        "key_arns",
        "encryption.key_arns.data: \"alias/mine\" is not the ARN of a KMS key",
        ARN,
    ),
    case(
        "encryption = { key_arns = { environment = \"arn:aws:kms:us-east-1:123:key/x\" } }",
        "key_arns",
        "encryption.key_arns.environment",
        ARN,
    ),
    case(
        "encryption = { key_arns = { logs = \"arn:aws:s3:::bucket\" } }",
        "key_arns",
        "encryption.key_arns.logs",
        ARN,
    ),
    case(
        "encryption = { key_arns = { data = \"arn:aws:kms:us-east-1:111122223333:key/a\", environment = \"arn:aws:kms:us-east-1:111122223333:key/a\" } }",
        "key_arns",
        "encryption.key_arns.environment: arn:aws:kms:us-east-1:111122223333:key/a is also key_arns.data",
        "leave key_arns.environment out",
    ),
    case(
        "storage = { noncurrent_glacier_after_days = 0 }",
        "noncurrent_glacier_after_days",
        "storage.noncurrent_glacier_after_days: 0",
        DAYS,
    ),
    case(
        "storage = { noncurrent_glacier_after_days = 7.5 }",
        "noncurrent_glacier_after_days",
        "7.5 is not possible",
        DAYS,
    ),
    case(
        "storage = { noncurrent_expire_after_days = 3651 }",
        "noncurrent_expire_after_days",
        "3651 is not possible",
        DAYS,
    ),
    case(
        "storage = { noncurrent_glacier_after_days = 400 }",
        "storage = ",
        "storage.noncurrent_expire_after_days: noncurrent_expire_after_days is 400 and noncurrent_glacier_after_days is 400",
        "Write a number greater than 400",
    ),
    case(
        "storage = { access_log_retention_days = 0 }",
        "access_log_retention_days",
        "storage.access_log_retention_days: 0",
        DAYS,
    ),
    case(
        "storage = { abort_incomplete_uploads_after_days = 366 }",
        "abort_incomplete_uploads_after_days",
        "366 is not possible",
        "from 1 to 365",
    ),
    case(
        "storage = { access_log_encryption = \"none\" }",
        "access_log_encryption",
        "\"none\" is not one of the possible values",
        "Write \"aws:kms\" or \"AES256\"",
    ),
    case(
        "storage = { log_bucket_name = \"My_Bucket\" }",
        "log_bucket_name",
        "\"My_Bucket\" is not a bucket name",
        BUCKET,
    ),
    case(
        "storage = { log_bucket_name = \"arn:aws:s3:::logs\" }",
        "log_bucket_name",
        "is not a bucket name",
        BUCKET,
    ),
    case(
        "storage = { log_bucket_name = \"ab\" }",
        "log_bucket_name",
        "\"ab\" is not a bucket name",
        BUCKET,
    ),
    case(
        "audit = { recovery_period_days = 36 }",
        "recovery_period_days",
        "audit.recovery_period_days: 36",
        "from 1 to 35",
    ),
    case(
        "alerts = { emails = [\"nobody\"] }",
        "emails",
        "alerts.emails: \"nobody\" is not an e-mail address",
        MAIL,
    ),
    case(
        "alerts = { emails = [\"a@b\"] }",
        "emails",
        "\"a@b\" is not an e-mail address",
        MAIL,
    ),
    case(
        "alerts = { emails = [\"a..b@example.com\"] }",
        "emails",
        "is not an e-mail address",
        MAIL,
    ),
    case(
        "alerts = { emails = [\"A@example.com\", \"a@example.com\"] }",
        "emails",
        "in two spellings",
        "Remove one",
    ),
    case(
        "alerts = { emails = [null] }",
        "emails",
        "must be an e-mail address",
        "compact()",
    ),
    case(
        "tags = { owner = \"me\" }",
        "owner = \"me\"",
        "The tag key \"owner\" is set by the provider",
        "Write another key",
    ),
    case(
        "tags = { \"tap:pipeline\" = \"x\" }",
        "tap:pipeline",
        "\"tap:pipeline\"",
        "Write another key",
    ),
    case(
        "tags = { \"aws:x\" = \"x\" }",
        "aws:x",
        "\"aws:x\"",
        "Write another key",
    ),
    case(
        "tags = { \"a#b\" = \"x\" }",
        "a#b",
        "\"a#b\" cannot be a tag key",
        "Write 1 to 128 letters",
    ),
    case(
        "tags = { ok = \"a;b\" }",
        "ok = ",
        "The value of tag \"ok\" is not allowed",
        "Write at most 256 letters",
    ),
    case(
        "tags = { gone = null }",
        "gone = null",
        "The value of \"gone\" is null",
        "Write a value or remove the key",
    ),
    case(
        "tags = { for n in range(41) : \"k${n}\" => \"v\" }",
        "tags = ",
        "41 tags are given",
        "Write at most 40",
    ),
    case(
        "on_create_failure = \"retry\"",
        "on_create_failure = ",
        "\"retry\" is not one of the possible values",
        "Write \"keep\" or \"rollback\" or \"resume\"",
    ),
    case(
        "timeouts = { create = \"60\" }",
        "create = \"60\"",
        "timeouts.create: \"60\" is not a duration",
        DURATION,
    ),
    case(
        "timeouts = { update = \"1d\" }",
        "update = \"1d\"",
        "\"1d\" is not a duration",
        DURATION,
    ),
    case(
        "timeouts = { delete = \"0s\" }",
        "delete = \"0s\"",
        "\"0s\" is not a duration",
        DURATION,
    ),
    case(
        "overrides = { RawBucket = \"{\" }",
        "RawBucket = ",
        "RawBucket is not a JSON object",
        "jsonencode({ Property = value })",
    ),
    case(
        "overrides = { RawBucket = jsonencode([1]) }",
        "RawBucket = ",
        "another kind of value",
        "jsonencode({ Property = value })",
    ),
    case(
        "overrides = { Bucket = jsonencode({}) }",
        "Bucket = ",
        "Bucket is not a logical id of this pipeline",
        "but LogsBucket, LogsBucketBaseline",
    ),
    case(
        "overrides = { RawBucket = null }",
        "RawBucket = null",
        "\"RawBucket\" is null",
        "Write a value or remove the key",
    ),
    case(
        "overrides = { RawBucket = jsonencode({ Colour = \"red\" }) }",
        "RawBucket = ",
        "Colour",
        "Write properties of AWS::S3::Bucket as CloudFormation documents them",
    ),
    case(
        "overrides = { AuditTable = jsonencode({ BillingMode = 7 }) }",
        "AuditTable = ",
        "BillingMode",
        "Write properties of AWS::DynamoDB::Table",
    ),
    case(
        "overrides = { DataKey = jsonencode({ RotationPeriodInDays = 10 }) }",
        "DataKey = ",
        "RotationPeriodInDays: must be between 90 and 2560",
        "Write properties of AWS::KMS::Key",
    ),
];
