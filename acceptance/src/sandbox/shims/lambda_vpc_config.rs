//! Lambda looks up the subnets and groups of a function's VpcConfig, refuses
//! what EC2 does not have (InvalidParameterValueException) and shows the VPC
//! that they are in
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfigResponse.html>).
//! ministack looks into an EC2 of its own, in which nothing of the pipeline is,
//! takes everything and shows no VPC.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::backend::Backend;
use super::lock;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "lambda_vpc_config";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    if !call.is("lambda", &["CreateFunction", "UpdateFunctionConfiguration"]) {
        return None;
    }
    let body = call.json();
    let config = body.get("VpcConfig")?;
    for (field, action, parameter) in [
        ("SubnetIds", "DescribeSubnets", "SubnetId"),
        ("SecurityGroupIds", "DescribeSecurityGroups", "GroupId"),
    ] {
        let ids = texts(&config[field]);
        if ids.is_empty() {
            continue;
        }
        let found = describe(backend, action, parameter, &ids).await;
        if !found.status().is_success() {
            let text = String::from_utf8_lossy(found.body()).into_owned();
            let said = |name: &str| reply::element(&text, name).unwrap_or_default().to_owned();
            let message = format!(
                "Error occurred while {action}. EC2 Error Code: {}. EC2 Error Message: {}",
                said("Code"),
                said("Message")
            );
            return Some(reply::error(
                call,
                400,
                "InvalidParameterValueException",
                &message,
            ));
        }
    }
    None
}

/// Of which VPC a subnet is, which never changes: functions are looked at far
/// more often than they are made.
#[derive(Default)]
pub struct Vpcs(Mutex<BTreeMap<String, String>>);

impl Vpcs {
    /// Shows the VPC wherever a configuration is shown.
    pub async fn correct(&self, backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
        if backend.call.service != "lambda" || !reply.status().is_success() {
            return None;
        }
        let mut body = reply::body_json(reply);
        let listed = body.get_mut("Functions").and_then(Value::as_array_mut);
        let mut changed = false;
        if let Some(functions) = listed {
            for function in functions {
                changed |= self.complete(backend, function).await;
            }
        } else if let Some(configuration) = body.get_mut("Configuration") {
            changed = self.complete(backend, configuration).await;
        } else {
            changed = self.complete(backend, &mut body).await;
        }
        changed.then(|| reply::with_body(reply.clone(), body.to_string()))
    }

    async fn complete(&self, backend: &Backend<'_>, configuration: &mut Value) -> bool {
        let Some(config) = configuration.get_mut("VpcConfig") else {
            return false;
        };
        let subnets = texts(&config["SubnetIds"]);
        let Some(subnet) = subnets.first() else {
            return false;
        };
        config["VpcId"] = self.vpc(backend, subnet).await.into();
        true
    }

    async fn vpc(&self, backend: &Backend<'_>, subnet: &String) -> String {
        let known = lock(&self.0).get(subnet).cloned();
        if let Some(vpc) = known {
            return vpc;
        }
        let subnets = std::slice::from_ref(subnet);
        let found = describe(backend, "DescribeSubnets", "SubnetId", subnets).await;
        let text = String::from_utf8_lossy(found.body()).into_owned();
        let Some(vpc) = reply::element(&text, "vpcId") else {
            return String::new();
        };
        lock(&self.0).insert(subnet.clone(), vpc.to_owned());
        vpc.to_owned()
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

async fn describe(backend: &Backend<'_>, action: &str, parameter: &str, ids: &[String]) -> Reply {
    let named = ids.iter().enumerate();
    let named: Vec<(String, &str)> = named
        .map(|(index, id)| (format!("{parameter}.{}", index + 1), id.as_str()))
        .collect();
    let mut fields = vec![("Action", action), ("Version", "2016-11-15")];
    fields.extend(named.iter().map(|(name, id)| (name.as_str(), *id)));
    backend.query("ec2", &fields).await
}

pub fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
