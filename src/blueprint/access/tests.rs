//! Who may do what, asked of the policies as IAM would judge them.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::evaluator::{Decision, Request, decide};
use super::*;
use crate::blueprint::expand;
use crate::engine::template::{Reference, Template, resolve};
use Decision::{Allowed, Denied, NotAllowed};

const ACCOUNT: &str = "111122223333";
const VPC: &str = "id-of-Vpc";
const RAW: &str = "arn:aws:s3:::documents-raw-documents-dev-111122223333-us-east-1";
const PROCESSED: &str = "arn:aws:s3:::documents-processed-documents-dev-111122223333-us-east-1";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:111122223333:table/audit-documents-dev";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts-documents-dev";
const DATA_KEY: &str = "arn-of-DataKey";
/// What a call of the code looks like that passes an endpoint: there is a VPC
/// and no public address, and nobody has an MFA device.
const ENDPOINT: &[(&str, &str)] = &[("aws:SourceVpc", VPC), ("aws:ViaAWSService", "false")];
/// A call of the same credentials from somewhere else.
const ELSEWHERE: &[(&str, &str)] = &[
    ("aws:SourceIp", "198.51.100.7"),
    ("aws:ViaAWSService", "false"),
];
/// A call that Lambda makes in the role's name, outside of the network.
const LAMBDA: &[(&str, &str)] = &[("aws:ViaAWSService", "false")];
const S3_FOR_THE_CALLER: &[(&str, &str)] = &[
    ("aws:ViaAWSService", "true"),
    ("kms:ViaService", "s3.us-east-1.amazonaws.com"),
];

fn template(change: impl FnOnce(&mut Spec)) -> Template {
    let mut spec = Spec::new("documents", "dev");
    change(&mut spec);
    expand(&spec, &Facts::documentation()).expect("the spec is valid")
}

/// The resource's properties, with `id-of-X` for a `Ref` and `arn-of-X` for an
/// ARN.
fn resolved(template: &Template, id: &str) -> Value {
    let lookup = |reference: &Reference<'_>| {
        Some(json!(match reference.attribute {
            None => format!("id-of-{}", reference.id),
            Some(_) => format!("arn-of-{}", reference.id),
        }))
    };
    resolve(&template.resources[id].properties, &lookup).expect("resolved")
}

fn policy_of(template: &Template, id: &str) -> Value {
    resolved(template, id)["PolicyDocument"].clone()
}

type Line<'a> = (
    &'a str,
    &'a str,
    &'a str,
    &'a [(&'a str, &'a str)],
    Decision,
);

