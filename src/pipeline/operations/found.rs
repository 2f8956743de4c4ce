//! What there is of a pipeline before anything is done: for a plan, an import,
//! a report.

use super::Operations;
use super::manifest::{spec_and_facts, spec_value};
use crate::aws::ParameterManifest;
use crate::blueprint::{Facts, Spec};
use crate::engine::ledger::Ledger;
use crate::engine::manifest::{self, Manifest, ManifestStatus, Wanted};
use crate::engine::template::Template;
use crate::pipeline::account::Origin;
use crate::pipeline::failure::{self, error, warning};
use crate::pipeline::outputs::{INCOMPLETE, READY};
use crate::pipeline::planning::{Desired, Planned};
use serde_json::json;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;

/// The step after a manifest that could not be read.
const READS_THE_MANIFEST: &str = "The manifest is a parameter below /tap/. Run the command again with credentials that may read it (ssm:GetParameter).";

/// A pipeline as its manifest and the account have it.
pub struct Surveyed {
    pub manifest: Manifest,
    pub spec: Spec,
    pub facts: Facts,
    pub template: Template,
    pub ledger: Ledger,
}

impl Surveyed {
    /// Of the pipeline, as its manifest has it.
    pub fn status(&self) -> &'static str {
        match self.manifest.status {
            ManifestStatus::Complete => READY,
            _ => INCOMPLETE,
        }
    }
}

