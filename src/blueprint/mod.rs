//! The expansion: spec and account facts in, template out.
//!
//! Pure: no clock, no network, no randomness, so that `plan` can expand as
//! often as it likes and always gets the same answer. One file per area of
//! the mission; an area is a function from the spec and its neighbours'
//! references to resources, readable beside the AWS documentation of the
//! types it names.
//!
//! ```text
//! Spec + Facts ─► encryption ─► storage ─► audit ─► alerts ─► overrides ─► Template
//! ```
//!
//! Logical ids are a published contract: they are in users' state, in the
//! tags of their resources and in their overrides. A rename is an entry in
//! [`renames`], never an edit alone.

pub mod access;
pub mod alerts;
pub mod api;
pub mod audit;
pub mod calls;
pub mod compliance;
pub mod encryption;
pub mod firewall;
pub mod functions;
pub mod monitoring;
pub mod naming;
pub mod network;
pub mod overrides;
pub mod policy;
pub mod renames;
pub mod secrets;
pub mod spec;
pub mod storage;
pub mod threats;

mod facts;
#[cfg(test)]
mod tests;

pub use facts::{AccountState, Facts};
pub use overrides::{OverrideError, Weakened};
pub use spec::Spec;

use crate::engine::template::{LogicalId, Resource, Template};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What every area is given, and where it puts what it declares.
pub struct Expansion<'a> {
    pub spec: &'a Spec,
    pub facts: &'a Facts,
    template: Template,
}

impl<'a> Expansion<'a> {
    fn new(spec: &'a Spec, facts: &'a Facts) -> Self {
        let template = Template {
            description: format!(
                "tap_secure_pipeline {}: a PCI DSS document-processing pipeline",
                naming::pipeline_id(spec, facts)
            ),
            ..Template::default()
        };
        Self {
            spec,
            facts,
            template,
        }
    }

    /// Declares one resource.
    fn add(&mut self, id: impl Into<LogicalId>, type_name: &str, properties: Value) {
        self.template.resources.insert(
            id.into(),
            Resource {
                type_name: type_name.to_owned(),
                properties,
                ..Resource::default()
            },
        );
    }

    /// As [`Self::add`], for a resource that must wait for others which its
    /// properties do not mention.
    fn add_after(
        &mut self,
        id: impl Into<LogicalId>,
        type_name: &str,
        properties: Value,
        after: &[&str],
    ) {
        self.template.resources.insert(
            id.into(),
            Resource {
                type_name: type_name.to_owned(),
                properties,
                depends_on: after.iter().map(|id| (*id).to_owned()).collect(),
                ..Resource::default()
            },
        );
    }

    /// Has a resource that was added come after others, and go before them.
    fn after(&mut self, id: &str, others: &[LogicalId]) {
        if let Some(resource) = self.template.resources.get_mut(id) {
            resource.depends_on.extend(others.iter().cloned());
        }
    }

    /// The tags of a taggable resource, in CloudFormation's list form, sorted
    /// by key. User tags win over the provider's `default_tags`; neither can
    /// replace the three that say whose the resource is (R126).
    fn tags(&self, more: &[(&str, String)]) -> Value {
        let mut tags = self.spec.default_tags.clone();
        tags.extend(self.spec.tags.clone());
        tags.extend(tags_of_stack(
            &self.spec.name,
            &self.spec.environment_suffix,
        ));
        tags.extend(more.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
        tags.into_iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect()
    }
}

/// The tags that say whose a resource is (R126); the manifest carries them too.
pub fn tags_of_stack(name: &str, environment_suffix: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("owner".to_owned(), "tap".to_owned()),
        ("stack".to_owned(), name.to_owned()),
        (
            "environment-suffix".to_owned(),
            environment_suffix.to_owned(),
        ),
    ])
}

type Area = (&'static str, fn(&mut Expansion<'_>));

/// The areas, by the names of their blocks.
const AREAS: [Area; 13] = [
    ("encryption", encryption::expand),
    ("storage", storage::expand),
    ("network", network::expand),
    ("functions", functions::expand),
    ("api", api::expand),
    ("firewall", firewall::expand),
    ("audit", audit::expand),
    ("monitoring", monitoring::expand),
    ("threats", threats::expand),
    ("secrets", secrets::expand),
    ("access", access::expand),
    ("compliance", compliance::expand),
    ("alerts", alerts::expand),
];

/// The template of a pipeline.
///
/// # Errors
///
/// Only the spec's `overrides` can be wrong here: an unknown logical id, or
/// text that is no JSON object. Everything else was refused when the spec was
/// made.
pub fn expand(spec: &Spec, facts: &Facts) -> Result<Template, OverrideError> {
    expand_by_area(spec, facts).map(|(template, _)| template)
}

/// As [`expand`], with the area that declares each resource.
///
/// # Errors
///
/// As [`expand`]'s.
pub fn expand_by_area(
    spec: &Spec,
    facts: &Facts,
) -> Result<(Template, BTreeMap<LogicalId, &'static str>), OverrideError> {
    let mut expansion = Expansion::new(spec, facts);
    let mut areas = BTreeMap::new();
    for (area, expand) in AREAS {
        expand(&mut expansion);
        for id in expansion.template.resources.keys() {
            areas.entry(id.clone()).or_insert(area);
        }
    }
    let mut template = expansion.template;
    overrides::apply(&mut template, &spec.overrides)?;
    functions::baseline_follows(&mut template, spec);
    functions::name_permissions(&mut template);
    api::seal(&mut template);
    Ok((template, areas))
}

/// An object without the members that are null: CloudFormation distinguishes
/// an absent property from a null one, and so do we.
fn object(members: Value) -> Value {
    match members {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}
