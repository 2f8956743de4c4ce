//! What the engine knows to exist.

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
        self.entries
            .values()
            .all(|entry| entry.identifier.is_none() && entry.predecessors.is_empty())
    }

    /// Forgets a logical id.
    pub fn remove(&mut self, id: &str) {
        self.entries.remove(id);
        self.details.remove(id);
        self.lines.remove(id);
    }
}
