//! SetTopicAttributes knows a fixed set of names and refuses others, and a
//! policy that is none (InvalidParameter). ministack stores whatever comes.

use super::policy;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "sns_topic_attributes";

const NAMES: &[&str] = &[
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DataProtectionPolicy",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
];
/// Delivery logging: one set of three for each protocol.
const FEEDBACK: &[&str] = &[
    "SuccessFeedbackRoleArn",
    "FailureFeedbackRoleArn",
    "SuccessFeedbackSampleRate",
];

pub fn refuse(call: &Inbound) -> Option<Reply> {
    if !call.is("sns", &["SetTopicAttributes"]) {
        return None;
    }
    let name = call.field("AttributeName")?;
    let known =
        NAMES.contains(&name.as_str()) || FEEDBACK.iter().any(|feedback| name.ends_with(feedback));
    let value = call.field("AttributeValue").unwrap_or_default();
    let reason = if !known {
        "AttributeName".to_owned()
    } else if name == "Policy" {
        format!("Policy Error: {}", policy::flaw(&value)?)
    } else {
        return None;
    };
    Some(reply::error(
        call,
        400,
        "InvalidParameter",
        &format!("Invalid parameter: {reason}"),
    ))
}
