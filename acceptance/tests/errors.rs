//! The catalogue of what an apply can fail with: every kind of error is provoked
//! once, and says which resources it is about, which call AWS refused and how,
//! AWS's own words and request id, and what to do next.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::{Action, Rule, Sandbox};
use common::{expect_code, pipeline, sandbox, terraform};
use live::Settings;

struct Kind {
    /// For a failure of this test.
    name: &'static str,
    /// What the account does, beside a script of boto3's.
    weather: Vec<Rule>,
    script: &'static str,
    /// The time allowed to create.
    timeout: &'static str,
    /// In the error, without line breaks.
    says: &'static [&'static str],
    /// Whether an answer of AWS' stands behind it.
    has_request: bool,
}

impl Kind {
    fn new(name: &'static str, weather: Vec<Rule>, says: &'static [&'static str]) -> Self {
        Self {
            name,
            weather,
            script: "",
            timeout: "10m",
            says,
            has_request: true,
        }
    }
}

/// What fails of a pipeline that stands.
struct Later {
    name: &'static str,
    weather: Vec<Rule>,
    /// Beside the pipeline itself.
    configuration: &'static str,
    /// In the block.
    more: &'static str,
    command: &'static [&'static str],
    says: &'static [&'static str],
    has_request: bool,
}

const PLAN: &[&str] = &["plan", "-no-color", "-input=false"];
const APPLY: &[&str] = &["apply", "-no-color", "-input=false", "-auto-approve"];
const DESTROY: &[&str] = &["destroy", "-no-color", "-input=false", "-auto-approve"];

