//! What the functions do: one module each, and the frame that all share. The
//! frame reads the event, gives the operation less time than Lambda gives it,
//! writes the audit row and answers whoever asked.

pub mod encrypt;
pub mod evaluate;
mod inspect;
pub mod remediate;
pub mod rotate;
pub mod scan;
pub mod validate;

use crate::audit::{self, DocumentVersion, Row, Written};
use crate::clients::Clients;
use crate::clock;
use crate::error::Failure;
use crate::event::{Incoming, api_answer};
use crate::log::Log;
use crate::scanner::Scanner;
use crate::settings::Settings;
use crate::xray;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};
use time::OffsetDateTime;

/// What is left of Lambda's timeout when an operation is ended by us, so that
/// there is time to write the row and to answer.
const RESERVE: Duration = Duration::from_millis(1500);

/// What is left of it when the row has to be written.
const ANSWERING: Duration = Duration::from_millis(500);

/// The operations, by the value of `_HANDLER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Validate,
    Encrypt,
    Scan,
    Remediate,
    Rotate,
    Evaluate,
}

impl Operation {
    pub const ALL: [Self; 6] = [
        Self::Validate,
        Self::Encrypt,
        Self::Scan,
        Self::Remediate,
        Self::Rotate,
        Self::Evaluate,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Encrypt => "encrypt",
            Self::Scan => "scan",
            Self::Remediate => "remediate",
            Self::Rotate => "rotate",
            Self::Evaluate => "evaluate",
        }
    }

    fn is_about_documents(self) -> bool {
        matches!(self, Self::Validate | Self::Encrypt | Self::Scan)
    }

    /// The operation that `_HANDLER` names.
    pub fn from_handler(handler: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|o| o.as_str() == handler);
        found.ok_or_else(|| Failure::Setting {
            name: "_HANDLER",
            why: format!(
                "{handler:?} is no handler; it must be one of {}",
                Self::ALL.map(Self::as_str).join(", ")
            ),
        })
    }
}

/// What lives as long as the execution environment.
pub struct Function {
    pub operation: Operation,
    pub settings: Settings,
    pub clients: Clients,
    /// This binary, which runs itself to parse documents.
    pub program: PathBuf,
    /// What hides personal data in the names of documents.
    pub masks: OnceLock<Option<Scanner>>,
}

impl Function {
    /// `text` as a row, a log line or an alert may show it. A document's name
    /// is its sender's choice, and some name a document after a card.
    pub fn shown(&self, text: &str) -> String {
        if !self.operation.is_about_documents() {
            return text.to_owned();
        }
        // Configured patterns that do not compile are a failure of the scan
        // alone; what is always looked for is always hidden.
        let scanner = || {
            Scanner::new(&self.settings.patterns)
                .or_else(|_| Scanner::new(&[]))
                .ok()
        };
        match self.masks.get_or_init(scanner) {
            Some(scanner) => scanner.redact(text),
            None => "********".to_owned(),
        }
    }

    fn shown_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.shown(text)),
            Value::Array(values) => values.iter().map(|value| self.shown_value(value)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.shown_value(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

/// What Lambda says about one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub request_id: String,
    pub trace: Option<String>,
    pub function_version: String,
    pub deadline: SystemTime,
}

/// One operation under way.
pub struct Call<'a> {
    pub function: &'a Function,
    pub settings: &'a Settings,
    pub clients: &'a Clients,
    pub log: Log,
    pub request_id: String,
    pub invocation: &'a Invocation,
    /// When the operation is ended by us.
    pub until: Instant,
    /// When Lambda ends it, and the process with it.
    deadline: Instant,
    /// Which document it is about, as soon as that is known: a failure's row
    /// must say it too (PCI DSS 10.2.2).
    about: OnceLock<DocumentVersion>,
    /// API Gateway's own id of a request.
    api_request_id: Option<String>,
}

impl Call<'_> {
    /// The time there is.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Says which document this is about. Without a version it is the current
    /// one.
    pub fn is_about(&self, bucket: &str, key: &str, version: Option<&str>) {
        // Only the first counts: what the event itself names.
        let _ = self.about.set(DocumentVersion {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: version.unwrap_or("current").to_owned(),
        });
    }

    /// Writes a row while there is time: a write that hangs must not take the
    /// answer with it.
    pub(crate) async fn write(&self, row: &Row) -> Result<Written, Failure> {
        let table = &self.settings.audit_table;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let written = audit::write(self.clients, table, row);
        match tokio::time::timeout(left.saturating_sub(ANSWERING), written).await {
            Ok(written) => written,
            Err(_) => Err(Failure::Local {
                operation: "writing the audit row",
                cause: "the table did not answer before the function's time was over".to_owned(),
            }),
        }
    }
}

/// Where an operation comes from: what makes its row's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub id: String,
    pub at: OffsetDateTime,
    pub principal: String,
    pub source: &'static str,
}

