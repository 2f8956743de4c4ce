//! A bucket answers in its own region only: S3 sends callers of other regions
//! away with 301 PermanentRedirect and the region in a header. ministack
//! answers for every bucket everywhere, which would hide a client that was
//! built for the wrong region.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hyper::header::HeaderValue;

use crate::sandbox::emulators::REGION;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "s3_region";

/// The regions of the buckets that were created through this sandbox.
#[derive(Default)]
pub struct Regions(Mutex<BTreeMap<String, String>>);

impl Regions {
    pub fn refuse(&self, call: &Inbound) -> Option<Reply> {
        if call.service != "s3"
            || ["CreateBucket", "ListBuckets", "GetBucketLocation"]
                .contains(&call.operation.as_str())
        {
            return None;
        }
        let region = super::lock(&self.0)
            .get(call.bucket())
            .filter(|region| **region != call.region)
            .cloned()?;
        let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
        let mut reply = reply::error(call, 301, "PermanentRedirect", message);
        reply
            .headers_mut()
            .insert("x-amz-bucket-region", HeaderValue::from_str(&region).ok()?);
        Some(reply)
    }

    /// Changes nothing in the answer.
    pub fn learn(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if reply.status().is_success() && call.is("s3", &["CreateBucket"]) {
            let wanted = std::str::from_utf8(&call.body)
                .ok()
                .and_then(|body| reply::element(body, "LocationConstraint"));
            let region = match wanted {
                None => REGION,
                Some("EU") => "eu-west-1",
                Some(region) => region,
            };
            super::lock(&self.0).insert(call.bucket().to_owned(), region.to_owned());
        } else if reply.status().is_success() && call.is("s3", &["DeleteBucket"]) {
            super::lock(&self.0).remove(call.bucket());
        }
        None
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}
