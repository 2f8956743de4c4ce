//! Where a function's code comes from: a zip that this binary holds, or one in
//! a bucket of the user's.
//!
//! A template can only name a bucket, so the provider's own code is written
//! as the key `<sha256>.zip` in a bucket that stands for this binary. Lambda
//! says of a function's code no more than its SHA-256: of ours that is all
//! there is to know; where a user's came from it never says, so that of theirs
//! what was applied is taken for what is there.

use super::properties::Code;
use crate::aws::resource_type::Outcome;
use crate::bundle;
use crate::engine::{ErrorKind, HandlerError};
use aws_smithy_types::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{Semaphore, SemaphorePermit};

/// What is sent to Lambda.
pub(super) enum Source {
    /// With the room for it, to be kept until it is sent.
    Zip(Blob, Room),
    S3(Code),
}

pub(super) type Room = SemaphorePermit<'static>;

/// How many zips are on their way at once, of all pipelines. Each is in memory
/// several times, as bytes, as base64 and as the request: together about five
/// times its 5 MB, and twenty pipelines have 120 functions. More at once would
/// not be sooner there: they share the line.
static ROOM: Semaphore = Semaphore::const_new(4);

pub(super) async fn source(operation: &str, code: &Code) -> Outcome<Source> {
    if !is_own(code) {
        return Ok(Source::S3(code.clone()));
    }
    let sha256 = code.s3_key.strip_suffix(".zip").unwrap_or_default();
    let held = bundle::all().iter().find(|held| held.sha256 == sha256);
    let held = held.ok_or_else(|| {
        let message = format!(
            "Code: this provider does not hold the functions {}; it was built without them, or for \
             another processor. Build it with \"make build\"",
            code.s3_key
        );
        HandlerError::ours(ErrorKind::Invalid, operation, message)
    })?;
    let room = ROOM.acquire().await.map_err(|closed| {
        HandlerError::ours(ErrorKind::Transient, operation, closed.to_string())
    })?;
    Ok(Source::Zip(Blob::new(held.zip), room))
}

pub(super) fn is_own(code: &Code) -> bool {
    code.s3_bucket == bundle::BUCKET
}

/// The code that is there, as a property.
pub(super) fn live(code_sha256: &str, applied: Option<&Code>) -> Code {
    match applied {
        Some(applied) if !is_own(applied) => applied.clone(),
        _ => Code {
            s3_bucket: bundle::BUCKET.to_owned(),
            s3_key: format!("{}.zip", hexadecimal(code_sha256)),
            s3_object_version: None,
        },
    }
}

/// Lambda writes checksums in base64.
fn hexadecimal(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bucket: &str, key: &str) -> Code {
        Code {
            s3_bucket: bucket.into(),
            s3_key: key.into(),
            s3_object_version: None,
        }
    }

    #[test]
    fn own_code_is_known_by_its_checksum_and_a_users_by_what_was_applied() {
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let key = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.zip";
        let own = code(bundle::BUCKET, key);
        assert_eq!(live(empty, Some(&code(bundle::BUCKET, "0.zip"))), own);
        assert_eq!(live(empty, None), own);
        let theirs = code("their-bucket", "code.zip");
        assert_eq!(live(empty, Some(&theirs)), theirs);
    }

    #[tokio::test]
    async fn code_that_is_not_held_says_how_to_get_it() {
        let error = source("lambda:CreateFunction", &code(bundle::BUCKET, "0.zip")).await;
        let Err(error) = error else {
            panic!("not held");
        };
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.message.contains("make build"), "{error}");
        let theirs = source("lambda:CreateFunction", &code("b", "k")).await;
        assert!(matches!(theirs, Ok(Source::S3(_))));
    }
}
