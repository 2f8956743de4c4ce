//! Lambda's side of a function: the runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) on a
//! loopback port, and a `bootstrap` that polls it.
//!
//! Blocking, one thread a connection: a function has one or two.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

const ACCOUNT: &str = "123456789012";
const VERSION: &str = "/2018-06-01/runtime";

/// How a function is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// What stands in front of the binary, such as an emulator of its architecture.
    pub prefix: Vec<OsString>,
    pub bootstrap: OsString,
    pub timeout: Duration,
}

impl Program {
    /// A binary of this machine's architecture, with the timeout of the
    /// document functions.
    pub fn native(bootstrap: &Path) -> Self {
        Self {
            prefix: Vec::new(),
            bootstrap: bootstrap.into(),
            timeout: Duration::from_secs(15),
        }
    }
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Response(Value),
    /// `errorType` and `errorMessage`.
    Error {
        kind: String,
        message: String,
    },
    /// Nothing came within the function's timeout: Lambda kills it.
    TimedOut,
}

impl Answer {
    /// The response, or a panic that says what came instead.
    #[track_caller]
    pub fn response(self) -> Value {
        match self {
            Self::Response(value) => value,
            other => panic!("a response was expected, and {other:?} came"),
        }
    }
}

struct Invocation {
    id: String,
    event: String,
    deadline: SystemTime,
    trace: String,
}

/// What a runtime told the API.
enum Told {
    /// It asks for its first event.
    Polled,
    Response(String, Value),
    Error(String, Value),
}

struct Shared {
    told: Sender<Told>,
    waiting: Mutex<Receiver<Invocation>>,
}

/// A running function.
pub struct Function {
    child: Child,
    events: Option<Sender<Invocation>>,
    told: Receiver<Told>,
    timeout: Duration,
    last: String,
    name: String,
    /// Its standard output. A file and not a pipe that a thread reads: what a
    /// function wrote before it answered is there when the answer is.
    log: NamedTempFile,
}

impl Function {
    /// Starts a function and waits for its first poll.
    pub fn start(
        program: &Program,
        handler: &str,
        env: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let say = |error: io::Error| format!("the runtime API: {error}");
        let listener = TcpListener::bind("127.0.0.1:0").map_err(say)?;
        let address = listener.local_addr().map_err(say)?.to_string();
        let (events, waiting) = channel();
        let (tell, told) = channel();
        let shared = Arc::new(Shared {
            told: tell,
            waiting: Mutex::new(waiting),
        });
        std::thread::spawn(move || accept(&listener, &shared));
        let mut words = program.prefix.clone();
        words.push(program.bootstrap.clone());
        let first = words.remove(0);
        let log = NamedTempFile::new().map_err(say)?;
        let child = Command::new(&first)
            .args(words)
            .env_clear()
            .envs(env)
            .envs(reserved(handler, &address))
            .stdin(Stdio::null())
            .stdout(log.reopen().map_err(say)?)
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| format!("{}: {error}", first.to_string_lossy()))?;
        let function = Self {
            child,
            events: Some(events),
            told,
            timeout: program.timeout,
            last: String::new(),
            name: handler.to_owned(),
            log,
        };
        // Lambda gives the initialisation ten seconds.
        match function.told.recv_timeout(Duration::from_secs(10)) {
            Ok(Told::Polled) => Ok(function),
            Ok(Told::Error(_, error)) => Err(format!("{handler} did not come up: {error}")),
            Ok(Told::Response(..)) => Err(format!("{handler} answered what nobody asked")),
            Err(_) => {
                let log = function.log().join("\n");
                Err(format!("{handler} never polled; its log:\n{log}"))
            }
        }
    }

    /// Invokes it and waits for the end.
    pub fn invoke(&mut self, event: &Value) -> Answer {
        self.invoke_traced(
            event,
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        )
    }

    pub fn invoke_traced(&mut self, event: &Value, trace: &str) -> Answer {
        // An id is unique, as Lambda's are; later ones are greater.
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = format!("00000000-0000-4000-8000-{count:012x}");
        self.last.clone_from(&id);
        let invocation = Invocation {
            id: id.clone(),
            event: event.to_string(),
            deadline: SystemTime::now() + self.timeout,
            trace: trace.to_owned(),
        };
        if let Some(events) = &self.events {
            // A function that is gone is told by the missing answer.
            let _ = events.send(invocation);
        }
        let until = Instant::now() + self.timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.told.recv_timeout(left) {
                Ok(Told::Response(of, value)) if of == id => return Answer::Response(value),
                Ok(Told::Error(of, error)) if of == id => {
                    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
                    return Answer::Error {
                        kind: text("errorType"),
                        message: text("errorMessage"),
                    };
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Answer::TimedOut;
                }
            }
        }
    }

    /// Lambda's id of the last invocation.
    pub fn request_id(&self) -> &str {
        &self.last
    }

    /// What it has written to its log so far.
    pub fn log(&self) -> Vec<String> {
        let bytes = std::fs::read(self.log.path())
            .unwrap_or_else(|error| panic!("the log of {}: {error}", self.name));
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(ToOwned::to_owned).collect()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whoever reads of the failed test wants to know what it said.
            eprintln!("the log of {}:\n{}", self.name, self.log().join("\n"));
        }
        self.events = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The variables that Lambda itself sets
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
fn reserved(handler: &str, address: &str) -> BTreeMap<String, String> {
    [
        ("_HANDLER", handler),
        ("AWS_LAMBDA_RUNTIME_API", address),
        ("AWS_LAMBDA_FUNCTION_NAME", handler),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/12/[$LATEST]0"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("TZ", ":UTC"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || serve(stream, &shared));
    }
}

