//! What the functions may do, and what services may do in their names.

use super::*;

/// R031, R103, and the trap: what a function needs works through endpoints,
/// where there is no source address, and without an MFA device; its
/// credentials are of no use anywhere else.
#[test]
fn functions_do_their_work_through_the_endpoints_and_nowhere_else() {
    let template = template(|_| {});
    let raw = &format!("{RAW}/raw/a.pdf");
    let quarantine = &format!("{RAW}/quarantine/v/a.pdf");
    let encrypted = &format!("{PROCESSED}/encrypted/a.pdf");
    let result = &format!("{PROCESSED}/scan-results/a.pdf/v.json");
    let secret =
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:api-key-documents-dev-AbCdEf";
    let stranger = "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-AbCdEf";
    let ours = &[
        ("aws:SourceVpc", VPC),
        ("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1"),
    ];
    check(
        &template,
        &[
            ("ValidatePolicy", "s3:GetObject", raw, ENDPOINT, Allowed),
            ("ValidatePolicy", "s3:GetObject", raw, ELSEWHERE, Denied),
            (
                "ValidatePolicy",
                "s3:PutObject",
                quarantine,
                ENDPOINT,
                Allowed,
            ),
            (
                "ValidatePolicy",
                "s3:DeleteObjectVersion",
                raw,
                ENDPOINT,
                Allowed,
            ),
            (
                "ValidatePolicy",
                "s3:GetObject",
                encrypted,
                ENDPOINT,
                NotAllowed,
            ),
            (
                "EncryptPolicy",
                "s3:GetObjectVersion",
                raw,
                ENDPOINT,
                Allowed,
            ),
            (
                "EncryptPolicy",
                "s3:ListBucketVersions",
                RAW,
                ENDPOINT,
                Allowed,
            ),
            (
                "EncryptPolicy",
                "s3:PutObject",
                encrypted,
                ENDPOINT,
                Allowed,
            ),
            ("EncryptPolicy", "s3:PutObject", raw, ENDPOINT, NotAllowed),
            (
                "EncryptPolicy",
                "s3:DeleteObjectVersion",
                raw,
                ENDPOINT,
                NotAllowed,
            ),
            ("ScanPolicy", "s3:GetObject", encrypted, ENDPOINT, Allowed),
            ("ScanPolicy", "s3:PutObject", result, ENDPOINT, Allowed),
            (
                "ScanPolicy",
                "s3:PutObject",
                encrypted,
                ENDPOINT,
                NotAllowed,
            ),
            ("ScanPolicy", "s3:GetObject", raw, ENDPOINT, NotAllowed),
            ("ScanPolicy", "sns:Publish", TOPIC, ENDPOINT, Allowed),
            ("ScanPolicy", "sns:Publish", TOPIC, ELSEWHERE, Denied),
            (
                "RotatePolicy",
                "secretsmanager:GetSecretValue",
                secret,
                ours,
                Allowed,
            ),
            (
                "RotatePolicy",
                "secretsmanager:GetSecretValue",
                secret,
                ENDPOINT,
                NotAllowed,
            ),
            (
                "RotatePolicy",
                "secretsmanager:GetSecretValue",
                secret,
                ELSEWHERE,
                Denied,
            ),
            (
                "RotatePolicy",
                "secretsmanager:GetSecretValue",
                stranger,
                ours,
                NotAllowed,
            ),
        ],
    );
    for function in Function::ALL {
        let policy = &function.policy_id();
        check(
            &template,
            &[
                (policy, "dynamodb:PutItem", TABLE, ENDPOINT, Allowed),
                (policy, "dynamodb:PutItem", TABLE, ELSEWHERE, Denied),
            ],
        );
    }
}

/// The trap of R031: what Lambda and S3 do in a function's name does not come
/// from the network, and must not be denied for it.
#[test]
fn what_services_do_in_a_functions_name_is_not_denied() {
    let template = template(|_| {});
    for function in Function::ALL {
        let policy = &function.policy_id();
        let name = function.as_str();
        let stream = format!(
            "arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/{name}-documents-dev:log-stream:s"
        );
        let queue = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:dead-letters-documents-dev");
        let interface = format!("arn:aws:ec2:us-east-1:{ACCOUNT}:network-interface/eni-1");
        let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}-documents-dev");
        let code = &[
            ("aws:SourceVpc", VPC),
            ("lambda:SourceFunctionArn", arn.as_str()),
        ];
        let environment = &[("kms:EncryptionContext:aws:lambda:FunctionArn", arn.as_str())];
        let another = &[("kms:EncryptionContext:aws:lambda:FunctionArn", "arn:other")];
        let letters = &[("kms:ViaService", "sqs.us-east-1.amazonaws.com")];
        check(
            &template,
            &[
                (policy, "logs:PutLogEvents", &stream, LAMBDA, Allowed),
                (policy, "logs:CreateLogGroup", &stream, LAMBDA, Denied),
                (policy, "xray:PutTraceSegments", "*", LAMBDA, Allowed),
                (policy, "sqs:SendMessage", &queue, LAMBDA, Allowed),
                (
                    policy,
                    "kms:GenerateDataKey",
                    "arn-of-LogsKey",
                    letters,
                    Allowed,
                ),
                (
                    policy,
                    "ec2:CreateNetworkInterface",
                    &interface,
                    LAMBDA,
                    Allowed,
                ),
                (
                    policy,
                    "ec2:CreateNetworkInterface",
                    &interface,
                    code,
                    Denied,
                ),
                (
                    policy,
                    "ec2:DescribeNetworkInterfaces",
                    "*",
                    LAMBDA,
                    Allowed,
                ),
                (
                    policy,
                    "kms:Decrypt",
                    "arn-of-EnvironmentKey",
                    environment,
                    Allowed,
                ),
                (
                    policy,
                    "kms:Decrypt",
                    "arn-of-EnvironmentKey",
                    another,
                    NotAllowed,
                ),
            ],
        );
    }
    check(
        &template,
        &[
            (
                "EncryptPolicy",
                "kms:GenerateDataKey",
                DATA_KEY,
                S3_FOR_THE_CALLER,
                Allowed,
            ),
            (
                "EncryptPolicy",
                "kms:Decrypt",
                DATA_KEY,
                ENDPOINT,
                NotAllowed,
            ),
            (
                "EvaluatePolicy",
                "kms:Decrypt",
                DATA_KEY,
                S3_FOR_THE_CALLER,
                NotAllowed,
            ),
        ],
    );
}

