//! The proposed new state: what Terraform's core makes of prior state and
//! configuration before it asks the provider for a plan.
//!
//! In short: the configuration, with the prior value wherever the configuration
//! says nothing and the provider may compute. Objects in lists correspond by
//! index, in maps by key, in sets when the prior one could have come from the
//! configured one.

use serde_json::{Map, Value};

use super::schema::{Attribute, Nesting, Object, Shape};
use super::value::is_unknown;

/// Both values have every attribute of the schema, or are null.
pub(super) fn proposed(schema: &Object, prior: &Value, config: &Value) -> Value {
    if config.is_null() && prior.is_null() {
        return Value::Null;
    }
    let empty;
    let prior = if prior.is_null() {
        empty = schema.empty();
        &empty
    } else {
        prior
    };
    object(schema, prior, config)
}

fn object(schema: &Object, prior: &Value, config: &Value) -> Value {
    let Value::Object(configured) = config else {
        return config.clone();
    };
    if is_unknown(config) {
        return config.clone();
    }
    let attributes = schema.0.iter().map(|(name, attribute)| {
        let prior = prior.get(name).unwrap_or(&Value::Null);
        let config = configured.get(name).unwrap_or(&Value::Null);
        (name.clone(), value(attribute, prior, config))
    });
    Value::Object(attributes.collect())
}

fn value(attribute: &Attribute, prior: &Value, config: &Value) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if attribute.computed && config.is_null() {
        // If the prior value has parts only a configuration can have set, then
        // there was one, and it has been removed.
        let removed = attribute.optional
            && match &attribute.shape {
                Shape::Nested(nesting, inside) => was_configured(*nesting, inside, prior),
                Shape::Plain(_) | Shape::Block(..) => false,
            };
        return if removed { Value::Null } else { prior.clone() };
    }
    match &attribute.shape {
        Shape::Nested(nesting, inside) | Shape::Block(nesting, inside) => {
            nested(*nesting, inside, prior, config)
        }
        Shape::Plain(_) => config.clone(),
    }
}

fn nested(nesting: Nesting, inside: &Object, prior: &Value, config: &Value) -> Value {
    if config.is_null() || is_unknown(config) {
        return config.clone();
    }
    match (nesting, config) {
        (Nesting::Single, config) => object(inside, prior, config),
        (Nesting::List, Value::Array(items)) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, config)| match prior.get(index) {
                    Some(prior) => object(inside, prior, config),
                    None => config.clone(),
                })
                .collect()
        }
        (Nesting::Map, Value::Object(entries)) => {
            let entries = entries.iter().map(|(key, config)| {
                let merged = match prior.get(key) {
                    Some(prior) => object(inside, prior, config),
                    None => config.clone(),
                };
                (key.clone(), merged)
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        (Nesting::Set, Value::Array(items)) => {
            let mut unused: Vec<&Value> = prior.as_array().into_iter().flatten().collect();
            let items = items.iter().map(|config| {
                let from = unused
                    .iter()
                    .position(|prior| could_come_from(inside, prior, config))
                    .map(|at| unused.remove(at));
                object(inside, from.unwrap_or(&Value::Null), config)
            });
            items.collect()
        }
        (_, config) => config.clone(),
    }
}

/// Whether a value has a part that is set and cannot be computed.
fn was_configured(nesting: Nesting, inside: &Object, value: &Value) -> bool {
    let objects: Vec<&Value> = match (nesting, value) {
        (_, Value::Null) => Vec::new(),
        (Nesting::Single, value) => vec![value],
        (_, Value::Array(items)) => items.iter().collect(),
        (_, Value::Object(entries)) => entries.values().collect(),
        _ => Vec::new(),
    };
    objects.into_iter().any(|object| {
        inside.0.iter().any(|(name, attribute)| {
            let value = object.get(name).unwrap_or(&Value::Null);
            let set = !value.is_null();
            let further = match &attribute.shape {
                Shape::Nested(nesting, inside) => was_configured(*nesting, inside, value),
                Shape::Plain(_) | Shape::Block(..) => false,
            };
            set && !attribute.computed || further
        })
    })
}

/// Whether `prior` is `config` with nothing but computed values added.
fn could_come_from(inside: &Object, prior: &Value, config: &Value) -> bool {
    prior == config
        || inside.0.iter().all(|(name, attribute)| {
            let prior = prior.get(name).unwrap_or(&Value::Null);
            let config = config.get(name).unwrap_or(&Value::Null);
            if prior == config {
                return true;
            }
            match &attribute.shape {
                Shape::Nested(Nesting::Single, inside) if !config.is_null() => {
                    could_come_from(inside, prior, config)
                }
                _ => attribute.computed && config.is_null(),
            }
        })
}
