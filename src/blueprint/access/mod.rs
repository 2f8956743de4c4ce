//! Access (R101-R108): who may do what. One role for each function with one
//! managed policy, made from the table in `calls`; the role that uploads are
//! signed with; and the auditor's, when there is somebody to trust.
//!
//! Conditions that hold for people, such as MFA and source addresses, are in
//! no policy of a service's role: a service never brings them, and whatever
//! passes a VPC endpoint has no public address.

mod auditor;
#[cfg(test)]
mod evaluator;
pub(super) mod guard;
mod statements;
#[cfg(test)]
mod tests;

pub use auditor::session_policy;

use super::encryption::Purpose;
use super::functions::Function;
use super::policy::{Statement, document};
use super::storage::Bucket;
use super::{Expansion, Facts, Spec, naming};
use crate::engine::template::intrinsics::{get_att, reference};
use serde_json::{Value, json};

pub const UPLOAD_ROLE_ID: &str = "UploadRole";
pub const AUDITOR_ROLE_ID: &str = "AuditorRole";
const UPLOAD: &str = "upload";
const UPLOAD_POLICY_ID: &str = "UploadPolicy";
const ROTATE_BOUNDARY_ID: &str = "RotateBoundary";
pub const USAGE_PLAN_POLICY_ID: &str = "RotateUsagePlanPolicy";
/// STS gives no longer session to a role that another role assumes, and none
/// of ours needs one (R102).
const ONE_HOUR: u32 = 3600;

/// Whom policies that protect against deletion must not lock out: the
/// principal that created the pipeline, unless others are named (R108).
pub fn administrator_arns(spec: &Spec, facts: &Facts) -> Vec<String> {
    match &spec.access.administrator_arns {
        Some(named) => named.clone(),
        None if facts.administrator_arn.is_empty() => Vec::new(),
        None => vec![facts.administrator_arn.clone()],
    }
}

pub fn upload_role_arn(spec: &Spec, facts: &Facts) -> String {
    role_arn(&upload_role_name(spec, facts), facts)
}

fn upload_role_name(spec: &Spec, facts: &Facts) -> String {
    naming::of_all_regions(UPLOAD, spec, facts, naming::limit::ROLE)
}

fn role_arn(name: &str, facts: &Facts) -> String {
    format!(
        "arn:{}:iam::{}:role/{name}",
        facts.partition, facts.account_id
    )
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    let (spec, facts) = (x.spec, x.facts);
    for function in Function::ALL {
        let statements = statements::of_function(function, spec, facts);
        policy(x, &function.policy_id(), function.as_str(), statements);
        role(
            x,
            Role {
                id: &function.role_id(),
                policy_id: &function.policy_id(),
                name: function.role_name(spec, facts),
                description: "Execution role of a function",
                trust: lambda_trust(facts),
                boundary_id: &boundary_id(function),
            },
        );
    }
    let bounds = statements::boundary_of_rotation(spec, facts);
    policy(x, ROTATE_BOUNDARY_ID, ROTATE_BOUNDARY, bounds);
    let usage_plan = statements::usage_plan(spec, facts);
    let mut properties = policy_properties(x, "rotate-usage-plan", usage_plan);
    properties["Roles"] = json!([reference(&Function::Rotate.role_id())]);
    x.add(USAGE_PLAN_POLICY_ID, "AWS::IAM::ManagedPolicy", properties);
    upload(x);
    auditor::expand(x);
}

const ROTATE_BOUNDARY: &str = "rotate-boundary";

/// The boundary of a function's role, beyond which it goes by nothing that
/// somebody attaches to it or puts into it (R089): the policy that it has. Of
/// rotation, which has two, one that holds both.
fn boundary_id(function: Function) -> String {
    match function {
        Function::Rotate => ROTATE_BOUNDARY_ID.to_owned(),
        function => function.policy_id(),
    }
}

