//! API Gateway's types, against the contract.

use crate::contract::{Bench, Case, OWNER, hold};
use crate::story;
use serde_json::{Value, json};
use terraform_provider_tap::engine::{ErrorKind, Found};

fn tags(team: &str) -> Value {
    json!([{ "Key": "team", "Value": team }])
}

async fn an_api(bench: &Bench<'_>) -> (String, String) {
    let properties = json!({
        "Name": "documents", "EndpointConfiguration": { "Types": ["REGIONAL"] },
    });
    let api = bench
        .made("RestApi", "AWS::ApiGateway::RestApi", &properties)
        .await;
    let root = api.attributes["RootResourceId"].as_str().unwrap();
    (api.reference, root.to_owned())
}

fn integration(function: &str, milliseconds: u32) -> Value {
    json!({
        "Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "TimeoutInMillis": milliseconds,
        "Uri": format!(
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/\
             arn:aws:lambda:us-east-1:123456789012:function:{function}/invocations"
        ),
    })
}

#[test]
fn an_api_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let policy = |cidr: &str| {
            json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": { "NotIpAddress": { "aws:SourceIp": cidr } },
            }] })
        };
        hold(
            &bench,
            Case {
                id: "RestApi",
                type_name: "AWS::ApiGateway::RestApi",
                first: json!({
                    "Name": "documents", "EndpointConfiguration": { "Types": ["EDGE"] },
                    "Policy": policy("203.0.113.0/24"), "Tags": tags("blue"),
                }),
                then: vec![
                    json!({
                        "Name": "papers", "Description": "Papers", "Policy": policy("192.0.2.0/24"),
                        "EndpointConfiguration": { "Types": ["REGIONAL"] },
                        "SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09",
                        "EndpointAccessMode": "STRICT",
                        "DisableExecuteApiEndpoint": true, "Tags": tags("red"),
                    }),
                    json!({
                        "Name": "papers", "Policy": policy("192.0.2.0/24"),
                        "EndpointConfiguration": {
                            "Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-2", "vpce-1"],
                        },
                    }),
                    json!({
                        "Name": "papers", "Policy": policy("192.0.2.0/24"),
                        "EndpointConfiguration": {
                            "Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-3", "vpce-1"],
                        },
                    }),
                    json!({ "Name": "papers", "EndpointConfiguration": { "Types": ["REGIONAL"] } }),
                ],
                unique: false,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn what_stands_below_an_api_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let (api, root) = an_api(&bench).await;
        let case = |id, type_name, first: Value, then: Vec<Value>, unique| Case {
            id,
            type_name,
            first,
            then,
            unique,
            refuses_strangers: true,
        };
        let path = json!({ "RestApiId": api, "ParentId": root, "PathPart": "scan" });
        let kind = "AWS::ApiGateway::Resource";
        hold(&bench, case("Scan", kind, path.clone(), vec![], true)).await;

        let validator =
            |body: bool| json!({ "RestApiId": api, "Name": "all", "ValidateRequestBody": body });
        let kind = "AWS::ApiGateway::RequestValidator";
        hold(
            &bench,
            case(
                "Check",
                kind,
                validator(true),
                vec![validator(false)],
                false,
            ),
        )
        .await;

        let model = |required: &str| {
            json!({
                "RestApiId": api, "Name": "Request", "ContentType": "application/json",
                "Schema": { "type": "object", "required": [required] },
            })
        };
        let kind = "AWS::ApiGateway::Model";
        hold(
            &bench,
            case("Model", kind, model("key"), vec![model("name")], true),
        )
        .await;

        let resource = bench.made("Scan", "AWS::ApiGateway::Resource", &path).await;
        let model = bench.made("Model", kind, &model("key")).await;
        let checked = bench
            .made(
                "Check",
                "AWS::ApiGateway::RequestValidator",
                &validator(true),
            )
            .await;
        let method = |authorization: &str, more: Value| {
            let mut method = json!({
                "RestApiId": api, "ResourceId": resource.reference, "HttpMethod": "POST",
                "AuthorizationType": authorization,
            });
            let members = more.as_object().expect("an object").clone();
            method.as_object_mut().expect("an object").extend(members);
            method
        };
        let first = method(
            "AWS_IAM",
            json!({
                "ApiKeyRequired": true, "RequestValidatorId": checked.reference,
                "RequestModels": { "application/json": model.reference, "$default": model.reference },
                "RequestParameters": { "method.request.header.X-A": true },
                "Integration": integration("scan", 29000),
            }),
        );
        let then = vec![
            method(
                "NONE",
                json!({
                    "RequestModels": { "application/json": "Empty" },
                    "RequestParameters": { "method.request.header.X-A": false },
                    "Integration": integration("validate", 5000),
                }),
            ),
            method("AWS_IAM", json!({ "ApiKeyRequired": true })),
        ];
        let kind = "AWS::ApiGateway::Method";
        hold(&bench, case("Method", kind, first.clone(), then, true)).await;

        bench.made("Method", kind, &first).await;
        let said = sandbox
            .boto3(&format!(
                r#"
api = boto3.client("apigateway")
m = api.get_method(restApiId="{api}", resourceId="{}", httpMethod="POST")
print(json.dumps([m["apiKeyRequired"], m["authorizationType"], m["requestModels"], m["methodIntegration"]["timeoutInMillis"]]))
"#,
                resource.reference
            ))
            .expect("the method");
        let models = json!({ "application/json": "Request", "$default": "Request" });
        assert_eq!(said, json!([true, "AWS_IAM", models, 29000]));

        let deployment = json!({ "RestApiId": api, "Description": "The API as of 3f2a" });
        let kind = "AWS::ApiGateway::Deployment";
        hold(
            &bench,
            case("Deployment", kind, deployment.clone(), vec![], false),
        )
        .await;
        what_serves_an_api(&bench, &api, &deployment).await;
    });
}

