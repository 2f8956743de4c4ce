//! The deleting half of an apply: what goes before anything is made, and what
//! goes when everything is.
//!
//! # Guarantees
//!
//! A thing is deleted when nobody can be using it any more: everyone who
//! depends on it, by the ledger or by the template, is as it shall be or is
//! deleted before it.

use super::Engine;
use super::UNFINISHED;
use super::apply::{Outcome, Progress, Walk, Work};
use super::error::{Action, EngineError};
use super::graph::Queue;
use super::handler::{Coupling, Registry};
use super::ledger::Ledger;
use super::plan::{Plan, Reason};
use super::step::Step;
use super::template::{LogicalId, Template};
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// What has to go before anything is made: what is replaced with the old one
/// going first, or by another type; and whoever depends on it and goes or is
/// replaced too, since a thing cannot go from under its dependants. What
/// somebody uses who stays is left for the end all the same.
pub(super) fn deleted_first(
    registry: &Registry,
    template: &Template,
    plan: &Plan,
    ledger: &Ledger,
) -> BTreeSet<LogicalId> {
    let becomes_another_type = |id: &str| {
        let was = ledger.entries.get(id).map(|entry| &entry.type_name);
        let shall = template
            .resources
            .get(id)
            .map(|resource| &resource.type_name);
        plan.is_replaced(id) && was != shall
    };
    let must: BTreeSet<LogicalId> = plan
        .changes
        .keys()
        .filter(|id| plan.is_deleted_first(registry, template, id) || becomes_another_type(id))
        .cloned()
        .collect();
    let depends_on_any = |id: &str, of: &BTreeSet<LogicalId>| {
        let entry = ledger.entries.get(id);
        entry.is_some_and(|entry| entry.depends_on.iter().any(|on| of.contains(on)))
    };
    let mut going = must.clone();
    loop {
        let more: Vec<LogicalId> = plan
            .changes
            .iter()
            .filter(|(_, reason)| matches!(reason, Reason::Removed | Reason::Replaced { .. }))
            .map(|(id, _)| id)
            .filter(|id| !going.contains(*id) && depends_on_any(id, &going))
            .cloned()
            .collect();
        if more.is_empty() {
            break;
        }
        going.extend(more);
    }
    loop {
        let used: Vec<LogicalId> = going
            .difference(&must)
            .filter(|id| {
                let mut users = ledger
                    .entries
                    .iter()
                    .filter(|(_, entry)| entry.depends_on.contains(id));
                users.any(|(user, entry)| entry.exists() && !going.contains(user))
            })
            .cloned()
            .collect();
        if used.is_empty() {
            return going;
        }
        going.retain(|id| !used.contains(id));
    }
}

impl Walk<'_> {
    /// Phase 1.
    pub(super) async fn delete_first(&self) {
        let going = {
            let shared = self.shared();
            let all = |id: &LogicalId| {
                let entry = shared.ledger.entries.get(id)?;
                let identifiers = entry.predecessors.iter().chain(&entry.identifier);
                Some((id.clone(), identifiers.cloned().collect()))
            };
            self.first.iter().filter_map(all).collect()
        };
        self.delete_all(going).await;
    }

    /// Phase 3.
    pub(super) async fn clean_up(&self, done: &BTreeSet<LogicalId>) {
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
        for id in done {
            self.settle_dependencies(id);
        }
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
        self.engine.journal.plan("delete", &queue, |_| true);
        let mut running: FuturesUnordered<Work<'_>> = FuturesUnordered::new();
        loop {
            while running.len() < self.engine.parallelism && !self.cancel.is_cancelled() {
                let Some(id) = queue.take() else { break };
                let identifiers = going.get(&id).cloned().unwrap_or_default();
                running.push(Box::pin(self.delete(id, identifiers)));
            }
            match running.next().await {
                None => return,
                Some(Progress::Failed(id)) => queue.failed(&id),
                Some(Progress::Done(id) | Progress::Created(id, _)) => queue.ready(&id),
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
            .is_some_and(|entry| !entry.exists());
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
        for on in ledger
            .entries
            .get(*id)
            .iter()
            .flat_map(|entry| &entry.depends_on)
        {
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
        let lock = || {
            shared
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
        };
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
        lock().ledger.forget(id, identifier);
        Ok(())
    }
}
