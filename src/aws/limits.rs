//! Makes every request of the process wait its turn. AWS limits calls per
//! account, and twenty pipelines of one apply share one account: so the
//! waiting happens at the one place that every attempt passes, the SDK's HTTP
//! connector, retries included.
//!
//! A few operations are far slower than the rest of their service; they have
//! buckets of their own, and pass both.

use super::services::{Rate, Service};
use crate::engine::limiter::Limiter;
use crate::engine::{Clock, SystemClock};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Whether a request changes something; AWS's quotas differ by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Read,
    Write,
}

/// An operation that AWS lets be called this rarely. `call` is the operation
/// of a JSON or query service, or the method and the path of a REST service,
/// with a star for each part that may be anything.
struct Slow {
    service: Service,
    call: &'static str,
    rate: Rate,
}

const fn slow(service: Service, call: &'static str, calls: u32, seconds: u32) -> Slow {
    let rate = Rate {
        per_second: calls as f64 / seconds as f64,
        burst: calls,
    };
    Slow {
        service,
        call,
        rate,
    }
}

/// So many calls in so many seconds, of an account and region.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
/// <https://docs.aws.amazon.com/waf/latest/developerguide/limits.html>
/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
const SLOW: &[Slow] = &[
    slow(Service::Apigateway, "POST /restapis", 1, 3),
    slow(Service::Apigateway, "DELETE /restapis/*", 1, 30),
    slow(Service::Apigateway, "GET /restapis/*/resources", 5, 2),
    slow(Service::Apigateway, "POST /restapis/*/resources/*", 5, 1),
    slow(Service::Apigateway, "DELETE /restapis/*/resources/*", 5, 1),
    slow(Service::Apigateway, "POST /restapis/*/deployments", 1, 5),
    slow(Service::Apigateway, "POST /apikeys", 5, 1),
    slow(Service::Apigateway, "DELETE /apikeys/*", 5, 1),
    slow(Service::Apigateway, "PATCH /usageplans/*", 1, 20),
    slow(Service::Apigateway, "PATCH /account", 1, 20),
    slow(Service::Apigateway, "POST /domainnames", 1, 30),
    slow(Service::Apigateway, "PATCH /domainnames/*", 1, 30),
    slow(Service::Apigateway, "DELETE /domainnames/*", 1, 30),
    slow(Service::Ec2, "CreateVpcEndpoint", 3, 10),
    slow(Service::Ec2, "ModifyVpcEndpoint", 3, 10),
    slow(Service::Ec2, "DeleteVpcEndpoints", 3, 10),
    slow(Service::Wafv2, "AssociateWebACL", 1, 2),
    slow(Service::Wafv2, "DisassociateWebACL", 1, 2),
    slow(Service::Wafv2, "GetWebACLForResource", 1, 1),
];

/// The longest wait for a slow operation. It happens after signing, and AWS
/// refuses signatures older than five minutes: who would wait longer is told
/// to come back, as AWS itself would tell.
const LONGEST_WAIT: Duration = Duration::from_secs(240);

/// The token buckets: one per service and kind, and one per slow operation.
///
/// The former are quick enough that the engine's parallelism keeps their
/// queues far shorter than a signature is valid.
pub struct Limits {
    general: BTreeMap<(Service, Kind), Limiter>,
    /// In the order of `SLOW`.
    slow: Vec<Limiter>,
}

/// The variable that takes the limits away.
const SWITCH: &str = "TAP_CONTROL_PLANE_LIMITS";

