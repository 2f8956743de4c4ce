//! A data source, a function and an ephemeral resource.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_provider_tap::plugin::{EphemeralResource, Opened, RawValue, diagnostics};
use tf_provider::schema::{FunctionSchema, Parameter, Schema, Type};
use tf_provider::value::{Value, ValueEmpty};
use tf_provider::{AttributePath, DataSource, Diagnostics, Function};

use super::toy::{computed, number, required, schema, text};

/// Says what it hears.
pub struct Echo;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EchoState {
    say: Value<String>,
    heard: Value<String>,
}

#[async_trait]
impl DataSource for Echo {
    type State<'a> = EchoState;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        Some(schema(
            0,
            [("say", required(text())), ("heard", computed(text()))],
        ))
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        config: EchoState,
        _: ValueEmpty,
    ) -> Option<EchoState> {
        if config.say.as_ref_option().is_some_and(String::is_empty) {
            let path = AttributePath::new("say");
            diags
                .errors
                .push(diagnostics::error(path, "Silence", "Say something."));
            return None;
        }
        Some(EchoState {
            heard: config.say.clone(),
            ..config
        })
    }
}

/// `shout("a", 3)` is `"A!!!"`.
pub struct Shout;

#[async_trait]
impl Function for Shout {
    type Input<'a> = (String, i64);
    type Output<'a> = String;

    fn schema(&self, _: &mut Diagnostics) -> Option<FunctionSchema> {
        let parameter = |name: &str, param_type| Parameter {
            name: name.to_owned(),
            param_type,
            ..Parameter::default()
        };
        Some(FunctionSchema {
            parameters: vec![
                parameter("text", Type::String),
                parameter("times", Type::Number),
            ],
            return_type: Type::String,
            ..FunctionSchema::default()
        })
    }

    async fn call<'a>(
        &self,
        diags: &mut Diagnostics,
        (text, times): (String, i64),
    ) -> Option<String> {
        let Ok(times) = usize::try_from(times) else {
            diags.errors.push(diagnostics::error(
                AttributePath::function_argument(1),
                "Cannot be negative",
                "",
            ));
            return None;
        };
        Some(text.to_uppercase() + &"!".repeat(times))
    }
}

/// A token of a given length.
pub struct Token;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenState {
    length: Value<usize>,
    token: Value<String>,
}

#[async_trait]
impl EphemeralResource for Token {
    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        Some(schema(
            0,
            [("length", required(number())), ("token", computed(text()))],
        ))
    }

    async fn open(&self, diags: &mut Diagnostics, config: RawValue) -> Option<Opened> {
        let config: TokenState = config.deserialize(diags)?;
        let token = "t".repeat(config.length.unwrap_or_default());
        let result = TokenState {
            token: Value::Value(token),
            ..config
        };
        Some(Opened {
            result: RawValue::serialize(diags, &result)?,
            private: b"opened".to_vec(),
            renew_at: None,
        })
    }

    async fn close(&self, diags: &mut Diagnostics, private: Vec<u8>) -> Option<()> {
        if private != b"opened" {
            diags.root_error_short("This is not the token that was opened");
            return None;
        }
        Some(())
    }
}
