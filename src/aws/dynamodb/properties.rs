//! What can be said of a table, spelled as CloudFormation spells it, and the
//! one form in which it is compared
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>).

use crate::aws::tags::{self, Tag};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct TableProperties {
    pub table_name: String,
    pub attribute_definitions: Vec<AttributeDefinition>,
    pub key_schema: Vec<KeySchemaElement>,
    pub billing_mode: String,
    #[serde(default)]
    pub global_secondary_indexes: Vec<GlobalSecondaryIndex>,
    #[serde(default)]
    pub point_in_time_recovery_specification: PointInTimeRecovery,
    #[serde(rename = "SSESpecification", default)]
    pub sse_specification: SseSpecification,
    #[serde(default)]
    pub deletion_protection_enabled: bool,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct AttributeDefinition {
    pub attribute_name: String,
    pub attribute_type: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct KeySchemaElement {
    pub attribute_name: String,
    pub key_type: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct GlobalSecondaryIndex {
    pub index_name: String,
    pub key_schema: Vec<KeySchemaElement>,
    pub projection: Projection,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct Projection {
    pub projection_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_key_attributes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct PointInTimeRecovery {
    #[serde(default)]
    pub point_in_time_recovery_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_period_in_days: Option<i32>,
}

/// Not enabled means DynamoDB's own key, which nobody sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::aws) struct SseSpecification {
    #[serde(rename = "SSEEnabled")]
    pub sse_enabled: bool,
    #[serde(rename = "SSEType", default, skip_serializing_if = "Option::is_none")]
    pub sse_type: Option<String>,
    #[serde(
        rename = "KMSMasterKeyId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub kms_master_key_id: Option<String>,
}

/// DynamoDB's own when nothing is said.
const RECOVERY_DAYS: i32 = 35;

impl TableProperties {
    /// See `ResourceType::normalise`.
    pub fn normalise(&mut self) -> Result<(), String> {
        self.attribute_definitions
            .sort_by(|a, b| a.attribute_name.cmp(&b.attribute_name));
        normalise_keys("KeySchema", &mut self.key_schema)?;
        self.global_secondary_indexes
            .sort_by(|a, b| a.index_name.cmp(&b.index_name));
        for index in &mut self.global_secondary_indexes {
            let path = format!("GlobalSecondaryIndexes[{}].KeySchema", index.index_name);
            normalise_keys(&path, &mut index.key_schema)?;
            index.projection.non_key_attributes.sort();
        }
        let recovery = &mut self.point_in_time_recovery_specification;
        let days = recovery.recovery_period_in_days.unwrap_or(RECOVERY_DAYS);
        if !(1..=35).contains(&days) {
            return Err(
                "PointInTimeRecoverySpecification.RecoveryPeriodInDays: must be between 1 and 35"
                    .to_owned(),
            );
        }
        let enabled = recovery.point_in_time_recovery_enabled;
        recovery.recovery_period_in_days = enabled.then_some(days);
        let sse = &mut self.sse_specification;
        if sse.sse_enabled {
            sse.sse_type.get_or_insert_with(|| "KMS".to_owned());
        } else {
            *sse = SseSpecification::default();
        }
        tags::normalise(&mut self.tags)
    }

    /// See `ResourceType::check`. DynamoDB wants each key attribute defined,
    /// and no other.
    pub fn check(&self) -> Result<(), String> {
        if self.billing_mode != "PAY_PER_REQUEST" {
            return Err(format!(
                "BillingMode: {:?} is not supported, only PAY_PER_REQUEST",
                self.billing_mode
            ));
        }
        let used = self.key_attributes();
        let defined: Vec<&str> = self
            .attribute_definitions
            .iter()
            .map(|definition| definition.attribute_name.as_str())
            .collect();
        if used == defined {
            return Ok(());
        }
        Err(format!(
            "AttributeDefinitions: defines {defined:?}, but the keys of the table and its indexes \
             are {used:?}; they must be the same"
        ))
    }

    /// The attributes that keys are made of, sorted.
    fn key_attributes(&self) -> Vec<&str> {
        let keys = self.global_secondary_indexes.iter().map(|i| &i.key_schema);
        let mut used: Vec<&str> = keys
            .chain([&self.key_schema])
            .flatten()
            .map(|key| key.attribute_name.as_str())
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Leaves out the definitions of attributes that no key is made of, which
    /// an index that is gone may have left.
    pub fn drop_unused_definitions(&mut self) {
        let used: Vec<String> = self
            .key_attributes()
            .into_iter()
            .map(str::to_owned)
            .collect();
        self.attribute_definitions
            .retain(|definition| used.contains(&definition.attribute_name));
    }

    /// The type of an attribute, where it is defined.
    pub fn type_of(&self, attribute: &str) -> Option<&str> {
        let mut definitions = self.attribute_definitions.iter();
        let found = definitions.find(|definition| definition.attribute_name == attribute)?;
        Some(&found.attribute_type)
    }

    pub fn index(&self, name: &str) -> Option<&GlobalSecondaryIndex> {
        let mut indexes = self.global_secondary_indexes.iter();
        indexes.find(|index| index.index_name == name)
    }
}

/// The hash key first, then the range key if there is one.
fn normalise_keys(path: &str, keys: &mut [KeySchemaElement]) -> Result<(), String> {
    keys.sort_by(|a, b| a.key_type.cmp(&b.key_type));
    let types: Vec<&str> = keys.iter().map(|key| key.key_type.as_str()).collect();
    match types.as_slice() {
        ["HASH"] | ["HASH", "RANGE"] => Ok(()),
        _ => Err(format!(
            "{path}: must be one HASH key and at most one RANGE key"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn table() -> Value {
        json!({
            "TableName": "t",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "id", "AttributeType": "S" },
                { "AttributeName": "day", "AttributeType": "S" },
            ],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by-day",
                "KeySchema": [
                    { "AttributeName": "id", "KeyType": "RANGE" },
                    { "AttributeName": "day", "KeyType": "HASH" },
                ],
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"] },
            }],
        })
    }

    fn normalised(change: impl FnOnce(&mut Value)) -> Result<Value, String> {
        let mut value = table();
        change(&mut value);
        let mut typed: TableProperties =
            serde_json::from_value(value).map_err(|error| error.to_string())?;
        typed.normalise()?;
        typed.check()?;
        serde_json::to_value(typed).map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_as_others_left_it_can_be_seen() {
        let mut value = table();
        value["BillingMode"] = json!("PROVISIONED");
        value["GlobalSecondaryIndexes"] = json!([]);
        let mut typed: TableProperties = serde_json::from_value(value).expect("a table");
        typed.drop_unused_definitions();
        typed.normalise().expect("seen");
        let names: Vec<&str> = typed
            .attribute_definitions
            .iter()
            .map(|definition| definition.attribute_name.as_str())
            .collect();
        assert_eq!(
            names,
            ["id"],
            "the index took the definition of its key along"
        );
        assert!(typed.check().is_err(), "but nobody may ask for it");
    }

    #[test]
    fn sets_are_sorted_and_defaults_are_dynamodbs() {
        let value = normalised(|_| ()).expect("valid");
        assert_eq!(value["AttributeDefinitions"][0]["AttributeName"], "day");
        let index = &value["GlobalSecondaryIndexes"][0];
        assert_eq!(index["KeySchema"][0]["KeyType"], "HASH");
        assert_eq!(index["Projection"]["NonKeyAttributes"], json!(["a", "b"]));
        assert_eq!(value["SSESpecification"], json!({ "SSEEnabled": false }));
        assert_eq!(
            value["PointInTimeRecoverySpecification"],
            json!({ "PointInTimeRecoveryEnabled": false })
        );
        let value = normalised(|t| {
            t["SSESpecification"] = json!({ "SSEEnabled": true });
            t["PointInTimeRecoverySpecification"] = json!({ "PointInTimeRecoveryEnabled": true });
        })
        .expect("valid");
        assert_eq!(
            value["SSESpecification"],
            json!({ "SSEEnabled": true, "SSEType": "KMS" })
        );
        assert_eq!(
            value["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"],
            35
        );
    }

    #[test]
    fn what_dynamodb_would_refuse_is_refused_before() {
        type Change = fn(&mut Value);
        let table: &[(&str, Change)] = &[
            ("BillingMode", |t| t["BillingMode"] = json!("PROVISIONED")),
            ("AttributeDefinitions", |t| {
                t["AttributeDefinitions"] =
                    json!([{ "AttributeName": "id", "AttributeType": "S" }]);
            }),
            ("KeySchema", |t| t["KeySchema"] = json!([])),
            ("RecoveryPeriodInDays", |t| {
                t["PointInTimeRecoverySpecification"] = json!({
                    "PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 36,
                });
            }),
            ("unknown field", |t| t["StreamSpecification"] = json!({})),
        ];
        for (word, change) in table {
            let error = normalised(change).expect_err(word);
            assert!(error.contains(word), "{error}");
        }
    }
}
