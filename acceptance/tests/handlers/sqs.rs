//! Queues and their policies, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use serde_json::{Value, json};

#[test]
fn a_queue_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let key = sandbox
            .boto3(r#"print(json.dumps(boto3.client("kms").create_key()["KeyMetadata"]["Arn"]))"#)
            .expect("a key");
        let tags = |team: &str| json!([{ "Key": "team", "Value": team }]);
        hold(
            &bench,
            Case {
                id: "DeadLetterQueue",
                type_name: "AWS::SQS::Queue",
                first: json!({
                    "QueueName": "dead-letters",
                    "KmsMasterKeyId": key,
                    "MessageRetentionPeriod": 1_209_600,
                    "Tags": tags("blue"),
                }),
                then: vec![
                    json!({
                        "QueueName": "dead-letters",
                        "KmsMasterKeyId": key,
                        "KmsDataKeyReusePeriodSeconds": 600,
                        "MessageRetentionPeriod": 345_600,
                        "VisibilityTimeout": 60,
                        "Tags": tags("red"),
                    }),
                    json!({ "QueueName": "dead-letters" }),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_queues_policy_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let queue = json!({ "QueueName": "dead-letters" });
        let queue = bench.made("DeadLetterQueue", "AWS::SQS::Queue", &queue);
        let queue = queue.await;
        let policy = |service: &str| -> Value {
            json!({
                "Queues": [queue.reference],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Principal": { "Service": service },
                        "Action": "sqs:SendMessage",
                        "Resource": queue.attributes["Arn"],
                    }],
                },
            })
        };
        hold(
            &bench,
            Case {
                id: "DeadLetterQueuePolicy",
                type_name: "AWS::SQS::QueuePolicy",
                first: policy("events.amazonaws.com"),
                then: vec![policy("sns.amazonaws.com")],
                unique: false,
                refuses_strangers: true,
            },
        )
        .await;
    });
}
