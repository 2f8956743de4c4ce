//! API Gateway, where the emulator lacks a check.

use super::*;

#[test]
fn apigateway_refusals_keep_an_api_that_a_domain_name_serves() {
    let script = r#"
api = c("apigateway")
made = api.create_rest_api(name="served")["id"]
root = api.get_resources(restApiId=made)["items"][0]["id"]
api.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="NONE")
api.put_integration(restApiId=made, resourceId=root, httpMethod="GET", type="MOCK")
api.create_deployment(restApiId=made, stageName="v1")
api.create_domain_name(domainName="served.example.com", regionalCertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/1",
                       endpointConfiguration={"types": ["REGIONAL"]})
api.create_base_path_mapping(domainName="served.example.com", restApiId=made, stage="v1")
found = [code(api.delete_rest_api, restApiId=made)]
api.delete_base_path_mapping(domainName="served.example.com", basePath="(none)")
out(found + [code(api.delete_rest_api, restApiId=made)])"#;
    assert_eq!(run(shared(), script), json!(["BadRequestException", "ok"]));
}
