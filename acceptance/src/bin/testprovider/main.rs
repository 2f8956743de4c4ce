//! A provider whose resources misbehave on purpose, to test the plugin room with.
//!
//! | resource | what it does |
//! |---|---|
//! | `test_sleeper` | sleeps, watches for cancellation, writes down how it ended |
//! | `test_panicker` | panics where it is told to |
//! | `test_big` | has a state of any size |
//! | `test_nested` | nested attributes of every kind at two depths |
//! | `test_versioned` | schema version 2; `TESTPROVIDER_SCHEMA=1` makes it version 1 |
//! | `test_parts` | goes away one part per destroy |
//! | `test_secret` | write-only attributes |
//! | `test_replaced` | is replaced by any change and tells what its destroy received |
//!
//! Beside them `data.test_echo`, `provider::test::shout` and `ephemeral.test_token`.

mod misbehaving;
mod others;
mod parts;
mod shapes;
mod toy;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use terraform_provider_tap::plugin::{
    self, DynamicDataSource, DynamicFunction, EphemeralResource, RawValue, ServedProvider,
    ServedResource,
};
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use toy::{Played, optional, schema, text};

struct TestProvider;

#[async_trait]
impl ServedProvider for TestProvider {
    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        Some(schema(0, [("greeting", optional(text()))]))
    }

    async fn configure(
        &self,
        _: &mut Diagnostics,
        terraform_version: String,
        config: RawValue,
    ) -> Option<()> {
        let greeting = config.to_tree().ok();
        let greeting = greeting.as_ref().map(|config| &config["greeting"]);
        tracing::debug!(%terraform_version, ?config, ?greeting, "configured");
        Some(())
    }

    fn resources(&self) -> BTreeMap<String, ServedResource> {
        let resources = [
            (
                "test_sleeper",
                ServedResource::new(Played(misbehaving::Sleeper)),
            ),
            (
                "test_panicker",
                ServedResource::new(Played(misbehaving::Panicker)),
            ),
            ("test_big", ServedResource::new(Played(shapes::Big))),
            ("test_nested", ServedResource::new(Played(shapes::Nested))),
            ("test_versioned", shapes::versioned()),
            (
                "test_parts",
                ServedResource::with_extra(Played(parts::Parts)),
            ),
            (
                "test_secret",
                ServedResource::with_extra(Played(parts::Secret)),
            ),
            (
                "test_replaced",
                ServedResource::with_extra(Played(parts::Replaced)),
            ),
        ];
        resources
            .map(|(name, served)| (name.to_owned(), served))
            .into()
    }

    fn data_sources(&self) -> BTreeMap<String, Arc<dyn DynamicDataSource>> {
        let echo: Arc<dyn DynamicDataSource> = Arc::new(others::Echo);
        [("test_echo".to_owned(), echo)].into()
    }

    fn functions(&self) -> BTreeMap<String, Arc<dyn DynamicFunction>> {
        let shout: Arc<dyn DynamicFunction> = Arc::new(others::Shout);
        [("shout".to_owned(), shout)].into()
    }

    fn ephemeral_resources(&self) -> BTreeMap<String, Arc<dyn EphemeralResource>> {
        let token: Arc<dyn EphemeralResource> = Arc::new(others::Token);
        [("test_token".to_owned(), token)].into()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    plugin::serve(Arc::new(TestProvider), "testprovider").await
}
