//! Secrets, their rotation and their policies. The latter two carry no tags:
//! they are ours when the secret is.

mod resource_policy;
mod rotation_schedule;
mod secret;
mod value;

use resource_policy::ResourcePolicy;
use rotation_schedule::RotationSchedule;
use secret::Secret;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::{ErrorKind, Handler, HandlerError};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, ResourcePolicy),
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
