//! What auditors read: the controls of PCI DSS v4.0.1, judged on a pipeline as
//! it is in the account.
//!
//! ```text
//! live properties ─► Pipeline ─► checks ─► Report ─► attributes, OCSF, a page
//! ```
//!
//! A *check* is one question to one resource (do keys rotate?). A *control* is
//! what a standard calls it (`KMS.4`, `kms_cmk_rotation_enabled`): several
//! standards ask the same, so that a finding names all of them once. Nothing
//! here calls AWS or knows Terraform.

mod account;
mod checks;
mod ocsf;
mod page;
mod statements;
mod subject;

#[cfg(test)]
mod tests;

use crate::aws::{AccountState, SecretUse};
use crate::engine::template::LogicalId;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

pub use ocsf::ocsf;
pub use page::{page, timestamp};

/// A resource as AWS says it is.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    pub type_name: String,
    /// CloudFormation's primary identifier.
    pub identifier: String,
    /// What `Ref` returns.
    pub reference: String,
    /// What `Fn::GetAtt` can read.
    pub attributes: BTreeMap<String, Value>,
    /// In the shape of the template.
    pub properties: Value,
}

/// What the user brought in place of something of the pipeline's. It is left as
/// it is, and nothing of it is read.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The attribute that brings it, `network.vpc_id`.
    pub by: String,
    pub type_name: &'static str,
    /// What AWS calls it; empty where the attribute brings it with another.
    pub identifier: String,
}

/// Who may audit from outside.
#[derive(Clone, Debug, Default)]
pub struct Auditors {
    /// Whose principals they are.
    pub accounts: Vec<String>,
    /// What they have to say, if anything was agreed on.
    pub external_id: Option<String>,
}

/// A live pipeline.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// `documents-dev@us-east-1`
    pub id: String,
    pub account_id: String,
    pub region: String,
    pub resources: BTreeMap<LogicalId, Observed>,
    /// What should be there and is not, with its type.
    pub missing: BTreeMap<LogicalId, String>,
    pub brought: Vec<Brought>,
    pub auditors: Auditors,
    /// By ARN.
    pub secrets: BTreeMap<String, SecretUse>,
    /// What the account has one of, whoever made it.
    pub account: AccountState,
    /// When it was looked at; seconds since 1970.
    pub at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Fail,
    Pass,
    /// It is not met, and we say why it need not be.
    Waived,
    /// The account's to meet, not the pipeline's, or that of who has brought
    /// something.
    Account,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Fail, Self::Pass, Self::Waived, Self::Account];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Waived => "waived",
            Self::Account => "account",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a standard calls a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    pub standard: Standard,
    pub id: &'static str,
}

/// Whose controls they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standard {
    /// AWS Security Hub's PCI DSS v4.0.1.
    SecurityHub,
    /// AWS Foundational Security Best Practices.
    Fsbp,
    /// AWS Config's conformance pack for PCI DSS v4.0.
    ConfigPack,
    /// Prowler's `pci_4.0_aws`.
    Prowler,
}

impl Standard {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityHub => "SecurityHub PCI v4.0.1",
            Self::Fsbp => "AWS FSBP",
            Self::ConfigPack => "Config pack PCI v4.0",
            Self::Prowler => "prowler pci_4.0_aws",
        }
    }
}

/// One check of one resource, or of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Of PCI DSS v4.0.1, for example `3.7.4`.
    pub requirements: &'static [&'static str],
    /// Our name of the check.
    pub check: &'static str,
    pub title: &'static str,
    pub controls: Vec<Control>,
    /// Empty for what is the account's; of what was brought the attribute.
    pub logical_id: String,
    pub type_name: String,
    pub physical_id: String,
    pub observed: String,
    pub status: Status,
    /// Why what is not met, or was not looked at, is no failure.
    pub reason: &'static str,
}

impl Finding {
    /// `KMS.4`, `kms_cmk_rotation_enabled`: each once, though two standards of
    /// AWS share their names.
    pub fn control_ids(&self) -> Vec<&'static str> {
        let mut ids: Vec<&str> = Vec::new();
        for control in &self.controls {
            if !ids.contains(&control.id) {
                ids.push(control.id);
            }
        }
        ids
    }
}

/// What a pipeline was found to be.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub pipeline_id: String,
    pub account_id: String,
    pub region: String,
    pub at: i64,
    /// What failed first, then in the order of the checks.
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn count(&self, status: Status) -> usize {
        let found = self.findings.iter().filter(|one| one.status == status);
        found.count()
    }
}

/// Judges a pipeline by every check.
pub fn judge(pipeline: &Pipeline) -> Report {
    let mut findings = checks::findings(pipeline);
    findings.extend(account::findings(&pipeline.account));
    findings.sort_by_key(|finding| finding.status != Status::Fail);
    Report {
        pipeline_id: pipeline.id.clone(),
        account_id: pipeline.account_id.clone(),
        region: pipeline.region.clone(),
        at: pipeline.at,
        findings,
    }
}

/// Every control that is judged, with the name of its check and what may be
/// said of it: `account`, `waived` where every resource is, else `pass`.
pub fn controls() -> Vec<(Control, &'static str, Status)> {
    checks::controls()
        .into_iter()
        .chain(account::controls())
        .collect()
}
