//! What is of no area: tags, overrides, and how the provider shall behave.

use super::{DEFAULT_CREATE, DEFAULT_DELETE, DEFAULT_UPDATE, ON_CREATE_FAILURE, Options, Timeouts};
use crate::engine::lifecycle::OnCreateFailure;
use crate::pipeline::state::{State, TextMap, TimeoutsBlock};
use crate::pipeline::values::{Place, Reader};
use std::collections::BTreeMap;
use tf_provider::value::Value;

pub(super) fn overrides(r: &mut Reader, map: &TextMap) -> BTreeMap<String, String> {
    let place = Place::root().at("overrides");
    if map.is_unknown() {
        // It may name any logical id: see `Inputs::anything_may_change`.
        return BTreeMap::new();
    }
    r.text_map(&place, map, ["{}", "{\"Unknown\":true}"])
}

pub(super) fn tags(r: &mut Reader, map: &TextMap) -> BTreeMap<String, String> {
    let place = Place::root().at("tags");
    let tags = r.text_map(&place, map, ["probe-a", "probe-b"]);
    check_tags(r, &place, &tags);
    tags
}

/// The rules that hold for tags of every service
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
pub fn check_tags(r: &mut Reader, place: &Place, tags: &BTreeMap<String, String>) {
    /// AWS allows 50; the pipeline needs three of its own, three for
    /// ownership and one for a setting.
    const MOST: usize = 40;
    const RESERVED: [&str; 3] = ["owner", "stack", "environment-suffix"];
    for (key, value) in tags {
        let place = place.key(key);
        let lower = key.to_ascii_lowercase();
        if RESERVED.contains(&key.as_str())
            || lower.starts_with("tap:")
            || lower.starts_with("aws:")
        {
            r.problem(
                &place,
                "A reserved tag key",
                format!(
                    "The tag key \"{key}\" is set by the provider or by AWS. Write another key."
                ),
            );
        }
        let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        if key.is_empty() || key.chars().count() > 128 || !key.chars().all(allowed) {
            r.problem(
                &place,
                "Not a tag key",
                format!("\"{key}\" cannot be a tag key. Write 1 to 128 letters, digits, spaces or any of _ . : / = + - @."),
            );
        }
        if value.chars().count() > 256 || !value.chars().all(allowed) {
            r.problem(
                &place,
                "Not a tag value",
                format!("The value of tag \"{key}\" is not allowed. Write at most 256 letters, digits, spaces or any of _ . : / = + - @."),
            );
        }
    }
    if tags.len() > MOST {
        r.problem(
            place,
            "Too many tags",
            format!("{} tags are given; AWS allows 50 a resource and the provider needs some. Write at most {MOST}.", tags.len()),
        );
    }
}

pub(super) fn options(r: &mut Reader, config: &State) -> Options {
    let root = Place::root();
    let on_create_failure = r.choice(
        &root.at("on_create_failure"),
        Some(&config.on_create_failure),
        "keep",
        &ON_CREATE_FAILURE,
    );
    Options {
        allow_data_loss: r.flag(Some(&config.allow_data_loss), false),
        adopt_existing: r.flag(Some(&config.adopt_existing), false),
        on_create_failure: match on_create_failure.as_deref() {
            Some("rollback") => OnCreateFailure::Rollback,
            Some("resume") => OnCreateFailure::Resume,
            _ => OnCreateFailure::Keep,
        },
        timeouts: timeouts(r, &config.timeouts),
    }
}

fn timeouts(r: &mut Reader, block: &Value<TimeoutsBlock>) -> Timeouts {
    let place = Place::root().at("timeouts");
    let block = r.block(block);
    let block = block.as_ref();
    Timeouts {
        create: r.duration(
            &place.at("create"),
            block.map(|b| &b.create),
            DEFAULT_CREATE,
        ),
        update: r.duration(
            &place.at("update"),
            block.map(|b| &b.update),
            DEFAULT_UPDATE,
        ),
        delete: r.duration(
            &place.at("delete"),
            block.map(|b| &b.delete),
            DEFAULT_DELETE,
        ),
    }
}
