//! The way from the provider block to clients that may be used. Nothing is
//! called until something needs AWS, and then the first call asks whose
//! account this is: a client for anything else exists only behind that check.

use super::clients::Clients;
use super::credentials::{self, AssumedRole};
use super::error::HandlerResultExt;
use super::facts::{AccountFacts, administrator_arn, partition_of};
use super::http;
use super::limits::{LimitedClient, Limits};
use super::services::Service;
use super::settings::{AwsSettings, RetryMode, SettingsError};
use super::supplied::{self, Supplied};
use crate::engine::{ErrorKind, HandlerError};
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::sdk_ua_metadata::FrameworkMetadata;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// A connection that is not there by then will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From the request to the answer's first byte; without it a dropped
/// connection would hang an apply for good.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Everything that reaches AWS, made from one provider block.
///
/// Cheap to make and shared by all pipelines of the process. Interruption:
/// holds nothing that must be closed.
pub struct AwsContext {
    settings: AwsSettings,
    http: SharedHttpClient,
    limits: Arc<Limits>,
    sdk: OnceCell<SdkConfig>,
    account: OnceCell<Account>,
    clients: OnceCell<Arc<Clients>>,
    supplied: supplied::Store,
}

/// Who we are to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    /// As STS says it: of an assumed role, with the session.
    pub caller_arn: String,
}

/// A call that waits its turn in the rate limiter sends nothing meanwhile. The
/// SDK would take that for a stalled upload after six seconds and give the
/// call up, and a create given up is one whose outcome nobody knows. The read
/// timeout is what ends an upload that really stalls.
fn patient_uploads() -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled()
        .upload_enabled(false)
        .build()
}

impl AwsContext {
    /// Checks what can be checked without a call, and makes none.
    pub fn new(settings: AwsSettings) -> Result<Arc<Self>, SettingsError> {
        Self::with_limits(settings, Limits::of_process())
    }

    /// The same with token buckets of one's own, for tests.
    pub fn with_limits(
        settings: AwsSettings,
        limits: Arc<Limits>,
    ) -> Result<Arc<Self>, SettingsError> {
        settings.check()?;
        let http = http::client(&settings)?;
        Ok(Arc::new(Self {
            settings,
            http,
            limits,
            sdk: OnceCell::new(),
            account: OnceCell::new(),
            clients: OnceCell::new(),
            supplied: supplied::Store::default(),
        }))
    }

    /// Passwords for secrets that are made while what is returned is held, by
    /// the secrets' names.
    pub fn supply(&self, passwords: BTreeMap<String, String>) -> Supplied {
        self.supplied.supply(passwords)
    }

    pub(super) fn supplied(&self) -> supplied::Store {
        self.supplied.clone()
    }

    pub fn settings(&self) -> &AwsSettings {
        &self.settings
    }

    /// The region: the block's, the environment's, the profile's, and only
    /// then (unless `skip_metadata_api_check`) the instance's own.
    pub async fn region(&self) -> Result<String, HandlerError> {
        let region = self.sdk().await.region().map(ToString::to_string);
        region.ok_or_else(|| {
            refusal(
                ErrorKind::Invalid,
                "no AWS region is set: set region in the provider block, or AWS_REGION",
            )
        })
    }

