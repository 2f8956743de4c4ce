//! One change of remediation: what it does, and what undoes it.

use super::credentials::Principal;
use crate::error::Failure;
use crate::operation::Call;
use serde_json::{Value, json};

#[derive(Debug)]
pub enum Step {
    IsolateInterface {
        interface: String,
        groups: Vec<String>,
        quarantine: String,
    },
    DeactivateAccessKey {
        user: String,
        key_id: String,
    },
    DenySessions {
        principal: Principal,
        policy: Value,
        before: Option<Value>,
    },
    PutEncryption {
        bucket: String,
        wanted: Value,
        before: Value,
    },
    PutPublicAccessBlock {
        bucket: String,
        wanted: Value,
        before: Value,
    },
    PutPolicy {
        bucket: String,
        wanted: Value,
        before: Value,
    },
}

impl Step {
    /// What is written to the audit row: the call, its resource, and the call
    /// that would undo it.
    pub fn note(&self) -> Value {
        let (call, target, undo) = match self {
            Self::IsolateInterface {
                interface, groups, ..
            } => (
                "ec2:ModifyNetworkInterfaceAttribute",
                interface.clone(),
                json!({ "call": "ec2:ModifyNetworkInterfaceAttribute", "NetworkInterfaceId": interface, "Groups": groups }),
            ),
            Self::DeactivateAccessKey { user, key_id } => (
                "iam:UpdateAccessKey",
                key_id.clone(),
                json!({ "call": "iam:UpdateAccessKey", "UserName": user, "AccessKeyId": key_id, "Status": "Active" }),
            ),
            Self::DenySessions {
                principal, before, ..
            } => (
                principal.put_call(),
                principal.name().to_owned(),
                match before {
                    Some(before) => {
                        json!({ "call": principal.put_call(), "PolicyDocument": before })
                    }
                    None => {
                        json!({ "call": principal.delete_call(), "PolicyName": super::credentials::POLICY_NAME })
                    }
                },
            ),
            Self::PutEncryption { bucket, before, .. } => undone_by(
                bucket,
                before,
                "s3:PutEncryptionConfiguration",
                "s3:PutEncryptionConfiguration",
            ),
            Self::PutPublicAccessBlock { bucket, before, .. } => undone_by(
                bucket,
                before,
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketPublicAccessBlock",
            ),
            Self::PutPolicy { bucket, before, .. } => undone_by(
                bucket,
                before,
                "s3:PutBucketPolicy",
                "s3:DeleteBucketPolicy",
            ),
        };
        json!({ "call": call, "target": target, "undo": undo })
    }

    /// Does it. Doing it again changes nothing.
    pub async fn carry_out(&self, call: &Call<'_>) -> Result<(), Failure> {
        match self {
            Self::IsolateInterface {
                interface,
                groups,
                quarantine,
            } => super::instance::isolate(call, interface, groups, quarantine).await,
            Self::DeactivateAccessKey { user, key_id } => {
                super::credentials::deactivate(call, user, key_id).await
            }
            Self::DenySessions {
                principal, policy, ..
            } => super::credentials::deny_sessions(call, principal, policy).await,
            Self::PutEncryption { bucket, wanted, .. } => {
                super::bucket::put_encryption(call, bucket, wanted).await
            }
            Self::PutPublicAccessBlock { bucket, wanted, .. } => {
                super::bucket::put_public_access_block(call, bucket, wanted).await
            }
            Self::PutPolicy { bucket, wanted, .. } => {
                super::bucket::put_policy(call, bucket, wanted).await
            }
        }
    }
}

/// `when_none` is the call that undoes it where there was nothing before.
fn undone_by(
    bucket: &str,
    before: &Value,
    call: &'static str,
    when_none: &'static str,
) -> (&'static str, String, Value) {
    let undo = if before.is_null() {
        json!({ "call": when_none, "Bucket": bucket, "before": null })
    } else {
        json!({ "call": call, "Bucket": bucket, "before": before })
    };
    (call, bucket.to_owned(), undo)
}

/// A note for people.
pub fn sentence(note: &Value) -> String {
    let text = |name: &str| note.get(name).and_then(Value::as_str).unwrap_or_default();
    let reason = match text("reason") {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    match text("call") {
        "" => format!("{}: {}{reason}", text("target"), text("state")),
        call => format!("{}: {call}: {}{reason}", text("target"), text("state")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_says_what_undoes_it() {
        let steps = [
            Step::IsolateInterface {
                interface: "eni-1".into(),
                groups: vec!["sg-1".into()],
                quarantine: "sg-q".into(),
            },
            Step::DeactivateAccessKey {
                user: "u".into(),
                key_id: "AKIA".into(),
            },
            Step::DenySessions {
                principal: Principal::Role("r".into()),
                policy: json!({}),
                before: None,
            },
            Step::DenySessions {
                principal: Principal::User("u".into()),
                policy: json!({}),
                before: Some(json!({ "a": 1 })),
            },
            Step::PutEncryption {
                bucket: "b".into(),
                wanted: json!({}),
                before: json!({ "old": 1 }),
            },
            Step::PutPublicAccessBlock {
                bucket: "b".into(),
                wanted: json!({}),
                before: Value::Null,
            },
            Step::PutPolicy {
                bucket: "b".into(),
                wanted: json!({}),
                before: Value::Null,
            },
        ];
        let undo: Vec<Value> = steps
            .iter()
            .map(|step| step.note()["undo"]["call"].clone())
            .collect();
        assert_eq!(
            undo,
            [
                "ec2:ModifyNetworkInterfaceAttribute",
                "iam:UpdateAccessKey",
                "iam:DeleteRolePolicy",
                "iam:PutUserPolicy",
                "s3:PutEncryptionConfiguration",
                "s3:PutBucketPublicAccessBlock",
                "s3:DeleteBucketPolicy",
            ]
        );
        assert_eq!(steps[0].note()["undo"]["Groups"], json!(["sg-1"]));
        let mut note = steps[1].note();
        note["state"] = json!("planned");
        note["reason"] = json!("dry run");
        assert_eq!(
            sentence(&note),
            "AKIA: iam:UpdateAccessKey: planned (dry run)"
        );
    }
}
