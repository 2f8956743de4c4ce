//! One resource and its state, kept by the rules of Terraform's core.
//!
//! - A create that fails and returns a state leaves it *tainted*: the next plan
//!   destroys and creates. One that fails and returns null leaves nothing.
//! - An update or destroy that fails and returns null leaves the state, the
//!   private state included, as it was; one that returns a state is believed.
//! - Unknowns that are left after an apply are stored as null.
//! - A replacement is planned twice, the second time as a create, and it is the
//!   private state of that second plan that the destroy half receives.
//! - What a plan knows, a successful apply returns.
//! - A call that is never answered (the provider was killed) changes nothing.

use serde_json::Value;
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;

use super::process::Provider;
use super::proposed::proposed;
use super::value::{decode, encode, is_unknown, unknown_as_null};
use super::{Diagnostics, Error, path};

/// What a plan would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: the planned state is the prior one.
    NoOp,
    /// Nothing exists yet.
    Create,
    /// In place.
    Update,
    /// Destroy, then create.
    Replace,
    /// Destroy.
    Delete,
}

/// A plan, to be applied by [`Resource::apply`].
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it would do.
    pub action: Action,
    /// The state it was made for.
    pub prior: Value,
    /// The state it promises, with unknowns.
    pub planned: Value,
    /// The completed configuration; null for a destroy.
    pub config: Value,
    /// The planned private state.
    pub private: Vec<u8>,
    /// Why it replaces.
    pub requires_replace: Vec<String>,
    /// What was said besides.
    pub diagnostics: Diagnostics,
}

/// A resource as a state file has it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its type.
    pub type_name: String,
    /// Its state; null while it does not exist.
    pub state: Value,
    /// Its private state.
    pub private: Vec<u8>,
    /// Whether its creation failed halfway.
    pub tainted: bool,
}

/// One question to the provider.
struct Question<'a> {
    prior: &'a Value,
    config: &'a Value,
    private: &'a [u8],
}

impl Resource {
    /// One that does not exist.
    pub fn new(type_name: &str) -> Self {
        Self {
            type_name: type_name.to_owned(),
            state: Value::Null,
            private: Vec::new(),
            tainted: false,
        }
    }

    /// Whether there is a state.
    pub fn exists(&self) -> bool {
        !self.state.is_null()
    }

    /// Validates the configuration and plans what leads to it.
    pub async fn plan(&self, provider: &Provider, config: Value) -> Result<Plan, Error> {
        let (_, schema) = provider.resource_schema(&self.type_name).await?;
        let validated = provider.validate(&self.type_name, config.clone()).await?;
        let mut said = validated.ok()?;
        let config = schema.complete(&config, &self.type_name)?;
        let config = schema.canonical(config);
        let prior = if self.tainted {
            &Value::Null
        } else {
            &self.state
        };
        let question = Question {
            prior,
            config: &config,
            private: if self.tainted { &[] } else { &self.private },
        };
        let mut plan = self.ask(provider, question).await?;
        if prior.is_null() {
            plan.action = Action::Create;
        } else if !plan.requires_replace.is_empty() {
            let question = Question {
                prior: &Value::Null,
                config: &config,
                private: &[],
            };
            let create = self.ask(provider, question).await?;
            plan = Plan {
                requires_replace: plan.requires_replace,
                action: Action::Replace,
                ..create
            };
        } else if plan.planned == *prior {
            plan.action = Action::NoOp;
        }
        if self.tainted {
            plan.action = Action::Replace;
        }
        plan.prior = self.state.clone();
        said.extend(std::mem::take(&mut plan.diagnostics));
        plan.diagnostics = said;
        Ok(plan)
    }

    /// Plans the destruction.
    pub async fn plan_destroy(&self, provider: &Provider) -> Result<Plan, Error> {
        let question = Question {
            prior: &self.state,
            config: &Value::Null,
            private: &self.private,
        };
        let plan = self.ask(provider, question).await?;
        Ok(Plan {
            action: Action::Delete,
            planned: Value::Null,
            ..plan
        })
    }

    async fn ask(&self, provider: &Provider, question: Question<'_>) -> Result<Plan, Error> {
        let (_, schema) = provider.resource_schema(&self.type_name).await?;
        let proposed = match question.config {
            Value::Null => Value::Null,
            config => proposed(schema, question.prior, config),
        };
        let request = tf::PlanResourceChangeRequest {
            type_name: self.type_name.clone(),
            prior_state: Some(encode(question.prior)?),
            proposed_new_state: Some(encode(&proposed)?),
            config: Some(encode(question.config)?),
            prior_private: question.private.to_vec(),
            provider_meta: Some(encode(&Value::Null)?),
            client_capabilities: provider.capabilities(),
            prior_identity: None,
        };
        let mut client = provider.client.clone();
        let response = client.plan_resource_change(request).await?.into_inner();
        let diagnostics = Diagnostics::from_wire(response.diagnostics).ok()?;
        Ok(Plan {
            action: Action::Update,
            prior: question.prior.clone(),
            planned: schema.canonical(decode(response.planned_state)?),
            config: question.config.clone(),
            private: response.planned_private,
            requires_replace: response.requires_replace.iter().map(path).collect(),
            diagnostics,
        })
    }

