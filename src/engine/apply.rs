//! Walking the graph: three phases, each in parallel.
//!
//! 1. What is replaced with the old one going first is deleted, dependants
//!    before what they depend on.
//! 2. Everything is created and updated, dependencies first.
//! 3. What is left over, predecessors and removed resources, is deleted,
//!    dependants first, and only what nobody can still be using.
//!
//! This file is the walk itself; what is done to one resource is in `build`,
//! what is deleted and when in `discard`.
//!
//! # Guarantees
//!
//! The ledger is written before and after each call. A failure blocks only
//! those who depend on it. A cancellation starts nothing new and lets running
//! calls end; so does the deadline.

use super::build::Made;
use super::error::{Action, EngineError, ErrorKind, HandlerError};
use super::graph::Queue;
use super::handler::{Coupling, Handler};
use super::journal::Event;
use super::ledger::Ledger;
use super::plan::{self, Plan};
use super::step::Step;
use super::template::{self, LogicalId, Template};
use super::{Engine, discard};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What to apply.
pub struct ApplyRequest<'a> {
    pub template: &'a Template,
    pub ledger: Ledger,
    /// Where something may exist that the ledger does not know: looked for
    /// before anything is created.
    pub unsure: BTreeSet<LogicalId>,
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
}

/// What came of an apply or a destroy.
#[derive(Debug, Default)]
pub struct Outcome {
    pub ledger: Ledger,
    pub errors: Vec<EngineError>,
    /// Made by this apply.
    pub created: Vec<LogicalId>,
    /// Found to be ours and taken over.
    pub adopted: Vec<LogicalId>,
    /// It was cancelled, or the time was up, before everything was done.
    pub stopped: bool,
}

impl Outcome {
    /// What the deadline stopped was not stopped by the user.
    pub(super) fn blame_the_deadline(&mut self, action: Action) {
        for error in &mut self.errors {
            let HandlerError { kind, message, .. } = &mut error.source;
            match kind {
                ErrorKind::Cancelled => *kind = ErrorKind::Timeout,
                // It would have been tried again.
                ErrorKind::Throttled | ErrorKind::Transient | ErrorKind::Ambiguous => {
                    message.push_str(" (and the time allowed in timeouts is up)");
                }
                _ => {}
            }
        }
        if self.stopped && self.errors.is_empty() {
            self.errors.push(EngineError {
                logical_id: "the pipeline".to_owned(),
                type_name: "all resources".to_owned(),
                action,
                source: HandlerError::ours(
                    ErrorKind::Timeout,
                    "timeouts",
                    "not everything could be done in the time allowed".to_owned(),
                ),
            });
        }
    }
}

impl Engine {
    /// Brings the cloud to the template.
    pub async fn apply(&self, request: ApplyRequest<'_>) -> Outcome {
        let plan = plan::plan(&self.registry, request.template, &request.ledger);
        let errors = plan
            .problems
            .iter()
            .map(|(id, problem)| EngineError {
                logical_id: id.clone(),
                type_name: request
                    .template
                    .resources
                    .get(id)
                    .map(|resource| resource.type_name.clone())
                    .unwrap_or_default(),
                action: Action::Resolve,
                source: HandlerError::ours(ErrorKind::Invalid, "the template", problem.clone()),
            })
            .collect::<Vec<_>>();
        let mut outcome = Outcome {
            ledger: request.ledger,
            errors,
            ..Outcome::default()
        };
        if !outcome.errors.is_empty() {
            // Half of a template that is wrong is not what anybody wants.
            return outcome;
        }
        let first =
            discard::deleted_first(&self.registry, request.template, &plan, &outcome.ledger);
        let walk = Walk {
            engine: self,
            template: request.template,
            plan,
            first,
            unsure: request.unsure,
            cancel: request.cancel.child_token(),
            shared: Mutex::new(outcome),
            touched: Mutex::default(),
        };
        let count = walk.plan.changes.len();
        self.journal.started(&format!("{count} changes"));
        let in_time = within(self, request.deadline, &walk.cancel, walk.run()).await;
        let stopped = walk.cancel.is_cancelled();
        outcome = walk
            .shared
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let left = plan::plan(&self.registry, request.template, &outcome.ledger);
        outcome.stopped = stopped && !left.changes.is_empty();
        if !in_time {
            outcome.blame_the_deadline(Action::Update);
        }
        self.journal.write(
            Event::Finished,
            "",
            &format!("{} errors", outcome.errors.len()),
        );
        outcome
    }
}

