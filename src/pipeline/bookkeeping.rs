//! The engine's ledger in Terraform's terms: what deletion needs goes to
//! ordinary state (a destroy sees no configuration, and after a taint not
//! even the old private state); what a refresh can find again goes to private
//! state.
//!
//! # Where a dependency is written
//!
//! In the row of the resource that depends, `after`; or, when what it depends
//! on is new and its own row is there already, in the row of the new one,
//! `before`. So a subnet more does not change the rows of thirty endpoints and
//! functions, and a plan does not show them.

use super::state::{State, TextMap, known_entries, text_map};
use crate::blueprint::Facts;
use crate::engine::ledger::{Details, Entry, Ledger};
use crate::engine::template::LogicalId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Those whose rows were there before this one, and which depend on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<LogicalId>,
    /// Created, but not yet everything it shall be: said here because the
    /// `resources` line must be what was planned even when an apply that was
    /// told to `resume` could not finish it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
}

/// Before each row: the version of its layout. It also keeps Terraform from
/// taking the row for JSON, which a plan would spread over ten lines.
const ROW_FORMAT: &str = "1 ";

impl Row {
    fn text(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{ROW_FORMAT}{json}")
    }

    fn parse(text: &str) -> Result<Self, String> {
        let json = text
            .strip_prefix(ROW_FORMAT)
            .ok_or("it was written by another version of the provider")?;
        serde_json::from_str(json).map_err(|error| error.to_string())
    }
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
    let mut before = Vec::new();
    for (id, text) in known_entries(&state.ledger) {
        let row = Row::parse(&text).map_err(|error| {
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
        before.extend(
            row.before
                .into_iter()
                .map(|dependant| (dependant, id.clone())),
        );
        ledger.entries.insert(id, row.entry);
    }
    for (dependant, id) in before {
        if let Some(entry) = ledger.entries.get_mut(&dependant) {
            entry.also_depends_on(vec![id]);
        }
    }
    let there: BTreeSet<LogicalId> = ledger.entries.keys().cloned().collect();
    for entry in ledger.entries.values_mut() {
        entry.depends_on.retain(|id| there.contains(id));
    }
    ledger.lines.retain(|id, _| there.contains(id));
    ledger.details.retain(|id, _| there.contains(id));
    Ok(ledger)
}

/// The `ledger` attribute of a state. Of the rows in `standing`, those that
/// still say what is stay as they are.
pub fn rows(ledger: &Ledger, standing: &TextMap) -> TextMap {
    let finished = |id: &str| is_finished(ledger.lines.get(id));
    text_map(written(&ledger.entries, &known_entries(standing), finished))
}

/// The rows of entries as an apply that succeeds will write them.
pub fn planned_rows(
    entries: &BTreeMap<LogicalId, Entry>,
    standing: &BTreeMap<LogicalId, String>,
) -> BTreeMap<LogicalId, String> {
    written(entries, standing, |_| true)
}

fn written(
    entries: &BTreeMap<LogicalId, Entry>,
    standing: &BTreeMap<LogicalId, String>,
    finished: impl Fn(&str) -> bool,
) -> BTreeMap<LogicalId, String> {
    let standing: BTreeMap<&LogicalId, Row> = standing
        .iter()
        .filter(|(id, _)| entries.contains_key(*id))
        .filter_map(|(id, text)| Some((id, Row::parse(text).ok()?)))
        .collect();
    // What names something that is not there says nothing, and may stay.
    let says_so = |dependant: &LogicalId, id: &LogicalId| match entries.get(dependant) {
        Some(entry) => !entries.contains_key(id) || entry.depends_on.contains(id),
        None => true,
    };
    let mut before: BTreeMap<&LogicalId, Vec<LogicalId>> = BTreeMap::new();
    for (id, row) in &standing {
        let dependants = row.before.iter().filter(|dependant| says_so(dependant, id));
        before.insert(id, dependants.cloned().collect());
    }
    let mut after: BTreeMap<&LogicalId, Vec<LogicalId>> = BTreeMap::new();
    for (id, entry) in entries {
        let mut ends: Vec<LogicalId> = match standing.get(id) {
            Some(row) => row.entry.depends_on.clone(),
            None => Vec::new(),
        };
        ends.retain(|other| says_so(id, other));
        for other in &entry.depends_on {
            let there = before.get(other).is_some_and(|ids| ids.contains(id));
            if there || ends.contains(other) {
                continue;
            }
            let new = entries.contains_key(other) && !standing.contains_key(other);
            match new && standing.contains_key(id) {
                true => before.entry(other).or_default().push(id.clone()),
                false => ends.push(other.clone()),
            }
        }
        ends.sort();
        after.insert(id, ends);
    }
    let row = |(id, entry): (&LogicalId, &Entry)| {
        let mut before = before.remove(id).unwrap_or_default();
        before.sort();
        let row = Row {
            entry: Entry {
                depends_on: after.remove(id).unwrap_or_default(),
                ..entry.clone()
            },
            before,
            unfinished: !finished(id),
        };
        (id.clone(), row.text())
    };
    entries.iter().map(row).collect()
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pipeline::state::State;
    use tf_provider::value::Value;

    fn ledger(entries: &[(&str, &[&str])]) -> Ledger {
        let mut ledger = Ledger::default();
        for (id, depends_on) in entries {
            let entry = Entry {
                type_name: "AWS::Test::Thing".into(),
                identifier: Some(format!("{id}-1")),
                depends_on: depends_on.iter().map(ToString::to_string).collect(),
                generation: 1,
                predecessors: Vec::new(),
            };
            ledger.entries.insert((*id).to_owned(), entry);
        }
        ledger
    }

    fn loaded(rows: &TextMap) -> Ledger {
        let state = State {
            ledger: rows.clone(),
            ..State::default()
        };
        load(&state, &Private::default()).unwrap()
    }

    fn only(rows: &TextMap, ids: &[&str]) -> BTreeMap<String, String> {
        let mut known = known_entries(rows);
        known.retain(|id, _| ids.contains(&id.as_str()));
        known
    }

    #[test]
    fn a_row_stays_when_what_it_depends_on_comes_or_goes() {
        let three = ledger(&[
            ("Function", &["Subnet1"]),
            ("Subnet1", &["Vpc"]),
            ("Vpc", &[]),
        ]);
        let before = rows(&three, &Value::Null);
        let four = ledger(&[
            ("Function", &["Subnet1", "Subnet2"]),
            ("Subnet1", &["Vpc"]),
            ("Subnet2", &["Vpc"]),
            ("Vpc", &[]),
        ]);
        let after = rows(&four, &before);
        let stay = ["Function", "Subnet1", "Vpc"];
        assert_eq!(only(&after, &stay), only(&before, &stay));
        assert_eq!(loaded(&after), four, "and nothing is lost");
        assert_eq!(rows(&four, &after), after, "a refresh writes the same");

        let again = rows(&three, &after);
        assert_eq!(again, before);
        assert_eq!(loaded(&again), three);
    }

    #[test]
    fn a_row_that_names_what_is_gone_stays_and_loads_without_it() {
        let two = ledger(&[
            ("Function", &["Subnet1", "Subnet2"]),
            ("Subnet1", &[]),
            ("Subnet2", &[]),
        ]);
        let before = rows(&two, &Value::Null);
        let one = ledger(&[("Function", &["Subnet1"]), ("Subnet1", &[])]);
        let after = rows(&one, &before);
        assert_eq!(
            known_entries(&after),
            only(&before, &["Function", "Subnet1"])
        );
        assert_eq!(loaded(&after), one);
    }

    #[test]
    fn a_dependency_between_two_that_stay_is_written_and_taken_away_where_it_stands() {
        let apart = ledger(&[("Key", &[]), ("Topic", &[])]);
        let before = rows(&apart, &Value::Null);
        let tied = ledger(&[("Key", &[]), ("Topic", &["Key"])]);
        let after = rows(&tied, &before);
        assert_eq!(only(&after, &["Key"]), only(&before, &["Key"]));
        assert_eq!(loaded(&after), tied);
        assert_eq!(rows(&apart, &after), before);

        // At the end of the new one, and then no more.
        let new = ledger(&[("Key", &[]), ("Queue", &[]), ("Topic", &["Queue"])]);
        let at_the_queue = rows(&new, &before);
        assert_eq!(loaded(&at_the_queue), new);
        let free = ledger(&[("Key", &[]), ("Queue", &[]), ("Topic", &[])]);
        assert_eq!(loaded(&rows(&free, &at_the_queue)), free);
    }

    #[test]
    fn an_apply_writes_what_its_plan_said() {
        let prior = rows(
            &ledger(&[("Function", &["Role"]), ("Role", &[])]),
            &Value::Null,
        );
        let target = ledger(&[
            ("Function", &["Role", "Subnet"]),
            ("Role", &[]),
            ("Subnet", &[]),
        ]);
        // The role is replaced: its row is not known, as the new subnet's.
        let planned = planned_rows(&target.entries, &only(&prior, &["Function"]));
        let known = text_map([("Function".to_owned(), planned["Function"].clone())]);
        let applied = rows(&target, &known);
        assert_eq!(only(&applied, &["Function"]), known_entries(&known));
        assert_eq!(known_entries(&known), only(&prior, &["Function"]));
        assert_eq!(loaded(&applied), target);
    }
}
