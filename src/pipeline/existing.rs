//! `data "tap_secure_pipeline"`: the outputs of a pipeline that another
//! configuration manages. Reads, and changes nothing.

use super::bookkeeping;
use super::cloud::Shared;
use super::operations::{Operations, Surveyed, parse_id};
use super::outputs::Outputs;
use super::state::{BucketNames, KeyArnsBlock, State, TextList, TextMap};
use super::{schema, settling};
use crate::plugin;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tf_provider::AttributePath;
use tf_provider::DataSource;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::{Value, ValueEmpty};

/// The data source's value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExistingState {
    id: Value<String>,
    name: Value<String>,
    environment_suffix: Value<String>,
    status: Value<String>,
    account_id: Value<String>,
    region: Value<String>,
    api_endpoint: Value<String>,
    api_key_id: Value<String>,
    api_key_secret_arn: Value<String>,
    bucket_names: Value<BucketNames>,
    audit_table_name: Value<String>,
    dashboard_url: Value<String>,
    key_arns: Value<KeyArnsBlock>,
    alert_topic_arn: Value<String>,
    alert_subscriptions: TextMap,
    web_acl_arn: Value<String>,
    vpc_id: Value<String>,
    subnet_ids: TextList,
    vpc_endpoint_ids: TextMap,
    function_names: TextMap,
    role_arns: TextMap,
    session_policy: Value<String>,
    physical_ids: TextMap,
}

/// The data source.
pub struct ExistingPipeline {
    shared: Arc<Shared>,
}

impl ExistingPipeline {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl DataSource for ExistingPipeline {
    type State<'a> = ExistingState;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema::existing())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: ExistingState) -> Option<()> {
        if let Value::Value(id) = &config.id {
            parse_id(diags, place(), id)?;
        }
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        config: ExistingState,
        _meta: ValueEmpty,
    ) -> Option<ExistingState> {
        let id = config.id.as_ref_option()?.clone();
        let cloud = settling::cloud_of(diags, &self.shared, place(), &id).await?;
        let operations = Operations::of(diags, place(), &id, &cloud, plugin::cancellation())?;
        let surveyed = operations.survey(diags).await?;
        Some(state(&surveyed))
    }
}

fn place() -> AttributePath {
    AttributePath::new("id")
}

fn state(surveyed: &Surveyed) -> ExistingState {
    let Surveyed {
        spec,
        facts,
        template,
        ledger,
        ..
    } = surveyed;
    let mut seen = State::default();
    let outputs = Outputs {
        spec,
        facts,
        template,
    };
    outputs.observed(ledger, &mut seen);
    ExistingState {
        id: seen.id,
        name: Value::Value(spec.name.clone()),
        environment_suffix: Value::Value(spec.environment_suffix.clone()),
        status: Value::Value(surveyed.status().to_owned()),
        account_id: seen.account_id,
        region: seen.region,
        api_endpoint: seen.api_endpoint,
        api_key_id: seen.api_key_id,
        api_key_secret_arn: seen.api_key_secret_arn,
        bucket_names: seen.bucket_names,
        audit_table_name: seen.audit_table_name,
        dashboard_url: seen.dashboard_url,
        key_arns: seen.key_arns,
        alert_topic_arn: seen.alert_topic_arn,
        alert_subscriptions: seen.alert_subscriptions,
        web_acl_arn: seen.web_acl_arn,
        vpc_id: seen.vpc_id,
        subnet_ids: seen.subnet_ids,
        vpc_endpoint_ids: seen.vpc_endpoint_ids,
        function_names: seen.function_names,
        role_arns: seen.role_arns,
        session_policy: seen.session_policy,
        physical_ids: bookkeeping::physical_ids(ledger),
    }
}
