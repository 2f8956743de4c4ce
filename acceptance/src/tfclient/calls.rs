//! The calls that need no memory: everything but planning and applying.

use serde_json::Value;
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;

use super::process::Provider;
use super::resource::Resource;
use super::schema::{Object, Schemas};
use super::value::{decode, encode};
use super::{Diagnostics, Error};

impl Provider {
    /// The schemas as they came, for tests of the schemas themselves.
    pub async fn schema(&self) -> Result<tf::GetProviderSchemaResponse, Error> {
        let request = tf::GetProviderSchemaRequest {};
        let mut client = self.client.clone();
        Ok(client.get_provider_schema(request).await?.into_inner())
    }

    pub(super) async fn schemas(&self) -> Result<&Schemas, Error> {
        let fetch = async {
            let response = self.schema().await?;
            Diagnostics::from_wire(response.diagnostics.clone()).ok()?;
            Schemas::new(response)
        };
        self.schemas.get_or_try_init(|| fetch).await
    }

    pub(super) async fn resource_schema(&self, name: &str) -> Result<&(i64, Object), Error> {
        let schemas = self.schemas().await?;
        let schema = schemas.resources.get(name);
        schema.ok_or_else(|| Error::Missing(format!("resource {name}")))
    }

    pub(super) fn capabilities(&self) -> Option<tf::ClientCapabilities> {
        Some(tf::ClientCapabilities {
            deferral_allowed: false,
            write_only_attributes_allowed: self.write_only,
        })
    }

    /// Sends the provider block: validation, then configuration.
    pub async fn configure(&self, config: Value) -> Result<Diagnostics, Error> {
        let config = self
            .schemas()
            .await?
            .provider
            .complete(&config, "provider")?;
        let mut client = self.client.clone();
        let request = tf::ValidateProviderConfigRequest {
            config: Some(encode(&config)?),
        };
        let validated = client.validate_provider_config(request).await?.into_inner();
        let mut diagnostics = Diagnostics::from_wire(validated.diagnostics).ok()?;
        let request = tf::ConfigureProviderRequest {
            terraform_version: "1.11.4".to_owned(),
            config: Some(encode(&config)?),
            client_capabilities: self.capabilities(),
        };
        let configured = client.configure_provider(request).await?.into_inner();
        diagnostics.extend(Diagnostics::from_wire(configured.diagnostics).ok()?);
        Ok(diagnostics)
    }

    /// Validates the configuration of a resource.
    pub async fn validate(&self, name: &str, config: Value) -> Result<Diagnostics, Error> {
        let (_, schema) = self.resource_schema(name).await?;
        let request = tf::ValidateConfigRequest {
            type_name: name.to_owned(),
            config: Some(encode(&schema.complete(&config, name)?)?),
            client_capabilities: self.capabilities(),
        };
        let mut client = self.client.clone();
        let response = client.validate_resource_config(request).await?.into_inner();
        Ok(Diagnostics::from_wire(response.diagnostics))
    }

    /// Imports an object. Terraform reads it next: see [`Resource::read`].
    pub async fn import(&self, name: &str, id: &str) -> Result<(Resource, Diagnostics), Error> {
        let request = tf::ImportResourceStateRequest {
            type_name: name.to_owned(),
            id: id.to_owned(),
            client_capabilities: self.capabilities(),
            identity: None,
        };
        let mut client = self.client.clone();
        let response = client.import_resource_state(request).await?.into_inner();
        let diagnostics = Diagnostics::from_wire(response.diagnostics).ok()?;
        let imported = response.imported_resources.into_iter().next();
        let imported = imported.ok_or_else(|| Error::Missing(format!("{name} {id}")))?;
        let mut resource = Resource::new(&imported.type_name);
        let (_, schema) = self.resource_schema(&imported.type_name).await?;
        resource.state = schema.canonical(decode(imported.state)?);
        resource.private = imported.private;
        Ok((resource, diagnostics))
    }

