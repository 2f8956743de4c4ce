//! Facts of the account: taken once, at create, and kept in private state and
//! manifest. They are taken anew only when an attribute that uses them
//! changes, so that a plan is the same plan however the account changes around
//! the pipeline. But what was missed or switched off is looked for again: the
//! plan has told the user to switch it on, and what builds on it is then to be
//! made.

use crate::blueprint::spec::Provision;
use crate::blueprint::{AccountState, Facts, Spec};
use std::collections::BTreeMap;

/// What the account and region are like now, without what the asking pipeline
/// has made of it.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    pub zone_ids: Vec<String>,
    pub prefix_list_ids: BTreeMap<String, String>,
    pub account: AccountState,
    /// How many there are in the region of what AWS limits, by resource type;
    /// missing where nobody may ask.
    pub used: BTreeMap<&'static str, usize>,
}

/// What a pipeline was made from.
#[derive(Clone, Debug)]
pub struct Origin {
    pub spec: Spec,
    pub facts: Facts,
}

/// Which facts have to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    zones: bool,
    recorder: bool,
    detector: bool,
    trail: bool,
    api_logging_role: bool,
    administrator: bool,
}

impl Stale {
    /// What `wanted` (all that the configuration may turn out to be) uses
    /// otherwise than before.
    pub fn since(before: Option<&Origin>, wanted: [&Spec; 2]) -> Self {
        let Some(Origin { spec, facts }) = before else {
            return Self {
                zones: true,
                recorder: true,
                detector: true,
                trail: true,
                api_logging_role: true,
                administrator: true,
            };
        };
        fn differs<T: PartialEq>(before: &Spec, wanted: [&Spec; 2], of: fn(&Spec) -> T) -> bool {
            wanted.iter().any(|spec| of(spec) != of(before))
        }
        let network = |spec: &Spec| {
            (
                spec.network.availability_zones,
                spec.network.vpc_id.is_some(),
            )
        };
        let singleton = |one: Singleton| {
            let provided = |spec: &Spec| one.provision(spec);
            one.is_missed(spec, &facts.account)
                || one.is_stopped(spec, &facts.account)
                || wanted
                    .iter()
                    .any(|wanted| provided(wanted) != provided(spec))
        };
        Self {
            zones: facts.zone_ids.is_empty() || differs(spec, wanted, network),
            recorder: singleton(Singleton::Recorder),
            detector: singleton(Singleton::Detector),
            trail: singleton(Singleton::Trail),
            api_logging_role: singleton(Singleton::ApiLoggingRole),
            administrator: differs(spec, wanted, |spec| spec.access.administrator_arns.clone()),
        }
    }

    /// Whether the account has to be asked.
    pub fn asks(&self) -> bool {
        self.zones || self.recorder || self.detector || self.trail || self.api_logging_role
    }

    /// The facts to go on with: those of before, but for what is stale.
    /// `here` says whose account it is and what this provider holds.
    pub fn renewed(&self, before: Option<&Facts>, here: &Facts, seen: Sighting) -> Facts {
        let before = before.unwrap_or(here);
        let pick = |stale: bool, new: Option<String>, old: &Option<String>| match stale {
            true => new,
            false => old.clone(),
        };
        let (new, old) = (seen.account, &before.account);
        let is_stopped = |stale: bool, new: bool, old: bool| if stale { new } else { old };
        Facts {
            zone_ids: match self.zones {
                true => in_order(&before.zone_ids, seen.zone_ids),
                false => before.zone_ids.clone(),
            },
            prefix_list_ids: match self.zones {
                true => seen.prefix_list_ids,
                false => before.prefix_list_ids.clone(),
            },
            administrator_arn: match self.administrator {
                true => here.administrator_arn.clone(),
                false => before.administrator_arn.clone(),
            },
            account: AccountState {
                recorder_is_stopped: is_stopped(
                    self.recorder,
                    new.recorder_is_stopped,
                    old.recorder_is_stopped,
                ),
                recorder: pick(self.recorder, new.recorder, &old.recorder),
                detector_is_stopped: is_stopped(
                    self.detector,
                    new.detector_is_stopped,
                    old.detector_is_stopped,
                ),
                detector: pick(self.detector, new.detector, &old.detector),
                trail: pick(self.trail, new.trail, &old.trail),
                api_logging_role: pick(
                    self.api_logging_role,
                    new.api_logging_role,
                    &old.api_logging_role,
                ),
            },
            ..here.clone()
        }
    }
}

