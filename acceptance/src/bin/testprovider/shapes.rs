//! Toys with large, deep and old states.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_provider_tap::plugin::{Extra, MoveSource, RawValue, ServedResource, diagnostics};
use tf_provider::schema::{AttributeType, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::toy::{Played, Toy, computed, either, named, number, optional, required, schema, text};

/// Has `megabytes` of content in its state.
pub struct Big;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BigState {
    megabytes: Value<usize>,
    tag: Value<String>,
    content: Value<Vec<String>>,
}

#[async_trait]
impl Toy for Big {
    type State = BigState;

    fn schema(&self) -> Schema {
        let attributes = [
            ("megabytes", required(number())),
            ("tag", optional(text())),
            ("content", computed(AttributeType::List(Box::new(text())))),
        ];
        schema(0, attributes)
    }

    fn plan(&self, prior: Option<&BigState>, planned: &mut BigState) {
        if prior.is_none_or(|prior| prior.megabytes != planned.megabytes) {
            planned.content = Value::Unknown;
        }
    }

    async fn create(&self, _: &mut Diagnostics, planned: BigState) -> Option<BigState> {
        // Few strings that differ at once: Terraform compares all pairs for display.
        let count = planned.megabytes.unwrap_or_default() * 16;
        let content = (0..count).map(|index| format!("{index:<65535}"));
        Some(BigState {
            content: Value::Value(content.collect()),
            ..planned
        })
    }

    async fn update(
        &self,
        diags: &mut Diagnostics,
        prior: BigState,
        planned: BigState,
    ) -> Option<BigState> {
        if prior.megabytes == planned.megabytes {
            return Some(planned);
        }
        self.create(diags, planned).await
    }
}

/// Nested attributes of every kind, each object with an attribute the user sets,
/// one the provider computes and one that either may set; the same once more
/// inside.
pub struct Nested;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NestedState {
    single: Value<Outer>,
    list: Value<Vec<Outer>>,
    map: Value<BTreeMap<String, Outer>>,
    set: Value<Vec<Inner>>,
    /// Optional and computed as a whole.
    defaults: Value<Inner>,
    id: Value<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outer {
    set_by_user: Value<String>,
    computed: Value<String>,
    either: Value<String>,
    deep: Value<Inner>,
    deep_list: Value<Vec<Inner>>,
    deep_map: Value<BTreeMap<String, Inner>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inner {
    set_by_user: Value<String>,
    computed: Value<String>,
    either: Value<i64>,
}

impl Outer {
    fn each(&mut self, change: &impl Fn(&mut Inner)) {
        self.deep.iter_mut().for_each(change);
        self.deep_list.iter_mut().flatten().for_each(change);
        let map = self.deep_map.iter_mut();
        map.flat_map(BTreeMap::values_mut).for_each(change);
    }

    fn plan(&mut self) {
        unknown_if_null(&mut self.computed);
        unknown_if_null(&mut self.either);
        self.each(&Inner::plan);
    }

    fn compute(&mut self) {
        let name = self.set_by_user.clone().unwrap_or_default();
        known(&mut self.computed, || format!("outer of {name}"));
        known(&mut self.either, || "chosen".to_owned());
        self.each(&Inner::compute);
    }
}

impl Inner {
    fn plan(&mut self) {
        unknown_if_null(&mut self.computed);
        unknown_if_null(&mut self.either);
    }

    fn compute(&mut self) {
        let name = self.set_by_user.clone().unwrap_or_default();
        known(&mut self.computed, || format!("inner of {name}"));
        known(&mut self.either, || 7);
    }
}

fn unknown_if_null<T>(value: &mut Value<T>) {
    if value.is_null() {
        *value = Value::Unknown;
    }
}

fn known<T>(value: &mut Value<T>, make: impl FnOnce() -> T) {
    if value.is_unknown() {
        *value = Value::Value(make());
    }
}

impl NestedState {
    fn each(&mut self, outer: impl Fn(&mut Outer), inner: impl Fn(&mut Inner)) {
        self.single.iter_mut().for_each(&outer);
        self.list.iter_mut().flatten().for_each(&outer);
        let map = self.map.iter_mut();
        map.flat_map(BTreeMap::values_mut).for_each(&outer);
        self.set.iter_mut().flatten().for_each(&inner);
        self.defaults.iter_mut().for_each(&inner);
    }
}

#[async_trait]
impl Toy for Nested {
    type State = NestedState;

    fn schema(&self) -> Schema {
        let inner = || {
            named([
                ("set_by_user", optional(text())),
                ("computed", computed(text())),
                ("either", either(number())),
            ])
        };
        let outer = || {
            named([
                ("set_by_user", optional(text())),
                ("computed", computed(text())),
                ("either", either(text())),
                ("deep", optional(AttributeType::AttributeSingle(inner()))),
                ("deep_list", optional(AttributeType::AttributeList(inner()))),
                ("deep_map", optional(AttributeType::AttributeMap(inner()))),
            ])
        };
        let attributes = [
            ("single", optional(AttributeType::AttributeSingle(outer()))),
            ("list", optional(AttributeType::AttributeList(outer()))),
            ("map", optional(AttributeType::AttributeMap(outer()))),
            ("set", optional(AttributeType::AttributeSet(inner()))),
            ("defaults", either(AttributeType::AttributeSingle(inner()))),
            ("id", computed(text())),
        ];
        schema(0, attributes)
    }

    fn plan(&self, prior: Option<&NestedState>, planned: &mut NestedState) {
        if prior.is_none() {
            planned.id = Value::Unknown;
        }
        unknown_if_null(&mut planned.defaults);
        planned.each(Outer::plan, Inner::plan);
    }

    async fn create(&self, _: &mut Diagnostics, mut planned: NestedState) -> Option<NestedState> {
        known(&mut planned.id, || "nested".to_owned());
        known(&mut planned.defaults, || Inner {
            set_by_user: Value::Null,
            computed: Value::Unknown,
            either: Value::Unknown,
        });
        planned.each(Outer::compute, Inner::compute);
        Some(planned)
    }
}

/// Schema version 2, or 1 on request: what was `label` there is `name` now.
pub struct Versioned;

/// The first version, which with `TESTPROVIDER_SCHEMA=panic` cannot even be
/// described.
pub struct VersionOne;

pub fn versioned() -> ServedResource {
    match std::env::var("TESTPROVIDER_SCHEMA").as_deref() {
        Ok("1" | "panic") => ServedResource::new(Played(VersionOne)),
        _ => ServedResource {
            resource: Arc::new(Played(Versioned)),
            extra: Arc::new(Versioned),
        },
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VersionOneState {
    label: Value<String>,
    size: Value<f64>,
}

#[async_trait]
impl Toy for VersionOne {
    type State = VersionOneState;

    fn schema(&self) -> Schema {
        if std::env::var("TESTPROVIDER_SCHEMA").is_ok_and(|value| value == "panic") {
            panic!("told to panic in schema");
        }
        schema(
            1,
            [("label", required(text())), ("size", optional(number()))],
        )
    }

    async fn create(&self, _: &mut Diagnostics, it: VersionOneState) -> Option<VersionOneState> {
        Some(it)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VersionedState {
    name: Value<String>,
    size: Value<f64>,
    origin: Value<String>,
}

#[async_trait]
impl Toy for Versioned {
    type State = VersionedState;

    fn schema(&self) -> Schema {
        let attributes = [
            ("name", required(text())),
            ("size", optional(number())),
            ("origin", either(text())),
        ];
        schema(2, attributes)
    }

    fn plan(&self, _: Option<&VersionedState>, planned: &mut VersionedState) {
        unknown_if_null(&mut planned.origin);
    }

    async fn create(&self, _: &mut Diagnostics, mut it: VersionedState) -> Option<VersionedState> {
        known(&mut it.origin, || "created".to_owned());
        Some(it)
    }

    async fn import(&self, _: &mut Diagnostics, id: String) -> Option<VersionedState> {
        Some(VersionedState {
            name: Value::Value(id),
            size: Value::Null,
            origin: Value::Value("imported".to_owned()),
        })
    }
}

#[async_trait]
impl Extra for Versioned {
    async fn upgrade(
        &self,
        diags: &mut Diagnostics,
        version: i64,
        prior: serde_json::Value,
    ) -> Option<RawValue> {
        if version != 1 {
            diags.errors.push(diagnostics::error(
                AttributePath::root(),
                "Unknown schema version",
                format!("There has been no version {version}."),
            ));
            return None;
        }
        Some(RawValue::json(&serde_json::json!({
            "name": prior["label"],
            "size": prior["size"],
            "origin": "upgraded",
            "left_over": prior,
        })))
    }

    async fn move_from(
        &self,
        _: &mut Diagnostics,
        source: MoveSource,
    ) -> Option<(RawValue, Vec<u8>)> {
        let state = RawValue::json(&serde_json::json!({
            "name": source.state["name"],
            "size": null,
            "origin": source.type_name,
        }));
        Some((state, Vec::new()))
    }
}
