//! Random graphs, changes, failures, interruptions and hands from outside,
//! and what must hold whatever happens: an apply without trouble brings the
//! cloud to what is wanted, the next has nothing to do, a destroy leaves
//! nothing of ours, and nobody else's things are touched.

use super::cloud::{Cloud, OURS, Thing, Trouble};
use super::terraform::{Terraform, att, of, template};
use super::types::{self, ALIAS, BUCKET, CHILD, KEY, POOL, SLOW, VAULT};
use crate::engine::ErrorKind;
use crate::engine::lifecycle::OnCreateFailure;
use crate::engine::template::{Resource, Template};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A resource of the graph; it refers to those before it.
#[derive(Clone, Debug)]
struct Node {
    kind: &'static str,
    uses: Vec<(usize, u8)>,
    base: Option<usize>,
    target: usize,
    after: Option<usize>,
}

/// What one configuration says of a node.
#[derive(Clone, Debug)]
struct Setting {
    present: bool,
    /// Of what cannot change.
    fixed: u8,
    /// Of what can.
    free: u8,
    linked: bool,
}

/// Something that happens between two runs.
#[derive(Clone, Debug)]
enum Hand {
    Tampers(usize),
    Snatches(usize),
    LosesDetails,
}

/// A run with its trouble, and what happens after it.
#[derive(Clone, Debug)]
struct Chapter {
    config: Vec<Setting>,
    trouble: Vec<(usize, Trouble)>,
    hands: Vec<Hand>,
    /// A destroy instead of an apply.
    destroys: bool,
    /// Applied by what the state says, without looking first.
    blindly: bool,
}

#[derive(Clone)]
struct Story {
    nodes: Vec<Node>,
    chapters: Vec<Chapter>,
    /// Which earlier configuration the last one goes back to.
    last: Vec<Setting>,
    reverts: bool,
    on_failure: OnCreateFailure,
    end: Vec<Vec<(usize, Trouble)>>,
}

const MOST: usize = 12;

/// As it is told: what was wanted, what went wrong.
impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tell = |f: &mut std::fmt::Formatter<'_>, config: &[Setting]| {
            for (id, resource) in expand(&self.nodes, config).resources {
                let after = resource.depends_on;
                writeln!(f, "  {id} {} {} {after:?}", resource.type_name, resource.properties)?;
            }
            Ok(())
        };
        writeln!(f, "on failure: {:?}", self.on_failure)?;
        for chapter in &self.chapters {
            let what = match (chapter.destroys, chapter.blindly) {
                (true, _) => "destroy",
                (false, true) => "apply blindly",
                (false, false) => "apply",
            };
            writeln!(f, "{what} {:?}, then {:?}", chapter.trouble, chapter.hands)?;
            tell(f, &chapter.config)?;
        }
        writeln!(f, "at last")?;
        tell(f, if self.reverts { &self.chapters[0].config } else { &self.last })?;
        writeln!(f, "end {:?}", self.end)
    }
}

fn node(index: usize) -> impl Strategy<Value = Node> {
    let before = index.max(1);
    (
        prop::sample::select(types::ALL.to_vec()),
        prop::collection::vec((0..before, 0..4_u8), 0..3),
        prop::option::weighted(0.2, 0..before),
        0..before,
        prop::option::weighted(0.1, 0..before),
    )
        .prop_map(move |(kind, uses, base, target, after)| Node {
            // The first has nobody to point to.
            kind: if index == 0 && matches!(kind, ALIAS | CHILD) { BUCKET } else { kind },
            uses: if index == 0 { Vec::new() } else { uses },
            base: base.filter(|_| index > 0),
            target,
            after: after.filter(|_| index > 0),
        })
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    (1..=MOST).prop_flat_map(|count| (0..count).map(node).collect::<Vec<_>>())
}

fn setting() -> impl Strategy<Value = Setting> {
    (prop::bool::weighted(0.85), 0..3_u8, 0..3_u8, prop::bool::weighted(0.9)).prop_map(
        |(present, fixed, free, linked)| Setting {
            present,
            fixed,
            free,
            linked,
        },
    )
}

fn config() -> impl Strategy<Value = Vec<Setting>> {
    prop::collection::vec(setting(), MOST)
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        3 => Just(Trouble::KilledBefore),
        3 => Just(Trouble::KilledAfter),
        2 => Just(Trouble::AnswerLost),
        2 => Just(Trouble::Fails(ErrorKind::Other)),
        1 => Just(Trouble::Fails(ErrorKind::AccessDenied)),
        1 => Just(Trouble::Fails(ErrorKind::Throttled)),
        1 => Just(Trouble::Fails(ErrorKind::Transient)),
        1 => Just(Trouble::Panics),
    ]
}

fn troubles() -> impl Strategy<Value = Vec<(usize, Trouble)>> {
    prop::collection::vec((0..90_usize, trouble()), 0..3)
}

fn hand() -> impl Strategy<Value = Hand> {
    prop_oneof![
        4 => (0..MOST).prop_map(Hand::Tampers),
        4 => (0..MOST).prop_map(Hand::Snatches),
        1 => Just(Hand::LosesDetails),
    ]
}

fn chapter() -> impl Strategy<Value = Chapter> {
    (
        config(),
        troubles(),
        prop::collection::vec(hand(), 0..3),
        prop::bool::weighted(0.07),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(config, trouble, hands, destroys, blindly)| Chapter {
            config,
            trouble,
            hands,
            destroys,
            blindly,
        })
}

