//! The pipeline's operations on a live account: one function for each of
//! Terraform's, between the typed state and the engine's lifecycle.
//!
//! # Interruption
//!
//! A cancelled or timed-out operation returns what it has observed; after a
//! `kill -9` the next refresh finds the rest through the manifest.

use super::account::Origin;
use super::bookkeeping::{self, Private};
use super::checks;
use super::cloud::Cloud;
use super::failure::{self, error, warning};
use super::inputs::{self, Options, Probe};
use super::outputs::{self, INCOMPLETE, Outputs, READY};
use super::planning::{Desired, Planned};
use super::settings;
use super::state::{State, TextMap, known_entries, text_map};
use crate::aws::ParameterManifest;
use crate::blueprint::{self, Facts, Spec, naming};
use crate::engine::ledger::Ledger;
use crate::engine::lifecycle::{
    CreateRequest, DestroyRequest, Lifecycle, OnCreateFailure, Skipped, UpdateRequest,
};
use crate::engine::manifest::{self, Manifest, ManifestStatus, Wanted};
use crate::engine::template::Template;
use crate::engine::{Engine, Owner};
use serde_json::json;
use std::collections::BTreeMap;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;
use tf_provider::value::Value;
use tokio_util::sync::CancellationToken;

/// The step after a manifest that could not be read.
const READS_THE_MANIFEST: &str = "The manifest is a parameter below /tap/. Run the command again with credentials that may read it (ssm:GetParameter).";

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

    fn engine(&self, what: &str) -> Engine {
        let owner = Owner {
            pipeline: self.id(),
            provider_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.cloud.engine(owner, what)
    }

    pub async fn create(
        &self,
        diags: &mut Diagnostics,
        config: &State,
        planned: &State,
        desired: &Desired,
        plan: &Planned,
    ) -> Option<(State, Private)> {
        let engine = self.engine("create");
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        let lifecycle = Lifecycle {
            engine: &engine,
            store: store.as_ref(),
            expand: &self.expand(),
        };
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
        let engine = self.engine("update");
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        let lifecycle = Lifecycle {
            engine: &engine,
            store: store.as_ref(),
            expand: &self.expand(),
        };
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
        let engine = self.engine("refresh");
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        let lifecycle = Lifecycle {
            engine: &engine,
            store: store.as_ref(),
            expand: &self.expand(),
        };
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
            self.origin(manifest).map(|origin| origin.facts)
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
        let engine = self.engine("destroy");
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        let lifecycle = Lifecycle {
            engine: &engine,
            store: store.as_ref(),
            expand: &self.expand(),
        };
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

    /// Reads an existing pipeline of which nothing is known but its id.
    pub async fn survey(&self, diags: &mut Diagnostics) -> Option<Surveyed> {
        let engine = self.engine("import");
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        let manifest = match store.load().await {
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
        let lifecycle = Lifecycle {
            engine: &engine,
            store: store.as_ref(),
            expand: &self.expand(),
        };
        let imported = lifecycle.import(&template, &self.cancel).await;
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
        let engine = self.engine("plan");
        let store = self.cloud.manifest_store(&self.name, &self.suffix);
        let lifecycle = Lifecycle {
            engine: &engine,
            store: store.as_ref(),
            expand: &self.expand(),
        };
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
    pub fn origin(&self, manifest: &Manifest) -> Option<Origin> {
        let (spec, facts) = spec_and_facts(manifest).ok()?;
        Some(Origin { spec, facts })
    }

    /// Says at plan time what a create will meet.
    /// `there`: the plan from what was found of one that was begun.
    pub fn announce(
        &self,
        diags: &mut Diagnostics,
        manifest: &Manifest,
        adopt_existing: bool,
        there: Option<&Planned>,
    ) {
        let (summary, detail) = match (there, adopt_existing) {
            (Some(there), _) => (
                "An unfinished pipeline will be continued",
                format!(
                    "{} was begun before. What exists of it will be adopted and brought to what this configuration says. {}",
                    self.id(),
                    still_missing(&there.missing(), there.plan.lines.len())
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

    /// The template that a manifest stands for, with the functions that this
    /// provider holds.
    fn expand(&self) -> impl Fn(&Manifest) -> Result<Template, String> + Send + Sync {
        let bundles = self.cloud.here.bundles.clone();
        move |manifest| expand_with(manifest, &bundles).map(|(_, _, template)| template)
    }

    fn parts(&self, manifest: &Manifest) -> Result<(Spec, Facts, Template), String> {
        expand_with(manifest, &self.cloud.here.bundles)
    }

    /// The ledger of a state.
    pub fn ledger(
        &self,
        diags: &mut Diagnostics,
        state: &State,
        private: &Private,
    ) -> Option<Ledger> {
        match bookkeeping::load(state, private) {
            Ok(ledger) => Some(ledger),
            Err(sentence) => {
                error(
                    diags,
                    AttributePath::new("ledger"),
                    "The state cannot be read",
                    sentence,
                );
                None
            }
        }
    }

    /// The state of what a ledger knows to exist, after a plan.
    fn observed(
        &self,
        config: &State,
        planned: &State,
        desired: &Desired,
        ledger: &Ledger,
        status: &str,
    ) -> State {
        let mut state = settings::planned(config, &desired.inputs.spec);
        state.ledger = planned.ledger.clone();
        Outputs {
            spec: &desired.inputs.spec,
            facts: &desired.facts,
            template: &desired.template,
        }
        .observed(ledger, &mut state);
        state.status = Value::Value(status.to_owned());
        self.write_ledger(&mut state, ledger);
        state.drifted = text_map::<String, String>([]);
        state
    }

    /// Brings the outputs of a state up to date with its ledger. What cannot
    /// be expanded any more keeps the outputs that it has.
    fn follow(&self, state: &mut State, facts: &Facts, ledger: &Ledger) {
        let facts = Facts {
            bundles: self.cloud.here.bundles.clone(),
            ..facts.clone()
        };
        let Ok(read) = inputs::read(state, &Default::default(), Probe::First) else {
            return;
        };
        let Ok(template) = blueprint::expand(&read.spec, &facts) else {
            return;
        };
        let mut observed = State::default();
        Outputs {
            spec: &read.spec,
            facts: &facts,
            template: &template,
        }
        .observed(ledger, &mut observed);
        outputs::follow(state, &observed);
    }

    /// The rows that stand in the state's `ledger` stay where they are true.
    fn write_ledger(&self, state: &mut State, ledger: &Ledger) {
        state.resources = text_map(ledger.lines.clone());
        state.physical_ids = bookkeeping::physical_ids(ledger);
        state.ledger = bookkeeping::rows(ledger, &state.ledger);
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

/// How much of a pipeline is still to be made, for a plan that cannot mark it.
fn still_missing(missing: &[&str], all: usize) -> String {
    const NAMED: usize = 10;
    match missing.len() {
        0 => format!("All {all} resources exist."),
        count if count <= NAMED => {
            format!(
                "Of {all} resources {count} are to be made: {}.",
                missing.join(", ")
            )
        }
        count => format!("Of {all} resources {count} are to be made."),
    }
}

/// What was planned, or what was done where that was not known.
fn resolved(planned: &TextMap, observed: TextMap) -> TextMap {
    match planned {
        Value::Value(_) => planned.clone(),
        _ => observed,
    }
}

/// Every planned key is returned, null where AWS has not been asked yet.
fn complete_keys(map: &mut TextMap, like: &TextMap) {
    if let (Value::Value(map), Value::Value(like)) = (map, like) {
        for id in like.keys() {
            map.entry(id.clone()).or_insert(Value::Null);
        }
    }
}

fn spec_value(spec: &Spec) -> serde_json::Value {
    json!({ "format": blueprint::spec::FORMAT, "spec": spec })
}

/// The spec and the facts that a manifest keeps.
fn spec_and_facts(manifest: &Manifest) -> Result<(Spec, Facts), String> {
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

fn expand_with(
    manifest: &Manifest,
    bundles: &BTreeMap<String, String>,
) -> Result<(Spec, Facts, Template), String> {
    let (spec, mut facts) = spec_and_facts(manifest)?;
    facts.bundles.clone_from(bundles);
    let template = blueprint::expand(&spec, &facts).map_err(|cause| cause.to_string())?;
    Ok((spec, facts, template))
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
