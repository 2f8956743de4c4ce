//! `AWS::Lambda::Permission`.

use super::{live, name_in, named, statements};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `AWS::Lambda::Permission`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html>):
/// one statement of a function's policy, whose id is the logical id. The
/// identifier is `<function>|<statement id>`.
///
/// Ownership: our tags on the function. Nothing of a statement can be changed
/// in place, and two of one id cannot be, so that a changed one is taken away
/// first. Interruption: each is one call that may be made again.
pub(in crate::aws) struct Permission;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct PermissionProperties {
    function_name: String,
    action: String,
    principal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_account: Option<String>,
}

#[async_trait]
impl ResourceType for Permission {
    const TYPE: &'static str = "AWS::Lambda::Permission";
    const CREATE_ONLY: &'static [&'static str] = &[
        "Action",
        "FunctionName",
        "Principal",
        "SourceAccount",
        "SourceArn",
    ];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["FunctionName"]);

    type Properties = PermissionProperties;

    fn normalise(&self, properties: &mut PermissionProperties, _: &str) -> Result<(), String> {
        properties.function_name = name_in(&properties.function_name).to_owned();
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &PermissionProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "lambda:AddPermission";
        let function = &desired.function_name;
        let Some(there) = live::get(clients, function).await? else {
            let message = format!("{} is not there yet", named(function));
            return Err(HandlerError::ours(ErrorKind::Transient, OPERATION, message));
        };
        tags::require_ours(cx, OPERATION, &named(function), &there.tags)?;
        let call = clients
            .lambda()
            .add_permission()
            .function_name(function)
            .statement_id(cx.logical_id)
            .action(&desired.action)
            .principal(&desired.principal)
            .set_source_arn(desired.source_arn.clone())
            .set_source_account(desired.source_account.clone());
        let once = aws_sdk_lambda::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        call.send().await.creating(OPERATION).map_err(not_yet)?;
        Ok(as_physical(function, cx.logical_id))
    }

    async fn ready(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let (function, id) = parts(identifier);
        match statement(clients, function, id).await? {
            Some(_) => Ok(()),
            None => {
                let message = format!("{} does not show the permission yet", named(function));
                let operation = "lambda:GetPolicy";
                Err(HandlerError::ours(ErrorKind::Transient, operation, message))
            }
        }
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&PermissionProperties>,
    ) -> Outcome<Option<(Physical, PermissionProperties)>> {
        let (function, id) = parts(identifier);
        let statement = statement(clients, function, id).await?;
        Ok(statement.map(|statement| {
            let live = properties(function, &statement);
            (as_physical(function, id), live)
        }))
    }

    /// Everything is create-only: there is nothing to change.
    async fn update(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        identifier: &str,
        _current: &PermissionProperties,
        _desired: &PermissionProperties,
    ) -> Outcome<Physical> {
        let (function, id) = parts(identifier);
        Ok(as_physical(function, id))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        let (function, id) = parts(identifier);
        if statement(clients, function, id).await?.is_none() {
            return Ok(());
        }
        let Some(there) = live::get(clients, function).await? else {
            return Ok(());
        };
        tags::require_ours(cx, statements::REMOVE, &named(function), &there.tags)?;
        statements::remove(clients, function, id).await
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &PermissionProperties,
    ) -> Outcome<Found> {
        let (function, id) = (&desired.function_name, cx.logical_id);
        if statement(clients, function, id).await?.is_none() {
            return Ok(Found::Absent);
        }
        let Some(there) = live::get(clients, function).await? else {
            return Ok(Found::Absent);
        };
        Ok(match tags::ownership(cx, &there.tags) {
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![identifier(function, id)]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} exists and {why}", named(function)))
            }
        })
    }
}

fn identifier(function: &str, id: &str) -> String {
    format!("{function}|{id}")
}

fn parts(identifier: &str) -> (&str, &str) {
    identifier.split_once('|').unwrap_or((identifier, ""))
}

fn as_physical(function: &str, id: &str) -> Physical {
    let attributes = [("Id", id.to_owned())];
    physical(&identifier(function, id), id, attributes)
}

/// The statement of that id; `None` also when the function is gone, or has no
/// policy.
async fn statement(clients: &Clients, function: &str, id: &str) -> Outcome<Option<Value>> {
    let mut statements = statements::all(clients, function).await?.into_iter();
    Ok(statements.find(|statement| statements::id(statement) == id))
}

fn properties(function: &str, statement: &Value) -> PermissionProperties {
    let text = |name: &str| statement.get(name).and_then(Value::as_str);
    PermissionProperties {
        function_name: function.to_owned(),
        action: text("Action").unwrap_or_default().to_owned(),
        principal: statements::principal(statement).to_owned(),
        source_arn: condition(statement, "aws:sourcearn"),
        source_account: condition(statement, "aws:sourceaccount"),
    }
}

/// Lambda writes `AWS:SourceArn`; condition keys have no case.
fn condition(statement: &Value, key: &str) -> Option<String> {
    let operators = statement.get("Condition")?.as_object()?;
    let mut lines = operators.values().filter_map(Value::as_object);
    let value = |lines: &Map<String, Value>| {
        let mut lines = lines.iter();
        let line = lines.find(|(name, _)| name.eq_ignore_ascii_case(key));
        line.and_then(|(_, value)| value.as_str().map(ToOwned::to_owned))
    };
    lines.find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_statement_is_read_as_the_properties_that_made_it() {
        let statement = json!({
            "Sid": "ValidateRulePermission", "Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Principal": { "Service": "events.amazonaws.com" },
            "Resource": "arn:aws:lambda:us-east-1:111122223333:function:validate",
            "Condition": {
                "StringEquals": { "AWS:SourceAccount": "111122223333" },
                "ArnLike": { "AWS:SourceArn": "arn:aws:events:us-east-1:111122223333:rule/r" },
            },
        });
        assert_eq!(
            serde_json::to_value(properties("validate", &statement)).expect("json"),
            json!({
                "FunctionName": "validate",
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
                "SourceArn": "arn:aws:events:us-east-1:111122223333:rule/r",
                "SourceAccount": "111122223333",
            })
        );
    }
}
