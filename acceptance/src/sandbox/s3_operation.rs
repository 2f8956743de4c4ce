//! S3's operation names. S3 says what it wants with a method, a path and a
//! subresource in the query; the recorder and the weather want the name that
//! the API reference uses.

/// The subresources of a bucket, and what GET, PUT and DELETE on them are called.
/// A subresource that has no such operation has an empty name.
const BUCKET: &[(&str, &str, &str, &str)] = &[
    (
        "accelerate",
        "GetBucketAccelerateConfiguration",
        "PutBucketAccelerateConfiguration",
        "",
    ),
    ("acl", "GetBucketAcl", "PutBucketAcl", ""),
    (
        "analytics",
        "GetBucketAnalyticsConfiguration",
        "PutBucketAnalyticsConfiguration",
        "DeleteBucketAnalyticsConfiguration",
    ),
    ("cors", "GetBucketCors", "PutBucketCors", "DeleteBucketCors"),
    (
        "encryption",
        "GetBucketEncryption",
        "PutBucketEncryption",
        "DeleteBucketEncryption",
    ),
    (
        "intelligent-tiering",
        "GetBucketIntelligentTieringConfiguration",
        "PutBucketIntelligentTieringConfiguration",
        "DeleteBucketIntelligentTieringConfiguration",
    ),
    (
        "inventory",
        "GetBucketInventoryConfiguration",
        "PutBucketInventoryConfiguration",
        "DeleteBucketInventoryConfiguration",
    ),
    (
        "lifecycle",
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
    ),
    ("location", "GetBucketLocation", "", ""),
    ("logging", "GetBucketLogging", "PutBucketLogging", ""),
    (
        "metrics",
        "GetBucketMetricsConfiguration",
        "PutBucketMetricsConfiguration",
        "DeleteBucketMetricsConfiguration",
    ),
    (
        "notification",
        "GetBucketNotificationConfiguration",
        "PutBucketNotificationConfiguration",
        "",
    ),
    (
        "object-lock",
        "GetObjectLockConfiguration",
        "PutObjectLockConfiguration",
        "",
    ),
    (
        "ownershipControls",
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
    ),
    (
        "policy",
        "GetBucketPolicy",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
    ),
    ("policyStatus", "GetBucketPolicyStatus", "", ""),
    (
        "publicAccessBlock",
        "GetPublicAccessBlock",
        "PutPublicAccessBlock",
        "DeletePublicAccessBlock",
    ),
    (
        "replication",
        "GetBucketReplication",
        "PutBucketReplication",
        "DeleteBucketReplication",
    ),
    (
        "requestPayment",
        "GetBucketRequestPayment",
        "PutBucketRequestPayment",
        "",
    ),
    (
        "tagging",
        "GetBucketTagging",
        "PutBucketTagging",
        "DeleteBucketTagging",
    ),
    ("uploads", "ListMultipartUploads", "", ""),
    (
        "versioning",
        "GetBucketVersioning",
        "PutBucketVersioning",
        "",
    ),
    ("versions", "ListObjectVersions", "", ""),
    (
        "website",
        "GetBucketWebsite",
        "PutBucketWebsite",
        "DeleteBucketWebsite",
    ),
];

const OBJECT: &[(&str, &str, &str, &str)] = &[
    ("acl", "GetObjectAcl", "PutObjectAcl", ""),
    ("attributes", "GetObjectAttributes", "", ""),
    ("legal-hold", "GetObjectLegalHold", "PutObjectLegalHold", ""),
    ("retention", "GetObjectRetention", "PutObjectRetention", ""),
    (
        "tagging",
        "GetObjectTagging",
        "PutObjectTagging",
        "DeleteObjectTagging",
    ),
    ("torrent", "GetObjectTorrent", "", ""),
];

