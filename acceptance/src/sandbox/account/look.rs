//! One look into one region, past recorder and weather, as the caller that
//! every test is.

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::kinds::{Ask, Ec2, Json, Kind, Query, Rest};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;
use crate::sandbox::server::Sandbox;
use crate::sandbox::shims::Traces;

pub struct Look<'a> {
    pub sandbox: &'a Sandbox,
    pub region: &'a str,
}

impl Look<'_> {
    /// The names of all things of a kind.
    pub async fn names(&self, kind: &Kind) -> Result<Vec<String>, String> {
        let service = kind.service;
        match &kind.ask {
            Ask::Json(list) => self.json_names(service, list).await,
            Ask::Rest(list) => self.rest_names(service, list).await,
            Ask::Query(list) => self.query_names(service, list).await,
            Ask::Ec2(list) => self.ec2_names(list).await,
            Ask::Buckets => self.buckets().await,
            Ask::Keys => self.keys().await,
            Ask::Subscriptions => self.subscriptions().await,
        }
    }

    async fn keys(&self) -> Result<Vec<String>, String> {
        let list = Json {
            target: "TrentService.ListKeys",
            body: || json!({}),
            list: "Keys",
            field: "KeyId",
        };
        let mut living = Vec::new();
        for id in self.json_names("kms", &list).await? {
            let key = self
                .json("kms", "TrentService.DescribeKey", &json!({ "KeyId": id }))
                .await?;
            let text = |field: &str| {
                key.pointer(&format!("/KeyMetadata/{field}"))
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            if text("KeyManager") != "AWS" && text("KeyState") != "PendingDeletion" {
                living.push(id);
            }
        }
        Ok(living)
    }

    async fn buckets(&self) -> Result<Vec<String>, String> {
        let reply = self.send("s3", Request::get("/"), Bytes::new()).await?;
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let buckets = text.split("<Bucket>").skip(1);
        let here = buckets.filter(|bucket| {
            reply::element(bucket, "BucketRegion").is_none_or(|region| region == self.region)
        });
        Ok(here
            .filter_map(|bucket| reply::element(bucket, "Name"))
            .map(str::to_owned)
            .collect())
    }

    /// Topic and address, since a pending subscription has no name.
    async fn subscriptions(&self) -> Result<Vec<String>, String> {
        let action = ("Action", "ListSubscriptions");
        let text = self
            .query("sns", &[action, ("Version", "2010-03-31")])
            .await?;
        let subscription = |part: &str| {
            Some(format!(
                "{} {}",
                reply::element(part, "TopicArn")?,
                reply::element(part, "Endpoint")?
            ))
        };
        Ok(text
            .split("<member>")
            .skip(1)
            .filter_map(subscription)
            .collect())
    }

    async fn ec2_names(&self, list: &Ec2) -> Result<Vec<String>, String> {
        let fields = [("Action", list.action), ("Version", "2016-11-15")];
        let text = self.query("ec2", &fields).await?;
        let ours = reply::items(&text, list.set).into_iter();
        Ok(ours
            .filter(|item| !item.contains(list.not))
            .filter_map(|item| reply::element(item, list.element))
            .map(str::to_owned)
            .collect())
    }

    async fn query_names(&self, service: &str, list: &Query) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        // Where a page ends: SNS and CloudWatch say NextToken, IAM says Marker.
        let mut next: Option<(&str, String)> = None;
        loop {
            let mut fields = vec![("Action", list.action), ("Version", list.version)];
            fields.extend(list.fields);
            fields.extend(next.as_ref().map(|(name, token)| (*name, token.as_str())));
            let text = self.query(service, &fields).await?;
            names.extend(reply::elements(&text, list.element));
            next = ["NextToken", "Marker"].into_iter().find_map(|name| {
                let token = reply::element(&text, name)?;
                (!token.is_empty()).then(|| (name, token.to_owned()))
            });
            if next.is_none() {
                return Ok(names);
            }
        }
    }

    /// All pages of a list of a JSON service.
    async fn json_names(&self, service: &str, list: &Json) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        let mut body = (list.body)();
        loop {
            let page = self.json(service, list.target, &body).await?;
            names.extend(fields(&page, list.list, list.field));
            let next = [
                ("NextToken", "NextToken"),
                ("nextToken", "nextToken"),
                ("LastEvaluatedTableName", "ExclusiveStartTableName"),
                (
                    "NextMarker",
                    if service == "kms" {
                        "Marker"
                    } else {
                        "NextMarker"
                    },
                ),
            ];
            let next = next
                .into_iter()
                .find_map(|(said, asked)| Some((asked, page.get(said)?.clone())));
            let Some((name, token)) = next.filter(|(_, token)| token.is_string()) else {
                return Ok(names);
            };
            // wafv2 names a marker although nothing follows.
            if body.get(name) == Some(&token) || fields(&page, list.list, list.field).is_empty() {
                return Ok(names);
            }
            body = (list.body)();
            body[name] = token;
        }
    }

    /// The emulators page these lists at 50 or more, or not at all: one page
    /// has Lambda's functions up to 50, API Gateway's things up to 500.
    async fn rest_names(&self, service: &str, list: &Rest) -> Result<Vec<String>, String> {
        let reply = self
            .ask(service, Request::get(list.path), Bytes::new())
            .await?;
        if reply.status() == hyper::StatusCode::NOT_FOUND {
            // A list that the emulator does not have has nothing in it.
            return Ok(Vec::new());
        }
        let reply = succeeded(service, list.path, reply)?;
        let page = reply::body_json(&reply);
        // API Gateway says `item`, and ministack now and then `items`.
        let name = if page.get(list.list).is_some() {
            list.list
        } else {
            "items"
        };
        Ok(fields(&page, name, list.field))
    }

    pub async fn rest(&self, service: &str, path: &str) -> Result<Value, String> {
        let reply = self.send(service, Request::get(path), Bytes::new()).await?;
        Ok(reply::body_json(&reply))
    }

    async fn json(&self, service: &str, target: &str, body: &Value) -> Result<Value, String> {
        let request = Request::post("/")
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1");
        let reply = self
            .send(service, request, Bytes::from(body.to_string()))
            .await?;
        Ok(reply::body_json(&reply))
    }

    async fn query(&self, service: &str, fields: &[(&str, &str)]) -> Result<String, String> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let reply = self.send(service, request, Bytes::from(body)).await?;
        Ok(String::from_utf8_lossy(reply.body()).into_owned())
    }

    async fn send(
        &self,
        service: &str,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Reply, String> {
        let reply = self.ask(service, request, body).await?;
        succeeded(service, self.region, reply)
    }

    async fn ask(
        &self,
        service: &str,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Reply, String> {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260102/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.region
        );
        let host = self.sandbox.endpoint.trim_start_matches("http://");
        let request = request
            .header("host", host)
            .header("authorization", scope)
            .body(())
            .map_err(|error| error.to_string())?;
        let (parts, ()) = request.into_parts();
        let call = Inbound::new(parts, body, &self.sandbox.operations);
        Ok(self
            .sandbox
            .shims
            .carry_out(&self.sandbox.emulators, &call, &mut Traces::default())
            .await)
    }
}

fn succeeded(service: &str, what: &str, reply: Reply) -> Result<Reply, String> {
    match reply.status().is_success() {
        true => Ok(reply),
        false => Err(format!(
            "looking at {service} ({what}) failed with {}: {}",
            reply.status(),
            String::from_utf8_lossy(reply.body())
        )),
    }
}

/// The named field of each item of a list, or the items themselves.
fn fields(page: &Value, list: &str, field: &str) -> Vec<String> {
    let items = page.get(list).and_then(Value::as_array);
    let name = |item: &Value| match field {
        "" => item.as_str().map(str::to_owned),
        field => item.get(field)?.as_str().map(str::to_owned),
    };
    items.into_iter().flatten().filter_map(name).collect()
}
