//! The regular expressions: the scanner's own, which say where something may
//! begin, and the configuration's, which say all.
//!
//! The scanner's own are necessary conditions and as short as they can be: a
//! card's matches the first twelve digits of what the validator then reads.
//! So the automaton leaves each candidate as soon as it is one, and no text
//! makes it read far ahead again and again.

use super::{CustomPattern, PatternError};
use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;

/// What a configuration may have.
const MOST_PATTERNS: usize = 64;
const LONGEST_PATTERN: usize = 512;
const MOST_KEYWORDS: usize = 32;
const LONGEST_KEYWORD: usize = 32;
/// The longest match, so that a stream's window holds it whole.
pub(super) const LONGEST_MATCH: usize = 256;
/// Of a custom pattern's automaton, in bytes: `\w{250}` has 50,000.
const LARGEST: usize = 1 << 20;
/// For the states that are made while searching. The built-in patterns need a
/// tenth of it; what needs more starts over, and slows down but never stops.
const CACHE: usize = 4 << 20;

/// The scanner's own patterns, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BuiltIn {
    Card,
    Ssn,
    Phone,
    Ipv4,
    Ipv6,
    Iban,
    Email,
}

impl BuiltIn {
    pub const ALL: [Self; 7] = [
        Self::Card,
        Self::Ssn,
        Self::Phone,
        Self::Ipv4,
        Self::Ipv6,
        Self::Iban,
        Self::Email,
    ];

    /// Its expression, over bytes: `\b` and all classes are ASCII's.
    pub fn expression(self) -> String {
        // The bytes of all the blanks, hyphens, dots and ends of lines that
        // `number::joint` knows, in any order: one state where each alone
        // would be ten, and the validators look closely.
        let joint = r"[ \t\r\n.\-\x80-\xAF\xC2\xE2]";
        let between = r"[ ()./\-\x80-\xAF\xC2\xE2]";
        let blank = r"[ \x80-\xAF\xC2\xE2]";
        let over = r"[ \t\-\xC2]*[\r\n\xAD][ \t\r\n]*";
        let hex = "[0-9A-Fa-f]{1,4}";
        match self {
            // The first two groups, or twelve digits in one, or one on each side
            // of the end of a line.
            Self::Card => {
                let issuer = "(?:2[2-7]|3[04-9]|[4-6][0-9]|8[12]|97)";
                [
                    format!(r"(?:\b|[A-Za-z_]){issuer}[0-9]{{2}}(?:[0-9]{{8}}|{joint}+[0-9]{{3}}|{joint}+[0-9]{{1,2}}{over}[0-9])"),
                    format!(r"(?:\b|[A-Za-z_]){issuer}[0-9]{{4}}{joint}+[0-9]{{6}}"),
                    format!(r"(?:\b[1-689]|[A-Za-z_][1-689][0-9]{{3}})[0-9]{{0,18}}{over}[0-9]"),
                    format!(r"(?:\b|[A-Za-z_])1[0-9]{{3}}(?:[0-9]{{11}}\b|{joint}+[0-9]{{3}}|{joint}+[0-9]{{1,2}}{over}[0-9])"),
                    format!(r"\b[1-689](?:{blank}+[0-9]){{6}}"),
                ]
                .join("|")
            }
            Self::Ssn => {
                format!(r"\b[0-8][0-9]{{2}}(?:{joint}+[0-9]{{2}}{joint}+[0-9]{{4}}|[0-9]{{6}})\b")
            }
            Self::Phone => {
                let open = r"(?:\b|\()";
                [
                    r"\+\(?[1-9]".to_owned(),
                    format!(r"{open}00{between}*[1-9](?:{between}*[0-9]){{6}}"),
                    format!(r"{open}(?:1{between}*)?[2-9][0-9]{{2}}{between}*[2-9][0-9]{{2}}{between}*[0-9]{{4}}\b"),
                    format!(r"{open}0[1-9](?:[0-9]{{7}}|[0-9]{{0,3}}{between}+[0-9]{{2,3}}{between}*[0-9]{{2}})"),
                    format!(r"\([1-9][0-9]\){between}*[0-9]{{4,5}}{between}+[0-9]{{4}}"),
                    format!(r"\b[4-9][0-9]{{2}}{between}+[0-9]{{3}}{between}+[0-9]{{3}}"),
                    format!(r"\b[4-9][0-9]{{2}}{between}+[0-9]{{2}}{between}+[0-9]{{2}}{between}+[0-9]{{2}}"),
                    format!(r"\b[4-9][0-9]{between}+[0-9]{{3}}{between}+[0-9]{{2}}{between}+[0-9]{{2}}"),
                ]
                .join("|")
            }
            Self::Ipv4 => r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b".to_owned(),
            Self::Ipv6 => format!(
                r"\b{hex}(?::{hex}){{0,6}}::|::[0-9A-Fa-f]|\b(?:{hex}:){{7}}[0-9A-Fa-f]|\b(?:{hex}:){{6}}[0-9]{{1,3}}\."
            ),
            Self::Iban => format!(
                r"\b[A-Z]{{2}}[0-9]{{2}}{joint}*[0-9A-Z]{{4}}{joint}*[0-9A-Z]{{4}}{joint}*[0-9A-Z]{{3}}"
            ),
            // From the "@" on: what stands before it is read backwards.
            Self::Email => r"@[A-Za-z0-9\x80-\xFF][A-Za-z0-9\x80-\xFF.-]*?\.[A-Za-z]{2}".to_owned(),
        }
    }

