//! CBOR, in which CloudWatch speaks to today's SDKs (Smithy's RPC v2,
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>), as
//! JSON: what AWS sends in it are maps, lists, texts, numbers, booleans and
//! times. A time is a number that says so; JSON has only the number, and
//! CloudWatch's names tell which numbers are times.

use serde_json::{Map, Number, Value};

/// None when it is no CBOR, or holds what JSON cannot.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader(bytes);
    let value = reader.value(0)?;
    reader.0.is_empty().then_some(value)
}

pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    bytes
}

const DEEPEST: u32 = 64;
const BREAK: u8 = 0xff;

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let (some, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(some)
    }

    /// The argument of an item; None for those of no length given before.
    fn argument(&mut self, low: u8) -> Option<u64> {
        let width = match low {
            0..=23 => return Some(low.into()),
            24..=27 => 1_usize << (low - 24),
            _ => return None,
        };
        let bytes = self.take(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let first = self.byte()?;
        let (major, low) = (first >> 5, first & 0x1f);
        match major {
            0 => self.argument(low).map(Value::from),
            1 => {
                let below = i64::try_from(self.argument(low)?).ok()?;
                Some(Value::from(-1 - below))
            }
            3 => self.text(low).map(Value::String),
            4 => {
                let mut list = Vec::new();
                let mut left = self.length(low)?;
                while self.more(&mut left)? {
                    list.push(self.value(depth + 1)?);
                }
                Some(Value::Array(list))
            }
            5 => {
                let mut map = Map::new();
                let mut left = self.length(low)?;
                while self.more(&mut left)? {
                    let Value::String(key) = self.value(depth + 1)? else {
                        return None;
                    };
                    map.insert(key, self.value(depth + 1)?);
                }
                Some(Value::Object(map))
            }
            6 => {
                self.argument(low)?;
                self.value(depth + 1)
            }
            7 => self.simple(low),
            _ => None,
        }
    }

    /// How many items follow; the inner None: until a break.
    fn length(&mut self, low: u8) -> Option<Option<u64>> {
        if low == 31 {
            return Some(None);
        }
        self.argument(low).map(Some)
    }

    fn more(&mut self, left: &mut Option<u64>) -> Option<bool> {
        match left {
            Some(0) => Some(false),
            Some(count) => {
                *count -= 1;
                Some(true)
            }
            None if *self.0.first()? == BREAK => {
                self.byte()?;
                Some(false)
            }
            None => Some(true),
        }
    }

    fn text(&mut self, low: u8) -> Option<String> {
        let mut text = String::new();
        match self.length(low)? {
            Some(length) => {
                let bytes = self.take(usize::try_from(length).ok()?)?;
                text.push_str(std::str::from_utf8(bytes).ok()?);
            }
            None => {
                while self.more(&mut None)? {
                    let part = self.byte()?;
                    text.push_str(&self.text(part & 0x1f)?);
                }
            }
        }
        Some(text)
    }

    fn simple(&mut self, low: u8) -> Option<Value> {
        let number = match low {
            20 => return Some(Value::Bool(false)),
            21 => return Some(Value::Bool(true)),
            22 | 23 => return Some(Value::Null),
            26 => f64::from(f32::from_be_bytes(self.take(4)?.try_into().ok()?)),
            27 => f64::from_be_bytes(self.take(8)?.try_into().ok()?),
            _ => return None,
        };
        Number::from_f64(number).map(Value::Number)
    }
}

fn head(major: u8, argument: u64, bytes: &mut Vec<u8>) {
    let major = major << 5;
    match u8::try_from(argument) {
        Ok(small @ 0..=23) => bytes.push(major | small),
        Ok(small) => bytes.extend([major | 24, small]),
        Err(_) => {
            bytes.push(major | 27);
            bytes.extend(argument.to_be_bytes());
        }
    }
}

fn length(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(false) => bytes.push(0xf4),
        Value::Bool(true) => bytes.push(0xf5),
        Value::Number(number) => write_number(number, bytes),
        Value::String(text) => {
            head(3, length(text.len()), bytes);
            bytes.extend(text.as_bytes());
        }
        Value::Array(list) => {
            head(4, length(list.len()), bytes);
            list.iter().for_each(|item| write(item, bytes));
        }
        Value::Object(map) => {
            let members = map.iter().filter(|(_, item)| !item.is_null());
            head(5, length(members.clone().count()), bytes);
            for (key, item) in members {
                head(3, length(key.len()), bytes);
                bytes.extend(key.as_bytes());
                if item.is_number() && (key.ends_with("Timestamp") || key == "LastModified") {
                    head(6, 1, bytes);
                }
                write(item, bytes);
            }
        }
    }
}

fn write_number(number: &Number, bytes: &mut Vec<u8>) {
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => head(0, positive, bytes),
        (None, Some(negative)) => head(1, negative.unsigned_abs() - 1, bytes),
        (None, None) => {
            bytes.push(0xfb);
            bytes.extend(number.as_f64().unwrap_or_default().to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let long = "x".repeat(300);
        let value = json!({
            "LastModified": 1_700_000_000, "yes": true, "no": false, "text": long, "small": 7, "byte": 200,
            "wide": 5_000_000_000_u64, "negative": -3, "fraction": 1.5,
            "list": [1, "two", { "three": [] }],
        });
        assert_eq!(decode(&encode(&value)), Some(value));
    }

    #[test]
    fn what_is_absent_is_left_out_as_aws_does() {
        assert_eq!(encode(&json!({ "none": null })), [0xa0]);
    }

    #[test]
    fn lengths_may_be_left_open_and_times_are_their_numbers() {
        // {_ "a": [_ 1, 1(2)], "b": (_ "c", "d")}
        let bytes = [
            0xbf, 0x61, b'a', 0x9f, 0x01, 0xc1, 0x02, 0xff, 0x61, b'b', 0x7f, 0x61, b'c', 0x61,
            b'd', 0xff, 0xff,
        ];
        assert_eq!(decode(&bytes), Some(json!({ "a": [1, 2], "b": "cd" })));
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_no_cbor() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0xa1, 0x61]), None);
        assert_eq!(decode(&[0x01, 0x02]), None);
        assert_eq!(decode(&[0x9f; 100]), None);
    }
}
