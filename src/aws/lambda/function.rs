//! `AWS::Lambda::Function`.

use super::code::{self, Source};
use super::live::{self, LiveFunction};
use super::properties::FunctionProperties;
use super::{changes, named, statements};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags;
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical};
use async_trait::async_trait;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use aws_smithy_types::retry::RetryConfig;

/// `AWS::Lambda::Function`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html>),
/// of a zip.
///
/// Ownership: our tags, which stand in `CreateFunction` itself. Who may invoke it
/// are resources of their own; the tag `tap:permissions` names them, and with it
/// a statement of anybody else's is drift and goes. Interruption:
/// every call may be made again; of a change in several calls those that are
/// done already are repeated. Errors: a role, key or network that is too new
/// for Lambda is `Transient`, and so is a change while another is under way; a
/// function that cannot become active says Lambda's reason, and an update deletes
/// it and has it made again, since Lambda takes no changes of it.
///
/// A function in a VPC leaves it before it is deleted: Lambda keeps the
/// network interfaces of a deleted function for up to 20 minutes and more, and
/// with them subnets and security groups, but gives up those that no function
/// uses sooner
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>).
/// It needs its role for that, which so must outlive it.
pub(in crate::aws) struct Function;

#[async_trait]
impl ResourceType for Function {
    const TYPE: &'static str = "AWS::Lambda::Function";
    const CREATE_ONLY: &'static [&'static str] = &["FunctionName"];
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["FunctionName"]);

    type Properties = FunctionProperties;

    fn normalise(&self, properties: &mut FunctionProperties, _: &str) -> Result<(), String> {
        properties.normalise()
    }

    fn check(&self, desired: &FunctionProperties) -> Result<(), String> {
        if !desired.foreign_permissions.is_empty() {
            return Err("ForeignPermissions: nobody wants permissions of others".to_owned());
        }
        if !desired.foreign_layers.is_empty() {
            return Err("ForeignLayers: nobody wants code of others".to_owned());
        }
        if desired.creation_failure.is_some() || desired.update_failure.is_some() {
            return Err("CreationFailure, UpdateFailure: nobody wants one".to_owned());
        }
        Ok(())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &FunctionProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "lambda:CreateFunction";
        let (code, _room) = match code::source(OPERATION, &desired.code).await? {
            Source::Zip(zip, room) => (FunctionCode::builder().zip_file(zip), Some(room)),
            Source::S3(code) => (
                FunctionCode::builder()
                    .s3_bucket(code.s3_bucket)
                    .s3_key(code.s3_key)
                    .set_s3_object_version(code.s3_object_version),
                None,
            ),
        };
        let live_tags = tags::for_create(cx, &desired.tags);
        let mut call = clients
            .lambda()
            .create_function()
            .function_name(&desired.function_name)
            .runtime(Runtime::from(desired.runtime.as_str()))
            .handler(&desired.handler)
            .role(&desired.role)
            .code(code.build())
            .set_architectures(Some(changes::architectures(desired)))
            .memory_size(desired.memory_size)
            .timeout(desired.timeout)
            .set_kms_key_arn(desired.kms_key_arn.clone())
            .environment(changes::environment(desired))
            .tracing_config(changes::tracing(desired))
            .set_tags(Some(live_tags.into_iter().collect()));
        if !desired.description.is_empty() {
            call = call.description(&desired.description);
        }
        if desired.vpc_config.is_some() {
            call = call.vpc_config(changes::vpc(desired.vpc_config.as_ref()));
        }
        if desired.dead_letter_config.is_some() {
            call = call.dead_letter_config(changes::dead_letters(desired));
        }
        let once = aws_sdk_lambda::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        call.send().await.creating(OPERATION)?;
        as_physical(clients, &desired.function_name)
    }

    async fn configure(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        desired: &FunctionProperties,
    ) -> Outcome<()> {
        // AWS does not say where a zip of the user's came from, so that of an
        // adopted function may be another.
        if !code::is_own(&desired.code) {
            changes::put_code(clients, identifier, desired).await?;
        }
        match desired.reserved_concurrent_executions {
            None => Ok(()),
            reserved => changes::put_concurrency(clients, identifier, reserved).await,
        }
    }

    async fn ready(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        live::settled(cx, clients, identifier).await
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&FunctionProperties>,
    ) -> Outcome<Option<(Physical, FunctionProperties)>> {
        let Some(function) = live::get(clients, identifier).await? else {
            return Ok(None);
        };
        tags::require_ours(cx, "lambda:GetFunction", &named(identifier), &function.tags)?;
        let live_tags = tags::visible(&function.tags, None, clients.ignore_tags());
        let said = applied.map_or(&live_tags, |applied| &applied.tags);
        let foreign = statements::foreign(clients, identifier, statements::wanted(said)).await?;
        let foreign = foreign.iter().map(statements::described).collect();
        let properties = function.properties(clients, applied, foreign)?;
        Ok(Some((as_physical(clients, identifier)?, properties)))
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &FunctionProperties,
        desired: &FunctionProperties,
    ) -> Outcome<Physical> {
        if let Some(why) = &current.creation_failure {
            return Err(self.delete_failed(cx, clients, identifier, why).await?);
        }
        if !current.foreign_permissions.is_empty() {
            let wanted = statements::wanted(&desired.tags);
            for statement in statements::foreign(clients, identifier, wanted).await? {
                statements::remove(clients, identifier, statements::id(&statement)).await?;
            }
        }
        changes::apply(cx, clients, identifier, current, desired).await?;
        let arn = arn_of(clients, identifier)?;
        changes::put_tags(clients, &arn, current, desired).await?;
        as_physical(clients, identifier)
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "lambda:DeleteFunction";
        let Some(function) = live::get(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &function.tags)?;
        if function.is_in_vpc() && !function.has_failed() {
            leave_vpc(cx, clients, identifier, &function).await?;
        }
        let deleted = clients
            .lambda()
            .delete_function()
            .function_name(identifier)
            .send()
            .await;
        found(deleted.during(OPERATION))?;
        let mut patience = Patience::new();
        while live::get(clients, identifier).await?.is_some() {
            let what = format!("{} to be gone", named(identifier));
            patience.pause(cx, OPERATION, &what).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &FunctionProperties,
    ) -> Outcome<Found> {
        let name = &desired.function_name;
        Ok(match live::get(clients, name).await? {
            Some(function) => tags::stranger_or(cx, &named(name), name, &function.tags),
            None => Found::Absent,
        })
    }
}

