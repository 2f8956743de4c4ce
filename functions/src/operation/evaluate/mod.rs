//! Answers AWS Config's custom rules: whether a resource of the pipeline is
//! encrypted as it must be, and whether its policy lets anybody in. Which of
//! the two a rule asks stands in its parameter `check`.
//!
//! Config hands over the resource as it recorded it; where that was too long
//! for an event (`Oversized...`), it is fetched from Config.
//!
//! Source: [Example events for Config rules](https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html).

mod access;
mod encryption;
mod item;
mod statement;

use super::{Call, Ending, Origin, Outcome};
use crate::clock;
use crate::error::Failure;
use crate::event::Incoming;
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::{ComplianceType, Evaluation, ResourceType};
use item::Item;
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

const NAME: &str = "evaluate";
/// With this token Config only wants to see whether the function answers.
const TEST_TOKEN: &str = "TESTMODE";
/// Config's limit for an annotation
/// (<https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html>).
const LONGEST_ANNOTATION: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    /// JSON as text.
    invoking_event: String,
    /// JSON as text; empty when the rule has no parameters.
    #[serde(default)]
    rule_parameters: String,
    result_token: String,
    #[serde(default)]
    config_rule_name: String,
    #[serde(default)]
    event_left_scope: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvokingEvent {
    message_type: String,
    configuration_item: Option<Item>,
    configuration_item_summary: Option<Summary>,
}

/// What Config says of an item that is too long for an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    resource_type: String,
    resource_id: String,
    configuration_item_capture_time: String,
    #[serde(default)]
    configuration_item_status: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Check {
    Encryption,
    Access,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    check: Check,
}

/// What a check finds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    Compliant,
    NonCompliant(String),
    /// The check has nothing to say about such a resource.
    NotApplicable(&'static str),
}

impl Event {
    fn invoking(&self) -> Result<InvokingEvent, Failure> {
        serde_json::from_str(&self.invoking_event).map_err(|error| Failure::Event {
            operation: NAME,
            problem: format!("its invokingEvent: {error}"),
        })
    }
}

impl Summary {
    fn at(&self) -> Result<OffsetDateTime, Failure> {
        clock::parse(&self.configuration_item_capture_time).ok_or_else(|| Failure::Event {
            operation: NAME,
            problem: "its capture time is no time".to_owned(),
        })
    }
}

impl InvokingEvent {
    fn summary(&self) -> Option<Summary> {
        if let Some(summary) = &self.configuration_item_summary {
            return Some(summary.clone());
        }
        let item = self.configuration_item.as_ref()?;
        Some(Summary {
            resource_type: item.resource_type.clone(),
            resource_id: item.resource_id.clone(),
            configuration_item_capture_time: item.configuration_item_capture_time.clone(),
            configuration_item_status: item.configuration_item_status.clone(),
        })
    }
}

/// A rule's evaluation of one recorded state of one resource is one operation.
pub(super) fn origin(event: &Value) -> Option<Origin> {
    let event = Event::deserialize(event).ok()?;
    let summary = event.invoking().ok()?.summary()?;
    Some(Origin {
        id: format!(
            "{}/{}/{}/{}",
            event.config_rule_name,
            summary.resource_type,
            summary.resource_id,
            summary.configuration_item_capture_time
        ),
        at: clock::parse(&summary.configuration_item_capture_time)?,
        principal: "config.amazonaws.com".to_owned(),
        source: "service",
    })
}

pub(super) async fn perform(call: &Call<'_>, incoming: &Incoming) -> Result<Ending, Failure> {
    let Incoming::Other(event) = incoming else {
        return Err(incoming.unknown(NAME));
    };
    let unknown = |problem: String| Failure::Event {
        operation: NAME,
        problem,
    };
    let event = Event::deserialize(event).map_err(|error| unknown(error.to_string()))?;
    let invoking = event.invoking()?;
    let Some(summary) = invoking.summary() else {
        let kind = &invoking.message_type;
        return Err(unknown(format!(
            "{kind} holds no resource; the rule must be triggered by configuration changes"
        )));
    };
    let parameters: Parameters = serde_json::from_str(&event.rule_parameters)
        .map_err(|error| unknown(format!("the rule's parameters: {error}")))?;
    let deleted = summary.configuration_item_status.contains("Deleted");
    let finding = if event.event_left_scope || deleted {
        Finding::NotApplicable("the resource is gone or has left the rule's scope")
    } else {
        let item = match invoking.configuration_item {
            Some(item) => item,
            None => recorded(call, &summary).await?,
        };
        judge(call, parameters.check, &item).await?
    };
    put(call, &event, &summary, &finding).await?;
    let (verdict, reason) = match &finding {
        Finding::Compliant => ("compliant", None),
        Finding::NonCompliant(why) => ("non-compliant", Some(why.clone())),
        Finding::NotApplicable(why) => ("not-applicable", Some((*why).to_owned())),
    };
    let mut outcome = Outcome::new(verdict)
        .fact("rule", event.config_rule_name)
        .fact("resource_type", summary.resource_type)
        .fact("resource", summary.resource_id);
    outcome.reason = reason;
    Ok(Ending::Done(outcome))
}

async fn judge(call: &Call<'_>, check: Check, item: &Item) -> Result<Finding, Failure> {
    // The rule's scope is this tag too; a rule that somebody widened must not
    // speak about strangers.
    if item.tag("tap:pipeline") != Some(call.settings.pipeline.as_str()) {
        let why = "the resource is not this pipeline's";
        return Ok(Finding::NotApplicable(why));
    }
    match check {
        Check::Encryption => encryption::judge(call, item).await,
        Check::Access => Ok(access::judge(item)),
    }
}

