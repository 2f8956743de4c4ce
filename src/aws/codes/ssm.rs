//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html#API_PutParameter_Errors>

use super::Means::Kind;
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Throttled};

pub(super) const TABLE: Table = &[
    ("ParameterNotFound", Kind(NotFound)),
    ("InvalidResourceId", Kind(NotFound)),
    ("ParameterAlreadyExists", Kind(AlreadyExists)),
    ("TooManyUpdates", Kind(Throttled)),
    ("ParameterLimitExceeded", Kind(Invalid)),
    // A hundred versions whose oldest carries a label.
    ("ParameterMaxVersionLimitExceeded", Kind(Invalid)),
    ("HierarchyLevelLimitExceededException", Kind(Invalid)),
    ("ParameterPatternMismatchException", Kind(Invalid)),
    ("UnsupportedParameterType", Kind(Invalid)),
];
