//! Functions (R032-R049): one Lambda function for each operation of the
//! binary in `functions/`, with a role and a log group of its own, and one
//! queue for the events that none of them could handle.
//!
//! Helpers for the areas whose services invoke a function: [`permission`]
//! and, for rules of EventBridge, [`rule_target`].

mod baseline;
mod environment;
mod events;
mod permissions;
#[cfg(test)]
mod tests;

pub(super) use baseline::{follow as baseline_follows, path as baseline_path};
pub(super) use events::dead_letter_key_grant;
pub use events::{
    DEAD_LETTER_QUEUE_ID, dead_letter_queue_arn, dead_letter_queue_name, permission, rule_target,
};
pub(super) use permissions::name as name_permissions;

use super::encryption::Purpose;
use super::{Expansion, Facts, Spec, access, naming, network, object};
use crate::bundle;
use crate::engine::template::intrinsics::get_att;
use serde_json::{Value, json};

/// A custom runtime on Amazon Linux 2023 has no language that ends (R039).
const RUNTIME: &str = "provided.al2023";
/// What remediation and rotation call takes longer than a document.
const LONG_TIMEOUT_SECONDS: u32 = 60;
/// The pipeline's own events: `functions/src/event.rs`.
pub const EVENT_SOURCE: &str = "tap.pipeline";
pub const DOCUMENT_VALIDATED: &str = "Document Validated";

/// The operations of the functions' binary; its `_HANDLER` has these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    Validate,
    Encrypt,
    Scan,
    Remediate,
    Rotate,
    Evaluate,
}

impl Function {
    pub const ALL: [Self; 6] = [
        Self::Validate,
        Self::Encrypt,
        Self::Scan,
        Self::Remediate,
        Self::Rotate,
        Self::Evaluate,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Encrypt => "encrypt",
            Self::Scan => "scan",
            Self::Remediate => "remediate",
            Self::Rotate => "rotate",
            Self::Evaluate => "evaluate",
        }
    }

    /// `Validate`: what logical ids begin with.
    fn stem(self) -> &'static str {
        match self {
            Self::Validate => "Validate",
            Self::Encrypt => "Encrypt",
            Self::Scan => "Scan",
            Self::Remediate => "Remediate",
            Self::Rotate => "Rotate",
            Self::Evaluate => "Evaluate",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Validate => "Judges uploaded documents",
            Self::Encrypt => "Copies validated documents under the data key",
            Self::Scan => "Looks for personal data in documents",
            Self::Remediate => "Answers findings and non-compliant resources",
            Self::Rotate => "Rotates secrets",
            Self::Evaluate => "Answers the rules of AWS Config",
        }
    }

    pub fn function_id(self) -> String {
        format!("{}Function", self.stem())
    }

    pub fn role_id(self) -> String {
        format!("{}Role", self.stem())
    }

    pub fn policy_id(self) -> String {
        format!("{}Policy", self.stem())
    }

    pub fn log_group_id(self) -> String {
        format!("{}LogGroup", self.stem())
    }

    /// `validate-documents-dev`
    pub fn name(self, spec: &Spec) -> String {
        naming::name(self.as_str(), spec, naming::limit::FUNCTION)
    }

    pub fn arn(self, spec: &Spec, facts: &Facts) -> String {
        facts.arn("lambda", &format!("function:{}", self.name(spec)))
    }

    /// The name of its execution role.
    pub fn role_name(self, spec: &Spec, facts: &Facts) -> String {
        naming::of_all_regions(self.as_str(), spec, facts, naming::limit::ROLE)
    }

    pub fn role_arn(self, spec: &Spec, facts: &Facts) -> String {
        format!(
            "arn:{}:iam::{}:role/{}",
            facts.partition,
            facts.account_id,
            self.role_name(spec, facts)
        )
    }

    /// Lambda writes to the group of this name, whoever made it.
    pub fn log_group_name(self, spec: &Spec) -> String {
        format!("/aws/lambda/{}", self.name(spec))
    }

    pub fn log_group_arn(self, spec: &Spec, facts: &Facts) -> String {
        facts.arn("logs", &format!("log-group:{}", self.log_group_name(spec)))
    }

    fn timeout_seconds(self, spec: &Spec) -> u32 {
        let own = spec.functions.per_function.get(self.as_str());
        let otherwise = match self {
            Self::Validate | Self::Encrypt | Self::Scan => spec.functions.timeout_seconds,
            Self::Remediate | Self::Rotate | Self::Evaluate => LONG_TIMEOUT_SECONDS,
        };
        own.and_then(|own| own.timeout_seconds).unwrap_or(otherwise)
    }

    fn memory_mb(self, spec: &Spec) -> u32 {
        let own = spec.functions.per_function.get(self.as_str());
        own.and_then(|own| own.memory_mb)
            .unwrap_or(spec.functions.memory_mb)
    }

    fn reserved_concurrency(self, spec: &Spec) -> Option<u32> {
        let own = spec.functions.per_function.get(self.as_str());
        own.and_then(|own| own.reserved_concurrency)
    }
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    for function in Function::ALL {
        x.add(
            function.log_group_id(),
            "AWS::Logs::LogGroup",
            json!({
                "LogGroupName": function.log_group_name(x.spec),
                "KmsKeyId": Purpose::Logs.arn(x.spec),
                "RetentionInDays": x.spec.monitoring.log_retention_days,
                "Tags": x.tags(&[]),
            }),
        );
        // Lambda would make the group itself, without a key and for ever,
        // were it not there at the first call (R046).
        let properties = properties(function, x);
        let log_group = function.log_group_id();
        let mut after = vec![log_group.as_str()];
        if function == Function::Rotate {
            after.push(access::USAGE_PLAN_POLICY_ID);
        }
        x.add_after(
            function.function_id(),
            "AWS::Lambda::Function",
            properties,
            &after,
        );
    }
    events::expand(x);
    baseline::expand(x);
}