/// How an operation ended.
pub enum Ending {
    /// Nothing was to be done and nothing is recorded, such as for an event
    /// that the pipeline itself caused. The text says why.
    Ignored(&'static str),
    Done(Outcome),
}

/// What came of an operation.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One word, such as `accepted`.
    pub verdict: String,
    pub reason: Option<String>,
    pub document: Option<DocumentVersion>,
    /// For the row: never content.
    pub detail: Map<String, Value>,
    /// The HTTP status for an API caller; 200 when 0.
    pub status: u16,
    /// For the caller, beside `request_id`, `verdict` and `document_key`.
    pub answer: Map<String, Value>,
    /// When the operation happened, when the event does not say.
    pub at: Option<OffsetDateTime>,
}

impl Outcome {
    pub fn new(verdict: impl Into<String>) -> Self {
        Self {
            verdict: verdict.into(),
            ..Self::default()
        }
    }

    /// A fact for both the row and the caller.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.detail.insert(name.to_owned(), value.clone());
        self.answer.insert(name.to_owned(), value);
        self
    }
}

/// Handles what Lambda was invoked with. A batch of a queue is handled record
/// by record, and those that failed are named so that only they come again.
pub async fn handle(
    function: &Function,
    invocation: &Invocation,
    event: Value,
) -> Result<Value, Failure> {
    let Some(records) = queue_records(&event) else {
        return one(function, invocation, event).await;
    };
    let mut failed = Vec::new();
    for (id, body) in records {
        let done = match serde_json::from_str(body) {
            Ok(event) => one(function, invocation, event).await.map(drop),
            Err(error) => Err(Failure::Event {
                operation: function.operation.as_str(),
                problem: format!("the record {id} holds no JSON: {error}"),
            }),
        };
        if let Err(failure) = done {
            let log = Log::new(function.operation.as_str(), &invocation.request_id, None);
            log.error(
                "a record of the batch failed",
                json!({ "messageId": id, "error": function.shown(&failure.to_string()) }),
            );
            failed.push(json!({ "itemIdentifier": id }));
        }
    }
    Ok(json!({ "batchItemFailures": failed }))
}

/// The message ids and bodies of an SQS batch
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>).
fn queue_records(event: &Value) -> Option<Vec<(&str, &str)>> {
    let records = event.get("Records")?.as_array()?;
    records
        .iter()
        .map(|record| {
            if record.get("eventSource")? != "aws:sqs" {
                return None;
            }
            let id = record.get("messageId")?.as_str()?;
            Some((id, record.get("body")?.as_str()?))
        })
        .collect()
}

async fn one(function: &Function, invocation: &Invocation, event: Value) -> Result<Value, Failure> {
    let name = function.operation.as_str();
    let began = Instant::now();
    let began_at = SystemTime::now();
    let incoming = Incoming::parse(event);
    let is_api = matches!(incoming, Incoming::Api(_));
    let origin = origin(function.operation, &incoming, invocation);
    let left = invocation
        .deadline
        .duration_since(began_at)
        .unwrap_or_default();
    let call = Call {
        function,
        settings: &function.settings,
        clients: &function.clients,
        log: Log::new(name, &origin.id, invocation.trace.as_deref()),
        request_id: origin.id.clone(),
        invocation,
        until: began + left.saturating_sub(RESERVE),
        deadline: began + left,
        about: OnceLock::new(),
        api_request_id: incoming.api_request_id().map(str::to_owned),
    };
    let performed = match tokio::time::timeout(call.left(), perform(&call, &incoming)).await {
        Ok(performed) => performed,
        Err(_) => Err(Failure::Local {
            operation: name,
            cause: "the function's time was nearly over; raise its timeout".to_owned(),
        }),
    };
    let ended = record(&call, &origin, began, performed).await;
    xray::subsegment(invocation.trace.as_deref(), name, began_at, ended.is_err());
    match ended {
        Ok((status, body)) if is_api => Ok(api_answer(status, &body)),
        Ok((_, body)) => Ok(body),
        Err(failure) if is_api => {
            // The caller learns the id under which the log tells the rest.
            let error = json!({ "code": "InternalError", "message": "the operation failed; it may be tried again" });
            let body = json!({ "request_id": origin.id, "error": error });
            say_failure(&call, &failure);
            Ok(api_answer(500, &body))
        }
        Err(failure) => {
            say_failure(&call, &failure);
            Err(failure)
        }
    }
}

fn say_failure(call: &Call<'_>, failure: &Failure) {
    let error = call.function.shown(&failure.to_string());
    call.log
        .error("failed", json!({ "error": error, "kind": failure.kind() }));
}

fn origin(operation: Operation, incoming: &Incoming, invocation: &Invocation) -> Origin {
    let own = match (operation, incoming) {
        (Operation::Rotate, Incoming::Other(event)) => rotate::origin(event),
        (Operation::Evaluate, Incoming::Other(event)) => evaluate::origin(event),
        _ => None,
    };
    own.unwrap_or_else(|| Origin {
        id: incoming.id().unwrap_or(&invocation.request_id).to_owned(),
        at: incoming.at().unwrap_or_else(clock::now),
        principal: incoming.principal(),
        source: incoming.source(),
    })
}

