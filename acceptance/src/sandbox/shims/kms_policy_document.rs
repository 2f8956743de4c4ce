//! AWS refuses a key policy that is no policy, or under which nobody of the
//! account could change the policy again (MalformedPolicyDocumentException;
//! "Default key policy" and the lockout safety check of PutKeyPolicy).
//! ministack stores any text.

use serde_json::Value;

use super::policy;
use crate::sandbox::emulators::ACCOUNT;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "kms_policy_document";

pub fn refuse(call: &Inbound) -> Option<Reply> {
    if !call.is("kms", &["CreateKey", "PutKeyPolicy"]) {
        return None;
    }
    let body = call.json();
    let document = body.get("Policy").and_then(Value::as_str)?;
    let flaw = policy::flaw(document)
        .map(|flaw| format!("Policy contains a statement that is not valid: {flaw}"));
    let bypass = body
        .get("BypassPolicyLockoutSafetyCheck")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let flaw = flaw.or_else(|| {
        (!bypass && locks_out(document)).then(|| {
            "The new key policy will not allow you to update the key policy in the future."
                .to_owned()
        })
    })?;
    Some(reply::error(
        call,
        400,
        "MalformedPolicyDocumentException",
        &flaw,
    ))
}

/// Whether no statement lets anybody of the account put another policy.
fn locks_out(document: &str) -> bool {
    let policy: Value = serde_json::from_str(document).unwrap_or_default();
    let statements = policy
        .get("Statement")
        .map(policy::list)
        .unwrap_or_default();
    !statements.into_iter().any(|statement| {
        let texts = |field: &str| {
            statement
                .get(field)
                .map(policy::list)
                .unwrap_or_default()
                .into_iter()
                .filter_map(Value::as_str)
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
        };
        let action = texts("Action").iter().any(|action| {
            ["*", "kms:*", "kms:put*", "kms:putkeypolicy"].contains(&action.as_str())
        });
        let principal = statement.get("Principal").is_some_and(|principal| {
            let named = principal
                .get("AWS")
                .map(policy::list)
                .unwrap_or_else(|| vec![principal]);
            named.into_iter().filter_map(Value::as_str).any(|name| {
                name == "*"
                    || !name.starts_with("arn:")
                    || name.contains(ACCOUNT)
                    || call_of_other_account(name)
            })
        });
        statement.get("Effect").and_then(Value::as_str) == Some("Allow") && action && principal
    })
}

/// Assumed roles act in other accounts than the sandbox' own, and lock nobody out there.
fn call_of_other_account(principal: &str) -> bool {
    principal.ends_with(":root")
}
