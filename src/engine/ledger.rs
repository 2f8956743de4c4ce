//! What the engine knows to exist.

use super::UNFINISHED;
use super::handler::Physical;
use super::template::LogicalId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Enough to delete a resource without any configuration; kept in ordinary
/// state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(rename = "type")]
    pub type_name: String,
    /// `None`: it was there, and is not any more.
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    #[serde(rename = "after", default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<LogicalId>,
    /// Counts up with every thing that stood for this logical id, so that
    /// those who refer to it know that they refer to another thing.
    pub generation: u32,
    /// What stood for this logical id before and is still to be deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predecessors: Vec<String>,
}

impl Entry {
    /// Whether an identifier stands or stood for it.
    pub fn holds(&self, identifier: &str) -> bool {
        self.identifier.as_deref() == Some(identifier)
            || self.predecessors.iter().any(|other| other == identifier)
    }

    /// There is something of it.
    pub fn exists(&self) -> bool {
        self.identifier.is_some() || !self.predecessors.is_empty()
    }

    /// Between two templates it may use what either says.
    pub fn also_depends_on(&mut self, ids: Vec<LogicalId>) {
        self.depends_on.extend(ids);
        self.depends_on.sort();
        self.depends_on.dedup();
    }
}

/// What a refresh can find again; kept in private state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    pub reference: String,
    pub attributes: BTreeMap<String, Value>,
    /// The template's properties last applied.
    pub unresolved: Option<Value>,
    /// The same, resolved and normalised.
    pub applied: Option<Value>,
    /// The properties last read.
    pub live: Option<Value>,
}

impl Details {
    pub fn of(physical: Physical) -> Self {
        Self {
            reference: physical.reference,
            attributes: physical.attributes,
            ..Self::default()
        }
    }

    /// Whether those who refer to it see the same.
    pub fn is_the_same_to_others(&self, other: &Self) -> bool {
        self.reference == other.reference && self.attributes == other.attributes
    }
}

/// Entries, details and lines by logical id.
///
/// A *line* is `<type> <digest of what was applied>`. It is missing where the
/// resource is, and ends in [`super::DRIFTED`] or [`super::UNFINISHED`] where
/// the resource is not what was applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    pub entries: BTreeMap<LogicalId, Entry>,
    pub details: BTreeMap<LogicalId, Details>,
    pub lines: BTreeMap<LogicalId, String>,
}

impl Ledger {
    /// The identifier of what stands for a logical id now.
    pub fn identifier(&self, id: &str) -> Option<&str> {
        self.entries.get(id)?.identifier.as_deref()
    }

    /// Nothing exists.
    pub fn is_empty(&self) -> bool {
        !self.entries.values().any(Entry::exists)
    }

    /// The generation of everything it knows.
    pub fn generations(&self) -> BTreeMap<LogicalId, u32> {
        let generation = |(id, entry): (&LogicalId, &Entry)| (id.clone(), entry.generation);
        self.entries.iter().map(generation).collect()
    }

    /// After an apply that did not finish, what was applied to a resource
    /// whose details are lost is not known.
    pub fn doubt_what_was_applied(&mut self) {
        for (id, entry) in &self.entries {
            let known = self
                .details
                .get(id)
                .is_some_and(|details| details.applied.is_some());
            if entry.identifier.is_some() && !known {
                let line = format!("{} {UNFINISHED}", entry.type_name);
                self.lines.insert(id.clone(), line);
            }
        }
    }

    /// Forgets one identifier of a logical id.
    pub fn forget(&mut self, id: &str, identifier: &str) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.predecessors.retain(|other| other != identifier);
        if entry.identifier.as_deref() == Some(identifier) {
            entry.identifier = None;
            self.details.remove(id);
            self.lines.remove(id);
        }
    }

    /// Forgets a logical id.
    pub fn remove(&mut self, id: &str) {
        self.entries.remove(id);
        self.details.remove(id);
        self.lines.remove(id);
    }
}
