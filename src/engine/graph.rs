//! Who waits for whom: a dependency queue with two stages for each node.
//!
//! A node is *created* when its id is known and *ready* when it is usable.
//! An edge says which of the two a dependant waits for. Among the nodes that
//! may start, the one with the longest remaining path comes first: what is
//! slow to finish is early to begin.

use super::handler::Coupling;
use std::collections::{BTreeMap, BTreeSet};

/// A graph that is being walked.
#[derive(Debug, Default)]
pub struct Queue {
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// What it still waits for, and up to which stage.
    waits: BTreeMap<String, Stage>,
    dependants: BTreeSet<String>,
    /// Nodes on the longest path from here, itself included.
    depth: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Created,
    Ready,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Waiting,
    Started,
    Done,
    Blocked,
}

impl From<Coupling> for Stage {
    fn from(coupling: Coupling) -> Self {
        match coupling {
            Coupling::Created => Self::Created,
            Coupling::Ready => Self::Ready,
        }
    }
}

impl Queue {
    /// Edges go from a node to what it waits for. Edges to nodes that are not
    /// in the graph are no edges: there is nothing to wait for.
    pub fn new(edges: BTreeMap<String, BTreeMap<String, Coupling>>) -> Self {
        let ids: BTreeSet<String> = edges.keys().cloned().collect();
        let mut queue = Self::default();
        for (id, waits) in edges {
            let waits: BTreeMap<String, Stage> = waits
                .into_iter()
                .filter(|(on, _)| *on != id && ids.contains(on))
                .map(|(on, coupling)| (on, coupling.into()))
                .collect();
            for on in waits.keys() {
                queue
                    .nodes
                    .entry(on.clone())
                    .or_default()
                    .dependants
                    .insert(id.clone());
            }
            queue.nodes.entry(id).or_default().waits = waits;
        }
        queue.measure();
        queue
    }

    /// Each node with those that it waits for.
    pub fn edges(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        let nodes = self.nodes.iter();
        nodes.map(|(id, node)| (id.as_str(), node.waits.keys().map(String::as_str)))
    }

    /// Sets every node's depth, dependants first.
    fn measure(&mut self) {
        fn depth(
            nodes: &BTreeMap<String, Node>,
            id: &str,
            known: &mut BTreeMap<String, usize>,
        ) -> usize {
            if let Some(known) = known.get(id) {
                return *known;
            }
            // A cycle would recurse for ever; it counts as no path.
            known.insert(id.to_owned(), 0);
            let longest = nodes.get(id).map_or(0, |node| {
                node.dependants
                    .iter()
                    .map(|dependant| depth(nodes, dependant, known))
                    .max()
                    .unwrap_or(0)
            });
            known.insert(id.to_owned(), longest + 1);
            longest + 1
        }
        let mut known = BTreeMap::new();
        for id in self.nodes.keys().cloned().collect::<Vec<_>>() {
            depth(&self.nodes, &id, &mut known);
        }
        for (id, node) in &mut self.nodes {
            node.depth = known.get(id).copied().unwrap_or(1);
        }
    }

    /// Takes the next node that may start.
    pub fn take(&mut self) -> Option<String> {
        let id = self
            .nodes
            .iter()
            .filter(|(_, node)| node.state == State::Waiting && node.waits.is_empty())
            .max_by_key(|(_, node)| node.depth)
            .map(|(id, _)| id.clone())?;
        if let Some(node) = self.nodes.get_mut(&id) {
            node.state = State::Started;
        }
        Some(id)
    }

    /// Its id is known.
    pub fn created(&mut self, id: &str) {
        self.release(id, Stage::Created);
    }

    /// It is usable, and done.
    pub fn ready(&mut self, id: &str) {
        self.release(id, Stage::Ready);
        if let Some(node) = self.nodes.get_mut(id) {
            node.state = State::Done;
        }
    }

    fn release(&mut self, id: &str, reached: Stage) {
        let Some(dependants) = self.nodes.get(id).map(|node| node.dependants.clone()) else {
            return;
        };
        for dependant in dependants {
            if let Some(node) = self.nodes.get_mut(&dependant)
                && node.waits.get(id).is_some_and(|stage| *stage <= reached)
            {
                node.waits.remove(id);
            }
        }
    }

    /// It failed: whoever waits for it, directly or not, will not start.
    pub fn failed(&mut self, id: &str) {
        let mut blocked = vec![id.to_owned()];
        while let Some(id) = blocked.pop() {
            let Some(node) = self.nodes.get_mut(&id) else {
                continue;
            };
            node.state = State::Blocked;
            for dependant in node.dependants.clone() {
                let waits = self.nodes.get(&dependant).is_some_and(|node| {
                    node.state == State::Waiting && node.waits.contains_key(&id)
                });
                if waits {
                    blocked.push(dependant);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[(&str, Coupling)])]) -> Queue {
        Queue::new(
            edges
                .iter()
                .map(|(id, waits)| {
                    let waits = waits.iter().map(|(on, c)| ((*on).to_owned(), *c)).collect();
                    ((*id).to_owned(), waits)
                })
                .collect(),
        )
    }

    #[test]
    fn a_created_edge_opens_before_a_ready_one() {
        let mut queue = graph(&[
            ("table", &[]),
            ("policy", &[("table", Coupling::Created)]),
            ("alarm", &[("table", Coupling::Ready)]),
        ]);
        assert_eq!(queue.take().as_deref(), Some("table"));
        assert_eq!(queue.take(), None);
        queue.created("table");
        assert_eq!(queue.take().as_deref(), Some("policy"));
        assert_eq!(queue.take(), None);
        queue.ready("table");
        assert_eq!(queue.take().as_deref(), Some("alarm"));
    }

    #[test]
    fn the_longest_remaining_path_goes_first() {
        let ready = Coupling::Ready;
        let mut queue = graph(&[
            ("a-short", &[]),
            ("z-long", &[]),
            ("y", &[("z-long", ready)]),
            ("x", &[("y", ready)]),
        ]);
        assert_eq!(queue.take().as_deref(), Some("z-long"));
    }

    #[test]
    fn a_failure_blocks_its_dependants_and_nobody_else() {
        let ready = Coupling::Ready;
        let mut queue = graph(&[
            ("a", &[]),
            ("b", &[("a", ready)]),
            ("c", &[("b", ready)]),
            ("d", &[]),
        ]);
        assert_eq!(queue.take().as_deref(), Some("a"));
        queue.failed("a");
        assert_eq!(queue.take().as_deref(), Some("d"));
        queue.ready("d");
        assert_eq!(queue.take(), None);
    }
}
