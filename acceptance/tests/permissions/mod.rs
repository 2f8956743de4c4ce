//! What a function's calls need permission for, and whether its role has it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../src/blueprint/access/evaluator.rs"]
mod evaluator;

use acceptance::{Call, Sandbox};
use evaluator::{Decision, Request, decide};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use terraform_provider_tap::blueprint::functions::{DOCUMENT_VALIDATED, EVENT_SOURCE};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

/// Whose call it is, if a function's: its SDK clients bear its name.
pub fn function_of(call: &Call) -> Option<&str> {
    let (_, rest) = call.user_agent.split_once("app/tap-")?;
    rest.split_whitespace().next()
}

/// The permissions an operation asks for, and those that it may use besides.
/// The names are those of the service authorization reference
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>):
/// S3's and API Gateway's permissions are not called what the operations are.
pub fn permissions(service: &str, operation: &str) -> (Vec<String>, Vec<&'static str>) {
    let (needed, besides): (&[&str], &[&str]) = match (service, operation) {
        // With a version, GetObjectVersion instead; and where the object is
        // not there, ListBucket decides between 404 and 403.
        ("s3", "GetObject" | "HeadObject") => (&["GetObject"], &["GetObjectVersion", "ListBucket"]),
        ("s3", "CopyObject") => (
            &["GetObject", "PutObject"],
            &[
                "GetObjectVersion",
                "GetObjectTagging",
                "GetObjectVersionTagging",
                "PutObjectTagging",
            ],
        ),
        ("s3", "GetObjectTagging") => (&["GetObjectTagging"], &["GetObjectVersionTagging"]),
        ("s3", "PutObject") => (&["PutObject"], &["PutObjectTagging"]),
        // The functions only delete what they name the version of.
        ("s3", "DeleteObject") => (&["DeleteObjectVersion"], &[]),
        ("s3", "ListObjectsV2") => (&["ListBucket"], &[]),
        ("s3", "ListObjectVersions") => (&["ListBucketVersions"], &[]),
        ("s3", "GetBucketEncryption") => (&["GetEncryptionConfiguration"], &[]),
        ("s3", "PutBucketEncryption") => (&["PutEncryptionConfiguration"], &[]),
        ("s3", "GetPublicAccessBlock") => (&["GetBucketPublicAccessBlock"], &[]),
        ("s3", "PutPublicAccessBlock") => (&["PutBucketPublicAccessBlock"], &[]),
        ("lambda", "Invoke") => (&["InvokeFunction"], &[]),
        ("apigateway", "GetApiKey" | "GetApiKeys" | "GetUsagePlanKey" | "GetUsagePlanKeys") => {
            (&["GET"], &[])
        }
        // Its tags are put as by TagResource, and older documents say POST.
        ("apigateway", "CreateApiKey") => (&["POST"], &["PUT"]),
        ("apigateway", "CreateUsagePlanKey") => (&["POST"], &[]),
        ("apigateway", "TagResource") => (&["PUT"], &[]),
        ("apigateway", "DeleteApiKey" | "UntagResource") => (&["DELETE"], &[]),
        (_, operation) => return (vec![operation.to_owned()], Vec::new()),
    };
    (
        needed.iter().map(ToString::to_string).collect(),
        besides.to_vec(),
    )
}