    /// What can be said of the region without waiting, for the forms of ARNs.
    pub(super) fn partition_hint(&self) -> &'static str {
        let env = |name| std::env::var(name).ok();
        let region = self
            .settings
            .region
            .clone()
            .or_else(|| env("AWS_REGION"))
            .or_else(|| env("AWS_DEFAULT_REGION"));
        partition_of(region.as_deref().unwrap_or_default())
    }

    /// Asks STS once and keeps the answer; an error is not kept.
    ///
    /// Errors: `Invalid` for an account that the block refuses, and where
    /// `skip_requesting_account_id` forbids to ask.
    pub async fn account(&self) -> Result<&Account, HandlerError> {
        if self.settings.skip_requesting_account_id {
            return Err(refusal(
                ErrorKind::Invalid,
                "the account id is needed here (bucket names and policies carry it): remove \
                 skip_requesting_account_id from the provider block",
            ));
        }
        self.account.get_or_try_init(|| self.ask_account()).await
    }

    async fn ask_account(&self) -> Result<Account, HandlerError> {
        self.region().await?;
        let sts = self.sts(self.sdk().await);
        let answer = sts
            .get_caller_identity()
            .send()
            .await
            .during("sts:GetCallerIdentity")?;
        // Names and policies are made of it: nothing shall be made of nothing.
        let (Some(id), Some(caller_arn)) = (answer.account, answer.arn) else {
            return Err(refusal(
                ErrorKind::Other,
                "sts:GetCallerIdentity was answered without an account: what answers there is not AWS",
            ));
        };
        let account = Account { id, caller_arn };
        self.admit(&account.id)?;
        Ok(account)
    }

    fn admit(&self, id: &str) -> Result<(), HandlerError> {
        let settings = &self.settings;
        let listed = |ids: &[String]| ids.iter().any(|listed| listed == id);
        let sentence = if listed(&settings.forbidden_account_ids) {
            format!("the credentials belong to account {id}, which forbidden_account_ids lists")
        } else if !settings.allowed_account_ids.is_empty() && !listed(&settings.allowed_account_ids)
        {
            format!(
                "the credentials belong to account {id}, which is not in allowed_account_ids ({})",
                settings.allowed_account_ids.join(", ")
            )
        } else {
            return Ok(());
        };
        Err(refusal(
            ErrorKind::Invalid,
            format!(
                "{sentence}; nothing else was called. Use other credentials or another profile"
            ),
        ))
    }

    /// The clients, after the account check: the only way to them.
    pub async fn ready(&self) -> Result<Arc<Clients>, HandlerError> {
        let clients = self
            .clients
            .get_or_try_init(|| async {
                let account_id = if self.settings.skip_requesting_account_id {
                    None
                } else {
                    Some(self.account().await?.id.clone())
                };
                let region = self.region().await?;
                let sdk = self.sdk().await.clone();
                Ok::<_, HandlerError>(Arc::new(Clients::new(self, sdk, region, account_id)))
            })
            .await?;
        Ok(Arc::clone(clients))
    }

    /// What the expansion has to know about this account.
    pub async fn facts(&self) -> Result<AccountFacts, HandlerError> {
        let account = self.account().await?;
        let region = self.region().await?;
        Ok(AccountFacts {
            account_id: account.id.clone(),
            partition: partition_of(&region).to_owned(),
            region,
            administrator_arn: administrator_arn(&account.caller_arn),
        })
    }

    /// The shared client as one service may use it.
    pub(super) fn http_for(&self, service: Service) -> SharedHttpClient {
        SharedHttpClient::new(LimitedClient {
            inner: self.http.clone(),
            service,
            limits: Arc::clone(&self.limits),
        })
    }

    fn sts(&self, sdk: &SdkConfig) -> aws_sdk_sts::Client {
        let mut config =
            aws_sdk_sts::config::Builder::from(sdk).http_client(self.http_for(Service::Sts));
        if let Some(url) = self.settings.endpoints.get(Service::Sts.name()) {
            config = config.endpoint_url(url);
        }
        if let Some(region) = &self.settings.sts_region {
            config = config.region(Region::new(region.clone()));
        }
        aws_sdk_sts::Client::from_conf(config.build())
    }

    async fn sdk(&self) -> &SdkConfig {
        self.sdk.get_or_init(|| self.load()).await
    }

    /// Reads environment and shared files; credentials are asked for when the
    /// first call is signed.
    async fn load(&self) -> SdkConfig {
        let settings = &self.settings;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(self.http.clone())
            .identity_cache(IdentityCache::lazy().build())
            .timeout_config(timeouts)
            .stalled_stream_protection(patient_uploads());
        if let Ok(name) = AppName::new(env!("CARGO_PKG_NAME")) {
            loader = loader.app_name(name);
        }
        let version = Some(env!("CARGO_PKG_VERSION"));
        if let Ok(metadata) = FrameworkMetadata::new(env!("CARGO_PKG_NAME"), version) {
            loader = loader.framework_metadata(metadata);
        }
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(files) = credentials::profile_files(settings) {
            loader = loader.profile_files(files);
        }
        if let Some(retry) = self.retry_config() {
            loader = loader.retry_config(retry);
        }
        if settings.use_fips_endpoint {
            loader = loader.use_fips(true);
        }
        if settings.use_dualstack_endpoint {
            loader = loader.use_dual_stack(true);
        }
        let region = self.said_region().await;
        let config = ProviderConfig::without_region()
            .with_http_client(self.http.clone())
            .with_region(region.clone());
        if let Some(region) = region {
            loader = loader.region(region);
        } else if settings.skip_metadata_api_check {
            loader = loader.region(None::<Region>);
        }
        if let Some(provider) = credentials::provider(settings, &config) {
            loader = loader.credentials_provider(provider);
        }
        let base = loader.load().await;
        let Some(role) = settings.assume_role.clone() else {
            return base;
        };
        let assumed = AssumedRole {
            sts: self.sts(&base),
            role,
        };
        // A cache of its own: the base credentials sign the assuming call.
        base.into_builder()
            .identity_cache(IdentityCache::lazy().build())
            .credentials_provider(SharedCredentialsProvider::new(assumed))
            .build()
    }

    async fn said_region(&self) -> Option<Region> {
        if let Some(region) = &self.settings.region {
            return Some(Region::new(region.clone()));
        }
        let mut profile = ProfileFileRegionProvider::builder();
        if let Some(name) = &self.settings.profile {
            profile = profile.profile_name(name);
        }
        if let Some(files) = credentials::profile_files(&self.settings) {
            profile = profile.profile_files(files);
        }
        RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(profile.build())
            .region()
            .await
    }

    /// `None` leaves it to `AWS_RETRY_MODE`, `AWS_MAX_ATTEMPTS` and the
    /// profile.
    fn retry_config(&self) -> Option<RetryConfig> {
        let settings = &self.settings;
        if settings.retry_mode.is_none() && settings.max_retries.is_none() {
            return None;
        }
        let config = match settings.retry_mode {
            Some(RetryMode::Adaptive) => RetryConfig::adaptive(),
            Some(RetryMode::Standard) | None => RetryConfig::standard(),
        };
        Some(match settings.max_retries {
            Some(retries) => config.with_max_attempts(retries.saturating_add(1)),
            None => config,
        })
    }
}

