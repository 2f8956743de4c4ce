//! E-mail addresses, as they are written rather than as RFC 5322 allows.

use super::Confidence;
use super::found::{Found, Kind};
use super::number;

/// Of the part before the `@` (RFC 5321, 4.5.3.1.1), and behind it.
pub(super) const LOCAL: usize = 64;
pub(super) const DOMAIN: usize = 255;

/// Top-level domains that people have addresses in, besides the countries'
/// two letters; of the other thousand one is less sure.
const COMMON: &[&str] = &[
    "academy",
    "aero",
    "agency",
    "app",
    "arpa",
    "asia",
    "bank",
    "biz",
    "blog",
    "cloud",
    "com",
    "coop",
    "dev",
    "digital",
    "edu",
    "email",
    "eus",
    "example",
    "finance",
    "global",
    "gmbh",
    "gov",
    "group",
    "health",
    "info",
    "insurance",
    "int",
    "jobs",
    "law",
    "legal",
    "life",
    "live",
    "mail",
    "mil",
    "mobi",
    "museum",
    "name",
    "net",
    "news",
    "online",
    "org",
    "pro",
    "pub",
    "shop",
    "site",
    "solutions",
    "store",
    "swiss",
    "tech",
    "tel",
    "test",
    "travel",
    "university",
    "wales",
    "web",
    "wiki",
    "work",
    "works",
    "world",
    "xyz",
];

/// Ends of file names, as in `icon@2x.png`.
const FILES: &[&str] = &[
    "bmp", "css", "csv", "docx", "exe", "gif", "gz", "htm", "html", "ico", "jar", "jpeg", "jpg",
    "js", "json", "log", "mjs", "pdf", "png", "scss", "svg", "tar", "tgz", "tif", "tiff", "ts",
    "txt", "webp", "xlsx", "xml", "yaml", "yml",
];

#[cfg(test)]
pub(super) fn tables() -> (&'static [&'static str], &'static [&'static str]) {
    (FILES, COMMON)
}

/// The address whose `@` is at `at`.
pub(super) fn at(text: &[u8], at: usize) -> Option<Found> {
    let local = text[at.saturating_sub(LOCAL + 1)..at]
        .iter()
        .rev()
        .take_while(|byte| is_local(**byte))
        .count();
    // A dot belongs to the sentence, and a quotation mark to what it quotes.
    let start = at - local
        + text[at - local..at]
            .iter()
            .take_while(|byte| matches!(byte, b'.' | b'\''))
            .count();
    if start == at || at - start > LOCAL || text[at - 1] == b'.' {
        return None;
    }
    if text[start..at].windows(2).any(|pair| pair == b"..") || is_credentials(text, start) {
        return None;
    }
    let mut end = at + 1;
    while end - at <= DOMAIN + 1 && text.get(end).is_some_and(|byte| is_domain(*byte)) {
        end += 1;
    }
    while matches!(text[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &text[at + 1..end];
    if domain.len() > DOMAIN || !is_host(domain) {
        return None;
    }
    // `git@host:path` is a place, not a person.
    if text.get(end) == Some(&b':')
        && text
            .get(end + 1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'~')
    {
        return None;
    }
    let top = domain.rsplit(|byte| *byte == b'.').next()?;
    let is = |list: &[&str]| {
        list.iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(top))
    };
    if is(FILES) {
        return None;
    }
    let common = top.len() == 2 || is(COMMON);
    Some(Found {
        start,
        end,
        kind: Kind::Email,
        confidence: if common {
            Confidence::High
        } else {
            Confidence::Medium
        },
        network: None,
    })
}

/// Letters of other scripts are in addresses too (RFC 6531).
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"._%+-'".contains(&byte)
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'.' | b'-')
}

/// Labels and a top-level domain of letters.
fn is_host(domain: &[u8]) -> bool {
    let mut labels = 0;
    let all = domain.split(|byte| *byte == b'.').all(|label| {
        labels += 1;
        !label.is_empty() && label.len() <= 63 && label[0] != b'-' && label[label.len() - 1] != b'-'
    });
    let top = domain
        .rsplit(|byte| *byte == b'.')
        .next()
        .unwrap_or_default();
    let letters = top.iter().all(|byte| byte.is_ascii_alphabetic()) || top.starts_with(b"xn--");
    all && labels > 1 && (2..=24).contains(&top.len()) && letters
}

/// Whether what ends at `start` makes it the password of a link:
/// `https://user:password@host.example`.
fn is_credentials(text: &[u8], start: usize) -> bool {
    number::token_before(text, start, LOCAL)
        .windows(3)
        .any(|three| three == b"://")
}

#[cfg(test)]
mod tests {
    use super::super::Confidence::{High, Medium};
    use super::*;

    fn of(text: &str) -> Option<(String, Confidence)> {
        let found = at(text.as_bytes(), text.find('@').unwrap())?;
        Some((text[found.start..found.end].to_owned(), found.confidence))
    }

    #[test]
    fn an_address_is_found_without_the_sentence_around_it() {
        for (text, address, confidence) in [
            ("a@b.co", "a@b.co", High),
            (
                "Mail john.smith+tag@mail.example.com.",
                "john.smith+tag@mail.example.com",
                High,
            ),
            ("<mailto:o'brien@example.org>", "o'brien@example.org", High),
            ("'x@example.net'", "x@example.net", High),
            ("...x@example.net...", "x@example.net", High),
            ("x@example.net,y", "x@example.net", High),
            ("x@xn--bcher-kva.example", "x@xn--bcher-kva.example", High),
            (
                "j\u{fc}rgen@b\u{fc}cher.de",
                "j\u{fc}rgen@b\u{fc}cher.de",
                High,
            ),
            ("x@shop.photography", "x@shop.photography", Medium),
        ] {
            assert_eq!(of(text), Some((address.to_owned(), confidence)), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_is_none() {
        for text in [
            "@example.com",
            "x @example.com",
            "x@example",
            "x@example.c",
            "x@1.2.3",
            "icon@2x.png",
            "left-pad@1.3.0",
            "git@host.example:group/project.git",
            "https://user:secret@host.example/",
            "a..b@example.com",
            "a.@example.com",
            "x@-a.com",
            "x@a..com",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert_eq!(of(&long), None);
        let longest = format!("{}@example.com", "a".repeat(64));
        assert!(of(&longest).is_some());
        let long = format!("a@{}.com", "a.".repeat(128));
        assert_eq!(of(&long), None);
    }
}
