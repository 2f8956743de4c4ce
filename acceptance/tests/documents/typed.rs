//! The commands, typed beside a pipeline.

use crate::common::{apply, expect_code, sandbox};
use crate::pages::{all_commands, blocks, read, root};
use acceptance::Sandbox;
use acceptance::terraform::{Terraform, bin_dir};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A shell in which the provider's program, Terraform and the sandbox are.
struct Shell<'a> {
    folder: &'a Path,
    home: PathBuf,
    env: Vec<(String, String)>,
}

impl<'a> Shell<'a> {
    fn new(sandbox: &Sandbox, folder: &'a Path) -> Self {
        Self {
            folder,
            home: folder.join("home"),
            env: sandbox.env().into_iter().collect(),
        }
    }

    fn run(&self, script: &str) -> Output {
        let path = std::env::var("PATH").expect("a path");
        let bin = bin_dir().expect("built");
        std::fs::create_dir_all(&self.home).expect("a folder");
        Command::new("sh")
            .args(["-euc", script])
            .current_dir(self.folder)
            .env_clear()
            .envs(self.env.iter().cloned())
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("HOME", &self.home)
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .expect("runs")
    }

    /// Expects one of these exit codes; returns what was printed.
    #[track_caller]
    fn ends(&self, script: &str, codes: &[i32]) -> String {
        let output = self.run(script);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().unwrap_or(-1);
        assert!(
            codes.contains(&code),
            "{script} ended with {code}:\n{out}{err}"
        );
        out
    }
}

const PIPELINES: &str = r#"
terraform {
  required_providers {
    tap = { source = "terraform.local/tap/tap" }
  }
}

provider "tap" {
  region = "eu-central-1"
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "prod"
}

output "api_endpoint" {
  value = tap_secure_pipeline.documents.api_endpoint
}

output "api_key_secret_arn" {
  value = tap_secure_pipeline.documents.api_key_secret_arn
}
"#;

/// Where the reader has a pipeline `documents-prod@eu-central-1`, and for the
/// README `documents-dev@us-east-1`: the command, the exit codes that it may
/// have, and what it prints has.
const RUN: [(&str, &[i32], &str); 16] = [
    ("terraform plan -detailed-exitcode", &[0], "No changes"),
    ("terraform output api_endpoint", &[0], "execute-api"),
    ("terraform-provider-tap graph FILE > pipeline.svg", &[0], ""),
    (
        "terraform-provider-tap watch",
        &[0],
        "documents-prod@eu-central-1",
    ),
    ("terraform-provider-tap timeline > apply.html", &[0], ""),
    (
        "terraform-provider-tap report documents-dev@us-east-1",
        &[0, 3],
        "documents-dev@us-east-1",
    ),
    (
        "terraform-provider-tap report --html documents-dev@us-east-1 > report.html",
        &[0, 3],
        "",
    ),
    (
        "terraform-provider-tap report --ocsf documents-dev@us-east-1 > report.json",
        &[0, 3],
        "",
    ),
    (
        "terraform-provider-tap report documents-prod@eu-central-1",
        &[0, 3],
        "documents-prod@eu-central-1",
    ),
    (
        "terraform-provider-tap report --html documents-prod@eu-central-1 > report.html",
        &[0, 3],
        "",
    ),
    (
        "terraform-provider-tap report --ocsf documents-prod@eu-central-1 > findings.json",
        &[0, 3],
        "",
    ),
    ("terraform-provider-tap version", &[0], "0.1.0"),
    ("terraform-provider-tap functions", &[0], "sha256"),
    (
        "terraform-provider-tap functions arm64 functions.zip",
        &[0],
        "",
    ),
    (
        "terraform-provider-tap report --controls",
        &[0],
        "keys_rotate",
    ),
    (
        "echo '{\"name\": \"documents\", \"environment_suffix\": \"prod\", \"facts\": {}}' > documents.json",
        &[0],
        "",
    ),
];

/// Run in tests of their own below, or after those above.
const RUN_ELSEWHERE: [&str; 8] = [
    "terraform-provider-tap template documents.json > template-0.1.0.json",
    "terraform plan -generate-config-out=documents.tf",
    "terraform import tap_secure_pipeline.documents documents-prod@eu-central-1",
    "aws secretsmanager get-secret-value --query SecretString --output text --secret-id \"$(terraform output -raw api_key_secret_arn)\"",
    "make build",
    "d=~/.terraform.d/plugins/terraform.local/tap/tap/0.1.0/linux_amd64",
    "mkdir -p $d && cp target/debug/terraform-provider-tap $d/terraform-provider-tap_v0.1.0",
    "export PATH=\"$PWD/target/debug:$PATH\"",
];

#[test]
fn every_command_in_the_documents_is_run_here_or_is_a_target() {
    let known: BTreeSet<&str> = RUN
        .iter()
        .map(|(command, _, _)| *command)
        .chain(RUN_ELSEWHERE)
        .collect();
    let all = all_commands();
    let unknown: Vec<&String> = all
        .iter()
        .filter(|command| !known.contains(command.as_str()))
        // Whether somebody runs those is asked in targets.rs.
        .filter(|command| !command.starts_with("make "))
        .collect();
    assert!(unknown.is_empty(), "nobody runs {unknown:#?}");
    let gone: Vec<&&str> = known.iter().filter(|one| !all.contains(**one)).collect();
    assert!(gone.is_empty(), "no document has {gone:#?} any more");
}

