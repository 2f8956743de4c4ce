//! Toys that use what tf-provider's trait cannot say.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_provider_tap::plugin::{
    Extra, IdentityAttribute, IdentitySchema, RawValue, Remainder,
};
use tf_provider::schema::{AttributeType, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::toy::{History, Played, Toy, computed, named, number, optional, required, schema, text};

/// Loses one of its parts per destroy.
pub struct Parts;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartsState {
    parts: Value<Vec<String>>,
    /// What still exists.
    existing: Value<Vec<String>>,
}

#[async_trait]
impl Toy for Parts {
    type State = PartsState;

    fn schema(&self) -> Schema {
        let list = || AttributeType::List(Box::new(text()));
        schema(
            0,
            [("parts", required(list())), ("existing", computed(list()))],
        )
    }

    fn plan(&self, prior: Option<&PartsState>, planned: &mut PartsState) {
        if prior.is_none_or(|prior| prior.parts != planned.parts) {
            planned.existing = Value::Unknown;
        }
    }

    async fn create(&self, _: &mut Diagnostics, it: PartsState) -> Option<PartsState> {
        Some(PartsState {
            existing: it.parts.clone(),
            ..it
        })
    }
}

#[async_trait]
impl Extra for Played<Parts> {
    async fn destroy(
        &self,
        diags: &mut Diagnostics,
        prior_state: RawValue,
        planned_private: Vec<u8>,
        _: RawValue,
    ) -> Option<Remainder> {
        let mut state: PartsState = prior_state.deserialize(diags)?;
        let Value::Value(existing) = &mut state.existing else {
            return Some(Remainder::Nothing);
        };
        if !existing.is_empty() {
            existing.remove(0);
        }
        if existing.is_empty() {
            return Some(Remainder::Nothing);
        }
        Some(Remainder::State(
            RawValue::serialize(diags, &state)?,
            planned_private,
        ))
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema {
            version: 1,
            attributes: vec![IdentityAttribute {
                name: "first".to_owned(),
                attr_type: text(),
                required_for_import: true,
                description: "the first part".to_owned(),
            }],
        })
    }

    fn identity(&self, state: &RawValue) -> Option<RawValue> {
        let mut diags = Diagnostics::default();
        let state: PartsState = state.deserialize(&mut diags)?;
        let first = state.parts.as_ref_option()?.first()?;
        Some(RawValue::json(&serde_json::json!({ "first": first })))
    }
}

/// Is told secrets and remembers only how long they were. It carelessly returns
/// its configuration, secrets and all, as its state.
pub struct Secret;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretState {
    name: Value<String>,
    secret: Value<String>,
    accounts: Value<Vec<Account>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    user: Value<String>,
    password: Value<String>,
}

#[async_trait]
impl Toy for Secret {
    type State = SecretState;

    fn schema(&self) -> Schema {
        let account = named([("user", optional(text())), ("password", optional(text()))]);
        let attributes = [
            ("name", required(text())),
            ("secret", optional(text())),
            ("accounts", optional(AttributeType::AttributeList(account))),
        ];
        schema(0, attributes)
    }

    fn plan(&self, _: Option<&SecretState>, planned: &mut SecretState) {
        planned.secret = Value::Value("careless".to_owned());
    }

    async fn create(&self, _: &mut Diagnostics, it: SecretState) -> Option<SecretState> {
        let mut it = it;
        it.secret = Value::Value("careless".to_owned());
        for account in it.accounts.iter_mut().flatten() {
            account.password = Value::Value("careless".to_owned());
        }
        Some(it)
    }
}

impl Extra for Played<Secret> {
    fn write_only(&self) -> Vec<AttributePath> {
        vec![
            AttributePath::new("secret"),
            AttributePath::new("accounts").attribute("password"),
        ]
    }
}

/// Is replaced when `generation` changes, and fails to be destroyed once it is
/// told to, saying which private state it was given.
pub struct Replaced;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplacedState {
    generation: Value<i64>,
    keeps: Value<bool>,
}

#[async_trait]
impl Toy for Replaced {
    type State = ReplacedState;

    fn schema(&self) -> Schema {
        let keeps = optional(AttributeType::Bool);
        schema(0, [("generation", required(number())), ("keeps", keeps)])
    }

    async fn create(&self, _: &mut Diagnostics, it: ReplacedState) -> Option<ReplacedState> {
        Some(it)
    }
}

#[async_trait]
impl Extra for Played<Replaced> {
    fn requires_replace(&self) -> Vec<AttributePath> {
        vec![AttributePath::new("generation")]
    }

    async fn destroy(
        &self,
        diags: &mut Diagnostics,
        prior_state: RawValue,
        planned_private: Vec<u8>,
        _: RawValue,
    ) -> Option<Remainder> {
        let state: ReplacedState = prior_state.deserialize(diags)?;
        let private = RawValue::MessagePack(planned_private);
        let history: Value<History> = private.deserialize(diags)?;
        if state.keeps.unwrap_or_default() {
            let events = history.unwrap_or_default().events.join(", ");
            diags.root_error_short(format!("Kept; the private state says: {events}"));
            return None;
        }
        Some(Remainder::Nothing)
    }
}
