//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html#API_CreateSecret_Errors>
//! and the pages of the other operations.

use super::Means::{self, Kind, Lost, Says};
use super::{POLICY, Table};
use crate::engine::ErrorKind::{AccessDenied, AlreadyExists, Invalid, NotFound, Transient};

/// A deletion without recovery is done in the background and holds the name
/// for a moment; what waits out its recovery window the handler has seen
/// before.
const CREATE: Means = Says(&[("scheduled for deletion", Transient)], Invalid);

/// A rotation takes a minute, and no other change of it is taken meanwhile.
const ROTATE: Means = Says(&[("previous rotation", Transient)], Invalid);

/// Lambda takes a moment to know that Secrets Manager may invoke a function.
const INVOKE: Means = Says(
    &[
        ("cannot invoke", Transient),
        ("principal secretsmanager", Transient),
    ],
    AccessDenied,
);

pub(super) const TABLE: Table = &[
    ("ResourceNotFoundException", Kind(NotFound)),
    ("ResourceExistsException", Kind(AlreadyExists)),
    ("CreateSecret:InvalidRequestException", CREATE),
    ("RotateSecret:InvalidRequestException", ROTATE),
    ("RotateSecret:AccessDeniedException", INVOKE),
    ("InvalidRequestException", Kind(Invalid)),
    ("InvalidParameterException", Kind(Invalid)),
    ("InvalidNextTokenException", Kind(Invalid)),
    // The key is so new that KMS does not know it everywhere.
    ("EncryptionFailure", Kind(Transient)),
    ("DecryptionFailure", Kind(Invalid)),
    ("InternalServiceError", Lost),
    ("MalformedPolicyDocumentException", POLICY),
    ("PublicPolicyException", Kind(Invalid)),
    ("PreconditionNotMetException", Kind(Transient)),
    // Quotas on the number of secrets and versions: waiting does not help.
    ("LimitExceededException", Kind(Invalid)),
];

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;
    use crate::engine::ErrorKind::{self, Ambiguous};

    #[test]
    fn what_passes_is_told_from_what_stays() {
        let table: &[(&str, &str, &str, ErrorKind)] = &[
            (
                "secretsmanager:CreateSecret",
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
                Transient,
            ),
            (
                "secretsmanager:UpdateSecret",
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
                Invalid,
            ),
            (
                "secretsmanager:RotateSecret",
                "InvalidRequestException",
                "A previous rotation isn't complete. That rotation will be reattempted.",
                Transient,
            ),
            (
                "secretsmanager:RotateSecret",
                "AccessDeniedException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
                Transient,
            ),
            (
                "secretsmanager:RotateSecret",
                "AccessDeniedException",
                "User: u is not authorized to perform: secretsmanager:RotateSecret",
                AccessDenied,
            ),
            (
                "secretsmanager:CreateSecret",
                "ResourceExistsException",
                "",
                AlreadyExists,
            ),
            (
                "secretsmanager:CreateSecret",
                "InternalServiceError",
                "",
                Ambiguous,
            ),
        ];
        for (operation, code, message, expected) in table {
            let found = kind(operation, Some(code), message, 400, Ambiguous);
            assert_eq!(found, *expected, "{operation} {code} {message}");
        }
    }
}
