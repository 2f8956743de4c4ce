//! What cannot be right is refused before anything is called: with the line
//! it stands in, what is wrong with it, and what to write instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::terraform::Terraform;
use common::{expect_code, sandbox};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is written beside name and suffix, where it must be pointed at, what
/// is wrong, what to write.
struct Case {
    written: &'static str,
    /// In the source line that the diagnostic shows.
    at: &'static str,
    wrong: &'static str,
    instead: &'static str,
}

const fn case(
    written: &'static str,
    at: &'static str,
    wrong: &'static str,
    instead: &'static str,
) -> Case {
    Case {
        written,
        at,
        wrong,
        instead,
    }
}

const DAYS: &str = "Write a whole number from";
const NAME: &str = "Write 1 to 32 lower-case letters, digits and single hyphens";
const SUFFIX: &str = "Write 1 to 16 lower-case letters and digits without a hyphen";
const ARN: &str = "Write the key's ARN (not its alias)";
const MAIL: &str = "Write an address that can receive mail";
const BUCKET: &str = "Write the name of an existing bucket (not its ARN)";
const DURATION: &str = "Write a number with a unit";
const WHOLE: &str = "Write a whole number from";
const CIDR: &str = "Write a private IPv4 range from /16 to /22 that begins at its first address";
const PROVISION: &str =
    "Write \"existing\" or \"managed\" or \"none\"; the default is \"existing\"";

