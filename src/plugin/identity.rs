//! Resource identity: what names an object for ever, apart from its state.
//! Terraform asks for it from 1.12 on; older versions never do.

use tf_provider::schema::AttributeType;

use super::proto::tfplugin6 as tf;

/// The shape of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySchema {
    /// Counted up when the attributes change.
    pub version: i64,
    /// What it consists of.
    pub attributes: Vec<IdentityAttribute>,
}

/// One part of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: String,
    /// A primitive, or a list of primitives.
    pub attr_type: AttributeType,
    /// Whether an import must give it; it may give it otherwise.
    pub required_for_import: bool,
    /// For the reader of the schema.
    pub description: String,
}

impl IdentitySchema {
    pub(super) fn to_wire(&self) -> tf::IdentitySchema {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| tf::identity_schema::Attribute {
                name: attribute.name.clone(),
                r#type: attribute.attr_type.to_string().into_bytes(),
                required_for_import: attribute.required_for_import,
                optional_for_import: !attribute.required_for_import,
                description: attribute.description.clone(),
            });
        tf::IdentitySchema {
            version: self.version,
            identity_attributes: attributes.collect(),
        }
    }
}