/// The item as Config keeps it: the state that the event speaks of, not a later
/// one, which has an event of its own.
async fn recorded(call: &Call<'_>, summary: &Summary) -> Result<Item, Failure> {
    let at = summary.at()?;
    let answer = call
        .clients
        .config()
        .get_resource_config_history()
        .resource_type(ResourceType::from(summary.resource_type.as_str()))
        .resource_id(&summary.resource_id)
        // Whether the instant itself is within, AWS does not say.
        .later_time(milliseconds(at + Duration::MILLISECOND))
        .limit(1)
        .send()
        .await
        .map_err(|error| {
            let resource = &summary.resource_id;
            Failure::aws("config:GetResourceConfigHistory", resource, error)
        })?;
    let item = answer.configuration_items().first().map(Item::from_history);
    current(item, summary)
}

/// The item, unless it is older than what the event speaks of: Config tells of
/// a state before everybody can read it. Then the event must come again.
fn current(item: Option<Item>, summary: &Summary) -> Result<Item, Failure> {
    let at = summary.at()?;
    let problem = match item {
        None => "Config has no record of it".to_owned(),
        Some(item) => match clock::parse(&item.configuration_item_capture_time) {
            Some(recorded) if recorded >= at => return Ok(item),
            _ => format!(
                "Config has no record of it as of {} yet",
                summary.configuration_item_capture_time
            ),
        },
    };
    Err(Failure::Integrity {
        operation: "config:GetResourceConfigHistory",
        resource: summary.resource_id.clone(),
        problem,
    })
}

/// Two states of one second keep their order.
fn milliseconds(at: OffsetDateTime) -> DateTime {
    // Every year that there is fits.
    DateTime::from_millis((at.unix_timestamp_nanos() / 1_000_000) as i64)
}

async fn put(
    call: &Call<'_>,
    event: &Event,
    summary: &Summary,
    finding: &Finding,
) -> Result<(), Failure> {
    let (compliance, annotation) = match finding {
        Finding::Compliant => (ComplianceType::Compliant, None),
        Finding::NonCompliant(why) => (ComplianceType::NonCompliant, Some(why.as_str())),
        Finding::NotApplicable(why) => (ComplianceType::NotApplicable, Some(*why)),
    };
    let annotation = annotation.map(|text| text.chars().take(LONGEST_ANNOTATION).collect());
    let unusable = |error: String| Failure::Event {
        operation: NAME,
        problem: error,
    };
    let evaluation = Evaluation::builder()
        .compliance_resource_type(&summary.resource_type)
        .compliance_resource_id(&summary.resource_id)
        .compliance_type(compliance)
        .set_annotation(annotation)
        .ordering_timestamp(milliseconds(summary.at()?))
        .build()
        .map_err(|error| unusable(error.to_string()))?;
    let answer = call
        .clients
        .config()
        .put_evaluations()
        .evaluations(evaluation)
        .result_token(&event.result_token)
        .test_mode(event.result_token == TEST_TOKEN)
        .send()
        .await
        .map_err(|error| Failure::aws("config:PutEvaluations", &summary.resource_id, error))?;
    // PutEvaluations answers 200 and lists what it did not take.
    match answer.failed_evaluations() {
        [] => Ok(()),
        _ => Err(Failure::Integrity {
            operation: "config:PutEvaluations",
            resource: summary.resource_id.clone(),
            problem: "Config did not take the evaluation".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_state_of_the_same_resource_is_the_same_operation() {
        let item = json!({
            "resourceType": "AWS::S3::Bucket", "resourceId": "b", "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-12T10:00:00.000Z", "configuration": {},
        });
        let event = |invoking: Value| {
            json!({
                "invokingEvent": invoking.to_string(), "ruleParameters": "{\"check\":\"encryption\"}",
                "resultToken": "t", "configRuleName": "encryption-documents-dev", "version": "1.0",
            })
        };
        let whole = event(
            json!({ "messageType": "ConfigurationItemChangeNotification", "configurationItem": item }),
        );
        let summary = event(
            json!({ "messageType": "OversizedConfigurationItemChangeNotification", "configurationItemSummary": item }),
        );
        let origin_of = |event: &Value| origin(event).unwrap();
        assert_eq!(origin_of(&whole), origin_of(&summary));
        assert_eq!(
            origin_of(&whole).id,
            "encryption-documents-dev/AWS::S3::Bucket/b/2026-11-12T10:00:00.000Z"
        );
        let scheduled =
            event(json!({ "messageType": "ScheduledNotification", "awsAccountId": "1" }));
        assert_eq!(origin(&scheduled), None);
    }

    #[test]
    fn an_older_record_is_not_the_state_that_an_event_speaks_of() {
        let summary: Summary = serde_json::from_value(json!({
            "resourceType": "AWS::IAM::Policy", "resourceId": "p", "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-12T10:00:00.123Z",
        }))
        .unwrap();
        let item = |at: &str| {
            Some(Item {
                configuration_item_capture_time: at.to_owned(),
                ..Item::default()
            })
        };
        assert!(current(item("2026-11-12T10:00:00.123Z"), &summary).is_ok());
        for none in [item("2026-11-12T10:00:00.122Z"), item(""), None] {
            let failure = current(none, &summary).unwrap_err();
            assert_eq!(failure.kind(), "IntegrityError");
        }
    }

    #[test]
    fn two_states_of_one_second_keep_their_order() {
        let at = |text: &str| milliseconds(clock::parse(text).unwrap());
        assert!(at("2026-11-12T10:00:00.100Z") < at("2026-11-12T10:00:00.900Z"));
    }
}
