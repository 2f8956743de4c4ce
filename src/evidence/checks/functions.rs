//! Functions.

use super::{Check, Controls};
use crate::evidence::subject::{Subject, Verdict, list, many, seen, texts};
use std::collections::BTreeSet;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "functions_are_in_a_vpc",
        title: "Functions are in the VPC",
        requirements: &["1.3.1", "1.3.2"],
        controls: Controls {
            prowler: &["awslambda_function_inside_vpc"],
            ..Controls::NONE
        },
        types: &["AWS::Lambda::Function"],
        judge: |function| {
            let subnets = texts(function.at("VpcConfig.SubnetIds"));
            let groups = texts(function.at("VpcConfig.SecurityGroupIds"));
            seen(
                !subnets.is_empty() && !groups.is_empty(),
                format!("subnets: {}; groups: {}", list(&subnets), list(&groups)),
            )
        },
        waiver: None,
    },
    Check {
        name: "functions_are_in_two_zones",
        title: "Functions are in two zones or more",
        requirements: &["12.10.1"],
        controls: Controls {
            fsbp: &["Lambda.5"],
            ..Controls::NONE
        },
        types: &["AWS::Lambda::Function"],
        judge: zones,
        waiver: None,
    },
    Check {
        name: "functions_run_on_a_supported_runtime",
        title: "Functions run on a runtime that AWS supports",
        requirements: &["6.3.3", "12.3.4"],
        controls: Controls {
            security_hub: &["Lambda.2"],
            fsbp: &["Lambda.2"],
            config_pack: &["LAMBDA_FUNCTION_SETTINGS_CHECK"],
            prowler: &[],
        },
        types: &["AWS::Lambda::Function"],
        judge: |function| function.expects("Runtime", "provided.al2023"),
        waiver: None,
    },
];

/// As far as the subnets are the pipeline's: of others it does not know where
/// they are.
fn zones(function: &Subject<'_>) -> Option<Verdict> {
    let subnets = many(function.at("VpcConfig.SubnetIds"));
    let ours: Vec<Subject<'_>> = function
        .others("AWS::EC2::Subnet")
        .filter(|subnet| subnets.iter().any(|id| subnet.is_named_by(id)))
        .collect();
    if ours.len() < subnets.len() {
        return None;
    }
    let zones: BTreeSet<&str> = ours
        .iter()
        .filter_map(|subnet| subnet.at("AvailabilityZoneId").as_str())
        .collect();
    let zones: Vec<&str> = zones.into_iter().collect();
    seen(zones.len() >= 2, format!("zones: {}", list(&zones)))
}
