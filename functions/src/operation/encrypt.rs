//! Copies a validated document into the processed bucket under the data key.
//! What is written is what was validated: its checksum is compared before,
//! and computed again by S3 as it arrives.
//!
//! # Repeated and reordered events
//!
//! The copy says in its metadata which version it is of, so a repetition
//! finds it done. An older version never replaces the copy of a newer one:
//! the copy is put on the condition that nobody has put another since it was
//! looked at, and whoever comes second looks again.
//!
//! Metadata and tags of the sender are kept. Where their metadata leaves no
//! room for the copy's own it is left out, and the row says so.

use super::inspect::{check, empty, not_found, too_large};
use super::{Call, Ending, Outcome};
use crate::error::Failure;
use crate::event::{
    ApiRequest, BusEvent, DOCUMENT_VALIDATED, DocumentValidated, Incoming, PIPELINE_SOURCE,
};
use crate::key::Name;
use crate::store::{self, Local, Stored};
use aws_sdk_s3::types::ServerSideEncryption;
use serde::Deserialize;
use std::collections::HashMap;

const NAME: &str = "encrypt";
/// Metadata of a copy: the version it is of, when that was written (seconds
/// since 1970), and its SHA-256.
const SOURCE_VERSION: &str = "tap-source-version";
const SOURCE_MODIFIED: &str = "tap-source-modified";
const SHA256: &str = "tap-sha256";
/// How often somebody else may be quicker before the event has to come again.
const RACES: u32 = 5;

/// The body of `POST /documents/encrypt`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    document_key: String,
}

/// What there is to encrypt.
struct Source {
    stored: Stored,
    local: Local,
    name: Name,
}

pub(super) async fn perform(call: &Call<'_>, incoming: &Incoming) -> Result<Ending, Failure> {
    match incoming {
        Incoming::Api(request) => by_request(call, request).await.map(Ending::Done),
        Incoming::Bus(event) if event.is(PIPELINE_SOURCE, DOCUMENT_VALIDATED) => {
            by_event(call, event).await
        }
        other => Err(other.unknown(NAME)),
    }
}

async fn by_event(call: &Call<'_>, event: &BusEvent) -> Result<Ending, Failure> {
    let validated: DocumentValidated = event.detail(NAME)?;
    if validated.pipeline != call.settings.pipeline {
        return Ok(Ending::Ignored("another pipeline's document"));
    }
    let bucket = call.settings.need("TAP_RAW_BUCKET")?;
    let name = Name::from_raw(&validated.key).filter(|_| validated.bucket == bucket);
    let Some(name) = name else {
        return Ok(Ending::Ignored("an object outside of raw/"));
    };
    let version = Some(validated.version_id.as_str());
    call.is_about(bucket, &validated.key, version);
    let Some(stored) = store::head(call.clients, bucket, &validated.key, version).await? else {
        return Ok(Ending::Done(Outcome {
            reason: Some("not-found".to_owned()),
            ..Outcome::new("gone")
        }));
    };
    let local = store::download(call.clients, &stored).await?;
    if local.sha256 != validated.sha256 || local.size != validated.size {
        return Err(Failure::Integrity {
            operation: "s3:GetObject",
            resource: stored.arn(),
            problem: "the document is not the one that was validated".to_owned(),
        });
    }
    let source = Source {
        stored,
        local,
        name,
    };
    copy(call, &source).await.map(Ending::Done)
}

/// The current version, checked here: a caller may name a document that was
/// never validated.
async fn by_request(call: &Call<'_>, request: &ApiRequest) -> Result<Outcome, Failure> {
    let request: Request = request.body()?;
    let name = Name::from_request(&request.document_key)?;
    let bucket = call.settings.need("TAP_RAW_BUCKET")?;
    call.is_about(bucket, &name.raw(), None);
    let stored = store::head(call.clients, bucket, &name.raw(), None)
        .await?
        .ok_or_else(|| not_found(name.as_str(), " under raw/; upload it first"))?;
    let refused = |refusal| {
        let outcome = Outcome::new("refused").about(&stored).refused(&refusal);
        Outcome {
            status: 422,
            ..outcome
        }
    };
    if let Some(refusal) = too_large(call, stored.size).or_else(|| empty(stored.size)) {
        return Ok(refused(refusal));
    }
    let local = store::download(call.clients, &stored).await?;
    if let Err(refusal) = check(call, &local).await? {
        return Ok(refused(refusal));
    }
    let source = Source {
        stored,
        local,
        name,
    };
    copy(call, &source).await
}

/// What the copy that is there means for this one.
enum There {
    Nothing,
    /// Of this very version.
    This {
        version: String,
    },
    /// Of an older version: to be replaced, if it is still this one.
    Older {
        etag: Option<String>,
    },
    /// Of a newer version.
    Newer,
}

