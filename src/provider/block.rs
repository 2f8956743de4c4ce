//! The values of the provider block, and the settings they stand for.

use crate::aws::{AssumeRole, AwsSettings, IgnoreTags, RetryMode};
use crate::pipeline::{Place, Problem, Reader, error};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;
use tf_provider::value::Value;

type Text = Value<String>;
type Texts = Value<Vec<Text>>;
type Map = Value<BTreeMap<String, Text>>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProviderBlock {
    region: Text,
    profile: Text,
    access_key: Text,
    secret_key: Text,
    token: Text,
    shared_config_files: Texts,
    shared_credentials_files: Texts,
    assume_role: Value<AssumeRoleBlock>,
    endpoints: Map,
    default_tags: Map,
    ignore_tags: Value<IgnoreTagsBlock>,
    allowed_account_ids: Texts,
    forbidden_account_ids: Texts,
    max_retries: Value<f64>,
    retry_mode: Text,
    s3_use_path_style: Value<bool>,
    custom_ca_bundle: Text,
    insecure: Value<bool>,
    use_fips_endpoint: Value<bool>,
    use_dualstack_endpoint: Value<bool>,
    http_proxy: Text,
    https_proxy: Text,
    no_proxy: Text,
    skip_credentials_validation: Value<bool>,
    skip_requesting_account_id: Value<bool>,
    skip_region_validation: Value<bool>,
    skip_metadata_api_check: Value<bool>,
    sts_region: Text,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct AssumeRoleBlock {
    role_arn: Text,
    external_id: Text,
    session_name: Text,
    duration: Text,
    policy: Text,
    source_identity: Text,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct IgnoreTagsBlock {
    keys: Texts,
    key_prefixes: Texts,
}

impl ProviderBlock {
    /// Whether every value is known.
    pub fn is_known(&self) -> bool {
        // The encoding of an unknown is the one thing JSON has no form for,
        // so a block with one has no JSON form either, or holds the marker.
        !contains_unknown(self)
    }

    /// The settings, or what is wrong with them.
    pub fn settings(&self, diags: &mut Diagnostics) -> Option<AwsSettings> {
        let default_tags = texts_of_map(&self.default_tags);
        let mut reader = Reader::new(crate::pipeline::Probe::First);
        crate::pipeline::check_tags(
            &mut reader,
            &Place::root().at("default_tags"),
            &default_tags,
        );
        let mut problems = reader.finish();
        let settings = AwsSettings {
            region: text(&self.region),
            profile: text(&self.profile),
            access_key: text(&self.access_key),
            secret_key: text(&self.secret_key),
            token: text(&self.token),
            shared_config_files: texts(&self.shared_config_files),
            shared_credentials_files: texts(&self.shared_credentials_files),
            assume_role: self.assume_role(&mut problems),
            endpoints: texts_of_map(&self.endpoints),
            default_tags,
            ignore_tags: match &self.ignore_tags {
                Value::Value(block) => IgnoreTags {
                    keys: texts(&block.keys),
                    key_prefixes: texts(&block.key_prefixes),
                },
                _ => IgnoreTags::default(),
            },
            allowed_account_ids: texts(&self.allowed_account_ids),
            forbidden_account_ids: texts(&self.forbidden_account_ids),
            max_retries: self.max_retries(&mut problems),
            retry_mode: self.retry_mode(&mut problems),
            s3_use_path_style: flag(&self.s3_use_path_style),
            custom_ca_bundle: text(&self.custom_ca_bundle),
            insecure: flag(&self.insecure),
            use_fips_endpoint: flag(&self.use_fips_endpoint),
            use_dualstack_endpoint: flag(&self.use_dualstack_endpoint),
            http_proxy: text(&self.http_proxy),
            https_proxy: text(&self.https_proxy),
            no_proxy: text(&self.no_proxy),
            skip_credentials_validation: flag(&self.skip_credentials_validation),
            skip_requesting_account_id: flag(&self.skip_requesting_account_id),
            skip_region_validation: flag(&self.skip_region_validation),
            skip_metadata_api_check: flag(&self.skip_metadata_api_check),
            sts_region: text(&self.sts_region),
        };
        if let Err(wrong) = settings.check() {
            problems.push(Problem {
                path: AttributePath::new(wrong.attribute),
                summary: "Invalid provider block".to_owned(),
                detail: format!("{}.", wrong.message),
            });
        }
        if problems.is_empty() {
            return Some(settings);
        }
        for problem in problems {
            error(diags, problem.path, problem.summary, problem.detail);
        }
        None
    }

    fn assume_role(&self, problems: &mut Vec<Problem>) -> Option<AssumeRole> {
        let block = self.assume_role.as_ref_option()?;
        let place = AttributePath::new("assume_role");
        let role_arn = text(&block.role_arn).unwrap_or_default();
        let is_role = role_arn.starts_with("arn:") && role_arn.contains(":role/");
        if block.role_arn.is_value() && !is_role {
            problems.push(Problem {
                path: place.clone().attribute("role_arn"),
                summary: "Not the ARN of a role".to_owned(),
                detail: format!("\"{role_arn}\" is not the ARN of an IAM role. Write, for example, \"arn:aws:iam::111122223333:role/deployer\"."),
            });
        }
        let duration = text(&block.duration).and_then(|duration| {
            let seconds = crate::pipeline::parse_duration(&duration).map(|d| d.as_secs());
            match seconds {
                Some(seconds @ 900..=43200) => u32::try_from(seconds).ok(),
                _ => {
                    problems.push(Problem {
                        path: place.clone().attribute("duration"),
                        summary: "Invalid duration".to_owned(),
                        detail: format!("\"{duration}\" is not a session's duration. Write 15m to 12h, for example \"1h\"."),
                    });
                    None
                }
            }
        });
        Some(AssumeRole {
            role_arn,
            external_id: text(&block.external_id),
            session_name: text(&block.session_name),
            duration_seconds: duration,
            policy: text(&block.policy),
            source_identity: text(&block.source_identity),
        })
    }

    fn max_retries(&self, problems: &mut Vec<Problem>) -> Option<u32> {
        let number = *self.max_retries.as_ref_option()?;
        if number.fract() == 0.0 && (0.0..=100.0).contains(&number) {
            return Some(number as u32);
        }
        problems.push(Problem {
            path: AttributePath::new("max_retries"),
            summary: "Invalid number of retries".to_owned(),
            detail: format!("{number} is not possible. Write a whole number from 0 to 100."),
        });
        None
    }

    fn retry_mode(&self, problems: &mut Vec<Problem>) -> Option<RetryMode> {
        match text(&self.retry_mode)?.as_str() {
            "standard" => Some(RetryMode::Standard),
            "adaptive" => Some(RetryMode::Adaptive),
            other => {
                problems.push(Problem {
                    path: AttributePath::new("retry_mode"),
                    summary: "Invalid value".to_owned(),
                    detail: format!(
                        "\"{other}\" is not a retry mode. Write \"standard\" or \"adaptive\"."
                    ),
                });
                None
            }
        }
    }
}

fn text(value: &Text) -> Option<String> {
    value
        .as_ref_option()
        .filter(|text| !text.is_empty())
        .cloned()
}

fn texts(value: &Texts) -> Vec<String> {
    value.iter().flatten().filter_map(text).collect()
}

fn texts_of_map(value: &Map) -> BTreeMap<String, String> {
    value
        .iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_ref_option()?.clone())))
        .collect()
}

fn flag(value: &Value<bool>) -> bool {
    value.as_ref_option().copied().unwrap_or(false)
}

/// Whether anything inside is unknown, by its encoding: extension type 0 of
/// MessagePack, which nothing else in a block is.
fn contains_unknown(block: &ProviderBlock) -> bool {
    fn any(value: &rmpv::Value) -> bool {
        match value {
            rmpv::Value::Ext(0, _) => true,
            rmpv::Value::Array(items) => items.iter().any(any),
            rmpv::Value::Map(members) => members.iter().any(|(_, value)| any(value)),
            _ => false,
        }
    }
    rmp_serde::to_vec_named(block)
        .ok()
        .and_then(|bytes| rmpv::decode::read_value(&mut bytes.as_slice()).ok())
        .is_none_or(|value| any(&value))
}
