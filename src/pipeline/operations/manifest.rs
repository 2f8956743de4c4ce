//! What a manifest keeps of a pipeline, and the template that it stands for.

use super::Operations;
use crate::blueprint::{self, Facts, Spec};
use crate::engine::manifest::Manifest;
use crate::engine::template::Template;
use serde_json::json;
use std::collections::BTreeMap;

impl Operations<'_> {
    /// The template that a manifest stands for, with the functions that this
    /// provider holds.
    pub(super) fn expand(
        &self,
    ) -> impl Fn(&Manifest) -> Result<Template, String> + Send + Sync + use<> {
        let bundles = self.cloud.here.bundles.clone();
        move |manifest| expand_with(manifest, &bundles).map(|(_, _, template)| template)
    }

    pub(super) fn parts(&self, manifest: &Manifest) -> Result<(Spec, Facts, Template), String> {
        expand_with(manifest, &self.cloud.here.bundles)
    }
}

pub(super) fn spec_value(spec: &Spec) -> serde_json::Value {
    json!({ "format": blueprint::spec::FORMAT, "spec": spec })
}

/// The spec and the facts that a manifest keeps.
pub(super) fn spec_and_facts(manifest: &Manifest) -> Result<(Spec, Facts), String> {
    let format = manifest.spec.get("format").and_then(|f| f.as_u64());
    if format != Some(u64::from(blueprint::spec::FORMAT)) {
        return Err(format!(
            "Its spec has format {}, this provider knows format {}. Use the provider version that wrote it ({}) or a newer one.",
            format.map_or("unknown".to_owned(), |f| f.to_string()),
            blueprint::spec::FORMAT,
            manifest.provider_version
        ));
    }
    let spec: Spec = serde_json::from_value(manifest.spec["spec"].clone())
        .map_err(|cause| format!("Its spec cannot be read: {cause}."))?;
    let facts: Facts = serde_json::from_value(manifest.facts.clone())
        .map_err(|cause| format!("Its facts cannot be read: {cause}."))?;
    Ok((spec, facts))
}

pub(super) fn expand_with(
    manifest: &Manifest,
    bundles: &BTreeMap<String, String>,
) -> Result<(Spec, Facts, Template), String> {
    let (spec, mut facts) = spec_and_facts(manifest)?;
    facts.bundles.clone_from(bundles);
    let template = blueprint::expand(&spec, &facts).map_err(|cause| cause.to_string())?;
    Ok((spec, facts, template))
}
