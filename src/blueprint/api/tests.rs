//! What R050-R063 ask of the API, and what must never be in it.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::*;
use crate::blueprint::spec::{MutualTls, Provision};
use crate::blueprint::{AccountState, expand};
use crate::engine::template::Template;

fn rendered(change: impl FnOnce(&mut Spec, &mut Facts)) -> Template {
    let (mut spec, mut facts) = (Spec::new("documents", "dev"), Facts::documentation());
    change(&mut spec, &mut facts);
    expand(&spec, &facts).expect("the spec is valid")
}

fn default() -> Template {
    rendered(|_, _| {})
}

fn property<'t>(template: &'t Template, id: &str, pointer: &str) -> &'t Value {
    let resource = template
        .resources
        .get(id)
        .unwrap_or_else(|| panic!("no {id}"));
    resource.properties.pointer(pointer).unwrap_or(&Value::Null)
}

fn of_type<'t>(template: &'t Template, kind: &str) -> Vec<(&'t String, &'t Value)> {
    let all = template.resources.iter();
    all.filter(|(_, resource)| resource.type_name == kind)
        .map(|(id, resource)| (id, &resource.properties))
        .collect()
}

/// R050, R057
#[test]
fn each_path_is_posted_to_the_function_of_its_name() {
    let template = default();
    for (stem, part, parent, function) in [
        (
            "ApiUpload",
            "upload",
            reference("ApiDocumentsResource"),
            "validate",
        ),
        (
            "ApiEncrypt",
            "encrypt",
            reference("ApiDocumentsResource"),
            "encrypt",
        ),
        ("ApiScan", "scan", reference("ApiDocumentsResource"), "scan"),
        (
            "ApiScanAlias",
            "scan",
            json!({ "Fn::GetAtt": ["RestApi", "RootResourceId"] }),
            "scan",
        ),
    ] {
        let resource = format!("{stem}Resource");
        assert_eq!(property(&template, &resource, "/PathPart"), part);
        assert_eq!(*property(&template, &resource, "/ParentId"), parent);
        let method = format!("{stem}Method");
        assert_eq!(property(&template, &method, "/HttpMethod"), "POST");
        let integration = property(&template, &method, "/Integration");
        assert_eq!(integration["Type"], "AWS_PROXY");
        assert_eq!(integration["IntegrationHttpMethod"], "POST");
        let uri = integration["Uri"].as_str().unwrap();
        let arn = format!(":function:{function}-documents-dev/invocations");
        assert!(uri.ends_with(&arn), "{uri}");
    }
    assert_eq!(of_type(&template, "AWS::ApiGateway::Method").len(), 4);
}

/// R048
#[test]
fn the_api_may_invoke_each_function_from_its_own_path_only() {
    let template = default();
    let source = property(&template, "ApiScanAliasPermission", "/SourceArn");
    assert_eq!(
        *source,
        sub("arn:aws:execute-api:us-east-1:111122223333:${RestApi}/v1/POST/scan")
    );
    let permissions = of_type(&template, "AWS::Lambda::Permission").into_iter();
    let ours: Vec<_> = permissions
        .filter(|(_, permission)| permission["Principal"] == "apigateway.amazonaws.com")
        .collect();
    assert_eq!(ours.len(), 4, "one for each method");
    for (id, permission) in ours {
        let source = permission["SourceArn"]["Fn::Sub"].as_str().unwrap();
        assert!(!source.contains('*'), "{id}: {source}");
    }
}

/// R051, R059
#[test]
fn every_method_asks_for_a_signature_and_a_key() {
    for (id, method) in of_type(&default(), "AWS::ApiGateway::Method") {
        assert_eq!(method["AuthorizationType"], "AWS_IAM", "{id}");
        assert_eq!(method["ApiKeyRequired"], true, "{id}");
    }
    let open = rendered(|spec, _| {
        spec.api.authorization = Authorization::None;
        spec.api.allowed_cidrs = vec!["203.0.113.0/24".into()];
    });
    for (id, method) in of_type(&open, "AWS::ApiGateway::Method") {
        assert_eq!(method["AuthorizationType"], "NONE", "{id}");
        assert_eq!(method["ApiKeyRequired"], true, "{id}: the key stays");
    }
}

