//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>

use super::Means::Kind;
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, NotFound, Throttled, Transient};

pub(super) const TABLE: Table = &[
    ("ResourceNotFoundException", Kind(NotFound)),
    ("TableNotFoundException", Kind(NotFound)),
    // One code for "exists" and for "is being created, updated or deleted".
    ("CreateTable:ResourceInUseException", Kind(AlreadyExists)),
    ("ResourceInUseException", Kind(Transient)),
    ("TableInUseException", Kind(Transient)),
    ("TableAlreadyExistsException", Kind(AlreadyExists)),
    // PITR is switched on asynchronously after a table becomes active.
    ("ContinuousBackupsUnavailableException", Kind(Transient)),
    // Too many tables are changing at once; it passes.
    ("LimitExceededException", Kind(Throttled)),
];
