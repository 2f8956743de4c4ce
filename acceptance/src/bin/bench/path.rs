//! The critical path: the longest chain of calls of which each has to wait for
//! the one before, through the graph of the template.
//!
//! How many calls a resource makes one after the other is seen at a latency
//! beside which nothing else counts: its time in the journal, in latencies.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use acceptance::Sandbox;
use serde_json::{Value, json};
use std::io::Write as _;
use terraform_provider_tap::engine::template::Template;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Result, Round, text};

const LATENCY_MS: u64 = 1000;

/// Of an apply and of a destroy.
pub fn calls_in_chain(sandbox: &Sandbox, release: &Path) -> Result<Value> {
    let round = Round::new(sandbox, release, 1, LATENCY_MS)?;
    round.step("plan")?;
    round.step("apply")?;
    let journal = round.journal("p0")?;
    let template = template(release)?;
    let apply = longest(&template, &calls(&journal, &["ready", "updated"])?);
    round.step("destroy")?;
    let whole = round.journal("p0")?;
    let destroyed = whole.strip_prefix(&journal).unwrap_or_default();
    let destroy = longest(&template, &calls(destroyed, &["deleted"])?);
    Ok(json!({ "apply": apply, "destroy": destroy }))
}

/// How many calls each resource made: from the first line about it to the one
/// that says it is done. What is planned stands at the beginning, for all of
/// them, and is no work yet.
fn calls(journal: &str, done: &[&str]) -> Result<BTreeMap<String, u64>> {
    let mut begun: BTreeMap<String, OffsetDateTime> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for line in journal.lines() {
        let line: Value = serde_json::from_str(line).map_err(text)?;
        let field = |name: &str| line[name].as_str().unwrap_or_default();
        let time = OffsetDateTime::parse(field("time"), &Rfc3339).map_err(text)?;
        let id = field("logical_id").to_owned();
        if field("event") == "planned" {
            continue;
        }
        if done.contains(&field("event")) {
            let since = begun.get(&id).copied().unwrap_or(time);
            let latencies = (time - since).as_seconds_f64() * 1000.0 / LATENCY_MS as f64;
            counts.insert(id, latencies.round() as u64);
        } else {
            begun.entry(id).or_insert(time);
        }
    }
    Ok(counts)
}

/// The most calls on any way through the graph; the direction is all the same.
fn longest(template: &Template, calls: &BTreeMap<String, u64>) -> u64 {
    fn to(
        id: &str,
        template: &Template,
        calls: &BTreeMap<String, u64>,
        known: &mut BTreeMap<String, u64>,
    ) -> u64 {
        if let Some(length) = known.get(id) {
            return *length;
        }
        let before = template.dependencies(id);
        let before = before.iter().map(|id| to(id, template, calls, known)).max();
        let length = before.unwrap_or(0) + calls.get(id).copied().unwrap_or(0);
        known.insert(id.to_owned(), length);
        length
    }
    let mut known = BTreeMap::new();
    let ids = template.resources.keys();
    ids.map(|id| to(id, template, calls, &mut known))
        .max()
        .unwrap_or(0)
}

fn template(release: &Path) -> Result<Template> {
    let spec = json!({
        "name": "p0", "environment_suffix": "dev", "account_id": "123456789012", "region": "us-east-1",
    });
    let mut child = Command::new(release)
        .args(["template", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(text)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(spec.to_string().as_bytes()).map_err(text)?;
    }
    let output = child.wait_with_output().map_err(text)?;
    serde_json::from_slice(&output.stdout).map_err(text)
}
