//! From two expansions to a plan whose lines are true.
//!
//! # What a plan promises
//!
//! The `resources` map differs from the state's in exactly the lines that
//! apply will create, change or delete. Where an unknown input decides only
//! what a resource shall be, its line is unknown; where it decides which
//! resources there are, the map is.

use super::bookkeeping;
use super::inputs::Inputs;
use super::outputs::{self, Outputs, seen};
use super::settings;
use super::state::{State, TextMap, known_entries, text_map};
use crate::blueprint::{self, Facts, OverrideError, Spec};
use crate::engine::ledger::{Entry, Ledger};
use crate::engine::plan::{Plan, Reason};
use crate::engine::template::Template;
use crate::engine::{self, Registry};
use std::collections::BTreeMap;
use tf_provider::value::Value;

/// A configuration read and expanded with both probes.
pub struct Desired {
    pub inputs: Inputs,
    pub template: Template,
    /// What it would be with other values in place of the unknown ones; the
    /// same as `template` when everything is known.
    alternative: Template,
    alternative_spec: Spec,
    /// What both were expanded for.
    pub facts: Facts,
}

impl Desired {
    pub fn expand(
        inputs: Inputs,
        alternative: &Inputs,
        facts: Facts,
    ) -> Result<Self, OverrideError> {
        Ok(Self {
            template: blueprint::expand(&inputs.spec, &facts)?,
            alternative: blueprint::expand(&alternative.spec, &facts)?,
            alternative_spec: alternative.spec.clone(),
            inputs,
            facts,
        })
    }

    /// The spec with either stand-in for what is not known.
    pub fn probes(&self) -> [&Spec; 2] {
        [&self.inputs.spec, &self.alternative_spec]
    }
}

/// What will happen, and the state that Terraform is told to expect.
pub struct Planned {
    pub plan: Plan,
    /// With other values in place of the unknown ones.
    alternative: Plan,
    /// Something will be done.
    pub changes: bool,
    resources: TextMap,
}

/// Compares what shall be with what is.
pub fn plan(registry: &Registry, desired: &Desired, ledger: &Ledger) -> Planned {
    let plan = engine::plan::plan(registry, &desired.template, ledger);
    let other = engine::plan::plan(registry, &desired.alternative, ledger);
    let resources =
        if desired.inputs.anything_may_change || plan.lines.keys().ne(other.lines.keys()) {
            Value::Unknown
        } else {
            let lines = plan.lines.iter().map(|(id, line)| {
                let known = other.lines.get(id) == Some(line);
                let line = match known {
                    true => Value::Value(line.clone()),
                    false => Value::Unknown,
                };
                (id.clone(), line)
            });
            Value::Value(lines.collect())
        };
    Planned {
        changes: !plan.changes.is_empty() || resources != text_map(plan.lines.clone()),
        plan,
        alternative: other,
        resources,
    }
}

impl Planned {
    /// The planned state of a pipeline that does not exist yet.
    pub fn create(&self, config: &State, desired: &Desired) -> State {
        let mut state = settings::planned(config, &desired.inputs.spec);
        self.outputs(&mut state, desired, &Ledger::default());
        state.resources = self.resources.clone();
        state.physical_ids = Value::Unknown;
        state.ledger = Value::Unknown;
        state.status = Value::Unknown;
        state.incarnation = Value::Unknown;
        // Everything is new: 130 lines that say so would say nothing.
        state.changes = text_map::<String, String>([]);
        state.drifted = text_map::<String, String>([]);
        state
    }

    /// The planned state of one that was begun: what was found of it, and stays,
    /// is known. `there` is the plan that goes on from that.
    pub fn resume(&self, config: &State, desired: &Desired, there: &Self, found: &Ledger) -> State {
        let mut state = self.create(config, desired);
        there.outputs(&mut state, desired, found);
        if let Value::Value(lines) = &self.resources {
            let prior = State::default();
            state.physical_ids = there.identifiers(lines, found);
            state.ledger = there.ledger(lines, desired, &prior, found);
        }
        // `changes` stays empty: Terraform plans again when it applies, may have
        // found nothing at first (the manifest was written between), and takes
        // no plan in which something known is another.
        state
    }

