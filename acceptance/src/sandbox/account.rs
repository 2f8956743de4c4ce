//! What exists in the account, for tests that must prove that nothing was left
//! behind. Asks the emulators past recorder and weather, so that looking
//! changes nothing that a test counts.
//!
//! Left out is what AWS leaves behind too: keys that are pending deletion, and
//! what AWS itself puts into every account.

use std::collections::BTreeSet;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::emulators::REGION;
use super::reply::{self, Reply};
use super::request::Inbound;
use super::server::Sandbox;
use super::shims::Traces;

/// Region by region, kind by kind, the names of everything that exists. Kinds
/// and regions without anything are left out: an empty account is `{}`.
pub async fn list(sandbox: &Sandbox) -> Result<Value, String> {
    let mut regions: BTreeSet<String> = sandbox.recorder.regions();
    regions.insert(REGION.to_owned());
    let mut account = Map::new();
    for region in regions {
        let look = Look {
            sandbox,
            region: &region,
        };
        let mut found = Map::new();
        for (kind, names) in [
            (
                "aliases",
                look.json_names("kms", "TrentService.ListAliases", "Aliases", "AliasName")
                    .await?,
            ),
            ("buckets", look.buckets().await?),
            ("keys", look.keys().await?),
            (
                "parameters",
                look.json_names("ssm", "AmazonSSM.DescribeParameters", "Parameters", "Name")
                    .await?,
            ),
            ("subscriptions", look.subscriptions().await?),
            ("tables", look.tables().await?),
            (
                "topics",
                look.query_elements("ListTopics", "TopicArn").await?,
            ),
        ] {
            let mut names: Vec<String> = names
                .into_iter()
                .filter(|name| !name.starts_with("alias/aws/"))
                .collect();
            names.sort();
            if !names.is_empty() {
                found.insert(kind.to_owned(), json!(names));
            }
        }
        if !found.is_empty() {
            account.insert(region.clone(), Value::Object(found));
        }
    }
    Ok(Value::Object(account))
}

struct Look<'a> {
    sandbox: &'a Sandbox,
    region: &'a str,
}

impl Look<'_> {
    async fn keys(&self) -> Result<Vec<String>, String> {
        let mut living = Vec::new();
        for id in self
            .json_names("kms", "TrentService.ListKeys", "Keys", "KeyId")
            .await?
        {
            let key = reply::body_json(
                &self
                    .json("kms", "TrentService.DescribeKey", &json!({ "KeyId": id }))
                    .await?,
            );
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

    async fn tables(&self) -> Result<Vec<String>, String> {
        let body = reply::body_json(
            &self
                .json("dynamodb", "DynamoDB_20120810.ListTables", &json!({}))
                .await?,
        );
        let names = body
            .get("TableNames")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Ok(names.filter_map(Value::as_str).map(str::to_owned).collect())
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
        let text = self.query("ListSubscriptions", None).await?;
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

    async fn query_elements(&self, operation: &str, element: &str) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let text = self.query(operation, token.as_deref()).await?;
            names.extend(
                text.split("<member>")
                    .skip(1)
                    .filter_map(|part| reply::element(part, element))
                    .map(str::to_owned),
            );
            token = reply::element(&text, "NextToken")
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// All pages of a list of a JSON service.
    async fn json_names(
        &self,
        service: &str,
        target: &str,
        list: &str,
        name: &str,
    ) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        let mut body = json!({});
        loop {
            let page = reply::body_json(&self.json(service, target, &body).await?);
            let items = page
                .get(list)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            names.extend(
                items
                    .filter_map(|item| item.get(name))
                    .filter_map(Value::as_str)
                    .map(str::to_owned),
            );
            body = match (page.get("NextMarker"), page.get("NextToken")) {
                (Some(marker), _) => json!({ "Marker": marker }),
                (_, Some(token)) => json!({ "NextToken": token }),
                _ => return Ok(names),
            };
        }
    }

    async fn json(&self, service: &str, target: &str, body: &Value) -> Result<Reply, String> {
        let request = Request::post("/")
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1");
        self.send(service, request, Bytes::from(body.to_string()))
            .await
    }

    async fn query(&self, operation: &str, token: Option<&str>) -> Result<String, String> {
        let fields = [("Action", operation), ("Version", "2010-03-31")]
            .into_iter()
            .chain(token.map(|token| ("NextToken", token)));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let reply = self.send("sns", request, Bytes::from(body)).await?;
        Ok(String::from_utf8_lossy(reply.body()).into_owned())
    }

    async fn send(
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
        let call = Inbound::new(parts, body);
        let reply = self
            .sandbox
            .shims
            .carry_out(&self.sandbox.emulators, &call, &mut Traces::default())
            .await;
        match reply.status().is_success() {
            true => Ok(reply),
            false => Err(format!(
                "{service}:{} of {} failed with {}",
                call.operation,
                self.region,
                reply.status()
            )),
        }
    }
}
