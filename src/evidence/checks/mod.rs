//! What is asked of resources, one file for each group of areas.

mod access;
mod functions;
mod network;
mod stores;
mod watch;
mod web;

use super::subject::{Subject, Verdict, of_type};
use super::{Brought, Control, Finding, Pipeline, Standard, Status};

/// Checks that look at something of another type than what they ask.
const LOOKS_AT: [(&str, &str); 1] = [("functions_are_in_two_zones", "AWS::EC2::Subnet")];

/// Checks of one resource alone, where it is.
const OF_ONE: [(&str, &str); 1] = [("auditors_prove_who_they_are", access::AUDITOR_ROLE)];

const BROUGHT: &str = "it is not the pipeline's: whoever brought it has to show it";

/// One question to the resources of some types.
pub(super) struct Check {
    pub name: &'static str,
    pub title: &'static str,
    /// Of PCI DSS v4.0.1; the mapping of Security Hub where it has one.
    pub requirements: &'static [&'static str],
    pub controls: Controls,
    pub types: &'static [&'static str],
    /// `None` where it has nothing to say of a resource.
    pub judge: fn(&Subject<'_>) -> Option<Verdict>,
    pub waiver: Option<Waiver>,
}

/// Ids by standard.
#[derive(Default)]
pub(super) struct Controls {
    pub security_hub: &'static [&'static str],
    pub fsbp: &'static [&'static str],
    pub config_pack: &'static [&'static str],
    pub prowler: &'static [&'static str],
}

impl Controls {
    pub const NONE: Self = Self {
        security_hub: &[],
        fsbp: &[],
        config_pack: &[],
        prowler: &[],
    };

    pub fn all(&self) -> Vec<Control> {
        [
            (Standard::SecurityHub, self.security_hub),
            (Standard::Fsbp, self.fsbp),
            (Standard::ConfigPack, self.config_pack),
            (Standard::Prowler, self.prowler),
        ]
        .into_iter()
        .flat_map(|(standard, ids)| ids.iter().map(move |id| Control { standard, id }))
        .collect()
    }
}

/// Where a check need not be met, and why.
pub(super) struct Waiver {
    pub at: At,
    pub reason: &'static str,
}

/// Which resources a waiver is for.
pub(super) enum At {
    All,
    Only(&'static str),
}

impl Waiver {
    const fn of_all(reason: &'static str) -> Option<Self> {
        Some(Self {
            at: At::All,
            reason,
        })
    }

    const fn of(id: &'static str, reason: &'static str) -> Option<Self> {
        Some(Self {
            at: At::Only(id),
            reason,
        })
    }

    fn is_for(&self, id: &str) -> bool {
        match self.at {
            At::All => true,
            At::Only(only) => only == id,
        }
    }
}

/// In the order of a report.
fn all() -> impl Iterator<Item = &'static Check> {
    [
        network::CHECKS,
        stores::CHECKS,
        web::CHECKS,
        access::CHECKS,
        functions::CHECKS,
        watch::CHECKS,
    ]
    .into_iter()
    .flatten()
}

pub(super) fn findings(pipeline: &Pipeline) -> Vec<Finding> {
    all().flat_map(|check| check.findings(pipeline)).collect()
}

pub(super) fn controls() -> Vec<(Control, &'static str, Status)> {
    all()
        .flat_map(|check| {
            let status = match &check.waiver {
                Some(Waiver { at: At::All, .. }) => Status::Waived,
                _ => Status::Pass,
            };
            let controls = check.controls.all().into_iter();
            controls.map(move |control| (control, check.name, status))
        })
        .collect()
}

impl Check {
    fn findings(&self, pipeline: &Pipeline) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .types
            .iter()
            .flat_map(|type_name| of_type(pipeline, type_name))
            .filter(|subject| self.is_of(subject.id))
            .filter_map(|subject| {
                let verdict = (self.judge)(&subject)?;
                let resource = subject.resource;
                Some(self.finding(
                    subject.id,
                    &resource.type_name,
                    &resource.identifier,
                    verdict,
                ))
            })
            .collect();
        // What is not there does nothing that is asked of it.
        for (id, type_name) in &pipeline.missing {
            if self.types.contains(&type_name.as_str()) && self.is_of(id) {
                let gone = Verdict {
                    holds: false,
                    observed: "it does not exist".to_owned(),
                };
                findings.push(self.finding(id, type_name, "", gone));
            }
        }
        // Without this a check that finds nothing to ask would not be missed.
        for brought in &pipeline.brought {
            let looks = LOOKS_AT.contains(&(self.name, brought.type_name));
            if looks || self.types.contains(&brought.type_name) {
                findings.push(self.not_looked_at(brought));
            }
        }
        findings
    }

    fn is_of(&self, id: &str) -> bool {
        OF_ONE
            .iter()
            .all(|(check, only)| *check != self.name || *only == id)
    }

    fn not_looked_at(&self, brought: &Brought) -> Finding {
        let unseen = Verdict {
            holds: false,
            observed: format!("not looked at: brought by {}", brought.by),
        };
        Finding {
            status: Status::Account,
            reason: BROUGHT,
            ..self.finding(&brought.by, brought.type_name, &brought.identifier, unseen)
        }
    }

    fn finding(
        &self,
        id: &str,
        type_name: &str,
        physical_id: &str,
        Verdict { holds, observed }: Verdict,
    ) -> Finding {
        let waiver = self.waiver.as_ref().filter(|waiver| waiver.is_for(id));
        let (status, reason) = match (holds, waiver) {
            (true, _) => (Status::Pass, ""),
            (false, Some(waiver)) => (Status::Waived, waiver.reason),
            (false, None) => (Status::Fail, ""),
        };
        Finding {
            requirements: self.requirements,
            check: self.name,
            title: self.title,
            controls: self.controls.all(),
            logical_id: id.to_owned(),
            type_name: type_name.to_owned(),
            physical_id: physical_id.to_owned(),
            observed,
            status,
            reason,
        }
    }
}

/// All that an auditor may read of the checks, whatever is found.
#[cfg(test)]
pub(super) fn words() -> Vec<&'static str> {
    all()
        .flat_map(|check| {
            let reason = check.waiver.as_ref().map(|waiver| waiver.reason);
            [check.title].into_iter().chain(reason)
        })
        .collect()
}

#[cfg(test)]
pub(super) fn names() -> Vec<&'static str> {
    all().map(|check| check.name).collect()
}
