//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>

use super::Means::{Kind, Says};
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Throttled, Transient};

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
    // Too many tables are changing at once, which passes; or there are as many as
    // there may be, which does not
    // (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html#API_CreateTable_Errors).
    (
        "LimitExceededException",
        Says(
            &[("simultaneous", Throttled), ("subscriber limit", Invalid)],
            Throttled,
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    #[test]
    fn many_changes_at_once_pass_and_too_many_tables_do_not() {
        let of = |message| {
            let code = Some("LimitExceededException");
            kind("dynamodb:CreateTable", code, message, 400, Transient)
        };
        let busy = "Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously";
        assert_eq!(of(busy), Throttled);
        let full = "Subscriber limit exceeded: There is a limit of 2500 tables per subscriber";
        assert_eq!(of(full), Invalid);
    }
}
