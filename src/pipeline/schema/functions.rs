//! The Lambda functions.

use super::{
    Attribute, AttributeType, Default_, Optional, Required, attribute, attributes, block, map,
    number, text, texts,
};

pub fn functions() -> Attribute {
    block(
        Default_,
        "Lambda functions: `validate`, `encrypt` and `scan` documents, `remediate` findings, `rotate` secrets, `evaluate` compliance. \
         Their code is in the provider, unless `code` says another.",
        [
            (
                "architecture",
                text(
                    Default_,
                    "Processor architecture: `arm64` or `x86_64`. Default `arm64`, which costs a fifth less. Changed in place.",
                ),
            ),
            (
                "memory_mb",
                number(
                    Default_,
                    "Memory of each function in MiB, 128 to 10240; processor time grows with it. Default 512. Changed in place.",
                ),
            ),
            (
                "timeout_seconds",
                number(
                    Default_,
                    "Longest run of `validate`, `encrypt` and `scan` in seconds, 3 to 29: API Gateway waits no longer. The other functions have 60. \
                     Default 15. Changed in place.",
                ),
            ),
            ("per_function", per_function()),
            ("code", code()),
            (
                "max_document_mb",
                number(
                    Default_,
                    "Largest document that is processed, in MiB, 1 to 100. Larger ones are refused by validation. Default 10. Changed in place.",
                ),
            ),
            (
                "document_types",
                texts(
                    Default_,
                    "Kinds of documents that are processed, told by their content: any of `doc`, `docx`, `pdf`, `text` and `xlsx`. \
                     Default `[\"doc\", \"docx\", \"pdf\", \"text\"]`. Changed in place.",
                ),
            ),
            (
                "patterns",
                map(
                    Optional,
                    "What the scan looks for beside card numbers, IBANs, social security numbers, e-mail and IP addresses and phone numbers: name \
                     (lower-case letters, digits, hyphens; at most 32) to regular expression in the syntax of Rust's `regex` crate, over bytes, \
                     without anchors and without repetitions that have no end (write `{1,20}` for `+`). At most 512 bytes each and 2500 \
                     together as JSON: they share Lambda's 4 KB of environment. Each hit makes a document non-compliant. Default none. Changed in place.",
                ),
            ),
        ],
    )
}

fn per_function() -> Attribute {
    let settings = attributes([
        (
            "memory_mb",
            number(
                Optional,
                "Memory in MiB, 128 to 10240. Null: `functions.memory_mb`. Changed in place.",
            ),
        ),
        (
            "timeout_seconds",
            number(
                Optional,
                "Longest run in seconds: 3 to 29 for `validate`, `encrypt` and `scan`, 3 to 900 for the others. \
                 Null: `functions.timeout_seconds` for the first three, 60 for the others. Changed in place.",
            ),
        ),
        (
            "reserved_concurrency",
            number(
                Optional,
                "Concurrent runs that are reserved for the function, and its most, 0 to 1000; 0 stops it. They are taken from the account's \
                 pool, of which AWS keeps 100 unreserved. Null: none reserved. Changed in place.",
            ),
        ),
    ]);
    attribute(
        AttributeType::AttributeMap(settings),
        Optional,
        "Settings of single functions, by name: `validate`, `encrypt`, `scan`, `remediate`, `rotate`, `evaluate`. Changed in place.",
    )
}

fn code() -> Attribute {
    block(
        Optional,
        "Code of your own for all functions instead of the provider's: a zip in S3 with a `bootstrap` for `provided.al2023`, which is told by \
         `_HANDLER` which function it is. The object is never modified nor deleted. Changed in place.",
        [
            (
                "s3_bucket",
                text(
                    Required,
                    "Name of the bucket, in the pipeline's region. The credentials that apply must be able to read it. Changed in place.",
                ),
            ),
            (
                "s3_key",
                text(Required, "Key of the zip. Changed in place."),
            ),
            (
                "s3_object_version",
                text(
                    Optional,
                    "Version of the zip. Null: the current one, and then a new upload under the same key is not seen by a plan. Changed in place.",
                ),
            ),
        ],
    )
}
