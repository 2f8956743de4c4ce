//! `AWS::SecretsManager::RotationSchedule`. A secret has one or none; it is
//! part of the secret and ours when that is.

use super::{living, named, parent, tags_in};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found, not_yet};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Ownership};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_secretsmanager::types::RotationRulesType;
use serde::{Deserialize, Serialize};

/// `AWS::SecretsManager::RotationSchedule`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-rotationschedule.html>);
/// the secret is the identifier.
///
/// Ownership: our tags on the secret. Interruption: each is one call that may
/// be made again. Errors: a function that Secrets Manager may not invoke yet
/// is `Transient`.
///
/// `RotateSecret` without an immediate rotation still invokes the function
/// once, with the step `testSecret` alone: what that looks at must be there
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html>).
pub(in crate::aws) struct RotationSchedule;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct RotationScheduleProperties {
    secret_id: String,
    #[serde(rename = "RotationLambdaARN")]
    rotation_lambda_arn: String,
    rotation_rules: RotationRules,
    /// Cannot be read back; CloudFormation rotates unless told otherwise.
    #[serde(default = "yes")]
    rotate_immediately_on_update: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RotationRules {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    automatically_after_days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
}

fn yes() -> bool {
    true
}

#[async_trait]
impl ResourceType for RotationSchedule {
    const TYPE: &'static str = "AWS::SecretsManager::RotationSchedule";
    const CREATE_ONLY: &'static [&'static str] = &["SecretId"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["SecretId"]);

    type Properties = RotationScheduleProperties;

    fn normalise(&self, _: &mut RotationScheduleProperties, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn check(&self, desired: &RotationScheduleProperties) -> Result<(), String> {
        let rules = &desired.rotation_rules;
        match (rules.automatically_after_days, &rules.schedule_expression) {
            (Some(days), None) if !(1..=1000).contains(&days) => {
                Err("RotationRules.AutomaticallyAfterDays: must be 1 to 1000".to_owned())
            }
            (Some(_), None) | (None, Some(_)) => Ok(()),
            _ => Err(
                "RotationRules: must hold either AutomaticallyAfterDays or ScheduleExpression"
                    .to_owned(),
            ),
        }
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RotationScheduleProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "secretsmanager:RotateSecret";
        let secret = parent(clients, OPERATION, &desired.secret_id).await?;
        let arn = secret.arn().unwrap_or(&desired.secret_id);
        tags::require_ours(cx, OPERATION, &named(arn), &tags_in(&secret))?;
        if secret.rotation_enabled == Some(true) {
            let message = format!("{} rotates already", named(arn));
            return Err(HandlerError::ours(
                ErrorKind::AlreadyExists,
                OPERATION,
                message,
            ));
        }
        put(clients, arn, desired).await.map_err(not_yet)?;
        Ok(as_physical(arn))
    }

    async fn read(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&RotationScheduleProperties>,
    ) -> Outcome<Option<(Physical, RotationScheduleProperties)>> {
        let secret = living(clients, identifier).await?;
        let Some(secret) = secret.filter(|secret| secret.rotation_enabled == Some(true)) else {
            return Ok(None);
        };
        let live = RotationScheduleProperties {
            secret_id: identifier.to_owned(),
            rotation_lambda_arn: secret.rotation_lambda_arn.unwrap_or_default(),
            rotation_rules: live_rules(secret.rotation_rules, applied),
            rotate_immediately_on_update: applied
                .is_some_and(|applied| applied.rotate_immediately_on_update),
        };
        Ok(Some((as_physical(identifier), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &RotationScheduleProperties,
        desired: &RotationScheduleProperties,
    ) -> Outcome<Physical> {
        let schedule = |p: &RotationScheduleProperties| {
            (p.rotation_lambda_arn.clone(), p.rotation_rules.clone())
        };
        if schedule(current) != schedule(desired) {
            put(clients, identifier, desired).await?;
        }
        Ok(as_physical(identifier))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "secretsmanager:CancelRotateSecret";
        let Some(secret) = living(clients, identifier).await? else {
            return Ok(());
        };
        if secret.rotation_enabled != Some(true) {
            return Ok(());
        }
        tags::require_ours(cx, OPERATION, &named(identifier), &tags_in(&secret))?;
        let cancelled = clients
            .secretsmanager()
            .cancel_rotate_secret()
            .secret_id(identifier)
            .send()
            .await
            .during(OPERATION);
        found(cancelled).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &RotationScheduleProperties,
    ) -> Outcome<Found> {
        let secret = living(clients, &desired.secret_id).await?;
        let Some(secret) = secret.filter(|secret| secret.rotation_enabled == Some(true)) else {
            return Ok(Found::Absent);
        };
        let arn = secret.arn().unwrap_or(&desired.secret_id);
        Ok(match tags::ownership(cx, &tags_in(&secret)) {
            // The tags are the secret's: its logical id is never this one's.
            Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![arn.to_owned()]),
            Ownership::Stranger(why) => {
                Found::Stranger(format!("{} rotates already and {why}", named(arn)))
            }
        })
    }
}

/// AWS may say the schedule in both ways, whichever it was given in.
fn live_rules(
    live: Option<RotationRulesType>,
    applied: Option<&RotationScheduleProperties>,
) -> RotationRules {
    let mut rules = live.map_or_else(RotationRules::default, |live| RotationRules {
        automatically_after_days: live.automatically_after_days,
        schedule_expression: live.schedule_expression,
        duration: live.duration,
    });
    let by_expression =
        applied.is_some_and(|said| said.rotation_rules.schedule_expression.is_some());
    if by_expression && rules.schedule_expression.is_some() {
        rules.automatically_after_days = None;
    } else if rules.automatically_after_days.is_some() {
        rules.schedule_expression = None;
    }
    rules
}

async fn put(clients: &Clients, arn: &str, desired: &RotationScheduleProperties) -> Outcome<()> {
    let rules = &desired.rotation_rules;
    let rules = RotationRulesType::builder()
        .set_automatically_after_days(rules.automatically_after_days)
        .set_schedule_expression(rules.schedule_expression.clone())
        .set_duration(rules.duration.clone())
        .build();
    clients
        .secretsmanager()
        .rotate_secret()
        .secret_id(arn)
        .rotation_lambda_arn(&desired.rotation_lambda_arn)
        .rotation_rules(rules)
        .rotate_immediately(desired.rotate_immediately_on_update)
        .send()
        .await
        .during("secretsmanager:RotateSecret")
        .map(drop)
}

fn as_physical(arn: &str) -> Physical {
    physical(arn, arn, [("Id", arn.to_owned())])
}
