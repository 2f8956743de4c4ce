//! `AWS::S3::BucketPolicy`. A bucket has one policy or none, so the policy is
//! ours when the bucket is.

use super::{named, no_such_bucket, setting, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::policy;
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::S3::BucketPolicy`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html>).
///
/// Ownership: our tags on the bucket. Interruption: putting and deleting may
/// each be done again. Errors: a principal that IAM has only just made is
/// `Transient`.
pub(in crate::aws) struct BucketPolicy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct BucketPolicyProperties {
    bucket: String,
    policy_document: Value,
}

#[async_trait]
impl ResourceType for BucketPolicy {
    const TYPE: &'static str = "AWS::S3::BucketPolicy";
    const CREATE_ONLY: &'static [&'static str] = &["Bucket"];

    type Properties = BucketPolicyProperties;

    fn normalise(
        &self,
        properties: &mut BucketPolicyProperties,
        partition: &str,
    ) -> Result<(), String> {
        properties.policy_document = policy::canonical(&properties.policy_document, partition)
            .map_err(|problem| format!("PolicyDocument: {problem}"))?;
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &BucketPolicyProperties,
    ) -> Outcome<Physical> {
        let bucket = &desired.bucket;
        let Some(live_tags) = tags_of(clients, bucket).await? else {
            let message = format!("{} is not there yet", named(bucket));
            return Err(HandlerError::ours(
                ErrorKind::Transient,
                "s3:PutBucketPolicy",
                message,
            ));
        };
        tags::require_ours(cx, "s3:PutBucketPolicy", &named(bucket), &live_tags)?;
        put(clients, bucket, desired).await.map_err(not_yet)?;
        Ok(physical(bucket, bucket, []))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&BucketPolicyProperties>,
    ) -> Outcome<Option<(Physical, BucketPolicyProperties)>> {
        let document = found(get(clients, identifier).await)?;
        Ok(document.map(|document| {
            let live = BucketPolicyProperties {
                bucket: identifier.to_owned(),
                policy_document: document,
            };
            (physical(identifier, identifier, []), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &BucketPolicyProperties,
        desired: &BucketPolicyProperties,
    ) -> Outcome<Physical> {
        if current.policy_document != desired.policy_document {
            put(clients, identifier, desired).await?;
        }
        Ok(physical(identifier, identifier, []))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, "s3:DeleteBucketPolicy", &named(identifier), &live_tags)?;
        let deleted = clients
            .s3()
            .delete_bucket_policy()
            .bucket(identifier)
            .send()
            .await
            .during("s3:DeleteBucketPolicy");
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &BucketPolicyProperties,
    ) -> Outcome<Found> {
        let bucket = &desired.bucket;
        let Some(live_tags) = tags_of(clients, bucket).await? else {
            return Ok(Found::Absent);
        };
        if let Ownership::Stranger(why) = tags::ownership(cx, &live_tags) {
            return Ok(Found::Stranger(format!(
                "{} exists and {why}",
                named(bucket)
            )));
        }
        match setting(get(clients, bucket).await) {
            Ok(Some(_)) => Ok(Found::Ours(vec![bucket.clone()])),
            Ok(None) => Ok(Found::Absent),
            Err(error) if no_such_bucket(&error) => Ok(Found::Absent),
            Err(error) => Err(error),
        }
    }
}

async fn get(clients: &Clients, bucket: &str) -> Outcome<Value> {
    let answer = clients
        .s3()
        .get_bucket_policy()
        .bucket(bucket)
        .send()
        .await
        .during("s3:GetBucketPolicy")?;
    Ok(Value::String(answer.policy.unwrap_or_default()))
}

async fn put(clients: &Clients, bucket: &str, desired: &BucketPolicyProperties) -> Outcome<()> {
    clients
        .s3()
        .put_bucket_policy()
        .bucket(bucket)
        .policy(desired.policy_document.to_string())
        .send()
        .await
        .during("s3:PutBucketPolicy")
        .map(drop)
}
