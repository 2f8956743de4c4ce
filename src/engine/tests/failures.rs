//! Calls that fail, panic, are throttled or lose their answer; applies that
//! are asked to stop.

use super::cloud::{Cloud, Op, Trouble};
use super::terraform::{Terraform, of, template};
use super::types::{BUCKET, KEY, SLOW};
use crate::engine::template::Template;
use crate::engine::{Action, ErrorKind, Journal};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn chain() -> Template {
    template(&[
        ("A", KEY, json!({})),
        ("B", BUCKET, json!({ "Name": "b", "Uses": [of("A")] })),
        ("C", SLOW, json!({ "Uses": [of("B")] })),
        ("Other", KEY, json!({})),
    ])
}

#[tokio::test]
async fn a_failure_blocks_only_those_who_depend_on_it() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    cloud.always_fails(Op::Create, "B", ErrorKind::Other);
    let run = terraform.apply(&chain(), &[]).await;
    assert_eq!(run.errors.len(), 1);
    assert_eq!(
        (run.errors[0].logical_id.as_str(), run.errors[0].action),
        ("B", Action::Create)
    );
    let world = cloud.world();
    assert_eq!(world.of("A").len() + world.of("Other").len(), 2);
    assert!(world.of("C").is_empty());
}

#[tokio::test]
async fn a_panic_is_an_error_and_loses_nothing() {
    for (op, id) in [(Op::Create, "B"), (Op::Configure, "B"), (Op::Ready, "C")] {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        // Number of the call in an apply without trouble.
        terraform.succeed(&chain()).await;
        let call = format!("{op:?} {id}");
        let at = cloud
            .calls()
            .iter()
            .position(|other| *other == call)
            .expect("the call");
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        let run = terraform.apply(&chain(), &[(at, Trouble::Panics)]).await;
        assert!(
            run.errors[0].to_string().contains("defect of the provider"),
            "{:?}",
            run.errors
        );
        let known = terraform
            .state
            .as_ref()
            .expect("a state")
            .ledger
            .entries
            .len();
        assert_eq!(
            known,
            cloud.world().ours().len(),
            "all that exists is known"
        );
        terraform.succeed(&chain()).await;
        terraform.assert_converged(&chain());
    }
}

