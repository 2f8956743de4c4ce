//! Ephemeral resources: values that exist while Terraform runs and are written
//! nowhere. tf-provider does not know them, so the trait is ours.

use std::time::SystemTime;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

use super::RawValue;

/// What [`EphemeralResource::open`] returns.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The value, of the schema's type, wholly known.
    pub result: RawValue,
    /// Handed to `renew` and `close`.
    pub private: Vec<u8>,
    /// When `renew` must have been called, if ever.
    pub renew_at: Option<SystemTime>,
}

/// What [`EphemeralResource::renew`] returns.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// Replaces the private data of `open`.
    pub private: Vec<u8>,
    /// When to renew again.
    pub renew_at: Option<SystemTime>,
}

/// An ephemeral resource.
#[async_trait]
pub trait EphemeralResource: Send + Sync {
    /// The schema of its block.
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    /// Refuses a block that cannot work.
    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()> {
        _ = (diags, config);
        Some(())
    }

    /// Makes the value. The configuration is wholly known.
    async fn open(&self, diags: &mut Diagnostics, config: RawValue) -> Option<Opened>;

    /// Keeps the value valid for longer.
    async fn renew(&self, diags: &mut Diagnostics, private: Vec<u8>) -> Option<Renewed> {
        _ = diags;
        Some(Renewed {
            private,
            renew_at: None,
        })
    }

    /// Takes the value back.
    async fn close(&self, diags: &mut Diagnostics, private: Vec<u8>) -> Option<()> {
        _ = (diags, private);
        Some(())
    }
}
