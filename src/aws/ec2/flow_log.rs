//! `AWS::EC2::FlowLog`.

use super::{
    by_our_tags, change_tags, once, ours, refused_item, tag_map, tagged, told, visible_tags,
};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    DestinationFileFormat, DestinationOptionsRequest, DestinationOptionsResponse, FlowLog as Live,
    FlowLogsResourceType, LogDestinationType, ResourceType as Kind, TrafficType,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AWS::EC2::FlowLog`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-flowlog.html>),
/// to S3, where no role is needed.
///
/// Two flow logs of one thing to one place are refused, so that a replacement
/// deletes first. Ownership: our tags, which stand in `CreateFlowLogs`.
/// Interruption: every call but the first may be made again. Errors: a bucket
/// whose policy is so new that log delivery does not know it is `Transient`; one
/// whose policy does not admit log delivery is `Invalid`.
pub(in crate::aws) struct FlowLog;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct FlowLogProperties {
    resource_id: String,
    resource_type: String,
    #[serde(default = "all")]
    traffic_type: String,
    log_destination_type: String,
    log_destination: String,
    #[serde(default = "ten_minutes")]
    max_aggregation_interval: i32,
    #[serde(default)]
    destination_options: DestinationOptions,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DestinationOptions {
    file_format: String,
    hive_compatible_partitions: bool,
    per_hour_partition: bool,
}

impl Default for DestinationOptions {
    fn default() -> Self {
        Self {
            file_format: "plain-text".into(),
            hive_compatible_partitions: false,
            per_hour_partition: false,
        }
    }
}

fn all() -> String {
    "ALL".into()
}

fn ten_minutes() -> i32 {
    600
}

#[async_trait]
impl ResourceType for FlowLog {
    const TYPE: &'static str = "AWS::EC2::FlowLog";
    const CREATE_ONLY: &'static [&'static str] = &[
        "DestinationOptions",
        "LogDestination",
        "LogDestinationType",
        "MaxAggregationInterval",
        "ResourceId",
        "ResourceType",
        "TrafficType",
    ];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&[]);

    type Properties = FlowLogProperties;

    /// A folder is the same with and without its slash.
    fn normalise(&self, properties: &mut FlowLogProperties, _: &str) -> Result<(), String> {
        let destination = properties.log_destination.trim_end_matches('/').to_owned();
        properties.log_destination = destination;
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &FlowLogProperties) -> Result<(), String> {
        if desired.log_destination_type != "s3" {
            return Err("LogDestinationType: only s3 is supported".to_owned());
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &FlowLogProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ec2:CreateFlowLogs";
        require_delivery(OPERATION, clients, &desired.log_destination).await?;
        let options = &desired.destination_options;
        let options = DestinationOptionsRequest::builder()
            .file_format(DestinationFileFormat::from(options.file_format.as_str()))
            .hive_compatible_partitions(options.hive_compatible_partitions)
            .per_hour_partition(options.per_hour_partition)
            .build();
        let answer = clients
            .ec2()
            .create_flow_logs()
            .resource_ids(&desired.resource_id)
            .resource_type(FlowLogsResourceType::from(desired.resource_type.as_str()))
            .traffic_type(TrafficType::from(desired.traffic_type.as_str()))
            .log_destination_type(LogDestinationType::S3)
            .log_destination(destination(&desired.log_destination))
            .max_aggregation_interval(desired.max_aggregation_interval)
            .destination_options(options)
            .tag_specifications(tagged(cx, Kind::VpcFlowLog, &desired.tags))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)
            .map_err(not_yet)?;
        refused_item(OPERATION, answer.unsuccessful).map_err(not_yet)?;
        let id = answer.flow_log_ids.unwrap_or_default().pop();
        Ok(as_physical(&told(OPERATION, id)?))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&FlowLogProperties>,
    ) -> Outcome<Option<(Physical, FlowLogProperties)>> {
        let Some(live) = describe(clients, identifier).await? else {
            return Ok(None);
        };
        let resource_id = live.resource_id.unwrap_or_default();
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let properties = FlowLogProperties {
            resource_type: kind_of(&resource_id).to_owned(),
            resource_id,
            traffic_type: text(live.traffic_type.as_ref().map(TrafficType::as_str)),
            log_destination_type: text(
                live.log_destination_type
                    .as_ref()
                    .map(LogDestinationType::as_str),
            ),
            log_destination: live.log_destination.unwrap_or_default(),
            max_aggregation_interval: live.max_aggregation_interval.unwrap_or_else(ten_minutes),
            destination_options: options(live.destination_options),
            tags: visible_tags(clients, &tag_map(live.tags), applied.map(|a| &a.tags)),
        };
        Ok(Some((as_physical(identifier), properties)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &FlowLogProperties,
        desired: &FlowLogProperties,
    ) -> Outcome<Physical> {
        change_tags(clients, identifier, &current.tags, &desired.tags).await?;
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ec2:DeleteFlowLogs";
        let Some(live) = describe(clients, identifier).await? else {
            return Ok(());
        };
        let what = format!("the flow log {identifier}");
        tags::require_ours(cx, OPERATION, &what, &tag_map(live.tags))?;
        let deleted = clients
            .ec2()
            .delete_flow_logs()
            .flow_log_ids(identifier)
            .send()
            .await
            .during(OPERATION);
        match found(deleted)? {
            Some(answer) => found(refused_item(OPERATION, answer.unsuccessful)).map(drop),
            None => Ok(()),
        }
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        _desired: &FlowLogProperties,
    ) -> Outcome<Found> {
        let answer = clients
            .ec2()
            .describe_flow_logs()
            .set_filter(by_our_tags(cx))
            .send()
            .await
            .during("ec2:DescribeFlowLogs")?;
        let logs = answer.flow_logs.unwrap_or_default().into_iter();
        Ok(ours(logs.map(|log| log.flow_log_id)))
    }
}

async fn describe(clients: &Clients, id: &str) -> Outcome<Option<Live>> {
    let answer = clients
        .ec2()
        .describe_flow_logs()
        .flow_log_ids(id)
        .send()
        .await
        .during("ec2:DescribeFlowLogs");
    let logs = found(answer)?.and_then(|answer| answer.flow_logs);
    Ok(logs.and_then(|mut logs| logs.pop()))
}

/// The service that writes flow logs into buckets.
const DELIVERY: &str = "delivery.logs.amazonaws.com";

/// Where a bucket's policy does not let flow logs be delivered, AWS writes one
/// of its own over it: a bucket that the user brought would be changed
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html>).
async fn require_delivery(operation: &str, clients: &Clients, destination: &str) -> Outcome<()> {
    let path = destination.rsplit(":::").next().unwrap_or_default();
    let bucket = path.split('/').next().unwrap_or_default();
    let call = clients.s3().get_bucket_policy().bucket(bucket).send().await;
    let document = match call.during("s3:GetBucketPolicy") {
        Ok(answer) => answer.policy.unwrap_or_default(),
        // That the bucket is not there, the call itself says.
        Err(error) if error.code.as_deref() == Some("NoSuchBucket") => return Ok(()),
        Err(error) if error.kind == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if admits_delivery(&document) {
        return Ok(());
    }
    let message = format!(
        "the policy of the bucket {bucket} does not admit {DELIVERY}, and AWS would write a policy of its own over it. \
         Add the statements AWSLogDeliveryWrite and AWSLogDeliveryAclCheck of \
         https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html to it and apply again"
    );
    Err(HandlerError::ours(ErrorKind::Invalid, operation, message))
}

fn admits_delivery(document: &str) -> bool {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let mut statements = document["Statement"].as_array().into_iter().flatten();
    statements.any(|statement| {
        statement["Effect"] == "Allow"
            && statement["Principal"]["Service"]
                .to_string()
                .contains(DELIVERY)
    })
}

/// A folder ends with a slash
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>).
fn destination(arn: &str) -> String {
    if arn.contains('/') {
        format!("{arn}/")
    } else {
        arn.to_owned()
    }
}

/// AWS does not answer the type; the id tells it.
fn kind_of(resource_id: &str) -> &'static str {
    match resource_id.split('-').next() {
        Some("subnet") => "Subnet",
        Some("eni") => "NetworkInterface",
        _ => "VPC",
    }
}

fn options(live: Option<DestinationOptionsResponse>) -> DestinationOptions {
    let default = DestinationOptions::default();
    let Some(live) = live else {
        return default;
    };
    DestinationOptions {
        file_format: live
            .file_format
            .map_or(default.file_format, |format| format.as_str().to_owned()),
        hive_compatible_partitions: live.hive_compatible_partitions.unwrap_or_default(),
        per_hour_partition: live.per_hour_partition.unwrap_or_default(),
    }
}

fn as_physical(id: &str) -> Physical {
    physical(id, id, [("Id", id.to_owned())])
}
