//! Being asked to stop, by our own client and by signals.

use std::process::{Command, Stdio};
use std::time::Duration;

use acceptance::tfclient::{Diagnostics, Provider, Resource, Start, encode};
use serde_json::json;
use tempfile::TempDir;
use terraform_provider_tap::plugin::proto::tfplugin6 as tf;

use crate::harness::{BINARY, is_alive, lines, provider, started, wait_async};

/// How a long create is to be stopped.
async fn stopped_by<F: AsyncFnOnce(&Provider)>(stop: F) -> (Provider, Resource, Diagnostics) {
    let provider = provider().await;
    let dir = TempDir::new().expect("a directory");
    let diary = dir.path().join("diary");
    let mut sleeper = provider.resource("test_sleeper");
    let config = json!({"name": "n", "seconds": 60, "diary": diary});
    let plan = sleeper.plan(&provider, config).await.expect("a plan");
    let (said, ()) = tokio::join!(sleeper.apply(&provider, plan), async {
        wait_async("the create to begin", || lines(&diary).first().cloned()).await;
        stop(&provider).await;
    });
    assert_eq!(lines(&diary), ["began", "cancelled"]);
    let said = said.expect("the create answers");
    (provider, sleeper, said)
}

/// The create was cut short and returned what it had observed.
fn assert_observed(sleeper: &Resource, said: &Diagnostics) {
    assert_eq!(said.errors()[0].summary, "The sleeper was woken up");
    assert_eq!(said.errors()[0].attribute, "seconds");
    assert_eq!(sleeper.state["id"], "id-of-n");
    assert!(
        sleeper.state["ticks"]
            .as_i64()
            .is_some_and(|ticks| ticks < 1200)
    );
    assert!(sleeper.tainted && !sleeper.private.is_empty());
}

#[tokio::test]
async fn stop_provider_reaches_a_running_create_which_returns_what_it_has_observed() {
    let (provider, sleeper, said) =
        stopped_by(async |provider| provider.stop().await.expect("an answer")).await;
    assert_observed(&sleeper, &said);
    assert!(provider.shutdown().await.expect("it ends").success());
}

#[tokio::test]
async fn a_signal_reaches_a_running_create_and_does_not_end_the_process() {
    for name in ["INT", "TERM", "HUP"] {
        let (provider, sleeper, said) =
            stopped_by(async |provider| provider.signal(name).await.expect("it is sent")).await;
        assert_observed(&sleeper, &said);
        // A second and a third one change nothing.
        provider.signal(name).await.expect("it is sent");
        provider.signal(name).await.expect("it is sent");
        provider.schema().await.expect("it still answers");
        assert!(provider.shutdown().await.expect("it ends").success());
    }
}

#[tokio::test]
async fn a_dropped_connection_does_not_drop_the_work() {
    let provider = started(Start::new(BINARY).env("TF_LOG", "WARN")).await;
    let dir = TempDir::new().expect("a directory");
    let diary = dir.path().join("diary");
    let sleeper = provider.resource("test_sleeper");
    let config = json!({"name": "n", "seconds": 1, "diary": diary});
    let plan = sleeper.plan(&provider, config).await.expect("a plan");
    let channel = provider
        .another_channel()
        .await
        .expect("a second connection");
    let request = tf::ApplyResourceChangeRequest {
        type_name: "test_sleeper".into(),
        planned_state: encode(&plan.planned).ok(),
        config: encode(&plan.config).ok(),
        planned_private: plan.private,
        ..Default::default()
    };
    let mut client = tf::provider_client::ProviderClient::new(channel);
    let apply = async move { client.apply_resource_change(request).await };
    let begun = wait_async("the create to begin", || lines(&diary).first().cloned());
    // The branch that loses is dropped, and the only user of the connection with it.
    tokio::select! {
        _ = apply => panic!("it takes a second"),
        _ = begun => {}
    }
    assert_eq!(lines(&diary), ["began"]);
    let done = wait_async("the work to be done", || lines(&diary).get(1).cloned()).await;
    assert_eq!(done, "finished");
    let log = provider.log().join("\n");
    assert!(log.contains("the call goes on without it"), "{log}");
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_create_lets_it_stop_first() {
    let provider = provider().await;
    let dir = TempDir::new().expect("a directory");
    let diary = dir.path().join("diary");
    let mut sleeper = provider.resource("test_sleeper");
    let config = json!({"name": "n", "seconds": 60, "diary": diary});
    let plan = sleeper.plan(&provider, config).await.expect("a plan");
    let (said, status) = tokio::join!(sleeper.apply(&provider, plan), async {
        wait_async("the create to begin", || lines(&diary).first().cloned()).await;
        provider.shutdown().await
    });
    assert!(status.expect("it ends").success());
    assert_observed(&sleeper, &said.expect("the answer still came"));
    assert_eq!(lines(&diary), ["began", "cancelled"]);
}

/// Starts the provider through a shell that dies, and looks who is left.
fn orphan(body: &str) -> (u32, TempDir) {
    let dir = TempDir::new().expect("a directory");
    let identity = acceptance::tfclient::Identity::new().expect("a certificate");
    let script = format!("{} & echo $! > pid; {body}", crate::harness::BINARY);
    let mut parent = Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir.path())
        .env(
            "TF_PLUGIN_MAGIC_COOKIE",
            "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
        )
        .env("PLUGIN_CLIENT_CERT", identity.pem())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let stdout = parent.stdout.take().expect("its stdout");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line)
        .expect("the handshake");
    assert!(line.starts_with("1|6|unix|"), "{line}");
    let pid = lines(&dir.path().join("pid"))[0].parse().expect("a number");
    assert!(is_alive(pid));
    parent.kill().expect("kill -9");
    parent.wait().expect("it is dead");
    (pid, dir)
}

#[test]
fn an_orphaned_provider_ends_soon() {
    let (pid, _dir) = orphan("sleep 60");
    crate::harness::wait_for("the orphan to end", || (!is_alive(pid)).then_some(()));
}

#[tokio::test]
async fn a_create_that_will_not_stop_is_waited_for_only_so_long() {
    let provider = provider().await;
    let dir = TempDir::new().expect("a directory");
    let diary = dir.path().join("diary");
    let mut sleeper = provider.resource("test_sleeper");
    let config = json!({"name": "n", "seconds": 60, "stubborn": true, "diary": diary});
    let plan = sleeper.plan(&provider, config).await.expect("a plan");
    let ended = async {
        wait_async("the create to begin", || lines(&diary).first().cloned()).await;
        tokio::time::timeout(Duration::from_secs(20), provider.shutdown()).await
    };
    let (said, status) = tokio::join!(sleeper.apply(&provider, plan), ended);
    assert!(said.is_err());
    assert!(!status.expect("in time").expect("it ends").success());
}
