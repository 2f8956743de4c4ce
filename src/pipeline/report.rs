//! `data "tap_compliance_report"`, and the same for the command line: a live
//! pipeline, judged control by control. Reads, and changes nothing.

use super::cloud::{Cloud, Shared};
use super::failure::error;
use super::operations::{Operations, Surveyed, parse_id};
use super::schema;
use super::settling;
use crate::blueprint::Spec;
use crate::evidence::{self, Auditors, Brought, Finding, Observed, Pipeline, Report, Status};
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
        let cloud = settling::cloud_of(diags, &self.shared, place(), &id).await?;
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
    let operations = Operations::of(diags, place(), id, cloud, cancel.clone())?;
    let Surveyed {
        spec,
        template,
        ledger,
        ..
    } = operations.survey(diags).await?;
    let mut pipeline = Pipeline {
        id: operations.id(),
        account_id: cloud.here.account_id.clone(),
        region: cloud.here.region.clone(),
        brought: brought(&spec),
        auditors: Auditors {
            accounts: spec.access.trusted_account_ids.clone(),
            external_id: spec.access.external_id.clone(),
        },
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
            pipeline.account = account;
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

/// What the checks would ask, were it the pipeline's. The code that is brought
/// is none of it: no check looks at code.
fn brought(spec: &Spec) -> Vec<Brought> {
    const VPC_ID: &str = "network.vpc_id";
    let Spec {
        encryption,
        network,
        storage,
        secrets,
        ..
    } = spec;
    let keys = &encryption.key_arns;
    let one = [
        ("encryption.key_arns.data", "AWS::KMS::Key", &keys.data),
        (
            "encryption.key_arns.environment",
            "AWS::KMS::Key",
            &keys.environment,
        ),
        ("encryption.key_arns.logs", "AWS::KMS::Key", &keys.logs),
        (VPC_ID, "AWS::EC2::VPC", &network.vpc_id),
        (
            "network.endpoint_security_group_id",
            "AWS::EC2::SecurityGroup",
            &network.endpoint_security_group_id,
        ),
        (
            "secrets.rotation_function_arn",
            "AWS::Lambda::Function",
            &secrets.rotation_function_arn,
        ),
        (
            "storage.log_bucket_name",
            "AWS::S3::Bucket",
            &storage.log_bucket_name,
        ),
        (
            "storage.log_bucket_name",
            "AWS::S3::BucketPolicy",
            &storage.log_bucket_name,
        ),
    ];
    let one = one.into_iter().filter_map(|(by, type_name, identifier)| {
        Some(Brought {
            by: by.to_owned(),
            type_name,
            identifier: identifier.clone()?,
        })
    });
    let several = [
        (
            "network.route_table_ids",
            "AWS::EC2::RouteTable",
            &network.route_table_ids,
        ),
        (
            "network.subnet_ids",
            "AWS::EC2::Subnet",
            &network.subnet_ids,
        ),
    ];
    let several = several
        .into_iter()
        .flat_map(|(by, type_name, identifiers)| {
            let numbered = identifiers.iter().enumerate();
            numbered.map(move |(number, identifier)| Brought {
                by: format!("{by}[{number}]"),
                type_name,
                identifier: identifier.clone(),
            })
        });
    let mut of_the_network = Vec::new();
    if network.vpc_id.is_some() {
        of_the_network.push("AWS::EC2::NetworkAcl");
        if network.route_table_ids.is_empty() {
            of_the_network.push("AWS::EC2::RouteTable");
        }
    }
    let of_the_network = of_the_network.into_iter().map(|type_name| Brought {
        by: VPC_ID.to_owned(),
        type_name,
        identifier: String::new(),
    });
    one.chain(several).chain(of_the_network).collect()
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

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::blueprint::{self, Facts};
    use std::collections::BTreeSet;

    /// What is found of a pipeline with its template's properties for live ones,
    /// and the logical ids of its resources: which questions are asked does not
    /// depend on the answers.
    fn judged(change: impl FnOnce(&mut Spec)) -> (Vec<Finding>, BTreeSet<String>) {
        let mut spec = Spec::new("documents", "dev");
        change(&mut spec);
        let template = blueprint::expand(&spec, &Facts::documentation()).expect("a template");
        let ids = template.resources.keys().cloned().collect();
        let resources = template.resources.into_iter().map(|(id, resource)| {
            let observed = Observed {
                type_name: resource.type_name,
                properties: resource.properties,
                ..Observed::default()
            };
            (id, observed)
        });
        let pipeline = Pipeline {
            resources: resources.collect(),
            brought: brought(&spec),
            ..Pipeline::default()
        };
        (evidence::judge(&pipeline).findings, ids)
    }

    fn bring_network(spec: &mut Spec) {
        spec.network.vpc_id = Some("vpc-1".into());
        spec.network.subnet_ids = vec!["subnet-1".into(), "subnet-2".into()];
        spec.network.endpoint_security_group_id = Some("sg-1".into());
    }

    #[test]
    fn no_check_vanishes_with_what_is_brought() {
        let (whole, _) = judged(|_| {});
        let changes: [fn(&mut Spec); 5] = [
            bring_network,
            |spec| {
                bring_network(spec);
                spec.network.route_table_ids = vec!["rtb-1".into()];
            },
            |spec| spec.encryption.key_arns.data = Some("arn:aws:kms:us-east-1:1:key/1".into()),
            |spec| {
                let arn: Option<String> = Some("arn:aws:kms:us-east-1:1:key/1".into());
                spec.encryption.key_arns.environment = arn.clone();
                spec.encryption.key_arns.logs = arn;
            },
            |spec| spec.storage.log_bucket_name = Some("central-logs".into()),
        ];
        for (case, change) in changes.into_iter().enumerate() {
            let (found, ids) = judged(change);
            let of_gone =
                |one: &&Finding| !one.logical_id.is_empty() && !ids.contains(&one.logical_id);
            let gone: Vec<&Finding> = whole.iter().filter(of_gone).collect();
            assert!(!gone.is_empty(), "case {case} brings nothing");
            for finding in gone {
                let said = found.iter().any(|one| {
                    one.check == finding.check
                        && one.status == Status::Account
                        && one.observed.starts_with("not looked at: brought by ")
                });
                assert!(said, "case {case}: nothing is said of {}", finding.check);
            }
        }
    }

    #[test]
    fn what_is_brought_is_named_by_its_attribute() {
        let by = |change: fn(&mut Spec)| {
            let mut spec = Spec::new("documents", "dev");
            change(&mut spec);
            let brought = brought(&spec).into_iter();
            brought
                .map(|one| (one.by, one.type_name, one.identifier))
                .collect::<Vec<_>>()
        };
        let row = |by: &str, type_name: &'static str, identifier: &str| {
            (by.to_owned(), type_name, identifier.to_owned())
        };
        assert!(by(|_| {}).is_empty());
        assert_eq!(
            by(bring_network),
            [
                row("network.vpc_id", "AWS::EC2::VPC", "vpc-1"),
                row(
                    "network.endpoint_security_group_id",
                    "AWS::EC2::SecurityGroup",
                    "sg-1"
                ),
                row("network.subnet_ids[0]", "AWS::EC2::Subnet", "subnet-1"),
                row("network.subnet_ids[1]", "AWS::EC2::Subnet", "subnet-2"),
                row("network.vpc_id", "AWS::EC2::NetworkAcl", ""),
                row("network.vpc_id", "AWS::EC2::RouteTable", ""),
            ]
        );
        let function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";
        assert_eq!(
            by(|spec| {
                spec.secrets.rotation_function_arn =
                    Some("arn:aws:lambda:us-east-1:111122223333:function:rotate".into());
            }),
            [row(
                "secrets.rotation_function_arn",
                "AWS::Lambda::Function",
                function
            )]
        );
    }
}
