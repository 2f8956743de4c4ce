//! The account a pipeline lives in, as the provider block reaches it.

use super::account::Sighting;
use super::quotas::Additions;
use crate::aws::{self, AwsContext, AwsSettings, ParameterManifest, SecretUse};
use crate::blueprint::{self, AccountState, Facts};
use crate::bundle;
use crate::engine::{
    Engine, ErrorKind, HandlerError, Journal, ManifestStore, Owner, Registry, RetryPolicy,
    SystemClock,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio_util::sync::CancellationToken;

/// How many resources of one pipeline are worked on at once. The services'
/// own limits are kept by the limiters, not by this.
const PARALLELISM: usize = 24;

/// One account and region, after the account check.
pub struct Cloud {
    pub registry: Arc<Registry>,
    /// Whose account it is and what this provider holds: what is known without
    /// asking more than that. A pipeline's own facts say the rest.
    pub here: Facts,
    /// What all pipelines of this run would add.
    pub additions: Arc<Additions>,
    context: Arc<AwsContext>,
}

impl Cloud {
    /// The handlers without an account, for what they can tell of properties
    /// alone; `None` where the environment allows no AWS client at all, which
    /// a plan will say.
    pub fn registry_offline() -> Option<Registry> {
        let settings = AwsSettings {
            region: Some(Facts::documentation().region),
            ..AwsSettings::default()
        };
        let context = AwsContext::new(settings).ok()?;
        Some(aws::registry(&context))
    }

    /// What the account and region are like now, for the pipeline of that id:
    /// what it has made itself does not count. Called at create, and when an
    /// attribute changes that uses a fact. As patient as an apply: AWS
    /// throttles a busy account's plans too. `in_the_way` says whether
    /// something is there that the pipeline is to make.
    pub async fn look(
        &self,
        pipeline: &str,
        cancel: &CancellationToken,
        in_the_way: impl Fn(&AccountState) -> bool,
    ) -> Result<Sighting, HandlerError> {
        let clients = self.context.ready().await?;
        let patience = RetryPolicy::default();
        let (network, account, used) = tokio::try_join!(
            patience.patiently(&SystemClock, "the network", cancel, || {
                Box::pin(aws::network_facts(&clients))
            }),
            Box::pin(self.account(pipeline, cancel, in_the_way)),
            patience.patiently(&SystemClock, "the quotas", cancel, || {
                Box::pin(self.context.used())
            }),
        )?;
        Ok(Sighting {
            zone_ids: network.zone_ids,
            prefix_list_ids: network.prefix_list_ids,
            account,
            used,
        })
    }

    /// The account's singletons. What is in the way is not believed at once:
    /// an apply that was killed a moment ago may have made it, and its tags are
    /// late.
    async fn account(
        &self,
        pipeline: &str,
        cancel: &CancellationToken,
        in_the_way: impl Fn(&AccountState) -> bool,
    ) -> Result<AccountState, HandlerError> {
        let patience = RetryPolicy::default();
        let last = Mutex::new(None);
        let looked = patience.patiently(&SystemClock, "the account", cancel, || async {
            let account = self.context.account_state(pipeline).await?;
            let account = AccountState {
                recorder: account.recorder,
                recorder_is_stopped: account.recorder_is_stopped,
                detector: account.detector,
                detector_is_stopped: account.detector_is_stopped,
                trail: account.trail,
                api_logging_role: account.api_logging_role,
            };
            if !in_the_way(&account) {
                return Ok(account);
            }
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(account);
            let message = "there is already what the pipeline is to make";
            Err(HandlerError::ours(
                ErrorKind::Stranger,
                "the account",
                message,
            ))
        });
        match looked.await {
            Err(error) if error.kind == ErrorKind::Stranger => {
                let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
                last.ok_or(error)
            }
            looked => looked,
        }
    }

    /// What the account has one of, whoever made it, and when secrets were
    /// used: what no resource's properties say.
    pub async fn evidence(
        &self,
        secrets: &[String],
        cancel: &CancellationToken,
    ) -> Result<(aws::AccountState, BTreeMap<String, SecretUse>), HandlerError> {
        /// No pipeline has this id, so that nothing is left out as its own.
        const NOBODY: &str = "";
        let clients = self.context.ready().await?;
        let patience = RetryPolicy::default();
        tokio::try_join!(
            patience.patiently(&SystemClock, "the account", cancel, || {
                Box::pin(self.context.account_state(NOBODY))
            }),
            patience.patiently(&SystemClock, "the secrets", cancel, || {
                Box::pin(aws::secret_use(&clients, secrets))
            }),
        )
    }

    /// Passwords for secrets that are made while what is returned is held, by
    /// the secrets' names.
    pub fn supply(&self, passwords: BTreeMap<String, String>) -> aws::Supplied {
        self.context.supply(passwords)
    }

    /// A member of a secret of the pipeline's, which another's never is.
    pub async fn secret_member(
        &self,
        pipeline: &str,
        secret: &str,
        member: &str,
        cancel: &CancellationToken,
    ) -> Result<aws::SecretMember, HandlerError> {
        let clients = self.context.ready().await?;
        let patience = RetryPolicy::default();
        let look = || aws::secret_member(&clients, pipeline, secret, member);
        patience
            .patiently(&SystemClock, "the secret", cancel, look)
            .await
    }

    /// An engine for one operation on one pipeline, with a journal of its own.
    pub fn engine(&self, owner: Owner, operation: &str) -> Engine {
        let journal = match operation {
            // Reading changes nothing worth a record.
            "refresh" | "import" | "plan" => Journal::none(),
            _ => Journal::file(&journal_path(&owner.pipeline)),
        };
        Engine {
            registry: Arc::clone(&self.registry),
            owner,
            clock: Arc::new(SystemClock),
            journal: Arc::new(journal),
            parallelism: PARALLELISM,
            retry: RetryPolicy::default(),
        }
    }

    /// Where the manifest of a pipeline is kept.
    pub fn manifest_store(&self, name: &str, suffix: &str) -> Box<dyn ManifestStore> {
        Box::new(ParameterManifest::new(
            &self.context,
            &format!("{name}-{suffix}@{}", self.here.region),
            blueprint::tags_of_stack(name, suffix),
        ))
    }
}

/// `.terraform/tap/documents-dev@us-east-1.jsonl`
pub fn journal_path(pipeline: &str) -> PathBuf {
    journal_folder().join(format!("{pipeline}.jsonl"))
}

/// `.terraform/tap`
pub fn journal_folder() -> PathBuf {
    let data = std::env::var_os("TF_DATA_DIR").unwrap_or_else(|| ".terraform".into());
    PathBuf::from(data).join("tap")
}

/// A configured provider block. Makes no call before something asks for a
/// [`Cloud`].
pub struct Session {
    settings: AwsSettings,
    contexts: Mutex<BTreeMap<String, Arc<AwsContext>>>,
    additions: Arc<Additions>,
}

impl Session {
    pub fn new(settings: AwsSettings) -> Self {
        Self {
            settings,
            contexts: Mutex::default(),
            additions: Arc::default(),
        }
    }

    pub fn default_tags(&self) -> &BTreeMap<String, String> {
        &self.settings.default_tags
    }

    /// The cloud in the provider block's region, or in another: a pipeline is
    /// read and deleted where it is, whatever the block says today.
    pub async fn cloud(&self, region: Option<&str>) -> Result<Arc<Cloud>, HandlerError> {
        let context = self.context(region)?;
        let facts = context.facts().await?;
        context.ready().await?;
        Ok(Arc::new(Cloud {
            registry: Arc::new(aws::registry(&context)),
            here: Facts {
                account_id: facts.account_id,
                partition: facts.partition,
                region: facts.region,
                administrator_arn: facts.administrator_arn,
                zone_ids: Vec::new(),
                prefix_list_ids: BTreeMap::new(),
                account: AccountState::default(),
                bundles: bundle::all()
                    .iter()
                    .map(|bundle| (bundle.architecture.to_string(), bundle.sha256.to_owned()))
                    .collect(),
            },
            additions: Arc::clone(&self.additions),
            context,
        }))
    }

    fn context(&self, region: Option<&str>) -> Result<Arc<AwsContext>, HandlerError> {
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = region.unwrap_or_default().to_owned();
        if let Some(context) = contexts.get(&key) {
            return Ok(Arc::clone(context));
        }
        let mut settings = self.settings.clone();
        if let Some(region) = region {
            settings.region = Some(region.to_owned());
        }
        let context = AwsContext::new(settings).map_err(|error| {
            HandlerError::ours(ErrorKind::Invalid, "the provider block", error.to_string())
        })?;
        contexts.insert(key, Arc::clone(&context));
        Ok(context)
    }
}

/// What the provider block and its resources share: nothing, until the block
/// is configured with known values.
#[derive(Default)]
pub struct Shared(RwLock<Option<Arc<Session>>>);

impl Shared {
    pub fn set(&self, session: Option<Session>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = session.map(Arc::new);
    }

    pub fn session(&self) -> Option<Arc<Session>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
