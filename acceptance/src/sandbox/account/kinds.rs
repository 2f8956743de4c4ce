//! The kinds of things that a pipeline makes, and how each is listed.

use serde_json::{Value, json};

/// One kind of thing.
pub struct Kind {
    pub name: &'static str,
    /// Its service, by signing name.
    pub service: &'static str,
    pub ask: Ask,
}

/// How a kind is listed.
pub enum Ask {
    Json(Json),
    Rest(Rest),
    Query(Query),
    Ec2(Ec2),
    Buckets,
    Keys,
    Subscriptions,
}

/// A list of a JSON service.
pub struct Json {
    pub target: &'static str,
    pub body: fn() -> Value,
    pub list: &'static str,
    /// The field that names an item; none when the items are names.
    pub field: &'static str,
}

/// A list behind a path.
pub struct Rest {
    pub path: &'static str,
    pub list: &'static str,
    pub field: &'static str,
}

/// The elements of a query service's answer that are names.
pub struct Query {
    pub action: &'static str,
    pub version: &'static str,
    pub fields: &'static [(&'static str, &'static str)],
    pub element: &'static str,
}

/// A list of EC2.
pub struct Ec2 {
    pub action: &'static str,
    pub set: &'static str,
    pub element: &'static str,
    /// What stands in an item that comes and goes with a VPC, or is AWS's own.
    pub not: &'static str,
}

const SNS: &str = "2010-03-31";
const IAM: &str = "2010-05-08";
const CLOUDWATCH: &str = "2010-08-01";

fn nothing() -> Value {
    json!({})
}

fn json(
    name: &'static str,
    service: &'static str,
    target: &'static str,
    list: &'static str,
    field: &'static str,
) -> Kind {
    let ask = Ask::Json(Json {
        target,
        body: nothing,
        list,
        field,
    });
    Kind { name, service, ask }
}

fn rest(
    name: &'static str,
    service: &'static str,
    path: &'static str,
    list: &'static str,
    field: &'static str,
) -> Kind {
    let ask = Ask::Rest(Rest { path, list, field });
    Kind { name, service, ask }
}

fn query(
    name: &'static str,
    service: &'static str,
    (action, version): (&'static str, &'static str),
    element: &'static str,
) -> Kind {
    let ask = Ask::Query(Query {
        action,
        version,
        fields: &[],
        element,
    });
    Kind { name, service, ask }
}

fn ec2(
    name: &'static str,
    action: &'static str,
    set: &'static str,
    element: &'static str,
    not: &'static str,
) -> Kind {
    let ask = Ask::Ec2(Ec2 {
        action,
        set,
        element,
        not,
    });
    let service = "ec2";
    Kind { name, service, ask }
}

/// Everything that a pipeline can leave behind, by service.
#[rustfmt::skip]
pub fn all() -> Vec<Kind> {
    vec![
        Kind { name: "buckets", service: "s3", ask: Ask::Buckets },
        Kind { name: "keys", service: "kms", ask: Ask::Keys },
        json("aliases", "kms", "TrentService.ListAliases", "Aliases", "AliasName"),
        json("tables", "dynamodb", "DynamoDB_20120810.ListTables", "TableNames", ""),
        Kind { name: "subscriptions", service: "sns", ask: Ask::Subscriptions },
        query("topics", "sns", ("ListTopics", SNS), "TopicArn"),
        json("parameters", "ssm", "AmazonSSM.DescribeParameters", "Parameters", "Name"),
        ec2("vpcs", "DescribeVpcs", "vpcSet", "vpcId", "<isDefault>true<"),
        // By the range of a default VPC: moto calls the first subnet of a zone its default one, whoever
        // makes it; on AWS those alone are that AWS makes itself.
        ec2("subnets", "DescribeSubnets", "subnetSet", "subnetId", "<cidrBlock>172.31."),
        ec2("route_tables", "DescribeRouteTables", "routeTableSet", "routeTableId", "<main>true<"),
        ec2("security_groups", "DescribeSecurityGroups", "securityGroupInfo", "groupId", "<groupName>default<"),
        ec2("network_acls", "DescribeNetworkAcls", "networkAclSet", "networkAclId", "<default>true<"),
        ec2("vpc_endpoints", "DescribeVpcEndpoints", "vpcEndpointSet", "vpcEndpointId", "<state>deleted<"),
        ec2("network_interfaces", "DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", "<interfaceType>vpc_endpoint<"),
        ec2("flow_logs", "DescribeFlowLogs", "flowLogSet", "flowLogId", "<flowLogStatus>DELETED<"),
        rest("functions", "lambda", "/2015-03-31/functions", "Functions", "FunctionName"),
        rest("event_source_mappings", "lambda", "/2015-03-31/event-source-mappings", "EventSourceMappings", "UUID"),
        json("queues", "sqs", "AmazonSQS.ListQueues", "QueueUrls", ""),
        query("roles", "iam", ("ListRoles", IAM), "RoleName"),
        Kind { name: "policies", service: "iam", ask: Ask::Query(Query {
            action: "ListPolicies", version: IAM, fields: &[("Scope", "Local")], element: "PolicyName",
        }) },
        rest("rest_apis", "apigateway", "/restapis?limit=500", "item", "name"),
        rest("api_keys", "apigateway", "/apikeys?limit=500", "item", "name"),
        rest("usage_plans", "apigateway", "/usageplans?limit=500", "item", "name"),
        rest("client_certificates", "apigateway", "/clientcertificates?limit=500", "item", "clientCertificateId"),
        rest("domain_names", "apigateway", "/domainnames?limit=500", "item", "domainName"),
        Kind { name: "web_acls", service: "wafv2", ask: Ask::Json(Json {
            target: "AWSWAF_20190729.ListWebACLs", body: || json!({ "Scope": "REGIONAL" }), list: "WebACLs", field: "Name",
        }) },
        json("log_groups", "logs", "Logs_20140328.DescribeLogGroups", "logGroups", "logGroupName"),
        json("log_resource_policies", "logs", "Logs_20140328.DescribeResourcePolicies", "resourcePolicies", "policyName"),
        json("metric_filters", "logs", "Logs_20140328.DescribeMetricFilters", "metricFilters", "filterName"),
        query("alarms", "monitoring", ("DescribeAlarms", CLOUDWATCH), "AlarmName"),
        query("dashboards", "monitoring", ("ListDashboards", CLOUDWATCH), "DashboardName"),
        json("rules", "events", "AWSEvents.ListRules", "Rules", "Name"),
        json("secrets", "secretsmanager", "secretsmanager.ListSecrets", "SecretList", "Name"),
        json("config_rules", "config", "StarlingDoveService.DescribeConfigRules", "ConfigRules", "ConfigRuleName"),
        json("recorders", "config", "StarlingDoveService.DescribeConfigurationRecorders", "ConfigurationRecorders", "name"),
        json("delivery_channels", "config", "StarlingDoveService.DescribeDeliveryChannels", "DeliveryChannels", "name"),
        Kind { name: "trails", service: "cloudtrail", ask: Ask::Json(Json {
            target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails",
            body: || json!({ "includeShadowTrails": false }), list: "trailList", field: "Name",
        }) },
        rest("detectors", "guardduty", "/detector", "detectorIds", ""),
    ]
}
