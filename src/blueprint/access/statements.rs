//! The statements of a function's policy: what its code calls (from the table
//! in `calls`), the keys behind it, what Lambda does in its name, and what is
//! denied whatever else may be allowed.

use crate::blueprint::calls::{self, On, Row};
use crate::blueprint::encryption::Purpose;
use crate::blueprint::functions::{self, Function};
use crate::blueprint::policy::Statement;
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Facts, Spec, alerts, audit, naming, network, secrets};
use crate::engine::TAG_PIPELINE;
use crate::engine::template::intrinsics::sub;
use serde_json::{Value, json};

/// The quarantine group says by this tag that it is one.
const QUARANTINE: &str = "aws:ResourceTag/tap:quarantine";
/// Where remediation keeps the groups that an interface had.
const PREVIOUS_GROUPS: &str = "tap:previous-security-groups";

/// What Lambda does with the network interfaces of a function in a VPC.
const INTERFACES: [&str; 4] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
];
/// These take no resource.
const DESCRIPTIONS: [&str; 2] = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];

/// Services whose calls by a function's code always pass the pipeline's
/// endpoints, and hold or tell of data. Not IAM: outside of us-east-1 its
/// endpoint is in another network.
const THROUGH_THE_VPC: [&str; 7] = [
    "dynamodb",
    "events",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
    "sts",
];

pub(super) fn of_function(function: Function, spec: &Spec, facts: &Facts) -> Vec<Statement> {
    let rows: Vec<&Row> = calls::of(function)
        .filter(|row| calls::is_made(row, spec) && row.on != On::UsagePlan)
        .collect();
    let mut statements: Vec<Statement> = rows
        .iter()
        .flat_map(|row| grants(row, spec, facts))
        .collect();
    statements.extend(keys(function, &rows, spec, facts));
    statements.extend(lambda(function, spec, facts));
    statements.extend(denials(function, &rows, spec, facts));
    statements
}

/// What rotation does with the usage plan, whose id API Gateway chooses. In a
/// policy of its own: the role itself must not wait for the API, nor be gone
/// before it.
pub(super) fn usage_plan(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    calls::of(Function::Rotate)
        .filter(|row| row.on == On::UsagePlan)
        .flat_map(|row| grants(row, spec, facts))
        .collect()
}

/// All that rotation may do, by one policy: a role has one boundary. Of usage
/// plans any, whose ids nobody knows before; which one, its second policy says.
pub(super) fn boundary_of_rotation(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    let plans = calls::of(Function::Rotate)
        .filter(|row| row.on == On::UsagePlan)
        .flat_map(|row| {
            row.actions
                .iter()
                .map(|action| format!("{}:{action}", row.service))
        })
        .collect();
    let keys = ["", "/*"].map(|rest| {
        let (partition, region) = (&facts.partition, &facts.region);
        format!("arn:{partition}:apigateway:{region}::/usageplans/*/keys{rest}")
    });
    let any_plan = Statement::allow("AnyUsagePlan")
        .action_list(plans)
        .resource(json!(keys));
    let mut statements = of_function(Function::Rotate, spec, facts);
    statements.push(any_plan);
    statements
}

/// One row, as a statement for each set of resources with conditions of
/// their own.
fn grants(row: &Row, spec: &Spec, facts: &Facts) -> Vec<Statement> {
    let allow = |suffix: &str| {
        let actions = row.actions.iter();
        let actions = actions.map(|action| format!("{}:{action}", row.service));
        Statement::allow(&format!("{}{:?}{suffix}", capital(row.service), row.on))
            .action_list(actions.collect())
    };
    let pipeline = naming::pipeline_id(spec, facts);
    let owned = format!("aws:ResourceTag/{TAG_PIPELINE}");
    let statement = allow("").resource(resource(row.on, spec, facts));
    let statement = match row.on {
        On::EventBus => statement
            .when("StringEquals", "events:source", functions::EVENT_SOURCE)
            .when(
                "StringEquals",
                "events:detail-type",
                functions::DOCUMENT_VALIDATED,
            ),
        On::QuarantinedInterfaces => {
            let groups = allow("Group")
                .resource(facts.arn("ec2", "security-group/*"))
                .when("StringEquals", QUARANTINE, "true");
            return vec![statement, groups];
        }
        On::InterfaceTags => statement.when(
            "ForAllValues:StringEquals",
            "aws:TagKeys",
            vec![PREVIOUS_GROUPS],
        ),
        On::OwnUsers | On::OwnRoles if spec.threats.remediate_account => statement,
        // What is put into such a role can take away and never add: its
        // boundary is what it may do anyway.
        On::OwnRoles => statement.when("StringEquals", &owned, pipeline).when(
            "StringEquals",
            "iam:PermissionsBoundary",
            super::boundary_arns(spec, facts),
        ),
        On::OwnUsers | On::OwnApiKeys | On::Secrets => {
            statement.when("StringEquals", &owned, pipeline)
        }
        On::NewApiKey => {
            let request = format!("aws:RequestTag/{TAG_PIPELINE}");
            statement.when("StringEquals", &request, pipeline)
        }
        On::OthersBuckets => statement.when(
            "StringEquals",
            "aws:ResourceAccount",
            facts.account_id.clone(),
        ),
        _ => statement,
    };
    vec![statement]
}

