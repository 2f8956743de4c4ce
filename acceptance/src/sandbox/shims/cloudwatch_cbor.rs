//! CloudWatch speaks CBOR to today's SDKs. ministack does so only where a
//! library is installed that it does not bring, and else answers JSON to a
//! caller that asked for CBOR; it is asked in CloudWatch's JSON instead.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use crate::sandbox::cbor;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::{Inbound, Protocol};

pub const NAME: &str = "cloudwatch_cbor";

/// The same call in JSON.
pub fn as_json(call: &Inbound) -> Option<Inbound> {
    if call.protocol != Protocol::Cbor {
        return None;
    }
    let target = format!("GraniteServiceVersion20100801.{}", call.operation);
    let mut json = call.clone();
    json.body = Bytes::from(call.json().to_string());
    json.protocol = Protocol::Json;
    json.target = "/".to_owned();
    json.path = "/".to_owned();
    for name in ["smithy-protocol", "accept", "x-amzn-query-mode"] {
        json.headers.remove(name);
    }
    json.headers
        .insert("x-amz-target", HeaderValue::from_str(&target).ok()?);
    json.headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.0"),
    );
    Some(json)
}

/// The same answer in CBOR.
pub fn as_cbor(reply: Reply) -> Reply {
    let body = cbor::encode(&reply::body_json(&reply));
    let mut reply = reply::with_body(reply, body);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    headers.remove("x-amzn-errortype");
    reply
}
