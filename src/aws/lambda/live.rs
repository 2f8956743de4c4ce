//! A function as it is, and waiting for it to take the next change.

use super::properties::{
    DeadLetterConfig, Environment, FunctionProperties, TracingConfig, VpcConfig,
};
use super::{code, named};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::Outcome;
use crate::aws::tags::{self, TagMap};
use crate::aws::waiting::Patience;
use crate::engine::{Context, ErrorKind, HandlerError};
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{EnvironmentError, FunctionConfiguration, LastUpdateStatus, State};

const GET: &str = "lambda:GetFunction";

/// A function with its tags.
pub(super) struct LiveFunction {
    pub configuration: FunctionConfiguration,
    pub reserved_concurrent_executions: Option<i32>,
    pub tags: TagMap,
}

/// `None` when there is none of that name. Tags that the caller may not read
/// are an error and not none: without them nothing is known to be ours.
pub(super) async fn get(clients: &Clients, name: &str) -> Outcome<Option<LiveFunction>> {
    let answer = clients.lambda().get_function().function_name(name).send();
    let Some(answer) = found(answer.await.during(GET))? else {
        return Ok(None);
    };
    if let Some(error) = &answer.tags_error {
        let message = format!("the tags of {}: {}", named(name), error.message());
        return Err(HandlerError::ours(ErrorKind::AccessDenied, GET, message));
    }
    let GetFunctionOutput {
        configuration,
        concurrency,
        tags,
        ..
    } = answer;
    Ok(configuration.map(|configuration| LiveFunction {
        configuration,
        reserved_concurrent_executions: concurrency
            .and_then(|concurrency| concurrency.reserved_concurrent_executions),
        tags: tags.unwrap_or_default().into_iter().collect(),
    }))
}

impl LiveFunction {
    pub fn is_in_vpc(&self) -> bool {
        let vpc = self.configuration.vpc_config.as_ref();
        vpc.is_some_and(|vpc| !vpc.subnet_ids().is_empty())
    }

    /// Lambda could not make it. Such a function takes no changes: it can only be
    /// deleted (<https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>).
    pub fn has_failed(&self) -> bool {
        self.configuration.state == Some(State::Failed)
    }

    fn creation_failure(&self) -> Option<String> {
        let live = &self.configuration;
        let code = live.state_reason_code.as_ref().map(|code| code.as_str());
        self.has_failed().then(|| said(live.state_reason(), code))
    }

    fn update_failure(&self) -> Option<String> {
        let live = &self.configuration;
        let code = live.last_update_status_reason_code.as_ref();
        let code = code.map(|code| code.as_str());
        (!self.has_failed() && live.last_update_status == Some(LastUpdateStatus::Failed))
            .then(|| said(live.last_update_status_reason(), code))
    }

    pub fn properties(
        &self,
        clients: &Clients,
        applied: Option<&FunctionProperties>,
        foreign_permissions: Vec<String>,
    ) -> Outcome<FunctionProperties> {
        let live = &self.configuration;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let architectures = live.architectures().iter();
        Ok(FunctionProperties {
            function_name: text(&live.function_name),
            runtime: live
                .runtime()
                .map(|runtime| runtime.as_str().to_owned())
                .unwrap_or_default(),
            handler: text(&live.handler),
            role: text(&live.role),
            code: code::live(
                live.code_sha256().unwrap_or_default(),
                applied.map(|applied| &applied.code),
            ),
            architectures: architectures.map(|one| one.as_str().to_owned()).collect(),
            memory_size: live.memory_size.unwrap_or_default(),
            timeout: live.timeout.unwrap_or_default(),
            description: text(&live.description),
            kms_key_arn: live.kms_key_arn.clone(),
            environment: self.environment(applied)?,
            vpc_config: live.vpc_config.as_ref().map(|vpc| VpcConfig {
                subnet_ids: vpc.subnet_ids().to_vec(),
                security_group_ids: vpc.security_group_ids().to_vec(),
            }),
            dead_letter_config: live.dead_letter_config.as_ref().and_then(|config| {
                let target_arn = config.target_arn.clone()?;
                Some(DeadLetterConfig { target_arn })
            }),
            tracing_config: live
                .tracing_config
                .as_ref()
                .and_then(|config| config.mode.as_ref())
                .map(|mode| TracingConfig {
                    mode: mode.as_str().to_owned(),
                })
                .unwrap_or_default(),
            reserved_concurrent_executions: self.reserved_concurrent_executions,
            tags: tags::visible(&self.tags, applied_tags, clients.ignore_tags()),
            foreign_permissions,
            foreign_layers: live
                .layers()
                .iter()
                .filter_map(|layer| layer.arn.clone())
                .collect(),
            creation_failure: self.creation_failure(),
            update_failure: self.update_failure(),
        })
    }

