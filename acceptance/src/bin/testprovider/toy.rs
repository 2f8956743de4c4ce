//! A short form of tf-provider's `Resource` for toys: one state type, plans that
//! edit the proposed state, a private state that is a list of what happened.

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Block, Schema};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, Diagnostics, Resource};

/// What happened to a toy, kept in its private state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct History {
    pub events: Vec<String>,
}

#[async_trait]
pub trait Toy: Send + Sync {
    type State: Serialize + DeserializeOwned + Send + Sync + Clone + Debug;

    fn schema(&self) -> Schema;

    async fn validate(&self, diags: &mut Diagnostics, config: Self::State) -> Option<()> {
        _ = (diags, config);
        Some(())
    }

    /// Fills in what is to be computed. `prior` is `None` for a create.
    fn plan(&self, prior: Option<&Self::State>, planned: &mut Self::State) {
        _ = (prior, planned);
    }

    async fn create(&self, diags: &mut Diagnostics, planned: Self::State) -> Option<Self::State>;

    async fn update(
        &self,
        diags: &mut Diagnostics,
        prior: Self::State,
        planned: Self::State,
    ) -> Option<Self::State> {
        _ = prior;
        self.create(diags, planned).await
    }

    async fn read(&self, diags: &mut Diagnostics, state: Self::State) -> Option<Self::State> {
        _ = diags;
        Some(state)
    }

    async fn destroy(&self, diags: &mut Diagnostics, state: Self::State) -> Option<()> {
        _ = (diags, state);
        Some(())
    }

    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<Self::State> {
        _ = id;
        diags.root_error_short("A toy cannot be imported");
        None
    }
}

/// A toy as tf-provider knows resources.
pub struct Played<T>(pub T);

fn add(history: Value<History>, event: &str) -> Value<History> {
    let mut history = history.unwrap_or_default();
    history.events.push(event.to_owned());
    Value::Value(history)
}

#[async_trait]
impl<T: Toy> Resource for Played<T> {
    type State<'a> = T::State;
    type PrivateState<'a> = Value<History>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        Some(self.0.schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: T::State) -> Option<()> {
        self.0.validate(diags, config).await
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        state: T::State,
        private: Value<History>,
        _: ValueEmpty,
    ) -> Option<(T::State, Value<History>)> {
        tracing::debug!("reading a toy");
        Some((self.0.read(diags, state).await?, private))
    }

    async fn plan_create<'a>(
        &self,
        _: &mut Diagnostics,
        mut proposed: T::State,
        _: T::State,
        _: ValueEmpty,
    ) -> Option<(T::State, Value<History>)> {
        self.0.plan(None, &mut proposed);
        Some((proposed, add(Value::Null, "planned to create")))
    }

    async fn plan_update<'a>(
        &self,
        _: &mut Diagnostics,
        prior: T::State,
        mut proposed: T::State,
        _: T::State,
        private: Value<History>,
        _: ValueEmpty,
    ) -> Option<(T::State, Value<History>, Vec<AttributePath>)> {
        self.0.plan(Some(&prior), &mut proposed);
        Some((proposed, add(private, "planned to update"), Vec::new()))
    }

    async fn plan_destroy<'a>(
        &self,
        _: &mut Diagnostics,
        _: T::State,
        private: Value<History>,
        _: ValueEmpty,
    ) -> Option<Value<History>> {
        Some(add(private, "planned to destroy"))
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: T::State,
        _: T::State,
        private: Value<History>,
        _: ValueEmpty,
    ) -> Option<(T::State, Value<History>)> {
        let state = self.0.create(diags, planned).await?;
        Some((state, add(private, "created")))
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: T::State,
        planned: T::State,
        _: T::State,
        private: Value<History>,
        _: ValueEmpty,
    ) -> Option<(T::State, Value<History>)> {
        let state = self.0.update(diags, prior, planned).await?;
        Some((state, add(private, "updated")))
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        state: T::State,
        _: Value<History>,
        _: ValueEmpty,
    ) -> Option<()> {
        self.0.destroy(diags, state).await
    }

    async fn import<'a>(
        &self,
        diags: &mut Diagnostics,
        id: String,
    ) -> Option<(T::State, Value<History>)> {
        let state = self.0.import(diags, id).await?;
        Some((state, add(Value::Null, "imported")))
    }
}

pub fn schema<const N: usize>(version: i64, attributes: [(&str, Attribute); N]) -> Schema {
    Schema {
        version,
        block: Block {
            version,
            attributes: named(attributes),
            description: "".into(),
            ..Block::default()
        },
    }
}

pub fn named<const N: usize>(attributes: [(&str, Attribute); N]) -> HashMap<String, Attribute> {
    attributes
        .map(|(name, attribute)| (name.to_owned(), attribute))
        .into()
}

fn attribute(attr_type: AttributeType, constraint: AttributeConstraint) -> Attribute {
    Attribute {
        attr_type,
        constraint,
        description: "".into(),
        ..Attribute::default()
    }
}

pub fn required(of: AttributeType) -> Attribute {
    attribute(of, AttributeConstraint::Required)
}

pub fn optional(of: AttributeType) -> Attribute {
    attribute(of, AttributeConstraint::Optional)
}

pub fn computed(of: AttributeType) -> Attribute {
    attribute(of, AttributeConstraint::Computed)
}

pub fn either(of: AttributeType) -> Attribute {
    attribute(of, AttributeConstraint::OptionalComputed)
}

pub fn text() -> AttributeType {
    AttributeType::String
}

pub fn number() -> AttributeType {
    AttributeType::Number
}
