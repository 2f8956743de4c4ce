//! Changes of a function in place. Lambda takes one at a time, so each waits
//! for the one before.

use super::code::{self, Source};
use super::live;
use super::properties::{FunctionProperties, VpcConfig};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::Outcome;
use crate::aws::tags::TagChange;
use crate::engine::Context;
use aws_sdk_lambda::types::{
    Architecture, DeadLetterConfig, Environment, Runtime, TracingConfig, TracingMode,
    VpcConfig as SdkVpcConfig,
};

pub(super) fn environment(properties: &FunctionProperties) -> Environment {
    let variables = properties.environment.variables.clone();
    Environment::builder()
        .set_variables(Some(variables.into_iter().collect()))
        .build()
}

/// Without a VPC: two empty lists, which take the function out of one.
pub(super) fn vpc(config: Option<&VpcConfig>) -> SdkVpcConfig {
    let config = config.cloned().unwrap_or_default();
    SdkVpcConfig::builder()
        .set_subnet_ids(Some(config.subnet_ids))
        .set_security_group_ids(Some(config.security_group_ids))
        .build()
}

pub(super) fn dead_letters(properties: &FunctionProperties) -> DeadLetterConfig {
    let target = properties.dead_letter_config.as_ref();
    let target = target.map(|config| config.target_arn.as_str());
    DeadLetterConfig::builder()
        .target_arn(target.unwrap_or_default())
        .build()
}

pub(super) fn tracing(properties: &FunctionProperties) -> TracingConfig {
    let mode = TracingMode::from(properties.tracing_config.mode.as_str());
    TracingConfig::builder().mode(mode).build()
}

pub(super) fn architectures(properties: &FunctionProperties) -> Vec<Architecture> {
    let names = properties.architectures.iter();
    names
        .map(|name| Architecture::from(name.as_str()))
        .collect()
}

/// Whatever `UpdateFunctionConfiguration` sets.
fn configuration_differs(current: &FunctionProperties, desired: &FunctionProperties) -> bool {
    let other_parts_of_current = |properties: &FunctionProperties| FunctionProperties {
        code: current.code.clone(),
        architectures: current.architectures.clone(),
        reserved_concurrent_executions: current.reserved_concurrent_executions,
        tags: current.tags.clone(),
        foreign_permissions: current.foreign_permissions.clone(),
        ..properties.clone()
    };
    other_parts_of_current(desired) != *current
}

pub(super) async fn apply(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
    current: &FunctionProperties,
    desired: &FunctionProperties,
) -> Outcome<()> {
    // A failed change is what this one may put right.
    live::wait(cx, clients, name).await?;
    if configuration_differs(current, desired) {
        put_configuration(clients, name, desired).await?;
        live::wait(cx, clients, name).await?;
    }
    // Lambda may show what it could not put into effect.
    let failed = current.update_failure.is_some();
    if failed || current.code != desired.code || current.architectures != desired.architectures {
        put_code(clients, name, desired).await?;
    }
    let reserved = desired.reserved_concurrent_executions;
    if current.reserved_concurrent_executions != reserved {
        put_concurrency(clients, name, reserved).await?;
    }
    Ok(())
}

async fn put_configuration(
    clients: &Clients,
    name: &str,
    desired: &FunctionProperties,
) -> Outcome<()> {
    clients
        .lambda()
        .update_function_configuration()
        .function_name(name)
        .runtime(Runtime::from(desired.runtime.as_str()))
        .handler(&desired.handler)
        .role(&desired.role)
        .memory_size(desired.memory_size)
        .timeout(desired.timeout)
        .description(&desired.description)
        .kms_key_arn(desired.kms_key_arn.as_deref().unwrap_or_default())
        .environment(environment(desired))
        .vpc_config(vpc(desired.vpc_config.as_ref()))
        .dead_letter_config(dead_letters(desired))
        .tracing_config(tracing(desired))
        .set_layers(Some(Vec::new()))
        .send()
        .await
        .during("lambda:UpdateFunctionConfiguration")
        .map(drop)
}

pub(super) async fn put_code(
    clients: &Clients,
    name: &str,
    desired: &FunctionProperties,
) -> Outcome<()> {
    const OPERATION: &str = "lambda:UpdateFunctionCode";
    let call = clients
        .lambda()
        .update_function_code()
        .function_name(name)
        .set_architectures(Some(architectures(desired)));
    let (call, _room) = match code::source(OPERATION, &desired.code).await? {
        Source::Zip(zip, room) => (call.zip_file(zip), Some(room)),
        Source::S3(code) => (
            call.s3_bucket(code.s3_bucket)
                .s3_key(code.s3_key)
                .set_s3_object_version(code.s3_object_version),
            None,
        ),
    };
    call.send().await.during(OPERATION).map(drop)
}

pub(super) async fn put_concurrency(
    clients: &Clients,
    name: &str,
    reserved: Option<i32>,
) -> Outcome<()> {
    match reserved {
        Some(reserved) => clients
            .lambda()
            .put_function_concurrency()
            .function_name(name)
            .reserved_concurrent_executions(reserved)
            .send()
            .await
            .during("lambda:PutFunctionConcurrency")
            .map(drop),
        None => {
            let gone = clients
                .lambda()
                .delete_function_concurrency()
                .function_name(name)
                .send()
                .await
                .during("lambda:DeleteFunctionConcurrency");
            found(gone).map(drop)
        }
    }
}

pub(super) async fn put_tags(
    clients: &Clients,
    arn: &str,
    current: &FunctionProperties,
    desired: &FunctionProperties,
) -> Outcome<()> {
    let change = TagChange::of(clients, &current.tags, &desired.tags);
    if !change.set.is_empty() {
        clients
            .lambda()
            .tag_resource()
            .resource(arn)
            .set_tags(Some(change.set.into_iter().collect()))
            .send()
            .await
            .during("lambda:TagResource")?;
    }
    if !change.remove.is_empty() {
        clients
            .lambda()
            .untag_resource()
            .resource(arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("lambda:UntagResource")?;
    }
    Ok(())
}

/// Takes the function out of its VPC.
pub(super) async fn leave_vpc(clients: &Clients, name: &str) -> Outcome<()> {
    clients
        .lambda()
        .update_function_configuration()
        .function_name(name)
        .vpc_config(vpc(None))
        .send()
        .await
        .during("lambda:UpdateFunctionConfiguration")
        .map(drop)
}
