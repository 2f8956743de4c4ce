//! `tap_secure_pipeline`: Terraform's calls, each handed to the plan or to
//! the operations on the account.

use super::bookkeeping::Private;
use super::checks;
use super::cloud::{Cloud, Session, Shared};
use super::failure::{self, error};
use super::inputs::{self, Inputs, Options, Probe};
use super::operations::{Left, Operations};
use super::planning::{self, Desired, Planned};
use super::quotas;
use super::schema;
use super::settling::{self, missed, origin, probes, settle};
use super::state::State;
use crate::aws::Supplied;
use crate::blueprint::{self, Facts, secrets};
use crate::bundle;
use crate::engine::ledger::Ledger;
use crate::engine::lifecycle::OnCreateFailure;
use crate::plugin::{self, Extra, RawValue, Remainder};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;
use tf_provider::Resource;
use tf_provider::schema::Schema;
use tf_provider::value::{Value, ValueEmpty};

/// The resource.
#[derive(Clone)]
pub struct SecurePipeline {
    shared: Arc<Shared>,
}

impl SecurePipeline {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn session(&self, diags: &mut Diagnostics) -> Option<Arc<Session>> {
        settling::session(diags, &self.shared)
    }

    /// The cloud that a state's pipeline is in, if the credentials are for it.
    async fn cloud_of(&self, diags: &mut Diagnostics, state: &State) -> Option<Arc<Cloud>> {
        let session = self.session(diags)?;
        let region = state.region.clone().as_option();
        let cloud = settling::cloud(diags, &session, region.as_deref()).await?;
        let account = state.account_id.clone().as_option().unwrap_or_default();
        if !account.is_empty() && account != cloud.here.account_id {
            error(
                diags,
                AttributePath::new("account_id"),
                "The credentials are for another account",
                format!(
                    "The pipeline is in account {account}, the credentials are for {}. Nothing was read or changed. Use credentials of {account}.",
                    cloud.here.account_id
                ),
            );
            return None;
        }
        Some(cloud)
    }

    /// Reads the configuration with both probes.
    fn inputs(
        &self,
        diags: &mut Diagnostics,
        config: &State,
        default_tags: &BTreeMap<String, String>,
    ) -> Option<(Inputs, Inputs)> {
        match (
            inputs::read(config, default_tags, Probe::First),
            inputs::read(config, default_tags, Probe::Second),
        ) {
            (Ok(mut first), Ok(second)) => {
                // What is said of a stand-in alone is said of nothing.
                first
                    .warnings
                    .retain(|one| second.warnings.iter().any(|other| other.says(one)));
                Some((first, second))
            }
            (Err(problems), _) | (_, Err(problems)) => {
                failure::problems(diags, problems);
                None
            }
        }
    }

    /// What the configuration stands for with these facts, checked as far as
    /// it can be.
    fn desired(
        &self,
        diags: &mut Diagnostics,
        config: &State,
        (first, second): (Inputs, Inputs),
        cloud: &Cloud,
        facts: Facts,
    ) -> Option<Desired> {
        let desired = match Desired::expand(first, &second, facts) {
            Ok(desired) => desired,
            Err(problem) => {
                checks::override_error(diags, &problem);
                return None;
            }
        };
        if config_is_known(config) {
            checks::properties(
                diags,
                &cloud.registry,
                &desired.template,
                &desired.inputs.spec,
            );
        }
        diags.errors.is_empty().then_some(desired)
    }

    /// The configuration as an apply reads it, with the facts that its plan
    /// has decided upon.
    async fn decided(
        &self,
        diags: &mut Diagnostics,
        config: &State,
        session: &Session,
        cloud: &Cloud,
        private: &Private,
    ) -> Option<Desired> {
        let inputs = self.inputs(diags, config, session.default_tags())?;
        let facts = match private.facts() {
            Some(facts) => Facts {
                bundles: cloud.here.bundles.clone(),
                ..facts
            },
            // Planned while the provider block was not known.
            None => {
                let (facts, _) = settle(diags, cloud, None, &inputs).await?;
                checks::singletons(diags, probes(&inputs), &facts.account);
                facts
            }
        };
        self.desired(diags, config, inputs, cloud, facts)
    }

    async fn destroy_state(
        &self,
        diags: &mut Diagnostics,
        state: State,
        private: &Private,
    ) -> Option<Left> {
        let id = state.id.clone().as_option().unwrap_or_default();
        // The destroy half of a replacement of this very pipeline: an
        // unfinished one is left for the create that follows.
        let keep_if_unfinished = private.creating.as_deref() == Some(id.as_str());
        // Whether it is unfinished, the manifest says; then it is kept, and
        // needs no protection.
        if !keep_if_unfinished {
            checks::deletion_protection(diags, &state)?;
        }
        let cloud = self.cloud_of(diags, &state).await?;
        let operations = operations_of(diags, &id, &cloud)?;
        let ledger = operations.ledger(diags, &state, &Private::default())?;
        let timeout = delete_timeout(&state);
        operations
            .destroy(diags, state, keep_if_unfinished, ledger, timeout)
            .await
    }
}

