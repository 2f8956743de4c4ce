//! Configuration to spec: every value is checked here, with the path of the
//! attribute, a sentence on what is wrong and one on what to write instead.
//!
//! An unknown value (one that another resource has yet to make) is replaced
//! by a *probe*: a valid value of the attribute. The plan reads the
//! configuration twice, with two different probes, and expands both; what
//! differs between the two templates is what the unknown value decides. So
//! the blueprint never hears of unknown values.

use super::state::{
    AlertsBlock, AuditBlock, EncryptionBlock, KeyArnsBlock, State, StorageBlock, TextMap,
    TimeoutsBlock,
};
use super::values::{Place, Problem, Reader};
use crate::blueprint::spec::{
    AccessLogEncryption, Alerts, Audit, Encryption, KeyArns, Spec, Storage,
};
use crate::engine::lifecycle::OnCreateFailure;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tf_provider::value::Value;

pub use super::values::Probe;

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
    r.check(&root.at("name"), &name, valid_name(&name), "is not a name for a pipeline",
        "Write 1 to 32 lower-case letters, digits and single hyphens, starting with a letter and ending with a letter or digit, for example \"documents\".");
    let suffix = r.required_text(
        &root.at("environment_suffix"),
        &config.environment_suffix,
        ["probea", "probeb"],
    );
    r.check(
        &root.at("environment_suffix"),
        &suffix,
        valid_suffix(&suffix),
        "is not an environment suffix",
        "Write 1 to 16 lower-case letters and digits without a hyphen, for example \"dev\".",
    );

    let spec = Spec {
        encryption: encryption(r, &config.encryption),
        storage: storage(r, &config.storage),
        audit: audit(r, &config.audit),
        alerts: alerts(r, &config.alerts),
        overrides: overrides(r, &config.overrides),
        tags: tags(r, &config.tags),
        default_tags: default_tags.clone(),
        name,
        environment_suffix: suffix,
    };
    let options = options(r, config);
    let warnings = advice(&spec);
    match reader.finish() {
        problems if problems.is_empty() => Ok(Inputs {
            spec,
            options,
            warnings,
            anything_may_change: config.overrides.is_unknown(),
        }),
        problems => Err(problems),
    }
}

fn encryption(r: &mut Reader, block: &Value<EncryptionBlock>) -> Encryption {
    let place = Place::root().at("encryption");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Encryption::default();
    let spec = Encryption {
        rotation_period_days: r.days(
            &place.at("rotation_period_days"),
            block.map(|b| &b.rotation_period_days),
            default.rotation_period_days,
            90..=2560,
        ),
        deletion_window_days: r.days(
            &place.at("deletion_window_days"),
            block.map(|b| &b.deletion_window_days),
            default.deletion_window_days,
            7..=30,
        ),
        key_arns: key_arns(r, &place.at("key_arns"), block.map(|b| &b.key_arns)),
    };
    if let (Some(data), Some(environment)) = (&spec.key_arns.data, &spec.key_arns.environment)
        && data == environment
    {
        r.problem(
            &place.at("key_arns").at("environment"),
            "One key for data and for function environments",
            format!(
                "{environment} is also key_arns.data. A function that may read its environment could then decrypt documents. \
                 Write the ARN of another key, or leave key_arns.environment out to have one created."
            ),
        );
    }
    spec
}

fn key_arns(r: &mut Reader, place: &Place, block: Option<&Value<KeyArnsBlock>>) -> KeyArns {
    let block = block.and_then(|b| r.block(b));
    let block = block.as_ref();
    let mut arn = |name: &'static str, value: Option<&Value<String>>| {
        let place = place.at(name);
        let probes = [
            "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-00000000000a",
            "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-00000000000b",
        ];
        let text = r.text(&place, value, probes)?;
        r.check(&place, &text, valid_key_arn(&text), "is not the ARN of a KMS key",
            "Write the key's ARN (not its alias), for example \"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\".");
        Some(text)
    };
    KeyArns {
        data: arn("data", block.map(|b| &b.data)),
        environment: arn("environment", block.map(|b| &b.environment)),
        logs: arn("logs", block.map(|b| &b.logs)),
    }
}

