//! The calls about resources that neither plan nor apply.

use std::sync::Arc;

use tf_provider::Diagnostics;

use super::catalogue::{Catalogue, Kind};
use crate::plugin::call::{Outcome, guarded};
use crate::plugin::diagnostics::{self, refuse};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::value::received;
use crate::plugin::{MoveSource, RawValue, numbers, state};

pub(super) async fn validate(
    catalogue: Arc<Catalogue>,
    request: tf::ValidateConfigRequest,
) -> tf::ValidateConfigResponse {
    let mut diags = Diagnostics::default();
    if let Some(kind) = catalogue.resource(&mut diags, &request.type_name) {
        let config = kind.received(request.config);
        let can_write_only = request
            .client_capabilities
            .is_some_and(|client| client.write_only_attributes_allowed);
        if !can_write_only {
            refuse_write_only(kind, &config, &mut diags);
        }
        let validated = guarded(kind.served.resource.validate(&mut diags, config)).await;
        validated.settle(&mut diags, &format!("validating {}", request.type_name));
    }
    tf::ValidateConfigResponse {
        diagnostics: diagnostics::to_wire(diags),
    }
}

/// A client that does not know write-only attributes would store their values.
fn refuse_write_only(kind: &Kind, config: &RawValue, diags: &mut Diagnostics) {
    if kind.write_only.is_empty() {
        return;
    }
    let Ok(mut tree) = config.to_tree() else {
        return;
    };
    for route in &kind.write_only {
        route.visit(&mut tree, &mut |value, path| {
            if !value.is_nil() {
                diags.errors.push(diagnostics::error(
                    path,
                    "Write-only attribute is not supported here",
                    "The program that runs this provider would store the value, which must \
                     never be stored. Use Terraform 1.11 or later, or leave the attribute out.",
                ));
            }
        });
    }
}

pub(super) async fn read(
    catalogue: Arc<Catalogue>,
    request: tf::ReadResourceRequest,
) -> tf::ReadResourceResponse {
    let mut diags = Diagnostics::default();
    let mut response = tf::ReadResourceResponse {
        private: request.private.clone(),
        new_identity: request.current_identity,
        ..Default::default()
    };
    let mut new = received(request.current_state.clone());
    if let Some(kind) = catalogue.resource(&mut diags, &request.type_name) {
        let current = kind.received(request.current_state);
        let meta = received(request.provider_meta);
        let resource = &kind.served.resource;
        // `None` without an error is this call's way to say that the object is
        // gone, so it is not a missing result here.
        let read = async {
            let read = resource.read(&mut diags, current, request.private, meta);
            Some(read.await)
        };
        let read = guarded(read).await;
        match read.settle(&mut diags, &format!("reading {}", request.type_name)) {
            Outcome::Done(Some((state, private))) => {
                new = numbers::as_text(kind.without_write_only(state));
                response.private = private;
                if let Some(identity) = kind.identity_of(&new) {
                    response.new_identity = Some(identity);
                }
            }
            Outcome::Done(None) if diags.errors.is_empty() => {
                new = RawValue::null();
                response.private = Vec::new();
            }
            Outcome::Done(None) | Outcome::Refused | Outcome::Lost => {}
        }
    }
    response.new_state = Some(new.into());
    response.diagnostics = diagnostics::to_wire(diags);
    response
}

pub(super) async fn import(
    catalogue: Arc<Catalogue>,
    request: tf::ImportResourceStateRequest,
) -> tf::ImportResourceStateResponse {
    use tf::import_resource_state_response::Imported;
    let mut diags = Diagnostics::default();
    let mut imported_resources = Vec::new();
    if let Some(kind) = catalogue.resource(&mut diags, &request.type_name) {
        let identity = request.identity.and_then(|identity| identity.identity_data);
        let imported = match identity {
            Some(identity) if request.id.is_empty() => {
                let identity = received(Some(identity));
                guarded(kind.served.extra.import_identity(&mut diags, identity)).await
            }
            _ => guarded(kind.served.resource.import(&mut diags, request.id)).await,
        };
        let imported = imported.settle(&mut diags, &format!("importing {}", request.type_name));
        if let Outcome::Done((state, private)) = imported {
            let state = kind.without_write_only(state);
            imported_resources.push(Imported {
                type_name: request.type_name,
                identity: kind.identity_of(&state),
                state: Some(state.into()),
                private,
            });
        }
    }
    tf::ImportResourceStateResponse {
        imported_resources,
        diagnostics: diagnostics::to_wire(diags),
        deferred: None,
    }
}