#[async_trait]
impl Resource for SecurePipeline {
    type State<'a> = State;
    type PrivateState<'a> = Value<Private>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema::resource())
    }

    /// Refuses everything that can be refused without an account. The
    /// expansion is tried with the account of AWS' own documentation, so that
    /// a wrong override is found here too.
    async fn validate<'a>(&self, diags: &mut Diagnostics, config: State) -> Option<()> {
        let (first, _) = self.inputs(diags, &config, &BTreeMap::new())?;
        let template = match blueprint::expand(&first.spec, &Facts::documentation()) {
            Ok(template) => template,
            Err(problem) => {
                checks::override_error(diags, &problem);
                return None;
            }
        };
        if config_is_known(&config)
            && let Some(registry) = Cloud::registry_offline()
        {
            checks::properties(diags, &registry, &template, &first.spec);
        }
        failure::warnings(diags, first.warnings);
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        state: State,
        private: Value<Private>,
        _meta: ValueEmpty,
    ) -> Option<(State, Value<Private>)> {
        let private = private.unwrap_or_default();
        let Some(cloud) = self.cloud_of(diags, &state).await else {
            return Some((state, Value::Value(private)));
        };
        let id = state.id.clone().as_option().unwrap_or_default();
        let operations = operations_of(diags, &id, &cloud)?;
        let (state, private) = operations.refresh(diags, state, &private).await?;
        Some((state, Value::Value(private)))
    }

    async fn plan_create<'a>(
        &self,
        diags: &mut Diagnostics,
        _proposed: State,
        config: State,
        _meta: ValueEmpty,
    ) -> Option<(State, Value<Private>)> {
        checks::bundles(diags, bundle::all());
        let Some(session) = self.shared.session() else {
            let (first, _) = self.inputs(diags, &config, &BTreeMap::new())?;
            let state = planning::nothing_known(&config, &first.spec);
            return Some((state, Value::Null));
        };
        let cloud = settling::cloud(diags, &session, None).await?;
        let inputs = self.inputs(diags, &config, session.default_tags())?;
        let spec = inputs.0.spec.clone();
        checks::regions(diags, probes(&inputs), &cloud.here);
        diags.errors.is_empty().then_some(())?;
        let operations = Operations::new(&cloud, &spec, plugin::cancellation());
        let named = config.name.is_value() && config.environment_suffix.is_value();
        let manifest = match named {
            true => operations.manifest(diags).await?,
            false => None,
        };
        let adopt = inputs.0.options.adopt_existing;
        let before = manifest.as_ref();
        let before = before.and_then(|there| operations.origin_for_create(diags, there, adopt));
        diags.errors.is_empty().then_some(())?;
        let (facts, seen) = settle(diags, &cloud, before.as_ref(), &inputs).await?;
        let Options {
            adopt_existing,
            allow_data_loss,
            on_create_failure,
            ..
        } = inputs.0.options;
        let desired = self.desired(diags, &config, inputs, &cloud, facts)?;
        checks::weakened(diags, &desired);
        checks::singletons(diags, desired.probes(), &desired.facts.account);
        checks::prerequisites(diags, desired.probes(), &desired.facts.account);
        operations.fits(diags, &desired, before.as_ref());
        let nothing = Ledger::default();
        let planned = planning::plan(&cloud.registry, &desired, &nothing);
        checks::template_problems(diags, &planned);
        // Of one that was begun before, what is new and what is used are one.
        if let (Some(seen), None) = (&seen, &manifest) {
            let id = operations.id();
            let (here, additions) = (&cloud.here, &cloud.additions);
            quotas::check(diags, additions, &id, here, seen, &planned, &nothing);
        }
        let mut state = planned.create(&config, &desired);
        diags.errors.is_empty().then_some(())?;
        if let Some(manifest) = &manifest {
            let found = operations.begun(diags, manifest).await?;
            let there =
                found.map(|found| (planning::plan(&cloud.registry, &desired, &found), found));
            let plan = there.as_ref().map(|(plan, _)| plan);
            operations.announce(diags, adopt_existing, plan);
            if let Some((plan, found)) = &there {
                checks::template_problems(diags, plan);
                checks::data_guard(diags, plan, allow_data_loss);
                // "resume" may end with less than was found, and succeed; what an
                // unknown override becomes, neither stand-in says.
                let resumes = on_create_failure == OnCreateFailure::Resume
                    || config.on_create_failure.is_unknown();
                if !resumes && config_is_known(&config) {
                    state = planned.resume(&config, &desired, plan, found);
                }
            }
        }
        let id = named.then(|| operations.id());
        let private = Private::creating(id, &desired.facts);
        Some((state, Value::Value(private)))
    }

    async fn plan_update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: State,
        _proposed: State,
        config: State,
        private: Value<Private>,
        _meta: ValueEmpty,
    ) -> Option<(State, Value<Private>, Vec<AttributePath>)> {
        checks::bundles(diags, bundle::all());
        let private = private.unwrap_or_default();
        let session = self.session(diags)?;
        let here = settling::cloud(diags, &session, None).await?;
        let inputs = self.inputs(diags, &config, session.default_tags())?;
        let spec = inputs.0.spec.clone();
        let replaced = identity_changes(&prior, &config, &here.here);
        if !replaced.is_empty() {
            let cloud = self.cloud_of(diags, &prior).await?;
            let operations = Operations::new(&cloud, &spec, plugin::cancellation());
            let ledger = operations.ledger(diags, &prior, &private)?;
            checks::deletion_protection(diags, &prior)?;
            let allowed = inputs.0.options.allow_data_loss;
            checks::replacement_guard(diags, &cloud.registry, &ledger, &replaced, allowed);
            checks::regions(diags, probes(&inputs), &here.here);
            diags.errors.is_empty().then_some(())?;
            let (facts, _) = settle(diags, &here, None, &inputs).await?;
            let desired = self.desired(diags, &config, inputs, &here, facts)?;
            let planned = planning::plan(&here.registry, &desired, &Ledger::default());
            let state = planned.create(&config, &desired);
            return Some((state, Value::Value(private), replaced));
        }
        let cloud = self.cloud_of(diags, &prior).await?;
        checks::regions(diags, probes(&inputs), &cloud.here);
        diags.errors.is_empty().then_some(())?;
        let before = origin(&prior, &private);
        let (facts, seen) = settle(diags, &cloud, before.as_ref(), &inputs).await?;
        let allowed = inputs.0.options.allow_data_loss;
        let desired = self.desired(diags, &config, inputs, &cloud, facts)?;
        checks::weakened(diags, &desired);
        checks::singletons(diags, desired.probes(), &desired.facts.account);
        checks::passwords(diags, &prior, &config);
        let operations = Operations::new(&cloud, &spec, plugin::cancellation());
        operations.fits(diags, &desired, before.as_ref());
        let ledger = operations.ledger(diags, &prior, &private)?;
        let planned = planning::plan(&cloud.registry, &desired, &ledger);
        checks::template_problems(diags, &planned);
        checks::data_guard(diags, &planned, allowed);
        let seen = missed(diags, &cloud, &desired, seen).await?;
        if let Some(seen) = &seen {
            checks::prerequisites(diags, desired.probes(), &seen.account);
            let id = operations.id();
            let (here, additions) = (&cloud.here, &cloud.additions);
            quotas::check(diags, additions, &id, here, seen, &planned, &ledger);
        }
        let state = planned.update(&config, &desired, &prior, &ledger);
        let private = private.with_facts(&desired.facts);
        Some((state, Value::Value(private), Vec::new()))
    }

    async fn plan_destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: State,
        _private: Value<Private>,
        _meta: ValueEmpty,
    ) -> Option<Value<Private>> {
        checks::deletion_protection(diags, &prior)?;
        checks::what_is_lost(diags, &prior);
        Some(Value::Value(Private::default()))
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: State,
        config: State,
        private: Value<Private>,
        _meta: ValueEmpty,
    ) -> Option<(State, Value<Private>)> {
        let private = private.unwrap_or_default();
        let session = self.session(diags)?;
        let cloud = settling::cloud(diags, &session, None).await?;
        let desired = self
            .decided(diags, &config, &session, &cloud, &private)
            .await?;
        let plan = planning::plan(&cloud.registry, &desired, &Ledger::default());
        let operations = Operations::new(&cloud, &desired.inputs.spec, plugin::cancellation());
        let _supplied = supply(&cloud, &desired);
        let (state, private) = operations
            .create(diags, &config, &planned, &desired, &plan)
            .await?;
        Some((state, Value::Value(private)))
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: State,
        planned: State,
        config: State,
        private: Value<Private>,
        _meta: ValueEmpty,
    ) -> Option<(State, Value<Private>)> {
        let private = private.unwrap_or_default();
        let session = self.session(diags)?;
        let cloud = self.cloud_of(diags, &prior).await?;
        let desired = self
            .decided(diags, &config, &session, &cloud, &private)
            .await?;
        let operations = Operations::new(&cloud, &desired.inputs.spec, plugin::cancellation());
        let ledger = operations.ledger(diags, &prior, &private)?;
        let plan: Planned = planning::plan(&cloud.registry, &desired, &ledger);
        // What was not known to the plan has become something by now.
        checks::data_guard(diags, &plan, desired.inputs.options.allow_data_loss);
        diags.errors.is_empty().then_some(())?;
        let _supplied = supply(&cloud, &desired);
        let (state, private) = operations
            .update(diags, &config, &prior, &planned, &desired, &plan, ledger)
            .await?;
        Some((state, Value::Value(private)))
    }

    /// Not called: [`Extra::destroy`] is, which can return what remains.
    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: State,
        private: Value<Private>,
        _meta: ValueEmpty,
    ) -> Option<()> {
        let private = private.unwrap_or_default();
        match Box::pin(self.destroy_state(diags, prior, &private)).await? {
            Left::Nothing => Some(()),
            Left::Remainder(..) => None,
        }
    }

    async fn import<'a>(
        &self,
        diags: &mut Diagnostics,
        id: String,
    ) -> Option<(State, Value<Private>)> {
        let cloud = settling::cloud_of(diags, &self.shared, AttributePath::root(), &id).await?;
        let operations = operations_of(diags, &id, &cloud)?;
        let (state, private) = operations.import(diags).await?;
        Some((state, Value::Value(private)))
    }
}