impl Function {
    /// So that it is made again under its name: what is returned says that there
    /// is none.
    async fn delete_failed(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        why: &str,
    ) -> Outcome<HandlerError> {
        cx.note(format!(
            "Lambda could not make {} ({why}), so that it is deleted and made again",
            named(identifier)
        ));
        self.delete(cx, clients, identifier).await?;
        let message = format!("{} is deleted to be made again", named(identifier));
        let operation = "lambda:DeleteFunction";
        Ok(HandlerError::ours(ErrorKind::NotFound, operation, message))
    }
}

/// So that its network interfaces are given up early. A function that cannot
/// leave, for its role is gone for example, is deleted all the same: whoever
/// deletes the subnets then waits the longer.
async fn leave_vpc(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    function: &LiveFunction,
) -> Outcome<()> {
    let vpc = function.configuration.vpc_config.as_ref();
    let vpc = vpc.and_then(|vpc| vpc.vpc_id()).unwrap_or_default();
    cx.note(format!(
        "{} leaves the VPC {vpc}, so that Lambda gives up its network interfaces there",
        named(name)
    ));
    live::wait(cx, clients, name).await?;
    match changes::leave_vpc(clients, name).await {
        Ok(()) => {}
        Err(error) if is_about_parameters(&error) => {
            cx.note(format!("{} cannot leave its VPC: {error}", named(name)));
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    if let Some(reason) = live::wait(cx, clients, name).await? {
        cx.note(format!("{} did not leave its VPC: {reason}", named(name)));
    }
    Ok(())
}

/// Trying again would not help, and the function shall go anyway.
fn is_about_parameters(error: &HandlerError) -> bool {
    error.kind == ErrorKind::Invalid
        || error.code.as_deref() == Some("InvalidParameterValueException")
}

fn arn_of(clients: &Clients, name: &str) -> Outcome<String> {
    Ok(format!(
        "arn:{}:lambda:{}:{}:function:{name}",
        clients.partition(),
        clients.region(),
        clients.account_id()?
    ))
}

fn as_physical(clients: &Clients, name: &str) -> Outcome<Physical> {
    Ok(physical(name, name, [("Arn", arn_of(clients, name)?)]))
}
