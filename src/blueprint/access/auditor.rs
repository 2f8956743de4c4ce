//! The auditor's role: accounts that are trusted may read what happened, when
//! they say the external id, have MFA and come from where they should
//! (R101-R104). None without `access.trusted_account_ids`.

use super::{AUDITOR_ROLE_ID, Role, policy, role, statements};
use crate::blueprint::audit;
use crate::blueprint::encryption::Purpose;
use crate::blueprint::functions::Function;
use crate::blueprint::policy::{Statement, document};
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Expansion, Facts, Spec, naming};
use serde_json::{Value, json};

pub(super) const BOUNDARY: &str = "auditor-boundary";

pub(super) fn exists(spec: &Spec) -> bool {
    !spec.access.trusted_account_ids.is_empty()
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if !exists(x.spec) {
        return;
    }
    let (spec, facts) = (x.spec, x.facts);
    let mut statements = reading(spec, facts);
    statements.extend(from_elsewhere(spec));
    policy(x, "AuditorPolicy", "auditor", statements);
    // What the role may ever do, whatever is attached to it (R102).
    policy(x, "AuditorBoundary", BOUNDARY, reading(spec, facts));
    role(
        x,
        Role {
            id: AUDITOR_ROLE_ID,
            policy_id: "AuditorPolicy",
            name: naming::of_all_regions("auditor", spec, facts, naming::limit::ROLE),
            description: "Reads what the pipeline has recorded",
            trust: trust(spec, facts),
            boundary_id: "AuditorBoundary",
        },
    );
}

/// What a session of the auditor's role may be narrowed to, as JSON: a session
/// has only what the role's policies and the policy passed at `AssumeRole` both
/// allow, so that one that was begun with this reads this pipeline's records
/// whatever is attached to the role later (R102). Session policies cannot be
/// attached to a role, only passed
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session>).
///
/// It says the same as [`reading`], shorter, since STS takes 2,048 characters:
/// one statement where the actions keep the resources apart, and the functions'
/// log groups by the end of their names. Keys of ours are named by none but AWS,
/// so they stand as all of the account's, through these services: it is known
/// before there is a pipeline.
pub fn session_policy(spec: &Spec, facts: &Facts) -> Option<String> {
    if !exists(spec) {
        return None;
    }
    let table = statements::audit_table_arn(spec, facts);
    let groups = naming::name("*", spec, naming::limit::LOG_GROUP);
    let groups = facts.arn("logs", &format!("log-group:/aws/lambda/{groups}:*"));
    let index = format!("{table}/index/{}", audit::DAY_INDEX);
    let records = [table, index, groups]
        .into_iter()
        .chain(objects(spec, facts));
    let key = |purpose: Purpose| match purpose.brought(spec) {
        Some(brought) => brought.to_owned(),
        None => facts.arn("kms", "key/*"),
    };
    let mut keys = vec![key(Purpose::Data), key(Purpose::Logs)];
    keys.dedup();
    let mut narrowed = vec![
        Statement::allow("Records")
            .actions([
                "dynamodb:GetItem",
                "dynamodb:Query",
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "s3:GetObject",
            ])
            .resource(records.collect::<Vec<String>>()),
    ];
    narrowed.extend(listing(spec, facts));
    narrowed.push(decrypt("Keys", json!(keys), &["dynamodb", "s3"], facts));
    Some(document(narrowed).to_string())
}

fn trust(spec: &Spec, facts: &Facts) -> Statement {
    let accounts = spec.access.trusted_account_ids.iter();
    let accounts: Vec<Value> = accounts
        .map(|id| json!(format!("arn:{}:iam::{id}:root", facts.partition)))
        .collect();
    let accounts = match accounts.as_slice() {
        [one] => one.clone(),
        _ => Value::Array(accounts),
    };
    let mut trust = Statement::allow("Auditors")
        .aws(accounts)
        .actions(["sts:AssumeRole"]);
    if let Some(external_id) = &spec.access.external_id {
        trust = trust.when("StringEquals", "sts:ExternalId", external_id.clone());
    }
    if spec.access.require_mfa {
        // Absent for long-term keys: then this is not true either.
        trust = trust.when("Bool", "aws:MultiFactorAuthPresent", "true");
    }
    if !spec.access.allowed_cidrs.is_empty() {
        let cidrs = spec.access.allowed_cidrs.clone();
        trust = trust.when("IpAddress", "aws:SourceIp", cidrs);
    }
    trust
}

