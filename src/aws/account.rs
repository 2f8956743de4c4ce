//! What the account has of what it can have only one of, or of what one is
//! enough: the pipeline builds on it and makes none beside it.

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::Outcome;
use super::tags::TagMap;
use super::{apigateway, cloudtrail, config};
use crate::engine::{ErrorKind, HandlerError, TAG_PIPELINE};
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_ec2::types::{Filter, State};
use aws_sdk_guardduty::types::DetectorStatus;
use std::collections::BTreeMap;

/// The account's singletons, without those that the asking pipeline has made
/// itself: they would otherwise seem to be somebody's as soon as it is
/// there. Empty: there is none. `None`: nobody may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountState {
    /// Name of the customer's Config recorder.
    pub recorder: Option<String>,
    /// It does not record.
    pub recorder_is_stopped: bool,
    /// Id of the GuardDuty detector.
    pub detector: Option<String>,
    /// It is suspended.
    pub detector_is_stopped: bool,
    /// ARN of a trail that logs management events.
    pub trail: Option<String>,
    /// ARN of the role with which API Gateway writes logs.
    pub api_logging_role: Option<String>,
}

impl AwsContext {
    /// Asks for the account's singletons, for the pipeline of that id. Errors
    /// but for a denied permission are returned: "could not be reached" must
    /// not be kept as a fact.
    pub async fn account_state(&self, pipeline: &str) -> Outcome<AccountState> {
        let clients = self.ready().await?;
        let (recorder, detector, trail, api_logging_role) = tokio::try_join!(
            Box::pin(unless_denied(recorder(&clients, pipeline))),
            Box::pin(unless_denied(detector(&clients, pipeline))),
            Box::pin(unless_denied(trail(&clients, pipeline))),
            Box::pin(unless_denied(api_logging_role(&clients, pipeline))),
        )?;
        let said = |name: Option<Option<String>>| name.map(Option::unwrap_or_default);
        let is_stopped = |found: &Option<Option<Sole>>| {
            let found = found.as_ref().and_then(Option::as_ref);
            found.is_some_and(|found| found.is_stopped)
        };
        let name = |found: Option<Option<Sole>>| said(found.map(|one| one.map(|one| one.name)));
        Ok(AccountState {
            recorder_is_stopped: is_stopped(&recorder),
            recorder: name(recorder),
            detector_is_stopped: is_stopped(&detector),
            detector: name(detector),
            trail: said(trail),
            api_logging_role: said(api_logging_role),
        })
    }
}

impl AwsContext {
    /// How many there are in the region of what AWS limits to few, by resource
    /// type: five VPCs, twenty gateway endpoints and ten log resource policies
    /// unless the quota was raised. Of endpoints only gateways count. Missing
    /// where nobody may ask.
    pub async fn used(&self) -> Outcome<BTreeMap<&'static str, usize>> {
        let clients = self.ready().await?;
        let (vpcs, gateways, policies) = tokio::try_join!(
            Box::pin(unless_denied(vpcs(&clients))),
            Box::pin(unless_denied(gateways(&clients))),
            Box::pin(unless_denied(log_policies(&clients))),
        )?;
        let counts = [
            ("AWS::EC2::VPC", vpcs),
            ("AWS::EC2::VPCEndpoint", gateways),
            ("AWS::Logs::ResourcePolicy", policies),
        ];
        Ok(counts
            .into_iter()
            .filter_map(|(kind, count)| Some((kind, count?)))
            .collect())
    }
}

async fn vpcs(clients: &Clients) -> Outcome<usize> {
    let mut pages = clients.ec2().describe_vpcs().into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.during("ec2:DescribeVpcs")?.vpcs().len();
    }
    Ok(count)
}

async fn gateways(clients: &Clients) -> Outcome<usize> {
    let of_type = Filter::builder()
        .name("vpc-endpoint-type")
        .values("Gateway")
        .build();
    let call = clients.ec2().describe_vpc_endpoints().filters(of_type);
    let mut pages = call.into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page.during("ec2:DescribeVpcEndpoints")?;
        // AWS shows deleted ones for a while.
        let deleted = |state: &State| state.as_str().eq_ignore_ascii_case("deleted");
        let endpoints = page.vpc_endpoints().iter();
        count += endpoints
            .filter(|endpoint| !endpoint.state().is_some_and(deleted))
            .count();
    }
    Ok(count)
}

