//! An access key that is no longer its owner's alone: a user's is made
//! inactive, and sessions that were issued until now are denied: GuardDuty may
//! take minutes to find, and whoever has the key makes sessions all the while.
//!
//! Source of the policy: [Revoking role session permissions](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html).

use super::finding::AccessKeyDetails;
use super::step::Step;
use super::{PIPELINE_TAG, Treatment};
use crate::clock;
use crate::error::Failure;
use crate::event::BusEvent;
use crate::operation::Call;
use aws_sdk_iam::types::{StatusType, Tag};
use serde_json::{Value, json};

/// The inline policy that denies; it grants nothing.
pub const POLICY_NAME: &str = "tap-deny-sessions-issued-before";

#[derive(Debug, Clone)]
pub enum Principal {
    User(String),
    Role(String),
}

impl Principal {
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Role(name) => name,
        }
    }

    pub fn put_call(&self) -> &'static str {
        match self {
            Self::User(_) => "iam:PutUserPolicy",
            Self::Role(_) => "iam:PutRolePolicy",
        }
    }

    pub fn delete_call(&self) -> &'static str {
        match self {
            Self::User(_) => "iam:DeleteUserPolicy",
            Self::Role(_) => "iam:DeleteRolePolicy",
        }
    }
}

pub async fn treatment(
    call: &Call<'_>,
    event: &BusEvent,
    key: &AccessKeyDetails,
) -> Result<Treatment, Failure> {
    let mut treatment = Treatment {
        target: format!("{} {}", key.user_type, key.user_name),
        ours: false,
        stranger: true,
        steps: Vec::new(),
        impossible: None,
    };
    let principal = match key.user_type.as_str() {
        "IAMUser" => Principal::User(key.user_name.clone()),
        "AssumedRole" | "Role" => Principal::Role(key.user_name.clone()),
        other => {
            treatment.impossible = Some(format!(
                "credentials of {other} cannot be revoked by a function; do it by hand"
            ));
            return Ok(treatment);
        }
    };
    let Some(tags) = tags(call, &principal).await? else {
        treatment.impossible = Some(format!("{} is gone", principal.name()));
        return Ok(treatment);
    };
    treatment.ours = tags
        .iter()
        .any(|tag| tag.key() == PIPELINE_TAG && tag.value() == call.settings.pipeline);
    treatment.stranger = !treatment.ours;
    if let Principal::User(user) = &principal {
        // Temporary credentials (ASIA...) have no switch of their own.
        if key.access_key_id.starts_with("AKIA")
            && is_active(call, user, &key.access_key_id).await?
        {
            treatment.steps.push(Step::DeactivateAccessKey {
                user: user.clone(),
                key_id: key.access_key_id.clone(),
            });
        }
    }
    let before = policy(call, &principal).await?;
    // Whether to act is decided by the event's time: a repetition changes
    // nothing, and one that comes late does not let sessions in that a later
    // one keeps out.
    let now = clock::now_text();
    let found = clock::parse(&event.time).map_or_else(|| now.clone(), clock::text);
    let denied_before = before.as_ref().map(deny_time).unwrap_or_default();
    if denied_before < found {
        treatment.steps.push(Step::DenySessions {
            principal,
            policy: deny_policy(&now.max(found)),
            before,
        });
    }
    Ok(treatment)
}

fn deny_policy(issued_before: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "DenySessionsIssuedBefore",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": issued_before } },
        }],
    })
}

/// The time in a policy that [`deny_policy`] made; empty in any other. All
/// are UTC with milliseconds, so that they compare as text.
fn deny_time(policy: &Value) -> String {
    policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The principal's tags; `None` when there is no such principal.
async fn tags(call: &Call<'_>, principal: &Principal) -> Result<Option<Vec<Tag>>, Failure> {
    let iam = call.clients.iam();
    let answer = match principal {
        Principal::User(name) => match iam.list_user_tags().user_name(name).send().await {
            Ok(answer) => Ok(answer.tags),
            Err(error) => Err(Failure::aws("iam:ListUserTags", name, error)),
        },
        Principal::Role(name) => match iam.list_role_tags().role_name(name).send().await {
            Ok(answer) => Ok(answer.tags),
            Err(error) => Err(Failure::aws("iam:ListRoleTags", name, error)),
        },
    };
    found(answer)
}

async fn is_active(call: &Call<'_>, user: &str, key_id: &str) -> Result<bool, Failure> {
    let answer = call
        .clients
        .iam()
        .list_access_keys()
        .user_name(user)
        .send()
        .await
        .map_err(|error| Failure::aws("iam:ListAccessKeys", user, error))?;
    Ok(answer.access_key_metadata().iter().any(|key| {
        key.access_key_id() == Some(key_id) && key.status() == Some(&StatusType::Active)
    }))
}

/// The denying policy that is there, as a value.
async fn policy(call: &Call<'_>, principal: &Principal) -> Result<Option<Value>, Failure> {
    let iam = call.clients.iam();
    let name = principal.name();
    let answer = match principal {
        Principal::User(user) => {
            let request = iam
                .get_user_policy()
                .user_name(user)
                .policy_name(POLICY_NAME);
            match request.send().await {
                Ok(answer) => Ok(answer.policy_document),
                Err(error) => Err(Failure::aws("iam:GetUserPolicy", name, error)),
            }
        }
        Principal::Role(role) => {
            let request = iam
                .get_role_policy()
                .role_name(role)
                .policy_name(POLICY_NAME);
            match request.send().await {
                Ok(answer) => Ok(answer.policy_document),
                Err(error) => Err(Failure::aws("iam:GetRolePolicy", name, error)),
            }
        }
    };
    // IAM URL-encodes the documents that it returns
    // (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html).
    Ok(found(answer)?.and_then(|text| {
        let text = crate::url::decoded(&text);
        serde_json::from_str(&text).ok()
    }))
}

fn found<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.code() == Some("NoSuchEntity") => Ok(None),
        Err(failure) => Err(failure),
    }
}

pub async fn deactivate(call: &Call<'_>, user: &str, key_id: &str) -> Result<(), Failure> {
    call.clients
        .iam()
        .update_access_key()
        .user_name(user)
        .access_key_id(key_id)
        .status(StatusType::Inactive)
        .send()
        .await
        .map_err(|error| Failure::aws("iam:UpdateAccessKey", key_id, error))?;
    Ok(())
}

pub async fn deny_sessions(
    call: &Call<'_>,
    principal: &Principal,
    policy: &Value,
) -> Result<(), Failure> {
    let iam = call.clients.iam();
    let document = policy.to_string();
    match principal {
        Principal::User(user) => {
            iam.put_user_policy()
                .user_name(user)
                .policy_name(POLICY_NAME)
                .policy_document(document)
                .send()
                .await
                .map_err(|error| Failure::aws("iam:PutUserPolicy", user, error))?;
        }
        Principal::Role(role) => {
            iam.put_role_policy()
                .role_name(role)
                .policy_name(POLICY_NAME)
                .policy_document(document)
                .send()
                .await
                .map_err(|error| Failure::aws("iam:PutRolePolicy", role, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_denies_only_and_says_until_when() {
        let policy = deny_policy("2026-11-12T10:00:00.000Z");
        assert_eq!(policy["Statement"][0]["Effect"], "Deny");
        assert_eq!(deny_time(&policy), "2026-11-12T10:00:00.000Z");
        assert_eq!(deny_time(&json!({ "Statement": [] })), "");
    }
}
