//! Looks for card numbers and other personal data in an encrypted document.
//!
//! | verdict | when | alert |
//! |---|---|---|
//! | `clean` | nothing was found | no |
//! | `personal-data` | what was found is not in `TAP_ALERT_ON`, or not certain enough | no |
//! | `non-compliant` | a type in `TAP_ALERT_ON` was found with at least medium confidence (PCI DSS 12.10.7) | yes |
//! | `unscannable` | some or all of the document could not be read | yes |
//!
//! # Repeated and reordered events
//!
//! The result is put at a key that holds the version that was scanned, after
//! the alert: where it stands already, the alert has been sent, and a
//! repetition is silent. Two deliveries at the same time may both alert.

use super::inspect::{self, not_found};
use super::{Call, Ending, Outcome};
use crate::alert::{self, Alert};
use crate::document::{Mode, Parsed, Piece, Refusal};
use crate::error::Failure;
use crate::event::{ApiRequest, BusEvent, Incoming, ObjectCreated};
use crate::key::Name;
use crate::scanner::{Confidence, Count, Findings, Scanner};
use crate::store::{self, Local, Stored};
use serde::Deserialize;
use serde_json::{Value, json};

const NAME: &str = "scan";

/// The body of `POST /documents/scan`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    document_key: String,
}

pub(super) async fn perform(call: &Call<'_>, incoming: &Incoming) -> Result<Ending, Failure> {
    match incoming {
        Incoming::Api(request) => by_request(call, request).await.map(Ending::Done),
        Incoming::Bus(event) if event.is("aws.s3", "Object Created") => by_event(call, event).await,
        other => Err(other.unknown(NAME)),
    }
}

async fn by_event(call: &Call<'_>, event: &BusEvent) -> Result<Ending, Failure> {
    let created: ObjectCreated = event.detail(NAME)?;
    let bucket = call.settings.need("TAP_PROCESSED_BUCKET")?;
    if created.bucket.name != bucket {
        return Ok(Ending::Ignored("another bucket's object"));
    }
    let Some(name) = Name::from_encrypted(&created.object.key) else {
        return Ok(Ending::Ignored("an object outside of encrypted/"));
    };
    let version = created.object.version_id.as_deref();
    call.is_about(bucket, &created.object.key, version);
    match store::head(call.clients, bucket, &created.object.key, version).await? {
        Some(stored) => scan(call, &name, &stored, Rescan::No)
            .await
            .map(Ending::Done),
        None => Ok(Ending::Done(Outcome {
            reason: Some("not-found".to_owned()),
            ..Outcome::new("gone")
        })),
    }
}

async fn by_request(call: &Call<'_>, request: &ApiRequest) -> Result<Outcome, Failure> {
    let request: Request = request.body()?;
    let name = match Name::from_encrypted(&request.document_key) {
        Some(name) => name,
        None => Name::from_request(&request.document_key)?,
    };
    let bucket = call.settings.need("TAP_PROCESSED_BUCKET")?;
    call.is_about(bucket, &name.encrypted(), None);
    let stored = store::head(call.clients, bucket, &name.encrypted(), None)
        .await?
        .ok_or_else(|| {
            not_found(
                name.as_str(),
                " in the processed bucket; it may not have been encrypted yet",
            )
        })?;
    scan(call, &name, &stored, Rescan::Yes).await
}

/// Whether a document that has a result is alerted of once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rescan {
    /// An event that came before.
    No,
    /// Somebody asked.
    Yes,
}

/// What a scan came to.
struct Scanned {
    verdict: &'static str,
    findings: Findings,
    /// Why it could not be read.
    unreadable: Option<String>,
    parsed: Option<Parsed>,
    parts: Parts,
}

impl Scanned {
    fn pictures(&self) -> u32 {
        self.parsed.as_ref().map_or(0, |parsed| parsed.pictures)
    }
}

