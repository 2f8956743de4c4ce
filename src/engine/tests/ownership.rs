//! Whose a thing is: strangers are refused by name, own unfinished work is
//! taken over, and nothing is held by two.

use super::cloud::{Cloud, Key, OURS, Op, Thing, Trouble};
use super::terraform::{Terraform, of, template};
use super::types::{ALIAS, BUCKET, CHILD, KEY, LEASE, VAULT};
use crate::engine::ErrorKind;
use crate::engine::lifecycle::OnCreateFailure;
use serde_json::{Value, json};

fn put(cloud: &Cloud, key: (&'static str, &str), owner: (&str, &str), properties: Value) -> Key {
    let mut world = cloud.world();
    world.serial += 1;
    let serial = world.serial;
    let thing = Thing {
        owner: (owner.0.to_owned(), owner.1.to_owned()),
        properties,
        serial,
        version: 0,
        pending: 0,
    };
    let key = (key.0, key.1.to_owned());
    world.things.insert(key.clone(), thing);
    key
}

fn bucket(spec: &str) -> Value {
    json!({ "Name": "raw", "Spec": spec, "Size": 1, "Uses": [], "Base": "" })
}

#[tokio::test]
async fn a_strangers_bucket_is_refused_by_name_and_left_alone() {
    for owner in [("", ""), ("documents-prod@nowhere-1", "Bucket")] {
        let cloud = Cloud::default();
        put(&cloud, (BUCKET, "raw"), owner, bucket("a"));
        let before = cloud.world().strangers();
        let mut terraform = Terraform::new(&cloud);
        let run = terraform
            .apply(&template(&[("Bucket", BUCKET, bucket("a"))]), &[])
            .await;
        assert_eq!(run.errors[0].source.kind, ErrorKind::Stranger);
        assert!(
            run.errors[0].to_string().contains("raw belongs to"),
            "{}",
            run.errors[0]
        );
        let tries = cloud
            .calls()
            .iter()
            .filter(|call| *call == "Create Bucket")
            .count();
        assert_eq!(tries, 1, "refused at once");
        terraform.destroy(&[]).await;
        assert_eq!(cloud.world().strangers(), before);
    }
}

#[tokio::test]
async fn a_stranger_in_the_place_of_ours_is_neither_read_nor_deleted() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform
        .succeed(&template(&[("Bucket", BUCKET, bucket("a"))]))
        .await;
    cloud.world().snatch("Bucket");
    put(&cloud, (BUCKET, "raw"), ("", ""), bucket("a"));
    let before = cloud.world().strangers();
    let seen = terraform.refresh().await;
    assert_eq!(seen.refreshed.errors[0].source.kind, ErrorKind::Stranger);
    let (gone, errors) = terraform.destroy(&[]).await;
    assert!(!gone && errors[0].source.kind == ErrorKind::Stranger);
    assert_eq!(cloud.world().strangers(), before);
}

#[tokio::test]
async fn what_is_ours_is_no_strangers_while_its_tags_are_not_seen_yet() {
    let wanted = template(&[("Bucket", BUCKET, bucket("a"))]);
    for late in [1, 2] {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        // Its answer is lost, so that it is looked for.
        cloud.world().tags_late = late;
        let run = terraform.apply(&wanted, &[(1, Trouble::AnswerLost)]).await;
        assert!(run.complete, "{:?}", run.errors);
        assert_eq!(cloud.world().tags_late, 0, "it was looked at meanwhile");
        cloud.world().tags_late = late;
        let seen = terraform.refresh().await;
        assert!(seen.refreshed.errors.is_empty());
        cloud.world().tags_late = late;
        assert!(terraform.destroy(&[]).await.0);
    }
}

