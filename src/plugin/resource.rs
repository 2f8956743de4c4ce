//! Resources: the erased form of tf-provider's `Resource`, and [`Extra`] for
//! what that trait cannot say.

use std::sync::Arc;

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::{AttributePath, Diagnostics, Resource};

use super::diagnostics::refuse;
use super::{IdentitySchema, RawValue};

/// A resource as it is served: the typed implementation and its extras.
#[derive(Clone)]
pub struct ServedResource {
    /// What plans and applies.
    pub resource: Arc<dyn DynamicResource>,
    /// What tf-provider's trait cannot say; [`NoExtra`] where it need not.
    pub extra: Arc<dyn Extra>,
}

impl ServedResource {
    /// A resource that needs no extras.
    pub fn new(resource: impl DynamicResource + 'static) -> Self {
        Self {
            resource: Arc::new(resource),
            extra: Arc::new(NoExtra),
        }
    }

    /// A resource whose type also implements [`Extra`].
    pub fn with_extra(resource: impl DynamicResource + Extra + 'static) -> Self {
        let resource = Arc::new(resource);
        Self {
            resource: resource.clone(),
            extra: resource,
        }
    }
}

/// What a destroy left behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remainder {
    /// Not decided here: tf-provider's `Resource::destroy` is called.
    AskResource,
    /// All gone.
    Nothing,
    /// This is still there: the new state and private state. Terraform keeps it
    /// only together with an error, so one is added where `diags` has none.
    State(RawValue, Vec<u8>),
}

/// The object a `moved` block moves here, as its former provider stored it.
#[derive(Clone, Debug)]
pub struct MoveSource {
    /// Such as `registry.terraform.io/hashicorp/aws`.
    pub provider_address: String,
    /// The resource type it had.
    pub type_name: String,
    /// The version of the schema `state` was written with.
    pub schema_version: i64,
    /// Its state.
    pub state: serde_json::Value,
    /// Its private state, in a form only its provider knows.
    pub private: Vec<u8>,
}

/// What tf-provider's `Resource` cannot say. Every method has a default.
#[async_trait]
pub trait Extra: Send + Sync {
    /// Destroys, and may return what remains.
    ///
    /// On a replacement `planned_private` is the private state of the *new*
    /// plan: a destroy must be able to do with `prior_state` alone. `None` means
    /// that it failed; Terraform then keeps the object as it was.
    async fn destroy(
        &self,
        diags: &mut Diagnostics,
        prior_state: RawValue,
        planned_private: Vec<u8>,
        meta: RawValue,
    ) -> Option<Remainder> {
        _ = (diags, prior_state, planned_private, meta);
        Some(Remainder::AskResource)
    }

    /// Brings a state of an older schema version to the current one.
    ///
    /// A state of the current version does not come here. Attributes the schema
    /// does not have are dropped from a [`RawValue::Json`] result.
    async fn upgrade(
        &self,
        diags: &mut Diagnostics,
        version: i64,
        prior: serde_json::Value,
    ) -> Option<RawValue> {
        _ = prior;
        refuse(
            diags,
            "State of an older schema version",
            format!(
                "The state was written with schema version {version}, which this version of \
                 the provider cannot upgrade. Apply once with the last version that could, \
                 then come back to this one."
            ),
        );
        None
    }

    /// Takes over an object of another resource type: state and private state.
    async fn move_from(
        &self,
        diags: &mut Diagnostics,
        source: MoveSource,
    ) -> Option<(RawValue, Vec<u8>)> {
        refuse(
            diags,
            "Resource cannot be moved",
            format!(
                "An object of type {} cannot become one of this type. Remove the moved block; \
                 import the object under its new type instead.",
                source.type_name
            ),
        );
        None
    }

    /// Attributes that are only ever written: in the configuration, and never in
    /// plan or state. Attribute names from the root; elements of nested lists,
    /// sets and maps need no step of their own.
    fn write_only(&self) -> Vec<AttributePath> {
        Vec::new()
    }

    /// Attributes whose change always replaces the object, beside those that
    /// `plan_update` returns. Attribute names from the root, no elements.
    fn requires_replace(&self) -> Vec<AttributePath> {
        Vec::new()
    }

    /// What identifies the object for ever (Terraform 1.12 and later).
    fn identity_schema(&self) -> Option<IdentitySchema> {
        None
    }

    /// The identity of an object, once its state has it.
    fn identity(&self, state: &RawValue) -> Option<RawValue> {
        _ = state;
        None
    }

    /// Imports by identity instead of by id.
    async fn import_identity(
        &self,
        diags: &mut Diagnostics,
        identity: RawValue,
    ) -> Option<(RawValue, Vec<u8>)> {
        _ = identity;
        refuse(
            diags,
            "Import by identity is not supported",
            "Import the resource by its id.",
        );
        None
    }
}

