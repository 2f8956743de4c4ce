//! Decides whether a document may enter the pipeline: by its content, its
//! structure and its size, never by its name or what its sender says it is.
//!
//! | asked by | what happens |
//! |---|---|
//! | S3's event for `raw/<name>` | the version is checked; accepted ones are told to encrypt, refused ones go to `quarantine/` |
//! | API, `document_key` | the same, of the current version |
//! | API, `content` | checked first, then stored under `raw/` (whose event brings it back here) or `quarantine/` |
//! | API, `presign` | a form is signed by which the caller uploads a larger document under `raw/` |
//!
//! # Interruption
//!
//! A refused version is copied to a key that holds its version id, then
//! deleted by its version id. A repetition that no longer finds the version
//! finds the copy, and gives the answer that stands in its metadata.

use super::inspect::{check, empty, not_found, too_large};
use super::{Call, Ending, Outcome};
use crate::document::{Parsed, Refusal};
use crate::error::Failure;
use crate::event::{
    ApiRequest, BusEvent, DOCUMENT_VALIDATED, DocumentValidated, Incoming, ObjectCreated,
    PIPELINE_SOURCE,
};
use crate::key::Name;
use crate::presign;
use crate::store::{self, Local, Stored};
use crate::url;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

const NAME: &str = "validate";
/// Lambda takes 6 MB of payload, which is 4.5 MB in base64
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_CONTENT_BYTES: usize = 4 * 1024 * 1024;
/// What is moved to quarantine. S3 copies five gigabytes at once, but not in
/// the seconds that this function has, and nothing of that size is ever read.
const MAX_COPY_BYTES: u64 = 512 << 20;
/// What an explanation and a key may take of the two kilobytes that S3 keeps
/// of all metadata, names included
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>).
const LONGEST_METADATA: usize = 800;
/// Metadata of a quarantined document: why it is there, as a word and a sentence.
const REASON: &str = "tap-reason";
const EXPLANATION: &str = "tap-explanation";
const SOURCE_KEY: &str = "tap-source-key";

/// The body of `POST /documents/upload`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    document_key: String,
    /// The document itself, in base64.
    content: Option<String>,
    /// What the document is served as; its kind's own type by default.
    content_type: Option<String>,
    /// Asks for a form to upload with.
    #[serde(default)]
    presign: bool,
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
    if created.bucket.name != call.settings.need("TAP_RAW_BUCKET")? {
        return Ok(Ending::Ignored("another bucket's object"));
    }
    let Some(name) = Name::from_raw(&created.object.key) else {
        return Ok(Ending::Ignored("an object outside of raw/"));
    };
    let version = created.object.version_id.as_deref();
    call.is_about(&created.bucket.name, &created.object.key, version);
    match decide(call, &name, version).await? {
        Some(outcome) => Ok(Ending::Done(outcome)),
        // Deleted since, by somebody who was quicker than the event.
        None => Ok(Ending::Done(Outcome {
            reason: Some("not-found".to_owned()),
            ..Outcome::new("gone")
        })),
    }
}

async fn by_request(call: &Call<'_>, request: &ApiRequest) -> Result<Outcome, Failure> {
    let request: Request = request.body()?;
    if let Some(content_type) = &request.content_type {
        servable(content_type)?;
    }
    let name = Name::from_request(&request.document_key)?;
    call.is_about(call.settings.need("TAP_RAW_BUCKET")?, &name.raw(), None);
    match (&request.content, request.presign) {
        (Some(_), true) => Err(Failure::request(
            400,
            "InvalidBody",
            "send either content or presign, not both",
        )),
        (Some(content), false) => {
            let local = Local::from_bytes(&decode(content)?)?;
            store_content(call, &name, &local, request.content_type.as_deref()).await
        }
        (None, true) => form(call, &name).await,
        (None, false) => decide(call, &name, None)
            .await?
            .ok_or_else(|| not_found(name.as_str(), " under raw/; upload it first")),
    }
}

/// Refuses what cannot stand in a header.
fn servable(content_type: &str) -> Result<(), Failure> {
    let sound = !content_type.is_empty()
        && content_type.len() <= 255
        && content_type.chars().all(|c| matches!(c, ' '..='~'));
    if sound {
        return Ok(());
    }
    Err(Failure::request(
        400,
        "InvalidContentType",
        "content_type must be a media type, such as \"application/pdf\", of at most 255 visible ASCII characters",
    ))
}

fn decode(content: &str) -> Result<Vec<u8>, Failure> {
    let refuse = |status, message: String| Failure::request(status, "InvalidContent", message);
    let bytes = STANDARD
        .decode(content)
        .map_err(|error| refuse(400, format!("content is not base64: {error}")))?;
    if bytes.len() > MAX_CONTENT_BYTES {
        let message = format!(
            "content has {} bytes and may have {MAX_CONTENT_BYTES}; \
             ask for a form with \"presign\": true and upload it with that",
            bytes.len()
        );
        return Err(refuse(413, message));
    }
    Ok(bytes)
}

