//! What has to be done, and why: template against ledger, without a call.
//!
//! A resource's *line* holds a digest of its type, its unresolved properties
//! and the generations of what it refers to. So a line is known whenever the
//! spec is, and a replacement, which counts a generation up, changes the
//! lines of all who refer to what is replaced.

use super::diff;
use super::handler::{Handler, Registry, Replacement};
use super::ledger::{Details, Entry, Ledger};
use super::template::{self, LogicalId, Resource, Template};
use super::{DRIFTED, UNFINISHED};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Why a resource is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It has never been.
    New,
    /// The template says something else than was applied.
    PropertyChanged { paths: Vec<String> },
    /// It was changed outside.
    Drifted { paths: Vec<String> },
    /// It was deleted outside.
    Vanished,
    /// A create-only property changed.
    Replaced { paths: Vec<String> },
    /// What it refers to is another thing now.
    ReferenceReplaced { ids: Vec<LogicalId> },
    /// The template has it no more.
    Removed,
    /// The last apply did not finish it.
    Unfinished,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::PropertyChanged { paths } if paths.is_empty() => f.write_str("changed"),
            Self::PropertyChanged { paths } => write!(f, "changed: {}", paths.join(", ")),
            Self::Drifted { paths } => write!(f, "drifted: {}", paths.join(", ")),
            Self::Vanished => f.write_str("deleted outside of Terraform; created again"),
            Self::Replaced { paths } => write!(f, "replaced: {} cannot change", paths.join(", ")),
            Self::ReferenceReplaced { ids } => {
                write!(f, "changed: refers to {}", ids.join(", "))
            }
            Self::Removed => f.write_str("removed"),
            Self::Unfinished => f.write_str("finishes what an earlier apply began"),
        }
    }
}

/// A plan: changes with their reasons, and every line as it will be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub changes: BTreeMap<LogicalId, Reason>,
    pub lines: BTreeMap<LogicalId, String>,
    pub generations: BTreeMap<LogicalId, u32>,
    /// Changes that would lose data.
    pub data_at_risk: Vec<(LogicalId, Reason)>,
    /// What is wrong with the template itself.
    pub problems: Vec<(LogicalId, String)>,
}

impl Plan {
    pub fn is_replaced(&self, id: &str) -> bool {
        matches!(self.changes.get(id), Some(Reason::Replaced { .. }))
    }

    /// Whether what stands for a logical id will be the same thing after the
    /// apply, unless it vanishes meanwhile. One whose reference cannot change in
    /// place is replaced by that.
    pub fn keeps(&self, id: &str) -> bool {
        matches!(
            self.changes.get(id),
            None | Some(
                Reason::PropertyChanged { .. }
                    | Reason::Drifted { .. }
                    | Reason::ReferenceReplaced { .. }
                    | Reason::Unfinished
            )
        )
    }

    /// Replaced with the old one going first.
    pub fn is_deleted_first(&self, registry: &Registry, template: &Template, id: &str) -> bool {
        self.is_replaced(id)
            && template
                .resources
                .get(id)
                .and_then(|resource| registry.get(&resource.type_name))
                .is_some_and(|handler| handler.replacement() == Replacement::DeleteFirst)
    }
}

/// Compares what shall be with what is.
pub fn plan(registry: &Registry, template: &Template, ledger: &Ledger) -> Plan {
    let mut plan = Plan::default();
    for id in order(template, &mut plan.problems) {
        let Some(resource) = template.resources.get(&id) else {
            continue;
        };
        let Some(handler) = registry.get(&resource.type_name) else {
            plan.problems
                .push((id, format!("{} is not a known type", resource.type_name)));
            continue;
        };
        let reason = reason(handler.as_ref(), &id, resource, ledger, &plan);
        let was = ledger.entries.get(&id).map_or(0, |entry| entry.generation);
        let generation = match reason {
            Some(Reason::New | Reason::Vanished | Reason::Replaced { .. }) => was + 1,
            _ => was,
        };
        plan.generations.insert(id.clone(), generation);
        plan.lines
            .insert(id.clone(), digest_line(resource, &plan.generations));
        if let Some(reason) = reason {
            if let Reason::Replaced { paths } = &reason {
                let of_type = |entry: &Entry| entry.type_name == resource.type_name;
                let taken = match ledger.entries.get(&id).is_some_and(of_type) {
                    true => name_is_taken(handler.as_ref(), paths),
                    false => None,
                };
                plan.problems
                    .extend(taken.map(|problem| (id.clone(), problem)));
                if handler.holds_data() {
                    plan.data_at_risk.push((id.clone(), reason.clone()));
                }
            }
            plan.changes.insert(id, reason);
        }
    }
    for (id, entry) in &ledger.entries {
        if template.resources.contains_key(id) || !entry.exists() {
            continue;
        }
        let holds_data = registry
            .get(&entry.type_name)
            .is_some_and(|handler| handler.holds_data());
        if holds_data && entry.identifier.is_some() {
            plan.data_at_risk.push((id.clone(), Reason::Removed));
        }
        plan.changes.insert(id.clone(), Reason::Removed);
    }
    plan
}

