//! The targets of the Makefile that the documents name.

use crate::pages::{blocks, commands, documents, read};
use std::collections::BTreeSet;

/// Targets that the documents name and that no job of CI runs, with the reason.
const NOT_A_JOB: [(&str, &str); 7] = [
    ("bench", "its figures are those of the machine it runs on"),
    (
        "bench-functions",
        "its figures are those of the machine it runs on",
    ),
    ("docs", "make test fails where docs/ is stale"),
    ("functions", "make demo and make matrix begin with it"),
    (
        "fuzz",
        "it needs cargo-fuzz, and finds more the longer it runs",
    ),
    ("help", "it prints what the Makefile says"),
    ("schemas", "make test fails where schemas/ is stale"),
];

/// The targets of `make schemas docs X=1`, of which `make` is gone already.
fn targets(arguments: &str) -> impl Iterator<Item = &str> {
    let words = arguments.split_whitespace();
    words.filter(|word| !word.contains('='))
}

/// The targets that a document names, in a block of commands or as `make exam`.
fn targets_named(text: &str) -> BTreeSet<String> {
    let commands: Vec<String> = blocks(text, &["sh", "shell", "bash", "console"])
        .iter()
        .flat_map(|block| commands(block))
        .collect();
    let typed = commands
        .iter()
        .filter_map(|command| command.strip_prefix("make "));
    // A line may end within what is named.
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = line.split("`make ").skip(1);
    let named = named.filter_map(|rest| rest.split('`').next());
    typed
        .chain(named)
        .flat_map(targets)
        .map(ToOwned::to_owned)
        .collect()
}

/// The targets that CI runs: those of its matrix, and those of other steps.
fn targets_of_ci() -> BTreeSet<String> {
    let workflow = read(".github/workflows/ci.yml");
    let mut found = BTreeSet::new();
    for line in workflow.lines().map(str::trim) {
        if let Some(matrix) = line.strip_prefix("target: ") {
            for list in matrix.split('\'').filter(|part| part.starts_with('[')) {
                let all: Vec<String> = serde_json::from_str(list).expect("a list");
                found.extend(all.iter().flat_map(|one| targets(one)).map(str::to_owned));
            }
        }
        let step = line.trim_start_matches("- ").trim_start_matches("run: ");
        if let Some(arguments) = step.strip_prefix("make ")
            && !arguments.contains("${{")
        {
            found.extend(targets(arguments).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_target_in_the_documents_is_one_that_ci_runs_or_says_why_not() {
    let makefile = read("Makefile");
    let has = |target: &str| makefile.contains(&format!("\n{target}:"));
    let run = targets_of_ci();
    for target in ["test", "matrix", "exam", "requirements", "dist"] {
        assert!(run.contains(target), "not found in ci.yml: {target}");
    }
    for target in &run {
        assert!(has(target), "CI runs make {target}, and there is no such");
    }
    for (target, reason) in NOT_A_JOB {
        assert!(has(target), "there is no make {target}");
        assert!(
            !run.contains(target),
            "CI runs make {target} although {reason}"
        );
    }
    for (page, text) in documents() {
        for target in targets_named(&text) {
            let excepted = NOT_A_JOB.iter().any(|(name, _)| *name == target);
            assert!(
                run.contains(&target) || excepted,
                "{page} names make {target}, which no job of CI runs"
            );
        }
    }
}
