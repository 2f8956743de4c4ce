//! JSON to msgpack and back, with a stand-in for the unknown.

use rmpv::Value as Tree;
use serde_json::{Map, Number, Value, json};
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;

use super::Error;

const UNKNOWN: &str = "\u{0}unknown";

/// Stands for a value that is not known yet.
pub fn unknown() -> Value {
    json!({ UNKNOWN: true })
}

/// Whether the value is the stand-in; containers of unknowns are not.
pub fn is_unknown(value: &Value) -> bool {
    value.get(UNKNOWN).is_some()
}

/// Replaces every unknown by null, as Terraform does before it stores a value.
pub(super) fn unknown_as_null(value: &mut Value) {
    if is_unknown(value) {
        *value = Value::Null;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(unknown_as_null),
        Value::Object(entries) => entries.values_mut().for_each(unknown_as_null),
        _ => {}
    }
}

/// The value as it travels.
pub fn encode(value: &Value) -> Result<tf::DynamicValue, Error> {
    let mut msgpack = Vec::new();
    rmpv::encode::write_value(&mut msgpack, &to_tree(value))
        .map_err(|error| Error::Value(error.to_string()))?;
    Ok(tf::DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}

/// The value that travelled; an absent one is null.
pub fn decode(value: Option<tf::DynamicValue>) -> Result<Value, Error> {
    let value = value.unwrap_or_default();
    if !value.msgpack.is_empty() {
        let tree = rmpv::decode::read_value(&mut value.msgpack.as_slice())
            .map_err(|error| Error::Value(error.to_string()))?;
        return from_tree(tree);
    }
    if value.json.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&value.json).map_err(|error| Error::Value(error.to_string()))
}

fn to_tree(value: &Value) -> Tree {
    match value {
        value if is_unknown(value) => Tree::Ext(0, vec![0]),
        Value::Null => Tree::Nil,
        Value::Bool(value) => Tree::Boolean(*value),
        Value::Number(number) => number_to_tree(number),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Tree::Array(items.iter().map(to_tree).collect()),
        Value::Object(entries) => {
            let entries = entries.iter();
            Tree::Map(
                entries
                    .map(|(key, value)| (key.as_str().into(), to_tree(value)))
                    .collect(),
            )
        }
    }
}

/// Terraform sends as text what no float is equal to, such as 0.1.
fn number_to_tree(number: &Number) -> Tree {
    if let Some(value) = number.as_i64() {
        return value.into();
    }
    match (number.as_u64(), number.as_f64()) {
        (Some(value), _) => value.into(),
        (None, Some(value)) => {
            let shortest = value.to_string();
            let exact = format!("{value:.1080}"); // more digits than any float has
            match exact.trim_end_matches('0').trim_end_matches('.') == shortest {
                true => value.into(),
                false => shortest.into(),
            }
        }
        (None, None) => Tree::Nil,
    }
}

fn from_tree(tree: Tree) -> Result<Value, Error> {
    Ok(match tree {
        Tree::Nil => Value::Null,
        Tree::Boolean(value) => value.into(),
        Tree::Integer(value) => match (value.as_i64(), value.as_u64()) {
            (Some(value), _) => value.into(),
            (None, Some(value)) => value.into(),
            (None, None) => Value::Null,
        },
        Tree::F32(value) => float(f64::from(value)),
        Tree::F64(value) => float(value),
        Tree::String(text) => match text.into_str() {
            Some(text) => text.into(),
            None => return Err(Error::Value("a string is not UTF-8".into())),
        },
        Tree::Binary(_) => return Err(Error::Value("bytes are not a Terraform value".into())),
        Tree::Array(items) => {
            let items = items.into_iter().map(from_tree);
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Tree::Map(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = key.as_str().map(ToOwned::to_owned);
                let key = key.ok_or_else(|| Error::Value("a key is not a string".into()))?;
                object.insert(key, from_tree(value)?);
            }
            Value::Object(object)
        }
        Tree::Ext(..) => unknown(),
    })
}

/// Terraform has one type of number: 2.0 is 2.
pub(super) fn float(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if value.fract() == 0.0 && value.abs() < EXACT {
        return (value as i64).into();
    }
    value.into()
}
