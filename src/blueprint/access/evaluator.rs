//! IAM's decision, as far as the pipeline's policies need it, so that tests
//! can ask who may do what instead of looking for strings
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>).
//! What it does not know it refuses to judge.
#![allow(clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// Nothing allows it.
    NotAllowed,
    /// A statement denies it, whatever else allows it.
    Denied,
}

/// One request. A key that is not in the context is absent.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Who asks, by a service's name or an ARN: needed for the policies of
    /// keys, buckets, queues and roles, which say whom they mean.
    pub principal: Option<&'a str>,
    pub action: &'a str,
    pub resource: &'a str,
    pub context: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Request<'a> {
    pub fn new(action: &'a str, resource: &'a str, context: &[(&'a str, &'a str)]) -> Self {
        let context = context.iter().map(|(key, value)| (*key, vec![*value]));
        Self {
            principal: None,
            action,
            resource,
            context: context.collect(),
        }
    }

    pub fn by(mut self, principal: &'a str) -> Self {
        self.principal = Some(principal);
        self
    }

    fn values(&self, key: &str) -> Option<&[&'a str]> {
        let mut context = self.context.iter();
        let found = context.find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, values)| values.as_slice())
    }
}

/// What the policy says of the request. Intrinsics must be resolved.
pub fn decide(document: &Value, request: &Request<'_>) -> Decision {
    let statements = document["Statement"].as_array().expect("statements");
    let apply = |effect: &str| {
        statements
            .iter()
            .any(|statement| statement["Effect"] == effect && applies(statement, request))
    };
    if apply("Deny") {
        Decision::Denied
    } else if apply("Allow") {
        Decision::Allowed
    } else {
        Decision::NotAllowed
    }
}

fn applies(statement: &Value, request: &Request<'_>) -> bool {
    assert!(statement.get("NotAction").is_none() && statement.get("NotResource").is_none());
    let actions = list(&statement["Action"]);
    let action = request.action.to_ascii_lowercase();
    let action = actions
        .iter()
        .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action));
    // A trust policy has none.
    let resource = match statement.get("Resource") {
        Some(resources) => list(resources)
            .iter()
            .any(|pattern| matches(pattern, request.resource)),
        None => true,
    };
    let principal = match (statement.get("Principal"), request.principal) {
        (None, _) => true,
        (Some(meant), Some(who)) => means(meant, who),
        (Some(_), None) => panic!("who asks? {statement}"),
    };
    principal && action && resource && holds(&statement["Condition"], request)
}

/// An account, named by its root, means everybody in it whom the account's own
/// policies let
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>).
fn means(principal: &Value, who: &str) -> bool {
    let kinds = principal.as_object().expect("kinds of principals");
    kinds.iter().any(|(kind, names)| {
        let is_service = !who.starts_with("arn:");
        let fits = |name: &str| match kind.as_str() {
            "Service" => is_service && name == who,
            "AWS" => {
                let root = name.strip_suffix(":root");
                name == "*" || name == who || root.is_some_and(|root| is_of(root, who))
            }
            other => panic!("{other} is not known here"),
        };
        list(names).iter().any(|name| fits(name))
    })
}

/// Whether an ARN of IAM or STS is of the account of `arn:aws:iam::ACCOUNT`.
fn is_of(root: &str, who: &str) -> bool {
    let account = root.rsplit(':').next();
    who.starts_with("arn:") && who.split(':').nth(4) == account
}

/// All operators, and all keys of each.
fn holds(conditions: &Value, request: &Request<'_>) -> bool {
    let mut operators = conditions.as_object().into_iter().flatten();
    operators.all(|(operator, keys)| {
        let keys = keys.as_object().expect("keys");
        keys.iter()
            .all(|(key, wanted)| one(operator, request.values(key), &list(wanted)))
    })
}

fn one(operator: &str, there: Option<&[&str]>, wanted: &[String]) -> bool {
    if operator == "Null" {
        return wanted
            .iter()
            .any(|wanted| (wanted == "true") == there.is_none());
    }
    if let Some(operator) = operator.strip_prefix("ForAllValues:") {
        // True of no value at all.
        let mut there = there.into_iter().flatten();
        return there.all(|value| one(operator, Some(&[*value]), wanted));
    }
    let (operator, absent) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, operator.contains("Not")),
    };
    let Some(there) = there else {
        return absent;
    };
    let [value] = there else {
        panic!("{operator} on several values");
    };
    let any = |test: &dyn Fn(&str) -> bool| wanted.iter().any(|wanted| test(wanted));
    match operator {
        "StringEquals" => any(&|wanted| wanted == *value),
        "StringNotEquals" => !any(&|wanted| wanted == *value),
        "Bool" => any(&|wanted| wanted.eq_ignore_ascii_case(value)),
        "StringLike" | "ArnEquals" | "ArnLike" => any(&|wanted| matches(wanted, value)),
        "ArnNotEquals" | "ArnNotLike" => !any(&|wanted| matches(wanted, value)),
        "NumericLessThan" => any(&|wanted| number(value) < number(wanted)),
        "IpAddress" => any(&|wanted| is_within(wanted, value)),
        "NotIpAddress" => !any(&|wanted| is_within(wanted, value)),
        other => panic!("{other} is not known here"),
    }
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(list).collect(),
        Value::Bool(flag) => vec![flag.to_string()],
        other => panic!("{other} is no text; is it resolved?"),
    }
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

