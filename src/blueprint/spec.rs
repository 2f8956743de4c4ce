//! What a pipeline shall be: the `tap_secure_pipeline` block with every
//! default filled in and every value checked.
//!
//! This is also what the manifest keeps of a pipeline, so that an import, an
//! adoption and the recovery of an interrupted apply can expand it again: new
//! fields need a serde default, and no field is renamed without a new
//! [`FORMAT`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of this layout, kept in the manifest.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub name: String,
    pub environment_suffix: String,
    #[serde(default)]
    pub encryption: Encryption,
    #[serde(default)]
    pub storage: Storage,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub functions: Functions,
    #[serde(default)]
    pub api: Api,
    #[serde(default)]
    pub firewall: Firewall,
    #[serde(default)]
    pub audit: Audit,
    #[serde(default)]
    pub monitoring: Monitoring,
    #[serde(default)]
    pub threats: Threats,
    #[serde(default)]
    pub secrets: Secrets,
    #[serde(default)]
    pub access: Access,
    #[serde(default)]
    pub compliance: Compliance,
    #[serde(default)]
    pub alerts: Alerts,
    /// Logical id to JSON merge patch (RFC 7396), as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The provider block's `default_tags`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub default_tags: BTreeMap<String, String>,
}

impl Spec {
    /// A pipeline with every default.
    pub fn new(name: &str, environment_suffix: &str) -> Self {
        Self {
            name: name.into(),
            environment_suffix: environment_suffix.into(),
            encryption: Encryption::default(),
            storage: Storage::default(),
            network: Network::default(),
            functions: Functions::default(),
            api: Api::default(),
            firewall: Firewall::default(),
            audit: Audit::default(),
            monitoring: Monitoring::default(),
            threats: Threats::default(),
            secrets: Secrets::default(),
            access: Access::default(),
            compliance: Compliance::default(),
            alerts: Alerts::default(),
            overrides: BTreeMap::new(),
            tags: BTreeMap::new(),
            default_tags: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Encryption {
    /// 90 to 2560 days.
    pub rotation_period_days: u32,
    /// 7 to 30 days.
    pub deletion_window_days: u32,
    /// Keys of the user's own, by ARN, instead of ours.
    pub key_arns: KeyArns,
}

impl Default for Encryption {
    fn default() -> Self {
        Self {
            rotation_period_days: 365,
            deletion_window_days: 7,
            key_arns: KeyArns::default(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyArns {
    pub data: Option<String>,
    pub environment: Option<String>,
    pub logs: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    pub noncurrent_glacier_after_days: u32,
    pub noncurrent_expire_after_days: u32,
    pub access_log_retention_days: u32,
    pub abort_incomplete_uploads_after_days: u32,
    pub force_destroy: bool,
    pub access_log_encryption: AccessLogEncryption,
    /// A bucket of the user's own for access logs, instead of ours.
    pub log_bucket_name: Option<String>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            noncurrent_glacier_after_days: 30,
            noncurrent_expire_after_days: 400,
            access_log_retention_days: 400,
            abort_incomplete_uploads_after_days: 7,
            force_destroy: true,
            access_log_encryption: AccessLogEncryption::Kms,
            log_bucket_name: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessLogEncryption {
    #[default]
    #[serde(rename = "aws:kms")]
    Kms,
    #[serde(rename = "AES256")]
    Aes256,
}

impl AccessLogEncryption {
    pub const ALL: [&'static str; 2] = ["aws:kms", "AES256"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kms => "aws:kms",
            Self::Aes256 => "AES256",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "aws:kms" => Some(Self::Kms),
            "AES256" => Some(Self::Aes256),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    pub point_in_time_recovery: bool,
    /// 1 to 35 days.
    pub recovery_period_days: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            point_in_time_recovery: true,
            recovery_period_days: 35,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Sorted, without duplicates.
    pub emails: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// /16 to /22, private.
    pub cidr_block: String,
    /// 2 to 6; a subnet in each.
    pub availability_zones: u32,
    /// In how many of them interface endpoints stand; `None`: in all. Each
    /// costs by the hour.
    pub endpoint_zones: Option<u32>,
    /// Services that get an interface endpoint beside those that the
    /// functions call, by the last part of their service name (`monitoring`).
    pub extra_endpoints: Vec<String>,
    /// A network of the user's own, instead of ours; then `subnet_ids` and
    /// `route_table_ids` are its.
    pub vpc_id: Option<String>,
    pub subnet_ids: Vec<String>,
    /// The route tables of those subnets, for the gateway endpoints.
    pub route_table_ids: Vec<String>,
    /// The group of the interface endpoints that the network has already, which
    /// are used instead of ours: AWS lets a VPC have one endpoint of a service
    /// with private DNS.
    pub endpoint_security_group_id: Option<String>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            cidr_block: "10.0.0.0/16".into(),
            availability_zones: 3,
            endpoint_zones: None,
            extra_endpoints: Vec::new(),
            vpc_id: None,
            subnet_ids: Vec::new(),
            route_table_ids: Vec::new(),
            endpoint_security_group_id: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    #[default]
    #[serde(rename = "arm64")]
    Arm64,
    #[serde(rename = "x86_64")]
    X86_64,
}

impl Architecture {
    pub const ALL: [&'static str; 2] = ["arm64", "x86_64"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "arm64" => Some(Self::Arm64),
            "x86_64" => Some(Self::X86_64),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Functions {
    pub architecture: Architecture,
    /// 128 to 10240.
    pub memory_mb: u32,
    /// Of validate, encrypt and scan; 3 to 29, since API Gateway waits no
    /// longer.
    pub timeout_seconds: u32,
    /// By function (`validate`, `encrypt`, `scan`, `remediate`, `rotate`,
    /// `evaluate`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_function: BTreeMap<String, FunctionSettings>,
    /// Code of the user's own instead of the provider's.
    pub code: Option<Code>,
    /// 1 to 100.
    pub max_document_mb: u32,
    /// `pdf`, `doc`, `docx`, `text`.
    pub document_types: Vec<String>,
    /// What the scan looks for beside its own patterns: name to expression.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub patterns: BTreeMap<String, String>,
}

impl Default for Functions {
    fn default() -> Self {
        Self {
            architecture: Architecture::default(),
            memory_mb: 512,
            timeout_seconds: 15,
            per_function: BTreeMap::new(),
            code: None,
            max_document_mb: 10,
            document_types: ["doc", "docx", "pdf", "text"].map(Into::into).to_vec(),
            patterns: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FunctionSettings {
    pub memory_mb: Option<u32>,
    pub timeout_seconds: Option<u32>,
    /// Taken from the account's pool, so none unless said.
    pub reserved_concurrency: Option<u32>,
}

/// A zip in a bucket of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub s3_bucket: String,
    pub s3_key: String,
    #[serde(default)]
    pub s3_object_version: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authorization {
    #[default]
    #[serde(rename = "AWS_IAM")]
    Iam,
    #[serde(rename = "NONE")]
    None,
}

impl Authorization {
    pub const ALL: [&'static str; 2] = ["AWS_IAM", "NONE"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "AWS_IAM",
            Self::None => "NONE",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "AWS_IAM" => Some(Self::Iam),
            "NONE" => Some(Self::None),
            _ => None,
        }
    }
}

/// From where the API is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointType {
    #[default]
    #[serde(rename = "REGIONAL")]
    Regional,
    /// Through an endpoint in the network only.
    #[serde(rename = "PRIVATE")]
    Private,
}

impl EndpointType {
    pub const ALL: [&'static str; 2] = ["REGIONAL", "PRIVATE"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regional => "REGIONAL",
            Self::Private => "PRIVATE",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "REGIONAL" => Some(Self::Regional),
            "PRIVATE" => Some(Self::Private),
            _ => None,
        }
    }
}

/// Who provides something of which an account and region have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provision {
    /// The account has it, or the plan warns that it has not.
    #[default]
    Existing,
    /// The pipeline makes it; refused where there is one already.
    Managed,
    /// The pipeline does without.
    None,
}

impl Provision {
    pub const ALL: [&'static str; 3] = ["existing", "managed", "none"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Existing => "existing",
            Self::Managed => "managed",
            Self::None => "none",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "existing" => Some(Self::Existing),
            "managed" => Some(Self::Managed),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    pub authorization: Authorization,
    pub endpoint_type: EndpointType,
    /// Requests a second, of the key and of the stage.
    pub rate_limit: f64,
    pub burst_limit: u32,
    pub quota_per_day: u32,
    /// Source addresses that may call; all when empty (then
    /// `authorization` must be `AWS_IAM`, or the endpoint private). None of a
    /// private one: what passes it has no public address.
    pub allowed_cidrs: Vec<String>,
    /// The account's role with which API Gateway writes logs.
    pub logging_role: Provision,
    /// Not of a private endpoint.
    pub mutual_tls: Option<MutualTls>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            authorization: Authorization::default(),
            endpoint_type: EndpointType::default(),
            rate_limit: 100.0,
            burst_limit: 200,
            quota_per_day: 10_000,
            allowed_cidrs: Vec::new(),
            logging_role: Provision::default(),
            mutual_tls: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutualTls {
    pub domain_name: String,
    /// Of a certificate in ACM, in the pipeline's region.
    pub certificate_arn: String,
    /// `s3://bucket/key`
    pub truststore_uri: String,
    #[serde(default)]
    pub truststore_version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Firewall {
    /// Requests in five minutes from one address before it is blocked.
    pub requests_per_5_minutes: u32,
}

impl Default for Firewall {
    fn default() -> Self {
        Self {
            requests_per_5_minutes: 2000,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Monitoring {
    /// One of the periods that CloudWatch Logs takes.
    pub log_retention_days: u32,
    /// The trail whose events the API-call rule sees.
    pub api_calls: Provision,
    /// Whether calls that change nothing are logged too, the account's every
    /// Describe and Decrypt.
    pub read_only_api_calls: bool,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            log_retention_days: 365,
            api_calls: Provision::default(),
            read_only_api_calls: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Threats {
    /// 1.0 to 10.0: the least severity of a finding that is acted upon.
    pub minimum_severity: f64,
    pub detector: Provision,
    /// Whether remediation may also touch what is not the pipeline's.
    pub remediate_account: bool,
}

impl Default for Threats {
    fn default() -> Self {
        Self {
            minimum_severity: 7.0,
            detector: Provision::default(),
            remediate_account: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// 1 to 90.
    pub rotation_days: u32,
    /// Generic credentials beside the API key: name to user name.
    pub credentials: BTreeMap<String, String>,
    /// A function of the user's own that puts new credentials into effect.
    pub rotation_function_arn: Option<String>,
    /// Counts the passwords that the user has supplied; the passwords
    /// themselves are in no spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_passwords_version: Option<u32>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            rotation_days: 30,
            credentials: BTreeMap::from([("database".into(), "dbadmin".into())]),
            rotation_function_arn: None,
            credential_passwords_version: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Accounts whose principals may assume the auditor role.
    pub trusted_account_ids: Vec<String>,
    /// What they must say; needed with `trusted_account_ids`.
    pub external_id: Option<String>,
    /// From where; anywhere when empty.
    pub allowed_cidrs: Vec<String>,
    pub require_mfa: bool,
    /// Who may administer keys and buckets; `None`: the principal that creates
    /// the pipeline.
    pub administrator_arns: Option<Vec<String>>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            trusted_account_ids: Vec::new(),
            external_id: None,
            allowed_cidrs: Vec::new(),
            require_mfa: true,
            administrator_arns: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compliance {
    pub recorder: Provision,
    /// Whether a non-compliant resource of this pipeline is put right, or only
    /// reported.
    pub auto_remediate: bool,
    /// Rules of the user's own: name to policy in Guard's language.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_policies: BTreeMap<String, String>,
}

impl Default for Compliance {
    fn default() -> Self {
        Self {
            recorder: Provision::default(),
            auto_remediate: true,
            custom_policies: BTreeMap::new(),
        }
    }
}