/// Cases of the resource that the provider itself refuses.
const CASES: &[Case] = &[
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

/// Cases of the areas around the data.
const AREAS: &[Case] = &[
    case(
        "network = { cidr_block = \"10.0.0.0/24\" }",
        "cidr_block",
        "network.cidr_block: \"10.0.0.0/24\" is not an address range for the VPC",
        CIDR,
    ),
    case(
        "network = { cidr_block = \"10.0.0.0/15\" }",
        "cidr_block",
        "\"10.0.0.0/15\" is not an address range",
        CIDR,
    ),
    case(
        "network = { cidr_block = \"8.8.0.0/16\" }",
        "cidr_block",
        "\"8.8.0.0/16\" is not an address range",
        CIDR,
    ),
    case(
        "network = { cidr_block = \"10.0.1.0/16\" }",
        "cidr_block",
        "\"10.0.1.0/16\" is not an address range",
        CIDR,
    ),
    case(
        "network = { cidr_block = \"10.0.0.0\" }",
        "cidr_block",
        "\"10.0.0.0\" is not an address range",
        CIDR,
    ),
    case(
        "network = { cidr_block = \"fd00::/16\" }",
        "cidr_block",
        "\"fd00::/16\" is not an address range",
        CIDR,
    ),
    case(
        "network = { availability_zones = 1 }",
        "availability_zones",
        "network.availability_zones: 1 is not possible",
        "from 2 to 6; the default is 3",
    ),
    case(
        "network = { availability_zones = 7 }",
        "availability_zones",
        "7 is not possible",
        WHOLE,
    ),
    case(
        "network = { endpoint_zones = 0 }",
        "endpoint_zones",
        "network.endpoint_zones: 0 is not possible",
        "from 1 to 6",
    ),
    case(
        "network = { availability_zones = 2, endpoint_zones = 3 }",
        "endpoint_zones",
        "endpoint_zones is 3 and availability_zones is 2",
        "leave endpoint_zones out for all",
    ),
    case(
        "network = { extra_endpoints = [\"com.amazonaws.us-east-1.ecr.api\"] }",
        "extra_endpoints",
        "is not the name of a service with endpoints",
        "for example \"ecr.api\"",
    ),
    case(
        "network = { extra_endpoints = [\"s3\"] }",
        "extra_endpoints",
        "\"s3\" has a gateway endpoint already",
        "Remove it",
    ),
    case(
        "network = { vpc_id = \"my-vpc\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"] }",
        "vpc_id",
        "\"my-vpc\" is not the id of a VPC",
        "Write an id such as \"vpc-",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\" }",
        "vpc_id",
        "vpc_id is given with 0 subnet_ids",
        "Write two or more private subnets",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\"] }",
        "subnet_ids",
        "vpc_id is given with 1 subnet_ids",
        "Write two or more private subnets",
    ),
    case(
        "network = { subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"] }",
        "subnet_ids",
        "subnet_ids is given without vpc_id",
        "remove subnet_ids to have a network created",
    ),
    case(
        "network = { route_table_ids = [\"rtb-0123456789abcdef0\"] }",
        "route_table_ids",
        "route_table_ids is given without vpc_id",
        "Write vpc_id",
    ),
    case(
        "network = { endpoint_security_group_id = \"sg-0123456789abcdef0\" }",
        "endpoint_security_group_id",
        "endpoint_security_group_id is given without vpc_id",
        "Write vpc_id",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"], endpoint_security_group_id = \"default\" }",
        "endpoint_security_group_id",
        "\"default\" is not the id of a security group",
        "Write an id such as \"sg-",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"], endpoint_security_group_id = \"sg-0123456789abcdef0\", endpoint_zones = 1 }",
        "endpoint_zones",
        "endpoint_zones says which interface endpoints are created",
        "Remove one of them",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"], endpoint_security_group_id = \"sg-0123456789abcdef0\", extra_endpoints = [\"ecr.api\"] }",
        "extra_endpoints",
        "extra_endpoints says which interface endpoints are created",
        "Remove one of them",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"a\", \"b\"] }",
        "subnet_ids",
        "\"a\" is not the id of a subnet",
        "Write an id such as \"subnet-",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"], route_table_ids = [\"main\"] }",
        "route_table_ids",
        "\"main\" is not the id of a route table",
        "Write an id such as \"rtb-",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"], cidr_block = \"10.0.0.0/16\" }",
        "cidr_block",
        "cidr_block says how a VPC is created",
        "Remove one of them",
    ),
    case(
        "network = { vpc_id = \"vpc-0123456789abcdef0\", subnet_ids = [\"subnet-0123456789abcdef0\", \"subnet-0123456789abcdef1\"], endpoint_zones = 3 }",
        "endpoint_zones",
        "the number of subnet_ids is 2",
        "Write a number from 1 to 2",
    ),
    case(
        "functions = { architecture = \"arm\" }",
        "architecture",
        "functions.architecture: \"arm\" is not one of the possible values",
        "Write \"arm64\" or \"x86_64\"",
    ),
    case(
        "functions = { memory_mb = 127 }",
        "memory_mb",
        "functions.memory_mb: 127",
        "from 128 to 10240; the default is 512",
    ),
    case(
        "functions = { timeout_seconds = 30 }",
        "timeout_seconds",
        "functions.timeout_seconds: 30",
        "from 3 to 29; the default is 15",
    ),
    case(
        "functions = { per_function = { upload = {} } }",
        "per_function",
        "There is no function \"upload\"",
        "Write one of validate, encrypt, scan, remediate, rotate, evaluate",
    ),
    case(
        "functions = { per_function = { scan = { timeout_seconds = 30 } } }",
        "per_function",
        "30 is not possible",
        "from 3 to 29",
    ),
    case(
        "functions = { per_function = { rotate = { timeout_seconds = 901 } } }",
        "per_function",
        "901 is not possible",
        "from 3 to 900",
    ),
    case(
        "functions = { per_function = { validate = { memory_mb = 10241 } } }",
        "per_function",
        "10241 is not possible",
        "from 128 to 10240",
    ),
    case(
        "functions = { per_function = { encrypt = { reserved_concurrency = 1001 } } }",
        "per_function",
        "1001 is not possible",
        "from 0 to 1000",
    ),
    case(
        "functions = { code = { s3_bucket = \"s3://releases\", s3_key = \"x.zip\" } }",
        "code",
        "functions.code.s3_bucket: \"s3://releases\" is not a bucket name",
        BUCKET,
    ),
    case(
        "functions = { code = { s3_bucket = \"releases\", s3_key = \"\" } }",
        "code",
        "functions.code.s3_key: \"\" is not the key of an object",
        "Write the key inside the bucket",
    ),
    case(
        "functions = { code = { s3_bucket = \"releases\", s3_key = \"x.zip\", s3_object_version = \"\" } }",
        "code",
        "is not the version of an object",
        "leave it out",
    ),
    case(
        "functions = { max_document_mb = 101 }",
        "max_document_mb",
        "functions.max_document_mb: 101",
        "from 1 to 100; the default is 10",
    ),
    case(
        "functions = { document_types = [\"pdf\", \"odt\"] }",
        "document_types",
        "\"odt\" is not a kind of document",
        "Write any of \"doc\", \"docx\", \"pdf\", \"text\"",
    ),
    case(
        "functions = { document_types = [] }",
        "document_types",
        "every document would be refused",
        "leave it out for all",
    ),
    case(
        "functions = { patterns = { \"Customer Id\" = \"[0-9]{8}\" } }",
        "patterns",
        "\"Customer Id\" is not a name for a pattern",
        "Write 1 to 32 lower-case letters",
    ),
    case(
        "functions = { patterns = { iban = \"[0-9]{8}\" } }",
        "patterns",
        "\"iban\" is the name of a pattern that the scan has itself",
        "Write another name",
    ),
    case(
        "functions = { patterns = { customer = \"\" } }",
        "patterns",
        "\"\" is empty",
        "or remove it",
    ),
    case(
        "functions = { patterns = { customer = \"([0-9]{8}\" } }",
        "patterns",
        "brackets or parentheses are not in pairs",
        "Close each",
    ),
    case(
        "functions = { patterns = { customer = \"^[0-9]{8}\" } }",
        "patterns",
        "has an anchor",
        "Write \\\\b",
    ),
    case(
        "functions = { patterns = { customer = \"[0-9]+\" } }",
        "patterns",
        "can match without end",
        "Write {1,20} in place of +",
    ),
    case(
        "functions = { patterns = { customer = join(\"\", [for n in range(520) : \"a\"]) } }",
        "patterns",
        "has more than 512 bytes",
        "Write several patterns",
    ),
    case(
        "functions = { patterns = { for n in range(6) : \"p${n}\" => join(\"\", [for m in range(450) : \"a\"]) } }",
        "patterns",
        "bytes together",
        "at most 2500 bytes",
    ),
    case(
        "functions = { patterns = { customer = null } }",
        "patterns",
        "\"customer\" is null",
        "Write a value or remove the key",
    ),
    case(
        "api = { authorization = \"COGNITO\" }",
        "authorization",
        "api.authorization: \"COGNITO\" is not one of the possible values",
        "Write \"AWS_IAM\" or \"NONE\"",
    ),
    case(
        "api = { authorization = \"NONE\" }",
        "authorization",
        "an API key is no authentication",
        "Write allowed_cidrs",
    ),
    case(
        "api = { rate_limit = 0 }",
        "rate_limit",
        "api.rate_limit: 0 is not possible",
        "from 0.1 to 10000; the default is 100",
    ),
    case(
        "api = { burst_limit = 0 }",
        "burst_limit",
        "api.burst_limit: 0",
        "from 1 to 5000; the default is 200",
    ),
    case(
        "api = { quota_per_day = 0 }",
        "quota_per_day",
        "api.quota_per_day: 0",
        "from 1 to 2000000000",
    ),
    case(
        "api = { allowed_cidrs = [\"203.0.113.7\"] }",
        "allowed_cidrs",
        "api.allowed_cidrs: \"203.0.113.7\" is not a range of addresses",
        "\"203.0.113.7/32\" for one address",
    ),
    case(
        "api = { allowed_cidrs = [\"203.0.113.7/24\"] }",
        "allowed_cidrs",
        "\"203.0.113.7/24\" is not a range",
        "begins at its first address",
    ),
    case(
        "api = { allowed_cidrs = [\"0.0.0.0/0\"] }",
        "allowed_cidrs",
        "\"0.0.0.0/0\" admits every address",
        "or remove it",
    ),
    case(
        "api = { allowed_cidrs = [null] }",
        "allowed_cidrs",
        "must be a range of addresses",
        "compact()",
    ),
    case(
        "api = { logging_role = \"mine\" }",
        "logging_role",
        "\"mine\" is not one of the possible values",
        PROVISION,
    ),
    case(
        "api = { mutual_tls = { domain_name = \"https://x.example.com\", certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/a\", truststore_uri = \"s3://bucket/key\" } }",
        "mutual_tls",
        "api.mutual_tls.domain_name: \"https://x.example.com\" is not a domain name",
        "without scheme or path",
    ),
    case(
        "api = { mutual_tls = { domain_name = \"x.example.com\", certificate_arn = \"arn:aws:iam::111122223333:server-certificate/a\", truststore_uri = \"s3://bucket/key\" } }",
        "mutual_tls",
        "is not the ARN of a certificate in ACM",
        "Write one such as",
    ),
    case(
        "api = { mutual_tls = { domain_name = \"x.example.com\", certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/a\", truststore_uri = \"s3://bucket\" } }",
        "mutual_tls",
        "\"s3://bucket\" is not the address of an object in S3",
        "Write \"s3://bucket/key\"",
    ),
    case(
        "api = { mutual_tls = { domain_name = \"x.example.com\", certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/a\", truststore_uri = \"s3://bucket/key\", truststore_version = \"\" } }",
        "mutual_tls",
        "is not the version of an object",
        "leave it out",
    ),
    case(
        "firewall = { requests_per_5_minutes = 9 }",
        "requests_per_5_minutes",
        "firewall.requests_per_5_minutes: 9",
        "from 10 to 2000000000; the default is 2000",
    ),
    case(
        "monitoring = { log_retention_days = 366 }",
        "log_retention_days",
        "CloudWatch Logs cannot keep events for 366 days",
        "Write one of 1, 3, 5",
    ),
    case(
        "monitoring = { api_calls = \"always\" }",
        "api_calls",
        "monitoring.api_calls: \"always\"",
        PROVISION,
    ),
    case(
        "threats = { minimum_severity = 0.5 }",
        "minimum_severity",
        "threats.minimum_severity: 0.5",
        "from 1 to 10; the default is 7",
    ),
    case(
        "threats = { minimum_severity = 11 }",
        "minimum_severity",
        "11 is not possible",
        "Write a number from 1 to 10",
    ),
    case(
        "threats = { detector = \"new\" }",
        "detector",
        "threats.detector: \"new\"",
        PROVISION,
    ),
    case(
        "compliance = { custom_policies = { Encrypted = \"rule a { b exists }\" } }",
        "custom_policies",
        "\"Encrypted\" is not a name for a policy",
        "Write 1 to 32 lower-case letters",
    ),
    case(
        "compliance = { custom_policies = { a-b = \"rule a { b exists }\", ab = \"rule a { b exists }\" } }",
        "custom_policies",
        "but for its hyphens",
        "Write another name",
    ),
    case(
        "compliance = { custom_policies = { empty = \"\" } }",
        "custom_policies",
        "The policy \"empty\" has 0 characters; AWS Config takes 1 to 10000",
        "Write rules in the language of Guard",
    ),
    case(
        "compliance = { custom_policies = { for n in range(11) : \"a${n}\" => \"rule a { b exists }\" } }",
        "custom_policies",
        "11 policies are given",
        "Write at most 10",
    ),
    case(
        "compliance = {\n    recorder = \"none\"\n    custom_policies = { a = \"rule a { b exists }\" }\n  }",
        "custom_policies",
        "AWS Config takes no rule where nothing records",
        "Write recorder = \"existing\"",
    ),
    case(
        "api = { endpoint_type = \"EDGE\" }",
        "endpoint_type",
        "\"EDGE\" is not one of the possible values",
        "Write \"REGIONAL\" or \"PRIVATE\"",
    ),
    case(
        "api = { endpoint_type = \"PRIVATE\", allowed_cidrs = [\"203.0.113.0/24\"] }",
        "allowed_cidrs",
        "what passes an endpoint has no public address",
        "Remove allowed_cidrs",
    ),
    case(
        "api = {\n    endpoint_type = \"PRIVATE\"\n    mutual_tls = { domain_name = \"a.example.com\", certificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/1\", truststore_uri = \"s3://truststore/a.pem\" }\n  }",
        "mutual_tls",
        "API Gateway asks for client certificates at a public domain only",
        "or remove mutual_tls",
    ),
    case(
        "secrets = { rotation_days = 91 }",
        "rotation_days",
        "secrets.rotation_days: 91",
        "from 1 to 90; the default is 30",
    ),
    case(
        "secrets = { credentials = { \"Data Base\" = \"admin\" } }",
        "credentials",
        "\"Data Base\" is not a name for a credential",
        "Write 1 to 32 lower-case letters",
    ),
    case(
        "secrets = { credentials = { api-key = \"admin\" } }",
        "credentials",
        "is the name of the secret that holds the API key",
        "Write another name",
    ),
    case(
        "secrets = { credentials = { a-b = \"admin\", ab = \"admin\" } }",
        "credentials",
        "but for its hyphens",
        "Write another name",
    ),
    case(
        "secrets = { credentials = { database = \"db admin\" } }",
        "credentials",
        "\"db admin\" is not a user name",
        "without white space",
    ),
    case(
        "secrets = { rotation_function_arn = \"rotate\" }",
        "rotation_function_arn",
        "\"rotate\" is not the ARN of a Lambda function",
        "Write one such as",
    ),
    case(
        "credential_passwords_wo = { nobody = \"hunter2\" }",
        "credential_passwords_wo",
        "\"nobody\" is none of secrets.credentials",
        "Write the name of one of them",
    ),
    case(
        "credential_passwords_wo = { database = \" hunter2\" }",
        "credential_passwords_wo",
        "It is not a password",
        "without white space at the ends",
    ),
    case(
        "credential_passwords_wo = { database = \"hunter2\" }",
        "credential_passwords_wo",
        "only a function of yours can put the new one into effect",
        "Write secrets.rotation_function_arn",
    ),
    case(
        "credential_passwords_wo_version = 0.5",
        "credential_passwords_wo_version",
        "0.5 is not possible here",
        "Write a whole number from 1 to 1000000",
    ),
    case(
        "access = { trusted_account_ids = [\"123\"], external_id = \"xx\" }",
        "trusted_account_ids",
        "\"123\" is not an AWS account id",
        "Write twelve digits, as a string",
    ),
    case(
        "access = { trusted_account_ids = [\"210987654321\"] }",
        "trusted_account_ids",
        "trusted_account_ids is given without external_id",
        "Write external_id",
    ),
    case(
        "access = { external_id = \"audit\" }",
        "external_id",
        "external_id is given without trusted_account_ids",
        "or remove external_id",
    ),
    case(
        "access = { trusted_account_ids = [\"210987654321\"], external_id = \"x\" }",
        "external_id",
        "\"x\" is not an external id",
        "Write 2 to 1224 letters",
    ),
    case(
        "access = { allowed_cidrs = [\"::/0\"] }",
        "allowed_cidrs",
        "access.allowed_cidrs: \"::/0\" admits every address",
        "or remove it",
    ),
    case(
        "access = { administrator_arns = [\"arn:aws:sts::111122223333:assumed-role/admin/me\"] }",
        "administrator_arns",
        "is not the ARN of a role, a user",
        "the role behind it",
    ),
    case(
        "access = { administrator_arns = [] }",
        "administrator_arns",
        "administrator_arns is empty",
        "or leave it out",
    ),
    case(
        "compliance = { recorder = \"true\" }",
        "recorder",
        "compliance.recorder: \"true\"",
        PROVISION,
    ),
];

