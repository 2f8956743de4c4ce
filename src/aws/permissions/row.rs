//! The form of the table: what the handlers call, what AWS asks of the caller
//! for it, and on which resources.

use crate::engine::TAG_PIPELINE;
use std::collections::BTreeMap;

pub(super) type Words = &'static [&'static str];

/// Keys of the request's context and their values, all by `StringEquals`. In a
/// value stands what may stand in an ARN of the table.
pub(super) type When = &'static [(&'static str, Words)];

/// Calls, and the permissions that AWS asks for them.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// As the handlers name them.
    pub calls: Words,
    /// Permissions that are not named as the calls are; else none.
    asks: Words,
    pub on: On,
    /// Besides what `on` says.
    pub when: When,
}

/// Resources. An ARN holds `{partition}`, `{region}`, `{account}`, `{stack}`
/// (the pipeline's id without its region) and properties (`{RoleName}`, or
/// `{Code/S3Bucket}` below one); `kms:key/*` is short for one with a region and
/// an account. A property that is not there makes no ARN; `{Policy|there}` only
/// has to be there. `{Targets/*/RoleArn}` is of each item of a list.
#[derive(Clone, Copy)]
pub(super) enum On {
    /// The action knows no resources, or lists all that there are.
    Anything,
    Arns(Words),
    /// What AWS names and this pipeline has made: told by its tag.
    Ours(Words),
    /// What is made, with the pipeline's tag in the request.
    Made(Words),
    /// What a property names. What is written out there is somebody else's:
    /// `arn`, its `{}` filled in, and no tag. What this pipeline makes is
    /// `ours`, told by its tag.
    Named {
        property: &'static str,
        arn: &'static str,
        ours: &'static str,
    },
}

/// In place of what the pipeline makes, where that is allowed by another row.
pub(super) const NOTHING: &str = "";

/// Of one type, or of what is called whatever a template holds.
pub(super) struct Kind {
    pub type_name: &'static str,
    pub rows: &'static [Row],
}

pub(super) const fn row(calls: Words, on: On) -> Row {
    Row {
        calls,
        asks: &[],
        on,
        when: &[],
    }
}

pub(super) const fn kind(type_name: &'static str, rows: &'static [Row]) -> Kind {
    Kind { type_name, rows }
}

impl Row {
    /// What is asked for these calls, instead of what they are called.
    pub const fn asks(self, asks: Words) -> Self {
        Self { asks, ..self }
    }

    /// The permissions that the calls need.
    pub fn actions(&self) -> Words {
        match self.asks {
            [] => self.calls,
            asks => asks,
        }
    }

    pub const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// The condition that a resource is this pipeline's.
pub(super) fn is_ours(pipeline: &str) -> BTreeMap<String, Vec<String>> {
    tagged("ResourceTag", pipeline)
}

/// The condition that the request makes it this pipeline's.
pub(super) fn becomes_ours(pipeline: &str) -> BTreeMap<String, Vec<String>> {
    tagged("RequestTag", pipeline)
}

fn tagged(by: &str, pipeline: &str) -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([(
        format!("aws:{by}/{TAG_PIPELINE}"),
        vec![pipeline.to_owned()],
    )])
}
