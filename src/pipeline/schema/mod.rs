//! The schema of `tap_secure_pipeline`. Its descriptions are the single
//! source of the documentation: each says units, default, allowed values and
//! what a change does. One file for each group of areas.

mod api_key;
mod computed;
mod data;
mod functions;
mod identity;
mod network;
mod options;
mod report;
mod watch;
mod web;

pub use api_key::api_key;
pub use report::report;

use std::collections::HashMap;
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, Schema,
};

/// Counts up when a state of the last version needs more than unknown or
/// missing attributes to be read by this one.
pub const VERSION: i64 = 1;

/// The schema of the resource.
pub fn resource() -> Schema {
    let mut attributes = settings();
    attributes.extend(computed::attributes());
    Schema {
        version: VERSION,
        block: Block {
            version: VERSION,
            attributes,
            description: Description::markdown(
                "A document-processing pipeline on AWS, built for PCI DSS v4.0.1 and declared in one block. \
                 Every area is optional; with the defaults `tap_compliance_report` finds nothing that fails \
                 (some controls are waived with a reason, some are the account's to show).",
            ),
            ..Block::default()
        },
    }
}

/// The schema of the data source of the same name: what others need of a
/// pipeline that is another configuration's.
pub fn existing() -> Schema {
    let mut attributes = computed::outputs();
    attributes.extend(self::attributes([
        (
            "id",
            text(
                Required,
                "`name-environment_suffix@region`, for example `documents-dev@us-east-1`. Whether a state has it does not matter.",
            ),
        ),
        ("name", text(Computed, "`name` of the pipeline.")),
        (
            "environment_suffix",
            text(Computed, "`environment_suffix` of the pipeline."),
        ),
        (
            "physical_ids",
            map(Computed, "By logical id, what AWS calls the resource."),
        ),
    ]));
    Schema {
        version: 0,
        block: Block {
            version: 0,
            attributes,
            description: Description::markdown(
                "A pipeline as it is in the account, for configurations that use it and do not manage it: its names, ARNs and ids. \
                 Reads every resource of the pipeline, and changes nothing. An attribute whose resource does not exist is null.",
            ),
            ..Block::default()
        },
    }
}

/// What the user writes. Shared with the template data source.
pub fn settings() -> HashMap<String, Attribute> {
    attributes([
        ("encryption", data::encryption()),
        ("storage", data::storage()),
        ("audit", data::audit()),
        ("alerts", data::alerts()),
        ("network", network::network()),
        ("functions", functions::functions()),
        ("api", web::api()),
        ("firewall", web::firewall()),
        ("monitoring", watch::monitoring()),
        ("threats", watch::threats()),
        ("compliance", watch::compliance()),
        ("secrets", identity::secrets()),
        ("access", identity::access()),
    ])
    .into_iter()
    .chain(options::attributes())
    .collect()
}

use AttributeConstraint::{Computed, Optional, OptionalComputed as Default_, Required};

fn text(constraint: AttributeConstraint, description: &str) -> Attribute {
    attribute(AttributeType::String, constraint, description)
}

fn number(constraint: AttributeConstraint, description: &str) -> Attribute {
    attribute(AttributeType::Number, constraint, description)
}

fn flag(constraint: AttributeConstraint, description: &str) -> Attribute {
    attribute(AttributeType::Bool, constraint, description)
}

fn texts(constraint: AttributeConstraint, description: &str) -> Attribute {
    let of = AttributeType::Set(Box::new(AttributeType::String));
    attribute(of, constraint, description)
}

/// Unlike a set, a list keeps its length while its elements are unknown.
fn list(constraint: AttributeConstraint, description: &str) -> Attribute {
    let of = AttributeType::List(Box::new(AttributeType::String));
    attribute(of, constraint, description)
}

fn map(constraint: AttributeConstraint, description: &str) -> Attribute {
    let of = AttributeType::Map(Box::new(AttributeType::String));
    attribute(of, constraint, description)
}

fn block<const N: usize>(
    constraint: AttributeConstraint,
    description: &str,
    rows: [(&str, Attribute); N],
) -> Attribute {
    let of = AttributeType::AttributeSingle(attributes(rows));
    attribute(of, constraint, description)
}

fn attribute(
    attr_type: AttributeType,
    constraint: AttributeConstraint,
    description: &str,
) -> Attribute {
    Attribute {
        attr_type,
        constraint,
        description: Description::markdown(description),
        sensitive: false,
        deprecated: false,
    }
}

/// Not shown by Terraform.
fn secret(attribute: Attribute) -> Attribute {
    Attribute {
        sensitive: true,
        ..attribute
    }
}

fn attributes<const N: usize>(rows: [(&str, Attribute); N]) -> HashMap<String, Attribute> {
    rows.into_iter()
        .map(|(name, attribute)| (name.to_owned(), attribute))
        .collect()
}
