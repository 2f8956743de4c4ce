//! What the documents tell a reader to type works: every command in README.md
//! and docs/ is run here, or is a target of the Makefile; every target that they
//! name is one that CI runs, or stands below with the reason why not; every
//! configuration in them is one that Terraform takes; and the examples' own
//! tests pass.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::terraform::{Ran, Terraform, bin_dir};
use acceptance::{Action, Rule, Sandbox};
use common::{apply, expect_code, sandbox};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// The documents, by their path.
fn documents() -> Vec<(String, String)> {
    let mut pages: Vec<String> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "docs/index.md",
    ]
    .map(str::to_owned)
    .into();
    for folder in [
        "docs/guides",
        "docs/functions",
        "docs/resources",
        "docs/data-sources",
        "docs/ephemeral-resources",
    ] {
        for entry in std::fs::read_dir(root().join(folder)).expect(folder) {
            let name = entry.expect("readable").file_name();
            pages.push(format!("{folder}/{}", name.to_string_lossy()));
        }
    }
    pages.sort();
    let with_text = |page: String| {
        let text = read(&page);
        (page, text)
    };
    pages.into_iter().map(with_text).collect()
}

/// The fenced blocks of a document in one of these languages.
fn blocks(text: &str, languages: &[&str]) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None);
    for line in text.lines() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some((language, body)), Some("")) => {
                if languages.contains(&language.as_str()) {
                    found.push(std::mem::take(body));
                }
                open = None;
            }
            (Some((_, body)), _) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// Its commands: a line each, without what follows a `#` that stands alone.
fn commands(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.split(" # ").next().unwrap_or(line))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

fn all_commands() -> BTreeSet<String> {
    documents()
        .iter()
        .flat_map(|(_, text)| blocks(text, &["sh", "shell", "bash", "console"]))
        .flat_map(|block| commands(&block))
        .collect()
}

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

/// Targets that the documents name and that no job of CI runs, with the reason.
const NOT_A_JOB: [(&str, &str); 7] = [
    ("bench", "its figures are those of the machine it runs on"),
    (
        "bench-functions",
        "its figures are those of the machine it runs on",
    ),
    ("docs", "make test fails where docs/ is stale"),
    ("functions", "make demo and make matrix begin with it"),
    (
        "fuzz",
        "it needs cargo-fuzz, and finds more the longer it runs",
    ),
    ("help", "it prints what the Makefile says"),
    ("schemas", "make test fails where schemas/ is stale"),
];

/// The targets of `make schemas docs X=1`, of which `make` is gone already.
fn targets(arguments: &str) -> impl Iterator<Item = &str> {
    let words = arguments.split_whitespace();
    words.filter(|word| !word.contains('='))
}

/// The targets that a document names, in a block of commands or as `make exam`.
fn targets_named(text: &str) -> BTreeSet<String> {
    let commands: Vec<String> = blocks(text, &["sh", "shell", "bash", "console"])
        .iter()
        .flat_map(|block| commands(block))
        .collect();
    let typed = commands
        .iter()
        .filter_map(|command| command.strip_prefix("make "));
    // A line may end within what is named.
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = line.split("`make ").skip(1);
    let named = named.filter_map(|rest| rest.split('`').next());
    typed
        .chain(named)
        .flat_map(targets)
        .map(ToOwned::to_owned)
        .collect()
}

