//! Parameters, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use serde_json::json;

#[test]
fn a_parameter_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let name = "/tap/documents-dev/baseline/documents-raw";
        hold(
            &bench,
            Case {
                id: "RawBucketBaseline",
                type_name: "AWS::SSM::Parameter",
                first: json!({
                    "Name": name, "Type": "String", "Value": "{}",
                    "Description": "What the bucket shall be",
                    "Tier": "Intelligent-Tiering",
                    "Tags": { "team": "blue" },
                }),
                then: vec![
                    json!({
                        "Name": name, "Type": "String", "Value": "x".repeat(5000),
                        "Description": "What the bucket shall be",
                        "Tier": "Intelligent-Tiering",
                        "Tags": { "team": "red", "stage": "dev" },
                    }),
                    json!({
                        "Name": name, "Type": "String", "Value": "{\"a\":1}",
                        "Tier": "Intelligent-Tiering",
                    }),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}
