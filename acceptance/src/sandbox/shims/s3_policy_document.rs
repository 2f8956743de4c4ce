//! S3 refuses a bucket policy that is none, or that speaks of other buckets
//! (MalformedPolicy). ministack stores any text.

use serde_json::Value;

use super::policy;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "s3_policy_document";

pub fn refuse(call: &Inbound) -> Option<Reply> {
    if !call.is("s3", &["PutBucketPolicy"]) {
        return None;
    }
    let document = String::from_utf8_lossy(&call.body);
    let flaw = policy::flaw(&document).or_else(|| strays(&document, call.bucket()))?;
    Some(reply::error(call, 400, "MalformedPolicy", &flaw))
}

fn strays(document: &str, bucket: &str) -> Option<String> {
    let policy: Value = serde_json::from_str(document).ok()?;
    let own = format!("arn:aws:s3:::{bucket}");
    let resources = policy::list(policy.get("Statement")?)
        .into_iter()
        .flat_map(|statement| {
            statement
                .get("Resource")
                .map(policy::list)
                .unwrap_or_default()
        });
    let stray = resources.filter_map(Value::as_str).any(|resource| {
        resource != own
            && !resource.starts_with(&format!("{own}/"))
            && resource != format!("{own}*")
            && resource != "*"
    });
    stray.then(|| "Policy has invalid resource".to_owned())
}
