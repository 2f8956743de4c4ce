//! PlanResourceChange.

use std::sync::Arc;

use tf_provider::{AttributePath, Diagnostics};

use super::catalogue::{Catalogue, Kind};
use crate::plugin::call::guarded;
use crate::plugin::diagnostics::{self, path_to_wire, refuse};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::value::received;
use crate::plugin::{RawValue, numbers};

/// What a plan says.
struct Planned {
    state: RawValue,
    private: Vec<u8>,
    replace: Vec<AttributePath>,
}

pub(super) async fn plan(
    catalogue: Arc<Catalogue>,
    request: tf::PlanResourceChangeRequest,
) -> tf::PlanResourceChangeResponse {
    let mut diags = Diagnostics::default();
    let type_name = request.type_name.clone();
    let prior_identity = request.prior_identity.clone();
    let kind = catalogue.resource(&mut diags, &type_name);
    let planned = match kind {
        Some(kind) => planned(kind, request, &mut diags).await,
        None => None,
    };
    let mut response = tf::PlanResourceChangeResponse {
        diagnostics: diagnostics::to_wire(diags),
        ..Default::default()
    };
    if let (Some(kind), Some(planned)) = (kind, planned) {
        response.planned_identity = kind.identity_of(&planned.state).or(prior_identity);
        response.planned_state = Some(planned.state.into());
        response.planned_private = planned.private;
        response.requires_replace = planned.replace.into_iter().map(path_to_wire).collect();
    }
    response
}

async fn planned(
    kind: &Kind,
    request: tf::PlanResourceChangeRequest,
    diags: &mut Diagnostics,
) -> Option<Planned> {
    let name = &request.type_name;
    let resource = &kind.served.resource;
    let prior = kind.received(request.prior_state);
    let proposed = kind.received(request.proposed_new_state);
    let config = kind.received(request.config);
    let private = request.prior_private;
    let meta = received(request.provider_meta);
    match (prior.is_null(), proposed.is_null()) {
        (true, false) => {
            let plan = guarded(resource.plan_create(diags, proposed, config, meta)).await;
            let plan = plan.settle(diags, &format!("planning to create {name}"));
            let (state, private) = plan.done()?;
            Some(Planned {
                state: kind.without_write_only(state),
                private,
                replace: Vec::new(),
            })
        }
        (false, false) => {
            let before = prior.clone();
            let plan =
                guarded(resource.plan_update(diags, prior, proposed, config, private, meta)).await;
            let plan = plan.settle(diags, &format!("planning to change {name}"));
            let (state, private, mut replace) = plan.done()?;
            let state = kind.without_write_only(state);
            add_declared(kind, &before, &state, &mut replace);
            Some(Planned {
                state,
                private,
                replace,
            })
        }
        (false, true) => {
            let plan = guarded(resource.plan_destroy(diags, prior, private, meta)).await;
            let plan = plan.settle(diags, &format!("planning to destroy {name}"));
            Some(Planned {
                state: RawValue::null(),
                private: plan.done()?,
                replace: Vec::new(),
            })
        }
        (true, true) => {
            refuse(
                diags,
                "Nothing to plan",
                "Neither a state nor a configuration was given.",
            );
            None
        }
    }
}

/// Adds what [`Extra::requires_replace`](crate::plugin::Extra::requires_replace)
/// declares and the plan changes.
fn add_declared(
    kind: &Kind,
    before: &RawValue,
    after: &RawValue,
    replace: &mut Vec<AttributePath>,
) {
    if kind.requires_replace.is_empty() {
        return;
    }
    let tree = |value: &RawValue| numbers::decimal(value.clone()).to_tree();
    let (Ok(mut before), Ok(mut after)) = (tree(before), tree(after)) else {
        return;
    };
    for (path, route) in &kind.requires_replace {
        if route.values(&mut before) != route.values(&mut after) && !replace.contains(path) {
            replace.push(path.clone());
        }
    }
}
