//! The expansion, area by area: what the requirements ask of it, as sentences.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod buckets;
mod patches;

use super::spec::AccessLogEncryption;
use super::*;
use serde_json::json;
use std::collections::BTreeMap;

fn facts() -> Facts {
    Facts::documentation()
}

fn template(change: impl FnOnce(&mut Spec)) -> Template {
    let mut spec = Spec::new("documents", "dev");
    change(&mut spec);
    expand(&spec, &facts()).expect("the spec is valid")
}

fn property<'t>(template: &'t Template, id: &str, pointer: &str) -> &'t Value {
    template.resources[id]
        .properties
        .pointer(pointer)
        .unwrap_or(&Value::Null)
}

fn statements(document: &Value) -> &Vec<Value> {
    document["Statement"]
        .as_array()
        .expect("a list of statements")
}

fn of_type<'t>(template: &'t Template, type_name: &str) -> Vec<(&'t String, &'t Value)> {
    template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == type_name)
        .map(|(id, resource)| (id, &resource.properties))
        .collect()
}

#[test]
fn the_logical_ids_of_the_default_pipeline_are_these() {
    let ids: Vec<String> = template(|_| {}).resources.into_keys().collect();
    assert_eq!(
        ids,
        [
            "AccessConfigRule",
            "AlertsTopic",
            "AlertsTopicPolicy",
            "AlertsUndeliveredAlarm",
            "Api4XXErrorsAlarm",
            "Api5XXErrorsAlarm",
            "ApiAccessLogGroup",
            "ApiCallsLogGroup",
            "ApiCallsRule",
            "ApiClientCertificate",
            "ApiDeployment",
            "ApiDocumentModel",
            "ApiDocumentsResource",
            "ApiEncryptMethod",
            "ApiEncryptPermission",
            "ApiEncryptResource",
            "ApiExecutionLogGroup",
            "ApiGatewayEndpoint",
            "ApiKey",
            "ApiKeyRetirementRule",
            "ApiKeyRetirementRulePermission",
            "ApiKeyRotation",
            "ApiKeySecret",
            "ApiRequestValidator",
            "ApiScanAliasMethod",
            "ApiScanAliasPermission",
            "ApiScanAliasResource",
            "ApiScanMethod",
            "ApiScanPermission",
            "ApiScanResource",
            "ApiStage",
            "ApiUploadMethod",
            "ApiUploadModel",
            "ApiUploadPermission",
            "ApiUploadResource",
            "AuditTable",
            "ComplianceRule",
            "ComplianceRulePermission",
            "ConfigEndpoint",
            "Dashboard",
            "DataKey",
            "DataKeyAlias",
            "DatabaseRotation",
            "DatabaseSecret",
            "DeadLetterQueue",
            "DeadLetterQueuePolicy",
            "DeadLettersAlarm",
            "DynamoDBEndpoint",
            "Ec2Endpoint",
            "EncryptFunction",
            "EncryptFunctionErrorsAlarm",
            "EncryptLogGroup",
            "EncryptPolicy",
            "EncryptRole",
            "EncryptRule",
            "EncryptRulePermission",
            "EncryptionConfigRule",
            "EndpointIngressFromFunctions",
            "EndpointSecurityGroup",
            "EnvironmentKey",
            "EnvironmentKeyAlias",
            "EvaluateConfigPermission",
            "EvaluateFunction",
            "EvaluateFunctionErrorsAlarm",
            "EvaluateLogGroup",
            "EvaluatePolicy",
            "EvaluateRole",
            "EventsEndpoint",
            "EventsLogPolicy",
            "FindingsPermission",
            "FindingsRule",
            "FlowLog",
            "FunctionSecurityGroup",
            "IamEndpoint",
            "KmsAccessDeniedAlarm",
            "KmsAccessDeniedFilter",
            "KmsEndpoint",
            "KmsErrorsRule",
            "LambdaEndpoint",
            "LogsBucket",
            "LogsBucketBaseline",
            "LogsBucketPolicy",
            "LogsEndpoint",
            "LogsKey",
            "LogsKeyAlias",
            "NetworkAcl",
            "NetworkAclInboundAnswers",
            "NetworkAclInboundGatewayAnswersHigh",
            "NetworkAclInboundGatewayAnswersLow",
            "NetworkAclInboundHttps",
            "NetworkAclInboundRest",
            "NetworkAclOutboundAnswers",
            "NetworkAclOutboundHttps",
            "NetworkAclOutboundRest",
            "PrivateRouteTable",
            "PrivateSubnet1",
            "PrivateSubnet1NetworkAclAssociation",
            "PrivateSubnet1RouteTableAssociation",
            "PrivateSubnet2",
            "PrivateSubnet2NetworkAclAssociation",
            "PrivateSubnet2RouteTableAssociation",
            "PrivateSubnet3",
            "PrivateSubnet3NetworkAclAssociation",
            "PrivateSubnet3RouteTableAssociation",
            "ProcessedBucket",
            "ProcessedBucketBaseline",
            "ProcessedBucketPolicy",
            "QuarantineSecurityGroup",
            "RawBucket",
            "RawBucketBaseline",
            "RawBucketPolicy",
            "RemediateFunction",
            "RemediateFunctionErrorsAlarm",
            "RemediateLogGroup",
            "RemediatePolicy",
            "RemediateRole",
            "RestApi",
            "RotateBoundary",
            "RotateFunction",
            "RotateFunctionErrorsAlarm",
            "RotateLogGroup",
            "RotatePolicy",
            "RotateRole",
            "RotateSecretsPermission",
            "RotateUsagePlanPolicy",
            "S3Endpoint",
            "ScanFunction",
            "ScanFunctionErrorsAlarm",
            "ScanLogGroup",
            "ScanPolicy",
            "ScanRole",
            "ScanRule",
            "ScanRulePermission",
            "SecretsManagerEndpoint",
            "SnsEndpoint",
            "SsmEndpoint",
            "StsEndpoint",
            "UploadPolicy",
            "UploadRole",
            "UsagePlan",
            "UsagePlanKey",
            "ValidateFunction",
            "ValidateFunctionErrorsAlarm",
            "ValidateLogGroup",
            "ValidatePolicy",
            "ValidateRole",
            "ValidateRule",
            "ValidateRulePermission",
            "Vpc",
            "WebAcl",
            "WebAclAssociation",
            "WebAclLogGroup",
            "WebAclLogging",
        ]
    );
}

