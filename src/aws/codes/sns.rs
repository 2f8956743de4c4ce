//! <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html#API_CreateTopic_Errors>
//! and the pages of the other operations.

use super::Means::{self, Kind, Says};
use super::{POLICY, Table};
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Throttled, Transient};

const TOPIC: Means = Says(&[("already exists", AlreadyExists)], Invalid);

pub(super) const TABLE: Table = &[
    ("NotFound", Kind(NotFound)),
    ("NotFoundException", Kind(NotFound)),
    ("ResourceNotFound", Kind(NotFound)),
    ("ResourceNotFoundException", Kind(NotFound)),
    ("ConcurrentAccess", Kind(Transient)),
    ("ConcurrentAccessException", Kind(Transient)),
    ("StaleTag", Kind(Transient)),
    ("StaleTagException", Kind(Transient)),
    ("Throttled", Kind(Throttled)),
    // SNS says in words that the topic is there with other tags.
    ("CreateTopic:InvalidParameter", TOPIC),
    ("CreateTopic:InvalidParameterException", TOPIC),
    ("InvalidParameter", POLICY),
    ("InvalidParameterException", POLICY),
    ("InvalidParameterValue", Kind(Invalid)),
    ("InvalidSecurity", Kind(Invalid)),
    ("TagLimitExceeded", Kind(Invalid)),
    ("TagPolicy", Kind(Invalid)),
    ("TopicLimitExceeded", Kind(Invalid)),
    ("SubscriptionLimitExceeded", Kind(Invalid)),
];
