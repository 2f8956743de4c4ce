//! `data "tap_secure_pipeline_template"`: the CloudFormation template that a
//! pipeline stands for, without an account. It is what auditors' tools read
//! (cfn-lint, checkov, cdk-nag), and it is what would be built.

use super::cloud::Cloud;
use super::failure::{error, problems, warnings};
use super::inputs::{self, Probe};
use super::schema;
use super::state::*;
use super::{checks, settings};
use crate::blueprint::{self, Facts};
use crate::engine::template::{LogicalId, Template};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tf_provider::AttributePath;
use tf_provider::DataSource;
use tf_provider::Diagnostics;
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, Schema,
};
use tf_provider::value::{Value, ValueEmpty};

/// The settings of a pipeline, and where it would be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateState {
    name: Value<String>,
    environment_suffix: Value<String>,
    encryption: Value<EncryptionBlock>,
    storage: Value<StorageBlock>,
    network: Value<NetworkBlock>,
    functions: Value<FunctionsBlock>,
    api: Value<ApiBlock>,
    firewall: Value<FirewallBlock>,
    audit: Value<AuditBlock>,
    monitoring: Value<MonitoringBlock>,
    threats: Value<ThreatsBlock>,
    secrets: Value<SecretsBlock>,
    access: Value<AccessBlock>,
    compliance: Value<ComplianceBlock>,
    alerts: Value<AlertsBlock>,
    overrides: TextMap,
    tags: TextMap,
    account_id: Value<String>,
    region: Value<String>,
    json: Value<String>,
}

/// The settings that decide what the template is.
const SETTINGS: [&str; 17] = [
    "name",
    "environment_suffix",
    "encryption",
    "storage",
    "network",
    "functions",
    "api",
    "firewall",
    "audit",
    "monitoring",
    "threats",
    "secrets",
    "access",
    "compliance",
    "alerts",
    "overrides",
    "tags",
];

impl TemplateState {
    /// The template as CloudFormation takes it, or what is wrong. Of the
    /// account it is told `known`, and the settings say whose it is.
    pub fn render(&self, diags: &mut Diagnostics, known: Facts) -> Option<String> {
        let (template, _) = self.expanded(diags, known)?;
        serde_json::to_string_pretty(&template.to_json()).ok()
    }

    /// The same before it is text, with the area of each resource.
    pub fn expanded(
        &self,
        diags: &mut Diagnostics,
        known: Facts,
    ) -> Option<(Template, BTreeMap<LogicalId, &'static str>)> {
        let config = self.settings();
        let facts = self.facts(diags, known)?;
        let inputs = match inputs::read(&config, &BTreeMap::new(), Probe::First) {
            Ok(inputs) => inputs,
            Err(wrong) => {
                problems(diags, wrong);
                return None;
            }
        };
        checks::regions(diags, [&inputs.spec; 2], &facts);
        warnings(diags, inputs.warnings);
        let (template, areas) = match blueprint::expand_by_area(&inputs.spec, &facts) {
            Ok(expanded) => expanded,
            Err(problem) => {
                checks::override_error(diags, &problem);
                return None;
            }
        };
        if let Some(registry) = Cloud::registry_offline() {
            checks::properties(diags, &registry, &template, &inputs.spec);
        }
        Some((template, areas))
    }

    /// As the resource has them.
    pub(super) fn settings(&self) -> State {
        let Self {
            name,
            environment_suffix,
            encryption,
            storage,
            network,
            functions,
            api,
            firewall,
            audit,
            monitoring,
            threats,
            secrets,
            access,
            compliance,
            alerts,
            overrides,
            tags,
            ..
        } = self.clone();
        State {
            name,
            environment_suffix,
            encryption,
            storage,
            network,
            functions,
            api,
            firewall,
            audit,
            monitoring,
            threats,
            secrets,
            access,
            compliance,
            alerts,
            overrides,
            tags,
            ..State::default()
        }
    }

    fn facts(&self, diags: &mut Diagnostics, known: Facts) -> Option<Facts> {
        let account_id = self
            .account_id
            .clone()
            .unwrap_or_else(|| known.account_id.clone());
        let region = self.region.clone().unwrap_or_else(|| known.region.clone());
        if account_id.len() != 12 || !account_id.chars().all(|c| c.is_ascii_digit()) {
            error(
                diags,
                AttributePath::new("account_id"),
                "Not an account id",
                format!(
                    "\"{account_id}\" is not an AWS account id. Write twelve digits, as a string."
                ),
            );
            return None;
        }
        let partition = Facts::partition_of(&region);
        // The documentation's administrator, where the template is for.
        let administrator = known.administrator_arn.strip_prefix("arn:aws:");
        Some(Facts {
            administrator_arn: match administrator {
                Some(rest) => format!("arn:{partition}:{rest}"),
                None => known.administrator_arn,
            },
            partition: partition.to_owned(),
            account_id,
            region,
            ..known
        })
    }
}

/// The data source.
pub struct PipelineTemplate;

#[async_trait]
impl DataSource for PipelineTemplate {
    type State<'a> = TemplateState;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        let mut attributes = schema::settings();
        attributes.retain(|name, _| SETTINGS.contains(&name.as_str()));
        for (name, constraint, description) in [
            (
                "account_id",
                AttributeConstraint::OptionalComputed,
                "AWS account the template is rendered for. Default `111122223333`, the account of AWS' documentation.",
            ),
            (
                "region",
                AttributeConstraint::OptionalComputed,
                "AWS region the template is rendered for. Default `us-east-1`.",
            ),
            (
                "json",
                AttributeConstraint::Computed,
                "The CloudFormation template, as JSON.",
            ),
        ] {
            attributes.insert(
                name.to_owned(),
                Attribute {
                    attr_type: AttributeType::String,
                    constraint,
                    description: Description::markdown(description),
                    ..Attribute::default()
                },
            );
        }
        Some(Schema {
            version: 0,
            block: Block {
                version: 0,
                attributes,
                description: Description::markdown(
                    "The CloudFormation template that a `tap_secure_pipeline` with these settings stands for. \
                     Touches no account; for compliance tools and for reading. Its arguments are the resource's: what they say \
                     of changes, of what is refused and of `allow_data_loss` is said of a pipeline that stands.",
                ),
                ..Block::default()
            },
        })
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        mut config: TemplateState,
        _meta: ValueEmpty,
    ) -> Option<TemplateState> {
        let json = config.render(diags, Facts::documentation())?;
        let facts = config.facts(diags, Facts::documentation())?;
        config.json = Value::Value(json);
        config.account_id = Value::Value(facts.account_id);
        config.region = Value::Value(facts.region);
        let plain = config.settings();
        let inputs = inputs::read(&plain, &BTreeMap::new(), Probe::First).ok()?;
        let filled = settings::planned(&plain, &inputs.spec);
        Some(TemplateState {
            encryption: filled.encryption,
            storage: filled.storage,
            network: filled.network,
            functions: filled.functions,
            api: filled.api,
            firewall: filled.firewall,
            audit: filled.audit,
            monitoring: filled.monitoring,
            threats: filled.threats,
            secrets: filled.secrets,
            access: filled.access,
            compliance: filled.compliance,
            alerts: filled.alerts,
            ..config
        })
    }
}