fn resource(on: On, spec: &Spec, facts: &Facts) -> Value {
    let bucket = |bucket: Bucket| facts.bucket_arn(&bucket.name(spec, facts));
    let objects = |at: Bucket, prefix: &str| json!(format!("{}/{prefix}/*", bucket(at)));
    let iam = |path: &str| format!("arn:{}:iam::{}:{path}", facts.partition, facts.account_id);
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    let api = |path: &str| {
        let (partition, region) = (&facts.partition, &facts.region);
        format!("arn:{partition}:apigateway:{region}::{path}")
    };
    match on {
        On::RawBucket => json!(bucket(Bucket::Raw)),
        On::RawObjects => objects(Bucket::Raw, "raw"),
        On::QuarantinedObjects => objects(Bucket::Raw, "quarantine"),
        On::ProcessedBucket => json!(bucket(Bucket::Processed)),
        On::ProcessedObjects => objects(Bucket::Processed, "encrypted"),
        On::ScanResults => objects(Bucket::Processed, "scan-results"),
        On::AuditTable => json!(audit_table_arn(spec, facts)),
        On::AlertTopic => json!(alerts::topic_arn(spec, facts)),
        On::EventBus => json!(facts.arn("events", "event-bus/default")),
        On::UploadRole => json!(super::upload_role_arn(spec, facts)),
        // Also of buckets that have none, which is how they are told apart.
        On::Baseline => {
            let path = functions::baseline_path(spec);
            json!(facts.arn("ssm", &format!("parameter{path}/*")))
        }
        On::Buckets => Bucket::ALL
            .into_iter()
            .filter(|one| *one != Bucket::Logs || spec.storage.log_bucket_name.is_none())
            .map(|one| json!(bucket(one)))
            .collect(),
        On::OthersBuckets => json!(facts.bucket_arn("*")),
        // A key that was brought may be another account's.
        On::Keys => {
            let keys = &spec.encryption.key_arns;
            let brought = [&keys.data, &keys.environment, &keys.logs];
            let own = facts.arn("kms", "key/*");
            brought
                .into_iter()
                .flatten()
                .filter(|arn| arn.split(':').nth(4) != Some(facts.account_id.as_str()))
                .chain([&own])
                .map(|arn| json!(arn))
                .collect()
        }
        On::QuarantinedInterfaces => json!([
            facts.arn("ec2", "instance/*"),
            facts.arn("ec2", "network-interface/*"),
        ]),
        On::InterfaceTags => json!(facts.arn("ec2", "network-interface/*")),
        On::Principals => json!([iam("role/*"), iam("user/*")]),
        On::OwnUsers => json!(iam("user/*")),
        On::OwnRoles => json!(iam("role/*")),
        On::Secrets => json!(secrets::arn_patterns(spec, facts)),
        On::ApiKeys => json!([api("/apikeys"), api("/apikeys/*")]),
        On::NewApiKey => json!(api("/apikeys")),
        On::OwnApiKeys => json!(api("/apikeys/*")),
        On::ApiKeyTags => json!(api("/tags/*")),
        On::UsagePlan => json!([
            sub(api("/usageplans/${UsagePlan}/keys")),
            sub(api("/usageplans/${UsagePlan}/keys/*")),
        ]),
        On::RotationHook => json!(spec.secrets.rotation_function_arn),
        On::Anything => json!("*"),
    }
}

pub(super) fn audit_table_arn(spec: &Spec, facts: &Facts) -> String {
    facts.arn("dynamodb", &format!("table/{}", audit::table_name(spec)))
}

/// The keys behind what a function reads and writes. Each only through the
/// service whose data it protects.
fn keys(function: Function, rows: &[&Row], spec: &Spec, facts: &Facts) -> Vec<Statement> {
    let calls = |service: &str| rows.iter().any(|row| row.service == service);
    let touches_objects = rows.iter().any(|row| {
        matches!(
            row.on,
            On::RawObjects | On::QuarantinedObjects | On::ProcessedObjects | On::ScanResults
        )
    });
    let mut data = vec!["dynamodb"];
    if touches_objects {
        data.push("s3");
    }
    // Lambda sends dead letters in the role's name.
    let mut logs = vec!["sqs"];
    if calls("sns") {
        logs.push("sns");
    }
    if calls("secretsmanager") {
        data.push("secretsmanager");
    }
    let environment = Statement::allow("EnvironmentKey")
        .actions(["kms:Decrypt"])
        .resource(Purpose::Environment.arn(spec))
        .when(
            "StringEquals",
            "kms:EncryptionContext:aws:lambda:FunctionArn",
            function.arn(spec, facts),
        );
    vec![
        key_use("DataKey", Purpose::Data, &data, spec, facts),
        key_use("LogsKey", Purpose::Logs, &logs, spec, facts),
        environment,
    ]
}