/// The targets that CI runs: those of its matrix, and those of other steps.
fn targets_of_ci() -> BTreeSet<String> {
    let workflow = read(".github/workflows/ci.yml");
    let mut found = BTreeSet::new();
    for line in workflow.lines().map(str::trim) {
        if let Some(matrix) = line.strip_prefix("target: ") {
            for list in matrix.split('\'').filter(|part| part.starts_with('[')) {
                let all: Vec<String> = serde_json::from_str(list).expect("a list");
                found.extend(all.iter().flat_map(|one| targets(one)).map(str::to_owned));
            }
        }
        let step = line.trim_start_matches("- ").trim_start_matches("run: ");
        if let Some(arguments) = step.strip_prefix("make ")
            && !arguments.contains("${{")
        {
            found.extend(targets(arguments).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_target_in_the_documents_is_one_that_ci_runs_or_says_why_not() {
    let makefile = read("Makefile");
    let has = |target: &str| makefile.contains(&format!("\n{target}:"));
    let run = targets_of_ci();
    for target in ["test", "matrix", "exam", "requirements", "dist"] {
        assert!(run.contains(target), "not found in ci.yml: {target}");
    }
    for target in &run {
        assert!(has(target), "CI runs make {target}, and there is no such");
    }
    for (target, reason) in NOT_A_JOB {
        assert!(has(target), "there is no make {target}");
        assert!(
            !run.contains(target),
            "CI runs make {target} although {reason}"
        );
    }
    for (page, text) in documents() {
        for target in targets_named(&text) {
            let excepted = NOT_A_JOB.iter().any(|(name, _)| *name == target);
            assert!(
                run.contains(&target) || excepted,
                "{page} names make {target}, which no job of CI runs"
            );
        }
    }
}

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
        // Whether somebody runs those, the test above says.
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

/// Whole configurations as they are; parts with what they are part of.
fn complete(block: &str) -> String {
    let mut text = block.to_owned();
    if !text.contains("required_providers") {
        text += "terraform {\n  required_providers {\n    tap = {\n      source = \"terraform.local/tap/tap\"\n    }\n  }\n}\n";
    }
    // Nobody asks a state's bucket here.
    if let Some(from) = text.find("  backend \"s3\"") {
        let end = "\n  }\n";
        let to = text[from..].find(end).expect("its end") + from + end.len();
        text.replace_range(from..to, "");
    }
    let names = "resource \"tap_secure_pipeline\" \"documents\"";
    match text.contains("tap_secure_pipeline.documents") && !text.contains(names) {
        true => text + names + " {\n  name = \"documents\"\n  environment_suffix = \"prod\"\n}\n",
        false => text,
    }
}

/// Whether a page has to show a configuration: the registry's, guides and all.
fn has_an_example(page: &str) -> bool {
    page.starts_with("docs/") || page == "README.md"
}

/// No other provider is fetched here, so that each of them is of ours and of
/// what Terraform brings with it.
#[test]
fn every_configuration_in_the_documents_is_valid() {
    let sandbox = sandbox();
    let languages = ["hcl", "terraform"];
    for (page, text) in documents() {
        let all = blocks(&text, &languages);
        let fences = text.lines().map(str::trim);
        let fences = fences.filter(|line| {
            let language = line.strip_prefix("```");
            language.is_some_and(|language| languages.contains(&language))
        });
        assert_eq!(all.len(), fences.count(), "{page}: each is looked at");
        let missing = all.is_empty() && has_an_example(&page);
        assert!(!missing, "{page} shows no configuration");
        for block in all {
            let terraform = Terraform::new(&sandbox.env()).expect("Terraform");
            write(&terraform, &complete(&block));
            let ran: Ran = terraform.run(&["validate", "-no-color"]).expect("runs");
            expect_code(&ran, 0, &format!("{page}:\n{block}"));
        }
    }
}

/// As it is, its required providers included.
fn write(terraform: &Terraform, text: &str) {
    std::fs::write(terraform.dir().join("main.tf"), text).expect("written");
}

/// The one block of a page that declares a pipeline.
fn pipeline_of(page: &str) -> String {
    let all = blocks(&read(page), &["hcl", "terraform"]);
    let mut of_pipelines = all.iter().filter(|block| block.contains("resource \"tap_"));
    complete(of_pipelines.next().expect("a pipeline"))
}

#[test]
fn the_pipeline_of_the_hardening_guide_is_applied_and_does_not_go_by_accident() {
    let sandbox = sandbox();
    let terraform = Terraform::new(&sandbox.env()).expect("Terraform");
    let own = "111122223333";
    let roles = r#"
iam = boto3.client("iam")
trust = json.dumps({"Version": "2012-10-17", "Statement": []})
iam.create_role(RoleName="terraform", AssumeRolePolicyDocument=trust)
iam.create_role(RoleName="administrator", Path="/platform/", AssumeRolePolicyDocument=trust)
print("{}")
"#;
    sandbox.boto3(roles).expect("roles");
    let text = pipeline_of("docs/guides/production-hardening.md").replace(own, "123456789012");
    let kept = text.lines().filter(|line| !line.contains("assume_role"));
    let text = kept.collect::<Vec<_>>().join("\n") + "\n";
    write(&terraform, &text);
    common::apply(&terraform);
    common::expect_empty_plan(&terraform);
    let refused = |by: &str| {
        let ran = terraform.plan(&["-destroy"]).expect("runs");
        expect_code(&ran, 1, by);
        assert!(ran.flat().contains(by), "{}", ran.text);
    };
    refused("Write deletion_protection = false");
    let unprotected = text.replace("deletion_protection = true", "deletion_protection = false");
    write(&terraform, &unprotected);
    common::apply(&terraform);
    refused("Instance cannot be destroyed");
    let state = terraform
        .state_of("tap_secure_pipeline.documents")
        .expect("a state");
    assert_eq!(state["status"], "READY");
}

/// Of a guide after the other, on one pipeline: a create that fails under what
/// the guide on failures says ends with a warning, and goes on.
#[test]
fn the_pipelines_of_the_other_guides_are_applied() {
    let sandbox = sandbox();
    let terraform = Terraform::new(&sandbox.env()).expect("Terraform");
    let status = || {
        let state = terraform.state_of("tap_secure_pipeline.documents");
        state.expect("a state")["status"].clone()
    };
    write(
        &terraform,
        &pipeline_of("docs/guides/when-an-apply-fails.md"),
    );
    let denied = Rule::new(Action::AccessDenied)
        .service("dynamodb")
        .operation("CreateTable");
    sandbox.weather([denied]).expect("rules");
    let ran = terraform.apply(&[]).expect("runs");
    expect_code(&ran, 0, "a create that may be resumed ends with a warning");
    assert!(ran.flat().contains("Warning: "), "{}", ran.text);
    assert_eq!(status(), "INCOMPLETE");
    sandbox.clear_weather().expect("cleared");
    common::apply(&terraform);
    assert_eq!(status(), "READY");

    let pipeline = pipeline_of("docs/guides/escape-hatches.md");
    write(&terraform, &pipeline);
    common::apply(&terraform);
    let script = r#"
kms = boto3.client("kms")
keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]["Description"] for one in kms.list_keys()["Keys"]]
print(json.dumps(keys))
"#;
    let described = sandbox.boto3(script).expect("keys").to_string();
    let ours = "Documents of the claims department";
    assert!(described.contains(ours), "{described}");

    for page in ["audit-evidence", "reading-a-plan"] {
        let path = format!("docs/guides/{page}.md");
        for block in blocks(&read(&path), &["hcl", "terraform"]) {
            write(&terraform, &(pipeline.clone() + &block));
            let ran = terraform.apply(&[]).expect("runs");
            expect_code(&ran, 0, page);
            assert!(ran.flat().contains("0 destroyed"), "{page}: {}", ran.text);
        }
    }
    assert_eq!(status(), "READY");
}

#[test]
fn the_policies_of_the_example_are_short_enough_for_iam() {
    let sandbox = sandbox();
    let terraform = Terraform::new(&sandbox.env()).expect("Terraform");
    let [example] = &blocks(
        &read("docs/functions/required_iam_policy.md"),
        &["terraform"],
    )[..] else {
        panic!("one example");
    };
    write(&terraform, &complete(example));
    common::apply(&terraform);
    let ran = terraform.run(&["output", "-json"]).expect("runs");
    let outputs: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let [(_, policies)] = &Vec::from_iter(outputs.as_object().expect("outputs"))[..] else {
        panic!("one output: {outputs}");
    };
    let policies = &policies["value"];
    let texts: Vec<&str> = match policies {
        serde_json::Value::Object(members) => {
            members.values().filter_map(|one| one.as_str()).collect()
        }
        other => other
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str())
            .collect(),
    };
    // What an identity may have of managed policies, and what one may hold
    // (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    assert!((2..=10).contains(&texts.len()), "{} policies", texts.len());
    for text in texts {
        let dense: String = text.split_whitespace().collect();
        assert!(dense.len() <= 6144, "{} characters", dense.len());
    }
}

/// The plan that is shown is one that the CLI prints, but for its digests.
#[test]
fn the_plan_in_the_documents_is_the_golden_one() {
    let golden = read("acceptance/tests/plans/one-property.txt");
    for page in ["README.md", "docs/guides/reading-a-plan.md"] {
        let text = read(page);
        let shown = blocks(&text, &["", "text"]);
        let plan = shown.iter().find(|block| block.contains("~ resource "));
        let plan = plan.expect("a plan");
        let digest = "AWS::S3::Bucket ";
        let mut parts = plan.split(digest);
        let mut masked = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            masked += &format!("{digest}########{}", &part[8..]);
        }
        assert!(golden.contains(&masked), "{page}:\n{masked}");
    }
}

