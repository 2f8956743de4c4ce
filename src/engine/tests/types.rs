//! The cloud's resource types: one table of what they are like, one handler
//! for all of them.

use super::cloud::{Cloud, Key, Op, Thing, World};
use crate::engine::{
    Context, Coupling, ErrorKind, Found, Handler, HandlerError, Live, Physical, Registry,
    Replacement, diff,
};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Unnamed and tagged; the new one is made first.
pub const KEY: &str = "Test::Key";
/// A key that holds data.
pub const VAULT: &str = "Test::Vault";
/// Named, so that two collide; holds data; has another ARN each time.
pub const BUCKET: &str = "Test::Bucket";
/// Hangs under a parent, and is found there and nowhere else.
pub const CHILD: &str = "Test::Child";
/// Named, and points to something.
pub const ALIAS: &str = "Test::Alias";
/// Takes its time; may be referred to as soon as it has an id.
pub const SLOW: &str = "Test::Slow";
/// Takes its time; cannot be used before it is ready.
pub const POOL: &str = "Test::Pool";

/// Unnamed, and cannot be asked for without what it points to.
pub const LEASE: &str = "Test::Lease";

const ALL: [&str; 8] = [KEY, VAULT, BUCKET, CHILD, ALIAS, SLOW, POOL, LEASE];

pub fn registry(cloud: &Cloud) -> Registry {
    let handler = |kind| {
        let cloud = cloud.clone();
        Arc::new(Type { kind, cloud }) as Arc<dyn Handler>
    };
    Registry::new(ALL.into_iter().map(handler).collect())
}

struct Type {
    kind: &'static str,
    cloud: Cloud,
}

/// Properties that hold what others are called.
const POINTERS: [&str; 4] = ["Uses", "Base", "Target", "Parent"];