/// Checks a version that is under `raw/`; `None` when there is none.
async fn decide(
    call: &Call<'_>,
    name: &Name,
    version: Option<&str>,
) -> Result<Option<Outcome>, Failure> {
    let bucket = call.settings.need("TAP_RAW_BUCKET")?;
    let Some(stored) = store::head(call.clients, bucket, &name.raw(), version).await? else {
        return match version {
            Some(version) => refused_before(call, bucket, name, version).await,
            None => Ok(None),
        };
    };
    let refusal = match too_large(call, stored.size).or_else(|| empty(stored.size)) {
        Some(refusal) => refusal,
        None => {
            let local = store::download(call.clients, &stored).await?;
            match check(call, &local).await? {
                Ok(parsed) => return accept(call, &stored, &parsed, &local).await.map(Some),
                Err(refusal) => refusal,
            }
        }
    };
    let outcome = Outcome::new("refused")
        .about(&stored)
        .fact("size", stored.size)
        .refused(&refusal);
    let outcome = if stored.size > MAX_COPY_BYTES {
        // It stays where nobody reads it: nothing is told of it.
        outcome.fact("left_in_place", true)
    } else {
        quarantine(call, name, &stored, &refusal).await?;
        outcome
    };
    Ok(Some(Outcome {
        status: 422,
        ..outcome
    }))
}

/// Tells encrypt, which takes the very version that was checked.
async fn accept(
    call: &Call<'_>,
    stored: &Stored,
    parsed: &Parsed,
    local: &Local,
) -> Result<Outcome, Failure> {
    let detail = DocumentValidated {
        pipeline: call.settings.pipeline.clone(),
        bucket: stored.bucket.clone(),
        key: stored.key.clone(),
        version_id: stored.version.clone(),
        kind: parsed.kind,
        size: local.size,
        sha256: local.sha256.clone(),
    };
    let entry = PutEventsRequestEntry::builder()
        .source(PIPELINE_SOURCE)
        .detail_type(DOCUMENT_VALIDATED)
        .event_bus_name(&call.settings.event_bus)
        .detail(json!(detail).to_string())
        .build();
    let bus = &call.settings.event_bus;
    let answer = call
        .clients
        .eventbridge()
        .put_events()
        .entries(entry)
        .send()
        .await
        .map_err(|error| Failure::aws("events:PutEvents", bus, error))?;
    // PutEvents answers 200 to entries that it did not take.
    let entry = answer.entries().first();
    if let Some(code) = entry.and_then(|entry| entry.error_code()) {
        return Err(Failure::Aws {
            operation: "events:PutEvents",
            resource: bus.clone(),
            code: Some(code.to_owned()),
            cause: entry
                .and_then(|entry| entry.error_message())
                .unwrap_or("the entry was not taken")
                .to_owned(),
        });
    }
    Ok(Outcome::new("accepted").about(stored).sound(parsed, local))
}

/// Moves a refused version out of the way.
async fn quarantine(
    call: &Call<'_>,
    name: &Name,
    stored: &Stored,
    refusal: &Refusal,
) -> Result<(), Failure> {
    let s3 = call.clients.s3();
    let source = format!(
        "{}/{}?versionId={}",
        stored.bucket,
        url::encoded(&stored.key),
        stored.version
    );
    s3.copy_object()
        .bucket(&stored.bucket)
        .key(name.quarantined(&stored.version))
        .copy_source(source)
        .metadata_directive(aws_sdk_s3::types::MetadataDirective::Replace)
        .content_type("application/octet-stream")
        .set_metadata(Some(metadata(name, refusal)))
        .send()
        .await
        .map_err(|error| Failure::aws("s3:PutObject", stored.arn(), error))?;
    let mut delete = s3.delete_object().bucket(&stored.bucket).key(&stored.key);
    if stored.version != "null" {
        delete = delete.version_id(&stored.version);
    }
    delete
        .send()
        .await
        .map_err(|error| Failure::aws("s3:DeleteObjectVersion", stored.arn(), error))?;
    Ok(())
}