/// Logical ids, each after what it depends on.
pub fn order(template: &Template, problems: &mut Vec<(LogicalId, String)>) -> Vec<LogicalId> {
    fn visit(
        id: &str,
        template: &Template,
        open: &mut Vec<LogicalId>,
        done: &mut BTreeSet<LogicalId>,
        order: &mut Vec<LogicalId>,
        problems: &mut Vec<(LogicalId, String)>,
    ) {
        if done.contains(id) {
            return;
        }
        if open.iter().any(|ancestor| ancestor == id) {
            problems.push((
                id.to_owned(),
                format!("depends on itself through {}", open.join(", ")),
            ));
            return;
        }
        open.push(id.to_owned());
        for on in template.dependencies(id) {
            if template.resources.contains_key(&on) {
                visit(&on, template, open, done, order, problems);
            } else {
                problems.push((
                    id.to_owned(),
                    format!("refers to {on}, which is not in the template"),
                ));
            }
        }
        open.pop();
        done.insert(id.to_owned());
        order.push(id.to_owned());
    }
    let (mut open, mut done, mut order) = (Vec::new(), BTreeSet::new(), Vec::new());
    for id in template.resources.keys() {
        visit(id, template, &mut open, &mut done, &mut order, problems);
    }
    order
}

fn reason(
    handler: &dyn Handler,
    id: &str,
    resource: &Resource,
    ledger: &Ledger,
    plan: &Plan,
) -> Option<Reason> {
    let Some(entry) = ledger.entries.get(id) else {
        return Some(Reason::New);
    };
    if entry.identifier.is_none() {
        return Some(Reason::Vanished);
    }
    if entry.type_name != resource.type_name {
        return Some(Reason::Replaced {
            paths: vec!["Type".to_owned()],
        });
    }
    let mut generations = plan.generations.clone();
    generations.insert(id.to_owned(), entry.generation);
    let line = ledger.lines.get(id);
    let wanted = digest_line(resource, &generations);
    if line == Some(&wanted) && entry.predecessors.is_empty() {
        return None;
    }
    let details = ledger.details.get(id).cloned().unwrap_or_default();
    let renewed = renewed_references(resource, ledger, plan);
    let changed = changed_paths(handler, resource, &details, ledger, &renewed);
    let drifted = match line {
        Some(line) if line.ends_with(DRIFTED) => drift_paths(&details),
        _ => Vec::new(),
    };
    // What is live counts, not what was applied: someone may have made it
    // already what it shall be.
    let fixed: Vec<String> = changed
        .iter()
        .filter(|path| diff::touches(path, handler.create_only()))
        .cloned()
        .collect();
    if !fixed.is_empty() {
        return Some(Reason::Replaced {
            paths: dedup(fixed),
        });
    }
    let unfinished =
        line.is_none_or(|line| line.ends_with(UNFINISHED)) || !entry.predecessors.is_empty();
    Some(if unfinished {
        Reason::Unfinished
    } else if line.is_some_and(|line| line.ends_with(DRIFTED)) {
        // What was done outside is said once, and not its repair too. Where the
        // configuration has changed as well, a path that looks like a repair
        // may be more than that.
        let as_applied = details.unresolved.as_ref();
        let only_repairs = as_applied.is_none_or(|before| *before == resource.properties);
        let undone = |path: &String| drifted.iter().any(|drift| diff::undoes(path, drift));
        let repairs = |path: &String| only_repairs && undone(path);
        let more: Vec<String> = changed.into_iter().filter(|path| !repairs(path)).collect();
        Reason::Drifted {
            paths: dedup(drifted.into_iter().chain(more).collect()),
        }
    } else if !renewed.is_empty()
        && changed
            .iter()
            .all(|path| refers_at(resource, path, &renewed))
    {
        Reason::ReferenceReplaced {
            ids: renewed.into_iter().collect(),
        }
    } else {
        Reason::PropertyChanged {
            paths: dedup(changed),
        }
    })
}

/// A thing that has to be made before the old one goes cannot have its name.
fn name_is_taken(handler: &dyn Handler, paths: &[String]) -> Option<String> {
    let names = handler.found_by().filter(|names| !names.is_empty())?;
    let keeps_its_name = handler.replacement() == Replacement::CreateFirst
        && !paths.iter().any(|path| diff::touches(path, names));
    keeps_its_name.then(|| {
        format!(
            "cannot be replaced for another {} and keep its {}: the old one goes last, and AWS takes no second of that name",
            paths.join(", "),
            names.join(" and ")
        )
    })
}