fn storage(r: &mut Reader, block: &Value<StorageBlock>) -> Storage {
    let place = Place::root().at("storage");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Storage::default();
    let glacier = r.days(
        &place.at("noncurrent_glacier_after_days"),
        block.map(|b| &b.noncurrent_glacier_after_days),
        default.noncurrent_glacier_after_days,
        1..=3650,
    );
    let expire = r.days(
        &place.at("noncurrent_expire_after_days"),
        block.map(|b| &b.noncurrent_expire_after_days),
        default.noncurrent_expire_after_days,
        1..=3650,
    );
    if expire <= glacier {
        r.problem(
            &place.at("noncurrent_expire_after_days"),
            "Old versions would expire before they move to Glacier",
            format!(
                "noncurrent_expire_after_days is {expire} and noncurrent_glacier_after_days is {glacier}; S3 refuses such a rule. \
                 Write a number greater than {glacier}."
            ),
        );
    }
    Storage {
        noncurrent_glacier_after_days: glacier,
        noncurrent_expire_after_days: expire,
        access_log_retention_days: r.days(
            &place.at("access_log_retention_days"),
            block.map(|b| &b.access_log_retention_days),
            default.access_log_retention_days,
            1..=3650,
        ),
        abort_incomplete_uploads_after_days: r.days(
            &place.at("abort_incomplete_uploads_after_days"),
            block.map(|b| &b.abort_incomplete_uploads_after_days),
            default.abort_incomplete_uploads_after_days,
            1..=365,
        ),
        force_destroy: r.flag(block.map(|b| &b.force_destroy), default.force_destroy),
        access_log_encryption: r
            .choice(
                &place.at("access_log_encryption"),
                block.map(|b| &b.access_log_encryption),
                default.access_log_encryption.as_str(),
                AccessLogEncryption::ALL.as_slice(),
            )
            .and_then(|text| AccessLogEncryption::parse(&text))
            .unwrap_or_default(),
        log_bucket_name: {
            let place = place.at("log_bucket_name");
            let name = r.text(
                &place,
                block.map(|b| &b.log_bucket_name),
                ["probe-a", "probe-b"],
            );
            if let Some(name) = &name {
                r.check(&place, name, valid_bucket(name), "is not a bucket name",
                    "Write the name of an existing bucket (not its ARN): 3 to 63 lower-case letters, digits, dots and hyphens.");
            }
            name
        },
    }
}

fn audit(r: &mut Reader, block: &Value<AuditBlock>) -> Audit {
    let place = Place::root().at("audit");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Audit::default();
    Audit {
        point_in_time_recovery: r.flag(
            block.map(|b| &b.point_in_time_recovery),
            default.point_in_time_recovery,
        ),
        recovery_period_days: r.days(
            &place.at("recovery_period_days"),
            block.map(|b| &b.recovery_period_days),
            default.recovery_period_days,
            1..=35,
        ),
    }
}

fn alerts(r: &mut Reader, block: &Value<AlertsBlock>) -> Alerts {
    let place = Place::root().at("alerts").at("emails");
    let block = r.block(block);
    let block = block.as_ref();
    let list = match block.map(|b| &b.emails) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Unknown) => {
            r.either(Vec::new(), vec![Value::Value("probe@example.com".into())])
        }
        Some(Value::Value(list)) => list.clone(),
    };
    let mut emails = BTreeSet::new();
    for item in list {
        let Some(email) = r.text(
            &place,
            Some(&item),
            ["probe-a@example.com", "probe-b@example.com"],
        ) else {
            r.problem(
                &place,
                "An address is null",
                "Every element of alerts.emails must be an e-mail address. Remove the null, for example with compact().",
            );
            continue;
        };
        r.check(
            &place,
            &email,
            valid_email(&email),
            "is not an e-mail address",
            "Write an address that can receive mail, for example \"security@example.com\".",
        );
        if emails
            .iter()
            .any(|other: &String| other.eq_ignore_ascii_case(&email))
        {
            r.problem(
                &place,
                "An address stands twice",
                format!("\"{email}\" is in alerts.emails in two spellings; mail addresses are subscribed once. Remove one."),
            );
        }
        emails.insert(email);
    }
    Alerts {
        emails: emails.into_iter().collect(),
    }
}

fn overrides(r: &mut Reader, map: &TextMap) -> BTreeMap<String, String> {
    let place = Place::root().at("overrides");
    if map.is_unknown() {
        // It may name any logical id: see `Inputs::anything_may_change`.
        return BTreeMap::new();
    }
    r.text_map(&place, map, ["{}", "{\"Unknown\":true}"])
}

fn tags(r: &mut Reader, map: &TextMap) -> BTreeMap<String, String> {
    let place = Place::root().at("tags");
    let tags = r.text_map(&place, map, ["probe-a", "probe-b"]);
    check_tags(r, &place, &tags);
    tags
}