impl Operations<'_> {
    /// Reads an existing pipeline of which nothing is known but its id.
    pub async fn survey(&self, diags: &mut Diagnostics) -> Option<Surveyed> {
        let means = self.means("import");
        let manifest = match means.store.load().await {
            Ok(Some(manifest)) => manifest,
            Ok(None) => {
                error(
                    diags,
                    AttributePath::root(),
                    format!("There is no pipeline {}", self.id()),
                    format!(
                        "Account {} has no manifest of it in {}. Check the id (name-environment_suffix@region) and the credentials.",
                        self.cloud.here.account_id, self.cloud.here.region
                    ),
                );
                return None;
            }
            Err(cause) => {
                failure::of_call(
                    diags,
                    AttributePath::root(),
                    format!("The manifest of {} cannot be read", self.id()),
                    &cause,
                    READS_THE_MANIFEST,
                );
                return None;
            }
        };
        let (spec, facts, template) = match self.parts(&manifest) {
            Ok(parts) => parts,
            Err(cause) => {
                error(
                    diags,
                    AttributePath::root(),
                    format!("The manifest of {} cannot be understood", self.id()),
                    cause,
                );
                return None;
            }
        };
        let imported = means.lifecycle().import(&template, &self.cancel).await;
        if !imported.errors.is_empty() {
            failure::report(diags, &imported.errors);
            return None;
        }
        Some(Surveyed {
            manifest,
            spec,
            facts,
            template,
            ledger: imported.ledger,
        })
    }

    /// The manifest of the pipeline, if there is one.
    pub async fn manifest(&self, diags: &mut Diagnostics) -> Option<Option<Manifest>> {
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        match store.load().await {
            Ok(manifest) => Some(manifest),
            Err(cause) => {
                failure::of_call(
                    diags,
                    AttributePath::root(),
                    "Cannot tell whether the pipeline exists already",
                    &cause,
                    READS_THE_MANIFEST,
                );
                None
            }
        }
    }

    /// What there is of a pipeline whose create did not finish: the next one goes
    /// on from it. `None` where it did: nobody but its state may go on, and the
    /// destroy half of a replacement may be about to delete all of it.
    pub async fn begun(
        &self,
        diags: &mut Diagnostics,
        manifest: &Manifest,
    ) -> Option<Option<Ledger>> {
        if manifest.status != ManifestStatus::Creating {
            return Some(None);
        }
        let means = self.means("plan");
        let lifecycle = means.lifecycle();
        match lifecycle.begun(manifest, &self.cancel).await {
            Ok(found) => Some(Some(found)),
            Err(errors) => {
                failure::report(diags, &errors);
                None
            }
        }
    }

    /// Refuses what its manifest could not hold, beside what is there until the
    /// apply is complete: the apply would refuse it after the first call.
    pub fn fits(&self, diags: &mut Diagnostics, desired: &Desired, before: Option<&Origin>) {
        let wanted = |spec: &Spec, facts: &Facts| Wanted {
            spec: spec_value(spec),
            facts: json!(facts),
        };
        let now = wanted(&desired.inputs.spec, &desired.facts);
        let earlier = before.map(|origin| wanted(&origin.spec, &origin.facts));
        let manifest = Manifest {
            format: manifest::FORMAT,
            pipeline: self.id(),
            incarnation: uuid::Uuid::nil().to_string(),
            status: ManifestStatus::Updating,
            spec: now.spec,
            facts: now.facts,
            provider_version: env!("CARGO_PKG_VERSION").to_owned(),
            earlier: earlier.into_iter().collect(),
        };
        if let Err(cause) = ParameterManifest::value_of(&manifest) {
            error(
                diags,
                AttributePath::root(),
                "The block is too long",
                format!("{}.", cause.message),
            );
        }
    }

    /// What a manifest says that its pipeline is made from.
    ///
    /// # Errors
    ///
    /// A sentence: another version of the provider wrote it.
    pub fn origin(&self, manifest: &Manifest) -> Result<Origin, String> {
        let (spec, facts) = spec_and_facts(manifest)?;
        Ok(Origin { spec, facts })
    }

    /// The same for a create. Whoever takes the pipeline over must know it, since
    /// the apply will refuse what it cannot look for; the destroy half of a
    /// replacement, which may be about to delete it, need not.
    pub fn origin_for_create(
        &self,
        diags: &mut Diagnostics,
        manifest: &Manifest,
        adopt_existing: bool,
    ) -> Option<Origin> {
        let takes = adopt_existing || manifest.status == ManifestStatus::Creating;
        match self.origin(manifest) {
            Ok(origin) => Some(origin),
            Err(cause) if takes => {
                error(
                    diags,
                    AttributePath::root(),
                    "The pipeline that exists cannot be taken over",
                    format!("{} exists. {cause}", self.id()),
                );
                None
            }
            Err(_) => None,
        }
    }

    /// Says at plan time what a create will meet where there is a manifest;
    /// `there` is the plan from what was found of a pipeline that was begun.
    pub fn announce(&self, diags: &mut Diagnostics, adopt_existing: bool, there: Option<&Planned>) {
        let (summary, detail) = match (there, adopt_existing) {
            (Some(there), _) => (
                "An unfinished pipeline will be continued",
                format!(
                    "{} was begun before. What exists of it will be adopted and brought to what this configuration says. {}",
                    self.id(),
                    still_to_do(&there.left(), there.plan.lines.len())
                ),
            ),
            (None, true) => (
                "An existing pipeline will be adopted",
                format!(
                    "{} exists and adopt_existing is true: it will be brought to what this configuration says, and any other state of it loses the right to change it.",
                    self.id()
                ),
            ),
            (None, false) => (
                "The pipeline exists already",
                format!(
                    "{0} exists. Unless this plan also destroys it, apply will be refused; to manage it here, run: terraform import ADDRESS {0}",
                    self.id()
                ),
            ),
        };
        warning(diags, AttributePath::root(), summary, detail);
    }
}

/// What of a pipeline is still to be done, for a plan that cannot mark it.
fn still_to_do(left: &[String], all: usize) -> String {
    const NAMED: usize = 10;
    match left.len() {
        0 => format!("All {all} resources exist."),
        count if count <= NAMED => {
            format!("Still to do, of {all} resources: {}.", left.join(", "))
        }
        count => format!("Still to do: {count} of {all} resources."),
    }
}