async fn scan(
    call: &Call<'_>,
    name: &Name,
    stored: &Stored,
    rescan: Rescan,
) -> Result<Outcome, Failure> {
    let scanned =
        match inspect::too_large(call, stored.size).or_else(|| inspect::empty(stored.size)) {
            Some(refusal) => unscannable(&refusal),
            None => {
                let local = store::download(call.clients, stored).await?;
                read(call, name, &local).await?
            }
        };
    let key = name.result(&stored.version);
    let result = result(call, stored, &scanned);
    let alerts = matches!(scanned.verdict, "non-compliant" | "unscannable");
    let bucket = &stored.bucket;
    let before = match rescan {
        Rescan::Yes => None,
        Rescan::No => store::head(call.clients, bucket, &key, None).await?,
    };
    if alerts && before.is_none() {
        alert::publish(call, &alert(call, name, stored, &scanned, &key)).await?;
    }
    if before.is_none() {
        let local = Local::from_bytes(result.to_string().as_bytes())?;
        store::put(call.clients, bucket, &key, &local)
            .await?
            .content_type("application/json")
            .send()
            .await
            .map_err(|error| Failure::aws("s3:PutObject", format!("s3://{bucket}/{key}"), error))?;
    }
    let mut outcome = Outcome::new(scanned.verdict)
        .about(stored)
        .fact("found", json!(scanned.findings.counts))
        .fact("result_key", key);
    if scanned.pictures() > 0 {
        outcome = outcome.fact("pictures_not_read", scanned.pictures());
    }
    outcome.reason = scanned.unreadable;
    if let Some(reason) = &outcome.reason {
        outcome.answer.insert("reason".to_owned(), json!(reason));
    }
    Ok(outcome)
}

async fn read(call: &Call<'_>, name: &Name, local: &Local) -> Result<Scanned, Failure> {
    let scanner = Scanner::new(&call.settings.patterns).map_err(|error| Failure::Setting {
        name: "TAP_PATTERNS",
        why: error.to_string(),
    })?;
    let mut stream = scanner.stream();
    let mut parts = Parts::default();
    // A document's name is read by as many as its text.
    parts.begin("name", 0);
    stream.push(name.as_str().as_bytes());
    let mut at = name.as_str().len() as u64;
    let parsed = {
        let stream = &mut stream;
        let parts = &mut parts;
        inspect::parse(call, local, Mode::Text, &mut |piece| match piece {
            Piece::Part(title) => {
                stream.part();
                parts.begin(title, at);
            }
            Piece::Text(text) => {
                at += text.len() as u64;
                stream.push(text);
            }
        })
        .await?
    };
    let findings = stream.finish();
    Ok(match parsed {
        // What was found before the document was refused counts as well.
        Err(refusal) => Scanned {
            verdict: verdict(&call.settings.alert_on, &findings, false),
            findings,
            parts,
            ..unscannable(&refusal)
        },
        Ok(parsed) => Scanned {
            verdict: verdict(
                &call.settings.alert_on,
                &findings,
                parsed.unreadable.is_none(),
            ),
            findings,
            unreadable: parsed.unreadable.clone(),
            parsed: Some(parsed),
            parts,
        },
    })
}

fn unscannable(refusal: &Refusal) -> Scanned {
    Scanned {
        verdict: "unscannable",
        findings: Findings::default(),
        unreadable: Some(refusal.sentence.clone()),
        parsed: None,
        parts: Parts::default(),
    }
}

/// What is found outweighs what could not be read, since it says more.
fn verdict(alert_on: &AlertOn, findings: &Findings, read_whole: bool) -> &'static str {
    let serious = findings
        .counts
        .iter()
        .any(|(kind, count)| alert_on.covers(kind) && count.high + count.medium > 0);
    if serious {
        "non-compliant"
    } else if !read_whole {
        "unscannable"
    } else if findings.counts.is_empty() {
        "clean"
    } else {
        "personal-data"
    }
}

/// Which types of hits make a document non-compliant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertOn(pub Vec<String>);

impl AlertOn {
    /// Card numbers, what identifies a person to the state or a bank, and
    /// whatever the configuration looks for.
    pub fn defaults(patterns: impl Iterator<Item = String>) -> Self {
        let own = ["payment-card", "us-ssn", "iban"].map(str::to_owned);
        Self(own.into_iter().chain(patterns).collect())
    }

    fn covers(&self, kind: &str) -> bool {
        self.0.iter().any(|name| name == kind)
    }
}

/// Where each part begins in the text, so that a hit can be told by its page.
#[derive(Debug, Default)]
struct Parts(Vec<(u64, String)>);

impl Parts {
    fn begin(&mut self, title: &str, at: u64) {
        self.0.push((at, title.to_owned()));
    }

