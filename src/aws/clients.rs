//! One client per service, made at its first use. A `Clients` exists only
//! behind the account check of `context`, so whoever holds one may call.

use super::context::AwsContext;
use super::gathering::Gathering;
use super::services::Service;
use super::settings::IgnoreTags;
use super::supplied::Store;
use crate::engine::{ErrorKind, HandlerError};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The clients of one account and region; each service's SDK crate has its own
/// types of the same names, hence a macro.
macro_rules! clients {
    ($($(#[$doc:meta])* $field:ident: $sdk:ident, $service:ident $(, |$config:ident, $clients:ident| $adjust:expr)?;)*) => {
        /// The clients of one account and region.
        pub struct Clients {
            sdk: SdkConfig,
            http: BTreeMap<Service, SharedHttpClient>,
            endpoints: BTreeMap<String, String>,
            path_style: bool,
            region: String,
            account_id: Option<String>,
            ignore_tags: IgnoreTags,
            endpoint_deletions: Gathering,
            supplied: Store,
            $($field: OnceLock<$sdk::Client>,)*
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
                    .iter()
                    .map(|service| (*service, context.http_for(*service)))
                    .collect();
                Self {
                    sdk,
                    http,
                    endpoints: settings.endpoints.clone(),
                    path_style: settings.s3_use_path_style,
                    region,
                    account_id,
                    ignore_tags: settings.ignore_tags.clone(),
                    endpoint_deletions: Gathering::default(),
                    supplied: context.supplied(),
                    $($field: OnceLock::new(),)*
                }
            }

            $(
                $(#[$doc])*
                pub fn $field(&self) -> &$sdk::Client {
                    self.$field.get_or_init(|| {
                        let service = Service::$service;
                        let mut config = $sdk::config::Builder::from(&self.sdk);
                        config.set_http_client(self.http.get(&service).cloned());
                        if let Some(url) = self.endpoints.get(service.name()) {
                            config = config.endpoint_url(url);
                        }
                        $(
                            let ($config, $clients) = (config, self);
                            config = $adjust;
                        )?
                        $sdk::Client::from_conf(config.build())
                    })
                }
            )*
        }
    };
}

clients! {
    apigateway: aws_sdk_apigateway, Apigateway;
    cloudtrail: aws_sdk_cloudtrail, Cloudtrail;
    cloudwatch: aws_sdk_cloudwatch, Cloudwatch;
    config: aws_sdk_config, Config;
    dynamodb: aws_sdk_dynamodb, Dynamodb;
    ec2: aws_sdk_ec2, Ec2;
    events: aws_sdk_eventbridge, Events;
    guardduty: aws_sdk_guardduty, Guardduty;
    iam: aws_sdk_iam, Iam;
    kms: aws_sdk_kms, Kms;
    lambda: aws_sdk_lambda, Lambda;
    logs: aws_sdk_cloudwatchlogs, Logs;
    /// Path style only where asked for: AWS wants virtual hosts.
    s3: aws_sdk_s3, S3, |config, clients| config.force_path_style(clients.path_style);
    secretsmanager: aws_sdk_secretsmanager, Secretsmanager;
    sns: aws_sdk_sns, Sns;
    sqs: aws_sdk_sqs, Sqs;
    ssm: aws_sdk_ssm, Ssm;
    wafv2: aws_sdk_wafv2, Wafv2;
}

impl Clients {
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

    /// VPC endpoints that go in one call.
    pub(super) fn endpoint_deletions(&self) -> &Gathering {
        &self.endpoint_deletions
    }

    /// The password that the user has for a secret of this name.
    pub(super) fn supplied(&self, secret: &str) -> Option<String> {
        self.supplied.of(secret)
    }

    pub fn ignore_tags(&self) -> &IgnoreTags {
        &self.ignore_tags
    }
}
