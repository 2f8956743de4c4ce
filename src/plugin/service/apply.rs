//! ApplyResourceChange, where state could get lost.
//!
//! # What Terraform does with the answer
//!
//! A state together with an error is saved; after a create it is marked
//! *tainted*. Null together with an error means "as before" for an update and a
//! destroy: Terraform keeps the object with its *old* private state, which this
//! process is not given (on a replacement, the private state of a destroy is
//! that of the new plan). For a create, null means that nothing exists.
//!
//! # So, when the author's code gives no result
//!
//! | | refused, and said why | panicked, or said nothing |
//! |---|---|---|
//! | create | null: nothing exists | what is known of the plan: something may exist |
//! | update | null: as before | null: as before |
//! | destroy | null: as before | null: as before |

use std::sync::Arc;

use tf_provider::Diagnostics;

use super::catalogue::{Catalogue, Kind};
use crate::plugin::call::{Outcome, guarded};
use crate::plugin::diagnostics::{self, refuse};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::value::received;
use crate::plugin::{RawValue, Remainder, unknown};

pub(super) async fn apply(
    catalogue: Arc<Catalogue>,
    request: tf::ApplyResourceChangeRequest,
) -> tf::ApplyResourceChangeResponse {
    let mut diags = Diagnostics::default();
    let type_name = request.type_name.clone();
    let kind = catalogue.resource(&mut diags, &type_name);
    let (state, private) = match kind {
        Some(kind) => applied(kind, request, &mut diags).await,
        None => (RawValue::null(), Vec::new()),
    };
    tf::ApplyResourceChangeResponse {
        new_identity: kind.and_then(|kind| kind.identity_of(&state)),
        new_state: Some(state.into()),
        private,
        diagnostics: diagnostics::to_wire(diags),
        legacy_type_system: false,
    }
}

/// The new state and private state, which are null and empty for "as before".
async fn applied(
    kind: &Kind,
    request: tf::ApplyResourceChangeRequest,
    diags: &mut Diagnostics,
) -> (RawValue, Vec<u8>) {
    let name = &request.type_name;
    let resource = &kind.served.resource;
    let prior = kind.received(request.prior_state);
    let planned = kind.received(request.planned_state);
    let config = kind.received(request.config);
    let private = request.planned_private;
    let meta = received(request.provider_meta);
    let as_before = || (RawValue::null(), Vec::new());
    match (prior.is_null(), planned.is_null()) {
        (true, false) => {
            let expected = (planned.clone(), private.clone());
            let create = guarded(resource.create(diags, planned, config, private, meta)).await;
            match create.settle(diags, &format!("creating {name}")) {
                Outcome::Done((state, private)) => (kind.without_write_only(state), private),
                Outcome::Refused => as_before(),
                Outcome::Lost => (known_part(kind, expected.0), expected.1),
            }
        }
        (false, false) => {
            let update =
                guarded(resource.update(diags, prior, planned, config, private, meta)).await;
            match update.settle(diags, &format!("changing {name}")) {
                Outcome::Done((state, private)) => (kind.without_write_only(state), private),
                Outcome::Refused | Outcome::Lost => as_before(),
            }
        }
        (false, true) => match destroyed(kind, name, diags, prior, private, meta).await {
            Some((state, private)) => (kind.without_write_only(state), private),
            None => as_before(),
        },
        (true, true) => {
            refuse(
                diags,
                "Nothing to apply",
                "Neither a state nor a plan was given.",
            );
            as_before()
        }
    }
}

/// What remains of a destroyed object; `None` for nothing, or for all of it when
/// there are errors.
async fn destroyed(
    kind: &Kind,
    name: &str,
    diags: &mut Diagnostics,
    prior: RawValue,
    private: Vec<u8>,
    meta: RawValue,
) -> Option<(RawValue, Vec<u8>)> {
    let doing = format!("destroying {name}");
    let extra = &kind.served.extra;
    let decided = extra.destroy(diags, prior.clone(), private.clone(), meta.clone());
    let decided = guarded(decided).await.settle(diags, &doing);
    match decided.done()? {
        Remainder::Nothing => {
            // An error beside "all gone" would make Terraform keep the object.
            for error in diags.errors.drain(..) {
                diags.warnings.push(error);
            }
            None
        }
        Remainder::State(state, private) => {
            if diags.errors.is_empty() {
                refuse(
                    diags,
                    "Not everything could be destroyed",
                    "What remains is kept in the state. Run the same command again to go on.",
                );
            }
            Some((state, private))
        }
        Remainder::AskResource => {
            let destroy = kind.served.resource.destroy(diags, prior, private, meta);
            // Without a result there is an error now, and Terraform keeps the object.
            guarded(destroy).await.settle(diags, &doing);
            None
        }
    }
}

/// A planned state as it can be stored.
fn known_part(kind: &Kind, planned: RawValue) -> RawValue {
    let Ok(mut tree) = planned.to_tree() else {
        return planned;
    };
    unknown::forget_unknowns(&mut tree);
    kind.clear_write_only(&mut tree);
    RawValue::from_tree(&tree)
}
