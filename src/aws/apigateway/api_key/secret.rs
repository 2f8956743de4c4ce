//! The value of an API key, where it stands: in a member of a secret.

use crate::aws::clients::Clients;
use crate::aws::error::not_yet;
use crate::aws::resource_type::Outcome;
use crate::aws::secretsmanager::current_member;
use crate::engine::{ErrorKind, HandlerError};

/// How CloudFormation refers to a member of a secret
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html>).
pub(super) const SHAPE: &str = "{{resolve:secretsmanager:<secret>:SecretString:<member>}}";

const OPERATION: &str = "secretsmanager:GetSecretValue";

pub(super) struct Reference<'a> {
    /// A name or an ARN.
    secret: &'a str,
    member: &'a str,
}

impl<'a> Reference<'a> {
    /// Only the current version can be meant: another would be retired.
    pub fn parse(text: &'a str) -> Option<Self> {
        let inside = text
            .strip_prefix("{{resolve:secretsmanager:")?
            .strip_suffix("}}")?;
        let (secret, member) = inside.split_once(":SecretString:")?;
        let sound = !secret.is_empty() && !member.is_empty() && !member.contains(':');
        sound.then_some(Self { secret, member })
    }
}

/// Looks the value up. No error holds any of it.
pub(super) async fn value(clients: &Clients, reference: &str) -> Outcome<String> {
    let Some(Reference { secret, member }) = Reference::parse(reference) else {
        let message = format!("Value: must be {SHAPE}");
        return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
    };
    let found = current_member(clients, secret, member).await;
    Ok(found.map_err(not_yet)?.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_secret_and_a_member() {
        let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:api-AbCdEf";
        for secret in ["api-key-documents-dev", arn] {
            let text = format!("{{{{resolve:secretsmanager:{secret}:SecretString:api_key}}}}");
            let parsed = Reference::parse(&text).map(|found| (found.secret, found.member));
            assert_eq!(parsed, Some((secret, "api_key")));
        }
        for wrong in [
            "",
            "abcdefghijklmnopqrstuvwxyz",
            "{{resolve:ssm:x}}",
            "{{resolve:secretsmanager:x}}",
            "{{resolve:secretsmanager:x:SecretString:}}",
            "{{resolve:secretsmanager:x:SecretString:k:AWSPREVIOUS}}",
        ] {
            assert!(Reference::parse(wrong).is_none(), "{wrong}");
        }
    }
}
