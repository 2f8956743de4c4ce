//! Figures of the provider as it is released, each measured here and now: prints, and
//! asserts nothing about time. The last line is `bench: ` and JSON.
//!
//! One pipeline and ten, with answers at once and after 100 ms, through the
//! real Terraform; beside the time of an apply the length of its critical path
//! (`path`): whatever an engine does, it cannot be faster than that.

mod path;

use acceptance::terraform::{Terraform, bin_dir};
use acceptance::tfclient::{Provider, Start};
use acceptance::{Action, Rule, Sandbox};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

type Result<T> = std::result::Result<T, String>;

/// Pipelines, latency in milliseconds, and how many rounds the median is of.
/// An emulator on the same cores takes its time for ten.
const CASES: [(usize, u64, usize); 4] = [(1, 0, 5), (1, 100, 3), (10, 0, 1), (10, 100, 1)];

fn main() -> ExitCode {
    match bench() {
        Ok(figures) => {
            println!("bench: {figures}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("bench: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<Value> {
    let release = bin_dir()
        .map_err(text)?
        .with_file_name("released")
        .join("terraform-provider-tap");
    let size = std::fs::metadata(&release)
        .map_err(|_| "there is no provider as it is released; run: make bench".to_owned())?
        .len();
    println!("release binary: {size} bytes");
    let handshake = handshakes(&release)?;
    println!("handshake: {handshake:.0} ms");
    let sandbox = Sandbox::start()?;
    let chain = path::calls_in_chain(&sandbox, &release)?;
    println!(
        "longest chain of dependent calls: apply {}, destroy {}",
        chain["apply"], chain["destroy"]
    );
    let mut cases = Vec::new();
    for (pipelines, latency, rounds) in CASES {
        let rounds = (0..rounds)
            .map(|_| Round::new(&sandbox, &release, pipelines, latency)?.run())
            .collect::<Result<Vec<_>>>()?;
        let figures = report(pipelines, latency, &rounds, &chain);
        cases.push(figures);
    }
    Ok(json!({
        "release_binary_bytes": size,
        "handshake_ms_median": handshake,
        "chain": chain,
        "cases": cases,
    }))
}

/// Medians of a case's rounds, printed and returned.
fn report(pipelines: usize, latency: u64, rounds: &[Value], chain: &Value) -> Value {
    let mut figures =
        json!({ "pipelines": pipelines, "latency_ms": latency, "rounds": rounds.len() });
    let names = rounds.first().and_then(Value::as_object);
    for name in names.into_iter().flat_map(|round| round.keys()) {
        let values = rounds.iter().filter_map(|round| round[name].as_f64());
        figures[name] = json!(median(values.collect()));
    }
    println!(
        "\n{pipelines} pipelines, {latency} ms, {} rounds",
        rounds.len()
    );
    println!("  resources of each: {}", number(&figures["resources"]));
    println!(
        "  peak memory of the provider: {:.0} MiB",
        number(&figures["peak_rss_mib"])
    );
    for step in STEPS.map(|(name, _, _)| name) {
        let seconds = number(&figures[format!("{step}_s")]);
        let mut line = format!(
            "  {step:11} {seconds:7.2} s {:6} calls, {} of them change something",
            number(&figures[format!("{step}_calls")]),
            number(&figures[format!("{step}_mutating")]),
        );
        if latency > 0 && chain[step].is_number() {
            let least = number(&chain[step]) * latency as f64 / 1000.0;
            figures[format!("{step}_chain_s")] = json!(least);
            figures[format!("{step}_ratio")] = json!(seconds / least);
            line += &format!("; critical path {least:.1} s, ratio {:.2}", seconds / least);
        }
        println!("{line}");
    }
    figures
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

/// From starting the binary to a connection that can be called, without
/// Terraform.
fn handshakes(release: &Path) -> Result<f64> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    let mut times = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let provider = runtime
            .block_on(Provider::start(Start::new(release)))
            .map_err(text)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        runtime.block_on(provider.shutdown()).map_err(text)?;
    }
    Ok(median(times))
}

/// Name, arguments and exit code of each command of a life.
const STEPS: [(&str, &[&str], i32); 5] = [
    (
        "plan",
        &["plan", "-input=false", "-detailed-exitcode", "-out=plan"],
        2,
    ),
    ("apply", &["apply", "-input=false", "plan"], 0),
    (
        "empty_plan",
        &["plan", "-input=false", "-detailed-exitcode"],
        0,
    ),
    (
        "refresh",
        &["apply", "-refresh-only", "-auto-approve", "-input=false"],
        0,
    ),
    ("destroy", &["destroy", "-input=false", "-auto-approve"], 0),
];

/// What an account has of what a pipeline builds on, as in the tests: without it
/// there are no Config rules and no stage logs.
const PREPARED: &str = concat!(
    include_str!("../../../tests/account/log_bucket.py"),
    include_str!("../../../tests/common/prepared.py"),
    "print('null')\n"
);

/// The life of some pipelines, from plan to destroy, in an account that has no
/// other.
struct Round<'a> {
    sandbox: &'a Sandbox,
    terraform: Terraform,
    folder: tempfile::TempDir,
}

impl<'a> Round<'a> {
    fn new(sandbox: &'a Sandbox, release: &Path, pipelines: usize, latency: u64) -> Result<Self> {
        sandbox.reset()?;
        sandbox.boto3(PREPARED).map_err(text)?;
        if latency > 0 {
            sandbox.weather([Rule::new(Action::LatencyMs(latency))])?;
        }
        let folder = tempfile::tempdir().map_err(text)?;
        let dir = folder.path().to_owned();
        let mut terraform = Terraform::at(dir.clone(), &sandbox.env()).map_err(text)?;
        // A provider that says how much memory it has needed, when it ends.
        let wrapper = wrapper(&dir, release)?;
        let config = dir.join("cli.tfrc");
        std::fs::write(
            &config,
            format!(
                "provider_installation {{\n  dev_overrides {{\n    \"terraform.local/tap/tap\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
                wrapper.display()
            ),
        )
        .map_err(text)?;
        terraform.set("TF_CLI_CONFIG_FILE", config);
        terraform
            .configure(&format!(
                "provider \"tap\" {{}}\nresource \"tap_secure_pipeline\" \"all\" {{\n  for_each = toset([for n in range({pipelines}) : \"p${{n}}\"])\n  name = each.key\n  environment_suffix = \"dev\"\n}}\n"
            ))
            .map_err(text)?;
        Ok(Self {
            sandbox,
            terraform,
            folder,
        })
    }

    fn run(self) -> Result<Value> {
        let mut figures = json!({});
        for (name, _, _) in STEPS {
            let before = self.sandbox.last_sequence()?;
            figures[format!("{name}_s")] = json!(self.step(name)?);
            if name == "apply" {
                figures["resources"] = json!(self.resources()?);
            }
            let calls = self.sandbox.calls_since(before)?;
            let mutating = calls.iter().filter(|call| call.mutating).count();
            figures[format!("{name}_calls")] = json!(calls.len());
            figures[format!("{name}_mutating")] = json!(mutating);
        }
        let peak = std::fs::read_to_string(self.folder.path().join("rss"))
            .map_err(text)?
            .lines()
            .filter_map(|line| line.trim().parse::<f64>().ok())
            .fold(0.0, f64::max);
        figures["peak_rss_mib"] = json!(peak / 1024.0);
        Ok(figures)
    }

    /// How many AWS resources the state knows of one pipeline.
    fn resources(&self) -> Result<usize> {
        let state = self.terraform.state_of("tap_secure_pipeline.all[\"p0\"]");
        let state = state.map_err(text)?;
        let ids = state["physical_ids"].as_object();
        ids.map(serde_json::Map::len)
            .ok_or_else(|| "the state has no pipeline".to_owned())
    }

    /// One command; how many seconds it took.
    fn step(&self, name: &str) -> Result<f64> {
        let step = STEPS.into_iter().find(|(step, _, _)| *step == name);
        let (_, arguments, code) = step.ok_or_else(|| format!("there is no step {name}"))?;
        let began = Instant::now();
        let ran = self.terraform.run(arguments).map_err(text)?;
        let seconds = began.elapsed().as_secs_f64();
        if ran.code != code {
            return Err(format!(
                "terraform {} ended with {}:\n{}",
                arguments.join(" "),
                ran.code,
                ran.text
            ));
        }
        Ok(seconds)
    }

    /// The journal of a pipeline so far.
    fn journal(&self, pipeline: &str) -> Result<String> {
        let file = format!(".terraform/tap/{pipeline}-dev@us-east-1.jsonl");
        std::fs::read_to_string(self.folder.path().join(file)).map_err(text)
    }
}

/// Terraform starts this in the provider's place; Python's `resource` module
/// knows the peak of a child that has ended.
fn wrapper(dir: &Path, release: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let folder = dir.join("bin");
    std::fs::create_dir_all(&folder).map_err(text)?;
    let script = folder.join("terraform-provider-tap");
    std::fs::write(
        &script,
        format!(
            "#!/usr/bin/env python3\nimport resource, signal, subprocess\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsubprocess.run([{:?}])\nwith open({:?}, 'a') as f:\n    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=f)\n",
            release.display().to_string(),
            dir.join("rss").display().to_string()
        ),
    )
    .map_err(text)?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).map_err(text)?;
    Ok(folder)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
