//! The provider: its block in the configuration, and what it offers.
//!
//! Configuring it makes no call: credentials are looked for, and the account
//! is checked, when something first needs AWS.

mod block;
mod functions;
mod required_iam_policy;
mod schema;

use crate::pipeline::{
    ApiKey, ComplianceReport, ExistingPipeline, PipelineTemplate, SecurePipeline, Session, Shared,
};
use crate::plugin::{
    DynamicDataSource, DynamicFunction, EphemeralResource, RawValue, ServedProvider, ServedResource,
};
use async_trait::async_trait;
use block::ProviderBlock;
use std::collections::BTreeMap;
use std::sync::Arc;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

/// `provider "tap"`.
#[derive(Default)]
pub struct TapProvider {
    shared: Arc<Shared>,
}

#[async_trait]
impl ServedProvider for TapProvider {
    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema::provider())
    }

    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()> {
        let block: ProviderBlock = config.deserialize(diags)?;
        block.settings(diags)?;
        Some(())
    }

    async fn configure(
        &self,
        diags: &mut Diagnostics,
        _terraform_version: String,
        config: RawValue,
    ) -> Option<()> {
        let block: ProviderBlock = config.deserialize(diags)?;
        if block.is_known() {
            self.shared.set(Some(Session::new(block.settings(diags)?)));
        } else {
            // During a plan the block may depend on what is yet to be made;
            // resources then plan without an account.
            self.shared.set(None);
        }
        Some(())
    }

    fn resources(&self) -> BTreeMap<String, ServedResource> {
        let pipeline = SecurePipeline::new(Arc::clone(&self.shared));
        BTreeMap::from([(
            "tap_secure_pipeline".to_owned(),
            ServedResource::with_extra(pipeline),
        )])
    }

    fn data_sources(&self) -> BTreeMap<String, Arc<dyn DynamicDataSource>> {
        let shared = || Arc::clone(&self.shared);
        let sources: [(&str, Arc<dyn DynamicDataSource>); 3] = [
            (
                "tap_compliance_report",
                Arc::new(ComplianceReport::new(shared())),
            ),
            (
                "tap_secure_pipeline",
                Arc::new(ExistingPipeline::new(shared())),
            ),
            ("tap_secure_pipeline_template", Arc::new(PipelineTemplate)),
        ];
        sources
            .into_iter()
            .map(|(name, source)| (name.to_owned(), source))
            .collect()
    }

    fn functions(&self) -> BTreeMap<String, Arc<dyn DynamicFunction>> {
        functions::all()
    }

    fn ephemeral_resources(&self) -> BTreeMap<String, Arc<dyn EphemeralResource>> {
        let key: Arc<dyn EphemeralResource> = Arc::new(ApiKey::new(Arc::clone(&self.shared)));
        BTreeMap::from([("tap_api_key".to_owned(), key)])
    }
}
