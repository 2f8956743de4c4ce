//! Between the engine's handlers, which take JSON, and ours, which take typed
//! properties: each resource type says its properties once, as a serde type
//! spelled like CloudFormation's, and one adapter does the rest. So no
//! handler can accept a misspelled property, and desired and live properties
//! always have one shape.

use super::clients::Clients;
use super::context::AwsContext;
use super::error::not_yet;
use crate::engine::{
    Context, Coupling, ErrorKind, Found, Handler, HandlerError, Live, Physical, Replacement,
};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

pub(super) type Outcome<T> = Result<T, HandlerError>;

/// One CloudFormation resource type. The promises of each method (what holds
/// when it is interrupted, which errors it returns) are those of the engine's
/// `Handler`; a type's own docs say only what is special about it.
#[async_trait]
pub(super) trait ResourceType: Send + Sync + 'static {
    const TYPE: &'static str;
    /// CloudFormation's `createOnlyProperties`.
    const CREATE_ONLY: &'static [&'static str];
    const REPLACEMENT: Replacement = Replacement::CreateFirst;
    const COUPLING: Coupling = Coupling::Ready;
    const HOLDS_DATA: bool = false;
    /// See `Handler::found_by`.
    const FOUND_BY: Option<&'static [&'static str]> = None;
    /// Properties whose value AWS chooses when nobody says one: then they are
    /// not read either.
    const AWS_CHOSEN: &'static [&'static str] = &[];

    /// The properties, spelled as CloudFormation documents them, with
    /// unknown ones refused.
    type Properties: Serialize + DeserializeOwned + Send + Sync;

    /// Fills defaults, sorts sets, puts policies in canonical form.
    /// Idempotent. An error is a sentence that begins with the property.
    fn normalise(&self, properties: &mut Self::Properties, partition: &str) -> Result<(), String>;

    /// Refuses what AWS would, or what this type cannot make. Asked of what is
    /// wanted, never of what is there: somebody else may have made that.
    fn check(&self, _desired: &Self::Properties) -> Result<(), String> {
        Ok(())
    }

    /// Only the call that makes the thing, with our tags in it.
    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &Self::Properties,
    ) -> Outcome<Physical>;

    /// What the creating call cannot carry. NotFound means "not yet" here.
    async fn configure(
        &self,
        _cx: &Context<'_>,
        _clients: &Clients,
        _identifier: &str,
        _desired: &Self::Properties,
    ) -> Outcome<()> {
        Ok(())
    }

    /// Waits until usable. NotFound means "not yet" here.
    async fn ready(&self, _cx: &Context<'_>, _clients: &Clients, _identifier: &str) -> Outcome<()> {
        Ok(())
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&Self::Properties>,
    ) -> Outcome<Option<(Physical, Self::Properties)>>;

    async fn update(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &Self::Properties,
        desired: &Self::Properties,
    ) -> Outcome<Physical>;

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()>;

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &Self::Properties,
    ) -> Outcome<Found>;
}

/// A resource type as the engine sees it. Each call passes the account check
/// of the context before it gets a client.
pub(super) struct Typed<T> {
    context: Arc<AwsContext>,
    resource: T,
}

impl<T: ResourceType> Typed<T> {
    pub fn handler(context: &Arc<AwsContext>, resource: T) -> Arc<dyn Handler> {
        Arc::new(Self {
            context: Arc::clone(context),
            resource,
        })
    }

    /// What is wanted.
    fn parse(&self, properties: &Value) -> Result<T::Properties, String> {
        let typed = self.parse_unchecked(properties)?;
        self.resource.check(&typed)?;
        Ok(typed)
    }

    fn parse_unchecked(&self, properties: &Value) -> Result<T::Properties, String> {
        let mut typed: T::Properties =
            serde_path_to_error::deserialize(properties).map_err(|error| {
                match error.path().iter().next() {
                    Some(_) => format!("{}: {}", error.path(), error.inner()),
                    None => error.inner().to_string(),
                }
            })?;
        self.resource
            .normalise(&mut typed, self.context.partition_hint())?;
        Ok(typed)
    }

    fn typed(&self, operation: &str, properties: &Value) -> Outcome<T::Properties> {
        self.parse(properties)
            .map_err(|problem| Self::invalid(operation, problem))
    }