/// Cases that Terraform refuses by the schema, in its own words.
const BY_SCHEMA: &[Case] = &[
    case(
        "encryption = { rotation_period_days = \"many\" }",
        "encryption = ",
        "a number is required",
        "",
    ),
    case("storage = \"large\"", "storage = ", "object required", ""),
    case("tags = [\"a\"]", "tags = ", "map of string required", ""),
    case(
        "deletion_protection = \"maybe\"",
        "deletion_protection = ",
        "a bool is required",
        "",
    ),
    case(
        "alerts = { emails = \"a@example.com\" }",
        "alerts = ",
        "set of string required",
        "",
    ),
    case(
        "colour = \"red\"",
        "colour = ",
        "An argument named \"colour\" is not expected here",
        "",
    ),
    case(
        "api = { mutual_tls = { domain_name = \"x.example.com\" } }",
        "api = ",
        "are required",
        "",
    ),
    case("name = null", "name = null", "", ""),
];

/// Cases of the provider block.
const PROVIDER: &[Case] = &[
    case(
        "region = \"Virginia\"",
        "region = ",
        "\"Virginia\" is no AWS region",
        "such as us-east-1",
    ),
    case(
        "insecure = true",
        "insecure = ",
        "certificates are always verified",
        "custom_ca_bundle",
    ),
    case(
        "access_key = \"AKIA\"",
        "access_key = ",
        "secret_key is missing beside it",
        "",
    ),
    case(
        "secret_key = \"hunter2\"",
        "secret_key = ",
        "access_key is missing beside it",
        "",
    ),
    case(
        "allowed_account_ids = [\"123456789012\"]\n  forbidden_account_ids = [\"123456789013\"]",
        "forbidden_account_ids = ",
        "cannot stand beside allowed_account_ids",
        "keep one of them",
    ),
    case(
        "endpoints = { s4 = \"http://localhost\" }",
        "endpoints = ",
        "no service \"s4\" is called",
        "the services are apigateway, cloudtrail",
    ),
    case(
        "endpoints = { s3 = \"localhost:4566\" }",
        "endpoints = ",
        "must begin with http:// or https://",
        "",
    ),
    case(
        "max_retries = 2.5",
        "max_retries = ",
        "2.5 is not possible",
        "Write a whole number from 0 to 100",
    ),
    case(
        "retry_mode = \"legacy\"",
        "retry_mode = ",
        "\"legacy\" is not a retry mode",
        "Write \"standard\" or \"adaptive\"",
    ),
    case(
        "assume_role = { role_arn = \"deployer\" }",
        "role_arn",
        "assume_role.role_arn: \"deployer\" is not the ARN of an IAM role",
        "arn:aws:iam::111122223333:role/deployer",
    ),
    case(
        "assume_role = {\n    role_arn = \"arn:aws:iam::123456789012:role/x\"\n    duration = \"5m\"\n  }",
        "duration = ",
        "assume_role.duration: \"5m\" is not a session's duration",
        "Write 15m to 12h",
    ),
    case(
        "default_tags = { owner = \"me\" }",
        "owner = ",
        "\"owner\" is set by the provider",
        "Write another key",
    ),
    case(
        "skip_requesting_account_id = true\n  allowed_account_ids = [\"123456789012\"]",
        "skip_requesting_account_id = ",
        "an account cannot be refused without asking for it",
        "remove this flag",
    ),
];