fn at(folder: &Path, sandbox: &Sandbox) -> Terraform {
    let mut terraform = Terraform::new(&sandbox.env()).expect("Terraform and the provider");
    let config = std::fs::read(terraform.dir().join("cli.tfrc")).expect("a configuration");
    std::fs::create_dir_all(folder).expect("a folder");
    let file = folder.join("cli.tfrc");
    std::fs::write(&file, config).expect("written");
    terraform = Terraform::at(folder.to_owned(), &sandbox.env()).expect("Terraform");
    terraform.set("TF_CLI_CONFIG_FILE", file);
    terraform
}

#[test]
fn a_reader_types_them_beside_a_pipeline_and_they_work() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other");
    let dev = at(&other, &sandbox);
    std::fs::write(
        other.join("main.tf"),
        PIPELINES
            .replace("eu-central-1", "us-east-1")
            .replace("prod", "dev"),
    )
    .expect("written");
    apply(&dev);

    let here = folder.path().join("here");
    let terraform = at(&here, &sandbox);
    std::fs::write(here.join("main.tf"), PIPELINES).expect("written");
    apply(&terraform);
    let mut shell = Shell::new(&sandbox, &here);
    let config = here.join("cli.tfrc").display().to_string();
    shell.env.push(("TF_CLI_CONFIG_FILE".to_owned(), config));
    std::fs::write(
        here.join("FILE"),
        "{\"name\": \"documents\", \"environment_suffix\": \"dev\"}",
    )
    .expect("written");
    for (command, codes, says) in RUN {
        let printed = shell.ends(command, codes);
        assert!(
            printed.contains(says),
            "{command} should print {says:?}:\n{printed}"
        );
        if let Some((_, file)) = command.split_once(" > ") {
            let written = std::fs::read_to_string(here.join(file)).expect(file);
            let begins = match file.rsplit_once('.').expect("a kind").1 {
                "svg" => "<svg",
                "html" => "<!doctype html>",
                _ => "",
            };
            assert!(
                written.to_lowercase().starts_with(begins),
                "{command}:\n{written}"
            );
            assert!(written.len() > 20, "{command} wrote {written:?}");
            if file.ends_with(".json") {
                let script = format!("python3 -m json.tool {file} > /dev/null");
                shell.ends(&script, &[0]);
            }
        }
    }
    shell.ends(RUN_ELSEWHERE[0], &[0]);
    shell.ends("python3 -m json.tool template-0.1.0.json > /dev/null", &[0]);

    // The guide's import, in a folder that has its block and nothing else.
    let guide = read("docs/guides/adopting-a-pipeline.md");
    let import = blocks(&guide, &["terraform"]);
    let import = import.iter().find(|block| block.contains("import {"));
    let provider = PIPELINES.split("resource ").next().expect("its head");
    std::fs::write(
        here.join("main.tf"),
        format!("{provider}{}", import.expect("the import")),
    )
    .expect("written");
    std::fs::remove_file(here.join("terraform.tfstate")).expect("removed");
    let printed = shell.ends(RUN_ELSEWHERE[1], &[0]);
    assert!(
        printed.contains("1 to import, 0 to add, 0 to change, 0 to destroy"),
        "{printed}"
    );
    std::fs::write(here.join("main.tf"), provider).expect("written");
    let printed = shell.ends(RUN_ELSEWHERE[2], &[0]);
    assert!(printed.contains("Import successful!"), "{printed}");
    for terraform in [&terraform, &dev] {
        let ran = terraform.destroy().expect("runs");
        expect_code(&ran, 0, "destroy");
    }
}

/// The AWS CLI in a virtual environment of its own, beside the sandbox's.
fn aws_cli(shell: &Shell<'_>) -> PathBuf {
    let target = bin_dir().expect("built").join("../awscli");
    let program = target.join("bin/aws");
    if !program.is_file() {
        let venv = target.display();
        let script = format!(
            "python3 -m venv {venv} && {venv}/bin/pip install --quiet --disable-pip-version-check awscli==1.46.3"
        );
        shell.ends(&script, &[0]);
    }
    target.join("bin")
}

#[test]
fn what_is_built_is_installed_as_the_readme_says_and_the_aws_cli_reads_the_key() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().expect("a folder");
    let mut shell = Shell::new(&sandbox, folder.path());
    // `make build` ends with this folder, which is cargo's own here.
    let built = folder.path().join("target");
    std::fs::create_dir_all(&built).expect("a folder");
    let link = format!(
        "ln -s '{}' target/debug",
        bin_dir().expect("built").display()
    );
    shell.ends(&link, &[0]);
    let install = RUN_ELSEWHERE[5..].join("\n");
    let which = shell.ends(&format!("{install}\nwhich terraform-provider-tap"), &[0]);
    assert!(
        which.contains("target/debug/terraform-provider-tap"),
        "{which}"
    );

    std::fs::copy(
        root().join("examples/quickstart/main.tf"),
        folder.path().join("main.tf"),
    )
    .expect("copied");
    shell.ends("terraform init -input=false", &[0]);
    shell.ends("terraform apply -input=false -auto-approve", &[0]);
    let bin = aws_cli(&shell);
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").expect("a path")
    );
    shell.env.push(("AWS_PAGER".to_owned(), String::new()));
    let script = format!("PATH='{path}'\n{}", RUN_ELSEWHERE[3]);
    let key: serde_json::Value = serde_json::from_str(&shell.ends(&script, &[0])).expect("JSON");
    assert_eq!(
        key["api_key"].as_str().map(str::len),
        Some(40),
        "its length"
    );
    shell.ends("terraform destroy -input=false -auto-approve", &[0]);
}
