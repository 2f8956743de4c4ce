//! What a request is: the service and region it was signed for, the operation
//! it asks for, the resource it is about, and whether it changes anything.
//! Router, recorder, weather and shims all read this and nothing else.

use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde_json::Value;

use super::rest_operation::Operations;
use super::scope::{self, Scope};
use super::{cbor, emulators, s3_operation};

/// How a service's requests and errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `X-Amz-Target` and a JSON body.
    Json,
    /// A form with `Action=`, answered in XML.
    Query,
    /// The same with EC2's own error document.
    Ec2,
    /// Methods and paths with JSON bodies.
    RestJson,
    /// S3: methods and paths with XML bodies.
    S3,
    /// The operation at the end of the path, bodies in CBOR.
    Cbor,
}

/// A request, read.
#[derive(Clone, Debug)]
pub struct Inbound {
    pub method: Method,
    /// Path and query as they were sent (they are signed).
    pub target: String,
    /// The path, percent-decoded.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub protocol: Protocol,
    pub service: String,
    pub region: String,
    /// Whose key it was signed with: the emulators tell accounts apart by it.
    pub access_key: String,
    pub operation: String,
    pub resource: String,
    pub mutating: bool,
}

impl Inbound {
    pub fn new(parts: Parts, body: Bytes, operations: &Operations) -> Self {
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str())
            .to_owned();
        let query: Vec<(String, String)> = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        let path = decode(parts.uri.path());
        let scope = scope::of(&parts.headers, &query, &body);
        let wanted = header(&parts.headers, "x-amz-target").to_owned();
        let Scope {
            access_key,
            region,
            service,
        } = scope.unwrap_or_else(|| Scope {
            access_key: String::new(),
            region: emulators::REGION.to_owned(),
            service: unsigned_service(&path, &wanted),
        });
        // What an account says for all of its buckets is an API of its own,
        // signed as S3's.
        let service = match service.as_str() {
            "s3" if path.starts_with("/v20180820/") => "s3control".to_owned(),
            _ => service,
        };
        let form = if header(&parts.headers, "content-type")
            .starts_with("application/x-www-form-urlencoded")
        {
            pairs(&body)
        } else {
            Vec::new()
        };
        let action = find(&form, "Action")
            .or_else(|| find(&query, "Action"))
            .unwrap_or_default()
            .to_owned();
        let named = operations.name(&service, &parts.method, parts.uri.path(), &query);
        let (protocol, operation) = if let Some((_, operation)) = wanted.rsplit_once('.') {
            (Protocol::Json, operation.to_owned())
        } else if !action.is_empty() {
            (
                if service == "ec2" {
                    Protocol::Ec2
                } else {
                    Protocol::Query
                },
                action,
            )
        } else if header(&parts.headers, "smithy-protocol") == "rpc-v2-cbor" {
            let operation = path.rsplit('/').next().unwrap_or_default();
            (Protocol::Cbor, operation.to_owned())
        } else if service == "s3control" {
            let subject = path.rsplit('/').next().unwrap_or_default();
            let verb = match parts.method {
                Method::GET => "Get",
                Method::DELETE => "Delete",
                _ => "Put",
            };
            (Protocol::S3, format!("{verb}{}", capitalised(subject)))
        } else if service == "s3" {
            let copies = parts.headers.contains_key("x-amz-copy-source");
            (
                Protocol::S3,
                s3_operation::name(parts.method.as_str(), &path, &query, copies),
            )
        } else {
            let nameless = || format!("{} {path}", parts.method);
            let operation = named.as_ref().map(|named| named.operation.clone());
            (Protocol::RestJson, operation.unwrap_or_else(nameless))
        };
        let resource = match protocol {
            Protocol::Json => resource_in(&serde_json::from_slice(&body).unwrap_or_default()),
            Protocol::Cbor => resource_in(&cbor::decode(&body).unwrap_or_default()),
            Protocol::Query | Protocol::Ec2 => form_resource(&form),
            Protocol::S3 => path.trim_matches('/').to_owned(),
            Protocol::RestJson => match &named {
                Some(named) => rest_resource(&named.labels, &body),
                None => path.clone(),
            },
        };
        let mutating = match protocol {
            Protocol::RestJson if named.is_none() => {
                !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS)
            }
            _ => mutates(&service, &operation),
        };
        Self {
            method: parts.method,
            target,
            path,
            query,
            headers: parts.headers,
            body,
            protocol,
            service,
            region,
            access_key,
            operation,
            resource,
            mutating,
        }
    }

    /// `kms:CreateKey` and the like.
    pub fn is(&self, service: &str, operations: &[&str]) -> bool {
        self.service == service && operations.contains(&self.operation.as_str())
    }

    /// The body of a JSON or CBOR request; null when it is none.
    pub fn json(&self) -> Value {
        match self.protocol {
            Protocol::Cbor => cbor::decode(&self.body).unwrap_or_default(),
            _ => serde_json::from_slice(&self.body).unwrap_or_default(),
        }
    }

    /// A field of the form of a query request.
    pub fn field(&self, name: &str) -> Option<String> {
        find(&pairs(&self.body), name).map(str::to_owned)
    }

    /// All fields of the form of a query request.
    pub fn fields(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    pub fn bucket(&self) -> &str {
        s3_operation::split(&self.path).0
    }

    pub fn user_agent(&self) -> &str {
        header(&self.headers, "user-agent")
    }
}