/// Header values are ASCII; a name may be anything, and is cut where it is
/// too long: the quarantined key holds it, or its SHA-256.
fn metadata(name: &Name, refusal: &Refusal) -> std::collections::HashMap<String, String> {
    [
        (REASON, refusal.code.clone()),
        (
            EXPLANATION,
            url::encoded_within(&refusal.sentence, LONGEST_METADATA),
        ),
        (
            SOURCE_KEY,
            url::encoded_within(&name.raw(), LONGEST_METADATA),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What an earlier delivery of the same event did.
async fn refused_before(
    call: &Call<'_>,
    bucket: &str,
    name: &Name,
    version: &str,
) -> Result<Option<Outcome>, Failure> {
    let key = name.quarantined(version);
    let Some(copy) = store::head(call.clients, bucket, &key, None).await? else {
        return Ok(None);
    };
    let refusal = Refusal {
        code: copy.metadata(REASON).unwrap_or("unknown").to_owned(),
        sentence: url::decoded(copy.metadata(EXPLANATION).unwrap_or_default()),
    };
    let source = Stored {
        key: name.raw(),
        version: version.to_owned(),
        ..copy
    };
    Ok(Some(
        Outcome::new("refused")
            .about(&source)
            .fact("size", source.size)
            .refused(&refusal),
    ))
}

/// Checks what an API caller sent, then stores it.
async fn store_content(
    call: &Call<'_>,
    name: &Name,
    local: &Local,
    content_type: Option<&str>,
) -> Result<Outcome, Failure> {
    let bucket = call.settings.need("TAP_RAW_BUCKET")?;
    let checked = match too_large(call, local.size).or_else(|| empty(local.size)) {
        Some(refusal) => Err(refusal),
        None => check(call, local).await?,
    };
    let (key, content_type, metadata) = match &checked {
        Ok(parsed) => {
            let content_type = content_type.unwrap_or(parsed.kind.content_type());
            (name.raw(), content_type, None)
        }
        Err(refusal) => (
            name.quarantined(&call.request_id),
            "application/octet-stream",
            Some(metadata(name, refusal)),
        ),
    };
    let answer = store::put(call.clients, bucket, &key, local)
        .await?
        .content_type(content_type)
        .set_metadata(metadata)
        .send()
        .await
        .map_err(|error| Failure::aws("s3:PutObject", format!("s3://{bucket}/{key}"), error))?;
    let version = answer.version_id().unwrap_or("null").to_owned();
    let document = Some(crate::audit::DocumentVersion {
        bucket: bucket.to_owned(),
        key,
        version: version.clone(),
    });
    let outcome = match checked {
        Ok(parsed) => Outcome::new("accepted")
            .sound(&parsed, local)
            .fact("version_id", version),
        Err(refusal) => Outcome {
            status: 422,
            ..Outcome::new("refused")
                .fact("size", local.size)
                .fact("sha256", local.sha256.clone())
                .refused(&refusal)
        },
    };
    Ok(Outcome {
        document,
        ..outcome
    })
}

async fn form(call: &Call<'_>, name: &Name) -> Result<Outcome, Failure> {
    let bucket = call.settings.need("TAP_RAW_BUCKET")?;
    let key = name.raw();
    let form = presign::form(call, bucket, &key, call.settings.max_document_bytes).await?;
    let expires_at = crate::clock::text(form.expires_at);
    let mut outcome = Outcome::new("form-signed").fact("expires_at", expires_at);
    outcome.document = Some(crate::audit::DocumentVersion {
        bucket: bucket.to_owned(),
        key,
        version: "none".to_owned(),
    });
    // For the caller alone: the fields hold the session's token.
    outcome.answer.insert(
        "upload".to_owned(),
        json!({ "url": form.url, "fields": form.fields }),
    );
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_fits_into_what_s3_keeps() {
        let name = Name::from_raw(&format!("raw/{}.pdf", "ж".repeat(500))).unwrap();
        let refusal = Refusal {
            code: "type-not-accepted".to_owned(),
            sentence: "ö".repeat(500),
        };
        let metadata = metadata(&name, &refusal);
        let size: usize = metadata
            .iter()
            .map(|(name, value)| "x-amz-meta-".len() + name.len() + value.len())
            .sum();
        assert!(size <= 2048, "{size}");
        assert!(url::decoded(&metadata[SOURCE_KEY]).starts_with("raw/жж"));
        assert!(metadata.values().all(|value| value.is_ascii()));
    }

    #[test]
    fn a_content_type_stands_in_a_header() {
        assert!(servable("text/plain; charset=utf-8").is_ok());
        for wrong in ["", "text/plain\r\nx: y", "tëxt", &"x".repeat(256)] {
            assert!(servable(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn content_is_base64_of_at_most_4_mib() {
        assert_eq!(decode("YWJj").unwrap(), b"abc");
        let status = |content: &str| match decode(content).unwrap_err() {
            Failure::Request { status, .. } => status,
            other => panic!("{other}"),
        };
        assert_eq!(status("%"), 400);
        assert_eq!(
            status(&STANDARD.encode(vec![0; MAX_CONTENT_BYTES + 1])),
            413
        );
    }
}
