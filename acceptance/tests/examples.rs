//! The examples that show one thing each: applied as they stand, with what they
//! say has to be there, planned again, and destroyed, after which the account
//! is what it was.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;
mod theirs;

use acceptance::Sandbox;
use acceptance::terraform::Terraform;
use common::{apply, expect_code, expect_empty_plan};
use serde_json::{Value, json};
use std::path::Path;

/// An example in a folder of its own, with values for its variables.
fn example(sandbox: &Sandbox, name: &str, variables: &Value) -> Terraform {
    let mut terraform = Terraform::new(&sandbox.env()).expect("Terraform and the provider");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let from = examples.join(name).join("main.tf");
    std::fs::copy(from, terraform.dir().join("main.tf")).expect("copied");
    for (variable, value) in variables.as_object().into_iter().flatten() {
        let text = value.as_str().map(ToOwned::to_owned);
        let text = text.unwrap_or_else(|| value.to_string());
        terraform.set(&format!("TF_VAR_{variable}"), text);
    }
    terraform
}

/// Through its whole life; what `look` says of it in between.
#[track_caller]
fn lives(sandbox: &Sandbox, name: &str, variables: &Value, look: impl FnOnce(&Terraform)) {
    let before = common::account(sandbox);
    let terraform = example(sandbox, name, variables);
    let ran = terraform.run(&["validate", "-no-color"]).expect("runs");
    expect_code(&ran, 0, "validate");
    apply(&terraform);
    expect_empty_plan(&terraform);
    look(&terraform);
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    let after = common::account(sandbox);
    assert_eq!(after, before, "the account after {name}");
}

fn output(terraform: &Terraform, name: &str) -> Value {
    let ran = terraform.run(&["output", "-json", name]).expect("runs");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// What is in a network and is not ours, with all that is said of it. The one
/// thing that may change is a route of our gateway endpoints in a table that was
/// named for it.
const THEIRS: &str = r#"
ec2 = boto3.client("ec2")
of_ours = lambda thing: any(x["Key"].startswith("tap:") for x in thing.get("Tags", []))
ways = {e["VpcEndpointId"] for e in ec2.describe_vpc_endpoints()["VpcEndpoints"] if of_ours(e) and e["State"] != "deleted"}
def theirs(operation, key):
    things = [t for t in getattr(ec2, operation)()[key] if not of_ours(t)]
    for thing in things:
        # Counted down as addresses are taken.
        thing.pop("AvailableIpAddressCount", None)
        thing["Routes"] = [r for r in thing.get("Routes", []) if r.get("GatewayId") not in ways]
    return sorted(things, key=str)
found = {key: theirs(operation, key) for operation, key in (("describe_vpcs", "Vpcs"), ("describe_subnets", "Subnets"), ("describe_route_tables", "RouteTables"),
    ("describe_security_groups", "SecurityGroups"), ("describe_network_acls", "NetworkAcls"), ("describe_vpc_endpoints", "VpcEndpoints"))}
found["attributes"] = [[ec2.describe_vpc_attribute(VpcId=v["VpcId"], Attribute=a) for a in ("enableDnsSupport", "enableDnsHostnames")] for v in found["Vpcs"]]
for answers in found["attributes"]:
    for answer in answers:
        del answer["ResponseMetadata"]
print(json.dumps(found, default=str))
"#;

#[test]
fn a_pipeline_lives_in_a_network_that_exists_and_leaves_it_alone() {
    let sandbox = common::sandbox();
    let network = theirs::network(&sandbox);
    let before = sandbox.boto3(THEIRS).expect("a look");
    lives(&sandbox, "byo-network", &network, |terraform| {
        assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before);
        let state = terraform.state_of(common::ADDRESS).expect("a state");
        assert_eq!(state["vpc_id"], network["vpc_id"]);
        let endpoints = output(terraform, "vpc_endpoint_ids");
        assert!(endpoints["s3"].is_string(), "{endpoints}");
        // A change of tags is one of ours alone.
        let path = terraform.dir().join("main.tf");
        let text = std::fs::read_to_string(&path).expect("a configuration");
        let suffix = "  environment_suffix = \"dev\"\n";
        let changed = text.replace(
            suffix,
            &format!("{suffix}  tags = {{ team = \"payments\" }}\n"),
        );
        assert_ne!(changed, text);
        std::fs::write(&path, changed).expect("written");
        apply(terraform);
        expect_empty_plan(terraform);
        assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before, "changed");
    });
    assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before, "and after");
}

