//! What a recogniser hands back, how sure it is, and which of two that
//! overlap is kept.

use super::Confidence;
use std::cmp::Ordering;

/// The types of hits. The order is that in which they are preferred: a card
/// first of all, then what the configuration names, which knows better than we.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    PaymentCard,
    /// The configuration's, by its place in it.
    Custom(u16),
    Iban,
    UsSsn,
    Email,
    IpAddress,
    Phone,
}

impl Kind {
    /// The built-in ones.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::PaymentCard, "payment-card"),
        (Self::Iban, "iban"),
        (Self::UsSsn, "us-ssn"),
        (Self::Email, "email"),
        (Self::IpAddress, "ip-address"),
        (Self::Phone, "phone"),
    ];
}

/// Something found, in a text or a window of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    pub confidence: Confidence,
    pub network: Option<&'static str>,
}

impl Found {
    /// `Less` when this is to be kept rather than the other: the surer one,
    /// then the better type, then the longer, then the earlier.
    pub fn preference(&self, other: &Self) -> Ordering {
        other
            .confidence
            .cmp(&self.confidence)
            .then(self.kind.cmp(&other.kind))
            .then((other.end - other.start).cmp(&(self.end - self.start)))
            .then(self.start.cmp(&other.start))
    }
}

/// The confidence of so many points; none of none.
pub(super) fn confidence(points: i8) -> Option<Confidence> {
    match points {
        ..=0 => None,
        1 => Some(Confidence::Low),
        2 => Some(Confidence::Medium),
        3.. => Some(Confidence::High),
    }
}
