//! Words near by that say what a number is.
//!
//! The rule is Macie's ([keyword requirements](https://docs.aws.amazon.com/macie/latest/user/managed-data-identifiers-keywords.html)):
//! a keyword within 30 characters. The nearest known word before a number
//! decides, for its type or against it ("order", "tracking"); when there is
//! none, a word for it that follows on the same line does.

use super::Kind;

/// A word counts when at most so many bytes lie between it and the number.
pub(super) const NEAR: usize = 30;
/// No word of the lists is longer.
const LONGEST: usize = 24;

/// What the words near by say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lean {
    Toward,
    Neutral,
    Away,
}

impl Lean {
    /// By so much it moves a hit's confidence.
    pub fn step(self) -> i8 {
        match self {
            Self::Toward => 1,
            Self::Neutral => 0,
            Self::Away => -1,
        }
    }
}

static CARD: Words = Words::new(&[
    "account",
    "acct",
    "amex",
    "card",
    "cardholder",
    "cardno",
    "cardnum",
    "cardnumber",
    "cards",
    "carta",
    "carte",
    "cartão",
    "cc",
    "ccard",
    "ccn",
    "ccnum",
    "ccnumber",
    "charged",
    "credit",
    "creditcard",
    "cvc",
    "cvv",
    "debit",
    "debitcard",
    "diners",
    "discover",
    "elo",
    "exp",
    "expires",
    "expiry",
    "hipercard",
    "jcb",
    "kaart",
    "karte",
    "kartennummer",
    "kreditkarte",
    "kreditkartennummer",
    "maestro",
    "mastercard",
    "mir",
    "pan",
    "pans",
    "payment",
    "rupay",
    "tarjeta",
    "troy",
    "uatp",
    "unionpay",
    "verve",
    "visa",
]);
static SSN: Words = Words::new(&[
    "security", "social", "socsec", "ss", "ssn", "ssns", "taxpayer", "tin",
]);
static PHONE: Words = Words::new(&[
    "call",
    "cell",
    "celular",
    "contact",
    "dial",
    "fax",
    "fon",
    "handy",
    "hotline",
    "mob",
    "mobil",
    "mobile",
    "móvil",
    "phone",
    "phones",
    "portable",
    "rufnummer",
    "sms",
    "tel",
    "telefax",
    "telefon",
    "telefone",
    "telefonnummer",
    "telefono",
    "telephone",
    "teléfono",
    "text",
    "tél",
    "téléphone",
    "whatsapp",
]);
static ADDRESS: Words = Words::new(&[
    "addr",
    "address",
    "client",
    "clientip",
    "dns",
    "from",
    "gateway",
    "host",
    "ip",
    "ipaddress",
    "ips",
    "listen",
    "listening",
    "peer",
    "ping",
    "proxy",
    "remote",
    "server",
    "source",
    "sourceip",
    "subnet",
]);
/// What else numbers of many digits are. "Id" is not among them: cards have some too.
static OTHER_NUMBER: Words = Words::new(&[
    "asin",
    "barcode",
    "batch",
    "build",
    "checksum",
    "ean",
    "esn",
    "gtin",
    "hash",
    "iban",
    "iccid",
    "imei",
    "imeis",
    "imsi",
    "invoice",
    "isbn",
    "issn",
    "item",
    "lot",
    "md",
    "meid",
    "model",
    "npi",
    "oid",
    "order",
    "orders",
    "parcel",
    "part",
    "po",
    "policy",
    "ref",
    "reference",
    "routing",
    "serial",
    "sha",
    "shipment",
    "sim",
    "sin",
    "sku",
    "ticket",
    "timestamp",
    "tracking",
    "ts",
    "udi",
    "upc",
    "uuid",
    "version",
    "vin",
]);
/// What else numbers with dots are.
static OTHER_DOTTED: Words = Words::new(&[
    "build", "chapter", "clause", "driver", "firmware", "oid", "rel", "release", "section", "ver",
    "version", "versions",
]);

/// Words in lower case. Nearly all words of a text are none of them, which
/// their first letters and lengths tell at once.
pub(super) struct Words {
    pub(super) list: &'static [&'static str],
    /// By first letter: the lengths of the words, as bits.
    lengths: [u32; 26],
}

impl Words {
    const fn new(list: &'static [&'static str]) -> Self {
        let mut lengths = [0; 26];
        let mut place = 0;
        while place < list.len() {
            let word = list[place].as_bytes();
            assert!(word[0].is_ascii_lowercase() && word.len() < LONGEST);
            lengths[(word[0] - b'a') as usize] |= 1 << word.len();
            place += 1;
        }
        Self { list, lengths }
    }

    fn has(&self, word: &[u8]) -> bool {
        let Some(letter @ b'a'..=b'z') = word.first() else {
            return false;
        };
        self.lengths[usize::from(letter - b'a')] & 1 << word.len() != 0
            && self.list.iter().any(|known| known.as_bytes() == word)
    }
}