#[async_trait]
impl Extra for SecurePipeline {
    fn write_only(&self) -> Vec<AttributePath> {
        vec![AttributePath::new("credential_passwords_wo")]
    }

    async fn destroy(
        &self,
        diags: &mut Diagnostics,
        prior_state: RawValue,
        planned_private: Vec<u8>,
        _meta: RawValue,
    ) -> Option<Remainder> {
        let state: State = prior_state.deserialize(diags)?;
        let private: Value<Private> = RawValue::MessagePack(planned_private).deserialize(diags)?;
        let private = private.unwrap_or_default();
        match Box::pin(self.destroy_state(diags, state, &private)).await? {
            Left::Nothing => Some(Remainder::Nothing),
            Left::Remainder(state, private) => Some(Remainder::State(
                RawValue::serialize(diags, &*state)?,
                RawValue::serialize_vec(diags, &Value::Value(private))?,
            )),
        }
    }
}

/// On the pipeline of a state or an import.
fn operations_of<'a>(
    diags: &mut Diagnostics,
    id: &str,
    cloud: &'a Cloud,
) -> Option<Operations<'a>> {
    Operations::of(
        diags,
        AttributePath::root(),
        id,
        cloud,
        plugin::cancellation(),
    )
}

/// Hands the user's passwords to whoever makes the secrets, for as long as what
/// is returned is held.
fn supply(cloud: &Cloud, desired: &Desired) -> Supplied {
    let Inputs {
        spec, passwords, ..
    } = &desired.inputs;
    let named = passwords.0.iter();
    let named = named.map(|(credential, password)| {
        let secret = secrets::credential_secret_name(credential, spec);
        (secret, password.clone())
    });
    cloud.supply(named.collect())
}

