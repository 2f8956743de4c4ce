//! The creating and updating half of an apply: what is done to one resource.
//!
//! # Interruption
//!
//! What exists is in the ledger as *unfinished* from the moment its id is
//! known until everything has been put, and from the moment before an update
//! until after it.

use super::apply::{Progress, Walk};
use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::handler::{Handler, Live, Physical};
use super::ledger::{Details, Entry};
use super::plan;
use super::step::{Known, Step};
use super::{UNFINISHED, template};
use serde_json::Value;

/// What has an identifier now and is to be finished.
pub(super) struct Made {
    identifier: String,
    desired: Value,
}

impl Walk<'_> {
    /// Whether there is anything to do: what was planned, and what this apply
    /// itself brought about (a vanished thing it had to create again, an
    /// attribute that changed with an update).
    pub(super) fn needs_work(&self, id: &str) -> bool {
        if self.plan.changes.contains_key(id) {
            return true;
        }
        let resource = &self.template.resources[id];
        let shared = self.shared();
        if template::references(&resource.properties).is_disjoint(&self.touched()) {
            return false;
        }
        let desired = plan::resolve(&resource.properties, &shared.ledger)
            .and_then(|resolved| {
                let handler = self.engine.registry.get(&resource.type_name);
                handler.map_or(Ok(Value::Null), |handler| {
                    plan::normalise(handler.as_ref(), &resolved)
                })
            })
            .ok();
        let applied = shared
            .ledger
            .details
            .get(id)
            .and_then(|d| d.applied.as_ref());
        desired.as_ref() != applied
    }

    pub(super) async fn begin(&self, id: String) -> Progress {
        if self.first.contains(&id) && self.shared().ledger.identifier(&id).is_some() {
            // Its deletion failed, which has been reported.
            return Progress::Failed(id);
        }
        match self.try_begin(&id).await {
            Ok(progress) => progress,
            Err(error) => {
                self.fail(error);
                Progress::Failed(id)
            }
        }
    }

    /// Creates or updates.
    async fn try_begin(&self, id: &str) -> Result<Progress, EngineError> {
        let resource = &self.template.resources[id];
        let handler = self
            .engine
            .handler(id, &resource.type_name, Action::Resolve)?
            .as_ref();
        let desired = self.desired(id, handler).await?;
        let step = self.step(id, handler);
        let existing = self.shared().ledger.identifier(id).map(str::to_owned);
        let mut search = self.unsure.contains(id);
        if let Some(identifier) = existing.filter(|_| !self.plan.is_replaced(id)) {
            let applied = self.applied(id);
            let updated = step.update(&identifier, applied.as_ref(), &desired, || {
                self.unsettle(id);
            });
            if let Some(physical) = updated.await? {
                self.record(&step, physical, &desired)?;
                step.ready(&identifier).await?;
                self.settle(id, &desired);
                return Ok(Progress::Done(id.to_owned()));
            }
            // It vanished after the plan was made: it is created again.
            self.lose(id);
            search = true;
        }
        let identifier = match self.inherit(&step, &desired).await? {
            Some(live) => self.adopt(&step, live.physical, &desired).await?,
            None => {
                let known = self.known(id, &resource.type_name);
                let begun = step.create(&desired, &known, search).await?;
                {
                    let mut shared = self.shared();
                    match begun.adopted {
                        true => shared.adopted.push(id.to_owned()),
                        false => shared.created.push(id.to_owned()),
                    }
                }
                self.supersede(id, begun.superseded);
                if begun.found {
                    self.adopt(&step, begun.physical, &desired).await?
                } else {
                    self.record(&step, begun.physical, &desired)?
                }
            }
        };
        let made = Made {
            identifier,
            desired,
        };
        Ok(Progress::Created(id.to_owned(), made))
    }

    /// What an earlier replacement, interrupted or taken back, left of just
    /// what shall be.
    async fn inherit(&self, step: &Step<'_>, desired: &Value) -> Result<Option<Live>, EngineError> {
        let predecessors = {
            let shared = self.shared();
            let entry = shared.ledger.entries.get(step.id);
            entry
                .map(|entry| entry.predecessors.clone())
                .unwrap_or_default()
        };
        for identifier in predecessors {
            if let Some(live) = step.read(&identifier, Some(desired)).await?
                && step.fits(&live.properties, desired)
            {
                return Ok(Some(live));
            }
        }
        Ok(None)
    }

    /// Takes over what exists and brings it to what shall be.
    async fn adopt(
        &self,
        step: &Step<'_>,
        physical: Physical,
        desired: &Value,
    ) -> Result<String, EngineError> {
        let identifier = self.record(step, physical, desired)?;
        let updated = step.update(&identifier, None, desired, || {}).await?;
        Ok(match updated {
            Some(physical) => self.record(step, physical, desired)?,
            None => identifier,
        })
    }

    pub(super) async fn finish(&self, id: String, made: Made) -> Progress {
        match self.try_finish(&id, &made).await {
            Ok(()) => Progress::Done(id),
            Err(error) => {
                self.fail(error);
                Progress::Failed(id)
            }
        }
    }

    /// Configures what was created and waits for it.
    async fn try_finish(&self, id: &str, made: &Made) -> Result<(), EngineError> {
        let resource = &self.template.resources[id];
        let handler = self
            .engine
            .handler(id, &resource.type_name, Action::Configure)?
            .as_ref();
        let step = self.step(id, handler);
        step.configure(&made.identifier, &made.desired).await?;
        step.ready(&made.identifier).await?;
        self.settle(id, &made.desired);
        Ok(())
    }

    /// Resolved and normalised properties, reading what they refer to where
    /// the details were lost.
    async fn desired(&self, id: &str, handler: &dyn Handler) -> Result<Value, EngineError> {
        let properties = &self.template.resources[id].properties;
        for on in template::references(properties) {
            let (entry, known) = {
                let shared = self.shared();
                let known = shared.ledger.details.contains_key(&on);
                (shared.ledger.entries.get(&on).cloned(), known)
            };
            if let (Some(entry), false) = (entry, known)
                && let Some(identifier) = entry.identifier
                && let Some(live) = self
                    .engine
                    .read_one(&on, &entry.type_name, &identifier, None, &self.cancel)
                    .await?
            {
                let details = Details::of(live.physical);
                self.shared().ledger.details.insert(on, details);
            }
        }
        let resolved = plan::resolve(properties, &self.shared().ledger);
        resolved
            .and_then(|resolved| plan::normalise(handler, &resolved))
            .map_err(|problem| EngineError {
                logical_id: id.to_owned(),
                type_name: handler.type_name().to_owned(),
                action: Action::Resolve,
                source: HandlerError::ours(ErrorKind::Invalid, "the template", problem),
            })
    }

    /// Identifiers that are accounted for: this logical id's own, and those
    /// of others that stay. What a removed one holds may be taken over.
    fn known(&self, id: &str, type_name: &str) -> Known {
        let shared = self.shared();
        let mut known = Known::new();
        for (other, entry) in &shared.ledger.entries {
            let stays = other == id || self.template.resources.contains_key(other);
            if stays && entry.type_name == type_name {
                for identifier in entry.identifier.iter().chain(&entry.predecessors) {
                    known.insert(identifier.clone(), other.clone());
                }
            }
        }
        known
    }

    /// What was last applied, as far as that is known.
    fn applied(&self, id: &str) -> Option<Value> {
        let shared = self.shared();
        shared.ledger.details.get(id)?.applied.clone()
    }

    /// Writes down, before an update, that it is under way.
    fn unsettle(&self, id: &str) {
        let resource = &self.template.resources[id];
        let mut shared = self.shared();
        let ledger = &mut shared.ledger;
        if let Some(entry) = ledger.entries.get_mut(id) {
            entry.also_depends_on(self.template.dependencies(id));
        }
        ledger.lines.insert(
            id.to_owned(),
            format!("{} {UNFINISHED}", resource.type_name),
        );
    }

    /// Writes down that it is not there after all.
    fn lose(&self, id: &str) {
        let mut shared = self.shared();
        let ledger = &mut shared.ledger;
        if let Some(entry) = ledger.entries.get_mut(id) {
            entry.identifier = None;
        }
        ledger.lines.remove(id);
    }

    fn supersede(&self, id: &str, identifiers: Vec<String>) {
        if identifiers.is_empty() {
            return;
        }
        let resource = &self.template.resources[id];
        let mut shared = self.shared();
        let entry = shared
            .ledger
            .entries
            .entry(id.to_owned())
            .or_insert_with(|| Entry {
                type_name: resource.type_name.clone(),
                ..Entry::default()
            });
        entry.predecessors.extend(identifiers);
    }

    /// Writes down what exists, as unfinished. What stood for the logical id
    /// so far becomes a predecessor; what a removed resource held is given up
    /// to this one.
    ///
    /// Two that began at the same moment may both believe that they made the
    /// same thing; the second to say so is refused.
    fn record(
        &self,
        step: &Step<'_>,
        physical: Physical,
        desired: &Value,
    ) -> Result<String, Box<EngineError>> {
        let id = step.id;
        let resource = &self.template.resources[id];
        let mut shared = self.shared();
        let ledger = &mut shared.ledger;
        let identifier = physical.identifier.clone();
        let holders: Vec<String> = ledger
            .entries
            .iter()
            .filter(|(other, entry)| {
                *other != id && entry.type_name == resource.type_name && entry.holds(&identifier)
            })
            .map(|(other, _)| other.clone())
            .collect();
        for other in holders {
            if self.template.resources.contains_key(&other) {
                return Err(Box::new(step.is_held(&identifier, &other)));
            }
            ledger.forget(&other, &identifier);
        }
        let entry = ledger.entries.entry(id.to_owned()).or_default();
        entry.type_name.clone_from(&resource.type_name);
        entry.also_depends_on(self.template.dependencies(id));
        if entry.identifier.as_deref() != Some(&identifier) {
            entry.predecessors.retain(|other| *other != identifier);
            entry
                .predecessors
                .extend(entry.identifier.replace(identifier.clone()));
            // As planned, so that every line is what was shown.
            let planned = self.plan.generations.get(id).copied().unwrap_or_default();
            entry.generation = planned.max(entry.generation).max(1);
        }
        ledger.lines.insert(
            id.to_owned(),
            format!("{} {UNFINISHED}", resource.type_name),
        );
        let mut details = Details::of(physical);
        let before = ledger.details.get(id);
        if before.is_none_or(|before| !before.is_the_same_to_others(&details)) {
            self.touched().insert(id.to_owned());
        }
        // Until it is settled, what was applied is not known; what it shall
        // be stands in for what is live.
        details.live = Some(desired.clone());
        ledger.details.insert(id.to_owned(), details);
        Ok(identifier)
    }

    /// Writes down that it is what it shall be.
    fn settle(&self, id: &str, desired: &Value) {
        let resource = &self.template.resources[id];
        {
            let mut shared = self.shared();
            let ledger = &mut shared.ledger;
            if let Some(details) = ledger.details.get_mut(id) {
                details.applied = Some(desired.clone());
                details.live = Some(desired.clone());
                details.unresolved = Some(resource.properties.clone());
            }
            if let Some(line) = self.plan.lines.get(id) {
                ledger.lines.insert(id.to_owned(), line.clone());
            }
        }
        self.settle_dependencies(id);
    }

    /// What it depends on is what the template says, once nothing older is
    /// left of it.
    pub(super) fn settle_dependencies(&self, id: &str) {
        if let Some(entry) = self.shared().ledger.entries.get_mut(id)
            && entry.predecessors.is_empty()
        {
            entry.depends_on = self.template.dependencies(id);
        }
    }
}
