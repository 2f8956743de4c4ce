//! Tags as every handler treats them: a map from key to value, ours among
//! others'. Ownership stands in three of them and is never a property; tags
//! that nobody applied are someone else's business and never drift.

use super::clients::Clients;
use super::settings::IgnoreTags;
use crate::engine::{
    Context, ErrorKind, HandlerError, TAG_LOGICAL_ID, TAG_PIPELINE, TAG_PROVIDER_VERSION,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A tag as CloudFormation writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

pub type TagMap = BTreeMap<String, String>;

/// What a destroy goes by, which sees no properties: whether what is lost with
/// a resource may be lost, and how many days AWS keeps what it can give back.
const FORCE_DESTROY: &str = "tap:force-destroy";
const DELETION_WINDOW_DAYS: &str = "tap:deletion-window-days";

const OWNERSHIP: [&str; 3] = [TAG_PIPELINE, TAG_LOGICAL_ID, TAG_PROVIDER_VERSION];

/// Sorted by key; a key twice, or one of those that the engine writes, is an
/// error.
pub(super) fn normalise(tags: &mut [Tag]) -> Result<(), String> {
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    for pair in tags.windows(2) {
        if let [a, b] = pair
            && a.key == b.key
        {
            return Err(format!("Tags: the key {:?} stands there twice", a.key));
        }
    }
    for tag in tags.iter() {
        if OWNERSHIP.contains(&tag.key.as_str()) || tag.key.starts_with("aws:") {
            return Err(format!("Tags: the key {:?} is reserved", tag.key));
        }
    }
    Ok(())
}

pub(super) fn to_map(tags: &[Tag]) -> TagMap {
    let pairs = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    pairs.collect()
}

pub(super) fn force_destroy(live: &TagMap) -> bool {
    live.get(FORCE_DESTROY).is_some_and(|value| value == "true")
}

/// KMS and Secrets Manager take the same days, 7 to 30; anything else in the
/// tag was not written by us.
pub(super) fn deletion_window_days(live: &TagMap) -> Option<i32> {
    let days = live.get(DELETION_WINDOW_DAYS)?.parse().ok()?;
    (7..=30).contains(&days).then_some(days)
}

/// The tags of a creating call: the properties' and the engine's.
pub(super) fn for_create(cx: &Context<'_>, tags: &[Tag]) -> TagMap {
    let mut all = to_map(tags);
    all.extend(cx.ownership_tags());
    all
}

/// The live tags as a property: without ownership, without AWS's own, without
/// those that were never applied. Without knowledge of what was applied, all
/// but the ignored ones.
pub(super) fn visible(live: &TagMap, applied: Option<&[Tag]>, ignore: &IgnoreTags) -> Vec<Tag> {
    let shown = |key: &str| match applied {
        Some(applied) => applied.iter().any(|tag| tag.key == key),
        None => !ignore.ignores(key),
    };
    live.iter()
        .filter(|(key, _)| !OWNERSHIP.contains(&key.as_str()) && !key.starts_with("aws:"))
        .filter(|(key, _)| shown(key))
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// What takes `current` to `desired`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TagChange {
    pub set: TagMap,
    pub remove: Vec<String>,
}

impl TagChange {
    pub fn between(current: &[Tag], desired: &[Tag], ignore: &IgnoreTags) -> Self {
        let (current, desired) = (to_map(current), to_map(desired));
        let set = desired
            .iter()
            .filter(|(key, value)| current.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let remove = current
            .into_keys()
            .filter(|key| !desired.contains_key(key) && !ignore.ignores(key))
            .collect();
        Self { set, remove }
    }

    pub fn of(clients: &Clients, current: &[Tag], desired: &[Tag]) -> Self {
        Self::between(current, desired, clients.ignore_tags())
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// Whose something is, by its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// Of this pipeline and this logical id.
    Ours,
    /// Of this pipeline, under another logical id.
    Sibling(String),
    /// Of another pipeline, or of nobody that we know.
    Stranger(String),
}

pub(super) fn ownership(cx: &Context<'_>, tags: &TagMap) -> Ownership {
    match (tags.get(TAG_PIPELINE), tags.get(TAG_LOGICAL_ID)) {
        (Some(pipeline), logical_id) if *pipeline == cx.owner.pipeline => match logical_id {
            Some(id) if id != cx.logical_id => Ownership::Sibling(id.clone()),
            _ => Ownership::Ours,
        },
        (Some(pipeline), _) => Ownership::Stranger(format!("belongs to the pipeline {pipeline}")),
        (None, _) => Ownership::Stranger(format!(
            "does not carry the tag {TAG_PIPELINE} = {}",
            cx.owner.pipeline
        )),
    }
}

/// Refuses to touch what this pipeline does not own. `what` names it to
/// people: `the bucket documents-raw`.
///
/// A thing whose tag someone removed is refused as well: it cannot be told
/// from a stranger's of the same name, and putting the tag back is one call.
pub(super) fn require_ours(
    cx: &Context<'_>,
    operation: &str,
    what: &str,
    tags: &TagMap,
) -> Result<(), HandlerError> {
    match ownership(cx, tags) {
        Ownership::Ours | Ownership::Sibling(_) => Ok(()),
        Ownership::Stranger(why) => Err(HandlerError::ours(
            ErrorKind::Stranger,
            operation,
            format!(
                "{what} {why} and is left alone. If it is this pipeline's, tag it with \
                 {TAG_PIPELINE} = {}",
                cx.owner.pipeline
            ),
        )),
    }
}

/// The tags of what was there a moment ago. A service that does not know them
/// yet does not say that the thing is gone; without them nobody can tell whose
/// it is.
pub(super) fn of_what_is_there(
    live: Option<TagMap>,
    operation: &str,
    what: &str,
) -> Result<TagMap, HandlerError> {
    live.ok_or_else(|| {
        let message = format!("{what} has no tags that can be asked for");
        HandlerError::ours(ErrorKind::Transient, operation, message)
    })
}

/// Says whose a found thing is, for `find`.
pub(super) fn stranger_or(
    cx: &Context<'_>,
    what: &str,
    identifier: &str,
    tags: &TagMap,
) -> crate::engine::Found {
    use crate::engine::Found;
    match ownership(cx, tags) {
        Ownership::Ours => Found::Ours(vec![identifier.to_owned()]),
        Ownership::Sibling(id) => Found::Stranger(format!("{what} is {id} of this same pipeline")),
        Ownership::Stranger(why) => Found::Stranger(format!("{what} exists and {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
        let tag = |(key, value): &(&str, &str)| Tag {
            key: (*key).into(),
            value: (*value).into(),
        };
        pairs.iter().map(tag).collect()
    }

    #[test]
    fn foreign_ownership_and_ignored_tags_are_not_seen() {
        let live = to_map(&tags(&[
            ("tap:pipeline", "p"),
            ("tap:logical-id", "Key"),
            ("tap:provider-version", "0"),
            ("tap:force-destroy", "true"),
            ("aws:cloudformation:stack-name", "s"),
            ("cost-center", "7"),
            ("owner", "tap"),
            ("scan/at", "now"),
        ]));
        let ignore = IgnoreTags {
            keys: vec![],
            key_prefixes: vec!["scan/".into()],
        };
        let applied = tags(&[
            ("owner", "tap"),
            ("tap:force-destroy", "false"),
            ("gone", "x"),
        ]);
        assert_eq!(
            visible(&live, Some(&applied), &ignore),
            tags(&[("owner", "tap"), ("tap:force-destroy", "true")])
        );
        assert_eq!(
            visible(&live, None, &ignore),
            tags(&[
                ("cost-center", "7"),
                ("owner", "tap"),
                ("tap:force-destroy", "true")
            ])
        );
    }

    #[test]
    fn a_change_sets_what_differs_and_removes_what_is_no_longer_wanted() {
        let ignore = IgnoreTags {
            keys: vec!["kept".into()],
            key_prefixes: vec![],
        };
        let change = TagChange::between(
            &tags(&[("a", "1"), ("b", "1"), ("c", "1"), ("kept", "1")]),
            &tags(&[("a", "1"), ("b", "2"), ("d", "1")]),
            &ignore,
        );
        assert_eq!(change.set, to_map(&tags(&[("b", "2"), ("d", "1")])));
        assert_eq!(change.remove, ["c"]);
        assert!(TagChange::between(&tags(&[("a", "1")]), &tags(&[("a", "1")]), &ignore).is_empty());
    }

    #[test]
    fn a_key_twice_and_a_reserved_key_are_refused() {
        assert!(normalise(&mut tags(&[("a", "1"), ("a", "2")])).is_err());
        assert!(normalise(&mut tags(&[("tap:pipeline", "p")])).is_err());
        assert!(normalise(&mut tags(&[("tap:force-destroy", "true")])).is_ok());
        let mut unsorted = tags(&[("b", "1"), ("a", "1")]);
        normalise(&mut unsorted).expect("valid");
        assert_eq!(unsorted, tags(&[("a", "1"), ("b", "1")]));
    }
}
