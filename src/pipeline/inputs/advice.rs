//! What is allowed, but the user should know.

use crate::blueprint::Spec;
use crate::blueprint::spec::Authorization;
use crate::pipeline::values::{Place, Problem};

/// What is allowed but misses a requirement that the pipeline is for. Each
/// with a summary of its own: Terraform shows only the first of those that
/// are alike.
pub(super) fn advice(spec: &Spec) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let mut warn = |area: &'static str, attribute: &'static str, summary: &str, detail: String| {
        warnings.push(Problem {
            path: Place::root().at(area).at(attribute).path(),
            summary: summary.to_owned(),
            detail,
        });
    };
    for (area, attribute, days, summary) in [
        (
            "storage",
            "noncurrent_expire_after_days",
            spec.storage.noncurrent_expire_after_days,
            "Old versions are kept for less than a year",
        ),
        (
            "storage",
            "access_log_retention_days",
            spec.storage.access_log_retention_days,
            "Access logs are kept for less than a year",
        ),
        (
            "monitoring",
            "log_retention_days",
            spec.monitoring.log_retention_days,
            "Logs are kept for less than a year",
        ),
    ] {
        if days < 365 {
            warn(
                area,
                attribute,
                summary,
                format!(
                    "{area}.{attribute} is {days}. PCI DSS 10.5.1 asks for twelve months of audit history. Write 365 or more to meet it."
                ),
            );
        }
    }
    if !spec.audit.point_in_time_recovery {
        warn(
            "audit",
            "point_in_time_recovery",
            "The audit table has no backups",
            "audit.point_in_time_recovery is false. PCI DSS 10.3.3 asks that audit logs are backed up. Write true to meet it.".into(),
        );
    }
    let api = &spec.api;
    if f64::from(api.burst_limit) < api.rate_limit {
        warn(
            "api",
            "burst_limit",
            "The burst is smaller than the rate",
            format!(
                "api.burst_limit is {} and api.rate_limit is {}: whoever sends the allowed requests of a second at once is refused. \
                 Write a burst_limit of at least the rate_limit.",
                api.burst_limit, api.rate_limit
            ),
        );
    }
    if api.authorization == Authorization::None {
        warn(
            "api",
            "authorization",
            "Callers are not authenticated",
            "api.authorization is \"NONE\": whoever has the API key and an allowed address may call, and PCI DSS 8.2 asks for who it was. \
             Write \"AWS_IAM\" to meet it.".into(),
        );
    }
    if spec.network.vpc_id.is_some() && spec.network.endpoint_security_group_id.is_none() {
        warn(
            "network",
            "vpc_id",
            "The endpoints answer the whole network",
            "network.vpc_id is given: the endpoints that the pipeline makes in it take over the names of their services for everything there \
             (private DNS), and admit the pipeline's functions only. Bring a VPC in which nothing else calls those services, leave vpc_id out, or, where the VPC has endpoints, name their group in endpoint_security_group_id.".into(),
        );
    }
    if spec.network.vpc_id.is_some() && spec.network.route_table_ids.is_empty() {
        warn(
            "network",
            "route_table_ids",
            "The network must reach S3 and DynamoDB by itself",
            "network.vpc_id is given without route_table_ids, so no gateway endpoints are created. Write the route tables of the subnets, unless \
             the VPC has gateway endpoints of S3 and DynamoDB.".into(),
        );
    }
    if spec.network.vpc_id.is_some() && !spec.network.route_table_ids.is_empty() {
        warn(
            "network",
            "route_table_ids",
            "S3 and DynamoDB of the whole route tables go through the pipeline's endpoints",
            "network.route_table_ids is given with vpc_id: the gateway endpoints add a route to each of these tables, and admit the pipeline's functions \
             only. Name route tables that nothing else uses, or leave route_table_ids out where the VPC has gateway endpoints of its own.".into(),
        );
    }
    if spec.threats.remediate_account {
        warn(
            "threats",
            "remediate_account",
            "Remediation reaches beyond the pipeline",
            "threats.remediate_account is true: a finding may isolate any instance, cut off any user, role and access key, \
             and close any bucket of the account. Write false to have those only reported.".into(),
        );
    }
    if !spec.access.require_mfa && !spec.access.trusted_account_ids.is_empty() {
        warn(
            "access",
            "require_mfa",
            "Auditors need no second factor",
            "access.require_mfa is false. PCI DSS 8.4.2 and 8.4.3 ask for multi-factor authentication. Write true to meet it.".into(),
        );
    }
    warnings
}
