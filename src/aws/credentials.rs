//! Whose credentials sign the calls: those of the provider block, of its
//! profile, or the SDK's chain; and the role that is assumed on top of them.
//! The SDK's own role provider knows no source identity, hence ours.

use super::error::HandlerResultExt;
use super::settings::{AssumeRole, AwsSettings};
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as CredentialsResult, SharedCredentialsProvider, future,
};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use std::time::{Duration, SystemTime};

/// How long AWS keeps a session when nothing is said.
const DEFAULT_SESSION: Duration = Duration::from_secs(3600);

const DEFAULT_SESSION_NAME: &str = "terraform-provider-tap";

/// The shared files, when the block names other ones than the usual.
pub(super) fn profile_files(settings: &AwsSettings) -> Option<EnvConfigFiles> {
    let configs = &settings.shared_config_files;
    let credentials = &settings.shared_credentials_files;
    if configs.is_empty() && credentials.is_empty() {
        return None;
    }
    let mut files = EnvConfigFiles::builder()
        .include_default_config_file(configs.is_empty())
        .include_default_credentials_file(credentials.is_empty());
    for path in configs {
        files = files.with_file(EnvConfigFileKind::Config, expand_home(path));
    }
    for path in credentials {
        files = files.with_file(EnvConfigFileKind::Credentials, expand_home(path));
    }
    Some(files.build())
}

fn expand_home(path: &str) -> String {
    match (path.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

/// The credentials that the settings insist on; `None` leaves it to the
/// SDK's default chain (environment, profile, web identity, container,
/// instance).
pub(super) fn provider(
    settings: &AwsSettings,
    config: &ProviderConfig,
) -> Option<SharedCredentialsProvider> {
    if let (Some(key), Some(secret)) = (&settings.access_key, &settings.secret_key) {
        let token = settings.token.clone();
        let given = Credentials::new(key, secret, token, None, "provider block");
        return Some(SharedCredentialsProvider::new(given));
    }
    let profile = || {
        let mut builder = ProfileFileCredentialsProvider::builder().configure(config);
        if let Some(name) = &settings.profile {
            builder = builder.profile_name(name);
        }
        if let Some(files) = profile_files(settings) {
            builder = builder.profile_files(files);
        }
        builder.build()
    };
    if settings.profile.is_some() {
        return Some(SharedCredentialsProvider::new(profile()));
    }
    settings.skip_metadata_api_check.then(|| {
        let identity = WebIdentityTokenCredentialsProvider::builder().configure(config);
        let container = EcsCredentialsProvider::builder().configure(config);
        let chain = CredentialsProviderChain::first_try(
            "Environment",
            EnvironmentVariableCredentialsProvider::new(),
        )
        .or_else("Profile", profile())
        .or_else("WebIdentityToken", identity.build())
        .or_else("EcsContainer", container.build());
        SharedCredentialsProvider::new(chain)
    })
}

/// Credentials of an assumed role. The SDK's identity cache asks again
/// shortly before they expire.
#[derive(Debug)]
pub(super) struct AssumedRole {
    pub sts: aws_sdk_sts::Client,
    pub role: AssumeRole,
}

impl AssumedRole {
    async fn assume(&self) -> CredentialsResult {
        let role = &self.role;
        let name = role.session_name.as_deref().unwrap_or(DEFAULT_SESSION_NAME);
        let seconds = role.duration_seconds.and_then(|s| i32::try_from(s).ok());
        let answer = self
            .sts
            .assume_role()
            .role_arn(&role.role_arn)
            .role_session_name(name)
            .set_external_id(role.external_id.clone())
            .set_policy(role.policy.clone())
            .set_source_identity(role.source_identity.clone())
            .set_duration_seconds(seconds)
            .send()
            .await
            .during("sts:AssumeRole")
            .map_err(CredentialsError::provider_error)?;
        let session = answer
            .credentials
            .ok_or_else(|| CredentialsError::unhandled("sts:AssumeRole answered nothing"))?;
        let expiry = SystemTime::try_from(session.expiration)
            .unwrap_or_else(|_| SystemTime::now() + DEFAULT_SESSION);
        Ok(Credentials::new(
            session.access_key_id,
            session.secret_access_key,
            Some(session.session_token),
            Some(expiry),
            "assumed role",
        ))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
