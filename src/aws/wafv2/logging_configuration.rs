//! `AWS::WAFv2::LoggingConfiguration`.

use super::rules::Empty;
use super::{found_on, incomplete, named, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_wafv2::types as sdk;
use serde::{Deserialize, Serialize};

/// `AWS::WAFv2::LoggingConfiguration`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-loggingconfiguration.html>);
/// a web ACL has one, and its ARN is the identifier.
///
/// WAF itself lets the log delivery service write to the group, in the
/// account's resource policy `AWSLogDeliveryWrite...`, which is left alone
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html>).
///
/// Ownership: our tags on the web ACL. Interruption: each call may be made
/// again. Errors: for about twenty seconds after one such call WAF holds its
/// service-linked role and answers `Transient` to the next.
pub(in crate::aws) struct LoggingConfiguration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct LoggingConfigurationProperties {
    resource_arn: String,
    log_destination_configs: Vec<String>,
    #[serde(default)]
    redacted_fields: Vec<RedactedField>,
    /// Only read: somebody's filter, with which requests go unlogged. None can
    /// be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logging_filter: Option<Empty>,
}

/// Only headers; another part of a request reads as `Other`, which nobody can
/// want.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum RedactedField {
    SingleHeader(SingleHeader),
    Other(Empty),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SingleHeader {
    name: String,
}

#[async_trait]
impl ResourceType for LoggingConfiguration {
    const TYPE: &'static str = "AWS::WAFv2::LoggingConfiguration";
    const CREATE_ONLY: &'static [&'static str] = &["ResourceArn"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["ResourceArn"]);

    type Properties = LoggingConfigurationProperties;

    fn normalise(
        &self,
        properties: &mut LoggingConfigurationProperties,
        _: &str,
    ) -> Result<(), String> {
        let destinations = &mut properties.log_destination_configs;
        if destinations.len() != 1 {
            return Err("LogDestinationConfigs: must hold exactly one ARN".to_owned());
        }
        // A log group's ARN may end in `:*`; WAF answers it without.
        for arn in destinations {
            if let Some(bare) = arn.strip_suffix(":*") {
                *arn = bare.to_owned();
            }
        }
        for field in &mut properties.redacted_fields {
            if let RedactedField::SingleHeader(header) = field {
                header.name.make_ascii_lowercase();
            }
        }
        properties.redacted_fields.sort();
        properties.redacted_fields.dedup();
        Ok(())
    }

    fn check(&self, desired: &LoggingConfigurationProperties) -> Result<(), String> {
        if desired.logging_filter.is_some() {
            return Err("LoggingFilter: every request is logged".to_owned());
        }
        let other = RedactedField::Other(Empty {});
        match desired.redacted_fields.contains(&other) {
            true => Err("RedactedFields: only a SingleHeader can be redacted".to_owned()),
            false => Ok(()),
        }
    }

    /// Looks first: the call would take another's place.
    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &LoggingConfigurationProperties,
    ) -> Outcome<Physical> {
        let acl = &desired.resource_arn;
        if get(clients, acl).await?.is_some() {
            let message = format!("{} logs already", named(acl));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                "wafv2:PutLoggingConfiguration",
                message,
            ));
        }
        put(clients, desired).await.map_err(not_yet)?;
        Ok(as_physical(acl))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&LoggingConfigurationProperties>,
    ) -> Outcome<Option<(Physical, LoggingConfigurationProperties)>> {
        Ok(get(clients, identifier).await?.map(|logging| {
            let fields = logging.redacted_fields.unwrap_or_default().into_iter();
            let live = LoggingConfigurationProperties {
                resource_arn: identifier.to_owned(),
                log_destination_configs: logging.log_destination_configs,
                redacted_fields: fields
                    .map(|field| match field.single_header {
                        Some(header) => {
                            RedactedField::SingleHeader(SingleHeader { name: header.name })
                        }
                        None => RedactedField::Other(Empty {}),
                    })
                    .collect(),
                logging_filter: logging.logging_filter.map(|_| Empty {}),
            };
            (as_physical(identifier), live)
        }))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &LoggingConfigurationProperties,
        desired: &LoggingConfigurationProperties,
    ) -> Outcome<Physical> {
        if current != desired {
            put(clients, desired).await?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "wafv2:DeleteLoggingConfiguration";
        if get(clients, identifier).await?.is_none() {
            return Ok(());
        }
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients
            .wafv2()
            .delete_logging_configuration()
            .resource_arn(identifier)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &LoggingConfigurationProperties,
    ) -> Outcome<Found> {
        let acl = &desired.resource_arn;
        match get(clients, acl).await? {
            Some(_) => found_on(cx, clients, acl, acl).await,
            None => Ok(Found::Absent),
        }
    }
}

async fn get(clients: &Clients, acl: &str) -> Outcome<Option<sdk::LoggingConfiguration>> {
    let answer = clients
        .wafv2()
        .get_logging_configuration()
        .resource_arn(acl)
        .send()
        .await
        .during("wafv2:GetLoggingConfiguration");
    Ok(found(answer)?.and_then(|answer| answer.logging_configuration))
}

async fn put(clients: &Clients, properties: &LoggingConfigurationProperties) -> Outcome<()> {
    const OPERATION: &str = "wafv2:PutLoggingConfiguration";
    let mut logging = sdk::LoggingConfiguration::builder()
        .resource_arn(&properties.resource_arn)
        .set_log_destination_configs(Some(properties.log_destination_configs.clone()));
    for field in &properties.redacted_fields {
        let RedactedField::SingleHeader(header) = field else {
            continue;
        };
        let header = sdk::SingleHeader::builder()
            .name(&header.name)
            .build()
            .map_err(|error| incomplete(OPERATION, &error))?;
        let field = sdk::FieldToMatch::builder().single_header(header).build();
        logging = logging.redacted_fields(field);
    }
    let logging = logging
        .build()
        .map_err(|error| incomplete(OPERATION, &error))?;
    clients
        .wafv2()
        .put_logging_configuration()
        .logging_configuration(logging)
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}

fn as_physical(acl: &str) -> Physical {
    physical(acl, acl, [])
}
