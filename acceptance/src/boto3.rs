//! Python with boto3, kept at hand. Importing it and reading the services'
//! models takes longer than most scripts do: so a process that has done both
//! forks for each script, which finds everything read and nothing said.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::sandbox::server;

/// Reads a script of so many bytes, forks, and answers with the exit code and
/// what was said, until it hears no more. Lines of the protocol are
/// `LENGTH` there, and `CODE LENGTH LENGTH` back, each followed by as many bytes.
const SERVE: &str = r#"
import json, os, sys, tempfile, traceback
import boto3
boto3.setup_default_session()
for name in SERVICES:
    boto3.client(name)
hear, say = sys.stdin.buffer, sys.stdout.buffer
def run(script, out, err):
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        exec(compile(script, "<script>", "exec"), {"__name__": "__main__", "boto3": boto3, "json": json})
        code = 0
    except SystemExit as wanted:
        code = wanted.code if isinstance(wanted.code, int) else int(wanted.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
while line := hear.readline():
    script = hear.read(int(line))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            run(script, out, err)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
    say.write(b"%d %d %d\n" % (code, *map(len, texts)) + b"".join(texts))
    say.flush()
"#;

/// Those of which the tests ask most.
const SERVICES: &str = r#"["apigateway", "cloudtrail", "cloudwatch", "config", "dynamodb", "ec2", "events", "guardduty", "iam", "kms", "lambda", "logs", "s3", "secretsmanager", "sns", "sqs", "ssm", "wafv2"]"#;

/// Processes that wait for a script; as many as ever ran at once.
#[derive(Default)]
pub struct Scripts(Mutex<Vec<Server>>);

impl Scripts {
    /// Runs a script, which prints one JSON value or nothing. What it prints
    /// when it fails is the error.
    pub fn run(&self, python: &Path, endpoint: &str, script: &str) -> Result<Value, String> {
        let explain = |error: io::Error| format!("{}: {error}", python.display());
        let idle = self.lock().pop();
        let mut server = match idle {
            Some(server) => server,
            None => Server::start(python, endpoint).map_err(explain)?,
        };
        let (code, text, errors) = server.run(script).map_err(explain)?;
        self.lock().push(server);
        if code != 0 {
            return Err(format!("{text}{errors}"));
        }
        match text.trim() {
            "" => Ok(Value::Null),
            text => serde_json::from_str(text)
                .map_err(|error| format!("the script printed no JSON ({error}): {text}")),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Server>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Server {
    process: Child,
    hear: BufReader<ChildStdout>,
    /// None when it shall end.
    say: Option<ChildStdin>,
}

impl Server {
    fn start(python: &Path, endpoint: &str) -> io::Result<Self> {
        let mut command = Command::new(python);
        command
            .arg("-c")
            .arg(format!("SERVICES = {SERVICES}\n{SERVE}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
        {
            command.env_remove(name);
        }
        let mut process = command
            .envs(server::environment(endpoint))
            .env("AWS_RETRY_MODE", "standard")
            .env("AWS_MAX_ATTEMPTS", "1")
            .spawn()?;
        let said = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            hear: BufReader::new(said),
            say: process.stdin.take(),
            process,
        })
    }

    fn run(&mut self, script: &str) -> io::Result<(i32, String, String)> {
        let say = self.say.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        write!(say, "{}\n{script}", script.len())?;
        say.flush()?;
        let mut line = String::new();
        self.hear.read_line(&mut line)?;
        let mut numbers = line.split_whitespace().map(str::parse::<i32>);
        let mut number = || match numbers.next() {
            Some(Ok(number)) => Ok(number),
            _ => Err(io::Error::other(format!("it answered {line:?}"))),
        };
        let (code, out, err) = (number()?, number()?, number()?);
        let mut text = |length: i32| {
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            self.hear.read_exact(&mut bytes)?;
            Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).into_owned())
        };
        Ok((code, text(out)?, text(err)?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.say = None;
        let _ = self.process.wait();
    }
}