#[tokio::test]
async fn a_panic_over_properties_is_an_error_of_that_resource() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    let wanted = template(&[
        ("A", KEY, json!({ "Size": "panic" })),
        ("B", KEY, json!({})),
    ]);
    let run = terraform.apply(&wanted, &[]).await;
    assert_eq!(run.errors.len(), 1);
    assert!(run.errors[0].to_string().contains("defect of the provider"));
    assert_eq!(cloud.world().of("B").len(), 1);
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_thing() {
    for at in 0.. {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        let run = terraform
            .apply(&chain(), &[(at, Trouble::AnswerLost)])
            .await;
        assert!(run.complete, "at {at}: {:?}", run.errors);
        terraform.assert_converged(&chain());
        if cloud.trouble_left() {
            assert!(at > 10);
            break;
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_until_its_time_is_over() {
    // Of twenty pipelines' calls the last has to wait for all the others.
    let kinds = [
        (ErrorKind::Throttled, 3600, 360..1200),
        (ErrorKind::Transient, 300, 30..100),
    ];
    for (kind, seconds, expected) in kinds {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        cloud.always_fails(Op::Create, "A", kind);
        let run = terraform
            .apply(&template(&[("A", KEY, json!({}))]), &[])
            .await;
        assert_eq!(run.errors[0].source.kind, kind);
        let passed = terraform.clock.passed();
        assert!(
            passed >= Duration::from_secs(seconds),
            "gave up after {passed:?}"
        );
        assert!(
            passed < Duration::from_secs(seconds + 20),
            "gave up after {passed:?}"
        );
        let tries = cloud
            .changes()
            .iter()
            .filter(|change| *change == "Create A")
            .count();
        assert!(
            expected.contains(&tries),
            "{tries} tries: waits grow, up to ten seconds"
        );
    }
}

#[tokio::test]
async fn trouble_with_the_manifest_passes_too() {
    for at in 0.. {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        let trouble = Trouble::Fails(ErrorKind::Throttled);
        let run = terraform.apply(&chain(), &[(at, trouble)]).await;
        assert!(run.complete, "at {at}: {:?}", run.errors);
        let (gone, errors) = terraform.destroy(&[(0, trouble), (3, trouble)]).await;
        assert!(gone, "at {at}: {errors:?}");
        if at > 12 {
            break;
        }
    }
}

#[tokio::test]
async fn an_apply_that_is_asked_to_stop_keeps_what_exists_and_goes_on_later() {
    for after in ["Create A", "Configure B", "Create C"] {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        let cancel = terraform.cancel.clone();
        let watcher = cloud.clone();
        let wanted = chain();
        let (run, ()) = tokio::join!(terraform.apply(&wanted, &[]), async {
            while !watcher.calls().iter().any(|call| call == after) {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
        });
        assert!(!run.complete, "stopped after {after}");
        let known = terraform.state.as_ref().expect("a state").ledger.clone();
        let exist = cloud.world().ours().len();
        assert_eq!(known.entries.len(), exist, "all that exists is known");
        assert!(exist < 4 || after != "Create A", "nothing new is begun");
        terraform.cancel = tokio_util::sync::CancellationToken::new();
        terraform.succeed(&chain()).await;
        terraform.assert_converged(&chain());
    }
}

#[tokio::test]
async fn a_stop_when_everything_is_done_stops_nothing() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    let cancel = terraform.cancel.clone();
    let watcher = cloud.clone();
    let wanted = template(&[("A", KEY, json!({}))]);
    let (run, ()) = tokio::join!(terraform.apply(&wanted, &[]), async {
        while !watcher.calls().iter().any(|call| call == "Create A") {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    assert!(run.complete, "{:?}", run.errors);
}

#[tokio::test]
async fn a_deadline_stops_at_a_safe_point_too() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    // The clock's sleepers wake at once: the time is up in the first call.
    terraform.deadline = Some(Duration::from_secs(1800));
    let run = terraform.apply(&chain(), &[]).await;
    assert!(!run.complete);
    assert_eq!(run.errors.len(), 1);
    assert_eq!(run.errors[0].source.kind, ErrorKind::Timeout);
    let known = terraform
        .state
        .as_ref()
        .expect("a state")
        .ledger
        .entries
        .len();
    assert_eq!(known, cloud.world().ours().len());
    assert!(known < 4);
    terraform.deadline = None;
    terraform.succeed(&chain()).await;
    terraform.assert_converged(&chain());
    terraform.deadline = Some(Duration::from_secs(1800));
    let (gone, errors) = terraform.destroy(&[]).await;
    assert!(
        !gone && errors[0].source.kind == ErrorKind::Timeout,
        "nor is there time for all of a destroy"
    );
    let known = terraform
        .state
        .as_ref()
        .expect("a state")
        .ledger
        .entries
        .len();
    assert_eq!(known, cloud.world().ours().len());
    terraform.deadline = None;
    assert!(terraform.destroy(&[]).await.0);
}

#[tokio::test]
async fn what_cannot_be_deleted_is_what_remains() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&chain()).await;
    cloud.always_fails(Op::Delete, "B", ErrorKind::Other);
    let (gone, errors) = terraform.destroy(&[]).await;
    assert!(!gone && errors.len() == 1, "{errors:?}");
    let remainder: Vec<_> = terraform
        .state
        .as_ref()
        .expect("a state")
        .ledger
        .entries
        .keys()
        .cloned()
        .collect();
    assert_eq!(remainder, ["A", "B"], "what it uses is kept with it");
    cloud.works_again();
    assert!(terraform.destroy(&[]).await.0);
    assert!(cloud.world().ours().is_empty());
}

#[tokio::test]
async fn a_predecessor_stays_until_its_users_have_moved() {
    let with = |spec: &str| {
        template(&[
            ("Key", KEY, json!({ "Spec": spec })),
            ("User", KEY, json!({ "Uses": [of("Key")] })),
        ])
    };
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.succeed(&with("a")).await;
    cloud.always_fails(Op::Update, "User", ErrorKind::Other);
    terraform.apply(&with("b"), &[]).await;
    assert_eq!(cloud.world().of("Key").len(), 2, "the old one is in use");
    assert!(
        !cloud.changes().contains(&"Delete Key".to_owned()),
        "and nobody tries to delete it"
    );
    cloud.works_again();
    let old = cloud.world().of("Key")[0].0.clone();
    cloud.forget_calls();
    // Taken back, the old one is used again and no third is made.
    terraform.succeed(&with("a")).await;
    terraform.assert_converged(&with("a"));
    assert_eq!(cloud.world().of("Key")[0].0, old);
    assert!(!cloud.changes().contains(&"Create Key".to_owned()));
}

#[tokio::test]
async fn the_journal_says_what_was_done_and_never_fails_an_apply() {
    let folder = std::env::temp_dir().join(format!("engine-journal-{}", uuid::Uuid::new_v4()));
    let path = folder.join("deep").join("apply.jsonl");
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.engine.journal = Arc::new(Journal::file(&path));
    terraform.succeed(&chain()).await;
    terraform.destroy(&[]).await;
    let text = std::fs::read_to_string(&path).expect("a journal");
    std::fs::remove_dir_all(&folder).expect("removed");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect();
    for event in [
        "started", "planned", "called", "created", "deleted", "waited", "finished",
    ] {
        assert!(lines.iter().any(|line| line["event"] == event), "{event}");
    }
    assert!(lines.iter().all(|line| {
        line["time"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    }));
    for unwritable in ["/dev/full", "/proc/nowhere/journal"] {
        let mut terraform = Terraform::new(&Cloud::default());
        terraform.engine.journal = Arc::new(Journal::file(std::path::Path::new(unwritable)));
        terraform.succeed(&chain()).await;
    }
}
