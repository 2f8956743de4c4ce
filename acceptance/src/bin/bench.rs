//! Figures of the release build, each measured here and now: prints, and
//! asserts nothing about time. The last line is `bench: ` and JSON.

use acceptance::Sandbox;
use acceptance::terraform::{Terraform, bin_dir};
use acceptance::tfclient::{Provider, Start};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

type Result<T> = std::result::Result<T, String>;

const ROUNDS: usize = 5;

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
        .with_file_name("release")
        .join("terraform-provider-tap");
    let size = std::fs::metadata(&release)
        .map_err(|_| "there is no release build; run: make bench".to_owned())?
        .len();
    let sandbox = Sandbox::start()?;
    let handshakes = handshakes(&release)?;
    let rounds = (0..ROUNDS)
        .map(|round| cli_round(&sandbox, &release, round))
        .collect::<Result<Vec<_>>>()?;
    let of = |name: &str| {
        median(
            rounds
                .iter()
                .map(|round| round[name].as_f64().unwrap_or(0.0))
                .collect(),
        )
    };
    let figures = json!({
        "release_binary_bytes": size,
        "handshake_ms_median": handshakes,
        "plan_s_median": of("plan_s"),
        "apply_s_median": of("apply_s"),
        "empty_plan_s_median": of("empty_plan_s"),
        "destroy_s_median": of("destroy_s"),
        "provider_peak_rss_mib_median": of("peak_rss_mib"),
        "calls": {
            "plan": of("plan_calls"),
            "apply": of("apply_calls"),
            "apply_mutating": of("apply_mutating"),
            "empty_plan": of("empty_plan_calls"),
            "refresh": of("refresh_calls"),
            "destroy": of("destroy_calls"),
        },
        "rounds": ROUNDS,
    });
    for (name, value) in figures.as_object().into_iter().flatten() {
        println!("{name}: {value}");
    }
    Ok(figures)
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

fn cli_round(sandbox: &Sandbox, release: &Path, round: usize) -> Result<Value> {
    sandbox.reset()?;
    let dir = std::env::temp_dir().join(format!("tap-bench-{}-{round}", std::process::id()));
    std::fs::create_dir_all(&dir).map_err(text)?;
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
    let quickstart =
        Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/quickstart/main.tf");
    std::fs::copy(&quickstart, dir.join("main.tf")).map_err(text)?;

    let mut figures = serde_json::Map::new();
    let steps: [(&str, &[&str], i32); 5] = [
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
    for (name, arguments, code) in steps {
        let before = sandbox.last_sequence()?;
        let began = Instant::now();
        let ran = terraform.run(arguments).map_err(text)?;
        let seconds = began.elapsed().as_secs_f64();
        if ran.code != code {
            return Err(format!(
                "terraform {} ended with {}:\n{}",
                arguments.join(" "),
                ran.code,
                ran.text
            ));
        }
        let calls = sandbox.calls_since(before)?;
        figures.insert(format!("{name}_s"), json!(seconds));
        figures.insert(format!("{name}_calls"), json!(calls.len()));
        let mutating = calls.iter().filter(|call| call.mutating).count();
        figures.insert(format!("{name}_mutating"), json!(mutating));
    }
    let peak = std::fs::read_to_string(dir.join("rss"))
        .map_err(text)?
        .lines()
        .filter_map(|line| line.trim().parse::<f64>().ok())
        .fold(0.0, f64::max);
    figures.insert("peak_rss_mib".to_owned(), json!(peak / 1024.0));
    std::fs::remove_dir_all(&dir).map_err(text)?;
    Ok(Value::Object(figures))
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
