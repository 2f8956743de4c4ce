//! Finding what an interrupted apply left behind.
//!
//! After a `kill -9` Terraform's state is as old as the apply's beginning.
//! What is true is in the account: the manifest says what was wanted, and
//! every handler can find what exists for a logical id. What is found and not
//! in the ledger is added: as the thing itself where the ledger has none, as
//! a predecessor where it has another one.

use super::error::EngineError;
use super::handler::{Found, Live};
use super::ledger::{Details, Entry, Ledger};
use super::plan;
use super::refresh::{Drift, Refreshed};
use super::step::Step;
use super::template::{LogicalId, Resource, Template};
use super::{Action, DRIFTED, Engine, UNFINISHED, diff};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio_util::sync::CancellationToken;

/// What to look for.
#[derive(Default)]
pub struct Search<'a> {
    /// What was wanted at one time or another, oldest first.
    pub templates: &'a [Template],
    /// Only what the ledger has nothing of.
    pub only_missing: bool,
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Recovered {
    pub ledger: Ledger,
    pub errors: Vec<EngineError>,
    /// Could not be looked for, since what says where it is does not exist.
    pub unsure: BTreeSet<LogicalId>,
}

/// Something to look for.
struct Wanted<'a> {
    id: &'a str,
    resource: &'a Resource,
    desired: Value,
}

