//! Walking the graph: three phases, each in parallel.
//!
//! 1. What is replaced with the old one going first is deleted, dependants
//!    before what they depend on.
//! 2. Everything is created and updated, dependencies first.
//! 3. What is left over, predecessors and removed resources, is deleted,
//!    dependants first, and only what nobody can still be using.
//!
//! # Guarantees
//!
//! The ledger is written before and after each call. A failure blocks only
//! those who depend on it. A cancellation starts nothing new and lets running
//! calls end; so does the deadline.

use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::graph::Queue;
use super::handler::{Coupling, Handler};
use super::journal::Event;
use super::ledger::{Details, Entry, Ledger};
use super::plan::{self, Plan, Reason};
use super::step::Step;
use super::template::{self, LogicalId, Template};
use super::{Engine, UNFINISHED};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What to apply.
pub struct ApplyRequest<'a> {
    pub template: &'a Template,
    pub ledger: Ledger,
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
}

/// What came of an apply or a destroy.
#[derive(Debug, Default)]
pub struct Outcome {
    pub ledger: Ledger,
    pub errors: Vec<EngineError>,
    /// Made by this apply.
    pub created: Vec<LogicalId>,
    /// Found to be ours and taken over.
    pub adopted: Vec<LogicalId>,
    /// Not everything was begun: it was cancelled, or the time was up.
    pub stopped: bool,
}

impl Engine {
    /// Brings the cloud to the template.
    pub async fn apply(&self, request: ApplyRequest<'_>) -> Outcome {
        let plan = plan::plan(&self.registry, request.template, &request.ledger);
        let errors = plan
            .problems
            .iter()
            .map(|(id, problem)| EngineError {
                logical_id: id.clone(),
                type_name: request
                    .template
                    .resources
                    .get(id)
                    .map(|resource| resource.type_name.clone())
                    .unwrap_or_default(),
                action: Action::Resolve,
                source: HandlerError::ours(ErrorKind::Invalid, "the template", problem.clone()),
            })
            .collect::<Vec<_>>();
        let walk = Walk {
            engine: self,
            template: request.template,
            plan,
            cancel: request.cancel.child_token(),
            shared: Mutex::new(Outcome {
                ledger: request.ledger,
                errors,
                ..Outcome::default()
            }),
        };
        self.journal
            .write(Event::Started, "", &format!("{} changes", walk.plan.changes.len()));
        within(self, request.deadline, &walk.cancel, walk.run()).await;
        let stopped = walk.cancel.is_cancelled();
        let mut outcome = walk
            .shared
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        outcome.stopped = stopped;
        self.journal.write(
            Event::Finished,
            "",
            &format!("{} errors", outcome.errors.len()),
        );
        outcome
    }
}

/// Runs work; when the time is up, asks it to stop and waits for it.
pub(super) async fn within(
    engine: &Engine,
    deadline: Option<Duration>,
    cancel: &CancellationToken,
    work: impl Future<Output = ()>,
) {
    let Some(deadline) = deadline else {
        return work.await;
    };
    tokio::pin!(work);
    tokio::select! {
        () = &mut work => {}
        () = engine.clock.sleep(deadline) => {
            cancel.cancel();
            work.await;
        }
    }
}

struct Walk<'a> {
    engine: &'a Engine,
    template: &'a Template,
    plan: Plan,
    cancel: CancellationToken,
    shared: Mutex<Outcome>,
}

/// What a piece of work reports back to the walk.
enum Progress {
    Created(LogicalId),
    Done(LogicalId),
    Failed(LogicalId),
}

type Work<'a> = BoxFuture<'a, Progress>;