impl Limits {
    /// Full buckets at the published rates, under a clock that tests hold.
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        let limiter = |rate: &Rate| Limiter::new(rate.per_second, rate.burst, Arc::clone(clock));
        let mut general = BTreeMap::new();
        for service in Service::ALL.iter().copied() {
            let rates = service.rates();
            for (kind, rate) in [(Kind::Read, rates.read), (Kind::Write, rates.write)] {
                general.insert((service, kind), limiter(&rate));
            }
        }
        let slow = SLOW.iter().map(|slow| limiter(&slow.rate)).collect();
        Self { general, slow }
    }

    /// None: an emulator has no limits.
    fn none() -> Self {
        Self {
            general: BTreeMap::new(),
            slow: Vec::new(),
        }
    }

    /// The buckets that the whole process shares. Terraform starts one
    /// process per provider configuration, so they are also per account.
    /// None at all where `TAP_CONTROL_PLANE_LIMITS` is `off`.
    pub fn of_process() -> Arc<Self> {
        static LIMITS: OnceLock<Arc<Limits>> = OnceLock::new();
        let limits = LIMITS.get_or_init(|| {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            Arc::new(match std::env::var(SWITCH).as_deref() {
                Ok("off") => Limits::none(),
                _ => Limits::new(&clock),
            })
        });
        Arc::clone(limits)
    }

    /// Returns when a call of this kind may be made.
    pub async fn wait(&self, service: Service, kind: Kind) {
        if let Some(limiter) = self.general.get(&(service, kind)) {
            limiter.acquire().await;
        }
    }

    /// Returns when a call of this slow operation may be made, `false` when
    /// that is too far off.
    async fn wait_slow(&self, slow: Option<usize>) -> bool {
        match slow.and_then(|index| self.slow.get(index)) {
            Some(limiter) => limiter.acquire_within(LONGEST_WAIT).await,
            None => true,
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
        let target = request.headers().get("x-amz-target");
        let (method, uri) = (request.method(), request.uri());
        let operation = operation_of(uri, target, request.body().bytes());
        let kind = kind_of(method, operation);
        let slow = slow_of(service, method, uri, operation);
        HttpConnectorFuture::new(async move {
            // The tightest last: who has its token must not wait on and go out
            // together with the next.
            limits.wait(service, kind).await;
            if !limits.wait_slow(slow).await {
                return come_back();
            }
            inner.call(request).await
        })
    }
}

/// What AWS answers to one call too many.
fn come_back() -> Result<HttpResponse, ConnectorError> {
    let body = r#"{"message":"Too many calls are waiting for their turn in this process"}"#;
    let status = StatusCode::try_from(429).map_err(|error| ConnectorError::user(error.into()))?;
    let mut answer = HttpResponse::new(status, SdkBody::from(body));
    let headers = answer.headers_mut();
    headers.insert("x-amzn-errortype", "TooManyRequestsException");
    headers.insert("content-type", "application/json");
    Ok(answer)
}

/// Which slow operation a call is, by its place in `SLOW`.
fn slow_of(service: Service, method: &str, uri: &str, operation: Option<&str>) -> Option<usize> {
    SLOW.iter().position(|slow| {
        slow.service == service
            && match operation {
                Some(operation) => slow.call == operation,
                None => is_route(slow.call, method, path_of(uri)),
            }
    })
}

fn path_of(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |start| &rest[start..]);
    path.split('?').next().unwrap_or_default()
}

fn is_route(route: &str, method: &str, path: &str) -> bool {
    let Some((verb, pattern)) = route.split_once(' ') else {
        return false;
    };
    let (wanted, parts) = (pattern.split('/'), path.trim_end_matches('/').split('/'));
    verb == method
        && wanted.clone().count() == parts.clone().count()
        && wanted
            .zip(parts)
            .all(|(wanted, part)| wanted == "*" || wanted == part)
}

/// JSON services name the operation in a header, CBOR services at the end of
/// the path, query services in the form; REST services do not.
fn operation_of<'a>(
    uri: &'a str,
    target: Option<&'a str>,
    body: Option<&'a [u8]>,
) -> Option<&'a str> {
    target
        .and_then(|target| target.rsplit('.').next())
        .or_else(|| uri.rsplit_once("/operation/").map(|(_, name)| name))
        .or_else(|| {
            let form = std::str::from_utf8(body?).ok()?;
            form.strip_prefix("Action=")?.split('&').next()
        })
}

