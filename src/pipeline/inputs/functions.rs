//! The functions.

use super::patterns;
use super::syntax::{valid_bucket, words};
use crate::blueprint::functions::Function;
use crate::blueprint::spec::{Architecture, Code, FunctionSettings, Functions};
use crate::pipeline::state::{CodeBlock, FunctionBlock, FunctionsBlock, TextList};
use crate::pipeline::values::{Place, Reader};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use tf_provider::value::Value;

const MEMORY: RangeInclusive<u32> = 128..=10_240;
/// API Gateway waits 29 seconds
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const TIMEOUT_BEHIND_API: RangeInclusive<u32> = 3..=29;
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const TIMEOUT: RangeInclusive<u32> = 3..=900;

const DOCUMENT_TYPES: [&str; 5] = ["doc", "docx", "pdf", "text", "xlsx"];

pub(super) fn functions(r: &mut Reader, block: &Value<FunctionsBlock>) -> Functions {
    let place = Place::root().at("functions");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Functions::default();
    Functions {
        architecture: r
            .choice(
                &place.at("architecture"),
                block.map(|b| &b.architecture),
                default.architecture.as_str(),
                &Architecture::ALL,
            )
            .and_then(|text| Architecture::parse(&text))
            .unwrap_or_default(),
        memory_mb: r.whole(
            &place.at("memory_mb"),
            block.map(|b| &b.memory_mb),
            default.memory_mb,
            MEMORY,
        ),
        timeout_seconds: r.whole(
            &place.at("timeout_seconds"),
            block.map(|b| &b.timeout_seconds),
            default.timeout_seconds,
            TIMEOUT_BEHIND_API,
        ),
        per_function: per_function(r, &place.at("per_function"), block.map(|b| &b.per_function)),
        code: code(r, &place.at("code"), block.map(|b| &b.code)),
        max_document_mb: r.whole(
            &place.at("max_document_mb"),
            block.map(|b| &b.max_document_mb),
            default.max_document_mb,
            1..=100,
        ),
        document_types: document_types(
            r,
            &place.at("document_types"),
            block.map(|b| &b.document_types),
        )
        .unwrap_or(default.document_types),
        patterns: match block {
            Some(block) => patterns::patterns(r, &place.at("patterns"), &block.patterns),
            None => BTreeMap::new(),
        },
    }
}

fn per_function(
    r: &mut Reader,
    place: &Place,
    value: Option<&Value<BTreeMap<String, Value<FunctionBlock>>>>,
) -> BTreeMap<String, FunctionSettings> {
    let entries = match value {
        None | Some(Value::Null) => return BTreeMap::new(),
        Some(Value::Unknown) => {
            // It may be about any function, and say anything of it.
            let all = Function::ALL.map(|function| (function.as_str().to_owned(), Value::Unknown));
            r.either(BTreeMap::new(), BTreeMap::from(all))
        }
        Some(Value::Value(entries)) => entries.clone(),
    };
    let mut settings = BTreeMap::new();
    for (name, block) in entries {
        let place = place.key(&name);
        let Some(function) = Function::ALL.into_iter().find(|f| f.as_str() == name) else {
            let names = Function::ALL.map(Function::as_str).join(", ");
            r.problem(
                &place,
                "Not one of the functions",
                format!("There is no function \"{name}\". Write one of {names}."),
            );
            continue;
        };
        settings.insert(name, function_settings(r, &place, function, &block));
    }
    settings
}

fn function_settings(
    r: &mut Reader,
    place: &Place,
    function: Function,
    block: &Value<FunctionBlock>,
) -> FunctionSettings {
    let block = r.block(block);
    let block = block.as_ref();
    let behind_api = matches!(
        function,
        Function::Validate | Function::Encrypt | Function::Scan
    );
    FunctionSettings {
        memory_mb: r.maybe_whole(&place.at("memory_mb"), block.map(|b| &b.memory_mb), MEMORY),
        timeout_seconds: r.maybe_whole(
            &place.at("timeout_seconds"),
            block.map(|b| &b.timeout_seconds),
            match behind_api {
                true => TIMEOUT_BEHIND_API,
                false => TIMEOUT,
            },
        ),
        reserved_concurrency: r.maybe_whole(
            &place.at("reserved_concurrency"),
            block.map(|b| &b.reserved_concurrency),
            0..=1000,
        ),
    }
}

fn code(r: &mut Reader, place: &Place, value: Option<&Value<CodeBlock>>) -> Option<Code> {
    let block = value.and_then(|value| r.block(value))?;
    let probes = ["probe-a", "probe-b"];
    let bucket = place.at("s3_bucket");
    let s3_bucket = r.required_text(&bucket, &block.s3_bucket, probes);
    r.check(
        &bucket,
        &s3_bucket,
        valid_bucket(&s3_bucket),
        "is not a bucket name",
        "Write the name of an existing bucket (not its ARN): 3 to 63 lower-case letters, digits, dots and hyphens.",
    );
    let key = place.at("s3_key");
    let s3_key = r.required_text(&key, &block.s3_key, probes);
    r.check(
        &key,
        &s3_key,
        (1..=1024).contains(&s3_key.len()) && !s3_key.starts_with("s3://"),
        "is not the key of an object",
        "Write the key inside the bucket, for example \"functions/bootstrap.zip\".",
    );
    let version = place.at("s3_object_version");
    let s3_object_version = r.text(&version, Some(&block.s3_object_version), probes);
    if let Some(text) = &s3_object_version {
        r.check(
            &version,
            text,
            (1..=1024).contains(&text.len()),
            "is not the version of an object",
            "Write its version id, or leave it out.",
        );
    }
    Some(Code {
        s3_bucket,
        s3_key,
        s3_object_version,
    })
}

fn document_types(r: &mut Reader, place: &Place, value: Option<&TextList>) -> Option<Vec<String>> {
    let types = words(Some(r.texts(
        place,
        value,
        "a kind of document",
        1,
        |n| DOCUMENT_TYPES[n % DOCUMENT_TYPES.len()].to_owned(),
    )?));
    let all = DOCUMENT_TYPES.map(|one| format!("\"{one}\"")).join(", ");
    for text in &types {
        r.check(
            place,
            text,
            DOCUMENT_TYPES.contains(&text.as_str()),
            "is not a kind of document that can be processed",
            &format!("Write any of {all}."),
        );
    }
    if types.is_empty() {
        r.problem(
            place,
            "No kind of document",
            format!("document_types is empty, so every document would be refused. Write any of {all}, or leave it out for all."),
        );
    }
    Some(types)
}
