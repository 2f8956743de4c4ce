//! A role that was just made is not known everywhere for some seconds. Lambda
//! refuses it ("The role defined for the function cannot be assumed by
//! Lambda"), API Gateway will not log with it, and a policy of KMS, S3, SNS,
//! SQS, Secrets Manager or IAM that names it has an invalid principal, which
//! each of them says with a code of its own ("Troubleshoot IAM: changes that I
//! make are not always immediately visible"). At the emulators a role is known
//! at once.
//!
//! Off, until `POST /_sandbox/settle?what=roles&ms=N` says how long it takes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::policy;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::{Inbound, Protocol};

pub const NAME: &str = "iam_new_roles";

#[derive(Default)]
pub struct Roles {
    /// By ARN, until when others do not know it.
    unknown: Mutex<BTreeMap<String, Instant>>,
    known_in: Mutex<Duration>,
}

impl Roles {
    pub fn refuse(&self, call: &Inbound) -> Option<Reply> {
        let mut unknown = super::lock(&self.unknown);
        unknown.retain(|_, until| *until > Instant::now());
        if unknown.is_empty() {
            return None;
        }
        let (named, status, code, message) = naming(call)?;
        named
            .iter()
            .any(|role| unknown.contains_key(role))
            .then(|| reply::error(call, status, code, message))
    }

    /// Changes nothing in the answer.
    pub fn learn(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        let known_in = *super::lock(&self.known_in);
        if call.is("iam", &["CreateRole"]) && reply.status().is_success() && !known_in.is_zero() {
            let text = String::from_utf8_lossy(reply.body());
            let arn = reply::element(&text, "Arn")?.to_owned();
            super::lock(&self.unknown).insert(arn, Instant::now() + known_in);
        }
        None
    }

    pub fn settle_in(&self, time: Duration) {
        *super::lock(&self.known_in) = time;
    }

    pub fn reset(&self) {
        super::lock(&self.unknown).clear();
        self.settle_in(Duration::ZERO);
    }
}

/// The roles that a call names, and how the service refuses those that it does not know.
fn naming(call: &Inbound) -> Option<(Vec<String>, u16, &'static str, &'static str)> {
    let text = |pointer: &str| {
        let body = call.json();
        let text = body.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (named, status, code, message) = match (call.service.as_str(), call.operation.as_str()) {
        ("lambda", "CreateFunction" | "UpdateFunctionConfiguration") => (
            vec![text("/Role")],
            400,
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        ("apigateway", "UpdateAccount") => (
            vec![text("/patchOperations/0/value")],
            400,
            "BadRequestException",
            "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.",
        ),
        ("kms", "CreateKey" | "PutKeyPolicy") => (
            principals(&text("/Policy")),
            400,
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
        ),
        ("s3", "PutBucketPolicy") => (
            principals(&String::from_utf8_lossy(&call.body)),
            400,
            "MalformedPolicy",
            "Invalid principal in policy",
        ),
        ("sns", "CreateTopic" | "SetTopicAttributes") => (
            of_fields(call),
            400,
            "InvalidParameter",
            "Invalid parameter: Policy Error: PrincipalNotFound",
        ),
        ("sqs", "CreateQueue" | "SetQueueAttributes") => (
            principals(&text("/Attributes/Policy")),
            400,
            "InvalidAttributeValue",
            "Invalid value for the parameter Policy.",
        ),
        ("secretsmanager", "PutResourcePolicy") => (
            principals(&text("/ResourcePolicy")),
            400,
            "MalformedPolicyDocumentException",
            "This resource policy contains an unsupported principal.",
        ),
        ("iam", "CreateRole" | "UpdateAssumeRolePolicy") => (
            of_fields(call),
            400,
            "MalformedPolicyDocument",
            "Invalid principal in policy",
        ),
        _ => return None,
    };
    Some((named, status, code, message))
}

/// A query request has its policy in one of its fields.
fn of_fields(call: &Inbound) -> Vec<String> {
    if call.protocol != Protocol::Query {
        return Vec::new();
    }
    let fields = call.fields().into_iter();
    fields.flat_map(|(_, value)| principals(&value)).collect()
}

fn principals(document: &str) -> Vec<String> {
    let policy: Value = serde_json::from_str(document).unwrap_or_default();
    let statements = policy.get("Statement").map(policy::list);
    let named = statements
        .unwrap_or_default()
        .into_iter()
        .filter_map(|statement| statement.pointer("/Principal/AWS"))
        .flat_map(policy::list)
        .filter_map(Value::as_str);
    named.map(str::to_owned).collect()
}