fn check(template: &Template, table: &[Line<'_>]) {
    for (policy, action, resource, context, expected) in table {
        let request = Request::new(action, resource, context);
        let decision = decide(&policy_of(template, policy), &request);
        assert_eq!(decision, *expected, "{policy}: {request:?}");
    }
}

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

/// R089 and its trap: nothing is attached, and what is done to principals is
/// done to the pipeline's own, never to the function's own role.
#[test]
fn remediation_cannot_widen_anybody() {
    let template = template(|_| {});
    let user = "arn:aws:iam::111122223333:user/eve";
    let role = "arn:aws:iam::111122223333:role/scan-documents-dev-us-east-1";
    let itself = "arn:aws:iam::111122223333:role/remediate-documents-dev-us-east-1";
    let ours: &[(&str, &str)] = &[("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1")];
    let theirs: &[(&str, &str)] = &[("aws:ResourceTag/tap:pipeline", "other-dev@us-east-1")];
    let bounded: &[(&str, &str)] = &[
        ("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1"),
        (
            "iam:PermissionsBoundary",
            "arn:aws:iam::111122223333:policy/scan-documents-dev-us-east-1",
        ),
    ];
    let unbounded: &[(&str, &str)] = &[
        ("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1"),
        (
            "iam:PermissionsBoundary",
            "arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ];
    let mut table: Vec<Line<'_>> = vec![
        (
            "RemediatePolicy",
            "iam:ListUserTags",
            user,
            ENDPOINT,
            Allowed,
        ),
        (
            "RemediatePolicy",
            "iam:UpdateAccessKey",
            user,
            ours,
            Allowed,
        ),
        (
            "RemediatePolicy",
            "iam:UpdateAccessKey",
            user,
            theirs,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:UpdateAccessKey",
            user,
            &[],
            NotAllowed,
        ),
        ("RemediatePolicy", "iam:PutUserPolicy", user, ours, Allowed),
        (
            "RemediatePolicy",
            "iam:PutUserPolicy",
            user,
            theirs,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            bounded,
            Allowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            ours,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            unbounded,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            theirs,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            itself,
            bounded,
            Denied,
        ),
    ];
    for action in [
        "iam:AttachUserPolicy",
        "iam:AttachRolePolicy",
        "iam:CreateAccessKey",
        "iam:CreatePolicyVersion",
        "iam:CreateUser",
        "iam:PassRole",
        "sts:AssumeRole",
    ] {
        for policy in ["RemediatePolicy", "RotatePolicy", "EvaluatePolicy"] {
            table.push((policy, action, user, ours, NotAllowed));
        }
    }
    for line in &table {
        let mut context = line.3.to_vec();
        context.push(("aws:SourceVpc", VPC));
        let request = Request::new(line.1, line.2, &context);
        let decision = decide(&policy_of(&template, line.0), &request);
        // Where nothing would allow it, the network's denial may come first.
        assert_eq!(decision, line.4, "{request:?}");
    }
}

/// R089: a role whose boundary is what it may do anyway cannot be widened, by
/// remediation or by anybody who attaches something to it. The one role with
/// two policies has a boundary of its own, which allows what both do.
#[test]
fn no_role_of_the_pipeline_can_be_widened_by_what_is_attached_to_it() {
    let template = template(|spec| {
        spec.access.trusted_account_ids = vec!["210987654321".to_owned()];
        spec.access.external_id = Some("audit".to_owned());
    });
    let remediate = policy_of(&template, "RemediatePolicy");
    let statements = remediate["Statement"].as_array().unwrap();
    let known: Vec<&str> = statements
        .iter()
        .filter_map(|statement| {
            statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"].as_array()
        })
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut boundaries = Vec::new();
    for (id, resource) in &template.resources {
        if resource.type_name != "AWS::IAM::Role" {
            continue;
        }
        let boundary = resource.properties["PermissionsBoundary"]["Ref"]
            .as_str()
            .unwrap_or_else(|| panic!("{id} has no boundary"));
        let own = &resource.properties["ManagedPolicyArns"][0]["Ref"];
        match id.as_str() {
            "RotateRole" | "AuditorRole" => {}
            _ => assert_eq!(own, boundary, "{id}"),
        }
        if id == "RemediateRole" {
            // Nothing is put into it.
            continue;
        }
        let name = &template.resources[boundary].properties["ManagedPolicyName"];
        boundaries.push(format!(
            "arn:aws:iam::{ACCOUNT}:policy/{}",
            name.as_str().unwrap()
        ));
    }
    boundaries.sort();
    assert_eq!(known, boundaries, "remediation knows them by name");

    let bounds = policy_of(&template, "RotateBoundary");
    let bounds = bounds["Statement"].as_array().unwrap();
    for statement in policy_of(&template, "RotatePolicy")["Statement"]
        .as_array()
        .unwrap()
    {
        assert!(bounds.contains(statement), "{statement}");
    }
    let plan = "arn:aws:apigateway:us-east-1::/usageplans/abc/keys/k";
    check(
        &template,
        &[
            ("RotateBoundary", "apigateway:POST", plan, ENDPOINT, Allowed),
            (
                "RotateBoundary",
                "apigateway:POST",
                "arn:aws:apigateway:us-east-1::/usageplans/abc",
                ENDPOINT,
                NotAllowed,
            ),
        ],
    );
}

/// R089: only the quarantine group can be put on an interface, only the
/// pipeline's buckets can be changed; the whole account only when asked for.
#[test]
fn remediation_is_scoped_to_the_pipeline_unless_told_otherwise() {
    let group = "arn:aws:ec2:us-east-1:111122223333:security-group/sg-1";
    let interface = "arn:aws:ec2:us-east-1:111122223333:network-interface/eni-1";
    let quarantine: &[(&str, &str)] = &[("aws:ResourceTag/tap:quarantine", "true")];
    let action = "ec2:ModifyNetworkInterfaceAttribute";
    let tag = |key: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("aws:TagKeys", key), ("aws:SourceVpc", VPC)]
    };
    let theirs = "arn:aws:s3:::theirs";
    let account: &[(&str, &str)] = &[("aws:SourceVpc", VPC), ("aws:ResourceAccount", ACCOUNT)];
    let user = "arn:aws:iam::111122223333:user/eve";
    let pipeline = template(|_| {});
    check(
        &pipeline,
        &[
            ("RemediatePolicy", action, interface, ENDPOINT, Allowed),
            ("RemediatePolicy", action, group, quarantine, Allowed),
            ("RemediatePolicy", action, group, ENDPOINT, NotAllowed),
            (
                "RemediatePolicy",
                "ec2:CreateTags",
                interface,
                &tag("tap:previous-security-groups"),
                Allowed,
            ),
            (
                "RemediatePolicy",
                "ec2:CreateTags",
                interface,
                &tag("tap:pipeline"),
                NotAllowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPolicy",
                RAW,
                ENDPOINT,
                Allowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPolicy",
                theirs,
                account,
                NotAllowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPublicAccessBlock",
                theirs,
                account,
                NotAllowed,
            ),
        ],
    );
    let everything = template(|spec| spec.threats.remediate_account = true);
    check(
        &everything,
        &[
            (
                "RemediatePolicy",
                "s3:PutBucketPublicAccessBlock",
                theirs,
                account,
                Allowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPolicy",
                theirs,
                account,
                NotAllowed,
            ),
            (
                "RemediatePolicy",
                "iam:UpdateAccessKey",
                user,
                ENDPOINT,
                Allowed,
            ),
        ],
    );
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

/// The form's user acts in the upload role's name from where they are.
#[test]
fn an_upload_may_put_one_kind_of_thing_from_where_the_api_may_be_called() {
    let open = template(|_| {});
    let closed = template(|spec| spec.api.allowed_cidrs = vec!["203.0.113.0/24".into()]);
    let raw = &format!("{RAW}/raw/a.pdf");
    let quarantine = &format!("{RAW}/quarantine/a.pdf");
    let inside: &[(&str, &str)] = &[("aws:SourceIp", "203.0.113.5")];
    for (template, elsewhere) in [(&open, Allowed), (&closed, NotAllowed)] {
        check(
            template,
            &[
                ("UploadPolicy", "s3:PutObject", raw, inside, Allowed),
                ("UploadPolicy", "s3:PutObject", raw, ELSEWHERE, elsewhere),
                (
                    "UploadPolicy",
                    "s3:PutObject",
                    quarantine,
                    inside,
                    NotAllowed,
                ),
                ("UploadPolicy", "s3:GetObject", raw, inside, NotAllowed),
                // S3 has its own address when it uses the key.
                (
                    "UploadPolicy",
                    "kms:GenerateDataKey",
                    DATA_KEY,
                    S3_FOR_THE_CALLER,
                    Allowed,
                ),
            ],
        );
    }
    let trust = resolved(&open, "UploadRole");
    let principal = &trust["AssumeRolePolicyDocument"]["Statement"][0]["Principal"];
    assert_eq!(principal, &json!({ "AWS": "arn-of-ValidateRole" }));
}

fn auditors(spec: &mut Spec) {
    spec.access.trusted_account_ids = vec!["210987654321".into()];
    spec.access.external_id = Some("audit-2026".into());
    spec.access.allowed_cidrs = vec!["203.0.113.0/24".into()];
}

/// R101, R103, R104: each of the three is needed.
#[test]
fn an_auditor_needs_the_external_id_mfa_and_the_right_address() {
    let template = template(auditors);
    let role = resolved(&template, "AuditorRole");
    let trust = &role["AssumeRolePolicyDocument"];
    assert_eq!(
        trust["Statement"][0]["Principal"]["AWS"],
        "arn:aws:iam::210987654321:root"
    );
    let all = [
        ("sts:ExternalId", "audit-2026"),
        ("aws:MultiFactorAuthPresent", "true"),
        ("aws:SourceIp", "203.0.113.5"),
    ];
    let may = |context: &[(&str, &str)]| {
        decide(trust, &Request::new("sts:AssumeRole", "", context)) == Allowed
    };
    assert!(may(&all));
    for missing in 0..all.len() {
        let mut context = all.to_vec();
        let (key, _) = context.remove(missing);
        assert!(!may(&context), "without {key}");
    }
    for wrong in [
        ("sts:ExternalId", "x"),
        ("aws:MultiFactorAuthPresent", "false"),
        ("aws:SourceIp", "198.51.100.7"),
    ] {
        let mut context = all.to_vec();
        context.retain(|(key, _)| *key != wrong.0);
        context.push(wrong);
        assert!(!may(&context), "{wrong:?}");
    }
}

/// R102: an hour, within a boundary.
#[test]
fn an_auditor_reads_records_for_an_hour_and_no_document() {
    let template = template(auditors);
    let role = resolved(&template, "AuditorRole");
    assert_eq!(role["MaxSessionDuration"], 3600);
    assert_eq!(role["PermissionsBoundary"], "id-of-AuditorBoundary");
    let there: &[(&str, &str)] = &[
        ("aws:SourceIp", "203.0.113.5"),
        ("aws:ViaAWSService", "false"),
    ];
    let index = &format!("{TABLE}/index/by-day");
    let result = &format!("{PROCESSED}/scan-results/a.json");
    let document = &format!("{PROCESSED}/encrypted/a.pdf");
    let raw = &format!("{RAW}/raw/a.pdf");
    check(
        &template,
        &[
            ("AuditorPolicy", "dynamodb:Query", index, there, Allowed),
            ("AuditorPolicy", "dynamodb:Query", index, ELSEWHERE, Denied),
            (
                "AuditorPolicy",
                "dynamodb:PutItem",
                TABLE,
                there,
                NotAllowed,
            ),
            ("AuditorPolicy", "s3:GetObject", result, there, Allowed),
            ("AuditorPolicy", "s3:GetObject", document, there, NotAllowed),
            ("AuditorPolicy", "s3:GetObject", raw, there, NotAllowed),
            (
                "AuditorPolicy",
                "kms:Decrypt",
                DATA_KEY,
                S3_FOR_THE_CALLER,
                Allowed,
            ),
            ("AuditorBoundary", "s3:GetObject", result, there, Allowed),
            ("AuditorBoundary", "iam:CreateUser", "*", there, NotAllowed),
        ],
    );
}

/// R101: nobody is trusted who was not named.
#[test]
fn without_trusted_accounts_there_is_no_auditor() {
    let template = template(|_| {});
    for id in ["AuditorRole", "AuditorPolicy", "AuditorBoundary"] {
        assert!(!template.resources.contains_key(id), "{id}");
    }
}

/// R104, R103 and their traps: a service has no MFA device, and through an
/// endpoint no public address; such a condition would stop the function.
#[test]
fn no_policy_of_a_services_role_asks_for_mfa_or_an_address() {
    let template = template(|spec| spec.api.allowed_cidrs = vec!["203.0.113.0/24".into()]);
    for function in Function::ALL {
        for id in [function.policy_id(), function.role_id()] {
            let text = template.resources[&id].properties.to_string();
            for key in ["MultiFactorAuth", "aws:SourceIp"] {
                assert!(!text.contains(key), "{id}: {key}");
            }
        }
    }
}

/// R106: one managed policy for each role, and no policy within a role.
#[test]
fn every_role_has_one_policy_of_the_pipelines_own() {
    let template = template(auditors);
    let roles = template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == "AWS::IAM::Role");
    let mut policies = std::collections::BTreeSet::new();
    for (id, role) in roles {
        let arns = role.properties["ManagedPolicyArns"]
            .as_array()
            .expect("arns");
        let [policy] = arns.as_slice() else {
            panic!("{id}: {arns:?}");
        };
        let policy = policy["Ref"].as_str().expect("a Ref");
        assert_eq!(
            template.resources[policy].type_name,
            "AWS::IAM::ManagedPolicy"
        );
        assert!(policies.insert(policy), "{policy} is shared");
        assert!(role.properties.get("Policies").is_none(), "{id}");
    }
}