    /// All of them in one automaton.
    pub fn compile() -> Result<Regex, Box<BuildError>> {
        let expressions: Vec<String> = Self::ALL
            .iter()
            .map(|pattern| pattern.expression())
            .collect();
        build(&expressions)
    }
}

/// The configuration's patterns, in one automaton of their own: they can be
/// anything, and neither slow the scanner's own down nor hide them.
pub(super) fn compile(custom: &[CustomPattern]) -> Result<Option<Regex>, PatternError> {
    let Some(last) = custom.last() else {
        return Ok(None);
    };
    if custom.len() > MOST_PATTERNS {
        return Err(wrong(
            last,
            format!("is one too many: {MOST_PATTERNS} patterns are allowed"),
        ));
    }
    for (place, pattern) in custom.iter().enumerate() {
        check(pattern)?;
        if custom[..place]
            .iter()
            .any(|other| other.name == pattern.name)
        {
            return Err(wrong(
                pattern,
                "is there twice: give each a name of its own",
            ));
        }
    }
    let expressions: Vec<&str> = custom
        .iter()
        .map(|pattern| pattern.pattern.as_str())
        .collect();
    match build(&expressions) {
        Ok(regex) => Ok(Some(regex)),
        Err(_) => Err(wrong(
            last,
            "makes all patterns together too large: write fewer or shorter ones",
        )),
    }
}

fn build<P: AsRef<str>>(expressions: &[P]) -> Result<Regex, Box<BuildError>> {
    Regex::builder()
        .configure(config().nfa_size_limit(Some(LARGEST * MOST_PATTERNS)))
        .syntax(syntax())
        .build_many(expressions)
        .map_err(Box::new)
}

fn config() -> Config {
    Config::new()
        .utf8_empty(false)
        .which_captures(regex_automata::nfa::thompson::WhichCaptures::Implicit)
        .hybrid_cache_capacity(CACHE)
}

