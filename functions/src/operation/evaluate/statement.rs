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

/// Whether it is for everybody: `"*"`, `{"AWS": "*"}`, or, where it allows,
/// everybody but a few.
pub fn is_for_everybody(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    texts(principal).contains(&"*")
        || texts(&principal["AWS"]).contains(&"*")
        || (allows(statement) && !statement["NotPrincipal"].is_null())
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
        .filter(|(operator, _)| may_narrow(operator))
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, values)| {
            let key = key.to_ascii_lowercase();
            let values = texts(values);
            NARROWING.contains(&key.as_str())
                && !values.is_empty()
                && values.iter().all(|value| is_few(&key, value))
        })
}

/// A negated operator lets in everybody else; `...IfExists` and `ForAllValues:`
/// hold for whoever does not bring the key at all
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html>).
fn may_narrow(operator: &str) -> bool {
    let operator = operator.to_ascii_lowercase();
    !(operator.contains("not")
        || operator == "null"
        || operator.ends_with("ifexists")
        || operator.starts_with("forallvalues:"))
}

/// Whether a value of a narrowing key names few. A wildcard names many, unless
/// it stands where the account has been named already.
fn is_few(key: &str, value: &str) -> bool {
    let literal = |part: &str| !part.is_empty() && !part.contains(['*', '?']);
    if literal(value) {
        return key != "aws:sourceip" || is_narrow_range(value);
    }
    match key {
        "aws:sourcearn" | "aws:principalarn" => value.split(':').nth(4).is_some_and(literal),
        // A role's sessions: `<the role's unique id>:*`.
        "aws:userid" => value
            .split_once(':')
            .is_some_and(|(principal, _)| literal(principal)),
        _ => false,
    }
}

