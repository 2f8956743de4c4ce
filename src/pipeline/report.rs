//! `data "tap_compliance_report"`, and the same for the command line: a live
//! pipeline, judged control by control. Reads, and changes nothing.

use super::cloud::{Cloud, Shared};
use super::failure::error;
use super::operations::{Operations, Surveyed, parse_id};
use super::schema;
use super::settling;
use crate::evidence::{self, Finding, Observed, Pipeline, Report, Singletons, Status};
use crate::plugin;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tf_provider::AttributePath;
use tf_provider::DataSource;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::{Value, ValueEmpty};
use tokio_util::sync::CancellationToken;

/// The data source's value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReportState {
    pipeline_id: Value<String>,
    account_id: Value<String>,
    region: Value<String>,
    checked_at: Value<String>,
    passed: Value<i64>,
    failed: Value<i64>,
    waived: Value<i64>,
    account_level: Value<i64>,
    findings: Value<Vec<Value<FindingBlock>>>,
    ocsf_json: Value<String>,
    html: Value<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct FindingBlock {
    requirements: Value<Vec<Value<String>>>,
    controls: Value<Vec<Value<String>>>,
    check: Value<String>,
    title: Value<String>,
    logical_id: Value<String>,
    resource_type: Value<String>,
    physical_id: Value<String>,
    observed: Value<String>,
    status: Value<String>,
    reason: Value<String>,
}

/// The data source.
pub struct ComplianceReport {
    shared: Arc<Shared>,
}

impl ComplianceReport {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl DataSource for ComplianceReport {
    type State<'a> = ReportState;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema::report())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: ReportState) -> Option<()> {
        if let Value::Value(id) = &config.pipeline_id {
            parse_id(diags, place(), id)?;
        }
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        config: ReportState,
        _meta: ValueEmpty,
    ) -> Option<ReportState> {
        let id = config.pipeline_id.as_ref_option()?.clone();
        let (_, _, region) = parse_id(diags, place(), &id)?;
        let session = settling::session(diags, &self.shared)?;
        let cloud = settling::cloud(diags, &session, Some(&region)).await?;
        let report = report(diags, &cloud, &id, plugin::cancellation()).await?;
        Some(state(&report))
    }
}

fn place() -> AttributePath {
    AttributePath::new("pipeline_id")
}

/// Judges the pipeline of an id, which is in the cloud's region.
pub async fn report(
    diags: &mut Diagnostics,
    cloud: &Cloud,
    id: &str,
    cancel: CancellationToken,
) -> Option<Report> {
    let (name, suffix, _) = parse_id(diags, place(), id)?;
    let operations = Operations {
        cloud,
        name,
        suffix,
        cancel: cancel.clone(),
    };
    let Surveyed {
        template, ledger, ..
    } = operations.survey(diags).await?;
    let mut pipeline = Pipeline {
        id: operations.id(),
        account_id: cloud.here.account_id.clone(),
        region: cloud.here.region.clone(),
        at: now(),
        ..Pipeline::default()
    };
    for (id, resource) in &template.resources {
        let identifier = ledger.identifier(id);
        match (identifier, ledger.details.get(id)) {
            (Some(identifier), Some(details)) => {
                let observed = Observed {
                    type_name: resource.type_name.clone(),
                    identifier: identifier.to_owned(),
                    reference: details.reference.clone(),
                    attributes: details.attributes.clone(),
                    properties: details.live.clone().unwrap_or_default(),
                };
                pipeline.resources.insert(id.clone(), observed);
            }
            _ => {
                let missing = resource.type_name.clone();
                pipeline.missing.insert(id.clone(), missing);
            }
        }
    }
    let secrets: Vec<String> = pipeline
        .resources
        .values()
        .filter(|resource| resource.type_name == "AWS::SecretsManager::Secret")
        .map(|resource| resource.identifier.clone())
        .collect();
    match cloud.evidence(&secrets, &cancel).await {
        Ok((account, used)) => {
            pipeline.secrets = used;
            pipeline.singletons = Singletons {
                recorder: account.recorder,
                detector: account.detector,
                trail: account.trail,
            };
        }
        Err(cause) => {
            error(
                diags,
                AttributePath::root(),
                "The report is not complete",
                format!(
                    "{cause}\n\nA report that could not look is no report. Run it again, or with credentials that may read."
                ),
            );
            return None;
        }
    }
    Some(evidence::judge(&pipeline))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

fn state(report: &Report) -> ReportState {
    let text = |text: &str| Value::Value(text.to_owned());
    let texts = |texts: &[&str]| Value::Value(texts.iter().map(|one| text(one)).collect());
    let count = |status| Value::Value(i64::try_from(report.count(status)).unwrap_or(i64::MAX));
    let finding = |finding: &Finding| FindingBlock {
        requirements: texts(finding.requirements),
        controls: texts(&finding.control_ids()),
        check: text(finding.check),
        title: text(finding.title),
        logical_id: text(&finding.logical_id),
        resource_type: text(&finding.type_name),
        physical_id: text(&finding.physical_id),
        observed: text(&finding.observed),
        status: text(finding.status.as_str()),
        reason: text(finding.reason),
    };
    ReportState {
        pipeline_id: text(&report.pipeline_id),
        account_id: text(&report.account_id),
        region: text(&report.region),
        checked_at: text(&evidence::timestamp(report.at)),
        passed: count(Status::Pass),
        failed: count(Status::Fail),
        waived: count(Status::Waived),
        account_level: count(Status::Account),
        findings: Value::Value(
            report
                .findings
                .iter()
                .map(|one| Value::Value(finding(one)))
                .collect(),
        ),
        ocsf_json: Value::Value(evidence::ocsf(report).to_string()),
        html: Value::Value(evidence::page(report)),
    }
}
