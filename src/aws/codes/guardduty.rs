//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html#API_CreateDetector_Errors>
//! and the pages of the other operations.

use super::Means::{Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    // One code for everything that is wrong with a request; a detector that
    // is not there is one of nobody's.
    (
        "BadRequestException",
        Says(
            &[
                ("detector already exists", AlreadyExists),
                ("not owned by the current account", NotFound),
            ],
            Invalid,
        ),
    ),
    ("ResourceNotFoundException", Kind(NotFound)),
    ("ConflictException", Kind(Transient)),
    ("InternalServerErrorException", Lost),
];
