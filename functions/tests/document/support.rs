//! How the tests read a document: in this process, where a panic is seen, or
//! in the child, as the functions do.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;
use tap_functions::document::{
    Code, Limits, Mode, Parsed, Piece, Refusal, parse, parse_in_process,
};

/// What became of a document.
#[derive(Debug)]
pub struct Outcome {
    pub result: Result<Parsed, Refusal>,
    /// All text, each part behind a line `== name ==`.
    pub text: String,
}

impl Outcome {
    /// The document is sound and all of it was read.
    #[track_caller]
    pub fn whole(&self) -> &str {
        match &self.result {
            Ok(Parsed {
                unreadable: None, ..
            }) => &self.text,
            other => panic!(
                "expected to be read whole, not {other:?}; text: {}",
                self.text
            ),
        }
    }

    /// The document is sound, and why it was not read whole.
    #[track_caller]
    pub fn unreadable(&self) -> &str {
        match &self.result {
            Ok(Parsed {
                unreadable: Some(reason),
                ..
            }) => reason,
            other => panic!(
                "expected unreadable parts, not {other:?}; text: {}",
                self.text
            ),
        }
    }

    /// The document is refused with `code`; returns the sentence.
    #[track_caller]
    pub fn refused(&self, code: Code) -> &str {
        match &self.result {
            Err(refusal) if refusal.is(code) => &refusal.sentence,
            other => panic!(
                "expected {}, not {other:?}; text: {}",
                code.as_str(),
                self.text
            ),
        }
    }

    /// Neither clean nor a failure of ours: refused with a reason, or read
    /// with a reason why it is not all.
    #[track_caller]
    pub fn not_clean(&self) {
        match &self.result {
            Ok(parsed) => assert!(
                parsed.unreadable.is_some(),
                "clean: {parsed:?}: {}",
                self.text
            ),
            Err(refusal) => {
                assert!(!refusal.is_ours(), "{refusal:?}");
                assert!(!refusal.sentence.is_empty(), "{refusal:?}");
            }
        }
    }
}

fn gather(text: &mut Vec<u8>, piece: Piece<'_>) {
    match piece {
        Piece::Part(name) => text.extend(format!("== {name} ==\n").bytes()),
        Piece::Text(bytes) => text.extend(bytes),
    }
}

pub fn here(bytes: &[u8]) -> Outcome {
    here_within(bytes, &Limits::default())
}

pub fn here_within(bytes: &[u8], limits: &Limits) -> Outcome {
    let mut text = Vec::new();
    let mut file = Cursor::new(bytes);
    let result = parse_in_process(&mut file, Mode::Text, limits, &mut |piece| {
        gather(&mut text, piece);
    });
    let text = String::from_utf8(text).expect("a part's text is UTF-8");
    Outcome { result, text }
}

pub fn bootstrap() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bootstrap"))
}

/// Runs `future` as a function's runtime does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// The same limits for a machine that has other things to do: what is computed
/// is limited as before.
pub fn patient(limits: &Limits) -> Limits {
    Limits {
        wall: Duration::from_secs(120),
        ..limits.clone()
    }
}

pub fn child(bytes: &[u8]) -> Outcome {
    child_within(bytes, Mode::Text, &patient(&Limits::default()))
}

pub fn child_within(bytes: &[u8], mode: Mode, limits: &Limits) -> Outcome {
    use std::io::Write as _;
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("the document is written");
    child_of(file, mode, limits)
}

pub fn child_of(file: std::fs::File, mode: Mode, limits: &Limits) -> Outcome {
    let mut text = Vec::new();
    let mut take = |piece: Piece<'_>| gather(&mut text, piece);
    let result = block_on(parse(bootstrap(), file, mode, limits, &mut take));
    let text = String::from_utf8(text).expect("the child's text is UTF-8");
    Outcome { result, text }
}

/// A published test number of Visa.
pub const CARD: &str = "4111111111111111";

/// A document that `fixtures/make.py` made.
pub fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Read in the child as well: what happens there must not be worse.
#[track_caller]
pub fn both(bytes: &[u8]) -> Outcome {
    both_within(bytes, &Limits::default())
}

#[track_caller]
pub fn both_within(bytes: &[u8], limits: &Limits) -> Outcome {
    let outcome = here_within(bytes, limits);
    let child = child_within(bytes, Mode::Text, &patient(limits));
    assert_eq!(outcome.result, child.result);
    outcome
}