    /// Lambda answers without the variables where the caller may not use their
    /// key; that is not the same as having none. Where nobody can, for the key is
    /// disabled or on its way out, they are taken to be what was applied: it is
    /// the key that drifted, and what puts it right puts them again. An error
    /// would have a lost key neither repaired nor destroyed.
    fn environment(&self, applied: Option<&FunctionProperties>) -> Outcome<Environment> {
        let Some(environment) = &self.configuration.environment else {
            return Ok(Environment::default());
        };
        if let Some(error) = &environment.error {
            if is_unusable_key(error) {
                let applied = applied.map(|applied| applied.environment.clone());
                return Ok(applied.unwrap_or_default());
            }
            let message = format!(
                "the environment of {} cannot be read, which needs kms:Decrypt on its key: {}",
                named(self.configuration.function_name().unwrap_or_default()),
                error.message().unwrap_or_default()
            );
            return Err(HandlerError::ours(ErrorKind::AccessDenied, GET, message));
        }
        let variables = environment.variables.clone().unwrap_or_default();
        Ok(Environment {
            variables: variables.into_iter().collect(),
        })
    }
}

/// What KMS answers to whoever uses a key that is disabled, pending deletion or
/// gone (<https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors>).
/// The code is Lambda's own (`KMSDisabledException`, `KMSInvalidStateException`,
/// `KMSNotFoundException`,
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>)
/// or KMS' inside of it.
fn is_unusable_key(error: &EnvironmentError) -> bool {
    let said = [error.error_code(), error.message()];
    let words = [
        "KMSDisabled",
        "KMSInvalidState",
        "KMSNotFound",
        "DisabledException",
        "InvalidStateException",
        "NotFoundException",
    ];
    let mut said = said.into_iter().flatten();
    said.any(|text| words.iter().any(|word| text.contains(word)))
}

