//! The calls that are not about resources: the provider block, data sources,
//! ephemeral resources, functions.

use std::sync::Arc;
use std::time::SystemTime;

use tf_provider::Diagnostics;

use super::catalogue::Catalogue;
use crate::plugin::call::{Outcome, guarded};
use crate::plugin::diagnostics;
use crate::plugin::numbers;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::value::{received, received_as};

pub(super) async fn validate_provider(
    catalogue: Arc<Catalogue>,
    request: tf::ValidateProviderConfigRequest,
) -> tf::ValidateProviderConfigResponse {
    let mut diags = Diagnostics::default();
    let config = catalogue.provider_block(request.config);
    let validated = guarded(catalogue.provider.validate(&mut diags, config)).await;
    validated.settle(&mut diags, "validating the provider block");
    tf::ValidateProviderConfigResponse {
        diagnostics: diagnostics::to_wire(diags),
    }
}

pub(super) async fn configure_provider(
    catalogue: Arc<Catalogue>,
    request: tf::ConfigureProviderRequest,
) -> tf::ConfigureProviderResponse {
    let mut diags = Diagnostics::default();
    let config = catalogue.provider_block(request.config);
    let version = request.terraform_version;
    let configured = guarded(catalogue.provider.configure(&mut diags, version, config)).await;
    configured.settle(&mut diags, "configuring the provider");
    tf::ConfigureProviderResponse {
        diagnostics: diagnostics::to_wire(diags),
    }
}

pub(super) async fn validate_data_source(
    catalogue: Arc<Catalogue>,
    request: tf::ValidateConfigRequest,
) -> tf::ValidateConfigResponse {
    let mut diags = Diagnostics::default();
    if let Some((source, schema)) = catalogue.data_source(&mut diags, &request.type_name) {
        let config = received_as(request.config, &schema.block);
        let validated = guarded(source.validate(&mut diags, config)).await;
        validated.settle(&mut diags, &format!("validating {}", request.type_name));
    }
    tf::ValidateConfigResponse {
        diagnostics: diagnostics::to_wire(diags),
    }
}

pub(super) async fn read_data_source(
    catalogue: Arc<Catalogue>,
    request: tf::ReadDataSourceRequest,
) -> tf::ReadDataSourceResponse {
    let mut diags = Diagnostics::default();
    let mut state = None;
    if let Some((source, schema)) = catalogue.data_source(&mut diags, &request.type_name) {
        let config = received_as(request.config, &schema.block);
        let meta = received(request.provider_meta);
        let read = guarded(source.read(&mut diags, config, meta)).await;
        state = read
            .settle(&mut diags, &format!("reading {}", request.type_name))
            .done();
    }
    tf::ReadDataSourceResponse {
        state: state.map(Into::into),
        diagnostics: diagnostics::to_wire(diags),
        deferred: None,
    }
}

pub(super) async fn validate_ephemeral(
    catalogue: Arc<Catalogue>,
    request: tf::ValidateConfigRequest,
) -> tf::ValidateConfigResponse {
    let mut diags = Diagnostics::default();
    if let Some((resource, schema)) = catalogue.ephemeral(&mut diags, &request.type_name) {
        let config = received_as(request.config, &schema.block);
        let validated = guarded(resource.validate(&mut diags, config)).await;
        validated.settle(&mut diags, &format!("validating {}", request.type_name));
    }
    tf::ValidateConfigResponse {
        diagnostics: diagnostics::to_wire(diags),
    }
}

pub(super) async fn open_ephemeral(
    catalogue: Arc<Catalogue>,
    request: tf::OpenEphemeralResourceRequest,
) -> tf::OpenEphemeralResourceResponse {
    let mut diags = Diagnostics::default();
    let mut response = tf::OpenEphemeralResourceResponse::default();
    if let Some((resource, schema)) = catalogue.ephemeral(&mut diags, &request.type_name) {
        let config = received_as(request.config, &schema.block);
        let opened = guarded(resource.open(&mut diags, config)).await;
        let doing = format!("opening {}", request.type_name);
        if let Outcome::Done(opened) = opened.settle(&mut diags, &doing) {
            response.result = Some(opened.result.into());
            response.private = Some(opened.private);
            response.renew_at = opened.renew_at.map(timestamp);
        }
    }
    response.diagnostics = diagnostics::to_wire(diags);
    response
}

pub(super) async fn renew_ephemeral(
    catalogue: Arc<Catalogue>,
    request: tf::RenewEphemeralResourceRequest,
) -> tf::RenewEphemeralResourceResponse {
    let mut diags = Diagnostics::default();
    let mut response = tf::RenewEphemeralResourceResponse::default();
    if let Some((resource, _)) = catalogue.ephemeral(&mut diags, &request.type_name) {
        let private = request.private.unwrap_or_default();
        let renewed = guarded(resource.renew(&mut diags, private)).await;
        let doing = format!("renewing {}", request.type_name);
        if let Outcome::Done(renewed) = renewed.settle(&mut diags, &doing) {
            response.private = Some(renewed.private);
            response.renew_at = renewed.renew_at.map(timestamp);
        }
    }
    response.diagnostics = diagnostics::to_wire(diags);
    response
}

pub(super) async fn close_ephemeral(
    catalogue: Arc<Catalogue>,
    request: tf::CloseEphemeralResourceRequest,
) -> tf::CloseEphemeralResourceResponse {
    let mut diags = Diagnostics::default();
    if let Some((resource, _)) = catalogue.ephemeral(&mut diags, &request.type_name) {
        let private = request.private.unwrap_or_default();
        let closed = guarded(resource.close(&mut diags, private)).await;
        closed.settle(&mut diags, &format!("closing {}", request.type_name));
    }
    tf::CloseEphemeralResourceResponse {
        diagnostics: diagnostics::to_wire(diags),
    }
}

pub(super) async fn call_function(
    catalogue: Arc<Catalogue>,
    request: tf::CallFunctionRequest,
) -> tf::CallFunctionResponse {
    let mut diags = Diagnostics::default();
    let mut result = None;
    if let Some((function, schema)) = catalogue.function(&mut diags, &request.name) {
        let positional = schema.parameters.iter();
        let parameters = positional.chain(schema.variadic.iter().cycle());
        let arguments = request.arguments.into_iter().zip(parameters);
        let arguments = arguments
            .map(|(it, parameter)| numbers::in_argument(received(Some(it)), &parameter.param_type))
            .collect();
        let called = guarded(function.call(&mut diags, arguments)).await;
        result = called
            .settle(
                &mut diags,
                &format!("calling the function {}", request.name),
            )
            .done();
    }
    let error = diagnostics::to_function_error(&diags);
    tf::CallFunctionResponse {
        result: result.filter(|_| error.is_none()).map(Into::into),
        error,
    }
}

/// A moment in protobuf's words.
fn timestamp(at: SystemTime) -> prost_types::Timestamp {
    at.into()
}
