//! What the caller must be allowed, so that a template can be made, read,
//! changed and deleted.
//!
//! ```text
//! access, api, data, functions, network, watch ─ the table, type by type
//!    │       (row: its form)
//! arn ─ the names of a template's resources as ARNs
//!    │
//! statements ─ a policy document of as few statements as say the same
//! ```
//!
//! A permission is mostly called what the call is. Where it is not, or where
//! AWS asks for one more, the row says so, after the Service Authorization
//! Reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).
//! A test holds the table against the calls in the sources.

mod access;
mod api;
mod arn;
mod data;
mod functions;
mod network;
mod row;
mod statements;
#[cfg(test)]
mod tests;
mod watch;

use crate::engine::template::Template;
use arn::Names;
use row::{Kind, On, Row, becomes_ours, is_ours};
use serde_json::Value;
use statements::{Grant, document};
use std::collections::BTreeMap;

/// Where a policy holds, and for which pipeline.
#[derive(Clone, Copy, Debug)]
pub struct PolicyScope<'a> {
    /// `aws`, for example.
    pub partition: &'a str,
    pub account_id: &'a str,
    pub region: &'a str,
    /// The pipeline's id, which its resources bear as a tag.
    pub pipeline: &'a str,
}

static AREAS: [&[Kind]; 6] = [
    access::KINDS,
    api::KINDS,
    data::KINDS,
    functions::KINDS,
    network::KINDS,
    watch::KINDS,
];

/// What is called for every template: the manifest, and what the plan must
/// know of the account.
static ALWAYS: [&[Row]; 3] = [access::MANIFEST, network::FACTS, watch::FACTS];

/// What needs no permission of the caller's: nobody can be denied the first,
/// and the second is asked of whoever becomes the caller
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
#[cfg(test)]
const FREE: [&str; 2] = ["sts:GetCallerIdentity", "sts:AssumeRole"];

/// The least that an identity must be allowed to create, refresh, update and
/// destroy what a template says, as one policy document. It is longer than a
/// managed policy may be (6,144 characters); it may be cut anywhere between
/// two statements.
pub fn required_policy(template: &Template, scope: &PolicyScope<'_>) -> Value {
    let mut grants = Vec::new();
    for resource in template.resources.values() {
        let names = Names {
            template,
            scope,
            properties: &resource.properties,
        };
        let rows = rows_of(&resource.type_name).iter();
        grants.extend(rows.flat_map(|row| granted(row, &names)));
    }
    let names = Names {
        template,
        scope,
        properties: &Value::Null,
    };
    let always = ALWAYS.iter().flat_map(|rows| rows.iter());
    grants.extend(always.flat_map(|row| granted(row, &names)));
    document(grants)
}

fn rows_of(type_name: &str) -> &'static [Row] {
    let mut kinds = AREAS.iter().flat_map(|kinds| kinds.iter());
    let kind = kinds.find(|kind| kind.type_name == type_name);
    kind.map_or(&[], |kind| kind.rows)
}

/// What a row allows one resource of a template.
fn granted(row: &Row, names: &Names<'_>) -> Vec<Grant> {
    let pipeline = names.scope.pipeline;
    let arns = |patterns: &[&str]| -> Vec<String> {
        let each = patterns.iter().flat_map(|pattern| names.arns(pattern));
        each.filter(|arn| !functions::is_nowhere(arn)).collect()
    };
    let on = match row.on {
        On::Anything => vec![(vec!["*".to_owned()], BTreeMap::new())],
        On::Arns(patterns) => vec![(arns(patterns), BTreeMap::new())],
        On::Ours(patterns) => vec![(arns(patterns), is_ours(pipeline))],
        On::Made(patterns) => vec![(arns(patterns), becomes_ours(pipeline))],
        On::Named {
            property,
            arn,
            ours,
        } => {
            let (others, any) = names.others(property, arn);
            let ours = match any && ours != row::NOTHING {
                true => arns(&[ours]),
                false => Vec::new(),
            };
            vec![(others, BTreeMap::new()), (ours, is_ours(pipeline))]
        }
    };
    let besides = row.when.iter().map(|(key, values)| {
        let values = values.iter().flat_map(|value| match value.contains(':') {
            true => names.arns(value),
            false => vec![names.places(value)],
        });
        ((*key).to_owned(), values.collect::<Vec<_>>())
    });
    let besides: Vec<_> = besides.collect();
    // A property that is not there makes no value, and what nothing fulfils is
    // no grant.
    if besides.iter().any(|(_, values)| values.is_empty()) {
        return Vec::new();
    }
    let grants = on.into_iter().filter(|(arns, _)| !arns.is_empty());
    grants
        .map(|(arns, mut when)| {
            when.extend(besides.iter().cloned());
            Grant::new(row.actions(), arns, when)
        })
        .collect()
}
