//! Why something is changed, and that a plan's lines are what an apply
//! leaves.

use super::cloud::{Cloud, Op};
use super::terraform::{Terraform, att, of, template};
use super::types::{ALIAS, BUCKET, CHILD, KEY, SLOW};
use crate::engine::ErrorKind;
use crate::engine::plan::{self, Plan, Reason};
use crate::engine::template::Template;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn paths(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn base(key: Value, bucket: Value) -> Template {
    template(&[
        ("Key", KEY, key),
        ("Bucket", BUCKET, bucket),
        (
            "Alias",
            ALIAS,
            json!({ "Name": "main", "Target": of("Key") }),
        ),
    ])
}

fn usual() -> Template {
    base(
        json!({ "Size": 1 }),
        json!({ "Name": "raw", "Uses": [of("Key")] }),
    )
}

/// The plan after a refresh.
async fn planned(terraform: &Terraform, template: &Template) -> Plan {
    let seen = terraform.refresh().await;
    assert_eq!(seen.refreshed.errors, []);
    plan::plan(&terraform.engine.registry, template, &seen.refreshed.ledger)
}

async fn applied() -> Terraform {
    let mut terraform = Terraform::new(&Cloud::default());
    terraform.succeed(&usual()).await;
    terraform
}

fn expect(plan: &Plan, reasons: &[(&str, Reason)]) {
    let expected: BTreeMap<String, Reason> = reasons
        .iter()
        .map(|(id, reason)| ((*id).to_owned(), reason.clone()))
        .collect();
    assert_eq!(plan.changes, expected);
}

#[tokio::test]
async fn everything_is_new_where_nothing_has_been() {
    let terraform = Terraform::new(&Cloud::default());
    let plan = terraform.plan(&usual());
    expect(
        &plan,
        &[
            ("Alias", Reason::New),
            ("Bucket", Reason::New),
            ("Key", Reason::New),
        ],
    );
    assert_eq!(plan.lines.len(), 3);
}

#[tokio::test]
async fn a_changed_property_is_named() {
    let wanted = base(
        json!({ "Size": 2 }),
        json!({ "Name": "raw", "Uses": [of("Key")] }),
    );
    let plan = planned(&applied().await, &wanted).await;
    expect(
        &plan,
        &[(
            "Key",
            Reason::PropertyChanged {
                paths: paths(&["Size"]),
            },
        )],
    );
}

#[tokio::test]
async fn a_property_that_cannot_change_replaces_and_reaches_the_dependants() {
    let wanted = base(
        json!({ "Spec": "b" }),
        json!({ "Name": "raw", "Uses": [of("Key")] }),
    );
    let plan = planned(&applied().await, &wanted).await;
    let refers = Reason::ReferenceReplaced {
        ids: paths(&["Key"]),
    };
    expect(
        &plan,
        &[
            ("Alias", refers.clone()),
            ("Bucket", refers),
            (
                "Key",
                Reason::Replaced {
                    paths: paths(&["Spec"]),
                },
            ),
        ],
    );
    assert_eq!(plan.data_at_risk, [], "a key of this type holds no data");
}

/// What the old one's users still use goes last, and its name with it.
#[tokio::test]
async fn a_replacement_that_would_be_made_first_under_the_same_name_is_refused() {
    let terraform = applied().await;
    let mut wanted = usual();
    let mut alias = |properties| {
        let resource = wanted.resources.get_mut("Alias").expect("the alias");
        resource.properties = properties;
        wanted.clone()
    };
    let same = alias(json!({ "Name": "main", "Target": of("Key"), "Spec": "b" }));
    let plan = planned(&terraform, &same).await;
    let [(id, problem)] = plan.problems.as_slice() else {
        panic!("{:?}", plan.problems);
    };
    assert_eq!(id, "Alias");
    assert!(
        problem.starts_with("cannot be replaced for another Spec and keep its Name"),
        "{problem}"
    );
    let other = alias(json!({ "Name": "other", "Target": of("Key"), "Spec": "b" }));
    assert_eq!(planned(&terraform, &other).await.problems, []);
}

#[tokio::test]
async fn replacing_or_removing_what_holds_data_is_said() {
    let terraform = applied().await;
    let renamed = base(json!({}), json!({ "Name": "other", "Uses": [of("Key")] }));
    let plan = planned(&terraform, &renamed).await;
    let replaced = Reason::Replaced {
        paths: paths(&["Name"]),
    };
    assert_eq!(plan.data_at_risk, [("Bucket".to_owned(), replaced)]);
    let mut without = usual();
    without.resources.remove("Bucket");
    let plan = planned(&terraform, &without).await;
    assert_eq!(plan.data_at_risk, [("Bucket".to_owned(), Reason::Removed)]);
    expect(&plan, &[("Bucket", Reason::Removed)]);
}

#[tokio::test]
async fn what_was_changed_outside_has_drifted() {
    let terraform = applied().await;
    terraform.cloud.world().tamper("Key", "Size", json!(7));
    let plan = planned(&terraform, &usual()).await;
    expect(
        &plan,
        &[(
            "Key",
            Reason::Drifted {
                paths: paths(&["Size"]),
            },
        )],
    );
}

#[tokio::test]
async fn what_is_changed_where_it_has_drifted_is_said_beside_the_drift() {
    let sized = |actions: Value| {
        let statement = json!({ "Sid": "Own", "Effect": "Allow", "Action": actions });
        base(
            json!({ "Size": { "Statement": [statement] } }),
            json!({ "Name": "raw", "Uses": [of("Key")] }),
        )
    };
    let mut terraform = Terraform::new(&Cloud::default());
    let before = sized(json!(["a", "b", "c", "d", "z"]));
    terraform.succeed(&before).await;
    let emptied = sized(json!(["z"])).resources["Key"].properties["Size"].clone();
    terraform.cloud.world().tamper("Key", "Size", emptied);
    let drifted = "Size.Statement[Own].Action[-a and 3 more]";
    let reason = |names: &[&str]| {
        let paths = paths(names);
        [("Key", Reason::Drifted { paths })]
    };
    let plan = planned(&terraform, &before).await;
    expect(&plan, &reason(&[drifted]));
    // One of the four is another now.
    let plan = planned(&terraform, &sized(json!(["a", "b", "c", "e", "z"]))).await;
    let changed = "Size.Statement[Own].Action[+a and 3 more]";
    expect(&plan, &reason(&[changed, drifted]));
}

#[tokio::test]
async fn what_was_deleted_outside_has_vanished_and_its_dependants_refer_to_another() {
    let terraform = applied().await;
    terraform.cloud.world().snatch("Key");
    let plan = planned(&terraform, &usual()).await;
    let refers = Reason::ReferenceReplaced {
        ids: paths(&["Key"]),
    };
    expect(
        &plan,
        &[
            ("Alias", refers.clone()),
            ("Bucket", refers),
            ("Key", Reason::Vanished),
        ],
    );
}

#[tokio::test]
async fn what_an_apply_did_not_finish_is_unfinished() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.on_failure = crate::engine::lifecycle::OnCreateFailure::Resume;
    cloud.always_fails(Op::Configure, "Bucket", ErrorKind::Other);
    terraform.apply(&usual(), &[]).await;
    cloud.works_again();
    let plan = planned(&terraform, &usual()).await;
    expect(&plan, &[("Bucket", Reason::Unfinished)]);
}