    /// What an apply that goes on has still to do, beside finishing what is there.
    pub fn left(&self) -> Vec<String> {
        let changes = self.plan.changes.iter();
        changes
            .filter(|(_, reason)| **reason != Reason::Unfinished)
            .map(|(id, reason)| format!("{id} ({reason})"))
            .collect()
    }

    /// The planned state of one that does.
    pub fn update(
        &self,
        config: &State,
        desired: &Desired,
        prior: &State,
        ledger: &Ledger,
    ) -> State {
        let mut state = settings::planned(config, &desired.inputs.spec);
        self.outputs(&mut state, desired, ledger);
        state.incarnation = prior.incarnation.clone();
        state.status = Value::Value(outputs::READY.into());
        if !self.changes {
            state.resources = prior.resources.clone();
            state.physical_ids = prior.physical_ids.clone();
            state.ledger = prior.ledger.clone();
            state.changes = prior.changes.clone();
            state.drifted = prior.drifted.clone();
            return state;
        }
        state.resources = self.resources.clone();
        state.drifted = text_map::<String, String>([]);
        match &self.resources {
            Value::Value(lines) => {
                state.physical_ids = self.identifiers(lines, ledger);
                state.ledger = self.ledger(lines, desired, prior, ledger);
                state.changes = self.reasons(lines);
            }
            _ => {
                state.physical_ids = Value::Unknown;
                state.ledger = Value::Unknown;
                state.changes = Value::Unknown;
            }
        }
        state
    }

    fn identifiers(&self, lines: &BTreeMap<String, Value<String>>, ledger: &Ledger) -> TextMap {
        self.per_line(lines, ledger, |entry, _| {
            Value::from(entry.identifier.clone())
        })
    }

    fn ledger(
        &self,
        lines: &BTreeMap<String, Value<String>>,
        desired: &Desired,
        prior: &State,
        ledger: &Ledger,
    ) -> TextMap {
        let rows = self.rows(lines, desired, prior, ledger);
        self.per_line(lines, ledger, |_, id| Value::from(rows.get(id).cloned()))
    }

    /// Why each line changes. Unknown as a whole where a line is: it may turn
    /// out not to change, and an element that was announced may not vanish
    /// when Terraform plans again with what has become known.
    fn reasons(&self, lines: &BTreeMap<String, Value<String>>) -> TextMap {
        if lines.values().any(Value::is_unknown) {
            return Value::Unknown;
        }
        let reasons = self.plan.changes.iter();
        text_map(reasons.map(|(id, reason)| (id.clone(), reason.to_string())))
    }

    /// The ledger's rows as the apply will write them; those of what AWS has yet
    /// to make are not to be used.
    fn rows(
        &self,
        lines: &BTreeMap<String, Value<String>>,
        desired: &Desired,
        prior: &State,
        ledger: &Ledger,
    ) -> BTreeMap<String, String> {
        let entries = lines.keys().map(|id| {
            let entry = Entry {
                depends_on: desired.template.dependencies(id),
                predecessors: Vec::new(),
                ..ledger.entries.get(id).cloned().unwrap_or_default()
            };
            (id.clone(), entry)
        });
        let mut standing = known_entries(&prior.ledger);
        standing.retain(|id, _| self.standing(id, lines, ledger).is_some());
        bookkeeping::planned_rows(&entries.collect(), &standing)
    }

    /// One element for each planned line: known where the thing stays the
    /// same thing, unknown where AWS has yet to make it.
    fn per_line(
        &self,
        lines: &BTreeMap<String, Value<String>>,
        ledger: &Ledger,
        known: impl Fn(&Entry, &str) -> Value<String>,
    ) -> TextMap {
        let element = |id: &String| {
            let standing = self.standing(id, lines, ledger);
            let value = standing.map_or(Value::Unknown, |entry| known(entry, id));
            (id.clone(), value)
        };
        Value::Value(lines.keys().map(element).collect())
    }

