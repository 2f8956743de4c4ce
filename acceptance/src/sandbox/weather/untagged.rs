//! An answer as it is while tags that were put have not reached it: each
//! service's own form of "no tags".

use serde_json::Value;

use crate::sandbox::cbor;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::{Inbound, header};

/// What tags are called: in JSON, where case tells services apart, and in XML.
const JSON: [&str; 4] = ["Tags", "tags", "TagList", "Tag"];
const XML: [&str; 2] = ["Tags", "tagSet"];

/// That answer without tags. S3 has an error for it.
pub fn untagged(call: &Inbound, reply: Reply) -> Reply {
    if !reply.status().is_success() {
        return reply;
    }
    if call.service == "s3" {
        return match call.operation.as_str() {
            "GetBucketTagging" => {
                reply::error(call, 404, "NoSuchTagSet", "The TagSet does not exist")
            }
            _ => reply,
        };
    }
    let mut body = reply::body_json(&reply);
    if body.is_null() {
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let text = XML.iter().fold(text, |text, name| emptied(&text, name));
        return reply::with_body(reply, text);
    }
    empty(&mut body);
    let body = match header(reply.headers(), "smithy-protocol") {
        "" => body.to_string().into_bytes(),
        _ => cbor::encode(&body),
    };
    reply::with_body(reply, body)
}

fn empty(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(empty),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::Array(tags) if JSON.contains(&name.as_str()) => tags.clear(),
                    Value::Object(tags) if JSON.contains(&name.as_str()) => tags.clear(),
                    member => empty(member),
                }
            }
        }
        _ => {}
    }
}

/// Every element of that name without its content; none lies in another.
fn emptied(xml: &str, name: &str) -> String {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    let mut text = String::new();
    while let Some((before, inside)) = rest.split_once(&begin) {
        let Some((_, after)) = inside.split_once(&end) else {
            break;
        };
        text.extend([before, &begin, &end]);
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_go_wherever_they_stand_and_nothing_else_does() {
        let mut body = json!({ "Tags": [{ "Key": "a" }], "Role": { "Tags": { "a": "b" }, "Name": "n" }, "TagCount": 1 });
        empty(&mut body);
        assert_eq!(
            body,
            json!({ "Tags": [], "Role": { "Tags": {}, "Name": "n" }, "TagCount": 1 })
        );
        assert_eq!(
            emptied(
                "<a><tagSet><item/></tagSet><b/><tagSet>x</tagSet></a>",
                "tagSet"
            ),
            "<a><tagSet></tagSet><b/><tagSet></tagSet></a>"
        );
    }
}