/// R107: Lambda, and in the name of this account.
#[test]
fn every_service_is_trusted_in_the_name_of_this_account_only() {
    let template = template(|_| {});
    for function in Function::ALL {
        let role = resolved(&template, &function.role_id());
        let trust = &role["AssumeRolePolicyDocument"];
        let principal = &trust["Statement"][0]["Principal"];
        assert_eq!(principal, &json!({ "Service": "lambda.amazonaws.com" }));
        let from = |account: &'static str| {
            let request = Request::new("sts:AssumeRole", "", &[("aws:SourceAccount", account)]);
            decide(trust, &request)
        };
        assert_eq!(from(ACCOUNT), Allowed);
        assert_eq!(from("210987654321"), NotAllowed);
    }
}

/// R105: no action has a wildcard, and a resource is `*` only for actions that
/// take none, or in a denial.
#[test]
fn nothing_is_allowed_on_everything_that_could_be_allowed_on_something() {
    const NO_RESOURCE: [&str; 9] = [
        "config:GetResourceConfigHistory",
        "config:PutEvaluations",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "secretsmanager:GetRandomPassword",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ];
    let template = template(auditors);
    let policies = template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == "AWS::IAM::ManagedPolicy");
    for (id, policy) in policies {
        let statements = policy.properties["PolicyDocument"]["Statement"].as_array();
        let allowed = statements.into_iter().flatten();
        for statement in allowed.filter(|statement| statement["Effect"] == "Allow") {
            let actions = match &statement["Action"] {
                Value::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            for action in actions {
                let action = action.as_str().expect("text");
                assert!(!action.contains('*'), "{id}: {action}");
                if statement["Resource"] == "*" {
                    assert!(NO_RESOURCE.contains(&action), "{id}: {action}");
                }
            }
        }
    }
}

