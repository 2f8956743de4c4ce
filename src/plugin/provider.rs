//! [`ServedProvider`]: what [`serve`](super::serve) needs to know of a provider.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::{Block, Schema};

use super::{DynamicDataSource, DynamicFunction, EphemeralResource, RawValue, ServedResource};

/// A provider: its block in the configuration and what it offers.
///
/// Returning `None` without an error in `diags` is reported as a bug.
#[async_trait]
pub trait ServedProvider: Send + Sync {
    /// The schema of the `provider` block.
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    /// The schema of a module's `provider_meta` block. Empty by default.
    fn meta_schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        _ = diags;
        Some(Schema {
            version: 0,
            block: Block {
                version: 0,
                description: "".into(),
                ..Block::default()
            },
        })
    }

    /// Refuses a `provider` block that cannot work. Values may be unknown.
    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()> {
        _ = (diags, config);
        Some(())
    }

    /// Takes the `provider` block. During a plan values may still be unknown.
    async fn configure(
        &self,
        diags: &mut Diagnostics,
        terraform_version: String,
        config: RawValue,
    ) -> Option<()>;

    /// The resources by their full name (`tap_secure_pipeline`).
    fn resources(&self) -> BTreeMap<String, ServedResource>;

    /// The data sources by their full name.
    fn data_sources(&self) -> BTreeMap<String, Arc<dyn DynamicDataSource>> {
        BTreeMap::new()
    }

    /// The functions by name: `provider::tap::NAME`.
    fn functions(&self) -> BTreeMap<String, Arc<dyn DynamicFunction>> {
        BTreeMap::new()
    }

    /// The ephemeral resources by their full name.
    fn ephemeral_resources(&self) -> BTreeMap<String, Arc<dyn EphemeralResource>> {
        BTreeMap::new()
    }
}
