//! `AWS::DynamoDB::Table`: the resource type. Its creating call carries all
//! but point-in-time recovery, which wants an active table.

use super::properties::TableProperties;
use super::{changes, live};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, TagChange};
use crate::aws::waiting::Patience;
use crate::engine::{Context, Coupling, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{self as sdk, BillingMode, TableDescription};
use aws_smithy_types::retry::RetryConfig;

/// `AWS::DynamoDB::Table`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>).
///
/// Ownership: our tags, which stand in `CreateTable` itself. Replaced with
/// the old one first, since its keys may change under the same name.
/// Interruption: DynamoDB goes on by itself with what it has begun; the next
/// call waits for it.
pub(in crate::aws) struct Table;

#[async_trait]
impl ResourceType for Table {
    const TYPE: &'static str = "AWS::DynamoDB::Table";
    const CREATE_ONLY: &'static [&'static str] = &["TableName", "KeySchema"];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const COUPLING: Coupling = Coupling::Created;
    const HOLDS_DATA: bool = true;

    type Properties = TableProperties;

    fn normalise(&self, properties: &mut TableProperties, _: &str) -> Result<(), String> {
        properties.normalise()
    }

    fn check(&self, desired: &TableProperties) -> Result<(), String> {
        desired.check()
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TableProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "dynamodb:CreateTable";
        let indexes: Outcome<Vec<_>> = desired
            .global_secondary_indexes
            .iter()
            .map(|index| {
                let built = sdk::GlobalSecondaryIndex::builder()
                    .index_name(&index.index_name)
                    .set_key_schema(Some(changes::keys(&index.key_schema)?))
                    .projection(changes::projection(&index.projection))
                    .build();
                changes::built(OPERATION, built)
            })
            .collect();
        let indexes = indexes?;
        let sse = &desired.sse_specification;
        let live_tags = tags::for_create(cx, &desired.tags);
        let once = aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled());
        let answer = clients
            .dynamodb()
            .create_table()
            .table_name(&desired.table_name)
            .billing_mode(BillingMode::from(desired.billing_mode.as_str()))
            .set_attribute_definitions(Some(changes::definitions(desired)?))
            .set_key_schema(Some(changes::keys(&desired.key_schema)?))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
            .set_sse_specification(sse.sse_enabled.then(|| changes::encryption(sse)))
            .deletion_protection_enabled(desired.deletion_protection_enabled)
            .set_tags(Some(changes::sdk_tags(OPERATION, &live_tags)?))
            .customize()
            .config_override(once)
            .send()
            .await
            .creating(OPERATION)?;
        answer
            .table_description
            .as_ref()
            .map(as_physical)
            .ok_or_else(|| {
                HandlerError::ours(ErrorKind::Ambiguous, OPERATION, "the answer is empty")
            })
    }

    async fn configure(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &TableProperties,
    ) -> Outcome<()> {
        let recovery = &desired.point_in_time_recovery_specification;
        if recovery.point_in_time_recovery_enabled {
            changes::recovery(cx, clients, identifier, recovery).await?;
        }
        Ok(())
    }

    async fn ready(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        live::wait_settled(cx, clients, identifier).await.map(drop)
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&TableProperties>,
    ) -> Outcome<Option<(Physical, TableProperties)>> {
        let Some(table) = live::describe(clients, identifier).await? else {
            return Ok(None);
        };
        if live::is_leaving(&table) {
            return Ok(None);
        }
        // The table is there, so its tags are too, perhaps a little later.
        let live_tags = live::tags_of(clients, &table).await.map_err(not_yet)?;
        tags::require_ours(
            cx,
            "dynamodb:ListTagsOfResource",
            &named(identifier),
            &live_tags,
        )?;
        let properties = live::read(clients, &table, &live_tags, applied).await?;
        Ok(Some((as_physical(&table), properties)))
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &TableProperties,
        desired: &TableProperties,
    ) -> Outcome<Physical> {
        changes::table(cx, clients, identifier, current, desired).await?;
        let recovery = &desired.point_in_time_recovery_specification;
        if *recovery != current.point_in_time_recovery_specification {
            changes::recovery(cx, clients, identifier, recovery).await?;
        }
        let table = live::wait_settled(cx, clients, identifier).await?;
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        if !change.set.is_empty() {
            const OPERATION: &str = "dynamodb:TagResource";
            clients
                .dynamodb()
                .tag_resource()
                .set_resource_arn(table.table_arn.clone())
                .set_tags(Some(changes::sdk_tags(OPERATION, &change.set)?))
                .send()
                .await
                .during(OPERATION)?;
        }
        if !change.remove.is_empty() {
            clients
                .dynamodb()
                .untag_resource()
                .set_resource_arn(table.table_arn.clone())
                .set_tag_keys(Some(change.remove))
                .send()
                .await
                .during("dynamodb:UntagResource")?;
        }
        Ok(as_physical(&table))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "dynamodb:DeleteTable";
        let Some(table) = live::describe(clients, identifier).await? else {
            return Ok(());
        };
        if !live::is_leaving(&table) {
            let live_tags = live::tags_of(clients, &table).await.map_err(not_yet)?;
            tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
            if table.deletion_protection_enabled == Some(true) {
                let message = format!(
                    "{} is protected against deletion; set DeletionProtectionEnabled to false and \
                     apply first",
                    named(identifier)
                );
                return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
            }
            let deleted = clients
                .dynamodb()
                .delete_table()
                .table_name(identifier)
                .send()
                .await
                .during(OPERATION);
            if found(deleted)?.is_none() {
                return Ok(());
            }
        }
        let mut patience = Patience::new();
        while live::describe(clients, identifier).await?.is_some() {
            let what = format!("{} to be gone", named(identifier));
            patience.pause(cx, OPERATION, &what).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &TableProperties,
    ) -> Outcome<Found> {
        let name = &desired.table_name;
        let Some(table) = live::describe(clients, name).await? else {
            return Ok(Found::Absent);
        };
        if live::is_leaving(&table) {
            // The name is not free yet.
            let message = format!("{} is being deleted", named(name));
            return Err(HandlerError::ours(
                ErrorKind::Transient,
                "dynamodb:DescribeTable",
                message,
            ));
        }
        let live_tags = live::tags_of(clients, &table).await.map_err(not_yet)?;
        Ok(tags::stranger_or(cx, &named(name), name, &live_tags))
    }
}

fn named(table: &str) -> String {
    format!("the table {table}")
}

fn as_physical(table: &TableDescription) -> Physical {
    let name = table.table_name.clone().unwrap_or_default();
    let arn = table.table_arn.clone().unwrap_or_default();
    physical(&name, &name, [("Arn", arn)])
}
