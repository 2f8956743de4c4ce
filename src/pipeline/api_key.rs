//! `ephemeral "tap_api_key"`: the key with which callers use a pipeline's API,
//! for as long as Terraform runs. It is in no state, plan or log.

use super::cloud::Shared;
use super::failure;
use super::operations::parse_id;
use super::{schema, settling};
use crate::blueprint::{Spec, secrets};
use crate::plugin::{self, EphemeralResource, Opened, RawValue};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::Value;

/// Its value. `Debug` is not derived: it would print the key.
#[derive(Clone, Default, Serialize, Deserialize)]
struct ApiKeyState {
    pipeline_id: Value<String>,
    value: Value<String>,
    secret_arn: Value<String>,
    version_id: Value<String>,
}

/// The ephemeral resource.
pub struct ApiKey {
    shared: Arc<Shared>,
}

impl ApiKey {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

fn place() -> AttributePath {
    AttributePath::new("pipeline_id")
}

#[async_trait]
impl EphemeralResource for ApiKey {
    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema::api_key())
    }

    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()> {
        let config: ApiKeyState = config.deserialize(diags)?;
        if let Value::Value(id) = &config.pipeline_id {
            parse_id(diags, place(), id)?;
        }
        Some(())
    }

    async fn open(&self, diags: &mut Diagnostics, config: RawValue) -> Option<Opened> {
        let config: ApiKeyState = config.deserialize(diags)?;
        let id = config.pipeline_id.as_ref_option()?.clone();
        let cloud = settling::cloud_of(diags, &self.shared, place(), &id).await?;
        let (name, suffix, _) = parse_id(diags, place(), &id)?;
        let secret = match config.secret_arn {
            Value::Value(arn) => arn,
            _ => secrets::api_key_secret_name(&Spec::new(&name, &suffix)),
        };
        let cancel = plugin::cancellation();
        let key = match cloud
            .secret_member(&id, &secret, secrets::API_KEY, &cancel)
            .await
        {
            Ok(key) => key,
            Err(cause) => {
                failure::of_call(
                    diags,
                    place(),
                    format!("The API key of {id} cannot be read"),
                    &cause,
                    &format!(
                        "It stands in the secret {secret}. Reading it needs secretsmanager:DescribeSecret, secretsmanager:GetSecretValue and kms:Decrypt."
                    ),
                );
                return None;
            }
        };
        let opened = ApiKeyState {
            pipeline_id: Value::Value(id),
            value: Value::Value(key.value),
            secret_arn: Value::Value(key.arn),
            version_id: Value::Value(key.version),
        };
        Some(Opened {
            result: RawValue::serialize(diags, &opened)?,
            private: Vec::new(),
            renew_at: None,
        })
    }
}
