//! Manifest, incarnation and the three failure modes.

use super::cloud::{Cloud, OURS, Op, Trouble};
use super::terraform::{State, Terraform, att, of, template};
use super::types::{BUCKET, CHILD, KEY, SLOW};
use crate::engine::lifecycle::{DestroyRequest, OnCreateFailure, Refusal, Skipped};
use crate::engine::template::Template;
use crate::engine::{ErrorKind, ManifestStatus};
use serde_json::{Value, json};

fn usual() -> Template {
    template(&[
        ("Key", KEY, json!({})),
        (
            "Bucket",
            BUCKET,
            json!({ "Name": "raw", "Uses": [of("Key")] }),
        ),
        ("Slow", SLOW, json!({ "Uses": [att("Bucket", "Arn")] })),
    ])
}

fn only(id: &str, properties: Value) -> Template {
    template(&[(id, KEY, properties)])
}

async fn failed_create(on_failure: OnCreateFailure) -> (Cloud, Terraform, bool) {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.on_failure = on_failure;
    cloud.always_fails(Op::Create, "Slow", ErrorKind::Other);
    let run = terraform.apply(&usual(), &[]).await;
    cloud.works_again();
    assert!(!run.complete);
    (cloud, terraform, run.rolled_back)
}

fn destroy(state: &State, keep_if_unfinished: bool) -> DestroyRequest {
    DestroyRequest {
        ledger: state.ledger.clone(),
        incarnation: state.incarnation.clone(),
        keep_if_unfinished,
        protected: false,
        cancel: tokio_util::sync::CancellationToken::new(),
        deadline: None,
    }
}

#[tokio::test]
async fn keep_keeps_what_exists_and_the_tainted_pipeline_is_continued_in_place() {
    let (cloud, mut terraform, _) = failed_create(OnCreateFailure::Keep).await;
    assert!(terraform.state.as_ref().expect("a state").tainted);
    assert_eq!(
        cloud.world().manifest.as_ref().expect("it").status,
        ManifestStatus::Creating
    );
    cloud.forget_calls();
    terraform.succeed(&usual()).await;
    let changes = cloud.changes();
    assert!(
        changes.iter().all(|change| !change.starts_with("Delete")),
        "{changes:?}"
    );
    assert!(!changes.contains(&"Create Key".to_owned()));
    terraform.assert_converged(&usual());
    assert!(!terraform.state.as_ref().expect("a state").tainted);
}

#[tokio::test]
async fn an_unfinished_pipeline_is_kept_for_resume_only_when_the_caller_says_so() {
    let (cloud, terraform, _) = failed_create(OnCreateFailure::Keep).await;
    let state = terraform.state.clone().expect("a state");
    let destroyed = terraform.lifecycle().destroy(destroy(&state, true)).await;
    assert_eq!(destroyed.skipped, Some(Skipped::KeptForResume));
    assert_eq!(cloud.world().ours().len(), 2);
    let destroyed = terraform.lifecycle().destroy(destroy(&state, false)).await;
    assert!(destroyed.complete && cloud.world().ours().is_empty());
}

#[tokio::test]
async fn what_is_protected_is_deleted_in_no_replacement_and_what_is_unfinished_is_kept() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&usual()).await;
    let before = cloud.world().things.clone();
    let state = terraform.state.clone().expect("a state");
    for keep_if_unfinished in [true, false] {
        let request = DestroyRequest {
            protected: true,
            ..destroy(&state, keep_if_unfinished)
        };
        let destroyed = terraform.lifecycle().destroy(request).await;
        assert_eq!(destroyed.skipped, Some(Skipped::Protected));
        assert_eq!(cloud.world().things, before);
    }
    let (cloud, terraform, _) = failed_create(OnCreateFailure::Keep).await;
    let state = terraform.state.clone().expect("a state");
    let request = DestroyRequest {
        protected: true,
        ..destroy(&state, true)
    };
    let destroyed = terraform.lifecycle().destroy(request).await;
    assert_eq!(destroyed.skipped, Some(Skipped::KeptForResume));
    assert_eq!(cloud.world().ours().len(), 2);
}

#[tokio::test]
async fn replacing_a_ready_pipeline_is_a_real_destroy() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&usual()).await;
    let state = terraform.state.clone().expect("a state");
    let destroyed = terraform.lifecycle().destroy(destroy(&state, true)).await;
    assert!(destroyed.complete && destroyed.skipped.is_none());
    assert!(cloud.world().ours().is_empty());
}

#[tokio::test]
async fn rollback_deletes_what_it_created_and_the_manifest() {
    let (cloud, terraform, rolled_back) = failed_create(OnCreateFailure::Rollback).await;
    assert!(rolled_back && terraform.state.is_none());
    assert!(cloud.world().ours().is_empty());
    assert_eq!(cloud.world().manifest, None);
}