/// Somebody traces what callers of one method send.
async fn settings_of_one_method_are_seen(bench: &Bench<'_>, bare: &Value) {
    let kind = "AWS::ApiGateway::Stage";
    let (handler, cx) = (bench.handler(kind), bench.cx("ApiStage"));
    let stage = bench.made("ApiStage", kind, bare).await;
    let script = format!(
        r#"
op = {{"op": "replace", "path": "/~1documents~1upload/POST/logging/dataTrace", "value": "true"}}
boto3.client("apigateway").update_stage(restApiId={}, stageName="v1", patchOperations=[op])
"#,
        bare["RestApiId"]
    );
    bench.sandbox.boto3(&script).expect("traced");
    let live = handler.read(&cx, &stage.identifier, Some(bare)).await;
    let live = live.expect("readable").expect("there").properties;
    let traced = &live["MethodSettings"][0];
    assert_eq!(traced["ResourcePath"], "/documents/upload", "{live}");
    assert_eq!(traced["DataTraceEnabled"], true, "{live}");
    handler
        .update(&cx, &stage.identifier, &live, bare)
        .await
        .expect("taken back");
    let live = handler.read(&cx, &stage.identifier, Some(bare)).await;
    let live = live.expect("readable").expect("there").properties;
    assert_eq!(live["MethodSettings"], json!([]), "{live}");
    bench.delete("ApiStage", kind, &stage.identifier).await;
}

