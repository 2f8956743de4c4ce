//! A small cloud: things by type and identifier, whose they are, a log of
//! every call, and trouble at the n-th of them.
//!
//! It is strict where a real one would be merely unlucky. What is used must
//! exist (and be ready, where its type says so), and what others use cannot
//! be deleted: so a wrong order is an error, not a race.

use crate::engine::manifest::{Manifest, ManifestStore};
use crate::engine::{ErrorKind, HandlerError};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

pub const OURS: &str = "documents-dev@nowhere-1";

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It fails without effect.
    Fails(ErrorKind),
    /// It has its effect, and the answer is lost.
    AnswerLost,
    Panics,
    /// The process is killed before the call has its effect.
    KilledBefore,
    KilledAfter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Create,
    Configure,
    Ready,
    Read,
    Update,
    Delete,
    Find,
}

impl Op {
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Configure | Self::Update | Self::Delete
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub op: Op,
    /// The logical id, or `Manifest`.
    pub id: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    /// Pipeline and logical id.
    pub owner: (String, String),
    pub properties: Value,
    pub serial: u64,
    /// Counts updates; others can refer to it.
    pub version: u64,
    /// How often it has still to be asked until it is usable.
    pub pending: u8,
}

pub type Key = (&'static str, String);

#[derive(Default)]
pub struct World {
    pub things: BTreeMap<Key, Thing>,
    pub manifest: Option<Manifest>,
    pub log: Vec<Call>,
    pub serial: u64,
    /// Calls since trouble was last ordered.
    count: usize,
    trouble: Vec<(usize, Trouble)>,
    /// Trouble for every call of an operation on a logical id.
    standing: Vec<(Op, String, ErrorKind)>,
    /// How often an owner's tags are not seen yet.
    pub tags_late: u8,
    dead: bool,
    in_flight: usize,
    pub most_in_flight: usize,
}

#[derive(Clone, Default)]
pub struct Cloud(Arc<Shared>);

#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    killed: Notify,
}

struct InFlight<'a>(&'a Cloud);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.world().in_flight -= 1;
    }
}

impl Cloud {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0
            .world
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Orders trouble for the calls to come, by their number from here.
    pub fn order_trouble(&self, trouble: &[(usize, Trouble)]) {
        let mut world = self.world();
        world.count = 0;
        world.dead = false;
        world.trouble = trouble.to_vec();
    }

    /// Whether ordered trouble has not come yet.
    pub fn trouble_left(&self) -> bool {
        !self.world().trouble.is_empty()
    }

    pub fn always_fails(&self, op: Op, id: &str, kind: ErrorKind) {
        self.world().standing.push((op, id.to_owned(), kind));
    }

    pub fn works_again(&self) {
        self.world().standing.clear();
    }

    pub fn forget_calls(&self) {
        self.world().log.clear();
    }

    /// The calls that change something, as `Create Key`.
    pub fn changes(&self) -> Vec<String> {
        let world = self.world();
        let changes = world.log.iter().filter(|call| call.op.changes());
        changes
            .map(|call| format!("{:?} {}", call.op, call.id))
            .collect()
    }

    pub fn calls(&self) -> Vec<String> {
        let world = self.world();
        world
            .log
            .iter()
            .map(|call| format!("{:?} {}", call.op, call.id))
            .collect()
    }

