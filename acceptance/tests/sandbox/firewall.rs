//! WAF before an API of the other emulator. A test that is named after a shim
//! fails without it.

use super::*;

const STAGE: &str = r#"
api, waf = c("apigateway"), c("wafv2")
def stage(name):
    rest = api.create_rest_api(name=name)["id"]
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    api.put_method(restApiId=rest, resourceId=root, httpMethod="GET", authorizationType="NONE")
    api.put_integration(restApiId=rest, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = api.create_deployment(restApiId=rest)["id"]
    api.create_stage(restApiId=rest, stageName="prod", deploymentId=deployment)
    return rest, f"arn:aws:apigateway:us-east-1::/restapis/{rest}/stages/prod"
def acl(name):
    return waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig={"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"})["Summary"]
"#;

#[test]
fn wafv2_associations_are_with_stages_of_the_account() {
    let script = r#"
rest, arn = stage("guarded")
guard = acl("guarded")
join = lambda resource: code(waf.associate_web_acl, WebACLArn=guard["ARN"], ResourceArn=resource)
listed = lambda: waf.list_resources_for_web_acl(WebACLArn=guard["ARN"], ResourceType="API_GATEWAY")["ResourceArns"] == [arn]
shown = lambda: api.get_stage(restApiId=rest, stageName="prod").get("webAclArn") == guard["ARN"]
drop = lambda: code(waf.delete_web_acl, Name="guarded", Scope="REGIONAL", Id=guard["Id"], LockToken=guard["LockToken"])
found = [join(arn + "uction"), join(arn), listed(), shown(), drop()]
waf.disassociate_web_acl(ResourceArn=arn)
found += [listed(), shown(), join(arn), listed()]
api.delete_stage(restApiId=rest, stageName="prod")
out(found + [listed(), code(waf.get_web_acl_for_resource, ResourceArn=arn), drop()])"#;
    assert_eq!(
        run(shared(), &format!("{STAGE}{script}")),
        json!([
            "WAFNonexistentItemException",
            "ok",
            true,
            true,
            "WAFAssociatedItemException",
            false,
            false,
            "ok",
            true,
            false,
            "WAFNonexistentItemException",
            "ok"
        ])
    );
}

#[test]
fn wafv2_logging_goes_to_a_group_of_that_name() {
    let script = r#"
guard = acl("logged")
c("logs").create_log_group(logGroupName="aws-waf-logs-here")
def put(group):
    destination = "arn:aws:logs:us-east-1:123456789012:log-group:" + group
    return code(waf.put_logging_configuration, LoggingConfiguration={"ResourceArn": guard["ARN"], "LogDestinationConfigs": [destination]})
out([put("aws-waf-logs-here"), put("aws-waf-logs-nowhere"), put("other")])"#;
    assert_eq!(
        run(shared(), &format!("{STAGE}{script}")),
        json!([
            "ok",
            "WAFLogDestinationPermissionIssueException",
            "WAFInvalidParameterException"
        ])
    );
}

#[test]
fn a_named_weather_refuses_the_first_calls_with_the_words_of_aws() {
    let sandbox = own();
    sandbox.named_weather("waf-unavailable", 2).unwrap();
    let script = r#"
rest, arn = stage("settling")
guard = acl("settling")
out([code(waf.associate_web_acl, WebACLArn=guard["ARN"], ResourceArn=arn) for _ in range(3)])"#;
    let refused = "WAFUnavailableEntityException";
    assert_eq!(
        run(&sandbox, &format!("{STAGE}{script}")),
        json!([refused, refused, "ok"])
    );
    let unknown = sandbox.named_weather("hail", 1).unwrap_err();
    assert!(unknown.contains("waf-unavailable"), "{unknown}");
}