/// The zones of before first: a zone more must not move the others' subnets.
fn in_order(before: &[String], now: Vec<String>) -> Vec<String> {
    let more = now.into_iter().filter(|zone| !before.contains(zone));
    before.iter().cloned().chain(more).collect()
}

/// Something of which an account and region have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Singleton {
    Recorder,
    Detector,
    Trail,
    ApiLoggingRole,
}

impl Singleton {
    pub const ALL: [Self; 4] = [
        Self::Recorder,
        Self::Detector,
        Self::Trail,
        Self::ApiLoggingRole,
    ];

    /// Area and attribute that say who provides it.
    pub fn attribute(self) -> (&'static str, &'static str) {
        match self {
            Self::Recorder => ("compliance", "recorder"),
            Self::Detector => ("threats", "detector"),
            Self::Trail => ("monitoring", "api_calls"),
            Self::ApiLoggingRole => ("api", "logging_role"),
        }
    }

    pub fn provision(self, spec: &Spec) -> Provision {
        match self {
            Self::Recorder => spec.compliance.recorder,
            Self::Detector => spec.threats.detector,
            Self::Trail => spec.monitoring.api_calls,
            Self::ApiLoggingRole => spec.api.logging_role,
        }
    }

    /// What the account has; empty when it has none, `None` when nobody may
    /// ask.
    pub fn found(self, account: &AccountState) -> Option<&str> {
        match self {
            Self::Recorder => account.recorder.as_deref(),
            Self::Detector => account.detector.as_deref(),
            Self::Trail => account.trail.as_deref(),
            Self::ApiLoggingRole => account.api_logging_role.as_deref(),
        }
    }

    /// The pipeline is to make it, and there is one that is not the pipeline's.
    pub fn is_in_the_way(self, spec: &Spec, account: &AccountState) -> bool {
        let found = self.found(account).unwrap_or_default();
        self.provision(spec) == Provision::Managed && !found.is_empty()
    }

    /// The pipeline builds on it, and it is not there.
    pub fn is_missed(self, spec: &Spec, account: &AccountState) -> bool {
        self.provision(spec) == Provision::Existing && self.found(account) == Some("")
    }