async fn copy(call: &Call<'_>, source: &Source) -> Result<Outcome, Failure> {
    let outcome = |verdict: &str| {
        let outcome = Outcome::new(verdict)
            .about(&source.stored)
            .fact("size", source.local.size)
            .fact("sha256", source.local.sha256.clone())
            .fact("encrypted_key", source.name.encrypted());
        match source.keeps_metadata() {
            true => outcome,
            false => outcome.fact("metadata_left_out", true),
        }
    };
    for _ in 0..RACES {
        let there = there(call, source).await?;
        let etag = match there {
            There::This { version } => {
                return Ok(outcome("encrypted").fact("encrypted_version", version));
            }
            There::Newer => return Ok(outcome("superseded")),
            There::Nothing => None,
            There::Older { etag } => Some(etag),
        };
        if let Some(version) = put(call, source, etag).await? {
            return Ok(outcome("encrypted").fact("encrypted_version", version));
        }
    }
    Err(Failure::Integrity {
        operation: "s3:PutObject",
        resource: source.name.encrypted(),
        problem: format!("{RACES} others were quicker"),
    })
}

async fn there(call: &Call<'_>, source: &Source) -> Result<There, Failure> {
    let bucket = call.settings.need("TAP_PROCESSED_BUCKET")?;
    let key = source.name.encrypted();
    let Some(copy) = store::head(call.clients, bucket, &key, None).await? else {
        return Ok(There::Nothing);
    };
    let of = copy.metadata(SOURCE_VERSION).unwrap_or_default().to_owned();
    if of == source.stored.version {
        return Ok(There::This {
            version: copy.version,
        });
    }
    let modified = copy
        .metadata(SOURCE_MODIFIED)
        .and_then(|at| at.parse().ok());
    let (ours, theirs) = (source.stored.modified(), modified.unwrap_or(i64::MIN));
    let newer = match theirs.cmp(&ours) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        // S3 tells the time in whole seconds.
        std::cmp::Ordering::Equal => {
            let Stored {
                bucket,
                key,
                version,
                ..
            } = &source.stored;
            let newer = store::newer(call.clients, bucket, key, [&of, version]).await?;
            newer == Some(of.as_str())
        }
    };
    Ok(match newer {
        true => There::Newer,
        false => There::Older {
            etag: copy.head.e_tag().map(str::to_owned),
        },
    })
}

/// Puts the copy where nothing was, or over the one with this entity tag;
/// `None` when there is another by now
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
async fn put(
    call: &Call<'_>,
    source: &Source,
    over: Option<Option<String>>,
) -> Result<Option<String>, Failure> {
    let bucket = call.settings.need("TAP_PROCESSED_BUCKET")?;
    let key = source.name.encrypted();
    let head = &source.stored.head;
    let text = |value: Option<&str>| value.map(str::to_owned);
    let mut put = store::put(call.clients, bucket, &key, &source.local)
        .await?
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id(call.settings.need("TAP_DATA_KEY_ARN")?)
        .bucket_key_enabled(true)
        .set_content_type(text(head.content_type()))
        .set_content_disposition(text(head.content_disposition()))
        .set_content_encoding(text(head.content_encoding()))
        .set_content_language(text(head.content_language()))
        .set_cache_control(text(head.cache_control()))
        .set_metadata(Some(metadata(source)))
        .set_tagging(tagging(call, &source.stored).await?);
    put = match over {
        None => put.if_none_match("*"),
        Some(etag) => put.set_if_match(etag),
    };
    match put.send().await {
        Ok(answer) => Ok(Some(answer.version_id().unwrap_or("null").to_owned())),
        Err(error) => {
            let failure = Failure::aws("s3:PutObject", format!("s3://{bucket}/{key}"), error);
            // 404 when the copy that was to be replaced has been deleted.
            match failure.code() {
                Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey") => Ok(None),
                _ => Err(failure),
            }
        }
    }
}

/// The sender's own, unless there is no room for it beside ours.
fn metadata(source: &Source) -> HashMap<String, String> {
    let mut metadata = match source.keeps_metadata() {
        true => source.stored.head.metadata().cloned().unwrap_or_default(),
        false => HashMap::new(),
    };
    metadata.extend(source.own_metadata());
    metadata
}

/// What S3 keeps of all metadata, names included
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>).
const LONGEST_METADATA: usize = 2048;

impl Source {
    /// Whether the sender's metadata fits into the copy.
    fn keeps_metadata(&self) -> bool {
        let size = |name: &str, value: &str| "x-amz-meta-".len() + name.len() + value.len();
        let theirs = self.stored.head.metadata().into_iter().flatten();
        let theirs: usize = theirs.map(|(name, value)| size(name, value)).sum();
        let ours = self.own_metadata();
        let ours: usize = ours.iter().map(|(name, value)| size(name, value)).sum();
        theirs + ours <= LONGEST_METADATA
    }

    /// Where the copy comes from.
    fn own_metadata(&self) -> [(String, String); 3] {
        [
            (SOURCE_VERSION, self.stored.version.clone()),
            (SOURCE_MODIFIED, self.stored.modified().to_string()),
            (SHA256, self.local.sha256.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}

/// The source's tags, as the header `x-amz-tagging` has them.
async fn tagging(call: &Call<'_>, stored: &Stored) -> Result<Option<String>, Failure> {
    let mut request = call
        .clients
        .s3()
        .get_object_tagging()
        .bucket(&stored.bucket)
        .key(&stored.key);
    if stored.version != "null" {
        request = request.version_id(&stored.version);
    }
    let answer = request
        .send()
        .await
        .map_err(|error| Failure::aws("s3:GetObjectVersionTagging", stored.arn(), error))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    for tag in answer.tag_set() {
        query.append_pair(tag.key(), tag.value());
    }
    let query = query.finish();
    Ok((!query.is_empty()).then_some(query))
}
