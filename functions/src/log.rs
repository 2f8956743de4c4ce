//! Log lines: one JSON object each, as Lambda's JSON log format has them, so
//! that CloudWatch Logs Insights finds their fields. Never the content of a
//! document, a matched value or a secret: what is logged is named field by
//! field where it is logged.

use serde_json::{Map, Value, json};
use std::io::Write;

/// The lines of one invocation.
#[derive(Clone, Debug)]
pub struct Log {
    operation: &'static str,
    request_id: String,
    trace_id: Option<String>,
}

impl Log {
    pub fn new(operation: &'static str, request_id: &str, trace_id: Option<&str>) -> Self {
        Self {
            operation,
            request_id: request_id.to_owned(),
            trace_id: trace_id.map(str::to_owned),
        }
    }

    /// `fields` is a JSON object; its members stand beside the line's own.
    pub fn info(&self, message: &str, fields: Value) {
        self.line("INFO", message, fields);
    }

    pub fn warn(&self, message: &str, fields: Value) {
        self.line("WARN", message, fields);
    }

    pub fn error(&self, message: &str, fields: Value) {
        self.line("ERROR", message, fields);
    }

    fn line(&self, level: &str, message: &str, fields: Value) {
        let line = self.compose(level, message, fields);
        // Lambda reads standard output; a line that cannot be written has no other way out.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    fn compose(&self, level: &str, message: &str, fields: Value) -> Value {
        let mut line = match fields {
            Value::Object(fields) => fields,
            Value::Null => Map::new(),
            other => Map::from_iter([("detail".to_owned(), other)]),
        };
        line.insert("timestamp".into(), json!(crate::clock::now_text()));
        line.insert("level".into(), json!(level));
        line.insert("message".into(), json!(message));
        line.insert("operation".into(), json!(self.operation));
        line.insert("requestId".into(), json!(self.request_id));
        if let Some(trace) = &self.trace_id {
            line.insert("traceId".into(), json!(trace));
        }
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_object_and_its_own_fields_win() {
        let log = Log::new("scan", "r-1", Some("Root=1-2-3"));
        let line = log.compose("INFO", "done\nreally", json!({ "level": "x", "n": 1 }));
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["n"], 1);
        assert_eq!(line["traceId"], "Root=1-2-3");
        assert!(!line.to_string().contains('\n'));
    }
}
