//! What happens to a pipeline behind the engine's back, and what a state that
//! forgot its details still knows.

use super::cloud::{Cloud, Op, Trouble};
use super::terraform::{Terraform, att, of, template};
use super::types::{BUCKET, KEY, SLOW};
use crate::engine::plan::Reason;
use crate::engine::template::Template;
use crate::engine::{DRIFTED, ErrorKind};
use serde_json::json;

fn usual() -> Template {
    template(&[
        ("Key", KEY, json!({ "Size": 1 })),
        (
            "Bucket",
            BUCKET,
            json!({ "Name": "raw", "Size": 3, "Uses": [of("Key")] }),
        ),
        ("User", KEY, json!({ "Uses": [att("Bucket", "Arn")] })),
    ])
}

async fn applied() -> (Cloud, Terraform) {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&usual()).await;
    cloud.forget_calls();
    (cloud, terraform)
}

#[tokio::test]
async fn drift_is_a_property_path_and_exactly_that_is_repaired() {
    let (cloud, mut terraform) = applied().await;
    cloud.world().tamper("Bucket", "Size", json!(9));
    let seen = terraform.refresh().await;
    let drifted: Vec<_> = seen
        .refreshed
        .drifted
        .iter()
        .map(|(id, drifts)| (id.as_str(), drifts[0].path.as_str()))
        .collect();
    assert_eq!(drifted, [("Bucket", "Size")]);
    assert!(seen.refreshed.ledger.lines["Bucket"].ends_with(DRIFTED));
    cloud.forget_calls();
    terraform.succeed(&usual()).await;
    assert_eq!(
        cloud.changes(),
        ["Update Manifest", "Update Bucket", "Update Manifest"]
    );
    terraform.assert_converged(&usual());
}

#[tokio::test]
async fn what_is_mended_outside_gets_its_old_line_back() {
    let (cloud, mut terraform) = applied().await;
    let state = terraform.state.clone().expect("a state");
    cloud.world().tamper("Bucket", "Size", json!(9));
    let seen = terraform.refresh().await;
    assert_ne!(seen.refreshed.ledger.lines, state.ledger.lines);
    terraform.state.as_mut().expect("a state").ledger = seen.refreshed.ledger;
    cloud.world().tamper("Bucket", "Size", json!(3));
    let seen = terraform.refresh().await;
    assert_eq!(seen.refreshed.ledger.lines, state.ledger.lines);
    assert!(seen.refreshed.drifted.is_empty());
}

#[tokio::test]
async fn what_was_deleted_is_made_again_and_those_who_use_it_follow() {
    let (cloud, mut terraform) = applied().await;
    cloud.world().snatch("Bucket");
    let run = terraform.succeed(&usual()).await;
    assert_eq!(
        run.plan.expect("a plan").changes["Bucket"],
        Reason::Vanished
    );
    assert_eq!(
        cloud.changes()[1..4],
        ["Create Bucket", "Configure Bucket", "Update User"]
    );
    terraform.assert_converged(&usual());
}

#[tokio::test]
async fn what_vanishes_between_plan_and_apply_is_made_again_under_the_planned_lines() {
    let (cloud, mut terraform) = applied().await;
    let wanted = template(&[
        ("Key", KEY, json!({ "Size": 1 })),
        (
            "Bucket",
            BUCKET,
            json!({ "Name": "raw", "Size": 4, "Uses": [of("Key")] }),
        ),
        ("User", KEY, json!({ "Uses": [att("Bucket", "Arn")] })),
    ]);
    let seen = terraform.refresh().await;
    let mut state = terraform.state.clone().expect("a state");
    state.ledger = seen.refreshed.ledger;
    let lines = crate::engine::plan::plan(&terraform.engine.registry, &wanted, &state.ledger).lines;
    cloud.world().snatch("Bucket");
    let updated = terraform.update_only(&wanted, state).await;
    assert!(updated.complete, "{:?}", updated.errors);
    assert_eq!(updated.ledger.lines, lines);
    terraform.state.as_mut().expect("a state").ledger = updated.ledger;
    terraform.assert_converged(&wanted);
    assert!(terraform.succeed(&wanted).await.was_empty());
}

