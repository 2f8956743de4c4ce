//! One call per aspect of a bucket. Each may be made again, and each is made
//! after the one before has answered: S3 refuses concurrent changes to one
//! bucket with `OperationAborted`.

use super::properties::{BucketEncryption, BucketProperties, LoggingConfiguration};
use super::properties::{OwnershipControls, PublicAccessBlock};
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::aws::tags::TagMap;
use crate::engine::{ErrorKind, HandlerError};
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    self as sdk, BucketLifecycleConfiguration, BucketLoggingStatus, BucketVersioningStatus,
    EventBridgeConfiguration, LoggingEnabled, NotificationConfiguration,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
};

/// The SDK's builders fail only where a required member is missing.
pub(super) fn built<T>(operation: &str, result: Result<T, BuildError>) -> Outcome<T> {
    result.map_err(|error| HandlerError::ours(ErrorKind::Invalid, operation, error.to_string()))
}

pub(super) fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| built(operation, Tag::builder().key(key).value(value).build()))
        .collect()
}

/// Replaces all tags: whoever calls this has read them.
pub(super) async fn tagging(clients: &Clients, bucket: &str, tags: &TagMap) -> Outcome<()> {
    const OPERATION: &str = "s3:PutBucketTagging";
    let set = sdk_tags(OPERATION, tags)?;
    let tagging = built(OPERATION, Tagging::builder().set_tag_set(Some(set)).build())?;
    clients
        .s3()
        .put_bucket_tagging()
        .bucket(bucket)
        .tagging(tagging)
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

pub(super) async fn public_access_block(
    clients: &Clients,
    bucket: &str,
    block: &PublicAccessBlock,
) -> Outcome<()> {
    let configuration = PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .block_public_policy(block.block_public_policy)
        .ignore_public_acls(block.ignore_public_acls)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build();
    clients
        .s3()
        .put_public_access_block()
        .bucket(bucket)
        .public_access_block_configuration(configuration)
        .send()
        .await
        .during("s3:PutBucketPublicAccessBlock")
        .map(drop)
}

pub(super) async fn ownership(
    clients: &Clients,
    bucket: &str,
    controls: &OwnershipControls,
) -> Outcome<()> {
    const OPERATION: &str = "s3:PutBucketOwnershipControls";
    let Some(ownership) = controls.ownership() else {
        return clients
            .s3()
            .delete_bucket_ownership_controls()
            .bucket(bucket)
            .send()
            .await
            .during(OPERATION)
            .map(drop);
    };
    let rule = sdk::OwnershipControlsRule::builder()
        .object_ownership(sdk::ObjectOwnership::from(ownership))
        .build();
    let controls = sdk::OwnershipControls::builder()
        .rules(built(OPERATION, rule)?)
        .build();
    clients
        .s3()
        .put_bucket_ownership_controls()
        .bucket(bucket)
        .ownership_controls(built(OPERATION, controls)?)
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

pub(super) async fn encryption(
    clients: &Clients,
    bucket: &str,
    encryption: &BucketEncryption,
) -> Outcome<()> {
    const OPERATION: &str = "s3:PutEncryptionConfiguration";
    let mut configuration = ServerSideEncryptionConfiguration::builder();
    for rule in &encryption.server_side_encryption_configuration {
        let default = &rule.server_side_encryption_by_default;
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(default.sse_algorithm.as_str()))
            .set_kms_master_key_id(default.kms_master_key_id.clone())
            .build();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(built(OPERATION, by_default)?)
            .bucket_key_enabled(rule.bucket_key_enabled)
            .build();
        configuration = configuration.rules(rule);
    }
    clients
        .s3()
        .put_bucket_encryption()
        .bucket(bucket)
        .server_side_encryption_configuration(built(OPERATION, configuration.build())?)
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

/// Versioning that is no longer wanted can only be suspended.
pub(super) async fn versioning(
    clients: &Clients,
    bucket: &str,
    properties: &BucketProperties,
) -> Outcome<()> {
    let status = match &properties.versioning_configuration {
        Some(versioning) => BucketVersioningStatus::from(versioning.status.as_str()),
        None => BucketVersioningStatus::Suspended,
    };
    let configuration = sdk::VersioningConfiguration::builder()
        .status(status)
        .build();
    clients
        .s3()
        .put_bucket_versioning()
        .bucket(bucket)
        .versioning_configuration(configuration)
        .send()
        .await
        .during("s3:PutBucketVersioning")
        .map(drop)
}

pub(super) async fn lifecycle(
    clients: &Clients,
    bucket: &str,
    properties: &BucketProperties,
) -> Outcome<()> {
    const OPERATION: &str = "s3:PutLifecycleConfiguration";
    let Some(lifecycle) = &properties.lifecycle_configuration else {
        return clients
            .s3()
            .delete_bucket_lifecycle()
            .bucket(bucket)
            .send()
            .await
            .during(OPERATION)
            .map(drop);
    };
    let configuration = BucketLifecycleConfiguration::builder()
        .set_rules(Some(lifecycle.to_sdk()?))
        .build();
    clients
        .s3()
        .put_bucket_lifecycle_configuration()
        .bucket(bucket)
        .lifecycle_configuration(built(OPERATION, configuration)?)
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

pub(super) async fn logging(
    clients: &Clients,
    bucket: &str,
    logging: Option<&LoggingConfiguration>,
) -> Outcome<()> {
    const OPERATION: &str = "s3:PutBucketLogging";
    let mut status = BucketLoggingStatus::builder();
    if let Some(logging) = logging {
        let enabled = LoggingEnabled::builder()
            .target_bucket(&logging.destination_bucket_name)
            .target_prefix(&logging.log_file_prefix)
            .build();
        status = status.logging_enabled(built(OPERATION, enabled)?);
    }
    clients
        .s3()
        .put_bucket_logging()
        .bucket(bucket)
        .bucket_logging_status(status.build())
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

/// S3 keeps all notifications in one document: those to others (a queue that
/// someone attached) are written back as they were.
pub(super) async fn event_bridge(clients: &Clients, bucket: &str, enabled: bool) -> Outcome<()> {
    let answer = clients
        .s3()
        .get_bucket_notification_configuration()
        .bucket(bucket)
        .send()
        .await
        .during("s3:GetBucketNotification")?;
    let events = enabled.then(|| EventBridgeConfiguration::builder().build());
    let configuration = NotificationConfiguration::builder()
        .set_topic_configurations(answer.topic_configurations)
        .set_queue_configurations(answer.queue_configurations)
        .set_lambda_function_configurations(answer.lambda_function_configurations)
        .set_event_bridge_configuration(events)
        .build();
    clients
        .s3()
        .put_bucket_notification_configuration()
        .bucket(bucket)
        .notification_configuration(configuration)
        .send()
        .await
        .during("s3:PutBucketNotification")
        .map(drop)
}
