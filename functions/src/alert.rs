//! Alerts on the pipeline's topic: JSON for machines, text for the mailbox.
//!
//! At least once: an operation that is tried again may alert again, and none
//! ends without its alert. A body never holds more of a document than what
//! was found in it and how often.

use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Map, Value, json};

/// SNS's limit for a subject
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>): fewer than
/// 100 characters, ASCII, no line breaks.
const LONGEST_SUBJECT: usize = 99;

/// What somebody should know.
#[derive(Debug)]
pub struct Alert {
    /// A word to filter subscriptions by, such as `document-non-compliant`.
    pub kind: &'static str,
    pub subject: String,
    /// One fact after the other, in the order in which they are read.
    pub facts: Vec<(&'static str, Value)>,
}

impl Alert {
    pub fn new(kind: &'static str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            facts: Vec::new(),
        }
    }

    pub fn fact(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    fn subject(&self) -> String {
        let kept = self.subject.chars().map(|c| match c {
            ' '..='~' => c,
            _ => '?',
        });
        kept.take(LONGEST_SUBJECT).collect()
    }

    fn machine(&self, pipeline: &str) -> Value {
        let mut body = Map::from_iter([
            ("alert".to_owned(), json!(self.kind)),
            ("pipeline".to_owned(), json!(pipeline)),
            ("subject".to_owned(), json!(self.subject)),
        ]);
        let facts = self.facts.iter();
        body.extend(facts.map(|(name, value)| ((*name).to_owned(), value.clone())));
        Value::Object(body)
    }

    fn people(&self, pipeline: &str) -> String {
        let mut text = format!("{}\n\npipeline: {pipeline}\n", self.subject);
        for (name, value) in &self.facts {
            let value = match value {
                Value::String(value) => value.clone(),
                Value::Array(values) => {
                    let lines = values.iter().map(|value| match value {
                        Value::String(value) => format!("\n  - {value}"),
                        other => format!("\n  - {other}"),
                    });
                    lines.collect()
                }
                other => other.to_string(),
            };
            text.push_str(&format!("{name}: {value}\n"));
        }
        text
    }
}

/// Publishes it. Errors: any, since an alert that nobody gets is none; the
/// operation fails with it and comes again.
pub async fn publish(call: &Call<'_>, alert: &Alert) -> Result<(), Failure> {
    let topic = call.settings.need("TAP_TOPIC_ARN")?;
    let pipeline = &call.settings.pipeline;
    let machine = alert.machine(pipeline).to_string();
    let message = json!({ "default": machine, "email": alert.people(pipeline) });
    let kind = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(alert.kind)
        .build()
        .map_err(|error| Failure::Local {
            operation: "composing an alert",
            cause: error.to_string(),
        })?;
    call.clients
        .sns()
        .publish()
        .topic_arn(topic)
        .subject(alert.subject())
        .message_structure("json")
        .message(message.to_string())
        .message_attributes("alert", kind)
        .send()
        .await
        .map_err(|error| Failure::aws("sns:Publish", topic, error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_reads_well_and_fits() {
        let alert = Alert::new("test", format!("Größe\n{}", "x".repeat(200)))
            .fact("document", "raw/a.pdf")
            .fact("found", json!(["3 x payment-card", "1 x us-ssn"]));
        let subject = alert.subject();
        assert!(subject.starts_with("Gr??e?x") && subject.len() == LONGEST_SUBJECT);
        let text = alert.people("documents-dev@us-east-1");
        assert!(
            text.contains("document: raw/a.pdf\nfound: \n  - 3 x payment-card\n  - 1 x us-ssn")
        );
        assert_eq!(alert.machine("p")["found"][1], "1 x us-ssn");
    }
}