/// Serves one connection until the runtime closes it.
fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let (method, path, body) = request(&mut reader)?;
        let path = path.strip_prefix(VERSION).unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["invocation", "next"]) => {
                // Whoever waits for the first poll; later ones are of no interest.
                shared.told.send(Told::Polled).ok()?;
                let invocation = locked(&shared.waiting).recv().ok()?;
                next(&mut stream, &invocation).ok()?;
            }
            ("POST", ["invocation", id, "response"]) => {
                let value = serde_json::from_slice(&body).unwrap_or_default();
                accepted(&mut stream).ok()?;
                shared
                    .told
                    .send(Told::Response((*id).to_owned(), value))
                    .ok()?;
            }
            ("POST", ["invocation", id, "error"]) => {
                let value = serde_json::from_slice(&body).unwrap_or_default();
                accepted(&mut stream).ok()?;
                shared
                    .told
                    .send(Told::Error((*id).to_owned(), value))
                    .ok()?;
            }
            ("POST", ["init", "error"]) => {
                let value = serde_json::from_slice(&body).unwrap_or_default();
                accepted(&mut stream).ok()?;
                shared.told.send(Told::Error(String::new(), value)).ok()?;
            }
            _ => write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            )
            .ok()?,
        }
    }
}

/// Method, path and body of the next request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "transfer-encoding" => chunked = value.contains("chunked"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    while chunked {
        let mut size = String::new();
        reader.read_line(&mut size).ok()?;
        let size = usize::from_str_radix(size.trim().split(';').next()?, 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        chunk.truncate(size);
        body.extend(chunk);
        chunked = size > 0;
    }
    Some((method, path, body))
}

fn next(stream: &mut TcpStream, invocation: &Invocation) -> io::Result<()> {
    let deadline = invocation
        .deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Lambda-Runtime-Aws-Request-Id: {}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:{ACCOUNT}:function:test\r\n\
         Lambda-Runtime-Trace-Id: {}\r\n\r\n{}",
        invocation.event.len(),
        invocation.id,
        invocation.trace,
        invocation.event
    )
}

fn accepted(stream: &mut TcpStream) -> io::Result<()> {
    let body = json!({ "status": "OK" }).to_string();
    write!(
        stream,
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
