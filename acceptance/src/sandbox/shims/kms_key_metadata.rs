//! Key metadata says whose key it is (AWSAccountId). ministack leaves it out.

use serde_json::Value;

use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "kms_key_metadata";

pub fn correct(call: &Inbound, reply: &Reply) -> Option<Reply> {
    if !call.is("kms", &["CreateKey", "DescribeKey"]) {
        return None;
    }
    let mut body = reply::body_json(reply);
    let metadata = body.get_mut("KeyMetadata")?.as_object_mut()?;
    let account = metadata
        .get("Arn")
        .and_then(Value::as_str)?
        .split(':')
        .nth(4)?
        .to_owned();
    metadata.insert("AWSAccountId".to_owned(), account.into());
    Some(reply::with_body(reply.clone(), body.to_string()))
}