#[tokio::test]
async fn an_unfinished_resource_that_cannot_become_what_is_wanted_is_replaced() {
    let cloud = Cloud::default();
    let mut terraform = Terraform::new(&cloud);
    terraform.on_failure = crate::engine::lifecycle::OnCreateFailure::Resume;
    cloud.always_fails(Op::Configure, "Bucket", ErrorKind::Other);
    terraform.apply(&usual(), &[]).await;
    cloud.works_again();
    let wanted = base(
        json!({ "Size": 1 }),
        json!({ "Name": "raw", "Spec": "b", "Uses": [of("Key")] }),
    );
    let plan = planned(&terraform, &wanted).await;
    expect(
        &plan,
        &[(
            "Bucket",
            Reason::Replaced {
                paths: paths(&["Spec"]),
            },
        )],
    );
    terraform.succeed(&wanted).await;
    terraform.assert_converged(&wanted);
}

#[tokio::test]
async fn a_change_that_someone_has_made_already_replaces_nothing() {
    let terraform = applied().await;
    terraform.cloud.world().tamper("Key", "Spec", json!("b"));
    let wanted = base(
        json!({ "Spec": "b" }),
        json!({ "Name": "raw", "Uses": [of("Key")] }),
    );
    let plan = planned(&terraform, &wanted).await;
    expect(
        &plan,
        &[(
            "Key",
            Reason::Drifted {
                paths: paths(&["Spec"]),
            },
        )],
    );
}

