//! The changes of a table. DynamoDB takes one at a time, and only while the
//! table is settled: so each waits first
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html>).

use super::live::wait_settled;
use super::properties::{
    GlobalSecondaryIndex, KeySchemaElement, PointInTimeRecovery, Projection, SseSpecification,
    TableProperties,
};
use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::aws::tags::TagMap;
use crate::engine::{Context, ErrorKind, HandlerError};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types as sdk;
use aws_smithy_types::retry::RetryConfig;

const UPDATE: &str = "dynamodb:UpdateTable";

/// The SDK's builders fail only where a required member is missing.
pub(super) fn built<T>(operation: &str, result: Result<T, BuildError>) -> Outcome<T> {
    result.map_err(|error| HandlerError::ours(ErrorKind::Invalid, operation, error.to_string()))
}

pub(super) fn definitions(properties: &TableProperties) -> Outcome<Vec<sdk::AttributeDefinition>> {
    properties
        .attribute_definitions
        .iter()
        .map(|definition| {
            let kind = sdk::ScalarAttributeType::from(definition.attribute_type.as_str());
            let built_definition = sdk::AttributeDefinition::builder()
                .attribute_name(&definition.attribute_name)
                .attribute_type(kind)
                .build();
            built(UPDATE, built_definition)
        })
        .collect()
}

pub(super) fn keys(keys: &[KeySchemaElement]) -> Outcome<Vec<sdk::KeySchemaElement>> {
    keys.iter()
        .map(|key| {
            let element = sdk::KeySchemaElement::builder()
                .attribute_name(&key.attribute_name)
                .key_type(sdk::KeyType::from(key.key_type.as_str()))
                .build();
            built(UPDATE, element)
        })
        .collect()
}

pub(super) fn projection(projection: &Projection) -> sdk::Projection {
    let names = &projection.non_key_attributes;
    sdk::Projection::builder()
        .projection_type(sdk::ProjectionType::from(
            projection.projection_type.as_str(),
        ))
        .set_non_key_attributes((!names.is_empty()).then(|| names.clone()))
        .build()
}

/// Only what was asked for: a type without "enabled" is refused.
pub(super) fn encryption(sse: &SseSpecification) -> sdk::SseSpecification {
    sdk::SseSpecification::builder()
        .enabled(sse.sse_enabled)
        .set_sse_type(sse.sse_type.as_deref().map(sdk::SseType::from))
        .set_kms_master_key_id(sse.kms_master_key_id.clone())
        .build()
}

pub(super) fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<sdk::Tag>> {
    tags.iter()
        .map(|(key, value)| built(operation, sdk::Tag::builder().key(key).value(value).build()))
        .collect()
}

/// Sent once: DynamoDB refuses a change that is there already, so that a
/// retry after a lost answer would fail what has succeeded. The engine reads
/// again instead.
async fn update(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    change: impl FnOnce(UpdateTableFluentBuilder) -> UpdateTableFluentBuilder,
) -> Outcome<()> {
    wait_settled(cx, clients, name).await?;
    let once = aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled());
    change(clients.dynamodb().update_table().table_name(name))
        .customize()
        .config_override(once)
        .send()
        .await
        .during(UPDATE)
        .map(drop)
}

/// Everything but point-in-time recovery and tags. Interrupted, it has done
/// some of the changes; the next read says which are left.
pub(super) async fn table(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    current: &TableProperties,
    desired: &TableProperties,
) -> Outcome<()> {
    refuse_changed_keys(current, desired)?;
    if current.billing_mode != desired.billing_mode {
        let mode = sdk::BillingMode::from(desired.billing_mode.as_str());
        update(cx, clients, name, |call| call.billing_mode(mode)).await?;
    }
    if current.deletion_protection_enabled != desired.deletion_protection_enabled {
        let enabled = desired.deletion_protection_enabled;
        update(cx, clients, name, |call| {
            call.deletion_protection_enabled(enabled)
        })
        .await?;
    }
    if current.sse_specification != desired.sse_specification {
        let sse = encryption(&desired.sse_specification);
        update(cx, clients, name, |call| call.sse_specification(sse)).await?;
    }
    // What is there may be more than `current` said, after an interruption.
    let table = wait_settled(cx, clients, name).await?;
    let is_there = |index: &GlobalSecondaryIndex| {
        let mut live = table.global_secondary_indexes().iter();
        live.any(|live| live.index_name.as_deref() == Some(&index.index_name))
    };
    for index in &current.global_secondary_indexes {
        if !same_index(current, desired, index) && is_there(index) {
            remove_index(cx, clients, name, index).await?;
        }
    }
    for index in &desired.global_secondary_indexes {
        let kept = match current.index(&index.index_name) {
            Some(old) => same_index(current, desired, old),
            None => is_there(index),
        };
        if !kept {
            add_index(cx, clients, name, desired, index).await?;
        }
    }
    Ok(())
}