/// Bytes, not characters: a text may be cut or broken anywhere, and automata
/// over Unicode's classes are a hundred times the size.
fn syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// Whether a pattern is one, with the sentence that says why not.
fn check(pattern: &CustomPattern) -> Result<(), PatternError> {
    let refuse = |problem: String| Err(wrong(pattern, problem));
    let name = &pattern.name;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(allowed) {
        return refuse("has a name that is none: write 1 to 32 of a-z, 0-9 and \"-\"".to_owned());
    }
    if super::Kind::NAMES.iter().any(|(_, own)| own == name) {
        return refuse("has the name of a built-in type: write another".to_owned());
    }
    if pattern.pattern.len() > LONGEST_PATTERN {
        return refuse(format!(
            "is longer than {LONGEST_PATTERN} bytes: write several patterns"
        ));
    }
    if pattern.keywords.len() > MOST_KEYWORDS {
        return refuse(format!("has more than {MOST_KEYWORDS} keywords"));
    }
    if pattern
        .keywords
        .iter()
        .any(|word| word.trim().is_empty() || word.len() > LONGEST_KEYWORD)
    {
        return refuse(format!(
            "has a keyword that is empty or longer than {LONGEST_KEYWORD} bytes"
        ));
    }
    let parsed = match syntax::parse_with(&pattern.pattern, &syntax()) {
        Ok(parsed) => parsed,
        // The parser draws the place on lines of its own; the last says what is wrong.
        Err(error) => {
            let text = error.to_string();
            let reason = text
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            return refuse(format!("is not a regular expression: {reason}"));
        }
    };
    let properties = parsed.properties();
    if properties.look_set().contains_anchor() {
        return refuse(
            "has an anchor (^, $, \\A, \\z), but what is scanned is a stream: write \\b".to_owned(),
        );
    }
    if properties.look_set().contains_word_unicode() {
        return refuse("has Unicode's \\b: leave the flag u out".to_owned());
    }
    match (properties.minimum_len(), properties.maximum_len()) {
        (None, _) => return refuse("can match nothing at all".to_owned()),
        (Some(0), _) => {
            return refuse("matches the empty text: write what must be there".to_owned());
        }
        (_, None) => {
            return refuse(
                "can match without end: write {1,20} in place of + and {0,20} in place of *"
                    .to_owned(),
            );
        }
        (_, Some(most)) if most > LONGEST_MATCH => {
            return refuse(format!(
                "can match {most} bytes: {LONGEST_MATCH} are allowed"
            ));
        }
        _ => {}
    }
    let alone = Regex::builder()
        .configure(config().nfa_size_limit(Some(LARGEST)))
        .syntax(syntax())
        .build(&pattern.pattern);
    if alone.is_err() {
        return refuse("is too large when it is compiled: write smaller repetitions".to_owned());
    }
    Ok(())
}

fn wrong(pattern: &CustomPattern, problem: impl Into<String>) -> PatternError {
    PatternError {
        name: pattern.name.clone(),
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(name: &str, pattern: &str, keywords: &[&str]) -> CustomPattern {
        CustomPattern {
            name: name.to_owned(),
            pattern: pattern.to_owned(),
            keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_scanned_for_is_refused_with_a_sentence() {
        let long = format!("a{{1,{}}}", LONGEST_MATCH + 1);
        let large = "a".repeat(LONGEST_PATTERN + 1);
        for (name, expression, keywords, problem) in [
            ("", "a", vec![], "a name that is none"),
            ("Name", "a", vec![], "a name that is none"),
            (
                "a-name-of-more-than-32-characters",
                "a",
                vec![],
                "a name that is none",
            ),
            ("payment-card", "a", vec![], "the name of a built-in type"),
            ("x", "", vec![], "matches the empty text"),
            ("x", "a*", vec![], "matches the empty text"),
            ("x", "a?b{0,3}", vec![], "matches the empty text"),
            ("x", r"\b", vec![], "matches the empty text"),
            ("x", "[^\\x00-\\xFF]", vec![], "can match nothing"),
            ("x", "^a", vec![], "has an anchor"),
            ("x", "(?m)a$", vec![], "has an anchor"),
            ("x", r"\Aa", vec![], "has an anchor"),
            ("x", "a+", vec![], "without end"),
            ("x", &long, vec![], "257 bytes"),
            (
                "x",
                "a(",
                vec![],
                "is not a regular expression: unclosed group",
            ),
            ("x", r"(a)\1", vec![], "is not a regular expression"),
            ("x", "(?u:\\b)a", vec![], "Unicode's"),
            ("x", "(?u:\\w{60}){1}", vec![], "too large"),
            ("x", &large, vec![], "longer than 512 bytes"),
            ("x", "a", vec![""], "a keyword that is empty"),
            ("x", "a", vec!["a"; 33], "more than 32 keywords"),
        ] {
            let error = compile(&[pattern(name, expression, &keywords)]).unwrap_err();
            assert!(error.problem.contains(problem), "{expression}: {error}");
        }
        let twice = [pattern("x", "a", &[]), pattern("x", "b", &[])];
        assert!(compile(&twice).unwrap_err().problem.contains("twice"));
        let many: Vec<_> = (0..65)
            .map(|n| pattern(&format!("x{n}"), "a", &[]))
            .collect();
        assert!(compile(&many).unwrap_err().problem.contains("64 patterns"));
    }

    #[test]
    fn a_pattern_may_have_word_boundaries_classes_and_other_scripts() {
        for expression in [
            r"\bEMP-\d{6}\b",
            "(?i)kunde[ :]{0,2}[0-9]{5,8}",
            "stra\u{df}e [0-9]{1,4}",
            "a{1,256}",
        ] {
            compile(&[pattern("x", expression, &["employee"])]).unwrap();
        }
    }
}