/// A folder in which every AWS call would reach a sandbox that writes it down.
fn folder(sandbox: &acceptance::Sandbox, configuration: &str) -> Terraform {
    common::terraform(sandbox, configuration)
}

fn block(label: &str, case: &Case) -> String {
    let mut lines = vec![
        "name = \"documents\"".to_owned(),
        "environment_suffix = \"dev\"".to_owned(),
    ];
    let attribute = case.written.split(' ').next().unwrap_or_default();
    lines.retain(|line| line.split(' ').next() != Some(attribute));
    lines.push(case.written.to_owned());
    format!(
        "resource \"tap_secure_pipeline\" \"{label}\" {{\n  {}\n}}\n",
        lines.join("\n  ")
    )
}

/// The errors of `terraform validate -json`, which it must end with 1 for.
fn refusals(terraform: &Terraform) -> Vec<Value> {
    let ran = terraform.run(&["validate", "-json"]).expect("runs");
    expect_code(&ran, 1, "validate of what is wrong");
    let answer: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let all = answer["diagnostics"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    all.into_iter()
        .filter(|diagnostic| diagnostic["severity"] == "error")
        .collect()
}

fn said(diagnostic: &Value) -> String {
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    format!(
        "{}: {}",
        text(&diagnostic["summary"]),
        text(&diagnostic["detail"])
    )
}

/// What is missing of what a case asks for.
fn complaint(case: &Case, diagnostics: &[&Value]) -> Option<String> {
    let fits = |diagnostic: &&&Value| {
        let text = said(diagnostic);
        let code = diagnostic["snippet"]["code"].as_str().unwrap_or_default();
        code.contains(case.at) && text.contains(case.wrong) && text.contains(case.instead)
    };
    if diagnostics.iter().any(|diagnostic| fits(&diagnostic)) {
        return None;
    }
    let found: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            format!(
                "    {} [at {}]",
                said(diagnostic),
                diagnostic["snippet"]["code"]
            )
        })
        .collect();
    Some(format!(
        "  {}\n    should be refused at {:?} with {:?} and {:?}; what was said:\n{}",
        case.written,
        case.at,
        case.wrong,
        case.instead,
        found.join("\n")
    ))
}

