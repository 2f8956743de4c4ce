//! `AWS::S3::Bucket`: the resource type. Its creating call carries tags and
//! object ownership, everything else follows in `configure`.

use super::properties::BucketProperties;
use super::{Presence, empty, live, named, presence, puts, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagChange, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership};
use aws_smithy_types::retry::RetryConfig;

/// Rounds of emptying within one call; the engine asks again until its
/// deadline.
const ROUNDS: usize = 10;

/// `AWS::S3::Bucket`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>).
///
/// Ownership: our tags, which stand in `CreateBucket` itself, so that there
/// is no moment in which the bucket is nobody's. A bucket without them is a
/// stranger's, in our own account too.
///
/// Errors: `Stranger` where the name or the bucket is someone else's; `Other`
/// where it holds data and the tag `tap:force-destroy` is not `true`.
/// Interruption: every put may be made again, and emptying goes on where it
/// stopped.
pub(in crate::aws) struct Bucket;

#[async_trait]
impl ResourceType for Bucket {
    const TYPE: &'static str = "AWS::S3::Bucket";
    const CREATE_ONLY: &'static [&'static str] = &["BucketName"];
    const HOLDS_DATA: bool = true;

    type Properties = BucketProperties;

    fn normalise(&self, properties: &mut BucketProperties, _: &str) -> Result<(), String> {
        properties.normalise()
    }

    /// Looks first: in us-east-1 S3 answers 200 to the creation of a bucket
    /// that the account has already, whoever of it made it
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>).
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &BucketProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "s3:CreateBucket";
        let name = &desired.bucket_name;
        if let Presence::Here | Presence::Elsewhere(_) = presence(clients, name).await? {
            let message = format!("{} exists already", named(name));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        let live_tags = tags::for_create(cx, &desired.tags);
        let mut configuration = CreateBucketConfiguration::builder()
            .set_tags(Some(puts::sdk_tags(OPERATION, &live_tags)?));
        // us-east-1 is the one region that must not be named.
        if clients.region() != "us-east-1" {
            let region = BucketLocationConstraint::from(clients.region());
            configuration = configuration.location_constraint(region);
        }
        let ownership = desired
            .ownership_controls
            .ownership()
            .map(ObjectOwnership::from);
        let once = aws_sdk_s3::config::Builder::new().retry_config(RetryConfig::disabled());
        clients
            .s3()
            .create_bucket()
            .bucket(name)
            .create_bucket_configuration(configuration.build())
            .set_object_ownership(ownership)
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        Ok(as_physical(clients, name))
    }

    async fn configure(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &BucketProperties,
    ) -> Outcome<()> {
        let live_tags = settled_tags(clients, identifier).await?;
        tags::require_ours(cx, "s3:GetBucketTagging", &named(identifier), &live_tags)?;
        let wanted = tags::for_create(cx, &desired.tags);
        if wanted
            .iter()
            .any(|(key, value)| live_tags.get(key) != Some(value))
        {
            let all = live_tags.into_iter().chain(wanted).collect();
            puts::tagging(clients, identifier, &all).await?;
        }
        let block = &desired.public_access_block_configuration;
        puts::public_access_block(clients, identifier, block).await?;
        puts::encryption(clients, identifier, &desired.bucket_encryption).await?;
        if desired.versioning_configuration.is_some() {
            puts::versioning(clients, identifier, desired).await?;
        }
        if desired.lifecycle_configuration.is_some() {
            puts::lifecycle(clients, identifier, desired).await?;
        }
        if let Some(logging) = &desired.logging_configuration {
            puts::logging(clients, identifier, Some(logging)).await?;
        }
        if desired.notification_configuration.is_to_event_bridge() {
            puts::event_bridge(clients, identifier, true).await?;
        }
        Ok(())
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&BucketProperties>,
    ) -> Outcome<Option<(Physical, BucketProperties)>> {
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(None);
        };
        tags::require_ours(cx, "s3:GetBucketTagging", &named(identifier), &live_tags)?;
        let live = Box::pin(live::read(clients, identifier, &live_tags, applied)).await;
        Ok(found(live)?.map(|live| (as_physical(clients, identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &BucketProperties,
        desired: &BucketProperties,
    ) -> Outcome<Physical> {
        let block = &desired.public_access_block_configuration;
        if *block != current.public_access_block_configuration {
            puts::public_access_block(clients, identifier, block).await?;
        }
        if desired.ownership_controls != current.ownership_controls {
            puts::ownership(clients, identifier, &desired.ownership_controls).await?;
        }
        if desired.bucket_encryption != current.bucket_encryption {
            puts::encryption(clients, identifier, &desired.bucket_encryption).await?;
        }
        if desired.versioning_configuration != current.versioning_configuration {
            puts::versioning(clients, identifier, desired).await?;
        }
        if desired.lifecycle_configuration != current.lifecycle_configuration {
            puts::lifecycle(clients, identifier, desired).await?;
        }
        if desired.logging_configuration != current.logging_configuration {
            let logging = desired.logging_configuration.as_ref();
            puts::logging(clients, identifier, logging).await?;
        }
        if desired.notification_configuration != current.notification_configuration {
            let enabled = desired.notification_configuration.is_to_event_bridge();
            puts::event_bridge(clients, identifier, enabled).await?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        if !change.is_empty() {
            let mut live_tags = settled_tags(clients, identifier).await?;
            live_tags.retain(|key, _| !change.remove.contains(key));
            live_tags.extend(change.set);
            puts::tagging(clients, identifier, &live_tags).await?;
        }
        Ok(as_physical(clients, identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, "s3:DeleteBucket", &named(identifier), &live_tags)?;
        let may_empty = tags::force_destroy(&live_tags);
        for _ in 0..ROUNDS {
            if may_empty {
                empty::empty(cx, clients, identifier).await?;
            }
            let deleted = clients
                .s3()
                .delete_bucket()
                .bucket(identifier)
                .send()
                .await
                .during("s3:DeleteBucket");
            match deleted {
                Ok(_) => return gone(cx, clients, identifier).await,
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
                Err(error) if error.code.as_deref() != Some("BucketNotEmpty") => return Err(error),
                Err(error) if !may_empty => {
                    return Err(holds_data(clients, identifier, error).await);
                }
                // More has arrived since the listing.
                Err(_) => {}
            }
        }
        let message = format!("{}: objects keep arriving", named(identifier));
        Err(HandlerError::ours(
            ErrorKind::Transient,
            "s3:DeleteBucket",
            message,
        ))
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &BucketProperties,
    ) -> Outcome<Found> {
        let name = &desired.bucket_name;
        match presence(clients, name).await? {
            Presence::Absent => return Ok(Found::Absent),
            Presence::Elsewhere(why) => return Ok(Found::Stranger(why)),
            Presence::Here => {}
        }
        match tags_of(clients, name).await {
            Ok(None) => Ok(Found::Absent),
            Ok(Some(live_tags)) => Ok(tags::stranger_or(cx, &named(name), name, &live_tags)),
            Err(error) if error.kind == ErrorKind::AccessDenied => Ok(Found::Stranger(format!(
                "{} exists and these credentials may not read its tags",
                named(name)
            ))),
            Err(error) => Err(error),
        }
    }
}

/// The tags of a bucket that is there; none at all means that S3 has not
/// caught up yet, since ours has had tags from its creation.
async fn settled_tags(clients: &Clients, bucket: &str) -> Outcome<TagMap> {
    match tags_of(clients, bucket).await? {
        Some(live_tags) if !live_tags.is_empty() => Ok(live_tags),
        _ => Err(HandlerError::ours(
            ErrorKind::Transient,
            "s3:GetBucketTagging",
            format!("{} has no tags yet", named(bucket)),
        )),
    }
}

/// A bucket may answer for some seconds after its deletion.
async fn gone(cx: &Context<'_>, clients: &Clients, bucket: &str) -> Outcome<()> {
    let mut patience = Patience::new();
    while let Presence::Here = presence(clients, bucket).await? {
        let what = format!("{} to be gone", named(bucket));
        patience.pause(cx, "s3:DeleteBucket", &what).await?;
    }
    Ok(())
}

async fn holds_data(clients: &Clients, bucket: &str, error: HandlerError) -> HandlerError {
    let contents = match empty::describe_contents(clients, bucket).await {
        Ok(contents) => contents,
        Err(_) => "objects".to_owned(),
    };
    HandlerError {
        message: format!(
            "{} holds {contents} and is kept. To delete them with it, set \
             storage.force_destroy = true and apply, then destroy",
            named(bucket)
        ),
        ..error
    }
}

fn as_physical(clients: &Clients, name: &str) -> Physical {
    let (region, suffix) = (clients.region(), clients.dns_suffix());
    physical(
        name,
        name,
        [
            ("Arn", format!("arn:{}:s3:::{name}", clients.partition())),
            ("DomainName", format!("{name}.s3.{suffix}")),
            (
                "DualStackDomainName",
                format!("{name}.s3.dualstack.{region}.{suffix}"),
            ),
            ("RegionalDomainName", format!("{name}.s3.{region}.{suffix}")),
            (
                "WebsiteURL",
                format!("http://{name}.s3-website-{region}.{suffix}"),
            ),
        ],
    )
}