/// REST services tell by the method.
fn kind_of(method: &str, operation: Option<&str>) -> Kind {
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
    use std::time::Instant;

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

    #[tokio::test]
    async fn a_slow_operation_has_a_bucket_of_its_own() {
        let slept = Arc::new(Slept {
            start: Instant::now(),
            total: Mutex::new(Duration::ZERO),
        });
        let clock: Arc<dyn Clock> = slept.clone();
        let limits = Limits::new(&clock);
        let call = |method, path: &str| {
            let uri = format!("https://apigateway.us-east-1.amazonaws.com{path}");
            slow_of(Service::Apigateway, method, &uri, None)
        };
        let delete = call("DELETE", "/restapis/a1b2c3");
        assert!(limits.wait_slow(delete).await);
        assert!(
            limits
                .wait_slow(call("DELETE", "/restapis/a/stages/v1"))
                .await
        );
        assert!(limits.wait_slow(call("POST", "/restapis")).await);
        assert_eq!(*slept.total.lock().unwrap(), Duration::ZERO);
        assert!(limits.wait_slow(delete).await);
        assert_eq!(slept.total.lock().unwrap().as_secs_f64().round(), 30.0);
    }

    /// Time that stands still: a queue only grows.
    struct Still(Instant);

    #[async_trait::async_trait]
    impl Clock for Still {
        fn now(&self) -> Instant {
            self.0
        }
        async fn sleep(&self, _: Duration) {}
    }

    #[tokio::test]
    async fn who_would_wait_longer_than_a_signature_lives_is_told_to_come_back() {
        let clock: Arc<dyn Clock> = Arc::new(Still(Instant::now()));
        let limits = Limits::new(&clock);
        let uri = "https://apigateway.us-east-1.amazonaws.com/restapis/a1b2c3";
        let delete = slow_of(Service::Apigateway, "DELETE", uri, None);
        let mut waiting = 0;
        while limits.wait_slow(delete).await {
            waiting += 1;
        }
        assert_eq!(waiting, 9, "one at once, then one in thirty seconds");
        assert_eq!(come_back().unwrap().status().as_u16(), 429);
    }

    #[test]
    fn a_slow_operation_is_known_by_its_route_its_target_or_its_form() {
        let slow = |service, method, uri, target| {
            slow_of(service, method, uri, target).map(|index| SLOW[index].call)
        };
        let api = Service::Apigateway;
        let table = [
            ("POST", "https://h/restapis", Some("POST /restapis")),
            (
                "POST",
                "http://127.0.0.1:4/restapis?x=/y",
                Some("POST /restapis"),
            ),
            ("GET", "https://h/restapis?limit=500", None),
            (
                "GET",
                "https://h/restapis/a/resources?limit=500",
                Some("GET /restapis/*/resources"),
            ),
            ("GET", "https://h/restapis/a/resources/b", None),
            (
                "POST",
                "https://h/restapis/a/resources/b",
                Some("POST /restapis/*/resources/*"),
            ),
            ("PUT", "https://h/restapis/a/resources/b/methods/POST", None),
            (
                "POST",
                "https://h/restapis/a/deployments",
                Some("POST /restapis/*/deployments"),
            ),
            (
                "PATCH",
                "https://h/usageplans/p",
                Some("PATCH /usageplans/*"),
            ),
            ("POST", "https://h/usageplans/p/keys", None),
            ("PATCH", "https://h/account", Some("PATCH /account")),
        ];
        for (method, uri, wanted) in table {
            assert_eq!(slow(api, method, uri, None), wanted, "{method} {uri}");
        }
        let waf = |target| {
            let operation = operation_of("https://h/", Some(target), None);
            slow(Service::Wafv2, "POST", "https://h/", operation)
        };
        assert_eq!(
            waf("AWSWAF_20190729.AssociateWebACL"),
            Some("AssociateWebACL")
        );
        assert_eq!(waf("AWSWAF_20190729.CreateWebACL"), None);
        let ec2 = |form: &'static [u8]| {
            let operation = operation_of("https://h/", None, Some(form));
            slow(Service::Ec2, "POST", "https://h/", operation)
        };
        assert_eq!(
            ec2(b"Action=DeleteVpcEndpoints&Version=2016-11-15"),
            Some("DeleteVpcEndpoints")
        );
        assert_eq!(ec2(b"Action=DeleteVpc&Version=2016-11-15"), None);
        assert_eq!(slow(Service::S3, "POST", "https://h/restapis", None), None);
    }

    #[test]
    fn reads_and_writes_are_told_apart_in_every_protocol() {
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
                kind_of(method, operation_of("https://host/", *target, Some(body))),
                *kind,
                "{method} {target:?}"
            );
        }
        for (operation, kind) in [
            ("DescribeAlarms", Kind::Read),
            ("PutDashboard", Kind::Write),
        ] {
            let uri = format!("https://host/service/Granite/operation/{operation}");
            assert_eq!(
                kind_of("POST", operation_of(&uri, None, Some(b"\xa0"))),
                kind,
                "{operation}"
            );
        }
    }
}
