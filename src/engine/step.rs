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
use super::handler::{Context, Found, Handler, Live, Physical, Replacement};
use super::journal::Event;
use super::retry::{Tries, may_pass};
use super::template::LogicalId;
use super::{Engine, diff};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use tokio_util::sync::CancellationToken;

/// The resource a step is about.
pub struct Step<'a> {
    pub engine: &'a Engine,
    pub id: &'a str,
    pub handler: &'a dyn Handler,
    pub cancel: &'a CancellationToken,
}

/// Identifiers of the type that are accounted for, and by whom.
pub type Known = BTreeMap<String, LogicalId>;

/// What a create came to.
pub struct Begun {
    pub physical: Physical,
    /// It was there already, and ours.
    pub adopted: bool,
    /// It was found, not answered: what it is like has to be seen.
    pub found: bool,
    /// Further things of ours for this logical id, to be deleted when nothing
    /// uses them.
    pub superseded: Vec<String>,
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

    pub fn error(&self, action: Action, source: HandlerError) -> EngineError {
        let detail = format!("{:?} {}", source.kind, source.code.as_deref().unwrap_or(""));
        self.engine
            .journal
            .write(Event::Failed, self.id, detail.trim());
        tracing::debug!(logical_id = self.id, %source, "failed");
        EngineError {
            logical_id: self.id.to_owned(),
            type_name: self.handler.type_name().to_owned(),
            action,
            source,
        }
    }

    async fn retried<T, F, Fut>(&self, action: Action, call: F) -> Result<T, EngineError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, HandlerError>>,
    {
        self.engine
            .patiently(self.id, action, self.cancel, call)
            .await
            .map_err(|error| self.error(action, error))
    }

    async fn again(
        &self,
        action: Action,
        tries: &mut Tries,
        error: HandlerError,
    ) -> Result<(), EngineError> {
        self.engine
            .again(self.id, self.cancel, tries, error)
            .await
            .map_err(|error| self.error(action, error))
    }

    /// Whether something that exists can be brought to what shall be.
    pub fn fits(&self, live: &Value, desired: &Value) -> bool {
        self.obstacles(live, desired).is_empty()
    }

    /// The differences that only a replacement removes.
    fn obstacles(&self, live: &Value, desired: &Value) -> Vec<String> {
        let mut paths = diff::paths(live, desired);
        paths.retain(|path| diff::touches(path, self.handler.create_only()));
        paths
    }

    /// Creates, or adopts what an earlier try created. `search` says that
    /// there may have been one which the ledger does not know.
    pub async fn create(
        &self,
        desired: &Value,
        known: &Known,
        search: bool,
    ) -> Result<Begun, EngineError> {
        let cx = self.context();
        let mut tries = Tries::default();
        let mut superseded = Vec::new();
        let (mut look, mut lost) = (search, false);
        loop {
            if look && let Some(physical) = self.adoptable(desired, known, &mut superseded).await? {
                return Ok(self.adopted(physical, lost, superseded));
            }
            let create = self.handler.create(&cx, desired);
            let error = match self.engine.call(self.id, Action::Create, create).await {
                Ok(physical) => {
                    self.engine
                        .journal
                        .write(Event::Created, self.id, &physical.identifier);
                    return Ok(Begun {
                        physical,
                        adopted: false,
                        found: false,
                        superseded,
                    });
                }
                Err(error) => error,
            };
            lost |= error.kind == ErrorKind::Ambiguous;
            match error.kind {
                ErrorKind::AlreadyExists | ErrorKind::Ambiguous => {
                    // At once, so that a stranger's is refused at once; and
                    // again before the next try, since lists lag.
                    look = true;
                    if let Some(physical) = self.adoptable(desired, known, &mut superseded).await? {
                        return Ok(self.adopted(physical, lost, superseded));
                    }
                }
                kind if may_pass(kind) => {}
                _ => return Err(self.error(Action::Create, error)),
            }
            self.again(Action::Create, &mut tries, error).await?;
        }
    }

    fn adopted(&self, physical: Physical, lost: bool, superseded: Vec<String>) -> Begun {
        let event = if lost { Event::Created } else { Event::Adopted };
        self.engine
            .journal
            .write(event, self.id, &physical.identifier);
        Begun {
            physical,
            // A thing that appears after an answer was lost is that answer's.
            adopted: !lost,
            found: true,
            superseded,
        }
    }