/// IAM takes 6,144 characters, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>),
/// and no statement id twice.
#[test]
fn every_policy_fits_with_the_longest_names() {
    let mut spec = Spec::new(&"n".repeat(40), &"s".repeat(16));
    auditors(&mut spec);
    spec.threats.remediate_account = true;
    spec.secrets.rotation_function_arn = Some(format!("arn:aws:lambda:{}", "x".repeat(100)));
    let facts = Facts {
        partition: "aws-us-gov".into(),
        region: "us-gov-east-1".into(),
        ..Facts::documentation()
    };
    let template = expand(&spec, &facts).expect("valid");
    for (id, resource) in &template.resources {
        if resource.type_name != "AWS::IAM::ManagedPolicy" {
            continue;
        }
        let mut document = policy_of(&template, id);
        // As long as an ARN of a key.
        let text = document.to_string().replace(
            "arn-of-",
            "arn:aws-us-gov:kms:us-gov-east-1:111122223333:key/00000000-0000-0000-0000-0",
        );
        assert!(text.len() <= 6144, "{id} has {}", text.len());
        let statements = document["Statement"].as_array_mut().expect("statements");
        let mut sids: Vec<String> = statements
            .iter()
            .map(|statement| statement["Sid"].as_str().expect("a Sid").to_owned())
            .collect();
        assert!(
            sids.iter()
                .all(|sid| sid.chars().all(|c| c.is_ascii_alphanumeric()))
        );
        let count = sids.len();
        sids.sort();
        sids.dedup();
        assert_eq!(sids.len(), count, "{id}: a statement id twice");
    }
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

/// R108: the principal that creates the pipeline, without its session, unless
/// others are named.
#[test]
fn who_creates_the_pipeline_administers_it() {
    let facts = Facts::documentation();
    let mut spec = Spec::new("documents", "dev");
    let creator = vec![facts.administrator_arn.clone()];
    assert_eq!(administrator_arns(&spec, &facts), creator);
    let named = vec!["arn:aws:iam::111122223333:role/ops".to_owned()];
    spec.access.administrator_arns = Some(named.clone());
    assert_eq!(administrator_arns(&spec, &facts), named);
    spec.access.administrator_arns = None;
    let unknown = Facts {
        administrator_arn: String::new(),
        ..facts
    };
    assert!(administrator_arns(&spec, &unknown).is_empty());
}

/// R104, R108 and their trap: whoever provisions the pipeline, under whatever
/// path its role has, and every service can do what they did before.
#[test]
fn keys_and_buckets_are_deleted_by_administrators_or_with_mfa() {
    let guarded = template(|_| {});
    let decide = |template: &Template, id: &str, action: &str, context: &[(&str, &str)]| {
        let properties = resolved(template, id);
        let document = match properties.get("KeyPolicy") {
            Some(policy) => policy.clone(),
            None => properties["PolicyDocument"].clone(),
        };
        super::evaluator::decide(&document, &Request::new(action, RAW, context))
    };
    let role = "arn:aws:iam::111122223333:role/administrator";
    let single_sign_on = "arn:aws:iam::111122223333:role/aws-reserved/x/administrator";
    let other = "arn:aws:iam::111122223333:role/other";
    for (id, action) in [
        ("DataKey", "kms:ScheduleKeyDeletion"),
        ("LogsKey", "kms:DisableKey"),
        ("RawBucketPolicy", "s3:DeleteBucket"),
        ("RawBucketPolicy", "s3:DeleteBucketPolicy"),
    ] {
        let denied = |context: &[(&str, &str)]| {
            let mut context = context.to_vec();
            context.extend([("aws:SecureTransport", "true"), ("s3:TlsVersion", "1.3")]);
            decide(&guarded, id, action, &context) == Denied
        };
        for principal in [role, single_sign_on] {
            assert!(!denied(&[("aws:PrincipalArn", principal)]), "{principal}");
        }
        let another = ("aws:PrincipalArn", other);
        assert!(denied(&[another]), "{id} {action}");
        assert!(denied(&[another, ("aws:MultiFactorAuthPresent", "false")]));
        assert!(!denied(&[another, ("aws:MultiFactorAuthPresent", "true")]));
        assert!(!denied(&[("aws:PrincipalIsAWSService", "true")]));
    }
    let named = template(|spec| spec.access.administrator_arns = Some(vec![other.into()]));
    let creator = [("aws:PrincipalArn", role)];
    let action = "kms:ScheduleKeyDeletion";
    assert_eq!(decide(&named, "DataKey", action, &creator), Denied);
}