async fn what_serves_an_api(bench: &Bench<'_>, api: &str, deployment: &Value) {
    let kind = "AWS::ApiGateway::Deployment";
    let deployed = bench.made("ApiDeployment", kind, deployment).await;
    let bare = json!({
        "RestApiId": api, "StageName": "v1", "DeploymentId": deployed.reference,
        "Tags": tags("blue"),
    });
    let mut logging = bare.clone();
    logging["AccessLogSetting"] = json!({
        "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:api:*",
        "Format": r#"{"requestId":"$context.requestId"}"#,
    });
    logging["MethodSettings"] = json!([{
        "ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO", "MetricsEnabled": true,
        "ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 200,
    }]);
    logging["ClientCertificateId"] = json!("cert01");
    logging["TracingEnabled"] = json!(true);

    let handler = bench.handler("AWS::ApiGateway::Stage");
    let cx = bench.cx("Refused");
    let mut refused = logging.clone();
    refused["StageName"] = json!("refused");
    let made = handler.create(&cx, &refused).await.expect("the bare stage");
    let error = handler
        .configure(&cx, &made.identifier, &refused)
        .await
        .expect_err("no role to write logs with");
    assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
    assert!(error.message.contains("CloudWatch Logs role"), "{error}");
    bench
        .delete("Refused", "AWS::ApiGateway::Stage", &made.identifier)
        .await;
    bench
        .sandbox
        .boto3(
            r#"
op = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
boto3.client("apigateway").update_account(patchOperations=[op])
print("{}")
"#,
        )
        .expect("a role");
    hold(
        bench,
        Case {
            id: "ApiStage",
            type_name: "AWS::ApiGateway::Stage",
            first: logging.clone(),
            then: vec![bare.clone(), logging.clone()],
            unique: true,
            refuses_strangers: true,
        },
    )
    .await;
    settings_of_one_method_are_seen(bench, &bare).await;

    // A served deployment stays until the stage has moved on.
    let stage = bench
        .made("ApiStage", "AWS::ApiGateway::Stage", &bare)
        .await;
    let served = bench
        .handler(kind)
        .delete(&bench.cx("ApiDeployment"), &deployed.identifier)
        .await
        .expect_err("it is served");
    assert_eq!(served.kind, ErrorKind::Transient, "{served}");
    bench
        .delete("ApiStage", "AWS::ApiGateway::Stage", &stage.identifier)
        .await;
    bench
        .delete("ApiDeployment", kind, &deployed.identifier)
        .await;
}

const SECRET: &str = r#"
boto3.client("secretsmanager").create_secret(
    Name="api-key", SecretString=json.dumps({"api_key": "a-value-of-more-than-twenty-characters"}))
print("{}")
"#;

fn a_key(team: &str) -> Value {
    json!({
        "Name": "api-key", "Enabled": true, "Tags": tags(team),
        "Value": "{{resolve:secretsmanager:api-key:SecretString:api_key}}",
    })
}

fn a_plan(rate: f64, quota: u32) -> Value {
    json!({
        "UsagePlanName": "plan", "Throttle": { "RateLimit": rate, "BurstLimit": 200 },
        "Quota": { "Limit": quota, "Period": "DAY" }, "Tags": tags("blue"),
    })
}

