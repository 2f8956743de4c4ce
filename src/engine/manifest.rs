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
    /// What applies that did not finish wanted and may have left behind,
    /// oldest first. A complete pipeline has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Wanted>,
}

/// What an apply wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    pub spec: Value,
    pub facts: Value,
}

impl Manifest {
    /// The manifest as it was when something earlier was wanted.
    pub fn wanting(&self, wanted: &Wanted) -> Self {
        Self {
            spec: wanted.spec.clone(),
            facts: wanted.facts.clone(),
            earlier: Vec::new(),
            ..self.clone()
        }
    }

    /// Everything that may exist once `self` is wanted where `before` was.
    pub fn superseding(mut self, before: &Self) -> Self {
        let last = Wanted {
            spec: before.spec.clone(),
            facts: before.facts.clone(),
        };
        self.earlier = before.earlier.iter().cloned().chain([last]).collect();
        let (spec, facts) = (&self.spec, &self.facts);
        self.earlier.retain(|wanted| {
            !wanted.spec.is_null() && (&wanted.spec, &wanted.facts) != (spec, facts)
        });
        self.earlier.dedup();
        self
    }
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
