//! A sandbox as a test holds it. Blocking, because tests drive the Terraform
//! CLI and wait for it; safe to share between threads.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::boto3::Scripts;
use crate::sandbox::recorder::{Call, Rate};
use crate::sandbox::server::{self, Options};
use crate::sandbox::weather::Rule;
use crate::sandbox::weather::holds::Held;

pub struct Sandbox {
    endpoint: String,
    python: PathBuf,
    scripts: Scripts,
    /// The thread that serves it; none when somebody else does.
    server: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on free ports, installing what it needs at the first time.
    pub fn start() -> Result<Self, String> {
        Self::start_with(Options::default())
    }

    pub fn start_with(options: Options) -> Result<Self, String> {
        let python = options.environment.join("bin").join("python");
        let (tell, told) = mpsc::channel();
        let server = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || serve(options, &tell));
        let server = server.map_err(|error| error.to_string())?;
        let endpoint = told
            .recv()
            .map_err(|_| "the sandbox broke off while starting".to_owned())??;
        Ok(Self {
            endpoint,
            python,
            scripts: Scripts::default(),
            server: Some(server),
        })
    }

    /// A sandbox that runs already, such as `make sandbox`.
    pub fn connect(endpoint: &str, python: PathBuf) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            python,
            scripts: Scripts::default(),
            server: None,
        }
    }

    /// `http://127.0.0.1:PORT`, for AWS_ENDPOINT_URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The environment in which a process takes the sandbox for AWS.
    pub fn env(&self) -> BTreeMap<String, String> {
        crate::sandbox::server::environment(&self.endpoint)
    }

    /// Empties the account, the record and the weather.
    pub fn reset(&self) -> Result<(), String> {
        self.control::<Value>("POST", "reset", "").map(drop)
    }

    /// Every call since the last reset.
    pub fn calls(&self) -> Result<Vec<Call>, String> {
        self.calls_since(0)
    }

    /// Forgets the calls so far; the account stays as it is.
    pub fn forget_calls(&self) -> Result<(), String> {
        self.control::<Value>("DELETE", "calls", "").map(drop)
    }

    /// The calls after a sequence number.
    pub fn calls_since(&self, sequence: u64) -> Result<Vec<Call>, String> {
        self.control("GET", &format!("calls?since={sequence}"), "")
    }

    /// The calls that change something, after a sequence number.
    pub fn mutations_since(&self, sequence: u64) -> Result<Vec<Call>, String> {
        self.control("GET", &format!("calls?since={sequence}&mutating=true"), "")
    }

    /// The calls that have not ended.
    pub fn calls_under_way(&self) -> Result<Vec<Call>, String> {
        self.control("GET", "calls?open=true", "")
    }

    /// The sequence number of the last call; 0 when there was none since the reset.
    pub fn last_sequence(&self) -> Result<u64, String> {
        self.control("GET", "calls/last", "")
    }

    /// Calls per second by service.
    pub fn rates(&self) -> Result<BTreeMap<String, Rate>, String> {
        self.control("GET", "rate", "")
    }

    /// Adds rules to the weather.
    pub fn weather(&self, rules: impl IntoIterator<Item = Rule>) -> Result<(), String> {
        let rules: Vec<Rule> = rules.into_iter().collect();
        self.control::<Value>("POST", "weather", &json!(rules).to_string())
            .map(drop)
    }

    /// Adds AWS's own control-plane limits to the weather.
    pub fn aws_limits(&self) -> Result<(), String> {
        self.control::<Value>("POST", "weather/aws-limits", "")
            .map(drop)
    }

    /// Adds a weather with AWS's own words (`weather/named.rs`) to the first so many calls.
    pub fn named_weather(&self, name: &str, first: u64) -> Result<(), String> {
        let path = format!("weather/named?name={name}&first={first}");
        self.control::<Value>("POST", &path, "").map(drop)
    }

    /// Ends all weather. What is held before its effect never has one.
    pub fn clear_weather(&self) -> Result<(), String> {
        self.control::<Value>("DELETE", "weather", "").map(drop)
    }

    /// Waits until so many calls are held, and returns those that are.
    pub fn wait_held(&self, count: usize, wait: Duration) -> Result<Vec<Held>, String> {
        self.control(
            "GET",
            &format!("held?count={count}&wait_ms={}", wait.as_millis()),
            "",
        )
    }

    /// Lets all held calls go on; returns how many.
    pub fn release(&self) -> Result<u64, String> {
        let answer: Value = self.control("POST", "release", "")?;
        Ok(answer.get("released").and_then(Value::as_u64).unwrap_or(0))
    }

    /// Clicks the link in the e-mail that subscriptions of this address were sent.
    pub fn confirm(&self, email: &str) -> Result<(), String> {
        self.control::<Value>("POST", "confirm", &json!({ "endpoint": email }).to_string())
            .map(drop)
    }

    /// Stages a version of a secret that has no value yet, as Secrets Manager
    /// does before it calls a rotation function.
    pub fn stage_pending(&self, arn: &str, version: &str) -> Result<(), String> {
        let body = json!({ "arn": arn, "version": version }).to_string();
        self.control::<Value>("POST", "stage-pending", &body)
            .map(drop)
    }

    /// How long changes of tables take from now on, until the next reset.
    pub fn settle_in(&self, time: Duration) -> Result<(), String> {
        self.control::<Value>("POST", &format!("settle?ms={}", time.as_millis()), "")
            .map(drop)
    }

    /// How long `roles`, `functions`, `interfaces` or `tables` take from now on, until the next reset.
    pub fn settle(&self, what: &str, time: Duration) -> Result<(), String> {
        let path = format!("settle?what={what}&ms={}", time.as_millis());
        self.control::<Value>("POST", &path, "").map(drop)
    }

    /// How many of the next `functions` or `endpoints` AWS takes and cannot make.
    pub fn fail_next(&self, what: &str, count: u32) -> Result<(), String> {
        let path = format!("fail-next?what={what}&count={count}");
        self.control::<Value>("POST", &path, "").map(drop)
    }

    /// What exists: region -> kind -> names. An empty account is `{}`.
    pub fn account(&self) -> Result<Value, String> {
        self.control("GET", "account", "")
    }

    /// What the account has once and a pipeline leaves alone, by region.
    pub fn settings(&self) -> Result<Value, String> {
        self.control("GET", "settings", "")
    }

    /// Runs Python with boto3 against the sandbox. The script prints one JSON
    /// value (`print(json.dumps(...))`; `boto3` and `json` are imported), or nothing.
    pub fn boto3(&self, script: &str) -> Result<Value, String> {
        self.scripts.run(&self.python, &self.endpoint, script)
    }

    /// A call of the control API.
    pub fn control<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<T, String> {
        let (status, text) = self.exchange(method, path, body).map_err(|error| {
            format!("the sandbox at {} does not answer: {error}", self.endpoint)
        })?;
        if status != 200 {
            return Err(format!("{method} {path}: {status} {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{method} {path}: {error} in {text}"))
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let host = self.endpoint.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "{method} /_sandbox/{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Ok((status, text.to_owned()))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            let _ = self.exchange("POST", "stop", "");
            let _ = server.join();
        }
    }
}

/// Runs a sandbox on a runtime of its own until it is told to stop.
fn serve(options: Options, tell: &mpsc::Sender<Result<String, String>>) {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return drop(tell.send(Err(error.to_string()))),
    };
    runtime.block_on(async {
        match server::start(options, |line| eprintln!("sandbox: {line}")).await {
            Ok(sandbox) => {
                let _ = tell.send(Ok(sandbox.endpoint.clone()));
                sandbox.ended.cancelled().await;
                sandbox.emulators.stop().await;
            }
            Err(message) => drop(tell.send(Err(message))),
        }
    });
}
