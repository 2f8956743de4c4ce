//! What a web ACL keeps out of its logs and samples.

use super::incomplete;
use crate::aws::resource_type::Outcome;
use aws_sdk_wafv2::types as sdk;
use serde::{Deserialize, Serialize};

const OPERATION: &str = "wafv2:UpdateWebACL";

/// The fields whose values WAF replaces in all that it shows: logs, sampled
/// requests and what Security Lake gets
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/data-protection-masking.html>).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DataProtectionConfig {
    data_protections: Vec<DataProtection>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DataProtection {
    field: Field,
    action: String,
    #[serde(default)]
    exclude_rule_match_details: bool,
    #[serde(default)]
    exclude_rate_based_details: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Field {
    field_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    field_keys: Vec<String>,
}

impl DataProtectionConfig {
    /// A set of sets.
    pub fn normalise(&mut self) {
        for one in &mut self.data_protections {
            one.field.field_keys.sort();
        }
        self.data_protections.sort();
    }

    pub fn to_sdk(&self) -> Outcome<sdk::DataProtectionConfig> {
        let protections: Outcome<Vec<_>> = self.data_protections.iter().map(one_to_sdk).collect();
        sdk::DataProtectionConfig::builder()
            .set_data_protections(Some(protections?))
            .build()
            .map_err(|cause| incomplete(OPERATION, &cause))
    }

    pub fn from_sdk(config: sdk::DataProtectionConfig) -> Self {
        let mut config = Self {
            data_protections: config
                .data_protections
                .into_iter()
                .map(one_from_sdk)
                .collect(),
        };
        config.normalise();
        config
    }
}

fn one_to_sdk(one: &DataProtection) -> Outcome<sdk::DataProtection> {
    let keys = Some(one.field.field_keys.clone()).filter(|keys| !keys.is_empty());
    let field = sdk::FieldToProtect::builder()
        .field_type(one.field.field_type.as_str().into())
        .set_field_keys(keys)
        .build()
        .map_err(|cause| incomplete(OPERATION, &cause))?;
    sdk::DataProtection::builder()
        .field(field)
        .action(one.action.as_str().into())
        .exclude_rule_match_details(one.exclude_rule_match_details)
        .exclude_rate_based_details(one.exclude_rate_based_details)
        .build()
        .map_err(|cause| incomplete(OPERATION, &cause))
}

fn one_from_sdk(one: sdk::DataProtection) -> DataProtection {
    let (kind, keys) = match one.field {
        Some(field) => (
            field.field_type.as_str().to_owned(),
            field.field_keys.unwrap_or_default(),
        ),
        None => Default::default(),
    };
    DataProtection {
        field: Field {
            field_type: kind,
            field_keys: keys,
        },
        action: one.action.as_str().to_owned(),
        exclude_rule_match_details: one.exclude_rule_match_details,
        exclude_rate_based_details: one.exclude_rate_based_details,
    }
}
