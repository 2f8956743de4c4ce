//! What the policies of keys, buckets, topic and queue make of those who ask:
//! services that act for the pipeline, services that act for somebody else,
//! and callers with a permission of their own.

use super::*;

const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:dead-letters-documents-dev";
const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
const EVENTBRIDGE: &str = "events.amazonaws.com";
const LOG_GROUPS: &str = "logs.us-east-1.amazonaws.com";
const ACCESS_LOGS: &str = "logging.s3.amazonaws.com";
const FLOW_LOGS: &str = "delivery.logs.amazonaws.com";
const UPLOADER: &str = "arn:aws:iam::111122223333:role/uploader";
const FOREIGNER: &str = "arn:aws:iam::210987654321:role/uploader";
const TLS: [(&str, &str); 2] = [("aws:SecureTransport", "true"), ("s3:TlsVersion", "1.3")];
type Context<'a> = &'a [(&'a str, &'a str)];
/// A context that the administrators' guard does not look at.
const SERVICE: (&str, &str) = ("aws:PrincipalIsAWSService", "true");

/// The policy of a resource, by the one property that it is in. A bucket's ARN
/// is said by reference in some statements and by name in others.
fn policy(template: &Template, id: &str) -> Value {
    let properties = resolved(template, id);
    let policy = match properties.get("KeyPolicy") {
        Some(policy) => policy,
        None => &properties["PolicyDocument"],
    };
    let mut text = policy.to_string();
    for (bucket, arn) in [
        ("RawBucket", RAW),
        ("ProcessedBucket", PROCESSED),
        ("LogsBucket", LOGS),
    ] {
        text = text.replace(&format!("arn-of-{bucket}"), arn);
    }
    serde_json::from_str(&text).expect("JSON")
}

/// R004, R116: each service with the key that it needs, for what is the
/// pipeline's; nobody else, and for nothing else.
#[test]
fn the_logs_key_admits_each_service_for_the_pipelines_own_and_for_nothing_else() {
    let key = policy(&template(|_| {}), "LogsKey");
    let group = |name: &str| format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}");
    let ours = group("/aws/lambda/validate-documents-dev");
    let theirs = group("/aws/lambda/payroll");
    let another_topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:payroll");
    let another_queue = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:payroll");
    let delivery = format!("arn:aws:logs:us-east-1:{ACCOUNT}:*");
    let topic = "kms:EncryptionContext:aws:sns:topicArn";
    let queue = "kms:EncryptionContext:aws:sqs:arn";
    let log = "kms:EncryptionContext:aws:logs:arn";
    let account = ("aws:SourceAccount", ACCOUNT);
    let other_account = ("aws:SourceAccount", "210987654321");
    let table: &[(&str, Context<'_>, Decision)] = &[
        (LOG_GROUPS, &[(log, &ours)], Allowed),
        (LOG_GROUPS, &[(log, &theirs)], NotAllowed),
        (LOG_GROUPS, &[], NotAllowed),
        ("logs.eu-west-1.amazonaws.com", &[(log, &ours)], NotAllowed),
        (CLOUDWATCH, &[(topic, TOPIC), account], Allowed),
        (CLOUDWATCH, &[(topic, TOPIC), other_account], NotAllowed),
        (CLOUDWATCH, &[(topic, &another_topic), account], NotAllowed),
        (EVENTBRIDGE, &[(topic, TOPIC)], Allowed),
        (EVENTBRIDGE, &[(topic, &another_topic)], NotAllowed),
        (EVENTBRIDGE, &[(queue, QUEUE)], Allowed),
        (EVENTBRIDGE, &[(queue, &another_queue)], NotAllowed),
        (EVENTBRIDGE, &[], NotAllowed),
        (ACCESS_LOGS, &[account, ("aws:SourceArn", RAW)], Allowed),
        (
            ACCESS_LOGS,
            &[account, ("aws:SourceArn", "arn:aws:s3:::payroll")],
            NotAllowed,
        ),
        (
            ACCESS_LOGS,
            &[other_account, ("aws:SourceArn", RAW)],
            NotAllowed,
        ),
        (FLOW_LOGS, &[account, ("aws:SourceArn", &delivery)], Allowed),
        (
            FLOW_LOGS,
            &[other_account, ("aws:SourceArn", &delivery)],
            NotAllowed,
        ),
        ("s3.amazonaws.com", &[account], NotAllowed),
        ("lambda.amazonaws.com", &[account], NotAllowed),
        (FOREIGNER, &[], NotAllowed),
        // Whoever the account's own policies let.
        (UPLOADER, &[], Allowed),
    ];
    for (who, context, expected) in table {
        let mut context = context.to_vec();
        context.push(SERVICE);
        let request = Request::new("kms:GenerateDataKey", "*", &context).by(who);
        assert_eq!(decide(&key, &request), *expected, "{request:?}");
    }
}

