//! Random stories: a graph of up to twelve resources of every type, and
//! chapters of what is wanted of it, what goes wrong meanwhile, and what
//! others do in between. Plain data, so that a failure shrinks to the story
//! that matters.

use super::cloud::Trouble;
use super::terraform::{att, of};
use super::types::{ALIAS, BUCKET, CHILD, KEY, POOL, SLOW, VAULT};
use crate::engine::ErrorKind;
use crate::engine::lifecycle::OnCreateFailure;
use crate::engine::template::{Resource, Template};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A resource of the graph; it refers to those before it.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: &'static str,
    pub uses: Vec<(usize, u8)>,
    pub base: Option<usize>,
    pub target: usize,
    pub after: Option<usize>,
}

/// What one configuration says of a node.
#[derive(Clone, Debug)]
pub struct Setting {
    pub present: bool,
    /// Of what cannot change.
    pub fixed: u8,
    /// Of what can.
    pub free: u8,
    pub linked: bool,
}

/// Something that happens between two runs.
#[derive(Clone, Debug)]
pub enum Hand {
    Tampers(usize),
    Snatches(usize),
    LosesDetails,
}

/// A run with its trouble, and what happens after it.
#[derive(Clone, Debug)]
pub struct Chapter {
    pub config: Vec<Setting>,
    pub trouble: Vec<(usize, Trouble)>,
    pub hands: Vec<Hand>,
    /// A destroy instead of an apply.
    pub destroys: bool,
    /// Applied by what the state says, without looking first.
    pub blindly: bool,
}

#[derive(Clone)]
pub struct Story {
    pub nodes: Vec<Node>,
    pub chapters: Vec<Chapter>,
    /// Which earlier configuration the last one goes back to.
    pub last: Vec<Setting>,
    pub reverts: bool,
    pub on_failure: OnCreateFailure,
    pub end: Vec<Vec<(usize, Trouble)>>,
}

const MOST: usize = 12;

/// As it is told: what was wanted, what went wrong.
impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tell = |f: &mut std::fmt::Formatter<'_>, config: &[Setting]| {
            for (id, resource) in expand(&self.nodes, config).resources {
                let after = resource.depends_on;
                writeln!(
                    f,
                    "  {id} {} {} {after:?}",
                    resource.type_name, resource.properties
                )?;
            }
            Ok::<(), std::fmt::Error>(())
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
        tell(
            f,
            if self.reverts {
                &self.chapters[0].config
            } else {
                &self.last
            },
        )?;
        writeln!(f, "end {:?}", self.end)
    }
}

fn node(index: usize) -> impl Strategy<Value = Node> {
    let before = index.max(1);
    (
        prop::sample::select(vec![KEY, VAULT, BUCKET, CHILD, ALIAS, SLOW, POOL]),
        prop::collection::vec((0..before, 0..4_u8), 0..3),
        prop::option::weighted(0.2, 0..before),
        0..before,
        prop::option::weighted(0.1, 0..before),
    )
        .prop_map(move |(kind, uses, base, target, after)| Node {
            // The first has nobody to point to.
            kind: if index == 0 && matches!(kind, ALIAS | CHILD) {
                BUCKET
            } else {
                kind
            },
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
    (
        prop::bool::weighted(0.85),
        0..3_u8,
        0..3_u8,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(present, fixed, free, linked)| Setting {
            present,
            fixed,
            free,
            linked,
        })
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

pub fn story() -> impl Strategy<Value = Story> {
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

pub fn name(index: usize) -> String {
    format!("R{index:02}")
}

pub fn expand(nodes: &[Node], config: &[Setting]) -> Template {
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
                let Some(target) = there(node.target) else {
                    continue;
                };
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