#[test]
fn every_wrong_attribute_of_a_pipeline_is_refused_where_it_stands_with_advice_and_without_a_call() {
    let sandbox = sandbox();
    for cases in [CASES, AREAS, BY_SCHEMA] {
        let text: String = cases
            .iter()
            .enumerate()
            .map(|(n, case)| block(&format!("case_{n}"), case))
            .collect();
        let terraform = folder(&sandbox, &text);
        let mut by_case: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for diagnostic in refusals(&terraform) {
            let context = diagnostic["snippet"]["context"]
                .as_str()
                .unwrap_or_default();
            let place = format!(
                "{} {context}",
                diagnostic["address"].as_str().unwrap_or_default()
            );
            let number = place.split("case_").nth(1).and_then(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().ok()
            });
            let number = number.unwrap_or_else(|| panic!("a refusal of no case: {diagnostic:#}"));
            by_case.entry(number).or_default().push(diagnostic);
        }
        let complaints: Vec<String> = cases
            .iter()
            .enumerate()
            .filter_map(|(n, case)| {
                let diagnostics: Vec<&Value> = by_case.get(&n).into_iter().flatten().collect();
                complaint(case, &diagnostics)
            })
            .collect();
        assert!(
            complaints.is_empty(),
            "{} of {} cases are not refused as they should be:\n{}",
            complaints.len(),
            cases.len(),
            complaints.join("\n")
        );
    }
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "validating calls nothing: {calls:?}");
}

