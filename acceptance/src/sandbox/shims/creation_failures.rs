//! What AWS takes and then cannot make: a function in `State` Failed
//! ("Lambda function states": a subnet without addresses, a role or key that
//! cannot be used), which takes no changes and can only be deleted, and an
//! endpoint in `State` failed ("DescribeVpcEndpoints"). The emulators make
//! everything that they take.
//!
//! Off, until `POST /_sandbox/fail-next?what=functions&count=N` says how many of
//! the next ones come to this, or of `endpoints`.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::lambda_function_state::{CHANGES, name};
use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "creation_failures";

#[derive(Default)]
pub struct CreationFailures {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    functions_to_come: u64,
    endpoints_to_come: u64,
    functions: BTreeSet<Place>,
    endpoints: BTreeSet<String>,
}

impl CreationFailures {
    /// False: nothing of that name can fail so.
    pub fn expect(&self, what: &str, count: u64) -> bool {
        let mut known = super::lock(&self.known);
        match what {
            "functions" => known.functions_to_come = count,
            "endpoints" => known.endpoints_to_come = count,
            _ => return false,
        }
        true
    }

    pub fn refuse(&self, call: &Inbound) -> Option<Reply> {
        if !call.is("lambda", CHANGES) && !call.is("lambda", &["Invoke"]) {
            return None;
        }
        let known = super::lock(&self.known);
        let message = "The operation cannot be performed at this time. The function is currently in the following state: Failed";
        known
            .functions
            .contains(&place(call, &name(call)))
            .then(|| reply::error(call, 409, "ResourceConflictException", message))
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !reply.status().is_success() {
            return None;
        }
        let mut known = super::lock(&self.known);
        match (call.service.as_str(), call.operation.as_str()) {
            ("lambda", _) => known.function(call, reply),
            ("ec2", "CreateVpcEndpoint") if known.endpoints_to_come > 0 => {
                known.endpoints_to_come -= 1;
                let text = String::from_utf8_lossy(reply.body()).into_owned();
                let id = reply::element(&text, "vpcEndpointId")?;
                known.endpoints.insert(id.to_owned());
                None
            }
            ("ec2", "DescribeVpcEndpoints") => known.endpoint(reply),
            _ => None,
        }
    }

    pub fn reset(&self) {
        *super::lock(&self.known) = Known::default();
    }
}

impl Known {
    fn function(&mut self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        let mut shown = reply::body_json(reply);
        let configuration = match call.operation.as_str() {
            "CreateFunction" | "GetFunctionConfiguration" => &mut shown,
            "GetFunction" => shown.get_mut("Configuration")?,
            "DeleteFunction" => {
                self.functions.remove(&place(call, &name(call)));
                return None;
            }
            _ => return None,
        };
        let place = place(call, configuration["FunctionName"].as_str()?);
        if call.operation == "CreateFunction" && self.functions_to_come > 0 {
            self.functions_to_come -= 1;
            self.functions.insert(place.clone());
        }
        if !self.functions.contains(&place) {
            return None;
        }
        configuration["State"] = "Failed".into();
        configuration["StateReason"] = "The subnet has no addresses left.".into();
        configuration["StateReasonCode"] = "SubnetOutOfIPAddresses".into();
        Some(reply::with_body(reply.clone(), shown.to_string()))
    }

    fn endpoint(&self, reply: &Reply) -> Option<Reply> {
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let mut shown = text.clone();
        for item in reply::items(&text, "vpcEndpointSet") {
            let is_one =
                reply::element(item, "vpcEndpointId").is_some_and(|id| self.endpoints.contains(id));
            if is_one {
                let failed = "<state>failed</state><lastError><code>InsufficientFreeAddressesInSubnet</code><message>The subnet has no addresses left.</message></lastError>";
                let changed = item.replace("<state>available</state>", failed);
                shown = shown.replace(item, &changed);
            }
        }
        (shown != text).then(|| reply::with_body(reply.clone(), shown))
    }
}
