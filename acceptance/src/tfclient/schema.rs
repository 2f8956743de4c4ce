//! Schemas as the provider sent them, and configurations completed by them.
//!
//! Terraform always sends every attribute: what a configuration leaves out is
//! null, and a block it leaves out is empty.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;

use super::Error;
use super::value::{float, is_unknown};

/// All schemas of a provider.
#[derive(Debug)]
pub(super) struct Schemas {
    pub(super) provider: Object,
    pub(super) resources: BTreeMap<String, (i64, Object)>,
    pub(super) data_sources: BTreeMap<String, (i64, Object)>,
    pub(super) ephemeral: BTreeMap<String, (i64, Object)>,
}

/// The attributes of a block or of a nested attribute; blocks count as
/// attributes that cannot be computed.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(pub(super) BTreeMap<String, Attribute>);

#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) optional: bool,
    pub(super) computed: bool,
    pub(super) write_only: bool,
    pub(super) shape: Shape,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Of a type without attributes of its own, in Terraform's JSON notation.
    Plain(Value),
    /// Attributes further down.
    Nested(Nesting, Object),
    /// A block, which is empty rather than null when absent.
    Block(Nesting, Object),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nesting {
    Single,
    List,
    Set,
    Map,
}

impl Schemas {
    pub(super) fn new(wire: tf::GetProviderSchemaResponse) -> Result<Self, Error> {
        let all = |schemas: std::collections::HashMap<String, tf::Schema>| {
            let schemas = schemas.into_iter();
            schemas
                .map(|(name, schema)| Ok((name, (schema.version, Object::root(schema)?))))
                .collect::<Result<_, Error>>()
        };
        Ok(Self {
            provider: Object::root(wire.provider.unwrap_or_default())?,
            resources: all(wire.resource_schemas)?,
            data_sources: all(wire.data_source_schemas)?,
            ephemeral: all(wire.ephemeral_resource_schemas)?,
        })
    }
}

impl Object {
    fn root(schema: tf::Schema) -> Result<Self, Error> {
        Self::block(schema.block.unwrap_or_default())
    }

    fn block(block: tf::schema::Block) -> Result<Self, Error> {
        use tf::schema::nested_block::Nesting as Wire;
        let mut object = Self::attributes(block.attributes)?;
        for nested in block.block_types {
            let nesting = match nested.nesting() {
                Wire::List => Nesting::List,
                Wire::Set => Nesting::Set,
                Wire::Map => Nesting::Map,
                Wire::Single | Wire::Group | Wire::Invalid => Nesting::Single,
            };
            let inside = Self::block(nested.block.unwrap_or_default())?;
            let attribute = Attribute {
                optional: true,
                computed: false,
                write_only: false,
                shape: Shape::Block(nesting, inside),
            };
            object.0.insert(nested.type_name, attribute);
        }
        Ok(object)
    }

