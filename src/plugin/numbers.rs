//! Numbers with a fraction.
//!
//! Terraform computes in decimal, with far more digits than a float has. A number
//! that no float is equal to, such as 0.1, therefore travels as text, and a float
//! that comes back instead is another number to Terraform: "planned value does
//! not match the configuration". Authors want floats all the same. So text in the
//! place of a number becomes a float on its way in, and a float becomes the
//! shortest decimal that means it on its way out, which is what the user wrote.

use std::collections::HashMap;

use rmpv::Value;
use tf_provider::schema::{Attribute, AttributeType, Block, NestedBlock, Type};

use super::tokens::tokens;
use super::{RawValue, schema, unknown};

/// The value with floats in the place of decimal text.
pub(super) fn in_block(value: RawValue, block: &Block) -> RawValue {
    with_floats(value, |tree| read_block(tree, block))
}

/// The same for an argument of a function.
pub(super) fn in_argument(value: RawValue, of: &Type) -> RawValue {
    with_floats(value, |tree| read_argument(tree, of))
}

fn with_floats(value: RawValue, read: impl FnOnce(&mut Value)) -> RawValue {
    let RawValue::MessagePack(bytes) = &value else {
        return value;
    };
    // Whether there is any such text can be told without decoding.
    if !tokens(bytes).any(|token| token.text().is_some_and(is_decimal)) {
        return value;
    }
    let Ok(mut tree) = value.to_tree() else {
        return value;
    };
    read(&mut tree);
    RawValue::from_tree(&tree)
}

/// The value with decimal text in the place of floats, and integers in the place
/// of those that are whole.
pub(super) fn decimal(value: RawValue) -> RawValue {
    let RawValue::MessagePack(bytes) = &value else {
        return value;
    };
    if !tokens(bytes).any(|token| token.is_float()) {
        return value;
    }
    let Ok(mut tree) = value.to_tree() else {
        return value;
    };
    unknown::walk(&mut tree, &|value| {
        if let Value::F32(_) | Value::F64(_) = value
            && let Some(float) = value.as_f64()
            && float.is_finite()
        {
            *value = match whole(float) {
                Some(whole) => whole.into(),
                None => float.to_string().into(),
            };
        }
    });
    RawValue::from_tree(&tree)
}

/// The value with decimal text in the place of every number.
///
/// For states that are read: Terraform compares the state before and after a
/// refresh down to the precision its numbers were decoded with. That is the same
/// for JSON, which states are stored as, and for text, and another one for
/// integers and floats: with those, `plan -refresh-only` sees no difference and
/// reports one all the same (exit code 2).
pub(super) fn as_text(value: RawValue) -> RawValue {
    let value = decimal(value);
    let RawValue::MessagePack(bytes) = &value else {
        return value;
    };
    if !tokens(bytes).any(|token| token.is_integer()) {
        return value;
    }
    let Ok(mut tree) = value.to_tree() else {
        return value;
    };
    unknown::walk(&mut tree, &|value| {
        if let Value::Integer(number) = value {
            *value = number.to_string().into();
        }
    });
    RawValue::from_tree(&tree)
}

/// The integer a float is equal to, where floats still count by ones.
fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

fn read_block(value: &mut Value, block: &Block) {
    read_attributes(value, &block.attributes);
    for (name, nested) in &block.blocks {
        let Some(value) = attribute(value, name) else {
            continue;
        };
        let inner = schema::inner(nested);
        match nested {
            NestedBlock::Single(_) | NestedBlock::Group(_) => read_block(value, inner),
            _ => each(value, |item| read_block(item, inner)),
        }
    }
}

fn read_attributes(value: &mut Value, attributes: &HashMap<String, Attribute>) {
    for (name, known) in attributes {
        if let Some(value) = attribute(value, name) {
            read_type(value, &known.attr_type);
        }
    }
}

