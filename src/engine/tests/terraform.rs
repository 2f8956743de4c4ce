//! What Terraform does around the engine: it keeps a state, refreshes it
//! before each plan, applies what was planned, and marks a create that failed
//! as tainted. A run that is killed leaves the state as it was before.

use super::cloud::{Cloud, OURS, Trouble};
use super::types;
use crate::engine::clock::ManualClock;
use crate::engine::ledger::Ledger;
use crate::engine::lifecycle::{
    CreateRequest, Created, DestroyRequest, Destroyed, Lifecycle, OnCreateFailure, Seen, Skipped,
    UpdateRequest, Updated,
};
use crate::engine::plan::{self, Plan};
use crate::engine::refresh::Refreshed;
use crate::engine::template::{LogicalId, Resource, Template};
use crate::engine::{Engine, EngineError, Journal, ManifestStatus, Owner, RetryPolicy};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug)]
pub struct State {
    pub ledger: Ledger,
    pub incarnation: String,
    pub tainted: bool,
}

pub struct Terraform {
    pub cloud: Cloud,
    pub engine: Engine,
    pub clock: Arc<ManualClock>,
    pub state: Option<State>,
    pub on_failure: OnCreateFailure,
    pub adopt_existing: bool,
    pub cancel: CancellationToken,
    pub deadline: Option<Duration>,
    /// Otherwise as with `-refresh=false`.
    pub looks_first: bool,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Run {
    pub killed: bool,
    pub complete: bool,
    pub refused: bool,
    pub rolled_back: bool,
    pub errors: Vec<EngineError>,
    /// `None` for a create, which is planned without a ledger.
    pub plan: Option<Plan>,
}

impl Run {
    /// There was nothing to do.
    pub fn was_empty(&self) -> bool {
        self.plan
            .as_ref()
            .is_some_and(|plan| plan.changes.is_empty())
    }
}

pub fn engine(cloud: &Cloud, clock: Arc<ManualClock>) -> Engine {
    Engine {
        registry: Arc::new(types::registry(cloud)),
        owner: Owner {
            pipeline: OURS.to_owned(),
            provider_version: "0.0.0".to_owned(),
        },
        clock,
        journal: Arc::new(Journal::none()),
        parallelism: 4,
        retry: RetryPolicy::default(),
    }
}

impl Terraform {
    pub fn new(cloud: &Cloud) -> Self {
        let clock = Arc::new(ManualClock::default());
        Self {
            cloud: cloud.clone(),
            engine: engine(cloud, clock.clone()),
            clock,
            state: None,
            on_failure: OnCreateFailure::Keep,
            adopt_existing: false,
            cancel: CancellationToken::new(),
            deadline: None,
            looks_first: true,
        }
    }

    pub async fn refresh(&self) -> Seen {
        let state = self.state.clone().expect("there is a state to refresh");
        self.lifecycle()
            .refresh(state.ledger, &state.incarnation, &self.cancel)
            .await
    }

    pub fn lifecycle(&self) -> Lifecycle<'_> {
        Lifecycle {
            engine: &self.engine,
            store: &self.cloud,
            expand: &|manifest| {
                serde_json::from_value(manifest.spec.clone()).map_err(|error| error.to_string())
            },
        }
    }

    pub fn plan(&self, template: &Template) -> Plan {
        let ledger = self.state.as_ref().map(|state| state.ledger.clone());
        plan::plan(&self.engine.registry, template, &ledger.unwrap_or_default())
    }

    pub fn lose_details(&mut self) {
        if let Some(state) = &mut self.state {
            state.ledger.details.clear();
        }
    }

    /// An apply without trouble that must succeed.
    pub async fn succeed(&mut self, template: &Template) -> Run {
        let run = self.apply(template, &[]).await;
        assert!(
            run.complete,
            "the apply should be complete: {:?}",
            run.errors
        );
        run
    }

    pub async fn apply(&mut self, template: &Template, trouble: &[(usize, Trouble)]) -> Run {
        self.cloud.order_trouble(trouble);
        let cloud = self.cloud.clone();
        let run = cloud.until_killed(self.try_apply(template)).await;
        run.unwrap_or_else(|| Run {
            killed: true,
            ..Run::default()
        })
    }