/// Reading and writing under a key, through these services alone.
pub(super) fn key_use(
    sid: &str,
    key: Purpose,
    services: &[&str],
    spec: &Spec,
    facts: &Facts,
) -> Statement {
    let mut through: Vec<String> = services
        .iter()
        .map(|service| format!("{service}.{}.amazonaws.com", facts.region))
        .collect();
    through.sort();
    Statement::allow(sid)
        .actions(["kms:Decrypt", "kms:GenerateDataKey"])
        .resource(key.arn(spec))
        .when("StringEquals", "kms:ViaService", through)
}

/// What Lambda itself does in a function's name, outside of its network: logs,
/// traces, dead letters and network interfaces (R105: the one wildcard, since
/// nobody knows the interfaces' ids beforehand;
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>).
fn lambda(function: Function, spec: &Spec, facts: &Facts) -> [Statement; 5] {
    // The subnets of a network that was brought may be another account's,
    // which shares them.
    let interfaces = match spec.network.vpc_id {
        Some(_) => format!("arn:{}:ec2:{}:*:*/*", facts.partition, facts.region),
        None => facts.arn("ec2", "*/*"),
    };
    [
        Statement::allow("Logs")
            .actions(["logs:CreateLogStream", "logs:PutLogEvents"])
            .resource(format!("{}:*", function.log_group_arn(spec, facts))),
        Statement::allow("Traces")
            .actions(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])
            .resource("*"),
        Statement::allow("DeadLetters")
            .actions(["sqs:SendMessage"])
            .resource(functions::dead_letter_queue_arn(spec, facts)),
        Statement::allow("NetworkInterfaces")
            .actions(INTERFACES)
            .resource(interfaces),
        Statement::allow("DescribeInterfaces")
            .actions(DESCRIPTIONS)
            .resource("*"),
    ]
}

fn denials(function: Function, rows: &[&Row], spec: &Spec, facts: &Facts) -> Vec<Statement> {
    // What Lambda does with the interfaces is not for the code
    // (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice).
    let interfaces = INTERFACES.into_iter().chain(DESCRIPTIONS);
    let mut denials = vec![
        Statement::deny("NoInterfaces")
            .action_list(interfaces.map(ToOwned::to_owned).collect())
            .resource("*")
            .when(
                "ArnEquals",
                "lambda:SourceFunctionArn",
                function.arn(spec, facts),
            ),
        // Lambda would make the group anew after a destroy (R046).
        Statement::deny("NoLogGroups")
            .actions(["logs:CreateLogGroup"])
            .resource("*"),
        // Rows are only ever added (R076).
        Statement::deny("AppendOnly")
            .actions([
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:DeleteTable",
                "dynamodb:PartiQLDelete",
                "dynamodb:PartiQLUpdate",
                "dynamodb:UpdateItem",
            ])
            .resource(audit_table_arn(spec, facts)),
        from_elsewhere(rows, spec),
    ];
    if function == Function::Remediate {
        // Or it could widen itself by the policy with which it denies
        // sessions (R089).
        denials.push(
            Statement::deny("NotItself")
                .actions(["iam:PutRolePolicy"])
                .resource(function.role_arn(spec, facts)),
        );
    }
    denials
}

/// Credentials of a function are of no use outside of its network (R031,
/// R103). A call that a service makes for the function, as S3 makes KMS's, does
/// not come from the network and says so by `aws:ViaAWSService`.
fn from_elsewhere(rows: &[&Row], spec: &Spec) -> Statement {
    // In a network that was brought, S3 and DynamoDB are reached through
    // our endpoints only where their route tables are known.
    let gateways = spec.network.vpc_id.is_none() || !spec.network.route_table_ids.is_empty();
    let passes = |service: &str| {
        THROUGH_THE_VPC.contains(&service) && (gateways || !matches!(service, "dynamodb" | "s3"))
    };
    let actions = rows
        .iter()
        .filter(|row| passes(row.service))
        .flat_map(|row| {
            let actions = row.actions.iter();
            actions.map(|action| format!("{}:{action}", row.service))
        });
    Statement::deny("OnlyFromTheVpc")
        .action_list(actions.collect())
        .resource("*")
        .when("StringNotEquals", "aws:SourceVpc", network::vpc_id(spec))
        .when("BoolIfExists", "aws:ViaAWSService", "false")
}

fn capital(service: &str) -> String {
    let mut letters = service.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
