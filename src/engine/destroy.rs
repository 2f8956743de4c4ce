//! Deleting everything a ledger knows, dependants first.
//!
//! # Interruption
//!
//! What is gone is off the ledger, what is not is returned; a destroy of the
//! remainder goes on from there. Deleting what is gone already is done.

use super::Engine;
use super::apply::{Outcome, within};
use super::discard::deletion_edges;
use super::error::Action;
use super::graph::Queue;
use super::journal::Event;
use super::ledger::Ledger;
use super::template::LogicalId;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

impl Engine {
    /// Deletes everything; the outcome's ledger is what remains.
    pub async fn destroy(
        &self,
        ledger: Ledger,
        cancel: CancellationToken,
        deadline: Option<Duration>,
    ) -> Outcome {
        self.destroy_only(ledger, |_| true, cancel, deadline).await
    }

    /// Deletes those logical ids that a predicate names.
    pub(super) async fn destroy_only(
        &self,
        ledger: Ledger,
        which: impl Fn(&LogicalId) -> bool,
        cancel: CancellationToken,
        deadline: Option<Duration>,
    ) -> Outcome {
        let cancel = cancel.child_token();
        let queue = Queue::new(deletion_edges(
            &ledger,
            ledger.entries.keys().filter(|id| which(id)),
        ));
        let count = queue.edges().count();
        let shared = Mutex::new(Outcome {
            ledger,
            ..Outcome::default()
        });
        self.journal.started(&format!("{count} deletions"));
        self.journal.plan("delete", &queue, |_| true);
        let in_time = within(
            self,
            deadline,
            &cancel,
            self.delete_in_order(queue, &shared, &cancel),
        )
        .await;
        let mut outcome = shared
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        outcome.stopped = cancel.is_cancelled() && outcome.ledger.entries.keys().any(&which);
        if !in_time {
            outcome.blame_the_deadline(Action::Delete);
        }
        self.journal.write(
            Event::Finished,
            "",
            &format!("{} errors", outcome.errors.len()),
        );
        outcome
    }

    async fn delete_in_order(
        &self,
        mut queue: Queue,
        shared: &Mutex<Outcome>,
        cancel: &CancellationToken,
    ) {
        let lock = || {
            shared
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
        };
        let delete = async |id: LogicalId| {
            let identifiers: Vec<String> = lock()
                .ledger
                .entries
                .get(&id)
                .map(|entry| {
                    let current = entry.identifier.clone();
                    entry.predecessors.iter().cloned().chain(current).collect()
                })
                .unwrap_or_default();
            for identifier in identifiers {
                if let Err(error) = self.delete_one(shared, cancel, &id, &identifier).await {
                    lock().errors.push(error);
                    return (id, false);
                }
            }
            lock().ledger.remove(&id);
            (id, true)
        };
        let mut running: FuturesUnordered<BoxFuture<'_, (LogicalId, bool)>> =
            FuturesUnordered::new();
        loop {
            while running.len() < self.parallelism && !cancel.is_cancelled() {
                let Some(id) = queue.take() else { break };
                running.push(Box::pin(delete(id)));
            }
            match running.next().await {
                None => return,
                Some((id, true)) => queue.ready(&id),
                Some((id, false)) => queue.failed(&id),
            }
        }
    }
}