/// R052, R053
#[test]
fn stage_and_key_are_limited_and_the_burst_is_no_less_than_the_rate() {
    let template = default();
    let plan = property(&template, "UsagePlan", "");
    let (rate, burst) = (
        &plan["Throttle"]["RateLimit"],
        &plan["Throttle"]["BurstLimit"],
    );
    assert_eq!((rate.as_f64(), burst.as_u64()), (Some(100.0), Some(200)));
    assert!(burst.as_f64() >= rate.as_f64());
    assert_eq!(plan["Quota"], json!({ "Limit": 10000, "Period": "DAY" }));
    let all = property(&template, "ApiStage", "/MethodSettings/0");
    assert_eq!(all["ThrottlingRateLimit"], *rate);
    assert_eq!(all["ThrottlingBurstLimit"], *burst);
    assert_eq!(all["ResourcePath"], "/*");
    assert_eq!(all["HttpMethod"], "*");
}

/// R054
#[test]
fn the_access_log_is_json_without_keys_and_payloads() {
    let template = default();
    let setting = property(&template, "ApiStage", "/AccessLogSetting");
    let format = setting["Format"].as_str().unwrap();
    let line: Value = serde_json::from_str(format).expect("JSON");
    assert_eq!(line["requestId"], "$context.requestId");
    assert_eq!(line["apiKeyId"], "$context.identity.apiKeyId");
    assert!(!format.contains('\n'), "AWS takes one line");
    let telling = [
        "identity.apiKey\"",
        "requestOverride",
        "$input",
        "authorizer",
    ];
    for secret in telling {
        assert!(!format.contains(secret), "{secret} in {format}");
    }
    assert_eq!(
        setting["DestinationArn"],
        "arn:aws:logs:us-east-1:111122223333:log-group:/aws/apigateway/api-documents-dev"
    );
    let stage = &template.resources["ApiStage"];
    assert!(stage.depends_on.contains(&"ApiAccessLogGroup".to_owned()));
}

/// R055
#[test]
fn execution_logs_never_hold_a_body_and_are_encrypted_and_end() {
    for logging_role in [Provision::Existing, Provision::Managed, Provision::None] {
        let template = rendered(|spec, _| spec.api.logging_role = logging_role);
        let all = property(&template, "ApiStage", "/MethodSettings/0");
        assert_eq!(all["DataTraceEnabled"], false, "{logging_role:?}");
    }
    let template = default();
    let all = property(&template, "ApiStage", "/MethodSettings/0");
    assert_eq!(all["LoggingLevel"], "INFO");
    let group = property(&template, "ApiExecutionLogGroup", "");
    assert_eq!(
        group["LogGroupName"],
        sub("API-Gateway-Execution-Logs_${RestApi}/v1")
    );
    assert_eq!(group["RetentionInDays"], 365);
    assert_eq!(
        group["KmsKeyId"],
        json!({ "Fn::GetAtt": ["LogsKey", "Arn"] })
    );
    let stage = &template.resources["ApiStage"];
    assert!(
        stage
            .depends_on
            .contains(&"ApiExecutionLogGroup".to_owned())
    );
}

/// R056
#[test]
fn bodies_and_parameters_are_checked_whatever_their_content_type() {
    let template = default();
    let validator = property(&template, "ApiRequestValidator", "");
    assert_eq!(validator["ValidateRequestBody"], true);
    assert_eq!(validator["ValidateRequestParameters"], true);
    for (id, method) in of_type(&template, "AWS::ApiGateway::Method") {
        assert_eq!(
            method["RequestValidatorId"],
            reference("ApiRequestValidator")
        );
        let model = match id.as_str() {
            "ApiUploadMethod" => "ApiUploadModel",
            _ => "ApiDocumentModel",
        };
        for kind in ["application/json", "$default"] {
            assert_eq!(method["RequestModels"][kind], reference(model), "{id}");
        }
    }
    let upload = property(&template, "ApiUploadModel", "/Schema");
    assert_eq!(upload["required"], json!(["document_key"]));
    assert_eq!(upload["additionalProperties"], false);
    let members: Vec<&String> = upload["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["content", "content_type", "document_key", "presign"]
    );
    let document = property(&template, "ApiDocumentModel", "/Schema/properties");
    assert_eq!(document.as_object().unwrap().len(), 1);
}

