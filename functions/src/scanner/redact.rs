//! A short text as it may be shown: every hit in it masked. For what is said
//! of a document besides its text, such as its name.
//!
//! Here a number too much does less harm than one too little. So it is looked
//! at as a person would: `%20` is a blank, what stands in a link is no less a
//! card number, and neither is one that is a part of a longer name.

use super::found::Kind;
use super::{Scanner, mask, networks, number};
use std::ops::Range;

/// What is shown where it cannot be told what may be.
const WHOLE: &str = "********";
/// The lengths of card numbers (ISO/IEC 7812).
const CARD: Range<usize> = 12..number::MOST_DIGITS + 1;

/// A part of the text, by its bytes, that is shown as something else.
struct Cover {
    at: Range<usize>,
    shown: String,
}

impl Scanner {
    /// `text` with its hits of any type and confidence replaced by their masks,
    /// and every card number, whatever stands beside it.
    pub fn redact(&self, text: &str) -> String {
        let plain = Plain::new(text);
        let mut covers = cards(&plain.bytes);
        let mut stream = self.stream();
        stream.push(&plain.without_schemes());
        for hit in stream.finish().hits {
            let start = usize::try_from(hit.at).unwrap_or(usize::MAX);
            let end = start.saturating_add(usize::try_from(hit.length).unwrap_or(usize::MAX));
            let shown = hit.masked;
            add(
                &mut covers,
                Cover {
                    at: start..end,
                    shown,
                },
            );
        }
        covers.sort_by_key(|cover| cover.at.start);
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for cover in covers {
            let place = plain.place(&cover.at);
            // A hit of bytes that are no whole characters is shown as none.
            let before = place.as_ref().and_then(|place| text.get(at..place.start));
            let (Some(before), Some(place)) = (before, place) else {
                return WHOLE.to_owned();
            };
            shown.push_str(before);
            shown.push_str(&cover.shown);
            at = place.end;
        }
        match text.get(at..) {
            Some(rest) => shown + rest,
            None => WHOLE.to_owned(),
        }
    }
}

/// Adds a hit. Where it is over a card number that was found before it, the
/// longer of them is covered; where they only meet, both are and nothing is shown.
fn add(covers: &mut Vec<Cover>, mut hit: Cover) {
    let mut kept = Vec::with_capacity(covers.len() + 1);
    for cover in covers.drain(..) {
        let apart = cover.at.end <= hit.at.start || hit.at.end <= cover.at.start;
        let over = hit.at.start <= cover.at.start && cover.at.end <= hit.at.end;
        let under = cover.at.start <= hit.at.start && hit.at.end <= cover.at.end;
        if apart {
            kept.push(cover);
        } else if under && !over {
            hit = cover;
        } else if !over {
            let start = cover.at.start.min(hit.at.start);
            let end = cover.at.end.max(hit.at.end);
            hit = Cover {
                at: start..end,
                shown: WHOLE.to_owned(),
            };
        }
    }
    kept.push(hit);
    *covers = kept;
}

/// A text without its percent-encoding (RFC 3986, 2.1), and where each byte
/// of it was.
struct Plain {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Plain {
    fn new(text: &str) -> Self {
        let text = text.as_bytes();
        let mut plain = Self {
            bytes: Vec::with_capacity(text.len()),
            places: Vec::with_capacity(text.len()),
        };
        let digit = |at: usize| {
            let digit = char::from(*text.get(at)?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let encoded = match byte {
                b'%' => digit(at + 1).zip(digit(at + 2)),
                _ => None,
            };
            let (byte, length) = match encoded {
                Some((high, low)) => (high << 4 | low, 3),
                None => (*byte, 1),
            };
            plain.bytes.push(byte);
            plain.places.push(at..at + length);
            at += length;
        }
        plain
    }

    /// Where these bytes are in the text.
    fn place(&self, bytes: &Range<usize>) -> Option<Range<usize>> {
        let first = self.places.get(bytes.start)?;
        let last = self.places.get(bytes.end.checked_sub(1)?)?;
        Some(first.start..last.end)
    }

    /// The same bytes, but no link: a number in one is rather an order's to the
    /// scanner than a card's.
    fn without_schemes(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let schemes: Vec<usize> = memchr::memmem::find_iter(&self.bytes, b"://").collect();
        for scheme in schemes {
            if let Some(marks) = bytes.get_mut(scheme..scheme + 3) {
                marks.fill(b',');
            }
        }
        bytes
    }
}

/// Every card number in `text`: whole groups of digits with one mark between
/// them, with a check digit that is right and in a range that is issued. (A
/// time in a name has a right check digit one time in ten.)
fn cards(text: &[u8]) -> Vec<Cover> {
    let mut covers = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let groups = groups(text, at);
        let Some(first) = groups.first() else {
            at += 1;
            continue;
        };
        // The longest one first.
        let found = (1..=groups.len()).rev().find_map(|count| {
            let (place, digits) = joined(text, &groups[..count])?;
            let is_card = CARD.contains(&digits.len())
                && number::luhn(&digits)
                && networks::of(&digits).is_some();
            is_card.then_some(place)
        });
        match found {
            Some(place) => {
                at = place.end;
                let shown = mask::mask(Kind::PaymentCard, &text[place.clone()]);
                covers.push(Cover { at: place, shown });
            }
            None => at = first.end,
        }
    }
    covers
}

/// The groups of digits from `start` on, none when there is no digit.
fn groups(text: &[u8], start: usize) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let (mut at, mut total) = (start, 0);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return groups;
        }
        groups.push(at..at + length);
        total += length;
        let mark = rest.get(length);
        if total >= CARD.end || !mark.is_some_and(|mark| b" -._+".contains(mark)) {
            return groups;
        }
        at += length + 1;
    }
}

