//! The tfplugin6 service: each method of the protocol, in a task of its own.
//!
//! This file only says which call goes where. `catalogue` is what there is,
//! `plan` and `apply` are the two calls that change things, `resources` is the
//! rest about resources, `others` everything that is not about resources.

mod apply;
mod catalogue;
mod others;
mod plan;
mod resources;

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::call::Calls;
use super::proto::tfplugin6 as tf;
use super::{ServedProvider, stop};
use catalogue::Catalogue;

/// The provider as Terraform calls it.
#[derive(Clone)]
pub(super) struct Service {
    catalogue: Arc<Catalogue>,
    calls: Calls,
    /// Whether one process serves several runs of Terraform, each of which
    /// begins by configuring the provider.
    many_runs: bool,
}

type Answer<T> = Result<Response<T>, Status>;

impl Service {
    pub(super) fn new(provider: Arc<dyn ServedProvider>, calls: Calls, many_runs: bool) -> Self {
        Self {
            catalogue: Arc::new(Catalogue::new(provider)),
            calls,
            many_runs,
        }
    }

    async fn run<T, F>(
        &self,
        rpc: &'static str,
        subject: &str,
        call: impl FnOnce(Arc<Catalogue>) -> F,
    ) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let call = call(self.catalogue.clone());
        self.calls.run(rpc, subject, call).await.map(Response::new)
    }
}

/// A method that hands its request to a function of the same shape.
macro_rules! call {
    ($method:ident, $rpc:literal, $subject:ident, $request:ty => $response:ty, $to:path) => {
        fn $method<'a, 'b>(
            &'a self,
            request: Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Answer<$response>> + Send + 'b>>
        where
            'a: 'b,
            Self: 'b,
        {
            let request = request.into_inner();
            let subject = request.$subject.clone();
            Box::pin(async move {
                self.run($rpc, &subject, |catalogue| $to(catalogue, request))
                    .await
            })
        }
    };
}

#[tonic::async_trait]
impl tf::provider_server::Provider for Service {
    async fn get_metadata(
        &self,
        _: Request<tf::GetMetadataRequest>,
    ) -> Answer<tf::GetMetadataResponse> {
        Ok(Response::new(self.catalogue.metadata()))
    }

    async fn get_provider_schema(
        &self,
        _: Request<tf::GetProviderSchemaRequest>,
    ) -> Answer<tf::GetProviderSchemaResponse> {
        Ok(Response::new(self.catalogue.schemas()))
    }

    async fn get_functions(
        &self,
        _: Request<tf::GetFunctionsRequest>,
    ) -> Answer<tf::GetFunctionsResponse> {
        Ok(Response::new(self.catalogue.function_schemas()))
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<tf::GetResourceIdentitySchemasRequest>,
    ) -> Answer<tf::GetResourceIdentitySchemasResponse> {
        Ok(Response::new(self.catalogue.identity_schemas()))
    }

    async fn validate_provider_config(
        &self,
        request: Request<tf::ValidateProviderConfigRequest>,
    ) -> Answer<tf::ValidateProviderConfigResponse> {
        let request = request.into_inner();
        self.run("ValidateProviderConfig", "", |catalogue| {
            others::validate_provider(catalogue, request)
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<tf::ConfigureProviderRequest>,
    ) -> Answer<tf::ConfigureProviderResponse> {
        if self.many_runs {
            stop::renew();
        }
        let request = request.into_inner();
        self.run("ConfigureProvider", "", |catalogue| {
            others::configure_provider(catalogue, request)
        })
        .await
    }

    /// Answers at once: Terraform goes on waiting for the calls themselves.
    async fn stop_provider(
        &self,
        _: Request<tf::StopProviderRequest>,
    ) -> Answer<tf::StopProviderResponse> {
        tracing::info!("Terraform asks to stop");
        stop::stop();
        Ok(Response::new(tf::StopProviderResponse::default()))
    }

    call!(validate_resource_config, "ValidateResourceConfig", type_name,
        tf::ValidateConfigRequest => tf::ValidateConfigResponse, resources::validate);
    call!(upgrade_resource_state, "UpgradeResourceState", type_name,
        tf::UpgradeResourceStateRequest => tf::UpgradeResourceStateResponse, resources::upgrade);
    call!(upgrade_resource_identity, "UpgradeResourceIdentity", type_name,
        tf::UpgradeResourceIdentityRequest => tf::UpgradeResourceIdentityResponse,
        resources::upgrade_identity);
    call!(read_resource, "ReadResource", type_name,
        tf::ReadResourceRequest => tf::ReadResourceResponse, resources::read);
    call!(plan_resource_change, "PlanResourceChange", type_name,
        tf::PlanResourceChangeRequest => tf::PlanResourceChangeResponse, plan::plan);
    call!(apply_resource_change, "ApplyResourceChange", type_name,
        tf::ApplyResourceChangeRequest => tf::ApplyResourceChangeResponse, apply::apply);
    call!(import_resource_state, "ImportResourceState", type_name,
        tf::ImportResourceStateRequest => tf::ImportResourceStateResponse, resources::import);
    call!(move_resource_state, "MoveResourceState", target_type_name,
        tf::MoveResourceStateRequest => tf::MoveResourceStateResponse, resources::move_state);

    call!(validate_data_resource_config, "ValidateDataResourceConfig", type_name,
        tf::ValidateConfigRequest => tf::ValidateConfigResponse, others::validate_data_source);
    call!(read_data_source, "ReadDataSource", type_name,
        tf::ReadDataSourceRequest => tf::ReadDataSourceResponse, others::read_data_source);

    call!(validate_ephemeral_resource_config, "ValidateEphemeralResourceConfig", type_name,
        tf::ValidateConfigRequest => tf::ValidateConfigResponse, others::validate_ephemeral);
    call!(open_ephemeral_resource, "OpenEphemeralResource", type_name,
        tf::OpenEphemeralResourceRequest => tf::OpenEphemeralResourceResponse,
        others::open_ephemeral);
    call!(renew_ephemeral_resource, "RenewEphemeralResource", type_name,
        tf::RenewEphemeralResourceRequest => tf::RenewEphemeralResourceResponse,
        others::renew_ephemeral);
    call!(close_ephemeral_resource, "CloseEphemeralResource", type_name,
        tf::CloseEphemeralResourceRequest => tf::CloseEphemeralResourceResponse,
        others::close_ephemeral);

    call!(call_function, "CallFunction", name,
        tf::CallFunctionRequest => tf::CallFunctionResponse, others::call_function);
}
