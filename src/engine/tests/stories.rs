//! Random graphs, changes, failures, interruptions and hands from outside,
//! and what must hold whatever happens: an apply without trouble brings the
//! cloud to what is wanted, the next has nothing to do, a destroy leaves
//! nothing of ours, and nobody else's things are touched.

use super::cloud::{Cloud, OURS, Thing, Trouble};
use super::graphs::{Hand, Story, expand, name, story};
use super::terraform::{Terraform, att, of, template};
use super::types::{ALIAS, BUCKET, CHILD, KEY, POOL, SLOW, VAULT};
use crate::engine::template::Template;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

/// Things of others, some with names that look like ours.
fn strangers(cloud: &Cloud) {
    let mut world = cloud.world();
    for (kind, identifier, owner, id) in [
        (KEY, "key-theirs", "", ""),
        (VAULT, "vault-theirs", "documents-prod@nowhere-1", "R00"),
        (SLOW, "slow-theirs", "documents-prod@nowhere-1", "R01"),
        (BUCKET, "bucket-theirs", "", ""),
        (CHILD, "bucket-theirs/policy", "", ""),
        (ALIAS, "alias-theirs", "documents-prod@nowhere-1", "R02"),
    ] {
        let thing = Thing {
            owner: (owner.to_owned(), id.to_owned()),
            properties: json!({ "Size": 1 }),
            serial: 0,
            version: 0,
            pending: 0,
        };
        world.things.insert((kind, identifier.to_owned()), thing);
    }
}

async fn live(story: &Story) {
    let cloud = Cloud::default();
    strangers(&cloud);
    let theirs = cloud.world().strangers();
    let mut terraform = Terraform::new(&cloud);
    terraform.on_failure = story.on_failure;
    for chapter in &story.chapters {
        if chapter.destroys {
            terraform.destroy(&chapter.trouble).await;
        } else {
            let wanted = expand(&story.nodes, &chapter.config);
            terraform.looks_first = !chapter.blindly;
            let run = terraform.apply(&wanted, &chapter.trouble).await;
            terraform.looks_first = true;
            if run.complete && !chapter.blindly {
                terraform.assert_converged(&wanted);
            }
            import_if_refused(&mut terraform, run.refused).await;
        }
        for hand in &chapter.hands {
            match hand {
                Hand::Tampers(at) => cloud.world().tamper(&name(*at), "Size", json!(99)),
                Hand::Snatches(at) => cloud.world().snatch(&name(*at)),
                Hand::LosesDetails => terraform.lose_details(),
            }
        }
        assert_eq!(
            cloud.world().strangers(),
            theirs,
            "nobody else's things are touched"
        );
    }
    let last = match story.reverts {
        true => &story.chapters[0].config,
        false => &story.last,
    };
    let wanted = expand(&story.nodes, last);
    let mut run = terraform.apply(&wanted, &[]).await;
    if import_if_refused(&mut terraform, run.refused).await {
        run = terraform.apply(&wanted, &[]).await;
    }
    assert!(
        run.complete,
        "an apply without trouble is complete: {:?}",
        run.errors
    );
    terraform.assert_converged(&wanted);
    cloud.forget_calls();
    let run = terraform.apply(&wanted, &[]).await;
    assert!(run.was_empty(), "the next plan is empty: {:?}", run.plan);
    assert_eq!(cloud.changes(), [""; 0], "and changes nothing");
    for trouble in &story.end {
        terraform.destroy(trouble).await;
    }
    let (gone, errors) = terraform.destroy(&[]).await;
    assert!(gone, "a destroy without trouble is complete: {errors:?}");
    let world = cloud.world();
    assert!(
        world.ours().is_empty(),
        "nothing of ours is left: {:?}",
        world.ours()
    );
    assert_eq!(world.manifest, None);
    assert_eq!(
        world.strangers(),
        theirs,
        "nobody else's things are touched"
    );
    assert!(world.things.values().all(|thing| thing.owner.0 != OURS));
}

/// A create that was killed when everything was done but the answer is
/// complete, and no state knows it: it is refused, and imported.
async fn import_if_refused(terraform: &mut Terraform, refused: bool) -> bool {
    if refused {
        terraform.import().await;
    }
    refused
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work);
}

