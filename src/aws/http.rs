//! One HTTP client for all services: TLS by aws-lc-rs with the system's roots
//! and the user's bundle, and proxies, which the SDK does not look for by
//! itself. Connections are pooled here, so it is made once per provider.

use super::settings::{AwsSettings, SettingsError};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Never proxied: this machine, and the addresses that hand out a machine's
/// or a container's own credentials.
const ALWAYS_DIRECT: &str = "localhost,127.0.0.1,::1,169.254.169.254,169.254.170.2,169.254.170.23";

/// Proxies as they will be used, from the block and then the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Proxies {
    http: Option<String>,
    https: Option<String>,
    direct: String,
}

impl Proxies {
    fn resolve(settings: &AwsSettings, env: impl Fn(&str) -> Option<String>) -> Self {
        let from_env = |names: [&str; 2]| {
            names
                .into_iter()
                .filter_map(&env)
                .find(|value| !value.is_empty())
        };
        let all = from_env(["ALL_PROXY", "all_proxy"]);
        let pick = |said: &Option<String>, names| {
            said.clone()
                .or_else(|| from_env(names))
                .or_else(|| all.clone())
                .filter(|url| !url.is_empty())
        };
        let mut direct = ALWAYS_DIRECT.to_owned();
        let said = settings.no_proxy.clone();
        if let Some(more) = said.or_else(|| from_env(["NO_PROXY", "no_proxy"])) {
            direct = format!("{direct},{more}");
        }
        Self {
            http: pick(&settings.http_proxy, ["HTTP_PROXY", "http_proxy"]),
            https: pick(&settings.https_proxy, ["HTTPS_PROXY", "https_proxy"]),
            direct,
        }
    }

    fn config(&self, attribute: &'static str) -> Result<ProxyConfig, SettingsError> {
        let url = if attribute == "http_proxy" {
            &self.http
        } else {
            &self.https
        };
        let Some(url) = url else {
            return Ok(ProxyConfig::disabled());
        };
        // The message must not repeat the URL: it may carry a password.
        let refuse = || {
            SettingsError::new(
                attribute,
                "is no URL of a proxy, such as http://proxy.example.com:8080 (it may also come \
                 from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY)",
            )
        };
        let config = if attribute == "http_proxy" {
            ProxyConfig::http(url.as_str())
        } else {
            ProxyConfig::https(url.as_str())
        };
        Ok(config.map_err(|_| refuse())?.no_proxy(&self.direct))
    }
}

/// Builds the client. Reads the certificate bundle; opens no connection.
pub(super) fn client(settings: &AwsSettings) -> Result<SharedHttpClient, SettingsError> {
    let proxies = Proxies::resolve(settings, |name| std::env::var(name).ok());
    let plain = connectors(tls_context(None)?, proxies.config("http_proxy")?);
    let bundle = settings
        .custom_ca_bundle
        .clone()
        .or_else(|| std::env::var("AWS_CA_BUNDLE").ok())
        .filter(|path| !path.is_empty());
    let tls = connectors(
        tls_context(bundle.as_deref())?,
        proxies.config("https_proxy")?,
    );
    Ok(SharedHttpClient::new(ByScheme { plain, tls }))
}

fn tls_context(bundle: Option<&str>) -> Result<TlsContext, SettingsError> {
    let mut trust = TrustStore::default();
    if let Some(path) = bundle {
        let pem = std::fs::read(path).map_err(|error| {
            SettingsError::new("custom_ca_bundle", format!("cannot read {path}: {error}"))
        })?;
        // The TLS stack would panic on what is no certificate.
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        if certificates.map_or(true, |found| found.is_empty()) {
            return Err(SettingsError::new(
                "custom_ca_bundle",
                format!("{path} holds no PEM certificate"),
            ));
        }
        trust = trust.with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| SettingsError::new("custom_ca_bundle", error.to_string()))
}

fn connectors(tls: TlsContext, proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        if let Some(settings) = settings {
            builder = builder.connector_settings(settings.clone());
        }
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        builder
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone())
            .build()
    })
}

/// The proxy type holds a proxy for one scheme only, hence a client for each.
#[derive(Debug)]
struct ByScheme {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
}

impl HttpClient for ByScheme {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ConnectorByScheme {
            plain: self.plain.clone(),
            tls: self.tls.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct ConnectorByScheme {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ConnectorByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("https:") {
            &self.tls
        } else {
            &self.plain
        };
        client
            .http_connector(&self.settings, &self.components)
            .call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_block_beats_the_environment_and_this_machine_is_never_proxied() {
        let settings = AwsSettings {
            https_proxy: Some("http://block:1".into()),
            ..AwsSettings::default()
        };
        let proxies = Proxies::resolve(
            &settings,
            env(&[
                ("HTTPS_PROXY", "http://env:1"),
                ("http_proxy", "http://env:2"),
                ("NO_PROXY", ".corp"),
            ]),
        );
        assert_eq!(proxies.https.as_deref(), Some("http://block:1"));
        assert_eq!(proxies.http.as_deref(), Some("http://env:2"));
        assert_eq!(proxies.direct, format!("{ALWAYS_DIRECT},.corp"));
    }

    #[test]
    fn a_proxy_that_is_no_url_is_refused_without_repeating_it() {
        let settings = AwsSettings {
            https_proxy: Some("http://user:hunter2@ bad".into()),
            ..AwsSettings::default()
        };
        let error = client(&settings).expect_err("refused");
        assert_eq!(error.attribute, "https_proxy");
        assert!(!error.message.contains("hunter2"));
    }

    #[test]
    fn a_bundle_without_a_certificate_is_refused() {
        let settings = AwsSettings {
            custom_ca_bundle: Some("/dev/null".into()),
            ..AwsSettings::default()
        };
        assert_eq!(
            client(&settings).expect_err("refused").attribute,
            "custom_ca_bundle"
        );
    }
}
