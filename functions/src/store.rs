//! Documents in S3: what S3 says of them, their bytes into a file of this
//! machine, and back. Memory does not grow with a document: its bytes go
//! through a file without a name, which is gone when it is closed, however
//! this process ends.

use crate::clients::Clients;
use crate::error::Failure;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;

/// One version of an object, as HeadObject tells it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub bucket: String,
    pub key: String,
    /// `null` in a bucket without versions.
    pub version: String,
    pub size: u64,
    pub head: HeadObjectOutput,
}

impl Stored {
    /// The user's metadata `x-amz-meta-<name>`.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.head.metadata()?.get(name).map(String::as_str)
    }

    pub fn arn(&self) -> String {
        resource(&self.bucket, &self.key)
    }

    /// When this version was written, in seconds since 1970.
    pub fn modified(&self) -> i64 {
        self.head.last_modified().map_or(0, |at| at.secs())
    }
}

fn resource(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

/// The version `version` of an object, or its current one; `None` when there
/// is none, or when it is a delete marker.
pub async fn head(
    clients: &Clients,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<Option<Stored>, Failure> {
    let answer = clients
        .s3()
        .head_object()
        .bucket(bucket)
        .key(key)
        .set_version_id(version.map(str::to_owned))
        .send()
        .await;
    let head = match answer {
        Ok(head) => head,
        // HEAD has no body, so S3 cannot say more than the status: 404 for no
        // such key or version, 405 for a delete marker asked for by version
        // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
        Err(SdkError::ServiceError(error))
            if matches!(error.raw().status().as_u16(), 404 | 405) =>
        {
            return Ok(None);
        }
        // 400 for a version id that is none, but also for an object under a
        // key that its sender has kept: GET says which.
        Err(SdkError::ServiceError(error))
            if error.raw().status().as_u16() == 400
                && is_no_version(clients, bucket, key, version).await? =>
        {
            return Ok(None);
        }
        Err(error) => {
            let at = resource(bucket, key);
            return Err(Failure::aws("s3:GetObject", at, error));
        }
    };
    let version = head.version_id().or(version).unwrap_or("null").to_owned();
    Ok(Some(Stored {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version,
        size: head.content_length().unwrap_or_default().unsigned_abs(),
        head,
    }))
}

/// Whether S3 says that this is no version of an object.
async fn is_no_version(
    clients: &Clients,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<bool, Failure> {
    let Some(version) = version else {
        return Ok(false);
    };
    let answer = clients
        .s3()
        .get_object()
        .bucket(bucket)
        .key(key)
        .version_id(version)
        .range("bytes=0-0")
        .send()
        .await;
    let Err(error) = answer else {
        return Ok(false);
    };
    let failure = Failure::aws("s3:GetObject", resource(bucket, key), error);
    match failure.code() {
        Some("NoSuchVersion" | "NoSuchKey" | "InvalidArgument") => Ok(true),
        _ => Err(failure),
    }
}

/// Which of two versions of an object S3 has had for less time; `None` when it
/// has neither any more. It lists the versions of a key newest first
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>).
pub async fn newer<'a>(
    clients: &Clients,
    bucket: &str,
    key: &str,
    versions: [&'a str; 2],
) -> Result<Option<&'a str>, Failure> {
    let mut marker: Option<(String, Option<String>)> = None;
    loop {
        let mut request = clients
            .s3()
            .list_object_versions()
            .bucket(bucket)
            .prefix(key);
        if let Some((key, version)) = marker {
            request = request.key_marker(key).set_version_id_marker(version);
        }
        let page = request
            .send()
            .await
            .map_err(|error| Failure::aws("s3:ListBucketVersions", resource(bucket, key), error))?;
        for listed in page.versions() {
            // Keys that begin with this one follow it.
            if listed.key() != Some(key) {
                return Ok(None);
            }
            let found = versions
                .into_iter()
                .find(|version| listed.version_id() == Some(version));
            if found.is_some() {
                return Ok(found);
            }
        }
        let next = page.next_key_marker().map(str::to_owned);
        match next.filter(|_| page.is_truncated() == Some(true)) {
            Some(next) => marker = Some((next, page.next_version_id_marker().map(str::to_owned))),
            None => return Ok(None),
        }
    }
}

/// A document's bytes in a file without a name.
#[derive(Debug)]
pub struct Local {
    file: File,
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
    digest: [u8; 32],
}

impl Local {
    /// A file that holds what `chunk` writes into it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Failure> {
        let mut writer = Writer::new()?;
        writer.write(bytes)?;
        Ok(writer.finish())
    }

    /// The file, to be read from its beginning and by nobody else's offset.
    pub fn reopen(&self) -> Result<File, Failure> {
        File::open(self.path()).map_err(|error| local("reading a temporary file", &error))
    }

    /// By which Linux opens a file without a name again.
    fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}

