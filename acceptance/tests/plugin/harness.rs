//! What the tests share: the binary, scratch files, and a configuration with the
//! real Terraform in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use acceptance::tfclient::{Provider, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The provider under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_testprovider");

/// It, started by our own client and configured.
pub async fn provider() -> Provider {
    started(Start::new(BINARY)).await
}

pub async fn started(start: Start) -> Provider {
    let provider = Provider::start(start).await.expect("the provider starts");
    provider
        .configure(json!({}))
        .await
        .expect("it can be configured");
    provider
}

/// Waits for something that is to happen soon.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The same in an asynchronous test.
pub async fn wait_async<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "waited in vain for {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The lines of a file that may not be there yet.
pub fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(ToOwned::to_owned).collect()
}

/// Whether a process is there and not a zombie.
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

/// Sends a signal to a process, or to a group if the id is negative.
pub fn signal(name: &str, pid: i64) {
    let mut kill = Command::new("kill");
    kill.args([&format!("-{name}"), "--", &pid.to_string()]);
    assert!(kill.status().expect("kill runs").success());
}

/// A directory with a configuration that uses the test provider.
pub struct Workspace {
    dir: TempDir,
    environment: Vec<(String, String)>,
}

impl Workspace {
    /// Writes the configuration and initialises it, with the provider installed
    /// from a mirror in the file system.
    pub fn new(configuration: &str) -> Self {
        let workspace = Self {
            dir: TempDir::new().expect("a temporary directory"),
            environment: Vec::new(),
        };
        let platform = format!(
            "linux_{}",
            if cfg!(target_arch = "aarch64") {
                "arm64"
            } else {
                "amd64"
            }
        );
        let mirror = workspace.path("mirror");
        let home = mirror.join("terraform.local/tap/test/1.0.0").join(platform);
        std::fs::create_dir_all(&home).expect("the mirror");
        std::os::unix::fs::symlink(BINARY, home.join("terraform-provider-test_v1.0.0"))
            .expect("the provider in the mirror");
        let settings = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
        );
        std::fs::write(workspace.path("terraform.rc"), settings).expect("the CLI's settings");
        workspace.write(configuration);
        let output = workspace.run(&["init", "-no-color", "-input=false"]);
        assert!(output.status.success(), "{}", text(&output));
        workspace
    }

    /// Replaces the configuration.
    pub fn write(&self, configuration: &str) {
        let head = "terraform {\n  required_providers {\n    test = {\n      \
                    source = \"terraform.local/tap/test\"\n    }\n  }\n}\n";
        std::fs::write(self.path("main.tf"), format!("{head}{configuration}\n"))
            .expect("the configuration");
    }

    /// Sets a variable for all runs from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("TF_CLI_CONFIG_FILE", self.path("terraform.rc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_LOG")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        match self.command(arguments).output() {
            Ok(output) => output,
            Err(error) => panic!("{}: {error}", MISSING),
        }
    }

    /// Starts Terraform in a process group of its own, as a shell does.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        use std::os::unix::process::CommandExt;
        let mut command = self.command(arguments);
        match command.process_group(0).spawn() {
            Ok(child) => child,
            Err(error) => panic!("{}: {error}", MISSING),
        }
    }

    pub fn apply(&self) -> Output {
        self.run(&["apply", "-no-color", "-input=false", "-auto-approve"])
    }

    pub fn destroy(&self) -> Output {
        self.run(&["destroy", "-no-color", "-input=false", "-auto-approve"])
    }

    /// Applies, and fails the test if that fails.
    pub fn applied(&self) {
        let output = self.apply();
        assert!(output.status.success(), "{}", text(&output));
    }

    /// Destroys, and fails the test if that fails or leaves anything.
    pub fn destroyed(&self) {
        let output = self.destroy();
        assert!(output.status.success(), "{}", text(&output));
        assert_eq!(self.resources(), json!([]), "the state is empty");
    }

    /// Whether a plan says that nothing is to be done.
    pub fn plan_is_empty(&self) -> bool {
        let output = self.run(&["plan", "-no-color", "-input=false", "-detailed-exitcode"]);
        match output.status.code() {
            Some(0) => true,
            Some(2) => {
                eprintln!("{}", text(&output));
                false
            }
            _ => panic!("{}", text(&output)),
        }
    }

    /// The resources in the state file.
    pub fn resources(&self) -> Value {
        let state = std::fs::read(self.path("terraform.tfstate")).unwrap_or_default();
        let state: Value = serde_json::from_slice(&state).unwrap_or_default();
        state.get("resources").cloned().unwrap_or(json!([]))
    }

    /// The only instance of the only resource in the state file.
    pub fn instance(&self) -> Value {
        let resources = self.resources();
        assert_eq!(resources.as_array().map(Vec::len), Some(1), "{resources}");
        resources[0]["instances"][0].clone()
    }
}

const MISSING: &str = "terraform is not on PATH: install Terraform 1.11 or later to run this test";

/// Everything a run printed.
pub fn text(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// The same in one line, without the frame Terraform draws around errors.
pub fn words(output: &Output) -> String {
    let text = text(output).replace(['│', '╷', '╵'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes a line that shows only when the test fails.
pub fn remark(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}