/// Policies of each function's role, as boto3 sees them.
const POLICIES: &str = r#"
iam, documents = boto3.client("iam"), {}
for function, name in names.items():
    role = boto3.client("lambda").get_function(FunctionName=name)["Configuration"]["Role"].rsplit("/", 1)[-1]
    documents[function] = []
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = policy["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        documents[function].append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
print(json.dumps(documents))
"#;

/// Services whose data no function's credentials reach from elsewhere.
const OF_DATA: [&str; 7] = [
    "dynamodb",
    "events",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
    "sts",
];

/// Every call that a deployed pipeline's functions made is allowed to their
/// roles, as the account has them, on that resource, through the pipeline's
/// endpoints; and where it is about data not from anywhere else. Returns what was judged, as
/// `function service:Action`.
#[track_caller]
pub fn expect_calls_allowed(sandbox: &Sandbox, state: &Value) -> BTreeSet<String> {
    let script = format!(
        "names = json.loads({})\n{POLICIES}",
        json!(state["function_names"].to_string())
    );
    let documents = sandbox.boto3(&script).expect("the policies");
    let vpc = state["physical_ids"]["Vpc"].as_str().expect("a VPC");
    let pipeline = state["id"].as_str().expect("an id");
    let mut judged = BTreeSet::new();
    for call in sandbox.calls().expect("recorded") {
        let Some(function) = function_of(&call) else {
            continue;
        };
        let name = state["function_names"][function].as_str().expect("a name");
        let source = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
        for (action, resource) in asked(&call) {
            let decided = |vpc: &str| {
                let context = [
                    ("aws:SourceVpc", vpc),
                    ("aws:ViaAWSService", "false"),
                    ("lambda:SourceFunctionArn", &source),
                    // Of keys and secrets: those in question are the pipeline's.
                    ("aws:ResourceTag/tap:pipeline", pipeline),
                    ("aws:RequestTag/tap:pipeline", pipeline),
                    ("events:source", EVENT_SOURCE),
                    ("events:detail-type", DOCUMENT_VALIDATED),
                ];
                let request = Request::new(&action, &resource, &context);
                let policies = documents[function].as_array().expect("policies");
                let said: Vec<Decision> = policies
                    .iter()
                    .map(|policy| decide(policy, &request))
                    .collect();
                let one = |decision| said.contains(&decision);
                match (one(Decision::Denied), one(Decision::Allowed)) {
                    (true, _) => Decision::Denied,
                    (_, true) => Decision::Allowed,
                    _ => Decision::NotAllowed,
                }
            };
            assert_eq!(
                decided(vpc),
                Decision::Allowed,
                "{function}: {action} on {resource}"
            );
            let elsewhere = match OF_DATA.contains(&call.service.as_str()) {
                true => Decision::Denied,
                false => Decision::Allowed,
            };
            assert_eq!(
                decided("vpc-elsewhere"),
                elsewhere,
                "{function}: {action} on {resource} from elsewhere"
            );
            judged.insert(format!("{function} {action}"));
        }
    }
    judged
}

/// The permissions of a call, each with the resource that it is needed on. The
/// source of a copy stands in no record.
fn asked(call: &Call) -> Vec<(String, String)> {
    let (needed, _) = permissions(&call.service, &call.operation);
    let arn = |rest: &str| format!("arn:aws:{}:{REGION}:{ACCOUNT}:{rest}", call.service);
    let mut asked = Vec::new();
    for action in needed {
        let resource = match (call.service.as_str(), action.as_str()) {
            ("s3", "GetObject") if call.operation == "CopyObject" => continue,
            ("s3", _) => format!("arn:aws:s3:::{}", call.resource),
            ("dynamodb", _) => arn(&format!("table/{}", call.resource)),
            ("sns", _) => call.resource.clone(),
            ("lambda", _) => arn(&format!("function:{}", call.resource)),
            ("ssm", _) => arn(&format!(
                "parameter/{}",
                call.resource.trim_start_matches('/')
            )),
            ("apigateway", _) => format!("arn:aws:apigateway:{REGION}::{}", call.path),
            ("secretsmanager", "GetRandomPassword") => "*".to_owned(),
            ("secretsmanager", _) => call.resource.clone(),
            ("events", _) => arn("event-bus/default"),
            // Neither takes a resource.
            ("config" | "ec2", _) => "*".to_owned(),
            ("kms", _) => arn(&format!("key/{}", call.resource)),
            ("iam", _) => format!("arn:aws:iam::{ACCOUNT}:user/{}", call.resource),
            _ => panic!("{} of {} on what?", action, call.service),
        };
        asked.push((format!("{}:{action}", call.service), resource));
    }
    asked
}
