//! Flow logs go to a bucket, with a prefix or without, or to a log group, and
//! EC2 says whether the destination is there: a bucket that is not, makes the
//! call's `unsuccessful`, a log group that is not, makes a flow log whose
//! delivery has FAILED
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>).
//! moto looks into an S3 and a CloudWatch Logs of its own, in which nothing of
//! the pipeline is, and takes bucket and prefix together for a bucket's name.
//! A bucket whose policy does not admit log delivery gets one of AWS' own over
//! it (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html>).
//! So moto is asked for a flow log to a log group, and the destination is
//! remembered here, with its options, which moto does not know.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hyper::Method;
use hyper::body::Bytes;
use serde_json::json;

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;
use crate::sandbox::server;

pub const NAME: &str = "ec2_flow_logs";

/// By the flow log's id, where it is delivered to in S3.
#[derive(Default)]
pub struct FlowLogs(Mutex<BTreeMap<String, Delivery>>);

#[derive(Clone)]
struct Delivery {
    destination: String,
    /// As DescribeFlowLogs shows them.
    options: String,
}

impl FlowLogs {
    /// CreateFlowLogs to S3.
    pub async fn answer(&self, backend: &Backend<'_>) -> Option<Reply> {
        let call = backend.call;
        if !call.is("ec2", &["CreateFlowLogs"])
            || call.field("LogDestinationType").as_deref() != Some("s3")
        {
            return None;
        }
        let destination = call.field("LogDestination")?;
        let name = destination.splitn(6, ':').nth(5)?;
        let bucket = &name.split('/').next()?.to_owned();
        let there = backend.s3(Method::HEAD, &format!("/{bucket}"), "").await;
        if !there.status().is_success() {
            return Some(unsuccessful(call, bucket));
        }
        let reply = server::forward(backend.emulators, &to_a_group(call, &destination)).await;
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let made = reply::element(&text, "flowLogIdSet").map(|ids| reply::elements(ids, "item"));
        let delivery = Delivery {
            options: options(call),
            destination,
        };
        let made = made.unwrap_or_default();
        if !made.is_empty() {
            admit_delivery(backend, bucket).await;
        }
        for id in made {
            super::lock(&self.0).insert(id, delivery.clone());
        }
        Some(reply)
    }

    /// DescribeFlowLogs, with the destinations as they are.
    pub async fn correct(&self, backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
        if !backend.call.is("ec2", &["DescribeFlowLogs"]) || !reply.status().is_success() {
            return None;
        }
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let mut shown = text.clone();
        for item in reply::items(&text, "flowLogSet") {
            let id = reply::element(item, "flowLogId").unwrap_or_default();
            let delivery = super::lock(&self.0).get(id).cloned();
            let changed = match delivery {
                Some(delivery) => delivered(&in_s3(item, &delivery)),
                None if group_exists(backend, item).await => delivered(item),
                None => continue,
            };
            shown = shown.replace(item, &changed);
        }
        (shown != text).then(|| reply::with_body(reply.clone(), shown))
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}

async fn admit_delivery(backend: &Backend<'_>, bucket: &str) {
    const DELIVERY: &str = "delivery.logs.amazonaws.com";
    let target = format!("/{bucket}?policy");
    let there = backend.s3(Method::GET, &target, "").await;
    if String::from_utf8_lossy(there.body()).contains(DELIVERY) {
        return;
    }
    let policy = json!({ "Version": "2012-10-17", "Id": "AWSLogDeliveryWrite20150319", "Statement": [{
        "Sid": "AWSLogDeliveryWrite", "Effect": "Allow", "Principal": { "Service": DELIVERY },
        "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
    }] });
    backend.s3(Method::PUT, &target, policy.to_string()).await;
}

/// The call as moto gets it. The name of the group is the destination, so that
/// a second flow log of the same is refused as it should be.
fn to_a_group(call: &Inbound, destination: &str) -> Inbound {
    let mut call = call.clone();
    let mut fields = call.fields();
    fields.retain(|(name, _)| name != "LogDestination" && name != "LogDestinationType");
    let more = [
        ("LogDestinationType", "cloud-watch-logs"),
        ("LogGroupName", destination),
        (
            "DeliverLogsPermissionArn",
            "arn:aws:iam::123456789012:role/flow-logs",
        ),
    ];
    fields.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    call.body = Bytes::from(body);
    call
}

/// What is not said is AWS' default.
fn options(call: &Inbound) -> String {
    let option = |name: &str, default: &str| {
        let said = call.field(&format!("DestinationOptions.{name}"));
        reply::escape(&said.unwrap_or_else(|| default.to_owned()))
    };
    format!(
        "<destinationOptions><fileFormat>{}</fileFormat><hiveCompatiblePartitions>{}</hiveCompatiblePartitions><perHourPartition>{}</perHourPartition></destinationOptions>",
        option("FileFormat", "plain-text"),
        option("HiveCompatiblePartitions", "false"),
        option("PerHourPartition", "false"),
    )
}

fn in_s3(item: &str, delivery: &Delivery) -> String {
    let mut item = item.replace(
        "<logDestinationType>cloud-watch-logs<",
        "<logDestinationType>s3<",
    );
    for element in ["logGroupName", "deliverLogsPermissionArn"] {
        item = without(&item, element);
    }
    format!(
        "<logDestination>{}</logDestination>{}{item}",
        reply::escape(&delivery.destination),
        delivery.options
    )
}

fn delivered(item: &str) -> String {
    without(item, "deliverLogsErrorMessage")
        .replace("<deliverLogsStatus>FAILED<", "<deliverLogsStatus>SUCCESS<")
}

fn without(item: &str, element: &str) -> String {
    match reply::element(item, element) {
        Some(text) => item.replace(&format!("<{element}>{text}</{element}>"), ""),
        None => item.to_owned(),
    }
}

async fn group_exists(backend: &Backend<'_>, item: &str) -> bool {
    let by_name = reply::element(item, "logGroupName");
    let by_arn = reply::element(item, "logDestination").and_then(|arn| arn.split(':').nth(6));
    let Some(name) = by_name.or(by_arn).filter(|name| !name.is_empty()) else {
        return false;
    };
    let asked = json!({ "logGroupNamePrefix": name });
    let groups = backend
        .json("logs", "Logs_20140328.DescribeLogGroups", &asked)
        .await;
    let groups = reply::body_json(&groups);
    let groups = groups["logGroups"].as_array();
    groups
        .into_iter()
        .flatten()
        .any(|group| group["logGroupName"] == name)
}

fn unsuccessful(call: &Inbound, bucket: &str) -> Reply {
    let resource = call.field("ResourceId.1").unwrap_or_default();
    let body = format!(
        "<CreateFlowLogsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>request-id</requestId><flowLogIdSet/><unsuccessful><item><error><code>400</code><message>LogDestination: {bucket} does not exist.</message></error><resourceId>{resource}</resourceId></item></unsuccessful></CreateFlowLogsResponse>"
    );
    let mut reply = hyper::Response::new(Bytes::from(body));
    let kind = hyper::header::HeaderValue::from_static("text/xml");
    reply
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, kind);
    reply
}
