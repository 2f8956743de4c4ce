//! The real Terraform CLI in a folder of its own, with the provider that was
//! built beside this test.

use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

/// The source address under which examples and tests name the provider.
pub const SOURCE: &str = "terraform.local/tap/tap";

/// The folder in which cargo puts the binaries of this build.
///
/// # Errors
///
/// When this program is not where cargo puts programs.
pub fn bin_dir() -> io::Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let dir = exe
        .ancestors()
        .skip(1)
        .find(|dir| dir.file_name().is_some_and(|name| name != "deps"))
        .ok_or_else(|| io::Error::other("this program lies in no folder"))?;
    Ok(dir.to_path_buf())
}

/// A program of this build, or a sentence on how to build it. The provider may
/// be another build's: `TAP_PROVIDER` says which.
///
/// # Errors
///
/// When it has not been built.
pub fn program(name: &str) -> io::Result<PathBuf> {
    let given = std::env::var_os("TAP_PROVIDER").filter(|_| name == "terraform-provider-tap");
    let path = match given {
        Some(path) => PathBuf::from(path),
        None => bin_dir()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)),
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(io::Error::other(format!(
        "{} has not been built; run: make build",
        path.display()
    )))
}

/// Terraform or OpenTofu on PATH, or a sentence on what to install.
///
/// # Errors
///
/// When neither is there.
pub fn terraform_program() -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for name in ["terraform", "tofu"] {
        if let Some(found) = std::env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|candidate| candidate.is_file())
        {
            return Ok(found);
        }
    }
    Err(io::Error::other(
        "Terraform is missing: install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install) and run this again.",
    ))
}

/// A working folder of the CLI.
pub struct Terraform {
    program: PathBuf,
    dir: PathBuf,
    /// Removed when this is dropped.
    temporary: bool,
    env: BTreeMap<OsString, OsString>,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    /// Both streams.
    pub text: String,
    pub stdout: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        Self {
            code: output.status.code().unwrap_or(-1),
            text: format!("{stdout}{stderr}"),
            stdout,
        }
    }

    /// The text without line breaks and box drawing: Terraform wraps its
    /// diagnostics at the width of a terminal.
    pub fn flat(&self) -> String {
        self.text
            .replace(['│', '╷', '╵'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Terraform {
    /// A temporary folder whose provider is the built one (`dev_overrides`:
    /// no init is needed), with the given environment beside a clean one.
    ///
    /// # Errors
    ///
    /// When Terraform or the provider is missing, or the disk refuses.
    pub fn new(env: &BTreeMap<String, String>) -> io::Result<Self> {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("tap-test-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let provider = program("terraform-provider-tap")?;
        let overrides = provider.parent().unwrap_or(Path::new("."));
        let config = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{SOURCE}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            overrides.display()
        );
        let mut terraform = Self::at(dir, env)?;
        terraform.temporary = true;
        let file = terraform.dir.join("cli.tfrc");
        std::fs::write(&file, config)?;
        terraform.set("TF_CLI_CONFIG_FILE", file);
        Ok(terraform)
    }

    /// A folder that stays.
    ///
    /// # Errors
    ///
    /// When Terraform is missing.
    pub fn at(dir: PathBuf, env: &BTreeMap<String, String>) -> io::Result<Self> {
        let mut all: BTreeMap<OsString, OsString> = ["PATH", "HOME", "TMPDIR", "LANG"]
            .into_iter()
            .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
            .collect();
        all.extend(env.iter().map(|(k, v)| (k.into(), v.into())));
        all.insert("TF_IN_AUTOMATION".into(), "1".into());
        all.insert("CHECKPOINT_DISABLE".into(), "1".into());
        Ok(Self {
            program: terraform_program()?,
            dir,
            temporary: false,
            env: all,
        })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.insert(name.into(), value.into());
    }

    /// Writes the configuration: the required provider and the rest.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn configure(&self, rest: &str) -> io::Result<()> {
        let text = format!(
            "terraform {{\n  required_providers {{\n    tap = {{ source = \"{SOURCE}\" }}\n  }}\n}}\n{rest}\n"
        );
        std::fs::write(self.dir.join("main.tf"), text)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.dir)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> io::Result<Ran> {
        Ok(Ran::of(self.command(arguments).output()?))
    }

    /// Starts a command, which runs on.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> io::Result<Running> {
        Running::spawn(&mut self.command(arguments))
    }

    /// As [`Self::start`], in a process group of its own, as a shell starts a
    /// command in a terminal: so that [`interrupt`] reaches all of it and
    /// nothing else.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start_in_group(&self, arguments: &[&str]) -> io::Result<Running> {
        use std::os::unix::process::CommandExt;
        Running::spawn(self.command(arguments).process_group(0))
    }

    /// `terraform plan` into a file; exit code 2 means changes.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn plan(&self, more: &[&str]) -> io::Result<Ran> {
        let mut arguments = vec![
            "plan",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            "-out=plan",
        ];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// `terraform apply` without questions.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn apply(&self, more: &[&str]) -> io::Result<Ran> {
        let mut arguments = vec!["apply", "-input=false", "-no-color", "-auto-approve"];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// `terraform destroy` without questions.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn destroy(&self) -> io::Result<Ran> {
        self.run(&["destroy", "-input=false", "-no-color", "-auto-approve"])
    }

    /// The last plan, as JSON.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn shown_plan(&self) -> io::Result<Value> {
        let ran = self.run(&["show", "-json", "plan"])?;
        serde_json::from_str(&ran.stdout)
            .map_err(|error| io::Error::other(format!("{error}: {}", ran.text)))
    }

    /// The attributes of a resource in the state; null when it is not there.
    ///
    /// # Errors
    ///
    /// When the state cannot be shown.
    pub fn state_of(&self, address: &str) -> io::Result<Value> {
        let ran = self.run(&["show", "-json"])?;
        let state: Value = serde_json::from_str(&ran.stdout)
            .map_err(|error| io::Error::other(format!("{error}: {}", ran.text)))?;
        let found = state["values"]["root_module"]["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|resource| resource["address"] == address)
            .map(|resource| resource["values"].clone());
        Ok(found.unwrap_or(Value::Null))
    }
}