fn read_type(value: &mut Value, of: &AttributeType) {
    match of {
        AttributeType::Number => read_number(value),
        AttributeType::List(of) | AttributeType::Set(of) | AttributeType::Map(of) => {
            each(value, |item| read_type(item, of));
        }
        AttributeType::Object(of) => {
            for (name, of) in of {
                if let Some(value) = attribute(value, name) {
                    read_type(value, of);
                }
            }
        }
        AttributeType::Tuple(of) => {
            if let Value::Array(items) = value {
                items
                    .iter_mut()
                    .zip(of)
                    .for_each(|(it, of)| read_type(it, of));
            }
        }
        AttributeType::AttributeSingle(attributes) => read_attributes(value, attributes),
        AttributeType::AttributeList(attributes)
        | AttributeType::AttributeSet(attributes)
        | AttributeType::AttributeMap(attributes) => {
            each(value, |item| read_attributes(item, attributes));
        }
        // What a dynamic value is, it says itself; text in it stays text.
        AttributeType::String | AttributeType::Bool | AttributeType::Any => {}
    }
}

fn read_argument(value: &mut Value, of: &Type) {
    match of {
        Type::Number => read_number(value),
        Type::List(of) | Type::Set(of) | Type::Map(of) => {
            each(value, |item| read_argument(item, of));
        }
        Type::Object(of) => {
            for (name, of) in of {
                if let Some(value) = attribute(value, name) {
                    read_argument(value, of);
                }
            }
        }
        Type::Tuple(of) => {
            if let Value::Array(items) = value {
                items
                    .iter_mut()
                    .zip(of)
                    .for_each(|(it, of)| read_argument(it, of));
            }
        }
        Type::String | Type::Bool | Type::Any => {}
    }
}

fn read_number(value: &mut Value) {
    if let Some(number) = value.as_str().and_then(|text| text.parse::<f64>().ok()) {
        *value = number.into();
    }
}

fn attribute<'a>(object: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let Value::Map(entries) = object else {
        return None;
    };
    let mut entries = entries.iter_mut();
    let entry = entries.find(|(key, _)| key.as_str() == Some(name))?;
    Some(&mut entry.1)
}

fn each(value: &mut Value, mut read: impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(read),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, item)| read(item)),
        _ => {}
    }
}

/// Whether text looks like what Terraform writes for a number.
fn is_decimal(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit)
        && text.len() < 2000
        && digits
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(attr_type: AttributeType) -> Attribute {
        Attribute {
            attr_type,
            ..Attribute::default()
        }
    }

    fn block() -> Block {
        let inner = HashMap::from([("ratio".to_owned(), attribute(AttributeType::Number))]);
        let attributes = [
            ("ratio", AttributeType::Number),
            ("text", AttributeType::String),
            ("list", AttributeType::List(Box::new(AttributeType::Number))),
            ("map", AttributeType::AttributeMap(inner)),
        ];
        Block {
            attributes: attributes.map(|(n, t)| (n.to_owned(), attribute(t))).into(),
            ..Block::default()
        }
    }

    fn value(number: impl Fn(&str) -> Value) -> Value {
        let inner = Value::Map(vec![("ratio".into(), number("-0.3"))]);
        Value::Map(vec![
            ("ratio".into(), number("0.1")),
            ("text".into(), "0.1".into()),
            ("list".into(), Value::Array(vec![number("2.7"), 3.into()])),
            ("map".into(), Value::Map(vec![("k".into(), inner)])),
        ])
    }

    #[test]
    fn text_in_the_place_of_a_number_is_read_as_one_and_other_text_is_not() {
        let wire = RawValue::from_tree(&value(|text| text.into()));
        let read = in_block(wire, &block()).to_tree().unwrap();
        assert_eq!(read, value(|text| text.parse::<f64>().unwrap().into()));
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        let wire = RawValue::from_tree(&value(|text| text.into()));
        assert_eq!(decimal(in_block(wire.clone(), &block())), wire);
    }

    #[test]
    fn a_state_that_is_read_has_numbers_in_text_only() {
        let items = |numbers: [Value; 4]| RawValue::from_tree(&Value::Array(numbers.into()));
        let state = items([3.into(), (-70_000).into(), 0.1.into(), true.into()]);
        let text = items(["3".into(), "-70000".into(), "0.1".into(), true.into()]);
        assert_eq!(as_text(state), text);
    }

    #[test]
    fn floats_that_are_whole_are_written_as_such() {
        let expected: [(f64, Value); 4] = [
            (2.0, 2.into()),
            (-0.5, "-0.5".into()),
            (0.1 + 0.2, "0.30000000000000004".into()),
            (1e20, "100000000000000000000".into()),
        ];
        for (number, text) in expected {
            let written = decimal(RawValue::from_tree(&number.into()));
            assert_eq!(written.to_tree().unwrap(), text);
        }
    }
}
