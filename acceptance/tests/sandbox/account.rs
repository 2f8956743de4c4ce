//! The account is listed whole: each kind of thing that a pipeline makes, and
//! nothing that AWS makes on its own.

use super::*;

/// One thing of every kind, by the kind's name in the listing.
const ONE_OF_EACH_KIND: &str = r#"
ec2, iam, api, logs = c("ec2"), c("iam"), c("apigateway"), c("logs")
s3, config, guard, waf = c("s3"), c("config"), c("guardduty"), c("wafv2")
made = {}
def one(kind, name):
    made.setdefault(kind, []).append(name)
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
one("vpcs", vpc)
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
one("subnets", subnet)
one("route_tables", ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
one("security_groups", ec2.create_security_group(GroupName="fn", Description="d", VpcId=vpc)["GroupId"])
one("network_acls", ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"])
one("vpc_endpoints", ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]["VpcEndpointId"])
one("network_interfaces", ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"])
trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
one("roles", "role")
iam.create_policy(PolicyName="policy", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}))
one("policies", "policy")
one("queues", c("sqs").create_queue(QueueName="queue")["QueueUrl"])
import io, zipfile
code_zip = io.BytesIO()
with zipfile.ZipFile(code_zip, "w") as archive:
    archive.writestr("main.py", "def handler(event, context): pass")
c("lambda").create_function(FunctionName="function", Runtime="python3.11", Handler="main.handler", Role=role, Code={"ZipFile": code_zip.getvalue()})
one("functions", "function")
queue_arn = "arn:aws:sqs:us-east-1:123456789012:queue"
one("event_source_mappings", c("lambda").create_event_source_mapping(FunctionName="function", EventSourceArn=queue_arn)["UUID"])
for name in ("same", "same"):
    api.create_rest_api(name=name)
    one("rest_apis", name)
api.create_api_key(name="key"); one("api_keys", "key")
api.create_usage_plan(name="plan"); one("usage_plans", "plan")
waf.create_web_acl(Name="acl", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig={"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"})
one("web_acls", "acl")
logs.create_log_group(logGroupName="group"); one("log_groups", "group")
logs.put_resource_policy(policyName="events", policyDocument="{}"); one("log_resource_policies", "events")
logs.put_metric_filter(logGroupName="group", filterName="filter", filterPattern="x", metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}])
one("metric_filters", "filter")
watch = c("cloudwatch")
watch.put_metric_alarm(AlarmName="alarm", MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
one("alarms", "alarm")
watch.put_dashboard(DashboardName="board", DashboardBody="{\"widgets\": []}"); one("dashboards", "board")
c("events").put_rule(Name="rule", EventPattern="{\"source\": [\"a\"]}"); one("rules", "rule")
c("secretsmanager").create_secret(Name="secret", SecretString="x"); one("secrets", "secret")
c("secretsmanager").create_secret(Name="gone", SecretString="x")
c("secretsmanager").delete_secret(SecretId="gone", RecoveryWindowInDays=7)
one("buckets", log_bucket("one-of-each"))
config.put_configuration_recorder(ConfigurationRecorder={"name": "recorder", "roleARN": role}); one("recorders", "recorder")
config.put_delivery_channel(DeliveryChannel={"name": "channel", "s3BucketName": "one-of-each"}); one("delivery_channels", "channel")
config.put_config_rule(ConfigRule={"ConfigRuleName": "config-rule", "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}})
one("config_rules", "config-rule")
c("cloudtrail").create_trail(Name="trail", S3BucketName="one-of-each"); one("trails", "trail")
one("detectors", guard.create_detector(Enable=True)["DetectorId"])
out(made)
"#;

#[test]
fn the_account_lists_one_thing_of_every_kind() {
    let sandbox = own();
    let made = run(&sandbox, &format!("{LOG_BUCKET}{ONE_OF_EACH_KIND}"));
    let account = sandbox.account().unwrap();
    assert_eq!(account, json!({ "us-east-1": made }));
    let settings = sandbox.settings().unwrap();
    assert_eq!(
        settings,
        json!({"us-east-1": {
            "api_gateway_role": null, "delivery_channels": ["channel"], "detectors": made["detectors"],
            "recorders": ["recorder"], "trails": ["trail"],
        }})
    );
    sandbox.reset().unwrap();
    assert_eq!(sandbox.account().unwrap(), json!({}));
}

#[test]
fn what_aws_makes_on_its_own_is_not_listed() {
    let sandbox = own();
    let empty = json!({"us-east-1": {
        "api_gateway_role": null, "delivery_channels": [], "detectors": [], "recorders": [], "trails": [],
    }});
    // The default VPC comes with the first look at it.
    run(
        &sandbox,
        r#"c("ec2").describe_vpcs(); c("guardduty").list_detectors(); c("wafv2").list_web_acls(Scope="REGIONAL")"#,
    );
    assert_eq!(sandbox.account().unwrap(), json!({}));
    assert_eq!(sandbox.settings().unwrap(), empty);
}

#[test]
fn rest_operations_have_the_names_of_aws() {
    let sandbox = own();
    run(
        &sandbox,
        r#"
api = c("apigateway")
made = api.create_rest_api(name="named")
api.put_method(restApiId=made["id"], resourceId=api.get_resources(restApiId=made["id"])["items"][0]["id"], httpMethod="POST", authorizationType="NONE")
api.tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/restapis/" + made["id"], tags={"a": "b"})
code(c("lambda").get_function, FunctionName="absent")
code(c("lambda").invoke, FunctionName="arn:aws:lambda:us-east-1:123456789012:function:absent")
c("guardduty").list_detectors()"#,
    );
    let calls = sandbox.calls().unwrap();
    let seen: Vec<(&str, bool)> = calls
        .iter()
        .map(|call| (call.operation.as_str(), call.mutating))
        .collect();
    assert_eq!(
        seen,
        [
            ("CreateRestApi", true),
            ("GetResources", false),
            ("PutMethod", true),
            ("TagResource", true),
            ("GetFunction", false),
            ("Invoke", true),
            ("ListDetectors", false),
        ]
    );
    assert_eq!(
        (calls[0].resource.as_str(), calls[4].resource.as_str()),
        ("named", "absent")
    );
    assert!(
        calls[3]
            .resource
            .starts_with("arn:aws:apigateway:us-east-1::/restapis/")
    );
}
