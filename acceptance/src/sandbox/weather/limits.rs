//! AWS's own control-plane limits as rules: the weather of an ordinary day.
//!
//! From the quota pages of the services, for us-east-1 where regions differ:
//! "Request quotas" of KMS, "Quotas for creating, deploying and managing an
//! API" of API Gateway, "Lambda API requests", "Request throttling" of EC2,
//! "AWS WAF quotas", "CloudWatch Logs quotas", "CloudWatch service quotas",
//! "Secrets Manager quotas", "Quotas in CloudTrail", "Endpoints and quotas" of
//! EventBridge, SSM and SNS. Only what a pipeline's apply can reach is listed.
//! IAM, Config, GuardDuty and SQS publish no rates, so they have no rule.

use super::rule::{Action, Rule};

/// How many calls.
struct Limit {
    service: &'static str,
    /// All of the service when empty.
    operations: &'static [&'static str],
    per_second: f64,
    /// A second's worth when the page names none.
    burst: Option<f64>,
    sharing: Sharing,
}

/// What the operations of a limit have in common.
#[derive(Clone, Copy, PartialEq)]
enum Sharing {
    /// One bucket for all of them.
    Together,
    /// A bucket for each.
    Each,
}

use Sharing::{Each, Together};

const fn limit(
    service: &'static str,
    operations: &'static [&'static str],
    per_second: f64,
    sharing: Sharing,
) -> Limit {
    Limit {
        service,
        operations,
        per_second,
        burst: None,
        sharing,
    }
}

impl Limit {
    const fn burst(mut self, burst: f64) -> Self {
        self.burst = Some(burst);
        self
    }
}