    /// What is there and stays the same thing.
    fn standing<'a>(
        &self,
        id: &str,
        lines: &BTreeMap<String, Value<String>>,
        ledger: &'a Ledger,
    ) -> Option<&'a Entry> {
        let known = lines.get(id).is_some_and(|line| !line.is_unknown());
        let entry = ledger.entries.get(id).filter(|_| known && self.stays(id))?;
        entry.identifier.is_some().then_some(entry)
    }

    /// The resource will be the same thing after the apply, whatever the unknown
    /// inputs become.
    fn stays(&self, id: &str) -> bool {
        self.plan.keeps(id) && self.alternative.keeps(id)
    }

    /// What others see of it may be another by then: a subscription that the apply
    /// looks at gets its ARN when somebody confirms it.
    fn may_be_renamed(&self, id: &str, ledger: &Ledger) -> bool {
        let entry = ledger.entries.get(id);
        self.plan.changes.contains_key(id)
            && entry.is_some_and(|entry| entry.type_name == "AWS::SNS::Subscription")
    }

    /// How many of a type the plan adds; only of these ids, where any are given.
    pub fn count_new(&self, type_name: &str, ids: &[&str], ledger: &Ledger) -> usize {
        let of_type = |id: &&String| {
            self.plan
                .lines
                .get(*id)
                .is_some_and(|line| line.split(' ').next() == Some(type_name))
        };
        self.plan
            .changes
            .iter()
            .filter(|(_, reason)| matches!(reason, Reason::New | Reason::Vanished))
            .map(|(id, _)| id)
            .filter(|id| ids.is_empty() || ids.contains(&id.as_str()))
            .filter(|id| ledger.identifier(id).is_none())
            .filter(of_type)
            .count()
    }

    fn outputs(&self, state: &mut State, desired: &Desired, ledger: &Ledger) {
        // Any property of any resource, as far as anybody knows.
        let open = desired.inputs.anything_may_change;
        let made = |id: &str, attribute: Option<&str>| match seen(ledger, id, attribute) {
            Some(text) if self.stays(id) && !open && !self.may_be_renamed(id, ledger) => {
                Value::Value(text)
            }
            _ => Value::Unknown,
        };
        let write = |spec: &Spec, template: &Template, state: &mut State| {
            let facts = &desired.facts;
            Outputs {
                spec,
                facts,
                template,
            }
            .write(&made, state);
        };
        let mut other = State::default();
        write(&desired.alternative_spec, &desired.alternative, &mut other);
        write(&desired.inputs.spec, &desired.template, state);
        outputs::blur(state, &other);
    }
}

/// The planned state while the provider block itself is not known: the
/// settings, and nothing else.
pub fn nothing_known(config: &State, spec: &Spec) -> State {
    State {
        id: Value::Unknown,
        status: Value::Unknown,
        account_id: Value::Unknown,
        region: Value::Unknown,
        api_endpoint: Value::Unknown,
        api_key_id: Value::Unknown,
        api_key_secret_arn: Value::Unknown,
        bucket_names: Value::Unknown,
        audit_table_name: Value::Unknown,
        dashboard_url: Value::Unknown,
        key_arns: Value::Unknown,
        alert_topic_arn: Value::Unknown,
        alert_subscriptions: Value::Unknown,
        web_acl_arn: Value::Unknown,
        vpc_id: Value::Unknown,
        subnet_ids: Value::Unknown,
        vpc_endpoint_ids: Value::Unknown,
        function_names: Value::Unknown,
        role_arns: Value::Unknown,
        session_policy: Value::Unknown,
        resources: Value::Unknown,
        physical_ids: Value::Unknown,
        changes: Value::Unknown,
        drifted: Value::Unknown,
        ledger: Value::Unknown,
        incarnation: Value::Unknown,
        ..settings::planned(config, spec)
    }
}
