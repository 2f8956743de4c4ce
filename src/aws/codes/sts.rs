//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors>

use super::Means::Kind;
use super::Table;
use crate::engine::ErrorKind::Invalid;

pub(super) const TABLE: Table = &[
    ("MalformedPolicyDocument", Kind(Invalid)),
    ("PackedPolicyTooLarge", Kind(Invalid)),
    ("RegionDisabledException", Kind(Invalid)),
];
