//! What AWS sends, as far as the functions read it. Own types: of the shapes
//! of API Gateway, EventBridge, S3, GuardDuty and Config a handler needs a
//! dozen fields, and everything else may change without breaking it.
//!
//! Sources: [API Gateway proxy input](https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html),
//! [EventBridge events](https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html),
//! [S3 event message](https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).

use crate::clock;
use crate::document::Kind;
use crate::error::Failure;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The detail type of the event by which validate tells encrypt.
pub const DOCUMENT_VALIDATED: &str = "Document Validated";
/// The source of the pipeline's own events.
pub const PIPELINE_SOURCE: &str = "tap.pipeline";

/// A request through API Gateway's Lambda proxy integration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiRequest {
    pub http_method: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub is_base64_encoded: bool,
    pub request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    pub request_id: String,
    #[serde(default)]
    pub request_time_epoch: i64,
    #[serde(default)]
    pub identity: Identity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    #[serde(default)]
    pub user_arn: Option<String>,
    #[serde(default)]
    pub api_key_id: Option<String>,
    #[serde(default)]
    pub source_ip: Option<String>,
}

impl Identity {
    /// Who asked: the IAM principal, else the API key's id, else the address.
    fn principal(&self) -> String {
        if let Some(arn) = &self.user_arn {
            return arn.clone();
        }
        if let Some(key) = &self.api_key_id {
            return format!("api-key/{key}");
        }
        match &self.source_ip {
            Some(address) => format!("address/{address}"),
            None => "anonymous".to_owned(),
        }
    }
}

impl ApiRequest {
    /// The body as JSON of `T`, or a sentence on what is wrong with it.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        use base64::Engine as _;
        let refuse = |message: String| Failure::request(400, "InvalidBody", message);
        let Some(body) = self.body.as_deref().filter(|body| !body.is_empty()) else {
            let message = "the request has no body; send a JSON object with document_key";
            return Err(refuse(message.to_owned()));
        };
        let decoded;
        let body = if self.is_base64_encoded {
            decoded = base64::engine::general_purpose::STANDARD
                .decode(body)
                .map_err(|_| refuse("the body is not base64".to_owned()))?;
            decoded.as_slice()
        } else {
            body.as_bytes()
        };
        // serde_json's message may quote the caller's own value back: it goes
        // to the caller, and into no row or log line.
        serde_json::from_slice(body)
            .map_err(|error| refuse(format!("the body is not the JSON expected here: {error}")))
    }
}

/// An event of EventBridge.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BusEvent {
    pub id: String,
    pub detail_type: String,
    pub source: String,
    #[serde(default)]
    pub account: String,
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub time: String,
    #[serde(default)]
    pub resources: Vec<String>,
    pub detail: Value,
}

impl BusEvent {
    pub fn is(&self, source: &str, detail_type: &str) -> bool {
        self.source == source && self.detail_type == detail_type
    }

    pub fn detail<T: DeserializeOwned>(&self, operation: &'static str) -> Result<T, Failure> {
        T::deserialize(&self.detail).map_err(|error| Failure::Event {
            operation,
            problem: format!("{} from {}: {error}", self.detail_type, self.source),
        })
    }
}