#[test]
fn every_wrong_attribute_of_the_provider_block_is_refused_where_it_stands_and_without_a_call() {
    let sandbox = sandbox();
    // One block a run: Terraform stops at the first that is wrong. Validating
    // is what a plan begins with, so that a plan refuses it too.
    let mut complaints = Vec::new();
    for case in PROVIDER {
        let text = format!(
            "provider \"tap\" {{\n  {}\n}}\n\ndata \"tap_secure_pipeline_template\" \"x\" {{\n  name = \"documents\"\n  environment_suffix = \"dev\"\n}}\n",
            case.written
        );
        let refusals = refusals(&folder(&sandbox, &text));
        complaints.extend(complaint(case, &refusals.iter().collect::<Vec<_>>()));
        assert!(
            !refusals
                .iter()
                .any(|refusal| said(refusal).contains("hunter2")),
            "a refusal shows no secret"
        );
    }
    assert!(
        complaints.is_empty(),
        "{} of {} cases are not refused as they should be:\n{}",
        complaints.len(),
        PROVIDER.len(),
        complaints.join("\n")
    );
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "validating calls nothing: {calls:?}");
}

#[test]
fn a_plan_of_what_is_wrong_ends_with_1_names_line_and_advice_and_calls_nothing() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        "provider \"tap\" {}\nresource \"tap_secure_pipeline\" \"documents\" {\n  name = \"documents\"\n  environment_suffix = \"dev\"\n  storage = {\n    noncurrent_glacier_after_days = 7.5\n  }\n}\n",
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a plan of what is wrong");
    let text = ran.flat();
    for part in [
        "Error: Invalid number of days",
        "noncurrent_glacier_after_days = 7.5",
        "storage.noncurrent_glacier_after_days: 7.5 is not possible here. Write a whole number from 1 to 3650; the default is 30.",
    ] {
        assert!(
            text.contains(part),
            "the plan should say {part:?}:\n{}",
            ran.text
        );
    }
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "a refused plan calls nothing: {calls:?}");
}

