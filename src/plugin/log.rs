//! The log: one JSON object a line on stderr, in the form of Go's hclog, which
//! Terraform reads, filters again and shows under `TF_LOG`.
//!
//! Events of this provider follow `TF_LOG_PROVIDER`, or else `TF_LOG`. Libraries
//! stay at warnings whatever the level: at trace level HTTP and SDK crates print
//! headers and bodies, and with them credentials.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Terraform refuses a time of any other form, and then the whole line.
const TIMESTAMP: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// go-plugin cuts lines at 64 KiB and reads each piece as an event of its own.
const TEXT_LIMIT: usize = 16 * 1024;

/// Sets up the log of the process. `name` is the binary's: its own events count
/// as this provider's.
pub(super) fn init(name: &str, otherwise: LevelFilter) {
    let level = ["TF_LOG_PROVIDER", "TF_LOG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .map_or(otherwise, |value| level(&value));
    let library = module_path!().split("::").next().unwrap_or_default();
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(library, level)
        .with_target(name.replace('-', "_"), level);
    // An error means that the process has a log already.
    _ = tracing_subscriber::registry()
        .with(Hclog.with_filter(filter))
        .try_init();
}

/// Terraform's names for levels; what it does not know means everything, as it
/// does to Terraform.
fn level(name: &str) -> LevelFilter {
    match name.to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// Writes events as hclog does.
struct Hclog;

/// What a span says of every event inside it.
struct SpanFields(Map<String, Value>);

impl<S> Layer<S> for Hclog
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields.0));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<SpanFields>()
        {
            let mut fields = Fields::default();
            values.record(&mut fields);
            known.0.append(&mut fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(known) = span.extensions().get::<SpanFields>() {
                let known = known.0.iter();
                fields
                    .0
                    .extend(known.map(|(key, value)| (key.clone(), value.clone())));
            }
        }
        event.record(&mut fields);
        let line = line(
            *event.metadata().level(),
            event.metadata().target(),
            fields.0,
        );
        // Terraform may be gone; there is nobody to tell.
        _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(level: Level, module: &str, mut fields: Map<String, Value>) -> String {
    let message = fields.remove("message").unwrap_or_else(|| "".into());
    let now = OffsetDateTime::now_utc().format(TIMESTAMP);
    let mut object = Map::new();
    object.insert("@level".into(), level.as_str().to_ascii_lowercase().into());
    object.insert("@message".into(), message);
    object.insert("@module".into(), module.replace("::", ".").into());
    object.insert("@timestamp".into(), now.unwrap_or_default().into());
    object.extend(fields);
    let mut line = Value::Object(object).to_string();
    line.push('\n');
    line
}

/// Collects an event's fields as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, field: &Field, mut text: String) {
        if text.len() > TEXT_LIMIT {
            let end = (0..=TEXT_LIMIT).rev().find(|&at| text.is_char_boundary(at));
            let cut = text.len() - end.unwrap_or(0);
            text.truncate(end.unwrap_or(0));
            _ = write!(text, "... ({cut} bytes more)");
        }
        self.0.insert(field.name().to_owned(), text.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_terraform_parses() {
        let fields = Map::from_iter([
            ("message".to_owned(), Value::from("created")),
            ("count".to_owned(), Value::from(3)),
        ]);
        let line = line(Level::WARN, "tap::engine", fields);
        assert!(line.ends_with('\n'));
        let parsed: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(parsed["@level"], "warn");
        assert_eq!(parsed["@message"], "created");
        assert_eq!(parsed["@module"], "tap.engine");
        assert_eq!(parsed["count"], 3);
        let time = parsed["@timestamp"].as_str().unwrap();
        assert_eq!(time.len(), "2026-01-02T15:04:05.000000Z".len());
    }

    #[test]
    fn levels_have_terraforms_names() {
        assert_eq!(level("debug"), LevelFilter::DEBUG);
        assert_eq!(level("OFF"), LevelFilter::OFF);
        assert_eq!(level("JSON"), LevelFilter::TRACE);
    }
}