/// Of all roles that remediation may put something into, which is every one
/// but its own, by name.
fn boundary_arns(spec: &Spec, facts: &Facts) -> Vec<String> {
    let functions = Function::ALL.into_iter();
    let mut bases: Vec<&str> = functions
        .filter(|function| *function != Function::Remediate)
        .map(|function| match function {
            Function::Rotate => ROTATE_BOUNDARY,
            function => function.as_str(),
        })
        .collect();
    bases.push(UPLOAD);
    if auditor::exists(spec) {
        bases.push(auditor::BOUNDARY);
    }
    let name = |base| naming::of_all_regions(base, spec, facts, naming::limit::MANAGED_POLICY);
    let mut arns: Vec<String> = bases
        .into_iter()
        .map(|base| {
            let (partition, account) = (&facts.partition, &facts.account_id);
            format!("arn:{partition}:iam::{account}:policy/{}", name(base))
        })
        .collect();
    arns.sort();
    arns
}

/// Lambda in the name of this account and no other (R107). Not of one
/// function: that Lambda names the function when it assumes a role, AWS does
/// not document.
fn lambda_trust(facts: &Facts) -> Statement {
    Statement::allow("Lambda")
        .service("lambda.amazonaws.com")
        .actions(["sts:AssumeRole"])
        .when(
            "StringEquals",
            "aws:SourceAccount",
            facts.account_id.clone(),
        )
}

/// The role whose session signs an upload form. Whoever has the form acts in
/// its name from wherever they are, so that it may do nothing but put
/// documents, and from where the API may be called. What S3 then does with the
/// key has S3's address, not theirs.
fn upload(x: &mut Expansion<'_>) {
    let (spec, facts) = (x.spec, x.facts);
    let raw = facts.bucket_arn(&Bucket::Raw.name(spec, facts));
    let mut put = Statement::allow("Documents")
        .actions(["s3:PutObject"])
        .resource(format!("{raw}/raw/*"));
    if !spec.api.allowed_cidrs.is_empty() {
        let cidrs = spec.api.allowed_cidrs.clone();
        put = put.when("IpAddress", "aws:SourceIp", cidrs);
    }
    let key = statements::key_use("DataKey", Purpose::Data, &["s3"], spec, facts);
    policy(x, UPLOAD_POLICY_ID, UPLOAD, vec![put, key]);
    let trust = Statement::allow("Validate")
        .aws(get_att(&Function::Validate.role_id(), "Arn"))
        .actions(["sts:AssumeRole"]);
    role(
        x,
        Role {
            id: UPLOAD_ROLE_ID,
            policy_id: UPLOAD_POLICY_ID,
            name: upload_role_name(spec, facts),
            description: "Signs upload forms",
            trust,
            boundary_id: UPLOAD_POLICY_ID,
        },
    );
}

struct Role<'a> {
    id: &'a str,
    policy_id: &'a str,
    name: String,
    description: &'a str,
    trust: Statement,
    boundary_id: &'a str,
}

fn role(x: &mut Expansion<'_>, role: Role<'_>) {
    let properties = json!({
        "RoleName": role.name,
        "Description": role.description,
        "AssumeRolePolicyDocument": document([role.trust]),
        "ManagedPolicyArns": [reference(role.policy_id)],
        "MaxSessionDuration": ONE_HOUR,
        "PermissionsBoundary": reference(role.boundary_id),
        "Tags": x.tags(&[]),
    });
    x.add(role.id, "AWS::IAM::Role", properties);
}

/// A customer-managed policy: neither inline nor one of AWS's (R106).
/// CloudFormation gives it no tags.
fn policy(x: &mut Expansion<'_>, id: &str, base: &str, statements: Vec<Statement>) {
    let properties = policy_properties(x, base, statements);
    x.add(id, "AWS::IAM::ManagedPolicy", properties);
}

fn policy_properties(x: &Expansion<'_>, base: &str, statements: Vec<Statement>) -> Value {
    json!({
        "ManagedPolicyName": naming::of_all_regions(base, x.spec, x.facts, naming::limit::MANAGED_POLICY),
        "PolicyDocument": document(statements),
    })
}