fn refused(service: &str, operation: &str, status: u16, code: &str, message: &str) -> Rule {
    let action = Action::Error {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    Rule::new(action).service(service).operation(operation)
}

fn catalogue() -> Vec<Kind> {
    vec![
        Kind::new(
            "a permission that is missing",
            vec![
                Rule::new(Action::AccessDenied)
                    .service("kms")
                    .operation("CreateKey"),
            ],
            &[
                "Error: kms:CreateKey answered AccessDeniedException: 3 resources",
                "- DataKey (AWS::KMS::Key), while it was created",
                "- EnvironmentKey (AWS::KMS::Key), while it was created",
                "- LogsKey (AWS::KMS::Key), while it was created",
                "The credentials lack this permission, or a policy denies it. Grant it and run the same command again; what has been done is kept.",
            ],
        ),
        Kind::new(
            "a value that AWS refuses",
            vec![refused(
                "sqs",
                "CreateQueue",
                400,
                "InvalidAttributeValue",
                "Invalid value for the parameter MessageRetentionPeriod.",
            )],
            &[
                "Error: sqs:CreateQueue answered InvalidAttributeValue: DeadLetterQueue",
                "Invalid value for the parameter MessageRetentionPeriod.",
                "- DeadLetterQueue (AWS::SQS::Queue), while it was created",
                "AWS refuses this value. If it comes from overrides, mend it there; otherwise please report it with the request id.",
            ],
        ),
        Kind::new(
            "a quota that is used up",
            vec![refused(
                "ec2",
                "CreateVpc",
                400,
                "VpcLimitExceeded",
                "The maximum number of VPCs has been reached.",
            )],
            &[
                "Error: ec2:CreateVpc answered VpcLimitExceeded: Vpc",
                "The maximum number of VPCs has been reached.",
                "- Vpc (AWS::EC2::VPC), while it was created",
                "A quota of the account is used up. Have it raised in Service Quotas, or delete what nobody needs, and run the same command again; what has been done is kept.",
            ],
        ),
        Kind {
            script: r#"
boto3.client("sns").create_topic(Name="alerts-documents-dev")
print("{}")
"#,
            has_request: false,
            ..Kind::new(
                "a name that somebody else's resource has",
                vec![],
                &[
                    "AlertsTopic",
                    "arn:aws:sns:us-east-1:123456789012:alerts-documents-dev",
                    "Something of that name exists and does not carry this pipeline's tags, so it was left alone.",
                    "Choose another name or environment_suffix, or remove it yourself if it is yours, and run the same command again.",
                ],
            )
        },
        Kind {
            timeout: "45s",
            ..Kind::new(
                "calls that are throttled until the time is up",
                vec![
                    Rule::new(Action::Throttle)
                        .service("wafv2")
                        .operation("CreateWebACL"),
                ],
                &[
                    "Error: wafv2:CreateWebACL answered ThrottlingException: WebAcl",
                    "- WebAcl (AWS::WAFv2::WebACL), while it was created",
                    "(and the time allowed in timeouts is up)",
                    "AWS limits these calls. Run the same command again; what has been done is kept.",
                ],
            )
        },
        Kind {
            timeout: "45s",
            has_request: false,
            ..Kind::new(
                "connections that break until the time is up",
                vec![
                    Rule::new(Action::DropBefore)
                        .service("dynamodb")
                        .operation("CreateTable"),
                ],
                &[
                    "Error: dynamodb:CreateTable",
                    "- AuditTable (AWS::DynamoDB::Table), while it was created",
                    "(and the time allowed in timeouts is up)",
                    "AWS did not answer, or was not ready, for longer than the provider waits. Run the same command again to go on from here;",
                ],
            )
        },
    ]
}

fn later_catalogue() -> Vec<Later> {
    let denied = |service: &str, operation: &str| {
        vec![
            Rule::new(Action::AccessDenied)
                .service(service)
                .operation(operation),
        ]
    };
    vec![
        Later {
            name: "a refresh that may not read",
            weather: denied("dynamodb", "DescribeTable"),
            configuration: "",
            more: "",
            command: PLAN,
            says: &[
                "Error: dynamodb:DescribeTable answered AccessDeniedException: AuditTable",
                "- AuditTable (AWS::DynamoDB::Table), while it was read",
                "The credentials lack this permission, or a policy denies it. Grant it and run the same command again; what has been done is kept.",
            ],
            has_request: true,
        },
        Later {
            name: "a refresh that may not read the manifest",
            weather: denied("ssm", "GetParameter"),
            configuration: "",
            more: "",
            command: PLAN,
            says: &[
                "ssm:GetParameter",
                "AccessDeniedException",
                "The credentials lack this permission, or a policy denies it. Grant it and run the same command again; what has been done is kept.",
            ],
            has_request: true,
        },
        Later {
            name: "credentials that have expired",
            weather: vec![refused(
                "sts",
                "GetCallerIdentity",
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            )],
            configuration: "",
            more: "",
            command: PLAN,
            says: &[
                "Error: AWS cannot be used with this provider block",
                "sts:GetCallerIdentity answered ExpiredToken",
                "Check the provider block, the AWS_* variables and the network",
            ],
            has_request: true,
        },
        Later {
            name: "a data source of a pipeline that is not there",
            weather: vec![],
            configuration: "data \"tap_secure_pipeline\" \"other\" {\n  id = \"reports-prod@us-east-1\"\n}\n",
            more: "",
            command: PLAN,
            says: &[
                "Error: There is no pipeline reports-prod@us-east-1",
                "Check the id (name-environment_suffix@region) and the credentials.",
            ],
            has_request: false,
        },
        Later {
            name: "a key for callers that may not be read",
            weather: denied("secretsmanager", "GetSecretValue"),
            configuration: "ephemeral \"tap_api_key\" \"key\" {\n  pipeline_id = \"documents-dev@us-east-1\"\n}\n",
            more: "",
            command: PLAN,
            says: &[
                "Error: The API key of documents-dev@us-east-1 cannot be read",
                "secretsmanager:GetSecretValue answered AccessDenied",
                "Reading it needs secretsmanager:DescribeSecret, secretsmanager:GetSecretValue and kms:Decrypt.",
            ],
            has_request: true,
        },
        Later {
            name: "an update that AWS refuses",
            weather: vec![refused(
                "lambda",
                "UpdateFunctionConfiguration",
                400,
                "InvalidParameterValueException",
                "'MemorySize' value failed to satisfy constraint",
            )],
            configuration: "",
            more: "  functions = { memory_mb = 768 }",
            command: APPLY,
            says: &[
                "Error: lambda:UpdateFunctionConfiguration answered InvalidParameterValueException: 6 resources",
                "'MemorySize' value failed to satisfy constraint",
                "- ScanFunction (AWS::Lambda::Function), while it was updated",
                "AWS refuses this value. If it comes from overrides, mend it there",
            ],
            has_request: true,
        },
        Later {
            name: "a destroy that may not delete",
            weather: denied("dynamodb", "DeleteTable"),
            configuration: "",
            more: "",
            command: DESTROY,
            says: &[
                "Error: dynamodb:DeleteTable answered AccessDeniedException: AuditTable",
                "- AuditTable (AWS::DynamoDB::Table), while it was deleted",
                "The credentials lack this permission, or a policy denies it. Grant it and run the same command again; what has been done is kept.",
            ],
            has_request: true,
        },
    ]
}

#[test]
fn what_fails_of_a_pipeline_that_stands_says_so_too_and_loses_nothing() {
    let sandbox = sandbox();
    let terraform = terraform(&sandbox, &pipeline(""));
    common::apply(&terraform);
    for later in later_catalogue() {
        let configuration = pipeline(later.more) + later.configuration;
        terraform.configure(&configuration).expect("written");
        sandbox.weather(later.weather).expect("rules");
        let ran = terraform.run(later.command).expect("runs");
        sandbox.clear_weather().expect("cleared");
        expect_code(&ran, 1, later.name);
        let flat = ran.flat();
        for part in later.says {
            assert!(
                flat.contains(part),
                "{} should say {part:?}:\n{}",
                later.name,
                ran.text
            );
        }
        assert_eq!(
            flat.contains("AWS request id: "),
            later.has_request,
            "{}: the request id:\n{}",
            later.name,
            ran.text
        );
        assert_eq!(
            ran.text.matches("Error: ").count(),
            1,
            "{}: one cause is one error:\n{}",
            later.name,
            ran.text
        );
    }
    terraform.configure(&pipeline("")).expect("written");
    common::apply(&terraform);
    common::expect_empty_plan(&terraform);
    common::expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn every_kind_of_error_says_what_where_why_and_what_next() {
    let sandbox: &Sandbox = &sandbox();
    for kind in catalogue() {
        common::renew(sandbox);
        let settings = Settings::new("documents").with("timeouts.create", kind.timeout);
        let terraform = terraform(sandbox, &pipeline(&settings.hcl()));
        if !kind.script.is_empty() {
            sandbox.boto3(kind.script).expect(kind.name);
        }
        sandbox.weather(kind.weather).expect("rules");
        let ran = terraform.apply(&[]).expect("runs");
        sandbox.clear_weather().expect("cleared");
        expect_code(&ran, 1, kind.name);
        let flat = ran.flat();
        for part in kind.says {
            assert!(
                flat.contains(part),
                "{} should say {part:?}:\n{}",
                kind.name,
                ran.text
            );
        }
        assert_eq!(
            flat.contains("AWS request id: "),
            kind.has_request,
            "{}: the request id:\n{}",
            kind.name,
            ran.text
        );
        assert_eq!(
            ran.text.matches("Error: ").count(),
            1,
            "{}: one cause is one error:\n{}",
            kind.name,
            ran.text
        );
    }
}
