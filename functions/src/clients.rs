//! The SDK's clients. Built when first asked for, since most functions use
//! three of them, and kept for the life of the execution environment.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use std::sync::OnceLock;
use std::time::Duration;

/// One attempt of a call. VPC endpoints answer within milliseconds; a call
/// that hangs must leave time for another within a function's 15 s.
const ATTEMPT: Duration = Duration::from_secs(5);
const TRANSFER_ATTEMPT: Duration = Duration::from_secs(12);
const CONNECT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;

/// Lambda's environment is all there is to know about credentials: it holds
/// the execution role's for as long as the environment lives
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>),
/// so there is no chain to walk.
fn load(lookup: impl Fn(&str) -> Option<String>) -> SdkConfig {
    let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .sleep_impl(TokioSleep::new())
        .region(get("AWS_REGION").map(Region::new))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(ATTEMPT)
                .build(),
        );
    // In every call's user agent, so that CloudTrail tells the functions apart.
    let handler = get("_HANDLER").and_then(|name| AppName::new(format!("tap-{name}")).ok());
    sdk.set_app_name(handler);
    sdk.set_endpoint_url(get("AWS_ENDPOINT_URL"));
    sdk.set_use_fips(get("AWS_USE_FIPS_ENDPOINT").map(|value| value == "true"));
    if let (Some(key), Some(secret)) = (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
        let credentials = Credentials::new(key, secret, get("AWS_SESSION_TOKEN"), None, "Lambda");
        sdk.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
    }
    sdk.build()
}

macro_rules! clients {
    ($($(#[$doc:meta])* $service:ident: $sdk:ident,)*) => {
        /// Every client a function may ask for.
        pub struct Clients {
            sdk: SdkConfig,
            s3: OnceLock<aws_sdk_s3::Client>,
            $($service: OnceLock<$sdk::Client>,)*
        }

        impl Clients {
            pub fn from_env() -> Self {
                Self::new(load(|name| std::env::var(name).ok()))
            }

            fn new(sdk: SdkConfig) -> Self {
                Self { sdk, s3: OnceLock::new(), $($service: OnceLock::new(),)* }
            }

            $($(#[$doc])* pub fn $service(&self) -> &$sdk::Client {
                self.$service.get_or_init(|| $sdk::Client::new(&self.sdk))
            })*
        }
    };
}

clients! {
    apigateway: aws_sdk_apigateway,
    config: aws_sdk_config,
    dynamodb: aws_sdk_dynamodb,
    ec2: aws_sdk_ec2,
    eventbridge: aws_sdk_eventbridge,
    iam: aws_sdk_iam,
    kms: aws_sdk_kms,
    lambda: aws_sdk_lambda,
    secretsmanager: aws_sdk_secretsmanager,
    sns: aws_sdk_sns,
    ssm: aws_sdk_ssm,
    sts: aws_sdk_sts,
}

impl Clients {
    /// S3 moves documents: an attempt may take longer than a control call.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_attempt_timeout(TRANSFER_ATTEMPT)
                .build();
            let config = aws_sdk_s3::config::Builder::from(&self.sdk)
                .timeout_config(timeouts)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// For one call of a function that is waited for: it may take all the time
    /// there is, and it is not made twice, since whoever is called is not ours
    /// and may not bear it.
    pub fn patient(limit: Duration) -> aws_sdk_lambda::config::Builder {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(limit)
            .build();
        aws_sdk_lambda::Config::builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            // An answer that takes its time is none that has stalled.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
    }

    /// The SDK's configuration, for what no client does: the signing of a form.
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }
}
