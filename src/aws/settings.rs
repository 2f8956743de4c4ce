//! What a user may say about how AWS is reached. It is apart from `context`
//! so that the provider block can fill it, and tests can compare it, without
//! an SDK type in sight. Names and meanings are those of the AWS provider
//! (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs>).

use super::services::Service;
use std::collections::BTreeMap;
use std::fmt;

/// The provider block, as plain values. `Default` is an empty block: then the
/// environment, the shared files and the machine's own role decide.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// Beats `AWS_REGION`, `AWS_DEFAULT_REGION` and the profile.
    pub region: Option<String>,
    /// A profile named here beats credentials in the environment.
    pub profile: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<String>,
    pub token: Option<String>,
    pub shared_config_files: Vec<String>,
    pub shared_credentials_files: Vec<String>,
    pub assume_role: Option<AssumeRole>,
    /// By service (`kms`, `s3`, ...); beats `AWS_ENDPOINT_URL_<SERVICE>` and
    /// `AWS_ENDPOINT_URL`.
    pub endpoints: BTreeMap<String, String>,
    /// Merged into every resource's `Tags` by the expansion, not here.
    pub default_tags: BTreeMap<String, String>,
    pub ignore_tags: IgnoreTags,
    pub allowed_account_ids: Vec<String>,
    pub forbidden_account_ids: Vec<String>,
    /// Retries after the first attempt. Absent: `AWS_MAX_ATTEMPTS`, the
    /// profile, else the SDK's own number.
    pub max_retries: Option<u32>,
    pub retry_mode: Option<RetryMode>,
    pub s3_use_path_style: bool,
    /// A PEM file trusted beside the system's own roots; `AWS_CA_BUNDLE`
    /// where absent.
    pub custom_ca_bundle: Option<String>,
    /// Refused: the TLS stack has no way to skip verification.
    pub insecure: bool,
    pub use_fips_endpoint: bool,
    pub use_dualstack_endpoint: bool,
    /// For `http://` endpoints; `HTTP_PROXY` where absent.
    pub http_proxy: Option<String>,
    /// For `https://` endpoints; `HTTPS_PROXY` where absent.
    pub https_proxy: Option<String>,
    /// Hosts, domains and networks reached directly; `NO_PROXY` where absent.
    pub no_proxy: Option<String>,
    /// Accepted for the sake of the AWS provider's blocks. The only call that
    /// could be skipped is the account check, which has its own flag.
    pub skip_credentials_validation: bool,
    /// No `sts:GetCallerIdentity`. Then no account can be refused, and
    /// whatever needs the account's facts (every create) says so and stops.
    pub skip_requesting_account_id: bool,
    pub skip_region_validation: bool,
    /// Neither credentials nor region are asked of the instance metadata.
    pub skip_metadata_api_check: bool,
    /// Where STS is called, when that is not `region`.
    pub sts_region: Option<String>,
}

/// The role that is assumed before anything else is called.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AssumeRole {
    pub role_arn: String,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    /// 900 to 43200; AWS's default is an hour.
    pub duration_seconds: Option<u32>,
    /// A session policy, which can only take away.
    pub policy: Option<String>,
    pub source_identity: Option<String>,
}

/// Tags that are never drift and never removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreTags {
    pub keys: Vec<String>,
    pub key_prefixes: Vec<String>,
}

