//! The control API under `/_sandbox/`: how tests, and people with curl, look
//! into the sandbox and steer its weather.
//!
//! | request | what it does |
//! |---|---|
//! | `GET health` | whether both emulators run, and as which processes |
//! | `GET calls?since=N&mutating=true&open=true` | the record: what came after a call, changes something, is under way |
//! | `GET calls/last` | the sequence number of the last call |
//! | `DELETE calls` | forgets the record; the account stays as it is |
//! | `GET rate` | calls per second by service |
//! | `GET account` | what exists, in every region that was called |
//! | `GET settings` | what the account has once: detectors, recorders, channels, trails, API Gateway's role |
//! | `POST reset` | empties account, record and weather |
//! | `GET weather`, `POST weather`, `DELETE weather` | the rules: show, add one or a list, clear |
//! | `POST weather/aws-limits` | adds AWS's own control-plane limits |
//! | `POST weather/named?name=waf-unavailable&first=2` | adds a weather in AWS's words (`weather/named.rs`) to the first calls |
//! | `GET held?count=1&wait_ms=5000` | the calls that are held, waiting for them if asked |
//! | `POST release?sequence=N` | lets a held call (or all) go on |
//! | `POST confirm` | confirms e-mail subscriptions: `{"endpoint": "a@example.com"}` |
//! | `POST stage-pending` | what Secrets Manager does before it calls a rotation function: `{"arn": "...", "version": "..."}` |
//! | `POST settle?what=tables&ms=N` | how long tables are CREATING, UPDATING, DELETING, until the next reset |
//! | `POST settle?what=roles&ms=N` | ... new roles are unknown to other services |
//! | `POST settle?what=functions&ms=N` | ... functions are Pending or being updated |
//! | `POST settle?what=interfaces&ms=N` | ... a function's network interfaces outlive it |
//! | `POST fail-next?what=functions&count=N` | how many of the next functions, or `endpoints`, AWS cannot make |
//! | `POST stop` | ends the sandbox |

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account;
use super::recorder::Wanted;
use super::reply::Reply;
use super::request::find;
use super::server::Sandbox;
use super::weather::{Rule, limits, named};

/// One rule, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    Many(Vec<Value>),
    One(Value),
}

pub async fn answer(sandbox: &Arc<Sandbox>, parts: &Parts, path: &str, body: &Bytes) -> Reply {
    match dispatch(sandbox, parts, path, body).await {
        Ok(value) => write(StatusCode::OK, &value),
        Err((status, message)) => write(status, &json!({ "error": message })),
    }
}

