//! The audit table: one row per operation, never changed (R045, R076, R077).
//!
//! A row's key is made of the event's own id and time, so that a repeated or
//! reordered delivery writes the very same key. The condition on the write
//! makes the second a no-op; the function's role may do nothing but put.

use crate::clients::Clients;
use crate::clock;
use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::time::Duration;
use time::OffsetDateTime;

/// A row. Its table's keys are `requestId` and `timestamp`, its index' are
/// `day` and `timestamp`.
#[derive(Debug)]
pub struct Row {
    /// `<operation>#<id of the event>`: the operation is the entity's prefix.
    pub request_id: String,
    /// When the event happened, by its sender's clock.
    pub at: OffsetDateTime,
    pub pipeline: String,
    pub operation: &'static str,
    pub principal: String,
    /// `api`, `event`, `service`.
    pub source: &'static str,
    /// What came of it: `accepted`, `refused`, `clean`, `failed`, ...
    pub verdict: String,
    pub reason: Option<String>,
    pub duration: Duration,
    pub lambda_request_id: String,
    /// API Gateway's id of the request, which its access log has too. A caller
    /// may choose it, so it is no key.
    pub api_request_id: Option<String>,
    pub function_version: String,
    pub document: Option<DocumentVersion>,
    /// Processing metadata (R077): sizes, kinds, counts, checksums. Never content.
    pub detail: Map<String, Value>,
}

/// One version of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    pub bucket: String,
    pub key: String,
    pub version: String,
}

/// Whether a row is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    New,
    /// The same operation was recorded before.
    Before,
}

/// Writes a row. Errors: any but the condition's, and then the operation has
/// failed, since what is not recorded has not been done (PCI DSS 10.2).
pub async fn write(clients: &Clients, table: &str, row: &Row) -> Result<Written, Failure> {
    let answer = clients
        .dynamodb()
        .put_item()
        .table_name(table)
        .set_item(Some(item(row)))
        .condition_expression("attribute_not_exists(requestId)")
        .send()
        .await;
    match answer {
        Ok(_) => Ok(Written::New),
        Err(error) => {
            let error = error.into_service_error();
            if error.is_conditional_check_failed_exception() {
                return Ok(Written::Before);
            }
            Err(Failure::aws("dynamodb:PutItem", table, error))
        }
    }
}

/// What is about to be done that takes something away.
pub struct Intent<'a> {
    /// The call, such as `iam:UpdateAccessKey`.
    pub action: &'a str,
    /// What it is made on.
    pub target: &'a str,
    pub principal: &'a str,
    pub source: &'static str,
    /// What undoes it.
    pub detail: Map<String, Value>,
}

/// Writes an intent, before it is carried out, so that no failure, timeout or
/// later attempt can lose what undoes it. A row of its own, by the time of this
/// attempt: an attempt that comes later has a row again.
pub async fn intend(call: &Call<'_>, intent: Intent<'_>) -> Result<(), Failure> {
    let operation = call.function.operation.as_str();
    let (id, action, target) = (&call.request_id, intent.action, intent.target);
    let row = Row {
        request_id: format!("{operation}#{id}#{action}/{target}"),
        at: clock::now(),
        pipeline: call.settings.pipeline.clone(),
        operation,
        principal: intent.principal.to_owned(),
        source: intent.source,
        verdict: "intended".to_owned(),
        reason: None,
        duration: Duration::ZERO,
        lambda_request_id: call.invocation.request_id.clone(),
        api_request_id: None,
        function_version: call.invocation.function_version.clone(),
        document: None,
        detail: intent.detail,
    };
    // Written before means: by this very call, whose answer was lost.
    call.write(&row).await.map(drop)
}

fn item(row: &Row) -> HashMap<String, AttributeValue> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let mut item = HashMap::from([
        ("requestId".to_owned(), text(&row.request_id)),
        (
            "timestamp".to_owned(),
            AttributeValue::S(clock::text(row.at)),
        ),
        ("day".to_owned(), AttributeValue::S(clock::day(row.at))),
        ("pipeline".to_owned(), text(&row.pipeline)),
        ("operation".to_owned(), text(row.operation)),
        ("principal".to_owned(), text(&row.principal)),
        ("source".to_owned(), text(row.source)),
        ("verdict".to_owned(), text(&row.verdict)),
        (
            "durationMs".to_owned(),
            AttributeValue::N(row.duration.as_millis().to_string()),
        ),
        ("lambdaRequestId".to_owned(), text(&row.lambda_request_id)),
        ("functionVersion".to_owned(), text(&row.function_version)),
    ]);
    if let Some(id) = &row.api_request_id {
        item.insert("apiRequestId".to_owned(), text(id));
    }
    if let Some(reason) = &row.reason {
        item.insert("reason".to_owned(), text(reason));
    }
    if let Some(document) = &row.document {
        item.insert("documentBucket".to_owned(), text(&document.bucket));
        item.insert("documentKey".to_owned(), text(&document.key));
        item.insert("documentVersion".to_owned(), text(&document.version));
    }
    if !row.detail.is_empty() {
        item.insert(
            "detail".to_owned(),
            attribute(&Value::Object(row.detail.clone())),
        );
    }
    item
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(value) => AttributeValue::N(value.to_string()),
        Value::String(value) => AttributeValue::S(value.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(attribute).collect()),
        Value::Object(values) => AttributeValue::M(
            values
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_has_the_keys_of_table_and_index_and_no_empty_parts() {
        let row = Row {
            request_id: "scan#e-1".into(),
            at: clock::parse("2026-11-12T10:00:00Z").unwrap(),
            pipeline: "documents-dev@us-east-1".into(),
            operation: "scan",
            principal: "aws.s3".into(),
            source: "event",
            verdict: "clean".into(),
            reason: None,
            duration: Duration::from_millis(12),
            lambda_request_id: "l-1".into(),
            api_request_id: None,
            function_version: "7".into(),
            document: None,
            detail: Map::from_iter([("pages".to_owned(), json!(3))]),
        };
        let item = item(&row);
        assert_eq!(
            item["timestamp"].as_s().unwrap(),
            "2026-11-12T10:00:00.000Z"
        );
        assert_eq!(item["day"].as_s().unwrap(), "2026-11-12");
        assert_eq!(item["durationMs"].as_n().unwrap(), "12");
        assert_eq!(item["detail"].as_m().unwrap()["pages"].as_n().unwrap(), "3");
        assert!(!item.contains_key("reason") && !item.contains_key("documentKey"));
    }
}
