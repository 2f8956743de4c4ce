//! What the provider says: outputs, and the maps by logical id.

use super::{Computed, block, list, map, text};
use std::collections::HashMap;
use tf_provider::schema::Attribute;

pub fn attributes() -> HashMap<String, Attribute> {
    outputs().into_iter().chain(by_logical_id()).collect()
}

/// What other configuration refers to.
pub fn outputs() -> HashMap<String, Attribute> {
    super::attributes([
        (
            "id",
            text(
                Computed,
                "`name-environment_suffix@region`, the id for `terraform import`.",
            ),
        ),
        (
            "status",
            text(
                Computed,
                "`READY`, or `INCOMPLETE` while an apply has not finished.",
            ),
        ),
        (
            "account_id",
            text(Computed, "AWS account the pipeline is in."),
        ),
        ("region", text(Computed, "AWS region the pipeline is in.")),
        (
            "api_endpoint",
            text(
                Computed,
                "Base URL of the API, for example `https://abc123.execute-api.us-east-1.amazonaws.com/v1`; with `api.mutual_tls` its domain; of a \
                 `PRIVATE` one `https://abc123-vpce-0123456789abcdef0.execute-api...`, which leads to the endpoint in its network.",
            ),
        ),
        (
            "api_key_id",
            text(
                Computed,
                "Id of the API key in API Gateway. A rotation changes it. Its value is in the secret `api_key_secret_arn`.",
            ),
        ),
        (
            "api_key_secret_arn",
            text(Computed, "ARN of the secret that holds the API key."),
        ),
        (
            "bucket_names",
            block(
                Computed,
                "Names of the buckets.",
                [
                    ("raw", text(Computed, "Bucket that receives documents.")),
                    (
                        "processed",
                        text(Computed, "Bucket of processed documents and scan results."),
                    ),
                    ("logs", text(Computed, "Bucket of access logs.")),
                ],
            ),
        ),
        (
            "audit_table_name",
            text(Computed, "Name of the audit table."),
        ),
        (
            "dashboard_url",
            text(
                Computed,
                "Address of the CloudWatch dashboard in the AWS console.",
            ),
        ),
        (
            "key_arns",
            block(
                Computed,
                "ARNs of the keys, the pipeline's or your own.",
                [
                    (
                        "data",
                        text(
                            Computed,
                            "ARN of the key for documents, the audit table and the secrets.",
                        ),
                    ),
                    (
                        "environment",
                        text(
                            Computed,
                            "ARN of the key for function environment variables.",
                        ),
                    ),
                    (
                        "logs",
                        text(Computed, "ARN of the key for logs and notifications."),
                    ),
                ],
            ),
        ),
        ("alert_topic_arn", text(Computed, "ARN of the alert topic.")),
        (
            "alert_subscriptions",
            map(
                Computed,
                "Of each address of `alerts.emails`, `pending confirmation` until somebody there has followed the link in AWS's mail, then \
                 `confirmed`. A refresh finds it; no plan ever changes it.",
            ),
        ),
        ("web_acl_arn", text(Computed, "ARN of the WAF web ACL.")),
        (
            "vpc_id",
            text(
                Computed,
                "Id of the VPC the functions run in, the pipeline's or your own.",
            ),
        ),
        (
            "subnet_ids",
            list(
                Computed,
                "Ids of the subnets the functions run in, in the order of their zones; your own sorted.",
            ),
        ),
        (
            "vpc_endpoint_ids",
            map(
                Computed,
                "Ids of the VPC endpoints, by service, for example `s3` or `secretsmanager`.",
            ),
        ),
        (
            "function_names",
            map(
                Computed,
                "Names of the functions: `validate`, `encrypt`, `scan`, `remediate`, `rotate`, `evaluate`.",
            ),
        ),
        (
            "role_arns",
            map(
                Computed,
                "ARNs of the IAM roles, by what they are of: the functions' (`validate`, ...), `upload`, `auditor` where it exists, and the others \
                 that the pipeline manages.",
            ),
        ),
        (
            "session_policy",
            text(
                Computed,
                "A session policy, as JSON, for whoever assumes the role `role_arns[\"auditor\"]`: passed as `Policy` to `AssumeRole`, it narrows the \
                 session to reading this pipeline's audit rows, scan results and logs, whatever is attached to the role later. Null without \
                 `access.trusted_account_ids`.",
            ),
        ),
    ])
}

fn by_logical_id() -> HashMap<String, Attribute> {
    super::attributes([
        (
            "resources",
            map(
                Computed,
                "Every AWS resource by logical id: its CloudFormation type and a digest of what it shall be. \
                 In a plan, the lines that differ are exactly what will be created, changed or deleted.",
            ),
        ),
        (
            "physical_ids",
            map(Computed, "By logical id, what AWS calls the resource."),
        ),
        (
            "changes",
            map(
                Computed,
                "By logical id, why the last plan changes it. Empty in the plan of a new pipeline, where everything is new.",
            ),
        ),
        (
            "drifted",
            map(
                Computed,
                "By logical id, the properties that were found changed outside of Terraform.",
            ),
        ),
        (
            "ledger",
            map(
                Computed,
                "For the provider itself, by logical id: what it needs to delete the pipeline without its configuration.",
            ),
        ),
        (
            "incarnation",
            text(
                Computed,
                "Which state owns the pipeline. An adoption changes it, and a state with another one can change and delete nothing.",
            ),
        ),
    ])
}
