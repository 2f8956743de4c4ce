//! Makes every request of the process wait its turn. AWS limits calls per
//! account, and twenty pipelines of one apply share one account: so the
//! waiting happens at the one place that every attempt passes, the SDK's HTTP
//! connector, retries included.

use super::services::Service;
use crate::engine::limiter::Limiter;
use crate::engine::{Clock, SystemClock};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Whether a request changes something; AWS's quotas differ by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Read,
    Write,
}

/// The token buckets, one per service and kind.
///
/// A wait happens after signing, and AWS refuses signatures older than five
/// minutes: the engine's parallelism keeps queues far shorter than that.
pub struct Limits(BTreeMap<(Service, Kind), Limiter>);

impl Limits {
    /// Full buckets at the published rates, under a clock that tests hold.
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        let mut limiters = BTreeMap::new();
        for service in Service::ALL {
            let rates = service.rates();
            for (kind, rate) in [(Kind::Read, rates.read), (Kind::Write, rates.write)] {
                let limiter = Limiter::new(rate.per_second, rate.burst, Arc::clone(clock));
                limiters.insert((service, kind), limiter);
            }
        }
        Self(limiters)
    }

    /// The buckets that the whole process shares. Terraform starts one
    /// process per provider configuration, so they are also per account.
    pub fn of_process() -> Arc<Self> {
        static LIMITS: OnceLock<Arc<Limits>> = OnceLock::new();
        let limits = LIMITS.get_or_init(|| {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            Arc::new(Limits::new(&clock))
        });
        Arc::clone(limits)
    }

    /// Returns when a call of this kind may be made.
    pub async fn wait(&self, service: Service, kind: Kind) {
        if let Some(limiter) = self.0.get(&(service, kind)) {
            limiter.acquire().await;
        }
    }
}

/// The shared HTTP client as one service sees it: the same connections, its
/// own buckets.
pub(super) struct LimitedClient {
    pub inner: SharedHttpClient,
    pub service: Service,
    pub limits: Arc<Limits>,
}

impl fmt::Debug for LimitedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitedClient({})", self.service.name())
    }
}

impl HttpClient for LimitedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(LimitedConnector {
            inner: self.inner.http_connector(settings, components),
            service: self.service,
            limits: Arc::clone(&self.limits),
        })
    }
}

struct LimitedConnector {
    inner: SharedHttpConnector,
    service: Service,
    limits: Arc<Limits>,
}

impl fmt::Debug for LimitedConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitedConnector({})", self.service.name())
    }
}

impl HttpConnector for LimitedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.inner.clone();
        let limits = Arc::clone(&self.limits);
        let service = self.service;
        let kind = kind_of(
            request.method(),
            request.headers().get("x-amz-target"),
            request.body().bytes(),
        );
        HttpConnectorFuture::new(async move {
            limits.wait(service, kind).await;
            inner.call(request).await
        })
    }
}

/// JSON services name the operation in a header, query services in the form,
/// REST services tell by the method.
fn kind_of(method: &str, target: Option<&str>, body: Option<&[u8]>) -> Kind {
    let operation = target
        .and_then(|target| target.rsplit('.').next())
        .or_else(|| {
            let form = std::str::from_utf8(body?).ok()?;
            form.strip_prefix("Action=")?.split('&').next()
        });
    let reads = match operation {
        Some(name) => ["Get", "List", "Describe"]
            .iter()
            .any(|p| name.starts_with(p)),
        None => matches!(method, "GET" | "HEAD"),
    };
    if reads { Kind::Read } else { Kind::Write }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    /// Sleeping moves the time on at once and adds up.
    struct Slept {
        start: Instant,
        total: Mutex<Duration>,
    }

    #[async_trait::async_trait]
    impl Clock for Slept {
        fn now(&self) -> Instant {
            self.start + *self.total.lock().unwrap()
        }
        async fn sleep(&self, duration: Duration) {
            *self.total.lock().unwrap() += duration;
        }
    }

    #[tokio::test]
    async fn calls_beyond_the_burst_wait_for_the_rate_of_their_service_and_kind() {
        let slept = Arc::new(Slept {
            start: Instant::now(),
            total: Mutex::new(Duration::ZERO),
        });
        let clock: Arc<dyn Clock> = slept.clone();
        let limits = Limits::new(&clock);
        let rate = Service::Kms.rates().write;
        for _ in 0..rate.burst {
            limits.wait(Service::Kms, Kind::Write).await;
        }
        assert_eq!(
            *slept.total.lock().unwrap(),
            Duration::ZERO,
            "the burst is free"
        );
        limits.wait(Service::Kms, Kind::Read).await;
        limits.wait(Service::S3, Kind::Write).await;
        assert_eq!(
            *slept.total.lock().unwrap(),
            Duration::ZERO,
            "others are not held up"
        );
        for _ in 0..10 {
            limits.wait(Service::Kms, Kind::Write).await;
        }
        let seconds = slept.total.lock().unwrap().as_secs_f64();
        assert!(
            (seconds - 10.0 / rate.per_second).abs() < 0.01,
            "waited {seconds} s"
        );
    }

    #[test]
    fn reads_and_writes_are_told_apart_in_all_three_protocols() {
        let table: &[(&str, Option<&str>, &[u8], Kind)] = &[
            ("POST", Some("TrentService.CreateKey"), b"{}", Kind::Write),
            ("POST", Some("TrentService.ListKeys"), b"{}", Kind::Read),
            (
                "POST",
                Some("DynamoDB_20120810.DescribeTable"),
                b"{}",
                Kind::Read,
            ),
            (
                "POST",
                None,
                b"Action=CreateTopic&Version=2010-03-31",
                Kind::Write,
            ),
            (
                "POST",
                None,
                b"Action=GetTopicAttributes&Version=2010-03-31",
                Kind::Read,
            ),
            ("PUT", None, b"<xml/>", Kind::Write),
            ("GET", None, b"", Kind::Read),
            ("HEAD", None, b"", Kind::Read),
            ("POST", None, b"<Delete/>", Kind::Write),
        ];
        for (method, target, body, kind) in table {
            assert_eq!(
                kind_of(method, *target, Some(body)),
                *kind,
                "{method} {target:?}"
            );
        }
    }
}
