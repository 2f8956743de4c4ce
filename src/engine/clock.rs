//! Time as an argument, so that waiting is tested without waiting.

use async_trait::async_trait;
use std::time::{Duration, Instant};

/// Where the engine's sense of time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock whose sleepers wake at once, having moved it on: for tests that
/// ask how long something would have waited.
#[derive(Debug)]
pub struct ManualClock {
    start: Instant,
    passed: std::sync::Mutex<Duration>,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            passed: std::sync::Mutex::default(),
        }
    }
}

impl ManualClock {
    /// How much time has passed on this clock.
    pub fn passed(&self) -> Duration {
        *self
            .passed
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn advance(&self, duration: Duration) {
        *self
            .passed
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) += duration;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
