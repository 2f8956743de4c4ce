//! The checks that AWS makes of every resource policy before it accepts it.

use serde_json::Value;

/// Says what is wrong with a policy document, if anything.
pub fn flaw(document: &str) -> Option<String> {
    let Ok(policy) = serde_json::from_str::<Value>(document) else {
        return Some("it is not valid JSON".to_owned());
    };
    let Some(statements) = policy.get("Statement") else {
        return Some("it has no Statement".to_owned());
    };
    for (index, statement) in list(statements).into_iter().enumerate() {
        let has =
            |one: &str, other: &str| statement.get(one).is_some() || statement.get(other).is_some();
        if !matches!(
            statement.get("Effect").and_then(Value::as_str),
            Some("Allow" | "Deny")
        ) {
            return Some(format!("statement {index} has no Effect"));
        }
        for (one, other) in [
            ("Principal", "NotPrincipal"),
            ("Action", "NotAction"),
            ("Resource", "NotResource"),
        ] {
            if !has(one, other) {
                return Some(format!("statement {index} has no {one}"));
            }
        }
    }
    None
}

/// A value that may be one or a list of them.
pub fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::flaw;

    #[test]
    fn a_statement_needs_effect_principal_action_and_resource() {
        assert_eq!(
            flaw(
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}"#
            ),
            None
        );
        assert_eq!(
            flaw(r#"{"Statement":[{"Effect":"Allow"}]}"#).as_deref(),
            Some("statement 0 has no Principal")
        );
        assert_eq!(flaw("{").as_deref(), Some("it is not valid JSON"));
        assert_eq!(flaw("{}").as_deref(), Some("it has no Statement"));
    }
}
