//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html#API_CreateRole_Errors>
//! and the pages of the other operations.

use super::Means::Kind;
use super::{POLICY, Table};
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Throttled, Transient};

pub(super) const TABLE: Table = &[
    ("NoSuchEntity", Kind(NotFound)),
    ("NoSuchEntityException", Kind(NotFound)),
    ("EntityAlreadyExists", Kind(AlreadyExists)),
    ("EntityAlreadyExistsException", Kind(AlreadyExists)),
    // Two changes of one thing at a time, or one too soon after another.
    ("ConcurrentModification", Kind(Transient)),
    ("ConcurrentModificationException", Kind(Transient)),
    ("EntityTemporarilyUnmodifiable", Kind(Transient)),
    ("EntityTemporarilyUnmodifiableException", Kind(Transient)),
    // What was just detached may still count as attached for seconds.
    ("DeleteConflict", Kind(Transient)),
    ("DeleteConflictException", Kind(Transient)),
    ("LimitExceeded", Kind(Invalid)),
    ("LimitExceededException", Kind(Invalid)),
    ("InvalidInput", Kind(Invalid)),
    ("InvalidInputException", Kind(Invalid)),
    ("MalformedPolicyDocument", POLICY),
    ("MalformedPolicyDocumentException", POLICY),
    ("PolicyNotAttachable", Kind(Invalid)),
    ("PolicyNotAttachableException", Kind(Invalid)),
    ("UnmodifiableEntity", Kind(Invalid)),
    ("UnmodifiableEntityException", Kind(Invalid)),
    ("ServiceFailure", super::Means::Lost),
    ("ServiceFailureException", super::Means::Lost),
    ("RequestLimitExceeded", Kind(Throttled)),
];

#[cfg(test)]
mod tests {
    use crate::aws::codes::kind;
    use crate::engine::ErrorKind::*;

    #[test]
    fn what_iam_has_not_heard_of_yet_is_waited_for() {
        for (code, message, expected) in [
            ("NoSuchEntity", "", NotFound),
            ("EntityAlreadyExists", "", AlreadyExists),
            ("DeleteConflict", "", Transient),
            ("ConcurrentModification", "", Transient),
            (
                "MalformedPolicyDocument",
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/validate\"",
                Transient,
            ),
            (
                "MalformedPolicyDocument",
                "Syntax errors in policy.",
                Invalid,
            ),
            ("LimitExceeded", "", Invalid),
        ] {
            let kind = kind("iam:UpdateRole", Some(code), message, 400, Ambiguous);
            assert_eq!(kind, expected, "{code} {message}");
        }
    }
}