/// Ctrl-C in the terminal of a command that was started in a group: SIGINT to
/// Terraform and the provider at once.
///
/// # Errors
///
/// When the signal cannot be sent.
pub fn interrupt(child: &Child) -> io::Result<()> {
    signal(&["-INT", "--", &format!("-{}", child.id())])
}

/// SIGINT to Terraform alone, which then tells the provider to stop.
///
/// # Errors
///
/// When the signal cannot be sent.
pub fn interrupt_terraform_alone(child: &Child) -> io::Result<()> {
    signal(&["-INT", &child.id().to_string()])
}

fn signal(arguments: &[&str]) -> io::Result<()> {
    match Command::new("kill").args(arguments).status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "kill {} failed",
            arguments.join(" ")
        ))),
    }
}

/// Waits for a command that was started to end.
///
/// # Errors
///
/// When it cannot be waited for.
pub fn ended(mut running: Running) -> io::Result<Ran> {
    let status = running.child.wait()?;
    let [stdout, stderr] = running
        .output
        .map(|reader| reader.join().unwrap_or_default());
    Ok(Ran::of(Output {
        status,
        stdout,
        stderr,
    }))
}

/// A command that runs. What it prints is read all the while: the plan of a
/// whole pipeline is more than a pipe holds, and would stop it.
pub struct Running {
    child: Child,
    /// Standard output and standard error.
    output: [JoinHandle<Vec<u8>>; 2],
}

impl Running {
    fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = [reader(child.stdout.take()), reader(child.stderr.take())];
        Ok(Self { child, output })
    }
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is kept.
            let _ = pipe.read_to_end(&mut text);
        }
        text
    })
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Terraform {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// The change of one address in a plan: `actions`, `before`, `after`,
/// `after_unknown`; null when the plan does not have it.
pub fn resource_change(plan: &Value, address: &str) -> Value {
    plan["resource_changes"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|change| change["address"] == address)
        .map(|change| change["change"].clone())
        .unwrap_or_default()
}

/// How the `resources` map of one address changes in a plan: logical id to
/// (before, after); what stays the same is left out.
pub fn changed_lines(plan: &Value, address: &str) -> BTreeMap<String, (Value, Value)> {
    let Some(change) = plan["resource_changes"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|change| change["address"] == address)
        .map(|change| &change["change"])
    else {
        return BTreeMap::new();
    };
    let (before, after) = (
        &change["before"]["resources"],
        &change["after"]["resources"],
    );
    let keys = [before, after]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(|map| map.keys());
    keys.filter(|id| before.get(*id) != after.get(*id))
        .map(|id| {
            let value = |map: &Value| map.get(id).cloned().unwrap_or_default();
            (id.clone(), (value(before), value(after)))
        })
        .collect()
}
