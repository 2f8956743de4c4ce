//! The child and its parent: every end of a child is a verdict, within the
//! limits, and nothing is left behind.

use crate::support::{CARD, block_on, bootstrap, child, child_of, child_within};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tap_functions::document::{Code, Limits, Mode, Piece, parse};

/// A hang would last for ever; a loaded machine takes seconds.
const GENEROUS: Duration = Duration::from_secs(60);

/// A program that does what `body` says instead of parsing.
fn impostor(folder: &tempfile::TempDir, body: &str) -> PathBuf {
    let path = folder.path().join("bootstrap");
    let mut file = std::fs::File::create(&path).unwrap();
    write!(file, "#!/bin/sh\n{body}\n").unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755))
        .unwrap();
    path
}

fn some_file() -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"some text").unwrap();
    file
}

fn run(program: &Path, mode: Mode, limits: &Limits) -> crate::support::Outcome {
    let mut text = Vec::new();
    let result = block_on(parse(program, some_file(), mode, limits, &mut |piece| {
        if let Piece::Text(bytes) = piece {
            text.extend_from_slice(bytes);
        }
    }));
    let text = String::from_utf8_lossy(&text).into_owned();
    crate::support::Outcome { result, text }
}

fn quick() -> Limits {
    Limits {
        wall: Duration::from_secs(2),
        cpu: Duration::from_secs(1),
        ..Limits::default()
    }
}

#[test]
fn a_text_comes_through_the_child_as_it_is() {
    let text = format!("card {CARD}\n").repeat(50_000);
    let outcome = child(text.as_bytes());
    assert_eq!(outcome.whole(), format!("== text ==\n{text}"));
}

#[test]
fn a_check_reads_everything_and_hands_nothing_on() {
    let outcome = child_within(b"some text", Mode::Check, &Limits::default());
    assert_eq!(outcome.text, "");
    assert_eq!(outcome.result.unwrap().text_bytes, 9);
    let outcome = child_within(b"binary\0", Mode::Check, &Limits::default());
    outcome.refused(Code::UnknownType);
}

#[test]
fn a_child_that_never_ends_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    for body in [
        "exec sleep 600",
        "exec 1>&-; exec sleep 600",
        "exec 2>&- 1>&-; exec sleep 600",
        "while :; do :; done",
    ] {
        let outcome = run(&impostor(&folder, body), Mode::Text, &quick());
        let sentence = outcome.refused(Code::TooSlow);
        assert!(sentence.contains("2 seconds"), "{sentence}");
    }
    assert!(began.elapsed() < GENEROUS);
}

