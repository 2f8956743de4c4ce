//! Access logs go to a bucket that exists, in the same region and account; S3
//! refuses others (InvalidTargetBucketForLogging). ministack does not look.

use hyper::Method;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::header;

pub const NAME: &str = "s3_logging_target";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("s3", &["PutBucketLogging"]) {
        return None;
    }
    let target = reply::element(std::str::from_utf8(&call.body).ok()?, "TargetBucket")?.to_owned();
    let head = backend.s3(Method::HEAD, &format!("/{target}"), "").await;
    let reason = if !head.status().is_success() {
        "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group."
    } else if header(head.headers(), "x-amz-bucket-region") != call.region {
        "The target bucket for logging must be in the same region as the source bucket."
    } else {
        return None;
    };
    Some(reply::error(
        call,
        400,
        "InvalidTargetBucketForLogging",
        reason,
    ))
}
