//! Looking through msgpack without decoding it.
//!
//! msgpack is a sequence of tokens, each of which says how long it is; the items
//! of a container are the tokens after it. Jumping from one to the next answers
//! "is there any ..." about a state of 20 MB without building a tree of it: text,
//! which is nearly all of a large state, is not looked at.

/// One token: a whole scalar, or the head of a container.
pub(super) struct Token<'a> {
    marker: u8,
    /// What follows the marker: lengths, type and content.
    body: &'a [u8],
    /// How many bytes of the body come before the content.
    head: usize,
}

impl<'a> Token<'a> {
    /// The type of an extension.
    pub(super) fn extension(&self) -> Option<i8> {
        let is_extension = matches!(self.marker, 0xc7..=0xc9 | 0xd4..=0xd8);
        let kind = self.body.get(self.head.checked_sub(1)?)?;
        is_extension.then(|| i8::from_be_bytes([*kind]))
    }

    /// The content of a text.
    pub(super) fn text(&self) -> Option<&'a [u8]> {
        let is_text = matches!(self.marker, 0xa0..=0xbf | 0xd9..=0xdb);
        is_text.then(|| self.body.get(self.head..))?
    }

    pub(super) fn is_integer(&self) -> bool {
        matches!(self.marker, 0x00..=0x7f | 0xe0..=0xff | 0xcc..=0xd3)
    }

    pub(super) fn is_float(&self) -> bool {
        matches!(self.marker, 0xca | 0xcb)
    }
}

/// The tokens up to the end, or up to where the bytes stop making sense, which
/// is for a decoder to report.
pub(super) fn tokens(msgpack: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut rest = msgpack;
    std::iter::from_fn(move || {
        let (&marker, after) = rest.split_first()?;
        let (head, content) = measure(marker, after)?;
        let length = head.checked_add(content)?;
        let body = after.get(..length)?;
        rest = after.get(length..)?;
        Some(Token { marker, body, head })
    })
}

/// The bytes before the content (a length, the type of an extension) and those
/// of the content.
fn measure(marker: u8, after: &[u8]) -> Option<(usize, usize)> {
    let number = |bytes: usize| {
        let bytes = after.get(..bytes)?.iter();
        Some(bytes.fold(0, |sum, &byte| sum << 8 | usize::from(byte)))
    };
    Some(match marker {
        0xa0..=0xbf => (0, usize::from(marker & 0x1f)), // short text
        0xc4 | 0xd9 => (1, number(1)?),
        0xc5 | 0xda => (2, number(2)?),
        0xc6 | 0xdb => (4, number(4)?),
        0xc7 => (2, number(1)?), // extensions have their type after the length
        0xc8 => (3, number(2)?),
        0xc9 => (5, number(4)?),
        0xd4..=0xd8 => (1, 1 << (marker - 0xd4)),
        0xcc | 0xd0 => (0, 1),
        0xcd | 0xd1 => (0, 2),
        0xca | 0xce | 0xd2 => (0, 4),
        0xcb | 0xcf | 0xd3 => (0, 8),
        0xdc | 0xde => (2, 0), // containers
        0xdd | 0xdf => (4, 0),
        0xc1 => return None, // never used
        _ => (0, 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rmpv::Value;

    #[test]
    fn every_kind_of_value_has_its_length() {
        let text = |length| Value::from("x".repeat(length));
        let values = [
            Value::Nil,
            true.into(),
            7.into(),
            (-7).into(),
            200.into(),
            40_000.into(),
            3_000_000_000_u64.into(),
            u64::MAX.into(),
            (-200).into(),
            (-40_000).into(),
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
            Value::Ext(3, vec![12; 16]),
            Value::Ext(3, vec![12; 40]),
            Value::Ext(3, vec![12; 400]),
        ];
        for value in values {
            let mut bytes = Vec::new();
            let pair = Value::Array(vec![value.clone(), Value::Ext(12, vec![0x80; 5])]);
            rmpv::encode::write_value(&mut bytes, &pair).unwrap();
            let last = tokens(&bytes).last().unwrap();
            assert_eq!(last.extension(), Some(12), "after {value}");
            let texts: Vec<_> = tokens(&bytes).filter_map(|token| token.text()).collect();
            if let Some(text) = value.as_str() {
                assert_eq!(texts, [text.as_bytes()]);
            }
            let floats = tokens(&bytes).filter(Token::is_float).count();
            assert_eq!(floats, usize::from(value.is_f32() || value.is_f64()));
        }
    }

    #[test]
    fn bytes_that_are_cut_off_end_the_tokens() {
        assert_eq!(tokens(&[0xd9]).count(), 0);
        assert_eq!(tokens(&[0xc0, 0xdb, 0xff, 0xff, 0xff, 0xff]).count(), 1);
    }
}
