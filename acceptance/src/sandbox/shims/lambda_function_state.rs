//! A new function is Pending before it is Active, a changed one has
//! LastUpdateStatus InProgress before it is Successful and stays Active
//! meanwhile. Until then Lambda refuses the next change, and to invoke what is
//! Pending, with ResourceConflictException ("Lambda function states").
//! ministack calls a changed function Pending, and takes any change at any
//! time.
//!
//! It takes half a second, as in ministack, and nothing is refused, until `POST
//! /_sandbox/settle?what=functions&ms=N` says how long it takes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "lambda_function_state";

#[derive(Default)]
pub struct Functions {
    unsettled: Mutex<BTreeMap<Place, Unsettled>>,
    settles_in: Mutex<Duration>,
}

struct Unsettled {
    is_new: bool,
    until: Instant,
}

pub const CHANGES: &[&str] = &[
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
    "PublishVersion",
];

impl Functions {
    pub fn refuse(&self, call: &Inbound) -> Option<Reply> {
        if !call.is("lambda", CHANGES) && !call.is("lambda", &["Invoke"]) {
            return None;
        }
        let name = name(call);
        let functions = super::lock(&self.unsettled);
        let function = functions.get(&place(call, &name))?;
        let invoked = call.operation == "Invoke";
        if function.until <= Instant::now() || (invoked && !function.is_new) {
            return None;
        }
        let why = match function.is_new {
            true => "The function is currently in the following state: Pending".to_owned(),
            false => format!("An update is in progress for resource: {name}"),
        };
        let message = format!("The operation cannot be performed at this time. {why}");
        Some(reply::error(
            call,
            409,
            "ResourceConflictException",
            &message,
        ))
    }

    /// Notes what was begun, and shows functions as what they still are.
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        let known = CHANGES.contains(&call.operation.as_str())
            || ["CreateFunction", "GetFunction", "GetFunctionConfiguration"]
                .contains(&call.operation.as_str());
        if call.is("lambda", &["DeleteFunction"]) {
            super::lock(&self.unsettled).remove(&place(call, &name(call)));
        }
        if call.service != "lambda" || !known || !reply.status().is_success() {
            return None;
        }
        let told = reply::body_json(reply);
        let mut shown = told.clone();
        let configuration = match call.operation.as_str() {
            "GetFunction" => shown.get_mut("Configuration")?,
            _ => &mut shown,
        };
        self.note(call, configuration);
        self.show(call, configuration);
        (shown != told).then(|| reply::with_body(reply.clone(), shown.to_string()))
    }

    fn note(&self, call: &Inbound, configuration: &Value) {
        let settles_in = *super::lock(&self.settles_in);
        let is_new = call.operation == "CreateFunction";
        let begun = is_new || call.operation.starts_with("Update");
        if let (true, Some(name)) = (begun, configuration["FunctionName"].as_str()) {
            let until = Instant::now() + settles_in;
            let function = Unsettled { is_new, until };
            super::lock(&self.unsettled).insert(place(call, name), function);
        }
    }

    fn show(&self, call: &Inbound, configuration: &mut Value) {
        if configuration["StateReasonCode"] == "Updating" {
            configuration["State"] = "Active".into();
            configuration["StateReason"] = Value::Null;
            configuration["StateReasonCode"] = Value::Null;
        }
        let name = configuration["FunctionName"].as_str().unwrap_or_default();
        let functions = super::lock(&self.unsettled);
        let function = functions.get(&place(call, name));
        match function.filter(|function| function.until > Instant::now()) {
            Some(Unsettled { is_new: true, .. }) => {
                configuration["State"] = "Pending".into();
                configuration["StateReason"] = "The function is being created.".into();
                configuration["StateReasonCode"] = "Creating".into();
                configuration["LastUpdateStatus"] = "InProgress".into();
            }
            Some(_) => configuration["LastUpdateStatus"] = "InProgress".into(),
            None => {}
        }
    }

    pub fn settle_in(&self, time: Duration) {
        *super::lock(&self.settles_in) = time;
    }

    pub fn reset(&self) {
        super::lock(&self.unsettled).clear();
        self.settle_in(Duration::ZERO);
    }
}

/// The name of the function that a call's path or body names, whichever way it is written.
pub fn name(call: &Inbound) -> String {
    let asked = call.resource.as_str();
    let name = asked
        .split_once(":function:")
        .map_or(asked, |(_, name)| name);
    name.split(':').next().unwrap_or_default().to_owned()
}
