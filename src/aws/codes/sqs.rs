//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html#API_CreateQueue_Errors>
//! and the pages of the other operations. The JSON protocol answers the names
//! of the shapes, older endpoints those of the query protocol.

use super::Means::{Kind, Says};
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Throttled, Transient};

pub(super) const TABLE: Table = &[
    ("QueueDoesNotExist", Kind(NotFound)),
    ("AWS.SimpleQueueService.NonExistentQueue", Kind(NotFound)),
    // A queue of this name was deleted: sixty seconds must pass.
    ("QueueDeletedRecently", Kind(Transient)),
    (
        "AWS.SimpleQueueService.QueueDeletedRecently",
        Kind(Transient),
    ),
    ("QueueNameExists", Kind(AlreadyExists)),
    ("QueueAlreadyExists", Kind(AlreadyExists)),
    ("RequestThrottled", Kind(Throttled)),
    ("KmsThrottled", Kind(Throttled)),
    ("InvalidAttributeName", Kind(Invalid)),
    // Of a policy whose principal IAM has not told it of SQS says no more than
    // "Invalid value for the parameter Policy."
    (
        "InvalidAttributeValue",
        Says(&[("parameter policy", Transient)], Invalid),
    ),
    ("InvalidAddress", Kind(Invalid)),
    ("InvalidSecurity", Kind(Invalid)),
    ("UnsupportedOperation", Kind(Invalid)),
    ("AWS.SimpleQueueService.UnsupportedOperation", Kind(Invalid)),
    ("KmsNotFound", Kind(Invalid)),
    ("KmsDisabled", Kind(Invalid)),
    ("KmsInvalidState", Kind(Invalid)),
];

#[cfg(test)]
mod tests {
    use crate::aws::codes::kind;
    use crate::engine::ErrorKind::*;

    #[test]
    fn a_policy_may_name_who_is_not_known_yet() {
        for (message, expected) in [
            ("Invalid value for the parameter Policy.", Transient),
            (
                "Invalid value for the parameter VisibilityTimeout.",
                Invalid,
            ),
        ] {
            let code = Some("InvalidAttributeValue");
            let kind = kind("sqs:SetQueueAttributes", code, message, 400, Ambiguous);
            assert_eq!(kind, expected, "{message}");
        }
    }

    #[test]
    fn a_name_that_was_just_deleted_is_free_again_later() {
        for (code, expected) in [
            ("AWS.SimpleQueueService.QueueDeletedRecently", Transient),
            ("com.amazonaws.sqs#QueueDeletedRecently", Transient),
            ("AWS.SimpleQueueService.NonExistentQueue", NotFound),
            ("QueueDoesNotExist", NotFound),
            ("QueueNameExists", AlreadyExists),
        ] {
            let kind = kind("sqs:CreateQueue", Some(code), "", 400, Ambiguous);
            assert_eq!(kind, expected, "{code}");
        }
    }
}