#[test]
fn a_key_and_its_plan_keep_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        sandbox.boto3(SECRET).expect("a secret");
        let mut changed = a_key("red");
        changed["Enabled"] = json!(false);
        changed["Description"] = json!("Calls");
        hold(
            &bench,
            Case {
                id: "ApiKey",
                type_name: "AWS::ApiGateway::ApiKey",
                first: a_key("blue"),
                then: vec![changed],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
        let plain = json!({ "Name": "k", "Value": "a-value-of-more-than-twenty-characters" });
        let problem = bench.handler("AWS::ApiGateway::ApiKey").normalise(&plain);
        let problem = problem.expect_err("a key in the template");
        assert!(problem.starts_with("Value: must be"), "{problem}");

        let key = bench
            .made("ApiKey", "AWS::ApiGateway::ApiKey", &a_key("blue"))
            .await;
        let said = sandbox
            .boto3(&format!(
                r#"print(json.dumps(boto3.client("apigateway").get_api_key(apiKey="{}", includeValue=True)["value"]))"#,
                key.reference
            ))
            .expect("the key");
        assert_eq!(said, "a-value-of-more-than-twenty-characters");
        hold(
            &bench,
            Case {
                id: "UsagePlan",
                type_name: "AWS::ApiGateway::UsagePlan",
                first: a_plan(100.0, 10_000),
                then: vec![a_plan(5.5, 100)],
                unique: false,
                refuses_strangers: true,
            },
        )
        .await;
        let plan = bench
            .made("UsagePlan", "AWS::ApiGateway::UsagePlan", &a_plan(1.0, 1))
            .await;
        hold(
            &bench,
            Case {
                id: "UsagePlanKey",
                type_name: "AWS::ApiGateway::UsagePlanKey",
                first: json!({
                    "KeyId": key.reference, "KeyType": "API_KEY", "UsagePlanId": plan.reference,
                }),
                then: vec![],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn a_rotated_key_is_no_drift_and_goes_with_its_successors() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        sandbox.boto3(SECRET).expect("a secret");
        let (key_type, place_type) = ("AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlanKey");
        let key = bench.made("ApiKey", key_type, &a_key("blue")).await;
        let plan = bench
            .made("UsagePlan", "AWS::ApiGateway::UsagePlan", &a_plan(1.0, 1))
            .await;
        let place = json!({
            "KeyId": key.reference, "KeyType": "API_KEY", "UsagePlanId": plan.reference,
        });
        let placed = bench.made("UsagePlanKey", place_type, &place).await;
        let case = |id, type_name, first: &Value| Case {
            id,
            type_name,
            first: first.clone(),
            then: vec![],
            unique: true,
            refuses_strangers: true,
        };
        let of_key = case("ApiKey", key_type, &a_key("blue"));
        let of_place = case("UsagePlanKey", place_type, &place);
        let before = bench.read(&of_key, &key.identifier, &of_key.first).await;
        let before = before.expect("the key");

        // As the rotation does it, to the end.
        let rotated = sandbox
            .boto3(&format!(
                r#"
api = boto3.client("apigateway")
new = api.create_api_key(name="api-key-version-2", enabled=True, value="another-value-of-more-than-twenty", tags={{
    "tap:pipeline": "{OWNER}", "tap:logical-id": "ApiKey", "team": "blue"}})["id"]
api.create_usage_plan_key(usagePlanId="{plan}", keyId=new, keyType="API_KEY")
api.tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/apikeys/{old}", tags={{"tap:retire-after": "2026-01-01T00:00:00Z"}})
print(json.dumps(new))
"#,
                plan = plan.reference,
                old = key.reference
            ))
            .expect("a rotation");
        for step in ["in the overlap", "with the predecessor deleted"] {
            let live = bench.read(&of_key, &key.identifier, &of_key.first).await;
            let live = live.expect(step);
            assert_eq!(live.properties, before.properties, "{step}");
            assert_eq!(live.physical.reference, key.reference, "{step}");
            assert_eq!(live.physical.attributes["APIKeyId"], rotated, "{step}");
            let there = bench.read(&of_place, &placed.identifier, &place).await;
            assert!(there.is_some_and(|live| live.physical == placed), "{step}");
            sandbox
                .boto3(&format!(
                    r#"
api = boto3.client("apigateway")
if any(k["id"] == "{old}" for k in api.get_api_keys()["items"]):
    api.delete_api_key(apiKey="{old}")
print("{{}}")
"#,
                    old = key.reference
                ))
                .expect("retired");
        }
        let found = bench.found(&of_key, &of_key.first).await;
        let successor = rotated.as_str().unwrap().to_owned();
        assert_eq!(found, Found::Ours(vec![successor]));
        bench.delete("ApiKey", key_type, &key.identifier).await;
        let left = sandbox
            .boto3(r#"print(json.dumps(boto3.client("apigateway").get_api_keys()["items"]))"#)
            .expect("the keys");
        assert_eq!(left, json!([]));
    });
}

#[test]
fn a_client_certificate_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        hold(
            &bench,
            Case {
                id: "ApiClientCertificate",
                type_name: "AWS::ApiGateway::ClientCertificate",
                first: json!({ "Tags": tags("blue") }),
                then: vec![json!({ "Description": "Backends", "Tags": tags("red") })],
                unique: false,
                refuses_strangers: true,
            },
        )
        .await;
    });
}

