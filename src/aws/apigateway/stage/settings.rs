//! What a stage logs and how much it lets through.

use crate::aws::apigateway::{remove, replace};
use aws_sdk_apigateway::types::{
    AccessLogSettings, MethodSetting as SdkMethodSetting, PatchOperation,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AccessLogSetting {
    destination_arn: String,
    format: String,
}

impl AccessLogSetting {
    /// A log group's ARN may end in `:*`; here it must not.
    pub fn normalise(&mut self) {
        if let Some(arn) = self.destination_arn.strip_suffix(":*") {
            self.destination_arn = arn.to_owned();
        }
    }

    pub fn live(live: AccessLogSettings) -> Option<Self> {
        Some(Self {
            destination_arn: live.destination_arn?,
            format: live.format.unwrap_or_default(),
        })
    }
}

/// The settings of all methods, which CloudFormation writes `/*` and `*` and the
/// API `*/*`, or of one method. Those that nobody asked for are read too, since
/// one of them may trace what callers send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct MethodSetting {
    resource_path: String,
    http_method: String,
    #[serde(default = "off")]
    logging_level: String,
    #[serde(default)]
    data_trace_enabled: bool,
    #[serde(default)]
    metrics_enabled: bool,
    #[serde(default)]
    caching_enabled: bool,
    #[serde(default)]
    cache_data_encrypted: bool,
    /// In seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_ttl_in_seconds: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    throttling_rate_limit: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    throttling_burst_limit: Option<i32>,
}

/// What AWS caches for where nobody says, in seconds
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>).
const DEFAULT_TTL: i32 = 300;

const ALL: &str = "*/*";
const ALL_PATHS: &str = "/*";
const ALL_VERBS: &str = "*";

fn off() -> String {
    "OFF".to_owned()
}

/// Sorted, those of all methods first.
pub(super) fn normalise(settings: &mut [MethodSetting]) -> Result<(), String> {
    for setting in settings.iter() {
        if !setting.resource_path.starts_with('/') {
            return Err(format!(
                "MethodSettings: ResourcePath begins with a slash, and {} does not",
                setting.resource_path
            ));
        }
    }
    settings.sort_by(|one, other| one.order().cmp(&other.order()));
    match settings
        .windows(2)
        .find(|two| two[0].place() == two[1].place())
    {
        Some(two) => Err(format!(
            "MethodSettings: {} {} must not stand there twice",
            two[0].http_method, two[0].resource_path
        )),
        None => Ok(()),
    }
}

/// Limits that nobody said are the account's, and no property.
pub(super) fn live(
    live: HashMap<String, SdkMethodSetting>,
    said: Option<&[MethodSetting]>,
) -> Vec<MethodSetting> {
    live.into_iter()
        .map(|(key, setting)| of_live(&key, setting, said.unwrap_or_default()))
        .collect()
}

/// The API's name of a method is its path without the first slash, in which
/// others may be written `~1`, and its verb.
fn of_live(key: &str, setting: SdkMethodSetting, said: &[MethodSetting]) -> MethodSetting {
    let (path, verb) = key.rsplit_once('/').unwrap_or((key, ALL_VERBS));
    let path = format!("/{}", path.replace("~1", "/").trim_start_matches('/'));
    let said = said
        .iter()
        .find(|said| said.resource_path == path && said.http_method == verb);
    let shows = |unsaid: fn(&MethodSetting) -> bool| !said.is_some_and(unsaid);
    MethodSetting {
        resource_path: path,
        http_method: verb.to_owned(),
        logging_level: setting.logging_level.unwrap_or_else(off),
        data_trace_enabled: setting.data_trace_enabled,
        metrics_enabled: setting.metrics_enabled,
        caching_enabled: setting.caching_enabled,
        cache_data_encrypted: setting.cache_data_encrypted,
        cache_ttl_in_seconds: shows(|said| said.cache_ttl_in_seconds.is_none())
            .then_some(setting.cache_ttl_in_seconds),
        throttling_rate_limit: shows(|said| said.throttling_rate_limit.is_none())
            .then_some(setting.throttling_rate_limit),
        throttling_burst_limit: shows(|said| said.throttling_burst_limit.is_none())
            .then_some(setting.throttling_burst_limit),
    }
}

impl MethodSetting {
    fn is_of_all(&self) -> bool {
        self.resource_path == ALL_PATHS && self.http_method == ALL_VERBS
    }

    fn order(&self) -> (bool, &str, &str) {
        (!self.is_of_all(), &self.resource_path, &self.http_method)
    }

    /// Where a patch finds it
    /// (<https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch>).
    fn place(&self) -> String {
        match self.is_of_all() {
            true => format!("/{ALL}"),
            false => {
                let path = self.resource_path.replace('/', "~1");
                format!("/{path}/{}", self.http_method)
            }
        }
    }
}

pub(super) fn patch_access_log(
    current: Option<&AccessLogSetting>,
    desired: Option<&AccessLogSetting>,
    patches: &mut Vec<PatchOperation>,
) {
    match desired {
        _ if current == desired => {}
        Some(log) => {
            let destination = &log.destination_arn;
            patches.push(replace("/accessLogSettings/destinationArn", destination));
            patches.push(replace("/accessLogSettings/format", &log.format));
        }
        None => patches.push(remove("/accessLogSettings")),
    }
}

pub(super) fn patch_methods(
    current: &[MethodSetting],
    desired: &[MethodSetting],
    patches: &mut Vec<PatchOperation>,
) {
    let at = |settings: &'_ [MethodSetting], place: &str| {
        let found = settings.iter().find(|setting| setting.place() == place);
        found.cloned()
    };
    for setting in current {
        if at(desired, &setting.place()).is_none() {
            patches.push(remove(setting.place()));
        }
    }
    for now in desired {
        let place = now.place();
        let was = at(current, &place);
        if was.as_ref() != Some(now) {
            patch_method(&place, was.as_ref(), now, patches);
        }
    }
}

fn patch_method(
    place: &str,
    was: Option<&MethodSetting>,
    now: &MethodSetting,
    patches: &mut Vec<PatchOperation>,
) {
    let mut put = |path: &str, value: String| {
        patches.push(replace(format!("{place}/{path}"), value));
    };
    put("logging/loglevel", now.logging_level.clone());
    put("logging/dataTrace", now.data_trace_enabled.to_string());
    put("metrics/enabled", now.metrics_enabled.to_string());
    // Off is where a stage begins, which may have no cache to speak of.
    if now.caching_enabled != was.is_some_and(|was| was.caching_enabled) {
        put("caching/enabled", now.caching_enabled.to_string());
    }
    if now.cache_data_encrypted != was.is_some_and(|was| was.cache_data_encrypted) {
        put(
            "caching/dataEncrypted",
            now.cache_data_encrypted.to_string(),
        );
    }
    let seconds = now.cache_ttl_in_seconds;
    if seconds.is_some() || was.is_some_and(|was| was.cache_ttl_in_seconds.is_some()) {
        put(
            "caching/ttlInSeconds",
            seconds.unwrap_or(DEFAULT_TTL).to_string(),
        );
    }
    // -1 is the account's limit.
    let rate = now.throttling_rate_limit;
    if rate.is_some() || was.is_some_and(|was| was.throttling_rate_limit.is_some()) {
        put("throttling/rateLimit", rate.unwrap_or(-1.0).to_string());
    }
    let burst = now.throttling_burst_limit;
    if burst.is_some() || was.is_some_and(|was| was.throttling_burst_limit.is_some()) {
        put("throttling/burstLimit", burst.unwrap_or(-1).to_string());
    }
}
