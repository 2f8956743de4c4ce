//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html#API_PutRule_Errors>
//! and the pages of the other operations.

use super::Means::{Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("ResourceNotFoundException", Kind(NotFound)),
    ("ResourceAlreadyExistsException", Kind(AlreadyExists)),
    // Another change of the same rule is under way.
    ("ConcurrentModificationException", Kind(Transient)),
    ("InternalException", Lost),
    ("InvalidEventPatternException", Kind(Invalid)),
    ("ManagedRuleException", Kind(Invalid)),
    ("OperationDisabledException", Kind(Invalid)),
    ("PolicyLengthExceededException", Kind(Invalid)),
    // Quotas on the number of things: waiting does not help.
    ("LimitExceededException", Kind(Invalid)),
    // Removed targets are seen for a while.
    (
        "DeleteRule:ValidationException",
        Says(&[("has targets", Transient)], Invalid),
    ),
    // A new role is not known at once.
    (
        "ValidationException",
        Says(&[("cannot be assumed", Transient)], Invalid),
    ),
];
