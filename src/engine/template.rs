//! CloudFormation's template: resources by logical id, and the four
//! intrinsics that this project uses.
//!
//! `Ref`, `Fn::GetAtt`, `Fn::Sub` (its one-argument form) and `Fn::Join` are
//! understood anywhere inside properties. Pseudo parameters are not: account,
//! region and partition are written out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub type LogicalId = String;

/// Resources by logical id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    #[serde(rename = "AWSTemplateFormatVersion", default = "format_version")]
    pub format_version: String,
    #[serde(rename = "Description", default)]
    pub description: String,
    #[serde(rename = "Resources")]
    pub resources: BTreeMap<LogicalId, Resource>,
}

fn format_version() -> String {
    "2010-09-09".to_owned()
}

impl Default for Template {
    fn default() -> Self {
        Self {
            format_version: format_version(),
            description: String::new(),
            resources: BTreeMap::new(),
        }
    }
}

/// One resource, as CloudFormation documents it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    #[serde(rename = "Type")]
    pub type_name: String,
    /// An object.
    pub properties: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<LogicalId>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

impl Template {
    /// The template as CloudFormation takes it.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What a resource depends on: what it refers to and its `DependsOn`,
    /// sorted, without duplicates.
    pub fn dependencies(&self, id: &str) -> Vec<LogicalId> {
        let Some(resource) = self.resources.get(id) else {
            return Vec::new();
        };
        let mut found = references(&resource.properties);
        found.extend(resource.depends_on.iter().cloned());
        found.into_iter().collect()
    }
}

/// The logical ids that a value refers to.
pub fn references(value: &Value) -> BTreeSet<LogicalId> {
    let mut found = BTreeSet::new();
    visit(value, &mut |reference| {
        found.insert(reference.id.to_owned());
    });
    found
}

/// One use of a resource: by `Ref` (no attribute) or `Fn::GetAtt`.
pub struct Reference<'a> {
    pub id: &'a str,
    pub attribute: Option<&'a str>,
}

fn visit<'a>(value: &'a Value, found: &mut dyn FnMut(Reference<'a>)) {
    match value {
        Value::Object(members) => {
            match intrinsic(members) {
                Some(("Ref", Value::String(id))) => found(Reference {
                    id,
                    attribute: None,
                }),
                Some(("Fn::GetAtt", Value::Array(parts))) => {
                    if let [Value::String(id), Value::String(attribute)] = parts.as_slice() {
                        found(Reference {
                            id,
                            attribute: Some(attribute),
                        });
                    }
                }
                Some(("Fn::Sub", Value::String(text))) => {
                    for part in sub_parts(text) {
                        if let SubPart::Reference(reference) = part {
                            found(reference);
                        }
                    }
                }
                _ => members.values().for_each(|member| visit(member, found)),
            };
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, found)),
        _ => {}
    }
}

/// The intrinsic that an object is, if it is one.
fn intrinsic(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next()?;
    let known = ["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"].contains(&name.as_str());
    (members.len() == 1 && known).then_some((name.as_str(), argument))
}

