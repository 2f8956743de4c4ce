//! Glyph names and the encodings of simple fonts: which character a byte
//! shows (ISO 32000-1, annex D).

use encoding_rs::{MACINTOSH, WINDOWS_1252};

/// The names of the characters from the space to the tilde, in order.
const ASCII: &str = "space exclam quotedbl numbersign dollar percent ampersand quotesingle \
    parenleft parenright asterisk plus comma hyphen period slash zero one two three four five six \
    seven eight nine colon semicolon less equal greater question at A B C D E F G H I J K L M N O \
    P Q R S T U V W X Y Z bracketleft backslash bracketright asciicircum underscore grave a b c d \
    e f g h i j k l m n o p q r s t u v w x y z braceleft bar braceright asciitilde";

/// The names from U+00A0 on.
const LATIN_1: &str = "nbspace exclamdown cent sterling currency yen brokenbar section dieresis \
    copyright ordfeminine guillemotleft logicalnot sfthyphen registered macron degree plusminus \
    twosuperior threesuperior acute mu paragraph periodcentered cedilla onesuperior ordmasculine \
    guillemotright onequarter onehalf threequarters questiondown Agrave Aacute Acircumflex Atilde \
    Adieresis Aring AE Ccedilla Egrave Eacute Ecircumflex Edieresis Igrave Iacute Icircumflex \
    Idieresis Eth Ntilde Ograve Oacute Ocircumflex Otilde Odieresis multiply Oslash Ugrave Uacute \
    Ucircumflex Udieresis Yacute Thorn germandbls agrave aacute acircumflex atilde adieresis aring \
    ae ccedilla egrave eacute ecircumflex edieresis igrave iacute icircumflex idieresis eth ntilde \
    ograve oacute ocircumflex otilde odieresis divide oslash ugrave uacute ucircumflex udieresis \
    yacute thorn ydieresis";

