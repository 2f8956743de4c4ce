//! Of the provider block.

use super::{Case, case};

/// Cases of the provider block.
pub const PROVIDER: &[Case] = &[
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
