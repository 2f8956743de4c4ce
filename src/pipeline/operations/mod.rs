//! The pipeline's operations on a live account: one function for each of
//! Terraform's, between the typed state and the engine's lifecycle.
//!
//! # Interruption
//!
//! A cancelled or timed-out operation returns what it has observed; after a
//! `kill -9` the next refresh finds the rest through the manifest.

mod found;
mod manifest;
mod written;

pub use found::Surveyed;

use super::bookkeeping::Private;
use super::checks;
use super::cloud::Cloud;
use super::failure::{self, error, warning};
use super::inputs::Options;
use super::outputs::{INCOMPLETE, Outputs, READY};
use super::planning::{Desired, Planned};
use super::settings;
use super::state::{State, known_entries, text_map};
use crate::blueprint::{Spec, naming};
use crate::engine::ledger::Ledger;
use crate::engine::lifecycle::{
    CreateRequest, DestroyRequest, Expand, Lifecycle, OnCreateFailure, Skipped, UpdateRequest,
};
use crate::engine::manifest::{ManifestStatus, ManifestStore};
use crate::engine::{Engine, Owner};
use manifest::spec_value;
use serde_json::json;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;
use tf_provider::value::Value;
use tokio_util::sync::CancellationToken;
use written::{complete_keys, resolved};

/// One pipeline in one account and region.
pub struct Operations<'a> {
    pub cloud: &'a Cloud,
    pub name: String,
    pub suffix: String,
    pub cancel: CancellationToken,
}

/// What a destroy leaves.
pub enum Left {
    Nothing,
    Remainder(Box<State>, Private),
}

/// What one operation works with.
struct Means {
    engine: Engine,
    store: Box<dyn ManifestStore>,
    expand: Box<Expand<'static>>,
}

impl Means {
    fn lifecycle(&self) -> Lifecycle<'_> {
        Lifecycle {
            engine: &self.engine,
            store: self.store.as_ref(),
            expand: self.expand.as_ref(),
        }
    }
}

impl<'a> Operations<'a> {
    pub fn new(cloud: &'a Cloud, spec: &Spec, cancel: CancellationToken) -> Self {
        Self {
            cloud,
            name: spec.name.clone(),
            suffix: spec.environment_suffix.clone(),
            cancel,
        }
    }

    /// On the pipeline of an id, which is in the cloud's region.
    pub fn of(
        diags: &mut Diagnostics,
        path: AttributePath,
        id: &str,
        cloud: &'a Cloud,
        cancel: CancellationToken,
    ) -> Option<Self> {
        let (name, suffix, _) = parse_id(diags, path, id)?;
        Some(Self {
            cloud,
            name,
            suffix,
            cancel,
        })
    }

    pub fn id(&self) -> String {
        format!("{}-{}@{}", self.name, self.suffix, self.cloud.here.region)
    }