#[test]
fn what_only_the_account_can_tell_is_refused_at_plan_and_nothing_but_the_account_is_asked() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        &common::pipeline(
            "  encryption = { key_arns = { data = \"arn:aws:kms:eu-west-1:111122223333:key/a\" } }",
        ),
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 1, "a key of another region");
    let text = ran.flat();
    for part in [
        "encryption.key_arns.data",
        "eu-west-1",
        "Write the ARN of a key in us-east-1",
    ] {
        assert!(
            text.contains(part),
            "the plan should say {part:?}:\n{}",
            ran.text
        );
    }
    let calls: Vec<String> = sandbox
        .calls()
        .expect("recorded")
        .into_iter()
        .map(|call| format!("{}:{}", call.service, call.operation))
        .collect();
    assert_eq!(calls, ["sts:GetCallerIdentity"]);
}

/// The attributes that can be written, at every depth.
fn settable(block: &Value, path: &str) -> Vec<String> {
    let attributes = block["attributes"].as_object().into_iter().flatten();
    attributes
        .filter(|(_, attribute)| attribute["optional"] == true || attribute["required"] == true)
        .flat_map(|(name, attribute)| {
            let path = format!("{path}{name}");
            let mut inner = settable(&attribute["nested_type"], &format!("{path}."));
            inner.push(path);
            inner
        })
        .collect()
}