#[test]
fn callers_show_a_certificate_under_a_domain_of_the_users() {
    let sandbox = common::sandbox();
    let variables = theirs::mutual_tls(&sandbox);
    let truststore = || {
        let look = r#"
s3 = boto3.client("s3")
print(json.dumps([s3.list_object_versions(Bucket="of-the-certificate-authority")["Versions"], s3.get_bucket_acl(Bucket="of-the-certificate-authority")["Grants"]], default=str))"#;
        sandbox.boto3(look).expect("a look")
    };
    let before = truststore();
    lives(&sandbox, "mutual-tls", &variables, |terraform| {
        let endpoint = output(terraform, "api_endpoint");
        let endpoint = endpoint.as_str().expect("a URL");
        assert!(
            endpoint.starts_with("https://documents.example.com"),
            "{endpoint}"
        );
        // R058, as boto3 sees it.
        let domain = sandbox
            .boto3(
                r#"
api = boto3.client("apigateway")
domain = api.get_domain_name(domainName="documents.example.com")
rest = next(a for a in api.get_rest_apis()["items"] if a["name"].startswith("api-"))
print(json.dumps({"tls": domain["securityPolicy"], "truststore": domain["mutualTlsAuthentication"]["truststoreUri"],
    "certificate": domain["regionalCertificateArn"], "kinds": domain["endpointConfiguration"]["types"],
    "elsewhere": rest.get("disableExecuteApiEndpoint"),
    "mappings": [[m["restApiId"] == rest["id"], m["stage"]] for m in api.get_base_path_mappings(domainName="documents.example.com")["items"]]}))"#,
            )
            .expect("a domain");
        assert_eq!(
            domain,
            json!({
                "tls": "TLS_1_2", "truststore": variables["truststore_uri"],
                "certificate": variables["certificate_arn"], "kinds": ["REGIONAL"],
                "elsewhere": true, "mappings": [[true, "v1"]],
            })
        );
    });
    assert_eq!(truststore(), before, "what was brought is as it was");
}

#[test]
fn auditors_of_another_account_have_a_role() {
    let sandbox = common::sandbox();
    let variables = json!({
        "auditor_account_id": "210987654321",
        "external_id": "b8f3d1c2-audit",
        "auditor_cidrs": ["203.0.113.0/24"],
    });
    lives(&sandbox, "cross-account", &variables, |terraform| {
        let role = output(terraform, "auditor_role_arn");
        let role = role.as_str().expect("an ARN");
        let name = role.rsplit('/').next().expect("a name");
        let script = format!(
            "print(json.dumps(boto3.client('iam').get_role(RoleName='{name}')['Role']['AssumeRolePolicyDocument']))"
        );
        let trust = sandbox.boto3(&script).expect("the role");
        let statement = &trust["Statement"][0];
        assert_eq!(
            statement["Principal"],
            json!({ "AWS": "arn:aws:iam::210987654321:root" })
        );
        let condition = &statement["Condition"];
        assert_eq!(
            condition["StringEquals"]["sts:ExternalId"],
            "b8f3d1c2-audit"
        );
        assert_eq!(condition["Bool"]["aws:MultiFactorAuthPresent"], "true");
    });
}