/// S3 takes ranges that are wider than these for the whole Internet, and two
/// halves of it are one
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>).
fn is_narrow_range(range: &str) -> bool {
    let least = if range.contains(':') { 32 } else { 8 };
    match range.split_once('/') {
        Some((_, length)) => length.parse::<u8>().is_ok_and(|length| length >= least),
        None => true,
    }
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

/// Whether the statements refuse whatever comes to a bucket or its objects
/// without TLS.
pub fn deny_plain_http(statements: &[Value], bucket: &str) -> bool {
    // `arn:aws:s3:::bucket` and all that begins so is what there is.
    let covers = |resource: &str, objects: bool| {
        let name = resource.split_once(":::").map(|(_, name)| name);
        resource == "*"
            || name.is_some_and(|name| {
                name == "*"
                    || name.strip_suffix('*') == Some(bucket)
                    || match name.strip_suffix("/*") {
                        Some(name) => objects && name == bucket,
                        None => !objects && name == bucket,
                    }
            })
    };
    [false, true].into_iter().all(|objects| {
        statements
            .iter()
            .filter(|statement| denies_plain_http(statement))
            .any(|statement| {
                let mut resources = texts(&statement["Resource"]).into_iter();
                resources.any(|resource| covers(resource, objects))
            })
    })
}

/// Whether it refuses every action to everybody who comes without TLS, under no
/// further condition.
fn denies_plain_http(statement: &Value) -> bool {
    let every = texts(&statement["Action"])
        .iter()
        .any(|action| *action == "*" || action.eq_ignore_ascii_case("s3:*"));
    let operators = statement["Condition"].as_object();
    let only = operators.filter(|operators| operators.len() == 1);
    let plain = only.into_iter().flatten().any(|(operator, keys)| {
        let keys = keys.as_object().filter(|keys| keys.len() == 1);
        matches!(operator.as_str(), "Bool" | "BoolIfExists")
            && keys.into_iter().flatten().any(|(key, value)| {
                key.eq_ignore_ascii_case("aws:SecureTransport")
                    && (value == &Value::Bool(false) || texts(value) == ["false"])
            })
    });
    statement["Effect"] == "Deny" && is_for_everybody(statement) && every && plain
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
        const ACCOUNT: &str = "123456789012";
        let of = |operator: &str, key: &str, value: &str| json!({ operator: { key: value } });
        for (condition, narrowed) in [
            (json!(null), false),
            (of("StringEquals", "aws:SourceAccount", ACCOUNT), true),
            (
                json!({ "ArnLike": { "AWS:SourceArn": ["arn:aws:s3:::b"] } }),
                true,
            ),
            (of("StringNotEquals", "aws:SourceAccount", ACCOUNT), false),
            (
                of("StringEqualsIfExists", "aws:SourceAccount", ACCOUNT),
                false,
            ),
            (
                of("ForAllValues:StringEquals", "aws:SourceAccount", ACCOUNT),
                false,
            ),
            (
                of("ForAnyValue:StringEquals", "aws:SourceAccount", ACCOUNT),
                true,
            ),
            (of("Null", "aws:SourceAccount", "false"), false),
            (of("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"), false),
            (of("ArnLike", "aws:SourceArn", "arn:aws:s3:::b*"), false),
            (of("ArnLike", "aws:SourceArn", "arn:*"), false),
            (
                of("ArnLike", "aws:SourceArn", "arn:aws:sns:*:123456789012:*"),
                true,
            ),
            (
                of("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin"),
                false,
            ),
            (of("StringLike", "aws:PrincipalOrgID", "o-*"), false),
            (of("StringLike", "aws:userid", "AROAEXAMPLE:*"), true),
            (of("StringLike", "aws:userid", "*:session"), false),
            (of("IpAddress", "aws:SourceIp", "203.0.113.0/24"), true),
            (of("IpAddress", "aws:SourceIp", "203.0.113.7"), true),
            (of("IpAddress", "aws:SourceIp", "0.0.0.0/0"), false),
            (
                json!({ "IpAddress": { "aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"] } }),
                false,
            ),
            (of("IpAddress", "aws:SourceIp", "::/0"), false),
            (of("IpAddress", "aws:SourceIp", "2001:db8::/32"), true),
            (
                json!({ "IpAddress": { "aws:SourceIp": ["203.0.113.7", "::/0"] } }),
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

    #[test]
    fn everybody_but_a_few_is_everybody() {
        let statement = |effect: &str| json!({ "Effect": effect, "NotPrincipal": { "AWS": "arn:aws:iam::123456789012:root" } });
        assert!(is_for_everybody(&statement("Allow")));
        assert!(!is_for_everybody(&statement("Deny")));
    }

    #[test]
    fn plain_http_is_refused_for_every_action_on_bucket_and_objects() {
        let statement = |action: &str, resource: Value| json!({ "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
        let both = json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]);
        let mut further = statement("s3:*", both.clone());
        further["Condition"]["StringEquals"] = json!({ "aws:PrincipalAccount": "123456789012" });
        let mut few = statement("s3:*", both.clone());
        few["Principal"] = json!({ "AWS": "arn:aws:iam::123456789012:root" });
        for (statements, refused) in [
            (vec![statement("s3:*", both.clone())], true),
            (vec![statement("*", json!("*"))], true),
            (vec![statement("s3:*", json!("arn:aws:s3:::b*"))], true),
            (
                vec![
                    statement("s3:*", json!("arn:aws:s3:::b")),
                    statement("s3:*", json!("arn:aws:s3:::b/*")),
                ],
                true,
            ),
            (vec![statement("s3:*", json!("arn:aws:s3:::b"))], false),
            (vec![statement("s3:*", json!("arn:aws:s3:::b/*"))], false),
            (vec![statement("s3:*", json!("arn:aws:s3:::other"))], false),
            (vec![statement("s3:PutObject", both)], false),
            (vec![further], false),
            (vec![few], false),
            (vec![], false),
        ] {
            assert_eq!(deny_plain_http(&statements, "b"), refused, "{statements:?}");
        }
    }
}
