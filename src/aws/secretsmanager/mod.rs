//! Secrets and their rotation, which carries no tags: it is ours when the secret
//! is.

mod member;
mod rotation_schedule;
mod secret;
mod value;

pub(super) use member::current as current_member;
pub use member::{SecretMember, secret_member};
use rotation_schedule::RotationSchedule;
use secret::Secret;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::{ErrorKind, Handler, HandlerError};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_smithy_types::DateTime;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, RotationSchedule),
        Typed::handler(context, Secret),
    ]
}

/// What there is under a name or an ARN, also when it waits for its deletion.
async fn describe(clients: &Clients, id: &str) -> Outcome<Option<DescribeSecretOutput>> {
    let answer = clients
        .secretsmanager()
        .describe_secret()
        .secret_id(id)
        .send()
        .await
        .during("secretsmanager:DescribeSecret");
    found(answer)
}

/// When a secret was made, rotated and read; seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SecretUse {
    pub created: Option<i64>,
    pub rotated: Option<i64>,
    /// AWS says the day, not the hour.
    pub read: Option<i64>,
}

/// When secrets were used, by ARN; those that are not there are left out.
pub async fn secret_use(
    clients: &Clients,
    arns: &[String],
) -> Outcome<BTreeMap<String, SecretUse>> {
    let seconds = |at: Option<DateTime>| at.map(|at| at.secs());
    let mut all = BTreeMap::new();
    for arn in arns {
        if let Some(secret) = living(clients, arn).await? {
            let used = SecretUse {
                created: seconds(secret.created_date),
                rotated: seconds(secret.last_rotated_date),
                read: seconds(secret.last_accessed_date),
            };
            all.insert(arn.clone(), used);
        }
    }
    Ok(all)
}

/// As [`describe`], without what waits for its deletion: nobody can use that.
async fn living(clients: &Clients, id: &str) -> Outcome<Option<DescribeSecretOutput>> {
    let secret = describe(clients, id).await?;
    Ok(secret.filter(|secret| secret.deleted_date.is_none()))
}

/// The secret that something is put on, which must be there already.
async fn parent(clients: &Clients, operation: &str, id: &str) -> Outcome<DescribeSecretOutput> {
    living(clients, id).await?.ok_or_else(|| {
        let message = format!("{} is not there yet", named(id));
        HandlerError::ours(ErrorKind::Transient, operation, message)
    })
}

fn tags_in(secret: &DescribeSecretOutput) -> TagMap {
    let tags = secret.tags().iter();
    tags.filter_map(|tag| {
        Some((
            tag.key()?.to_owned(),
            tag.value().unwrap_or_default().into(),
        ))
    })
    .collect()
}

fn named(id: &str) -> String {
    format!("the secret {id}")
}