fn refusal(kind: ErrorKind, message: impl Into<String>) -> HandlerError {
    HandlerError::ours(kind, "sts:GetCallerIdentity", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(settings: AwsSettings) -> Arc<AwsContext> {
        AwsContext::new(settings).expect("valid settings")
    }

    #[test]
    fn an_account_is_admitted_by_the_lists_of_the_block() {
        let ids = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        for (allowed, forbidden, admitted) in [
            (ids(&[]), ids(&[]), true),
            (ids(&["111111111111"]), ids(&[]), true),
            (ids(&["222222222222"]), ids(&[]), false),
            (ids(&[]), ids(&["111111111111"]), false),
            (ids(&[]), ids(&["222222222222"]), true),
        ] {
            let context = context(AwsSettings {
                allowed_account_ids: allowed.clone(),
                forbidden_account_ids: forbidden.clone(),
                ..AwsSettings::default()
            });
            assert_eq!(
                context.admit("111111111111").is_ok(),
                admitted,
                "{allowed:?} {forbidden:?}"
            );
        }
    }

    #[tokio::test]
    async fn without_the_account_id_facts_say_what_to_remove() {
        let context = context(AwsSettings {
            region: Some("us-east-1".into()),
            skip_requesting_account_id: true,
            ..AwsSettings::default()
        });
        let error = context.facts().await.expect_err("no facts");
        assert!(
            error.message.contains("skip_requesting_account_id"),
            "{error}"
        );
        assert!(context.ready().await.is_ok(), "clients need no account");
    }

    #[test]
    fn retries_are_attempts_less_one() {
        let context = context(AwsSettings {
            max_retries: Some(4),
            retry_mode: Some(RetryMode::Adaptive),
            ..AwsSettings::default()
        });
        let config = context.retry_config().expect("said");
        assert_eq!(config.max_attempts(), 5);
        assert_eq!(config.mode(), aws_smithy_types::retry::RetryMode::Adaptive);
    }
}
