//! Long texts to measure on: prose, a digit-dense log, random bytes, and what
//! a hostile document would be made of.

use super::random::Random;

/// Words that make no sense together, with the lengths of English ones.
const WORDS: &[&str] = &[
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "for",
    "it",
    "as",
    "was",
    "with",
    "be",
    "by",
    "on",
    "not",
    "he",
    "his",
    "but",
    "at",
    "are",
    "this",
    "have",
    "from",
    "or",
    "had",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "all",
    "her",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "no",
    "more",
    "if",
    "out",
    "so",
    "up",
    "said",
    "what",
    "its",
    "about",
    "than",
    "into",
    "them",
    "can",
    "only",
    "other",
    "time",
    "new",
    "some",
    "could",
    "these",
    "two",
    "may",
    "first",
    "then",
    "do",
    "any",
    "like",
    "my",
    "now",
    "over",
    "such",
    "our",
    "man",
    "me",
    "even",
    "most",
    "made",
    "after",
    "also",
    "well",
    "back",
    "through",
    "years",
    "where",
    "much",
    "your",
    "way",
    "down",
    "should",
    "because",
    "long",
    "each",
    "just",
    "state",
    "people",
    "those",
    "too",
    "mister",
    "how",
    "little",
    "good",
    "world",
    "make",
    "very",
    "year",
    "still",
    "see",
    "own",
    "work",
    "men",
    "day",
    "get",
    "here",
    "old",
    "between",
    "both",
    "life",
    "being",
    "under",
    "three",
    "never",
    "know",
    "same",
    "last",
    "another",
    "while",
    "us",
    "off",
    "might",
    "great",
    "agreement",
    "settlement",
    "document",
    "compliance",
    "statement",
    "procedure",
    "responsibility",
    "infrastructure",
    "organisation",
];

/// Sentences and paragraphs, a year or an amount now and then.
pub fn prose(random: &mut Random, bytes: usize) -> Vec<u8> {
    let mut text = String::with_capacity(bytes + 200);
    let mut column = 0;
    while text.len() < bytes {
        let length = random.between(6, 22);
        for place in 0..length {
            let mut word = match random.below(160) {
                0 => random.between(1900, 2030).to_string(),
                1 => format!("{}.{:02}", random.between(1, 9999), random.below(100)),
                _ => random.pick(WORDS).to_owned(),
            };
            if place == 0 {
                word[..1].make_ascii_uppercase();
            }
            column += word.len() + 1;
            text.push_str(&word);
            if place + 1 == length {
                text.push('.');
            } else if random.below(12) == 0 {
                text.push(',');
            }
            if column > 90 {
                text.push('\n');
                column = 0;
            } else {
                text.push(' ');
            }
        }
        if random.below(8) == 0 {
            text.push_str("\n\n");
            column = 0;
        }
    }
    text.truncate(bytes);
    text.into_bytes()
}

/// Lines of an access log, half of whose characters are digits.
pub fn log(random: &mut Random, bytes: usize) -> Vec<u8> {
    let mut text = String::with_capacity(bytes + 300);
    let mut epoch = 1_767_225_600_000;
    while text.len() < bytes {
        epoch += random.between(1, 900);
        let (second, day) = (epoch / 1000 % 86_400, epoch / 86_400_000 % 28 + 1);
        let line = format!(
            "2026-01-{day:02}T{:02}:{:02}:{:02}.{:03}Z {}.{}.{}.{} {epoch} req={}-{}-4{}-{} GET /v1/documents/{}?page={} {} {} {}.{:03} order={} sha={}\n",
            second / 3600,
            second / 60 % 60,
            second % 60,
            epoch % 1000,
            random.between(1, 223),
            random.below(256),
            random.below(256),
            random.below(256),
            random.hex(8),
            random.hex(4),
            random.hex(3),
            random.hex(12),
            random.digits(16),
            random.below(100),
            random.pick(&["200", "201", "204", "304", "404"]),
            random.below(100_000),
            random.below(10),
            random.below(1000),
            random.digits(12),
            random.hex(10),
        );
        text.push_str(&line);
    }
    text.truncate(bytes);
    text.into_bytes()
}

pub fn bytes(random: &mut Random, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|_| random.next() as u8).collect()
}

/// Texts that are nothing but the beginnings of what is looked for.
pub const HOSTILE: &[(&str, &str)] = &[
    ("digits", "4"),
    ("digits and blanks", "4 "),
    ("groups of four", "4111 "),
    ("groups of four with hyphens", "4111-"),
    ("digits and hyphens", "1-"),
    ("digits and line ends", "4\n"),
    ("groups and line ends", "4111\n"),
    ("blanks and a digit", "4               \n               "),
    ("zeros and parentheses", "(0) "),
    ("parentheses", "("),
    ("pluses", "+1"),
    ("@", "a@"),
    ("addresses", "a@a.aa"),
    ("a long domain", "@a.aa.aa.aa.aa.aa.aa.aa.aa.aa"),
    ("dots", "1."),
    ("octets", "255."),
    ("colons", "a:"),
    ("double colons", "a::"),
    ("accounts", "DE89 "),
    ("capitals", "DE89"),
    ("words", "card "),
    ("phones", "212-555-0123 "),
    ("cards", "4111111111111111 "),
    ("spaced cards", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "),
];

pub fn hostile(unit: &str, bytes: usize) -> Vec<u8> {
    unit.bytes().cycle().take(bytes).collect()
}