/// R058
#[test]
fn mutual_tls_is_asked_for_and_then_there_is_no_way_round_it() {
    let template = default();
    assert!(of_type(&template, "AWS::ApiGateway::DomainName").is_empty());
    assert_eq!(
        property(&template, "RestApi", "/DisableExecuteApiEndpoint"),
        false
    );
    let tls = MutualTls {
        domain_name: "documents.example.com".into(),
        certificate_arn: "arn:aws:acm:us-east-1:111122223333:certificate/1".into(),
        truststore_uri: "s3://trust/store.pem".into(),
        truststore_version: None,
    };
    let template = rendered(|spec, _| spec.api.mutual_tls = Some(tls.clone()));
    assert_eq!(
        property(&template, "RestApi", "/DisableExecuteApiEndpoint"),
        true
    );
    let domain = property(&template, "ApiDomainName", "");
    assert_eq!(domain["SecurityPolicy"], "TLS_1_2");
    // Of which the handshake is made.
    let api = property(&template, "RestApi", "");
    assert_eq!(api["SecurityPolicy"], "TLS_1_2");
    assert!(api["EndpointAccessMode"].is_null());
    assert_eq!(
        domain["MutualTlsAuthentication"],
        json!({ "TruststoreUri": "s3://trust/store.pem" })
    );
    let mapping = property(&template, "ApiBasePathMapping", "");
    assert_eq!(mapping["Stage"], reference("ApiStage"));
}

/// What the default endpoint speaks: AWS' own default is TLS 1.0.
#[test]
fn an_api_takes_nothing_below_tls_1_2() {
    for template in [default(), rendered(private)] {
        let api = property(&template, "RestApi", "");
        assert_eq!(
            api["SecurityPolicy"],
            "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
        );
        assert_eq!(api["EndpointAccessMode"], "STRICT");
    }
}

/// R060
#[test]
fn who_calls_from_elsewhere_is_refused_and_no_other_account_is_let_in() {
    assert!(property(&default(), "RestApi", "/Policy").is_null());
    let cidrs = vec!["203.0.113.0/24".to_owned()];
    let signed = rendered(|spec, _| spec.api.allowed_cidrs = cidrs.clone());
    let statements = property(&signed, "RestApi", "/Policy/Statement");
    let statements = statements.as_array().unwrap();
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0]["Effect"], "Deny");
    assert_eq!(
        statements[0]["Condition"],
        json!({ "NotIpAddress": { "aws:SourceIp": cidrs } })
    );
    let open = rendered(|spec, _| {
        spec.api.authorization = Authorization::None;
        spec.api.allowed_cidrs = cidrs.clone();
    });
    let statements = property(&open, "RestApi", "/Policy/Statement");
    for statement in statements.as_array().unwrap() {
        if statement["Effect"] == "Allow" {
            let bound = json!({ "IpAddress": { "aws:SourceIp": cidrs } });
            assert_eq!(statement["Condition"], bound);
        }
    }
}

/// R061
#[test]
fn the_endpoint_is_regional() {
    let types = json!(["REGIONAL"]);
    assert_eq!(
        *property(&default(), "RestApi", "/EndpointConfiguration/Types"),
        types
    );
}

fn private(spec: &mut Spec, _: &mut Facts) {
    spec.api.endpoint_type = EndpointType::Private;
}

/// R061: for whom has the right to call it by policies of their own, and of this
/// account, as everywhere.
#[test]
fn a_private_api_is_called_through_its_endpoint_only() {
    let ours = reference("ExecuteApiEndpoint");
    let template = rendered(private);
    assert_eq!(
        *property(&template, "RestApi", "/EndpointConfiguration"),
        json!({ "Types": ["PRIVATE"], "VpcEndpointIds": [ours] })
    );
    let statements = property(&template, "RestApi", "/Policy/Statement");
    let [statement] = statements.as_array().unwrap().as_slice() else {
        panic!("{statements}");
    };
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(
        statement["Condition"],
        json!({ "StringNotEquals": { "aws:SourceVpce": ours } })
    );
    let unsigned = rendered(|spec, facts| {
        private(spec, facts);
        spec.api.authorization = Authorization::None;
    });
    let statements = property(&unsigned, "RestApi", "/Policy/Statement");
    assert_eq!(statements.as_array().unwrap().len(), 2);
    assert_eq!(statements[0]["Effect"], "Allow");
    assert_eq!(
        statements[0]["Condition"],
        json!({ "StringEquals": { "aws:SourceVpce": ours } })
    );
}

