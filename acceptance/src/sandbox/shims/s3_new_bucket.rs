//! Since April 2023 every new bucket blocks public access in all four ways.
//! ministack's new buckets have no public access block.

use hyper::Method;

use super::backend::Backend;

pub const NAME: &str = "s3_new_bucket";

const BLOCK: &str = "<PublicAccessBlockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";

/// Whether the call creates a bucket that is not there yet: in us-east-1,
/// creating one's own bucket again succeeds and must change nothing.
pub async fn is_new(backend: &Backend<'_>) -> bool {
    let call = backend.call;
    call.is("s3", &["CreateBucket"])
        && backend
            .s3(Method::HEAD, &format!("/{}", call.bucket()), "")
            .await
            .status()
            == 404
}

pub async fn block_public_access(backend: &Backend<'_>) {
    backend
        .s3(
            Method::PUT,
            &format!("/{}?publicAccessBlock", backend.call.bucket()),
            BLOCK,
        )
        .await;
}