#[test]
fn every_example_is_valid_and_the_complete_one_uses_every_attribute() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples");
    let sandbox = sandbox();
    for name in [
        "quickstart",
        "complete",
        "byo-network",
        "mutual-tls",
        "cross-account",
        "private-api",
        "many",
    ] {
        let file = examples.join(name).join("main.tf");
        let text = std::fs::read_to_string(file).expect("read");
        // The sandbox says itself where the provider is from.
        let (_, rest) = text
            .split_once("provider \"tap\"")
            .expect("a provider block");
        let text = format!("provider \"tap\"{rest}");
        let ran = folder(&sandbox, &text).run(&["validate"]).expect("runs");
        expect_code(&ran, 0, name);
    }
    let written = std::fs::read_to_string(examples.join("complete/main.tf")).expect("read");
    let golden = examples.with_file_name("schemas").join("provider.json");
    let golden = std::fs::read_to_string(golden).expect("read");
    let golden: Value = serde_json::from_str(&golden).expect("JSON");
    let block = &golden["resource_schemas"]["tap_secure_pipeline"]["block"];
    let unused: Vec<String> = settable(block, "")
        .into_iter()
        .filter(|path| {
            let name = path.rsplit('.').next().unwrap_or_default();
            !written.contains(&format!(" {name} "))
        })
        .collect();
    assert!(unused.is_empty(), "examples/complete lacks {unused:?}");
    let calls = sandbox.calls().expect("recorded");
    assert!(calls.is_empty(), "validating calls nothing: {calls:?}");
}

#[test]
fn what_is_allowed_but_weaker_is_warned_of() {
    let sandbox = sandbox();
    let terraform = folder(
        &sandbox,
        &common::pipeline(
            "  storage = { noncurrent_expire_after_days = 200, access_log_retention_days = 100 }\n  monitoring = { log_retention_days = 90 }\n  api = { authorization = \"NONE\", allowed_cidrs = [\"203.0.113.0/24\"], rate_limit = 100.5, burst_limit = 100 }\n  threats = { remediate_account = true }\n  access = { trusted_account_ids = [\"210987654321\"], external_id = \"audit\", require_mfa = false }\n  audit = { point_in_time_recovery = false }\n  overrides = { RawBucket = jsonencode({ PublicAccessBlockConfiguration = { BlockPublicAcls = false } }), WebAclLogging = jsonencode({ RedactedFields = null }) }",
        ),
    );
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "a plan with warnings");
    let text = ran.flat();
    for part in [
        "storage.noncurrent_expire_after_days is 200",
        "storage.access_log_retention_days is 100",
        "monitoring.log_retention_days is 90",
        "PCI DSS 10.5.1",
        "The API never reaches its rate",
        "Callers are not authenticated",
        "Remediation reaches beyond the pipeline",
        "Auditors need no second factor",
        "The audit table has no backups",
        "An override replaces a compliance control",
        "RawBucket.PublicAccessBlockConfiguration: the public access block",
        "WebAclLogging.RedactedFields: a firewall log without credentials",
    ] {
        assert!(
            text.contains(part),
            "the plan should warn {part:?}:\n{}",
            ran.text
        );
    }
}
