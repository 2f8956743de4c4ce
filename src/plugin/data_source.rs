//! Data sources: the erased form of tf-provider's `DataSource`.

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::{DataSource, Diagnostics};

use super::RawValue;

/// tf-provider's `DataSource` with its types erased. Every `DataSource` is one.
#[async_trait]
#[allow(missing_docs)]
pub trait DynamicDataSource: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()>;

    async fn read(
        &self,
        diags: &mut Diagnostics,
        config: RawValue,
        meta: RawValue,
    ) -> Option<RawValue>;
}

#[async_trait]
impl<T: DataSource> DynamicDataSource for T {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        DataSource::schema(self, diags)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()> {
        let config = config.deserialize(diags)?;
        DataSource::validate(self, diags, config).await
    }

    async fn read(
        &self,
        diags: &mut Diagnostics,
        config: RawValue,
        meta: RawValue,
    ) -> Option<RawValue> {
        let config = config.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let state = DataSource::read(self, diags, config, meta).await?;
        RawValue::serialize(diags, &state)
    }
}
