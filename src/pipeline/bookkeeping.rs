//! The engine's ledger in Terraform's terms: what deletion needs goes to
//! ordinary state (a destroy sees no configuration, and after a taint not
//! even the old private state); what a refresh can find again goes to private
//! state.

use super::state::{State, TextMap, known_entries, text_map};
use crate::blueprint::Facts;
use crate::engine::ledger::{Details, Entry, Ledger};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The layout of [`Private`].
const FORMAT: u32 = 1;

/// Private state: Terraform stores it, and shows it to nobody.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Private {
    format: u32,
    /// Set by the plan of a create, to the pipeline's id. Terraform gives the
    /// destroy half of a replacement the *new* plan's private state (observed
    /// with 1.11.4), so a destroy that finds this mark knows that the same
    /// pipeline is about to be created again.
    pub creating: Option<String>,
    /// JSON of the engine's details: a text, because property values nest
    /// deeper than the wire's encoding of untyped values is worth.
    details: String,
    /// JSON of the facts that the pipeline is made from: a text, so that facts
    /// which this version does not understand are none.
    facts: String,
}

impl Private {
    /// Of the plan of a create; without an id, which is not known yet, it
    /// carries the facts alone.
    pub fn creating(id: Option<String>, facts: &Facts) -> Self {
        Self {
            format: FORMAT,
            creating: id,
            ..Self::default()
        }
        .with_facts(facts)
    }

    pub fn of(ledger: &Ledger, facts: Option<&Facts>) -> Self {
        let private = Self {
            format: FORMAT,
            creating: None,
            // Details are made of JSON values and strings, which always have
            // a JSON form; were one missing, a refresh would find it again.
            details: serde_json::to_string(&ledger.details).unwrap_or_default(),
            facts: String::new(),
        };
        match facts {
            Some(facts) => private.with_facts(facts),
            None => private,
        }
    }

    pub fn with_facts(self, facts: &Facts) -> Self {
        Self {
            facts: serde_json::to_string(facts).unwrap_or_default(),
            ..self
        }
    }

    /// The facts that were kept; a refresh finds them in the manifest.
    pub fn facts(&self) -> Option<Facts> {
        if self.format != FORMAT {
            return None;
        }
        serde_json::from_str(&self.facts).ok()
    }

    /// Lost or foreign details are no details: a refresh finds them again.
    fn details(&self) -> BTreeMap<String, Details> {
        if self.format != FORMAT {
            return BTreeMap::new();
        }
        serde_json::from_str(&self.details).unwrap_or_default()
    }
}

/// One element of the `ledger` attribute.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(flatten)]
    entry: Entry,
    /// Created, but not yet everything it shall be: said here because the
    /// `resources` line must be what was planned even when an apply that was
    /// told to `resume` could not finish it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
}

/// Before each row: the version of its layout. It also keeps Terraform from
/// taking the row for JSON, which a plan would spread over ten lines.
const ROW_FORMAT: &str = "1 ";

/// The text of one element of the `ledger` attribute.
pub fn row(entry: &Entry, finished: bool) -> String {
    let row = Row {
        entry: entry.clone(),
        unfinished: !finished,
    };
    let json = serde_json::to_string(&row).unwrap_or_default();
    format!("{ROW_FORMAT}{json}")
}

fn parse_row(text: &str) -> Result<Row, String> {
    let json = text
        .strip_prefix(ROW_FORMAT)
        .ok_or("it was written by another version of the provider")?;
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// The ledger that a state holds.
///
/// # Errors
///
/// A sentence, when the `ledger` attribute is not what this provider wrote:
/// going on without it would orphan resources.
pub fn load(state: &State, private: &Private) -> Result<Ledger, String> {
    let mut ledger = Ledger {
        details: private.details(),
        lines: known_entries(&state.resources),
        ..Ledger::default()
    };
    for (id, text) in known_entries(&state.ledger) {
        let row = parse_row(&text).map_err(|error| {
            format!("The ledger line of {id} in the state cannot be read ({error}). Restore the state from a backup, or import the pipeline again.")
        })?;
        if row.unfinished {
            ledger.lines.insert(
                id.clone(),
                format!("{} {}", row.entry.type_name, crate::engine::UNFINISHED),
            );
        }
        if row.entry.identifier.is_none() {
            ledger.lines.remove(&id);
        }
        ledger.entries.insert(id, row.entry);
    }
    ledger.lines.retain(|id, _| ledger.entries.contains_key(id));
    ledger
        .details
        .retain(|id, _| ledger.entries.contains_key(id));
    Ok(ledger)
}

/// The `ledger` attribute of a state.
pub fn rows(ledger: &Ledger) -> TextMap {
    text_map(
        ledger
            .entries
            .iter()
            .map(|(id, entry)| (id.clone(), row(entry, is_finished(ledger.lines.get(id))))),
    )
}

fn is_finished(line: Option<&String>) -> bool {
    !line.is_some_and(|line| line.ends_with(crate::engine::UNFINISHED))
}

/// The `physical_ids` attribute: null where AWS has not been asked yet.
pub fn physical_ids(ledger: &Ledger) -> TextMap {
    use tf_provider::value::Value;
    Value::Value(
        ledger
            .entries
            .iter()
            .map(|(id, entry)| (id.clone(), Value::from(entry.identifier.clone())))
            .collect(),
    )
}
