//! A resource as AWS Config records it.
//!
//! Which fields a type has:
//! [AWS Config resource schema](https://github.com/awslabs/aws-config-resource-schema).

use crate::clock;
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::ConfigurationItem;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::OffsetDateTime;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Item {
    pub resource_type: String,
    pub resource_id: String,
    pub configuration_item_capture_time: String,
    pub configuration_item_status: String,
    pub tags: BTreeMap<String, String>,
    pub configuration: Value,
    pub supplementary_configuration: Map<String, Value>,
}

impl Item {
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(String::as_str)
    }

    /// A field by its path; Null where there is none.
    pub fn field(&self, path: &[&str]) -> &Value {
        let mut value = &self.configuration;
        for name in path {
            value = &value[*name];
        }
        value
    }

    /// A part of the supplementary configuration. Config writes some of them
    /// as objects and others as JSON in a text.
    pub fn supplement(&self, name: &str) -> Value {
        parsed(
            self.supplementary_configuration
                .get(name)
                .unwrap_or(&Value::Null),
        )
    }

    /// From `GetResourceConfigHistory`, which writes everything as text.
    pub fn from_history(item: &ConfigurationItem) -> Self {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let supplements = item.supplementary_configuration().into_iter().flatten();
        Self {
            resource_type: text(item.resource_type().map(|kind| kind.as_str())),
            resource_id: text(item.resource_id()),
            configuration_item_capture_time: item
                .configuration_item_capture_time()
                .and_then(instant)
                .map(clock::text)
                .unwrap_or_default(),
            configuration_item_status: text(
                item.configuration_item_status()
                    .map(|status| status.as_str()),
            ),
            tags: item
                .tags()
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .collect(),
            configuration: parsed(&Value::String(text(item.configuration()))),
            supplementary_configuration: supplements
                .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                .collect(),
        }
    }
}

/// An instant of the SDK, to the nearest millisecond: Config writes seconds as
/// a binary fraction, which is a little more or a little less.
pub fn instant(at: &DateTime) -> Option<OffsetDateTime> {
    let milliseconds = (at.as_nanos() + 500_000).div_euclid(1_000_000);
    clock::from_epoch_milliseconds(i64::try_from(milliseconds).ok()?)
}

/// JSON in a text becomes the JSON; all else stays.
pub fn parsed(value: &Value) -> Value {
    match value.as_str().map(serde_json::from_str::<Value>) {
        Some(Ok(inner)) => inner,
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_supplement_is_read_as_object_and_as_text() {
        let item: Item = serde_json::from_value(json!({
            "resourceType": "AWS::S3::Bucket", "resourceId": "b", "tags": { "tap:pipeline": "p" },
            "configuration": { "name": "b" }, "relatedEvents": [],
            "supplementaryConfiguration": { "A": { "x": 1 }, "B": "{\"x\":1}", "C": "plain" },
        }))
        .unwrap();
        assert_eq!(item.supplement("A"), item.supplement("B"));
        assert_eq!(item.supplement("C"), json!("plain"));
        assert_eq!(item.supplement("D"), Value::Null);
        assert_eq!(item.field(&["name"]), "b");
        assert_eq!(item.field(&["a", "b"]), &Value::Null);
        assert_eq!(item.tag("tap:pipeline"), Some("p"));
    }

    #[test]
    fn a_recorded_instant_is_the_one_that_the_event_names() {
        for seconds in [1_794_477_600.123_f64, 1_794_477_600.001, 1_794_477_600.999] {
            let at = instant(&DateTime::from_secs_f64(seconds)).unwrap();
            let milliseconds = format!("{seconds:.3}").replace('.', "").parse().unwrap();
            assert_eq!(Some(at), clock::from_epoch_milliseconds(milliseconds));
        }
    }
}
