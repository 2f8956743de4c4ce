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
//!   so that whatever a crash leaves behind is found by the next refresh,
//!   whether the configuration still wants it or not.
//! - A state whose incarnation is not the manifest's changes and deletes
//!   nothing.
//! - A create that failed is continued in place. Terraform marks it as tainted
//!   and would destroy it first: that destroy is recognised by its caller
//!   (`keep_if_unfinished`) and deletes nothing.

use super::apply::{ApplyRequest, Outcome};
use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::ledger::Ledger;
use super::manifest::{self, Manifest, ManifestStatus, ManifestStore};
use super::refresh::Refreshed;
use super::template::{LogicalId, Template};
use super::{Engine, plan};
use serde_json::Value;
use std::collections::BTreeSet;
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
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
}

/// Why a destroy deleted nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    NotOurIncarnation,
    KeptForResume,
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
        };
        let (ledger, fresh) = match self.claim(&manifest, &request).await {
            Ok(Claim::New) => (Ledger::default(), true),
            Ok(Claim::Adopted(ledger)) => (ledger, false),
            Ok(Claim::Refused) => {
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
            created.complete = self.complete(manifest, &mut created.errors).await;
        }
        if created.complete || request.on_failure != OnCreateFailure::Rollback {
            created.adopted = outcome.adopted;
            created.ledger = outcome.ledger;
            created.errors.extend(outcome.errors);
            return created;
        }
        self.roll_back(created, outcome, &had, fresh).await
    }

    /// Makes the pipeline ours, or says why not.
    async fn claim(
        &self,
        ours: &Manifest,
        request: &CreateRequest<'_>,
    ) -> Result<Claim, Vec<EngineError>> {
        let fail = |error| vec![self.error(error)];
        match self.store.create(ours).await {
            Ok(()) => return Ok(Claim::New),
            Err(error) => match error.kind {
                ErrorKind::AlreadyExists | ErrorKind::Ambiguous => {}
                _ => return Err(fail(error)),
            },
        }
        let found = match self.store.load().await.map_err(fail)? {
            Some(found) => found,
            None => {
                // The answer was lost and nothing was written, or it was
                // deleted meanwhile: once more.
                self.store.create(ours).await.map_err(fail)?;
                return Ok(Claim::New);
            }
        };
        if found.incarnation == ours.incarnation {
            return Ok(Claim::New);
        }
        if found.status == ManifestStatus::Complete && !request.adopt_existing {
            return Ok(Claim::Refused);
        }
        let before = self.expand(&found)?;
        // Found before it is claimed: once the manifest says what we want, it
        // no longer says what the other wanted.
        let (ledger, errors) = self
            .engine
            .recover(&before, Ledger::default(), &request.cancel)
            .await;
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut wanted = ours.clone();
        wanted.status = ManifestStatus::Creating;
        self.store.save(&wanted).await.map_err(fail)?;
        let (ledger, errors) = self
            .engine
            .recover(request.template, ledger, &request.cancel)
            .await;
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Claim::Adopted(ledger))
    }

    async fn roll_back(
        &self,
        mut created: Created,
        outcome: Outcome,
        had: &BTreeSet<LogicalId>,
        fresh: bool,
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
        if fresh && created.ledger.is_empty() {
            match self.store.delete().await {
                Ok(()) => created.ledger = Ledger::default(),
                Err(error) => created.errors.push(self.error(error)),
            }
        }
        created
    }

    pub async fn update(&self, request: UpdateRequest<'_>) -> Updated {
        let mut updated = Updated {
            incarnation: request.incarnation.clone(),
            ..Updated::default()
        };
        let mut wanted = match self.ours(&request.incarnation).await {
            Ok(found) => found.unwrap_or_else(|| Manifest {
                format: manifest::FORMAT,
                pipeline: self.engine.owner.pipeline.clone(),
                incarnation: request.incarnation.clone(),
                status: ManifestStatus::Updating,
                spec: Value::Null,
                facts: Value::Null,
                provider_version: String::new(),
            }),
            Err(error) => {
                updated.ledger = request.ledger;
                updated.errors.push(self.error(error));
                return updated;
            }
        };
        let ledger = match self.recover_unfinished(&wanted, request.ledger, &request.cancel).await {
            Ok(ledger) => ledger,
            Err((ledger, errors)) => {
                updated.ledger = ledger;
                updated.errors = errors;
                return updated;
            }
        };
        wanted.status = ManifestStatus::Updating;
        wanted.spec = request.spec;
        wanted.facts = request.facts;
        wanted.provider_version = self.engine.owner.provider_version.clone();
        if let Err(error) = self.store.save(&wanted).await {
            updated.ledger = ledger;
            updated.errors.push(self.error(error));
            return updated;
        }
        let outcome = self
            .engine
            .apply(ApplyRequest {
                template: request.template,
                ledger,
                cancel: request.cancel,
                deadline: request.deadline,
            })
            .await;
        updated.complete = outcome.errors.is_empty() && !outcome.stopped;
        updated.ledger = outcome.ledger;
        updated.errors = outcome.errors;
        if updated.complete {
            updated.complete = self.complete(wanted, &mut updated.errors).await;
        }
        updated
    }

    /// The manifest, if it is of this incarnation; `None` when there is none.
    async fn ours(&self, incarnation: &str) -> Result<Option<Manifest>, HandlerError> {
        match self.store.load().await? {
            Some(found) if found.incarnation != incarnation => Err(HandlerError::ours(
                ErrorKind::Stranger,
                "the provider",
                format!(
                    "{} belongs to another Terraform state now, which has adopted it",
                    self.engine.owner.pipeline
                ),
            )),
            found => Ok(found),
        }
    }

    /// What an apply after the last refresh may have left behind: only when
    /// the manifest says that one was not finished.
    async fn recover_unfinished(
        &self,
        manifest: &Manifest,
        ledger: Ledger,
        cancel: &CancellationToken,
    ) -> Result<Ledger, (Ledger, Vec<EngineError>)> {
        if manifest.status == ManifestStatus::Complete || manifest.spec.is_null() {
            return Ok(ledger);
        }
        let template = match self.expand(manifest) {
            Ok(template) => template,
            Err(errors) => return Err((ledger, errors)),
        };
        let (ledger, errors) = self.engine.recover(&template, ledger, cancel).await;
        if errors.is_empty() {
            Ok(ledger)
        } else {
            Err((ledger, errors))
        }
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
        match self.store.load().await {
            Ok(manifest) => seen.manifest = manifest,
            Err(error) => {
                seen.refreshed.ledger = ledger;
                seen.refreshed.errors.push(self.error(error));
                return seen;
            }
        }
        seen.refreshed = self.engine.refresh(ledger, cancel).await;
        if let Some(manifest) = &seen.manifest {
            seen.foreign_incarnation = manifest.incarnation != incarnation;
            if !seen.foreign_incarnation {
                let ledger = std::mem::take(&mut seen.refreshed.ledger);
                seen.refreshed.ledger =
                    match self.recover_unfinished(manifest, ledger, cancel).await {
                        Ok(ledger) => ledger,
                        Err((ledger, errors)) => {
                            seen.refreshed.errors.extend(errors);
                            ledger
                        }
                    };
            }
        }
        seen.gone = seen.manifest.is_none() && seen.refreshed.ledger.is_empty();
        seen
    }

    pub async fn destroy(&self, request: DestroyRequest) -> Destroyed {
        let mut destroyed = Destroyed::default();
        let found = match self.store.load().await {
            Ok(found) => found,
            Err(error) => {
                destroyed.remainder = request.ledger;
                destroyed.errors.push(self.error(error));
                return destroyed;
            }
        };
        let mut ledger = request.ledger;
        if let Some(mut manifest) = found {
            if manifest.incarnation != request.incarnation {
                destroyed.skipped = Some(Skipped::NotOurIncarnation);
                return destroyed;
            }
            if request.keep_if_unfinished && manifest.status == ManifestStatus::Creating {
                destroyed.skipped = Some(Skipped::KeptForResume);
                return destroyed;
            }
            ledger = match self.recover_unfinished(&manifest, ledger, &request.cancel).await {
                Ok(ledger) => ledger,
                Err((ledger, errors)) => {
                    destroyed.remainder = ledger;
                    destroyed.errors = errors;
                    return destroyed;
                }
            };
            manifest.status = ManifestStatus::Deleting;
            if let Err(error) = self.store.save(&manifest).await {
                destroyed.remainder = ledger;
                destroyed.errors.push(self.error(error));
                return destroyed;
            }
        }
        let outcome = self
            .engine
            .destroy(ledger, request.cancel, request.deadline)
            .await;
        destroyed.errors = outcome.errors;
        destroyed.remainder = outcome.ledger;
        if destroyed.remainder.is_empty() && !outcome.stopped {
            match self.store.delete().await {
                Ok(()) => destroyed.complete = true,
                Err(error) => destroyed.errors.push(self.error(error)),
            }
        }
        destroyed
    }

    /// The ledger of a pipeline that this state does not know.
    pub async fn import(&self, template: &Template, cancel: &CancellationToken) -> Refreshed {
        self.engine.survey(template, cancel).await
    }

    /// Says in the manifest that everything is as wanted.
    async fn complete(&self, mut manifest: Manifest, errors: &mut Vec<EngineError>) -> bool {
        manifest.status = ManifestStatus::Complete;
        match self.store.save(&manifest).await {
            Ok(()) => true,
            Err(error) => {
                errors.push(self.error(error));
                false
            }
        }
    }

    fn expand(&self, manifest: &Manifest) -> Result<Template, Vec<EngineError>> {
        let template = (self.expand)(manifest).map_err(|cause| {
            vec![self.error(HandlerError::ours(ErrorKind::Invalid, "the manifest", cause))]
        })?;
        let mut problems = Vec::new();
        plan::order(&template, &mut problems);
        Ok(template)
    }

    fn error(&self, source: HandlerError) -> EngineError {
        EngineError {
            logical_id: "Manifest".to_owned(),
            type_name: "AWS::SSM::Parameter".to_owned(),
            action: Action::Manifest,
            source,
        }
    }
}

enum Claim {
    New,
    Adopted(Ledger),
    Refused,
}