    /// The part that holds an offset, and the offset within it.
    fn locate(&self, at: u64) -> (Option<&str>, u64) {
        let following = self.0.partition_point(|(begin, _)| *begin <= at);
        match following.checked_sub(1).and_then(|index| self.0.get(index)) {
            Some((begin, title)) => (Some(title), at - begin),
            None => (None, at),
        }
    }
}

/// The result as it is stored: nothing in it depends on when it was made, so
/// that a repetition makes the same.
fn result(call: &Call<'_>, stored: &Stored, scanned: &Scanned) -> Value {
    let hits = scanned.findings.hits.iter().map(|hit| {
        let (part, at) = scanned.parts.locate(hit.at);
        let mut hit = json!(hit);
        hit["part"] = json!(part);
        hit["at"] = json!(at);
        hit
    });
    json!({
        "pipeline": call.settings.pipeline,
        // The name may be what was found; whoever may read this knows the key
        // from where it stands.
        "document": { "bucket": stored.bucket, "key": call.function.shown(&stored.key), "version": stored.version },
        "verdict": scanned.verdict,
        "unreadable": scanned.unreadable,
        "kind": scanned.parsed.as_ref().map(|parsed| parsed.kind),
        "parts": scanned.parsed.as_ref().map(|parsed| parsed.parts),
        "text_bytes": scanned.findings.bytes,
        // Whatever is in them was not looked at.
        "pictures_not_read": scanned.pictures(),
        "found": scanned.findings.counts,
        "hits": hits.collect::<Vec<_>>(),
        "all_hits_listed": listed_all(&scanned.findings),
    })
}

fn listed_all(findings: &Findings) -> bool {
    let total: u64 = findings.counts.values().map(Count::total).sum();
    total == findings.hits.len() as u64
}

fn alert(call: &Call<'_>, name: &Name, stored: &Stored, scanned: &Scanned, result: &str) -> Alert {
    let found: Vec<String> = scanned
        .findings
        .counts
        .iter()
        .map(|(kind, count)| {
            let certain = count.at_least(Confidence::Medium);
            format!(
                "{kind}: {} ({certain} of them with medium or high confidence)",
                count.total()
            )
        })
        .collect();
    let (kind, subject) = match scanned.verdict {
        "non-compliant" => (
            "document-non-compliant",
            "A document holds data that it must not hold",
        ),
        _ => ("document-unscannable", "A document could not be scanned"),
    };
    let alert = Alert::new(kind, subject)
        .fact("document", call.function.shown(&stored.arn()))
        .fact("name", call.function.shown(name.as_str()))
        .fact("version", stored.version.clone())
        .fact("found", json!(found))
        .fact(
            "result",
            call.function
                .shown(&format!("s3://{}/{result}", stored.bucket)),
        );
    match &scanned.unreadable {
        Some(why) => alert.fact("unreadable", why.clone()),
        None => alert,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_about_what_was_found_and_what_could_not_be_read() {
        let alert_on = AlertOn::defaults(["ticket".to_owned()].into_iter());
        let sure = Count {
            high: 1,
            ..Count::default()
        };
        let unsure = Count {
            low: 1,
            ..Count::default()
        };
        for (found, read_whole, wanted) in [
            (vec![], true, "clean"),
            (vec![], false, "unscannable"),
            (vec![("email", sure)], true, "personal-data"),
            (vec![("email", sure)], false, "unscannable"),
            (vec![("payment-card", unsure)], true, "personal-data"),
            (vec![("payment-card", sure)], true, "non-compliant"),
            (vec![("payment-card", sure)], false, "non-compliant"),
            (vec![("ticket", sure)], true, "non-compliant"),
        ] {
            let counts = found
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count));
            let findings = Findings {
                counts: counts.collect(),
                ..Findings::default()
            };
            assert_eq!(
                verdict(&alert_on, &findings, read_whole),
                wanted,
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_hit_is_told_by_its_part() {
        let mut parts = Parts::default();
        assert_eq!(parts.locate(3), (None, 3));
        parts.begin("name", 0);
        parts.begin("page 1", 10);
        parts.begin("page 2", 10);
        assert_eq!(parts.locate(9), (Some("name"), 9));
        assert_eq!(parts.locate(12), (Some("page 2"), 2));
    }
}