    /// The pipeline builds on it, and it is there and switched off. A trail that
    /// logs nothing and a role that is gone count as not there.
    pub fn is_stopped(self, spec: &Spec, account: &AccountState) -> bool {
        let is_stopped = match self {
            Self::Recorder => account.recorder_is_stopped,
            Self::Detector => account.detector_is_stopped,
            Self::Trail | Self::ApiLoggingRole => false,
        };
        self.provision(spec) == Provision::Existing && is_stopped
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn spec(change: impl FnOnce(&mut Spec)) -> Spec {
        let mut spec = Spec::new("documents", "dev");
        change(&mut spec);
        spec
    }

    fn origin() -> Origin {
        let mut facts = Facts::documentation();
        facts.zone_ids = vec!["b".into(), "a".into()];
        facts.account.recorder = Some("before".into());
        facts.account.trail = Some("old".into());
        Origin {
            spec: spec(|_| {}),
            facts,
        }
    }

    fn here() -> Facts {
        Facts {
            administrator_arn: "arn:aws:iam::111122223333:role/other".into(),
            ..Facts::documentation()
        }
    }

    fn seen() -> Sighting {
        Sighting {
            zone_ids: vec!["a".into(), "b".into(), "c".into()],
            account: AccountState {
                recorder: Some("default".into()),
                trail: Some("new".into()),
                ..AccountState::default()
            },
            ..Sighting::default()
        }
    }

    #[test]
    fn a_pipeline_that_stays_as_it_is_asks_nothing_and_keeps_its_facts() {
        let origin = origin();
        let same = spec(|spec| spec.firewall.requests_per_5_minutes = 10);
        let stale = Stale::since(Some(&origin), [&same, &same]);
        assert!(!stale.asks());
        let facts = stale.renewed(Some(&origin.facts), &here(), Sighting::default());
        assert_eq!(facts, origin.facts);
    }

    #[test]
    fn what_was_missed_is_found_as_soon_as_it_is_switched_on() {
        let mut origin = origin();
        origin.facts.account.recorder = Some(String::new());
        let same = origin.spec.clone();
        let stale = Stale::since(Some(&origin), [&same, &same]);
        assert!(stale.asks());
        let facts = stale.renewed(Some(&origin.facts), &here(), seen());
        assert_eq!(facts.account.recorder.as_deref(), Some("default"));
        assert_eq!(facts.account.trail.as_deref(), Some("old"));
    }

    #[test]
    fn what_was_switched_off_is_looked_at_until_it_is_on() {
        let mut origin = origin();
        origin.facts.account.recorder_is_stopped = true;
        let same = origin.spec.clone();
        let stale = Stale::since(Some(&origin), [&same, &same]);
        assert!(stale.asks());
        let facts = stale.renewed(Some(&origin.facts), &here(), seen());
        assert!(!facts.account.recorder_is_stopped);
        assert_eq!(facts.account.trail.as_deref(), Some("old"));
    }

    #[test]
    fn a_changed_attribute_renews_the_fact_that_it_uses_and_no_other() {
        let origin = origin();
        let managed = spec(|spec| spec.compliance.recorder = Provision::Managed);
        let stale = Stale::since(Some(&origin), [&managed, &managed]);
        assert!(stale.asks());
        let facts = stale.renewed(Some(&origin.facts), &here(), seen());
        assert_eq!(facts.account.recorder.as_deref(), Some("default"));
        assert_eq!(facts.account.trail.as_deref(), Some("old"));
        assert_eq!(facts.zone_ids, origin.facts.zone_ids);
        assert_eq!(facts.administrator_arn, origin.facts.administrator_arn);
    }

    #[test]
    fn an_attribute_that_is_not_known_yet_may_have_changed() {
        let origin = origin();
        let maybe = spec(|spec| spec.threats.detector = Provision::Managed);
        assert!(Stale::since(Some(&origin), [&origin.spec, &maybe]).asks());
    }

    #[test]
    fn zones_that_are_taken_anew_come_after_those_of_before() {
        let origin = origin();
        let more = spec(|spec| spec.network.availability_zones = 2);
        let stale = Stale::since(Some(&origin), [&more, &more]);
        let facts = stale.renewed(Some(&origin.facts), &here(), seen());
        assert_eq!(facts.zone_ids, ["b", "a", "c"]);
    }

    #[test]
    fn a_new_pipeline_takes_everything() {
        let new = spec(|_| {});
        let stale = Stale::since(None, [&new, &new]);
        let facts = stale.renewed(None, &here(), seen());
        assert_eq!(facts.account, seen().account);
        assert_eq!(facts.administrator_arn, here().administrator_arn);
    }

    #[test]
    fn the_administrators_of_a_block_that_names_others_are_taken_anew() {
        let origin = origin();
        let named = spec(|spec| spec.access.administrator_arns = Some(Vec::new()));
        let stale = Stale::since(Some(&origin), [&named, &named]);
        assert!(!stale.asks(), "it is known who calls");
        let facts = stale.renewed(Some(&origin.facts), &here(), Sighting::default());
        assert_eq!(facts.administrator_arn, here().administrator_arn);
    }
}
