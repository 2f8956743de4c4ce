//! What TF_LOG shows.

use acceptance::tfclient::Start;
use serde_json::{Value, json};

use crate::harness::{BINARY, Workspace, started, text};

#[tokio::test]
async fn every_line_is_a_json_object_as_hclog_writes_it() {
    let provider = started(Start::new(BINARY).env("TF_LOG", "DEBUG")).await;
    let mut sleeper = provider.resource("test_sleeper");
    let config = json!({"name": "n", "seconds": 0});
    sleeper
        .converge(&provider, config)
        .await
        .expect("an answer");
    provider.shutdown().await.expect("it ends");
    let log = provider.log();
    assert!(!log.is_empty());
    for line in &log {
        let event: Value = serde_json::from_str(line).expect(line);
        for key in ["@level", "@message", "@module", "@timestamp"] {
            assert!(event[key].is_string(), "{key} in {line}");
        }
    }
    let line = log
        .iter()
        .find(|line| line.contains("going to sleep"))
        .expect("the toy's event");
    let event: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(event["@level"], "info");
    assert_eq!(event["@module"], "testprovider.misbehaving");
    assert_eq!(event["name"], "n");
    assert_eq!(
        event["tf_rpc"], "ApplyResourceChange",
        "events know their call"
    );
    assert_eq!(event["tf_type"], "test_sleeper");
}

#[tokio::test]
async fn libraries_do_not_print_what_goes_over_the_wire() {
    let provider = started(Start::new(BINARY).env("TF_LOG_PROVIDER", "TRACE")).await;
    provider.shutdown().await.expect("it ends");
    for line in provider.log() {
        let event: Value = serde_json::from_str(&line).expect(&line);
        let module = event["@module"].as_str().unwrap_or_default();
        let ours = ["terraform_provider_tap", "testprovider"];
        assert!(
            ours.iter().any(|ours| module.starts_with(ours)) || event["@level"] != "trace",
            "{line}"
        );
    }
}

#[tokio::test]
async fn tf_log_provider_goes_before_tf_log() {
    let start = Start::new(BINARY)
        .env("TF_LOG", "TRACE")
        .env("TF_LOG_PROVIDER", "OFF");
    let provider = started(start).await;
    provider.shutdown().await.expect("it ends");
    assert_eq!(provider.log(), Vec::<String>::new());
}

#[test]
fn terraform_shows_the_providers_lines_under_tf_log() {
    let mut workspace =
        Workspace::new("resource \"test_sleeper\" \"it\" {\n  name = \"n\"\n  seconds = 0\n}");
    workspace.set("TF_LOG", "DEBUG");
    let output = workspace.apply();
    let said = text(&output);
    let line = said
        .lines()
        .find(|line| line.contains("going to sleep"))
        .expect("the event");
    // Terraform has understood level, module and fields, and prints them its way.
    assert!(line.contains("[INFO]"), "{line}");
    assert!(
        line.contains("provider.terraform-provider-test_v1.0.0: going to sleep"),
        "{line}"
    );
    assert!(line.contains("tf_rpc=ApplyResourceChange"), "{line}");
    assert!(!said.contains("plugin failed to exit gracefully"));
}