/// Terraform asks this of every state it reads, whatever its version.
pub(super) async fn upgrade(
    catalogue: Arc<Catalogue>,
    request: tf::UpgradeResourceStateRequest,
) -> tf::UpgradeResourceStateResponse {
    let mut diags = Diagnostics::default();
    let upgraded = match catalogue.resource(&mut diags, &request.type_name) {
        Some(kind) => upgraded(kind, request, &mut diags).await,
        None => None,
    };
    tf::UpgradeResourceStateResponse {
        upgraded_state: upgraded.map(Into::into),
        diagnostics: diagnostics::to_wire(diags),
    }
}

async fn upgraded(
    kind: &Kind,
    request: tf::UpgradeResourceStateRequest,
    diags: &mut Diagnostics,
) -> Option<RawValue> {
    let json = stored(request.raw_state, diags)?;
    let current = kind.schema.version;
    if request.version > current {
        refuse(
            diags,
            "State of a newer provider",
            format!(
                "The state was written with schema version {} of {}, and this version of the \
                 provider knows versions up to {current}. Use the newer version.",
                request.version, request.type_name,
            ),
        );
        return None;
    }
    if request.version == current {
        return fitted(kind, json, diags);
    }
    let value = parsed(&json, diags)?;
    let upgrade = kind.served.extra.upgrade(diags, request.version, value);
    let doing = format!("upgrading the state of {}", request.type_name);
    match guarded(upgrade).await.settle(diags, &doing).done()? {
        RawValue::Json(json) => fitted(kind, json, diags),
        value => Some(kind.without_write_only(value)),
    }
}

/// Drops what the schema does not have, and encodes the rest as the resource
/// itself does; where it cannot, a state that fits keeps its bytes.
fn fitted(kind: &Kind, json: Vec<u8>, diags: &mut Diagnostics) -> Option<RawValue> {
    let mut value = parsed(&json, diags)?;
    let state = if state::fit(&mut value, &kind.schema.block) {
        RawValue::json(&value)
    } else {
        RawValue::Json(json)
    };
    Some(kind.without_write_only(state))
}

fn stored(state: Option<tf::RawState>, diags: &mut Diagnostics) -> Option<Vec<u8>> {
    let state = state.unwrap_or_default();
    if state.json.is_empty() {
        refuse(
            diags,
            "State in a form that cannot be read",
            "It was not written as JSON, as Terraform does since version 0.12.",
        );
        return None;
    }
    Some(state.json)
}

fn parsed(json: &[u8], diags: &mut Diagnostics) -> Option<serde_json::Value> {
    match serde_json::from_slice(json) {
        Ok(value) => Some(value),
        Err(error) => {
            refuse(diags, "State is not JSON", format!("{error}"));
            None
        }
    }
}

/// Identities have had one version so far: what was stored is what is.
pub(super) async fn upgrade_identity(
    catalogue: Arc<Catalogue>,
    request: tf::UpgradeResourceIdentityRequest,
) -> tf::UpgradeResourceIdentityResponse {
    let mut diags = Diagnostics::default();
    let kind = catalogue.resource(&mut diags, &request.type_name);
    let current = kind
        .and_then(|kind| kind.identity.as_ref())
        .map(|it| it.version);
    let identity = stored(request.raw_identity, &mut diags);
    let upgraded_identity = match (current, identity) {
        (Some(current), Some(json)) if current == request.version => Some(tf::IdentityData {
            identity_data: Some(RawValue::Json(json).into()),
        }),
        (_, None) => None,
        _ => {
            refuse(
                &mut diags,
                "Identity of another version",
                format!("Version {} of it is not known here.", request.version),
            );
            None
        }
    };
    tf::UpgradeResourceIdentityResponse {
        upgraded_identity,
        diagnostics: diagnostics::to_wire(diags),
    }
}

pub(super) async fn move_state(
    catalogue: Arc<Catalogue>,
    request: tf::MoveResourceStateRequest,
) -> tf::MoveResourceStateResponse {
    let mut diags = Diagnostics::default();
    let mut response = tf::MoveResourceStateResponse::default();
    let kind = catalogue.resource(&mut diags, &request.target_type_name);
    let source = stored(request.source_state, &mut diags);
    let source = source.and_then(|json| parsed(&json, &mut diags));
    if let (Some(kind), Some(state)) = (kind, source) {
        let doing = format!("moving an object to {}", request.target_type_name);
        let source = MoveSource {
            provider_address: request.source_provider_address,
            type_name: request.source_type_name,
            schema_version: request.source_schema_version,
            state,
            private: request.source_private,
        };
        let moved = guarded(kind.served.extra.move_from(&mut diags, source)).await;
        if let Outcome::Done((state, private)) = moved.settle(&mut diags, &doing) {
            let state = kind.without_write_only(state);
            response.target_identity = kind.identity_of(&state);
            response.target_state = Some(state.into());
            response.target_private = private;
        }
    }
    response.diagnostics = diagnostics::to_wire(diags);
    response
}
