//! Events as AWS documents them, whole: a function must not stumble over what
//! it does not read.

use serde_json::{Value, json};

/// What API Gateway's proxy integration sends
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>).
pub fn api_request(id: &str, path: &str, body: &str) -> Value {
    json!({
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "Host": "abcdef1234.execute-api.us-east-1.amazonaws.com",
            "User-Agent": "curl/8.5.0",
            "X-Amzn-Trace-Id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
            "x-api-key": "not-to-be-read",
        },
        "multiValueHeaders": { "Accept": ["*/*"], "Content-Type": ["application/json"] },
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "resourceId": "2gxmpl",
            "resourcePath": path,
            "httpMethod": "POST",
            "extendedRequestId": "JJbxmplHYosFVYQ=",
            "requestTime": "12/Nov/2026:10:00:00 +0000",
            "path": format!("/prod{path}"),
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainPrefix": "abcdef1234",
            "requestTimeEpoch": 1_794_477_600_000_u64,
            "requestId": id,
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": "123456789012",
                "cognitoIdentityId": null,
                "caller": "AIDAEXAMPLE",
                "apiKey": "not-to-be-read",
                "apiKeyId": "k1",
                "accessKey": "AKIAEXAMPLE",
                "sourceIp": "203.0.113.7",
                "principalOrgId": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": "arn:aws:iam::123456789012:user/uploader",
                "userAgent": "curl/8.5.0",
                "user": "AIDAEXAMPLE",
            },
            "domainName": "abcdef1234.execute-api.us-east-1.amazonaws.com",
            "apiId": "abcdef1234",
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// An event of EventBridge
/// (<https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html>).
pub fn bus(id: &str, source: &str, detail_type: &str, detail: Value) -> Value {
    json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": "123456789012",
        "time": "2026-11-12T10:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    })
}

/// S3's event of a new object
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>).
pub fn object_created(id: &str, bucket: &str, key: &str, version: &str) -> Value {
    bus(
        id,
        "aws.s3",
        "Object Created",
        json!({
            "version": "0",
            "bucket": { "name": bucket },
            "object": {
                "key": key,
                "size": 5,
                "etag": "b1946ac92492d2347c6235b4d2611184",
                "version-id": version,
                "sequencer": "617f08299329d189",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "203.0.113.7",
            "reason": "PutObject",
        }),
    )
}

/// A finding of GuardDuty
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html>).
pub fn finding(id: &str, kind: &str, severity: f64, resource: Value) -> Value {
    bus(
        id,
        "aws.guardduty",
        "GuardDuty Finding",
        json!({
            "schemaVersion": "2.0",
            "accountId": "123456789012",
            "region": "us-east-1",
            "partition": "aws",
            "id": format!("finding-{id}"),
            "arn": format!("arn:aws:guardduty:us-east-1:123456789012:detector/d/finding/{id}"),
            "type": kind,
            "resource": resource,
            "service": {
                "serviceName": "guardduty",
                "detectorId": "d",
                "action": {
                    "actionType": "AWS_API_CALL",
                    "awsApiCallAction": { "api": "ListBuckets", "serviceName": "s3.amazonaws.com", "callerType": "Remote IP" },
                },
                "resourceRole": "TARGET",
                "additionalInfo": { "value": "{}", "type": "default" },
                "eventFirstSeen": "2026-11-12T09:50:00.000Z",
                "eventLastSeen": "2026-11-12T09:59:00.000Z",
                "archived": false,
                "count": 1,
            },
            "severity": severity,
            "createdAt": "2026-11-12T09:59:30.000Z",
            "updatedAt": "2026-11-12T09:59:30.000Z",
            "title": "Something was seen.",
            "description": "Something was seen that should not be.",
        }),
    )
}

/// AWS Config's word on a resource
/// (<https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html>).
pub fn compliance_change(id: &str, resource_type: &str, resource: &str, compliance: &str) -> Value {
    let rule = "encryption-documents-dev";
    let result = |compliance: &str| {
        json!({
            "evaluationResultIdentifier": {
                "evaluationResultQualifier": {
                    "configRuleName": rule,
                    "resourceType": resource_type,
                    "resourceId": resource,
                },
                "orderingTimestamp": "2026-11-12T09:59:00.000Z",
            },
            "complianceType": compliance,
            "resultRecordedTime": "2026-11-12T09:59:30.000Z",
            "configRuleInvokedTime": "2026-11-12T09:59:29.000Z",
        })
    };
    bus(
        id,
        "aws.config",
        "Config Rules Compliance Change",
        json!({
            "resourceId": resource,
            "awsRegion": "us-east-1",
            "awsAccountId": "123456789012",
            "configRuleName": rule,
            "recordVersion": "1.0",
            "configRuleARN": format!("arn:aws:config:us-east-1:123456789012:config-rule/{rule}"),
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": result(compliance),
            "oldEvaluationResult": result("COMPLIANT"),
            "notificationCreationTime": "2026-11-12T10:00:00.000Z",
            "resourceType": resource_type,
        }),
    )
}

/// A step of a rotation
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>).
pub fn rotation(step: &str, secret: &str, token: &str) -> Value {
    json!({
        "ClientRequestToken": token,
        "SecretId": secret,
        "Step": step,
        "RotationToken": "4f2e7a3c-5b1d-4c8e-9a6f-0d3b2c1e8f7a",
    })
}

/// The invocation of a custom rule
/// (<https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html>).
pub fn rule(check: &str, invoking: &Value) -> Value {
    json!({
        "version": "1.0",
        "invokingEvent": invoking.to_string(),
        "ruleParameters": json!({ "check": check }).to_string(),
        "resultToken": "eyJlbmNyeXB0ZWREYXRhIjpbLTQy",
        "eventLeftScope": false,
        "executionRoleArn": "arn:aws:iam::123456789012:role/config-role",
        "configRuleArn": "arn:aws:config:us-east-1:123456789012:config-rule/config-rule-0123456",
        "configRuleName": format!("{check}-documents-dev"),
        "configRuleId": "config-rule-0123456",
        "accountId": "123456789012",
    })
}

/// A batch of a queue
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>).
pub fn queue(messages: &[(&str, String)]) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| {
            json!({
                "messageId": id,
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1545082649183",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1545082649185",
                },
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:dead-letters",
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    json!({ "Records": records })
}
