//! A token bucket: how fast a service's calls may be made.
//!
//! One per service and account in the process, shared by all pipelines of an
//! apply, so that twenty of them stay under the limit together.

use super::clock::Clock;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub struct Limiter {
    rate: f64,
    burst: f64,
    clock: Arc<dyn Clock>,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    /// Below zero: the tokens that waiting callers have been promised.
    tokens: f64,
    at: Instant,
}

impl Limiter {
    /// `rate` calls a second, `burst` at once.
    pub fn new(rate: f64, burst: u32, clock: Arc<dyn Clock>) -> Self {
        let bucket = Bucket {
            tokens: f64::from(burst),
            at: clock.now(),
        };
        Self {
            rate,
            burst: f64::from(burst),
            clock,
            bucket: Mutex::new(bucket),
        }
    }

    /// Takes a token, waiting for it if need be. Callers are served in the
    /// order in which they ask.
    pub async fn acquire(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// As `acquire`, but takes nothing and answers `false` where the wait
    /// would be longer than that.
    pub async fn acquire_within(&self, longest: Duration) -> bool {
        let Some(wait) = self.reserve_within(longest) else {
            return false;
        };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        true
    }

    fn reserve(&self) -> Duration {
        self.reserve_within(Duration::MAX).unwrap_or(Duration::ZERO)
    }

    fn reserve_within(&self, longest: Duration) -> Option<Duration> {
        let mut bucket = self
            .bucket
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let now = self.clock.now();
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.rate;
        let left = (bucket.tokens + gained).min(self.burst) - 1.0;
        let wait = Duration::from_secs_f64((-left / self.rate).max(0.0));
        if wait > longest {
            return None;
        }
        bucket.tokens = left;
        bucket.at = now;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::ManualClock;
    use super::*;

    #[tokio::test]
    async fn calls_beyond_the_burst_wait_for_their_token() {
        let clock = Arc::new(ManualClock::default());
        let limiter = Limiter::new(10.0, 5, clock.clone());
        for _ in 0..5 {
            limiter.acquire().await;
        }
        assert_eq!(clock.passed(), Duration::ZERO, "the burst is free");
        for _ in 0..20 {
            limiter.acquire().await;
        }
        let passed = clock.passed().as_secs_f64();
        assert!(
            (passed - 2.0).abs() < 0.01,
            "20 calls at 10 a second took {passed} s"
        );
    }

    #[tokio::test]
    async fn who_would_wait_too_long_takes_nothing() {
        let clock = Arc::new(ManualClock::default());
        let limiter = Limiter::new(0.1, 1, clock.clone());
        let longest = Duration::from_secs(15);
        assert!(limiter.acquire_within(longest).await);
        assert!(limiter.reserve_within(longest).is_some(), "ten seconds");
        for _ in 0..3 {
            assert!(!limiter.acquire_within(longest).await, "twenty seconds");
        }
        assert_eq!(clock.passed(), Duration::ZERO);
        clock.advance(Duration::from_secs(10));
        assert!(limiter.acquire_within(longest).await);
        assert_eq!(clock.passed(), Duration::from_secs(20));
    }

    #[tokio::test]
    async fn a_rest_fills_the_bucket_no_higher_than_the_burst() {
        let clock = Arc::new(ManualClock::default());
        let limiter = Limiter::new(1.0, 2, clock.clone());
        clock.advance(Duration::from_secs(100));
        for _ in 0..2 {
            limiter.acquire().await;
        }
        assert_eq!(clock.passed(), Duration::from_secs(100));
        limiter.acquire().await;
        assert_eq!(clock.passed(), Duration::from_secs(101));
    }
}