/// Where these groups are, and their digits' values.
fn joined(text: &[u8], groups: &[Range<usize>]) -> Option<(Range<usize>, Vec<u8>)> {
    let place = groups.first()?.start..groups.last()?.end;
    let bytes = text.get(place.clone())?;
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit());
    Some((place, digits.map(|digit| digit - b'0').collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(cases: &[(&str, &str)]) {
        let scanner = Scanner::new(&[]).unwrap();
        for (text, shown) in cases {
            assert_eq!(scanner.redact(text), *shown, "{text}");
        }
    }

    #[test]
    fn what_is_found_is_masked_and_the_rest_stays() {
        shows(&[
            ("raw/2026/invoice 17.pdf", "raw/2026/invoice 17.pdf"),
            (
                "raw/Karte 4111 1111 1111 1111 Größe.pdf",
                "raw/Karte 411111******1111 Größe.pdf",
            ),
            (
                "4111111111111111 and 5555555555554444",
                "411111******1111 and 555555******4444",
            ),
            ("", ""),
        ]);
    }

    #[test]
    fn a_card_number_in_a_link_is_masked() {
        shows(&[
            (
                "s3://bucket/encrypted/4111111111111111.txt",
                "s3://bucket/encrypted/411111******1111.txt",
            ),
            (
                "https://www.example.com/4111-1111-1111-1111",
                "https://www.example.com/411111******1111",
            ),
            ("s3://bucket/raw/a.txt", "s3://bucket/raw/a.txt"),
        ]);
    }

    #[test]
    fn a_card_number_that_is_part_of_a_name_is_masked() {
        shows(&[
            ("txn_4111111111111111.pdf", "txn_411111******1111.pdf"),
            ("order-4111111111111111.pdf", "order-411111******1111.pdf"),
            ("a4111111111111111b", "a411111******1111b"),
            ("2026-4111-1111-1111-1111-v2", "2026-411111******1111-v2"),
            ("4111_1111_1111_1111", "411111******1111"),
            ("x3782.822463.10005x", "x37828******0005x"),
            (
                "4111111111111111_5555555555554444",
                "411111******1111_555555******4444",
            ),
        ]);
    }

    #[test]
    fn a_percent_encoded_name_is_masked() {
        shows(&[
            (
                "raw/4111%201111%201111%201111.pdf",
                "raw/411111******1111.pdf",
            ),
            ("txn_%34111111111111111.pdf", "txn_411111******1111.pdf"),
            ("jane%40doe.example", "j***@***.example"),
            ("100%25 %zz %4", "100%25 %zz %4"),
            ("Gr%C3%B6%C3%9Fe %FF", "Gr%C3%B6%C3%9Fe %FF"),
        ]);
    }

    #[test]
    fn names_with_other_numbers_stay() {
        shows(&[
            ("raw/2026-01-01-120000.pdf", "raw/2026-01-01-120000.pdf"),
            (
                "raw/order-4111111111111112.pdf",
                "raw/order-4111111111111112.pdf",
            ),
            (
                "raw/20260101120000123456.pdf",
                "raw/20260101120000123456.pdf",
            ),
        ]);
    }
}