#[test]
fn every_reference_names_a_resource_and_none_goes_in_a_circle() {
    let mut problems = Vec::new();
    let template = template(|spec| spec.alerts.emails = vec!["a@example.com".into()]);
    crate::engine::plan::order(&template, &mut problems);
    assert_eq!(problems, []);
}

#[test]
fn every_key_rotates_and_admits_nobody_but_the_account_and_named_services() {
    let template = template(|_| {});
    for (id, key) in of_type(&template, "AWS::KMS::Key") {
        assert_eq!(key["EnableKeyRotation"], true, "{id}");
        for statement in statements(&key["KeyPolicy"]) {
            let principal = &statement["Principal"];
            let denies = statement["Effect"] == "Deny";
            assert!(denies || principal["AWS"] != "*", "{id}");
            if principal.get("Service").is_some() {
                // EventBridge and CloudWatch Logs say for what they use a key,
                // and not for whom.
                let condition = &statement["Condition"];
                let bound = condition["StringEquals"]["aws:SourceAccount"] == "111122223333"
                    || condition.to_string().contains("kms:EncryptionContext:")
                        && condition.to_string().contains(":111122223333:");
                assert!(
                    bound,
                    "{id}: a service is bound to the account: {statement}"
                );
            }
        }
    }
}

#[test]
fn data_and_function_environments_have_keys_of_their_own() {
    let template = template(|_| {});
    let bucket = property(
        &template,
        "RawBucket",
        "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/KMSMasterKeyID",
    );
    assert_eq!(bucket, &json!({ "Fn::GetAtt": ["DataKey", "Arn"] }));
    assert!(template.resources.contains_key("EnvironmentKey"));
}

#[test]
fn the_audit_table_is_encrypted_backed_up_on_demand_and_indexed_by_day() {
    let template = template(|_| {});
    let table = &template.resources["AuditTable"].properties;
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        table["SSESpecification"]["KMSMasterKeyId"],
        json!({ "Fn::GetAtt": ["DataKey", "Arn"] })
    );
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
    assert_eq!(
        table["GlobalSecondaryIndexes"][0]["KeySchema"][0],
        json!({ "AttributeName": "day", "KeyType": "HASH" })
    );
    assert_eq!(table["DeletionProtectionEnabled"], false);
}

#[test]
fn who_may_publish_alerts_may_use_their_key() {
    let template = template(|_| {});
    let services = |document: &Value| -> Vec<String> {
        statements(document)
            .iter()
            .filter_map(|statement| {
                statement["Principal"]["Service"]
                    .as_str()
                    .map(str::to_owned)
            })
            .collect()
    };
    let key = services(property(&template, "LogsKey", "/KeyPolicy"));
    for publisher in services(property(&template, "AlertsTopicPolicy", "/PolicyDocument")) {
        assert!(key.contains(&publisher), "{publisher} cannot use the key");
    }
}

#[test]
fn a_subscription_is_known_by_its_address() {
    let one = template(|spec| spec.alerts.emails = vec!["a@example.com".into()]);
    let two =
        template(|spec| spec.alerts.emails = vec!["b@example.com".into(), "a@example.com".into()]);
    let id = alerts::subscription_id("a@example.com");
    assert_eq!(one.resources[&id], two.resources[&id]);
    assert_eq!(two.resources.len(), one.resources.len() + 1);
}

