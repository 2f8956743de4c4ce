//! Which cloud an operation is in, and which facts it goes on with: kept ones,
//! or looked up for what has changed.

use super::account::{Origin, Sighting, Singleton, Stale};
use super::bookkeeping::Private;
use super::cloud::{Cloud, Session, Shared};
use super::failure::{self, error};
use super::inputs::{self, Inputs, Probe};
use super::operations::parse_id;
use super::planning::Desired;
use super::state::State;
use crate::blueprint::{AccountState, Facts, Spec, naming};
use crate::engine::HandlerError;
use crate::plugin;
use std::collections::BTreeMap;
use std::sync::Arc;
use tf_provider::AttributePath;
use tf_provider::Diagnostics;

/// The provider block's, once it is known.
pub fn session(diags: &mut Diagnostics, shared: &Shared) -> Option<Arc<Session>> {
    let session = shared.session();
    if session.is_none() {
        error(
            diags,
            AttributePath::root(),
            "The provider is not configured",
            "The provider block has values that are not known yet, so AWS cannot be reached. \
             Apply what they come from first, for example with -target.",
        );
    }
    session
}

/// In the provider block's region, or in another.
pub async fn cloud(
    diags: &mut Diagnostics,
    session: &Session,
    region: Option<&str>,
) -> Option<Arc<Cloud>> {
    match session.cloud(region).await {
        Ok(cloud) => Some(cloud),
        Err(cause) => {
            unreachable_aws(diags, &cause);
            None
        }
    }
}

/// The cloud that the pipeline of an id is in.
pub async fn cloud_of(
    diags: &mut Diagnostics,
    shared: &Shared,
    path: AttributePath,
    id: &str,
) -> Option<Arc<Cloud>> {
    let (_, _, region) = parse_id(diags, path, id)?;
    let session = session(diags, shared)?;
    cloud(diags, &session, Some(&region)).await
}

pub fn probes((first, second): &(Inputs, Inputs)) -> [&Spec; 2] {
    [&first.spec, &second.spec]
}

/// The facts to plan with: those of before, and taken anew what the wanted
/// configuration uses otherwise. Also what was seen, if anyone looked.
pub async fn settle(
    diags: &mut Diagnostics,
    cloud: &Cloud,
    before: Option<&Origin>,
    inputs: &(Inputs, Inputs),
) -> Option<(Facts, Option<Sighting>)> {
    let stale = Stale::since(before, probes(inputs));
    let seen = match stale.asks() {
        true => Some(look(diags, cloud, &inputs.0.spec).await?),
        false => None,
    };
    let before = before.map(|origin| &origin.facts);
    let facts = stale.renewed(before, &cloud.here, seen.clone().unwrap_or_default());
    Some((facts, seen))
}

/// What is missed may have been switched on since the facts were taken: then
/// there is nothing to warn of.
pub async fn missed(
    diags: &mut Diagnostics,
    cloud: &Cloud,
    desired: &Desired,
    seen: Option<Sighting>,
) -> Option<Option<Sighting>> {
    let spec = &desired.inputs.spec;
    let account = &desired.facts.account;
    let mut all = Singleton::ALL.into_iter();
    if seen.is_none() && all.any(|one| one.is_missed(spec, account)) {
        return Some(Some(look(diags, cloud, spec).await?));
    }
    Some(seen)
}

async fn look(diags: &mut Diagnostics, cloud: &Cloud, spec: &Spec) -> Option<Sighting> {
    let pipeline = naming::pipeline_id(spec, &cloud.here);
    let in_the_way = |account: &AccountState| {
        let mut all = Singleton::ALL.into_iter();
        all.any(|one| one.is_in_the_way(spec, account))
    };
    let cancel = plugin::cancellation();
    match cloud.look(&pipeline, &cancel, in_the_way).await {
        Ok(seen) => Some(seen),
        Err(cause) => {
            unreachable_aws(diags, &cause);
            None
        }
    }
}

/// What the pipeline of a state is made from. Its settings are all written
/// out, so they can be read like a configuration.
pub fn origin(prior: &State, private: &Private) -> Option<Origin> {
    let read = inputs::read(prior, &BTreeMap::new(), Probe::First).ok()?;
    Some(Origin {
        spec: read.spec,
        facts: private.facts()?,
    })
}

fn unreachable_aws(diags: &mut Diagnostics, cause: &HandlerError) {
    failure::of_call(
        diags,
        AttributePath::root(),
        "AWS cannot be used with this provider block",
        cause,
        "Check the provider block, the AWS_* variables and the network, and run the command again.",
    );
}