#[test]
fn the_accounts_logging_role_keeps_the_contract_and_another_is_left_alone_while_it_lives() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        sandbox
            .boto3(
                r#"
for name in ("ours", "theirs"):
    boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
print("{}")
"#,
            )
            .expect("roles");
        let role = |name: &str| {
            let arn = format!("arn:aws:iam::123456789012:role/{name}");
            json!({ "CloudWatchRoleArn": arn })
        };
        let case = Case {
            id: "ApiLoggingAccount",
            type_name: "AWS::ApiGateway::Account",
            first: role("ours"),
            then: vec![],
            unique: true,
            // Roles are a pipeline's own: no stranger says this one.
            refuses_strangers: false,
        };
        hold(&bench, case).await;
        sandbox
            .boto3(
                r#"
op = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/theirs"}
boto3.client("apigateway").update_account(patchOperations=[op])
print("{}")
"#,
            )
            .expect("another role");
        let handler = bench.handler("AWS::ApiGateway::Account");
        let cx = bench.cx("ApiLoggingAccount");
        let refused = handler.create(&cx, &role("ours")).await;
        assert_eq!(
            refused.expect_err("it is taken").kind,
            ErrorKind::AlreadyExists
        );
        let found = handler.find(&cx, &role("ours")).await.expect("found");
        assert!(matches!(found, Found::Stranger(_)), "{found:?}");
        let ours = "arn:aws:iam::123456789012:role/ours";
        handler.delete(&cx, ours).await.expect("nothing to do");
        let role = sandbox
            .boto3(r#"print(json.dumps(boto3.client("apigateway").get_account()["cloudwatchRoleArn"]))"#)
            .expect("the role");
        assert_eq!(role, "arn:aws:iam::123456789012:role/theirs");

        sandbox
            .boto3("boto3.client('iam').delete_role(RoleName='theirs')\nprint('{}')")
            .expect("their role is gone");
        let ours = json!({ "CloudWatchRoleArn": ours });
        let found = handler.find(&cx, &ours).await.expect("found");
        assert!(matches!(found, Found::Absent), "{found:?}");
        let made = handler.create(&cx, &ours).await.expect("nobody's place");
        handler
            .delete(&cx, &made.identifier)
            .await
            .expect("deleted");
    });
}

#[test]
fn a_domain_name_and_its_mapping_keep_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let domain = |store: &str, team: &str| {
            json!({
                "DomainName": "documents.example.com", "SecurityPolicy": "TLS_1_2",
                "RegionalCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
                "EndpointConfiguration": { "Types": ["REGIONAL"] },
                "MutualTlsAuthentication": { "TruststoreUri": store }, "Tags": tags(team),
            })
        };
        let kind = "AWS::ApiGateway::DomainName";
        let first = domain("s3://trust/one.pem", "blue");
        let made = bench.made("ApiDomainName", kind, &first).await;
        let mapping = |stage: &str| {
            json!({
                "DomainName": made.reference, "RestApiId": "a1b2c3d4", "Stage": stage,
            })
        };
        hold(
            &bench,
            Case {
                id: "ApiBasePathMapping",
                type_name: "AWS::ApiGateway::BasePathMapping",
                first: mapping("v1"),
                then: vec![mapping("v2")],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
        let case = Case {
            id: "ApiDomainName",
            type_name: kind,
            first: first.clone(),
            then: vec![],
            unique: true,
            refuses_strangers: true,
        };
        // By hand: AWS takes one call about domain names in thirty seconds.
        let normal = |properties: &Value| bench.handler(kind).normalise(properties).unwrap();
        let live = bench.read(&case, &made.identifier, &first).await.unwrap();
        assert_eq!(live.properties, normal(&first));
        assert_eq!(live.physical, made);
        let found = bench.found(&case, &first).await;
        assert_eq!(found, Found::Ours(vec![made.identifier.clone()]));
        let next = domain("s3://trust/two.pem", "red");
        let cx = bench.cx("ApiDomainName");
        let updated = bench
            .handler(kind)
            .update(&cx, &made.identifier, &normal(&first), &next)
            .await;
        assert_eq!(updated.expect("updated"), made);
        let live = bench.read(&case, &made.identifier, &next).await.unwrap();
        assert_eq!(live.properties, normal(&next));
        let stranger = bench.stranger();
        let theirs = stranger.cx("ApiDomainName");
        let refused = stranger.handler(kind).delete(&theirs, &made.identifier);
        assert_eq!(
            refused.await.expect_err("a stranger's").kind,
            ErrorKind::Stranger
        );
        bench.delete("ApiDomainName", kind, &made.identifier).await;
        assert!(bench.read(&case, &made.identifier, &next).await.is_none());
        assert_eq!(bench.found(&case, &next).await, Found::Absent);
    });
}
