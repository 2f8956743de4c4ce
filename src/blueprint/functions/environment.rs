//! What each function is told through its environment: what it needs and no
//! more. The names are those of `functions/src/settings.rs`.

use super::Function;
use crate::blueprint::encryption::Purpose;
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Facts, Spec, access, alerts, audit, naming};
use crate::engine::template::intrinsics::reference;
use serde_json::{Map, Value, json};

const MIB: u64 = 1 << 20;

/// The variables of one function, as `Environment.Variables` has them.
pub(super) fn variables(function: Function, spec: &Spec, facts: &Facts) -> Value {
    let mut variables = Map::new();
    let mut set = |name: &str, value: Value| {
        variables.insert(name.to_owned(), value);
    };
    set("TAP_PIPELINE", json!(naming::pipeline_id(spec, facts)));
    set("TAP_AUDIT_TABLE", json!(audit::table_name(spec)));
    if is_about_documents(function) {
        let limit = u64::from(spec.functions.max_document_mb) * MIB;
        set("TAP_MAX_DOCUMENT_BYTES", json!(limit.to_string()));
        // The names of documents are searched too, before they are logged.
        if let Some(patterns) = patterns(spec) {
            set("TAP_PATTERNS", patterns);
        }
    }
    let bucket = |bucket: Bucket| json!(bucket.name(spec, facts));
    match function {
        Function::Validate => {
            set("TAP_RAW_BUCKET", bucket(Bucket::Raw));
            set("TAP_DOCUMENT_TYPES", document_types(spec));
            let role = access::upload_role_arn(spec, facts);
            set("TAP_UPLOAD_ROLE_ARN", json!(role));
        }
        Function::Encrypt => {
            set("TAP_RAW_BUCKET", bucket(Bucket::Raw));
            set("TAP_PROCESSED_BUCKET", bucket(Bucket::Processed));
            set("TAP_DATA_KEY_ARN", Purpose::Data.arn(spec));
            set("TAP_DOCUMENT_TYPES", document_types(spec));
        }
        Function::Scan => {
            set("TAP_PROCESSED_BUCKET", bucket(Bucket::Processed));
            set("TAP_TOPIC_ARN", json!(alerts::topic_arn(spec, facts)));
        }
        Function::Remediate => {
            set("TAP_BASELINE", json!(super::baseline::path(spec)));
            set("TAP_TOPIC_ARN", json!(alerts::topic_arn(spec, facts)));
            let scope = match spec.threats.remediate_account {
                true => "account",
                false => "pipeline",
            };
            set("TAP_REMEDIATION_SCOPE", json!(scope));
        }
        Function::Rotate => {
            set("TAP_USAGE_PLAN_ID", reference("UsagePlan"));
            set("TAP_API_KEY_SECRET_ARN", reference("ApiKeySecret"));
            if let Some(hook) = &spec.secrets.rotation_function_arn {
                set("TAP_ROTATION_HOOK_ARN", json!(hook));
            }
        }
        Function::Evaluate => {}
    }
    Value::Object(variables)
}

fn is_about_documents(function: Function) -> bool {
    matches!(
        function,
        Function::Validate | Function::Encrypt | Function::Scan
    )
}

fn document_types(spec: &Spec) -> Value {
    json!(spec.functions.document_types.join(","))
}

/// As text: an environment holds nothing else.
fn patterns(spec: &Spec) -> Option<Value> {
    let patterns = spec.functions.patterns.iter();
    let list: Vec<Value> = patterns
        .map(|(name, pattern)| json!({ "name": name, "pattern": pattern }))
        .collect();
    (!list.is_empty()).then(|| json!(Value::Array(list).to_string()))
}
