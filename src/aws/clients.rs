//! One client per service, made at its first use. A `Clients` exists only
//! behind the account check of `context`, so whoever holds one may call.

use super::context::AwsContext;
use super::services::Service;
use super::settings::IgnoreTags;
use crate::engine::{ErrorKind, HandlerError};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The clients of one account and region.
pub struct Clients {
    sdk: SdkConfig,
    http: BTreeMap<Service, SharedHttpClient>,
    endpoints: BTreeMap<String, String>,
    path_style: bool,
    region: String,
    account_id: Option<String>,
    ignore_tags: IgnoreTags,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
}

/// Each service's SDK crate has its own types of the same names.
macro_rules! client {
    ($(#[$doc:meta])* $field:ident, $sdk:ident, $service:expr $(, |$config:ident, $clients:ident| $adjust:expr)?) => {
        $(#[$doc])*
        pub fn $field(&self) -> &$sdk::Client {
            self.$field.get_or_init(|| {
                let mut config = $sdk::config::Builder::from(&self.sdk);
                config.set_http_client(self.http.get(&$service).cloned());
                if let Some(url) = self.endpoints.get($service.name()) {
                    config = config.endpoint_url(url);
                }
                $(
                    let ($config, $clients) = (config, self);
                    config = $adjust;
                )?
                $sdk::Client::from_conf(config.build())
            })
        }
    };
}

impl Clients {
    pub(super) fn new(
        context: &AwsContext,
        sdk: SdkConfig,
        region: String,
        account_id: Option<String>,
    ) -> Self {
        let settings = context.settings();
        let http = Service::ALL
            .into_iter()
            .map(|service| (service, context.http_for(service)))
            .collect();
        Self {
            sdk,
            http,
            endpoints: settings.endpoints.clone(),
            path_style: settings.s3_use_path_style,
            region,
            account_id,
            ignore_tags: settings.ignore_tags.clone(),
            dynamodb: OnceLock::new(),
            kms: OnceLock::new(),
            s3: OnceLock::new(),
            sns: OnceLock::new(),
            ssm: OnceLock::new(),
        }
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// Errors where the account was not asked for: see
    /// `skip_requesting_account_id`.
    pub fn account_id(&self) -> Result<&str, HandlerError> {
        self.account_id.as_deref().ok_or_else(|| {
            let message = "the account id is needed here: remove skip_requesting_account_id from \
                           the provider block";
            HandlerError::ours(ErrorKind::Invalid, "sts:GetCallerIdentity", message)
        })
    }

    pub fn partition(&self) -> &'static str {
        super::facts::partition_of(&self.region)
    }

    /// `amazonaws.com`, or China's.
    pub fn dns_suffix(&self) -> &'static str {
        super::facts::dns_suffix_of(&self.region)
    }

    pub fn ignore_tags(&self) -> &IgnoreTags {
        &self.ignore_tags
    }

    client!(dynamodb, aws_sdk_dynamodb, Service::Dynamodb);
    client!(kms, aws_sdk_kms, Service::Kms);
    client!(
        /// Path style only where asked for: AWS wants virtual hosts.
        s3, aws_sdk_s3, Service::S3, |config, clients| config.force_path_style(clients.path_style)
    );
    client!(sns, aws_sdk_sns, Service::Sns);
    client!(ssm, aws_sdk_ssm, Service::Ssm);
}
