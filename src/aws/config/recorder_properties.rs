//! The properties of a recorder, to and from the SDK's types.

use crate::aws::resource_type::Outcome;
use crate::engine::{ErrorKind, HandlerError};
use aws_sdk_config::types::{
    ConfigurationRecorder as SdkRecorder, RecordingGroup as SdkGroup, ResourceType as SdkType,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct RecorderProperties {
    pub(super) name: String,
    #[serde(rename = "RoleARN")]
    pub(super) role_arn: String,
    #[serde(default)]
    pub(super) recording_group: RecordingGroup,
}

/// What is recorded; everything of the region when nothing is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RecordingGroup {
    #[serde(default)]
    pub all_supported: bool,
    #[serde(default)]
    pub include_global_resource_types: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_types: Vec<String>,
}

impl Default for RecordingGroup {
    fn default() -> Self {
        Self {
            all_supported: true,
            include_global_resource_types: false,
            resource_types: Vec::new(),
        }
    }
}

impl RecorderProperties {
    pub fn check(&self) -> Result<(), String> {
        let group = &self.recording_group;
        match (group.all_supported, group.resource_types.is_empty()) {
            (true, true) | (false, false) => Ok(()),
            _ => {
                Err("RecordingGroup: holds either AllSupported = true or ResourceTypes".to_owned())
            }
        }
    }

    pub fn to_sdk(&self) -> SdkRecorder {
        let group = &self.recording_group;
        let types = group.resource_types.iter();
        let types: Vec<SdkType> = types.map(|kind| SdkType::from(kind.as_str())).collect();
        let group = SdkGroup::builder()
            .all_supported(group.all_supported)
            .include_global_resource_types(group.include_global_resource_types)
            .set_resource_types(Some(types).filter(|types| !types.is_empty()))
            .build();
        SdkRecorder::builder()
            .name(&self.name)
            .role_arn(&self.role_arn)
            .recording_group(group)
            .build()
    }

    pub fn from_sdk(recorder: &SdkRecorder) -> Outcome<Self> {
        let name = recorder.name().ok_or_else(|| {
            let message = "AWS answered a recorder without a name";
            let operation = "config:DescribeConfigurationRecorders";
            HandlerError::ours(ErrorKind::Other, operation, message)
        })?;
        let group = recorder.recording_group();
        let group = group.map(|group| RecordingGroup {
            all_supported: group.all_supported,
            include_global_resource_types: group.include_global_resource_types,
            resource_types: group
                .resource_types()
                .iter()
                .map(|kind| kind.as_str().to_owned())
                .collect(),
        });
        Ok(Self {
            name: name.to_owned(),
            role_arn: recorder.role_arn().unwrap_or_default().to_owned(),
            recording_group: group.unwrap_or_default(),
        })
    }
}
