//! IPv4 and IPv6 addresses.

use super::context::{self, Lean};
use super::found::{Found, Kind, confidence};
use super::number::{before, is_word};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest IPv6 address in text (RFC 4291, with an IPv4 tail).
const LONGEST: usize = 45;

/// The IPv4 address that begins with the digit at `start`.
pub(super) fn v4(text: &[u8], start: usize) -> Option<Found> {
    // Neither a part of a longer dotted number, such as an object identifier,
    // nor of a name: `v1.2.3.4`, `lib-1.2.3.4`.
    if let Some(byte) = before(text, start) {
        let further = before(text, start - 1).unwrap_or(b' ');
        if is_word(byte) || matches!(byte, b'.' | b'-') && is_word(further) {
            return None;
        }
    }
    let end = start
        + run(&text[start..], 15, |byte| {
            byte.is_ascii_digit() || *byte == b'.'
        });
    // A sentence may end behind it, or trail off.
    let dots = text[start..end].windows(2).position(|pair| pair == b"..");
    let end = dots.map_or(end, |dots| start + dots);
    let end = end - trailing(&text[start..end]);
    let address: Ipv4Addr = std::str::from_utf8(&text[start..end]).ok()?.parse().ok()?;
    match text.get(end) {
        Some(byte) if is_word(*byte) => return None,
        Some(b'.' | b'-') if text.get(end + 1).is_some_and(|byte| is_word(*byte)) => return None,
        _ => {}
    }
    let octets = address.octets();
    // Masks, the own machine and "any" are no one's; four single digits are
    // more often a version or a chapter than an address.
    let special = matches!(octets[0], 0 | 127 | 255) || octets.iter().all(|octet| *octet < 10);
    let lean = context::lean(text, start, end, Kind::IpAddress);
    found(start, end, if special { 1 } else { 2 }, lean)
}

/// The IPv6 address that begins at `start`.
pub(super) fn v6(text: &[u8], start: usize) -> Option<Found> {
    // Most candidates are something else.
    if !text[start..].iter().take(5).any(|byte| *byte == b':') {
        return None;
    }
    if before(text, start).is_some_and(|byte| is_word(byte) || matches!(byte, b':' | b'.')) {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let end = start + run(&text[start..], LONGEST + 1, is_part);
    let end = end - trailing(&text[start..end]);
    // A single colon behind it belongs to the sentence.
    let end = match text[start..end] {
        [.., before, b':'] if before != b':' => end - 1,
        _ => end,
    };
    if text.get(end).is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(&text[start..end]).ok()?.parse().ok()?;
    if !is_sound(&text[start..end], &address) {
        return None;
    }
    let lean = context::lean(text, start, end, Kind::IpAddress);
    let special = address.is_loopback() || address.is_multicast();
    found(start, end, if special { 1 } else { 2 }, lean)
}

fn found(start: usize, end: usize, base: i8, lean: Lean) -> Option<Found> {
    Some(Found {
        start,
        end,
        kind: Kind::IpAddress,
        confidence: confidence(base + lean.step())?,
        network: None,
    })
}

/// Whether it is an address rather than code (`std::fmt`, `face::add`) or the
/// eight bytes of a hardware address.
fn is_sound(text: &[u8], address: &Ipv6Addr) -> bool {
    if !text.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let compressed = text.windows(2).any(|pair| pair == b"::");
    if !compressed {
        let groups = || text.split(|byte| *byte == b':');
        return !groups().all(|group| group.len() == 2);
    }
    // What is allocated: global unicast, unique local, link local, multicast,
    // the own machine, and IPv4 in its mapped and translated forms.
    let [first, second, .., sixth, seventh, _] = address.segments();
    match first {
        0 => address.is_loopback() || (sixth == 0xffff && seventh != 0),
        0x64 => second == 0xff9b,
        0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf | 0xff00..=0xffff => true,
        _ => false,
    }
}

/// How many bytes from the first on are such, up to `most`.
fn run(text: &[u8], most: usize, is: impl Fn(&u8) -> bool) -> usize {
    text.iter().take(most).take_while(|byte| is(byte)).count()
}

/// How many dots are at its end.
fn trailing(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| **byte == b'.').count()
}

/// For the mask: the address that is written so.
pub(super) fn parse(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::Confidence::{self, High, Low, Medium};
    use super::*;

    fn of(text: &str, at: fn(&[u8], usize) -> Option<Found>) -> Option<(String, Confidence)> {
        let start = text.find('^').unwrap();
        let text = text.replace('^', "");
        let found = at(text.as_bytes(), start)?;
        Some((text[found.start..found.end].to_owned(), found.confidence))
    }

    #[test]
    fn an_ipv4_address_has_four_octets_and_no_more() {
        for (text, address, confidence) in [
            ("^203.0.113.7", "203.0.113.7", Medium),
            ("from ^203.0.113.7:8080", "203.0.113.7", High),
            ("^10.0.0.0/8", "10.0.0.0", Medium),
            ("at ^203.0.113.7.", "203.0.113.7", Medium),
            ("at ^203.0.113.7..10", "203.0.113.7", Medium),
            ("^127.0.0.1", "127.0.0.1", Low),
            ("^1.2.3.4", "1.2.3.4", Low),
            ("firmware ^20.10.30.4", "20.10.30.4", Low),
        ] {
            assert_eq!(
                of(text, v4),
                Some((address.to_owned(), confidence)),
                "{text}"
            );
        }
        for text in [
            "^203.0.113.256",
            "^203.0.113",
            "^203.0.113.7.9",
            "1.^203.0.113.7",
            "v^203.0.113.7",
            "lib-^203.0.113.7",
            "^203.0.113.7-rc1",
            "^203.0.113.7a",
            "^203.0.113.07",
            "version ^1.2.3.4",
        ] {
            assert_eq!(of(text, v4), None, "{text}");
        }
    }

    #[test]
    fn an_ipv6_address_is_whole_or_of_an_allocated_range() {
        for (text, address, confidence) in [
            ("^2001:db8::1", "2001:db8::1", Medium),
            ("host ^2001:db8::1", "2001:db8::1", High),
            (
                "^2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                Medium,
            ),
            ("[^2001:db8::1]:443", "2001:db8::1", Medium),
            ("^fe80::1%eth0", "fe80::1", Medium),
            ("^::1", "::1", Low),
            ("^::ffff:203.0.113.7", "::ffff:203.0.113.7", Medium),
            ("^64:ff9b::203.0.113.7.", "64:ff9b::203.0.113.7", Medium),
            ("^2001:db8:: x", "2001:db8::", Medium),
        ] {
            assert_eq!(
                of(text, v6),
                Some((address.to_owned(), confidence)),
                "{text}"
            );
        }
        for text in [
            "^00:1a:2b:3c:4d:5e",
            "^00:11:22:33:44:55:66:77",
            "^12:30:45",
            "^::",
            "std^::fmt",
            "^face::add",
            "^dead::beef",
            "^fdce::add",
            "^2001:db8::1::2",
            "^2001:db8::g",
            "^2001:db8:::1",
            "^1:2:3:4:5:6:7",
        ] {
            assert_eq!(of(text, v6), None, "{text}");
        }
    }
}
