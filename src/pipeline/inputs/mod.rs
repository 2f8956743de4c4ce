//! Configuration to spec: every value is checked here, with the path of the
//! attribute, a sentence on what is wrong and one on what to write instead.
//!
//! An unknown value (one that another resource has yet to make) is replaced
//! by a *probe*: a valid value of the attribute. The plan reads the
//! configuration twice, with two different probes, and expands both; what
//! differs between the two templates is what the unknown value decides. So
//! the blueprint never hears of unknown values.

mod access;
mod advice;
mod alerts;
mod api;
mod encryption;
mod functions;
mod network;
mod options;
mod patterns;
mod secrets;
mod storage;
mod syntax;
mod watch;

use super::state::State;
use super::values::{Place, Problem, Reader};
use crate::blueprint::{Spec, naming};
use crate::engine::lifecycle::OnCreateFailure;
use std::collections::BTreeMap;
use std::time::Duration;

pub use super::values::Probe;
use crate::pipeline::inputs::secrets::Passwords;
pub use options::check_tags;

/// What the block says beside the spec: how the provider shall behave.
#[derive(Clone, Debug)]
pub struct Options {
    pub allow_data_loss: bool,
    pub adopt_existing: bool,
    pub on_create_failure: OnCreateFailure,
    pub timeouts: Timeouts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub create: Duration,
    pub update: Duration,
    pub delete: Duration,
}

pub const DEFAULT_CREATE: &str = "60m";
pub const DEFAULT_UPDATE: &str = "60m";
pub const DEFAULT_DELETE: &str = "90m";
pub const ON_CREATE_FAILURE: [&str; 3] = ["keep", "rollback", "resume"];

/// A configuration that has been read.
#[derive(Clone, Debug)]
pub struct Inputs {
    pub spec: Spec,
    pub options: Options,
    /// Only while an apply or a plan has the configuration.
    pub passwords: Passwords,
    /// Allowed, but the user should know.
    pub warnings: Vec<Problem>,
    /// The overrides are wholly unknown, so that no line of the plan is known.
    pub anything_may_change: bool,
}

/// Reads a configuration.
///
/// # Errors
///
/// Everything that is wrong with it, not only the first.
pub fn read(
    config: &State,
    default_tags: &BTreeMap<String, String>,
    probe: Probe,
) -> Result<Inputs, Vec<Problem>> {
    let mut reader = Reader::new(probe);
    let root = Place::root();
    let r = &mut reader;

    let name = r.required_text(&root.at("name"), &config.name, ["probe-a", "probe-b"]);
    r.check(&root.at("name"), &name, naming::is_name(&name), "is not a name for a pipeline",
        "Write 1 to 32 lower-case letters, digits and single hyphens, starting with a letter and ending with a letter or digit, for example \"documents\".");
    let suffix = r.required_text(
        &root.at("environment_suffix"),
        &config.environment_suffix,
        ["probea", "probeb"],
    );
    r.check(
        &root.at("environment_suffix"),
        &suffix,
        naming::is_suffix(&suffix),
        "is not an environment suffix",
        "Write 1 to 16 lower-case letters and digits without a hyphen, for example \"dev\".",
    );

    let spec = Spec {
        encryption: encryption::encryption(r, &config.encryption),
        storage: storage::storage(r, &config.storage),
        network: network::network(r, &config.network),
        functions: functions::functions(r, &config.functions),
        api: api::api(r, &config.api),
        firewall: api::firewall(r, &config.firewall),
        audit: storage::audit(r, &config.audit),
        monitoring: watch::monitoring(r, &config.monitoring),
        threats: watch::threats(r, &config.threats),
        secrets: secrets::secrets(r, config),
        access: access::access(r, &config.access),
        compliance: watch::compliance(r, &config.compliance),
        alerts: alerts::alerts(r, &config.alerts),
        overrides: options::overrides(r, &config.overrides),
        tags: options::tags(r, &config.tags),
        default_tags: default_tags.clone(),
        ..Spec::new(&name, &suffix)
    };
    let options = options::options(r, config);
    let passwords = secrets::passwords(r, config, &spec.secrets);
    let warnings = advice::advice(&spec);
    match reader.finish() {
        problems if problems.is_empty() => Ok(Inputs {
            spec,
            options,
            passwords,
            warnings,
            anything_may_change: config.overrides.is_unknown(),
        }),
        problems => Err(problems),
    }
}
