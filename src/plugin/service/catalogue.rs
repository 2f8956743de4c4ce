//! What the provider offers, asked for once when the process starts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rmpv::Value;
use tf_provider::schema::{FunctionSchema, Schema};
use tf_provider::{AttributePath, Diagnostics};

use crate::plugin::diagnostics::{self, refuse};
use crate::plugin::paths::{self, Names, Route};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::value::{received, received_as};
use crate::plugin::{
    DynamicDataSource, DynamicFunction, EphemeralResource, IdentitySchema, RawValue,
    ServedProvider, ServedResource, schema,
};

/// Everything that can be called by name.
pub(super) struct Catalogue {
    pub(super) provider: Arc<dyn ServedProvider>,
    schema: Option<Schema>,
    meta_schema: Option<Schema>,
    resources: BTreeMap<String, Kind>,
    data_sources: BTreeMap<String, (Arc<dyn DynamicDataSource>, Schema)>,
    functions: BTreeMap<String, (Arc<dyn DynamicFunction>, FunctionSchema)>,
    ephemeral: BTreeMap<String, (Arc<dyn EphemeralResource>, Schema)>,
    /// What went wrong while asking, told to Terraform with the schemas.
    problems: Diagnostics,
}

/// One type of resource.
pub(super) struct Kind {
    pub(super) served: ServedResource,
    pub(super) schema: Schema,
    write_only_names: Vec<Names>,
    pub(super) write_only: Vec<Route>,
    pub(super) requires_replace: Vec<(AttributePath, Route)>,
    pub(super) identity: Option<IdentitySchema>,
}

impl Catalogue {
    pub(super) fn new(provider: Arc<dyn ServedProvider>) -> Self {
        let mut problems = Diagnostics::default();
        let diags = &mut problems;
        let schema = asked(diags, "the provider", |diags| provider.schema(diags));
        let meta_schema = asked(diags, "provider_meta", |diags| provider.meta_schema(diags));
        let resources = listed(diags, "resources", || provider.resources())
            .into_iter()
            .filter_map(|(name, served)| {
                let kind = asked(diags, &name, |diags| Kind::new(diags, &name, served))?;
                Some((name, kind))
            })
            .collect();
        let data_sources = listed(diags, "data sources", || provider.data_sources())
            .into_iter()
            .filter_map(|(name, source)| {
                let schema = asked(diags, &name, |diags| source.schema(diags))?;
                Some((name, (source, schema)))
            })
            .collect();
        let functions = listed(diags, "functions", || provider.functions())
            .into_iter()
            .filter_map(|(name, function)| {
                let schema = asked(diags, &name, |diags| function.schema(diags))?;
                Some((name, (function, schema)))
            })
            .collect();
        let ephemeral = listed(diags, "ephemeral resources", || {
            provider.ephemeral_resources()
        })
        .into_iter()
        .filter_map(|(name, resource)| {
            let schema = asked(diags, &name, |diags| resource.schema(diags))?;
            Some((name, (resource, schema)))
        })
        .collect();
        Self {
            provider,
            schema,
            meta_schema,
            resources,
            data_sources,
            functions,
            ephemeral,
            problems,
        }
    }

    pub(super) fn resource(&self, diags: &mut Diagnostics, name: &str) -> Option<&Kind> {
        found(diags, "resource", name, self.resources.get(name))
    }

    pub(super) fn data_source(
        &self,
        diags: &mut Diagnostics,
        name: &str,
    ) -> Option<&(Arc<dyn DynamicDataSource>, Schema)> {
        found(diags, "data source", name, self.data_sources.get(name))
    }

    pub(super) fn function(
        &self,
        diags: &mut Diagnostics,
        name: &str,
    ) -> Option<&(Arc<dyn DynamicFunction>, FunctionSchema)> {
        found(diags, "function", name, self.functions.get(name))
    }

    pub(super) fn ephemeral(
        &self,
        diags: &mut Diagnostics,
        name: &str,
    ) -> Option<&(Arc<dyn EphemeralResource>, Schema)> {
        found(diags, "ephemeral resource", name, self.ephemeral.get(name))
    }

    /// The provider block from Terraform.
    pub(super) fn provider_block(&self, value: Option<tf::DynamicValue>) -> RawValue {
        match &self.schema {
            Some(schema) => received_as(value, &schema.block),
            None => received(value),
        }
    }

