//! Makes a bucket deletable: every version, every delete marker, every
//! unfinished upload goes, a thousand a call, several calls at once.

use super::named;
use super::puts::built;
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::engine::{Context, ErrorKind, HandlerError};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::stream::{FuturesUnordered, StreamExt};

/// Calls under way at once: enough to be quick, few enough to be one user
/// among others of the account's request rate.
const PARALLEL_BATCHES: usize = 8;

/// Deletes everything that is there when it is listed. Objects that arrive
/// meanwhile are the next round's.
///
/// Interruption: stops between two batches; what is gone is gone, and the
/// next round goes on from there.
pub(super) async fn empty(cx: &Context<'_>, clients: &Clients, bucket: &str) -> Outcome<()> {
    let objects = versions(cx, clients, bucket).await?;
    let uploads = uploads(cx, clients, bucket).await?;
    if objects + uploads > 0 {
        cx.note(format!(
            "{}: {objects} object versions and {uploads} unfinished uploads deleted",
            named(bucket)
        ));
    }
    Ok(())
}

async fn versions(cx: &Context<'_>, clients: &Clients, bucket: &str) -> Outcome<usize> {
    let mut deleted = 0;
    let mut running = FuturesUnordered::new();
    let mut key_marker = None;
    let mut version_marker = None;
    loop {
        stop_if_asked(cx)?;
        let page = clients
            .s3()
            .list_object_versions()
            .bucket(bucket)
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker)
            .send()
            .await
            .during("s3:ListBucketVersions")?;
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page
            .delete_markers()
            .iter()
            .map(|m| (m.key(), m.version_id()));
        let batch: Vec<ObjectIdentifier> = versions
            .chain(markers)
            .filter_map(|(key, version)| {
                let version = version.map(ToOwned::to_owned);
                ObjectIdentifier::builder()
                    .key(key?)
                    .set_version_id(version)
                    .build()
                    .ok()
            })
            .collect();
        if !batch.is_empty() {
            deleted += batch.len();
            running.push(delete_batch(clients, bucket, batch));
        }
        if running.len() >= PARALLEL_BATCHES
            && let Some(done) = running.next().await
        {
            done?;
        }
        if !page.is_truncated().unwrap_or_default() {
            break;
        }
        key_marker = page.next_key_marker;
        version_marker = page.next_version_id_marker;
    }
    while let Some(done) = running.next().await {
        done?;
    }
    Ok(deleted)
}

/// S3 answers 200 also when single objects could not be deleted.
async fn delete_batch(
    clients: &Clients,
    bucket: &str,
    batch: Vec<ObjectIdentifier>,
) -> Outcome<()> {
    const OPERATION: &str = "s3:DeleteObjectVersion";
    let delete = Delete::builder()
        .set_objects(Some(batch))
        .quiet(true)
        .build();
    let answer = clients
        .s3()
        .delete_objects()
        .bucket(bucket)
        .delete(built(OPERATION, delete)?)
        .send()
        .await
        .during(OPERATION)?;
    let Some(first) = answer.errors().first() else {
        return Ok(());
    };
    let code = first.code().map(ToOwned::to_owned);
    let kind = match code.as_deref() {
        Some("InternalError" | "SlowDown" | "ServiceUnavailable") => ErrorKind::Transient,
        Some("AccessDenied") => ErrorKind::AccessDenied,
        _ => ErrorKind::Other,
    };
    Err(HandlerError {
        kind,
        operation: OPERATION.to_owned(),
        code,
        message: format!(
            "{}: {} objects could not be deleted, the first of them {:?}: {}",
            named(bucket),
            answer.errors().len(),
            first.key().unwrap_or_default(),
            first.message().unwrap_or("no reason given")
        ),
        request_id: None,
    })
}

async fn uploads(cx: &Context<'_>, clients: &Clients, bucket: &str) -> Outcome<usize> {
    let mut pages = clients
        .s3()
        .list_multipart_uploads()
        .bucket(bucket)
        .send()
        .await
        .during("s3:ListBucketMultipartUploads")?;
    let mut aborted = 0;
    loop {
        stop_if_asked(cx)?;
        let found: Vec<(String, String)> = pages
            .uploads()
            .iter()
            .filter_map(|u| Some((u.key()?.to_owned(), u.upload_id()?.to_owned())))
            .collect();
        aborted += found.len();
        let mut calls = futures::stream::iter(found)
            .map(|(key, id)| abort(clients, bucket, key, id))
            .buffer_unordered(PARALLEL_BATCHES);
        while let Some(done) = calls.next().await {
            done?;
        }
        if !pages.is_truncated().unwrap_or_default() {
            return Ok(aborted);
        }
        pages = clients
            .s3()
            .list_multipart_uploads()
            .bucket(bucket)
            .set_key_marker(pages.next_key_marker)
            .set_upload_id_marker(pages.next_upload_id_marker)
            .send()
            .await
            .during("s3:ListBucketMultipartUploads")?;
    }
}

async fn abort(clients: &Clients, bucket: &str, key: String, id: String) -> Outcome<()> {
    let aborted = clients
        .s3()
        .abort_multipart_upload()
        .bucket(bucket)
        .key(key)
        .upload_id(id)
        .send()
        .await
        .during("s3:AbortMultipartUpload");
    super::setting(aborted).map(drop)
}

fn stop_if_asked(cx: &Context<'_>) -> Outcome<()> {
    if cx.cancel.is_cancelled() {
        let message = "stopped between two batches; the next destroy goes on from there";
        return Err(HandlerError::ours(
            ErrorKind::Cancelled,
            "s3:DeleteObjectVersion",
            message,
        ));
    }
    Ok(())
}

/// What a bucket holds that keeps it from being deleted, by its first page.
pub(super) async fn describe_contents(clients: &Clients, bucket: &str) -> Outcome<String> {
    let page = clients
        .s3()
        .list_object_versions()
        .bucket(bucket)
        .send()
        .await
        .during("s3:ListBucketVersions")?;
    let count = page.versions().len() + page.delete_markers().len();
    let more = if page.is_truncated().unwrap_or_default() {
        "more than "
    } else {
        ""
    };
    Ok(format!("{more}{count} object versions and delete markers"))
}
