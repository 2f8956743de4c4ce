//! One resource's create, update or delete, with its retries.
//!
//! # Expected flow of a create
//!
//! `create` → (identifier known) → `configure` → `ready`. A name that is
//! taken, or an answer that was lost, is followed by `find`: what is ours is
//! adopted, a stranger's is refused by name, and only when there is nothing
//! is the call made again. So a lost answer never makes a second thing.
//!
//! # Interruption
//!
//! Between any two calls the caller may go away; what exists carries our
//! tags and is found again.

use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::handler::{Context, Found, Handler, Live, Physical};
use super::journal::Event;
use super::{Engine, diff};
use futures::FutureExt;
use serde_json::Value;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long failures that may pass are tried again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// From the first failure on.
    pub give_up_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
            give_up_after: Duration::from_secs(300),
        }
    }
}

/// The resource a step is about.
pub struct Step<'a> {
    pub engine: &'a Engine,
    pub id: &'a str,
    pub handler: &'a dyn Handler,
    pub cancel: &'a CancellationToken,
}

/// What a create came to.
pub struct Begun {
    pub physical: Physical,
    /// It was there already, and ours.
    pub adopted: bool,
}

impl Step<'_> {
    fn context(&self) -> Context<'_> {
        Context {
            logical_id: self.id,
            owner: &self.engine.owner,
            cancel: self.cancel,
            clock: self.engine.clock.as_ref(),
            journal: &self.engine.journal,
        }
    }

    fn error(&self, action: Action, source: HandlerError) -> EngineError {
        let detail = format!("{:?} {}", source.kind, source.code.as_deref().unwrap_or(""));
        self.engine.journal.write(Event::Failed, self.id, detail.trim());
        tracing::debug!(logical_id = self.id, %source, "failed");
        EngineError {
            logical_id: self.id.to_owned(),
            type_name: self.handler.type_name().to_owned(),
            action,
            source,
        }
    }

    /// Makes one call; a panic in it is an error like any other.
    async fn call<T>(
        &self,
        action: Action,
        call: impl Future<Output = Result<T, HandlerError>>,
    ) -> Result<T, HandlerError> {
        self.engine
            .journal
            .write(Event::Called, self.id, &format!("{action:?}").to_lowercase());
        match AssertUnwindSafe(call).catch_unwind().await {
            Ok(result) => result,
            Err(panic) => {
                let text = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "no message".to_owned());
                Err(HandlerError::ours(
                    ErrorKind::Other,
                    "the provider",
                    format!("a defect of the provider: it panicked ({text}). Please report it; nothing is lost"),
                ))
            }
        }
    }

    /// Waits before another try; fails when there shall be none.
    async fn again(&self, tries: &mut Tries, error: HandlerError) -> Result<(), HandlerError> {
        let now = self.engine.clock.now();
        let policy = &self.engine.retry;
        let first = *tries.first.get_or_insert(now);
        if now.saturating_duration_since(first) >= policy.give_up_after {
            return Err(error);
        }
        let wait = policy
            .first_wait
            .saturating_mul(1 << tries.count.min(10))
            .min(policy.longest_wait);
        tries.count += 1;
        // Half of it at random, so that twenty pipelines do not come back
        // together.
        let jitter = (uuid::Uuid::new_v4().as_u128() % 1000) as u32;
        let wait = wait / 2 + wait / 2 * jitter / 1000;
        tracing::debug!(logical_id = self.id, %error, ?wait, "trying again");
        self.context().sleep(wait).await;
        if self.cancel.is_cancelled() {
            return Err(error);
        }
        Ok(())
    }

    /// Makes a call until it succeeds or fails for good.
    async fn retried<T, F, Fut>(&self, action: Action, mut call: F) -> Result<T, EngineError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, HandlerError>>,
    {
        let mut tries = Tries::default();
        loop {
            match self.call(action, call()).await {
                Ok(value) => return Ok(value),
                Err(error) if may_pass(error.kind) => self
                    .again(&mut tries, error)
                    .await
                    .map_err(|error| self.error(action, error))?,
                Err(error) => return Err(self.error(action, error)),
            }
        }
    }

    /// Creates, or adopts what an earlier try created; `known` are identifiers
    /// that are already accounted for.
    pub async fn create(&self, desired: &Value, known: &[String]) -> Result<Begun, EngineError> {
        let cx = self.context();
        let mut tries = Tries::default();
        loop {
            let error = match self.call(Action::Create, self.handler.create(&cx, desired)).await {
                Ok(physical) => {
                    self.engine
                        .journal
                        .write(Event::Created, self.id, &physical.identifier);
                    return Ok(Begun {
                        physical,
                        adopted: false,
                    });
                }
                Err(error) => error,
            };
            match error.kind {
                ErrorKind::AlreadyExists | ErrorKind::Ambiguous => {
                    match self.find(desired).await? {
                        Found::Ours(ids) => {
                            if let Some(id) = ids.into_iter().find(|id| !known.contains(id))
                                && let Some(live) = self.read(&id, Some(desired)).await?
                            {
                                self.engine.journal.write(Event::Adopted, self.id, &id);
                                return Ok(Begun {
                                    physical: live.physical,
                                    adopted: true,
                                });
                            }
                        }
                        Found::Stranger(who) => {
                            let error = HandlerError {
                                kind: ErrorKind::Stranger,
                                message: who,
                                ..error
                            };
                            return Err(self.error(Action::Create, error));
                        }
                        Found::Absent => {}
                    }
                }
                kind if may_pass(kind) => {}
                _ => return Err(self.error(Action::Create, error)),
            }
            self.again(&mut tries, error)
                .await
                .map_err(|error| self.error(Action::Create, error))?;
        }
    }

    pub async fn configure(&self, identifier: &str, desired: &Value) -> Result<(), EngineError> {
        let cx = self.context();
        self.retried(Action::Configure, || {
            self.handler.configure(&cx, identifier, desired)
        })
        .await
    }

    pub async fn ready(&self, identifier: &str) -> Result<(), EngineError> {
        let cx = self.context();
        self.retried(Action::Wait, || self.handler.ready(&cx, identifier))
            .await
    }

    pub async fn read(
        &self,
        identifier: &str,
        applied: Option<&Value>,
    ) -> Result<Option<Live>, EngineError> {
        let cx = self.context();
        self.retried(Action::Read, || self.handler.read(&cx, identifier, applied))
            .await
    }

    pub async fn find(&self, desired: &Value) -> Result<Found, EngineError> {
        let cx = self.context();
        self.retried(Action::Find, || self.handler.find(&cx, desired))
            .await
    }

    /// Brings what is there to what shall be; `None` when it is not there.
    ///
    /// What is there is read first, each time: a plan may be old, and an
    /// interrupted update may have done half.
    pub async fn update(
        &self,
        identifier: &str,
        desired: &Value,
    ) -> Result<Option<Physical>, EngineError> {
        let cx = self.context();
        let mut tries = Tries::default();
        loop {
            let Some(live) = self.read(identifier, Some(desired)).await? else {
                return Ok(None);
            };
            if diff::paths(&live.properties, desired).is_empty() {
                return Ok(Some(live.physical));
            }
            let update = self
                .handler
                .update(&cx, identifier, &live.properties, desired);
            match self.call(Action::Update, update).await {
                Ok(physical) => {
                    self.engine.journal.write(Event::Updated, self.id, identifier);
                    return Ok(Some(physical));
                }
                Err(error) if may_pass(error.kind) => self
                    .again(&mut tries, error)
                    .await
                    .map_err(|error| self.error(Action::Update, error))?,
                Err(error) => return Err(self.error(Action::Update, error)),
            }
        }
    }

    pub async fn delete(&self, identifier: &str) -> Result<(), EngineError> {
        let cx = self.context();
        let mut tries = Tries::default();
        loop {
            let delete = self.handler.delete(&cx, identifier);
            match self.call(Action::Delete, delete).await {
                Ok(()) => break,
                Err(error) if error.kind == ErrorKind::NotFound => break,
                Err(error) if may_pass(error.kind) || error.kind == ErrorKind::Ambiguous => self
                    .again(&mut tries, error)
                    .await
                    .map_err(|error| self.error(Action::Delete, error))?,
                Err(error) => return Err(self.error(Action::Delete, error)),
            }
        }
        self.engine.journal.write(Event::Deleted, self.id, identifier);
        Ok(())
    }
}

#[derive(Default)]
struct Tries {
    count: u32,
    first: Option<std::time::Instant>,
}

fn may_pass(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Throttled | ErrorKind::Transient)
}