impl Walk<'_> {
    fn shared(&self) -> MutexGuard<'_, Outcome> {
        self.shared
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn fail(&self, error: EngineError) {
        self.shared().errors.push(error);
    }

    async fn run(&self) {
        self.delete_first().await;
        let done = self.create_and_update().await;
        self.clean_up(&done).await;
    }

    /// Phase 1.
    async fn delete_first(&self) {
        let going: BTreeMap<LogicalId, Vec<String>> = self
            .plan
            .changes
            .keys()
            .filter(|id| {
                self.plan
                    .is_deleted_first(&self.engine.registry, self.template, id)
            })
            .filter_map(|id| {
                let identifier = self.shared().ledger.identifier(id)?.to_owned();
                Some((id.clone(), vec![identifier]))
            })
            .collect();
        if going.is_empty() {
            return;
        }
        // What is removed and depends on what goes must go before it.
        let mut all = going.clone();
        let ledger = self.shared().ledger.clone();
        loop {
            let more: Vec<_> = self
                .plan
                .changes
                .iter()
                .filter(|(id, reason)| **reason == Reason::Removed && !all.contains_key(*id))
                .filter_map(|(id, _)| Some((id, ledger.entries.get(id)?)))
                .filter(|(_, entry)| entry.depends_on.iter().any(|on| all.contains_key(on)))
                .map(|(id, entry)| (id.clone(), entry.identifier.iter().cloned().collect()))
                .collect();
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        self.delete_all(all).await;
    }

    /// Phase 2: returns who was done.
    async fn create_and_update(&self) -> BTreeSet<LogicalId> {
        let edges = self
            .template
            .resources
            .iter()
            .map(|(id, resource)| {
                let mut waits: BTreeMap<LogicalId, Coupling> =
                    template::references(&resource.properties)
                        .into_iter()
                        .map(|on| {
                            let coupling = self.coupling(&on);
                            (on, coupling)
                        })
                        .collect();
                for on in &resource.depends_on {
                    waits.insert(on.clone(), Coupling::Ready);
                }
                (id.clone(), waits)
            })
            .collect();
        let mut queue = Queue::new(edges);
        let mut done = BTreeSet::new();
        let mut running: FuturesUnordered<Work<'_>> = FuturesUnordered::new();
        loop {
            while running.len() < self.engine.parallelism && !self.cancel.is_cancelled() {
                let Some(id) = queue.next() else { break };
                if self.plan.changes.contains_key(&id) {
                    running.push(Box::pin(self.begin(id)));
                } else {
                    queue.ready(&id);
                    done.insert(id);
                }
            }
            match running.next().await {
                None => return done,
                Some(Progress::Created(id)) => {
                    queue.created(&id);
                    running.push(Box::pin(self.finish(id)));
                }
                Some(Progress::Done(id)) => {
                    queue.ready(&id);
                    done.insert(id);
                }
                Some(Progress::Failed(id)) => queue.failed(&id),
            }
        }
    }

    fn coupling(&self, id: &str) -> Coupling {
        self.template
            .resources
            .get(id)
            .and_then(|resource| self.engine.registry.get(&resource.type_name))
            .map_or(Coupling::Ready, |handler| handler.coupling())
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
            {
                let other = self.engine.handler(&on, &entry.type_name, Action::Read)?;
                let step = self.step(&on, other.as_ref());
                if let Some(live) = step.read(&identifier, None).await? {
                    let details = Details {
                        reference: live.physical.reference,
                        attributes: live.physical.attributes,
                        ..Details::default()
                    };
                    self.shared().ledger.details.insert(on, details);
                }
            }
        }
        let resolved = plan::resolve(properties, &self.shared().ledger);
        resolved
            .and_then(|resolved| handler.normalise(&resolved))
            .map_err(|problem| EngineError {
                logical_id: id.to_owned(),
                type_name: handler.type_name().to_owned(),
                action: Action::Resolve,
                source: HandlerError::ours(ErrorKind::Invalid, "the template", problem),
            })
    }

    fn step<'s>(&'s self, id: &'s str, handler: &'s dyn Handler) -> Step<'s> {
        Step {
            engine: self.engine,
            id,
            handler,
            cancel: &self.cancel,
        }
    }

    async fn begin(&self, id: LogicalId) -> Progress {
        let first = self
            .plan
            .is_deleted_first(&self.engine.registry, self.template, &id);
        if first && self.shared().ledger.identifier(&id).is_some() {
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
        let existing = self.shared().ledger.identifier(id).map(str::to_owned);
        let step = self.step(id, handler);
        if let Some(identifier) = existing.clone().filter(|_| !self.plan.is_replaced(id)) {
            if let Some(physical) = step.update(&identifier, &desired).await? {
                step.ready(&identifier).await?;
                self.record(id, physical, desired, None);
                self.settle(id);
                return Ok(Progress::Done(id.to_owned()));
            }
            // It vanished after the plan was made: create it again. Those who
            // refer to it see its new generation in the next plan.
            if let Some(entry) = self.shared().ledger.entries.get_mut(id) {
                entry.identifier = None;
            }
        }
        let predecessor = self.shared().ledger.identifier(id).map(str::to_owned);
        let known: Vec<String> = {
            let shared = self.shared();
            let entry = shared.ledger.entries.get(id);
            entry
                .map(|entry| entry.predecessors.clone())
                .unwrap_or_default()
                .into_iter()
                .chain(predecessor.clone())
                .collect()
        };
        let begun = step.create(&desired, &known).await?;
        let identifier = begun.physical.identifier.clone();
        {
            let mut shared = self.shared();
            let list = if begun.adopted { &mut shared.adopted } else { &mut shared.created };
            list.push(id.to_owned());
        }
        self.record(id, begun.physical, desired.clone(), predecessor);
        if begun.adopted
            && let Some(physical) = step.update(&identifier, &desired).await?
        {
            self.record(id, physical, desired, None);
        }
        Ok(Progress::Created(id.to_owned()))
    }

    async fn finish(&self, id: LogicalId) -> Progress {
        match self.try_finish(&id).await {
            Ok(()) => Progress::Done(id),
            Err(error) => {
                self.fail(error);
                Progress::Failed(id)
            }
        }
    }

    /// Configures what was created and waits for it.
    async fn try_finish(&self, id: &str) -> Result<(), EngineError> {
        let resource = &self.template.resources[id];
        let handler = self
            .engine
            .handler(id, &resource.type_name, Action::Configure)?
            .as_ref();
        let (identifier, desired) = {
            let shared = self.shared();
            let identifier = shared.ledger.identifier(id).map(str::to_owned);
            let details = shared.ledger.details.get(id);
            (identifier, details.and_then(|details| details.live.clone()))
        };
        let (Some(identifier), Some(desired)) = (identifier, desired) else {
            return Ok(());
        };
        let step = self.step(id, handler);
        step.configure(&identifier, &desired).await?;
        step.ready(&identifier).await?;
        self.settle(id);
        Ok(())
    }

    /// Writes down what exists, as unfinished.
    fn record(
        &self,
        id: &str,
        physical: super::Physical,
        desired: Value,
        predecessor: Option<String>,
    ) {
        let resource = &self.template.resources[id];
        let mut shared = self.shared();
        let ledger = &mut shared.ledger;
        let entry = ledger.entries.entry(id.to_owned()).or_insert_with(Entry::default);
        let new = entry.identifier.as_deref() != Some(&physical.identifier);
        entry.type_name.clone_from(&resource.type_name);
        entry.depends_on = self.template.dependencies(id);
        if new {
            entry.generation += 1;
        }
        entry.predecessors.extend(predecessor);
        entry.identifier = Some(physical.identifier);
        ledger
            .lines
            .insert(id.to_owned(), format!("{} {UNFINISHED}", resource.type_name));
        ledger.details.insert(
            id.to_owned(),
            Details {
                reference: physical.reference,
                attributes: physical.attributes,
                // Until it is settled, what was applied is not known; what it
                // shall be stands in for what is live.
                unresolved: None,
                applied: None,
                live: Some(desired),
            },
        );
    }

    /// Writes down that it is what it shall be.
    fn settle(&self, id: &str) {
        let resource = &self.template.resources[id];
        let mut shared = self.shared();
        let ledger = &mut shared.ledger;
        if let Some(details) = ledger.details.get_mut(id) {
            details.applied.clone_from(&details.live);
            details.unresolved = Some(resource.properties.clone());
        }
        if let Some(line) = self.plan.lines.get(id) {
            ledger.lines.insert(id.to_owned(), line.clone());
        }
    }

    /// Phase 3.
    async fn clean_up(&self, done: &BTreeSet<LogicalId>) {
        let ledger = self.shared().ledger.clone();
        let settled = |id: &str| done.contains(id) || !self.template.resources.contains_key(id);
        let mut going = BTreeMap::new();
        for (id, entry) in &ledger.entries {
            let kept = self.template.resources.contains_key(id);
            // Those who use it, as the ledger and the template know them.
            let unsettled = ledger
                .entries
                .iter()
                .filter(|(_, other)| other.depends_on.contains(id))
                .map(|(other, _)| other.as_str())
                .chain(
                    self.template
                        .resources
                        .keys()
                        .filter(|other| self.template.dependencies(other).contains(id))
                        .map(String::as_str),
                )
                .chain(kept.then_some(id.as_str()))
                .any(|other| !settled(other));
            if unsettled {
                continue;
            }
            let mut identifiers = entry.predecessors.clone();
            if !kept {
                identifiers.extend(entry.identifier.clone());
            }
            if !identifiers.is_empty() {
                going.insert(id.clone(), identifiers);
            } else if !kept {
                self.shared().ledger.remove(id);
            }
        }
        self.delete_all(going).await;
        // What could not be cleaned up yet is not finished.
        let mut shared = self.shared();
        let pending: Vec<(LogicalId, String)> = shared
            .ledger
            .entries
            .iter()
            .filter(|(id, entry)| {
                !entry.predecessors.is_empty() && self.template.resources.contains_key(*id)
            })
            .map(|(id, entry)| (id.clone(), format!("{} {UNFINISHED}", entry.type_name)))
            .collect();
        shared.ledger.lines.extend(pending);
    }

    /// Deletes identifiers of logical ids, dependants before what they depend
    /// on.
    async fn delete_all(&self, going: BTreeMap<LogicalId, Vec<String>>) {
        let ledger = self.shared().ledger.clone();
        let mut queue = Queue::new(deletion_edges(&ledger, going.keys()));
        let mut running: FuturesUnordered<Work<'_>> = FuturesUnordered::new();
        loop {
            while running.len() < self.engine.parallelism && !self.cancel.is_cancelled() {
                let Some(id) = queue.next() else { break };
                let identifiers = going.get(&id).cloned().unwrap_or_default();
                running.push(Box::pin(self.delete(id, identifiers)));
            }
            match running.next().await {
                None => return,
                Some(Progress::Failed(id)) => queue.failed(&id),
                Some(Progress::Done(id) | Progress::Created(id)) => queue.ready(&id),
            }
        }
    }

    async fn delete(&self, id: LogicalId, identifiers: Vec<String>) -> Progress {
        for identifier in identifiers {
            let result = self
                .engine
                .delete_one(&self.shared, &self.cancel, &id, &identifier)
                .await;
            if let Err(error) = result {
                self.fail(error);
                return Progress::Failed(id);
            }
        }
        let mut shared = self.shared();
        let gone = shared
            .ledger
            .entries
            .get(&id)
            .is_some_and(|entry| entry.identifier.is_none() && entry.predecessors.is_empty());
        if gone && !self.template.resources.contains_key(&id) {
            shared.ledger.remove(&id);
        }
        drop(shared);
        Progress::Done(id)
    }
}