/// An index whose key changes its type is another index.
fn same_index(
    current: &TableProperties,
    desired: &TableProperties,
    index: &GlobalSecondaryIndex,
) -> bool {
    let types = |table: &TableProperties| {
        let keys = index.key_schema.iter();
        keys.map(|key| table.type_of(&key.attribute_name).map(ToOwned::to_owned))
            .collect::<Vec<_>>()
    };
    desired.index(&index.index_name) == Some(index) && types(current) == types(desired)
}

/// CloudFormation cannot say this in a property path either: the key's
/// attribute is the same, only its type is not.
fn refuse_changed_keys(current: &TableProperties, desired: &TableProperties) -> Outcome<()> {
    for key in &desired.key_schema {
        let attribute = &key.attribute_name;
        if current.type_of(attribute) != desired.type_of(attribute) {
            return Err(HandlerError::ours(
                ErrorKind::Invalid,
                UPDATE,
                format!(
                    "AttributeDefinitions: the type of the key attribute {attribute:?} cannot be \
                     changed in place; give the table another TableName"
                ),
            ));
        }
    }
    Ok(())
}

async fn remove_index(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    index: &GlobalSecondaryIndex,
) -> Outcome<()> {
    let delete = sdk::DeleteGlobalSecondaryIndexAction::builder()
        .index_name(&index.index_name)
        .build();
    let change = sdk::GlobalSecondaryIndexUpdate::builder()
        .delete(built(UPDATE, delete)?)
        .build();
    update(cx, clients, name, |call| {
        call.global_secondary_index_updates(change)
    })
    .await?;
    // An index of the same name can only come when this one is gone.
    wait_settled(cx, clients, name).await.map(drop)
}

async fn add_index(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    desired: &TableProperties,
    index: &GlobalSecondaryIndex,
) -> Outcome<()> {
    let create = sdk::CreateGlobalSecondaryIndexAction::builder()
        .index_name(&index.index_name)
        .set_key_schema(Some(keys(&index.key_schema)?))
        .projection(projection(&index.projection))
        .build();
    let change = sdk::GlobalSecondaryIndexUpdate::builder()
        .create(built(UPDATE, create)?)
        .build();
    // Only the attributes of the indexes that there will be then.
    let definitions = definitions(desired)?;
    update(cx, clients, name, |call| {
        call.set_attribute_definitions(Some(definitions))
            .global_secondary_index_updates(change)
    })
    .await?;
    cx.note(format!(
        "the table {name} builds the index {}",
        index.index_name
    ));
    wait_settled(cx, clients, name).await.map(drop)
}

/// Recovery is switched on for a table that is active, not with its creation.
pub(super) async fn recovery(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    recovery: &PointInTimeRecovery,
) -> Outcome<()> {
    const OPERATION: &str = "dynamodb:UpdateContinuousBackups";
    wait_settled(cx, clients, name).await?;
    let specification = sdk::PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(recovery.point_in_time_recovery_enabled)
        .set_recovery_period_in_days(recovery.recovery_period_in_days)
        .build();
    clients
        .dynamodb()
        .update_continuous_backups()
        .table_name(name)
        .point_in_time_recovery_specification(built(OPERATION, specification)?)
        .send()
        .await
        .during(OPERATION)
        .map(drop)
}
