//! What go-plugin tells a plugin through its environment.

use std::env;
use std::path::PathBuf;

/// Terraform's magic cookie: proof that Terraform started this process, and no
/// secret.
const COOKIE_KEY: &str = "TF_PLUGIN_MAGIC_COOKIE";
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The provider protocol this binary speaks.
pub(super) const PROTOCOL: u32 = 6;

/// The settings of one start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    /// Whether Terraform started this process.
    pub(super) started_by_terraform: bool,
    /// The only certificate to let in, as PEM.
    pub(super) client_certificate: Option<String>,
    /// Where the socket is to be.
    pub(super) socket_dir: Option<PathBuf>,
    /// The group that may connect to it, by name or number.
    pub(super) socket_group: Option<String>,
    /// The ports to try where there is no Unix socket; zero lets the system choose.
    pub(super) ports: (u16, u16),
    /// The protocol versions Terraform offers; empty if it does not say.
    pub(super) offered: Vec<u32>,
    /// Whether Terraform wants to know if connections can be multiplexed.
    pub(super) asks_for_multiplexing: bool,
}

impl Environment {
    pub(super) fn read() -> Self {
        Self::from(|name| env::var(name).ok())
    }

    fn from(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        let port = |name: &str| set(name).and_then(|port| port.parse().ok()).unwrap_or(0);
        let offered = set("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_default();
        Self {
            started_by_terraform: set(COOKIE_KEY).as_deref() == Some(COOKIE),
            client_certificate: set("PLUGIN_CLIENT_CERT"),
            socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: set("PLUGIN_UNIX_SOCKET_GROUP"),
            ports: (port("PLUGIN_MIN_PORT"), port("PLUGIN_MAX_PORT")),
            offered: offered
                .split(',')
                .filter_map(|version| version.trim().parse().ok())
                .collect(),
            asks_for_multiplexing: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(variables: &[(&str, &str)]) -> Environment {
        Environment::from(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn only_the_right_cookie_counts() {
        assert!(!given(&[]).started_by_terraform);
        assert!(!given(&[(COOKIE_KEY, "other")]).started_by_terraform);
        assert!(given(&[(COOKIE_KEY, COOKIE)]).started_by_terraform);
    }

    #[test]
    fn an_empty_variable_is_one_that_is_not_set() {
        let environment = given(&[("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_UNIX_SOCKET_DIR", "")]);
        assert_eq!(environment, Environment::default());
    }

    #[test]
    fn versions_and_ports_are_read() {
        let environment = given(&[
            ("PLUGIN_PROTOCOL_VERSIONS", "6,5"),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
        ]);
        assert_eq!(environment.offered, [6, 5]);
        assert_eq!(environment.ports, (10_000, 25_000));
    }
}
