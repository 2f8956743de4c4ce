//! The schema of the provider block: the AWS provider's names and meanings.

use std::collections::HashMap;
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, Schema,
};

pub fn provider() -> Schema {
    Schema {
        version: 0,
        block: Block {
            version: 0,
            attributes: attributes(),
            description: Description::markdown(
                "Declares PCI DSS document-processing pipelines on AWS. What is not set here comes from the \
                 `AWS_*` variables, the shared configuration files and the machine's own role, as for the AWS provider. \
                 Configuring makes no call. The guide *Getting started* goes from an empty folder to a pipeline; for an emulator of AWS, \
                 `TAP_CONTROL_PLANE_LIMITS=off` has no call wait for AWS' limits. Needs Terraform 1.8 or newer. It has been tried against \
                 emulators of AWS, and not against AWS yet.",
            ),
            ..Block::default()
        },
    }
}

fn attributes() -> HashMap<String, Attribute> {
    let text = AttributeType::String;
    let flag = AttributeType::Bool;
    let texts = AttributeType::List(Box::new(AttributeType::String));
    let map = AttributeType::Map(Box::new(AttributeType::String));
    rows([
        (
            "region",
            text.clone(),
            "Region of the pipelines. Also `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile. A change replaces every pipeline, which is refused \
             unless its `allow_data_loss` is true.",
        ),
        (
            "profile",
            text.clone(),
            "Profile of the shared configuration files. Also `AWS_PROFILE`.",
        ),
        (
            "access_key",
            text.clone(),
            "Access key id. Also `AWS_ACCESS_KEY_ID`.",
        ),
        (
            "secret_key",
            text.clone(),
            "Secret access key. Also `AWS_SECRET_ACCESS_KEY`.",
        ),
        (
            "token",
            text.clone(),
            "Session token. Also `AWS_SESSION_TOKEN`.",
        ),
        (
            "shared_config_files",
            texts.clone(),
            "Shared configuration files. Also `AWS_CONFIG_FILE`.",
        ),
        (
            "shared_credentials_files",
            texts.clone(),
            "Shared credentials files. Also `AWS_SHARED_CREDENTIALS_FILE`.",
        ),
        (
            "assume_role",
            AttributeType::AttributeSingle(role()),
            "A role to assume before anything else is called.",
        ),
        (
            "endpoints",
            map.clone(),
            "Endpoint URL by service: `apigateway`, `cloudtrail`, `cloudwatch`, `config`, `dynamodb`, `ec2`, `events`, `guardduty`, `iam`, \
             `kms`, `lambda`, `logs`, `s3`, `secretsmanager`, `sns`, `sqs`, `ssm`, `sts`, `wafv2`. A service that is not named is AWS' own. Also `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.",
        ),
        (
            "default_tags",
            map,
            "Tags of every resource of every pipeline; a pipeline's own `tags` win. Changed in place.",
        ),
        (
            "ignore_tags",
            AttributeType::AttributeSingle(rows([
                (
                    "keys",
                    texts.clone(),
                    "Tag keys that are neither drift nor removed.",
                ),
                ("key_prefixes", texts.clone(), "Prefixes of such tag keys."),
            ])),
            "Tags that others manage.",
        ),
        (
            "allowed_account_ids",
            texts.clone(),
            "The only accounts that may be used. With another, nothing is called but `sts:GetCallerIdentity`.",
        ),
        (
            "forbidden_account_ids",
            texts,
            "Accounts that must not be used. Not beside `allowed_account_ids`.",
        ),
        (
            "max_retries",
            AttributeType::Number,
            "Retries of a call after its first attempt, 0 to 100. Default 2, that of AWS' SDK. Also `AWS_MAX_ATTEMPTS` (attempts). Beyond these the provider repeats calls that failed for a reason that passes, as the guide *When an apply fails* says.",
        ),
        (
            "retry_mode",
            text.clone(),
            "`standard` or `adaptive`. Also `AWS_RETRY_MODE`.",
        ),
        (
            "s3_use_path_style",
            flag.clone(),
            "Whether S3 URLs carry the bucket in their path; for S3-compatible endpoints.",
        ),
        (
            "custom_ca_bundle",
            text.clone(),
            "File of PEM certificates trusted beside the system's. Also `AWS_CA_BUNDLE`.",
        ),
        (
            "insecure",
            flag.clone(),
            "Refused when true: certificates are always verified. Name a certificate authority in `custom_ca_bundle` instead.",
        ),
        (
            "use_fips_endpoint",
            flag.clone(),
            "Whether FIPS endpoints are used. Also `AWS_USE_FIPS_ENDPOINT`.",
        ),
        (
            "use_dualstack_endpoint",
            flag.clone(),
            "Whether dual-stack endpoints are used. Also `AWS_USE_DUALSTACK_ENDPOINT`.",
        ),
        (
            "http_proxy",
            text.clone(),
            "Proxy for `http://` endpoints. Also `HTTP_PROXY`.",
        ),
        (
            "https_proxy",
            text.clone(),
            "Proxy for `https://` endpoints. Also `HTTPS_PROXY`.",
        ),
        (
            "no_proxy",
            text.clone(),
            "Hosts, domains and networks that are reached directly. Also `NO_PROXY`.",
        ),
        (
            "skip_credentials_validation",
            flag.clone(),
            "Accepted for the sake of the AWS provider's blocks; there is no such validation to skip.",
        ),
        (
            "skip_requesting_account_id",
            flag.clone(),
            "Whether `sts:GetCallerIdentity` is not called. Pipelines need the account id, so only template data sources work then.",
        ),
        (
            "skip_region_validation",
            flag.clone(),
            "Whether a region of an unknown form is accepted.",
        ),
        (
            "skip_metadata_api_check",
            flag,
            "Whether the instance metadata service is not asked for credentials and region.",
        ),
        ("sts_region", text, "Region of STS, if it is not `region`."),
    ])
}

fn role() -> HashMap<String, Attribute> {
    let text = AttributeType::String;
    let mut role = rows([
        ("role_arn", text.clone(), "ARN of the role."),
        (
            "external_id",
            text.clone(),
            "External id that the role's trust policy asks for.",
        ),
        ("session_name", text.clone(), "Name of the session."),
        (
            "duration",
            text.clone(),
            "Duration of the session, `15m` to `12h`. AWS' default is an hour.",
        ),
        (
            "policy",
            text.clone(),
            "JSON session policy; it can only take rights away.",
        ),
        ("source_identity", text, "Source identity of the session."),
    ]);
    if let Some(arn) = role.get_mut("role_arn") {
        arn.constraint = AttributeConstraint::Required;
    }
    role
}

fn rows<const N: usize>(rows: [(&str, AttributeType, &str); N]) -> HashMap<String, Attribute> {
    rows.into_iter()
        .map(|(name, attr_type, description)| {
            let attribute = Attribute {
                attr_type,
                constraint: AttributeConstraint::Optional,
                description: Description::markdown(description),
                sensitive: ["secret_key", "token"].contains(&name),
                deprecated: false,
            };
            (name.to_owned(), attribute)
        })
        .collect()
}
