//! [`RawValue`]: a value as it travels, before or after it has a Rust type.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_path_to_error::Segment;
use tf_provider::schema::Block;
use tf_provider::{AttributePath, AttributePathStep, Diagnostics};

use super::diagnostics;
use super::proto::tfplugin6 as tf;

/// msgpack's nil.
const NIL: u8 = 0xc0;

/// An encoded value. Its `Debug` shows a length and never the content, so that
/// no secret gets into a log through it.
#[derive(Clone, PartialEq, Eq)]
pub enum RawValue {
    /// What Terraform sends: maps with string keys, unknowns as extension 0.
    MessagePack(Vec<u8>),
    /// What states are stored as. Cannot say "unknown".
    Json(Vec<u8>),
}

impl RawValue {
    /// The null value.
    pub fn null() -> Self {
        Self::MessagePack(vec![NIL])
    }

    /// Whether this is null; nothing at all counts as null.
    pub fn is_null(&self) -> bool {
        match self {
            Self::MessagePack(bytes) => bytes.is_empty() || bytes.as_slice() == [NIL],
            Self::Json(bytes) => bytes.is_empty() || bytes.as_slice() == b"null",
        }
    }

    /// The typed value, or `None` and an error at the attribute that did not fit.
    pub fn deserialize<'a, T>(&'a self, diags: &mut Diagnostics) -> Option<T>
    where
        T: Deserialize<'a>,
    {
        let parsed = match self {
            Self::MessagePack(bytes) => {
                rmp_serde::from_slice(or_nil(bytes)).map_err(|error| error.to_string())
            }
            Self::Json(bytes) => {
                serde_json::from_slice(or_null(bytes)).map_err(|error| error.to_string())
            }
        };
        match parsed {
            Ok(value) => Some(value),
            Err(reason) => {
                // Finding the path costs a second pass, so only now.
                let path = self.misfit::<T>();
                diags.errors.push(diagnostics::error(
                    path,
                    "Value does not fit the attribute",
                    format!(
                        "The value cannot be read as what the provider expects here: {reason}."
                    ),
                ));
                None
            }
        }
    }

    /// Where deserializing to `T` goes wrong, as far as serde can tell.
    fn misfit<'a, T: Deserialize<'a>>(&'a self) -> AttributePath {
        let path = match self {
            Self::MessagePack(bytes) => {
                let mut input = rmp_serde::Deserializer::from_read_ref(or_nil(bytes));
                serde_path_to_error::deserialize::<_, T>(&mut input)
                    .err()
                    .map(|error| error.path().clone())
            }
            Self::Json(bytes) => {
                let mut input = serde_json::Deserializer::from_slice(or_null(bytes));
                serde_path_to_error::deserialize::<_, T>(&mut input)
                    .err()
                    .map(|error| error.path().clone())
            }
        };
        let steps = path.iter().flat_map(|path| path.iter()).filter_map(step);
        AttributePath {
            steps: steps.collect(),
        }
    }

    /// Encodes `value`, or returns `None` and an error.
    pub fn serialize<T: Serialize>(diags: &mut Diagnostics, value: &T) -> Option<Self> {
        Self::serialize_vec(diags, value).map(Self::MessagePack)
    }

    /// Encodes `value` as private state.
    pub fn serialize_vec<T: Serialize>(diags: &mut Diagnostics, value: &T) -> Option<Vec<u8>> {
        match rmp_serde::to_vec_named(value) {
            Ok(bytes) => Some(bytes),
            Err(reason) => {
                diags.errors.push(diagnostics::error(
                    AttributePath::root(),
                    "Value cannot be encoded",
                    format!("This is a bug in the provider: {reason}."),
                ));
                None
            }
        }
    }

    /// A value given as JSON, such as an upgraded state.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::Json(value.to_string().into_bytes())
    }

    /// The value as a tree that can be walked without knowing its type.
    pub fn to_tree(&self) -> Result<rmpv::Value, String> {
        match self {
            Self::MessagePack(bytes) => {
                rmpv::decode::read_value(&mut or_nil(bytes)).map_err(|error| error.to_string())
            }
            Self::Json(bytes) => {
                let value: serde_json::Value =
                    serde_json::from_slice(or_null(bytes)).map_err(|error| error.to_string())?;
                rmpv::ext::to_value(value).map_err(|error| error.to_string())
            }
        }
    }

    /// The inverse of [`Self::to_tree`].
    pub fn from_tree(tree: &rmpv::Value) -> Self {
        let mut bytes = Vec::new();
        match rmpv::encode::write_value(&mut bytes, tree) {
            Ok(()) => Self::MessagePack(bytes),
            // Writing to a Vec does not fail.
            Err(_) => Self::null(),
        }
    }
}

impl Default for RawValue {
    fn default() -> Self {
        Self::null()
    }
}

impl fmt::Debug for RawValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessagePack(bytes) => write!(f, "MessagePack({} bytes)", bytes.len()),
            Self::Json(bytes) => write!(f, "Json({} bytes)", bytes.len()),
        }
    }
}

impl From<RawValue> for tf::DynamicValue {
    fn from(value: RawValue) -> Self {
        match super::numbers::decimal(value) {
            RawValue::MessagePack(msgpack) => Self {
                msgpack,
                json: Vec::new(),
            },
            RawValue::Json(json) => Self {
                msgpack: Vec::new(),
                json,
            },
        }
    }
}

/// A value of the type of this block: as [`received`], with floats for decimals.
pub(super) fn received_as(value: Option<tf::DynamicValue>, block: &Block) -> RawValue {
    super::numbers::in_block(received(value), block)
}

/// An absent value is null; refined unknowns become plain ones.
pub(super) fn received(value: Option<tf::DynamicValue>) -> RawValue {
    match value {
        None => RawValue::null(),
        Some(value) if value.msgpack.is_empty() && !value.json.is_empty() => {
            RawValue::Json(value.json)
        }
        Some(value) => RawValue::MessagePack(super::unknown::plain(value.msgpack)),
    }
}

fn or_nil(bytes: &[u8]) -> &[u8] {
    if bytes.is_empty() { &[NIL] } else { bytes }
}

fn or_null(bytes: &[u8]) -> &[u8] {
    if bytes.is_empty() { b"null" } else { bytes }
}

fn step(segment: &Segment) -> Option<AttributePathStep> {
    match segment {
        Segment::Seq { index } => i64::try_from(*index).ok().map(AttributePathStep::Index),
        Segment::Map { key } => Some(AttributePathStep::Attribute(Cow::Owned(key.clone()))),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_does_not_fit_is_reported_at_its_attribute() {
        #[derive(Deserialize, Debug)]
        #[allow(dead_code)]
        struct State {
            name: String,
            size: i64,
        }
        let raw = RawValue::json(&serde_json::json!({"name": "a", "size": "big"}));
        let mut diags = Diagnostics::default();
        assert!(raw.deserialize::<State>(&mut diags).is_none());
        assert_eq!(diags.errors[0].attribute, AttributePath::new("size"));
    }

    #[test]
    fn debug_output_does_not_show_the_content() {
        let raw = RawValue::Json(b"\"hunter2\"".to_vec());
        assert_eq!(format!("{raw:?}"), "Json(9 bytes)");
    }

    #[test]
    fn nothing_at_all_is_null() {
        assert!(RawValue::MessagePack(vec![]).is_null());
        assert!(RawValue::Json(b"null".to_vec()).is_null());
        assert!(received(None).is_null());
    }
}