/// Runs work; when the time is up, asks it to stop and waits for it. Says
/// whether it ended in time.
pub(super) async fn within(
    engine: &Engine,
    deadline: Option<Duration>,
    cancel: &CancellationToken,
    work: impl Future<Output = ()>,
) -> bool {
    let Some(deadline) = deadline else {
        work.await;
        return true;
    };
    tokio::pin!(work);
    tokio::select! {
        biased;
        () = &mut work => true,
        () = engine.clock.sleep(deadline) => {
            cancel.cancel();
            work.await;
            false
        }
    }
}

pub(super) struct Walk<'a> {
    pub engine: &'a Engine,
    pub template: &'a Template,
    pub plan: Plan,
    /// What phase 1 deletes.
    pub first: BTreeSet<LogicalId>,
    pub unsure: BTreeSet<LogicalId>,
    pub cancel: CancellationToken,
    pub shared: Mutex<Outcome>,
    /// What others may refer to and is not what it was before this apply.
    pub touched: Mutex<BTreeSet<LogicalId>>,
}

/// What a piece of work reports back to the walk.
pub(super) enum Progress {
    Created(LogicalId, Made),
    Done(LogicalId),
    Failed(LogicalId),
}

pub(super) type Work<'a> = BoxFuture<'a, Progress>;

impl Walk<'_> {
    pub(super) fn shared(&self) -> MutexGuard<'_, Outcome> {
        self.shared
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn touched(&self) -> MutexGuard<'_, BTreeSet<LogicalId>> {
        self.touched
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn fail(&self, error: EngineError) {
        self.shared().errors.push(error);
    }

    pub(super) fn step<'s>(&'s self, id: &'s str, handler: &'s dyn Handler) -> Step<'s> {
        Step {
            engine: self.engine,
            id,
            handler,
            cancel: &self.cancel,
        }
    }

    async fn run(&self) {
        self.delete_first().await;
        let done = self.create_and_update().await;
        self.clean_up(&done).await;
    }

    /// Phase 2: returns who was done.
    async fn create_and_update(&self) -> BTreeSet<LogicalId> {
        let edges = self
            .template
            .resources
            .iter()
            .map(|(id, resource)| {
                let mut waits: BTreeMap<LogicalId, Coupling> =
                    template::references(&resource.properties)
                        .into_iter()
                        .map(|on| {
                            let coupling = self.coupling(&on);
                            (on, coupling)
                        })
                        .collect();
                for on in &resource.depends_on {
                    waits.insert(on.clone(), Coupling::Ready);
                }
                (id.clone(), waits)
            })
            .collect();
        let mut queue = Queue::new(edges);
        let journal = &self.engine.journal;
        journal.plan("apply", &queue, |id| self.needs_work(id));
        let mut done = BTreeSet::new();
        let mut running: FuturesUnordered<Work<'_>> = FuturesUnordered::new();
        loop {
            while running.len() < self.engine.parallelism && !self.cancel.is_cancelled() {
                let Some(id) = queue.take() else { break };
                if self.needs_work(&id) {
                    running.push(Box::pin(self.begin(id)));
                } else {
                    self.settle_dependencies(&id);
                    queue.ready(&id);
                    done.insert(id);
                }
            }
            match running.next().await {
                None => return done,
                Some(Progress::Created(id, made)) => {
                    queue.created(&id);
                    running.push(Box::pin(self.finish(id, made)));
                }
                Some(Progress::Done(id)) => {
                    queue.ready(&id);
                    done.insert(id);
                }
                Some(Progress::Failed(id)) => queue.failed(&id),
            }
        }
    }

    fn coupling(&self, id: &str) -> Coupling {
        self.template
            .resources
            .get(id)
            .and_then(|resource| self.engine.registry.get(&resource.type_name))
            .map_or(Coupling::Ready, |handler| handler.coupling())
    }
}
