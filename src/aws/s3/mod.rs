//! Buckets and their policies. One bucket is many calls: `properties` says
//! what can be said of it, `live` reads it, `puts` writes one aspect each,
//! `empty` makes it deletable, and `bucket` is the resource type made of them.

mod bucket;
mod bucket_policy;
mod empty;
mod lifecycle;
mod live;
mod properties;
mod puts;

use bucket::Bucket;
use bucket_policy::BucketPolicy;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::{Handler, HandlerError};
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, Bucket),
        Typed::handler(context, BucketPolicy),
    ]
}

/// What `find` and `create` may meet under a name.
enum Presence {
    Absent,
    /// It answers, so it is most probably this account's.
    Here,
    /// The name is taken, and why we may not have it.
    Elsewhere(String),
}

/// Bucket names are shared by all accounts of a partition: a 403 means
/// someone else's (or one that we may not see), a redirect one in another
/// region.
async fn presence(clients: &Clients, bucket: &str) -> Outcome<Presence> {
    let answer = clients.s3().head_bucket().bucket(bucket).send().await;
    let Some(raw) = answer.as_ref().err().and_then(|error| error.raw_response()) else {
        return answer.during("s3:HeadBucket").map(|_| Presence::Here);
    };
    let region = raw.headers().get("x-amz-bucket-region");
    let elsewhere = region.is_some_and(|region| region != clients.region());
    match raw.status().as_u16() {
        404 => Ok(Presence::Absent),
        301 | 307 => Ok(Presence::Elsewhere(in_region(bucket, region))),
        // Also S3's answer to a signature for the wrong region.
        400 if elsewhere => Ok(Presence::Elsewhere(in_region(bucket, region))),
        403 => Ok(Presence::Elsewhere(format!(
            "the bucket name {bucket} is taken by another account, or by a bucket that these \
             credentials may not see (s3:ListBucket)"
        ))),
        _ => answer.during("s3:HeadBucket").map(|_| Presence::Here),
    }
}

fn in_region(bucket: &str, region: Option<&str>) -> String {
    let region = region.unwrap_or("another region");
    format!("the bucket {bucket} exists in {region}, which is not this pipeline's region")
}

/// The tags of a bucket; `None` when there is no such bucket.
async fn tags_of(clients: &Clients, bucket: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .s3()
        .get_bucket_tagging()
        .bucket(bucket)
        .send()
        .await
        .during("s3:GetBucketTagging");
    match answer {
        Ok(answer) => {
            let pairs = answer.tag_set.into_iter().map(|tag| (tag.key, tag.value));
            Ok(Some(pairs.collect()))
        }
        Err(error) if no_such_bucket(&error) => Ok(None),
        Err(error) => found(Err(error)).map(|none: Option<TagMap>| Some(none.unwrap_or_default())),
    }
}

/// S3 says "not found" of a bucket and of each of its settings; only the code
/// tells which.
fn no_such_bucket(error: &HandlerError) -> bool {
    error.code.as_deref() == Some("NoSuchBucket")
}

/// A setting that is not there, as opposed to a bucket that is not there.
fn setting<T>(result: Outcome<T>) -> Outcome<Option<T>> {
    match result {
        Err(error) if no_such_bucket(&error) => Err(error),
        other => found(other),
    }
}

fn named(bucket: &str) -> String {
    format!("the bucket {bucket}")
}
