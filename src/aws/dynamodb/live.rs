//! A table as it is, and waiting for it to be usable.

use super::properties::{
    AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, PointInTimeRecovery, Projection,
    SseSpecification, TableProperties,
};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::Outcome;
use crate::aws::tags::{self, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, HandlerError};
use aws_sdk_dynamodb::types::{
    self as sdk, IndexStatus, PointInTimeRecoveryStatus, SseStatus, TableDescription, TableStatus,
};

/// A table; `None` when there is none of that name.
pub(super) async fn describe(clients: &Clients, name: &str) -> Outcome<Option<TableDescription>> {
    let answer = clients
        .dynamodb()
        .describe_table()
        .table_name(name)
        .send()
        .await
        .during("dynamodb:DescribeTable");
    Ok(found(answer)?.and_then(|answer| answer.table))
}

pub(super) fn is_leaving(table: &TableDescription) -> bool {
    table.table_status == Some(TableStatus::Deleting)
}

pub(super) async fn tags_of(clients: &Clients, table: &TableDescription) -> Outcome<TagMap> {
    let mut tags = TagMap::new();
    let mut token = None;
    loop {
        let answer = clients
            .dynamodb()
            .list_tags_of_resource()
            .set_resource_arn(table.table_arn.clone())
            .set_next_token(token)
            .send()
            .await
            .during("dynamodb:ListTagsOfResource")?;
        tags.extend(
            answer
                .tags
                .into_iter()
                .flatten()
                .map(|tag| (tag.key, tag.value)),
        );
        token = answer.next_token;
        if token.is_none() {
            return Ok(tags);
        }
    }
}

/// Waits until the table, its indexes and its encryption are settled: only
/// then does it take the next change.
pub(super) async fn wait_settled(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
) -> Outcome<TableDescription> {
    let mut patience = Patience::new();
    loop {
        let Some(table) = describe(clients, name).await? else {
            let message = format!("there is no table {name}");
            return Err(HandlerError::ours(
                ErrorKind::NotFound,
                "dynamodb:DescribeTable",
                message,
            ));
        };
        if is_settled(&table) {
            return Ok(table);
        }
        if let Some(why) = never_settles(&table) {
            let message = format!("the table {name} {why}");
            let operation = "dynamodb:DescribeTable";
            return Err(HandlerError::ours(ErrorKind::Invalid, operation, message));
        }
        let what = format!("the table {name} to settle");
        patience.pause(cx, "dynamodb:DescribeTable", &what).await?;
    }
}

/// What no waiting mends
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ArchivalSummary.html>).
fn never_settles(table: &TableDescription) -> Option<&'static str> {
    match table.table_status {
        Some(TableStatus::InaccessibleEncryptionCredentials) => Some(
            "cannot use its KMS key: enable the key, or cancel its deletion, within seven days, \
             after which DynamoDB archives the table",
        ),
        Some(TableStatus::Archiving | TableStatus::Archived) => Some(
            "is archived, for its KMS key could not be used for seven days: delete the table, and \
             restore the backup that DynamoDB has made of it under its name",
        ),
        _ => None,
    }
}

fn is_settled(table: &TableDescription) -> bool {
    let indexes = table.global_secondary_indexes();
    let encryption = table
        .sse_description
        .as_ref()
        .and_then(|sse| sse.status.as_ref());
    table.table_status == Some(TableStatus::Active)
        && indexes
            .iter()
            .all(|index| index.index_status == Some(IndexStatus::Active))
        && !matches!(
            encryption,
            Some(SseStatus::Enabling | SseStatus::Disabling | SseStatus::Updating)
        )
}

