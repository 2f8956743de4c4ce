//! <https://docs.aws.amazon.com/apigateway/latest/api/CommonErrors.html>
//! and the pages of the other operations.

use super::Means::{self, Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{
    AccessDenied, AlreadyExists, Invalid, NotFound, Throttled, Transient,
};

/// Another change is under way, or something of the kind is there already, or
/// something else still uses it.
const CONFLICT: Means = Says(&[("already", AlreadyExists)], Transient);

/// What still uses the thing goes away in the same apply.
const IN_USE: Means = Kind(Transient);

pub(super) const TABLE: Table = &[
    ("NotFoundException", Kind(NotFound)),
    ("ConflictException", CONFLICT),
    // "Active stages pointing to this deployment must be moved or deleted"
    (
        "DeleteDeployment:BadRequestException",
        Says(&[("active stage", Transient)], Invalid),
    ),
    ("DeleteClientCertificate:BadRequestException", IN_USE),
    // "Please remove all base path mappings related to the RestApi in your
    // domains"
    (
        "DeleteRestApi:BadRequestException",
        Says(&[("base path mappings", Transient)], Invalid),
    ),
    // A domain name that is there is no conflict but a bad request.
    (
        "CreateDomainName:BadRequestException",
        Says(&[("already exists", AlreadyExists)], Invalid),
    ),
    // "The role ARN does not have required permissions configured", or "could
    // not successfully write to CloudWatch Logs using the ARN": IAM has not told
    // of it yet.
    (
        "UpdateAccount:BadRequestException",
        Says(
            &[
                ("role arn", Transient),
                ("could not successfully write", Transient),
            ],
            Invalid,
        ),
    ),
    // The stage that has just been made is not known everywhere yet.
    (
        "CreateBasePathMapping:BadRequestException",
        Says(&[("stage", Transient)], Invalid),
    ),
    ("BadRequestException", Kind(Invalid)),
    ("UnauthorizedException", Kind(AccessDenied)),
    // For a rate as for the number of something.
    (
        "LimitExceededException",
        Says(&[("maximum", Invalid), ("quota", Invalid)], Throttled),
    ),
    ("ServiceUnavailableException", Lost),
];

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    #[test]
    fn one_code_stands_for_several_things_and_the_words_tell() {
        let table = [
            (
                "PutMethod",
                "ConflictException",
                "Method already exists for this resource",
                AlreadyExists,
            ),
            (
                "UpdateStage",
                "ConflictException",
                "Unable to complete operation due to concurrent modification.",
                Transient,
            ),
            (
                "DeleteDeployment",
                "BadRequestException",
                "Active stages pointing to this deployment must be moved or deleted",
                Transient,
            ),
            (
                "DeleteRestApi",
                "BadRequestException",
                "Deleting RestApi a1 failed. Please remove all base path mappings related to the RestApi in your domains: a.example.com",
                Transient,
            ),
            (
                "UpdateStage",
                "BadRequestException",
                "CloudWatch Logs role ARN must be set in account settings to enable logging",
                Invalid,
            ),
            (
                "UpdateAccount",
                "BadRequestException",
                "The role ARN does not have required permissions configured.",
                Transient,
            ),
            (
                "UpdateAccount",
                "BadRequestException",
                "API Gateway could not successfully write to CloudWatch Logs using the ARN specified",
                Transient,
            ),
            (
                "CreateBasePathMapping",
                "BadRequestException",
                "Invalid stage identifier specified",
                Transient,
            ),
            (
                "CreateApiKey",
                "LimitExceededException",
                "Maximum number of API keys has been reached",
                Invalid,
            ),
            (
                "GetStage",
                "TooManyRequestsException",
                "Rate exceeded",
                Throttled,
            ),
        ];
        for (operation, code, message, wanted) in table {
            let operation = format!("apigateway:{operation}");
            let found = kind(&operation, Some(code), message, 400, Transient);
            assert_eq!(found, wanted, "{operation} {message}");
        }
    }
}
