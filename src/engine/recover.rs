//! Finding what an interrupted apply left behind.
//!
//! After a `kill -9` Terraform's state is as old as the apply's beginning.
//! What is true is in the account: the manifest says what was wanted, and
//! every handler can find what exists for a logical id. What is found and not
//! in the ledger is added: as the thing itself where the ledger has none, as
//! a predecessor where it has another one.

use super::error::EngineError;
use super::handler::Found;
use super::ledger::{Details, Entry, Ledger};
use super::plan;
use super::refresh::{Drift, Refreshed};
use super::step::Step;
use super::template::Template;
use super::{Action, DRIFTED, Engine, UNFINISHED, diff};
use futures::stream::{self, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

impl Engine {
    /// Adds to a ledger what exists of a template and is not in it.
    pub async fn recover(
        &self,
        template: &Template,
        ledger: Ledger,
        cancel: &CancellationToken,
    ) -> (Ledger, Vec<EngineError>) {
        let mut ledger = ledger;
        let mut errors = Vec::new();
        for level in levels(template) {
            // Children are found under their parents, so parents come first.
            let wanted: Vec<(String, Value)> = level
                .into_iter()
                .filter_map(|id| {
                    let resource = template.resources.get(&id)?;
                    let handler = self.registry.get(&resource.type_name)?;
                    // What refers to something that does not exist was not
                    // begun either.
                    let resolved = plan::resolve(&resource.properties, &ledger).ok()?;
                    Some((id, handler.normalise(&resolved).ok()?))
                })
                .collect();
            let found: Vec<_> = stream::iter(wanted)
                .map(|(id, desired)| {
                    let ledger = &ledger;
                    async move {
                        let result = self.look_for(template, ledger, &id, &desired, cancel).await;
                        (id, result)
                    }
                })
                .buffer_unordered(self.parallelism)
                .collect()
                .await;
            for (id, result) in found {
                match result {
                    Ok(Some((entry, details))) => {
                        ledger
                            .lines
                            .insert(id.clone(), format!("{} {UNFINISHED}", entry.type_name));
                        if let Some(details) = details {
                            ledger.details.insert(id.clone(), details);
                        }
                        ledger.entries.insert(id, entry);
                    }
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
            }
        }
        (ledger, errors)
    }

    /// The entry as it should be, if there is more than the ledger knows.
    async fn look_for(
        &self,
        template: &Template,
        ledger: &Ledger,
        id: &str,
        desired: &Value,
        cancel: &CancellationToken,
    ) -> Result<Option<(Entry, Option<Details>)>, EngineError> {
        let resource = &template.resources[id];
        let handler = self.handler(id, &resource.type_name, Action::Find)?;
        let step = Step {
            engine: self,
            id,
            handler: handler.as_ref(),
            cancel,
        };
        let Found::Ours(identifiers) = step.find(desired).await? else {
            return Ok(None);
        };
        let mut entry = ledger.entries.get(id).cloned().unwrap_or_else(|| Entry {
            type_name: resource.type_name.clone(),
            ..Entry::default()
        });
        let mut unknown: Vec<String> = identifiers
            .into_iter()
            .filter(|other| {
                entry.identifier.as_ref() != Some(other) && !entry.predecessors.contains(other)
            })
            .collect();
        if unknown.is_empty() {
            return Ok(None);
        }
        let mut details = None;
        if entry.identifier.is_none() {
            let identifier = unknown.remove(0);
            let Some(live) = step.read(&identifier, Some(desired)).await? else {
                return Ok(None);
            };
            details = Some(Details {
                reference: live.physical.reference,
                attributes: live.physical.attributes,
                live: Some(live.properties),
                ..Details::default()
            });
            entry.identifier = Some(identifier);
            entry.generation += 1;
            entry.depends_on = template.dependencies(id);
        }
        entry.predecessors.extend(unknown);
        Ok(Some((entry, details)))
    }

    /// The ledger of a pipeline that no state knows: everything is found, and
    /// compared with what the manifest says it shall be.
    pub async fn survey(&self, template: &Template, cancel: &CancellationToken) -> Refreshed {
        let (mut ledger, errors) = self.recover(template, Ledger::default(), cancel).await;
        let generations: BTreeMap<_, _> = ledger
            .entries
            .iter()
            .map(|(id, entry)| (id.clone(), entry.generation))
            .collect();
        let mut drifted = BTreeMap::new();
        for (id, entry) in ledger.entries.clone() {
            let Some(resource) = template
                .resources
                .get(&id)
                .filter(|_| entry.predecessors.is_empty())
            else {
                continue;
            };
            let desired = plan::resolve(&resource.properties, &ledger)
                .ok()
                .and_then(|resolved| self.registry.get(&resource.type_name)?.normalise(&resolved).ok());
            let Some(desired) = desired else { continue };
            let Some(details) = ledger.details.get_mut(&id) else {
                continue;
            };
            let live = details.live.clone().unwrap_or_default();
            let paths = diff::paths(&desired, &live);
            details.unresolved = Some(resource.properties.clone());
            details.applied = Some(desired);
            let line = if paths.is_empty() {
                plan::digest_line(resource, &generations)
            } else {
                let drifts = paths.into_iter().map(|path| Drift { path });
                drifted.insert(id.clone(), drifts.collect());
                format!("{} {DRIFTED}", entry.type_name)
            };
            ledger.lines.insert(id, line);
        }
        Refreshed {
            ledger,
            drifted,
            vanished: Vec::new(),
            errors,
        }
    }
}

/// Logical ids by the length of their longest path of dependencies.
fn levels(template: &Template) -> Vec<Vec<String>> {
    let mut level_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut levels: Vec<Vec<String>> = Vec::new();
    for id in plan::order(template, &mut Vec::new()) {
        let level = template
            .dependencies(&id)
            .iter()
            .filter_map(|on| level_of.get(on))
            .map(|level| level + 1)
            .max()
            .unwrap_or(0);
        if levels.len() <= level {
            levels.resize_with(level + 1, Vec::new);
        }
        levels[level].push(id.clone());
        level_of.insert(id, level);
    }
    levels
}
