//! The questions that shims ask the emulators on their own, in the name of the
//! caller: same account, same region, past recorder and weather.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method};
use serde_json::Value;
use std::sync::Arc;

use crate::sandbox::emulators::Emulators;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;
use crate::sandbox::server;

pub struct Backend<'a> {
    pub emulators: &'a Arc<Emulators>,
    pub call: &'a Inbound,
}

impl Backend<'_> {
    /// A call of a JSON service.
    pub async fn json(&self, service: &str, target: &str, body: &Value) -> Reply {
        let mut headers = self.headers(service);
        headers.insert(
            "x-amz-target",
            HeaderValue::from_str(target).unwrap_or(HeaderValue::from_static("")),
        );
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        self.send(
            service,
            Method::POST,
            "/",
            headers,
            Bytes::from(body.to_string()),
        )
        .await
    }

    /// A call of a query service; returns its XML.
    pub async fn query(&self, service: &str, fields: &[(&str, &str)]) -> Reply {
        let mut headers = self.headers(service);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(service, Method::POST, "/", headers, Bytes::from(body))
            .await
    }

    /// A question to a REST service.
    pub async fn get(&self, service: &str, target: &str) -> Reply {
        self.send(
            service,
            Method::GET,
            target,
            self.headers(service),
            Bytes::new(),
        )
        .await
    }

    /// A call of API Gateway.
    pub async fn rest(&self, method: Method, target: &str, body: &str) -> Reply {
        let mut headers = self.headers("apigateway");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Bytes::from(body.to_owned());
        self.send("apigateway", method, target, headers, body).await
    }

    /// A call of S3.
    pub async fn s3(&self, method: Method, target: &str, body: impl Into<Bytes>) -> Reply {
        self.send("s3", method, target, self.headers("s3"), body.into())
            .await
    }

    /// Invokes a function, by its ARN, and waits for it; whether it succeeded.
    pub async fn invoke(&self, arn: &str, event: &Value) -> bool {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let target = format!("/2015-03-31/functions/{name}/invocations");
        let (headers, body) = (self.headers("lambda"), Bytes::from(event.to_string()));
        let reply = self
            .send("lambda", Method::POST, &target, headers, body)
            .await;
        // A function that fails is a success of Lambda's.
        reply.status().is_success() && !reply.headers().contains_key("x-amz-function-error")
    }

    /// The metadata of a key, by id, ARN or alias; None when there is no such key.
    pub async fn key(&self, id: &str) -> Option<Value> {
        let reply = self
            .json(
                "kms",
                "TrentService.DescribeKey",
                &serde_json::json!({ "KeyId": id }),
            )
            .await;
        reply::body_json(&reply).get("KeyMetadata").cloned()
    }

    fn headers(&self, service: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in ["host", "x-amz-security-token", "x-amz-date"] {
            if let Some(value) = self.call.headers.get(name) {
                headers.insert(name, value.clone());
            }
        }
        let (key, region) = (&self.call.access_key, &self.call.region);
        let key = if key.is_empty() { "test" } else { key };
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260102/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        if let Ok(scope) = HeaderValue::from_str(&scope) {
            headers.insert(AUTHORIZATION, scope);
        }
        headers
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Reply {
        let mut asked = self.call.clone();
        asked.service = service.to_owned();
        (asked.method, asked.headers, asked.body) = (method, headers, body);
        asked.target = target.to_owned();
        server::forward(self.emulators, &asked).await
    }
}