/// Chapters, of which many want the same as the one before.
fn chapters() -> impl Strategy<Value = Vec<Chapter>> {
    let chapter = (chapter(), prop::bool::weighted(0.4));
    prop::collection::vec(chapter, 1..5).prop_map(|chapters| {
        let mut told: Vec<Chapter> = Vec::new();
        for (mut chapter, same) in chapters {
            if let (true, Some(before)) = (same, told.last()) {
                chapter.config.clone_from(&before.config);
            }
            told.push(chapter);
        }
        told
    })
}

fn story() -> impl Strategy<Value = Story> {
    (
        nodes(),
        chapters(),
        config(),
        any::<bool>(),
        prop_oneof![
            Just(OnCreateFailure::Keep),
            Just(OnCreateFailure::Resume),
            Just(OnCreateFailure::Rollback),
        ],
        prop::collection::vec(troubles(), 0..3),
    )
        .prop_map(|(nodes, chapters, last, reverts, on_failure, end)| Story {
            nodes,
            chapters,
            last,
            reverts,
            on_failure,
            end,
        })
}

fn name(index: usize) -> String {
    format!("R{index:02}")
}

fn expand(nodes: &[Node], config: &[Setting]) -> Template {
    let mut template = Template::default();
    let mut parents = BTreeSet::new();
    for (index, (node, setting)) in nodes.iter().zip(config).enumerate() {
        let there = |at: usize| template.resources.contains_key(&name(at)).then(|| name(at));
        if !setting.present {
            continue;
        }
        let uses: Vec<Value> = node
            .uses
            .iter()
            .filter(|_| setting.linked)
            .filter_map(|(at, how)| {
                let id = there(*at)?;
                Some(match how {
                    0 => of(&id),
                    1 => att(&id, "Arn"),
                    2 => att(&id, "Version"),
                    _ => json!({ "Fn::Sub": format!("${{{id}.Arn}}") }),
                })
            })
            .collect();
        let size = json!(setting.free + 1);
        let spec = json!(["a", "b"][usize::from(setting.fixed % 2)]);
        let base = node.base.and_then(there).map_or(json!(""), |id| of(&id));
        let properties = match node.kind {
            ALIAS => {
                let Some(target) = there(node.target) else { continue };
                json!({ "Name": format!("alias-{index}-{}", setting.fixed), "Target": att(&target, "Arn") })
            }
            CHILD => {
                let parent = there(node.target).filter(|id| {
                    let kind = &template.resources[id].type_name;
                    [BUCKET, SLOW, KEY].contains(&kind.as_str()) && parents.insert(id.clone())
                });
                let Some(parent) = parent else { continue };
                json!({ "Parent": of(&parent), "Size": size, "Uses": uses })
            }
            BUCKET => {
                let name = format!("bucket-{index}-{}", setting.fixed / 2);
                json!({ "Name": name, "Spec": spec, "Size": size, "Uses": uses, "Base": base })
            }
            _ => json!({ "Spec": spec, "Size": size, "Uses": uses, "Base": base }),
        };
        let resource = Resource {
            type_name: node.kind.to_owned(),
            properties,
            depends_on: node.after.and_then(there).into_iter().collect(),
            ..Resource::default()
        };
        template.resources.insert(name(index), resource);
    }
    template
}

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
        assert_eq!(cloud.world().strangers(), theirs, "nobody else's things are touched");
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
    assert!(run.complete, "an apply without trouble is complete: {:?}", run.errors);
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
    assert!(world.ours().is_empty(), "nothing of ours is left: {:?}", world.ours());
    assert_eq!(world.manifest, None);
    assert_eq!(world.strangers(), theirs, "nobody else's things are touched");
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

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("ENGINE_STORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(500),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    })]

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
        ("Bucket", BUCKET, json!({ "Name": "raw", "Spec": spec, "Size": 5, "Uses": [att("Key", "Arn")] })),
        ("Policy", CHILD, json!({ "Parent": of("Bucket"), "Uses": [of("Key")] })),
        ("Alias", ALIAS, json!({ "Name": "main", "Target": of("Key") })),
        ("Slow", SLOW, json!({ "Size": version + 2, "Uses": [att("Bucket", "Arn")] })),
        ("Pool", POOL, json!({ "Spec": spec, "Uses": [att("Slow", "Version")] })),
        ("User", KEY, json!({ "Base": of("Pool"), "Uses": [att("Slow", "Version")] })),
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
                let trouble = if after { Trouble::KilledAfter } else { Trouble::KilledBefore };
                let run = terraform.apply(&representative(during), &[(at, trouble)]).await;
                if !run.killed {
                    break;
                }
                killed += 1;
                let wanted = representative(then);
                let run = terraform.apply(&wanted, &[]).await;
                if import_if_refused(&mut terraform, run.refused).await {
                    terraform.succeed(&wanted).await;
                } else {
                    assert!(run.complete, "killed at {at} (after: {after}), then {then}: {:?}", run.errors);
                }
                terraform.assert_converged(&wanted);
                cloud.forget_calls();
                assert!(terraform.succeed(&wanted).await.was_empty(), "killed at {at}, then {then}");
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
                assert!(world.ours().is_empty() && world.manifest.is_none(), "killed at {at}");
                assert_eq!(world.strangers(), theirs);
            }
        }
    });
}
