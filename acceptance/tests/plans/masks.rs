//! What differs between two runs and says nothing: ids that AWS chooses, and
//! digests, which follow from the functions' build.

use serde_json::Value;
use std::collections::BTreeMap;

/// What is put for each text; the longest go first, since one may hold another.
#[derive(Default)]
pub struct Masks(Vec<(String, String)>);

impl Masks {
    /// The ids of a pipeline's state, by what has them.
    pub fn of(state: &Value) -> Self {
        let mut masks = BTreeMap::new();
        let texts = |name: &str| {
            let map = state[name].as_object().cloned().unwrap_or_default();
            let text = |value: Value| value.as_str().map(ToOwned::to_owned);
            map.into_iter()
                .filter_map(move |(key, value)| Some((key, text(value)?)))
        };
        for (id, physical) in texts("physical_ids") {
            masks.insert(physical, format!("<{id}>"));
        }
        for (id, row) in texts("ledger") {
            masks.insert(escaped(&row), format!("<row of {id}>"));
        }
        for name in [
            "api_endpoint",
            "api_key_id",
            "api_key_secret_arn",
            "web_acl_arn",
            "incarnation",
        ] {
            if let Some(text) = state[name].as_str() {
                masks.insert(text.to_owned(), format!("<{name}>"));
            }
        }
        for (purpose, arn) in texts("key_arns") {
            masks.insert(arn, format!("<key_arns.{purpose}>"));
        }
        masks.retain(|text, _| is_chosen_by_aws(text));
        let mut masks: Vec<_> = masks.into_iter().collect();
        masks.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self(masks)
    }

    /// A command's text without what Terraform says of this build's folder.
    pub fn applied(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let (Some(from), Some(to)) = (
            text.find("\nWarning: Provider development overrides"),
            text.find("published\nreleases.\n"),
        ) {
            text.replace_range(from..to + "published\nreleases.\n".len(), "");
        }
        for (from, to) in &self.0 {
            text = text.replace(from, to);
        }
        text.lines()
            .map(|line| without_digests(line) + "\n")
            .collect()
    }
}

/// As Terraform writes a text with quotes in it.
fn escaped(text: &str) -> String {
    text.replace('"', "\\\"")
}

/// But for names that follow from the pipeline's: those are the same in every run.
fn is_chosen_by_aws(text: &str) -> bool {
    !text.contains("documents") || text.contains([':', '|', '{']) || text.contains("vpce-")
}

/// `AWS::S3::Bucket 18ae7b9d` without its digest.
fn without_digests(line: &str) -> String {
    let mut words = Vec::new();
    let mut after_type = false;
    for word in line.split(' ') {
        let digest = word.get(..8).is_some_and(|head| {
            head.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !word
                    .as_bytes()
                    .get(8)
                    .is_some_and(u8::is_ascii_alphanumeric)
        });
        match after_type && digest {
            true => words.push(format!("########{}", &word[8..])),
            false => words.push(word.to_owned()),
        }
        after_type = word.contains("AWS::");
    }
    words.join(" ")
}