#[test]
fn what_the_user_brings_is_not_in_the_template() {
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1";
    let template = template(|spec| {
        spec.encryption.key_arns.data = Some(KEY.into());
        spec.storage.log_bucket_name = Some("central-logs".into());
    });
    for id in ["DataKey", "DataKeyAlias", "LogsBucket", "LogsBucketPolicy"] {
        assert!(!template.resources.contains_key(id), "{id}");
    }
    assert_eq!(
        property(&template, "AuditTable", "/SSESpecification/KMSMasterKeyId"),
        KEY
    );
    assert_eq!(
        property(
            &template,
            "RawBucket",
            "/LoggingConfiguration/DestinationBucketName"
        ),
        "central-logs"
    );
}

#[test]
fn tags_of_the_block_win_over_the_providers_and_ours_win_over_both() {
    let template = template(|spec| {
        spec.default_tags =
            BTreeMap::from([("team".into(), "a".into()), ("cost".into(), "1".into())]);
        spec.tags = BTreeMap::from([("team".into(), "b".into())]);
    });
    let tags: BTreeMap<&str, &str> = property(&template, "AuditTable", "/Tags")
        .as_array()
        .expect("tags")
        .iter()
        .filter_map(|tag| Some((tag["Key"].as_str()?, tag["Value"].as_str()?)))
        .collect();
    let expected = [
        ("cost", "1"),
        ("environment-suffix", "dev"),
        ("owner", "tap"),
        ("stack", "documents"),
        ("team", "b"),
    ];
    assert_eq!(tags, expected.into_iter().collect());
}

#[test]
fn long_names_keep_to_their_limit_and_stay_apart() {
    let name = "a".repeat(32);
    let spec = |suffix: &str| Spec::new(&name, suffix);
    let one = naming::bucket("documents-processed", &spec("production000001"), &facts());
    let two = naming::bucket("documents-processed", &spec("production000002"), &facts());
    assert!(one.len() <= naming::limit::BUCKET && two.len() <= naming::limit::BUCKET);
    assert_ne!(one, two);
    assert_eq!(
        one,
        naming::bucket("documents-processed", &spec("production000001"), &facts())
    );
}

#[test]
fn an_id_splits_at_its_last_hyphen() {
    let spec = Spec::new("my-documents", "dev");
    let id = naming::pipeline_id(&spec, &facts());
    assert_eq!(id, "my-documents-dev@us-east-1");
    let parts = naming::parse_pipeline_id(&id);
    assert_eq!(
        parts,
        Some(("my-documents".into(), "dev".into(), "us-east-1".into()))
    );
    for wrong in [
        "",
        "documents",
        "documents-dev",
        "@us-east-1",
        "-dev@us-east-1",
        "documents-@us-east-1",
        "Documents-dev@us-east-1",
        "doc uments-dev@us-east-1",
        "documents-DEV@us-east-1",
        "documents-dev@y@z",
        "documents-dev@us-east",
        "documents-dev@useast-1",
        "documents-dev@us-east-one",
    ] {
        assert_eq!(naming::parse_pipeline_id(wrong), None, "{wrong}");
    }
}

#[test]
fn a_spec_survives_the_manifest() {
    let mut spec = Spec::new("documents", "dev");
    spec.alerts.emails = vec!["a@example.com".into()];
    spec.storage.access_log_encryption = AccessLogEncryption::Aes256;
    let text = serde_json::to_string(&spec).expect("JSON");
    assert_eq!(serde_json::from_str::<Spec>(&text).expect("the same"), spec);
    let oldest = r#"{"name":"documents","environment_suffix":"dev"}"#;
    assert_eq!(
        serde_json::from_str::<Spec>(oldest).expect("defaults"),
        Spec::new("documents", "dev")
    );
}

/// A target that may not be called is called in vain: EventBridge says so to
/// nobody.
#[test]
fn every_rule_that_has_a_function_for_a_target_may_call_it() {
    let template = template(|spec| spec.alerts.emails = ["a@example.com".to_owned()].into());
    let permissions = of_type(&template, "AWS::Lambda::Permission");
    let mut checked = 0;
    for (rule, properties) in of_type(&template, "AWS::Events::Rule") {
        // By reference, or by name where the rule is made after it.
        let named = format!(
            ":rule/{}",
            properties["Name"].as_str().expect("a name in full")
        );
        for target in properties["Targets"].as_array().expect("targets") {
            let function = &target["Arn"]["Fn::GetAtt"][0];
            let is_function = function.as_str().is_some_and(|id| id.ends_with("Function"));
            if !is_function {
                continue;
            }
            checked += 1;
            let admitted = permissions.iter().any(|(_, permission)| {
                permission["Principal"] == "events.amazonaws.com"
                    && permission["Action"] == "lambda:InvokeFunction"
                    && (permission["SourceArn"] == json!({ "Fn::GetAtt": [rule, "Arn"] })
                        || permission["SourceArn"]
                            .as_str()
                            .is_some_and(|arn| arn.ends_with(&named)))
                    && permission["FunctionName"]
                        .to_string()
                        .contains(&function.to_string())
            });
            assert!(admitted, "{rule} may not call {function}");
        }
    }
    assert_eq!(checked, 5, "documents three times, findings, compliance");
}
