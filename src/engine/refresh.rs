//! Reading everything in parallel: what vanished, what drifted, and by which
//! property path.
//!
//! Only a handler's positive "not there" is a vanished resource. An error
//! leaves its entry as it was.

use super::error::{Action, EngineError};
use super::handler::Live;
use super::ledger::Ledger;
use super::plan;
use super::step::Step;
use super::template::{LogicalId, Resource};
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
        for (id, result) in results {
            match result {
                Ok(Some(live)) => refreshed.found(&id, live),
                Ok(None) => refreshed.lost(id),
                Err(error) => refreshed.errors.push(error),
            }
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

    fn found(&mut self, id: &str, live: Live) {
        let details = self.ledger.details.entry(id.to_owned()).or_default();
        details.reference = live.physical.reference;
        details.attributes = live.physical.attributes;
        let differences = match &details.applied {
            Some(applied) => diff::paths(applied, &live.properties),
            None => Vec::new(),
        };
        details.live = Some(live.properties);
        let Some(entry) = self.ledger.entries.get(id) else {
            return;
        };
        let line = self.ledger.lines.get(id);
        if line.is_some_and(|line| line.ends_with(UNFINISHED)) {
            return;
        }
        if !differences.is_empty() {
            let line = format!("{} {DRIFTED}", entry.type_name);
            self.ledger.lines.insert(id.to_owned(), line);
            let drifts = differences.into_iter().map(|path| Drift { path });
            self.drifted.insert(id.to_owned(), drifts.collect());
        } else if line.is_some_and(|line| line.ends_with(DRIFTED)) {
            // It was mended outside.
            let unresolved = self.ledger.details.get(id).and_then(|d| d.unresolved.clone());
            if let Some(properties) = unresolved {
                let resource = Resource {
                    type_name: entry.type_name.clone(),
                    properties,
                    ..Resource::default()
                };
                let generations = self
                    .ledger
                    .entries
                    .iter()
                    .map(|(id, entry)| (id.clone(), entry.generation))
                    .collect();
                let line = plan::digest_line(&resource, &generations);
                self.ledger.lines.insert(id.to_owned(), line);
            }
        }
    }
}