#[test]
fn the_examples_own_tests_pass_mocked_and_in_a_sandbox() {
    let sandbox = sandbox();
    let terraform = Terraform::new(&sandbox.env()).expect("Terraform");
    let example = root().join("examples/quickstart");
    std::fs::create_dir_all(terraform.dir().join("tests")).expect("a folder");
    for file in [
        "main.tf",
        "tests/mocked.tftest.hcl",
        "tests/sandbox.tftest.hcl",
    ] {
        std::fs::copy(example.join(file), terraform.dir().join(file)).expect("copied");
    }
    let before = sandbox.last_sequence().expect("recorded");
    let ran = terraform
        .run(&["test", "-no-color", "-filter=tests/mocked.tftest.hcl"])
        .expect("runs");
    expect_code(&ran, 0, "terraform test, mocked");
    assert!(ran.text.contains("2 passed, 0 failed"), "{}", ran.text);
    let calls = sandbox.calls_since(before).expect("recorded");
    assert!(
        calls.is_empty(),
        "a mocked provider calls nothing: {calls:?}"
    );
    let ran = terraform
        .run(&["test", "-no-color", "-filter=tests/sandbox.tftest.hcl"])
        .expect("runs");
    expect_code(&ran, 0, "terraform test in a sandbox");
    assert!(ran.text.contains("2 passed, 0 failed"), "{}", ran.text);
    common::expect_empty_account(&sandbox);
}
