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
use super::step::Step;
use super::template::{self, LogicalId, Resource, Template};
use super::{Action, Engine, UNFINISHED};
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

/// What stood for logical ids before, as others saw it: who depends on one of
/// them may exist beside its predecessor or beside its successor.
type Former = BTreeMap<LogicalId, Vec<(String, Details)>>;

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
        let mut former = self.fill_in(&mut recovered, cancel).await;
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
                    let questions = self.questions(resource, entry, &recovered.ledger, &former);
                    if questions.is_empty() {
                        recovered.unsure.insert(id.clone());
                    }
                    for desired in questions {
                        if asked.insert((id.clone(), desired.to_string())) {
                            wanted.push(Wanted {
                                id,
                                resource,
                                desired,
                            });
                        }
                    }
                    if let Some(entry) = recovered.ledger.entries.get_mut(id) {
                        // It may have got as far as using what this says.
                        entry.also_depends_on(template.dependencies(id));
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
                        Ok(found) => {
                            add(&mut recovered.ledger, &mut former, template, &wanted, found);
                        }
                        Err(error) => recovered.errors.push(error),
                    }
                }
            }
        }
        recovered
    }

    /// Reads what the ledger knows to exist and has no details of, and what
    /// it knows to have been.
    async fn fill_in(&self, recovered: &mut Recovered, cancel: &CancellationToken) -> Former {
        let ledger = &recovered.ledger;
        let mut reads = Vec::new();
        for (id, entry) in &ledger.entries {
            let unread = entry.identifier.iter();
            let unread = unread.filter(|_| !ledger.details.contains_key(id));
            for identifier in unread.chain(&entry.predecessors) {
                reads.push((id.clone(), entry.type_name.clone(), identifier.clone()));
            }
        }
        let read: Vec<_> = stream::iter(reads)
            .map(|(id, type_name, identifier)| async move {
                let result = self
                    .read_one(&id, &type_name, &identifier, None, cancel)
                    .await;
                (id, identifier, result)
            })
            .buffer_unordered(self.parallelism)
            .collect()
            .await;
        let mut former = Former::new();
        for (id, identifier, result) in read {
            match result {
                Ok(Some(live)) if recovered.ledger.identifier(&id) == Some(&identifier) => {
                    recovered.ledger.details.insert(id, details(live));
                }
                Ok(Some(live)) => former
                    .entry(id)
                    .or_default()
                    .push((identifier, details(live))),
                Ok(None) => {}
                Err(error) => recovered.errors.push(error),
            }
        }
        former
    }

    /// What a handler is asked, by what now stands for everything that the
    /// resource refers to, and by what stood for each.
    fn questions(
        &self,
        resource: &Resource,
        entry: Option<&Entry>,
        ledger: &Ledger,
        former: &Former,
    ) -> Vec<Value> {
        if entry.is_some_and(|entry| entry.exists() && entry.type_name != resource.type_name) {
            return Vec::new();
        }
        let mut questions: Vec<Value> = self.question(resource, ledger).into_iter().collect();
        for id in template::references(&resource.properties) {
            for (identifier, details) in former.get(&id).into_iter().flatten() {
                let mut before = ledger.clone();
                if let Some(entry) = before.entries.get_mut(&id) {
                    entry.identifier = Some(identifier.clone());
                }
                before.details.insert(id.clone(), details.clone());
                questions.extend(self.question(resource, &before));
            }
        }
        questions
    }

    /// What a handler is asked for, if it can be asked. Properties that refer
    /// to what does not exist are left out or, where the handler says that it
    /// does not look at them, filled with anything.
    fn question(&self, resource: &Resource, ledger: &Ledger) -> Option<Value> {
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

    /// What there is that the ledger does not know.
    async fn look_for(
        &self,
        wanted: &Wanted<'_>,
        ledger: &Ledger,
        cancel: &CancellationToken,
    ) -> Result<Vec<(String, Live)>, EngineError> {
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
        for identifier in identifiers {
            if !is_held(ledger, &wanted.resource.type_name, &identifier)
                // A list may still name what is gone already.
                && let Some(live) = step.read(&identifier, Some(&wanted.desired)).await?
            {
                found.push((identifier, live));
            }
        }
        Ok(found)
    }
}

/// Writes down what was found: as the thing itself where the ledger has none,
/// as a predecessor where it has another one.
fn add(
    ledger: &mut Ledger,
    former: &mut Former,
    template: &Template,
    wanted: &Wanted<'_>,
    found: Vec<(String, Live)>,
) {
    for (identifier, live) in found {
        // Two of one level may have found the same.
        if is_held(ledger, &wanted.resource.type_name, &identifier) {
            continue;
        }
        let entry = ledger.entries.entry(wanted.id.to_owned()).or_default();
        entry.type_name.clone_from(&wanted.resource.type_name);
        entry.also_depends_on(template.dependencies(wanted.id));
        let id = wanted.id.to_owned();
        if entry.identifier.is_none() {
            entry.identifier = Some(identifier);
            entry.generation += 1;
            ledger.details.insert(id, details(live));
        } else {
            entry.predecessors.push(identifier.clone());
            former
                .entry(id)
                .or_default()
                .push((identifier, details(live)));
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