async fn dispatch(
    sandbox: &Arc<Sandbox>,
    parts: &Parts,
    path: &str,
    body: &Bytes,
) -> Result<Value, (StatusCode, String)> {
    let query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let number = |name: &str| -> Result<Option<u64>, (StatusCode, String)> {
        find(&query, name)
            .map(|text| {
                text.parse().map_err(|_| {
                    (
                        StatusCode::BAD_REQUEST,
                        format!("{name} is not a number: {text}"),
                    )
                })
            })
            .transpose()
    };
    let failed = |message: String| (StatusCode::INTERNAL_SERVER_ERROR, message);
    Ok(match (&parts.method, path) {
        (&Method::GET, "health") => {
            json!({ "healthy": sandbox.emulators.alive().await, "endpoint": sandbox.endpoint, "processes": sandbox.emulators.ids().await })
        }
        (&Method::GET, "calls") => {
            let fact = |name: &str| find(&query, name).map(|text| text == "true");
            json!(sandbox.recorder.calls(&Wanted {
                since: number("since")?.unwrap_or(0),
                mutating: fact("mutating"),
                open: fact("open"),
            }))
        }
        (&Method::GET, "calls/last") => json!(sandbox.recorder.last_sequence()),
        (&Method::DELETE, "calls") => {
            sandbox.recorder.reset();
            json!({})
        }
        (&Method::GET, "rate") => json!(sandbox.recorder.rates()),
        (&Method::GET, "account") => account::list(sandbox).await.map_err(failed)?,
        (&Method::GET, "settings") => account::settings(sandbox).await.map_err(failed)?,
        (&Method::POST, "reset") => {
            sandbox.reset().await.map_err(failed)?;
            json!({})
        }
        (&Method::GET, "weather") => json!(sandbox.weather.rules()),
        (&Method::POST, "weather") => {
            let rules = rules(body).map_err(|message| (StatusCode::BAD_REQUEST, message))?;
            sandbox.weather.add(rules);
            json!(sandbox.weather.rules())
        }
        (&Method::POST, "weather/aws-limits") => {
            sandbox.weather.add(limits::rules());
            json!(sandbox.weather.rules())
        }
        (&Method::POST, "weather/named") => {
            let name = find(&query, "name").unwrap_or_default();
            let Some(rule) = named::rule(name, number("first")?.unwrap_or(1)) else {
                let message = format!("there is no weather {name}, only {:?}", named::names());
                return Err((StatusCode::BAD_REQUEST, message));
            };
            sandbox.weather.add([rule]);
            json!(sandbox.weather.rules())
        }
        (&Method::DELETE, "weather") => {
            sandbox.weather.clear();
            sandbox.holds.abandon();
            json!([])
        }
        (&Method::GET, "held") => {
            let count = number("count")?.unwrap_or(1) as usize;
            let wait = Duration::from_millis(number("wait_ms")?.unwrap_or(0));
            let held = tokio::time::timeout(wait, sandbox.holds.wait_for(count)).await;
            json!(held.unwrap_or_else(|_| sandbox.holds.list()))
        }
        (&Method::POST, "release") => {
            json!({ "released": sandbox.holds.release(number("sequence")?) })
        }
        (&Method::POST, "confirm") => {
            let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
            let endpoint = wanted
                .get("endpoint")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if endpoint.is_empty() {
                return Err((
                    StatusCode::BAD_REQUEST,
                    "say which: {\"endpoint\": \"a@example.com\"}".to_owned(),
                ));
            }
            sandbox.shims.email.confirm(endpoint);
            json!({})
        }
        (&Method::POST, "stage-pending") => {
            let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
            let text = |name: &str| wanted.get(name).and_then(Value::as_str);
            let (Some(arn), Some(version)) = (text("arn"), text("version")) else {
                return Err((
                    StatusCode::BAD_REQUEST,
                    "say which: {\"arn\": \"arn:aws:secretsmanager:...\", \"version\": \"...\"}"
                        .to_owned(),
                ));
            };
            sandbox.shims.pending.stage(arn, version);
            json!({})
        }
        (&Method::POST, "settle") => {
            let what = find(&query, "what").unwrap_or("tables");
            let time = Duration::from_millis(number("ms")?.unwrap_or(0));
            if !sandbox.shims.settle_in(what, time) {
                let message =
                    format!("{what} do not take time: tables, roles, functions and interfaces do");
                return Err((StatusCode::BAD_REQUEST, message));
            }
            json!({})
        }
        (&Method::POST, "fail-next") => {
            let what = find(&query, "what").unwrap_or_default();
            let count = number("count")?.unwrap_or(1);
            if !sandbox.shims.creation_failures.expect(what, count) {
                let message = format!("{what} do not fail so: functions and endpoints are");
                return Err((StatusCode::BAD_REQUEST, message));
            }
            json!({})
        }
        (&Method::POST, "stop") => {
            sandbox.ended.cancel();
            json!({})
        }
        (method, path) => {
            return Err((
                StatusCode::NOT_FOUND,
                format!("the sandbox has no {method} /_sandbox/{path}"),
            ));
        }
    })
}

fn rules(body: &[u8]) -> Result<Vec<Rule>, String> {
    let rules = serde_json::from_slice(body)
        .map_err(|error| format!("the weather is not JSON: {error}"))?;
    let rules = match rules {
        Rules::Many(rules) => rules,
        Rules::One(rule) => vec![rule],
    };
    rules
        .into_iter()
        .map(|rule| {
            serde_json::from_value(rule.clone()).map_err(|error| format!("{error} in {rule}"))
        })
        .collect()
}

fn write(status: StatusCode, value: &Value) -> Reply {
    let mut text = value.to_string();
    text.push('\n');
    let mut reply = Response::new(Bytes::from(text));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
