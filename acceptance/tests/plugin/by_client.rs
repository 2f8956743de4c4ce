//! Our own client: that it is quick, and that it behaves as Terraform does.

use std::time::Instant;

use acceptance::tfclient::{Action, Provider, Start, is_unknown};
use serde_json::{Value, json};

use crate::harness::{BINARY, provider, remark};

#[tokio::test]
async fn starting_and_ending_a_provider_takes_a_fraction_of_a_second() {
    let rounds = 20;
    let begun = Instant::now();
    for _ in 0..rounds {
        let provider = Provider::start(Start::new(BINARY))
            .await
            .expect("it starts");
        let status = provider.shutdown().await.expect("it ends");
        assert!(status.success(), "{status}");
    }
    let each = begun.elapsed() / rounds;
    remark(&format!("{each:?} for a start, a handshake and an end"));
    assert!(each.as_millis() < 1000, "{each:?}");
}

#[tokio::test]
async fn nested_computed_values_are_carried_from_the_prior_state() {
    let provider = provider().await;
    let mut nested = provider.resource("test_nested");
    let config = json!({
        "single": {"set_by_user": "s", "deep_list": [{"set_by_user": "a"}, {}]},
        "map": {"k": {"deep": {"set_by_user": "d"}}},
        "set": [{"set_by_user": "x"}, {"set_by_user": "y"}],
    });
    let plan = nested
        .plan(&provider, config.clone())
        .await
        .expect("a plan");
    assert_eq!(plan.action, Action::Create);
    assert!(is_unknown(&plan.planned["map"]["k"]["deep"]["computed"]));
    nested.apply(&provider, plan).await.expect("an answer");
    assert_eq!(
        nested.state["single"]["deep_list"][0]["computed"],
        "inner of a"
    );

    let again = nested
        .plan(&provider, config.clone())
        .await
        .expect("a plan");
    assert_eq!(again.action, Action::NoOp, "{:#}", again.planned);

    let mut changed = config;
    changed["set"] = json!([{"set_by_user": "y"}, {"set_by_user": "z"}]);
    changed["map"] = json!({});
    let plan = nested.plan(&provider, changed).await.expect("a plan");
    assert_eq!(plan.action, Action::Update);
    assert_eq!(
        plan.planned["set"][0]["computed"], "inner of y",
        "the same element"
    );
    assert!(
        is_unknown(&plan.planned["set"][1]["computed"]),
        "a new element"
    );
    nested.apply(&provider, plan).await.expect("an answer");
    assert_eq!(nested.state["map"], json!({}));
    assert!(
        !nested
            .destroy(&provider)
            .await
            .expect("an answer")
            .has_errors()
    );
}

#[tokio::test]
async fn a_killed_provider_leaves_the_state_of_the_client_as_it_was() {
    let provider = provider().await;
    let mut sleeper = provider.resource("test_sleeper");
    let config = json!({"name": "n", "seconds": 30});
    let plan = sleeper.plan(&provider, config).await.expect("a plan");
    let (applied, _) = tokio::join!(sleeper.apply(&provider, plan), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        provider.kill().await
    });
    assert!(applied.is_err());
    assert_eq!(sleeper.state, Value::Null);
}

#[tokio::test]
async fn an_attribute_the_schema_does_not_have_is_refused() {
    let provider = provider().await;
    let nested = provider.resource("test_nested");
    let config = json!({"single": {"deep": {"nonsense": 1}}});
    let error = nested
        .plan(&provider, config)
        .await
        .expect_err("no such attribute");
    assert!(error.to_string().contains("nonsense"), "{error}");
}

#[tokio::test]
async fn data_sources_functions_imports_and_ephemeral_resources_can_be_called() {
    let provider = provider().await;
    let (state, said) = provider
        .read_data_source("test_echo", json!({"say": "a"}))
        .await
        .expect("a state");
    assert_eq!(state, json!({"say": "a", "heard": "a"}));
    assert!(!said.has_errors());
    let refused = provider
        .read_data_source("test_echo", json!({"say": ""}))
        .await;
    assert!(
        refused
            .expect_err("silence")
            .to_string()
            .contains("at [say]")
    );

    let shouted = provider
        .call_function("shout", &[json!("a"), json!(2)])
        .await;
    assert_eq!(shouted.expect("an answer"), Ok(json!("A!!")));
    let refused = provider
        .call_function("shout", &[json!("a"), json!(-2)])
        .await;
    let (text, argument) = refused.expect("an answer").expect_err("a negative number");
    assert_eq!((text.as_str(), argument), ("Cannot be negative", Some(1)));

    let (mut imported, _) = provider
        .import("test_versioned", "i")
        .await
        .expect("an object");
    imported.read(&provider).await.expect("an answer");
    assert_eq!(imported.state["origin"], "imported");

    let token = provider.ephemeral("test_token", json!({"length": 3})).await;
    assert_eq!(token.expect("a value")["token"], "ttt");
}

#[tokio::test]
async fn the_health_service_says_that_it_is_serving() {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    let provider = provider().await;
    let mut client = HealthClient::new(provider.channel());
    let request = HealthCheckRequest {
        service: "plugin".into(),
    };
    let response = client.check(request).await.expect("an answer").into_inner();
    assert_eq!(response.status().as_str_name(), "SERVING");
}

#[tokio::test]
async fn fractions_travel_as_terraform_sends_them() {
    let provider = provider().await;
    let mut it = provider.resource("test_versioned");
    for size in [json!(0.1), json!(2.5), json!(3), json!(-17.3)] {
        let config = json!({"name": "n", "size": size});
        it.converge(&provider, config.clone())
            .await
            .expect("an answer");
        assert_eq!(it.state["size"], size);
        it.read(&provider).await.expect("an answer");
        let again = it.plan(&provider, config).await.expect("a plan");
        assert_eq!(again.action, Action::NoOp, "{:#}", again.planned);
    }
}
