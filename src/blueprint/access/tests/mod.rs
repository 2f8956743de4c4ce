//! Who may do what, asked of the policies as IAM would judge them.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::evaluator::{Decision, Request, decide};
use super::*;
use crate::blueprint::expand;
use crate::engine::template::{Reference, Template, resolve};
use Decision::{Allowed, Denied, NotAllowed};

mod form;
mod functions;
mod people;
mod remediation;
mod resources;
mod session;

const ACCOUNT: &str = "111122223333";
const VPC: &str = "id-of-Vpc";
const RAW: &str = "arn:aws:s3:::documents-raw-documents-dev-111122223333-us-east-1";
const PROCESSED: &str = "arn:aws:s3:::documents-processed-documents-dev-111122223333-us-east-1";
const LOGS: &str = "arn:aws:s3:::documents-logs-documents-dev-111122223333-us-east-1";
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

fn auditors(spec: &mut Spec) {
    spec.access.trusted_account_ids = vec!["210987654321".into()];
    spec.access.external_id = Some("audit-2026".into());
    spec.access.allowed_cidrs = vec!["203.0.113.0/24".into()];
}