#[tokio::test]
async fn if_that_is_interrupted_those_who_use_it_are_not_forgotten() {
    let (cloud, mut terraform) = applied().await;
    let wanted = template(&[
        ("Key", KEY, json!({ "Size": 1 })),
        (
            "Bucket",
            BUCKET,
            json!({ "Name": "raw", "Size": 4, "Uses": [of("Key")] }),
        ),
        ("User", KEY, json!({ "Uses": [att("Bucket", "Arn")] })),
    ]);
    let seen = terraform.refresh().await;
    let mut state = terraform.state.clone().expect("a state");
    state.ledger = seen.refreshed.ledger;
    cloud.world().snatch("Bucket");
    cloud.always_fails(Op::Update, "User", ErrorKind::Other);
    let updated = terraform.update_only(&wanted, state).await;
    assert!(!updated.complete);
    cloud.works_again();
    terraform.state.as_mut().expect("a state").ledger = updated.ledger;
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn a_thing_that_came_back_under_its_old_name_has_its_users_follow() {
    // As after an apply that was killed: the state knows nothing of it.
    let (cloud, mut terraform) = applied().await;
    {
        let mut world = cloud.world();
        let (key, mut thing) = world.of("Bucket")[0].clone();
        thing.serial = 77;
        world.things.insert(key, thing);
    }
    let seen = terraform.refresh().await;
    assert_eq!(seen.refreshed.drifted["User"][0].path, "Uses[0]");
    terraform.succeed(&usual()).await;
    terraform.assert_converged(&usual());
}

#[tokio::test]
async fn lost_details_and_equal_lines_are_an_empty_plan() {
    let (cloud, mut terraform) = applied().await;
    terraform.lose_details();
    assert!(terraform.succeed(&usual()).await.was_empty());
    assert_eq!(cloud.changes(), [""; 0]);
}

#[tokio::test]
async fn drift_is_seen_though_the_details_were_lost() {
    let (cloud, mut terraform) = applied().await;
    terraform.lose_details();
    cloud.world().tamper("Bucket", "Size", json!(9));
    let run = terraform.succeed(&usual()).await;
    let drifted = Reason::Drifted {
        paths: vec!["Size".to_owned()],
    };
    assert_eq!(run.plan.expect("a plan").changes["Bucket"], drifted);
    terraform.assert_converged(&usual());
}

#[tokio::test]
async fn an_interrupted_update_is_taken_back_though_the_details_were_lost() {
    let (_, mut terraform) = applied().await;
    let mut wanted = usual();
    wanted.resources.get_mut("Key").expect("it").properties = json!({ "Size": 2 });
    // Refresh makes a call for the manifest and one each; then come the
    // manifest twice, the key's read and its update.
    let run = terraform.apply(&wanted, &[(7, Trouble::KilledAfter)]).await;
    assert!(run.killed);
    assert_eq!(terraform.cloud.world().of("Key")[0].1.properties["Size"], 2);
    terraform.lose_details();
    terraform.succeed(&usual()).await;
    terraform.assert_converged(&usual());
}

#[tokio::test]
async fn an_unreadable_resource_is_an_error_and_never_a_new_one() {
    let (cloud, mut terraform) = applied().await;
    let before = terraform.state.clone().expect("a state").ledger;
    cloud.always_fails(Op::Read, "Bucket", ErrorKind::AccessDenied);
    let seen = terraform.refresh().await;
    assert_eq!(seen.refreshed.errors.len(), 1);
    assert_eq!(
        seen.refreshed.errors[0].source.kind,
        ErrorKind::AccessDenied
    );
    assert_eq!(seen.refreshed.vanished, [""; 0]);
    assert_eq!(seen.refreshed.ledger.lines, before.lines);
    assert_eq!(seen.refreshed.ledger.entries, before.entries);
    // Nor does an apply that was planned earlier touch it.
    let mut wanted = usual();
    wanted.resources.get_mut("Bucket").expect("it").properties["Size"] = json!(8);
    let state = terraform.state.clone().expect("a state");
    let updated = terraform.update_only(&wanted, state).await;
    assert!(!updated.complete);
    assert_eq!(updated.ledger.entries, before.entries);
    assert_eq!(updated.ledger.lines, before.lines);
    assert_eq!(cloud.changes(), ["Update Manifest"]);
    cloud.works_again();
    assert!(!terraform.succeed(&usual()).await.killed);
}

#[tokio::test]
async fn a_change_that_no_plan_has_shown_to_be_a_replacement_is_refused() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform
        .succeed(&template(&[("Slow", SLOW, json!({ "Size": 1 }))]))
        .await;
    let state = terraform.state.clone().expect("a state");
    cloud.world().tamper("Slow", "Spec", json!("b"));
    let wanted = template(&[("Slow", SLOW, json!({ "Size": 2 }))]);
    let updated = terraform.update_only(&wanted, state).await;
    assert!(
        updated.errors[0].to_string().contains("plan again"),
        "{:?}",
        updated.errors
    );
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn tags_that_were_ours_are_removed_and_those_of_others_stay() {
    let with = |tags: serde_json::Value| template(&[("Key", KEY, json!({ "Tags": tags }))]);
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&with(json!({ "a": 1, "b": 1 }))).await;
    cloud
        .world()
        .tamper("Key", "Tags", json!({ "a": 1, "b": 1, "theirs": 1 }));
    assert!(
        terraform
            .succeed(&with(json!({ "a": 1, "b": 1 })))
            .await
            .was_empty(),
        "tags of others are no drift"
    );
    terraform.succeed(&with(json!({ "a": 2 }))).await;
    let tags = cloud.world().of("Key")[0].1.properties["Tags"].clone();
    assert_eq!(tags, json!({ "a": 2, "theirs": 1 }));
}

#[tokio::test]
async fn one_read_that_fails_is_reported_though_others_have_to_be_read_again() {
    for at in 1..4 {
        let (cloud, mut terraform) = applied().await;
        terraform.lose_details();
        cloud.world().tamper("Bucket", "Size", json!(9));
        let trouble = Trouble::Fails(ErrorKind::AccessDenied);
        let run = terraform.apply(&usual(), &[(at, trouble)]).await;
        assert_eq!(run.errors.len(), 1, "at {at}");
        assert_eq!(cloud.changes(), [""; 0], "at {at}");
    }
}

#[tokio::test]
async fn a_state_that_is_older_than_the_pipeline_and_lost_its_details_trusts_no_line() {
    let (_, mut terraform) = applied().await;
    let state = terraform.state.clone();
    let mut changed = usual();
    changed.resources.get_mut("Key").expect("it").properties = json!({ "Size": 2 });
    terraform.succeed(&changed).await;
    terraform.state = state;
    terraform.lose_details();
    terraform.succeed(&usual()).await;
    terraform.assert_converged(&usual());
}