    pub(super) fn metadata(&self) -> tf::GetMetadataResponse {
        use tf::get_metadata_response::{FunctionName, TypeName};
        fn types<'a>(names: impl Iterator<Item = &'a String>) -> Vec<TypeName> {
            let types = names.cloned().map(|type_name| TypeName { type_name });
            types.collect()
        }
        let functions = self.functions.keys().cloned();
        tf::GetMetadataResponse {
            server_capabilities: Some(capabilities()),
            diagnostics: diagnostics::to_wire(self.problems.clone()),
            data_sources: types(self.data_sources.keys()),
            resources: types(self.resources.keys()),
            functions: functions.map(|name| FunctionName { name }).collect(),
            ephemeral_resources: types(self.ephemeral.keys()),
        }
    }

    pub(super) fn schemas(&self) -> tf::GetProviderSchemaResponse {
        let plain = |schema: &Schema| schema::to_wire(schema, &[]);
        let resources = self.resources.iter().map(|(name, kind)| {
            let schema = schema::to_wire(&kind.schema, &kind.write_only_names);
            (name.clone(), schema)
        });
        let sources = self.data_sources.iter();
        let ephemeral = self.ephemeral.iter();
        tf::GetProviderSchemaResponse {
            provider: self.schema.as_ref().map(plain),
            resource_schemas: resources.collect(),
            data_source_schemas: sources
                .map(|(name, (_, schema))| (name.clone(), plain(schema)))
                .collect(),
            diagnostics: diagnostics::to_wire(self.problems.clone()),
            provider_meta: self.meta_schema.as_ref().map(plain),
            server_capabilities: Some(capabilities()),
            functions: self.function_schemas().functions,
            ephemeral_resource_schemas: ephemeral
                .map(|(name, (_, schema))| (name.clone(), plain(schema)))
                .collect(),
        }
    }

    pub(super) fn function_schemas(&self) -> tf::GetFunctionsResponse {
        let functions = self.functions.iter();
        tf::GetFunctionsResponse {
            functions: functions
                .map(|(name, (_, schema))| (name.clone(), schema::function_to_wire(schema)))
                .collect(),
            diagnostics: diagnostics::to_wire(self.problems.clone()),
        }
    }

    pub(super) fn identity_schemas(&self) -> tf::GetResourceIdentitySchemasResponse {
        let identities = self.resources.iter().filter_map(|(name, kind)| {
            let identity = kind.identity.as_ref()?;
            Some((name.clone(), identity.to_wire()))
        });
        tf::GetResourceIdentitySchemasResponse {
            identity_schemas: identities.collect(),
            diagnostics: Vec::new(),
        }
    }
}

impl Kind {
    fn new(diags: &mut Diagnostics, name: &str, served: ServedResource) -> Option<Self> {
        let schema = served.resource.schema(diags)?;
        let mut route = |names: &Names| {
            let route = Route::new(&schema.block, names);
            if route.is_none() {
                refuse(
                    diags,
                    "Invalid provider",
                    format!("{name} has no attribute {}.", names.join(".")),
                );
            }
            route
        };
        let paths = served.extra.write_only();
        let write_only_names: Vec<Names> = paths.iter().map(paths::names).collect();
        let write_only = write_only_names.iter().filter_map(&mut route).collect();
        let requires_replace = served.extra.requires_replace().into_iter();
        let requires_replace = requires_replace
            .filter_map(|path| {
                let route = route(&paths::names(&path))?;
                Some((path, route))
            })
            .collect();
        Some(Self {
            identity: served.extra.identity_schema(),
            served,
            schema,
            write_only_names,
            write_only,
            requires_replace,
        })
    }

    /// A value of this type from Terraform.
    pub(super) fn received(&self, value: Option<tf::DynamicValue>) -> RawValue {
        received_as(value, &self.schema.block)
    }

    /// The value without what must never be stored.
    pub(super) fn without_write_only(&self, value: RawValue) -> RawValue {
        if self.write_only.is_empty() || value.is_null() {
            return value;
        }
        let Ok(mut tree) = value.to_tree() else {
            return value;
        };
        match self.clear_write_only(&mut tree) {
            true => RawValue::from_tree(&tree),
            false => value,
        }
    }

    /// Says whether there was anything to clear.
    pub(super) fn clear_write_only(&self, tree: &mut Value) -> bool {
        let mut changed = false;
        for route in &self.write_only {
            route.visit(tree, &mut |value, _| {
                changed |= !value.is_nil();
                *value = Value::Nil;
            });
        }
        changed
    }

    pub(super) fn identity_of(&self, state: &RawValue) -> Option<tf::IdentityData> {
        if self.identity.is_none() || state.is_null() {
            return None;
        }
        let identity = self.served.extra.identity(state)?;
        Some(tf::IdentityData {
            identity_data: Some(identity.into()),
        })
    }
}

fn capabilities() -> tf::ServerCapabilities {
    tf::ServerCapabilities {
        plan_destroy: true,
        // Terraform 1.11 keeps the schemas it has read for all instances of a
        // provider when this is set, which gains nothing for one resource type.
        get_provider_schema_optional: false,
        move_resource_state: true,
    }
}

/// Something the provider is asked for at the start. A panic there must not
/// keep the process from saying what is wrong.
fn asked<T>(
    diags: &mut Diagnostics,
    of: &str,
    ask: impl FnOnce(&mut Diagnostics) -> Option<T>,
) -> Option<T> {
    let before = diags.errors.len();
    let answer = catch_unwind(AssertUnwindSafe(|| ask(diags))).unwrap_or_default();
    if answer.is_none() && diags.errors.len() == before {
        refuse(
            diags,
            "The provider gave no schema",
            format!("It failed to describe {of}. This is a bug in it; its log says more."),
        );
    }
    answer
}

fn listed<T>(
    diags: &mut Diagnostics,
    of: &str,
    list: impl FnOnce() -> BTreeMap<String, T>,
) -> BTreeMap<String, T> {
    asked(diags, of, |_| Some(list())).unwrap_or_default()
}

fn found<T>(diags: &mut Diagnostics, what: &str, name: &str, item: Option<T>) -> Option<T> {
    if item.is_none() {
        refuse(
            diags,
            format!("There is no {what} {name}"),
            format!("This version of the provider has no {what} of that name."),
        );
    }
    item
}
