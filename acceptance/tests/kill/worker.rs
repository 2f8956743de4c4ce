//! One worker: lives in a sandbox, struck again and again.

use crate::chains::{Chain, Shared, Then, Undisturbed, Work, list, loses_only_the_state};
use crate::matrix::{Point, Stage, Struck, TYPE, applied, creations, destroyed};
use crate::settings::{after, before, config, replaced};
use crate::{confirm, live, live::Settings};
use acceptance::tfclient::{Diagnostics, Error, Provider, Resource};
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Every so many chains boto3 holds the account to the template, beside the
/// listing that every life is held to.
const EXACTLY_EVERY: usize = 4;

/// A worker's side of the matrix: a sandbox, and what stands in it.
pub struct Worker<'a> {
    pub stage: Stage,
    pub undisturbed: &'a Undisturbed,
    pub failures: &'a Mutex<Vec<String>>,
    pub schedule: &'a Shared,
}

impl Worker<'_> {
    pub async fn live(&self, chain: &Chain) {
        let mut standing = None;
        if !chain.create.is_empty() {
            let result = self.create(chain).await;
            let name = format!("create killed at {}", list(&chain.create));
            standing = self.held_to(name, result);
        }
        let updates = [
            (
                Work::Update,
                &chain.update,
                after(),
                &self.undisturbed.after,
            ),
            (
                Work::Replace,
                &chain.replace,
                replaced(),
                &self.undisturbed.replaced,
            ),
        ];
        for (work, (points, then), to, account) in updates {
            if points.is_empty() {
                continue;
            }
            let name = format!("{work:?} killed at {}, then {then:?}", list(points));
            let result = match self.standing(standing.take()).await {
                Ok(resource) => {
                    let target = match then {
                        Then::Again => (&to, account),
                        Then::Revert => (&before(), &self.undisturbed.before),
                    };
                    self.update(resource, &to, points, target, (chain.number, work))
                        .await
                }
                Err(error) => Err(error),
            };
            standing = self.held_to(name, result);
        }
        if !chain.destroy.is_empty() {
            let result = match self.standing(standing.take()).await {
                Ok(resource) => self.destroy(resource, chain).await,
                Err(error) => Err(error),
            };
            let name = format!("destroy killed at {}", list(&chain.destroy));
            self.held_to(name, result);
        }
        self.stage.renew();
    }

    /// Kills one provider after the other at a point each, all of them at the
    /// same work. Returns what the last one made of it when it was done before
    /// its point came.
    async fn strikes<W>(
        &self,
        at: Work,
        points: &[Point],
        work: impl Fn(Arc<Provider>) -> W,
    ) -> Result<Option<Resource>, String>
    where
        W: Future<Output = Result<(Resource, Diagnostics), Error>> + Send + 'static,
    {
        let (stage, since) = (&self.stage, self.stage.sandbox.last_sequence()?);
        let later = |point: &Point| self.schedule.later(at, point.clone());
        let mut left = points.iter().enumerate();
        while let Some((n, point)) = left.next() {
            let made = stage.sandbox.mutations_since(since)?;
            let Some(rule) = point.rule_after(&made) else {
                later(point);
                continue;
            };
            let provider = stage.provider().await?;
            stage.sandbox.weather([rule])?;
            let task = tokio::spawn(work(Arc::clone(&provider)));
            let struck = stage.strike(point, &provider, task).await;
            let struck = match struck {
                Ok(struck) => struck,
                Err(error) => {
                    // The rest of this life's have not had their turn.
                    left.for_each(|(_, point)| later(point));
                    return Err(format!("at {point}: {error}"));
                }
            };
            match struck {
                Struck::Yes => {}
                // Nothing has come before it, so that it comes in no life.
                Struck::Ended(_) if n == 0 => return Err(format!("{point} was never called")),
                Struck::Ended(resource) => {
                    later(point);
                    left.for_each(|(_, point)| later(point));
                    return Ok(Some(resource));
                }
            }
            let _ = confirm(&stage.sandbox);
        }
        Ok(None)
    }

    fn held_to<T>(&self, name: String, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let text = format!("{name}: {error}");
                let _ = writeln!(std::io::stderr(), "kill matrix: {text}");
                self.failures.lock().expect("no panic").push(text);
                None
            }
        }
    }

    /// What the last link left, or a pipeline of its own after a failure.
    async fn standing(&self, left: Option<Resource>) -> Result<Resource, String> {
        if let Some(resource) = left {
            return Ok(resource);
        }
        self.stage.renew();
        let provider = self.stage.provider().await?;
        let mut resource = Resource::new(TYPE);
        let config = config(&before());
        self.stage.apply(&provider, &mut resource, &config).await?;
        Ok(resource)
    }

    async fn create(&self, chain: &Chain) -> Result<Resource, String> {
        let (stage, config) = (&self.stage, config(&before()));
        let work = |provider: Arc<Provider>| {
            let config = config.clone();
            async move {
                let mut resource = Resource::new(TYPE);
                let said = applied(&provider, &mut resource, &config).await?;
                Ok((resource, said))
            }
        };
        let done = self.strikes(Work::Create, &chain.create, work).await?;

        let provider = stage.provider().await?;
        let mut resource = done.unwrap_or_else(|| Resource::new(TYPE));
        let applied = stage.apply(&provider, &mut resource, &config).await;
        if chain.create.iter().all(loses_only_the_state) {
            // Nothing tells it from somebody else's, so it has to be imported.
            let refusal = applied.err().unwrap_or_default();
            if !refusal.contains("terraform import ADDRESS documents-dev@us-east-1") {
                return Err(format!(
                    "a complete pipeline without a state should be refused with the command that imports it, but: {refusal}"
                ));
            }
            let import = provider.import(TYPE, "documents-dev@us-east-1").await;
            (resource, _) = import.map_err(|e| e.to_string())?;
            // A permission to lose data is not the pipeline's, so that no
            // import knows of it.
            let plain = before().spec();
            let expected = &self.undisturbed.before;
            stage
                .settled(&provider, &mut resource, &plain, expected)
                .await?;
            stage.apply(&provider, &mut resource, &config).await?;
        } else {
            applied?;
        }
        let expected = &self.undisturbed.before;
        stage
            .settled(&provider, &mut resource, &config, expected)
            .await?;
        let made = creations(&stage.sandbox.calls()?);
        if made != self.undisturbed.creations {
            return Err(format!(
                "each thing should have been created once, {:?}, but were {made:?}",
                self.undisturbed.creations
            ));
        }
        self.exactly(chain.number, &before())?;
        Ok(resource)
    }

    /// An update `to` something that is killed again and again, and what leads
    /// to `target`.
    async fn update(
        &self,
        resource: Resource,
        to: &Settings,
        points: &[Point],
        target: (&Settings, &Value),
        (number, at): (usize, Work),
    ) -> Result<Resource, String> {
        let stage = &self.stage;
        // A subscription that waits for its confirmation cannot be removed.
        confirm(&stage.sandbox)?;
        let config = config(to);
        let work = |provider: Arc<Provider>| {
            let (mut resource, config) = (resource.clone(), config.clone());
            async move {
                let said = applied(&provider, &mut resource, &config).await?;
                Ok((resource, said))
            }
        };
        let done = self.strikes(at, points, work).await?;
        confirm(&stage.sandbox)?;

        let provider = stage.provider().await?;
        let mut resource = done.unwrap_or(resource);
        let (settings, expected) = target;
        let config = self::config(settings);
        stage.apply(&provider, &mut resource, &config).await?;
        stage
            .settled(&provider, &mut resource, &config, expected)
            .await?;
        self.exactly(number, settings)?;
        Ok(resource)
    }

    async fn destroy(&self, mut resource: Resource, chain: &Chain) -> Result<(), String> {
        let stage = &self.stage;
        // As much as the undisturbed destroy had, and as many old versions of
        // policies, of which each change leaves one.
        let mut points = chain.destroy.iter();
        let past = match points.any(|point| point.operation == "DeletePolicyVersion") {
            true => vec![replaced(), before(), after()],
            false => vec![after()],
        };
        for settings in past {
            let provider = stage.provider().await?;
            stage
                .apply(&provider, &mut resource, &config(&settings))
                .await?;
            confirm(&stage.sandbox)?;
        }
        let work = |provider: Arc<Provider>| {
            let mut resource = resource.clone();
            async move {
                let said = destroyed(&provider, &mut resource).await?;
                Ok((resource, said))
            }
        };
        let done = self.strikes(Work::Destroy, &chain.destroy, work).await?;

        let mut resource = done.unwrap_or(resource);
        if resource.exists() {
            let provider = stage.provider().await?;
            stage.destroy(&provider, &mut resource).await?;
        }
        stage.empty()
    }

    fn exactly(&self, number: usize, settings: &Settings) -> Result<(), String> {
        if !number.is_multiple_of(EXACTLY_EVERY) {
            return Ok(());
        }
        let look = || live::expect_exactly(&self.stage.sandbox, settings);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.unwrap_or_else(|| "boto3 could not look".to_owned())
        })
    }
}