enum SubPart<'a> {
    Text(&'a str),
    Reference(Reference<'a>),
    /// `${!literal}` stands for `${literal}`.
    Literal(&'a str),
}

fn sub_parts(text: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        if start > 0 {
            parts.push(SubPart::Text(&rest[..start]));
        }
        let name = &rest[start + 2..start + length];
        parts.push(match name.strip_prefix('!') {
            Some(literal) => SubPart::Literal(literal),
            None => {
                let (id, attribute) = match name.split_once('.') {
                    Some((id, attribute)) => (id, Some(attribute)),
                    None => (name, None),
                };
                SubPart::Reference(Reference { id, attribute })
            }
        });
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        parts.push(SubPart::Text(rest));
    }
    parts
}

/// Replaces every intrinsic by what `lookup` says of it.
///
/// # Errors
///
/// A sentence, when something is referred to that `lookup` does not know.
pub fn resolve(
    value: &Value,
    lookup: &dyn Fn(&Reference<'_>) -> Option<Value>,
) -> Result<Value, String> {
    let known = |reference: &Reference<'_>| {
        lookup(reference).ok_or_else(|| match reference.attribute {
            Some(attribute) => format!("{}.{attribute} is not known", reference.id),
            None => format!("{} is not known", reference.id),
        })
    };
    Ok(match value {
        Value::Object(members) => match intrinsic(members) {
            Some(("Ref", Value::String(id))) => known(&Reference {
                id,
                attribute: None,
            })?,
            Some(("Fn::GetAtt", Value::Array(parts))) => match parts.as_slice() {
                [Value::String(id), Value::String(attribute)] => known(&Reference {
                    id,
                    attribute: Some(attribute),
                })?,
                _ => return Err("Fn::GetAtt takes a logical id and an attribute".to_owned()),
            },
            Some(("Fn::Sub", Value::String(text))) => {
                let mut result = String::new();
                for part in sub_parts(text) {
                    match part {
                        SubPart::Text(text) => result.push_str(text),
                        SubPart::Literal(name) => {
                            result.push_str("${");
                            result.push_str(name);
                            result.push('}');
                        }
                        SubPart::Reference(reference) => {
                            result.push_str(&text_of(&known(&reference)?))
                        }
                    }
                }
                Value::String(result)
            }
            Some(("Fn::Join", Value::Array(parts))) => match parts.as_slice() {
                [Value::String(separator), Value::Array(items)] => {
                    let items = items
                        .iter()
                        .map(|item| Ok(text_of(&resolve(item, lookup)?)))
                        .collect::<Result<Vec<_>, String>>()?;
                    Value::String(items.join(separator))
                }
                _ => return Err("Fn::Join takes a separator and a list".to_owned()),
            },
            Some((name, _)) => return Err(format!("{name} is not used as it should be")),
            None => members
                .iter()
                .map(|(key, member)| Ok((key.clone(), resolve(member, lookup)?)))
                .collect::<Result<Map<_, _>, String>>()?
                .into(),
        },
        Value::Array(items) => items
            .iter()
            .map(|item| resolve(item, lookup))
            .collect::<Result<Vec<_>, String>>()?
            .into(),
        other => other.clone(),
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writing intrinsics.
pub mod intrinsics {
    use serde_json::{Value, json};

    pub fn reference(id: &str) -> Value {
        json!({ "Ref": id })
    }

    pub fn get_att(id: &str, attribute: &str) -> Value {
        json!({ "Fn::GetAtt": [id, attribute] })
    }

    pub fn sub(text: impl Into<String>) -> Value {
        json!({ "Fn::Sub": text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lookup(reference: &Reference<'_>) -> Option<Value> {
        match (reference.id, reference.attribute) {
            ("Key", None) => Some(json!("id-1")),
            ("Key", Some("Arn")) => Some(json!("arn:key/id-1")),
            _ => None,
        }
    }

    #[test]
    fn every_intrinsic_is_resolved_where_it_stands() {
        let value = json!({
            "a": { "Ref": "Key" },
            "b": [{ "Fn::GetAtt": ["Key", "Arn"] }, 7],
            "c": { "Fn::Sub": "x ${Key} ${Key.Arn} ${!aws:user}" },
            "d": { "Fn::Join": ["/", ["p", { "Ref": "Key" }]] },
            "e": { "Ref": "Key", "second": "member, so no intrinsic" },
        });
        let expected = json!({
            "a": "id-1",
            "b": ["arn:key/id-1", 7],
            "c": "x id-1 arn:key/id-1 ${aws:user}",
            "d": "p/id-1",
            "e": { "Ref": "Key", "second": "member, so no intrinsic" },
        });
        assert_eq!(resolve(&value, &lookup), Ok(expected));
        assert_eq!(references(&value), BTreeSet::from(["Key".to_owned()]));
    }

    #[test]
    fn an_unknown_reference_is_named() {
        let error = resolve(&json!({ "Fn::GetAtt": ["Other", "Arn"] }), &lookup);
        assert_eq!(error, Err("Other.Arn is not known".to_owned()));
    }
}