/// `*` is any text, `?` any letter.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            starts.any(|at| matches(rest, &text[at..]))
        }
        Some(expected) => match text.chars().next() {
            Some(letter) if expected == '?' || expected == letter => {
                matches(&pattern[expected.len_utf8()..], &text[letter.len_utf8()..])
            }
            _ => false,
        },
    }
}

fn is_within(cidr: &str, address: &str) -> bool {
    let (network, length) = cidr.split_once('/').unwrap_or((cidr, "32"));
    let number = |text: &str| u32::from(text.parse::<Ipv4Addr>().expect("an address"));
    let length: u32 = length.parse().expect("a length");
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    number(network) & mask == number(address) & mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(effect: &str, condition: Value) -> Value {
        let allow = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let other = json!({
            "Effect": effect, "Action": ["s3:Get*"], "Resource": "arn:aws:s3:::b/*",
            "Condition": condition,
        });
        match effect {
            "Deny" => json!({ "Statement": [allow, other] }),
            _ => json!({ "Statement": [other] }),
        }
    }

    #[test]
    fn it_decides_as_iam_does() {
        use Decision::{Allowed, Denied, NotAllowed};
        let vpc = json!({ "StringNotEquals": { "aws:SourceVpc": "vpc-1" } });
        let mfa = json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
        let mfa_if = json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } });
        let ip = json!({ "NotIpAddress": { "aws:SourceIp": ["203.0.113.0/24"] } });
        let null = json!({ "Null": { "aws:SourceVpc": "true" } });
        let keys = json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } });
        for (effect, condition, context, expected) in [
            ("Allow", json!({}), vec![], Allowed),
            ("Allow", mfa.clone(), vec![], NotAllowed),
            (
                "Allow",
                mfa,
                vec![("aws:MultiFactorAuthPresent", "true")],
                Allowed,
            ),
            ("Deny", mfa_if, vec![], Denied),
            ("Deny", vpc.clone(), vec![], Denied),
            (
                "Deny",
                vpc.clone(),
                vec![("aws:SourceVpc", "vpc-2")],
                Denied,
            ),
            ("Deny", vpc, vec![("aws:sourcevpc", "vpc-1")], Allowed),
            (
                "Deny",
                ip.clone(),
                vec![("aws:SourceIp", "203.0.113.9")],
                Allowed,
            ),
            (
                "Deny",
                ip.clone(),
                vec![("aws:SourceIp", "10.0.0.1")],
                Denied,
            ),
            ("Deny", ip, vec![], Denied),
            ("Allow", null, vec![("aws:SourceVpc", "v")], NotAllowed),
            (
                "Allow",
                keys.clone(),
                vec![("aws:TagKeys", "b")],
                NotAllowed,
            ),
            ("Allow", keys, vec![], Allowed),
        ] {
            let request = Request::new("s3:GetObject", "arn:aws:s3:::b/k", &context);
            let document = policy(effect, condition);
            assert_eq!(
                decide(&document, &request),
                expected,
                "{document} {context:?}"
            );
        }
        let elsewhere = Request::new("s3:GetObject", "arn:aws:s3:::c/k", &[]);
        assert_eq!(decide(&policy("Allow", json!({})), &elsewhere), NotAllowed);
    }

    #[test]
    fn it_asks_who_asks() {
        use Decision::{Allowed, NotAllowed};
        let root = json!({ "AWS": "arn:aws:iam::111122223333:root" });
        let one = json!({ "AWS": ["arn:aws:iam::111122223333:role/a"] });
        let service = json!({ "Service": ["sns.amazonaws.com", "logs.amazonaws.com"] });
        let role = "arn:aws:iam::111122223333:role/a";
        for (principal, who, expected) in [
            (&root, role, Allowed),
            (&root, "arn:aws:iam::210987654321:role/a", NotAllowed),
            (&root, "sns.amazonaws.com", NotAllowed),
            (&one, role, Allowed),
            (&one, "arn:aws:iam::111122223333:role/b", NotAllowed),
            (&service, "logs.amazonaws.com", Allowed),
            (&service, "s3.amazonaws.com", NotAllowed),
            (&json!({ "AWS": "*" }), "s3.amazonaws.com", Allowed),
        ] {
            let document = json!({ "Statement": [
                { "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*" }
            ] });
            let request = Request::new("kms:Decrypt", "arn", &[]).by(who);
            assert_eq!(decide(&document, &request), expected, "{principal} {who}");
        }
    }
}
