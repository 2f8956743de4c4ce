//! Why a document is refused: the words for programs, and what each means.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// The words by which a program tells refusals apart. They are a
        /// contract: audit rows and quarantine tags carry them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

codes! {
    /// `empty`: no byte of content.
    Empty = "empty",
    /// `unknown-type`: none of the kinds that are read; the sentence says what
    /// it looks like.
    UnknownType = "unknown-type",
    /// `executable`: a program or a script of its own.
    Executable = "executable",
    /// `polyglot`: two kinds at once, such as a PDF with an archive behind it.
    /// Which one it is depends on who opens it.
    Polyglot = "polyglot",
    /// `malformed`: its structure is broken, or its parser does not survive it.
    Malformed = "malformed",
    /// `encrypted`: it asks for a password, or its text is encrypted otherwise.
    Encrypted = "encrypted",
    /// `macro`: VBA, Excel 4.0 macros, or a type that announces them.
    Macro = "macro",
    /// `active-content`: code that is no macro: JavaScript, a launch action,
    /// DDE, an ActiveX control.
    ActiveContent = "active-content",
    /// `embedded-executable`: a program or script inside.
    EmbeddedExecutable = "embedded-executable",
    /// `external-content`: a template or object that is fetched from elsewhere
    /// when it is opened.
    ExternalContent = "external-content",
    /// `decompression-bomb`: it decompresses to more than `decompressed_bytes`,
    /// or is built to, such as with entries that overlap.
    DecompressionBomb = "decompression-bomb",
    /// `too-large`: its size alone says that `memory_bytes` will not do.
    TooLarge = "too-large",
    /// `too-many-pages`: more pages or sheets than `pages`.
    TooManyPages = "too-many-pages",
    /// `too-many-parts`: more entries, objects or parts than any document has.
    TooManyParts = "too-many-parts",
    /// `too-deep`: nested deeper than `nesting`, or the stack overflowed.
    TooDeep = "too-deep",
    /// `too-much-text`: more text than `text_bytes`.
    TooMuchText = "too-much-text",
    /// `too-much-memory`: reading it needs more than `memory_bytes`.
    TooMuchMemory = "too-much-memory",
    /// `too-slow`: reading it takes longer than `cpu` or `wall`.
    TooSlow = "too-slow",
    /// `not-parsed`: the child could not be run. This says nothing about the
    /// document: see [`Refusal::is_ours`].
    NotParsed = "not-parsed",
}

impl Code {
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// A word for programs, such as `encrypted`: one of [`Code`].
    pub code: String,
    /// For people: what is wrong. Never content of the document.
    pub sentence: String,
}

impl Refusal {
    pub fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            sentence: sentence.into(),
        }
    }

    pub fn is(&self, code: Code) -> bool {
        self.code == code.as_str()
    }

    /// Whether the machine failed and not the document: the operation fails
    /// and comes again, nothing goes to quarantine.
    pub fn is_ours(&self) -> bool {
        self.is(Code::NotParsed)
    }

    pub(super) fn malformed(sentence: impl Into<String>) -> Self {
        Self::new(Code::Malformed, sentence)
    }
}

/// A refusal on its way through a reader: `std::io::Error` is all that the
/// libraries in between can carry.
impl From<Refusal> for std::io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(refusal)
    }
}

/// The refusal that `error` carries, or one that says that `what` is broken.
pub(super) fn from_io(error: &std::io::Error, what: &str) -> Refusal {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Refusal>())
        .cloned()
        .unwrap_or_else(|| Refusal::malformed(format!("{what} is damaged")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_word() {
        for code in Code::ALL {
            assert_eq!(Code::from_word(code.as_str()), Some(*code));
        }
        assert_eq!(Code::from_word("clean"), None);
    }

    #[test]
    fn a_refusal_survives_the_way_through_a_reader() {
        let refusal = Refusal::new(Code::Encrypted, "it is encrypted");
        let error = std::io::Error::from(refusal.clone());
        assert_eq!(from_io(&error, "the part"), refusal);
        let error = std::io::Error::other("x");
        assert!(from_io(&error, "the part").is(Code::Malformed));
    }
}
