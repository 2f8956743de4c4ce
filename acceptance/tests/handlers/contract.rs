//! What every handler promises the engine, tried on one resource type at a
//! time against the sandbox: the engine itself is not in between, so that
//! what is wrong is the handler's.
//!
//! A [`Case`] says a logical id, the properties, and what they are changed to;
//! [`hold`] tells the story: nothing there, created, read back as it was
//! wanted, found again, changed in place, refused to strangers, deleted twice.

use acceptance::Sandbox;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use terraform_provider_tap::aws::{AwsContext, AwsSettings, Service, registry};
use terraform_provider_tap::engine::{
    Context, ErrorKind, Found, Handler, HandlerError, Journal, Live, Owner, Physical, Registry,
    SystemClock,
};
use tokio_util::sync::CancellationToken;

pub const OWNER: &str = "documents-dev@us-east-1";
pub const STRANGER: &str = "other-dev@us-east-1";

/// The handlers of one sandbox, called as the engine calls them.
pub struct Bench<'a> {
    pub sandbox: &'a Sandbox,
    registry: Registry,
    owner: Owner,
    cancel: CancellationToken,
    clock: SystemClock,
    journal: Journal,
}

impl<'a> Bench<'a> {
    pub fn new(sandbox: &'a Sandbox) -> Self {
        let endpoint = sandbox.endpoint();
        let names = Service::ALL.iter();
        let endpoints: BTreeMap<String, String> = names
            .map(|service| (service.name().to_owned(), endpoint.to_owned()))
            .collect();
        let settings = AwsSettings {
            region: Some("us-east-1".into()),
            access_key: Some("test".into()),
            secret_key: Some("test".into()),
            endpoints,
            s3_use_path_style: true,
            max_retries: Some(0),
            ..AwsSettings::default()
        };
        let context = AwsContext::new(settings).expect("valid settings");
        Self {
            sandbox,
            registry: registry(&context),
            owner: Owner {
                pipeline: OWNER.into(),
                provider_version: "0.0.0".into(),
            },
            cancel: CancellationToken::new(),
            clock: SystemClock,
            journal: Journal::default(),
        }
    }

    /// The same as another pipeline.
    pub fn stranger(&self) -> Self {
        let mut other = Self::new(self.sandbox);
        other.owner.pipeline = STRANGER.into();
        other
    }

    pub fn handler(&self, type_name: &str) -> &Arc<dyn Handler> {
        self.registry
            .get(type_name)
            .unwrap_or_else(|| panic!("no handler for {type_name}"))
    }

    pub fn cx<'b>(&'b self, logical_id: &'b str) -> Context<'b> {
        Context {
            logical_id,
            owner: &self.owner,
            cancel: &self.cancel,
            clock: &self.clock,
            journal: &self.journal,
        }
    }

    /// Makes a call again while it is not its turn yet, as the engine does.
    pub async fn patiently<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, HandlerError>
    where
        F: Future<Output = Result<T, HandlerError>>,
    {
        let mut left = 40;
        loop {
            match call().await {
                Err(error)
                    if left > 0
                        && matches!(error.kind, ErrorKind::Transient | ErrorKind::Throttled) =>
                {
                    left -= 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                other => return other,
            }
        }
    }

    /// Creates, configures and waits.
    pub async fn made(&self, id: &str, type_name: &str, properties: &Value) -> Physical {
        let handler = self.handler(type_name);
        let cx = self.cx(id);
        let made = self
            .patiently(|| handler.create(&cx, properties))
            .await
            .unwrap_or_else(|error| panic!("create {id}: {error}"));
        self.patiently(|| handler.configure(&cx, &made.identifier, properties))
            .await
            .unwrap_or_else(|error| panic!("configure {id}: {error}"));
        self.patiently(|| handler.ready(&cx, &made.identifier))
            .await
            .unwrap_or_else(|error| panic!("ready {id}: {error}"));
        made
    }

    pub async fn read(&self, case: &Case<'_>, identifier: &str, applied: &Value) -> Option<Live> {
        let applied = self
            .handler(case.type_name)
            .normalise(applied)
            .expect("valid properties");
        let cx = self.cx(case.id);
        self.patiently(|| {
            self.handler(case.type_name)
                .read(&cx, identifier, Some(&applied))
        })
        .await
        .unwrap_or_else(|error| panic!("read {}: {error}", case.id))
    }

    pub async fn found(&self, case: &Case<'_>, properties: &Value) -> Found {
        let cx = self.cx(case.id);
        self.patiently(|| self.handler(case.type_name).find(&cx, properties))
            .await
            .unwrap_or_else(|error| panic!("find {}: {error}", case.id))
    }

    pub async fn delete(&self, id: &str, type_name: &str, identifier: &str) {
        let cx = self.cx(id);
        self.patiently(|| self.handler(type_name).delete(&cx, identifier))
            .await
            .unwrap_or_else(|error| panic!("delete {id}: {error}"));
    }
}

/// One resource type's story.
pub struct Case<'a> {
    pub id: &'a str,
    pub type_name: &'a str,
    pub first: Value,
    /// What it is changed to in place, one after the other.
    pub then: Vec<Value>,
    /// AWS refuses a second one of the same name or place. Where it does not,
    /// `create` is not tried twice.
    pub unique: bool,
    /// Another pipeline that finds it under the same properties refuses it.
    /// Where ownership is a parent's, name the parent's in `first` and leave
    /// this true; false only where strangers cannot meet it at all.
    pub refuses_strangers: bool,
}