    fn attributes(attributes: Vec<tf::schema::Attribute>) -> Result<Self, Error> {
        use tf::schema::object::Nesting as Wire;
        let attributes = attributes.into_iter().map(|attribute| {
            let shape = match attribute.nested_type {
                None => Shape::Plain(
                    serde_json::from_slice(&attribute.r#type)
                        .map_err(|error| Error::Value(error.to_string()))?,
                ),
                Some(nested) => {
                    let nesting = match nested.nesting() {
                        Wire::List => Nesting::List,
                        Wire::Set => Nesting::Set,
                        Wire::Map => Nesting::Map,
                        Wire::Single | Wire::Invalid => Nesting::Single,
                    };
                    Shape::Nested(nesting, Self::attributes(nested.attributes)?)
                }
            };
            let known = Attribute {
                optional: attribute.optional,
                computed: attribute.computed,
                write_only: attribute.write_only,
                shape,
            };
            Ok((attribute.name, known))
        });
        Ok(Self(attributes.collect::<Result<_, Error>>()?))
    }

    /// The configuration with everything it leaves out; an attribute the schema
    /// does not have is an error, as it is to Terraform.
    pub(super) fn complete(&self, config: &Value, at: &str) -> Result<Value, Error> {
        let object = match config {
            Value::Null => return Ok(Value::Null),
            config if is_unknown(config) => return Ok(config.clone()),
            Value::Object(object) => object,
            _ => return Err(Error::Value(format!("{at} is not an object"))),
        };
        if let Some(name) = object.keys().find(|name| !self.0.contains_key(*name)) {
            return Err(Error::Value(format!("{at} has no attribute {name}")));
        }
        let attributes = self.0.iter().map(|(name, attribute)| {
            let value = object.get(name).unwrap_or(&Value::Null);
            let value = attribute.shape.complete(value, &format!("{at}.{name}"))?;
            Ok((name.clone(), value))
        });
        Ok(Value::Object(attributes.collect::<Result<_, Error>>()?))
    }

    /// The same value in the one form that can be compared: numbers that travel
    /// as text are numbers, and the elements of sets have an order.
    pub(super) fn canonical(&self, mut value: Value) -> Value {
        self.settle(&mut value);
        value
    }

    fn settle(&self, value: &mut Value) {
        let Value::Object(object) = value else { return };
        for (name, attribute) in &self.0 {
            let Some(value) = object.get_mut(name) else {
                continue;
            };
            match &attribute.shape {
                Shape::Plain(of) => settle_plain(value, of),
                Shape::Nested(nesting, inside) | Shape::Block(nesting, inside) => {
                    match (nesting, &mut *value) {
                        (Nesting::Single, value) => inside.settle(value),
                        (_, Value::Array(items)) => {
                            items.iter_mut().for_each(|item| inside.settle(item));
                        }
                        (_, Value::Object(entries)) => {
                            entries.values_mut().for_each(|item| inside.settle(item));
                        }
                        _ => {}
                    }
                    if *nesting == Nesting::Set {
                        sort(value);
                    }
                }
            }
        }
    }

    /// An object whose attributes are all null, which stands for the prior
    /// state of what does not exist yet.
    pub(super) fn empty(&self) -> Value {
        let attributes = self.0.iter().map(|(name, attribute)| {
            let value = match &attribute.shape {
                Shape::Block(nesting, _) => nesting.absent_block(),
                Shape::Plain(_) | Shape::Nested(..) => Value::Null,
            };
            (name.clone(), value)
        });
        Value::Object(attributes.collect())
    }
}

impl Nesting {
    fn absent_block(self) -> Value {
        match self {
            Self::Single => Value::Null,
            Self::List | Self::Set => Value::Array(Vec::new()),
            Self::Map => Value::Object(Map::new()),
        }
    }

    /// Applies `change` to each object of a value with this nesting.
    fn each(
        self,
        value: &Value,
        mut change: impl FnMut(&Value) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        match (self, value) {
            (_, value) if is_unknown(value) => Ok(value.clone()),
            (Self::List | Self::Set, Value::Array(items)) => {
                let items = items.iter().map(change);
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            (Self::Map, Value::Object(entries)) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, value)| Ok((key.clone(), change(value)?)));
                Ok(Value::Object(entries.collect::<Result<_, Error>>()?))
            }
            (Self::Single, value) => change(value),
            (_, value) => Ok(value.clone()),
        }
    }
}

impl Shape {
    fn complete(&self, value: &Value, at: &str) -> Result<Value, Error> {
        match self {
            Self::Plain(of) => Ok(complete_plain(value, of)),
            Self::Block(nesting, _) if value.is_null() => Ok(nesting.absent_block()),
            Self::Nested(nesting, object) | Self::Block(nesting, object) => {
                nesting.each(value, |value| object.complete(value, at))
            }
        }
    }
}

/// Fills in the attributes of objects inside plain types.
fn complete_plain(value: &Value, of: &Value) -> Value {
    let kind = of.get(0).and_then(Value::as_str).unwrap_or_default();
    match (kind, of.get(1), value) {
        (_, _, value) if is_unknown(value) => value.clone(),
        ("list" | "set", Some(of), Value::Array(items)) => {
            items.iter().map(|item| complete_plain(item, of)).collect()
        }
        ("map", Some(of), Value::Object(entries)) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, item)| (key.clone(), complete_plain(item, of)));
            Value::Object(entries.collect())
        }
        ("object", Some(Value::Object(of)), Value::Object(entries)) => {
            let attributes = of.iter().map(|(name, of)| {
                let value = entries.get(name).unwrap_or(&Value::Null);
                (name.clone(), complete_plain(value, of))
            });
            Value::Object(attributes.collect())
        }
        _ => value.clone(),
    }
}

fn settle_plain(value: &mut Value, of: &Value) {
    if of == "number" {
        let number = value.as_str().and_then(|text| text.parse().ok());
        number.into_iter().for_each(|number| *value = float(number));
    }
    let kind = of.get(0).and_then(Value::as_str).unwrap_or_default();
    let Some(inner) = of.get(1) else { return };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle_plain(item, inner)),
        Value::Object(entries) => {
            for (key, item) in entries {
                let inner = if kind == "object" { &inner[key] } else { inner };
                settle_plain(item, inner);
            }
        }
        _ => {}
    }
    if kind == "set" {
        sort(value);
    }
}

fn sort(set: &mut Value) {
    if let Value::Array(items) = set {
        items.sort_by_cached_key(Value::to_string);
    }
}
