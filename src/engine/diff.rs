//! Differences of two JSON values by property path.

use serde_json::Value;
use std::collections::BTreeSet;

/// The paths at which two values differ, as
/// `BucketEncryption.ServerSideEncryptionConfiguration[0].BucketKeyEnabled`.
/// A member that only one of them has is named itself, not its members.
///
/// The statements of a policy are told apart by their ids and their content, and
/// their order says nothing: `Statement[RefuseOldTls].Condition` is a change of
/// one, `Statement[-RefuseOldTls]` one less, and
/// `Statement[+Partner: Allow s3:GetObject to 210987654321]` one more. What a
/// member of one has more or less is named: `Statement[Own].Action[+s3:*]`.
pub fn paths(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            compare_members(path, before, after, found, compare);
        }
        (Value::Array(before), Value::Array(after)) if before != after => {
            compare_lists(path, before, after, found);
        }
        (before, after) if before != after => found.push(path.to_owned()),
        _ => {}
    }
}

type Members = serde_json::Map<String, Value>;

fn compare_members(
    path: &str,
    before: &Members,
    after: &Members,
    found: &mut Vec<String>,
    each: fn(&str, &Value, &Value, &mut Vec<String>),
) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        match (before.get(key), after.get(key)) {
            (Some(before), Some(after)) => each(&path, before, after, found),
            _ => found.push(path),
        }
    }
}

fn compare_lists(path: &str, before: &[Value], after: &[Value], found: &mut Vec<String>) {
    if are_statements(before) && are_statements(after) {
        compare_statements(path, before, after, found);
    } else if before.len() == after.len() {
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            compare(&format!("{path}[{index}]"), before, after, found);
        }
    } else {
        found.push(path.to_owned());
    }
}

/// An empty list may be one of statements too.
fn are_statements(list: &[Value]) -> bool {
    list.iter().all(|item| item.get("Effect").is_some())
}

fn compare_statements(path: &str, before: &[Value], after: &[Value], found: &mut Vec<String>) {
    let mut come: Vec<&Value> = after.iter().collect();
    let mut gone = Vec::new();
    for statement in before {
        match come.iter().position(|other| *other == statement) {
            Some(same) => drop(come.remove(same)),
            None => gone.push(statement),
        }
    }
    let mut different = Vec::new();
    for statement in gone {
        let id = sid(statement);
        let other = id.and_then(|id| come.iter().position(|other| sid(other) == Some(id)));
        match (id, other) {
            (Some(id), Some(other)) => {
                let other = come.remove(other);
                compare_statement(&format!("{path}[{id}]"), statement, other, &mut different);
            }
            (Some(id), None) => different.push(format!("{path}[-{id}]")),
            (None, _) => different.push(format!("{path}[-{}]", gist(statement))),
        }
    }
    for statement in come {
        let name = sid(statement).map(|id| format!("{id}: "));
        let name = name.unwrap_or_default();
        different.push(format!("{path}[+{name}{}]", gist(statement)));
    }
    different.sort();
    found.extend(different);
}

/// Of more texts than this that came, or went, the first one is named.
const NAMED: usize = 3;

/// Where a statement differs from another of its id. Its members are texts, or
/// lists of them whose order says nothing.
fn compare_statement(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    if let (Value::Object(before), Value::Object(after)) = (before, after) {
        return compare_members(path, before, after, found, compare_statement);
    }
    let (Some(had), Some(has)) = (set(before), set(after)) else {
        return compare(path, before, after, found);
    };
    if had == has {
        return compare(path, before, after, found);
    }
    for (sign, texts) in [("+", has.difference(&had)), ("-", had.difference(&has))] {
        let texts: Vec<&str> = texts.copied().collect();
        match texts.split_first() {
            Some((first, rest)) if texts.len() > NAMED => {
                found.push(format!("{path}[{sign}{first} and {} more]", rest.len()));
            }
            _ => found.extend(texts.iter().map(|text| format!("{path}[{sign}{text}]"))),
        }
    }
}

/// A text or a list of them; `None` of anything else.
fn set(value: &Value) -> Option<BTreeSet<&str>> {
    match value {
        Value::String(text) => Some(BTreeSet::from([text.as_str()])),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid")?.as_str().filter(|id| !id.is_empty())
}

/// `Allow s3:GetObject and 2 more to 210987654321`: what a plan says of a
/// statement; where it is no principal's, on what.
fn gist(statement: &Value) -> String {
    let text = |member: &str| statement.get(member).map(first);
    let mut words = vec![text("Effect").unwrap_or_default()];
    match (text("Action"), text("NotAction")) {
        (Some(actions), _) => words.push(actions),
        (None, Some(actions)) => words.push(format!("all but {actions}")),
        (None, None) => {}
    }
    match (text("Principal"), text("NotPrincipal"), text("Resource")) {
        (Some(who), _, _) if who == "*" => words.push("to anybody".to_owned()),
        (Some(who), _, _) => words.push(format!("to {who}")),
        (None, Some(who), _) => words.push(format!("to all but {who}")),
        (None, None, Some(on)) => words.push(format!("on {on}")),
        (None, None, None) => {}
    }
    if statement.get("Condition").is_some() {
        words.push("under conditions".to_owned());
    }
    words.join(" ")
}

/// The first text of what may be one, a list, or a list of each kind; and how
/// many more there are.
fn first(value: &Value) -> String {
    let mut all = Vec::new();
    texts(value, &mut all);
    let first = all.first().copied().unwrap_or_default().to_owned();
    match all.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}

fn texts<'a>(value: &'a Value, all: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => all.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Value::Object(members) => members.values().for_each(|member| texts(member, all)),
        _ => {}
    }
}