/// R061: a stage serves the policy that was deployed, and that names the
/// endpoint.
#[test]
fn another_endpoint_of_a_private_api_is_another_deployment() {
    let template = rendered(private);
    let description = &property(&template, "ApiDeployment", "/Description")["Fn::Sub"];
    let description = description.as_str().unwrap();
    let digest = description.strip_prefix("The API behind ${ExecuteApiEndpoint} as of ");
    assert_eq!(digest.map(str::len), Some(16), "{description}");
}

/// R062
#[test]
fn the_accounts_logging_role_is_set_only_when_asked_for() {
    let role = |facts: &mut Facts, arn: &str| {
        facts.account = AccountState {
            api_logging_role: Some(arn.into()),
            ..AccountState::default()
        };
    };
    let account = |template: &Template| of_type(template, "AWS::ApiGateway::Account").len();
    let logs = |template: &Template| {
        let level = property(template, "ApiStage", "/MethodSettings/0/LoggingLevel");
        let access = !property(template, "ApiStage", "/AccessLogSetting").is_null();
        assert_eq!(access, level == "INFO", "both or none");
        assert_eq!(access, template.resources.contains_key("ApiAccessLogGroup"));
        access
    };
    let there = rendered(|_, facts| role(facts, "arn:aws:iam::111122223333:role/logs"));
    assert_eq!((account(&there), logs(&there)), (0, true));
    let none = rendered(|_, facts| role(facts, ""));
    assert_eq!((account(&none), logs(&none)), (0, false));
    let without = rendered(|spec, _| spec.api.logging_role = Provision::None);
    assert_eq!((account(&without), logs(&without)), (0, false));
    let managed = rendered(|spec, facts| {
        spec.api.logging_role = Provision::Managed;
        role(facts, "");
    });
    assert_eq!((account(&managed), logs(&managed)), (1, true));
    let stage = &managed.resources["ApiStage"];
    assert!(stage.depends_on.contains(&"ApiLoggingAccount".to_owned()));
}

/// R063
#[test]
fn the_stage_is_traced_and_shows_a_client_certificate() {
    let stage = default();
    assert_eq!(property(&stage, "ApiStage", "/TracingEnabled"), true);
    assert_eq!(
        *property(&stage, "ApiStage", "/ClientCertificateId"),
        reference("ApiClientCertificate")
    );
}

#[test]
fn the_key_is_a_reference_to_its_secret() {
    assert_eq!(
        *property(&default(), "ApiKey", "/Value"),
        sub("{{resolve:secretsmanager:${ApiKeySecret}:SecretString:api_key}}")
    );
}

#[test]
fn a_deployment_is_another_when_what_it_deploys_is_and_waits_for_every_method() {
    let description = |template: &Template| {
        let text = property(template, "ApiDeployment", "/Description");
        text.as_str().unwrap().to_owned()
    };
    let before = description(&default());
    assert_eq!(before, description(&default()), "the same twice");
    let quicker = rendered(|spec, _| spec.api.rate_limit = 5.0);
    assert_eq!(before, description(&quicker), "limits are the stage's");
    let tagged = rendered(|spec, _| {
        spec.tags.insert("team".into(), "blue".into());
    });
    assert_eq!(before, description(&tagged), "tags take effect at once");
    let policy = rendered(|spec, _| spec.api.allowed_cidrs = vec!["203.0.113.0/24".into()]);
    assert_ne!(before, description(&policy), "a policy does not");
    let overridden = rendered(|spec, _| {
        let patch = r#"{"Integration":{"TimeoutInMillis":5000}}"#;
        spec.overrides.insert("ApiScanMethod".into(), patch.into());
    });
    assert_ne!(before, description(&overridden));
    let template = default();
    for (id, _) in of_type(&template, "AWS::ApiGateway::Method") {
        let waits = &template.resources["ApiDeployment"].depends_on;
        assert!(waits.contains(id), "{id}");
    }
}