/// Tells the story and panics where it goes otherwise. Returns nothing: the
/// resource is gone in the end.
pub async fn hold(bench: &Bench<'_>, case: Case<'_>) {
    let handler = bench.handler(case.type_name);
    let normal = |properties: &Value| {
        let once = handler
            .normalise(properties)
            .unwrap_or_else(|problem| panic!("{}: {problem}", case.id));
        assert_eq!(
            handler.normalise(&once).expect("still valid"),
            once,
            "normalise is idempotent"
        );
        once
    };
    // Nothing there.
    assert_eq!(
        bench.found(&case, &case.first).await,
        Found::Absent,
        "before"
    );

    // Created, and read back as it was wanted.
    let made = bench.made(case.id, case.type_name, &case.first).await;
    let live = bench
        .read(&case, &made.identifier, &case.first)
        .await
        .unwrap_or_else(|| panic!("{} is not there after create", case.id));
    assert_eq!(live.properties, normal(&case.first), "read after create");
    assert_eq!(live.physical, made, "read and create say the same of it");

    // Found by the next run.
    assert_eq!(
        bench.found(&case, &case.first).await,
        Found::Ours(vec![made.identifier.clone()]),
        "after create"
    );
    if case.unique {
        let again = handler.create(&bench.cx(case.id), &case.first).await;
        let error = again.expect_err("a second create is refused");
        assert_eq!(error.kind, ErrorKind::AlreadyExists, "{error}");
    }
    let cx = bench.cx(case.id);
    bench
        .patiently(|| handler.configure(&cx, &made.identifier, &case.first))
        .await
        .expect("configure may be called again");

    // Changed in place, and each change may be made again.
    let mut current = case.first.clone();
    for next in &case.then {
        for time in ["first", "second"] {
            let before = normal(&current);
            let updated = bench
                .patiently(|| handler.update(&cx, &made.identifier, &before, next))
                .await
                .unwrap_or_else(|error| panic!("update {} ({time}): {error}", case.id));
            assert_eq!(updated.identifier, made.identifier, "updated in place");
        }
        bench
            .patiently(|| handler.ready(&cx, &made.identifier))
            .await
            .expect("ready after update");
        let live = bench
            .read(&case, &made.identifier, next)
            .await
            .expect("still there");
        assert_eq!(live.properties, normal(next), "read after update");
        current = next.clone();
    }

    // Refused to strangers.
    if case.refuses_strangers {
        let stranger = bench.stranger();
        let cx = stranger.cx(case.id);
        let theirs = stranger
            .patiently(|| stranger.handler(case.type_name).find(&cx, &current))
            .await
            .expect("find answers a stranger");
        assert!(
            !matches!(theirs, Found::Ours(_)),
            "a stranger found it as its own: {theirs:?}"
        );
        let refused = stranger
            .handler(case.type_name)
            .delete(&cx, &made.identifier)
            .await
            .expect_err("a stranger may not delete it");
        assert_eq!(refused.kind, ErrorKind::Stranger, "{refused}");
    }

    // Deleted, twice.
    bench
        .delete(case.id, case.type_name, &made.identifier)
        .await;
    bench
        .delete(case.id, case.type_name, &made.identifier)
        .await;
    assert!(
        bench
            .read(&case, &made.identifier, &current)
            .await
            .is_none(),
        "gone"
    );
    assert_eq!(
        bench.found(&case, &current).await,
        Found::Absent,
        "after delete"
    );
}
