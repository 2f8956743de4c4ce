//! What values are on their way in and out.

use acceptance::tfclient::{Action, Start, decode, is_unknown, unknown};
use rmpv::Value as Tree;
use serde_json::{Value, json};
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;

use crate::harness::{BINARY, Workspace, provider, started, text, wait_async};

fn msgpack(tree: &Tree) -> Option<tf::DynamicValue> {
    let mut msgpack = Vec::new();
    rmpv::encode::write_value(&mut msgpack, tree).expect("it can be encoded");
    Some(tf::DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}

#[tokio::test]
async fn a_refined_unknown_arrives_as_a_plain_unknown() {
    let provider = started(Start::new(BINARY).env("TF_LOG", "DEBUG")).await;
    // "Not null and starting with arn:", as Terraform says it.
    let mut refinement = Vec::new();
    let refined = Tree::Map(vec![(1.into(), false.into()), (2.into(), "arn:".into())]);
    rmpv::encode::write_value(&mut refinement, &refined).expect("it can be encoded");
    let refined = Tree::Ext(12, refinement);

    // What the author sees of it, untyped.
    let config = Tree::Map(vec![("greeting".into(), refined.clone())]);
    let request = tf::ConfigureProviderRequest {
        config: msgpack(&config),
        ..Default::default()
    };
    let configured = provider.raw().configure_provider(request).await;
    configured.expect("an answer");
    let seen = || {
        provider
            .log()
            .into_iter()
            .find(|line| line.contains("Ext(0, [0])"))
    };
    wait_async("the plain unknown in the log", seen).await;

    // And typed: it stays unknown in the plan.
    let config = Tree::Map(vec![
        ("name".into(), refined),
        ("seconds".into(), 0.into()),
        ("diary".into(), Tree::Nil),
        ("stubborn".into(), Tree::Nil),
        ("ticks".into(), Tree::Nil),
        ("id".into(), Tree::Nil),
    ]);
    let request = tf::PlanResourceChangeRequest {
        type_name: "test_sleeper".into(),
        prior_state: msgpack(&Tree::Nil),
        proposed_new_state: msgpack(&config),
        config: msgpack(&config),
        ..Default::default()
    };
    let response = provider.raw().plan_resource_change(request).await;
    let response = response.expect("an answer").into_inner();
    assert!(
        response.diagnostics.is_empty(),
        "{:?}",
        response.diagnostics
    );
    let planned = decode(response.planned_state).expect("a plan");
    assert!(is_unknown(&planned["name"]), "{planned}");
}

#[test]
fn terraforms_own_refinements_are_understood() {
    // terraform_data's id is refined as not null while it is unknown; inside a
    // template it is refined with a prefix as well.
    let workspace = Workspace::new(
        r#"
resource "terraform_data" "it" {}
resource "test_nested" "it" {
  single = { set_by_user = "arn:${terraform_data.it.id}" }
  list   = [{ deep_map = { a = { set_by_user = terraform_data.it.id } } }]
}
"#,
    );
    workspace.applied();
    assert!(workspace.plan_is_empty());
    workspace.destroyed();
}

#[tokio::test]
async fn a_large_state_goes_both_ways_and_is_destroyed() {
    let provider = provider().await;
    let mut big = provider.resource("test_big");
    big.converge(&provider, json!({"megabytes": 40, "tag": "a"}))
        .await
        .expect("an answer");
    let plan = big
        .plan(&provider, json!({"megabytes": 40, "tag": "b"}))
        .await
        .expect("a plan");
    assert_eq!(plan.action, Action::Update);
    big.apply(&provider, plan).await.expect("an answer");
    assert_eq!(big.state["tag"], "b");
    big.read(&provider).await.expect("an answer");
    let said = big.destroy(&provider).await.expect("an answer");
    assert!(!said.has_errors() && !big.exists(), "{said}");
}

#[tokio::test]
async fn write_only_values_are_refused_where_the_client_would_store_them() {
    let provider = started(Start::new(BINARY).without_write_only()).await;
    let config = json!({"name": "n", "accounts": [{"user": "u"}, {"password": "p"}]});
    let said = provider
        .validate("test_secret", config)
        .await
        .expect("an answer");
    let errors = said.errors();
    assert_eq!(errors.len(), 1, "{said}");
    assert_eq!(errors[0].attribute, "accounts[1].password");
    let config = json!({"name": "n", "secret": null});
    let said = provider
        .validate("test_secret", config)
        .await
        .expect("an answer");
    assert!(!said.has_errors(), "{said}");
}

#[tokio::test]
async fn a_value_of_the_wrong_kind_is_refused_at_its_attribute() {
    let provider = provider().await;
    let said = provider
        .validate("test_big", json!({"megabytes": 1.5}))
        .await
        .expect("an answer");
    assert_eq!(said.errors()[0].attribute, "megabytes", "{said}");
}

#[tokio::test]
async fn a_declared_attribute_replaces_only_when_it_changes() {
    let provider = provider().await;
    let mut it = provider.resource("test_replaced");
    it.converge(&provider, json!({"generation": 1}))
        .await
        .expect("an answer");
    let same = it
        .plan(&provider, json!({"generation": 1}))
        .await
        .expect("a plan");
    assert_eq!(same.action, Action::NoOp);
    let plan = it
        .plan(&provider, json!({"generation": unknown()}))
        .await
        .expect("a plan");
    assert_eq!(plan.action, Action::Replace);
    assert_eq!(plan.requires_replace, ["generation"]);
    let plan = it
        .plan(&provider, json!({"generation": 2}))
        .await
        .expect("a plan");
    it.apply(&provider, plan).await.expect("an answer");
    assert_eq!(it.state["generation"], 2);
}

#[tokio::test]
async fn stored_states_are_brought_to_the_current_version_or_refused() {
    let provider = provider().await;
    let state = json!({"label": "n", "size": 2});
    let upgraded = provider
        .upgrade("test_versioned", 1, &state)
        .await
        .expect("an upgrade");
    assert_eq!(
        upgraded,
        json!({"name": "n", "size": 2, "origin": "upgraded"})
    );
    for (version, why) in [(0, "There has been no version 0"), (3, "newer")] {
        let error = provider.upgrade("test_versioned", version, &state).await;
        let error = error.expect_err("no such version").to_string();
        assert!(error.contains(why), "{error}");
    }
    let error = provider.upgrade("test_nested", -1, &json!({})).await;
    let error = error.expect_err("no upgrade was written").to_string();
    assert!(error.contains("cannot upgrade"), "{error}");
}

#[tokio::test]
async fn the_schema_is_one_that_terraform_accepts() {
    let provider = provider().await;
    let schema = provider.schema().await.expect("a schema");
    let capabilities = schema.server_capabilities.expect("capabilities");
    assert!(capabilities.plan_destroy && capabilities.move_resource_state);
    assert!(!capabilities.get_provider_schema_optional);
    fn check(attributes: &[tf::schema::Attribute]) {
        for attribute in attributes {
            let has_type = !attribute.r#type.is_empty();
            assert_ne!(
                has_type,
                attribute.nested_type.is_some(),
                "{}",
                attribute.name
            );
            if let Some(nested) = &attribute.nested_type {
                check(&nested.attributes);
            }
        }
    }
    for schema in schema.resource_schemas.into_values() {
        check(&schema.block.expect("a block").attributes);
    }
    let workspace = Workspace::new("");
    let output = workspace.run(&["providers", "schema", "-json"]);
    let schema: Value = serde_json::from_str(&text(&output)).expect("the schema as JSON");
    let schema = &schema["provider_schemas"]["terraform.local/tap/test"]["resource_schemas"];
    let secret = &schema["test_secret"]["block"]["attributes"]["secret"];
    assert_eq!(secret["write_only"], true);
}

#[tokio::test]
async fn resources_with_an_identity_give_it_with_their_state() {
    let provider = provider().await;
    let mut client = provider.raw();
    let request = tf::GetResourceIdentitySchemasRequest {};
    let schemas = client
        .get_resource_identity_schemas(request)
        .await
        .expect("an answer");
    let schemas = schemas.into_inner().identity_schemas;
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["test_parts"]);
    assert!(schemas["test_parts"].identity_attributes[0].required_for_import);
    let parts = Tree::Array(vec!["a".into()]);
    let state = Tree::Map(vec![
        ("parts".into(), parts.clone()),
        ("existing".into(), parts),
    ]);
    let request = tf::ReadResourceRequest {
        type_name: "test_parts".into(),
        current_state: msgpack(&state),
        ..Default::default()
    };
    let response = client
        .read_resource(request)
        .await
        .expect("an answer")
        .into_inner();
    let identity = response
        .new_identity
        .and_then(|it| it.identity_data)
        .expect("an identity");
    assert_eq!(identity.json, br#"{"first":"a"}"#);
}
