//! The documents, and what is fenced in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// The documents, by their path.
pub fn documents() -> Vec<(String, String)> {
    let mut pages: Vec<String> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "docs/index.md",
    ]
    .map(str::to_owned)
    .into();
    for folder in [
        "docs/guides",
        "docs/functions",
        "docs/resources",
        "docs/data-sources",
        "docs/ephemeral-resources",
    ] {
        for entry in std::fs::read_dir(root().join(folder)).expect(folder) {
            let name = entry.expect("readable").file_name();
            pages.push(format!("{folder}/{}", name.to_string_lossy()));
        }
    }
    pages.sort();
    let with_text = |page: String| {
        let text = read(&page);
        (page, text)
    };
    pages.into_iter().map(with_text).collect()
}

/// The fenced blocks of a document in one of these languages.
pub fn blocks(text: &str, languages: &[&str]) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None);
    for line in text.lines() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some((language, body)), Some("")) => {
                if languages.contains(&language.as_str()) {
                    found.push(std::mem::take(body));
                }
                open = None;
            }
            (Some((_, body)), _) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// Its commands: a line each, without what follows a `#` that stands alone.
pub fn commands(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.split(" # ").next().unwrap_or(line))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

pub fn all_commands() -> BTreeSet<String> {
    documents()
        .iter()
        .flat_map(|(_, text)| blocks(text, &["sh", "shell", "bash", "console"]))
        .flat_map(|block| commands(&block))
        .collect()
}