/// The name of a path-style S3 request; `copies` says that it carries a copy source.
pub fn name(method: &str, path: &str, query: &[(String, String)], copies: bool) -> String {
    let (bucket, key) = split(path);
    let has = |name: &str| query.iter().any(|(key, _)| key == name);
    let of = |table: &[(&str, &'static str, &'static str, &'static str)]| {
        let (_, get, put, delete) = table.iter().find(|(subresource, ..)| has(subresource))?;
        let name = match method {
            "GET" | "HEAD" => get,
            "PUT" | "POST" => put,
            "DELETE" => delete,
            _ => return None,
        };
        (!name.is_empty()).then_some(*name)
    };
    if bucket.is_empty() {
        return "ListBuckets".to_owned();
    }
    let name = if key.is_empty() {
        of(BUCKET).unwrap_or_else(|| match method {
            "PUT" => "CreateBucket",
            "DELETE" => "DeleteBucket",
            "HEAD" => "HeadBucket",
            "POST" if has("delete") => "DeleteObjects",
            "POST" => "PostObject",
            _ if query
                .iter()
                .any(|(key, value)| key == "list-type" && value == "2") =>
            {
                "ListObjectsV2"
            }
            _ => "ListObjects",
        })
    } else if has("uploadId") {
        match method {
            "PUT" if copies => "UploadPartCopy",
            "PUT" => "UploadPart",
            "POST" => "CompleteMultipartUpload",
            "DELETE" => "AbortMultipartUpload",
            _ => "ListParts",
        }
    } else {
        of(OBJECT).unwrap_or_else(|| match method {
            "PUT" if copies => "CopyObject",
            "PUT" => "PutObject",
            "DELETE" => "DeleteObject",
            "HEAD" => "HeadObject",
            "POST" if has("uploads") => "CreateMultipartUpload",
            "POST" if has("restore") => "RestoreObject",
            "POST" if has("select") => "SelectObjectContent",
            "OPTIONS" => "PreflightRequest",
            _ => "GetObject",
        })
    };
    name.to_owned()
}

/// Bucket and key of a path-style path; the key may be empty.
pub fn split(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_bears_the_name_of_the_api_reference() {
        let cases = [
            ("GET", "/", "", "ListBuckets"),
            ("PUT", "/b", "", "CreateBucket"),
            ("PUT", "/b/", "", "CreateBucket"),
            ("HEAD", "/b", "", "HeadBucket"),
            ("DELETE", "/b", "", "DeleteBucket"),
            ("PUT", "/b", "versioning", "PutBucketVersioning"),
            ("GET", "/b", "policy", "GetBucketPolicy"),
            ("GET", "/b", "policyStatus", "GetBucketPolicyStatus"),
            ("DELETE", "/b", "lifecycle", "DeleteBucketLifecycle"),
            ("PUT", "/b", "publicAccessBlock", "PutPublicAccessBlock"),
            ("GET", "/b", "versions&max-keys=3", "ListObjectVersions"),
            (
                "GET",
                "/b",
                "list-type=2&prefix=versioning",
                "ListObjectsV2",
            ),
            ("GET", "/b", "prefix=x", "ListObjects"),
            ("GET", "/b", "uploads", "ListMultipartUploads"),
            ("POST", "/b", "delete", "DeleteObjects"),
            ("PUT", "/b/k", "", "PutObject"),
            ("PUT", "/b/k/with/slashes", "x-id=PutObject", "PutObject"),
            ("GET", "/b/k", "versionId=1", "GetObject"),
            ("GET", "/b/k", "tagging", "GetObjectTagging"),
            ("POST", "/b/k", "uploads", "CreateMultipartUpload"),
            ("PUT", "/b/k", "partNumber=1&uploadId=u", "UploadPart"),
            ("DELETE", "/b/k", "uploadId=u", "AbortMultipartUpload"),
            ("POST", "/b/k", "uploadId=u", "CompleteMultipartUpload"),
        ];
        for (method, path, query, expected) in cases {
            let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect();
            assert_eq!(
                name(method, path, &query, false),
                expected,
                "{method} {path} {query:?}"
            );
        }
    }

    #[test]
    fn a_copy_is_told_from_a_put() {
        assert_eq!(name("PUT", "/b/k", &[], true), "CopyObject");
    }
}
