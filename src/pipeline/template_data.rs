//! `data "tap_secure_pipeline_template"`: the CloudFormation template that a
//! pipeline stands for, without an account. It is what auditors' tools read
//! (cfn-lint, checkov, cdk-nag), and it is what would be built.

use super::cloud::Cloud;
use super::failure::{error, problems, warnings};
use super::inputs::{self, Probe};
use super::schema;
use super::state::{AlertsBlock, AuditBlock, EncryptionBlock, State, StorageBlock, TextMap};
use super::{checks, settings};
use crate::blueprint::{self, Facts};
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
    audit: Value<AuditBlock>,
    alerts: Value<AlertsBlock>,
    overrides: TextMap,
    tags: TextMap,
    account_id: Value<String>,
    region: Value<String>,
    json: Value<String>,
}

/// The settings that decide what the template is.
const SETTINGS: [&str; 8] = [
    "name",
    "environment_suffix",
    "encryption",
    "storage",
    "audit",
    "alerts",
    "overrides",
    "tags",
];

impl TemplateState {
    /// The template as CloudFormation takes it, or what is wrong.
    pub fn render(&self, diags: &mut Diagnostics) -> Option<String> {
        let config = State {
            name: self.name.clone(),
            environment_suffix: self.environment_suffix.clone(),
            encryption: self.encryption.clone(),
            storage: self.storage.clone(),
            audit: self.audit.clone(),
            alerts: self.alerts.clone(),
            overrides: self.overrides.clone(),
            tags: self.tags.clone(),
            ..State::default()
        };
        let facts = self.facts(diags)?;
        let inputs = match inputs::read(&config, &BTreeMap::new(), Probe::First) {
            Ok(inputs) => inputs,
            Err(wrong) => {
                problems(diags, wrong);
                return None;
            }
        };
        checks::key_regions(diags, &inputs.spec, &facts);
        warnings(diags, inputs.warnings);
        let template = match blueprint::expand(&inputs.spec, &facts) {
            Ok(template) => template,
            Err(problem) => {
                checks::override_error(diags, &problem);
                return None;
            }
        };
        if let Some(registry) = Cloud::registry_offline() {
            checks::properties(diags, &registry, &template, &inputs.spec);
        }
        serde_json::to_string_pretty(&template.to_json()).ok()
    }

    fn facts(&self, diags: &mut Diagnostics) -> Option<Facts> {
        let documentation = Facts::documentation();
        let account_id = self.account_id.clone().unwrap_or(documentation.account_id);
        let region = self.region.clone().unwrap_or(documentation.region);
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
        Some(Facts {
            partition: Facts::partition_of(&region).to_owned(),
            account_id,
            region,
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
                     Touches no account; for compliance tools and for reading.",
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
        let json = config.render(diags)?;
        let facts = config.facts(diags)?;
        config.json = Value::Value(json);
        config.account_id = Value::Value(facts.account_id);
        config.region = Value::Value(facts.region);
        let plain = State {
            name: config.name.clone(),
            environment_suffix: config.environment_suffix.clone(),
            encryption: config.encryption.clone(),
            storage: config.storage.clone(),
            audit: config.audit.clone(),
            alerts: config.alerts.clone(),
            ..State::default()
        };
        let inputs = inputs::read(&plain, &BTreeMap::new(), Probe::First).ok()?;
        let filled = settings::planned(&plain, &inputs.spec);
        config.encryption = filled.encryption;
        config.storage = filled.storage;
        config.audit = filled.audit;
        config.alerts = filled.alerts;
        Some(config)
    }
}
