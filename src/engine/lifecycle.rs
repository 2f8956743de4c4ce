//! A pipeline from its first resource to its last: the protocol of manifest
//! and incarnation around the engine's apply and destroy.
//!
//! # Expected flow
//!
//! ```text
//! create   manifest (Creating, never over another) ─► apply ─► Complete
//! update   manifest (Updating, new spec)           ─► apply ─► Complete
//! destroy  manifest (Deleting)                     ─► destroy ─► no manifest
//! refresh  read everything; when the manifest is not Complete, recover first
//! ```
//!
//! # Guarantees
//!
//! - The manifest is written before the first change and says what is wanted,
//!   and what was wanted by applies before it that did not finish. So whatever
//!   a crash leaves behind is found by the next refresh, whether the
//!   configuration still wants it or not.
//! - A state whose incarnation is not the manifest's changes and deletes
//!   nothing.
//! - A create that failed is continued in place. Terraform marks it as tainted
//!   and would destroy it first: that destroy is recognised by its caller
//!   (`keep_if_unfinished`) and deletes nothing.

use super::Engine;
use super::apply::{ApplyRequest, Outcome};
use super::custody::Known;
use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::ledger::{Entry, Ledger};
use super::manifest::{self, Manifest, ManifestStatus, ManifestStore};
use super::refresh::{self, Refreshed};
use super::template::{LogicalId, Template};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The template that a manifest stands for.
pub type Expand<'a> = dyn Fn(&Manifest) -> Result<Template, String> + Send + Sync + 'a;

pub struct Lifecycle<'a> {
    pub engine: &'a Engine,
    pub store: &'a dyn ManifestStore,
    pub expand: &'a Expand<'a>,
}

/// What a failed create does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCreateFailure {
    /// Keeps what exists and reports an error.
    Keep,
    /// Deletes what it created.
    Rollback,
    /// Keeps what exists and lets the caller report a warning.
    Resume,
}

pub struct CreateRequest<'a> {
    pub template: &'a Template,
    pub spec: Value,
    pub facts: Value,
    pub adopt_existing: bool,
    /// What the plan has said of what an earlier create had begun, and that
    /// other things stand on: by logical id the identifier that it has and keeps.
    pub promised: BTreeMap<LogicalId, String>,
    pub on_failure: OnCreateFailure,
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
}

/// Why a create touched nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A complete pipeline of that id exists.
    AlreadyExists,
}

#[derive(Debug, Default)]
pub struct Created {
    pub ledger: Ledger,
    /// `None`: nothing was begun.
    pub incarnation: Option<String>,
    pub errors: Vec<EngineError>,
    pub adopted: Vec<LogicalId>,
    /// What is another thing than was promised: it vanished after the plan.
    pub moved: Vec<LogicalId>,
    pub complete: bool,
    pub refused: Option<Refusal>,
    pub rolled_back: bool,
}

pub struct UpdateRequest<'a> {
    pub template: &'a Template,
    pub ledger: Ledger,
    pub incarnation: String,
    pub spec: Value,
    pub facts: Value,
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
}

#[derive(Debug, Default)]
pub struct Updated {
    pub ledger: Ledger,
    pub incarnation: String,
    pub errors: Vec<EngineError>,
    pub complete: bool,
}

#[derive(Debug, Default)]
pub struct Seen {
    pub refreshed: Refreshed,
    pub manifest: Option<Manifest>,
    /// Nothing is left of the pipeline.
    pub gone: bool,
    /// Another state has adopted it.
    pub foreign_incarnation: bool,
}

pub struct DestroyRequest {
    pub ledger: Ledger,
    pub incarnation: String,
    /// The same pipeline is about to be created again: leave an unfinished
    /// one to be continued.
    pub keep_if_unfinished: bool,
    /// What is there may not be deleted; what is unfinished and kept is not.
    pub protected: bool,
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
}

/// Why a destroy deleted nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    NotOurIncarnation,
    KeptForResume,
    Protected,
}

#[derive(Debug, Default)]
pub struct Destroyed {
    pub remainder: Ledger,
    pub errors: Vec<EngineError>,
    pub skipped: Option<Skipped>,
    /// Nothing is left, the manifest included.
    pub complete: bool,
}

