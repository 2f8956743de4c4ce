//! An account and region have one recorder and one delivery channel. A recorder
//! carries tags and has an ARN, records only when there is a channel, and a
//! channel is not deleted while it does
//! (<https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html>,
//! <https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteDeliveryChannel.html>).
//! ministack has any number of both, forgets the tags and deletes neither, so
//! that these operations are done here altogether.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, lock, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "config_recorder";

/// What one account has in one region.
#[derive(Default)]
struct Account {
    recorder: Option<Value>,
    recording: bool,
    tags: Value,
    channel: Option<Value>,
}

#[derive(Default)]
pub struct Recorders(Mutex<BTreeMap<Place, Account>>);

impl Recorders {
    pub fn answer(&self, call: &Inbound) -> Option<Reply> {
        if call.service != "config" {
            return None;
        }
        let mut all = lock(&self.0);
        let account = all.entry(place(call, "")).or_default();
        let body = call.json();
        let answer = match call.operation.as_str() {
            "PutConfigurationRecorder" => account.put_recorder(&body, &call.region),
            "DescribeConfigurationRecorders" => {
                let found = named(&account.recorder, &body["ConfigurationRecorderNames"]);
                found.map(|found| json!({ "ConfigurationRecorders": found }))
            }
            "DescribeConfigurationRecorderStatus" => {
                let found = named(&account.recorder, &body["ConfigurationRecorderNames"]);
                let recording = account.recording;
                let status =
                    |recorder: &Value| json!({ "name": recorder["name"], "recording": recording });
                found.map(|found| {
                    let all: Vec<Value> = found.iter().map(status).collect();
                    json!({ "ConfigurationRecordersStatus": all })
                })
            }
            "StartConfigurationRecorder" => account.record(&body, true),
            "StopConfigurationRecorder" => account.record(&body, false),
            "DeleteConfigurationRecorder" => account.delete_recorder(&body),
            "PutDeliveryChannel" => account.put_channel(&body),
            "DescribeDeliveryChannels" => {
                let found = named(&account.channel, &body["DeliveryChannelNames"]);
                found
                    .map(|found| json!({ "DeliveryChannels": found }))
                    .map_err(|_| "NoSuchDeliveryChannelException")
            }
            "DeleteDeliveryChannel" => account.delete_channel(&body),
            "ListTagsForResource" => account.list_tags(&body)?,
            _ => return None,
        };
        Some(match answer {
            Ok(answer) => reply::json(call, &answer),
            Err(code) => reply::error(call, 400, code, "as AWS Config says it"),
        })
    }

    /// Whether the account of a call has a recorder.
    pub fn has_recorder(&self, call: &Inbound) -> bool {
        let all = lock(&self.0);
        let account = all.get(&place(call, ""));
        account.is_some_and(|account| account.recorder.is_some())
    }

    /// The role of the account's recorder.
    pub fn role(&self, call: &Inbound) -> Option<String> {
        let all = lock(&self.0);
        let recorder = all.get(&place(call, ""))?.recorder.as_ref()?;
        recorder["roleARN"].as_str().map(str::to_owned)
    }

    pub fn reset(&self) {
        lock(&self.0).clear();
    }
}

type Answer = Result<Value, &'static str>;

/// All there are, or the ones that were asked for.
fn named(there: &Option<Value>, names: &Value) -> Result<Vec<Value>, &'static str> {
    let names = names.as_array().filter(|names| !names.is_empty());
    match (there, names) {
        (Some(one), Some(names)) if names.contains(&one["name"]) => Ok(vec![one.clone()]),
        (_, Some(_)) => Err("NoSuchConfigurationRecorderException"),
        (there, None) => Ok(there.iter().cloned().collect()),
    }
}

fn is(there: &Option<Value>, name: &Value) -> bool {
    there.as_ref().is_some_and(|one| one["name"] == *name)
}

impl Account {
    fn put_recorder(&mut self, body: &Value, region: &str) -> Answer {
        let mut recorder = body["ConfigurationRecorder"].clone();
        if self.recorder.is_some() && !is(&self.recorder, &recorder["name"]) {
            return Err("MaxNumberOfConfigurationRecordersExceededException");
        }
        let name = recorder["name"].as_str().unwrap_or("default").to_owned();
        recorder["arn"] = json!(format!(
            "arn:aws:config:{region}:123456789012:configuration-recorder/{name}/1"
        ));
        // Tags are those of the first call.
        if self.recorder.is_none() {
            self.tags = body.get("Tags").cloned().unwrap_or_else(|| json!([]));
        }
        self.recorder = Some(recorder);
        Ok(json!({}))
    }

    fn record(&mut self, body: &Value, on: bool) -> Answer {
        if !is(&self.recorder, &body["ConfigurationRecorderName"]) {
            return Err("NoSuchConfigurationRecorderException");
        }
        if on && self.channel.is_none() {
            return Err("NoAvailableDeliveryChannelException");
        }
        self.recording = on;
        Ok(json!({}))
    }

    fn delete_recorder(&mut self, body: &Value) -> Answer {
        if !is(&self.recorder, &body["ConfigurationRecorderName"]) {
            return Err("NoSuchConfigurationRecorderException");
        }
        self.recorder = None;
        self.recording = false;
        Ok(json!({}))
    }

    fn put_channel(&mut self, body: &Value) -> Answer {
        let channel = body["DeliveryChannel"].clone();
        if self.recorder.is_none() {
            return Err("NoAvailableConfigurationRecorderException");
        }
        if self.channel.is_some() && !is(&self.channel, &channel["name"]) {
            return Err("MaxNumberOfDeliveryChannelsExceededException");
        }
        self.channel = Some(channel);
        Ok(json!({}))
    }

    fn delete_channel(&mut self, body: &Value) -> Answer {
        if !is(&self.channel, &body["DeliveryChannelName"]) {
            return Err("NoSuchDeliveryChannelException");
        }
        if self.recording {
            return Err("LastDeliveryChannelDeleteFailedException");
        }
        self.channel = None;
        Ok(json!({}))
    }

    /// None for what is no recorder.
    fn list_tags(&self, body: &Value) -> Option<Answer> {
        let arn = &body["ResourceArn"];
        if !arn.as_str()?.contains(":configuration-recorder/") {
            return None;
        }
        let known = self.recorder.as_ref();
        let known = known.is_some_and(|recorder| recorder["arn"] == *arn);
        Some(match known {
            true => Ok(json!({ "Tags": self.tags })),
            false => Err("ResourceNotFoundException"),
        })
    }
}