    /// Brings a stored state of some schema version to today's.
    pub async fn upgrade(&self, name: &str, version: i64, state: &Value) -> Result<Value, Error> {
        let request = tf::UpgradeResourceStateRequest {
            type_name: name.to_owned(),
            version,
            raw_state: Some(tf::RawState {
                json: state.to_string().into_bytes(),
                ..Default::default()
            }),
        };
        let mut client = self.client.clone();
        let response = client.upgrade_resource_state(request).await?.into_inner();
        Diagnostics::from_wire(response.diagnostics).ok()?;
        decode(response.upgraded_state)
    }

    /// Validates and reads a data source.
    pub async fn read_data_source(
        &self,
        name: &str,
        config: Value,
    ) -> Result<(Value, Diagnostics), Error> {
        let schemas = self.schemas().await?;
        let schema = schemas.data_sources.get(name);
        let (_, schema) = schema.ok_or_else(|| Error::Missing(format!("data source {name}")))?;
        let config = encode(&schema.complete(&config, name)?)?;
        let mut client = self.client.clone();
        let request = tf::ValidateConfigRequest {
            type_name: name.to_owned(),
            config: Some(config.clone()),
            client_capabilities: None,
        };
        let validated = client
            .validate_data_resource_config(request)
            .await?
            .into_inner();
        let mut diagnostics = Diagnostics::from_wire(validated.diagnostics).ok()?;
        let request = tf::ReadDataSourceRequest {
            type_name: name.to_owned(),
            config: Some(config),
            client_capabilities: self.capabilities(),
            provider_meta: Some(encode(&Value::Null)?),
        };
        let response = client.read_data_source(request).await?.into_inner();
        diagnostics.extend(Diagnostics::from_wire(response.diagnostics).ok()?);
        let state = schema.canonical(decode(response.state)?);
        Ok((state, diagnostics))
    }

    /// Calls a function; its error is the text it gave and the argument blamed.
    pub async fn call_function(
        &self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Result<Value, (String, Option<i64>)>, Error> {
        let arguments = arguments.iter().map(encode);
        let request = tf::CallFunctionRequest {
            name: name.to_owned(),
            arguments: arguments.collect::<Result<_, _>>()?,
        };
        let mut client = self.client.clone();
        let response = client.call_function(request).await?.into_inner();
        match response.error {
            Some(error) => Ok(Err((error.text, error.function_argument))),
            None => Ok(Ok(decode(response.result)?)),
        }
    }

    /// Opens an ephemeral resource and closes it again; returns its value.
    pub async fn ephemeral(&self, name: &str, config: Value) -> Result<Value, Error> {
        let schemas = self.schemas().await?;
        let schema = schemas.ephemeral.get(name);
        let (_, schema) = schema.ok_or_else(|| Error::Missing(format!("ephemeral {name}")))?;
        let mut client = self.client.clone();
        let request = tf::OpenEphemeralResourceRequest {
            type_name: name.to_owned(),
            config: Some(encode(&schema.complete(&config, name)?)?),
            client_capabilities: self.capabilities(),
        };
        let opened = client.open_ephemeral_resource(request).await?.into_inner();
        Diagnostics::from_wire(opened.diagnostics).ok()?;
        let request = tf::CloseEphemeralResourceRequest {
            type_name: name.to_owned(),
            private: opened.private,
        };
        let closed = client.close_ephemeral_resource(request).await?.into_inner();
        Diagnostics::from_wire(closed.diagnostics).ok()?;
        decode(opened.result)
    }

    /// StopProvider: asks the calls under way to stop.
    pub async fn stop(&self) -> Result<(), Error> {
        let mut client = self.client.clone();
        client.stop_provider(tf::StopProviderRequest {}).await?;
        Ok(())
    }

    /// The stub itself, for calls and values this client has no method for.
    pub fn raw(&self) -> tf::provider_client::ProviderClient<tonic::transport::Channel> {
        self.client.clone()
    }
}
