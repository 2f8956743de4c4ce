//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#API_CreateKey_Errors>
//! and the pages of the other operations.

use super::Means::{Kind, Lost, Says};
use super::{POLICY, Table};
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("NotFoundException", Kind(NotFound)),
    ("AlreadyExistsException", Kind(AlreadyExists)),
    ("ConflictException", Kind(Transient)),
    ("DependencyTimeoutException", Lost),
    ("KMSInternalException", Lost),
    ("KeyUnavailableException", Kind(Transient)),
    // A key that waits for its deletion stays that way.
    (
        "KMSInvalidStateException",
        Says(&[("pending deletion", Invalid)], Transient),
    ),
    ("MalformedPolicyDocumentException", POLICY),
    ("DisabledException", Kind(Invalid)),
    ("InvalidAliasNameException", Kind(Invalid)),
    ("InvalidArnException", Kind(Invalid)),
    ("TagException", Kind(Invalid)),
    ("UnsupportedOperationException", Kind(Invalid)),
    // A quota on the number of keys: waiting does not help.
    ("LimitExceededException", Kind(Invalid)),
];
