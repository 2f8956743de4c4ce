//! The engine's side of a resource type: what it asks of a handler, and what
//! a handler is told.

use super::clock::Clock;
use super::error::HandlerError;
use super::journal::{Event, Journal};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The pipeline a resource belongs to.
pub const TAG_PIPELINE: &str = "tap:pipeline";
/// The resource's logical id.
pub const TAG_LOGICAL_ID: &str = "tap:logical-id";
/// The provider version that created it: written once, never compared.
pub const TAG_PROVIDER_VERSION: &str = "tap:provider-version";

/// In whose name the engine acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `documents-dev@us-east-1`
    pub pipeline: String,
    pub provider_version: String,
}

/// What a handler is told about the call it makes.
pub struct Context<'a> {
    pub logical_id: &'a str,
    pub owner: &'a Owner,
    pub cancel: &'a CancellationToken,
    pub clock: &'a dyn Clock,
    pub journal: &'a Journal,
}

impl Context<'_> {
    /// Says in the journal what takes long, for those who watch.
    pub fn note(&self, text: impl Into<String>) {
        let text = text.into();
        tracing::info!(logical_id = self.logical_id, "{text}");
        self.journal.write(Event::Waited, self.logical_id, &text);
    }

    /// Waits; returns early when the operation is cancelled.
    pub async fn sleep(&self, duration: Duration) {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {}
            () = self.clock.sleep(duration) => {}
        }
    }

    /// The tags that prove a resource to be ours.
    pub fn ownership_tags(&self) -> BTreeMap<String, String> {
        [
            (TAG_PIPELINE, self.owner.pipeline.as_str()),
            (TAG_LOGICAL_ID, self.logical_id),
            (TAG_PROVIDER_VERSION, self.owner.provider_version.as_str()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
    }
}

/// What exists: enough to read and delete it, and what others refer to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Physical {
    /// CloudFormation's primary identifier.
    pub identifier: String,
    /// What `Ref` returns.
    pub reference: String,
    /// What `Fn::GetAtt` can read.
    pub attributes: BTreeMap<String, Value>,
}

/// What a read found.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    pub physical: Physical,
    /// In the shape that [`Handler::normalise`] gives.
    pub properties: Value,
}

/// What there is for a logical id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Absent,
    /// Identifiers; more than one when a replacement was interrupted.
    Ours(Vec<String>),
    /// A sentence that names it.
    Stranger(String),
}

/// In which order a replacement is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The new one first; the old one goes when nothing uses it any more.
    CreateFirst,
    /// The old one first: two of the same name cannot be.
    DeleteFirst,
}

/// When those that refer to a resource may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coupling {
    /// As soon as its id is known.
    Created,
    /// When it is usable.
    Ready,
}

/// One resource type.
///
/// # Interruption
///
/// The process may end before and after each call that a method makes. So
/// each method is idempotent, and `create` makes exactly one call that
/// creates, carrying the ownership tags where the service allows it.
#[async_trait]
pub trait Handler: Send + Sync {
    /// `AWS::S3::Bucket`
    fn type_name(&self) -> &'static str;

    /// Property paths whose change means replacement.
    fn create_only(&self) -> &'static [&'static str];

    fn replacement(&self) -> Replacement {
        Replacement::CreateFirst
    }

    fn coupling(&self) -> Coupling {
        Coupling::Ready
    }

    /// The properties that `find` looks at, where the others may be anything;
    /// `None`: it may look at all. With them, what an interrupted apply left
    /// is found even when something that it refers to is gone.
    fn found_by(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Whether deleting it loses what the user cannot make again.
    fn holds_data(&self) -> bool {
        false
    }

    /// Checks resolved properties and brings them into the one shape in which
    /// they are compared: defaults filled in, sets sorted.
    ///
    /// # Errors
    ///
    /// A sentence that names the property.
    fn normalise(&self, properties: &Value) -> Result<Value, String>;

    /// Creates; returns as soon as the identifier is known.
    async fn create(&self, cx: &Context<'_>, desired: &Value) -> Result<Physical, HandlerError>;

    /// Puts what the creating call could not carry.
    async fn configure(
        &self,
        _cx: &Context<'_>,
        _identifier: &str,
        _desired: &Value,
    ) -> Result<(), HandlerError> {
        Ok(())
    }

    /// Waits until it is usable.
    async fn ready(&self, _cx: &Context<'_>, _identifier: &str) -> Result<(), HandlerError> {
        Ok(())
    }

    /// What is there; `None` only when the service says that it is not.
    /// `applied` are the properties last applied: what they never said
    /// (tags of others) is left out.
    async fn read(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        applied: Option<&Value>,
    ) -> Result<Option<Live>, HandlerError>;

    /// Brings it from `current` to `desired`.
    async fn update(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        current: &Value,
        desired: &Value,
    ) -> Result<Physical, HandlerError>;

    /// Deletes it if it is ours, and waits until it is gone. Not found is
    /// done.
    async fn delete(&self, cx: &Context<'_>, identifier: &str) -> Result<(), HandlerError>;

    /// What exists for this logical id, ours or a stranger's.
    async fn find(&self, cx: &Context<'_>, desired: &Value) -> Result<Found, HandlerError>;
}

/// The handlers, by type.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Handler>>);

impl Registry {
    pub fn new(handlers: Vec<Arc<dyn Handler>>) -> Self {
        Self(
            handlers
                .into_iter()
                .map(|handler| (handler.type_name(), handler))
                .collect(),
        )
    }

    pub fn get(&self, type_name: &str) -> Option<&Arc<dyn Handler>> {
        self.0.get(type_name)
    }

    pub fn types(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}
