//! A rule's targets: they are put and removed one by one, and each may fail
//! while the call succeeds.

use super::properties::{DeadLetterConfig, InputTransformer, RetryPolicy, RuleProperties, Target};
use crate::aws::clients::Clients;
use crate::aws::codes;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::engine::{ErrorKind, HandlerError};
use aws_sdk_eventbridge::types as sdk;

/// The live targets, all pages.
pub(super) async fn list(clients: &Clients, rule: &str, bus: &str) -> Outcome<Vec<Target>> {
    let mut targets = Vec::new();
    let mut next = None;
    loop {
        let page = clients
            .events()
            .list_targets_by_rule()
            .rule(rule)
            .event_bus_name(bus)
            .set_next_token(next)
            .send()
            .await
            .during("events:ListTargetsByRule")?;
        targets.extend(page.targets.unwrap_or_default().into_iter().map(from_sdk));
        next = page.next_token;
        if next.is_none() {
            return Ok(targets);
        }
    }
}

pub(super) async fn put(clients: &Clients, rule: &RuleProperties, some: &[Target]) -> Outcome<()> {
    const OPERATION: &str = "events:PutTargets";
    if some.is_empty() {
        return Ok(());
    }
    let targets = some.iter().map(to_sdk).collect::<Outcome<Vec<_>>>()?;
    let answer = clients
        .events()
        .put_targets()
        .rule(&rule.name)
        .event_bus_name(&rule.event_bus_name)
        .set_targets(Some(targets))
        .send()
        .await
        .during(OPERATION)?;
    let failures = answer.failed_entries.unwrap_or_default();
    let first = failures.into_iter().next();
    failed(
        OPERATION,
        answer.failed_entry_count,
        first.map(|entry| (entry.target_id, entry.error_code, entry.error_message)),
    )
}

pub(super) async fn remove(
    clients: &Clients,
    rule: &str,
    bus: &str,
    ids: Vec<String>,
) -> Outcome<()> {
    const OPERATION: &str = "events:RemoveTargets";
    if ids.is_empty() {
        return Ok(());
    }
    let answer = clients
        .events()
        .remove_targets()
        .rule(rule)
        .event_bus_name(bus)
        .set_ids(Some(ids))
        .send()
        .await
        .during(OPERATION)?;
    let failures = answer.failed_entries.unwrap_or_default();
    let first = failures.into_iter().next();
    failed(
        OPERATION,
        answer.failed_entry_count,
        first.map(|entry| (entry.target_id, entry.error_code, entry.error_message)),
    )
}

/// Id, code and message of a target that was refused.
type Refused = (Option<String>, Option<String>, Option<String>);

/// The first refusal is the call's.
fn failed(operation: &str, count: i32, first: Option<Refused>) -> Outcome<()> {
    if count == 0 {
        return Ok(());
    }
    let (id, code, message) = first.unwrap_or_default();
    let message = message.unwrap_or_default();
    let kind = codes::kind(
        operation,
        code.as_deref(),
        &message,
        400,
        ErrorKind::Transient,
    );
    let text = format!("target {}: {message}", id.unwrap_or_default());
    let mut error = HandlerError::ours(kind, operation, text);
    error.code = code;
    Err(error)
}

fn to_sdk(target: &Target) -> Outcome<sdk::Target> {
    let transformer = target.input_transformer.as_ref().map(|transformer| {
        sdk::InputTransformer::builder()
            .set_input_paths_map(Some(
                transformer.input_paths_map.clone().into_iter().collect(),
            ))
            .input_template(&transformer.input_template)
            .build()
    });
    let retries = target.retry_policy.as_ref().map(|policy| {
        sdk::RetryPolicy::builder()
            .maximum_event_age_in_seconds(policy.maximum_event_age_in_seconds)
            .maximum_retry_attempts(policy.maximum_retry_attempts)
            .build()
    });
    let dead_letters = target.dead_letter_config.as_ref();
    let dead_letters =
        dead_letters.map(|config| sdk::DeadLetterConfig::builder().arn(&config.arn).build());
    let built = transformer.transpose().and_then(|transformer| {
        sdk::Target::builder()
            .id(&target.id)
            .arn(&target.arn)
            .set_role_arn(target.role_arn.clone())
            .set_input(target.input.clone())
            .set_input_path(target.input_path.clone())
            .set_input_transformer(transformer)
            .set_retry_policy(retries)
            .set_dead_letter_config(dead_letters)
            .build()
    });
    built.map_err(|error| {
        HandlerError::ours(ErrorKind::Invalid, "events:PutTargets", error.to_string())
    })
}

fn from_sdk(target: sdk::Target) -> Target {
    Target {
        id: target.id,
        arn: target.arn,
        role_arn: target.role_arn,
        input: target.input,
        input_path: target.input_path,
        input_transformer: target
            .input_transformer
            .map(|transformer| InputTransformer {
                input_paths_map: transformer
                    .input_paths_map
                    .unwrap_or_default()
                    .into_iter()
                    .collect(),
                input_template: transformer.input_template,
            }),
        retry_policy: target.retry_policy.map(|policy| RetryPolicy {
            maximum_event_age_in_seconds: policy.maximum_event_age_in_seconds.unwrap_or(86_400),
            maximum_retry_attempts: policy.maximum_retry_attempts.unwrap_or(185),
        }),
        dead_letter_config: target
            .dead_letter_config
            .and_then(|config| config.arn)
            .map(|arn| DeadLetterConfig { arn }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_succeeds_with_refused_targets_has_failed() {
        let refused = |code: &str| {
            let of = |text: &str| Some(text.to_owned());
            failed(
                "events:PutTargets",
                1,
                Some((of("Alert"), of(code), of("no"))),
            )
        };
        let error = refused("ConcurrentModificationException").expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.to_string().contains("target Alert: no"), "{error}");
        let error = refused("ResourceNotFoundException").expect_err("refused");
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(failed("events:PutTargets", 1, None).is_err());
        assert!(failed("events:PutTargets", 0, None).is_ok());
    }
}
