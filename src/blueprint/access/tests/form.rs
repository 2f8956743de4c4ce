//! What all policies have in common.

use super::*;
use crate::blueprint::spec::Provision;

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

/// R106: one managed policy for each role, and no policy within a role. One
/// that says nothing of its policies would keep what a stranger attaches.
#[test]
fn every_role_has_one_policy_of_the_pipelines_own() {
    let template = template(|spec| {
        auditors(spec);
        spec.api.logging_role = Provision::Managed;
        spec.compliance.recorder = Provision::Managed;
    });
    let roles = template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == "AWS::IAM::Role");
    let mut policies = std::collections::BTreeSet::new();
    for (id, role) in roles {
        let arns = role.properties["ManagedPolicyArns"]
            .as_array()
            .expect("arns");
        let own: Vec<&str> = arns.iter().filter_map(|arn| arn["Ref"].as_str()).collect();
        let [policy] = own.as_slice() else {
            panic!("{id}: {arns:?}");
        };
        assert_eq!(
            template.resources[*policy].type_name,
            "AWS::IAM::ManagedPolicy"
        );
        assert!(policies.insert(policy.to_string()), "{policy} is shared");
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
            decide(trust, &request.by("lambda.amazonaws.com"))
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
