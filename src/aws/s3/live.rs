//! A bucket as it is: eight questions, asked together.

use super::lifecycle::LifecycleConfiguration;
use super::properties::{
    BucketEncryption, BucketProperties, EncryptionByDefault, EncryptionRule, LoggingConfiguration,
    NotificationConfiguration, OwnershipControls, PublicAccessBlock, VersioningConfiguration,
};
use super::setting;
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::aws::tags::{self, TagMap};
use aws_sdk_s3::types::BucketVersioningStatus;

/// Reads all settings. NotFound, with S3's `NoSuchBucket`, when the bucket
/// went meanwhile.
pub(super) async fn read(
    clients: &Clients,
    bucket: &str,
    live_tags: &TagMap,
    applied: Option<&BucketProperties>,
) -> Outcome<BucketProperties> {
    let (encryption, versioning, logging, ownership, block, lifecycle, events) = tokio::try_join!(
        encryption(clients, bucket),
        versioning(clients, bucket),
        logging(clients, bucket),
        ownership(clients, bucket),
        public_access_block(clients, bucket),
        lifecycle(clients, bucket),
        event_bridge(clients, bucket),
    )?;
    // Versioning cannot be taken back, only suspended: a suspended bucket is
    // as near as one comes to having never said anything.
    let says_nothing = applied.is_some_and(|p| p.versioning_configuration.is_none());
    let versioning = versioning.filter(|status| !(says_nothing && status == "Suspended"));
    Ok(BucketProperties {
        bucket_name: bucket.to_owned(),
        bucket_encryption: encryption,
        versioning_configuration: versioning.map(|status| VersioningConfiguration { status }),
        logging_configuration: logging,
        ownership_controls: ownership,
        public_access_block_configuration: block,
        lifecycle_configuration: lifecycle,
        notification_configuration: NotificationConfiguration::to_event_bridge(events),
        tags: tags::visible(
            live_tags,
            applied.map(|p| p.tags.as_slice()),
            clients.ignore_tags(),
        ),
    })
}

async fn encryption(clients: &Clients, bucket: &str) -> Outcome<BucketEncryption> {
    let answer = clients
        .s3()
        .get_bucket_encryption()
        .bucket(bucket)
        .send()
        .await;
    let configuration = setting(answer.during("s3:GetEncryptionConfiguration"))?
        .and_then(|answer| answer.server_side_encryption_configuration);
    let rules: Vec<_> = configuration
        .map(|configuration| configuration.rules)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|rule| {
            let default = rule.apply_server_side_encryption_by_default?;
            Some(EncryptionRule {
                bucket_key_enabled: rule.bucket_key_enabled.unwrap_or_default(),
                server_side_encryption_by_default: EncryptionByDefault {
                    sse_algorithm: default.sse_algorithm.as_str().to_owned(),
                    kms_master_key_id: default.kms_master_key_id,
                },
            })
        })
        .collect();
    Ok(if rules.is_empty() {
        BucketEncryption::default()
    } else {
        BucketEncryption {
            server_side_encryption_configuration: rules,
        }
    })
}

async fn versioning(clients: &Clients, bucket: &str) -> Outcome<Option<String>> {
    let answer = clients
        .s3()
        .get_bucket_versioning()
        .bucket(bucket)
        .send()
        .await;
    let status = answer.during("s3:GetBucketVersioning")?.status;
    Ok(status.map(|status: BucketVersioningStatus| status.as_str().to_owned()))
}

async fn logging(clients: &Clients, bucket: &str) -> Outcome<Option<LoggingConfiguration>> {
    let answer = clients
        .s3()
        .get_bucket_logging()
        .bucket(bucket)
        .send()
        .await;
    let enabled = answer.during("s3:GetBucketLogging")?.logging_enabled;
    Ok(enabled.map(|enabled| LoggingConfiguration {
        destination_bucket_name: enabled.target_bucket,
        log_file_prefix: enabled.target_prefix,
    }))
}

/// A bucket made before 2023 may have none, and then objects belong to who
/// wrote them.
async fn ownership(clients: &Clients, bucket: &str) -> Outcome<OwnershipControls> {
    let answer = clients
        .s3()
        .get_bucket_ownership_controls()
        .bucket(bucket)
        .send()
        .await;
    let controls = setting(answer.during("s3:GetBucketOwnershipControls"))?
        .and_then(|answer| answer.ownership_controls);
    let rule = controls.and_then(|controls| controls.rules.into_iter().next());
    Ok(OwnershipControls::of(
        rule.as_ref().map(|rule| rule.object_ownership.as_str()),
    ))
}

async fn public_access_block(clients: &Clients, bucket: &str) -> Outcome<PublicAccessBlock> {
    let answer = clients
        .s3()
        .get_public_access_block()
        .bucket(bucket)
        .send()
        .await;
    let block = setting(answer.during("s3:GetBucketPublicAccessBlock"))?
        .and_then(|answer| answer.public_access_block_configuration);
    Ok(
        block.map_or_else(PublicAccessBlock::default, |block| PublicAccessBlock {
            block_public_acls: block.block_public_acls.unwrap_or_default(),
            block_public_policy: block.block_public_policy.unwrap_or_default(),
            ignore_public_acls: block.ignore_public_acls.unwrap_or_default(),
            restrict_public_buckets: block.restrict_public_buckets.unwrap_or_default(),
        }),
    )
}

async fn lifecycle(clients: &Clients, bucket: &str) -> Outcome<Option<LifecycleConfiguration>> {
    let answer = clients
        .s3()
        .get_bucket_lifecycle_configuration()
        .bucket(bucket)
        .send()
        .await;
    let answer = setting(answer.during("s3:GetLifecycleConfiguration"))?;
    Ok(answer.and_then(|answer| LifecycleConfiguration::from_sdk(answer.rules())))
}

async fn event_bridge(clients: &Clients, bucket: &str) -> Outcome<bool> {
    let answer = clients
        .s3()
        .get_bucket_notification_configuration()
        .bucket(bucket)
        .send()
        .await;
    let answer = answer.during("s3:GetBucketNotification")?;
    Ok(answer.event_bridge_configuration.is_some())
}