/// Where scans leave their results in the bucket of processed documents.
const RESULTS: &str = "scan-results/";

/// The audit rows, the results of scans, the access logs and the functions'
/// logs. No documents: whoever audits need not see the data.
fn reading(spec: &Spec, facts: &Facts) -> Vec<Statement> {
    let table = statements::audit_table_arn(spec, facts);
    let index = format!("{table}/index/{}", audit::DAY_INDEX);
    let groups = Function::ALL.map(|function| {
        let group = function.log_group_arn(spec, facts);
        json!(format!("{group}:*"))
    });
    let [results, logs] = listing(spec, facts);
    vec![
        Statement::allow("AuditRows")
            .actions(["dynamodb:GetItem", "dynamodb:Query"])
            .resource(json!([table, index])),
        results,
        logs,
        Statement::allow("Results")
            .actions(["s3:GetObject"])
            .resource(objects(spec, facts).collect::<Vec<String>>()),
        Statement::allow("FunctionLogs")
            .actions([
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
            ])
            .resource(groups.to_vec()),
        decrypt(
            "DataKey",
            Purpose::Data.arn(spec),
            &["dynamodb", "s3"],
            facts,
        ),
        decrypt("LogsKey", Purpose::Logs.arn(spec), &["s3"], facts),
    ]
}

/// Where access logs are in the log bucket.
fn log_prefixes() -> [&'static str; 2] {
    [Bucket::Raw, Bucket::Processed].map(Bucket::log_prefix)
}

/// The results of scans and the access logs.
fn objects(spec: &Spec, facts: &Facts) -> impl Iterator<Item = String> {
    std::iter::once((Bucket::Processed, RESULTS))
        .chain(log_prefixes().map(|prefix| (Bucket::Logs, prefix)))
        .map(|(bucket, prefix)| {
            let arn = facts.bucket_arn(&bucket.name(spec, facts));
            format!("{arn}/{prefix}*")
        })
}

/// Not the documents' names, and of a log bucket that is others' too not their
/// logs.
fn listing(spec: &Spec, facts: &Facts) -> [Statement; 2] {
    let bucket = |bucket: Bucket| facts.bucket_arn(&bucket.name(spec, facts));
    [
        lists("ResultLists", &bucket(Bucket::Processed), &[RESULTS]),
        lists("LogLists", &bucket(Bucket::Logs), &log_prefixes()),
    ]
}

fn lists(sid: &str, bucket: &str, prefixes: &[&str]) -> Statement {
    let prefixes: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}*")).collect();
    Statement::allow(sid)
        .actions(["s3:ListBucket"])
        .resource(bucket)
        .when("StringLike", "s3:prefix", prefixes)
}

fn decrypt(sid: &str, keys: Value, services: &[&str], facts: &Facts) -> Statement {
    let services = services.iter();
    let through: Vec<String> = services
        .map(|service| format!("{service}.{}.amazonaws.com", facts.region))
        .collect();
    Statement::allow(sid)
        .actions(["kms:Decrypt"])
        .resource(keys)
        .when("StringEquals", "kms:ViaService", through)
}

/// A session that was begun at the right place is used there too. Not what a
/// service does for it: that comes from the service's address.
fn from_elsewhere(spec: &Spec) -> Option<Statement> {
    let cidrs = &spec.access.allowed_cidrs;
    let denied = Statement::deny("OnlyFromTheseAddresses")
        .actions(["*"])
        .resource("*")
        .when("NotIpAddress", "aws:SourceIp", cidrs.clone())
        .when("BoolIfExists", "aws:ViaAWSService", "false");
    (!cidrs.is_empty()).then_some(denied)
}