/// Whether two paths are of one statement, or of one text in it, that came and
/// goes, or went and comes again.
pub fn undoes(path: &str, other: &str) -> bool {
    fn parts(path: &str) -> Option<(&str, &str, &str)> {
        let (list, statement) = path.strip_suffix(']')?.rsplit_once('[')?;
        let (sign, name) = statement.split_at_checked(1)?;
        let (name, _) = name.split_once(": ").unwrap_or((name, ""));
        ["+", "-"].contains(&sign).then_some((list, sign, name))
    }
    match (parts(path), parts(other)) {
        (Some((list, sign, name)), Some((other, another, same))) => {
            list == other && name == same && sign != another
        }
        _ => false,
    }
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
        ];
        for (before, after, expected) in cases {
            assert_eq!(paths(&before, &after), expected, "{before} -> {after}");
        }
    }

    #[test]
    fn a_policy_differs_by_statements() {
        let tls = json!({"Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*"});
        let own =
            json!({"Sid": "Own", "Effect": "Allow", "Action": ["s3:A", "s3:B"], "Resource": "x"});
        let partner = json!({"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": ["s3:GetObject", "s3:GetObjectVersion"]});
        let unnamed =
            json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Condition": {}});
        let mut wider = own.clone();
        wider["Action"] = json!("s3:*");
        let mut many = own.clone();
        many["Action"] = json!(["s3:A", "s3:B", "s3:C", "s3:D"]);
        let admits = json!({"Sid": "Admits", "Effect": "Allow", "Principal": {"AWS": "a"}, "Action": "s3:A", "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}});
        let mut admits_all = admits.clone();
        admits_all["Principal"] = json!("*");
        admits_all["Condition"]["IpAddress"]["aws:SourceIp"] =
            json!(["0.0.0.0/0", "203.0.113.0/24"]);
        let cases = [
            (vec![&tls, &own], vec![&own, &tls], vec![]),
            (
                vec![&tls, &own],
                vec![&tls, &wider],
                vec![
                    "S[Own].Action[+s3:*]",
                    "S[Own].Action[-s3:A]",
                    "S[Own].Action[-s3:B]",
                ],
            ),
            (
                vec![&many],
                vec![&wider],
                vec!["S[Own].Action[+s3:*]", "S[Own].Action[-s3:A and 3 more]"],
            ),
            (
                vec![&admits],
                vec![&admits_all],
                vec![
                    "S[Admits].Condition.IpAddress.aws:SourceIp[+0.0.0.0/0]",
                    "S[Admits].Principal",
                ],
            ),
            (vec![&tls, &own], vec![&own], vec!["S[-OnlyTls]"]),
            (
                vec![&tls],
                vec![&partner, &tls],
                vec!["S[+Partner: Allow s3:GetObject and 1 more to 210987654321]"],
            ),
            (
                vec![&tls],
                vec![&unnamed, &tls],
                vec!["S[+Allow s3:GetObject to anybody under conditions]"],
            ),
            (
                vec![&unnamed, &tls],
                vec![&tls],
                vec!["S[-Allow s3:GetObject to anybody under conditions]"],
            ),
            (
                vec![],
                vec![&own],
                vec!["S[+Own: Allow s3:A and 1 more on x]"],
            ),
            (
                vec![&unnamed, &unnamed],
                vec![&unnamed],
                vec!["S[-Allow s3:GetObject to anybody under conditions]"],
            ),
        ];
        for (before, after, expected) in cases {
            let (before, after) = (json!({ "S": before }), json!({ "S": after }));
            assert_eq!(paths(&before, &after), expected, "{before} -> {after}");
        }
    }

    #[test]
    fn a_statement_that_goes_again_is_the_one_that_came() {
        assert!(undoes("S[-Partner]", "S[+Partner: Allow a:B to c]"));
        assert!(undoes("S[+Allow a:B on c]", "S[-Allow a:B on c]"));
        assert!(!undoes("S[-Partner]", "S[-Partner]"));
        assert!(!undoes("S[-Partner]", "S[+Other: Allow a:B to c]"));
        assert!(!undoes("S[Partner].Action", "S[+Partner: Allow a:B to c]"));
        assert!(!undoes("S[0]", "S[1]"));
        assert!(undoes("S[Own].Action[-s3:*]", "S[Own].Action[+s3:*]"));
        assert!(undoes(
            "S[O].Action[+a and 3 more]",
            "S[O].Action[-a and 3 more]"
        ));
        assert!(!undoes("S[Own].Action[-s3:*]", "S[Other].Action[+s3:*]"));
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
