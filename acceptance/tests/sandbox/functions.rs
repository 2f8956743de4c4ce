//! What the functions meet beside the stores: API keys, secrets and Config as
//! AWS documents them. A test that is named after a shim fails without it.

use super::*;

#[test]
fn apigateway_api_keys_have_one_value_and_one_place_and_show_their_tags() {
    let script = r#"
api = c("apigateway")
key = api.create_api_key(name="one", value="v" * 30, enabled=True, tags={"a": "b"})["id"]
plan = api.create_usage_plan(name="plan")["id"]
join = lambda: code(api.create_usage_plan_key, usagePlanId=plan, keyId=key, keyType="API_KEY")
found = [code(api.create_api_key, name="two", value="v" * 30), join(), join()]
api.tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/apikeys/" + key, tags={"c": "d"})
listed = lambda **more: [k for k in api.get_api_keys(limit=500, **more)["items"] if k["id"] == key][0]
found += [listed()["tags"], "value" in listed(), "value" in listed(includeValues=True)]
found += ["value" in api.get_api_key(apiKey=key), api.get_api_key(apiKey=key, includeValue=True)["value"] == "v" * 30]
out(found)"#;
    assert_eq!(
        run(shared(), script),
        json!([
            "ConflictException",
            "ok",
            "ConflictException",
            {"a": "b", "c": "d"},
            false,
            true,
            false,
            true
        ])
    );
}

#[test]
fn config_custom_policies_are_read_by_a_call_of_their_own() {
    let script = r#"
config = c("config")
config.put_configuration_recorder(ConfigurationRecorder={"name": "policies", "roleARN": "arn:aws:iam::123456789012:role/config"})
def put(text, runtime="guard-2.x.x", message="ConfigurationItemChangeNotification"):
    return code(config.put_config_rule, ConfigRule={"ConfigRuleName": "guarded", "Source": {
        "Owner": "CUSTOM_POLICY", "SourceDetails": [{"EventSource": "aws.config", "MessageType": message}],
        "CustomPolicyDetails": {"PolicyRuntime": runtime, "PolicyText": text}}})
found = [put("x" * 10001), put("rule a {}", "guard-1.0"), put("rule a {}", message="ScheduledNotification"), put("rule a {}")]
details = config.describe_config_rules(ConfigRuleNames=["guarded"])["ConfigRules"][0]["Source"]["CustomPolicyDetails"]
found += [details, config.get_custom_rule_policy(ConfigRuleName="guarded")["PolicyText"]]
config.delete_config_rule(ConfigRuleName="guarded")
config.delete_configuration_recorder(ConfigurationRecorderName="policies")
out(found + [code(config.get_custom_rule_policy, ConfigRuleName="guarded")])"#;
    let invalid = "InvalidParameterValueException";
    assert_eq!(
        run(shared(), script),
        json!([
            invalid,
            invalid,
            invalid,
            "ok",
            { "PolicyRuntime": "guard-2.x.x" },
            "rule a {}",
            "NoSuchConfigRuleException"
        ])
    );
}

#[test]
fn config_evaluations_are_kept_by_their_ordering_timestamp() {
    let script = r#"
config = c("config")
def put(compliance, at, token="rule", **more):
    return code(config.put_evaluations, ResultToken=token, Evaluations=[dict(ComplianceResourceType="AWS::S3::Bucket", ComplianceResourceId="evaluated", ComplianceType=compliance, OrderingTimestamp=at, **more)])
found = [put("COMPLIANT", 200), put("NON_COMPLIANT", 100), put("COMPLIANT", 300, "expired"), put("COMPLIANT", 300, Annotation="x" * 257)]
details = config.get_compliance_details_by_resource(ResourceType="AWS::S3::Bucket", ResourceId="evaluated")["EvaluationResults"]
out(found + [[d["ComplianceType"] for d in details]])"#;
    assert_eq!(
        run(shared(), script),
        json!([
            "ok",
            "ok",
            "InvalidResultTokenException",
            "ValidationException",
            ["COMPLIANT"]
        ])
    );
}

#[test]
fn secretsmanager_versions_are_written_once_and_read_by_their_stage() {
    let script = r#"
sm = c("secretsmanager")
sm.create_secret(Name="written-once", SecretString="one")
token = "11111111-1111-1111-1111-111111111111"
put = lambda value: code(sm.put_secret_value, SecretId="written-once", ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"])
get = lambda stage: code(sm.get_secret_value, SecretId="written-once", VersionId=token, VersionStage=stage)
out([put("two"), put("two"), put("three"), get("AWSPENDING"), get("AWSCURRENT")])"#;
    assert_eq!(
        run(shared(), script),
        json!([
            "ok",
            "ok",
            "ResourceExistsException",
            "ok",
            "ResourceNotFoundException"
        ])
    );
}

#[test]
fn secretsmanager_pending_is_a_version_without_a_value() {
    let sandbox = shared();
    let arn = run(
        sandbox,
        r#"out(c("secretsmanager").create_secret(Name="pending", SecretString="one")["ARN"])"#,
    );
    let token = "22222222-2222-2222-2222-222222222222";
    sandbox.stage_pending(arn.as_str().unwrap(), token).unwrap();
    let script = r#"
sm, token = c("secretsmanager"), "22222222-2222-2222-2222-222222222222"
look = lambda: [sm.describe_secret(SecretId="pending")["VersionIdsToStages"].get(token), sum(v["VersionId"] == token for v in sm.list_secret_version_ids(SecretId="pending")["Versions"]), code(sm.get_secret_value, SecretId="pending", VersionId=token, VersionStage="AWSPENDING")]
before = look()
sm.put_secret_value(SecretId="pending", ClientRequestToken=token, SecretString="two", VersionStages=["AWSPENDING"])
out([before, look()])"#;
    assert_eq!(
        run(sandbox, script),
        json!([
            [["AWSPENDING"], 1, "ResourceNotFoundException"],
            [["AWSPENDING"], 1, "ok"]
        ])
    );
}
