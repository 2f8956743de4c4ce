//! Calls that are held: received, before or after their effect, and not
//! answered until a test has seen them and says how to go on. This is how a
//! provider is killed at exactly its n-th call.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::rule::When;
use crate::sandbox::request::Inbound;

/// A call that is held.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Held {
    /// Its number in the record.
    pub sequence: u64,
    pub service: String,
    pub operation: String,
    pub resource: String,
    /// Whether its effect is still to come.
    pub when: When,
}

#[derive(Default)]
pub struct Holds {
    held: Mutex<BTreeMap<u64, (Held, oneshot::Sender<()>)>>,
    arrived: Notify,
}

impl Holds {
    /// Waits until the call is released. False: it was abandoned, because the
    /// weather was cleared or because its caller has hung up.
    pub async fn hold(
        &self,
        sequence: u64,
        call: &Inbound,
        when: When,
        gone: &CancellationToken,
    ) -> bool {
        let held = Held {
            sequence,
            service: call.service.clone(),
            operation: call.operation.clone(),
            resource: call.resource.clone(),
            when,
        };
        let (release, released) = oneshot::channel();
        self.lock().insert(sequence, (held, release));
        self.arrived.notify_waiters();
        let released = tokio::select! {
            released = released => released.is_ok(),
            () = gone.cancelled() => false,
        };
        self.lock().remove(&sequence);
        released
    }

    pub fn list(&self) -> Vec<Held> {
        self.lock().values().map(|(held, _)| held.clone()).collect()
    }

    /// Waits until at least so many calls are held.
    pub async fn wait_for(&self, count: usize) -> Vec<Held> {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let held = self.list();
            if held.len() >= count {
                return held;
            }
            arrived.await;
        }
    }

    /// Lets one held call, or all of them, go on. Returns how many.
    pub fn release(&self, sequence: Option<u64>) -> usize {
        let mut held = self.lock();
        let which: Vec<u64> = held
            .keys()
            .copied()
            .filter(|number| sequence.is_none_or(|wanted| wanted == *number))
            .collect();
        which
            .into_iter()
            .filter_map(|number| held.remove(&number))
            .filter_map(|(_, release)| release.send(()).ok())
            .count()
    }

    /// Drops the connections of all held calls; what had no effect yet never has one.
    pub fn abandon(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (Held, oneshot::Sender<()>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