/// Where AWS asks a key in a function's name: the table that every function
/// writes a row to, the objects and secrets it touches, the topic it alerts on
/// and Lambda's dead letters are encrypted. One that is missing here fails on
/// AWS, whatever the emulators say.
#[test]
fn each_function_uses_the_keys_through_the_services_it_calls_and_no_other() {
    let template = template(|_| {});
    let table: [(Function, &[&str], &[&str]); 6] = [
        (Function::Validate, &["dynamodb", "s3"], &["sqs"]),
        (Function::Encrypt, &["dynamodb", "s3"], &["sqs"]),
        (Function::Scan, &["dynamodb", "s3"], &["sns", "sqs"]),
        (Function::Remediate, &["dynamodb"], &["sns", "sqs"]),
        (Function::Rotate, &["dynamodb", "secretsmanager"], &["sqs"]),
        (Function::Evaluate, &["dynamodb"], &["sqs"]),
    ];
    for (function, data, logs) in table {
        let policy = policy_of(&template, &function.policy_id());
        for (key, through) in [(DATA_KEY, data), ("arn-of-LogsKey", logs)] {
            for service in ["dynamodb", "s3", "secretsmanager", "sns", "sqs", "ssm"] {
                let name = format!("{service}.us-east-1.amazonaws.com");
                let context = [("aws:ViaAWSService", "true"), ("kms:ViaService", &name)];
                let expected = match through.contains(&service) {
                    true => Allowed,
                    false => NotAllowed,
                };
                for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
                    let request = Request::new(action, key, &context);
                    assert_eq!(
                        decide(&policy, &request),
                        expected,
                        "{function:?}: {request:?}"
                    );
                }
            }
        }
    }
}

/// R076.
#[test]
fn no_function_changes_or_removes_an_audit_row() {
    let template = template(|_| {});
    for function in Function::ALL {
        for action in [
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
            "PartiQLUpdate",
        ] {
            let action = format!("dynamodb:{action}");
            let request = Request::new(&action, TABLE, ENDPOINT);
            let policy = policy_of(&template, &function.policy_id());
            assert_eq!(decide(&policy, &request), Denied, "{function:?} {action}");
        }
    }
}

/// R096: rotation touches the pipeline's keys and its usage plan.
#[test]
fn rotation_makes_tags_and_deletes_only_the_pipelines_api_keys() {
    let template = template(|_| {});
    let keys = "arn:aws:apigateway:us-east-1::/apikeys";
    let key = "arn:aws:apigateway:us-east-1::/apikeys/k";
    let plan = "arn:aws:apigateway:us-east-1::/usageplans/id-of-UsagePlan/keys";
    let other = "arn:aws:apigateway:us-east-1::/usageplans/another/keys";
    let apis = "arn:aws:apigateway:us-east-1::/restapis";
    let made: &[(&str, &str)] = &[("aws:RequestTag/tap:pipeline", "documents-dev@us-east-1")];
    let ours: &[(&str, &str)] = &[("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1")];
    check(
        &template,
        &[
            ("RotatePolicy", "apigateway:GET", keys, ENDPOINT, Allowed),
            ("RotatePolicy", "apigateway:GET", key, ENDPOINT, Allowed),
            ("RotatePolicy", "apigateway:POST", keys, made, Allowed),
            (
                "RotatePolicy",
                "apigateway:POST",
                keys,
                ENDPOINT,
                NotAllowed,
            ),
            ("RotatePolicy", "apigateway:DELETE", key, ours, Allowed),
            (
                "RotatePolicy",
                "apigateway:DELETE",
                key,
                ENDPOINT,
                NotAllowed,
            ),
            (
                "RotateUsagePlanPolicy",
                "apigateway:POST",
                plan,
                ENDPOINT,
                Allowed,
            ),
            (
                "RotateUsagePlanPolicy",
                "apigateway:POST",
                other,
                ENDPOINT,
                NotAllowed,
            ),
            (
                "RotatePolicy",
                "apigateway:DELETE",
                apis,
                ENDPOINT,
                NotAllowed,
            ),
        ],
    );
}

/// In a network that was brought without its route tables, S3 and DynamoDB are
/// not reached through the pipeline's endpoints.
#[test]
fn in_a_network_without_gateway_endpoints_their_services_are_not_denied() {
    let brought = |route_tables: &[&str]| {
        template(|spec| {
            spec.network.vpc_id = Some("vpc-1".into());
            spec.network.subnet_ids = vec!["subnet-1".into()];
            spec.network.route_table_ids = route_tables.iter().map(|id| (*id).into()).collect();
        })
    };
    let raw = &format!("{RAW}/raw/a.pdf");
    for (tables, expected) in [(&[][..], Allowed), (&["rtb-1"][..], Denied)] {
        check(
            &brought(tables),
            &[
                ("EncryptPolicy", "s3:GetObject", raw, ELSEWHERE, expected),
                ("ScanPolicy", "sns:Publish", TOPIC, ELSEWHERE, Denied),
            ],
        );
    }
}
