//! Topics, against the contract.

use crate::contract::{Bench, Case, hold};
use crate::story;
use serde_json::json;

#[test]
fn a_topic_keeps_the_contract() {
    story(async |sandbox| {
        let bench = Bench::new(sandbox);
        let tags = |team: &str| json!([{ "Key": "team", "Value": team }]);
        hold(
            &bench,
            Case {
                id: "AlertsTopic",
                type_name: "AWS::SNS::Topic",
                first: json!({ "TopicName": "alerts", "Tags": tags("blue") }),
                then: vec![
                    json!({ "TopicName": "alerts", "DisplayName": "Alerts", "Tags": tags("red") }),
                ],
                unique: true,
                refuses_strangers: true,
            },
        )
        .await;
    });
}
