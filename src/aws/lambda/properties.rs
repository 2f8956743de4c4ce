//! The properties of a function.

use crate::aws::tags::{self, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct FunctionProperties {
    pub function_name: String,
    pub runtime: String,
    pub handler: String,
    pub role: String,
    pub code: Code,
    #[serde(default = "x86_64")]
    pub architectures: Vec<String>,
    #[serde(default = "smallest")]
    pub memory_size: i32,
    #[serde(default = "three_seconds")]
    pub timeout: i32,
    #[serde(default)]
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    #[serde(default)]
    pub environment: Environment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
    #[serde(default)]
    pub tracing_config: TracingConfig,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrent_executions: Option<i32>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Only read: statements of its policy that the tag `tap:permissions` does
    /// not name, of which none is wanted. CloudFormation knows no such property.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_permissions: Vec<String>,
    /// Only read: the ARNs of layers, whose code runs as the function; none is
    /// wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_layers: Vec<String>,
    /// Only read: why Lambda could not make it. Nor does CloudFormation know
    /// these two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_failure: Option<String>,
    /// Only read: why Lambda could not put its last change into effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_failure: Option<String>,
}

/// Where the code comes from; see `code`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct Code {
    #[serde(rename = "S3Bucket")]
    pub s3_bucket: String,
    #[serde(rename = "S3Key")]
    pub s3_key: String,
    #[serde(
        rename = "S3ObjectVersion",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub s3_object_version: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct Environment {
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct VpcConfig {
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    #[serde(default)]
    pub security_group_ids: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct DeadLetterConfig {
    pub target_arn: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct TracingConfig {
    pub mode: String,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            mode: "PassThrough".to_owned(),
        }
    }
}

fn x86_64() -> Vec<String> {
    vec!["x86_64".to_owned()]
}

fn smallest() -> i32 {
    128
}

fn three_seconds() -> i32 {
    3
}

impl FunctionProperties {
    pub fn normalise(&mut self) -> Result<(), String> {
        self.kms_key_arn.take_if(|key| key.is_empty());
        self.dead_letter_config
            .take_if(|config| config.target_arn.is_empty());
        self.vpc_config.take_if(|vpc| vpc.subnet_ids.is_empty());
        if let Some(vpc) = &mut self.vpc_config {
            for ids in [&mut vpc.subnet_ids, &mut vpc.security_group_ids] {
                ids.sort();
                ids.dedup();
            }
        }
        self.foreign_permissions.sort();
        self.foreign_layers.sort();
        tags::normalise(&mut self.tags)
    }
}
