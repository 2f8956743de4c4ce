//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html#API_CreateLogGroup_Errors>
//! and the pages of the other operations.

use super::Means::{self, Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Transient};

/// A key that was just made, or whose policy has just been changed, is not
/// known to Logs at once; it is told in the words of an invalid parameter.
const KEY: Means = Says(
    &[
        ("does not exist or is not allowed to be used", Transient),
        ("could not be found", Transient),
    ],
    Invalid,
);

pub(super) const TABLE: Table = &[
    ("ResourceAlreadyExistsException", Kind(AlreadyExists)),
    ("ResourceNotFoundException", Kind(NotFound)),
    // Another change of the same thing is under way.
    ("OperationAbortedException", Kind(Transient)),
    ("ServiceUnavailableException", Lost),
    ("CreateLogGroup:InvalidParameterException", KEY),
    ("AssociateKmsKey:InvalidParameterException", KEY),
    ("InvalidParameterException", Kind(Invalid)),
    ("InvalidOperationException", Kind(Invalid)),
    // Quotas on the number of things: waiting does not help.
    ("LimitExceededException", Kind(Invalid)),
    ("TooManyTagsException", Kind(Invalid)),
];
