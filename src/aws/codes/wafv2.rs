//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html#API_CreateWebACL_Errors>
//! and the pages of the other operations.

use super::Means::{Kind, Lost};
use super::Table;
use crate::engine::ErrorKind::{AccessDenied, AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("WAFNonexistentItemException", Kind(NotFound)),
    ("WAFDuplicateItemException", Kind(AlreadyExists)),
    // A stage that has only just been made, a rule that is not everywhere yet.
    ("WAFUnavailableEntityException", Kind(Transient)),
    // Somebody changed it since it was read.
    ("WAFOptimisticLockException", Kind(Transient)),
    // What it is associated with goes first, and takes a while.
    ("WAFAssociatedItemException", Kind(Transient)),
    ("WAFTagOperationException", Kind(Transient)),
    // "can lock the service linked role for about 20 seconds"
    ("WAFServiceLinkedRoleErrorException", Kind(Transient)),
    ("WAFInternalErrorException", Lost),
    ("WAFTagOperationInternalErrorException", Lost),
    // The log policy that admits it has just been put.
    (
        "PutLoggingConfiguration:WAFLogDestinationPermissionIssueException",
        Kind(Transient),
    ),
    (
        "WAFLogDestinationPermissionIssueException",
        Kind(AccessDenied),
    ),
    ("WAFInvalidParameterException", Kind(Invalid)),
    ("WAFInvalidOperationException", Kind(Invalid)),
    ("WAFInvalidPermissionPolicyException", Kind(Invalid)),
    ("WAFInvalidResourceException", Kind(Invalid)),
    ("WAFConfigurationWarningException", Kind(Invalid)),
    ("WAFExpiredManagedRuleGroupVersionException", Kind(Invalid)),
    ("WAFSubscriptionNotFoundException", Kind(Invalid)),
    // A quota on the number of something: waiting does not help.
    ("WAFLimitsExceededException", Kind(Invalid)),
];
