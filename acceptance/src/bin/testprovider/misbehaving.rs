//! Toys that take long and toys that panic.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_provider_tap::plugin::{cancellation, diagnostics};
use tf_provider::schema::Schema;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::toy::{Toy, computed, number, optional, required, schema, text};

/// Takes `seconds` to create, in ticks of 50 ms, and says in the file `diary`
/// how it ended.
pub struct Sleeper;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SleeperState {
    name: Value<String>,
    seconds: Value<f64>,
    diary: Value<String>,
    /// Ignores cancellation if it is true.
    stubborn: Value<bool>,
    /// How many ticks it slept.
    ticks: Value<i64>,
    id: Value<String>,
}

#[async_trait]
impl Toy for Sleeper {
    type State = SleeperState;

    fn schema(&self) -> Schema {
        let attributes = [
            ("name", required(text())),
            ("seconds", required(number())),
            ("diary", optional(text())),
            (
                "stubborn",
                optional(tf_provider::schema::AttributeType::Bool),
            ),
            ("ticks", computed(number())),
            ("id", computed(text())),
        ];
        schema(0, attributes)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: SleeperState) -> Option<()> {
        if config.seconds.as_option().is_some_and(|it| it < 0.0) {
            diags.errors.push(diagnostics::error(
                AttributePath::new("seconds"),
                "Time does not run backwards",
                "Give a number of seconds that is not negative.",
            ));
        }
        Some(())
    }

    fn plan(&self, prior: Option<&SleeperState>, planned: &mut SleeperState) {
        if prior.is_none() {
            planned.id = Value::Unknown;
        }
        if prior.is_none_or(|prior| prior.seconds != planned.seconds) {
            planned.ticks = Value::Unknown;
        }
    }

    async fn create(&self, diags: &mut Diagnostics, planned: SleeperState) -> Option<SleeperState> {
        let mut state = planned;
        let name = state.name.clone().unwrap_or_default();
        tracing::info!(%name, "going to sleep");
        note(&state.diary, "began");
        state.id = Value::Value(format!("id-of-{name}"));
        let cancellation = cancellation();
        let stubborn = state.stubborn.unwrap_or_default();
        let all = (state.seconds.unwrap_or_default() * 20.0).round() as i64;
        let mut ticks = 0;
        while ticks < all && (stubborn || !cancellation.is_cancelled()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            ticks += 1;
        }
        state.ticks = Value::Value(ticks);
        if ticks < all {
            note(&state.diary, "cancelled");
            tracing::warn!(%name, ticks, "woken up early");
            let summary = "The sleeper was woken up";
            let detail = format!("It slept {ticks} of {all} ticks.");
            let path = AttributePath::new("seconds");
            diags.errors.push(diagnostics::error(path, summary, detail));
        } else {
            note(&state.diary, "finished");
        }
        Some(state)
    }
}

fn note(diary: &Value<String>, line: &str) {
    use std::io::Write;
    if let Value::Value(path) = diary {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        if let Ok(mut file) = file {
            _ = writeln!(file, "{line}");
        }
    }
}

/// Panics in the call that `panics_in` names.
pub struct Panicker;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PanickerState {
    panics_in: Value<String>,
    value: Value<String>,
    id: Value<String>,
}

impl PanickerState {
    fn panic_if(&self, call: &str) {
        if self.panics_in.as_ref_option().is_some_and(|it| it == call) {
            let value = &self.value;
            panic!("told to panic in {call}, with value {value:?}");
        }
    }
}

#[async_trait]
impl Toy for Panicker {
    type State = PanickerState;

    fn schema(&self) -> Schema {
        let attributes = [
            ("panics_in", optional(text())),
            ("value", optional(text())),
            ("id", computed(text())),
        ];
        schema(0, attributes)
    }

    async fn validate(&self, _: &mut Diagnostics, config: PanickerState) -> Option<()> {
        config.panic_if("validate");
        Some(())
    }

    fn plan(&self, prior: Option<&PanickerState>, planned: &mut PanickerState) {
        planned.panic_if("plan");
        if prior.is_none() {
            planned.id = Value::Unknown;
        }
    }

    async fn create(
        &self,
        diags: &mut Diagnostics,
        planned: PanickerState,
    ) -> Option<PanickerState> {
        diags.warnings.push(diagnostics::warning(
            AttributePath::new("value"),
            "About to panic",
            "This warning was there before the panic.",
        ));
        tokio::task::yield_now().await;
        planned.panic_if("create");
        diags.warnings.clear();
        Some(PanickerState {
            id: Value::Value("created".to_owned()),
            ..planned
        })
    }

    async fn update(
        &self,
        _: &mut Diagnostics,
        _: PanickerState,
        planned: PanickerState,
    ) -> Option<PanickerState> {
        planned.panic_if("update");
        Some(planned)
    }

    async fn read(&self, _: &mut Diagnostics, state: PanickerState) -> Option<PanickerState> {
        state.panic_if("read");
        Some(state)
    }

    async fn destroy(&self, diags: &mut Diagnostics, state: PanickerState) -> Option<()> {
        state.panic_if("destroy");
        if state
            .panics_in
            .as_ref_option()
            .is_some_and(|it| it == "destroy quietly")
        {
            return None;
        }
        _ = diags;
        Some(())
    }
}