    /// Something of ours that nobody accounts for and that can be brought to
    /// what shall be.
    async fn adoptable(
        &self,
        desired: &Value,
        known: &Known,
        superseded: &mut Vec<String>,
    ) -> Result<Option<Physical>, EngineError> {
        let refused = |kind, message| {
            let error = HandlerError::ours(kind, self.handler.type_name(), message);
            self.error(Action::Create, error)
        };
        let identifiers = match self.find(desired).await? {
            Found::Absent => return Ok(None),
            Found::Stranger(who) => return Err(refused(ErrorKind::Stranger, who)),
            Found::Ours(identifiers) => identifiers,
        };
        superseded.clear();
        let (mut fitting, mut holder) = (None, None);
        for identifier in identifiers {
            if let Some(other) = known.get(&identifier) {
                if other != self.id {
                    holder = Some(self.is_held(&identifier, other));
                }
                continue;
            }
            let Some(live) = self.read(&identifier, Some(desired)).await? else {
                continue;
            };
            let obstacles = self.obstacles(&live.properties, desired);
            if obstacles.is_empty() {
                match fitting {
                    None => fitting = Some(live.physical),
                    Some(_) => superseded.push(identifier),
                }
                continue;
            }
            // It does not fit. Data is nobody's to delete unasked.
            match (self.handler.replacement(), self.handler.holds_data()) {
                (Replacement::CreateFirst, true) => {}
                (Replacement::CreateFirst, false) => superseded.push(identifier),
                (Replacement::DeleteFirst, false) => self.delete(&identifier).await?,
                (Replacement::DeleteFirst, true) => {
                    let paths = obstacles.join(", ");
                    return Err(refused(
                        ErrorKind::AlreadyExists,
                        format!(
                            "{identifier} is left over from an earlier time, holds data, and differs in {paths}, \
                             which cannot change. Delete it, or write what it has"
                        ),
                    ));
                }
            }
        }
        match (&fitting, holder) {
            (None, Some(holder)) => Err(holder),
            _ => Ok(fitting),
        }
    }

    /// Another logical id has it already.
    pub fn is_held(&self, identifier: &str, other: &str) -> EngineError {
        let message = format!("{identifier} is {other} of this same pipeline");
        let error = HandlerError::ours(ErrorKind::Stranger, self.handler.type_name(), message);
        self.error(Action::Create, error)
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
            .await?;
        self.engine.journal.write(Event::Ready, self.id, identifier);
        Ok(())
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
        // A stranger is an answer here, and looked at as often as one that is an
        // error.
        let found = self
            .engine
            .patiently(self.id, Action::Find, self.cancel, || async {
                match self.handler.find(&cx, desired).await? {
                    Found::Stranger(who) => {
                        let kind = self.handler.type_name();
                        Err(HandlerError::ours(ErrorKind::Stranger, kind, who))
                    }
                    found => Ok(found),
                }
            });
        match found.await {
            Err(stranger) if stranger.kind == ErrorKind::Stranger => {
                Ok(Found::Stranger(stranger.message))
            }
            found => found.map_err(|error| self.error(Action::Find, error)),
        }
    }

    /// Brings what is there to what shall be; `None` when it is not there.
    /// `begins` is called before anything is changed.
    ///
    /// What is there is read first, each time: a plan may be old, and an
    /// interrupted update may have done half.
    pub async fn update(
        &self,
        identifier: &str,
        applied: Option<&Value>,
        desired: &Value,
        begins: impl Fn(),
    ) -> Result<Option<Physical>, EngineError> {
        let cx = self.context();
        let mut tries = Tries::default();
        // What was applied and is not desired any more (a tag) must be seen
        // to be removed.
        let said = applied.unwrap_or(desired);
        loop {
            let Some(live) = self.read(identifier, Some(said)).await? else {
                return Ok(None);
            };
            if diff::paths(&live.properties, desired).is_empty() {
                return Ok(Some(live.physical));
            }
            let obstacles = self.obstacles(&live.properties, desired).join(", ");
            if !obstacles.is_empty() {
                let message = format!(
                    "{identifier} differs in {obstacles}, which cannot change, and no replacement was planned: plan again"
                );
                let error = HandlerError::ours(ErrorKind::Invalid, "the plan", message);
                return Err(self.error(Action::Update, error));
            }
            begins();
            let update = self
                .handler
                .update(&cx, identifier, &live.properties, desired);
            match self.engine.call(self.id, Action::Update, update).await {
                Ok(physical) => {
                    self.engine
                        .journal
                        .write(Event::Updated, self.id, identifier);
                    return Ok(Some(physical));
                }
                // What vanishes meanwhile is seen by the next read.
                Err(error) if may_pass(error.kind) || error.kind == ErrorKind::NotFound => {
                    self.again(Action::Update, &mut tries, error).await?;
                }
                Err(error) => return Err(self.error(Action::Update, error)),
            }
        }
    }

    pub async fn delete(&self, identifier: &str) -> Result<(), EngineError> {
        let cx = self.context();
        self.retried(Action::Delete, || async {
            match self.handler.delete(&cx, identifier).await {
                Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
                result => result,
            }
        })
        .await?;
        self.engine
            .journal
            .write(Event::Deleted, self.id, identifier);
        Ok(())
    }
}