impl Type {
    /// Properties with their defaults; those without one are required.
    fn properties(&self) -> &'static [(&'static str, Option<Value>)] {
        use std::sync::LazyLock;
        type Table = LazyLock<Vec<(&'static str, Option<Value>)>>;
        static PLAIN: Table = LazyLock::new(|| {
            let some = |name, value| (name, Some(value));
            vec![
                some("Spec", json!("a")),
                some("Size", json!(1)),
                some("Uses", json!([])),
                some("Base", json!("")),
                some("Tags", json!({})),
            ]
        });
        static NAMED: Table = LazyLock::new(|| {
            let mut table = PLAIN.clone();
            table.push(("Name", None));
            table
        });
        static CHILDISH: Table = LazyLock::new(|| {
            vec![
                ("Parent", None),
                ("Size", Some(json!(1))),
                ("Uses", Some(json!([]))),
            ]
        });
        static POINTING: Table =
            LazyLock::new(|| vec![("Name", None), ("Target", None), ("Spec", Some(json!("a")))]);
        static LEASED: Table = LazyLock::new(|| {
            let mut table = PLAIN.clone();
            table.push(("Target", None));
            table
        });
        match self.kind {
            LEASE => &LEASED,
            BUCKET => &NAMED,
            CHILD => &CHILDISH,
            ALIAS => &POINTING,
            _ => &PLAIN,
        }
    }

    fn is_slow(&self) -> bool {
        matches!(self.kind, SLOW | POOL)
    }

    /// What the creating call cannot carry.
    fn is_configured(&self) -> bool {
        matches!(self.kind, SLOW | BUCKET)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> HandlerError {
        HandlerError::ours(kind, self.kind, message)
    }

    fn key(&self, identifier: &str) -> Key {
        (self.kind, identifier.to_owned())
    }

    /// Refuses what points to nothing, or to what is not usable yet.
    fn check_pointers(&self, world: &World, properties: &Value) -> Result<(), HandlerError> {
        for pointer in pointers(properties) {
            let found = world
                .things
                .iter()
                .find(|(key, thing)| names(key, thing).contains(&pointer));
            match found {
                None => {
                    return Err(self.error(ErrorKind::Invalid, format!("{pointer} does not exist")));
                }
                Some(((POOL, id), thing)) if thing.pending > 0 => {
                    return Err(self.error(ErrorKind::Invalid, format!("{id} is not ready")));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn owned<'w>(
        &self,
        cx: &Context<'_>,
        world: &'w mut World,
        identifier: &str,
    ) -> Result<Option<&'w mut Thing>, HandlerError> {
        let key = self.key(identifier);
        let unseen = world.things.contains_key(&key) && world.sees_no_tags();
        match world.things.get_mut(&key) {
            Some(thing) if unseen || thing.owner.0 != cx.owner.pipeline => {
                Err(self.error(ErrorKind::Stranger, format!("{identifier} is not ours")))
            }
            Some(thing) => {
                if self.kind == CHILD {
                    // It carries no tag: it is whose it is that looks after it.
                    thing.owner.1 = cx.logical_id.to_owned();
                }
                Ok(Some(thing))
            }
            None => Ok(None),
        }
    }
}

/// Everything that a thing's properties point to.
fn pointers(properties: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for name in POINTERS {
        match &properties[name] {
            Value::String(text) if !text.is_empty() => found.push(text.clone()),
            Value::Array(items) => {
                found.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    found
}

/// What others may call a thing.
fn names(key: &Key, thing: &Thing) -> [String; 3] {
    let physical = physical(key, thing);
    let text = |name: &str| {
        physical.attributes[name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    [physical.reference.clone(), text("Arn"), text("Version")]
}

pub fn physical((kind, identifier): &Key, thing: &Thing) -> Physical {
    let attributes = [
        // A name says nothing of which thing of that name it is; an ARN does.
        ("Arn", format!("arn:{kind}:{}", thing.serial)),
        (
            "Version",
            match *kind {
                SLOW | POOL => format!("version:{}:{}", thing.serial, thing.version),
                _ => format!("version:{}", thing.serial),
            },
        ),
    ];
    Physical {
        identifier: identifier.clone(),
        reference: identifier.clone(),
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::String(value)))
            .collect(),
    }
}

#[async_trait]
impl Handler for Type {
    fn type_name(&self) -> &'static str {
        self.kind
    }

    fn create_only(&self) -> &'static [&'static str] {
        &["Spec", "Base", "Name", "Parent"]
    }

    fn replacement(&self) -> Replacement {
        match self.kind {
            BUCKET | CHILD => Replacement::DeleteFirst,
            _ => Replacement::CreateFirst,
        }
    }

    fn coupling(&self) -> Coupling {
        match self.kind {
            SLOW => Coupling::Created,
            _ => Coupling::Ready,
        }
    }

    fn found_by(&self) -> Option<&'static [&'static str]> {
        (self.kind == ALIAS).then_some(&["Name"])
    }

    fn holds_data(&self) -> bool {
        matches!(self.kind, VAULT | BUCKET)
    }

    fn normalise(&self, properties: &Value) -> Result<Value, String> {
        let given = properties.as_object().ok_or("not an object")?;
        let table = self.properties();
        if let Some(name) = given
            .keys()
            .find(|name| !table.iter().any(|(known, _)| known == name))
        {
            return Err(format!("{name}: {} has no such property", self.kind));
        }
        if given.get("Size") == Some(&json!("panic")) {
            panic!("normalise panics");
        }
        let mut normal = Map::new();
        for (name, default) in table {
            let value = given.get(*name).or(default.as_ref());
            let value = value.ok_or_else(|| format!("{name}: is required"))?;
            normal.insert((*name).to_owned(), value.clone());
        }
        Ok(normal.into())
    }

    async fn create(&self, cx: &Context<'_>, desired: &Value) -> Result<Physical, HandlerError> {
        self.cloud
            .call(Op::Create, cx.logical_id, |world| {
                self.check_pointers(world, desired)?;
                let serial = world.serial + 1;
                let identifier = match self.kind {
                    BUCKET | ALIAS => desired["Name"].as_str().unwrap_or_default().to_owned(),
                    CHILD => format!("{}/policy", desired["Parent"].as_str().unwrap_or_default()),
                    _ => format!(
                        "{}-{serial}",
                        self.kind.to_lowercase().replace("test::", "")
                    ),
                };
                let key = self.key(&identifier);
                if world.things.contains_key(&key) {
                    return Err(
                        self.error(ErrorKind::AlreadyExists, format!("{identifier} exists"))
                    );
                }
                let mut properties = desired.clone();
                if self.is_configured() {
                    properties["Size"] = json!(0);
                }
                let thing = Thing {
                    owner: (cx.owner.pipeline.clone(), cx.logical_id.to_owned()),
                    properties,
                    serial,
                    version: 0,
                    pending: if self.is_slow() { 3 } else { 0 },
                };
                let physical = physical(&key, &thing);
                world.serial = serial;
                world.things.insert(key, thing);
                Ok(physical)
            })
            .await
    }

    async fn configure(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        desired: &Value,
    ) -> Result<(), HandlerError> {
        if !self.is_configured() {
            return Ok(());
        }
        self.cloud
            .call(Op::Configure, cx.logical_id, |world| {
                let thing = self.owned(cx, world, identifier)?;
                let thing = thing.ok_or_else(|| self.error(ErrorKind::NotFound, "gone"))?;
                thing.properties["Size"] = desired["Size"].clone();
                Ok(())
            })
            .await
    }

    async fn ready(&self, cx: &Context<'_>, identifier: &str) -> Result<(), HandlerError> {
        while self.is_slow() {
            let pending = self
                .cloud
                .call(Op::Ready, cx.logical_id, |world| {
                    let thing = self.owned(cx, world, identifier)?;
                    let thing = thing.ok_or_else(|| self.error(ErrorKind::NotFound, "gone"))?;
                    thing.pending = thing.pending.saturating_sub(1);
                    Ok(thing.pending)
                })
                .await?;
            if pending == 0 {
                break;
            }
            if cx.cancel.is_cancelled() {
                return Err(self.error(ErrorKind::Cancelled, "asked to stop"));
            }
            cx.note("it is being made");
            cx.sleep(Duration::from_secs(5)).await;
        }
        Ok(())
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        applied: Option<&Value>,
    ) -> Result<Option<Live>, HandlerError> {
        self.cloud
            .call(Op::Read, cx.logical_id, |world| {
                let Some(thing) = self.owned(cx, world, identifier)? else {
                    return Ok(None);
                };
                let mut properties = thing.properties.clone();
                if let Some(tags) = properties.get_mut("Tags").and_then(Value::as_object_mut)
                    && let Some(said) = applied
                {
                    // Tags that we never wrote are somebody else's.
                    tags.retain(|name, _| said["Tags"].get(name).is_some());
                }
                Ok(Some(Live {
                    physical: physical(&self.key(identifier), thing),
                    properties,
                }))
            })
            .await
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        current: &Value,
        desired: &Value,
    ) -> Result<Physical, HandlerError> {
        self.cloud
            .call(Op::Update, cx.logical_id, |world| {
                let changed = diff::paths(current, desired);
                assert!(
                    !changed
                        .iter()
                        .any(|path| diff::touches(path, self.create_only())),
                    "{} is asked to change {changed:?}",
                    cx.logical_id
                );
                self.check_pointers(world, desired)?;
                let key = self.key(identifier);
                let thing = self.owned(cx, world, identifier)?;
                let thing = thing.ok_or_else(|| self.error(ErrorKind::NotFound, "gone"))?;
                if thing.pending > 0 {
                    thing.pending -= 1;
                    return Err(self.error(ErrorKind::Transient, "not ready for updates"));
                }
                let mut properties = desired.clone();
                if let Some(tags) = properties.get_mut("Tags").and_then(Value::as_object_mut) {
                    // Only what is seen to be there is removed.
                    for (name, value) in thing.properties["Tags"].as_object().into_iter().flatten()
                    {
                        if current["Tags"].get(name).is_none() {
                            tags.entry(name.clone()).or_insert(value.clone());
                        }
                    }
                }
                thing.properties = properties;
                thing.version += 1;
                Ok(physical(&key, thing))
            })
            .await
    }

    async fn delete(&self, cx: &Context<'_>, identifier: &str) -> Result<(), HandlerError> {
        self.cloud
            .call(Op::Delete, cx.logical_id, |world| {
                let key = self.key(identifier);
                let Some(thing) = self.owned(cx, world, identifier)?.cloned() else {
                    return Ok(());
                };
                let names = names(&key, &thing);
                let user = world.things.iter().find(|((kind, _), other)| {
                    // A child goes with its parent; what is deleted first
                    // leaves its users in the air for a while.
                    *kind != CHILD
                        && self.replacement() == Replacement::CreateFirst
                        && pointers(&other.properties).iter().any(|pointer| {
                            names.contains(pointer)
                                || pointer.starts_with(&format!("version:{}:", thing.serial))
                        })
                });
                if let Some(((_, user), _)) = user {
                    return Err(
                        self.error(ErrorKind::Other, format!("{identifier} is used by {user}"))
                    );
                }
                world.remove(&key);
                Ok(())
            })
            .await
    }

    async fn find(&self, cx: &Context<'_>, desired: &Value) -> Result<Found, HandlerError> {
        self.cloud
            .call(Op::Find, cx.logical_id, |world| {
                let me = (cx.owner.pipeline.clone(), cx.logical_id.to_owned());
                let identifier = match self.kind {
                    BUCKET | ALIAS => desired["Name"].as_str().unwrap_or_default().to_owned(),
                    CHILD => format!("{}/policy", desired["Parent"].as_str().unwrap_or_default()),
                    _ => {
                        let mut mine: Vec<_> = world
                            .things
                            .iter()
                            .filter(|((kind, _), thing)| *kind == self.kind && thing.owner == me)
                            .map(|((_, identifier), thing)| (thing.serial, identifier.clone()))
                            .collect();
                        mine.sort();
                        return Ok(match mine.is_empty() {
                            true => Found::Absent,
                            false => Found::Ours(mine.into_iter().map(|(_, id)| id).collect()),
                        });
                    }
                };
                let key = self.key(&identifier);
                let unseen = world.things.contains_key(&key) && world.sees_no_tags();
                Ok(match world.things.get(&key) {
                    None => Found::Absent,
                    Some(_) if unseen => Found::Stranger(format!("{identifier} belongs to nobody")),
                    // By natural key: whatever hangs under our parent.
                    Some(thing) if self.kind == CHILD && thing.owner.0 == me.0 => {
                        Found::Ours(vec![identifier])
                    }
                    Some(thing) if thing.owner == me => Found::Ours(vec![identifier]),
                    Some(thing) => {
                        Found::Stranger(format!("{identifier} belongs to {}", thing.owner.0))
                    }
                })
            })
            .await
    }
}
