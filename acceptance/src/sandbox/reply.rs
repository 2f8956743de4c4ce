//! Answers in the shapes of the AWS protocols: an error that the sandbox makes
//! must be one that an SDK takes for the service's own.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::cbor;
use super::request::{Inbound, Protocol, header};

/// A whole answer.
pub type Reply = Response<Bytes>;

const REQUEST_ID: &str = "5a4db0c5-0000-4000-8000-000000000000";

/// An AWS error with the status, code and message given.
pub fn error(call: &Inbound, status: u16, code: &str, message: &str) -> Reply {
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let (code_text, message_text) = (escape(code), escape(message));
    let (kind, body) = match call.protocol {
        Protocol::Json | Protocol::RestJson => (
            "application/x-amz-json-1.1",
            json!({ "__type": code, "message": message })
                .to_string()
                .into_bytes(),
        ),
        Protocol::Cbor => (
            "application/cbor",
            cbor::encode(&json!({ "__type": code, "message": message })),
        ),
        Protocol::Query => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>{fault}</Type><Code>{code_text}</Code><Message>{message_text}</Message></Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
            ).into_bytes(),
        ),
        Protocol::Ec2 => (
            "text/xml",
            format!(
                "<Response><Errors><Error><Code>{code_text}</Code><Message>{message_text}</Message></Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
            ).into_bytes(),
        ),
        Protocol::S3 => (
            "application/xml",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code_text}</Code><Message>{message_text}</Message><Resource>{}</Resource><RequestId>{REQUEST_ID}</RequestId></Error>",
                escape(&call.path)
            ).into_bytes(),
        ),
    };
    let mut reply = Response::new(if call.method == Method::HEAD {
        Bytes::new()
    } else {
        Bytes::from(body)
    });
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-amzn-requestid", HeaderValue::from_static(REQUEST_ID));
    if call.protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    if call.protocol == Protocol::S3 {
        headers.insert("x-amz-request-id", HeaderValue::from_static(REQUEST_ID));
    }
    if let (Protocol::Json | Protocol::RestJson, Ok(code)) =
        (call.protocol, HeaderValue::from_str(code))
    {
        headers.insert("x-amzn-errortype", code);
    }
    reply
}

/// The throttling error of the service: same idea, a different name everywhere.
pub fn throttle(call: &Inbound) -> Reply {
    let (status, code, message) = match (call.protocol, call.service.as_str()) {
        (Protocol::S3, _) => (503, "SlowDown", "Please reduce your request rate."),
        (Protocol::Ec2, _) => (503, "RequestLimitExceeded", "Request limit exceeded."),
        (Protocol::RestJson, _) => (429, "TooManyRequestsException", "Too Many Requests"),
        (Protocol::Query, "sns") => (429, "Throttled", "Rate exceeded"),
        (Protocol::Query, _) => (400, "Throttling", "Rate exceeded"),
        (Protocol::Json, _) => (400, "ThrottlingException", "Rate exceeded"),
        (Protocol::Cbor, _) => (400, "Throttling", "Rate exceeded"),
    };
    error(call, status, code, message)
}

/// The refusal of a caller without the permission.
pub fn access_denied(call: &Inbound) -> Reply {
    let (status, code) = match (call.protocol, call.service.as_str()) {
        (Protocol::Query, "sns") => (403, "AuthorizationError"),
        (Protocol::S3 | Protocol::Query | Protocol::Cbor, _) => (403, "AccessDenied"),
        (Protocol::Ec2, _) => (403, "UnauthorizedOperation"),
        (Protocol::RestJson, _) => (403, "AccessDeniedException"),
        (Protocol::Json, _) => (400, "AccessDeniedException"),
    };
    let message = format!(
        "User: arn:aws:iam::123456789012:user/test is not authorized to perform: {}:{} on resource: {}",
        call.service, call.operation, call.resource
    );
    error(call, status, code, &message)
}

/// A successful answer of a JSON service.
pub fn json(call: &Inbound, body: &Value) -> Reply {
    let mut reply = Response::new(Bytes::from(body.to_string()));
    let kind = header(&call.headers, "content-type");
    let kind = if kind.is_empty() {
        "application/x-amz-json-1.1"
    } else {
        kind
    };
    reply.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/json")),
    );
    reply
        .headers_mut()
        .insert("x-amzn-requestid", HeaderValue::from_static(REQUEST_ID));
    reply
}

/// Replaces the body of an answer; what described the old one goes.
pub fn with_body(reply: Reply, body: impl Into<Bytes>) -> Reply {
    let (mut parts, _) = reply.into_parts();
    for name in ["content-length", "x-amz-crc32", "transfer-encoding"] {
        parts.headers.remove(name);
    }
    Response::from_parts(parts, body.into())
}

/// The body of a JSON or CBOR answer; null when it is none.
pub fn body_json(reply: &Reply) -> Value {
    match header(reply.headers(), "smithy-protocol") {
        "" => serde_json::from_slice(reply.body()).unwrap_or_default(),
        _ => cbor::decode(reply.body()).unwrap_or_default(),
    }
}

/// The AWS error code that an answer carries.
pub fn error_code(reply: &Reply) -> Option<String> {
    if reply.status().is_success() || reply.status().is_redirection() {
        return None;
    }
    let kind = header(reply.headers(), "x-amzn-errortype").to_owned();
    let body = body_json(reply);
    let from_body = ["__type", "code", "Code"]
        .iter()
        .find_map(|field| body.get(field).and_then(Value::as_str));
    let code = if !kind.is_empty() {
        kind
    } else if let Some(code) = from_body {
        code.to_owned()
    } else {
        element(&String::from_utf8_lossy(reply.body()), "Code")?.to_owned()
    };
    // `com.amazonaws.dynamodb#ResourceNotFoundException:http://...`
    let code = code.rsplit('#').next().unwrap_or_default();
    Some(code.split(':').next().unwrap_or_default().to_owned())
}

/// The text of the first element of that name.
pub fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The texts of all elements of that name.
pub fn elements(xml: &str, name: &str) -> Vec<String> {
    let end = format!("</{name}>");
    xml.split(&format!("<{name}>"))
        .skip(1)
        .filter_map(|rest| rest.split_once(&end))
        .map(|(text, _)| text.to_owned())
        .collect()
}

/// The items of a set, each whole with the items inside it.
pub fn items<'a>(xml: &'a str, set: &str) -> Vec<&'a str> {
    let Some(mut rest) = element(xml, set) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while let Some((_, inside)) = rest.split_once("<item>") {
        let (mut depth, mut end) = (1_usize, 0);
        while depth > 0 {
            let tail = &inside[end..];
            let Some(close) = tail.find("</item>") else {
                return found;
            };
            depth += tail[..close].matches("<item>").count();
            depth -= 1;
            end += close + "</item>".len();
        }
        let (item, after) = inside.split_at(end);
        found.push(item);
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_a_set_keep_the_items_inside_them() {
        let xml = "<s><item><a>1</a><b><item>x</item><item>y</item></b></item> <item><a>2</a></item></s><item/>";
        let found = items(xml, "s");
        let names: Vec<_> = found.iter().filter_map(|item| element(item, "a")).collect();
        assert_eq!(names, ["1", "2"]);
        assert!(found[0].contains("<item>y</item>"));
        assert!(items("<s/>", "s").is_empty());
    }
}