impl IgnoreTags {
    pub fn ignores(&self, key: &str) -> bool {
        self.keys.iter().any(|k| k == key)
            || self
                .key_prefixes
                .iter()
                .any(|p| key.starts_with(p.as_str()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryMode {
    Standard,
    /// Also slows the client down while AWS throttles.
    Adaptive,
}

/// A setting that can be refused without asking AWS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: {message}")]
pub struct SettingsError {
    /// The attribute of the provider block.
    pub attribute: &'static str,
    pub message: String,
}

impl SettingsError {
    pub(super) fn new(attribute: &'static str, message: impl Into<String>) -> Self {
        Self {
            attribute,
            message: message.into(),
        }
    }
}

impl AwsSettings {
    /// Refuses what cannot work, before any call.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.insecure {
            return Err(SettingsError::new(
                "insecure",
                "certificates are always verified; name the certificate authority in \
                 custom_ca_bundle, or use an http:// endpoint",
            ));
        }
        if self.access_key.is_some() != self.secret_key.is_some() {
            let (given, missing) = if self.access_key.is_some() {
                ("access_key", "secret_key")
            } else {
                ("secret_key", "access_key")
            };
            return Err(SettingsError::new(
                given,
                format!("{missing} is missing beside it"),
            ));
        }
        if !self.allowed_account_ids.is_empty() && !self.forbidden_account_ids.is_empty() {
            return Err(SettingsError::new(
                "forbidden_account_ids",
                "cannot stand beside allowed_account_ids; keep one of them",
            ));
        }
        if self.skip_requesting_account_id
            && !(self.allowed_account_ids.is_empty() && self.forbidden_account_ids.is_empty())
        {
            return Err(SettingsError::new(
                "skip_requesting_account_id",
                "an account cannot be refused without asking for it; remove this flag or the \
                 account lists",
            ));
        }
        for (attribute, region) in [("region", &self.region), ("sts_region", &self.sts_region)] {
            if let Some(region) = region
                && !self.skip_region_validation
                && !looks_like_region(region)
            {
                return Err(SettingsError::new(
                    attribute,
                    format!(
                        "{region:?} is no AWS region, such as us-east-1; set \
                         skip_region_validation = true if it is a new one"
                    ),
                ));
            }
        }
        for (service, url) in &self.endpoints {
            if Service::named(service).is_none() {
                return Err(SettingsError::new(
                    "endpoints",
                    format!(
                        "no service {service:?} is called; the services are {}",
                        Service::ALL
                            .iter()
                            .map(|service| service.name())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                ));
            }
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                return Err(SettingsError::new(
                    "endpoints",
                    format!("{service}: {url:?} must begin with http:// or https://"),
                ));
            }
        }
        Ok(())
    }
}

/// `us-east-1`, `us-gov-west-1`, `ap-southeast-2`: letters, words, a digit.
fn looks_like_region(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let [first, words @ .., last] = parts.as_slice() else {
        return false;
    };
    let lower = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    (2..=4).contains(&first.len())
        && lower(first)
        && !words.is_empty()
        && words.iter().all(lower)
        && (1..=2).contains(&last.len())
        && last.bytes().all(|b| b.is_ascii_digit())
}

/// Says which settings are there; a secret is only said to be there.
impl fmt::Debug for AwsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = |value: &Option<String>| value.as_ref().map(|_| "***");
        f.debug_struct("AwsSettings")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("access_key", &set(&self.access_key))
            .field("secret_key", &set(&self.secret_key))
            .field("token", &set(&self.token))
            .field("assume_role", &self.assume_role)
            .field("endpoints", &self.endpoints)
            .field("allowed_account_ids", &self.allowed_account_ids)
            .field("forbidden_account_ids", &self.forbidden_account_ids)
            .field("max_retries", &self.max_retries)
            .field("retry_mode", &self.retry_mode)
            .field("http_proxy", &set(&self.http_proxy))
            .field("https_proxy", &set(&self.https_proxy))
            .finish_non_exhaustive()
    }
}

/// The external id is shared between two parties and is not shown.
impl fmt::Debug for AssumeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole")
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut AwsSettings)) -> Option<&'static str> {
        let mut settings = AwsSettings::default();
        change(&mut settings);
        settings.check().err().map(|e| e.attribute)
    }

    #[test]
    fn settings_that_cannot_work_are_refused_at_their_attribute() {
        type Change = fn(&mut AwsSettings);
        let table: &[(Option<&str>, Change)] = &[
            (None, |_| ()),
            (Some("insecure"), |s| s.insecure = true),
            (Some("access_key"), |s| s.access_key = Some("AKIA".into())),
            (Some("secret_key"), |s| s.secret_key = Some("x".into())),
            (Some("forbidden_account_ids"), |s| {
                s.allowed_account_ids = vec!["1".into()];
                s.forbidden_account_ids = vec!["2".into()];
            }),
            (Some("skip_requesting_account_id"), |s| {
                s.allowed_account_ids = vec!["1".into()];
                s.skip_requesting_account_id = true;
            }),
            (Some("region"), |s| s.region = Some("Virginia".into())),
            (Some("region"), |s| s.region = Some("us-east-1a".into())),
            (None, |s| s.region = Some("us-gov-west-1".into())),
            (None, |s| {
                s.region = Some("moon".into());
                s.skip_region_validation = true;
            }),
            (Some("endpoints"), |s| {
                s.endpoints = [("s4".into(), "http://x".into())].into();
            }),
            (Some("endpoints"), |s| {
                s.endpoints = [("s3".into(), "localhost:4566".into())].into();
            }),
            (None, |s| {
                s.endpoints = [("s3".into(), "http://localhost:1".into())].into()
            }),
        ];
        for (row, (expected, change)) in table.iter().enumerate() {
            assert_eq!(refused(change), *expected, "row {row}");
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let settings = AwsSettings {
            secret_key: Some("hunter2".into()),
            token: Some("hunter2".into()),
            https_proxy: Some("http://u:hunter2@proxy".into()),
            assume_role: Some(AssumeRole {
                external_id: Some("hunter2".into()),
                ..AssumeRole::default()
            }),
            ..AwsSettings::default()
        };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