    fn invalid(operation: &str, problem: String) -> HandlerError {
        let operation = format!("{}:{operation}", T::TYPE);
        HandlerError::ours(ErrorKind::Invalid, &operation, problem)
    }

    /// Live properties, normalised, without those that AWS chose itself.
    fn live(&self, live: T::Properties, applied: Option<&Value>) -> Result<Value, String> {
        let mut live = live;
        self.resource
            .normalise(&mut live, self.context.partition_hint())?;
        let mut live = serde_json::to_value(live).map_err(|error| error.to_string())?;
        if let (Some(fields), Some(applied)) = (live.as_object_mut(), applied) {
            fields.retain(|name, _| {
                !T::AWS_CHOSEN.contains(&name.as_str()) || applied.get(name).is_some()
            });
        }
        Ok(live)
    }
}

#[async_trait]
impl<T: ResourceType> Handler for Typed<T> {
    fn type_name(&self) -> &'static str {
        T::TYPE
    }

    fn create_only(&self) -> &'static [&'static str] {
        T::CREATE_ONLY
    }

    fn replacement(&self) -> Replacement {
        T::REPLACEMENT
    }

    fn coupling(&self) -> Coupling {
        T::COUPLING
    }

    fn holds_data(&self) -> bool {
        T::HOLDS_DATA
    }

    fn found_by(&self) -> Option<&'static [&'static str]> {
        T::FOUND_BY
    }

    fn normalise(&self, properties: &Value) -> Result<Value, String> {
        let typed = self.parse(properties)?;
        serde_json::to_value(typed).map_err(|error| error.to_string())
    }

    async fn create(&self, cx: &Context<'_>, desired: &Value) -> Outcome<Physical> {
        let desired = self.typed("create", desired)?;
        let clients = self.context.ready().await?;
        self.resource.create(cx, &clients, &desired).await
    }

    async fn configure(&self, cx: &Context<'_>, identifier: &str, desired: &Value) -> Outcome<()> {
        let desired = self.typed("configure", desired)?;
        let clients = self.context.ready().await?;
        let configured = self.resource.configure(cx, &clients, identifier, &desired);
        configured.await.map_err(not_yet)
    }

    async fn ready(&self, cx: &Context<'_>, identifier: &str) -> Outcome<()> {
        let clients = self.context.ready().await?;
        let ready = self.resource.ready(cx, &clients, identifier);
        ready.await.map_err(not_yet)
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        applied: Option<&Value>,
    ) -> Outcome<Option<Live>> {
        let clients = self.context.ready().await?;
        let said = applied.and_then(|value| self.parse(value).ok());
        let read = self.resource.read(cx, &clients, identifier, said.as_ref());
        let Some((physical, live)) = read.await? else {
            return Ok(None);
        };
        let properties = self.live(live, applied).map_err(|problem| {
            HandlerError::ours(
                ErrorKind::Other,
                &format!("{}:read", T::TYPE),
                format!("AWS answered what cannot be understood: {problem}"),
            )
        })?;
        Ok(Some(Live {
            physical,
            properties,
        }))
    }

    async fn update(
        &self,
        cx: &Context<'_>,
        identifier: &str,
        current: &Value,
        desired: &Value,
    ) -> Outcome<Physical> {
        let current = self
            .parse_unchecked(current)
            .map_err(|problem| Self::invalid("update", problem))?;
        let desired = self.typed("update", desired)?;
        let clients = self.context.ready().await?;
        self.resource
            .update(cx, &clients, identifier, &current, &desired)
            .await
    }

    async fn delete(&self, cx: &Context<'_>, identifier: &str) -> Outcome<()> {
        let clients = self.context.ready().await?;
        self.resource.delete(cx, &clients, identifier).await
    }

    async fn find(&self, cx: &Context<'_>, desired: &Value) -> Outcome<Found> {
        let desired = self.typed("find", desired)?;
        let clients = self.context.ready().await?;
        self.resource.find(cx, &clients, &desired).await
    }
}

/// A `Physical` from its parts.
pub(super) fn physical<const N: usize>(
    identifier: &str,
    reference: &str,
    attributes: [(&str, String); N],
) -> Physical {
    let attributes = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    Physical {
        identifier: identifier.to_owned(),
        reference: reference.to_owned(),
        attributes,
    }
}
