//! What invokes the functions, and where an event ends that none of them
//! could take.

use super::Function;
use crate::blueprint::encryption::Purpose;
use crate::blueprint::policy::{Statement, document};
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Expansion, Facts, Spec, naming};
use crate::engine::template::intrinsics::{get_att, reference};
use serde_json::{Value, json};

/// One queue for everything of a pipeline that could not be delivered or
/// handled (R047).
pub const DEAD_LETTER_QUEUE_ID: &str = "DeadLetterQueue";
/// SQS's longest: two weeks to look at what failed.
const RETENTION_SECONDS: u32 = 14 * 24 * 3600;
/// As long as EventBridge tries unless told otherwise.
const MAXIMUM_AGE_SECONDS: u32 = 24 * 3600;
const MAXIMUM_ATTEMPTS: u32 = 185;

/// A function's own rule: which events it is told of.
struct Rule {
    function: Function,
    description: &'static str,
    pattern: Value,
}

pub fn dead_letter_queue_name(spec: &Spec) -> String {
    naming::name("dead-letters", spec, naming::limit::QUEUE)
}

pub fn dead_letter_queue_arn(spec: &Spec, facts: &Facts) -> String {
    facts.arn("sqs", &dead_letter_queue_name(spec))
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    dead_letter_queue(x);
    for rule in rules(x.spec, x.facts) {
        let id = format!("{}Rule", rule.function.stem());
        let name = rule_name(rule.function, x.spec);
        let tags = x.tags(&[]);
        x.add(
            id.as_str(),
            "AWS::Events::Rule",
            json!({
                "Name": name,
                "Description": rule.description,
                "EventPattern": rule.pattern,
                "State": "ENABLED",
                "Targets": [rule_target(rule.function)],
                "Tags": tags,
            }),
        );
        let arn = x.facts.arn("events", &format!("rule/{name}"));
        permission(
            x,
            &format!("{id}Permission"),
            rule.function,
            "events.amazonaws.com",
            json!(arn),
        );
    }
}

fn dead_letter_queue(x: &mut Expansion<'_>) {
    x.add(
        DEAD_LETTER_QUEUE_ID,
        "AWS::SQS::Queue",
        json!({
            "QueueName": dead_letter_queue_name(x.spec),
            // Whose policy admits EventBridge, which writes here.
            "KmsMasterKeyId": Purpose::Logs.arn(x.spec),
            "MessageRetentionPeriod": RETENTION_SECONDS,
            "Tags": x.tags(&[]),
        }),
    );
    let arn = dead_letter_queue_arn(x.spec, x.facts);
    let rules = Statement::allow("EventBridgeRules")
        .service("events.amazonaws.com")
        .actions(["sqs:SendMessage"])
        .resource(arn.clone())
        // EventBridge names the rule, and no account beside it.
        .when("ArnLike", "aws:SourceArn", x.facts.arn("events", "rule/*"));
    let tls = Statement::deny("OnlyTls")
        .everyone()
        .actions(["sqs:*"])
        .resource(arn)
        .when("Bool", "aws:SecureTransport", "false");
    x.add(
        "DeadLetterQueuePolicy",
        "AWS::SQS::QueuePolicy",
        json!({
            "Queues": [reference(DEAD_LETTER_QUEUE_ID)],
            "PolicyDocument": document([rules, tls]),
        }),
    );
}

/// EventBridge uses the queue's key for this queue and no other, which SQS
/// names in the encryption context
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>).
pub(in crate::blueprint) fn dead_letter_key_grant(spec: &Spec, facts: &Facts) -> Statement {
    Statement::allow("DeadLetters")
        .service("events.amazonaws.com")
        .actions(["kms:Decrypt", "kms:GenerateDataKey"])
        .resource("*")
        .when(
            "StringEquals",
            "kms:EncryptionContext:aws:sqs:arn",
            dead_letter_queue_arn(spec, facts),
        )
}

/// No function is told of what it writes itself: each prefix has one reader
/// and another writer (R044).
fn rules(spec: &Spec, facts: &Facts) -> [Rule; 3] {
    let created = |bucket: Bucket, prefix: &str| {
        json!({
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "account": [facts.account_id],
            "detail": {
                "bucket": { "name": [bucket.name(spec, facts)] },
                "object": { "key": [{ "prefix": prefix }] },
            },
        })
    };
    [
        Rule {
            function: Function::Validate,
            description: "Documents that were uploaded",
            pattern: created(Bucket::Raw, "raw/"),
        },
        Rule {
            function: Function::Encrypt,
            description: "Documents that were validated",
            pattern: json!({
                "source": [super::EVENT_SOURCE],
                "detail-type": [super::DOCUMENT_VALIDATED],
                "account": [facts.account_id],
                "detail": { "pipeline": [naming::pipeline_id(spec, facts)] },
            }),
        },
        Rule {
            function: Function::Scan,
            description: "Documents that were encrypted",
            pattern: created(Bucket::Processed, "encrypted/"),
        },
    ]
}

fn rule_name(function: Function, spec: &Spec) -> String {
    naming::name(function.as_str(), spec, naming::limit::RULE)
}

/// A rule's target: the function, with as many attempts as EventBridge gives
/// and a place for the event after the last of them.
pub fn rule_target(function: Function) -> Value {
    json!({
        "Id": function.as_str(),
        "Arn": get_att(&function.function_id(), "Arn"),
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": MAXIMUM_AGE_SECONDS,
            "MaximumRetryAttempts": MAXIMUM_ATTEMPTS,
        },
        "DeadLetterConfig": { "Arn": get_att(DEAD_LETTER_QUEUE_ID, "Arn") },
    })
}

/// Lets a service invoke a function, but only in the name of one resource of
/// this account (R048).
pub fn permission(
    x: &mut Expansion<'_>,
    id: &str,
    function: Function,
    service: &str,
    source_arn: Value,
) {
    x.add(
        id,
        "AWS::Lambda::Permission",
        json!({
            "FunctionName": reference(&function.function_id()),
            "Action": "lambda:InvokeFunction",
            "Principal": service,
            "SourceArn": source_arn,
            "SourceAccount": x.facts.account_id,
        }),
    );
}
