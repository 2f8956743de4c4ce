//! Statements of a policy, as far as a check asks about them.

use super::item::parsed;
use serde_json::Value;

/// The statements of a policy document: an object, JSON in a text, or that
/// percent-encoded as IAM writes it.
pub fn statements(document: &Value) -> Vec<Value> {
    let document = match document.as_str() {
        Some(text) if text.starts_with('%') => parsed(&Value::String(crate::url::decoded(text))),
        _ => parsed(document),
    };
    match &document["Statement"] {
        Value::Array(statements) => statements.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The texts of a member that may be one or many.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

pub fn allows(statement: &Value) -> bool {
    statement["Effect"] == "Allow"
}

/// Whether it is for everybody: `"*"`, or `{"AWS": "*"}`.
pub fn is_for_everybody(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    texts(principal).contains(&"*") || texts(&principal["AWS"]).contains(&"*")
}

/// Conditions by which a statement for everybody is for few: who they are or
/// where they come from
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>).
const NARROWING: [&str; 10] = [
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:userid",
];

pub fn is_narrowed(statement: &Value) -> bool {
    let Some(conditions) = statement["Condition"].as_object() else {
        return false;
    };
    conditions
        .iter()
        // A negated operator lets in everybody else.
        .filter(|(operator, _)| !operator.contains("Not") && *operator != "Null")
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, values)| {
            let every = texts(values)
                .iter()
                .any(|value| *value == "*" || *value == "0.0.0.0/0");
            NARROWING.contains(&key.to_ascii_lowercase().as_str()) && !every
        })
}

/// Whether it allows every action on every resource.
pub fn is_administration(statement: &Value) -> bool {
    let every = |name: &str| {
        texts(&statement[name])
            .iter()
            .any(|text| matches!(*text, "*" | "*:*"))
    };
    allows(statement) && every("Action") && every("Resource")
}

/// Whether it refuses what comes without TLS.
pub fn denies_plain_http(statement: &Value) -> bool {
    let secure = &statement["Condition"]["Bool"]["aws:SecureTransport"];
    let plain = texts(secure).contains(&"false") || secure == &Value::Bool(false);
    statement["Effect"] == "Deny" && is_for_everybody(statement) && plain
}

/// Whether a service may act for anybody's account: a service principal
/// without the account or resource it acts for
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>).
pub fn is_confusable(statement: &Value) -> bool {
    allows(statement)
        && !texts(&statement["Principal"]["Service"]).is_empty()
        && !is_narrowed(statement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_read_in_each_of_its_forms() {
        let document = json!({ "Statement": { "Effect": "Allow" } });
        let text = document.to_string();
        let encoded = crate::url::encoded(&text);
        for form in [document, json!(text), json!(encoded)] {
            assert_eq!(statements(&form), [json!({ "Effect": "Allow" })]);
        }
        assert!(statements(&Value::Null).is_empty());
    }

    #[test]
    fn a_statement_for_everybody_may_be_for_few() {
        for (condition, narrowed) in [
            (json!(null), false),
            (
                json!({ "StringEquals": { "aws:SourceAccount": "123456789012" } }),
                true,
            ),
            (
                json!({ "ArnLike": { "AWS:SourceArn": ["arn:aws:s3:::b"] } }),
                true,
            ),
            (
                json!({ "StringNotEquals": { "aws:SourceAccount": "123456789012" } }),
                false,
            ),
            (
                json!({ "IpAddress": { "aws:SourceIp": "0.0.0.0/0" } }),
                false,
            ),
            (json!({ "Bool": { "aws:SecureTransport": "true" } }), false),
        ] {
            assert_eq!(
                is_narrowed(&json!({ "Condition": condition })),
                narrowed,
                "{condition}"
            );
        }
    }
}
