//! Stored states in the shape of today's schema.
//!
//! Terraform hands a state back as the JSON it stored and takes the same JSON
//! for an answer, but refuses it over an attribute the schema no longer has. So
//! such attributes are dropped here. Missing ones are null to Terraform anyway,
//! except for blocks, which are empty.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tf_provider::schema::{Attribute, AttributeType, Block, NestedBlock};

use super::proto::tfplugin6::schema::object::Nesting;
use super::schema;

/// Makes a state fit the schema; says whether anything had to change.
pub(super) fn fit(state: &mut Value, block: &Block) -> bool {
    let Value::Object(object) = state else {
        return false;
    };
    let mut changed = keep_only(object, |name| {
        block.attributes.contains_key(name) || block.blocks.contains_key(name)
    });
    changed |= fit_attributes(object, &block.attributes);
    for (name, nested) in &block.blocks {
        let empty = match nested {
            NestedBlock::List(_) | NestedBlock::Set(_) | NestedBlock::Optional(_) => {
                Value::Array(Vec::new())
            }
            NestedBlock::Map(_) => Value::Object(Map::new()),
            NestedBlock::Single(_) | NestedBlock::Group(_) => Value::Null,
        };
        changed |= !object.contains_key(name);
        let value = object.entry(name.as_str()).or_insert(empty);
        let inner = schema::inner(nested);
        changed |= match (nested, value) {
            (NestedBlock::Single(_) | NestedBlock::Group(_), value) => fit(value, inner),
            (_, value) => each(value, &mut |item| fit(item, inner)),
        };
    }
    changed
}

fn fit_attributes(object: &mut Map<String, Value>, known: &HashMap<String, Attribute>) -> bool {
    let mut changed = false;
    for (name, attribute) in known {
        if let Some(value) = object.get_mut(name) {
            changed |= fit_type(value, &attribute.attr_type);
        }
    }
    changed
}

fn fit_type(value: &mut Value, of: &AttributeType) -> bool {
    if let Some((nesting, attributes)) = schema::nested(of) {
        let mut fit_object = |value: &mut Value| {
            let Value::Object(object) = value else {
                return false;
            };
            let changed = keep_only(object, |name| attributes.contains_key(name));
            fit_attributes(object, attributes) | changed
        };
        return match nesting {
            Nesting::List | Nesting::Set | Nesting::Map => each(value, &mut fit_object),
            Nesting::Single | Nesting::Invalid => fit_object(value),
        };
    }
    match (of, value) {
        (AttributeType::List(of) | AttributeType::Set(of) | AttributeType::Map(of), value) => {
            each(value, &mut |item| fit_type(item, of))
        }
        (AttributeType::Object(of), Value::Object(object)) => {
            let mut changed = keep_only(object, |name| of.contains_key(name));
            for (name, of) in of {
                if let Some(value) = object.get_mut(name) {
                    changed |= fit_type(value, of);
                }
            }
            changed
        }
        (AttributeType::Tuple(of), Value::Array(items)) => {
            let items = items.iter_mut().zip(of);
            items.fold(false, |changed, (item, of)| fit_type(item, of) | changed)
        }
        _ => false,
    }
}

fn keep_only(object: &mut Map<String, Value>, known: impl Fn(&str) -> bool) -> bool {
    let before = object.len();
    object.retain(|name, _| known(name));
    object.len() != before
}

/// Every element of a list, set or map.
fn each(value: &mut Value, change: &mut dyn FnMut(&mut Value) -> bool) -> bool {
    let mut changed = false;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| changed |= change(item)),
        Value::Object(entries) => entries
            .values_mut()
            .for_each(|item| changed |= change(item)),
        _ => {}
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attribute(attr_type: AttributeType) -> Attribute {
        Attribute {
            attr_type,
            ..Attribute::default()
        }
    }

    fn block() -> Block {
        let leaf = || HashMap::from([("leaf".to_owned(), attribute(AttributeType::String))]);
        let object = HashMap::from([("leaf".to_owned(), AttributeType::String)]);
        let attributes = [
            ("single", AttributeType::AttributeSingle(leaf())),
            ("map", AttributeType::AttributeMap(leaf())),
            ("set", AttributeType::AttributeSet(leaf())),
            (
                "objects",
                AttributeType::List(Box::new(AttributeType::Object(object))),
            ),
            ("any", AttributeType::Any),
        ];
        Block {
            attributes: attributes.map(|(n, t)| (n.to_owned(), attribute(t))).into(),
            blocks: [("rule".to_owned(), NestedBlock::List(Block::default()))].into(),
            ..Block::default()
        }
    }

    #[test]
    fn what_the_schema_does_not_have_is_dropped_at_every_depth() {
        let mut state = json!({
            "single": {"leaf": "a", "gone": 1},
            "map": {"gone": {"leaf": "a", "gone": 1}},
            "set": [{"leaf": "a", "gone": 1}],
            "objects": [{"leaf": "a", "gone": 1}],
            "any": {"value": {"gone": 1}, "type": "dynamic"},
            "rule": [{"gone": 1}],
            "gone": true,
        });
        assert!(fit(&mut state, &block()));
        let expected = json!({
            "single": {"leaf": "a"},
            "map": {"gone": {"leaf": "a"}},
            "set": [{"leaf": "a"}],
            "objects": [{"leaf": "a"}],
            "any": {"value": {"gone": 1}, "type": "dynamic"},
            "rule": [{}],
        });
        assert_eq!(state, expected);
    }

    #[test]
    fn a_state_that_fits_is_left_as_it_is() {
        let mut state = json!({"single": null, "map": {}, "rule": []});
        assert!(!fit(&mut state, &block()));
        let mut state = json!({"single": null});
        assert!(fit(&mut state, &block()), "a missing block becomes empty");
        assert_eq!(state["rule"], json!([]));
    }
}