/// What else Latin text is set with.
const OTHERS: &[(&str, &str)] = &[
    ("quoteleft", "\u{2018}"),
    ("quoteright", "\u{2019}"),
    ("quotesinglbase", "\u{201a}"),
    ("quotedblleft", "\u{201c}"),
    ("quotedblright", "\u{201d}"),
    ("quotedblbase", "\u{201e}"),
    ("guilsinglleft", "\u{2039}"),
    ("guilsinglright", "\u{203a}"),
    ("endash", "\u{2013}"),
    ("emdash", "\u{2014}"),
    ("minus", "\u{2212}"),
    ("hyphenminus", "-"),
    ("bullet", "\u{2022}"),
    ("dagger", "\u{2020}"),
    ("daggerdbl", "\u{2021}"),
    ("ellipsis", "\u{2026}"),
    ("perthousand", "\u{2030}"),
    ("trademark", "\u{2122}"),
    ("Euro", "\u{20ac}"),
    ("florin", "\u{192}"),
    ("fraction", "\u{2044}"),
    ("OE", "\u{152}"),
    ("oe", "\u{153}"),
    ("Lslash", "\u{141}"),
    ("lslash", "\u{142}"),
    ("Scaron", "\u{160}"),
    ("scaron", "\u{161}"),
    ("Zcaron", "\u{17d}"),
    ("zcaron", "\u{17e}"),
    ("Ydieresis", "\u{178}"),
    ("dotlessi", "\u{131}"),
    ("fi", "fi"),
    ("fl", "fl"),
    ("ff", "ff"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
    ("circumflex", "\u{2c6}"),
    ("tilde", "\u{2dc}"),
    ("breve", "\u{2d8}"),
    ("dotaccent", "\u{2d9}"),
    ("ring", "\u{2da}"),
    ("hungarumlaut", "\u{2dd}"),
    ("ogonek", "\u{2db}"),
    ("caron", "\u{2c7}"),
    ("figuredash", "\u{2012}"),
    ("nbsp", " "),
    ("softhyphen", "-"),
    ("middot", "\u{b7}"),
    ("bullet2", "\u{2022}"),
    ("checkmark", "\u{2713}"),
    ("Delta", "\u{394}"),
    ("Omega", "\u{3a9}"),
    ("pi", "\u{3c0}"),
    ("Pi", "\u{3a0}"),
    ("alpha", "\u{3b1}"),
    ("beta", "\u{3b2}"),
    ("gamma", "\u{3b3}"),
    ("lozenge", "\u{25ca}"),
    ("approxequal", "\u{2248}"),
    ("notequal", "\u{2260}"),
    ("lessequal", "\u{2264}"),
    ("greaterequal", "\u{2265}"),
    ("infinity", "\u{221e}"),
    ("summation", "\u{2211}"),
    ("product", "\u{220f}"),
    ("radical", "\u{221a}"),
    ("integral", "\u{222b}"),
    ("partialdiff", "\u{2202}"),
    ("arrowright", "\u{2192}"),
    ("arrowleft", "\u{2190}"),
];

/// Accents of letters beyond Latin 1, as in `Amacron`. The letter is what
/// matters here.
const ACCENTS: &[&str] = &[
    "acute",
    "breve",
    "caron",
    "cedilla",
    "circumflex",
    "commaaccent",
    "dieresis",
    "dotaccent",
    "grave",
    "hungarumlaut",
    "macron",
    "ogonek",
    "ring",
    "tilde",
    "slash",
    "croat",
    "bar",
];

/// The character of a glyph's name, by the rules of the Adobe Glyph List
/// Specification. None when the name says nothing, as `g17` and `cid00034` do.
pub(super) fn character(name: &str) -> Option<String> {
    // A suffix names a variant: `one.oldstyle`.
    let base = name.split('.').next().filter(|base| !base.is_empty())?;
    if base.contains('_') {
        return base.split('_').map(character).collect();
    }
    if let Some(found) = listed(base) {
        return Some(found);
    }
    if let Some(hex) = base
        .strip_prefix("uni")
        .filter(|hex| hex.len() >= 4 && hex.len() % 4 == 0)
    {
        let units: Option<Vec<u16>> = hex
            .as_bytes()
            .chunks(4)
            .map(|unit| u16::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok())
            .collect();
        if let Some(text) = units.and_then(|units| String::from_utf16(&units).ok()) {
            return Some(text);
        }
    }
    if let Some(hex) = base
        .strip_prefix('u')
        .filter(|hex| (4..=6).contains(&hex.len()))
    {
        let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        return code.map(String::from);
    }
    // Digits come in many shapes, and are digits in all of them.
    for shape in ["oldstyle", "inferior", "superior", "tab", "fitted", "small"] {
        if let Some(plain) = base.strip_suffix(shape).and_then(listed) {
            return Some(plain);
        }
    }
    let letter = base
        .get(..1)
        .filter(|letter| letter.as_bytes()[0].is_ascii_alphabetic())?;
    ACCENTS.contains(&base.get(1..)?).then(|| letter.to_owned())
}

fn listed(name: &str) -> Option<String> {
    let position = |names: &str| {
        names
            .split_ascii_whitespace()
            .position(|other| other == name)
    };
    let code = |first: u32, position: usize| char::from_u32(first + position as u32);
    if let Some(position) = position(ASCII) {
        return code(0x20, position).map(String::from);
    }
    if let Some(position) = position(LATIN_1) {
        return code(0xa0, position).map(String::from);
    }
    let other = OTHERS.iter().find(|(other, _)| *other == name);
    other.map(|(_, text)| (*text).to_owned())
}

/// The encodings that a font may be based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Standard,
    MacRoman,
    WinAnsi,
    /// Greek and signs: letters of no number.
    Symbol,
    /// Ornaments.
    Dingbats,
}

impl Base {
    /// The character that `code` shows, if any.
    pub fn character(self, code: u8) -> Option<char> {
        match self {
            Self::WinAnsi => single(WINDOWS_1252, code),
            Self::MacRoman => single(MACINTOSH, code),
            Self::Standard => standard(code),
            // The digits and the common signs are where ASCII has them.
            Self::Symbol if matches!(code, b' '..=b'?' | b'[' | b']' | b'_' | b'{'..=b'}') => {
                Some(code as char)
            }
            Self::Symbol if code >= 0x20 => Some('\u{fffc}'),
            Self::Dingbats if code == b' ' => Some(' '),
            Self::Dingbats if code > 0x20 => Some('\u{2022}'),
            Self::Symbol | Self::Dingbats => None,
        }
    }
}