#[tokio::test]
async fn own_work_that_an_earlier_time_left_is_taken_over() {
    let cloud = Cloud::default();
    let mut leftover = bucket("a");
    leftover["Size"] = json!(44);
    put(&cloud, (BUCKET, "raw"), (OURS, "Bucket"), leftover);
    let wanted = template(&[("Bucket", BUCKET, bucket("a"))]);
    let mut terraform = Terraform::new(&cloud);
    terraform.on_failure = OnCreateFailure::Rollback;
    let created = terraform.create_only(&wanted).await;
    assert!(created.complete);
    assert_eq!(created.adopted, ["Bucket"]);
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn own_work_that_cannot_become_what_is_wanted_keeps_its_data() {
    let cloud = Cloud::default();
    put(&cloud, (BUCKET, "raw"), (OURS, "Bucket"), bucket("other"));
    let mut terraform = Terraform::new(&cloud);
    let run = terraform
        .apply(&template(&[("Bucket", BUCKET, bucket("a"))]), &[])
        .await;
    assert!(
        run.errors[0].to_string().contains("holds data"),
        "{:?}",
        run.errors
    );
    assert_eq!(cloud.world().of("Bucket").len(), 1);
}

#[tokio::test]
async fn of_several_of_ours_one_fits_and_the_others_go() {
    // What twice a lost answer would leave.
    let cloud = Cloud::default();
    let of_spec = |spec: &str| json!({ "Spec": spec, "Size": 1, "Uses": [], "Base": "" });
    let unfit = put(&cloud, (KEY, "key-x"), (OURS, "Key"), of_spec("b"));
    let fit = put(&cloud, (KEY, "key-y"), (OURS, "Key"), of_spec("a"));
    let twin = put(&cloud, (KEY, "key-z"), (OURS, "Key"), of_spec("a"));
    let mut terraform = Terraform::new(&cloud);
    let wanted = template(&[("Key", KEY, json!({ "Spec": "a" }))]);
    let run = terraform
        .apply(&wanted, &[(1, Trouble::Fails(ErrorKind::Ambiguous))])
        .await;
    assert!(run.complete, "{:?}", run.errors);
    terraform.assert_converged(&wanted);
    let world = cloud.world();
    assert!(world.things.contains_key(&fit));
    assert!(!world.things.contains_key(&unfit) && !world.things.contains_key(&twin));
}

#[tokio::test]
async fn a_thing_that_holds_data_and_does_not_fit_is_left_alone() {
    let cloud = Cloud::default();
    let of_spec = |spec: &str| json!({ "Spec": spec, "Size": 1, "Uses": [], "Base": "" });
    let old = put(&cloud, (VAULT, "vault-x"), (OURS, "Vault"), of_spec("b"));
    let mut terraform = Terraform::new(&cloud);
    let wanted = template(&[("Vault", VAULT, json!({ "Spec": "a" }))]);
    terraform
        .apply(&wanted, &[(1, Trouble::Fails(ErrorKind::Ambiguous))])
        .await;
    assert!(cloud.world().things.contains_key(&old));
}

#[tokio::test]
async fn a_resource_under_another_logical_id_takes_over_what_it_finds() {
    let with = |id: &str| {
        template(&[
            ("Bucket", BUCKET, bucket("a")),
            (id, CHILD, json!({ "Parent": of("Bucket") })),
        ])
    };
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&with("Policy")).await;
    cloud.forget_calls();
    terraform.succeed(&with("Renamed")).await;
    assert!(
        !cloud
            .changes()
            .iter()
            .any(|change| change.starts_with("Delete"))
    );
    terraform.assert_converged(&with("Renamed"));
    assert!(terraform.succeed(&with("Renamed")).await.was_empty());
}

#[tokio::test]
async fn two_resources_cannot_hold_the_same_thing() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    let wanted = template(&[
        ("Bucket", BUCKET, bucket("a")),
        ("One", CHILD, json!({ "Parent": of("Bucket") })),
        ("Two", CHILD, json!({ "Parent": of("Bucket") })),
    ]);
    for _ in 0..2 {
        let run = terraform.apply(&wanted, &[]).await;
        assert_eq!(run.errors.len(), 1, "{:?}", run.errors);
        assert!(
            run.errors[0].to_string().contains("of this same pipeline"),
            "{}",
            run.errors[0]
        );
    }
    assert!(terraform.destroy(&[]).await.0);
}

#[tokio::test]
async fn what_cannot_be_looked_for_stops_an_apply_before_it_begins() {
    let cloud = Cloud::default();
    let wanted = template(&[("Key", KEY, json!({}))]);
    let mut terraform = Terraform::new(&cloud);
    terraform.apply(&wanted, &[(1, Trouble::KilledAfter)]).await;
    cloud.always_fails(Op::Find, "Key", ErrorKind::AccessDenied);
    cloud.forget_calls();
    let run = terraform.apply(&wanted, &[]).await;
    assert_eq!(run.errors[0].source.kind, ErrorKind::AccessDenied);
    assert!(!cloud.changes().contains(&"Create Key".to_owned()));
    cloud.works_again();
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

/// A create that is killed when something exists that points to a key, which
/// is then deleted outside.
async fn pointing_to_nothing(kind: &'static str, properties: Value) -> Terraform {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    let wanted = template(&[("Key", KEY, json!({})), ("Pointer", kind, properties)]);
    for at in 0.. {
        terraform
            .apply(&wanted, &[(at, Trouble::KilledAfter)])
            .await;
        if !cloud.world().of("Pointer").is_empty() {
            break;
        }
    }
    cloud.world().snatch("Key");
    terraform
}

#[tokio::test]
async fn what_points_to_something_that_is_gone_is_found_though_it_is_not_wanted_any_more() {
    let properties = json!({ "Name": "main", "Target": of("Key") });
    let mut terraform = pointing_to_nothing(ALIAS, properties).await;
    let wanted = template(&[("Key", KEY, json!({}))]);
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn what_could_not_be_looked_for_is_looked_for_before_a_second_is_made() {
    let properties = json!({ "Target": of("Key") });
    let mut terraform = pointing_to_nothing(LEASE, properties.clone()).await;
    let wanted = template(&[("Key", KEY, json!({})), ("Pointer", LEASE, properties)]);
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}
