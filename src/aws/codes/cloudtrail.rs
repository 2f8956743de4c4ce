//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors>
//! and the pages of the other operations.

use super::Means::Kind;
use super::Table;
use crate::engine::ErrorKind::{AccessDenied, AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("TrailNotFoundException", Kind(NotFound)),
    // Of tag calls.
    ("ResourceNotFoundException", Kind(NotFound)),
    ("TrailAlreadyExistsException", Kind(AlreadyExists)),
    ("ConflictException", Kind(Transient)),
    // The policies of bucket, key and topic are put just before the trail that
    // needs them, and checked when it is made.
    ("InsufficientS3BucketPolicyException", Kind(Transient)),
    ("InsufficientEncryptionPolicyException", Kind(Transient)),
    ("InsufficientSnsTopicPolicyException", Kind(Transient)),
    ("KmsKeyNotFoundException", Kind(Transient)),
    ("S3BucketDoesNotExistException", Kind(Transient)),
    ("CloudTrailAccessNotEnabledException", Kind(AccessDenied)),
    ("CloudTrailARNInvalidException", Kind(Invalid)),
    (
        "InsufficientDependencyServiceAccessPermissionException",
        Kind(AccessDenied),
    ),
    ("InvalidHomeRegionException", Kind(Invalid)),
    ("InvalidKmsKeyIdException", Kind(Invalid)),
    ("InvalidParameterCombinationException", Kind(Invalid)),
    ("InvalidS3BucketNameException", Kind(Invalid)),
    ("InvalidS3PrefixException", Kind(Invalid)),
    ("InvalidTagParameterException", Kind(Invalid)),
    ("InvalidTrailNameException", Kind(Invalid)),
    ("KmsException", Kind(Invalid)),
    ("KmsKeyDisabledException", Kind(Invalid)),
    // Five trails a region: waiting does not help.
    ("MaximumNumberOfTrailsExceededException", Kind(Invalid)),
    ("OperationNotPermittedException", Kind(Invalid)),
    ("ResourceTypeNotSupportedException", Kind(Invalid)),
    ("TagsLimitExceededException", Kind(Invalid)),
    ("UnsupportedOperationException", Kind(Invalid)),
];
