//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use super::Means::Kind;
use super::{POLICY, Table};
use crate::engine::ErrorKind::{AccessDenied, AlreadyExists, Invalid, NotFound, Other, Transient};

pub(super) const TABLE: Table = &[
    ("NoSuchBucket", Kind(NotFound)),
    ("NoSuchBucketPolicy", Kind(NotFound)),
    ("NoSuchKey", Kind(NotFound)),
    ("NoSuchLifecycleConfiguration", Kind(NotFound)),
    ("NoSuchPublicAccessBlockConfiguration", Kind(NotFound)),
    ("NoSuchTagSet", Kind(NotFound)),
    ("NoSuchTagSetError", Kind(NotFound)),
    ("NoSuchUpload", Kind(NotFound)),
    ("OwnershipControlsNotFoundError", Kind(NotFound)),
    (
        "ServerSideEncryptionConfigurationNotFoundError",
        Kind(NotFound),
    ),
    ("BucketAlreadyExists", Kind(AlreadyExists)),
    ("BucketAlreadyOwnedByYou", Kind(AlreadyExists)),
    // A bucket of that name is being made or deleted right now.
    ("OperationAborted", Kind(Transient)),
    ("ConditionalRequestConflict", Kind(Transient)),
    ("BucketNotEmpty", Kind(Other)),
    ("AllAccessDisabled", Kind(AccessDenied)),
    ("AccountProblem", Kind(AccessDenied)),
    ("MalformedPolicy", POLICY),
    ("IllegalLocationConstraintException", Kind(Invalid)),
    ("InvalidBucketName", Kind(Invalid)),
    ("InvalidBucketState", Kind(Transient)),
    ("InvalidTag", Kind(Invalid)),
    ("InvalidTargetBucketForLogging", Kind(Invalid)),
    ("TooManyBuckets", Kind(Invalid)),
];
