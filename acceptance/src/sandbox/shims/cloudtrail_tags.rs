//! CreateTrail takes the trail's tags, and DeleteTrail takes them with it
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>).
//! ministack forgets the former, and keeps those of AddTags under the ARN for
//! the next trail of that name.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "cloudtrail_tags";

/// After CreateTrail; says whether there was anything to do.
pub async fn complete(backend: &Backend<'_>, reply: &Reply) -> bool {
    let call = backend.call;
    if !call.is("cloudtrail", &["CreateTrail"]) || !reply.status().is_success() {
        return false;
    }
    let arn = &reply::body_json(reply)["TrailARN"];
    let listed = ask(backend, "ListTags", &json!({ "ResourceIdList": [arn] })).await;
    let old = &listed["ResourceTagList"][0]["TagsList"];
    let new = &call.json()["TagsList"];
    for (operation, tags) in [("RemoveTags", old), ("AddTags", new)] {
        if tags.is_array() {
            let changed = json!({ "ResourceId": arn, "TagsList": tags });
            ask(backend, operation, &changed).await;
        }
    }
    true
}

async fn ask(backend: &Backend<'_>, operation: &str, body: &Value) -> Value {
    let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
    reply::body_json(&backend.json("cloudtrail", &target, body).await)
}
