//! Reading everything in parallel: what vanished, what drifted, and by which
//! property path.
//!
//! Only a handler's positive "not there" is a vanished resource. An error
//! leaves its entry as it was.

use super::error::{Action, EngineError};
use super::handler::{Live, Registry};
use super::ledger::Ledger;
use super::plan;
use super::step::Step;
use super::template::{LogicalId, Resource, Template};
use super::{DRIFTED, Engine, UNFINISHED, diff};
use futures::stream::{self, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// One property that is not as it was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    pub path: String,
}

#[derive(Debug, Default)]
pub struct Refreshed {
    pub ledger: Ledger,
    pub drifted: BTreeMap<LogicalId, Vec<Drift>>,
    pub vanished: Vec<LogicalId>,
    pub errors: Vec<EngineError>,
}

impl Engine {
    /// Brings a ledger up to date.
    pub async fn refresh(&self, ledger: Ledger, cancel: &CancellationToken) -> Refreshed {
        let reads = ledger
            .entries
            .iter()
            .filter_map(|(id, entry)| {
                let identifier = entry.identifier.clone()?;
                let applied = ledger.details.get(id).and_then(|d| d.applied.clone());
                Some((id.clone(), entry.type_name.clone(), identifier, applied))
            })
            .collect::<Vec<_>>();
        let results: Vec<_> = stream::iter(reads)
            .map(|(id, type_name, identifier, applied)| async move {
                let result = self
                    .read_one(&id, &type_name, &identifier, applied.as_ref(), cancel)
                    .await;
                (id, result)
            })
            .buffer_unordered(self.parallelism)
            .collect()
            .await;
        let mut refreshed = Refreshed {
            ledger,
            ..Refreshed::default()
        };
        let mut read = Vec::new();
        for (id, result) in results {
            match result {
                Ok(Some(live)) => {
                    let details = refreshed.ledger.details.entry(id.clone()).or_default();
                    details.reference = live.physical.reference;
                    details.attributes = live.physical.attributes;
                    details.live = Some(live.properties);
                    read.push(id);
                }
                Ok(None) => refreshed.lost(id),
                Err(error) => refreshed.errors.push(error),
            }
        }
        for id in read {
            refreshed.judge(&self.registry, &id);
        }
        refreshed
    }

    pub(super) async fn read_one(
        &self,
        id: &str,
        type_name: &str,
        identifier: &str,
        applied: Option<&Value>,
        cancel: &CancellationToken,
    ) -> Result<Option<Live>, EngineError> {
        let handler = self.handler(id, type_name, Action::Read)?;
        let step = Step {
            engine: self,
            id,
            handler: handler.as_ref(),
            cancel,
        };
        step.read(identifier, applied).await
    }
}

impl Refreshed {
    fn lost(&mut self, id: LogicalId) {
        if let Some(entry) = self.ledger.entries.get_mut(&id) {
            entry.identifier = None;
        }
        self.ledger.lines.remove(&id);
        self.ledger.details.remove(&id);
        self.vanished.push(id);
    }

    /// Whether a resource is as it was applied: by what it is itself, and by
    /// what the things that it refers to are now. (A bucket that an apply
    /// made again before it was interrupted has its old name and another
    /// ARN.)
    fn judge(&mut self, registry: &Registry, id: &str) {
        let ledger = &self.ledger;
        let (Some(entry), Some(details)) = (ledger.entries.get(id), ledger.details.get(id)) else {
            return;
        };
        let line = ledger.lines.get(id);
        let Some(applied) = &details.applied else {
            return;
        };
        if line.is_some_and(|line| line.ends_with(UNFINISHED)) {
            return;
        }
        let mut paths = match &details.live {
            Some(live) => diff::paths(applied, live),
            None => Vec::new(),
        };
        let wanted = details.unresolved.as_ref().and_then(|unresolved| {
            let handler = registry.get(&entry.type_name)?;
            let resolved = plan::resolve(unresolved, ledger).ok()?;
            plan::normalise(handler.as_ref(), &resolved).ok()
        });
        if let Some(wanted) = wanted {
            paths.extend(diff::paths(applied, &wanted));
            paths.sort();
            paths.dedup();
        }
        if !paths.is_empty() {
            let line = format!("{} {DRIFTED}", entry.type_name);
            self.ledger.lines.insert(id.to_owned(), line);
            let drifts = paths.into_iter().map(|path| Drift { path });
            self.drifted.insert(id.to_owned(), drifts.collect());
        } else if line.is_some_and(|line| line.ends_with(DRIFTED)) {
            // It was mended outside.
            if let Some(properties) = details.unresolved.clone() {
                let resource = Resource {
                    type_name: entry.type_name.clone(),
                    properties,
                    ..Resource::default()
                };
                let line = plan::digest_line(&resource, &ledger.generations());
                self.ledger.lines.insert(id.to_owned(), line);
            }
        }
    }
}

/// Gives back to a ledger whose details were lost what a complete pipeline's
/// template says was applied, so that drift is seen again. Says whether there
/// was anything to give back.
pub(super) fn restore(registry: &Registry, template: &Template, ledger: &mut Ledger) -> bool {
    let generations = ledger.generations();
    let mut restored = BTreeMap::new();
    for (id, resource) in &template.resources {
        let applied = ledger
            .details
            .get(id)
            .and_then(|details| details.applied.as_ref());
        let as_applied = ledger.lines.get(id) == Some(&plan::digest_line(resource, &generations));
        if applied.is_none()
            && as_applied
            && let Some(handler) = registry.get(&resource.type_name)
            && let Ok(resolved) = plan::resolve(&resource.properties, ledger)
            && let Ok(applied) = plan::normalise(handler.as_ref(), &resolved)
        {
            restored.insert(id, (applied, resource.properties.clone()));
        }
    }
    let any = !restored.is_empty();
    for (id, (applied, unresolved)) in restored {
        if let Some(details) = ledger.details.get_mut(id) {
            details.applied = Some(applied);
            details.unresolved = Some(unresolved);
        }
    }
    any
}