/// The properties of a table that has been described.
pub(super) async fn read(
    clients: &Clients,
    table: &TableDescription,
    live_tags: &TagMap,
    applied: Option<&TableProperties>,
) -> Outcome<TableProperties> {
    let name = table.table_name.clone().unwrap_or_default();
    let recovery = point_in_time_recovery(clients, &name).await?;
    let mut live = TableProperties {
        attribute_definitions: table
            .attribute_definitions()
            .iter()
            .map(|definition| AttributeDefinition {
                attribute_name: definition.attribute_name.clone(),
                attribute_type: definition.attribute_type.as_str().to_owned(),
            })
            .collect(),
        key_schema: keys(table.key_schema()),
        // A table of before on-demand billing has no summary.
        billing_mode: table
            .billing_mode_summary
            .as_ref()
            .and_then(|summary| summary.billing_mode.as_ref())
            .map_or("PROVISIONED", |mode| mode.as_str())
            .to_owned(),
        global_secondary_indexes: table
            .global_secondary_indexes()
            .iter()
            .filter(|index| index.index_status != Some(IndexStatus::Deleting))
            .map(|index| GlobalSecondaryIndex {
                index_name: index.index_name.clone().unwrap_or_default(),
                key_schema: keys(index.key_schema()),
                projection: projection(index.projection.as_ref()),
            })
            .collect(),
        point_in_time_recovery_specification: recovery,
        sse_specification: encryption(
            table.sse_description.as_ref(),
            applied.map(|applied| &applied.sse_specification),
        ),
        deletion_protection_enabled: table.deletion_protection_enabled.unwrap_or_default(),
        tags: tags::visible(
            live_tags,
            applied.map(|applied| applied.tags.as_slice()),
            clients.ignore_tags(),
        ),
        table_name: name,
    };
    live.drop_unused_definitions();
    Ok(live)
}

fn keys(keys: &[sdk::KeySchemaElement]) -> Vec<KeySchemaElement> {
    let element = |key: &sdk::KeySchemaElement| KeySchemaElement {
        attribute_name: key.attribute_name.clone(),
        key_type: key.key_type.as_str().to_owned(),
    };
    keys.iter().map(element).collect()
}

fn projection(projection: Option<&sdk::Projection>) -> Projection {
    let kind = projection.and_then(|p| p.projection_type.as_ref());
    Projection {
        projection_type: kind.map_or_else(|| "ALL".to_owned(), |kind| kind.as_str().to_owned()),
        non_key_attributes: projection
            .map(|p| p.non_key_attributes().to_vec())
            .unwrap_or_default(),
    }
}

/// A key is answered by ARN, whether it was given by ARN or id; it is shown
/// as it was given, and not at all where AWS's own was asked for.
fn encryption(
    live: Option<&sdk::SseDescription>,
    applied: Option<&SseSpecification>,
) -> SseSpecification {
    let Some(live) = live else {
        return SseSpecification::default();
    };
    if !matches!(
        live.status,
        Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating)
    ) {
        return SseSpecification::default();
    }
    let key = match (
        applied.map(|sse| &sse.kms_master_key_id),
        &live.kms_master_key_arn,
    ) {
        (Some(None), _) => None,
        (Some(Some(said)), Some(arn)) if arn.ends_with(&format!(":key/{said}")) => {
            Some(said.clone())
        }
        (_, arn) => arn.clone(),
    };
    SseSpecification {
        sse_enabled: true,
        sse_type: live.sse_type.as_ref().map(|kind| kind.as_str().to_owned()),
        kms_master_key_id: key,
    }
}

/// A table that is still being made has no backups to ask about.
async fn point_in_time_recovery(clients: &Clients, name: &str) -> Outcome<PointInTimeRecovery> {
    let answer = clients
        .dynamodb()
        .describe_continuous_backups()
        .table_name(name)
        .send()
        .await
        .during("dynamodb:DescribeContinuousBackups");
    let answer = match answer {
        Err(error) if error.kind == ErrorKind::Transient && error.code.is_some() => None,
        other => found(other)?,
    };
    let recovery = answer
        .and_then(|answer| answer.continuous_backups_description)
        .and_then(|backups| backups.point_in_time_recovery_description);
    Ok(
        recovery.map_or_else(PointInTimeRecovery::default, |recovery| {
            PointInTimeRecovery {
                point_in_time_recovery_enabled: recovery.point_in_time_recovery_status
                    == Some(PointInTimeRecoveryStatus::Enabled),
                recovery_period_in_days: recovery.recovery_period_in_days,
            }
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_its_key_is_not_waited_for() {
        let why = |status: TableStatus| {
            let table = TableDescription::builder().table_status(status).build();
            never_settles(&table).unwrap_or_default()
        };
        let lost = why(TableStatus::InaccessibleEncryptionCredentials);
        assert!(lost.contains("cancel its deletion"), "{lost}");
        assert!(why(TableStatus::Archived).contains("restore the backup"));
        for status in [
            TableStatus::Creating,
            TableStatus::Updating,
            TableStatus::Active,
        ] {
            assert_eq!(why(status), "");
        }
    }
}
