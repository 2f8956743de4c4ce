//! A resource that a check asks, and what it answers.

use super::{Observed, Pipeline};
use serde_json::Value;

/// A resource among the others of its pipeline.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub id: &'a str,
    pub resource: &'a Observed,
    pub pipeline: &'a Pipeline,
}

/// Whether a check is met, and what was seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    pub holds: bool,
    pub observed: String,
}

/// The verdict of a check that has something to say of a resource.
pub(super) fn seen(holds: bool, observed: impl Into<String>) -> Option<Verdict> {
    Some(Verdict {
        holds,
        observed: observed.into(),
    })
}

/// The verdict of what no handler reads, since the pipeline never sets it: an
/// auditor must not take it for an answer of AWS.
pub(super) fn unread(what: &str) -> Option<Verdict> {
    seen(
        false,
        format!("{what}: the pipeline does not set it, and it was not read"),
    )
}

/// As an auditor reads it: texts without quotes.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Names, or `none`.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

/// IAM takes one thing for a list of one.
pub(super) fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

pub(super) fn texts(value: &Value) -> Vec<&str> {
    many(value).into_iter().filter_map(Value::as_str).collect()
}

impl<'a> Subject<'a> {
    /// The property of a path such as `VpcConfig.SubnetIds`; null without it.
    pub fn at(&self, path: &str) -> &'a Value {
        at(&self.resource.properties, path)
    }

    /// `Path = value`, for what was seen.
    pub fn show(&self, path: &str) -> String {
        format!("{path} = {}", show(self.at(path)))
    }

    /// Met where a property is one value.
    pub fn expects(&self, path: &str, value: impl Into<Value>) -> Option<Verdict> {
        seen(*self.at(path) == value.into(), self.show(path))
    }

    /// Met where a property is a text and none of AWS's own keys.
    pub fn expects_key(&self, path: &str) -> Option<Verdict> {
        let key = self.at(path).as_str().unwrap_or_default();
        let ours = !key.is_empty() && !key.contains("alias/aws/");
        seen(ours, self.show(path))
    }

    /// Whether a value is what stands for this resource elsewhere.
    pub fn is_named_by(&self, value: &Value) -> bool {
        let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
            return false;
        };
        let Observed {
            identifier,
            reference,
            attributes,
            ..
        } = self.resource;
        text == identifier
            || text == reference
            || attributes
                .values()
                .any(|attribute| attribute.as_str() == Some(text))
    }

    /// The others of one type.
    pub fn others(&self, type_name: &'a str) -> impl Iterator<Item = Subject<'a>> + use<'a> {
        of_type(self.pipeline, type_name)
    }
}

pub(super) fn of_type<'a>(
    pipeline: &'a Pipeline,
    type_name: &'a str,
) -> impl Iterator<Item = Subject<'a>> + use<'a> {
    pipeline
        .resources
        .iter()
        .filter(move |(_, resource)| resource.type_name == type_name)
        .map(move |(id, resource)| Subject {
            id,
            resource,
            pipeline,
        })
}

/// The member of a path; null without it.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
        .unwrap_or(&NULL)
}
