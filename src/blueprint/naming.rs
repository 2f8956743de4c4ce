//! Names: `{base}-{name}-{suffix}`, lower case, cut to each service's limit
//! with a hash of the whole, so that two long names never meet (R120).

use super::{Facts, Spec};
use sha2::{Digest, Sha256};

/// The longest name each service takes.
pub mod limit {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    pub const BUCKET: usize = 63;
    /// `alias/` included; <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>
    pub const KMS_ALIAS: usize = 256;
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
    pub const TABLE: usize = 255;
    /// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
    pub const TOPIC: usize = 256;
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
    pub const FUNCTION: usize = 64;
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    pub const ROLE: usize = 64;
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
    pub const SECURITY_GROUP: usize = 255;
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>
    pub const TAG_VALUE: usize = 256;
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    pub const MANAGED_POLICY: usize = 128;
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
    pub const QUEUE: usize = 80;
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
    pub const RULE: usize = 64;
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    pub const ALARM: usize = 255;
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>
    pub const DASHBOARD: usize = 255;
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
    pub const LOG_GROUP: usize = 512;
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html>
    pub const METRIC_FILTER: usize = 512;
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-resourcepolicy.html>
    pub const LOG_POLICY: usize = 255;
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>
    pub const TRAIL: usize = 128;
    /// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>
    pub const SECRET: usize = 512;
    /// Rules, recorders and channels take at least this;
    /// <https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html>
    pub const CONFIG: usize = 128;
}

/// `documents-dev@us-east-1`: what identifies the pipeline, in state, in
/// `terraform import` and in the ownership tag.
pub fn pipeline_id(spec: &Spec, facts: &Facts) -> String {
    format!("{}-{}@{}", spec.name, spec.environment_suffix, facts.region)
}

/// Splits what [`pipeline_id`] made: name, environment suffix, region.
///
/// The suffix holds no hyphen, so the last one before the `@` divides.
pub fn parse_pipeline_id(id: &str) -> Option<(String, String, String)> {
    let (stack, region) = id.split_once('@')?;
    let (name, suffix) = stack.rsplit_once('-')?;
    let sound = is_name(name) && is_suffix(suffix) && is_region(region);
    sound.then(|| (name.into(), suffix.into(), region.into()))
}

/// 1 to 32 lower-case letters, digits and single hyphens, a letter first.
pub fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(is_of_names)
}

/// 1 to 16 lower-case letters and digits.
pub fn is_suffix(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.chars().all(|c| is_of_names(c) && c != '-')
}

/// What names are made of.
pub fn is_of_names(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// `us-east-1`, `us-gov-west-1`: words, and a number at the end. Which ones
/// there are is AWS' to say.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    words.contains('-')
        && words.split('-').all(word)
        && !number.is_empty()
        && number.chars().all(|c| c.is_ascii_digit())
}

/// `{base}-{name}-{suffix}`, at most `limit` characters.
pub fn name(base: &str, spec: &Spec, limit: usize) -> String {
    shorten(
        &format!("{base}-{}-{}", spec.name, spec.environment_suffix),
        limit,
    )
}

/// `{base}-{name}-{suffix}-{account}-{region}`: bucket names are one name
/// space for all accounts of a partition, so the account and region are part
/// of them (R018).
pub fn bucket(base: &str, spec: &Spec, facts: &Facts) -> String {
    shorten(
        &format!(
            "{base}-{}-{}-{}-{}",
            spec.name, spec.environment_suffix, facts.account_id, facts.region
        ),
        limit::BUCKET,
    )
}

/// `{base}-{name}-{suffix}-{region}`: of what an account has once for all
/// regions (IAM's roles and policies, CloudWatch's dashboards), since two
/// regions may have a pipeline of one name.
pub fn of_all_regions(base: &str, spec: &Spec, facts: &Facts, limit: usize) -> String {
    shorten(
        &format!(
            "{base}-{}-{}-{}",
            spec.name, spec.environment_suffix, facts.region
        ),
        limit,
    )
}

/// The beginning of a logical id: `PaymentsDb` of what the user calls
/// `payments-db`. Such names are unlike but for their hyphens.
pub(super) fn stem(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

/// Cuts `text` to `limit` characters; what is cut is replaced by eight hex
/// digits of the whole text's SHA-256.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(9)).collect();
    format!("{}-{}", kept.trim_end_matches('-'), short_hash(text))
}

/// Eight hex digits that stand for a text.
pub fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
