//! `AWS::ApiGateway::Account`: the role with which API Gateway writes logs,
//! of which an account and region have one.

use super::replace;
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_iam::types::Role;
use serde::{Deserialize, Serialize};

/// `AWS::ApiGateway::Account`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html>).
///
/// CloudFormation overwrites whatever is there and leaves it behind; here a
/// role that somebody else has set is never replaced while IAM has it, and ours
/// goes with the pipeline. Ownership: the role's ARN, which is the identifier,
/// and for that create-only here. Interruption: setting the same role again
/// changes nothing. Errors: a role that IAM has only just made is `Transient`.
pub(in crate::aws) struct Account;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AccountProperties {
    cloud_watch_role_arn: String,
}

#[async_trait]
impl ResourceType for Account {
    const TYPE: &'static str = "AWS::ApiGateway::Account";
    const CREATE_ONLY: &'static [&'static str] = &["CloudWatchRoleArn"];
    /// An account and region have one.
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;

    type Properties = AccountProperties;

    fn normalise(&self, properties: &mut AccountProperties, _: &str) -> Result<(), String> {
        if properties.cloud_watch_role_arn.is_empty() {
            return Err("CloudWatchRoleArn: must name a role".to_owned());
        }
        Ok(())
    }

    /// Looks first: the call would take another's place.
    async fn create(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &AccountProperties,
    ) -> Outcome<Physical> {
        let role = &desired.cloud_watch_role_arn;
        if let Some((there, _)) = logging_role(clients).await? {
            let message = format!("the account's API Gateway logging role is {there} already");
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                "apigateway:UpdateAccount",
                message,
            ));
        }
        set_role(clients, role).await?;
        Ok(as_physical(role))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        _applied: Option<&AccountProperties>,
    ) -> Outcome<Option<(Physical, AccountProperties)>> {
        let role = role_of(clients).await?;
        Ok(role.filter(|role| role == identifier).map(|role| {
            let live = AccountProperties {
                cloud_watch_role_arn: role,
            };
            (as_physical(identifier), live)
        }))
    }

    /// All of it is create-only.
    async fn update(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        identifier: &str,
        _current: &AccountProperties,
        _desired: &AccountProperties,
    ) -> Outcome<Physical> {
        Ok(as_physical(identifier))
    }

    /// Another role has been set by somebody else, and stays.
    async fn delete(&self, _cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        if role_of(clients).await?.as_deref() != Some(identifier) {
            return Ok(());
        }
        // An empty role is none.
        set_role(clients, "").await
    }

    async fn find(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        desired: &AccountProperties,
    ) -> Outcome<Found> {
        let role = &desired.cloud_watch_role_arn;
        Ok(match logging_role(clients).await? {
            Some((there, _)) if there == *role => Found::Ours(vec![there]),
            Some((there, _)) => Found::Stranger(format!(
                "the account's API Gateway logging role is {there}, set by somebody else"
            )),
            None => Found::Absent,
        })
    }
}

async fn role_of(clients: &Clients) -> Outcome<Option<String>> {
    let answer = clients
        .apigateway()
        .get_account()
        .send()
        .await
        .during("apigateway:GetAccount")?;
    Ok(answer.cloudwatch_role_arn.filter(|role| !role.is_empty()))
}

/// The role that is set, with its ARN, unless IAM has it no more: API Gateway keeps the ARN of
/// a role that was deleted, with which nobody writes logs.
pub(in crate::aws) async fn logging_role(clients: &Clients) -> Outcome<Option<(String, Role)>> {
    let Some(arn) = role_of(clients).await? else {
        return Ok(None);
    };
    let name = arn.rsplit('/').next().unwrap_or_default();
    let role = clients.iam().get_role().role_name(name).send().await;
    let role = found(role.during("iam:GetRole"))?.and_then(|answer| answer.role);
    Ok(role.map(|role| (arn, role)))
}

async fn set_role(clients: &Clients, role: &str) -> Outcome<()> {
    clients
        .apigateway()
        .update_account()
        .patch_operations(replace("/cloudwatchRoleArn", role))
        .send()
        .await
        .during("apigateway:UpdateAccount")
        .map(drop)
}

fn as_physical(role: &str) -> Physical {
    physical(role, role, [])
}
