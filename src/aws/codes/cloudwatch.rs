//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html#API_PutMetricAlarm_Errors>
//! and the pages of the other operations. CloudWatch has two names for most
//! errors, that of the exception and that of its first protocol.

use super::Means::{Kind, Lost};
use super::Table;
use crate::engine::ErrorKind::{Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("ResourceNotFound", Kind(NotFound)),
    ("ResourceNotFoundException", Kind(NotFound)),
    ("DashboardNotFoundError", Kind(NotFound)),
    ("ConcurrentModificationException", Kind(Transient)),
    ("ConflictException", Kind(Transient)),
    ("InternalServiceError", Lost),
    ("InternalServiceFault", Lost),
    ("DashboardInvalidInputError", Kind(Invalid)),
    ("InvalidParameterInput", Kind(Invalid)),
    ("InvalidParameterCombination", Kind(Invalid)),
    ("InvalidParameterCombinationException", Kind(Invalid)),
    ("InvalidParameterValue", Kind(Invalid)),
    ("InvalidParameterValueException", Kind(Invalid)),
    ("MissingParameter", Kind(Invalid)),
    ("MissingRequiredParameterException", Kind(Invalid)),
    // A quota on the number of alarms: waiting does not help.
    ("LimitExceeded", Kind(Invalid)),
    ("LimitExceededException", Kind(Invalid)),
    ("LimitExceededFault", Kind(Invalid)),
];