    async fn try_apply(&mut self, template: &Template) -> Run {
        if self.state.is_some() {
            let seen = match (self.looks_first, &self.state) {
                (false, Some(state)) => Seen {
                    refreshed: Refreshed {
                        ledger: state.ledger.clone(),
                        ..Refreshed::default()
                    },
                    ..Seen::default()
                },
                _ => self.refresh().await,
            };
            if !seen.refreshed.errors.is_empty() {
                return Run {
                    errors: seen.refreshed.errors,
                    ..Run::default()
                };
            }
            if seen.gone {
                self.state = None;
            } else {
                let tainted = self.state.as_ref().is_some_and(|state| state.tainted);
                if !tainted {
                    return self.update(template, seen).await;
                }
                // The destroy half of the replacement.
                let destroyed = self.destroy_half().await;
                if !destroyed.complete && destroyed.skipped.is_none() {
                    if let Some(state) = &mut self.state {
                        state.ledger = destroyed.remainder;
                    }
                    return Run {
                        errors: destroyed.errors,
                        ..Run::default()
                    };
                }
                self.state = None;
            }
        }
        self.create(template).await
    }

    async fn destroy_half(&self) -> Destroyed {
        let state = self.state.clone().expect("a tainted state");
        self.lifecycle()
            .destroy(DestroyRequest {
                ledger: state.ledger,
                incarnation: state.incarnation,
                keep_if_unfinished: true,
                protected: false,
                cancel: self.cancel.clone(),
                deadline: self.deadline,
            })
            .await
    }

    /// What the plan of a create promises of what an earlier one has begun.
    pub async fn promised(
        &self,
        template: &Template,
    ) -> Result<BTreeMap<LogicalId, String>, Vec<EngineError>> {
        let lifecycle = self.lifecycle();
        let manifest = self.cloud.world().manifest.clone();
        let Some(manifest) = manifest else {
            return Ok(BTreeMap::new());
        };
        if manifest.status != ManifestStatus::Creating {
            return Ok(BTreeMap::new());
        }
        let found = lifecycle.begun(&manifest, &self.cancel).await?;
        let plan = plan::plan(&self.engine.registry, template, &found);
        let kept = template.resources.keys().filter(|id| plan.keeps(id));
        Ok(kept
            .filter_map(|id| Some((id.clone(), found.identifier(id)?.to_owned())))
            .collect())
    }

    pub async fn create_only(&self, template: &Template) -> Created {
        self.create_as(template, BTreeMap::new()).await
    }

    pub async fn create_as(
        &self,
        template: &Template,
        promised: BTreeMap<LogicalId, String>,
    ) -> Created {
        self.lifecycle()
            .create(CreateRequest {
                template,
                spec: template.to_json(),
                facts: Value::Null,
                adopt_existing: self.adopt_existing,
                promised,
                on_failure: self.on_failure,
                cancel: self.cancel.clone(),
                deadline: self.deadline,
            })
            .await
    }

    async fn create(&mut self, template: &Template) -> Run {
        let promised = match self.promised(template).await {
            Ok(promised) => promised,
            Err(errors) => {
                return Run {
                    errors,
                    ..Run::default()
                };
            }
        };
        let created = self.create_as(template, promised).await;
        let run = Run {
            complete: created.complete,
            refused: created.refused.is_some(),
            rolled_back: created.rolled_back,
            errors: created.errors,
            ..Run::default()
        };
        let nothing = created.incarnation.is_none()
            || (created.rolled_back && created.ledger.entries.is_empty());
        if !nothing {
            self.state = Some(State {
                ledger: stored(&created.ledger),
                incarnation: created.incarnation.unwrap_or_default(),
                tainted: !created.complete && self.on_failure != OnCreateFailure::Resume,
            });
        }
        run
    }

    pub async fn update_only(&self, template: &Template, state: State) -> Updated {
        self.lifecycle()
            .update(UpdateRequest {
                template,
                ledger: state.ledger,
                incarnation: state.incarnation,
                spec: template.to_json(),
                facts: Value::Null,
                cancel: self.cancel.clone(),
                deadline: self.deadline,
            })
            .await
    }

    async fn update(&mut self, template: &Template, seen: Seen) -> Run {
        let before = self.state.clone().expect("a state to update");
        let ledger = seen.refreshed.ledger;
        let plan = plan::plan(&self.engine.registry, template, &ledger);
        let complete = seen
            .manifest
            .is_some_and(|m| m.status == ManifestStatus::Complete);
        if plan.changes.is_empty() && complete {
            assert_eq!(plan.lines, ledger.lines, "an empty plan changes no line");
            self.state = Some(State {
                ledger: stored(&ledger),
                ..before
            });
            return Run {
                complete: true,
                plan: Some(plan),
                ..Run::default()
            };
        }
        let state = State {
            ledger,
            ..before.clone()
        };
        let updated = self.update_only(template, state).await;
        if updated.complete && self.looks_first {
            assert_eq!(updated.ledger.lines, plan.lines, "every line is as planned");
            for (id, entry) in &updated.ledger.entries {
                assert_eq!(
                    entry.depends_on,
                    template.dependencies(id),
                    "{id} depends on"
                );
                assert!(entry.predecessors.is_empty(), "{id} has predecessors");
            }
        }
        self.state = Some(State {
            ledger: stored(&updated.ledger),
            ..before
        });
        Run {
            complete: updated.complete,
            errors: updated.errors,
            plan: Some(plan),
            ..Run::default()
        }
    }

