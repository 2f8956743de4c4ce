//! Differences of two JSON values by property path.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The paths at which two values differ, as
/// `BucketEncryption.ServerSideEncryptionConfiguration[0].BucketKeyEnabled`.
/// A member that only one of them has is named itself, not its members. The
/// statements of a policy are told apart by their ids, as in
/// `PolicyDocument.Statement[RefuseOldTls].Condition`: one more or one less is
/// that one, and their order says nothing.
pub fn paths(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                match (before.get(key), after.get(key)) {
                    (Some(before), Some(after)) => compare(&path, before, after, found),
                    _ => found.push(path),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before != after => {
            compare_lists(path, before, after, found);
        }
        (before, after) if before != after => found.push(path.to_owned()),
        _ => {}
    }
}

fn compare_lists(path: &str, before: &[Value], after: &[Value], found: &mut Vec<String>) {
    match (by_sid(before), by_sid(after)) {
        (Some(before), Some(after)) => {
            let ids: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
            for id in ids {
                let path = format!("{path}[{id}]");
                match (before.get(id), after.get(id)) {
                    (Some(before), Some(after)) => compare(&path, before, after, found),
                    _ => found.push(path),
                }
            }
        }
        _ if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}[{index}]"), before, after, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// Statements of a policy by their ids; none where one has no id, or another's.
fn by_sid(list: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let mut statements = BTreeMap::new();
    for statement in list {
        let id = statement.get("Sid")?.as_str()?;
        if statements.insert(id, statement).is_some() {
            return None;
        }
    }
    Some(statements)
}

/// Whether a path is one of the properties or lies inside one.
pub fn touches(path: &str, properties: &[&str]) -> bool {
    properties.iter().any(|property| {
        path.strip_prefix(property)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            // The whole of what contains the property has changed.
            || property
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_named_by_path() {
        let cases = [
            (json!({"A": 1}), json!({"A": 1}), vec![]),
            (json!({"A": 1}), json!({"A": 2}), vec!["A"]),
            (
                json!({"A": {"B": 1, "C": 1}}),
                json!({"A": {"B": 1, "C": 2}}),
                vec!["A.C"],
            ),
            (
                json!({"A": [1, {"B": 2}]}),
                json!({"A": [1, {"B": 3}]}),
                vec!["A[1].B"],
            ),
            (json!({"A": [1]}), json!({"A": [1, 2]}), vec!["A"]),
            (json!({}), json!({"A": {"B": 1}}), vec!["A"]),
            (
                json!({"A": [{"Sid": "x", "B": 1}, {"Sid": "y"}]}),
                json!({"A": [{"Sid": "z"}, {"Sid": "y"}, {"Sid": "x", "B": 2}]}),
                vec!["A[x].B", "A[z]"],
            ),
            (
                json!({"A": [{"Sid": "x"}, {"Sid": "y"}]}),
                json!({"A": [{"Sid": "y"}, {"Sid": "x"}]}),
                vec![],
            ),
            (
                json!({"A": [{"Sid": "x"}, {"Sid": "x", "B": 1}]}),
                json!({"A": [{"Sid": "x"}, {"Sid": "x", "B": 2}]}),
                vec!["A[1].B"],
            ),
        ];
        for (before, after, expected) in cases {
            assert_eq!(paths(&before, &after), expected, "{before} -> {after}");
        }
    }

    #[test]
    fn a_path_touches_a_property_it_is_or_lies_inside() {
        assert!(touches("KeySchema[0].KeyType", &["KeySchema"]));
        assert!(touches("TableName", &["TableName"]));
        assert!(touches("A", &["A.B"]));
        assert!(!touches("TableNameSuffix", &["TableName"]));
        assert!(!touches("A.C", &["A.B"]));
    }
}
