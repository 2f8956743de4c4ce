//! Config writes a file into the bucket of a delivery channel when the channel is put,
//! as the recorder's role or, where that may not, as itself
//! (<https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html#API_PutDeliveryChannel_Errors>,
//! <https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html>).
//! ministack takes any bucket.

use super::backend::Backend;
use super::bucket_policy::Writing;
use super::config_recorder::Recorders;
use crate::sandbox::emulators::ACCOUNT;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "config_delivery";

pub async fn refuse(backend: &Backend<'_>, recorders: &Recorders) -> Option<Reply> {
    let call = backend.call;
    if !call.is("config", &["PutDeliveryChannel"]) {
        return None;
    }
    // Without a recorder there is another refusal.
    let role = recorders.role(call)?;
    let channel = &call.json()["DeliveryChannel"];
    let bucket = channel["s3BucketName"].as_str()?;
    let prefix = match channel["s3KeyPrefix"].as_str().unwrap_or_default() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let writing = Writing {
        bucket,
        key: format!("{prefix}AWSLogs/{ACCOUNT}/Config/ConfigWritabilityCheckFile"),
        source: None,
    };
    let (code, message) = if !writing.finds_the_bucket(backend).await {
        ("NoSuchBucketException", "Cannot find the bucket")
    } else if !writing.is_allowed(backend, &role).await
        && !writing.is_admitted(backend, "config.amazonaws.com").await
    {
        let code = "InsufficientDeliveryPolicyException";
        (code, "Insufficient delivery policy to s3 bucket:")
    } else {
        return None;
    };
    let message = format!("{message} {bucket}");
    Some(reply::error(call, 400, code, &message))
}