/// The detail of S3's `Object Created`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObjectCreated {
    pub bucket: BucketName,
    pub object: ObjectName,
    #[serde(default)]
    pub requester: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct BucketName {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObjectName {
    /// As it is: only S3's own notifications URL-encode keys, EventBridge's do not.
    pub key: String,
    /// None when the bucket is not versioned.
    #[serde(default)]
    pub version_id: Option<String>,
}

/// The detail of [`DOCUMENT_VALIDATED`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DocumentValidated {
    pub pipeline: String,
    pub bucket: String,
    pub key: String,
    pub version_id: String,
    pub kind: Kind,
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// What the functions are invoked with.
pub enum Incoming {
    Api(ApiRequest),
    Bus(BusEvent),
    /// Anything else: a handler that knows it reads it itself.
    Other(Value),
}

impl Incoming {
    /// The failure of an operation that has no use for this.
    pub fn unknown(&self, operation: &'static str) -> Failure {
        let problem = match self {
            Self::Api(_) => "a request of API Gateway".to_owned(),
            Self::Bus(event) => format!("{:?} from {:?}", event.detail_type, event.source),
            Self::Other(_) => "neither a request of API Gateway nor an event of EventBridge".into(),
        };
        Failure::Event { operation, problem }
    }

    pub fn parse(event: Value) -> Self {
        if event.get("requestContext").is_some()
            && let Ok(request) = ApiRequest::deserialize(&event)
        {
            return Self::Api(request);
        }
        if event.get("detail-type").is_some()
            && let Ok(event) = BusEvent::deserialize(&event)
        {
            return Self::Bus(event);
        }
        Self::Other(event)
    }

    /// The id under which a repetition of the same event is the same
    /// operation; none when the event carries none. A request is never
    /// repeated by API Gateway, and its id is none to go by: callers may
    /// choose it with the header `x-amzn-RequestId`
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>),
    /// and two requests of one id would share a row.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Bus(event) => Some(&event.id),
            Self::Api(_) | Self::Other(_) => None,
        }
    }

    /// API Gateway's id of a request, which its access log has too.
    pub fn api_request_id(&self) -> Option<&str> {
        match self {
            Self::Api(request) => Some(&request.request_context.request_id),
            Self::Bus(_) | Self::Other(_) => None,
        }
    }

    /// When it happened, by the sender's clock.
    pub fn at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Api(request) => {
                clock::from_epoch_milliseconds(request.request_context.request_time_epoch)
            }
            Self::Bus(event) => clock::parse(&event.time),
            Self::Other(_) => None,
        }
    }

    pub fn principal(&self) -> String {
        match self {
            Self::Api(request) => request.request_context.identity.principal(),
            Self::Bus(event) => match event.detail.get("requester").and_then(Value::as_str) {
                Some(requester) => requester.to_owned(),
                None => event.source.clone(),
            },
            Self::Other(_) => "lambda.amazonaws.com".to_owned(),
        }
    }

    /// `api`, or where the event comes from.
    pub fn source(&self) -> &'static str {
        match self {
            Self::Api(_) => "api",
            Self::Bus(_) => "event",
            Self::Other(_) => "service",
        }
    }
}

/// An answer of the Lambda proxy integration.
pub fn api_answer(status: u16, body: &Value) -> Value {
    json!({
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            // Verdicts are about one caller's document.
            "Cache-Control": "no-store",
        },
        "isBase64Encoded": false,
        "body": body.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Value, base64: bool) -> ApiRequest {
        let event = json!({
            "httpMethod": "POST", "body": body, "isBase64Encoded": base64,
            "requestContext": { "requestId": "r", "requestTimeEpoch": 42, "identity": { "sourceIp": "192.0.2.1" } },
        });
        match Incoming::parse(event) {
            Incoming::Api(request) => request,
            _ => panic!("no API request"),
        }
    }

    #[test]
    fn a_body_may_be_base64_and_a_bad_one_is_the_callers_fault() {
        let body: Value = request(json!("eyJhIjoxfQ=="), true).body().unwrap();
        assert_eq!(body, json!({ "a": 1 }));
        for (body, base64) in [
            (json!(null), false),
            (json!("{"), false),
            (json!("%"), true),
        ] {
            let error = request(body, base64).body::<Value>().unwrap_err();
            assert!(
                matches!(error, Failure::Request { status: 400, .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn the_principal_is_the_most_telling_one() {
        let mut identity = Identity {
            source_ip: Some("192.0.2.1".into()),
            ..Identity::default()
        };
        assert_eq!(identity.principal(), "address/192.0.2.1");
        identity.api_key_id = Some("k".into());
        assert_eq!(identity.principal(), "api-key/k");
        identity.user_arn = Some("arn:aws:iam::123456789012:user/u".into());
        assert_eq!(identity.principal(), "arn:aws:iam::123456789012:user/u");
    }

    #[test]
    fn an_event_of_the_bus_is_known_by_its_detail_type() {
        let event = json!({
            "version": "0", "id": "e-1", "detail-type": "Object Created", "source": "aws.s3",
            "account": "123456789012", "time": "2026-11-12T00:00:00Z", "region": "us-east-1",
            "resources": [], "detail": {
                "bucket": { "name": "b" },
                "object": { "key": "raw/a b.pdf", "size": 5, "version-id": "v" },
                "request-id": "q", "requester": "123456789012",
            },
        });
        let Incoming::Bus(event) = Incoming::parse(event) else {
            panic!("no event")
        };
        let detail: ObjectCreated = event.detail("validate").unwrap();
        assert_eq!(detail.object.key, "raw/a b.pdf");
        assert_eq!(detail.object.version_id.as_deref(), Some("v"));
        assert_eq!(Incoming::Bus(event).principal(), "123456789012");
    }
}
