//! `ephemeral "tap_api_key"`.

use super::{Computed, Default_, Required, attributes, secret, text};
use tf_provider::schema::{Block, Description, Schema};

pub fn api_key() -> Schema {
    let rows = attributes([
        (
            "pipeline_id",
            text(
                Required,
                "`id` of a `tap_secure_pipeline`, for example `documents-dev@us-east-1`.",
            ),
        ),
        (
            "value",
            secret(text(
                Computed,
                "The key, as callers send it in the header `x-api-key`.",
            )),
        ),
        (
            "secret_arn",
            text(
                Default_,
                "ARN of the secret that holds it, `api_key_secret_arn` of the pipeline. Write it where the same configuration makes the pipeline: \
                 Terraform opens an ephemeral resource as soon as all that it says is known, and the ARN is known when the secret is there. \
                 Default: the secret of the pipeline's API key, by its name.",
            ),
        ),
        (
            "version_id",
            text(
                Computed,
                "Version of the secret that this is. A rotation makes another; the old key works on for a day.",
            ),
        ),
    ]);
    Schema {
        version: 0,
        block: Block {
            version: 0,
            attributes: rows,
            description: Description::markdown(
                "The current API key of a pipeline, for as long as Terraform runs: it is in no plan and no state. \
                 For a provider block, a write-only attribute or a provisioner that calls the API. Needs Terraform 1.10 or OpenTofu 1.11.",
            ),
            ..Block::default()
        },
    }
}
