//! The rooms of the house know only those below them. A use that points up
//! would compile; this is what refuses it.
#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};

/// Each room and the rooms it may name.
const ROOMS: [(&str, &[&str]); 9] = [
    ("engine", &["engine"]),
    ("blueprint", &["blueprint", "engine"]),
    ("aws", &["aws", "engine", "bundle"]),
    ("evidence", &["evidence", "aws", "engine", "picture"]),
    ("plugin", &["plugin"]),
    ("bundle", &["bundle"]),
    ("picture", &["picture"]),
    (
        "pipeline",
        &[
            "pipeline",
            "blueprint",
            "aws",
            "engine",
            "evidence",
            "plugin",
            "bundle",
            "picture",
        ],
    ),
    ("provider", &["provider", "pipeline", "aws", "plugin"]),
];

/// A room is a folder, or one file.
fn room_files(room: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    if dir.is_dir() {
        return files(&dir);
    }
    vec![dir.with_extension("rs")]
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a room is a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_room_names_a_room_above_it() {
    let mut wrong = Vec::new();
    for (room, allowed) in ROOMS {
        for file in room_files(room) {
            let text = std::fs::read_to_string(&file).expect("readable");
            // A room's own tests may stand on the rooms beside it.
            let is_test = file.components().any(|part| part.as_os_str() == "tests")
                || file.file_name().is_some_and(|name| name == "tests.rs");
            for (other, _) in ROOMS {
                if !is_test
                    && !allowed.contains(&other)
                    && text.contains(&format!("crate::{other}::"))
                {
                    wrong.push(format!("{} names {other}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_hands_know_the_sdk() {
    for room in [
        "engine",
        "blueprint",
        "plugin",
        "pipeline",
        "provider",
        "bundle",
        "picture",
    ] {
        for file in room_files(room) {
            let text = std::fs::read_to_string(&file).expect("readable");
            assert!(
                !text.contains("aws_sdk_"),
                "{} names the SDK",
                file.display()
            );
        }
    }
}