#[rustfmt::skip]
const LIMITS: &[Limit] = &[
    limit("apigateway", &["CreateRestApi", "ImportRestApi"], 1.0 / 3.0, Each),
    limit("apigateway", &["DeleteRestApi", "CreateDomainName", "DeleteDomainName", "UpdateDomainName"], 1.0 / 30.0, Each),
    limit("apigateway", &["CreateDeployment"], 1.0 / 5.0, Each),
    limit("apigateway", &["UpdateUsagePlan", "UpdateAccount"], 1.0 / 20.0, Each),
    limit("apigateway", &["PutRestApi"], 1.0, Each),
    limit("apigateway", &["CreateApiKey", "DeleteApiKey", "CreateResource", "DeleteResource"], 5.0, Each),
    limit("apigateway", &["GetResources"], 2.5, Each).burst(5.0),
    limit("apigateway", &[], 10.0, Together).burst(40.0),
    limit("cloudtrail", &["DescribeTrails", "GetTrail", "GetTrailStatus", "GetEventSelectors", "ListTags", "ListTrails"], 10.0, Each),
    limit("cloudtrail", &["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging", "PutEventSelectors", "AddTags", "RemoveTags"], 1.0, Each),
    limit("ec2", &["CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"], 0.3, Each).burst(4.0),
    limit("ec2", &[
        "CreateVpc", "ModifyVpcAttribute", "DeleteVpc", "CreateSubnet", "ModifySubnetAttribute", "DeleteSubnet",
        "CreateRouteTable", "AssociateRouteTable", "DisassociateRouteTable", "DeleteRouteTable",
        "CreateSecurityGroup", "DeleteSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress",
        "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress",
        "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAclEntry", "ReplaceNetworkAclAssociation", "ReplaceNetworkAclEntry",
        "DeleteNetworkAcl", "CreateFlowLogs", "DeleteFlowLogs", "CreateTags", "DeleteTags", "DeleteNetworkInterface",
    ], 5.0, Each).burst(50.0),
    limit("ec2", &[
        "DescribeVpcs", "DescribeVpcAttribute", "DescribeSubnets", "DescribeRouteTables", "DescribeSecurityGroups",
        "DescribeSecurityGroupRules", "DescribeNetworkAcls", "DescribeVpcEndpoints", "DescribeFlowLogs",
        "DescribeNetworkInterfaces", "DescribeTags", "DescribePrefixLists", "DescribeManagedPrefixLists",
        "DescribeAvailabilityZones", "DescribeVpcEndpointServices",
    ], 20.0, Each).burst(100.0),
    // One limit for the control plane, each operation for itself.
    limit("events", &[
        "PutRule", "DeleteRule", "DescribeRule", "ListRules", "PutTargets", "RemoveTargets", "ListTargetsByRule",
        "TagResource", "UntagResource", "ListTagsForResource",
    ], 50.0, Each),
    limit("kms", &["CancelKeyDeletion", "CreateAlias", "CreateKey", "DisableKeyRotation", "UntagResource", "UpdateAlias", "UpdateKeyDescription"], 5.0, Each),
    limit("kms", &["TagResource"], 10.0, Each),
    limit("kms", &["DeleteAlias", "EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"], 15.0, Each),
    limit("lambda", &["GetFunction"], 100.0, Each),
    limit("lambda", &["GetPolicy"], 15.0, Each),
    // The rest of the control plane counts together; invocations are none of it.
    limit("lambda", &[
        "Create*", "Update*", "Delete*", "Publish*", "Put*", "Add*", "Remove*", "Tag*", "Untag*", "List*",
        "GetAccountSettings", "GetEventSourceMapping", "GetFunctionCodeSigningConfig", "GetFunctionConcurrency",
        "GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetFunctionRecursionConfig",
    ], 15.0, Together),
    limit("logs", &["CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups"], 10.0, Each),
    limit("logs", &["PutMetricFilter", "DeleteMetricFilter", "DescribeMetricFilters", "PutRetentionPolicy", "PutResourcePolicy", "DeleteResourcePolicy"], 5.0, Each),
    limit("monitoring", &["PutMetricAlarm", "DeleteAlarms"], 3.0, Each),
    limit("monitoring", &["DescribeAlarms"], 9.0, Each),
    limit("monitoring", &["PutDashboard", "GetDashboard", "DeleteDashboards", "TagResource", "UntagResource", "ListTagsForResource"], 10.0, Each),
    limit("secretsmanager", &["CreateSecret", "DeleteSecret"], 50.0, Each),
    limit("secretsmanager", &["DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy", "ValidateResourcePolicy"], 50.0, Together),
    limit("secretsmanager", &["PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"], 50.0, Together),
    limit("secretsmanager", &["RotateSecret", "CancelRotateSecret"], 50.0, Together),
    limit("secretsmanager", &["TagResource", "UntagResource"], 50.0, Together),
    limit("secretsmanager", &["ListSecrets"], 100.0, Each),
    limit("sns", &["ListTagsForResource", "TagResource", "UntagResource"], 10.0, Together),
    limit("sns", &["CreateTopic", "DeleteTopic", "SetTopicAttributes", "GetTopicAttributes", "ListTopics", "ListSubscriptionsByTopic"], 30.0, Together),
    limit("ssm", &["PutParameter"], 3.0, Each),
    limit("ssm", &["DeleteParameter", "DeleteParameters"], 5.0, Together),
    limit("wafv2", &["AssociateWebACL", "DisassociateWebACL"], 0.5, Each),
    limit("wafv2", &["GetWebACLForResource", "ListResourcesForWebACL"], 1.0, Each),
    limit("wafv2", &[
        "CreateWebACL", "UpdateWebACL", "DeleteWebACL", "PutLoggingConfiguration", "DeleteLoggingConfiguration",
        "CreateIPSet", "UpdateIPSet", "DeleteIPSet", "TagResource", "UntagResource",
    ], 1.0, Each),
    limit("wafv2", &["GetWebACL", "GetLoggingConfiguration", "ListWebACLs", "ListLoggingConfigurations", "ListTagsForResource"], 5.0, Each),
];

/// The limits as rules, one bucket each.
pub fn rules() -> Vec<Rule> {
    LIMITS.iter().flat_map(of).collect()
}

fn of(limit: &Limit) -> Vec<Rule> {
    if limit.sharing == Together {
        return vec![rule(limit, limit.operations)];
    }
    let operations = limit.operations.chunks(1);
    operations.map(|one| rule(limit, one)).collect()
}

fn rule(limit: &Limit, operations: &[&str]) -> Rule {
    let mut rule = Rule::new(Action::RateLimit {
        per_second: limit.per_second,
        burst: limit.burst,
    })
    .service(limit.service);
    if !operations.is_empty() {
        rule = rule.operations(operations);
    }
    let name = format!("aws limit {} {}", limit.service, operations.join("|"));
    rule.name = Some(name.trim_end().to_owned());
    rule
}
