//! Finding attributes in values.
//!
//! A declaration such as "`rules.secret` is write-only" holds for every element
//! of `rules`, whether that is a list, a set or a map. A value does not say
//! which of its maps are objects and which are collections, so a [`Route`] is
//! worked out from the schema once.

use rmpv::Value;
use tf_provider::schema::{Block, NestedBlock};
use tf_provider::{AttributePath, AttributePathStep};

use super::proto::tfplugin6::schema::object::Nesting;
use super::schema;

/// Attribute names from the root.
pub(super) type Names = Vec<String>;

/// The attribute steps of a path; steps into elements are left out.
pub(super) fn names(path: &AttributePath) -> Names {
    let names = path.steps.iter().filter_map(|step| match step {
        AttributePathStep::Attribute(name) => Some(name.to_string()),
        AttributePathStep::Key(_) | AttributePathStep::Index(_) => None,
    });
    names.collect()
}

/// How to get to an attribute: each name, and what holds the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route(Vec<(String, Holds)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// The attributes themselves, or nothing further.
    Object,
    /// Objects in a list or set.
    Items,
    /// Objects in a map.
    Entries,
}

impl Route {
    /// `None` if the schema has no such attribute.
    pub(super) fn new(block: &Block, names: &[String]) -> Option<Self> {
        let (name, rest) = names.split_first()?;
        if let Some(nested) = block.blocks.get(name) {
            let holds = match nested {
                NestedBlock::Single(_) | NestedBlock::Group(_) => Holds::Object,
                NestedBlock::List(_) | NestedBlock::Set(_) | NestedBlock::Optional(_) => {
                    Holds::Items
                }
                NestedBlock::Map(_) => Holds::Entries,
            };
            let mut route = vec![(name.clone(), holds)];
            route.extend(Self::new(schema::inner(nested), rest)?.0);
            return Some(Self(route));
        }
        let mut attributes = &block.attributes;
        let mut route = Vec::new();
        for (depth, name) in names.iter().enumerate() {
            let attribute = attributes.get(name)?;
            let last = depth + 1 == names.len();
            match schema::nested(&attribute.attr_type) {
                _ if last => route.push((name.clone(), Holds::Object)),
                None => return None,
                Some((nesting, inside)) => {
                    let holds = match nesting {
                        Nesting::List | Nesting::Set => Holds::Items,
                        Nesting::Map => Holds::Entries,
                        Nesting::Single | Nesting::Invalid => Holds::Object,
                    };
                    route.push((name.clone(), holds));
                    attributes = inside;
                }
            }
        }
        Some(Self(route))
    }

    /// Calls `found` with each value at the end of the route and the path to it.
    pub(super) fn visit(&self, tree: &mut Value, found: &mut dyn FnMut(&mut Value, AttributePath)) {
        descend(tree, &self.0, &mut Vec::new(), found);
    }

    /// The values at the end of the route.
    pub(super) fn values(&self, tree: &mut Value) -> Vec<Value> {
        let mut values = Vec::new();
        self.visit(tree, &mut |value, _| values.push(value.clone()));
        values
    }
}

fn descend(
    object: &mut Value,
    route: &[(String, Holds)],
    here: &mut Vec<AttributePathStep>,
    found: &mut dyn FnMut(&mut Value, AttributePath),
) {
    let Some(((name, holds), rest)) = route.split_first() else {
        let steps = here.clone();
        found(object, AttributePath { steps });
        return;
    };
    let Value::Map(entries) = object else { return };
    let attribute = entries
        .iter_mut()
        .find(|(key, _)| key.as_str() == Some(name.as_str()));
    let Some((_, value)) = attribute else { return };
    here.push(AttributePathStep::Attribute(name.clone().into()));
    match (holds, value) {
        (Holds::Object, value) => descend(value, rest, here, found),
        (Holds::Items, Value::Array(items)) => {
            for (index, item) in (0_i64..).zip(items) {
                here.push(AttributePathStep::Index(index));
                descend(item, rest, here, found);
                here.pop();
            }
        }
        (Holds::Entries, Value::Map(entries)) => {
            for (key, item) in entries {
                let key = key.as_str().unwrap_or_default().to_owned();
                here.push(AttributePathStep::Key(key.into()));
                descend(item, rest, here, found);
                here.pop();
            }
        }
        // Null or unknown.
        (Holds::Items | Holds::Entries, _) => {}
    }
    here.pop();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tf_provider::schema::{Attribute, AttributeType};

    fn attribute(attr_type: AttributeType) -> Attribute {
        Attribute {
            attr_type,
            ..Attribute::default()
        }
    }

    fn block() -> Block {
        let leaf = HashMap::from([("secret".to_owned(), attribute(AttributeType::String))]);
        let list = attribute(AttributeType::AttributeList(leaf));
        let map = AttributeType::AttributeMap(HashMap::from([("secret".to_owned(), list)]));
        Block {
            attributes: HashMap::from([("rules".to_owned(), attribute(map))]),
            ..Block::default()
        }
    }

    fn names(names: &[&str]) -> Names {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_route_leads_through_collections_whatever_their_keys_are() {
        let object = |value: Value| Value::Map(vec![("secret".into(), value)]);
        let list = Value::Array(vec![object("1".into()), object("2".into())]);
        // The key of the map's entry is the name of the attribute inside it.
        let mut tree = Value::Map(vec![("rules".into(), object(object(list)))]);
        let route = Route::new(&block(), &names(&["rules", "secret", "secret"])).unwrap();
        let mut paths = Vec::new();
        route.visit(&mut tree, &mut |value, path| {
            *value = Value::Nil;
            paths.push(path);
        });
        let expected = |index: i64| {
            let element = AttributePath::new("rules").key("secret");
            element.attribute("secret").index(index).attribute("secret")
        };
        assert_eq!(paths, [expected(0), expected(1)]);
        assert_eq!(route.values(&mut tree), [Value::Nil, Value::Nil]);
    }

    #[test]
    fn there_is_no_route_to_an_attribute_the_schema_does_not_have() {
        assert_eq!(Route::new(&block(), &names(&["rules", "secrets"])), None);
        assert_eq!(Route::new(&block(), &names(&["rule"])), None);
        assert_eq!(Route::new(&block(), &[]), None);
    }
}