    /// What an operation works with.
    fn means(&self, operation: &str) -> Means {
        let owner = Owner {
            pipeline: self.id(),
            provider_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Means {
            engine: self.cloud.engine(owner, operation),
            store: self.cloud.manifest_store(&self.name, &self.suffix),
            expand: Box::new(self.expand()),
        }
    }

    pub async fn create(
        &self,
        diags: &mut Diagnostics,
        config: &State,
        planned: &State,
        desired: &Desired,
        plan: &Planned,
    ) -> Option<(State, Private)> {
        let means = self.means("create");
        let lifecycle = means.lifecycle();
        let Options {
            adopt_existing,
            on_create_failure,
            timeouts,
            ..
        } = desired.inputs.options;
        let mut created = lifecycle
            .create(CreateRequest {
                template: &desired.template,
                spec: spec_value(&desired.inputs.spec),
                facts: json!(desired.facts),
                adopt_existing,
                promised: known_entries(&planned.physical_ids),
                on_failure: on_create_failure,
                cancel: self.cancel.clone(),
                deadline: Some(timeouts.create),
            })
            .await;
        if created.refused.is_some() {
            self.already_exists(diags);
            return None;
        }
        if created.complete {
            // What was adopted may have been replaced on the way. Nobody
            // refers to an older one any more, so the count starts afresh, as
            // the plan said.
            for entry in created.ledger.entries.values_mut() {
                entry.generation = 1;
            }
            created.ledger.lines.clone_from(&plan.plan.lines);
        }
        let failed = !created.complete;
        let resume = failed
            && created.moved.is_empty()
            && matches!(on_create_failure, OnCreateFailure::Resume);
        if resume {
            failure::report_as_warnings(diags, &created.errors);
            warning(
                diags,
                AttributePath::new("status"),
                "The pipeline is incomplete",
                "Not everything could be created (see the other warnings), and on_create_failure is \"resume\": \
                 status is INCOMPLETE, and the next apply continues in place.",
            );
        } else {
            failure::report(diags, &created.errors);
            if failed && created.errors.is_empty() {
                self.stopped(diags);
            }
        }
        if failed && created.ledger.entries.is_empty() && created.incarnation.is_none() {
            return None;
        }
        if created.rolled_back && created.ledger.entries.is_empty() {
            return None;
        }
        let status = if failed { INCOMPLETE } else { READY };
        let mut state = self.observed(config, planned, desired, &created.ledger, status);
        state.incarnation = Value::from(created.incarnation);
        if resume {
            // Terraform accepts no success whose values differ from the plan.
            // The ledger's rows say what is not there; the next refresh drops
            // those lines.
            state.resources = resolved(&planned.resources, text_map(plan.plan.lines.clone()));
            complete_keys(&mut state.physical_ids, &state.resources);
        }
        state.changes = resolved(&planned.changes, text_map::<String, String>([]));
        Some((state, Private::of(&created.ledger, Some(&desired.facts))))
    }

    #[allow(clippy::too_many_arguments)]
    pub async fn update(
        &self,
        diags: &mut Diagnostics,
        config: &State,
        prior: &State,
        planned: &State,
        desired: &Desired,
        plan: &Planned,
        ledger: Ledger,
    ) -> Option<(State, Private)> {
        let means = self.means("update");
        let lifecycle = means.lifecycle();
        let incarnation = prior.incarnation.clone().as_option().unwrap_or_default();
        let updated = lifecycle
            .update(UpdateRequest {
                template: &desired.template,
                ledger,
                incarnation,
                spec: spec_value(&desired.inputs.spec),
                facts: json!(desired.facts),
                cancel: self.cancel.clone(),
                deadline: Some(desired.inputs.options.timeouts.update),
            })
            .await;
        failure::report(diags, &updated.errors);
        if !updated.complete && updated.errors.is_empty() {
            self.stopped(diags);
        }
        let status = if updated.complete { READY } else { INCOMPLETE };
        let mut state = self.observed(config, planned, desired, &updated.ledger, status);
        state.incarnation = Value::Value(updated.incarnation);
        state.changes = resolved(
            &planned.changes,
            text_map(
                plan.plan
                    .changes
                    .iter()
                    .map(|(id, reason)| (id.clone(), reason.to_string())),
            ),
        );
        Some((state, Private::of(&updated.ledger, Some(&desired.facts))))
    }

    /// Brings a state up to date with the account; `None` when the pipeline
    /// is gone.
    pub async fn refresh(
        &self,
        diags: &mut Diagnostics,
        mut state: State,
        private: &Private,
    ) -> Option<(State, Private)> {
        let ledger = self.ledger(diags, &state, private)?;
        let means = self.means("refresh");
        let lifecycle = means.lifecycle();
        let incarnation = state.incarnation.clone().as_option().unwrap_or_default();
        let seen = lifecycle.refresh(ledger, &incarnation, &self.cancel).await;
        let refreshed = seen.refreshed;
        failure::report(diags, &refreshed.errors);
        if seen.gone && refreshed.errors.is_empty() {
            return None;
        }
        if seen.foreign_incarnation {
            warning(
                diags,
                AttributePath::new("incarnation"),
                "Another state owns the pipeline",
                format!(
                    "{} has been adopted by another Terraform state since this one was written. \
                     This state can neither change nor delete it. Remove it here with terraform state rm.",
                    self.id()
                ),
            );
        }
        let complete = seen
            .manifest
            .as_ref()
            .is_some_and(|manifest| manifest.status == ManifestStatus::Complete);
        state.status = Value::Value(if complete { READY } else { INCOMPLETE }.to_owned());
        self.write_ledger(&mut state, &refreshed.ledger);
        state.drifted = text_map(refreshed.drifted.iter().map(|(id, drifts)| {
            let paths: Vec<&str> = drifts.iter().map(|drift| drift.path.as_str()).collect();
            (id.clone(), paths.join(", "))
        }));
        // Reasons of an apply that is over; kept, they would show up as
        // removed lines in the next plan.
        state.changes = text_map::<String, String>([]);
        let kept = private.facts().or_else(|| {
            let manifest = seen.manifest.as_ref()?;
            self.origin(manifest).ok().map(|origin| origin.facts)
        });
        if let Some(facts) = &kept {
            self.follow(&mut state, facts, &refreshed.ledger);
        }
        Some((state, Private::of(&refreshed.ledger, kept.as_ref())))
    }

    pub async fn destroy(
        &self,
        diags: &mut Diagnostics,
        mut state: State,
        keep_if_unfinished: bool,
        ledger: Ledger,
        timeout: std::time::Duration,
    ) -> Option<Left> {
        let means = self.means("destroy");
        let lifecycle = means.lifecycle();
        let destroyed = lifecycle
            .destroy(DestroyRequest {
                ledger,
                incarnation: state.incarnation.clone().as_option().unwrap_or_default(),
                keep_if_unfinished,
                protected: checks::is_protected(&state),
                cancel: self.cancel.clone(),
                deadline: Some(timeout),
            })
            .await;
        match destroyed.skipped {
            Some(Skipped::NotOurIncarnation) => {
                warning(
                    diags,
                    AttributePath::new("incarnation"),
                    "Nothing was deleted: another state owns the pipeline",
                    format!(
                        "{} has been adopted by another Terraform state since this one was written; \
                         it is that state's to destroy.",
                        self.id()
                    ),
                );
                return Some(Left::Nothing);
            }
            Some(Skipped::KeptForResume) => return Some(Left::Nothing),
            Some(Skipped::Protected) => {
                checks::deletion_protection(diags, &state)?;
            }
            None => {}
        }
        failure::report(diags, &destroyed.errors);
        if destroyed.complete {
            return Some(Left::Nothing);
        }
        if destroyed.errors.is_empty() {
            self.stopped(diags);
        }
        state.status = Value::Value(INCOMPLETE.to_owned());
        self.write_ledger(&mut state, &destroyed.remainder);
        // A refresh finds the facts in the manifest.
        let private = Private::of(&destroyed.remainder, None);
        Some(Left::Remainder(Box::new(state), private))
    }

    /// The state of an existing pipeline, from its manifest and the account.
    pub async fn import(&self, diags: &mut Diagnostics) -> Option<(State, Private)> {
        let surveyed = self.survey(diags).await?;
        let status = surveyed.status().to_owned();
        let Surveyed {
            manifest,
            spec,
            facts,
            template,
            ledger,
        } = surveyed;
        let mut state = settings::of_spec(&spec);
        state.status = Value::Value(status);
        Outputs {
            spec: &spec,
            facts: &facts,
            template: &template,
        }
        .observed(&ledger, &mut state);
        self.write_ledger(&mut state, &ledger);
        state.changes = text_map::<String, String>([]);
        state.drifted = text_map::<String, String>([]);
        state.incarnation = Value::Value(manifest.incarnation.clone());
        Some((state, Private::of(&ledger, Some(&facts))))
    }

    fn stopped(&self, diags: &mut Diagnostics) {
        error(
            diags,
            AttributePath::root(),
            "The operation was stopped before it was finished",
            "What has been done is in the state. Run the same command again to go on from here.",
        );
    }

    fn already_exists(&self, diags: &mut Diagnostics) {
        error(
            diags,
            AttributePath::new("name"),
            format!("The pipeline {} exists already", self.id()),
            format!(
                "It belongs to a Terraform state, so it was left alone. To manage it here, run: \
                 terraform import ADDRESS {}\nTo take it over with this apply, write adopt_existing = true. \
                 For a pipeline of its own, choose another name or environment_suffix.",
                self.id()
            ),
        );
    }
}

/// The name, suffix and region of an id, or an error.
pub fn parse_id(
    diags: &mut Diagnostics,
    path: AttributePath,
    id: &str,
) -> Option<(String, String, String)> {
    let parts = naming::parse_pipeline_id(id);
    if parts.is_none() {
        error(
            diags,
            path,
            "Not the id of a pipeline",
            format!(
                "\"{id}\" is not of the form name-environment_suffix@region. Write, for example, documents-dev@us-east-1."
            ),
        );
    }
    parts
}
