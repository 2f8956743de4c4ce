//! tf-provider's schemas in the form Terraform reads.
//!
//! Two things differ from what tf-provider itself would send. A nested attribute
//! has a `nested_type` and no `type`: Terraform refuses a schema with both. And
//! attributes can be marked write-only, which tf-provider does not know.

use std::collections::{BTreeMap, HashMap};

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, FunctionSchema, NestedBlock,
    Parameter, Schema, StringKind,
};

use super::paths::Names;
use super::proto::tfplugin6 as tf;
use tf::schema::{nested_block::Nesting as BlockNesting, object::Nesting};

/// A schema with these attributes marked write-only.
pub(super) fn to_wire(schema: &Schema, write_only: &[Names]) -> tf::Schema {
    tf::Schema {
        version: schema.version,
        block: Some(block(&schema.block, &mut Names::new(), write_only)),
    }
}

pub(super) fn function_to_wire(function: &FunctionSchema) -> tf::Function {
    let (description, description_kind) = text(&function.description);
    tf::Function {
        parameters: function.parameters.iter().map(parameter).collect(),
        variadic_parameter: function.variadic.as_ref().map(parameter),
        r#return: Some(tf::function::Return {
            r#type: function.return_type.to_string().into_bytes(),
        }),
        summary: function.summary.clone(),
        description,
        description_kind,
        deprecation_message: match function.deprecated.as_deref() {
            None => String::new(),
            Some("") => "deprecated".to_owned(),
            Some(message) => message.to_owned(),
        },
    }
}

/// The attributes of a nested attribute, if it is one.
pub(super) fn nested(attribute: &AttributeType) -> Option<(Nesting, &HashMap<String, Attribute>)> {
    match attribute {
        AttributeType::AttributeSingle(attributes) => Some((Nesting::Single, attributes)),
        AttributeType::AttributeList(attributes) => Some((Nesting::List, attributes)),
        AttributeType::AttributeSet(attributes) => Some((Nesting::Set, attributes)),
        AttributeType::AttributeMap(attributes) => Some((Nesting::Map, attributes)),
        _ => None,
    }
}

/// The block inside a nested block.
pub(super) fn inner(block: &NestedBlock) -> &Block {
    match block {
        NestedBlock::Single(block)
        | NestedBlock::List(block)
        | NestedBlock::Set(block)
        | NestedBlock::Map(block)
        | NestedBlock::Group(block)
        | NestedBlock::Optional(block) => block,
    }
}

fn block(block: &Block, at: &mut Names, write_only: &[Names]) -> tf::schema::Block {
    let (description, description_kind) = text(&block.description);
    tf::schema::Block {
        version: block.version,
        attributes: attributes(&block.attributes, at, write_only),
        block_types: sorted(&block.blocks)
            .map(|(name, nested)| nested_block(name, nested, at, write_only))
            .collect(),
        description,
        description_kind,
        deprecated: block.deprecated,
    }
}

fn nested_block(
    name: &str,
    nested: &NestedBlock,
    at: &mut Names,
    write_only: &[Names],
) -> tf::schema::NestedBlock {
    // Zero is "no limit". Terraform wants both numbers equal for a single block.
    let (nesting, min_items, max_items) = match nested {
        NestedBlock::Single(_) => (BlockNesting::Single, 1, 1),
        NestedBlock::List(_) => (BlockNesting::List, 0, 0),
        NestedBlock::Set(_) => (BlockNesting::Set, 0, 0),
        NestedBlock::Map(_) => (BlockNesting::Map, 0, 0),
        NestedBlock::Group(_) => (BlockNesting::Group, 0, 0),
        NestedBlock::Optional(_) => (BlockNesting::List, 0, 1),
    };
    at.push(name.to_owned());
    let inside = block(inner(nested), at, write_only);
    at.pop();
    tf::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(inside),
        nesting: nesting.into(),
        min_items,
        max_items,
    }
}

fn attributes(
    attributes: &HashMap<String, Attribute>,
    at: &mut Names,
    write_only: &[Names],
) -> Vec<tf::schema::Attribute> {
    sorted(attributes)
        .map(|(name, attribute)| {
            at.push(name.to_owned());
            let wire = self::attribute(name, attribute, at, write_only);
            at.pop();
            wire
        })
        .collect()
}

fn attribute(
    name: &str,
    attribute: &Attribute,
    at: &mut Names,
    write_only: &[Names],
) -> tf::schema::Attribute {
    use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};
    let (description, description_kind) = text(&attribute.description);
    let nested_type = nested(&attribute.attr_type).map(|(nesting, inside)| tf::schema::Object {
        attributes: attributes(inside, at, write_only),
        nesting: nesting.into(),
    });
    tf::schema::Attribute {
        name: name.to_owned(),
        r#type: match nested_type {
            Some(_) => Vec::new(),
            None => attribute.attr_type.to_string().into_bytes(),
        },
        nested_type,
        description,
        description_kind,
        required: attribute.constraint == Required,
        optional: matches!(attribute.constraint, Optional | OptionalComputed),
        computed: matches!(attribute.constraint, Computed | OptionalComputed),
        sensitive: attribute.sensitive,
        deprecated: attribute.deprecated,
        write_only: write_only.contains(at),
    }
}

fn parameter(parameter: &Parameter) -> tf::function::Parameter {
    let (description, description_kind) = text(&parameter.description);
    tf::function::Parameter {
        name: parameter.name.clone(),
        r#type: parameter.param_type.to_string().into_bytes(),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description,
        description_kind,
    }
}

fn text(description: &Description) -> (String, i32) {
    let kind = match description.kind {
        StringKind::Plain => tf::StringKind::Plain,
        StringKind::Markdown => tf::StringKind::Markdown,
    };
    (description.content.clone(), kind.into())
}

/// tf-provider keeps attributes in hash maps; a schema that is compared between
/// releases must not change its order from run to run.
fn sorted<T>(map: &HashMap<String, T>) -> impl Iterator<Item = (&str, &T)> {
    let ordered: BTreeMap<_, _> = map
        .iter()
        .map(|(name, item)| (name.as_str(), item))
        .collect();
    ordered.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let leaf = Attribute {
            attr_type: AttributeType::String,
            constraint: AttributeConstraint::OptionalComputed,
            ..Attribute::default()
        };
        let list = Attribute {
            attr_type: AttributeType::AttributeList([("leaf".to_owned(), leaf)].into()),
            constraint: AttributeConstraint::Optional,
            ..Attribute::default()
        };
        Schema {
            version: 3,
            block: Block {
                attributes: [("list".to_owned(), list)].into(),
                ..Block::default()
            },
        }
    }

    #[test]
    fn a_nested_attribute_has_no_type_of_its_own() {
        let wire = to_wire(&schema(), &[]);
        let list = &wire.block.unwrap().attributes[0];
        assert!(list.r#type.is_empty());
        let nested = list.nested_type.as_ref().unwrap();
        assert_eq!(nested.nesting(), Nesting::List);
        assert_eq!(nested.attributes[0].r#type, b"\"string\"");
        assert!(nested.attributes[0].optional && nested.attributes[0].computed);
    }

    #[test]
    fn only_the_named_attribute_is_write_only() {
        let wire = to_wire(&schema(), &[vec!["list".to_owned(), "leaf".to_owned()]]);
        let list = wire.block.unwrap().attributes.remove(0);
        assert!(!list.write_only);
        assert!(list.nested_type.unwrap().attributes[0].write_only);
    }
}
