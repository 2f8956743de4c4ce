//! Values that are not known yet.
//!
//! Terraform encodes an unknown as msgpack extension 0. When it knows something
//! about the value all the same ("not null", "starts with arn:"), it sends
//! extension 12 with those *refinements* instead, and a decoder that expects
//! extension 0 fails on it. Nobody here uses refinements, so they are taken off.

use rmpv::Value;

use super::tokens::tokens;

const UNKNOWN: i8 = 0;
const REFINED_UNKNOWN: i8 = 12;

/// The same value with plain unknowns only.
pub(super) fn plain(msgpack: Vec<u8>) -> Vec<u8> {
    if !is_refined(&msgpack) {
        return msgpack;
    }
    // What cannot be decoded is for the typed decoder to refuse.
    let Ok(mut tree) = rmpv::decode::read_value(&mut msgpack.as_slice()) else {
        return msgpack;
    };
    walk(&mut tree, &|value| {
        if matches!(value, Value::Ext(REFINED_UNKNOWN, _)) {
            *value = unknown();
        }
    });
    let mut out = Vec::with_capacity(msgpack.len());
    match rmpv::encode::write_value(&mut out, &tree) {
        Ok(()) => out,
        Err(_) => msgpack,
    }
}

/// Replaces unknowns by null: what is known of a planned value.
pub(super) fn forget_unknowns(tree: &mut Value) {
    walk(tree, &|value| {
        if matches!(value, Value::Ext(UNKNOWN | REFINED_UNKNOWN, _)) {
            *value = Value::Nil;
        }
    });
}

/// The plain unknown, in the three bytes Terraform itself writes.
pub(super) fn unknown() -> Value {
    Value::Ext(UNKNOWN, vec![0])
}

pub(super) fn walk(value: &mut Value, change: &impl Fn(&mut Value)) {
    change(value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, item)| walk(item, change)),
        _ => {}
    }
}

/// Whether there is an extension 12 anywhere.
fn is_refined(msgpack: &[u8]) -> bool {
    tokens(msgpack).any(|token| token.extension() == Some(REFINED_UNKNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        rmpv::encode::write_value(&mut out, value).unwrap();
        out
    }

    #[test]
    fn a_refined_unknown_becomes_a_plain_one_at_any_depth() {
        for length in [1, 2, 4, 7, 8, 16, 300] {
            let refined = Value::Ext(12, vec![0x81; length]);
            let nested = |inner: Value| {
                Value::Map(vec![(
                    "list".into(),
                    Value::Array(vec![Value::Map(vec![("id".into(), inner)])]),
                )])
            };
            let expected = encode(&nested(unknown()));
            assert_eq!(plain(encode(&nested(refined))), expected, "length {length}");
        }
    }

    #[test]
    fn other_values_keep_their_bytes() {
        let value = Value::Map(vec![
            ("text".into(), "\u{c}\u{c}\u{c}".into()),
            ("count".into(), 12.into()),
            ("later".into(), unknown()),
        ]);
        assert_eq!(plain(encode(&value)), encode(&value));
    }

    #[test]
    fn terraform_writes_the_plain_unknown_in_three_bytes() {
        assert_eq!(encode(&unknown()), [0xd4, 0, 0]);
    }
}
