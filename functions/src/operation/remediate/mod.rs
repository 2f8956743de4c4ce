//! Answers GuardDuty's findings and AWS Config's verdicts.
//!
//! | about | what is done | undone by |
//! |---|---|---|
//! | an EC2 instance | every network interface gets the quarantine group of its VPC alone | the groups before, in a tag of the interface and in the audit row |
//! | an IAM user's access key | made inactive; the user's sessions issued before are denied | made active; the policy deleted |
//! | a role's session | sessions issued before are denied | the policy deleted |
//! | an S3 bucket | encryption, public access block and policy of the baseline put back | the values before, in the audit row |
//!
//! Only what carries the pipeline's ownership tag is touched, unless
//! `TAP_REMEDIATION_SCOPE` is `account`; of the rest, and when `TAP_DRY_RUN`
//! is set, it is said what would be done. Nothing is ever attached, created
//! or given a permission: an attacker who makes findings gains nothing by it.
//!
//! # Interruption
//!
//! Each step reads first and does nothing where it is done already; a failed
//! step does not keep the others from being done, and makes the event come
//! again.
//!
//! What undoes a step is written before the step is done, as a row of its own
//! (`remediate#<event>#<call>/<target>`, verdict `intended`): an attempt that
//! comes later finds the step done and no longer knows what was there before,
//! and the row of the event itself is the one of the first attempt that ended,
//! which may have been a dry run.

mod bucket;
mod credentials;
mod finding;
mod instance;
mod step;

use super::{Call, Ending, Outcome};
use crate::alert::{self, Alert};
use crate::audit::{self, Intent};
use crate::error::Failure;
use crate::event::{BusEvent, Incoming};
use crate::settings::RemediationScope;
use aws_sdk_config::types::ResourceType;
use finding::{ComplianceChange, Finding, Target};
use serde_json::{Map, Value, json};
use step::Step;

const NAME: &str = "remediate";
/// The tag by which everything of a pipeline is known.
const PIPELINE_TAG: &str = "tap:pipeline";

pub(super) async fn perform(call: &Call<'_>, incoming: &Incoming) -> Result<Ending, Failure> {
    match incoming {
        Incoming::Bus(event) if event.is("aws.guardduty", "GuardDuty Finding") => {
            by_finding(call, event).await
        }
        Incoming::Bus(event) if event.is("aws.config", "Config Rules Compliance Change") => {
            by_compliance(call, event).await
        }
        other => Err(other.unknown(NAME)),
    }
}

async fn by_finding(call: &Call<'_>, event: &BusEvent) -> Result<Ending, Failure> {
    let finding: Finding = event.detail(NAME)?;
    let mut work = Work::default();
    match finding.elsewhere(account(call)?, &call.settings.region) {
        Some(why) => work.note(json!({
            "target": finding.resource.resource_type, "state": "impossible", "reason": why,
        })),
        None => {
            for target in finding.targets() {
                work.treat(call, event, &target).await;
            }
        }
    }
    let alert = Alert::new(
        "threat-finding",
        format!("GuardDuty: {} ({})", finding.kind, finding.severity_label()),
    )
    .fact("finding", finding.id.clone())
    .fact("account", finding.account_id.clone())
    .fact("severity", finding.severity)
    .fact("title", finding.title.clone());
    let outcome = work
        .end(call, alert)
        .await?
        .fact("finding", finding.id)
        .fact("account", finding.account_id)
        .fact("finding_type", finding.kind)
        .fact("severity", finding.severity)
        .fact("resource_type", finding.resource.resource_type);
    Ok(Ending::Done(outcome))
}

/// The account of this function: its topic's
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
fn account<'a>(call: &Call<'a>) -> Result<&'a str, Failure> {
    let topic = call.settings.need("TAP_TOPIC_ARN")?;
    topic.split(':').nth(4).ok_or_else(|| Failure::Setting {
        name: "TAP_TOPIC_ARN",
        why: format!("{topic:?} is no ARN of a topic"),
    })
}

async fn by_compliance(call: &Call<'_>, event: &BusEvent) -> Result<Ending, Failure> {
    let change: ComplianceChange = event.detail(NAME)?;
    if change.new_evaluation_result.compliance_type != "NON_COMPLIANT" {
        return Ok(Ending::Ignored("nothing that could be mended"));
    }
    let mut work = Work::default();
    if change.resource_type == "AWS::S3::Bucket" {
        let target = Target::Bucket(change.resource_id.clone());
        work.treat(call, event, &target).await;
    } else if call.settings.remediation_scope == RemediationScope::Pipeline
        && !is_recorded_as_ours(call, &change).await?
    {
        work.stranger();
    }
    // Rules of others report here too, on resources of others.
    if work.only_strangers() {
        return Ok(Ending::Ignored("another's resource"));
    }
    let subject = format!(
        "{} is not compliant with {}",
        change.resource_id, change.config_rule_name
    );
    let alert = Alert::new("non-compliant-resource", subject)
        .fact("resource", change.resource_id.clone())
        .fact("resource_type", change.resource_type.clone())
        .fact("rule", change.config_rule_name.clone());
    let outcome = work
        .end(call, alert)
        .await?
        .fact("rule", change.config_rule_name)
        .fact("resource", change.resource_id)
        .fact("resource_type", change.resource_type);
    Ok(Ending::Done(outcome))
}