async fn perform(call: &Call<'_>, incoming: &Incoming) -> Result<Ending, Failure> {
    match call.function.operation {
        Operation::Validate => validate::perform(call, incoming).await,
        Operation::Encrypt => encrypt::perform(call, incoming).await,
        Operation::Scan => scan::perform(call, incoming).await,
        Operation::Remediate => remediate::perform(call, incoming).await,
        Operation::Rotate => rotate::perform(call, incoming).await,
        Operation::Evaluate => evaluate::perform(call, incoming).await,
    }
}

/// Writes the row of what was performed; returns the answer's status and body.
async fn record(
    call: &Call<'_>,
    origin: &Origin,
    began: Instant,
    performed: Result<Ending, Failure>,
) -> Result<(u16, Value), Failure> {
    let outcome = match performed {
        Ok(Ending::Ignored(why)) => {
            call.log.info("ignored", json!({ "reason": why }));
            return Ok((200, json!({ "ignored": why })));
        }
        Ok(Ending::Done(outcome)) => outcome,
        Err(Failure::Request {
            status,
            code,
            message,
        }) => Outcome {
            status,
            reason: Some(code.to_owned()),
            answer: Map::from_iter([(
                "error".to_owned(),
                json!({ "code": code, "message": message }),
            )]),
            ..Outcome::new("rejected")
        },
        Err(failure) => {
            // A row of its own, by the time of this attempt: the event comes
            // again, and its row must still be free.
            let mut outcome = Outcome {
                reason: Some(failure.kind().to_owned()),
                at: Some(clock::now()),
                ..Outcome::new("failed")
            };
            if let Failure::Partly { done, .. } = &failure {
                outcome.detail.insert("actions".to_owned(), json!(done));
            }
            let row = row(call, origin, began, &outcome);
            if let Err(second) = call.write(&row).await {
                call.log.error(
                    "the failure could not be recorded",
                    json!({ "error": call.function.shown(&second.to_string()) }),
                );
            }
            return Err(failure);
        }
    };
    let row = row(call, origin, began, &outcome);
    let written = call.write(&row).await?;
    call.log.info(
        &row.verdict,
        json!({
            "verdict": row.verdict, "reason": row.reason, "detail": row.detail,
            "durationMs": began.elapsed().as_millis() as u64, "repeated": written == Written::Before,
            "documentKey": row.document.as_ref().map(|document| &document.key),
        }),
    );
    let mut body = outcome.answer;
    body.insert("request_id".into(), json!(origin.id));
    body.insert("verdict".into(), json!(outcome.verdict));
    if let Some(document) = outcome.document {
        body.entry("document_key").or_insert(json!(document.key));
    }
    let status = if outcome.status == 0 {
        200
    } else {
        outcome.status
    };
    Ok((status, Value::Object(body)))
}

fn row(call: &Call<'_>, origin: &Origin, began: Instant, outcome: &Outcome) -> Row {
    let operation = call.function.operation.as_str();
    Row {
        request_id: format!("{operation}#{}", origin.id),
        at: outcome.at.unwrap_or(origin.at),
        pipeline: call.settings.pipeline.clone(),
        operation,
        principal: origin.principal.clone(),
        source: origin.source,
        verdict: outcome.verdict.clone(),
        reason: outcome.reason.clone(),
        duration: began.elapsed(),
        lambda_request_id: call.invocation.request_id.clone(),
        // The caller's choice, as a document's name is its sender's.
        api_request_id: call
            .api_request_id
            .as_deref()
            .map(|id| call.function.shown(id)),
        function_version: call.invocation.function_version.clone(),
        document: outcome
            .document
            .as_ref()
            .or(call.about.get())
            .map(|document| DocumentVersion {
                key: call.function.shown(&document.key),
                ..document.clone()
            }),
        detail: outcome
            .detail
            .iter()
            .map(|(name, value)| (name.clone(), call.function.shown_value(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_one_of_the_six() {
        assert_eq!(Operation::from_handler("scan").unwrap(), Operation::Scan);
        let error = Operation::from_handler("index.handler").unwrap_err();
        assert!(error.to_string().contains("validate, encrypt"), "{error}");
    }

    #[test]
    fn only_a_queues_records_are_a_batch() {
        let batch =
            json!({ "Records": [{ "messageId": "m", "eventSource": "aws:sqs", "body": "{}" }] });
        assert_eq!(queue_records(&batch), Some(vec![("m", "{}")]));
        assert_eq!(
            queue_records(&json!({ "Records": [{ "eventSource": "aws:s3" }] })),
            None
        );
        assert_eq!(queue_records(&json!({ "detail": {} })), None);
    }
}
