//! The sandbox as a program: how it is installed, what it says, and that it
//! leaves no process behind, however it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use super::*;
use acceptance::sandbox::install::install;

#[test]
fn the_emulators_end_when_the_sandbox_is_killed() {
    let mut sandbox = spawn(&[]);
    let processes = processes(&sandbox.endpoint);
    assert!(processes.iter().all(|id| is_running(*id)));
    sandbox.child.kill().unwrap();
    sandbox.child.wait().unwrap();
    assert_gone(&processes);
}

#[test]
fn the_sandbox_ends_when_standard_input_closes() {
    let mut sandbox = spawn(&["--until-stdin-closes"]);
    let processes = processes(&sandbox.endpoint);
    drop(sandbox.child.stdin.take());
    assert!(sandbox.child.wait().unwrap().success());
    assert_gone(&processes);
}

#[test]
fn the_sandbox_ends_cleanly_when_it_is_interrupted() {
    for signal in ["-INT", "-TERM"] {
        let mut sandbox = spawn(&[]);
        let processes = processes(&sandbox.endpoint);
        assert!(
            Command::new("kill")
                .args([signal, &sandbox.child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        assert!(sandbox.child.wait().unwrap().success(), "{signal}");
        assert_gone(&processes);
    }
}

#[test]
fn the_sandbox_says_how_to_use_it() {
    // Ended in its own way: a killed one may not have said everything yet.
    let mut sandbox = spawn(&["--until-stdin-closes"]);
    drop(sandbox.child.stdin.take());
    sandbox.child.wait().unwrap();
    let mut said = sandbox.said.clone();
    sandbox.rest.read_to_string(&mut said).unwrap();
    let endpoint = &sandbox.endpoint;
    for expected in [
        format!("export AWS_ENDPOINT_URL={endpoint}"),
        "provider \"tap\" {".to_owned(),
        format!(
            "\"s3\", \"secretsmanager\", \"sns\", \"sqs\", \"ssm\", \"sts\", \"wafv2\"] : service => \"{endpoint}\" }}"
        ),
        format!("curl {endpoint}/_sandbox/account"),
    ] {
        assert!(said.contains(&expected), "{expected} is not in\n{said}");
    }
}

#[test]
fn a_python_that_is_too_old_or_missing_is_refused_in_one_sentence() {
    let folder = std::env::temp_dir().join(format!("sandbox-no-python-{}", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .arg("--venv")
        .arg(&folder)
        .env("TAP_SANDBOX_PYTHON", "no-such-python")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("needs Python 3.10 or newer") && said.trim().lines().count() == 1,
        "{said}"
    );
}

struct Spawned {
    child: Child,
    endpoint: String,
    said: String,
    rest: BufReader<std::process::ChildStdout>,
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, as people run it, once it answers.
fn spawn(arguments: &[&str]) -> Spawned {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut rest = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    rest.read_line(&mut said).unwrap();
    let endpoint = said
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .expect("the endpoint is in the first line")
        .trim_end_matches('.')
        .to_owned();
    Spawned {
        child,
        endpoint,
        said,
        rest,
    }
}

fn processes(endpoint: &str) -> Vec<u64> {
    let health: Value = Sandbox::connect(endpoint, "python3".into())
        .control("GET", "health", "")
        .unwrap();
    assert_eq!(health["healthy"], true);
    health["processes"]
        .as_object()
        .unwrap()
        .values()
        .map(|id| id.as_u64().unwrap())
        .collect()
}

fn is_running(id: u64) -> bool {
    // A process that has ended and is not yet waited for has no command line.
    std::fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty())
}

fn assert_gone(processes: &[u64]) {
    let begin = Instant::now();
    while processes.iter().any(|id| is_running(*id)) {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "the emulators {processes:?} still run"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_installations_at_once_make_one_environment_and_new_versions_make_another() {
    let folder = std::env::temp_dir().join(format!("sandbox-install-{}", std::process::id()));
    let environment = folder.join("venv");
    let said = Mutex::new(Vec::new());
    let say = |line: &str| {
        said.lock()
            .unwrap()
            .push(line.split(' ').next().unwrap().to_owned())
    };
    let python = std::thread::scope(|scope| {
        let installations =
            [0, 1].map(|_| scope.spawn(|| install(&environment, "# nothing\n", &say).unwrap()));
        installations.map(|installation| installation.join().unwrap())
    });
    let made = |said: &Mutex<Vec<String>>| {
        said.lock()
            .unwrap()
            .iter()
            .filter(|word| *word == "creating")
            .count()
    };
    assert_eq!((&python[0], made(&said)), (&python[1], 1));
    install(&environment, "# nothing\n", &say).unwrap();
    assert_eq!(made(&said), 1);
    install(&environment, "# nothing, but in another version\n", &say).unwrap();
    assert_eq!(made(&said), 2);
    std::fs::remove_dir_all(folder).unwrap();
}
