//! go-plugin's own services: the order to end, and two streams that Terraform
//! opens and that stay silent.

use std::pin::Pin;

use futures::stream::{self, Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::proto::goplugin::{
    Connection, Nothing, Output, grpc_broker_server::GrpcBroker,
    grpc_controller_server::GrpcController, grpc_stdio_server::GrpcStdio,
};

/// The name go-plugin asks the health service about.
pub(super) const SERVICE: &str = "plugin";

/// All three, ended by one token.
#[derive(Clone)]
pub(super) struct Housekeeping {
    pub(super) shutdown: CancellationToken,
}

type Silent<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Housekeeping {
    /// Says nothing until the process is to end. A stream that ended at once
    /// would be logged by Terraform as an error.
    fn silent<T: Send + 'static>(&self) -> Silent<T> {
        Box::pin(stream::pending().take_until(self.shutdown.clone().cancelled_owned()))
    }
}

#[tonic::async_trait]
impl GrpcController for Housekeeping {
    async fn shutdown(&self, _: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        tracing::debug!("Terraform asks this process to end");
        self.shutdown.cancel();
        Ok(Response::new(Nothing {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Housekeeping {
    type StreamStdioStream = Silent<Output>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Silent<Output>>, Status> {
        Ok(Response::new(self.silent()))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Housekeeping {
    type StartStreamStream = Silent<Connection>;

    async fn start_stream(
        &self,
        _: Request<Streaming<Connection>>,
    ) -> Result<Response<Silent<Connection>>, Status> {
        Ok(Response::new(self.silent()))
    }
}