/// R061: in a network that has endpoints, of which a private API needs one that
/// is its own; and the web ACL is before it as before any.
#[test]
fn an_api_is_called_from_inside_of_a_network_that_exists() {
    let sandbox = common::sandbox();
    let network = theirs::network_with_endpoints(&sandbox);
    let before = sandbox.boto3(THEIRS).expect("a look");
    let variables = json!({ "network": network });
    lives(&sandbox, "private-api", &variables, |terraform| {
        assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before);
        let state = terraform.state_of(common::ADDRESS).expect("a state");
        let (api, endpoint) = (
            &state["physical_ids"]["RestApi"],
            &state["vpc_endpoint_ids"]["execute-api"],
        );
        let script = format!(
            r#"
api = boto3.client("apigateway").get_rest_api(restApiId={api})
endpoint = boto3.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[{endpoint}])["VpcEndpoints"][0]
stage = "arn:aws:apigateway:us-east-1::/restapis/" + {api} + "/stages/v1"
print(json.dumps({{
    "configuration": api["endpointConfiguration"], "policy": json.loads(api["policy"].replace('\\"', '"')),
    "vpc": endpoint["VpcId"], "groups": [group["GroupId"] for group in endpoint["Groups"]], "names": endpoint["PrivateDnsEnabled"],
    "acl": boto3.client("wafv2").get_web_acl_for_resource(ResourceArn=stage)["WebACL"]["ARN"],
}}))"#
        );
        let seen = sandbox.boto3(&script).expect("a look");
        assert_eq!(
            seen["configuration"],
            json!({ "types": ["PRIVATE"], "vpcEndpointIds": [endpoint] })
        );
        let denied = &seen["policy"]["Statement"][0];
        assert_eq!(denied["Effect"], "Deny");
        assert_eq!(
            denied["Condition"],
            json!({ "StringNotEquals": { "aws:SourceVpce": endpoint } })
        );
        assert_eq!(seen["vpc"], network["vpc_id"]);
        let group = output(terraform, "callers_security_group_id");
        assert_eq!(seen["groups"], json!([group]));
        assert_eq!(
            seen["names"], false,
            "the network's own endpoint may have them"
        );
        assert_eq!(seen["acl"], state["web_acl_arn"]);
        let (api, endpoint) = (api.as_str().unwrap(), endpoint.as_str().unwrap());
        assert_eq!(
            output(terraform, "api_endpoint"),
            json!(format!(
                "https://{api}-{endpoint}.execute-api.us-east-1.amazonaws.com/v1"
            ))
        );
    });
    assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before, "and after");
}

#[test]
fn teams_share_a_network_and_its_endpoints_and_leave_them_alone() {
    let sandbox = common::sandbox();
    let network = theirs::network_with_endpoints(&sandbox);
    let before = sandbox.boto3(THEIRS).expect("a look");
    let variables = json!({ "network": network });
    lives(&sandbox, "many", &variables, |_| {
        assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before);
        let calls = sandbox.calls().expect("recorded");
        let made = calls.iter().filter(|call| {
            call.operation == "CreateVpcEndpoint" && !call.user_agent.contains("Boto")
        });
        assert_eq!(made.count(), 0, "the network has endpoints");
        // Where each would make its own, AWS refuses the second.
        let own = json!({ "vpc_id": network["vpc_id"], "subnet_ids": network["subnet_ids"] });
        let third = format!(
            "resource \"tap_secure_pipeline\" \"third\" {{\n  name = \"third\"\n  environment_suffix = \"dev\"\n  network = {own}\n}}\n"
        );
        let third = common::terraform(&sandbox, &format!("provider \"tap\" {{}}\n{third}"));
        let ran = third.apply(&[]).expect("runs");
        common::expect_code(&ran, 1, "a second endpoint of one name");
        let said = ran.flat();
        for part in ["conflicting DNS domain", "endpoint_security_group_id"] {
            assert!(said.contains(part), "it should say {part:?}:\n{}", ran.text);
        }
        let ran = third.destroy().expect("runs");
        common::expect_code(&ran, 0, "destroy");
    });
    assert_eq!(sandbox.boto3(THEIRS).expect("a look"), before, "and after");
}

#[test]
fn each_team_has_a_pipeline_of_its_own() {
    let sandbox = common::sandbox();
    lives(&sandbox, "many", &json!({}), |terraform| {
        let endpoints = output(terraform, "api_endpoints");
        let (claims, payments) = (&endpoints["claims"], &endpoints["payments"]);
        assert!(
            claims.is_string() && payments.is_string() && claims != payments,
            "{endpoints}"
        );
    });
}
