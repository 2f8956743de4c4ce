//! WAFv2's types, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use serde_json::{Value, json};
use terraform_provider_tap::engine::ErrorKind;

fn visible(metric: &str) -> Value {
    json!({
        "CloudWatchMetricsEnabled": true, "MetricName": metric, "SampledRequestsEnabled": true,
    })
}

fn web_acl(limit: u32, team: &str) -> Value {
    json!({
        "Name": "web-acl", "Scope": "REGIONAL", "Description": "In front of it",
        "DefaultAction": { "Allow": {} }, "VisibilityConfig": visible("web-acl"),
        "Rules": [
            {
                "Name": "Common", "Priority": 1, "OverrideAction": { "None": {} },
                "Statement": { "ManagedRuleGroupStatement": {
                    "VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet",
                    "RuleActionOverrides": [
                        { "Name": "SizeRestrictions_BODY", "ActionToUse": { "Count": {} } },
                    ],
                } },
                "VisibilityConfig": visible("Common"),
            },
            {
                "Name": "Rate", "Priority": 0, "Action": { "Block": {} },
                "Statement": { "RateBasedStatement": {
                    "Limit": limit, "AggregateKeyType": "IP",
                } },
                "VisibilityConfig": visible("Rate"),
            },
        ],
        "Tags": [{ "Key": "team", "Value": team }],
    })
}

#[test]
fn a_web_acl_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let mut closed = web_acl(100, "red");
        closed["DefaultAction"] = json!({ "Block": {} });
        let mut protected = closed.clone();
        protected["DataProtectionConfig"] = json!({ "DataProtections": [{
            "Field": { "FieldType": "SINGLE_HEADER", "FieldKeys": ["x-api-key", "authorization"] },
            "Action": "SUBSTITUTION",
        }] });
        hold(
            &bench,
            Case {
                id: "WebAcl",
                type_name: "AWS::WAFv2::WebACL",
                first: web_acl(2000, "blue"),
                then: vec![closed.clone(), protected, closed],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn association_and_logging_of_a_web_acl_keep_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let kind = "AWS::WAFv2::WebACL";
        let acl = bench.made("WebAcl", kind, &web_acl(2000, "blue")).await;
        let arn = acl.attributes["Arn"].as_str().unwrap();
        let stage = "arn:aws:apigateway:us-east-1::/restapis/none/stages/v1";
        let associated = |stage: &str| json!({ "ResourceArn": stage, "WebACLArn": arn });
        let association = "AWS::WAFv2::WebACLAssociation";
        let early = bench
            .handler(association)
            .create(&bench.cx("WebAclAssociation"), &associated(stage))
            .await
            .expect_err("the stage is not there yet");
        assert_eq!(early.kind, ErrorKind::Transient, "{early}");

        let made = sandbox
            .boto3(
                r#"
api = boto3.client("apigateway")
i = api.create_rest_api(name="a")["id"]
r = api.get_resources(restApiId=i)["items"][0]["id"]
api.put_method(restApiId=i, resourceId=r, httpMethod="POST", authorizationType="NONE")
api.put_integration(restApiId=i, resourceId=r, httpMethod="POST", type="MOCK")
d = api.create_deployment(restApiId=i)["id"]
api.create_stage(restApiId=i, stageName="v1", deploymentId=d)
boto3.client("logs").create_log_group(logGroupName="aws-waf-logs-web-acl")
print(json.dumps(f"arn:aws:apigateway:us-east-1::/restapis/{i}/stages/v1"))
"#,
            )
            .expect("a stage");
        let stage = made.as_str().unwrap();
        hold(
            &bench,
            Case {
                id: "WebAclAssociation",
                type_name: association,
                first: associated(stage),
                then: vec![],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
        let logging = |headers: &[&str]| {
            let fields = headers.iter();
            let fields: Vec<Value> = fields
                .map(|name| json!({ "SingleHeader": { "Name": name } }))
                .collect();
            json!({
                "ResourceArn": arn, "RedactedFields": fields,
                "LogDestinationConfigs": [
                    "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-web-acl:*",
                ],
            })
        };
        hold(
            &bench,
            Case {
                id: "WebAclLogging",
                type_name: "AWS::WAFv2::LoggingConfiguration",
                first: logging(&["X-Api-Key", "authorization"]),
                then: vec![logging(&["authorization"])],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;

        // One that is in use goes when its association has.
        let placed = bench
            .made("WebAclAssociation", association, &associated(stage))
            .await;
        let used = bench
            .handler(kind)
            .delete(&bench.cx("WebAcl"), &acl.identifier)
            .await
            .expect_err("it is in use");
        assert_eq!(used.kind, ErrorKind::Transient, "{used}");
        bench
            .delete("WebAclAssociation", association, &placed.identifier)
            .await;
        bench.delete("WebAcl", kind, &acl.identifier).await;
    });
}
