//! Percent-encoding as S3, IAM and Config use it.

use std::fmt::Write;

/// RFC 3986, the slash kept, as S3 wants `x-amz-copy-source`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// As [`encoded`], of as much of the beginning as takes at most `longest`
/// bytes.
pub fn encoded_within(text: &str, longest: usize) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        let more = encoded(c.encode_utf8(&mut [0; 4]));
        if kept.len() + more.len() > longest {
            break;
        }
        kept.push_str(&more);
    }
    kept
}

/// What is no escape stays as it is.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        for text in ["a 50 % Größe, \"x\"", "", "%", "%4", "{\"a\":1}"] {
            let encoded = encoded(text);
            assert!(encoded.is_ascii() && !encoded.contains(' '));
            assert_eq!(decoded(&encoded), text);
        }
        assert_eq!(encoded("raw/a b+c.pdf"), "raw/a%20b%2Bc.pdf");
        assert_eq!(decoded("%zz%7B"), "%zz{");
        assert_eq!(encoded_within("aöb", 1), "a");
        assert_eq!(encoded_within("aöb", 7), "a%C3%B6");
    }
}