/// R004: documents and environments are the functions', whom IAM lets.
#[test]
fn no_service_may_use_the_keys_of_documents_and_environments_by_itself() {
    let template = template(|_| {});
    for id in ["DataKey", "EnvironmentKey"] {
        let key = policy(&template, id);
        for who in [
            CLOUDWATCH,
            EVENTBRIDGE,
            LOG_GROUPS,
            ACCESS_LOGS,
            FLOW_LOGS,
            "s3.amazonaws.com",
            "dynamodb.amazonaws.com",
            FOREIGNER,
        ] {
            let context = [SERVICE, ("aws:SourceAccount", ACCOUNT)];
            let request = Request::new("kms:Decrypt", "*", &context).by(who);
            assert_eq!(decide(&key, &request), NotAllowed, "{id}: {request:?}");
        }
        let request = Request::new("kms:Decrypt", "*", &[SERVICE]).by(UPLOADER);
        assert_eq!(decide(&key, &request), Allowed, "{id}");
    }
}

/// R012 and its trap: another encryption is refused, and an upload that says
/// nothing is left to the bucket's default. R013: TLS 1.2 or newer.
#[test]
fn an_upload_under_another_key_is_denied_and_one_that_says_nothing_is_not() {
    const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
    const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    let template = template(|_| {});
    let other = "arn:aws:kms:us-east-1:111122223333:key/other";
    // What is not denied is for the caller's own policies to allow.
    let table: &[(Context<'_>, Decision)] = &[
        (&[], NotAllowed),
        (&[(ALGORITHM, "aws:kms"), (KEY, DATA_KEY)], NotAllowed),
        (&[(ALGORITHM, "aws:kms"), (KEY, other)], Denied),
        (&[(ALGORITHM, "aws:kms")], Denied),
        (&[(ALGORITHM, "AES256")], Denied),
    ];
    for (id, bucket) in [
        ("RawBucketPolicy", RAW),
        ("ProcessedBucketPolicy", PROCESSED),
    ] {
        let policy = policy(&template, id);
        let object = format!("{bucket}/raw/a.pdf");
        let put = |context: &[(&str, &str)]| {
            let request = Request::new("s3:PutObject", &object, context).by(UPLOADER);
            decide(&policy, &request)
        };
        for (context, expected) in table {
            let context = [*context, &TLS].concat();
            assert_eq!(put(&context), *expected, "{id}: {context:?}");
        }
        for insecure in [
            [("aws:SecureTransport", "false"), ("s3:TlsVersion", "1.3")],
            [("aws:SecureTransport", "true"), ("s3:TlsVersion", "1.1")],
        ] {
            assert_eq!(put(&insecure), Denied, "{id}: {insecure:?}");
        }
    }
}

/// R011, R029 and the trap of R012: what is delivered to the log bucket says
/// nothing of encryption, or something else, and is taken.
#[test]
fn logs_are_delivered_for_the_pipeline_and_for_nobody_else() {
    let policy = policy(&template(|_| {}), "LogsBucketPolicy");
    let access = format!("{LOGS}/access-logs/raw/2026");
    let flow = format!("{LOGS}/flow-logs/AWSLogs/{ACCOUNT}/x");
    let anything = format!("{LOGS}/else");
    let delivery = format!("arn:aws:logs:us-east-1:{ACCOUNT}:x");
    let account = ("aws:SourceAccount", ACCOUNT);
    let other_account = ("aws:SourceAccount", "210987654321");
    let raw = ("aws:SourceArn", RAW);
    let from = ("aws:SourceArn", delivery.as_str());
    let owned = ("s3:x-amz-acl", "bucket-owner-full-control");
    let plain = ("s3:x-amz-server-side-encryption", "AES256");
    let table: &[(&str, &str, Context<'_>, Decision)] = &[
        (ACCESS_LOGS, &access, &[account, raw], Allowed),
        (ACCESS_LOGS, &access, &[account, raw, plain], Allowed),
        (ACCESS_LOGS, &access, &[other_account, raw], NotAllowed),
        (ACCESS_LOGS, &anything, &[account, raw], NotAllowed),
        (
            ACCESS_LOGS,
            &access,
            &[account, ("aws:SourceArn", "arn:aws:s3:::payroll")],
            NotAllowed,
        ),
        (FLOW_LOGS, &flow, &[account, from, owned], Allowed),
        (FLOW_LOGS, &flow, &[account, from], NotAllowed),
        (FLOW_LOGS, &flow, &[other_account, from, owned], NotAllowed),
        (FLOW_LOGS, &access, &[account, from, owned], NotAllowed),
        (UPLOADER, &access, &[], NotAllowed),
    ];
    for (who, object, context, expected) in table {
        let context = [*context, &TLS, &[SERVICE]].concat();
        let request = Request::new("s3:PutObject", object, &context).by(who);
        assert_eq!(decide(&policy, &request), *expected, "{request:?}");
    }
}

/// R116, R118, R047: alarms and rules reach topic and queue, over TLS.
#[test]
fn topic_and_queue_take_messages_of_the_pipelines_services_over_tls() {
    let template = template(|_| {});
    let account = ("aws:SourceAccount", ACCOUNT);
    let other_account = ("aws:SourceAccount", "210987654321");
    let rule = format!("arn:aws:events:us-east-1:{ACCOUNT}:rule/validate-documents-dev");
    let rule = ("aws:SourceArn", rule.as_str());
    let their_rule = (
        "aws:SourceArn",
        "arn:aws:events:us-east-1:210987654321:rule/x",
    );
    let (publish, send) = (("sns:Publish", TOPIC), ("sqs:SendMessage", QUEUE));
    type Row<'a> = ((&'a str, &'a str), &'a str, Context<'a>, Decision);
    let table: &[Row<'_>] = &[
        (publish, CLOUDWATCH, &[account], Allowed),
        (publish, CLOUDWATCH, &[other_account], NotAllowed),
        (publish, CLOUDWATCH, &[], NotAllowed),
        (publish, EVENTBRIDGE, &[], Allowed),
        (publish, EVENTBRIDGE, &[other_account], NotAllowed),
        (publish, "s3.amazonaws.com", &[account], NotAllowed),
        (publish, FOREIGNER, &[], NotAllowed),
        (send, EVENTBRIDGE, &[rule], Allowed),
        (send, EVENTBRIDGE, &[their_rule], NotAllowed),
        (send, EVENTBRIDGE, &[], NotAllowed),
        (send, FOREIGNER, &[rule], NotAllowed),
    ];
    for ((action, resource), who, context, expected) in table {
        let policy = policy(
            &template,
            match *action {
                "sns:Publish" => "AlertsTopicPolicy",
                _ => "DeadLetterQueuePolicy",
            },
        );
        let decided = |transport: &str| {
            let context = [*context, &[("aws:SecureTransport", transport)]].concat();
            decide(&policy, &Request::new(action, resource, &context).by(who))
        };
        assert_eq!(decided("true"), *expected, "{action} {who} {context:?}");
        assert_eq!(decided("false"), Denied, "{action} {who} {context:?}");
    }
}

/// R108: whoever administers the pipeline can do to every key and bucket what a
/// destroy does, with what Terraform sends: no MFA, and not from the network.
#[test]
fn whoever_provisions_the_pipeline_is_locked_out_of_nothing() {
    let template = template(|_| {});
    let administrator = Facts::documentation().administrator_arn;
    let context = [
        ("aws:PrincipalArn", administrator.as_str()),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:SourceIp", "198.51.100.7"),
        TLS[0],
        TLS[1],
    ];
    let mut judged = 0;
    for (id, resource) in &template.resources {
        let (actions, on): (&[&str], &str) = match resource.type_name.as_str() {
            "AWS::KMS::Key" => (
                &[
                    "kms:CreateGrant",
                    "kms:DescribeKey",
                    "kms:DisableKey",
                    "kms:EnableKeyRotation",
                    "kms:PutKeyPolicy",
                    "kms:ScheduleKeyDeletion",
                    "kms:TagResource",
                ],
                "*",
            ),
            "AWS::S3::BucketPolicy" => (
                &[
                    "s3:DeleteBucket",
                    "s3:DeleteBucketPolicy",
                    "s3:DeleteObjectVersion",
                    "s3:GetBucketPolicy",
                    "s3:ListBucketVersions",
                    "s3:PutBucketPolicy",
                    "s3:PutEncryptionConfiguration",
                ],
                RAW,
            ),
            _ => continue,
        };
        let policy = policy(&template, id);
        for action in actions {
            let request = Request::new(action, on, &context).by(&administrator);
            assert_ne!(decide(&policy, &request), Denied, "{id}: {action}");
            judged += 1;
        }
    }
    assert_eq!(judged, 6 * 7, "three keys and three buckets");
}