#[test]
fn each_reason_is_a_phrase() {
    let cases = [
        (Reason::New, "new"),
        (Reason::PropertyChanged { paths: vec![] }, "changed"),
        (
            Reason::PropertyChanged {
                paths: paths(&["A.B", "C"]),
            },
            "changed: A.B, C",
        ),
        (
            Reason::Drifted {
                paths: paths(&["A"]),
            },
            "drifted: A",
        ),
        (
            Reason::Vanished,
            "deleted outside of Terraform; created again",
        ),
        (
            Reason::Replaced {
                paths: paths(&["A"]),
            },
            "replaced: A cannot change",
        ),
        (
            Reason::ReferenceReplaced {
                ids: paths(&["Key"]),
            },
            "changed: refers to Key",
        ),
        (Reason::Removed, "removed"),
        (Reason::Unfinished, "finishes what an earlier apply began"),
    ];
    for (reason, phrase) in cases {
        assert_eq!(reason.to_string(), phrase);
    }
}

#[tokio::test]
async fn the_lines_of_a_plan_are_those_of_the_apply() {
    let steps = [
        usual(),
        base(json!({ "Size": 2 }), json!({ "Name": "raw" })),
        base(
            json!({ "Spec": "b" }),
            json!({ "Name": "other", "Uses": [of("Key")] }),
        ),
        template(&[
            ("Bucket", BUCKET, json!({ "Name": "other" })),
            ("Policy", CHILD, json!({ "Parent": of("Bucket") })),
            ("Slow", SLOW, json!({ "Uses": [att("Bucket", "Arn")] })),
        ]),
        usual(),
    ];
    let mut terraform = Terraform::new(&Cloud::default());
    for step in steps {
        let lines = match &terraform.state {
            Some(_) => planned(&terraform, &step).await.lines,
            None => terraform.plan(&step).lines,
        };
        terraform.succeed(&step).await;
        assert_eq!(
            terraform.state.as_ref().expect("a state").ledger.lines,
            lines
        );
        assert!(terraform.succeed(&step).await.was_empty());
    }
}

#[tokio::test]
async fn a_template_with_problems_is_refused_whole() {
    let cases = [
        (
            template(&[("A", "Test::Nothing", json!({})), ("B", KEY, json!({}))]),
            "not a known type",
        ),
        (
            template(&[
                ("A", KEY, json!({ "Uses": [of("C")] })),
                ("B", KEY, json!({})),
            ]),
            "refers to C",
        ),
        (
            template(&[
                ("A", KEY, json!({ "Uses": [of("B")] })),
                ("B", KEY, json!({ "Uses": [of("A")] })),
            ]),
            "depends on itself",
        ),
    ];
    for (wanted, problem) in cases {
        let cloud = Cloud::default();
        let mut terraform = Terraform::new(&cloud);
        let run = terraform.apply(&wanted, &[]).await;
        assert!(
            run.errors
                .iter()
                .any(|error| error.to_string().contains(problem)),
            "{problem}: {:?}",
            run.errors
        );
        assert!(cloud.world().ours().is_empty(), "{problem}");
    }
}
