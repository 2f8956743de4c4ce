//! <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html#API_CreateFunction_Errors>
//! and the pages of the other operations.

use super::Means::{self, Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{AlreadyExists, Invalid, NotFound, Throttled, Transient};

/// Lambda tries a function's role when it is given one, and a role or a policy
/// that IAM has only just made is not yet known everywhere.
const PARAMETER: Means = Says(
    &[
        ("cannot be assumed by lambda", Transient),
        ("role does not have permissions", Transient),
        // The key's grant or policy is not known everywhere yet.
        ("kms key is invalid for", Transient),
        ("invalidgroup.notfound", Transient),
        ("invalidsubnetid.notfound", Transient),
        // Lambda asks EC2 on the caller's behalf, within EC2's rates.
        ("throttled by ec2", Throttled),
        ("requestlimitexceeded", Throttled),
        ("please try again", Transient),
    ],
    Invalid,
);

pub(super) const TABLE: Table = &[
    ("ResourceNotFoundException", Kind(NotFound)),
    // Of a function or a statement that is there already; everywhere else it
    // says that an update is in progress, or the function still pending.
    (
        "CreateFunction:ResourceConflictException",
        Kind(AlreadyExists),
    ),
    (
        "AddPermission:ResourceConflictException",
        Kind(AlreadyExists),
    ),
    ("ResourceConflictException", Kind(Transient)),
    ("ResourceInUseException", Kind(Transient)),
    ("ResourceNotReadyException", Kind(Transient)),
    ("PreconditionFailedException", Kind(Transient)),
    ("InvalidParameterValueException", PARAMETER),
    ("KMSAccessDeniedException", Kind(Transient)),
    ("TooManyRequestsException", Kind(Throttled)),
    ("EC2ThrottledException", Kind(Throttled)),
    ("ServiceException", Lost),
    ("CodeStorageExceededException", Kind(Invalid)),
    ("CodeVerificationFailedException", Kind(Invalid)),
    ("CodeSigningConfigNotFoundException", Kind(Invalid)),
    ("InvalidCodeSignatureException", Kind(Invalid)),
    ("InvalidRequestContentException", Kind(Invalid)),
    ("PolicyLengthExceededException", Kind(Invalid)),
    ("RequestTooLargeException", Kind(Invalid)),
    ("UnsupportedMediaTypeException", Kind(Invalid)),
];

#[cfg(test)]
mod tests {
    use crate::aws::codes::kind;
    use crate::engine::ErrorKind::{self, *};

    fn of(operation: &str, code: &str, message: &str) -> ErrorKind {
        kind(operation, Some(code), message, 400, Ambiguous)
    }

    #[test]
    fn a_role_that_is_too_new_is_waited_for_and_a_wrong_value_is_not() {
        let code = "InvalidParameterValueException";
        for message in [
            "The role defined for the function cannot be assumed by Lambda.",
            "The provided execution role does not have permissions to call CreateNetworkInterface \
             on EC2",
            "The provided execution role does not have permissions to call SendMessage on SQS",
            "Lambda was unable to configure access to your environment variables because the KMS \
             key is invalid for CreateGrant. Please check your KMS key settings.",
            "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound.",
        ] {
            assert_eq!(of("lambda:CreateFunction", code, message), Transient);
        }
        let busy = "Your request has been throttled by EC2, please make sure you have enough API \
                    rate limit. EC2 Error Code: RequestLimitExceeded. EC2 Error Message: Request \
                    limit exceeded.";
        assert_eq!(of("lambda:CreateFunction", code, busy), Throttled);
        let wrong = "Unzipped size must be smaller than 262144000 bytes";
        assert_eq!(of("lambda:CreateFunction", code, wrong), Invalid);
    }

    #[test]
    fn a_conflict_is_another_of_that_name_or_a_change_under_way() {
        let code = "ResourceConflictException";
        let exists = "Function already exist: scan";
        assert_eq!(of("lambda:CreateFunction", code, exists), AlreadyExists);
        let statement = "The statement id (s) provided already exists.";
        assert_eq!(of("lambda:AddPermission", code, statement), AlreadyExists);
        let busy = "The operation cannot be performed at this time. An update is in progress for \
                    resource: scan";
        assert_eq!(of("lambda:UpdateFunctionCode", code, busy), Transient);
        let pending = "The function is currently in the following state: Pending";
        assert_eq!(of("lambda:DeleteFunction", code, pending), Transient);
    }
}