fn dedup(mut paths: Vec<String>) -> Vec<String> {
    paths.sort();
    paths.dedup();
    paths
}

/// What the resource refers to and will be another thing than it was.
fn renewed_references(resource: &Resource, ledger: &Ledger, plan: &Plan) -> BTreeSet<LogicalId> {
    template::references(&resource.properties)
        .into_iter()
        .filter(|id| {
            let was = ledger.entries.get(id).map_or(0, |entry| entry.generation);
            plan.generations.get(id).is_some_and(|now| *now != was)
        })
        .collect()
}

/// Where the properties will differ from what is live (or, where that was not
/// read, was applied). What refers to something that will be another thing is
/// different whatever it says.
fn changed_paths(
    handler: &dyn Handler,
    resource: &Resource,
    details: &Details,
    ledger: &Ledger,
    renewed: &BTreeSet<LogicalId>,
) -> Vec<String> {
    let (mut resolved, unknown) = resolve_known(&resource.properties, ledger);
    let base = details.live.as_ref().or(details.applied.as_ref());
    for name in &unknown {
        // What it will be is not known; that the others can be compared, it
        // stays what it is.
        if let Some(value) = base.and_then(|base| base.get(name)) {
            resolved[name] = value.clone();
        }
    }
    let mut paths = match (base, normalise(handler, &resolved)) {
        (Some(base), Ok(desired)) => diff::paths(base, &desired),
        _ => match &details.unresolved {
            Some(before) => diff::paths(before, &resource.properties),
            None => Vec::new(),
        },
    };
    paths.retain(|path| !unknown.contains(top(path)) && !refers_at(resource, path, renewed));
    if let Some(members) = resource.properties.as_object() {
        for (name, value) in members {
            if !template::references(value).is_disjoint(renewed) {
                paths.push(name.clone());
            }
        }
    }
    paths
}

/// The property that a path begins with.
fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn drift_paths(details: &Details) -> Vec<String> {
    match (&details.applied, &details.live) {
        (Some(applied), Some(live)) => diff::paths(applied, live),
        _ => Vec::new(),
    }
}

fn refers_at(resource: &Resource, path: &str, ids: &BTreeSet<LogicalId>) -> bool {
    resource
        .properties
        .get(top(path))
        .is_some_and(|value| !template::references(value).is_disjoint(ids))
}

/// Resolves properties from what the ledger knows.
pub fn resolve(properties: &Value, ledger: &Ledger) -> Result<Value, String> {
    template::resolve(properties, &|reference| {
        ledger.identifier(reference.id)?;
        let details = ledger.details.get(reference.id)?;
        match reference.attribute {
            None => Some(Value::String(details.reference.clone())),
            Some(attribute) => details.attributes.get(attribute).cloned(),
        }
    })
}

/// The same as far as the ledger knows: properties that refer to what it does
/// not know are left out, and named.
pub fn resolve_known(properties: &Value, ledger: &Ledger) -> (Value, BTreeSet<String>) {
    let Some(members) = properties.as_object() else {
        return (properties.clone(), BTreeSet::new());
    };
    let (mut known, mut unknown) = (serde_json::Map::new(), BTreeSet::new());
    for (name, value) in members {
        match resolve(value, ledger) {
            Ok(value) => {
                known.insert(name.clone(), value);
            }
            Err(_) => {
                unknown.insert(name.clone());
            }
        }
    }
    (Value::Object(known), unknown)
}

/// A handler's normalised properties; a panic in it is a sentence too.
pub fn normalise(handler: &dyn Handler, properties: &Value) -> Result<Value, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        handler.normalise(properties)
    }))
    .unwrap_or_else(|panic| Err(super::retry::defect(panic.as_ref()).message))
}

/// `AWS::KMS::Key 3f2a91c0`
pub fn digest_line(resource: &Resource, generations: &BTreeMap<LogicalId, u32>) -> String {
    /// The version of what is digested.
    const FORMAT: u8 = 1;
    let mut hasher = Sha256::new();
    hasher.update([FORMAT]);
    hasher.update(resource.type_name.as_bytes());
    hasher.update([0]);
    let mut text = String::new();
    canonical(&resource.properties, &mut text);
    hasher.update(text.as_bytes());
    for id in template::references(&resource.properties) {
        let generation = generations.get(&id).copied().unwrap_or(0);
        hasher.update(format!("\0{id} {generation}").as_bytes());
    }
    let digest: String = hasher
        .finalize()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{} {digest}", resource.type_name)
}

/// JSON with sorted keys: serde_json keeps a map's order or sorts it, as some
/// dependency of the build may have chosen.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            text.push('{');
            for (key, member) in sorted {
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                canonical(member, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}
