//! What the provider tells a function through its environment, which Lambda
//! keeps under the pipeline's environment key.

use crate::document::Kind;
use crate::error::Failure;
use crate::operation::scan::AlertOn;
use crate::scanner::CustomPattern;
use std::collections::BTreeMap;
use time::Duration;

/// The largest document unless configured otherwise (R041): 10 MiB.
pub const DEFAULT_MAX_DOCUMENT_BYTES: u64 = 10 * 1024 * 1024;
/// How long the predecessor of a rotated API key stays usable unless
/// configured otherwise: one day.
const DEFAULT_ROTATION_OVERLAP: Duration = Duration::days(1);

/// Which resources remediation may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemediationScope {
    /// Only those that carry the pipeline's ownership tag; of others it says
    /// what it would do.
    Pipeline,
    /// The whole account.
    Account,
}

/// A function's environment. What only some functions need is asked for by
/// name where it is used, so that no function is given what it does not need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `name-suffix@region`, the value of the tag `tap:pipeline`.
    pub pipeline: String,
    pub audit_table: String,
    pub region: String,
    pub max_document_bytes: u64,
    /// The kinds of documents that are accepted.
    pub document_types: Vec<Kind>,
    /// What the scan looks for beside its own patterns.
    pub patterns: Vec<CustomPattern>,
    /// Which of what the scan finds makes a document non-compliant.
    pub alert_on: AlertOn,
    pub dry_run: bool,
    pub remediation_scope: RemediationScope,
    pub rotation_overlap: Duration,
    pub event_bus: String,
    /// What is required by some functions only: variable to value.
    others: BTreeMap<&'static str, String>,
}

/// Variables that some functions need. Each is read through [`Settings::need`].
const OTHERS: &[&str] = &[
    "TAP_BASELINE",
    "TAP_TOPIC_ARN",
    "TAP_RAW_BUCKET",
    "TAP_PROCESSED_BUCKET",
    "TAP_DATA_KEY_ARN",
    "TAP_UPLOAD_ROLE_ARN",
    "TAP_ROTATION_HOOK_ARN",
    "TAP_USAGE_PLAN_ID",
    "TAP_API_KEY_SECRET_ARN",
];

impl Settings {
    pub fn from_env() -> Result<Self, Failure> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the variables through `lookup`. An empty variable is none.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let get = |name: &'static str| lookup(name).filter(|value| !value.is_empty());
        let need = |name: &'static str| get(name).ok_or_else(|| missing(name));
        let mut others = BTreeMap::new();
        for name in OTHERS {
            if let Some(value) = get(name) {
                others.insert(*name, value);
            }
        }
        let patterns: Vec<CustomPattern> = match get("TAP_PATTERNS") {
            Some(text) => serde_json::from_str(&text).map_err(|error| {
                let why = format!("it is no list of patterns: {error}");
                wrong("TAP_PATTERNS", why)
            })?,
            None => Vec::new(),
        };
        Ok(Self {
            pipeline: need("TAP_PIPELINE")?,
            audit_table: need("TAP_AUDIT_TABLE")?,
            region: need("AWS_REGION")?,
            max_document_bytes: match get("TAP_MAX_DOCUMENT_BYTES") {
                Some(text) => number("TAP_MAX_DOCUMENT_BYTES", &text)?,
                None => DEFAULT_MAX_DOCUMENT_BYTES,
            },
            document_types: match get("TAP_DOCUMENT_TYPES") {
                Some(text) => kinds(&text)?,
                None => vec![Kind::Pdf, Kind::Doc, Kind::Docx, Kind::Text],
            },
            alert_on: match get("TAP_ALERT_ON") {
                Some(text) => AlertOn(list(&text)),
                None => AlertOn::defaults(patterns.iter().map(|pattern| pattern.name.clone())),
            },
            patterns,
            dry_run: match get("TAP_DRY_RUN").as_deref() {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => return Err(wrong("TAP_DRY_RUN", "it must be true or false")),
            },
            remediation_scope: match get("TAP_REMEDIATION_SCOPE").as_deref() {
                None | Some("pipeline") => RemediationScope::Pipeline,
                Some("account") => RemediationScope::Account,
                Some(_) => {
                    let why = "it must be pipeline or account";
                    return Err(wrong("TAP_REMEDIATION_SCOPE", why));
                }
            },
            rotation_overlap: match get("TAP_ROTATION_OVERLAP_SECONDS") {
                Some(text) => {
                    let seconds: u32 = number("TAP_ROTATION_OVERLAP_SECONDS", &text)?;
                    Duration::seconds(i64::from(seconds))
                }
                None => DEFAULT_ROTATION_OVERLAP,
            },
            event_bus: get("TAP_EVENT_BUS").unwrap_or_else(|| "default".to_owned()),
            others,
        })
    }

    /// AWS's name for the group of regions that this one is in
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
    pub fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            region if region.starts_with("us-iso-") => "aws-iso",
            region if region.starts_with("us-isob-") => "aws-iso-b",
            _ => "aws",
        }
    }

    /// The value of a variable that this operation cannot do without.
    pub fn need(&self, name: &'static str) -> Result<&str, Failure> {
        self.maybe(name).ok_or_else(|| missing(name))
    }

    /// The value of a variable that this operation can do without.
    pub fn maybe(&self, name: &'static str) -> Option<&str> {
        debug_assert!(OTHERS.contains(&name), "{name} is not in the list");
        self.others.get(name).map(String::as_str)
    }
}