/// What a function is busy with.
#[derive(Debug, PartialEq, Eq)]
enum Status {
    Settled,
    /// A new function that is not made yet, or a change that is not in effect.
    Busy(&'static str),
    Failed(String),
}

/// An idle function becomes `Inactive`: Lambda took its resources back, and
/// the next call or change brings it to life again
/// (<https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>).
fn status(function: &GetFunctionConfigurationOutput) -> Status {
    match function.state() {
        Some(State::Pending) => return Status::Busy("to become active"),
        Some(State::Failed) => {
            let code = function.state_reason_code().map(|code| code.as_str());
            return Status::Failed(said(function.state_reason(), code));
        }
        _ => {}
    }
    match function.last_update_status() {
        Some(LastUpdateStatus::InProgress) => Status::Busy("to take its change"),
        Some(LastUpdateStatus::Failed) => {
            let code = function.last_update_status_reason_code();
            let code = code.map(|code| code.as_str());
            Status::Failed(said(function.last_update_status_reason(), code))
        }
        _ => Status::Settled,
    }
}

/// Why something failed.
fn said(reason: Option<&str>, code: Option<&str>) -> String {
    let reason = reason.unwrap_or("Lambda does not say why");
    match code {
        Some(code) => format!("{reason} ({code})"),
        None => reason.to_owned(),
    }
}

/// Waits until it takes calls and changes. Errors: `Other`, with Lambda's
/// reason, when it failed to get there.
pub(super) async fn settled(cx: &Context<'_>, clients: &Clients, name: &str) -> Outcome<()> {
    match wait(cx, clients, name).await? {
        None => Ok(()),
        Some(reason) => {
            let message = format!("{} is not usable: {reason}", named(name));
            let operation = "lambda:GetFunctionConfiguration";
            Err(HandlerError::ours(ErrorKind::Other, operation, message))
        }
    }
}

/// Waits until nothing is under way; says why it failed, if it did.
pub(super) async fn wait(
    cx: &Context<'_>,
    clients: &Clients,
    name: &str,
) -> Outcome<Option<String>> {
    const OPERATION: &str = "lambda:GetFunctionConfiguration";
    let mut patience = Patience::new();
    loop {
        let answer = clients
            .lambda()
            .get_function_configuration()
            .function_name(name)
            .send()
            .await
            .during(OPERATION)?;
        match status(&answer) {
            Status::Settled => return Ok(None),
            Status::Failed(reason) => return Ok(Some(reason)),
            Status::Busy(what) => {
                let what = format!("{} {what}", named(name));
                patience.pause(cx, OPERATION, &what).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::StateReasonCode;

    #[test]
    fn a_function_is_settled_when_it_takes_calls_and_changes() {
        let function = |state: &str, update: &str| {
            GetFunctionConfigurationOutput::builder()
                .state(State::from(state))
                .state_reason("no addresses left")
                .state_reason_code(StateReasonCode::SubnetOutOfIpAddresses)
                .last_update_status(LastUpdateStatus::from(update))
                .last_update_status_reason("bad image")
                .build()
        };
        for (state, update, settled) in [
            ("Active", "Successful", true),
            ("Inactive", "Successful", true),
            ("Pending", "InProgress", false),
            ("Active", "InProgress", false),
        ] {
            let status = status(&function(state, update));
            assert_eq!(status == Status::Settled, settled, "{state} {update}");
        }
        for (state, update, reason) in [
            (
                "Failed",
                "Successful",
                "no addresses left (SubnetOutOfIPAddresses)",
            ),
            ("Active", "Failed", "bad image"),
        ] {
            let expected = Status::Failed(reason.to_owned());
            assert_eq!(status(&function(state, update)), expected);
        }
    }

    #[test]
    fn a_function_that_failed_says_of_what_and_only_one_that_was_never_made_is_replaced() {
        let of = |state: &str, update: &str| {
            let configuration = FunctionConfiguration::builder()
                .state(State::from(state))
                .state_reason("no addresses left")
                .last_update_status(LastUpdateStatus::from(update))
                .last_update_status_reason("bad image")
                .build();
            let function = LiveFunction {
                configuration,
                reserved_concurrent_executions: None,
                tags: TagMap::new(),
            };
            (function.creation_failure(), function.update_failure())
        };
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(of("Active", "Successful"), (None, None));
        assert_eq!(of("Failed", "Failed"), (said("no addresses left"), None));
        assert_eq!(of("Active", "Failed"), (None, said("bad image")));
    }

    #[test]
    fn a_key_that_nobody_can_use_is_told_from_one_that_the_caller_may_not() {
        let of = |code: &str, message: &str| {
            let error = EnvironmentError::builder()
                .error_code(code)
                .message(message);
            is_unusable_key(&error.build())
        };
        assert!(of("KMSDisabledException", ""));
        assert!(of(
            "InvalidParameter",
            "KMS Exception: KMSInvalidStateException"
        ));
        assert!(!of("AccessDeniedException", "KMS access was denied"));
    }
}