fn properties(function: Function, x: &Expansion<'_>) -> Value {
    let (spec, facts) = (x.spec, x.facts);
    object(json!({
        "FunctionName": function.name(spec),
        "Description": function.description(),
        "Runtime": RUNTIME,
        "Handler": function.as_str(),
        "Architectures": [spec.functions.architecture.as_str()],
        "Code": code(spec, facts),
        "Role": get_att(&function.role_id(), "Arn"),
        "MemorySize": function.memory_mb(spec),
        "Timeout": function.timeout_seconds(spec),
        "ReservedConcurrentExecutions": function.reserved_concurrency(spec),
        "KmsKeyArn": Purpose::Environment.arn(spec),
        "Environment": { "Variables": environment::variables(function, spec, facts) },
        "VpcConfig": {
            "SubnetIds": network::subnet_ids(spec),
            "SecurityGroupIds": [network::function_security_group()],
        },
        "DeadLetterConfig": { "TargetArn": get_att(DEAD_LETTER_QUEUE_ID, "Arn") },
        "TracingConfig": { "Mode": "Active" },
        "Tags": x.tags(&[]),
    }))
}

/// The provider's own code, known by its checksum, or the user's zip (R049).
fn code(spec: &Spec, facts: &Facts) -> Value {
    if let Some(code) = &spec.functions.code {
        return object(json!({
            "S3Bucket": code.s3_bucket,
            "S3Key": code.s3_key,
            "S3ObjectVersion": code.s3_object_version,
        }));
    }
    let architecture = spec.functions.architecture.as_str();
    // A provider without these functions says so when it plans.
    let sha256 = facts.bundles.get(architecture);
    let sha256 = sha256.map_or("not-built", String::as_str);
    json!({ "S3Bucket": bundle::BUCKET, "S3Key": format!("{sha256}.zip") })
}