#[tokio::test]
async fn rollback_deletes_what_it_created_though_the_answer_was_lost() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.on_failure = OnCreateFailure::Rollback;
    cloud.always_fails(Op::Create, "Slow", ErrorKind::Other);
    terraform.apply(&usual(), &[(1, Trouble::AnswerLost)]).await;
    assert!(cloud.world().ours().is_empty() && terraform.state.is_none());
}

#[tokio::test]
async fn rollback_deletes_nothing_that_it_adopted() {
    let (cloud, mut terraform, _) = failed_create(OnCreateFailure::Keep).await;
    terraform.on_failure = OnCreateFailure::Rollback;
    let mut wanted = usual();
    wanted.resources.extend(only("Extra", json!({})).resources);
    cloud.always_fails(Op::Create, "Slow", ErrorKind::Other);
    let run = terraform.apply(&wanted, &[]).await;
    assert!(run.rolled_back);
    assert!(cloud.world().of("Extra").is_empty(), "it was created");
    assert_eq!(cloud.world().ours().len(), 2, "the others were adopted");
    assert!(terraform.state.is_some(), "and stay known");
    cloud.works_again();
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn resume_leaves_a_state_that_the_next_apply_updates_in_place() {
    let (cloud, mut terraform, _) = failed_create(OnCreateFailure::Resume).await;
    let incarnation = terraform
        .state
        .as_ref()
        .expect("a state")
        .incarnation
        .clone();
    let run = terraform.succeed(&usual()).await;
    assert!(run.plan.is_some(), "it is an update");
    assert_eq!(
        terraform.state.as_ref().expect("a state").incarnation,
        incarnation
    );
    terraform.assert_converged(&usual());
    assert_eq!(
        cloud.world().manifest.as_ref().expect("it").incarnation,
        incarnation
    );
}

#[tokio::test]
async fn what_vanishes_after_the_plan_of_a_create_that_goes_on_is_made_and_told_and_then_known() {
    for on_failure in [
        OnCreateFailure::Keep,
        OnCreateFailure::Resume,
        OnCreateFailure::Rollback,
    ] {
        let (cloud, mut terraform, _) = failed_create(OnCreateFailure::Keep).await;
        terraform.on_failure = on_failure;
        let promised = terraform.promised(&usual()).await.expect("found");
        assert_eq!(promised.keys().collect::<Vec<_>>(), ["Bucket", "Key"]);
        cloud.world().snatch("Key");
        let created = terraform.create_as(&usual(), promised.clone()).await;
        assert_eq!(created.moved, ["Key"], "{:?}", created.errors);
        assert!(!created.complete && !created.rolled_back);
        let said = created.errors[0].to_string();
        let (was, is) = (&promised["Key"], created.ledger.identifier("Key"));
        let is = is.expect("made again").to_owned();
        assert!(
            said.contains(&format!("the plan had found {was}")) && said.contains(&is),
            "{said}"
        );
        assert_eq!(
            cloud.world().manifest.as_ref().expect("it").status,
            ManifestStatus::Creating,
            "a complete one that is tainted would be destroyed"
        );
        terraform.state = Some(State {
            ledger: created.ledger,
            incarnation: created.incarnation.expect("begun"),
            tainted: true,
        });
        let promised = terraform.promised(&usual()).await.expect("found");
        assert_eq!(promised["Key"], is);
        terraform.succeed(&usual()).await;
        terraform.assert_converged(&usual());
    }
}

#[tokio::test]
async fn a_complete_pipeline_is_refused_and_left_alone() {
    let cloud = Cloud::default();
    Terraform::new(&cloud).succeed(&usual()).await;
    cloud.forget_calls();
    let second = Terraform::new(&cloud);
    let created = second.create_only(&usual()).await;
    assert_eq!(created.refused, Some(Refusal::AlreadyExists));
    assert_eq!(created.incarnation, None);
    assert_eq!(cloud.changes(), ["Create Manifest"]);
}

#[tokio::test]
async fn a_pipeline_whose_update_or_destroy_was_interrupted_is_not_up_for_grabs() {
    let cloud = Cloud::default();
    let mut first = Terraform::new(&cloud);
    first.succeed(&usual()).await;
    for status in [ManifestStatus::Updating, ManifestStatus::Deleting] {
        cloud.world().manifest.as_mut().expect("it").status = status;
        let created = Terraform::new(&cloud).create_only(&usual()).await;
        assert_eq!(created.refused, Some(Refusal::AlreadyExists), "{status:?}");
    }
}

#[tokio::test]
async fn adoption_writes_a_new_incarnation_and_the_old_state_can_do_nothing_any_more() {
    let cloud = Cloud::default();
    let mut first = Terraform::new(&cloud);
    first.succeed(&usual()).await;
    let old = first.state.clone().expect("a state");
    let mut second = Terraform::new(&cloud);
    second.adopt_existing = true;
    let created = second.create_only(&usual()).await;
    assert!(created.complete && created.incarnation != Some(old.incarnation.clone()));
    assert_eq!(created.adopted.len(), 3);
    second.assert_converged(&usual());
    assert!(first.refresh().await.foreign_incarnation);
    let updated = first
        .update_only(&only("Key", json!({ "Size": 9 })), old.clone())
        .await;
    assert_eq!(updated.errors[0].source.kind, ErrorKind::Stranger);
    assert_eq!(updated.ledger, old.ledger);
    let destroyed = first.lifecycle().destroy(destroy(&old, false)).await;
    assert_eq!(destroyed.skipped, Some(Skipped::NotOurIncarnation));
    assert_eq!(cloud.world().ours().len(), 3);
    second.assert_converged(&usual());
}

#[tokio::test]
async fn an_adoption_that_would_lose_data_is_refused_before_it_changes_anything() {
    let cloud = Cloud::default();
    let mut first = Terraform::new(&cloud);
    first.succeed(&usual()).await;
    let before = cloud.world().manifest.clone();
    let mut second = Terraform::new(&cloud);
    second.adopt_existing = true;
    let mut wanted = usual();
    wanted.resources.get_mut("Bucket").expect("it").properties["Name"] = json!("other");
    let created = second.create_only(&wanted).await;
    assert!(
        created.errors[0].to_string().contains("holds data"),
        "{:?}",
        created.errors
    );
    assert_eq!(cloud.world().manifest, before);
    assert!(first.succeed(&usual()).await.was_empty());
}

#[tokio::test]
async fn an_adoption_of_what_cannot_be_told_is_refused_before_it_changes_anything() {
    let cloud = Cloud::default();
    Terraform::new(&cloud).succeed(&usual()).await;
    // As of a later provider, whose spec says more than this one knows.
    cloud.world().manifest.as_mut().expect("it").spec = json!({ "of": "a later version" });
    let before = cloud.world().manifest.clone();
    let mut second = Terraform::new(&cloud);
    second.adopt_existing = true;
    let created = second.create_only(&usual()).await;
    assert_eq!(created.errors[0].source.operation, "the manifest");
    assert!(!created.complete);
    assert_eq!(cloud.world().manifest, before);
}

#[tokio::test]
async fn a_manifest_whose_answer_was_lost_is_our_own() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    let run = terraform.apply(&usual(), &[(0, Trouble::AnswerLost)]).await;
    assert!(run.complete, "{:?}", run.errors);
    let run = Terraform::new(&Cloud::default())
        .apply(&usual(), &[(0, Trouble::Fails(ErrorKind::Ambiguous))])
        .await;
    assert!(
        run.complete,
        "and one that was not written is written again: {:?}",
        run.errors
    );
}