/// `PublicAccessBlock` of `publicAccessBlock`.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Requests that nobody signed: deployed APIs, and anonymous calls.
fn unsigned_service(path: &str, target: &str) -> String {
    let service = if path.contains("/_user_request_") || path.starts_with("/restapis/") {
        "execute-api"
    } else if target.starts_with("DynamoDB") {
        "dynamodb"
    } else if target.starts_with("TrentService") {
        "kms"
    } else if target.starts_with("AmazonSSM") {
        "ssm"
    } else {
        "s3"
    };
    service.to_owned()
}

/// Operations that only look. AWS names operations by their verb.
fn mutates(service: &str, operation: &str) -> bool {
    const READS: &[&str] = &[
        "Get",
        "List",
        "Describe",
        "Head",
        "BatchGet",
        "Query",
        "Scan",
        "Lookup",
        "Search",
        "Filter",
        "Select",
        "Simulate",
        "Validate",
        "Check",
        "Preview",
        "Estimate",
        "Test",
        "TransactGet",
        "PreflightRequest",
    ];
    const KMS_READS: &[&str] = &[
        "Encrypt",
        "Decrypt",
        "ReEncrypt",
        "GenerateDataKey",
        "GenerateMac",
        "GenerateRandom",
        "Sign",
        "Verify",
        "DeriveSharedSecret",
    ];
    let starts = |verbs: &[&str]| verbs.iter().any(|verb| operation.starts_with(verb));
    !(starts(READS) || service == "sts" || service == "kms" && starts(KMS_READS))
}

