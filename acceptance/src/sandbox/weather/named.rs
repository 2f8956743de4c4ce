//! Weathers with AWS's own words, for what needs no knowledge of the account:
//! the first so many calls are refused. What depends on time and on what was
//! made before is a shim that `POST /_sandbox/settle` switches on.

use super::rule::{Action, Rule};

type Named = (
    &'static str,
    (&'static str, &'static str),
    (u16, &'static str, &'static str),
);

const NAMED: &[Named] = &[
    // AssociateWebACL right after the stage was made.
    (
        "waf-unavailable",
        ("wafv2", "AssociateWebACL"),
        (
            400,
            "WAFUnavailableEntityException",
            "AWS WAF couldn't retrieve the resource that you requested. Retry your request.",
        ),
    ),
    // A bucket of that name is still being deleted.
    (
        "bucket-conflict",
        ("s3", "CreateBucket"),
        (
            409,
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource. Please try again.",
        ),
    ),
    // The role's policy has not reached EC2 yet.
    (
        "role-without-interfaces",
        ("lambda", "CreateFunction"),
        (
            400,
            "InvalidParameterValueException",
            "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
        ),
    ),
    // The function's role may not send dead letters yet.
    (
        "role-without-queue",
        ("lambda", "CreateFunction"),
        (
            400,
            "InvalidParameterValueException",
            "The provided execution role does not have permissions to call SendMessage on SQS",
        ),
    ),
    // The log group's key policy was just put.
    (
        "log-key-unknown",
        ("logs", "CreateLogGroup"),
        (
            400,
            "InvalidParameterException",
            "The specified KMS key does not exist or is not allowed to be used with this Arn",
        ),
    ),
    // Another call writes to the same API.
    (
        "api-conflict",
        ("apigateway", "CreateDeployment"),
        (
            409,
            "ConflictException",
            "Unable to complete operation due to concurrent modification. Please try again later.",
        ),
    ),
    // A usage plan whose stage was just made.
    (
        "stage-unknown",
        ("apigateway", "CreateUsagePlan"),
        (
            404,
            "NotFoundException",
            "Invalid stage identifier specified",
        ),
    ),
    // Policies that name a role which their service has not heard of.
    (
        "key-policy-principal",
        ("kms", "CreateKey"),
        (
            400,
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
        ),
    ),
    (
        "bucket-policy-principal",
        ("s3", "PutBucketPolicy"),
        (400, "MalformedPolicy", "Invalid principal in policy"),
    ),
    (
        "topic-policy-principal",
        ("sns", "SetTopicAttributes"),
        (
            400,
            "InvalidParameter",
            "Invalid parameter: Policy Error: PrincipalNotFound",
        ),
    ),
    // A secret of that name was deleted without recovery, which goes on in the
    // background.
    (
        "secret-in-deletion",
        ("secretsmanager", "CreateSecret"),
        (
            400,
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ),
    ),
    // An earlier change of the function is still under way.
    (
        "function-busy",
        ("lambda", "UpdateFunctionConfiguration"),
        (
            409,
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for resource.",
        ),
    ),
];

/// The names of all named weathers.
pub fn names() -> Vec<&'static str> {
    NAMED.iter().map(|(name, ..)| *name).collect()
}

/// That weather, for the first so many calls; None: there is none of that name.
pub fn rule(name: &str, first: u64) -> Option<Rule> {
    let (name, (service, operation), (status, code, message)) =
        NAMED.iter().find(|(known, ..)| *known == name)?;
    let error = Action::Error {
        status: *status,
        code: (*code).to_owned(),
        message: (*message).to_owned(),
    };
    let mut rule = Rule::new(error)
        .service(service)
        .operation(operation)
        .first(first);
    rule.name = Some((*name).to_owned());
    Some(rule)
}