/// The words for a type, and those that say it is something else. A type that
/// needs none has none.
pub(super) fn words_of(kind: Kind) -> Option<(&'static Words, &'static Words)> {
    match kind {
        Kind::PaymentCard => Some((&CARD, &OTHER_NUMBER)),
        Kind::UsSsn => Some((&SSN, &OTHER_NUMBER)),
        Kind::Phone => Some((&PHONE, &OTHER_NUMBER)),
        Kind::IpAddress => Some((&ADDRESS, &OTHER_DOTTED)),
        Kind::Iban | Kind::Email | Kind::Custom(_) => None,
    }
}

/// What the words around `start..end` say of its being of `kind`.
pub(super) fn lean(text: &[u8], start: usize, end: usize, kind: Kind) -> Lean {
    let Some((toward, away)) = words_of(kind) else {
        return Lean::Neutral;
    };
    // Where the nearest bytes begin, or the word that does not.
    let near = start.saturating_sub(NEAR);
    let from = near - letters(text[..near].iter().rev());
    let mut lean = Lean::Neutral;
    words(&text[from..start], |word, _, end| {
        if from + end + NEAR >= start {
            if toward.has(word) {
                lean = Lean::Toward;
            } else if away.has(word) {
                lean = Lean::Away;
            }
        }
    });
    if lean != Lean::Neutral {
        return lean;
    }
    let near = text.len().min(end + NEAR + 1);
    let to = near + letters(text[near..].iter());
    let line = &text[end..to];
    let line = &line[..memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len())];
    words(line, |word, start, _| {
        if start <= NEAR && toward.has(word) {
            lean = Lean::Toward;
        }
    });
    lean
}

/// How many letters come first, as many as a word can have.
fn letters<'t>(text: impl Iterator<Item = &'t u8>) -> usize {
    text.take(LONGEST)
        .take_while(|byte| is_letter(**byte))
        .count()
}

/// Whether the word that ends right before `at` is one of the type's: then a
/// number glued to it is a number all the same, as in `card4111...`.
pub(super) fn is_glued(text: &[u8], at: usize, kind: Kind) -> bool {
    let before = &text[at.saturating_sub(LONGEST)..at];
    let letters = letters(before.iter().rev());
    let mut glued = false;
    words(&before[before.len() - letters..], |word, _, end| {
        glued = end == letters && words_of(kind).is_some_and(|(toward, _)| toward.has(word));
    });
    glued
}

/// Of ASCII, or a part of a letter from U+00C0 to U+00FF in UTF-8. The second
/// bytes of other characters pass for letters too, but for the no-break
/// space's A0, which stands between words; so "à" does not.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, 0xA1..=0xBF | 0xC3)
}

/// Calls `take` with every word, in lower case, and where it begins and ends.
/// A word is of ASCII's letters and of Latin-1's in UTF-8; `cardNumber` is two.
fn words(text: &[u8], mut take: impl FnMut(&[u8], usize, usize)) {
    let mut word = [0; LONGEST];
    let mut at = 0;
    while let Some(letters) = text[at..].iter().position(|byte| is_letter(*byte)) {
        at += letters;
        let (start, mut length, mut lower_before) = (at, 0, false);
        while let Some(byte) = text.get(at) {
            let upper = byte.is_ascii_uppercase();
            if !is_letter(*byte) || upper && lower_before {
                break;
            }
            if length < LONGEST {
                word[length] = byte.to_ascii_lowercase();
            }
            (length, lower_before) = (length + 1, !upper);
            at += 1;
        }
        if length <= LONGEST {
            take(&word[..length], start, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number in `text` is the `#`.
    fn of(text: &str, kind: Kind) -> Lean {
        let at = text.find('#').unwrap();
        lean(text.as_bytes(), at, at + 1, kind)
    }

    #[test]
    fn the_nearest_word_before_decides_and_else_one_behind_on_the_same_line() {
        use Lean::{Away, Neutral, Toward};
        for (text, expected) in [
            ("#", Neutral),
            ("card #", Toward),
            ("CARD: #", Toward),
            ("the cardiologist #", Neutral),
            ("cardNumber=#", Toward),
            ("credit_card_number=\"#", Toward),
            ("<Card>#", Toward),
            ("cart\u{e3}o #", Toward),
            ("order 5, card #", Toward),
            ("card of the order #", Away),
            ("order #", Away),
            ("order # visa", Away),
            ("# visa", Toward),
            ("#\nvisa", Neutral),
            ("card 12345678901234567890123456789#", Toward),
            ("card 123456789012345678901234567890#", Neutral),
        ] {
            assert_eq!(of(text, Kind::PaymentCard), expected, "{text}");
        }
        assert_eq!(of("SSN #", Kind::UsSsn), Toward);
        assert_eq!(of("t\u{e9}l. #", Kind::Phone), Toward);
        assert_eq!(of("version #", Kind::IpAddress), Away);
    }
}