/// The field of a request's body that names its resource, most telling first.
fn resource_in(body: &Value) -> String {
    for field in [
        "AliasName",
        "KeyId",
        "TableName",
        "Name",
        "ResourceArn",
        "ResourceARN",
        "ResourceId",
        "SecretId",
        "logGroupName",
        "FunctionName",
        "Rule",
        "name",
        "AlarmName",
        "DashboardName",
    ] {
        if let Some(name) = body.get(field).and_then(Value::as_str) {
            return name.to_owned();
        }
    }
    // A key has no name; what its maker calls it stands in its tags.
    let tags = body.get("Tags").and_then(Value::as_array);
    let tag = tags
        .into_iter()
        .flatten()
        .find(|tag| tag.get("TagKey").and_then(Value::as_str) == Some("tap:logical-id"));
    tag.and_then(|tag| tag.get("TagValue"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// What the path names last, or what the body calls that which is made.
fn rest_resource(labels: &[String], body: &[u8]) -> String {
    let last = labels.last().cloned();
    last.unwrap_or_else(|| resource_in(&serde_json::from_slice(body).unwrap_or_default()))
}

fn form_resource(form: &[(String, String)]) -> String {
    for field in [
        "SubscriptionArn",
        "TopicArn",
        "ResourceArn",
        "Name",
        "RoleArn",
        "RoleName",
        "UserName",
        "PolicyArn",
        "PolicyName",
        "QueueUrl",
        "VpcId",
        "SubnetId",
        "GroupId",
    ] {
        if let Some(name) = find(form, field) {
            return name.to_owned();
        }
    }
    String::new()
}

pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

pub fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// Percent-decoding of a path, in which a plus is a plus.
pub fn decode(path: &str) -> String {
    let path = path
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    form_urlencoded::parse(path.as_bytes())
        .next()
        .map(|(path, _)| path.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rest_operation;
    use hyper::Request;

    fn inbound(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Inbound {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Inbound::new(
            parts,
            Bytes::from(body.to_owned()),
            &rest_operation::tests::some(),
        )
    }

    fn signed(service: &str, region: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20260102/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    #[test]
    fn unsigned_requests_are_told_by_their_path() {
        assert_eq!(
            inbound(
                "GET",
                "/restapis/abc/prod/_user_request_/documents",
                &[],
                ""
            )
            .service,
            "execute-api"
        );
        assert_eq!(inbound("GET", "/bucket/key", &[], "").service, "s3");
    }

    #[test]
    fn resources_and_mutations_are_recognised() {
        let form = [
            ("authorization", signed("sns", "us-east-1")),
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            ),
        ];
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let subscribe = inbound(
            "POST",
            "/",
            &form,
            "Action=Subscribe&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A1%3At&Protocol=email",
        );
        assert_eq!(
            (
                subscribe.operation.as_str(),
                subscribe.resource.as_str(),
                subscribe.mutating
            ),
            ("Subscribe", "arn:aws:sns:us-east-1:1:t", true)
        );
        let table = [
            ("authorization", signed("dynamodb", "us-east-1")),
            ("x-amz-target", "DynamoDB_20120810.DescribeTable".to_owned()),
        ];
        let table: Vec<(&str, &str)> = table
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let describe = inbound("POST", "/", &table, r#"{"TableName":"audit"}"#);
        assert_eq!(
            (
                describe.operation.as_str(),
                describe.resource.as_str(),
                describe.mutating
            ),
            ("DescribeTable", "audit", false)
        );
    }

    #[test]
    fn rest_operations_have_the_names_of_aws_and_change_what_their_verb_says() {
        let cases = [
            (
                "apigateway",
                "POST",
                "/restapis",
                r#"{"name":"api"}"#,
                ("CreateRestApi", "api", true),
            ),
            (
                "apigateway",
                "PUT",
                "/restapis/abc/resources/def/methods/POST",
                "{}",
                ("PutMethod", "POST", true),
            ),
            (
                "lambda",
                "POST",
                "/2015-03-31/functions",
                r#"{"FunctionName":"scan"}"#,
                ("CreateFunction", "scan", true),
            ),
            (
                "lambda",
                "GET",
                "/2015-03-31/functions/scan/policy",
                "",
                ("GetPolicy", "scan", false),
            ),
            (
                "lambda",
                "POST",
                "/2015-03-31/functions/scan/invocations",
                "{}",
                ("Invoke", "scan", true),
            ),
            (
                "xray",
                "POST",
                "/GetSamplingRules",
                "{}",
                ("GetSamplingRules", "", false),
            ),
            (
                "lambda",
                "DELETE",
                "/2099-01-01/new",
                "",
                ("DELETE /2099-01-01/new", "/2099-01-01/new", true),
            ),
        ];
        for (service, method, uri, body, expected) in cases {
            let scope = signed(service, "us-east-1");
            let call = inbound(method, uri, &[("authorization", &scope)], body);
            assert_eq!(
                (
                    call.operation.as_str(),
                    call.resource.as_str(),
                    call.mutating
                ),
                expected
            );
        }
    }
}