fn single(encoding: &'static encoding_rs::Encoding, code: u8) -> Option<char> {
    let bytes = [code];
    let (text, _) = encoding.decode_without_bom_handling(&bytes);
    text.chars()
        .next()
        .filter(|character| !character.is_control())
}

fn standard(code: u8) -> Option<char> {
    // From 0xA1 on, what differs from Latin 1.
    const UPPER: &[(u8, char)] = &[
        (0xa1, '\u{a1}'),
        (0xa2, '\u{a2}'),
        (0xa3, '\u{a3}'),
        (0xa4, '\u{2044}'),
        (0xa5, '\u{a5}'),
        (0xa6, '\u{192}'),
        (0xa7, '\u{a7}'),
        (0xa8, '\u{a4}'),
        (0xa9, '\''),
        (0xaa, '\u{201c}'),
        (0xab, '\u{ab}'),
        (0xac, '\u{2039}'),
        (0xad, '\u{203a}'),
        (0xae, '\u{fb01}'),
        (0xaf, '\u{fb02}'),
        (0xb1, '\u{2013}'),
        (0xb2, '\u{2020}'),
        (0xb3, '\u{2021}'),
        (0xb4, '\u{b7}'),
        (0xb6, '\u{b6}'),
        (0xb7, '\u{2022}'),
        (0xb8, '\u{201a}'),
        (0xb9, '\u{201e}'),
        (0xba, '\u{201d}'),
        (0xbb, '\u{bb}'),
        (0xbc, '\u{2026}'),
        (0xbd, '\u{2030}'),
        (0xbf, '\u{bf}'),
        (0xd0, '\u{2014}'),
        (0xe1, '\u{c6}'),
        (0xe3, '\u{aa}'),
        (0xe8, '\u{141}'),
        (0xe9, '\u{d8}'),
        (0xea, '\u{152}'),
        (0xeb, '\u{ba}'),
        (0xf1, '\u{e6}'),
        (0xf5, '\u{131}'),
        (0xf8, '\u{142}'),
        (0xf9, '\u{f8}'),
        (0xfa, '\u{153}'),
        (0xfb, '\u{df}'),
    ];
    match code {
        0x27 => Some('\u{2019}'),
        0x60 => Some('\u{2018}'),
        0x20..=0x7e => Some(code as char),
        _ => UPPER
            .iter()
            .find(|(other, _)| *other == code)
            .map(|(_, text)| *text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_characters() {
        for (name, text) in [
            ("space", " "),
            ("zero", "0"),
            ("nine", "9"),
            ("A", "A"),
            ("z", "z"),
            ("asciitilde", "~"),
            ("nbspace", "\u{a0}"),
            ("ydieresis", "\u{ff}"),
            ("hyphen", "-"),
            ("fi", "fi"),
            ("uni0034", "4"),
            ("uni00340031", "41"),
            ("u1F600", "\u{1f600}"),
            ("one.oldstyle", "1"),
            ("fouroldstyle", "4"),
            ("f_i", "fi"),
            ("Amacron", "A"),
            ("ccaron", "c"),
            ("Euro", "\u{20ac}"),
        ] {
            assert_eq!(character(name).as_deref(), Some(text), "{name}");
        }
        for name in ["g17", "cid00034", ".notdef", "", "a48", "uniXYZW", "C0_1"] {
            assert_eq!(character(name), None, "{name}");
        }
    }

    #[test]
    fn every_encoding_has_the_digits_where_ascii_has_them() {
        for base in [Base::Standard, Base::MacRoman, Base::WinAnsi, Base::Symbol] {
            for digit in b'0'..=b'9' {
                assert_eq!(base.character(digit), Some(digit as char), "{base:?}");
            }
        }
        assert_eq!(Base::WinAnsi.character(0x80), Some('\u{20ac}'));
        assert_eq!(Base::MacRoman.character(0x8a), Some('ä'));
        assert_eq!(Base::Standard.character(0xd0), Some('\u{2014}'));
    }
}
