//! The ways to AWS's services.

use super::*;

/// R022, R023: both are gateways; an interface endpoint of DynamoDB would cost
/// by the hour and need names.
#[test]
fn s3_and_dynamodb_are_reached_through_gateways_on_the_private_route_table() {
    let template = default();
    for (id, service) in [("S3Endpoint", "s3"), ("DynamoDBEndpoint", "dynamodb")] {
        let endpoint = properties(&template, id);
        assert_eq!(endpoint["VpcEndpointType"], "Gateway");
        let name = format!("com.amazonaws.us-east-1.{service}");
        assert_eq!(endpoint["ServiceName"], name);
        let tables = json!([reference("PrivateRouteTable")]);
        assert_eq!(endpoint["RouteTableIds"], tables);
    }
}

/// R024: a call without an endpoint hangs until its timeout.
#[test]
fn every_service_that_a_function_calls_has_an_endpoint() {
    let template = default();
    let named = endpoints(&template);
    let services: std::collections::BTreeSet<&str> = named
        .iter()
        .filter_map(|(_, endpoint)| endpoint["ServiceName"].as_str())
        .filter_map(|name| name.rsplit('.').next())
        .collect();
    for row in CALLS {
        let service = match row.service {
            "cloudwatch" => "monitoring",
            other => other,
        };
        assert!(services.contains(service), "no endpoint of {service}");
    }
    assert!(services.contains("logs"));
    assert_eq!(services.len(), named.len(), "each service has one");
}