async fn log_policies(clients: &Clients) -> Outcome<usize> {
    let mut count = 0;
    let mut next = None;
    loop {
        let answer = clients
            .logs()
            .describe_resource_policies()
            .set_next_token(next)
            .send()
            .await
            .during("logs:DescribeResourcePolicies")?;
        count += answer.resource_policies().len();
        next = answer.next_token;
        if next.is_none() {
            return Ok(count);
        }
    }
}

async fn unless_denied<T>(asked: impl Future<Output = Outcome<T>>) -> Outcome<Option<T>> {
    match asked.await {
        Ok(answer) => Ok(Some(answer)),
        Err(HandlerError {
            kind: ErrorKind::AccessDenied,
            operation,
            message,
            ..
        }) => {
            tracing::info!("not known of the account ({operation}): {message}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_of(pipeline: &str, tags: Option<&TagMap>) -> bool {
    let owner = tags.and_then(|tags| tags.get(TAG_PIPELINE));
    owner.map(String::as_str) == Some(pipeline)
}

/// Something that is there, and may be switched off: it is built upon all the
/// same, since there can be no other beside it.
struct Sole {
    name: String,
    is_stopped: bool,
}

/// Where nobody may ask whether it records, it is taken to.
async fn recorder(clients: &Clients, pipeline: &str) -> Outcome<Option<Sole>> {
    let Some(recorder) = config::customer_recorder(clients).await? else {
        return Ok(None);
    };
    if let Some(arn) = recorder.arn() {
        let tags = config::tags_of(clients, arn).await?;
        if is_of(pipeline, tags.as_ref()) {
            return Ok(None);
        }
    }
    let is_stopped = unless_denied(config::is_stopped(clients, &recorder)).await?;
    Ok(recorder.name.map(|name| Sole {
        name,
        is_stopped: is_stopped.unwrap_or(false),
    }))
}

async fn detector(clients: &Clients, pipeline: &str) -> Outcome<Option<Sole>> {
    let api = clients.guardduty();
    let listed = api.list_detectors().send().await;
    let ids = listed.during("guardduty:ListDetectors")?.detector_ids;
    let Some(id) = ids.unwrap_or_default().into_iter().next() else {
        return Ok(None);
    };
    let asked = api.get_detector().detector_id(&id).send().await;
    let detector = asked.during("guardduty:GetDetector")?;
    let is_stopped = detector.status == Some(DetectorStatus::Disabled);
    let tags = detector.tags.map(|tags| tags.into_iter().collect());
    let found = Sole {
        name: id,
        is_stopped,
    };
    Ok((!is_of(pipeline, tags.as_ref())).then_some(found))
}

/// The first trail that logs management events of this region, also one of
/// another region or of the organization that does.
async fn trail(clients: &Clients, pipeline: &str) -> Outcome<Option<String>> {
    let answer = clients
        .cloudtrail()
        .describe_trails()
        .include_shadow_trails(true)
        .send()
        .await
        .during("cloudtrail:DescribeTrails")?;
    let mut denied = None;
    for trail in answer.trail_list.unwrap_or_default() {
        let Some(arn) = trail.trail_arn() else {
            continue;
        };
        match is_to_build_on(clients, pipeline, arn).await {
            Ok(true) => return Ok(Some(arn.to_owned())),
            Ok(false) => {}
            // Of an organization's trail a member account may not see all.
            Err(error) if error.kind == ErrorKind::AccessDenied => denied = Some(error),
            Err(error) => return Err(error),
        }
    }
    denied.map_or(Ok(None), Err)
}

async fn is_to_build_on(clients: &Clients, pipeline: &str, arn: &str) -> Outcome<bool> {
    Ok(logs_management_events(clients, arn).await? && !is_trail_of(clients, pipeline, arn).await?)
}

async fn logs_management_events(clients: &Clients, arn: &str) -> Outcome<bool> {
    let api = clients.cloudtrail();
    let status = api.get_trail_status().name(arn).send().await;
    let status = found(status.during("cloudtrail:GetTrailStatus"))?;
    if status.and_then(|status| status.is_logging) != Some(true) {
        return Ok(false);
    }
    let selectors = api.get_event_selectors().trail_name(arn).send().await;
    let selectors = found(selectors.during("cloudtrail:GetEventSelectors"))?;
    Ok(selectors.is_some_and(|selectors| select_management_events(&selectors)))
}

/// Of basic selectors each logs them unless told otherwise; of advanced ones
/// those whose event category says so
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html>).
/// Reading alone is not enough: what changes something is what is watched.
fn select_management_events(selectors: &GetEventSelectorsOutput) -> bool {
    let basic = selectors.event_selectors().iter().any(|selector| {
        let kind = selector.read_write_type().map(|kind| kind.as_str());
        selector.include_management_events() != Some(false) && kind != Some("ReadOnly")
    });
    let advanced = selectors.advanced_event_selectors().iter().any(|selector| {
        let fields = selector.field_selectors();
        let says = |name: &str, value: &str| {
            fields.iter().any(|field| {
                field.field() == name && field.equals().iter().any(|said| said == value)
            })
        };
        says("eventCategory", "Management") && !says("readOnly", "true")
    });
    basic || advanced
}

/// The trails of an organization's other accounts show no tags; they are no
/// pipeline's of this account.
async fn is_trail_of(clients: &Clients, pipeline: &str, arn: &str) -> Outcome<bool> {
    let here = arn.split(':').nth(3) == Some(clients.region())
        && arn.split(':').nth(4) == Some(clients.account_id()?);
    if !here {
        return Ok(false);
    }
    let tags = cloudtrail::tags_of(clients, arn).await?;
    Ok(is_of(pipeline, tags.as_ref()))
}

/// A role that is no more writes no logs: the account has none then.
async fn api_logging_role(clients: &Clients, pipeline: &str) -> Outcome<Option<String>> {
    let Some((arn, role)) = apigateway::logging_role(clients).await? else {
        return Ok(None);
    };
    let tags = role.tags.unwrap_or_default().into_iter();
    let tags: TagMap = tags.map(|tag| (tag.key, tag.value)).collect();
    Ok((!is_of(pipeline, Some(&tags))).then_some(arn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudtrail::types::{
        AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType,
    };

    fn basic(management: Option<bool>, kind: ReadWriteType) -> GetEventSelectorsOutput {
        let selector = EventSelector::builder()
            .set_include_management_events(management)
            .read_write_type(kind)
            .build();
        GetEventSelectorsOutput::builder()
            .event_selectors(selector)
            .build()
    }

    fn advanced(fields: &[(&str, &str)]) -> GetEventSelectorsOutput {
        let fields = fields.iter().map(|(name, value)| {
            let field = AdvancedFieldSelector::builder().field(*name).equals(*value);
            field.build().unwrap()
        });
        let selector = AdvancedEventSelector::builder()
            .set_field_selectors(Some(fields.collect()))
            .build()
            .unwrap();
        GetEventSelectorsOutput::builder()
            .advanced_event_selectors(selector)
            .build()
    }

    #[test]
    fn a_trail_of_data_events_or_of_reads_alone_is_none_to_build_on() {
        for (selectors, enough) in [
            (basic(None, ReadWriteType::All), true),
            (basic(Some(true), ReadWriteType::WriteOnly), true),
            (basic(Some(true), ReadWriteType::ReadOnly), false),
            (basic(Some(false), ReadWriteType::All), false),
            (advanced(&[("eventCategory", "Management")]), true),
            (
                advanced(&[("eventCategory", "Management"), ("readOnly", "true")]),
                false,
            ),
            (advanced(&[("eventCategory", "Data")]), false),
        ] {
            assert_eq!(
                select_management_events(&selectors),
                enough,
                "{selectors:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_nobody_may_ask_is_not_known_and_what_failed_is_no_fact() {
        let fails = |kind| async move { Err::<(), _>(HandlerError::ours(kind, "x:Y", "no")) };
        let denied = unless_denied(fails(ErrorKind::AccessDenied)).await;
        assert_eq!(denied, Ok(None));
        assert_eq!(unless_denied(async { Ok(()) }).await, Ok(Some(())));
        for kind in [ErrorKind::Transient, ErrorKind::Throttled, ErrorKind::Other] {
            assert!(unless_denied(fails(kind)).await.is_err());
        }
    }
}
