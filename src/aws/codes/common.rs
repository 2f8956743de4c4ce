//! Codes that every service shares
//! (<https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html>)
//! and the throttling codes that AWS's SDKs agree on
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).

use super::Means::{Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{AccessDenied, Invalid, Throttled, Transient};

pub(super) const TABLE: Table = &[
    ("AccessDenied", Kind(AccessDenied)),
    ("AccessDeniedException", Kind(AccessDenied)),
    ("AuthorizationError", Kind(AccessDenied)),
    ("AuthorizationErrorException", Kind(AccessDenied)),
    ("ExpiredToken", Kind(AccessDenied)),
    ("ExpiredTokenException", Kind(AccessDenied)),
    ("IncompleteSignature", Kind(AccessDenied)),
    ("InvalidAccessKeyId", Kind(AccessDenied)),
    ("InvalidClientTokenId", Kind(AccessDenied)),
    // "Signature expired": it was signed more than five minutes before it came
    // (https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html).
    (
        "InvalidSignatureException",
        Says(&[("signature expired", Transient)], AccessDenied),
    ),
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
