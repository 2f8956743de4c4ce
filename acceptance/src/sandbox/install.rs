//! Gives the emulators a Python environment of their own, so that neither the
//! machine's packages nor the user's environment decide what a test sees.
//!
//! The environment is made once and made anew when the pinned versions change:
//! a copy of the requirements is left in it as a stamp, written last, so that an
//! interrupted installation is not taken for a finished one. Two sandboxes that
//! start at once agree by a lock file beside the environment.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The pinned versions that this sandbox was tested with.
pub const REQUIREMENTS: &str = include_str!("../../sandbox-requirements.txt");

/// Where the environment is when nobody says otherwise.
pub const DIRECTORY_VARIABLE: &str = "TAP_SANDBOX_VENV";
/// Which Python makes the environment when nobody says otherwise.
pub const PYTHON_VARIABLE: &str = "TAP_SANDBOX_PYTHON";

const STAMP: &str = "sandbox-requirements.txt";

/// Makes sure that the environment in `directory` has exactly `requirements`,
/// and returns its Python. `say` is told what takes time.
pub fn install(
    directory: &Path,
    requirements: &str,
    say: &dyn Fn(&str),
) -> Result<PathBuf, String> {
    let python = directory.join("bin").join("python");
    let stamp = directory.join(STAMP);
    let installed =
        || fs::read_to_string(&stamp).is_ok_and(|text| text == requirements) && python.exists();
    if installed() {
        return Ok(python);
    }
    let parent = directory.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)
        .map_err(|error| format!("cannot create {}: {error}", parent.display()))?;
    let _lock = lock(&directory.with_extension("lock"), say)?;
    if installed() {
        return Ok(python);
    }
    let base = base_python()?;
    say(&format!(
        "creating the Python environment {} with {base}",
        directory.display()
    ));
    if directory.exists() {
        fs::remove_dir_all(directory)
            .map_err(|error| format!("cannot replace {}: {error}", directory.display()))?;
    }
    run(
        Command::new(&base).args(["-m", "venv"]).arg(directory),
        "the Python environment (on Debian and Ubuntu: apt install python3-venv)",
    )?;
    say("installing the emulators from the package index (about 15 seconds, once)");
    let list = directory.join("requirements.txt");
    fs::write(&list, requirements)
        .map_err(|error| format!("cannot write {}: {error}", list.display()))?;
    fetch(&python, &list, requirements, say)?;
    fs::rename(&list, &stamp)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    say("the emulators are installed");
    Ok(python)
}

/// `.sandbox/venv` below the checkout that the current directory is in, or what
/// the environment variable says.
pub fn default_directory() -> PathBuf {
    if let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE) {
        return PathBuf::from(directory);
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let checkout = here
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(&here);
    checkout.join(".sandbox").join("venv")
}

/// Held until dropped; also released by the kernel when this process is killed.
fn lock(path: &Path, say: &dyn Fn(&str)) -> Result<File, String> {
    let explain = |error: io::Error| format!("cannot lock {}: {error}", path.display());
    let file = File::create(path).map_err(explain)?;
    if file.try_lock().is_err() {
        say("waiting for another process that is installing the emulators");
        file.lock().map_err(explain)?;
    }
    Ok(file)
}

/// The first Python on PATH that is new enough.
fn base_python() -> Result<String, String> {
    let asked = std::env::var(PYTHON_VARIABLE).ok();
    let names: Vec<&str> = match &asked {
        Some(name) => vec![name],
        None => vec![
            "python3",
            "python",
            "python3.13",
            "python3.12",
            "python3.11",
            "python3.10",
            "python3.14",
        ],
    };
    let mut found = Vec::new();
    for name in names {
        let output = Command::new(name)
            .args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
            .stdin(Stdio::null())
            .output();
        let Ok(output) = output else { continue };
        if !output.status.success() {
            continue;
        }
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if new_enough(&version) {
            return Ok(name.to_owned());
        }
        found.push(format!("{name} is {version}"));
    }
    let found = if found.is_empty() {
        "none was found on PATH".to_owned()
    } else {
        found.join(", ")
    };
    Err(format!(
        "the sandbox needs Python 3.10 or newer, and {found}: install it, or name one in {PYTHON_VARIABLE}"
    ))
}

fn new_enough(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (3, 10)
}

/// Installs the list, and says how far it has come.
fn fetch(python: &Path, list: &Path, requirements: &str, say: &dyn Fn(&str)) -> Result<(), String> {
    let mut command = Command::new(python);
    command
        .args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .args(["--progress-bar", "off", "--only-binary", ":all:", "-r"])
        .arg(list)
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let explain = |error: io::Error| format!("cannot install the emulators: {error}");
    let mut child = command.spawn().map_err(explain)?;
    let total = requirements
        .lines()
        .filter(|line| line.contains("=="))
        .count();
    let mut fetched = 0;
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|output| BufReader::new(output).lines())
    {
        let line = line.map_err(explain)?;
        if line.starts_with("Collecting") {
            fetched += 1;
            if fetched % 10 == 0 {
                say(&format!("fetched {fetched} of about {total} packages"));
            }
        } else if line.starts_with("Installing") {
            say("unpacking them");
        }
    }
    let output = child.wait_with_output().map_err(explain)?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!(
        "cannot install the emulators; is the package index within reach?\n{reason}"
    ))
}

/// Runs a step of the installation; its own output is shown when it fails.
fn run(command: &mut Command, what: &str) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .output();
    let output = output.map_err(|error| format!("cannot install {what}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(format!(
        "cannot install {what}\n{}",
        String::from_utf8_lossy(&text).trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_3_10_is_the_oldest_that_is_accepted() {
        for (version, expected) in [
            ("2.7", false),
            ("3.9", false),
            ("3.10", true),
            ("3.13", true),
            ("4.0", true),
            ("", false),
        ] {
            assert_eq!(new_enough(version), expected, "{version}");
        }
    }

    #[test]
    fn every_requirement_is_pinned_to_one_version() {
        for line in REQUIREMENTS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            assert!(line.contains("=="), "{line}");
        }
    }
}
