//! A function in a VPC reaches it through network interfaces that Lambda makes
//! with the function's role, one for each subnet and set of security groups,
//! shared by the functions that have them in common ("Understanding Hyperplane
//! elastic network interfaces"). They outlive the last of those functions by 20
//! to 45 minutes; where the function was detached from the VPC first they go
//! much sooner. Until then subnets and security groups cannot be deleted
//! (DependencyViolation, which `ec2_dependencies` says), nobody else can
//! delete the interface, and once the role is gone Lambda cannot either: it
//! stays. ministack makes none.
//!
//! Off, until `POST /_sandbox/settle?what=interfaces&ms=N` says how long they
//! outlive a function that was deleted; a tenth of it when it was detached.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::lambda_function_state::name;
use super::lambda_vpc_config::texts;
use super::{Place, lambda_role, place};
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "lambda_interfaces";

#[derive(Default)]
pub struct Interfaces {
    made: Mutex<Vec<Interface>>,
    outlive: Mutex<Duration>,
}

#[derive(Clone)]
struct Interface {
    id: String,
    /// Its account and region, and its subnet.
    place: Place,
    groups: BTreeSet<String>,
    role: String,
    users: BTreeSet<String>,
    gone_at: Option<Instant>,
}

impl Interfaces {
    /// EC2's answer to whoever touches what Lambda holds.
    pub async fn refuse(&self, backend: &Backend<'_>) -> Option<Reply> {
        let call = backend.call;
        if call.service != "ec2" {
            return None;
        }
        self.let_go(backend).await;
        if call.operation != "DeleteNetworkInterface" {
            return None;
        }
        let id = call.field("NetworkInterfaceId")?;
        let held = super::lock(&self.made).iter().any(|made| made.id == id);
        let message = format!("Network interface '{id}' is currently in use.");
        held.then(|| reply::error(call, 400, "InvalidParameterValue", &message))
    }

    /// Makes and gives up interfaces after Lambda has taken a call; shows them as what they are.
    pub async fn correct(&self, backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
        let call = backend.call;
        if !reply.status().is_success() {
            return None;
        }
        if call.is("ec2", &["DescribeNetworkInterfaces"]) {
            return self.show(reply);
        }
        if call.is("lambda", &["DeleteFunction"]) {
            let outlive = *super::lock(&self.outlive);
            self.detach(&name(call), &[], outlive);
        }
        if call.is("lambda", &["CreateFunction", "UpdateFunctionConfiguration"]) {
            self.attach(backend, reply).await;
        }
        None
    }

    async fn attach(&self, backend: &Backend<'_>, reply: &Reply) {
        let outlive = *super::lock(&self.outlive);
        let (asked, answered) = (backend.call.json(), reply::body_json(reply));
        let Some(config) = asked.get("VpcConfig") else {
            return;
        };
        let function = answered["FunctionName"].as_str().unwrap_or_default();
        let role = answered["Role"].as_str().unwrap_or_default();
        let groups: BTreeSet<String> = texts(&config["SecurityGroupIds"]).into_iter().collect();
        let mut used = Vec::new();
        for subnet in texts(&config["SubnetIds"]) {
            let place = place(backend.call, &subnet);
            let shared = {
                let mut made = super::lock(&self.made);
                let shared = made
                    .iter_mut()
                    .find(|one| one.place == place && one.groups == groups);
                shared.map(|one| {
                    one.users.insert(function.to_owned());
                    one.gone_at = None;
                    one.id.clone()
                })
            };
            if let Some(id) = shared {
                used.push(id);
            } else if !outlive.is_zero()
                && let Some(id) = make(backend, function, &subnet, &groups).await
            {
                used.push(id.clone());
                super::lock(&self.made).push(Interface {
                    id,
                    place,
                    groups: groups.clone(),
                    role: role.to_owned(),
                    users: BTreeSet::from([function.to_owned()]),
                    gone_at: None,
                });
            }
        }
        self.detach(function, &used, outlive / 10);
    }

    /// The function uses none but these any more.
    fn detach(&self, function: &str, used: &[String], outlive: Duration) {
        for one in super::lock(&self.made).iter_mut() {
            if !used.contains(&one.id) && one.users.remove(function) && one.users.is_empty() {
                one.gone_at = Some(Instant::now() + outlive);
            }
        }
    }

    /// What Lambda has cleaned up by now, as long as it may act for the role.
    async fn let_go(&self, backend: &Backend<'_>) {
        let here = place(backend.call, "");
        let due: Vec<Interface> = super::lock(&self.made)
            .iter()
            .filter(|one| (&one.place.0, &one.place.1) == (&here.0, &here.1))
            .filter(|one| one.gone_at.is_some_and(|at| at <= Instant::now()))
            .cloned()
            .collect();
        for one in due {
            if !lambda_role::exists(backend, &one.role).await {
                continue;
            }
            let fields = [
                ("Action", "DeleteNetworkInterface"),
                ("Version", "2016-11-15"),
                ("NetworkInterfaceId", &one.id),
            ];
            backend.query("ec2", &fields).await;
            super::lock(&self.made).retain(|made| made.id != one.id);
        }
    }

    fn show(&self, reply: &Reply) -> Option<Reply> {
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let mut shown = text.clone();
        for one in super::lock(&self.made).iter() {
            let id = format!("<networkInterfaceId>{}<", one.id);
            let items = reply::items(&text, "networkInterfaceSet").into_iter();
            for item in items.filter(|item| item.contains(&id)) {
                let changed = item
                    .replace("<interfaceType>interface<", "<interfaceType>lambda<")
                    .replace("<requesterManaged>false<", "<requesterManaged>true<")
                    .replace("<status>available<", "<status>in-use<");
                shown = shown.replace(item, &changed);
            }
        }
        (shown != text).then(|| reply::with_body(reply.clone(), shown))
    }

    pub fn settle_in(&self, time: Duration) {
        *super::lock(&self.outlive) = time;
    }

    pub fn reset(&self) {
        super::lock(&self.made).clear();
        self.settle_in(Duration::ZERO);
    }
}

async fn make(
    backend: &Backend<'_>,
    function: &str,
    subnet: &str,
    groups: &BTreeSet<String>,
) -> Option<String> {
    let description = format!("AWS Lambda VPC ENI-{function}-{subnet}");
    let numbered: Vec<(String, &str)> = groups
        .iter()
        .enumerate()
        .map(|(index, group)| (format!("SecurityGroupId.{}", index + 1), group.as_str()))
        .collect();
    let mut fields = vec![
        ("Action", "CreateNetworkInterface"),
        ("Version", "2016-11-15"),
        ("SubnetId", subnet),
        ("Description", &description),
    ];
    fields.extend(numbered.iter().map(|(name, group)| (name.as_str(), *group)));
    let reply = backend.query("ec2", &fields).await;
    let text = String::from_utf8_lossy(reply.body()).into_owned();
    reply::element(&text, "networkInterfaceId").map(str::to_owned)
}
