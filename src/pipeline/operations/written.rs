//! The state of what a ledger knows.

use super::Operations;
use crate::blueprint::{self, Facts};
use crate::engine::ledger::Ledger;
use crate::pipeline::bookkeeping::{self, Private};
use crate::pipeline::failure::error;
use crate::pipeline::inputs::{self, Probe};
use crate::pipeline::outputs::{self, Outputs};
use crate::pipeline::planning::Desired;
use crate::pipeline::settings;
use crate::pipeline::state::{State, TextMap, text_map};
use tf_provider::AttributePath;
use tf_provider::Diagnostics;
use tf_provider::value::Value;

impl Operations<'_> {
    /// The ledger of a state.
    pub fn ledger(
        &self,
        diags: &mut Diagnostics,
        state: &State,
        private: &Private,
    ) -> Option<Ledger> {
        match bookkeeping::load(state, private) {
            Ok(ledger) => Some(ledger),
            Err(sentence) => {
                error(
                    diags,
                    AttributePath::new("ledger"),
                    "The state cannot be read",
                    sentence,
                );
                None
            }
        }
    }

    /// The state of what a ledger knows to exist, after a plan.
    pub(super) fn observed(
        &self,
        config: &State,
        planned: &State,
        desired: &Desired,
        ledger: &Ledger,
        status: &str,
    ) -> State {
        let mut state = settings::planned(config, &desired.inputs.spec);
        state.ledger = planned.ledger.clone();
        Outputs {
            spec: &desired.inputs.spec,
            facts: &desired.facts,
            template: &desired.template,
        }
        .observed(ledger, &mut state);
        state.status = Value::Value(status.to_owned());
        self.write_ledger(&mut state, ledger);
        state.drifted = text_map::<String, String>([]);
        state
    }

    /// Brings the outputs of a state up to date with its ledger. What cannot
    /// be expanded any more keeps the outputs that it has.
    pub(super) fn follow(&self, state: &mut State, facts: &Facts, ledger: &Ledger) {
        let facts = Facts {
            bundles: self.cloud.here.bundles.clone(),
            ..facts.clone()
        };
        let Ok(read) = inputs::read(state, &Default::default(), Probe::First) else {
            return;
        };
        let Ok(template) = blueprint::expand(&read.spec, &facts) else {
            return;
        };
        let mut observed = State::default();
        Outputs {
            spec: &read.spec,
            facts: &facts,
            template: &template,
        }
        .observed(ledger, &mut observed);
        outputs::follow(state, &observed);
    }

    /// The rows that stand in the state's `ledger` stay where they are true.
    pub(super) fn write_ledger(&self, state: &mut State, ledger: &Ledger) {
        state.resources = text_map(ledger.lines.clone());
        state.physical_ids = bookkeeping::physical_ids(ledger);
        state.ledger = bookkeeping::rows(ledger, &state.ledger);
    }
}

/// What was planned, or what was done where that was not known.
pub(super) fn resolved(planned: &TextMap, observed: TextMap) -> TextMap {
    match planned {
        Value::Value(_) => planned.clone(),
        _ => observed,
    }
}

/// Every planned key is returned, null where AWS has not been asked yet.
pub(super) fn complete_keys(map: &mut TextMap, like: &TextMap) {
    if let (Value::Value(map), Value::Value(like)) = (map, like) {
        for id in like.keys() {
            map.entry(id.clone()).or_insert(Value::Null);
        }
    }
}