/// Whether Config has recorded the resource with the pipeline's tag. Config has
/// judged it, so it knows it, whatever kind of resource it is.
async fn is_recorded_as_ours(call: &Call<'_>, change: &ComplianceChange) -> Result<bool, Failure> {
    let answer = call
        .clients
        .config()
        .get_resource_config_history()
        .resource_type(ResourceType::from(change.resource_type.as_str()))
        .resource_id(&change.resource_id)
        .limit(1)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(answer.configuration_items().first().is_some_and(|item| {
            let tag = item.tags().and_then(|tags| tags.get(PIPELINE_TAG));
            tag == Some(&call.settings.pipeline)
        })),
        Err(error) => {
            let resource = &change.resource_id;
            let failure = Failure::aws("config:GetResourceConfigHistory", resource, error);
            match failure.code() {
                // Such as the account itself, which some rules judge.
                Some("ResourceNotDiscoveredException" | "ValidationException") => Ok(false),
                _ => Err(failure),
            }
        }
    }
}

/// What a target needs, and whose it is.
struct Treatment {
    /// By name, for people.
    target: String,
    /// It carries the pipeline's tag: it may be touched.
    ours: bool,
    /// Nothing says that it was ever the pipeline's.
    stranger: bool,
    steps: Vec<Step>,
    /// Why more cannot be done.
    impossible: Option<String>,
}

/// What has been done about an event so far.
#[derive(Default)]
struct Work {
    actions: Vec<Value>,
    strangers: usize,
    targets: usize,
    done: usize,
    planned: usize,
    failures: Vec<Failure>,
}

impl Work {
    async fn treat(&mut self, call: &Call<'_>, event: &BusEvent, target: &Target) {
        self.targets += 1;
        let treatment = match target {
            Target::Instance(id) => instance::treatment(call, id).await,
            Target::AccessKey(key) => credentials::treatment(call, event, key).await,
            Target::Bucket(name) => bucket::treatment(call, name).await,
        };
        match treatment {
            Ok(treatment) => self.carry_out(call, event, treatment).await,
            Err(failure) => self.failures.push(failure),
        }
    }

    async fn carry_out(&mut self, call: &Call<'_>, event: &BusEvent, treatment: Treatment) {
        if treatment.stranger {
            self.strangers += 1;
        }
        let settings = call.settings;
        let held_back = if settings.dry_run {
            Some("dry run")
        } else if treatment.ours || settings.remediation_scope == RemediationScope::Account {
            None
        } else if treatment.stranger {
            Some("not the pipeline's")
        } else {
            Some("its ownership tag is gone")
        };
        if let Some(why) = treatment.impossible {
            self.note(json!({ "target": treatment.target, "state": "impossible", "reason": why }));
        }
        for step in treatment.steps {
            let mut note = step.note();
            if let Some(why) = held_back {
                self.planned += 1;
                note["state"] = json!("planned");
                note["reason"] = json!(why);
            } else if let Err(failure) = remembered(call, event, &step, &note).await {
                note["state"] = json!("failed");
                note["reason"] = json!(failure.to_string());
                self.failures.push(failure);
            } else {
                self.done += 1;
                note["state"] = json!("done");
            }
            self.note(note);
        }
    }

    /// Of another, and nothing is to be done about it.
    fn stranger(&mut self) {
        self.targets += 1;
        self.strangers += 1;
    }

    fn note(&mut self, note: Value) {
        self.actions.push(note);
    }

    fn only_strangers(&self) -> bool {
        self.targets > 0 && self.strangers == self.targets && self.done == 0
    }

    fn verdict(&self) -> &'static str {
        if self.done > 0 {
            "remediated"
        } else if self.planned > 0 {
            "planned"
        } else {
            "no-action"
        }
    }

    /// Tells the topic, and fails when a step or that did. What was done is
    /// part of the failure, so that its row has it.
    async fn end(mut self, call: &Call<'_>, alert: Alert) -> Result<Outcome, Failure> {
        let sentences: Vec<String> = self.actions.iter().map(step::sentence).collect();
        let verdict = match self.failures.is_empty() {
            true => self.verdict(),
            false => "failed",
        };
        let alert = alert
            .fact("verdict", verdict)
            .fact("actions", json!(sentences));
        if let Err(failure) = alert::publish(call, &alert).await {
            self.failures.push(failure);
        }
        if let Some(cause) = self.failures.into_iter().next() {
            return Err(Failure::Partly {
                done: self.actions,
                cause: Box::new(cause),
            });
        }
        Ok(Outcome::new(verdict).fact("actions", json!(self.actions)))
    }
}

/// Carries out a step whose undoing has been written down; without that it is
/// not carried out.
async fn remembered(
    call: &Call<'_>,
    event: &BusEvent,
    step: &Step,
    note: &Value,
) -> Result<(), Failure> {
    let text = |name: &str| note[name].as_str().unwrap_or_default();
    let intent = Intent {
        action: text("call"),
        target: text("target"),
        principal: &event.source,
        source: "event",
        detail: Map::from_iter([("undo".to_owned(), note["undo"].clone())]),
    };
    audit::intend(call, intent).await?;
    step.carry_out(call).await
}
