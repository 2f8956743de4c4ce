//! Documents in S3.
