//! Whom the statements of a resource's policy let in.

use super::subject::{at, many, show, texts};
use serde_json::Value;

/// Whether it is about everybody, or everybody but some.
pub(super) fn is_everybody(statement: &Value) -> bool {
    let principal = at(statement, "Principal");
    let named: Vec<&str> = match principal {
        Value::Object(members) => members.values().flat_map(texts).collect(),
        other => texts(other),
    };
    named.contains(&"*") || statement.get("NotPrincipal").is_some()
}

/// Statements that allow something to everybody, without a condition that says
/// which account.
pub(super) fn admits_everybody(document: &Value) -> Vec<String> {
    many(at(document, "Statement"))
        .into_iter()
        .filter(|statement| at(statement, "Effect").as_str() == Some("Allow"))
        .filter(|statement| is_everybody(statement) && !names_an_account(statement, Said::Always))
        .map(|statement| show(at(statement, "Sid")))
        .collect()
}

/// Whether a condition must find what it looks at in the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Always,
    /// Some services do not say for whom they act.
    OrNot,
}

/// Whether a statement is bound to accounts or to things of accounts.
pub(super) fn names_an_account(statement: &Value, said: Said) -> bool {
    const KEYS: [&str; 6] = [
        "aws:principalaccount",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:principalarn",
        "kms:calleraccount",
        "aws:principalorgid",
    ];
    let operators = at(statement, "Condition").as_object();
    operators
        .into_iter()
        .flatten()
        .filter(|(operator, _)| {
            let lax = operator.ends_with("IfExists") && said == Said::Always;
            !lax && !operator.contains("Not") && *operator != "Null"
        })
        .filter_map(|(_, keys)| keys.as_object())
        .flat_map(|keys| keys.keys())
        .any(|key| KEYS.contains(&key.to_ascii_lowercase().as_str()))
}
