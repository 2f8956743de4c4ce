//! Whose a pipeline is, and what may exist of it: the manifest read, written
//! and turned into what a ledger may be missing.
//!
//! # Interruption
//!
//! A manifest that replaces another remembers what the other wanted until an
//! apply is complete. So it does not matter at which call of how many applies
//! the process ended: everything that was ever begun is still looked for.

use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::ledger::Ledger;
use super::lifecycle::{CreateRequest, Lifecycle};
use super::manifest::{Manifest, ManifestStatus};
use super::plan;
use super::recover::Search;
use super::retry::{Tries, may_pass};
use super::template::{LogicalId, Template};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

/// What the manifest is called in errors and in the journal.
const MANIFEST: &str = "Manifest";

/// What there is to go on from.
#[derive(Default)]
pub(super) struct Known {
    pub ledger: Ledger,
    /// Where there may be more.
    pub unsure: BTreeSet<LogicalId>,
}

impl Known {
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            unsure: BTreeSet::new(),
        }
    }
}

impl Lifecycle<'_> {
    /// Makes the pipeline ours; `None` when it is another's.
    pub(super) async fn claim(
        &self,
        ours: Manifest,
        request: &CreateRequest<'_>,
    ) -> Result<Option<(Manifest, Known)>, Vec<EngineError>> {
        let fail = |error| vec![error];
        let cancel = &request.cancel;
        let Some(found) = self.put_new(&ours, cancel).await.map_err(fail)? else {
            return Ok(Some((ours, Known::default())));
        };
        // Only a create that did not finish is nobody's.
        let unfinished = found.status == ManifestStatus::Creating;
        if !unfinished && !request.adopt_existing {
            return Ok(None);
        }
        // What it is made of must be known: what cannot be looked for seems not
        // to be there, and would be nobody's loss.
        self.templates(&found)?;
        // Found before it is claimed, and remembered after: once the manifest
        // says what we want, it no longer says what the other wanted.
        let known = self
            .account(&found, Ledger::default(), cancel)
            .await
            .map_err(|(_, errors)| errors)?;
        if !unfinished {
            // No plan has shown it, so nobody has agreed to it.
            self.refuse_loss(request.template, &known.ledger)?;
        }
        let ours = ours.superseding(&found);
        self.call(cancel, || self.store.save(&ours))
            .await
            .map_err(fail)?;
        Ok(Some((ours, known)))
    }

    /// Writes a manifest where there is none; returns the one there is.
    async fn put_new(
        &self,
        ours: &Manifest,
        cancel: &CancellationToken,
    ) -> Result<Option<Manifest>, EngineError> {
        let mut tries = Tries::default();
        loop {
            let error = match self
                .engine
                .call(MANIFEST, Action::Manifest, self.store.create(ours))
                .await
            {
                Ok(()) => return Ok(None),
                Err(error) => error,
            };
            match error.kind {
                // There is one: another's, or our own whose answer was lost.
                ErrorKind::AlreadyExists | ErrorKind::Ambiguous => match self.load(cancel).await? {
                    Some(found) if found.incarnation == ours.incarnation => return Ok(None),
                    Some(found) => return Ok(Some(found)),
                    None => {}
                },
                kind if may_pass(kind) => {}
                _ => return Err(self.error(error)),
            }
            self.engine
                .again(MANIFEST, cancel, &mut tries, error)
                .await
                .map_err(|error| self.error(error))?;
        }
    }

    fn refuse_loss(&self, template: &Template, ledger: &Ledger) -> Result<(), Vec<EngineError>> {
        let plan = plan::plan(&self.engine.registry, template, ledger);
        let errors: Vec<EngineError> = plan
            .data_at_risk
            .into_iter()
            .map(|(id, reason)| EngineError {
                type_name: ledger
                    .entries
                    .get(&id)
                    .map(|entry| entry.type_name.clone())
                    .unwrap_or_default(),
                logical_id: id,
                action: Action::Create,
                source: HandlerError::ours(
                    ErrorKind::Invalid,
                    "the provider",
                    format!(
                        "it holds data and would be lost ({reason}) by adopting {} as it is configured here. \
                         Import the pipeline instead: then a plan shows what would happen",
                        self.engine.owner.pipeline
                    ),
                ),
            })
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Finds what is there and writes down what is wanted.
    pub(super) async fn begin_update(
        &self,
        wanted: Manifest,
        ledger: Ledger,
        cancel: &CancellationToken,
    ) -> Result<(Manifest, Known), (Ledger, Vec<EngineError>)> {
        let found = match self.load(cancel).await {
            // Someone deleted it. Who is quick may claim the pipeline before
            // us; then it is theirs.
            Ok(None) => match self.put_new(&wanted, cancel).await {
                Ok(None) => return Ok((wanted, Known::new(ledger))),
                Ok(Some(found)) => found,
                Err(error) => return Err((ledger, vec![error])),
            },
            Ok(Some(found)) => found,
            Err(error) => return Err((ledger, vec![error])),
        };
        if found.incarnation != wanted.incarnation {
            let error = HandlerError::ours(
                ErrorKind::Stranger,
                "the provider",
                format!(
                    "{} belongs to another Terraform state now, which has adopted it",
                    self.engine.owner.pipeline
                ),
            );
            return Err((ledger, vec![self.error(error)]));
        }
        let known = self.account(&found, ledger, cancel).await?;
        let wanted = wanted.superseding(&found);
        match self.call(cancel, || self.store.save(&wanted)).await {
            Ok(()) => Ok((wanted, known)),
            Err(error) => Err((known.ledger, vec![error])),
        }
    }

    /// Adds to a ledger what exists and it does not know: anything, when the
    /// last apply did not finish; what it has nothing of, when it did, since
    /// it may have finished and been killed before its state was written.
    pub(super) async fn account(
        &self,
        manifest: &Manifest,
        ledger: Ledger,
        cancel: &CancellationToken,
    ) -> Result<Known, (Ledger, Vec<EngineError>)> {
        let complete = manifest.status == ManifestStatus::Complete;
        let templates = match self.templates(manifest) {
            Ok(templates) => templates,
            Err(errors) if complete => {
                tracing::warn!(?errors, "the manifest cannot be expanded");
                return Ok(Known::new(ledger));
            }
            Err(errors) => return Err((ledger, errors)),
        };
        let nothing_missing = templates
            .iter()
            .flat_map(|template| template.resources.keys())
            .all(|id| ledger.identifier(id).is_some());
        if complete && nothing_missing {
            return Ok(Known::new(ledger));
        }
        let search = Search {
            templates: &templates,
            only_missing: complete,
        };
        let mut found = self.engine.recover(search, ledger, cancel).await;
        if !found.errors.is_empty() {
            return Err((found.ledger, found.errors));
        }
        if !complete {
            found.ledger.doubt_what_was_applied();
        }
        Ok(Known {
            ledger: found.ledger,
            unsure: found.unsure,
        })
    }

    /// Every template of which something may exist, oldest first.
    fn templates(&self, manifest: &Manifest) -> Result<Vec<Template>, Vec<EngineError>> {
        manifest
            .earlier
            .iter()
            .map(|wanted| manifest.wanting(wanted))
            .chain((!manifest.spec.is_null()).then(|| manifest.clone()))
            .map(|manifest| {
                (self.expand)(&manifest).map_err(|cause| {
                    vec![self.error(HandlerError::ours(
                        ErrorKind::Invalid,
                        "the manifest",
                        cause,
                    ))]
                })
            })
            .collect()
    }

    /// Says in the manifest that everything is as wanted.
    pub(super) async fn complete(
        &self,
        mut manifest: Manifest,
        cancel: &CancellationToken,
        errors: &mut Vec<EngineError>,
    ) -> bool {
        manifest.status = ManifestStatus::Complete;
        manifest.earlier.clear();
        match self.call(cancel, || self.store.save(&manifest)).await {
            Ok(()) => true,
            Err(error) => {
                errors.push(error);
                false
            }
        }
    }

    pub(super) async fn load(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Option<Manifest>, EngineError> {
        self.call(cancel, || self.store.load()).await
    }

    /// A call of the manifest's that can be made twice.
    pub(super) async fn call<T, F, Fut>(
        &self,
        cancel: &CancellationToken,
        call: F,
    ) -> Result<T, EngineError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, HandlerError>>,
    {
        self.engine
            .patiently(MANIFEST, Action::Manifest, cancel, call)
            .await
            .map_err(|error| self.error(error))
    }

    fn error(&self, source: HandlerError) -> EngineError {
        EngineError {
            logical_id: MANIFEST.to_owned(),
            type_name: "AWS::SSM::Parameter".to_owned(),
            action: Action::Manifest,
            source,
        }
    }
}