impl Lifecycle<'_> {
    pub async fn create(&self, request: CreateRequest<'_>) -> Created {
        let manifest = Manifest {
            format: manifest::FORMAT,
            pipeline: self.engine.owner.pipeline.clone(),
            incarnation: uuid::Uuid::new_v4().to_string(),
            status: ManifestStatus::Creating,
            spec: request.spec.clone(),
            facts: request.facts.clone(),
            provider_version: self.engine.owner.provider_version.clone(),
            earlier: Vec::new(),
        };
        let (manifest, Known { ledger, unsure }) = match self.claim(manifest, &request).await {
            Ok(Some(claimed)) => claimed,
            Ok(None) => {
                return Created {
                    refused: Some(Refusal::AlreadyExists),
                    ..Created::default()
                };
            }
            Err(errors) => {
                return Created {
                    errors,
                    ..Created::default()
                };
            }
        };
        let had: BTreeSet<LogicalId> = ledger.entries.keys().cloned().collect();
        let outcome = self
            .engine
            .apply(ApplyRequest {
                template: request.template,
                ledger,
                unsure,
                cancel: request.cancel.clone(),
                deadline: request.deadline,
            })
            .await;
        let mut created = Created {
            complete: outcome.errors.is_empty() && !outcome.stopped,
            incarnation: Some(manifest.incarnation.clone()),
            ..Created::default()
        };
        if created.complete {
            // Told as an error, and not complete, so that the next create goes
            // on: a state that is not as planned would be tainted by Terraform,
            // and the next plan would destroy a pipeline that is whole.
            let moved = self.moved(&request.promised, &outcome.ledger);
            (created.moved, created.errors) = moved.into_iter().unzip();
            created.complete = created.errors.is_empty();
        }
        if created.complete {
            created.complete = self
                .complete(manifest, &request.cancel, &mut created.errors)
                .await;
        }
        created.adopted = had.iter().chain(&outcome.adopted).cloned().collect();
        let keeps = request.on_failure != OnCreateFailure::Rollback;
        if created.complete || keeps || !created.moved.is_empty() {
            created.ledger = outcome.ledger;
            created.errors.extend(outcome.errors);
            return created;
        }
        self.roll_back(created, outcome, &had).await
    }

    /// What is not what was promised, each with a sentence.
    fn moved(
        &self,
        promised: &BTreeMap<LogicalId, String>,
        ledger: &Ledger,
    ) -> Vec<(LogicalId, EngineError)> {
        let error = |id: &LogicalId, was: &str, entry: &Entry| EngineError {
            logical_id: id.clone(),
            type_name: entry.type_name.clone(),
            action: Action::Create,
            source: HandlerError::ours(
                ErrorKind::Other,
                "the provider",
                format!(
                    "the plan had found {was}, which was deleted or replaced since: it is {} now. \
                     Everything is done. Run the command again: a new plan knows the new one",
                    entry.identifier.as_deref().unwrap_or_default()
                ),
            ),
        };
        promised
            .iter()
            .filter(|(id, was)| ledger.identifier(id) != Some(was.as_str()))
            .filter_map(|(id, was)| {
                let entry = ledger.entries.get(id)?;
                Some((id.clone(), error(id, was, entry)))
            })
            .collect()
    }

    async fn roll_back(
        &self,
        mut created: Created,
        outcome: Outcome,
        had: &BTreeSet<LogicalId>,
    ) -> Created {
        let adopted: BTreeSet<&LogicalId> = outcome.adopted.iter().collect();
        let ours: BTreeSet<LogicalId> = outcome
            .created
            .iter()
            .filter(|id| !had.contains(*id) && !adopted.contains(id))
            .cloned()
            .collect();
        // A rollback is not cancelled: what asked the apply to stop would
        // leave half of it.
        let undone = self
            .engine
            .destroy_only(
                outcome.ledger,
                |id| ours.contains(id),
                CancellationToken::new(),
                None,
            )
            .await;
        created.errors.extend(outcome.errors);
        created.errors.extend(undone.errors);
        created.ledger = undone.ledger;
        created.rolled_back = true;
        if created.ledger.is_empty() {
            let never = CancellationToken::new();
            match self.call(&never, || self.store.delete()).await {
                Ok(()) => created.ledger = Ledger::default(),
                Err(error) => created.errors.push(error),
            }
        }
        created
    }

    pub async fn update(&self, request: UpdateRequest<'_>) -> Updated {
        let mut updated = Updated {
            incarnation: request.incarnation.clone(),
            ..Updated::default()
        };
        let cancel = &request.cancel;
        let wanted = Manifest {
            format: manifest::FORMAT,
            pipeline: self.engine.owner.pipeline.clone(),
            incarnation: request.incarnation.clone(),
            status: ManifestStatus::Updating,
            spec: request.spec,
            facts: request.facts,
            provider_version: self.engine.owner.provider_version.clone(),
            earlier: Vec::new(),
        };
        let begun = self.begin_update(wanted, request.ledger, cancel).await;
        let (wanted, Known { ledger, unsure }) = match begun {
            Ok(begun) => begun,
            Err((ledger, errors)) => {
                updated.ledger = ledger;
                updated.errors = errors;
                return updated;
            }
        };
        let outcome = self
            .engine
            .apply(ApplyRequest {
                template: request.template,
                ledger,
                unsure,
                cancel: cancel.clone(),
                deadline: request.deadline,
            })
            .await;
        updated.complete = outcome.errors.is_empty() && !outcome.stopped;
        updated.ledger = outcome.ledger;
        updated.errors = outcome.errors;
        if updated.complete {
            updated.complete = self.complete(wanted, cancel, &mut updated.errors).await;
        }
        updated
    }

    pub async fn refresh(
        &self,
        ledger: Ledger,
        incarnation: &str,
        cancel: &CancellationToken,
    ) -> Seen {
        let mut seen = Seen::default();
        // The manifest first: what it says was wanted is at least as old as
        // what is read after it.
        match self.load(cancel).await {
            Ok(manifest) => seen.manifest = manifest,
            Err(error) => {
                seen.refreshed.ledger = ledger;
                seen.refreshed.errors.push(error);
                return seen;
            }
        }
        seen.refreshed = self.engine.refresh(ledger, cancel).await;
        if let Some(manifest) = &seen.manifest {
            seen.foreign_incarnation = manifest.incarnation != incarnation;
            if !seen.foreign_incarnation {
                self.complement(manifest, &mut seen.refreshed, cancel).await;
            }
        }
        seen.gone = seen.manifest.is_none() && seen.refreshed.ledger.is_empty();
        seen
    }

    /// Adds to what was read what the manifest knows beyond the ledger.
    async fn complement(
        &self,
        manifest: &Manifest,
        refreshed: &mut Refreshed,
        cancel: &CancellationToken,
    ) {
        if manifest.status == ManifestStatus::Complete
            && refreshed.errors.is_empty()
            && let Ok(template) = (self.expand)(manifest)
        {
            if refresh::restore(&self.engine.registry, &template, &mut refreshed.ledger) {
                // Read again: what was applied says what is ours to compare.
                let ledger = std::mem::take(&mut refreshed.ledger);
                let vanished = std::mem::take(&mut refreshed.vanished);
                *refreshed = self.engine.refresh(ledger, cancel).await;
                refreshed.vanished.extend(vanished);
            }
            // The rest is not as the manifest says: the state is older.
            refreshed.ledger.doubt_what_was_applied();
        }
        let ledger = std::mem::take(&mut refreshed.ledger);
        refreshed.ledger = match self.account(manifest, ledger, cancel).await {
            Ok(known) => known.ledger,
            Err((ledger, errors)) => {
                refreshed.errors.extend(errors);
                ledger
            }
        };
    }

    pub async fn destroy(&self, request: DestroyRequest) -> Destroyed {
        let mut destroyed = Destroyed::default();
        let cancel = &request.cancel;
        let found = match self.load(cancel).await {
            Ok(found) => found,
            Err(error) => {
                destroyed.remainder = request.ledger;
                destroyed.errors.push(error);
                return destroyed;
            }
        };
        let mut ledger = request.ledger;
        if let Some(manifest) = &found {
            if manifest.incarnation != request.incarnation {
                destroyed.skipped = Some(Skipped::NotOurIncarnation);
                return destroyed;
            }
            if request.keep_if_unfinished && manifest.status == ManifestStatus::Creating {
                destroyed.skipped = Some(Skipped::KeptForResume);
                return destroyed;
            }
        }
        if request.protected {
            destroyed.remainder = ledger;
            destroyed.skipped = Some(Skipped::Protected);
            return destroyed;
        }
        if let Some(mut manifest) = found {
            ledger = match self.account(&manifest, ledger, cancel).await {
                Ok(known) => known.ledger,
                Err((ledger, errors)) => {
                    destroyed.remainder = ledger;
                    destroyed.errors = errors;
                    return destroyed;
                }
            };
            manifest.status = ManifestStatus::Deleting;
            if let Err(error) = self.call(cancel, || self.store.save(&manifest)).await {
                destroyed.remainder = ledger;
                destroyed.errors.push(error);
                return destroyed;
            }
        }
        let outcome = self
            .engine
            .destroy(ledger, cancel.clone(), request.deadline)
            .await;
        destroyed.errors = outcome.errors;
        destroyed.remainder = outcome.ledger;
        if destroyed.remainder.is_empty() && !outcome.stopped {
            match self.call(cancel, || self.store.delete()).await {
                Ok(()) => destroyed.complete = true,
                Err(error) => destroyed.errors.push(error),
            }
        }
        destroyed
    }

    /// What there is of a pipeline whose create did not finish.
    pub async fn begun(
        &self,
        manifest: &Manifest,
        cancel: &CancellationToken,
    ) -> Result<Ledger, Vec<EngineError>> {
        let known = self.account(manifest, Ledger::default(), cancel).await;
        known
            .map(|known| known.ledger)
            .map_err(|(_, errors)| errors)
    }

    /// The ledger of a pipeline that this state does not know.
    pub async fn import(&self, template: &Template, cancel: &CancellationToken) -> Refreshed {
        self.engine.survey(template, cancel).await
    }
}
