//! Keys and buckets are not deleted in passing (R104): whoever is neither an
//! administrator of the pipeline nor has MFA is denied it, and nobody else is
//! denied anything.

use super::administrator_arns;
use crate::blueprint::policy::Statement;
use crate::blueprint::{Facts, Spec};

/// Without it a key is of no use, or will soon be gone.
const KEY_ACTIONS: [&str; 2] = ["kms:DisableKey", "kms:ScheduleKeyDeletion"];
/// The policy goes in front of the bucket, and with it this guard.
const BUCKET_ACTIONS: [&str; 2] = ["s3:DeleteBucket", "s3:DeleteBucketPolicy"];

pub(in crate::blueprint) fn of_key(spec: &Spec, facts: &Facts) -> Option<Statement> {
    guard(spec, facts).map(|guard| guard.actions(KEY_ACTIONS).resource("*"))
}

pub(in crate::blueprint) fn of_bucket(arn: &str, spec: &Spec, facts: &Facts) -> Option<Statement> {
    guard(spec, facts).map(|guard| guard.actions(BUCKET_ACTIONS).resource(arn))
}

/// `None` where nobody is known to be an administrator: then it would lock out
/// whoever provisions the pipeline (R108). A service never has MFA and is
/// never meant.
fn guard(spec: &Spec, facts: &Facts) -> Option<Statement> {
    let administrators = administrator_arns(spec, facts);
    let guard = Statement::deny("OnlyAdministratorsOrMfa")
        .everyone()
        .when(
            "ArnNotLike",
            "aws:PrincipalArn",
            administrators
                .iter()
                .flat_map(|arn| with_path(arn))
                .collect::<Vec<_>>(),
        )
        .when("BoolIfExists", "aws:MultiFactorAuthPresent", "false")
        .when("BoolIfExists", "aws:PrincipalIsAWSService", "false");
    (!administrators.is_empty()).then_some(guard)
}

/// STS names a role without its path, and the principal of a request is named
/// with it: the roles of IAM Identity Center all have one
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
fn with_path(arn: &str) -> Vec<String> {
    match arn.split_once(":role/") {
        Some((account, name)) if !name.contains('/') => {
            vec![arn.to_owned(), format!("{account}:role/*/{name}")]
        }
        _ => vec![arn.to_owned()],
    }
}
