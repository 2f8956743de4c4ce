//! Values that are not known yet.
//!
//! Terraform encodes an unknown as msgpack extension 0. When it knows something
//! about the value all the same ("not null", "starts with arn:"), it sends
//! extension 12 with those *refinements* instead, and a decoder that expects
//! extension 0 fails on it. Nobody here uses refinements, so they are taken off.

use rmpv::Value;

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

fn walk(value: &mut Value, change: &impl Fn(&mut Value)) {
    change(value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, item)| walk(item, change)),
        _ => {}
    }
}

/// Whether there is an extension 12 anywhere.
///
/// msgpack is a sequence of headers, so this jumps from one to the next: text,
/// which is nearly all of a large state, is not looked at.
fn is_refined(msgpack: &[u8]) -> bool {
    let mut rest = msgpack;
    while let Some((&marker, after)) = rest.split_first() {
        let number = |bytes: usize| {
            let bytes = after.get(..bytes)?;
            let value = bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            Some(value)
        };
        // What follows the marker: header and content, and where in it an
        // extension has its type.
        let (length, extension) = match marker {
            0xa0..=0xbf => (Some(usize::from(marker & 0x1f)), None), // short text
            0xc4 | 0xd9 => (number(1).map(|content| content + 1), None),
            0xc5 | 0xda => (number(2).map(|content| content + 2), None),
            0xc6 | 0xdb => (number(4).map(|content| content + 4), None),
            0xc7 => (number(1).map(|content| content + 2), Some(1)),
            0xc8 => (number(2).map(|content| content + 3), Some(2)),
            0xc9 => (number(4).map(|content| content + 5), Some(4)),
            0xd4..=0xd8 => (Some(1 + (1 << (marker - 0xd4))), Some(0)),
            0xcc | 0xd0 => (Some(1), None),
            0xcd | 0xd1 | 0xdc | 0xde => (Some(2), None), // lengths of containers, too:
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => (Some(4), None), // their items just follow
            0xcb | 0xcf | 0xd3 => (Some(8), None),
            _ => (Some(0), None),
        };
        let kind = extension.and_then(|at| after.get(at));
        if kind.is_some_and(|&kind| i8::from_be_bytes([kind]) == REFINED_UNKNOWN) {
            return true;
        }
        match length.and_then(|length| after.get(length..)) {
            Some(next) => rest = next,
            None => return false, // cut off; for the decoder to refuse
        }
    }
    false
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
    fn a_refined_unknown_is_found_behind_every_kind_of_value() {
        let text = |length| Value::from("x".repeat(length));
        let before = [
            Value::Nil,
            true.into(),
            7.into(),
            (-7).into(),
            200.into(),
            40_000.into(),
            3_000_000_000_u64.into(),
            u64::MAX.into(),
            i64::MIN.into(),
            Value::F32(1.0),
            1.5.into(),
            text(3),
            text(100),
            text(1000),
            text(100_000),
            Value::Binary(vec![12; 300]),
            Value::Array(vec![Value::Nil; 20]),
            Value::Map(vec![("k".into(), Value::Nil); 20]),
            Value::Ext(3, vec![12; 40]),
            unknown(),
        ];
        for value in before {
            let alone = encode(&Value::Array(vec![value.clone()]));
            assert!(!is_refined(&alone), "{value}");
            assert_eq!(plain(alone.clone()), alone);
            let pair = Value::Array(vec![value.clone(), Value::Ext(12, vec![0x80])]);
            assert!(is_refined(&encode(&pair)), "{value}");
        }
        assert!(!is_refined(&[0xd9]), "cut off");
    }

    #[test]
    fn terraform_writes_the_plain_unknown_in_three_bytes() {
        assert_eq!(encode(&unknown()), [0xd4, 0, 0]);
    }
}