fn local(operation: &'static str, error: &std::io::Error) -> Failure {
    Failure::Local {
        operation,
        cause: error.to_string(),
    }
}

/// Writes a file and its checksum at once.
struct Writer {
    file: File,
    size: u64,
    digest: Sha256,
}

impl Writer {
    fn new() -> Result<Self, Failure> {
        let file =
            tempfile::tempfile().map_err(|error| local("creating a temporary file", &error))?;
        Ok(Self {
            file,
            size: 0,
            digest: Sha256::new(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file
            .write_all(bytes)
            .map_err(|error| local("writing a temporary file", &error))?;
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
        Ok(())
    }

    fn finish(self) -> Local {
        let digest: [u8; 32] = self.digest.finalize().into();
        Local {
            file: self.file,
            size: self.size,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            digest,
        }
    }
}

/// Brings the very version here that `stored` describes.
///
/// Errors: [`Failure::Integrity`] when what arrives has another length.
pub async fn download(clients: &Clients, stored: &Stored) -> Result<Local, Failure> {
    let mut request = clients
        .s3()
        .get_object()
        .bucket(&stored.bucket)
        .key(&stored.key)
        .set_if_match(stored.head.e_tag().map(str::to_owned));
    if stored.version != "null" {
        request = request.version_id(&stored.version);
    }
    let answer = request
        .send()
        .await
        .map_err(|error| Failure::aws("s3:GetObject", stored.arn(), error))?;
    let mut body = answer.body;
    let mut writer = Writer::new()?;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Failure::Integrity {
            operation: "s3:GetObject",
            resource: stored.arn(),
            problem: format!("the answer broke off: {error}"),
        })?;
        writer.write(&chunk)?;
    }
    let local = writer.finish();
    if local.size != stored.size {
        return Err(Failure::Integrity {
            operation: "s3:GetObject",
            resource: stored.arn(),
            problem: format!("{} bytes came of {}", local.size, stored.size),
        });
    }
    Ok(local)
}

/// A PutObject of a file. S3 computes the checksum of what arrives, and
/// refuses it when that is another
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>).
pub async fn put(
    clients: &Clients,
    bucket: &str,
    key: &str,
    local: &Local,
) -> Result<PutObjectFluentBuilder, Failure> {
    // By path, since only such a body can be sent again when an attempt fails.
    let body = ByteStream::read_from()
        .path(local.path())
        .build()
        .await
        .map_err(|error| Failure::Local {
            operation: "reading a temporary file",
            cause: error.to_string(),
        })?;
    Ok(clients
        .s3()
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_length(i64::try_from(local.size).unwrap_or(i64::MAX))
        .checksum_sha256(STANDARD.encode(local.digest))
        .body(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_file_is_read_from_its_beginning_each_time() {
        let local = Local::from_bytes(b"abc").unwrap();
        assert_eq!(
            local.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        for _ in 0..2 {
            let mut text = String::new();
            local.reopen().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "abc");
        }
    }
}
