//! What AWS limits in a region: counted before, so that the plan warns of what
//! the apply would find out.

use super::account::Sighting;
use super::failure::warning;
use super::planning::Planned;
use crate::blueprint::Facts;
use crate::engine::ledger::Ledger;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tf_provider::AttributePath;
use tf_provider::Diagnostics;

struct Quota {
    type_name: &'static str,
    /// Which of that type count; empty: all.
    ids: &'static [&'static str],
    what: &'static str,
    /// Unless AWS has raised it.
    limit: usize,
    /// The attribute that decides how many there are, if one does.
    path: Option<(&'static str, &'static str)>,
    instead: &'static str,
}

const QUOTAS: [Quota; 3] = [
    // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    Quota {
        type_name: "AWS::EC2::VPC",
        ids: &[],
        what: "VPCs",
        limit: 5,
        path: Some(("network", "vpc_id")),
        instead: "If the quota was not raised yet, ask AWS for more in Service Quotas (L-F678F1CE), or let pipelines share a network with network.vpc_id and its endpoints with network.endpoint_security_group_id.",
    },
    // https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html
    Quota {
        type_name: "AWS::EC2::VPCEndpoint",
        ids: &["DynamoDBEndpoint", "S3Endpoint"],
        what: "gateway endpoints",
        limit: 20,
        path: Some(("network", "route_table_ids")),
        instead: "If the quota was not raised yet, ask AWS for more in Service Quotas (L-1B52E74A); each pipeline with a network of its own has two.",
    },
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    Quota {
        type_name: "AWS::Logs::ResourcePolicy",
        ids: &[],
        what: "log resource policies",
        limit: 10,
        path: None,
        instead: "AWS does not raise that. Delete those that nobody needs (aws logs describe-resource-policies); each pipeline has one.",
    },
];

/// What all pipelines of one plan would add, by region, type and pipeline: one
/// alone may fit where twenty do not.
#[derive(Default)]
pub struct Additions(Mutex<BTreeMap<Counted, ByPipeline>>);

/// A region and a resource type.
type Counted = (String, &'static str);
type ByPipeline = BTreeMap<String, usize>;

impl Additions {
    /// Notes what one pipeline would add and returns what all would.
    fn with(&self, region: &str, type_name: &'static str, pipeline: &str, new: usize) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pipelines = all.entry((region.to_owned(), type_name)).or_default();
        // A plan may be asked for twice.
        pipelines.insert(pipeline.to_owned(), new);
        pipelines.values().sum()
    }
}

/// Warns of each quota that the plan would pass.
pub fn check(
    diags: &mut Diagnostics,
    additions: &Additions,
    pipeline: &str,
    facts: &Facts,
    seen: &Sighting,
    planned: &Planned,
    ledger: &Ledger,
) {
    for quota in &QUOTAS {
        let Some(used) = seen.used.get(quota.type_name) else {
            continue;
        };
        let new = planned.count_new(quota.type_name, quota.ids, ledger);
        let all = additions.with(&facts.region, quota.type_name, pipeline, new);
        if new > 0 && used + all > quota.limit {
            let path = match quota.path {
                Some((area, attribute)) => AttributePath::new(area).attribute(attribute),
                None => AttributePath::root(),
            };
            warning(
                diags,
                path,
                format!("More {} than AWS allows", quota.what),
                format!(
                    "{} has {used} {}, the pipelines of this plan would add {all}, and AWS allows {}. {}",
                    facts.region, quota.what, quota.limit, quota.instead
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_of_one_plan_are_counted_together_and_each_once() {
        let additions = Additions::default();
        let vpc = QUOTAS[0].type_name;
        assert_eq!(additions.with("us-east-1", vpc, "a", 1), 1);
        assert_eq!(additions.with("us-east-1", vpc, "a", 1), 1);
        assert_eq!(additions.with("us-east-1", vpc, "b", 1), 2);
        assert_eq!(additions.with("eu-west-1", vpc, "c", 1), 1);
    }
}