impl Engine {
    /// Adds to a ledger what exists of some templates and is not in it.
    pub async fn recover(
        &self,
        search: Search<'_>,
        ledger: Ledger,
        cancel: &CancellationToken,
    ) -> Recovered {
        let mut recovered = Recovered {
            ledger,
            ..Recovered::default()
        };
        self.fill_in(&mut recovered, cancel).await;
        // The same question is asked once, whatever the number of templates.
        let mut asked = BTreeSet::new();
        for template in search.templates {
            for level in levels(template) {
                // Children are found under their parents, so parents come
                // first.
                let mut wanted = Vec::new();
                for id in &level {
                    let Some(resource) = template.resources.get(id) else {
                        continue;
                    };
                    let entry = recovered.ledger.entries.get(id);
                    if search.only_missing && entry.is_some_and(|entry| entry.identifier.is_some())
                    {
                        continue;
                    }
                    let question = self.question(resource, entry, &recovered.ledger);
                    if let Some(entry) = recovered.ledger.entries.get_mut(id) {
                        // It may have got as far as using what this says.
                        entry.also_depends_on(template.dependencies(id));
                    }
                    match question {
                        Some(desired) if asked.insert((id.clone(), desired.to_string())) => {
                            wanted.push(Wanted {
                                id,
                                resource,
                                desired,
                            });
                        }
                        Some(_) => {}
                        None => {
                            recovered.unsure.insert(id.clone());
                        }
                    }
                }
                // Boxed one by one: a closure over borrowed questions is not
                // general enough for the compiler to see that it is `Send`.
                let mut looks: Vec<BoxFuture<'_, (Wanted<'_>, _)>> = Vec::new();
                for wanted in wanted {
                    let ledger = &recovered.ledger;
                    looks.push(Box::pin(async move {
                        let result = self.look_for(&wanted, ledger, cancel).await;
                        (wanted, result)
                    }));
                }
                let found: Vec<_> = stream::iter(looks)
                    .buffer_unordered(self.parallelism)
                    .collect()
                    .await;
                for (wanted, result) in found {
                    match result {
                        Ok(found) => add(&mut recovered.ledger, template, &wanted, found),
                        Err(error) => recovered.errors.push(error),
                    }
                }
            }
        }
        recovered
    }

    /// Reads what the ledger knows to exist and has no details of.
    async fn fill_in(&self, recovered: &mut Recovered, cancel: &CancellationToken) {
        let ledger = &recovered.ledger;
        let reads: Vec<_> = ledger
            .entries
            .iter()
            .filter(|(id, _)| !ledger.details.contains_key(*id))
            .filter_map(|(id, entry)| {
                let identifier = entry.identifier.clone()?;
                Some((id.clone(), entry.type_name.clone(), identifier))
            })
            .collect();
        let read: Vec<_> = stream::iter(reads)
            .map(|(id, type_name, identifier)| async move {
                let result = self
                    .read_one(&id, &type_name, &identifier, None, cancel)
                    .await;
                (id, result)
            })
            .buffer_unordered(self.parallelism)
            .collect()
            .await;
        for (id, result) in read {
            match result {
                Ok(Some(live)) => {
                    let details = details(live);
                    recovered.ledger.details.insert(id, details);
                }
                Ok(None) => {}
                Err(error) => recovered.errors.push(error),
            }
        }
    }

    /// What a handler is asked for, if it can be asked. Properties that refer
    /// to what does not exist are left out or, where the handler says that it
    /// does not look at them, filled with anything.
    fn question(
        &self,
        resource: &Resource,
        entry: Option<&Entry>,
        ledger: &Ledger,
    ) -> Option<Value> {
        if entry.is_some_and(|entry| entry.exists() && entry.type_name != resource.type_name) {
            return None;
        }
        let handler = self.registry.get(&resource.type_name)?;
        let (mut known, unknown) = plan::resolve_known(&resource.properties, ledger);
        if let Ok(desired) = plan::normalise(handler.as_ref(), &known) {
            return Some(desired);
        }
        let looks_at = handler.found_by()?;
        for name in unknown {
            if looks_at.contains(&name.as_str()) {
                return None;
            }
            known[&name] = Value::from("unknown");
        }
        plan::normalise(handler.as_ref(), &known).ok()
    }

    /// Identifiers that the ledger does not know, with what was read of them
    /// where one shall stand for the logical id.
    async fn look_for(
        &self,
        wanted: &Wanted<'_>,
        ledger: &Ledger,
        cancel: &CancellationToken,
    ) -> Result<Vec<(String, Option<Live>)>, EngineError> {
        let handler = self.handler(wanted.id, &wanted.resource.type_name, Action::Find)?;
        let step = Step {
            engine: self,
            id: wanted.id,
            handler: handler.as_ref(),
            cancel,
        };
        let Found::Ours(identifiers) = step.find(&wanted.desired).await? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let mut stands = ledger.identifier(wanted.id).is_some();
        for identifier in identifiers {
            if is_held(ledger, &wanted.resource.type_name, &identifier) {
                continue;
            }
            if stands {
                found.push((identifier, None));
            } else if let Some(live) = step.read(&identifier, Some(&wanted.desired)).await? {
                // A list may still name what is gone already.
                stands = true;
                found.push((identifier, Some(live)));
            }
        }
        Ok(found)
    }

    /// The ledger of a pipeline that no state knows: everything is found, and
    /// compared with what the manifest says it shall be.
    pub async fn survey(&self, template: &Template, cancel: &CancellationToken) -> Refreshed {
        let search = Search {
            templates: std::slice::from_ref(template),
            only_missing: false,
        };
        let Recovered {
            mut ledger, errors, ..
        } = self.recover(search, Ledger::default(), cancel).await;
        let generations = ledger.generations();
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
                .and_then(|resolved| {
                    let handler = self.registry.get(&resource.type_name)?;
                    plan::normalise(handler.as_ref(), &resolved).ok()
                });
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

/// Writes down what was found: as the thing itself where the ledger has none,
/// as a predecessor where it has another one.
fn add(
    ledger: &mut Ledger,
    template: &Template,
    wanted: &Wanted<'_>,
    found: Vec<(String, Option<Live>)>,
) {
    for (identifier, live) in found {
        // Two of one level may have found the same.
        if is_held(ledger, &wanted.resource.type_name, &identifier) {
            continue;
        }
        let entry = ledger.entries.entry(wanted.id.to_owned()).or_default();
        entry.type_name.clone_from(&wanted.resource.type_name);
        entry.also_depends_on(template.dependencies(wanted.id));
        match live {
            Some(live) => {
                entry.identifier = Some(identifier);
                entry.generation += 1;
                ledger.details.insert(wanted.id.to_owned(), details(live));
            }
            None => entry.predecessors.push(identifier),
        }
        let line = format!("{} {UNFINISHED}", entry.type_name);
        ledger.lines.insert(wanted.id.to_owned(), line);
    }
}

/// Whether any logical id has it already.
fn is_held(ledger: &Ledger, type_name: &str, identifier: &str) -> bool {
    ledger
        .entries
        .values()
        .any(|entry| entry.type_name == type_name && entry.holds(identifier))
}

fn details(live: Live) -> Details {
    Details {
        live: Some(live.properties),
        ..Details::of(live.physical)
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