#[tokio::test]
async fn what_several_interrupted_creates_wanted_is_not_forgotten() {
    // Each is killed after it made its first key; the last wants none of them.
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    for id in ["One", "Two", "Three"] {
        let wanted = only(id, json!({}));
        for at in 0.. {
            terraform
                .apply(&wanted, &[(at, Trouble::KilledAfter)])
                .await;
            if !cloud.world().of(id).is_empty() {
                break;
            }
        }
    }
    let wanted = only("Last", json!({}));
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn what_several_interrupted_updates_wanted_is_not_forgotten() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&only("Zero", json!({}))).await;
    let state = terraform.state.clone();
    for id in ["One", "Two"] {
        let wanted = template(&[("Zero", KEY, json!({})), (id, KEY, json!({}))]);
        for at in 0.. {
            terraform
                .apply(&wanted, &[(at, Trouble::KilledAfter)])
                .await;
            if !cloud.world().of(id).is_empty() {
                break;
            }
        }
        // The state is as old as the first of them.
        terraform.state.clone_from(&state);
    }
    terraform.succeed(&only("Zero", json!({}))).await;
    terraform.assert_converged(&only("Zero", json!({})));
}

#[tokio::test]
async fn a_replacement_interrupted_between_its_halves_and_taken_back_leaves_no_orphan() {
    let with = |spec: &str| {
        template(&[
            ("Key", KEY, json!({ "Spec": spec })),
            (
                "Bucket",
                BUCKET,
                json!({ "Name": "raw", "Spec": spec, "Uses": [of("Key")] }),
            ),
        ])
    };
    for half in ["Delete Bucket", "Create Key", "Create Bucket"] {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        terraform.succeed(&with("a")).await;
        cloud.forget_calls();
        let probe = Cloud::default();
        let mut rehearsal = Terraform::new(&probe);
        rehearsal.succeed(&with("a")).await;
        probe.forget_calls();
        rehearsal.succeed(&with("b")).await;
        let at = probe
            .calls()
            .iter()
            .position(|call| call == half)
            .expect("the half");
        assert!(
            terraform
                .apply(&with("b"), &[(at, Trouble::KilledAfter)])
                .await
                .killed
        );
        terraform.succeed(&with("a")).await;
        terraform.assert_converged(&with("a"));
    }
}