/// The rules that hold for tags of every service
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
pub fn check_tags(r: &mut Reader, place: &Place, tags: &BTreeMap<String, String>) {
    /// AWS allows 50; the pipeline needs three of its own, three for
    /// ownership and one for a setting.
    const MOST: usize = 40;
    const RESERVED: [&str; 3] = ["owner", "stack", "environment-suffix"];
    for (key, value) in tags {
        let place = place.key(key);
        let lower = key.to_ascii_lowercase();
        if RESERVED.contains(&key.as_str())
            || lower.starts_with("tap:")
            || lower.starts_with("aws:")
        {
            r.problem(
                &place,
                "A reserved tag key",
                format!(
                    "The tag key \"{key}\" is set by the provider or by AWS. Write another key."
                ),
            );
        }
        let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        if key.is_empty() || key.chars().count() > 128 || !key.chars().all(allowed) {
            r.problem(
                &place,
                "Not a tag key",
                format!("\"{key}\" cannot be a tag key. Write 1 to 128 letters, digits, spaces or any of _ . : / = + - @."),
            );
        }
        if value.chars().count() > 256 || !value.chars().all(allowed) {
            r.problem(
                &place,
                "Not a tag value",
                format!("The value of tag \"{key}\" is not allowed. Write at most 256 letters, digits, spaces or any of _ . : / = + - @."),
            );
        }
    }
    if tags.len() > MOST {
        r.problem(
            place,
            "Too many tags",
            format!("{} tags are given; AWS allows 50 a resource and the provider needs some. Write at most {MOST}.", tags.len()),
        );
    }
}

fn options(r: &mut Reader, config: &State) -> Options {
    let root = Place::root();
    let on_create_failure = r.choice(
        &root.at("on_create_failure"),
        Some(&config.on_create_failure),
        "keep",
        &ON_CREATE_FAILURE,
    );
    Options {
        allow_data_loss: r.flag(Some(&config.allow_data_loss), false),
        adopt_existing: r.flag(Some(&config.adopt_existing), false),
        on_create_failure: match on_create_failure.as_deref() {
            Some("rollback") => OnCreateFailure::Rollback,
            Some("resume") => OnCreateFailure::Resume,
            _ => OnCreateFailure::Keep,
        },
        timeouts: timeouts(r, &config.timeouts),
    }
}

fn timeouts(r: &mut Reader, block: &Value<TimeoutsBlock>) -> Timeouts {
    let place = Place::root().at("timeouts");
    let block = r.block(block);
    let block = block.as_ref();
    Timeouts {
        create: r.duration(
            &place.at("create"),
            block.map(|b| &b.create),
            DEFAULT_CREATE,
        ),
        update: r.duration(
            &place.at("update"),
            block.map(|b| &b.update),
            DEFAULT_UPDATE,
        ),
        delete: r.duration(
            &place.at("delete"),
            block.map(|b| &b.delete),
            DEFAULT_DELETE,
        ),
    }
}

/// What is allowed but misses a requirement that the pipeline is for.
fn advice(spec: &Spec) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let storage = Place::root().at("storage");
    // Summaries of their own: Terraform shows only the first of those that
    // are alike.
    for (attribute, days, summary) in [
        (
            "noncurrent_expire_after_days",
            spec.storage.noncurrent_expire_after_days,
            "Old versions are kept for less than a year",
        ),
        (
            "access_log_retention_days",
            spec.storage.access_log_retention_days,
            "Access logs are kept for less than a year",
        ),
    ] {
        if days < 365 {
            warnings.push(Problem {
                path: storage.at(attribute).path(),
                summary: summary.into(),
                detail: format!(
                    "storage.{attribute} is {days}. PCI DSS 10.5.1 asks for twelve months of audit history. Write 365 or more to meet it."
                ),
            });
        }
    }
    if !spec.audit.point_in_time_recovery {
        warnings.push(Problem {
            path: Place::root().at("audit").at("point_in_time_recovery").path(),
            summary: "The audit table has no backups".into(),
            detail: "audit.point_in_time_recovery is false. PCI DSS 10.3.3 asks that audit logs are backed up. Write true to meet it.".into(),
        });
    }
    warnings
}

fn valid_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn valid_suffix(text: &str) -> bool {
    (1..=16).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn valid_bucket(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.starts_with(edge)
        && text.ends_with(edge)
        && !text.contains("..")
        && text.chars().all(|c| edge(c) || c == '-' || c == '.')
}

fn valid_key_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(),
        ["arn", partition, "kms", region, account, resource]
            if partition.starts_with("aws")
                && !region.is_empty()
                && account.len() == 12
                && account.chars().all(|c| c.is_ascii_digit())
                && resource.strip_prefix("key/").is_some_and(|id| !id.is_empty() && !id.contains('/')))
}

/// Not the whole of RFC 5322: what a mailbox that receives alerts looks like.
fn valid_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let word = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(word)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
}