/// Edges for deletion: each waits for those who depend on it.
pub(super) fn deletion_edges<'i>(
    ledger: &Ledger,
    ids: impl Iterator<Item = &'i LogicalId>,
) -> BTreeMap<LogicalId, BTreeMap<LogicalId, Coupling>> {
    let ids: BTreeSet<&LogicalId> = ids.collect();
    let mut edges: BTreeMap<LogicalId, BTreeMap<LogicalId, Coupling>> = ids
        .iter()
        .map(|id| ((*id).clone(), BTreeMap::new()))
        .collect();
    for id in &ids {
        for on in ledger.entries.get(*id).iter().flat_map(|entry| &entry.depends_on) {
            if let Some(waits) = edges.get_mut(on) {
                waits.insert((*id).clone(), Coupling::Ready);
            }
        }
    }
    edges
}

impl Engine {
    /// Deletes one identifier of a logical id and writes down that it is gone.
    pub(super) async fn delete_one(
        &self,
        shared: &Mutex<Outcome>,
        cancel: &CancellationToken,
        id: &str,
        identifier: &str,
    ) -> Result<(), EngineError> {
        let lock = || shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let type_name = lock()
            .ledger
            .entries
            .get(id)
            .map(|entry| entry.type_name.clone())
            .unwrap_or_default();
        let handler = self.handler(id, &type_name, Action::Delete)?;
        let step = Step {
            engine: self,
            id,
            handler: handler.as_ref(),
            cancel,
        };
        step.delete(identifier).await?;
        let mut outcome = lock();
        if let Some(entry) = outcome.ledger.entries.get_mut(id) {
            entry.predecessors.retain(|other| other != identifier);
            if entry.identifier.as_deref() == Some(identifier) {
                entry.identifier = None;
                outcome.ledger.lines.remove(id);
                outcome.ledger.details.remove(id);
            }
        }
        Ok(())
    }
}
