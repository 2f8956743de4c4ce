//! The record of a pipeline in the account itself: what it shall be, whether
//! it is finished, and whose it is. It outlives any crash of ours.

use super::error::HandlerError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of this layout.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub pipeline: String,
    /// Which state owns the pipeline: a new one with each create and adoption.
    pub incarnation: String,
    pub status: ManifestStatus,
    /// Opaque to the engine.
    pub spec: Value,
    /// Opaque to the engine.
    pub facts: Value,
    pub provider_version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ManifestStatus {
    Creating,
    Updating,
    Deleting,
    Complete,
}

/// Where the manifest is kept.
#[async_trait]
pub trait ManifestStore: Send + Sync {
    async fn load(&self) -> Result<Option<Manifest>, HandlerError>;
    /// Fails with `AlreadyExists` when there is one.
    async fn create(&self, manifest: &Manifest) -> Result<(), HandlerError>;
    /// Overwrites.
    async fn save(&self, manifest: &Manifest) -> Result<(), HandlerError>;
    /// Not found is done.
    async fn delete(&self) -> Result<(), HandlerError>;
}