fn missing(name: &'static str) -> Failure {
    wrong(name, "the provider sets it when it creates the function")
}

fn wrong(name: &'static str, why: impl Into<String>) -> Failure {
    let why = why.into();
    Failure::Setting { name, why }
}

fn number<N: std::str::FromStr>(name: &'static str, text: &str) -> Result<N, Failure> {
    text.trim()
        .parse()
        .map_err(|_| wrong(name, "it must be a whole number"))
}

fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

fn kinds(text: &str) -> Result<Vec<Kind>, Failure> {
    list(text)
        .iter()
        .map(|name| {
            Kind::from_name(name).ok_or_else(|| {
                let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
                let why = format!("it may name {}", known.join(", "));
                wrong("TAP_DOCUMENT_TYPES", why)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &[(&str, &str)]) -> Result<Settings, Failure> {
        let mut all = BTreeMap::from([
            ("TAP_PIPELINE", "documents-dev@us-east-1"),
            ("TAP_AUDIT_TABLE", "audit"),
            ("AWS_REGION", "us-east-1"),
        ]);
        all.extend(more.iter().copied());
        Settings::from_lookup(|name| all.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn defaults_are_those_of_the_requirements() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.max_document_bytes, 10 << 20);
        assert_eq!(
            settings.document_types,
            [Kind::Pdf, Kind::Doc, Kind::Docx, Kind::Text]
        );
        assert!(!settings.dry_run);
        assert_eq!(settings.remediation_scope, RemediationScope::Pipeline);
    }

    #[test]
    fn what_a_function_lacks_is_said_by_name() {
        let error = settings(&[]).unwrap().need("TAP_RAW_BUCKET").unwrap_err();
        assert!(error.to_string().contains("TAP_RAW_BUCKET"), "{error}");
        let error = settings(&[("TAP_PIPELINE", "")]).unwrap_err();
        assert!(error.to_string().contains("TAP_PIPELINE"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_and_not_guessed_at() {
        for (name, value) in [
            ("TAP_MAX_DOCUMENT_BYTES", "ten"),
            ("TAP_DOCUMENT_TYPES", "pdf,exe"),
            ("TAP_PATTERNS", "[1]"),
            ("TAP_DRY_RUN", "yes"),
            ("TAP_REMEDIATION_SCOPE", "world"),
            ("TAP_ROTATION_OVERLAP_SECONDS", "-1"),
        ] {
            let error = settings(&[(name, value)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