    /// Applies a plan and keeps what the provider answers.
    pub async fn apply(&mut self, provider: &Provider, plan: Plan) -> Result<Diagnostics, Error> {
        let Plan {
            planned,
            config,
            private,
            ..
        } = &plan;
        match plan.action {
            Action::NoOp => Ok(Diagnostics::default()),
            Action::Create | Action::Update | Action::Delete => {
                self.change(provider, planned, config, private).await
            }
            Action::Replace => {
                let destroyed = self
                    .change(provider, &Value::Null, &Value::Null, private)
                    .await?;
                if destroyed.has_errors() || self.exists() {
                    return Ok(destroyed);
                }
                let mut said = destroyed;
                said.extend(self.change(provider, planned, config, private).await?);
                Ok(said)
            }
        }
    }

    /// Plans and applies in one step.
    pub async fn converge(
        &mut self,
        provider: &Provider,
        config: Value,
    ) -> Result<Diagnostics, Error> {
        let plan = self.plan(provider, config).await?;
        self.apply(provider, plan).await
    }

    /// Plans and applies the destruction.
    pub async fn destroy(&mut self, provider: &Provider) -> Result<Diagnostics, Error> {
        let plan = self.plan_destroy(provider).await?;
        self.apply(provider, plan).await
    }

    async fn change(
        &mut self,
        provider: &Provider,
        planned: &Value,
        config: &Value,
        private: &[u8],
    ) -> Result<Diagnostics, Error> {
        let request = tf::ApplyResourceChangeRequest {
            type_name: self.type_name.clone(),
            prior_state: Some(encode(&self.state)?),
            planned_state: Some(encode(planned)?),
            config: Some(encode(config)?),
            planned_private: private.to_vec(),
            provider_meta: Some(encode(&Value::Null)?),
            planned_identity: None,
        };
        let mut client = provider.client.clone();
        let response = client.apply_resource_change(request).await?.into_inner();
        let diagnostics = Diagnostics::from_wire(response.diagnostics);
        let (_, schema) = provider.resource_schema(&self.type_name).await?;
        let mut state = schema.canonical(decode(response.new_state)?);
        unknown_as_null(&mut state);
        let failed = diagnostics.has_errors();
        if state.is_null() && failed {
            return Ok(diagnostics); // as before
        }
        if !failed {
            as_planned(planned, &state)?;
        }
        let created = self.state.is_null();
        self.tainted = failed && !state.is_null() && (created || self.tainted);
        self.private = if state.is_null() {
            Vec::new()
        } else {
            response.private
        };
        self.state = state;
        Ok(diagnostics)
    }

    /// Refreshes: upgrades the stored state and reads what is really there.
    pub async fn read(&mut self, provider: &Provider) -> Result<Diagnostics, Error> {
        let (version, schema) = provider.resource_schema(&self.type_name).await?;
        let state = provider
            .upgrade(&self.type_name, *version, &self.state)
            .await?;
        let request = tf::ReadResourceRequest {
            type_name: self.type_name.clone(),
            current_state: Some(encode(&state)?),
            private: self.private.clone(),
            provider_meta: Some(encode(&Value::Null)?),
            client_capabilities: provider.capabilities(),
            current_identity: None,
        };
        let mut client = provider.client.clone();
        let response = client.read_resource(request).await?.into_inner();
        let diagnostics = Diagnostics::from_wire(response.diagnostics);
        if !diagnostics.has_errors() {
            self.state = schema.canonical(decode(response.new_state)?);
            self.private = response.private;
            self.tainted &= self.exists();
        }
        Ok(diagnostics)
    }
}

/// Whether a state is what was planned, where that was known.
fn as_planned(planned: &Value, state: &Value) -> Result<(), Error> {
    let mut broken = Vec::new();
    compare(planned, state, &mut Vec::new(), &mut broken);
    match broken.as_slice() {
        [] => Ok(()),
        broken => Err(Error::Value(format!(
            "the provider produced an inconsistent result after apply: {}",
            broken.join(", ")
        ))),
    }
}

fn compare(planned: &Value, state: &Value, path: &mut Vec<String>, broken: &mut Vec<String>) {
    match (planned, state) {
        (planned, _) if is_unknown(planned) => {}
        (Value::Object(planned), Value::Object(state)) if planned.keys().eq(state.keys()) => {
            for (key, planned) in planned {
                path.push(key.clone());
                compare(planned, &state[key], path, broken);
                path.pop();
            }
        }
        (Value::Array(planned), Value::Array(state)) if planned.len() == state.len() => {
            for (n, (planned, state)) in planned.iter().zip(state).enumerate() {
                path.push(n.to_string());
                compare(planned, state, path, broken);
                path.pop();
            }
        }
        (planned, state) if planned == state => {}
        (planned, state) => broken.push(format!("{}: {planned} -> {state}", path.join("."))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::unknown;
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_not_known_may_be_anything_and_the_rest_is_as_planned() {
        let planned =
            json!({ "a": unknown(), "b": { "c": 1, "d": unknown() }, "e": [unknown(), 2] });
        let kept = json!({ "a": { "x": [] }, "b": { "c": 1, "d": null }, "e": ["y", 2] });
        assert!(as_planned(&planned, &kept).is_ok());
        for (pointer, value, said) in [
            ("/b/c", json!(2), "b.c: 1 -> 2"),
            ("/e/1", json!(null), "e.1: 2 -> null"),
            ("/e", json!([1]), "e: "),
            ("/b", json!({ "c": 1 }), "b: "),
        ] {
            let mut state = kept.clone();
            *state.pointer_mut(pointer).expect("there") = value;
            let error = as_planned(&planned, &state).expect_err("not as planned");
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