/// R024.
#[test]
fn an_extra_endpoint_is_there_once_and_a_gateway_never_twice() {
    let template = template(|spec, _| {
        let extra = ["monitoring", "ecr.api", "sts", "s3"];
        spec.network.extra_endpoints = extra.map(Into::into).to_vec();
    });
    let name = |id: &str| properties(&template, id)["ServiceName"].clone();
    assert_eq!(name("EcrApiEndpoint"), "com.amazonaws.us-east-1.ecr.api");
    assert_eq!(
        name("MonitoringEndpoint"),
        "com.amazonaws.us-east-1.monitoring"
    );
    let of_s3 = endpoints(&template)
        .into_iter()
        .filter(|(_, endpoint)| endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3");
    assert_eq!(of_s3.count(), 1);
}

/// R024: IAM's endpoint is one for the partition.
#[test]
fn iams_endpoint_names_its_region_where_that_is_another() {
    let of = |region: &str| {
        template(|spec, facts| {
            facts.region = region.into();
            spec.network.extra_endpoints = vec!["iam".into()];
        })
    };
    let (home, abroad) = (of("us-east-1"), of("eu-central-1"));
    let endpoint = properties(&home, "IamEndpoint");
    assert_eq!(endpoint["ServiceName"], "com.amazonaws.iam");
    assert_eq!(endpoint.get("ServiceRegion"), None);
    let endpoint = properties(&abroad, "IamEndpoint");
    assert_eq!(endpoint["ServiceName"], "com.amazonaws.iam");
    assert_eq!(endpoint["ServiceRegion"], "us-east-1");
}

/// R025.
#[test]
fn every_interface_endpoint_answers_under_its_services_name_to_the_functions_only() {
    let template = default();
    let mut interfaces = 0;
    for (id, endpoint) in endpoints(&template) {
        if endpoint["VpcEndpointType"] != "Interface" {
            continue;
        }
        interfaces += 1;
        assert_eq!(endpoint["PrivateDnsEnabled"], true, "{id}");
        let groups = json!([reference("EndpointSecurityGroup")]);
        assert_eq!(endpoint["SecurityGroupIds"], groups, "{id}");
        assert_eq!(endpoint["SubnetIds"].as_array().unwrap().len(), 3, "{id}");
    }
    assert!(interfaces > 0);
    let vpc = properties(&template, "Vpc");
    assert_eq!(vpc["EnableDnsSupport"], true);
    assert_eq!(vpc["EnableDnsHostnames"], true);
    let group = properties(&template, "EndpointSecurityGroup");
    assert_eq!(group["SecurityGroupIngress"], json!([]));
    let rules = of_type(&template, "AWS::EC2::SecurityGroupIngress");
    let [(_, rule)] = rules.as_slice() else {
        panic!("one rule: {rules:?}");
    };
    assert_eq!(rule["GroupId"], reference("EndpointSecurityGroup"));
    let source = &rule["SourceSecurityGroupId"];
    assert_eq!(source, &reference("FunctionSecurityGroup"));
    assert_eq!(
        (&rule["FromPort"], &rule["ToPort"]),
        (&json!(443), &json!(443))
    );
    assert_eq!(rule.get("CidrIp"), None, "not the whole VPC");
}

fn private(spec: &mut Spec) {
    spec.api.endpoint_type = crate::blueprint::spec::EndpointType::Private;
}

/// R061: its own group says who calls; another name than the service's own, which
/// is somebody else's in a network that was brought.
#[test]
fn a_private_api_has_an_endpoint_of_its_own_in_every_network() {
    let ours = template(|spec, _| {
        private(spec);
        spec.network.extra_endpoints = vec!["execute-api".into()];
    });
    let theirs = template(|spec, _| {
        brought(spec);
        private(spec);
        spec.network.endpoint_security_group_id = Some("sg-1".into());
    });
    for (template, count, subnets) in [(&ours, endpoints(&default()).len() + 1, 3), (&theirs, 1, 2)]
    {
        assert_eq!(endpoints(template).len(), count);
        let endpoint = properties(template, "ExecuteApiEndpoint");
        assert_eq!(
            endpoint["ServiceName"],
            "com.amazonaws.us-east-1.execute-api"
        );
        assert_eq!(endpoint["VpcEndpointType"], "Interface");
        assert_eq!(endpoint["PrivateDnsEnabled"], false);
        assert_eq!(endpoint["SubnetIds"].as_array().unwrap().len(), subnets);
        let group = reference("ExecuteApiSecurityGroup");
        assert_eq!(endpoint["SecurityGroupIds"], json!([group]));
        let rule = properties(template, "ExecuteApiIngressFromCallers");
        assert_eq!(
            (&rule["GroupId"], &rule["SourceSecurityGroupId"]),
            (&group, &group)
        );
        assert_eq!(
            (&rule["FromPort"], &rule["ToPort"]),
            (&json!(443), &json!(443))
        );
        let group = properties(template, "ExecuteApiSecurityGroup");
        assert_eq!(group["VpcId"], endpoint["VpcId"]);
        assert_eq!(group["SecurityGroupIngress"], json!([]));
        assert_eq!(group["SecurityGroupEgress"], json!([]));
    }
    for id in ["ExecuteApiEndpoint", "ExecuteApiSecurityGroup"] {
        assert!(!default().resources.contains_key(id), "{id}");
    }
}

/// R061: requests, and nothing else, of this account's principals where they are
/// signed.
#[test]
fn the_endpoint_of_a_private_api_lets_nothing_through_but_requests() {
    use crate::blueprint::spec::Authorization;
    let policy = |authorization: Authorization| {
        let template = template(|spec, _| {
            private(spec);
            spec.api.authorization = authorization;
        });
        properties(&template, "ExecuteApiEndpoint")["PolicyDocument"]["Statement"].clone()
    };
    let callers = |condition: Value| {
        let mut statement = json!({
            "Sid": "Callers", "Effect": "Allow", "Principal": { "AWS": "*" },
            "Action": "execute-api:Invoke",
            "Resource": "arn:aws:execute-api:us-east-1:111122223333:*/v1/POST/*",
        });
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        json!([statement])
    };
    let account = json!({ "StringEquals": { "aws:PrincipalAccount": "111122223333" } });
    assert_eq!(policy(Authorization::Iam), callers(account));
    assert_eq!(policy(Authorization::None), callers(Value::Null));
}

/// R025: who is let through an endpoint, and to what.
#[test]
fn every_endpoint_admits_this_pipelines_roles_to_what_is_this_accounts() {
    let template = default();
    for (id, _) in endpoints(&template) {
        let statement = statement(&template, id, "PolicyDocument", "PipelineFunctions");
        let condition = &statement["Condition"];
        assert_eq!(
            condition["StringEquals"]["aws:PrincipalAccount"], "111122223333",
            "{id}"
        );
        assert_eq!(
            condition["StringEqualsIfExists"]["aws:ResourceAccount"], "111122223333",
            "{id}"
        );
        let roles = condition["ArnEquals"]["aws:PrincipalArn"].as_array();
        let roles = roles.expect("the functions' roles");
        assert_eq!(roles.len(), 6);
        assert!(roles.contains(&json!(
            "arn:aws:iam::111122223333:role/validate-documents-dev-us-east-1"
        )));
        assert_eq!(
            properties(&template, id)["PolicyDocument"]["Statement"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

/// R025: a key of a central account must stay reachable.
#[test]
fn an_endpoint_also_leads_to_the_account_of_a_key_that_was_brought() {
    let template = template(|spec, _| {
        spec.encryption.key_arns.data = Some("arn:aws:kms:us-east-1:444455556666:key/1".into());
    });
    let statement = statement(
        &template,
        "S3Endpoint",
        "PolicyDocument",
        "PipelineFunctions",
    );
    assert_eq!(
        statement["Condition"]["StringEqualsIfExists"]["aws:ResourceAccount"],
        json!(["111122223333", "444455556666"])
    );
}

#[test]
fn interface_endpoints_may_stand_in_fewer_zones_than_the_functions() {
    let template = template(|spec, _| spec.network.endpoint_zones = Some(1));
    let endpoint = properties(&template, "LogsEndpoint");
    assert_eq!(endpoint["SubnetIds"], json!([reference("PrivateSubnet1")]));
    assert_eq!(subnet_ids(&Spec::new("documents", "dev")).len(), 3);
}

/// AWS lets a VPC have one endpoint of a service under its own name: in a
/// network that has them the functions use those, and the pipeline makes none.
#[test]
fn a_networks_own_endpoints_are_used_and_none_are_made() {
    let group = "sg-1";
    let shared = template(|spec, _| {
        brought(spec);
        spec.network.endpoint_security_group_id = Some(group.into());
    });
    assert_eq!(endpoints(&shared), []);
    assert!(!shared.resources.contains_key("EndpointSecurityGroup"));
    assert_eq!(of_type(&shared, "AWS::EC2::SecurityGroupIngress"), []);
    let egress = &properties(&shared, "FunctionSecurityGroup")["SecurityGroupEgress"];
    assert_eq!(egress[0]["DestinationSecurityGroupId"], group);
    assert!(!egress.to_string().contains("EndpointSecurityGroup"));
    let with_tables = template(|spec, _| {
        brought(spec);
        spec.network.endpoint_security_group_id = Some(group.into());
        spec.network.route_table_ids = vec!["rtb-1".into()];
    });
    let ids: Vec<&str> = endpoints(&with_tables).iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, ["DynamoDBEndpoint", "S3Endpoint"]);
}