#[test]
fn nothing_a_child_says_makes_the_parent_believe_or_keep_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        text_bytes: 10,
        ..quick()
    };
    let end = r#"{"Ok":{"kind":"text","parts":1,"text_bytes":4,"unreadable":null}}"#;
    // printf's octal length of the JSON above: 65 bytes.
    assert_eq!(end.len(), 0o101);
    let ended = format!("printf 'E\\101\\0\\0\\0%s' '{end}'");
    for (body, code) in [
        ("cat /dev/zero".to_owned(), Code::Malformed),
        ("yes".to_owned(), Code::Malformed),
        (
            "printf 'T\\377\\377\\377\\377'; cat /dev/zero".to_owned(),
            Code::Malformed,
        ),
        // Eleven bytes of text where ten may be.
        (
            "printf 'T\\013\\0\\0\\0hello world'".to_owned(),
            Code::Malformed,
        ),
        // Says four bytes and hands on none.
        (ended.clone(), Code::Malformed),
        // A sound end, and more.
        (
            format!("printf 'T\\4\\0\\0\\0four'; {ended}; printf x"),
            Code::Malformed,
        ),
        // A sound end of a process that failed.
        (
            format!("printf 'T\\4\\0\\0\\0four'; {ended}; exit 3"),
            Code::Malformed,
        ),
        ("printf 'E\\2\\0\\0\\0{}'".to_owned(), Code::Malformed),
        (
            "printf 'no such thing' >&2; exit 1".to_owned(),
            Code::Malformed,
        ),
        ("exit 0".to_owned(), Code::Malformed),
        ("kill -SEGV $$".to_owned(), Code::TooDeep),
        ("kill -XCPU $$".to_owned(), Code::TooSlow),
        ("kill -KILL $$".to_owned(), Code::TooMuchMemory),
        ("kill -ABRT $$".to_owned(), Code::Malformed),
        (
            "echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$".to_owned(),
            Code::TooMuchMemory,
        ),
        (
            "echo 'thread main has overflowed its stack' >&2; kill -ABRT $$".to_owned(),
            Code::TooDeep,
        ),
    ] {
        let outcome = run(&impostor(&folder, &body), Mode::Text, &limits);
        let sentence = outcome.refused(code);
        assert!(!sentence.is_empty(), "{body}");
        assert!(outcome.text.len() <= 10, "{body}");
    }
    // And it is believed when it is in order.
    let sound = format!("printf 'T\\4\\0\\0\\0four'; {ended}");
    let outcome = run(&impostor(&folder, &sound), Mode::Text, &limits);
    assert_eq!(outcome.whole(), "four");
    // Text where none was asked for.
    let outcome = run(&impostor(&folder, &sound), Mode::Check, &limits);
    outcome.refused(Code::Malformed);
}

#[test]
fn a_program_that_is_not_there_is_no_fault_of_the_document() {
    let outcome = run(Path::new("/nowhere/bootstrap"), Mode::Check, &quick());
    outcome.refused(Code::NotParsed);
    assert!(outcome.result.unwrap_err().is_ours());
}

#[test]
fn a_child_has_no_environment_and_only_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let body = format!("env > {0}; cat >> {0}", seen.display());
    run(&impostor(&folder, &body), Mode::Check, &quick()).not_clean();
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.ends_with("some text"), "{seen}");
    assert!(!seen.contains("CARGO") && !seen.contains("HOME"), "{seen}");
}

#[test]
fn a_dropped_parse_leaves_no_child() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let program = impostor(
        &folder,
        &format!("echo $$ > {}; exec sleep 600", pid.display()),
    );
    let limits = Limits {
        wall: GENEROUS,
        ..Limits::default()
    };
    block_on(async {
        let mut take = |_: Piece<'_>| ();
        let parsing = parse(&program, some_file(), Mode::Check, &limits, &mut take);
        assert!(
            tokio::time::timeout(Duration::from_secs(2), parsing)
                .await
                .is_err()
        );
        // The killed child is reaped by the runtime, which has to run for it.
        let process = PathBuf::from("/proc").join(std::fs::read_to_string(pid).unwrap().trim());
        let began = Instant::now();
        while process.exists() {
            assert!(
                began.elapsed() < GENEROUS,
                "{} is still there",
                process.display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

#[test]
fn a_file_too_large_for_its_time_ends_in_time() {
    let file = tempfile::tempfile().unwrap();
    file.set_len(100 << 20).unwrap();
    child_of(file, Mode::Text, &Limits::default()).refused(Code::UnknownType);
}

#[test]
fn limits_are_said_in_the_refusal() {
    let limits = Limits {
        text_bytes: 100,
        ..Limits::default()
    };
    let outcome = child_within(&b"words ".repeat(100), Mode::Check, &limits);
    assert!(outcome.refused(Code::TooMuchText).contains("100 bytes"));
}

#[test]
fn the_child_is_only_run_as_it_is_meant_to() {
    for arguments in [
        &["parse"][..],
        &["parse", "read", "{}"],
        &["parse", "check", "{}"],
    ] {
        let output = std::process::Command::new(bootstrap())
            .args(arguments)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("usage"),
            "{arguments:?}"
        );
    }
}