    /// `terraform destroy`; says whether nothing is left by its account.
    pub async fn destroy(&mut self, trouble: &[(usize, Trouble)]) -> (bool, Vec<EngineError>) {
        self.cloud.order_trouble(trouble);
        let Some(state) = self.state.clone() else {
            return (true, Vec::new());
        };
        let cloud = self.cloud.clone();
        let work = async {
            self.lifecycle()
                .destroy(DestroyRequest {
                    ledger: state.ledger.clone(),
                    incarnation: state.incarnation.clone(),
                    keep_if_unfinished: false,
                    protected: false,
                    cancel: self.cancel.clone(),
                    deadline: self.deadline,
                })
                .await
        };
        let Some(destroyed) = cloud.until_killed(work).await else {
            return (false, Vec::new());
        };
        if destroyed.complete || destroyed.skipped == Some(Skipped::NotOurIncarnation) {
            self.state = None;
        } else {
            self.state = Some(State {
                ledger: stored(&destroyed.remainder),
                ..state
            });
        }
        (destroyed.complete, destroyed.errors)
    }

    /// `terraform import` of what the manifest says.
    pub async fn import(&mut self) {
        self.cloud.order_trouble(&[]);
        let manifest = self
            .cloud
            .world()
            .manifest
            .clone()
            .expect("a manifest to import");
        let template = serde_json::from_value(manifest.spec).expect("a template");
        let imported = self.lifecycle().import(&template, &self.cancel).await;
        assert_eq!(imported.errors, []);
        self.state = Some(State {
            ledger: stored(&imported.ledger),
            incarnation: manifest.incarnation,
            tainted: false,
        });
    }

    /// The cloud is what a template says, with nothing beside it.
    pub fn assert_converged(&self, template: &Template) {
        let world = self.cloud.world();
        let mut ledger = Ledger::default();
        for id in template.resources.keys() {
            let things = world.of(id);
            assert_eq!(things.len(), 1, "one thing for {id}, not {things:?}");
            let physical = types::physical(&things[0].0, &things[0].1);
            ledger.entries.entry(id.clone()).or_default().identifier =
                Some(physical.identifier.clone());
            ledger
                .details
                .insert(id.clone(), crate::engine::ledger::Details::of(physical));
        }
        for (id, resource) in &template.resources {
            let handler = self
                .engine
                .registry
                .get(&resource.type_name)
                .expect("a known type");
            let resolved = plan::resolve(&resource.properties, &ledger).expect("resolvable");
            let desired = handler.normalise(&resolved).expect("normal");
            let ((kind, _), thing) = &world.of(id)[0];
            assert_eq!(*kind, resource.type_name, "{id}");
            assert_eq!(thing.properties, desired, "{id}");
            assert_eq!(thing.pending, 0, "{id} is ready");
        }
        assert_eq!(
            world.ours().len(),
            template.resources.len(),
            "nothing beside it"
        );
        let manifest = world.manifest.as_ref().expect("a manifest");
        assert_eq!(manifest.status, ManifestStatus::Complete);
        assert_eq!(manifest.earlier, []);
    }
}

/// What comes back from a state that was written and read.
fn stored(ledger: &Ledger) -> Ledger {
    Ledger {
        entries: serde_json::from_value(json!(ledger.entries)).expect("entries can be read"),
        details: serde_json::from_value(json!(ledger.details)).expect("details can be read"),
        lines: ledger.lines.clone(),
    }
}

/// A template in few words.
pub fn template(resources: &[(&str, &str, Value)]) -> Template {
    let resource = |(id, kind, properties): &(&str, &str, Value)| {
        let resource = Resource {
            type_name: (*kind).to_owned(),
            properties: properties.clone(),
            ..Resource::default()
        };
        ((*id).to_owned(), resource)
    };
    Template {
        resources: resources.iter().map(resource).collect(),
        ..Template::default()
    }
}

pub fn of(id: &str) -> Value {
    json!({ "Ref": id })
}

pub fn att(id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [id, attribute] })
}