/// All of [`Extra`]'s defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExtra;

impl Extra for NoExtra {}

/// tf-provider's `Resource` with its types erased.
///
/// Every `Resource` is one. It can also be implemented by hand, by something
/// that wants its values untyped. The meaning of each method, of `None` and of
/// errors in `diags` is that of the method of the same name there, with two
/// exceptions: `destroy` returning `None` is a failure, and there is no `upgrade`
/// (see [`Extra::upgrade`]).
#[async_trait]
#[allow(missing_docs)]
pub trait DynamicResource: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()>;

    async fn read(
        &self,
        diags: &mut Diagnostics,
        state: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)>;

    async fn plan_create(
        &self,
        diags: &mut Diagnostics,
        proposed: RawValue,
        config: RawValue,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)>;

    async fn plan_update(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        proposed: RawValue,
        config: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>, Vec<AttributePath>)>;

    async fn plan_destroy(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<Vec<u8>>;

    async fn create(
        &self,
        diags: &mut Diagnostics,
        planned: RawValue,
        config: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)>;

    async fn update(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        planned: RawValue,
        config: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)>;

    async fn destroy(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<()>;

    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<(RawValue, Vec<u8>)>;
}

#[async_trait]
impl<T: Resource> DynamicResource for T {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        Resource::schema(self, diags)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: RawValue) -> Option<()> {
        let config = config.deserialize(diags)?;
        Resource::validate(self, diags, config).await
    }

    async fn read(
        &self,
        diags: &mut Diagnostics,
        state: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)> {
        let private = RawValue::MessagePack(private);
        let state = state.deserialize(diags)?;
        let private = private.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let (state, private) = Resource::read(self, diags, state, private, meta).await?;
        encoded(diags, &state, &private)
    }

    async fn plan_create(
        &self,
        diags: &mut Diagnostics,
        proposed: RawValue,
        config: RawValue,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)> {
        let proposed = proposed.deserialize(diags)?;
        let config = config.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let (state, private) = Resource::plan_create(self, diags, proposed, config, meta).await?;
        encoded(diags, &state, &private)
    }

    async fn plan_update(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        proposed: RawValue,
        config: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>, Vec<AttributePath>)> {
        let private = RawValue::MessagePack(private);
        let prior = prior.deserialize(diags)?;
        let proposed = proposed.deserialize(diags)?;
        let config = config.deserialize(diags)?;
        let private = private.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let (state, private, replace) =
            Resource::plan_update(self, diags, prior, proposed, config, private, meta).await?;
        let (state, private) = encoded(diags, &state, &private)?;
        Some((state, private, replace))
    }

    async fn plan_destroy(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<Vec<u8>> {
        let private = RawValue::MessagePack(private);
        let prior = prior.deserialize(diags)?;
        let private = private.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let private = Resource::plan_destroy(self, diags, prior, private, meta).await?;
        RawValue::serialize_vec(diags, &private)
    }

    async fn create(
        &self,
        diags: &mut Diagnostics,
        planned: RawValue,
        config: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)> {
        let private = RawValue::MessagePack(private);
        let planned = planned.deserialize(diags)?;
        let config = config.deserialize(diags)?;
        let private = private.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let (state, private) =
            Resource::create(self, diags, planned, config, private, meta).await?;
        encoded(diags, &state, &private)
    }

    async fn update(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        planned: RawValue,
        config: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<(RawValue, Vec<u8>)> {
        let private = RawValue::MessagePack(private);
        let prior = prior.deserialize(diags)?;
        let planned = planned.deserialize(diags)?;
        let config = config.deserialize(diags)?;
        let private = private.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        let (state, private) =
            Resource::update(self, diags, prior, planned, config, private, meta).await?;
        encoded(diags, &state, &private)
    }

    async fn destroy(
        &self,
        diags: &mut Diagnostics,
        prior: RawValue,
        private: Vec<u8>,
        meta: RawValue,
    ) -> Option<()> {
        let private = RawValue::MessagePack(private);
        let prior = prior.deserialize(diags)?;
        let private = private.deserialize(diags)?;
        let meta = meta.deserialize(diags)?;
        Resource::destroy(self, diags, prior, private, meta).await
    }

    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<(RawValue, Vec<u8>)> {
        let (state, private) = Resource::import(self, diags, id).await?;
        encoded(diags, &state, &private)
    }
}

fn encoded(
    diags: &mut Diagnostics,
    state: &impl serde::Serialize,
    private: &impl serde::Serialize,
) -> Option<(RawValue, Vec<u8>)> {
    let state = RawValue::serialize(diags, state)?;
    let private = RawValue::serialize_vec(diags, private)?;
    Some((state, private))
}
