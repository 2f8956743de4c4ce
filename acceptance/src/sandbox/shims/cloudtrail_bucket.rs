//! CloudTrail looks whether it may write into a trail's bucket, when the trail
//! is made and when it gets another one
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>).
//! ministack takes any bucket.

use serde_json::{Value, json};

use super::backend::Backend;
use super::bucket_policy::Writing;
use crate::sandbox::emulators::ACCOUNT;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "cloudtrail_bucket";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("cloudtrail", &["CreateTrail", "UpdateTrail"]) {
        return None;
    }
    let body = call.json();
    let name = body["Name"].as_str()?.rsplit('/').next()?;
    let before = match call.operation.as_str() {
        "UpdateTrail" => there(backend, name).await,
        _ => Value::Null,
    };
    let said = |member: &str| body[member].as_str().or(before[member].as_str());
    let bucket = said("S3BucketName")?;
    let prefix = match said("S3KeyPrefix").unwrap_or_default() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let writing = Writing {
        bucket,
        key: format!("{prefix}AWSLogs/{ACCOUNT}/CloudTrail/{}/file", call.region),
        source: Some(format!(
            "arn:aws:cloudtrail:{}:{ACCOUNT}:trail/{name}",
            call.region
        )),
    };
    let (code, message) = if !writing.finds_the_bucket(backend).await {
        ("S3BucketDoesNotExistException", "does not exist")
    } else if !writing
        .is_admitted(backend, "cloudtrail.amazonaws.com")
        .await
    {
        let code = "InsufficientS3BucketPolicyException";
        (code, "has a policy that does not admit CloudTrail")
    } else {
        return None;
    };
    let message = format!("The bucket {bucket} {message}");
    Some(reply::error(call, 400, code, &message))
}

/// The trail as it is.
async fn there(backend: &Backend<'_>, name: &str) -> Value {
    const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrail";
    let asked = json!({ "Name": name });
    let answer = backend.json("cloudtrail", TARGET, &asked).await;
    reply::body_json(&answer)["Trail"].take()
}
