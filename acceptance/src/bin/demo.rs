//! A pipeline from plan to destroy, shown: the real Terraform CLI, the
//! provider of this build, a sandbox account. Ends non-zero if anything is
//! not as it says.
//!
//! `KEEP=1` leaves the sandbox and the pipeline up.

use acceptance::Sandbox;
use acceptance::terraform::{Ran, SOURCE, Terraform, changed_lines, program};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const ADDRESS: &str = "tap_secure_pipeline.documents";

/// A small PDF, complete with its cross-reference table.
const PDF: &str = include_str!("../../documents/demo.pdf");

type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let keep = std::env::var("KEEP").is_ok_and(|keep| !keep.is_empty() && keep != "0");
    match demo(keep) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("\ndemo: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn demo(keep: bool) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("the checkout has no folder")?
        .to_path_buf();
    let folder = root.join(".demo");
    acceptance::terraform::terraform_program().map_err(text)?;

    say("Starting the sandbox account (the first time, its emulators are installed)");
    let sandbox = start(&folder, keep)?;
    println!("    {}", sandbox.endpoint());

    say("Laying out examples/quickstart with the provider in a filesystem mirror");
    let terraform = lay_out(&root, &folder, &sandbox)?;

    step(
        &terraform,
        "terraform init",
        &["init", "-input=false", "-no-color"],
        0,
    )?;
    let began = Instant::now();
    step(
        &terraform,
        "terraform plan",
        &[
            "plan",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            "-out=plan",
        ],
        2,
    )?;
    step(
        &terraform,
        "terraform apply",
        &["apply", "-input=false", "-no-color", "plan"],
        0,
    )?;
    println!(
        "    planned and applied in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    step(&terraform, "terraform output", &["output", "-no-color"], 0)?;

    let outputs = outputs(&terraform)?;
    store_a_document(&sandbox, &outputs)?;

    step(
        &terraform,
        "A second plan: nothing to do",
        &["plan", "-input=false", "-no-color", "-detailed-exitcode"],
        0,
    )?;

    step(
        &terraform,
        "Old versions shall move to Glacier after 60 days instead of 30: the plan of exactly that change",
        &[
            "plan",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            "-out=plan",
            "-var=noncurrent_glacier_after_days=60",
        ],
        2,
    )?;
    let plan = terraform.shown_plan().map_err(text)?;
    let lines: Vec<String> = changed_lines(&plan, ADDRESS).into_keys().collect();
    if lines != ["LogsBucket", "ProcessedBucket", "RawBucket"] {
        return Err(format!(
            "the plan should change the three buckets, and changes {lines:?}"
        ));
    }
    println!("    the plan changes {}", lines.join(", "));

    if keep {
        say("KEEP=1: the sandbox and the pipeline stay up");
        go_on(&folder, &sandbox);
        return Ok(());
    }

    step(
        &terraform,
        "terraform destroy",
        &["destroy", "-input=false", "-no-color", "-auto-approve"],
        0,
    )?;
    let left = sandbox.account()?;
    if left != serde_json::json!({}) {
        return Err(format!("the account should be empty, and holds {left:#}"));
    }
    say("The account is empty again. That was all.");
    Ok(())
}

/// In this process; or, to outlive it, in one of its own.
fn start(folder: &Path, keep: bool) -> Result<Sandbox> {
    std::fs::create_dir_all(folder).map_err(text)?;
    stop_kept(folder)?;
    if !keep {
        return Sandbox::start();
    }
    let endpoint_file = folder.join("endpoint");
    let log = std::fs::File::create(folder.join("sandbox.log")).map_err(text)?;
    let child = Command::new(program("sandbox").map_err(text)?)
        .arg("--endpoint-file")
        .arg(&endpoint_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(text)?;
    std::fs::write(folder.join("sandbox.pid"), child.id().to_string()).map_err(text)?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(300) {
        if let Ok(endpoint) = std::fs::read_to_string(&endpoint_file)
            && !endpoint.is_empty()
        {
            let options = acceptance::sandbox::server::Options::default();
            let python = options.environment.join("bin").join("python");
            return Ok(Sandbox::connect(endpoint.trim(), python));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Err(format!(
        "the sandbox did not start; see {}",
        folder.join("sandbox.log").display()
    ))
}

/// Ends the sandbox that an earlier `KEEP=1` left up.
fn stop_kept(folder: &Path) -> Result<()> {
    let (pid, endpoint) = (folder.join("sandbox.pid"), folder.join("endpoint"));
    if let Ok(endpoint) = std::fs::read_to_string(&endpoint) {
        let kept = Sandbox::connect(endpoint.trim(), PathBuf::new());
        // It may be gone already, which is as good.
        let _ = kept.control::<Value>("POST", "stop", "");
    }
    for file in [pid, endpoint] {
        if file.exists() {
            std::fs::remove_file(&file).map_err(text)?;
        }
    }
    Ok(())
}

fn lay_out(root: &Path, folder: &Path, sandbox: &Sandbox) -> Result<Terraform> {
    let work = folder.join("quickstart");
    if work.exists() {
        std::fs::remove_dir_all(&work).map_err(text)?;
    }
    std::fs::create_dir_all(&work).map_err(text)?;
    std::fs::copy(
        root.join("examples/quickstart/main.tf"),
        work.join("main.tf"),
    )
    .map_err(text)?;

    let version = env!("CARGO_PKG_VERSION");
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let mirror = folder.join("mirror");
    let place = mirror
        .join(SOURCE)
        .join(version)
        .join(format!("{os}_{arch}"));
    std::fs::create_dir_all(&place).map_err(text)?;
    let binary = place.join(format!("terraform-provider-tap_v{version}"));
    if binary.exists() {
        std::fs::remove_file(&binary).map_err(text)?;
    }
    std::fs::copy(program("terraform-provider-tap").map_err(text)?, &binary).map_err(text)?;
    let config = folder.join("cli.tfrc");
    std::fs::write(
        &config,
        format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        ),
    )
    .map_err(text)?;
    let mut terraform = Terraform::at(work, &sandbox.env()).map_err(text)?;
    terraform.set("TF_CLI_CONFIG_FILE", config);
    Ok(terraform)
}

fn outputs(terraform: &Terraform) -> Result<Value> {
    let ran = terraform.run(&["output", "-json"]).map_err(text)?;
    serde_json::from_str(&ran.stdout).map_err(text)
}

/// Puts a PDF as any client would and asks S3 how it is stored.
fn store_a_document(sandbox: &Sandbox, outputs: &Value) -> Result<()> {
    say("Putting a PDF into the raw bucket and reading it back");
    let bucket = &outputs["bucket_names"]["value"]["raw"];
    let key = outputs["key_arns"]["value"]["data"]
        .as_str()
        .ok_or("the output key_arns has no data key")?;
    let script = format!(
        r#"
s3 = boto3.client("s3")
body = {}.encode()
s3.put_object(Bucket={bucket}, Key="raw/demo.pdf", Body=body, ContentType="application/pdf")
got = s3.get_object(Bucket={bucket}, Key="raw/demo.pdf")
same = got["Body"].read() == body
print(json.dumps(dict(same=same, algorithm=got.get("ServerSideEncryption"), key=got.get("SSEKMSKeyId"), bytes=len(body))))
"#,
        serde_json::to_string(PDF).map_err(text)?
    );
    let stored = sandbox.boto3(&script)?;
    println!("    {stored}");
    let stored_key = stored["key"].as_str().unwrap_or_default();
    let right_key = stored_key == key || key.ends_with(&format!("/{stored_key}"));
    if stored["same"] != true
        || stored["algorithm"] != "aws:kms"
        || !right_key
        || stored_key.is_empty()
    {
        return Err(format!("the document should be stored under {key}"));
    }
    println!("    stored under the pipeline's data key, and the same as it was put");
    Ok(())
}

fn go_on(folder: &Path, sandbox: &Sandbox) {
    println!("    cd {}", folder.join("quickstart").display());
    println!(
        "    export TF_CLI_CONFIG_FILE={}",
        folder.join("cli.tfrc").display()
    );
    for (name, value) in sandbox.env() {
        println!("    export {name}={value}");
    }
    println!(
        "    terraform plan -var=noncurrent_glacier_after_days=60   # then apply, destroy ..."
    );
    println!(
        "The sandbox ends with: curl -X POST {}/_sandbox/stop",
        sandbox.endpoint()
    );
}

/// Runs a command, shows it, and holds it to its exit code.
fn step(terraform: &Terraform, title: &str, arguments: &[&str], code: i32) -> Result<Ran> {
    say(title);
    let ran = terraform.run(arguments).map_err(text)?;
    for line in ran.text.lines() {
        println!("    {line}");
    }
    if ran.code != code {
        return Err(format!(
            "{title}: terraform {} ended with {} instead of {code}",
            arguments.join(" "),
            ran.code
        ));
    }
    Ok(ran)
}

fn say(title: &str) {
    println!("\n==> {title}");
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