/// The attributes whose change makes it another pipeline.
fn identity_changes(prior: &State, config: &State, here: &Facts) -> Vec<AttributePath> {
    let mut changed = Vec::new();
    if prior.name != config.name {
        changed.push(AttributePath::new("name"));
    }
    if prior.environment_suffix != config.environment_suffix {
        changed.push(AttributePath::new("environment_suffix"));
    }
    if prior
        .region
        .as_ref_option()
        .is_some_and(|region| *region != here.region)
    {
        changed.push(AttributePath::new("region"));
    }
    changed
}

/// Whether what the account's own checks look at is known.
fn config_is_known(config: &State) -> bool {
    let overrides = match &config.overrides {
        Value::Unknown => false,
        Value::Value(entries) => entries.values().all(|value| !value.is_unknown()),
        Value::Null => true,
    };
    let keys = match &config.encryption {
        Value::Unknown => false,
        Value::Value(block) => match &block.key_arns {
            Value::Unknown => false,
            Value::Value(arns) => {
                !(arns.data.is_unknown() || arns.environment.is_unknown() || arns.logs.is_unknown())
            }
            Value::Null => true,
        },
        Value::Null => true,
    };
    overrides && keys
}

fn delete_timeout(state: &State) -> Duration {
    let text = match &state.timeouts {
        Value::Value(timeouts) => timeouts.delete.clone().as_option(),
        _ => None,
    };
    text.as_deref()
        .and_then(super::values::parse_duration)
        .unwrap_or(Duration::from_secs(5400))
}