/// How many stories are told: always the same ones, or others each time when
/// `ENGINE_STORIES` says how many.
fn telling() -> ProptestConfig {
    let asked = std::env::var("ENGINE_STORIES")
        .ok()
        .and_then(|count| count.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(500),
        rng_seed: match asked {
            Some(_) => RngSeed::Random,
            None => RngSeed::Fixed(20_261_123),
        },
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(telling())]

    #[test]
    fn whatever_happens_the_next_apply_converges_and_destroy_leaves_nothing(story in story()) {
        run(live(&story));
    }
}

/// Every type, every kind of reference, each replaced or changed.
fn representative(version: u8) -> Template {
    let old = version == 0;
    let spec = if old { "a" } else { "b" };
    let mut resources = vec![
        ("Key", KEY, json!({ "Spec": spec })),
        ("Vault", VAULT, json!({ "Size": version + 1 })),
        (
            "Bucket",
            BUCKET,
            json!({ "Name": "raw", "Spec": spec, "Size": 5, "Uses": [att("Key", "Arn")] }),
        ),
        (
            "Policy",
            CHILD,
            json!({ "Parent": of("Bucket"), "Uses": [of("Key")] }),
        ),
        (
            "Alias",
            ALIAS,
            json!({ "Name": "main", "Target": of("Key") }),
        ),
        (
            "Slow",
            SLOW,
            json!({ "Size": version + 2, "Uses": [att("Bucket", "Arn")] }),
        ),
        (
            "Pool",
            POOL,
            json!({ "Spec": spec, "Uses": [att("Slow", "Version")] }),
        ),
        (
            "User",
            KEY,
            json!({ "Base": of("Pool"), "Uses": [att("Slow", "Version")] }),
        ),
    ];
    resources.push(match old {
        true => ("Gone", KEY, json!({ "Uses": [of("Vault")] })),
        false => ("New", KEY, json!({ "Uses": [of("Vault")] })),
    });
    template(&resources)
}

/// Kills at every call of a run in turn, before and after its effect, and
/// then applies what each of two configurations say.
async fn kill_matrix(prepare: &[u8], during: u8) {
    let mut killed = 0;
    for after in [false, true] {
        for then in [0, 1] {
            for at in 0.. {
                let cloud = Cloud::default();
                let mut terraform = Terraform::new(&cloud);
                for version in prepare {
                    terraform.succeed(&representative(*version)).await;
                }
                let trouble = if after {
                    Trouble::KilledAfter
                } else {
                    Trouble::KilledBefore
                };
                let run = terraform
                    .apply(&representative(during), &[(at, trouble)])
                    .await;
                if !run.killed {
                    break;
                }
                killed += 1;
                let wanted = representative(then);
                let run = terraform.apply(&wanted, &[]).await;
                if import_if_refused(&mut terraform, run.refused).await {
                    terraform.succeed(&wanted).await;
                } else {
                    assert!(
                        run.complete,
                        "killed at {at} (after: {after}), then {then}: {:?}",
                        run.errors
                    );
                }
                terraform.assert_converged(&wanted);
                cloud.forget_calls();
                assert!(
                    terraform.succeed(&wanted).await.was_empty(),
                    "killed at {at}, then {then}"
                );
                assert_eq!(cloud.changes(), [""; 0]);
            }
        }
    }
    assert!(killed >= 76, "{killed} points");
}

#[test]
fn a_create_killed_at_any_call_is_continued_with_the_same_or_another_configuration() {
    run(kill_matrix(&[], 0));
}

#[test]
fn an_update_killed_at_any_call_is_continued_or_taken_back() {
    run(kill_matrix(&[0], 1));
}

#[test]
fn a_destroy_killed_at_any_call_is_finished_by_the_next() {
    run(async {
        for trouble in [Trouble::KilledBefore, Trouble::KilledAfter] {
            for at in 0.. {
                let cloud = Cloud::default();
                strangers(&cloud);
                let theirs = cloud.world().strangers();
                let mut terraform = Terraform::new(&cloud);
                terraform.succeed(&representative(0)).await;
                terraform.destroy(&[(at, trouble)]).await;
                if cloud.trouble_left() {
                    break;
                }
                let (gone, errors) = terraform.destroy(&[]).await;
                assert!(gone, "killed at {at}: {errors:?}");
                let world = cloud.world();
                assert!(
                    world.ours().is_empty() && world.manifest.is_none(),
                    "killed at {at}"
                );
                assert_eq!(world.strangers(), theirs);
            }
        }
    });
}