#[tokio::test]
async fn a_state_that_missed_the_end_of_an_apply_learns_of_it() {
    // Killed when all was done but the answer: the manifest is complete.
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&only("Key", json!({}))).await;
    let state = terraform.state.clone();
    let wanted = template(&[
        ("Key", KEY, json!({ "Spec": "b" })),
        ("New", KEY, json!({})),
    ]);
    terraform.succeed(&wanted).await;
    terraform.state = state;
    let run = terraform.succeed(&wanted).await;
    assert!(run.plan.expect("a plan").changes.keys().eq(["Key", "New"]));
    terraform.assert_converged(&wanted);
    assert_eq!(
        cloud
            .changes()
            .iter()
            .filter(|change| *change == "Create New")
            .count(),
        1
    );
    assert!(terraform.succeed(&wanted).await.was_empty());
}

#[tokio::test]
async fn importing_a_pipeline_gives_an_empty_plan() {
    let cloud = Cloud::default();
    Terraform::new(&cloud).succeed(&usual()).await;
    let mut second = Terraform::new(&cloud);
    second.import().await;
    assert!(second.succeed(&usual()).await.was_empty());
    cloud.world().tamper("Bucket", "Size", json!(9));
    let mut third = Terraform::new(&cloud);
    third.import().await;
    let plan = third.succeed(&usual()).await.plan.expect("a plan");
    assert!(plan.changes.keys().eq(["Bucket"]), "{:?}", plan.changes);
}

#[tokio::test]
async fn an_unfinished_pipeline_can_be_imported_and_finished() {
    let (cloud, _, _) = failed_create(OnCreateFailure::Keep).await;
    let mut second = Terraform::new(&cloud);
    second.import().await;
    second.succeed(&usual()).await;
    second.assert_converged(&usual());
}

#[tokio::test]
async fn a_manifest_that_someone_deleted_is_written_again() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&usual()).await;
    cloud.world().manifest = None;
    terraform.succeed(&usual()).await;
    terraform.assert_converged(&usual());
    cloud.world().manifest = None;
    assert!(terraform.destroy(&[]).await.0);
    assert!(cloud.world().ours().is_empty());
}

#[tokio::test]
async fn an_empty_account_is_a_pipeline_that_is_gone() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&usual()).await;
    for id in ["Slow", "Bucket", "Key"] {
        cloud.world().snatch(id);
    }
    assert!(!terraform.refresh().await.gone, "the manifest is left");
    cloud.world().manifest = None;
    assert!(terraform.refresh().await.gone);
    assert!(cloud.world().things.keys().all(|(_, id)| id != OURS));
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_stops_everything() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&usual()).await;
    cloud.always_fails(Op::Read, "Manifest", ErrorKind::AccessDenied);
    cloud.forget_calls();
    let state = terraform.state.clone().expect("a state");
    assert_eq!(terraform.refresh().await.refreshed.errors.len(), 1);
    let updated = terraform
        .update_only(&only("Key", json!({})), state.clone())
        .await;
    assert_eq!(updated.ledger, state.ledger);
    let destroyed = terraform.lifecycle().destroy(destroy(&state, false)).await;
    assert_eq!(destroyed.remainder, state.ledger);
    assert_eq!(cloud.changes(), [""; 0]);
}

#[tokio::test]
async fn what_hangs_under_the_successor_of_an_interrupted_replacement_is_found() {
    let with = |spec: &str| {
        template(&[
            ("Slow", SLOW, json!({ "Spec": spec })),
            ("Policy", CHILD, json!({ "Parent": of("Slow") })),
        ])
    };
    for at in 0.. {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        terraform.succeed(&with("a")).await;
        let run = terraform
            .apply(&with("b"), &[(at, Trouble::KilledBefore)])
            .await;
        if !run.killed {
            break;
        }
        let wanted = template(&[("Slow", SLOW, json!({ "Spec": "b" }))]);
        terraform.succeed(&wanted).await;
        terraform.assert_converged(&wanted);
    }
}
