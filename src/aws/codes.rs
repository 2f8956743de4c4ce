//! What AWS's error codes mean to the engine, one table per service. A code
//! that is in no table is final: retrying what nobody understands only makes
//! an apply slow to fail.

use crate::engine::ErrorKind::{self, *};

/// The meaning of a code.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Means {
    Kind(ErrorKind),
    /// A server-side failure: the effect is unknown.
    Lost,
    /// Transient when the message speaks of a principal, else invalid. IAM
    /// takes seconds to tell the other services of a new role, and they check
    /// the principals of a policy when it is put
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
    Policy,
}

use Means::{Kind, Lost, Policy};

type Table = &'static [(&'static str, Means)];

/// Codes that every service shares
/// (<https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html>)
/// and the throttling codes that AWS's SDKs agree on
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
const COMMON: Table = &[
    ("AccessDenied", Kind(AccessDenied)),
    ("AccessDeniedException", Kind(AccessDenied)),
    ("AuthorizationError", Kind(AccessDenied)),
    ("AuthorizationErrorException", Kind(AccessDenied)),
    ("ExpiredToken", Kind(AccessDenied)),
    ("ExpiredTokenException", Kind(AccessDenied)),
    ("IncompleteSignature", Kind(AccessDenied)),
    ("InvalidAccessKeyId", Kind(AccessDenied)),
    ("InvalidClientTokenId", Kind(AccessDenied)),
    ("InvalidSignatureException", Kind(AccessDenied)),
    ("InvalidToken", Kind(AccessDenied)),
    ("MissingAuthenticationToken", Kind(AccessDenied)),
    ("MissingAuthenticationTokenException", Kind(AccessDenied)),
    ("NotAuthorized", Kind(AccessDenied)),
    ("OptInRequired", Kind(AccessDenied)),
    ("SignatureDoesNotMatch", Kind(AccessDenied)),
    ("UnauthorizedOperation", Kind(AccessDenied)),
    ("UnrecognizedClientException", Kind(AccessDenied)),
    ("BandwidthLimitExceeded", Kind(Throttled)),
    ("PriorRequestNotComplete", Kind(Throttled)),
    ("ProvisionedThroughputExceededException", Kind(Throttled)),
    ("RequestLimitExceeded", Kind(Throttled)),
    ("RequestThrottled", Kind(Throttled)),
    ("RequestThrottledException", Kind(Throttled)),
    ("SlowDown", Kind(Throttled)),
    ("ThrottledException", Kind(Throttled)),
    ("Throttling", Kind(Throttled)),
    ("ThrottlingException", Kind(Throttled)),
    ("TooManyRequestsException", Kind(Throttled)),
    ("InternalError", Lost),
    ("InternalErrorException", Lost),
    ("InternalFailure", Lost),
    ("InternalServerError", Lost),
    ("RequestTimeout", Lost),
    ("RequestTimeoutException", Lost),
    ("ServiceUnavailable", Lost),
    ("RequestExpired", Kind(Transient)),
    ("InvalidArgument", Kind(Invalid)),
    ("InvalidRequest", Kind(Invalid)),
    ("MalformedXML", Kind(Invalid)),
    ("SerializationException", Kind(Invalid)),
    ("ValidationError", Kind(Invalid)),
    ("ValidationException", Kind(Invalid)),
];

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#API_CreateKey_Errors>
/// and the pages of the other operations.
const KMS: Table = &[
    ("NotFoundException", Kind(NotFound)),
    ("AlreadyExistsException", Kind(AlreadyExists)),
    ("ConflictException", Kind(Transient)),
    ("DependencyTimeoutException", Lost),
    ("KMSInternalException", Lost),
    ("KeyUnavailableException", Kind(Transient)),
    ("KMSInvalidStateException", Kind(Transient)),
    ("MalformedPolicyDocumentException", Policy),
    ("DisabledException", Kind(Invalid)),
    ("InvalidAliasNameException", Kind(Invalid)),
    ("InvalidArnException", Kind(Invalid)),
    ("TagException", Kind(Invalid)),
    ("UnsupportedOperationException", Kind(Invalid)),
    // A quota on the number of keys: waiting does not help.
    ("LimitExceededException", Kind(Invalid)),
];

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const S3: Table = &[
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
    ("MalformedPolicy", Policy),
    ("IllegalLocationConstraintException", Kind(Invalid)),
    ("InvalidBucketName", Kind(Invalid)),
    ("InvalidBucketState", Kind(Transient)),
    ("InvalidTag", Kind(Invalid)),
    ("InvalidTargetBucketForLogging", Kind(Invalid)),
    ("TooManyBuckets", Kind(Invalid)),
];

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
const DYNAMODB: Table = &[
    ("ResourceNotFoundException", Kind(NotFound)),
    ("TableNotFoundException", Kind(NotFound)),
    // Being created, updated or deleted; for CreateTable see `kind`.
    ("ResourceInUseException", Kind(Transient)),
    ("TableInUseException", Kind(Transient)),
    ("TableAlreadyExistsException", Kind(AlreadyExists)),
    // PITR is switched on asynchronously after a table becomes active.
    ("ContinuousBackupsUnavailableException", Kind(Transient)),
    // Too many tables are changing at once; it passes.
    ("LimitExceededException", Kind(Throttled)),
];

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html#API_CreateTopic_Errors>
/// and the pages of the other operations.
const SNS: Table = &[
    ("NotFound", Kind(NotFound)),
    ("NotFoundException", Kind(NotFound)),
    ("ResourceNotFound", Kind(NotFound)),
    ("ResourceNotFoundException", Kind(NotFound)),
    ("ConcurrentAccess", Kind(Transient)),
    ("ConcurrentAccessException", Kind(Transient)),
    ("StaleTag", Kind(Transient)),
    ("StaleTagException", Kind(Transient)),
    ("Throttled", Kind(Throttled)),
    ("InvalidParameter", Policy),
    ("InvalidParameterException", Policy),
    ("InvalidParameterValue", Kind(Invalid)),
    ("InvalidSecurity", Kind(Invalid)),
    ("TagLimitExceeded", Kind(Invalid)),
    ("TagPolicy", Kind(Invalid)),
    ("TopicLimitExceeded", Kind(Invalid)),
    ("SubscriptionLimitExceeded", Kind(Invalid)),
];

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html#API_PutParameter_Errors>
const SSM: Table = &[
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

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors>
const STS: Table = &[
    ("MalformedPolicyDocument", Kind(Invalid)),
    ("PackedPolicyTooLarge", Kind(Invalid)),
    ("RegionDisabledException", Kind(Invalid)),
];

fn table(operation: &str) -> Table {
    match operation.split(':').next() {
        Some("dynamodb") => DYNAMODB,
        Some("kms") => KMS,
        Some("s3") => S3,
        Some("sns") => SNS,
        Some("ssm") => SSM,
        Some("sts") => STS,
        _ => &[],
    }
}

/// The kind of an error that AWS answered; `lost` is the kind of one whose
/// effect is unknown.
pub(super) fn kind(
    operation: &str,
    code: Option<&str>,
    message: &str,
    status: u16,
    lost: ErrorKind,
) -> ErrorKind {
    match (operation, code) {
        // DynamoDB has one code for "exists" and for "is busy".
        ("dynamodb:CreateTable", Some("ResourceInUseException")) => return AlreadyExists,
        // SNS says in words that the topic is there with other tags.
        ("sns:CreateTopic", Some("InvalidParameter" | "InvalidParameterException"))
            if message.contains("already exists") =>
        {
            return AlreadyExists;
        }
        // A key that waits for its deletion stays that way.
        (_, Some("KMSInvalidStateException")) if message.contains("pending deletion") => {
            return Invalid;
        }
        _ => {}
    }
    // Services of the query and JSON protocols may prefix or suffix the code.
    let code = code.map(|code| code.rsplit('#').next().unwrap_or(code));
    let known = code.and_then(|code| {
        let tables = table(operation).iter().chain(COMMON);
        tables.into_iter().find(|(name, _)| *name == code)
    });
    match known {
        Some((_, Kind(kind))) => *kind,
        Some((_, Lost)) => lost,
        Some((_, Policy)) if message.to_ascii_lowercase().contains("principal") => Transient,
        Some((_, Policy)) => Invalid,
        None => by_status(status, lost),
    }
}

/// What an answer without a known code means. A 404 without a code that the
/// service documents may come from a proxy or a wrong endpoint: it never means
/// that something is gone.
fn by_status(status: u16, lost: ErrorKind) -> ErrorKind {
    match status {
        500.. => lost,
        429 => Throttled,
        403 => AccessDenied,
        _ => Other,
    }
}

#[cfg(test)]
mod tests;
