//! What remediation puts a bucket back to: one parameter for each bucket of
//! the pipeline, which says what the template says of it. Derived from the
//! template after the overrides, so that remediation never takes away what the
//! user has overridden.

use crate::blueprint::storage::Bucket;
use crate::blueprint::{Expansion, Facts, Spec, renames};
use crate::engine::template::Template;
use serde_json::{Map, Value, json};

/// `/tap/documents-dev/baseline`, where the manifest's parameter is too.
pub(in crate::blueprint) fn path(spec: &Spec) -> String {
    format!("/tap/{}-{}/baseline", spec.name, spec.environment_suffix)
}

fn parameter_id(bucket: Bucket) -> String {
    format!("{}Baseline", bucket.bucket_id())
}

fn policy_id(bucket: Bucket) -> String {
    format!("{}Policy", bucket.bucket_id())
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    for bucket in Bucket::ALL {
        let Some(value) = value(&x.template, bucket) else {
            continue;
        };
        let name = parameter_name(bucket, x.spec, x.facts);
        let tags = tag_map(&x.tags(&[]));
        x.add(
            parameter_id(bucket),
            "AWS::SSM::Parameter",
            json!({
                "Name": name,
                "Type": "String",
                "Tier": "Intelligent-Tiering",
                "Description": "What remediation puts the bucket back to",
                "Value": value,
                "Tags": tags,
            }),
        );
    }
}

/// After the overrides: the parameters say what the buckets now are, unless
/// their own value was overridden.
pub(in crate::blueprint) fn follow(template: &mut Template, spec: &Spec) {
    for bucket in Bucket::ALL {
        let id = parameter_id(bucket);
        let is_said = |text: &String| {
            let patch = serde_json::from_str::<Value>(text);
            patch.is_ok_and(|patch| patch.get("Value").is_some())
        };
        let mut patches = spec.overrides.iter();
        if patches.any(|(key, text)| renames::current(key) == id && is_said(text)) {
            continue;
        }
        if let Some(value) = value(template, bucket)
            && let Some(parameter) = template.resources.get_mut(&id)
            && let Some(properties) = parameter.properties.as_object_mut()
        {
            properties.insert("Value".into(), value);
        }
    }
}

fn parameter_name(bucket: Bucket, spec: &Spec, facts: &Facts) -> String {
    format!("{}/{}", path(spec), bucket.name(spec, facts))
}

/// JSON as `functions/src/operation/remediate/bucket.rs` reads it; `None` for
/// a bucket that is not the pipeline's.
fn value(template: &Template, bucket: Bucket) -> Option<Value> {
    let properties = |id: &str| template.resources.get(id).map(|found| &found.properties);
    let declared = properties(bucket.bucket_id())?;
    let policy = properties(&policy_id(bucket));
    let baseline = json!({
        "BucketEncryption": declared["BucketEncryption"],
        "PublicAccessBlockConfiguration": declared["PublicAccessBlockConfiguration"],
        "PolicyDocument": policy.map(|policy| canonical(&policy["PolicyDocument"])),
    });
    Some(json!({ "Fn::Sub": in_text(&baseline).to_string() }))
}

/// A policy as it is put and as S3 gives it back: lists of text sorted, and one
/// text alone no list. Remediation compares it with what S3 answers, and must
/// not find a difference where there is none.
fn canonical(policy: &Value) -> Value {
    match policy {
        Value::Object(members) if reference(members).is_some() => policy.clone(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (key.clone(), canonical(member)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let mut items = items.clone();
            items.sort_by_key(ToString::to_string);
            items.dedup();
            match items.as_slice() {
                [one] => one.clone(),
                _ => Value::Array(items),
            }
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

/// The intrinsics of a value as `Fn::Sub` writes them, inside of text.
fn in_text(value: &Value) -> Value {
    match value {
        Value::Object(members) => match reference(members) {
            Some(text) => Value::String(text),
            None => members
                .iter()
                .map(|(key, member)| (key.clone(), in_text(member)))
                .collect::<Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.iter().map(in_text).collect(),
        Value::String(text) => Value::String(literal(text)),
        other => other.clone(),
    }
}

fn literal(text: &str) -> String {
    text.replace("${", "${!")
}

/// `${Key.Arn}` for a reference; `None` for what is none.
fn reference(members: &Map<String, Value>) -> Option<String> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    match (name.as_str(), argument) {
        ("Ref", Value::String(id)) => Some(format!("${{{id}}}")),
        ("Fn::GetAtt", Value::Array(parts)) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            Some(format!("${{{}}}", parts.join(".")))
        }
        ("Fn::Sub", Value::String(text)) => Some(text.clone()),
        ("Fn::Join", Value::Array(parts)) => {
            let separator = literal(parts.first()?.as_str()?);
            let items = parts.get(1)?.as_array()?.iter();
            let items: Vec<String> = items
                .map(|item| match in_text(item) {
                    Value::String(text) => text,
                    other => other.to_string(),
                })
                .collect();
            Some(items.join(&separator))
        }
        _ => None,
    }
}

/// CloudFormation writes the tags of this type as a map.
fn tag_map(tags: &Value) -> Value {
    let tags = tags.as_array().into_iter().flatten();
    tags.filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].clone())))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_compared_as_it_is_given_back() {
        let policy = json!({ "Statement": [{ "Action": ["b", "a"], "Resource": ["x"] }] });
        let given_back = json!({ "Statement": [{ "Action": ["a", "b"], "Resource": "x" }] });
        assert_eq!(canonical(&policy), given_back);
        assert_eq!(canonical(&given_back), given_back);
        // GetAtt's parts are in an order of their own.
        let reference = json!({ "Fn::GetAtt": ["Key", "Arn"] });
        assert_eq!(canonical(&reference), reference);
    }

    #[test]
    fn references_become_part_of_the_text_and_text_stays_text() {
        for (value, expected) in [
            (json!({ "Ref": "Key" }), json!("${Key}")),
            (json!({ "Fn::GetAtt": ["Key", "Arn"] }), json!("${Key.Arn}")),
            (json!({ "Fn::Sub": "a/${Key}" }), json!("a/${Key}")),
            (
                json!({ "Fn::Join": ["", [{ "Fn::GetAtt": ["B", "Arn"] }, "/*"]] }),
                json!("${B.Arn}/*"),
            ),
            (
                json!(["${aws:username}", 1]),
                json!(["${!aws:username}", 1]),
            ),
            (json!({ "a": { "Ref": "K" } }), json!({ "a": "${K}" })),
        ] {
            assert_eq!(in_text(&value), expected);
        }
    }
}
