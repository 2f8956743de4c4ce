//! What is done in which order, and how much at once.

use super::cloud::Cloud;
use super::terraform::{Terraform, att, of, template};
use super::types::{ALIAS, BUCKET, CHILD, KEY, POOL, SLOW};
use crate::engine::template::Template;
use serde_json::{Value, json};

/// Where a call stands in the log.
fn at(calls: &[String], call: &str) -> usize {
    let found = calls.iter().position(|other| other == call);
    found.unwrap_or_else(|| panic!("no {call} in {calls:?}"))
}

async fn changes_from(before: &Template, after: &Template) -> Vec<String> {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(before).await;
    cloud.forget_calls();
    terraform.succeed(after).await;
    terraform.assert_converged(after);
    let mut changes = cloud.changes();
    changes.retain(|change| !change.ends_with("Manifest"));
    changes
}

#[tokio::test]
async fn the_new_one_is_made_first_where_both_can_be() {
    let with = |spec: &str| {
        template(&[
            (
                "Alias",
                ALIAS,
                json!({ "Name": "main", "Target": of("Key") }),
            ),
            ("Key", KEY, json!({ "Spec": spec })),
        ])
    };
    let changes = changes_from(&with("a"), &with("b")).await;
    assert_eq!(changes, ["Create Key", "Update Alias", "Delete Key"]);
}

#[tokio::test]
async fn the_old_one_goes_first_where_two_would_collide_and_takes_its_children() {
    let with = |spec: &str| {
        template(&[
            ("Bucket", BUCKET, json!({ "Name": "raw", "Spec": spec })),
            ("Policy", CHILD, json!({ "Parent": of("Bucket") })),
            ("User", KEY, json!({ "Uses": [att("Bucket", "Arn")] })),
        ])
    };
    let changes = changes_from(&with("a"), &with("b")).await;
    assert_eq!(
        changes[..4],
        [
            "Delete Policy",
            "Delete Bucket",
            "Create Bucket",
            "Configure Bucket"
        ]
    );
    let mut rest = changes[4..].to_vec();
    rest.sort();
    assert_eq!(rest, ["Create Policy", "Update User"]);
}

#[tokio::test]
async fn what_is_replaced_because_of_what_goes_first_goes_before_it() {
    let with = |spec: &str| {
        template(&[
            ("Bucket", BUCKET, json!({ "Name": "raw", "Spec": spec })),
            ("User", KEY, json!({ "Base": of("Bucket") })),
        ])
    };
    let changes = changes_from(&with("a"), &with("b")).await;
    assert_eq!(
        changes,
        [
            "Delete User",
            "Delete Bucket",
            "Create Bucket",
            "Configure Bucket",
            "Create User"
        ]
    );
}

#[tokio::test]
async fn what_is_removed_waits_for_those_who_stop_using_it() {
    let before = template(&[
        ("Bucket", BUCKET, json!({ "Name": "raw" })),
        (
            "Alias",
            ALIAS,
            json!({ "Name": "main", "Target": of("Bucket") }),
        ),
        ("User", KEY, json!({ "Uses": [of("Alias")] })),
    ]);
    let after = template(&[
        ("Bucket", BUCKET, json!({ "Name": "other" })),
        ("User", KEY, json!({})),
    ]);
    let changes = changes_from(&before, &after).await;
    assert!(at(&changes, "Update User") < at(&changes, "Delete Alias"));
}

#[tokio::test]
async fn another_type_under_the_same_logical_id_is_deleted_as_what_it_was() {
    let before = template(&[("It", BUCKET, json!({ "Name": "raw" }))]);
    let after = template(&[("It", KEY, json!({}))]);
    assert_eq!(
        changes_from(&before, &after).await,
        ["Delete It", "Create It"]
    );
    assert_eq!(
        changes_from(&after, &before).await,
        ["Delete It", "Create It", "Configure It"]
    );
}

#[tokio::test]
async fn who_refers_to_something_starts_when_its_type_allows() {
    let calls_of = async |kind: &str| {
        let cloud = Cloud::default();
        let wanted = template(&[
            ("Origin", kind, json!({})),
            ("User", KEY, json!({ "Uses": [of("Origin")] })),
        ]);
        Terraform::new(&cloud).succeed(&wanted).await;
        cloud.calls()
    };
    let last_ready = |calls: &[String]| {
        calls
            .iter()
            .rposition(|call| call == "Ready Origin")
            .expect("a wait")
    };
    let calls = calls_of(SLOW).await;
    assert!(
        at(&calls, "Create User") < last_ready(&calls),
        "created is enough: {calls:?}"
    );
    let calls = calls_of(POOL).await;
    assert!(
        at(&calls, "Create User") > last_ready(&calls),
        "it must be ready: {calls:?}"
    );
}

#[tokio::test]
async fn depends_on_waits_until_it_is_ready() {
    let cloud = Cloud::default();
    let mut wanted = template(&[("Origin", SLOW, json!({})), ("Later", KEY, json!({}))]);
    wanted.resources.get_mut("Later").expect("it").depends_on = vec!["Origin".to_owned()];
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&wanted).await;
    let calls = cloud.calls();
    let ready = calls
        .iter()
        .rposition(|call| call == "Ready Origin")
        .expect("a wait");
    assert!(at(&calls, "Create Later") > ready);
    cloud.forget_calls();
    terraform.destroy(&[]).await;
    assert_eq!(
        cloud.changes()[1..],
        ["Delete Later", "Delete Origin", "Delete Manifest"]
    );
}

#[tokio::test]
async fn no_more_is_worked_on_at_once_than_allowed() {
    let resources: Vec<(String, Value)> = (0..20)
        .map(|n| (format!("K{n:02}"), json!({ "Size": n })))
        .collect();
    let wanted = |rows: &[(String, Value)]| {
        let rows: Vec<_> = rows
            .iter()
            .map(|(id, value)| (id.as_str(), SLOW, value.clone()))
            .collect();
        template(&rows)
    };
    for parallelism in [1, 3, 10] {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        terraform.engine.parallelism = parallelism;
        terraform.succeed(&wanted(&resources)).await;
        terraform.refresh().await;
        terraform.destroy(&[]).await;
        assert_eq!(cloud.world().most_in_flight, parallelism);
    }
}

#[tokio::test]
async fn the_longest_remaining_path_begins_first() {
    let wanted = template(&[
        ("A1", KEY, json!({})),
        ("A2", KEY, json!({})),
        ("Z1", KEY, json!({})),
        ("Z2", KEY, json!({ "Uses": [of("Z1")] })),
        ("Z3", KEY, json!({ "Uses": [of("Z2")] })),
    ]);
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.engine.parallelism = 1;
    terraform.succeed(&wanted).await;
    let changes = cloud.changes();
    assert!(
        at(&changes, "Create Z1") < at(&changes, "Create A1"),
        "{changes:?}"
    );
    assert!(
        at(&changes, "Create Z2") < at(&changes, "Create A2"),
        "{changes:?}"
    );
}

#[tokio::test]
async fn an_attribute_that_changes_with_an_update_reaches_those_who_use_it() {
    let with = |size: u8| {
        template(&[
            ("Slow", SLOW, json!({ "Size": size })),
            ("User", KEY, json!({ "Uses": [att("Slow", "Version")] })),
            ("Other", KEY, json!({ "Uses": [att("Slow", "Arn")] })),
        ])
    };
    assert_eq!(
        changes_from(&with(1), &with(2)).await,
        ["Update Slow", "Update User"]
    );
}
