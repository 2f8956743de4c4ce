//! Policy documents compared as values. AWS keeps what it was given, except
//! that it writes an account as its root principal, and people write the same
//! policy in several ways; one canonical form makes "equal" mean equal.

use serde_json::{Map, Value};

/// The canonical form of a policy document, given as an object or as its
/// JSON text. `partition` completes bare account ids.
///
/// - one statement alone becomes a list of one; the order of statements stays
/// - a list of one action, resource, principal or value becomes the string;
///   longer lists are sorted and lose doubles (they are sets to IAM)
/// - the principal `"*"` is `{"AWS": "*"}`, an account id is its root ARN
/// - condition values are strings; an empty `Sid` is none
///
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>)
pub(super) fn canonical(document: &Value, partition: &str) -> Result<Value, String> {
    let parsed;
    let document = match document {
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text)
                .map_err(|error| format!("is no JSON: {error}"))?;
            &parsed
        }
        other => other,
    };
    let Value::Object(fields) = document else {
        return Err("must be a policy document, an object with Statement".to_owned());
    };
    let Some(statements) = fields.get("Statement") else {
        return Err("has no Statement".to_owned());
    };
    let list = match statements {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let statements: Result<Vec<Value>, String> = list
        .iter()
        .enumerate()
        .map(|(index, statement)| match statement {
            Value::Object(fields) => Ok(canonical_statement(fields, partition)),
            _ => Err(format!("Statement[{index}] is no object")),
        })
        .collect();
    let mut canonical = fields.clone();
    canonical.insert("Statement".into(), Value::Array(statements?));
    Ok(Value::Object(canonical))
}

fn canonical_statement(fields: &Map<String, Value>, partition: &str) -> Value {
    let mut statement = Map::new();
    for (name, value) in fields {
        let value = match name.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => one_or_sorted(value),
            "Principal" | "NotPrincipal" => canonical_principal(value, partition),
            "Condition" => canonical_condition(value),
            "Sid" if value == "" => continue,
            _ => value.clone(),
        };
        statement.insert(name.clone(), value);
    }
    Value::Object(statement)
}

fn canonical_principal(value: &Value, partition: &str) -> Value {
    let Value::Object(kinds) = value else {
        let everyone = Map::from_iter([("AWS".to_owned(), one_or_sorted(value))]);
        return Value::Object(everyone);
    };
    let named = kinds.iter().map(|(kind, names)| {
        let names = match names {
            Value::Array(list) if kind == "AWS" => {
                let roots = list.iter().map(|name| root_arn(name, partition));
                Value::Array(roots.collect())
            }
            name if kind == "AWS" => root_arn(name, partition),
            other => other.clone(),
        };
        (kind.clone(), one_or_sorted(&names))
    });
    Value::Object(named.collect())
}

fn root_arn(name: &Value, partition: &str) -> Value {
    match name.as_str() {
        Some(id) if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) => {
            Value::String(format!("arn:{partition}:iam::{id}:root"))
        }
        _ => name.clone(),
    }
}

fn canonical_condition(value: &Value) -> Value {
    let Value::Object(operators) = value else {
        return value.clone();
    };
    let lines = operators.iter().map(|(operator, keys)| {
        let keys = match keys {
            Value::Object(keys) => Value::Object(
                keys.iter()
                    .map(|(key, values)| (key.clone(), one_or_sorted(&as_strings(values))))
                    .collect(),
            ),
            other => other.clone(),
        };
        (operator.clone(), keys)
    });
    Value::Object(lines.collect())
}

fn as_strings(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => Value::String(flag.to_string()),
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(list) => Value::Array(list.iter().map(as_strings).collect()),
        other => other.clone(),
    }
}

fn one_or_sorted(value: &Value) -> Value {
    let Value::Array(list) = value else {
        return value.clone();
    };
    let mut list = list.clone();
    list.sort_by_key(ToString::to_string);
    list.dedup();
    match list.as_slice() {
        [one] => one.clone(),
        _ => Value::Array(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn statement(fields: Value) -> Value {
        json!({ "Version": "2012-10-17", "Statement": [fields] })
    }

    #[test]
    fn the_same_policy_in_another_spelling_is_the_same_value() {
        let pairs = [
            (json!({ "Action": ["s3:*"] }), json!({ "Action": "s3:*" })),
            (
                json!({ "Action": ["b", "a", "a"] }),
                json!({ "Action": ["a", "b"] }),
            ),
            (json!({ "Resource": ["x"] }), json!({ "Resource": "x" })),
            (
                json!({ "Principal": "*" }),
                json!({ "Principal": { "AWS": ["*"] } }),
            ),
            (
                json!({ "Principal": { "AWS": "111122223333" } }),
                json!({ "Principal": { "AWS": ["arn:aws:iam::111122223333:root"] } }),
            ),
            (
                json!({ "Principal": { "AWS": ["arn:aws:iam::1:role/b", "arn:aws:iam::1:role/a"] } }),
                json!({ "Principal": { "AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"] } }),
            ),
            (
                json!({ "Condition": { "Bool": { "aws:SecureTransport": false } } }),
                json!({ "Condition": { "Bool": { "aws:SecureTransport": ["false"] } } }),
            ),
            (
                json!({ "Condition": { "NumericLessThan": { "s3:TlsVersion": 1.2 } } }),
                json!({ "Condition": { "NumericLessThan": { "s3:TlsVersion": "1.2" } } }),
            ),
            (
                json!({ "Sid": "", "Effect": "Deny" }),
                json!({ "Effect": "Deny" }),
            ),
        ];
        for (a, b) in pairs {
            let (x, y) = (
                canonical(&statement(a.clone()), "aws").expect("canonical"),
                canonical(&statement(b.clone()), "aws").expect("canonical"),
            );
            assert_eq!(x, y, "{a} and {b}");
            assert_eq!(canonical(&x, "aws").expect("canonical"), x, "idempotent");
        }
    }

    #[test]
    fn a_different_policy_stays_different() {
        let pairs = [
            (json!({ "Action": "a" }), json!({ "NotAction": "a" })),
            (json!({ "Action": ["a", "b"] }), json!({ "Action": "a" })),
            (
                json!({ "Principal": { "AWS": "*" } }),
                json!({ "Principal": { "Service": "*" } }),
            ),
            (json!({ "Effect": "Deny" }), json!({ "Effect": "Allow" })),
            (
                json!({ "Condition": { "Null": { "k": "true" } } }),
                json!({ "Condition": { "Null": { "k": "false" } } }),
            ),
        ];
        for (a, b) in pairs {
            assert_ne!(
                canonical(&statement(a), "aws").expect("canonical"),
                canonical(&statement(b), "aws").expect("canonical")
            );
        }
    }

    #[test]
    fn text_and_a_lone_statement_are_accepted_and_nonsense_is_refused() {
        let text = json!(r#"{"Statement":{"Effect":"Allow","Action":["a"]}}"#);
        assert_eq!(
            canonical(&text, "aws").expect("canonical"),
            json!({ "Statement": [{ "Effect": "Allow", "Action": "a" }] })
        );
        for nonsense in [
            json!("{"),
            json!([]),
            json!({}),
            json!({ "Statement": ["x"] }),
        ] {
            assert!(canonical(&nonsense, "aws").is_err(), "{nonsense}");
        }
    }
}
