//! Where a document is in each bucket. One name, four places:
//!
//! | bucket | key | who writes it |
//! |---|---|---|
//! | raw | `raw/<name>` | whoever uploads |
//! | raw | `quarantine/<version>/<name>` | validate, of what it refused |
//! | processed | `encrypted/<name>` | encrypt |
//! | processed | `scan-results/<name>/<version>.json` | scan |
//!
//! The prefixes are the loop guard too: no function reads where it writes.

use crate::error::Failure;
use sha2::{Digest, Sha256};

const RAW: &str = "raw/";
const QUARANTINE: &str = "quarantine/";
const ENCRYPTED: &str = "encrypted/";
const RESULTS: &str = "scan-results/";

/// S3's limit for a key, in bytes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const LONGEST_KEY: usize = 1024;
/// What an API caller may name a document, so that every place above fits.
const LONGEST_NAME: usize = 800;

/// A document's name: its key without the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name that an API caller gave, with or without the prefix `raw/`.
    ///
    /// Errors: status 400 when it is empty, longer than 800 bytes, holds a
    /// control character, or a part that is `.` or `..`, which S3 keeps but
    /// half of all clients resolve.
    pub fn from_request(text: &str) -> Result<Self, Failure> {
        let name = text.strip_prefix(RAW).unwrap_or(text);
        let name = name.trim_start_matches('/');
        let refuse = |message: String| Err(Failure::request(400, "InvalidDocumentKey", message));
        if name.is_empty() || name.ends_with('/') {
            return refuse(
                "document_key must name a document, such as \"2026/invoice.pdf\"".into(),
            );
        }
        if name.len() > LONGEST_NAME {
            return refuse(format!(
                "document_key has {} bytes; at most {LONGEST_NAME} are allowed",
                name.len()
            ));
        }
        if name.chars().any(char::is_control) {
            return refuse("document_key must not hold control characters".into());
        }
        if name.split('/').any(|part| part == "." || part == "..") {
            return refuse("document_key must not hold a part that is \".\" or \"..\"".into());
        }
        Ok(Self(name.to_owned()))
    }

    /// The name of the document at `raw/<name>`; none for any other key.
    pub fn from_raw(key: &str) -> Option<Self> {
        Self::after(key, RAW)
    }

    /// The name of the document at `encrypted/<name>`; none for any other key.
    pub fn from_encrypted(key: &str) -> Option<Self> {
        Self::after(key, ENCRYPTED)
    }

    /// A key that ends with a slash is a folder that the S3 console made.
    fn after(key: &str, prefix: &str) -> Option<Self> {
        let name = key.strip_prefix(prefix)?;
        (!name.is_empty() && !name.ends_with('/')).then(|| Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn raw(&self) -> String {
        format!("{RAW}{}", self.0)
    }

    pub fn encrypted(&self) -> String {
        fitting(ENCRYPTED, &self.0, "")
    }

    /// `version` is the refused version's id, so that a repetition finds it
    /// and two refused versions do not meet.
    pub fn quarantined(&self, version: &str) -> String {
        fitting(&format!("{QUARANTINE}{version}/"), &self.0, "")
    }

    /// `version` is the id of the version that was scanned.
    pub fn result(&self, version: &str) -> String {
        fitting(RESULTS, &self.0, &format!("/{version}.json"))
    }
}

/// A name that would make the key too long is replaced by its SHA-256.
fn fitting(before: &str, name: &str, after: &str) -> String {
    if before.len() + name.len() + after.len() <= LONGEST_KEY {
        return format!("{before}{name}{after}");
    }
    let digest: String = Sha256::digest(name.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{before}{digest}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_one_name_in_every_place() {
        let name = Name::from_raw("raw/2026/a b.pdf").unwrap();
        assert_eq!(name, Name::from_request("2026/a b.pdf").unwrap());
        assert_eq!(name, Name::from_request("raw/2026/a b.pdf").unwrap());
        assert_eq!(name.encrypted(), "encrypted/2026/a b.pdf");
        assert_eq!(Name::from_encrypted(&name.encrypted()), Some(name.clone()));
        assert_eq!(name.quarantined("v1"), "quarantine/v1/2026/a b.pdf");
        assert_eq!(name.result("v1"), "scan-results/2026/a b.pdf/v1.json");
    }

    #[test]
    fn what_the_functions_write_is_no_document_of_theirs() {
        let name = Name::from_request("a.pdf").unwrap();
        for key in [name.quarantined("v"), name.result("v"), name.encrypted()] {
            assert_eq!(Name::from_raw(&key), None, "{key}");
        }
        for key in [name.quarantined("v"), name.result("v"), name.raw()] {
            assert_eq!(Name::from_encrypted(&key), None, "{key}");
        }
        assert_eq!(Name::from_raw("raw/folder/"), None);
    }

    #[test]
    fn a_key_that_cannot_be_is_refused_with_a_sentence() {
        let long = "x".repeat(801);
        for key in ["", "raw/", "/", "a/", "a/../b", "./a", "a\nb", &long] {
            let error = Name::from_request(key).unwrap_err();
            assert_eq!(error.kind(), "InvalidDocumentKey", "{key}");
            assert!(error.to_string().starts_with("document_key"), "{error}");
        }
    }

    #[test]
    fn no_key_is_longer_than_s3_allows() {
        let name = Name::from_raw(&format!("raw/{}", "x".repeat(1020))).unwrap();
        for key in [
            name.encrypted(),
            name.quarantined("v"),
            name.result(&"v".repeat(32)),
        ] {
            assert!(key.len() <= LONGEST_KEY, "{}", key.len());
        }
        assert!(name.result("v").ends_with("/v.json"));
    }
}