    /// Runs something until it ends or is killed.
    pub async fn until_killed<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            result = work => Some(result),
            () = self.0.killed.notified() => None,
        }
    }

    async fn die<T>(&self) -> T {
        self.world().dead = true;
        self.0.killed.notify_one();
        std::future::pending().await
    }

    /// Makes a call.
    pub async fn call<T>(
        &self,
        op: Op,
        id: &str,
        effect: impl FnOnce(&mut World) -> Result<T, HandlerError>,
    ) -> Result<T, HandlerError> {
        if self.world().dead {
            return std::future::pending().await;
        }
        let (trouble, standing) = {
            let mut world = self.world();
            world.in_flight += 1;
            world.most_in_flight = world.most_in_flight.max(world.in_flight);
            let count = world.count;
            world.count += 1;
            let index = world.trouble.iter().position(|(at, _)| *at == count);
            let trouble = index.map(|index| world.trouble.remove(index).1);
            let standing = world
                .standing
                .iter()
                .find(|(o, i, _)| *o == op && i == id)
                .map(|(_, _, kind)| *kind);
            world.log.push(Call {
                op,
                id: id.to_owned(),
            });
            (trouble, standing)
        };
        let _in_flight = InFlight(self);
        tokio::task::yield_now().await;
        if self.world().dead {
            return std::future::pending().await;
        }
        let error =
            |kind| HandlerError::ours(kind, &format!("test:{op:?}"), format!("{kind:?} of {id}"));
        if let Some(kind) = standing {
            return Err(error(kind));
        }
        match trouble {
            Some(Trouble::Fails(kind)) => return Err(error(kind)),
            Some(Trouble::KilledBefore) => return self.die().await,
            Some(Trouble::Panics) => panic!("{op:?} of {id} panics"),
            _ => {}
        }
        let result = effect(&mut self.world());
        match trouble {
            Some(Trouble::KilledAfter) => self.die().await,
            Some(Trouble::AnswerLost) => Err(error(match op {
                Op::Create => ErrorKind::Ambiguous,
                _ => ErrorKind::Transient,
            })),
            _ => result,
        }
    }
}

impl World {
    /// Whether tags that were put cannot be seen this time.
    pub fn sees_no_tags(&mut self) -> bool {
        let unseen = self.tags_late > 0;
        self.tags_late = self.tags_late.saturating_sub(1);
        unseen
    }

    /// Everything that carries our pipeline's tag.
    pub fn ours(&self) -> Vec<(&Key, &Thing)> {
        let ours = |(_, thing): &(&Key, &Thing)| thing.owner.0 == OURS;
        self.things.iter().filter(ours).collect()
    }

    /// Everything else.
    pub fn strangers(&self) -> BTreeMap<Key, Thing> {
        let strange = |(_, thing): &(&Key, &Thing)| thing.owner.0 != OURS;
        let owned = |(key, thing): (&Key, &Thing)| (key.clone(), thing.clone());
        self.things.iter().filter(strange).map(owned).collect()
    }

    /// The things of ours of a logical id.
    pub fn of(&self, id: &str) -> Vec<(Key, Thing)> {
        let things = self
            .ours()
            .into_iter()
            .filter(|(_, thing)| thing.owner.1 == id);
        things
            .map(|(key, thing)| (key.clone(), thing.clone()))
            .collect()
    }

    /// Changes a property behind the engine's back.
    pub fn tamper(&mut self, id: &str, property: &str, value: Value) {
        for thing in self.things.values_mut() {
            if thing.owner == (OURS.to_owned(), id.to_owned())
                && thing.properties.get(property).is_some()
            {
                thing.properties[property] = value.clone();
                thing.version += 1;
            }
        }
    }

    /// Deletes behind the engine's back.
    pub fn snatch(&mut self, id: &str) {
        let keys: Vec<Key> = self.of(id).into_iter().map(|(key, _)| key).collect();
        for key in keys {
            self.remove(&key);
        }
    }

    /// What hangs under a thing goes with it.
    pub fn remove(&mut self, key: &Key) {
        self.things.remove(key);
        let prefix = format!("{}/", key.1);
        self.things
            .retain(|(kind, id), _| *kind != super::types::CHILD || !id.starts_with(&prefix));
    }
}

#[async_trait]
impl ManifestStore for Cloud {
    async fn load(&self) -> Result<Option<Manifest>, HandlerError> {
        self.call(Op::Read, "Manifest", |world| Ok(world.manifest.clone()))
            .await
    }

    async fn create(&self, manifest: &Manifest) -> Result<(), HandlerError> {
        self.call(Op::Create, "Manifest", |world| {
            if world.manifest.is_some() {
                let message = "there is a manifest";
                return Err(HandlerError::ours(
                    ErrorKind::AlreadyExists,
                    "test:Create",
                    message,
                ));
            }
            world.manifest = Some(manifest.clone());
            Ok(())
        })
        .await
    }

    async fn save(&self, manifest: &Manifest) -> Result<(), HandlerError> {
        self.call(Op::Update, "Manifest", |world| {
            world.manifest = Some(manifest.clone());
            Ok(())
        })
        .await
    }

    async fn delete(&self) -> Result<(), HandlerError> {
        self.call(Op::Delete, "Manifest", |world| {
            world.manifest = None;
            Ok(())
        })
        .await
    }
}
