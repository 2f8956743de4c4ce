//! The configurations, the plan that is shown, and the examples' own tests.

use crate::common::{self, expect_code, sandbox};
use crate::pages::{blocks, documents, read, root};
use acceptance::terraform::{Ran, Terraform};
use acceptance::{Action, Rule, Sandbox};
use std::path::Path;

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

/// An example's own tests in one file, run as its first line says; how many
/// passed.
fn own_tests(sandbox: &Sandbox, example: &Path, file: &str) -> usize {
    let terraform = Terraform::new(&sandbox.env()).expect("Terraform");
    std::fs::create_dir_all(terraform.dir().join("tests")).expect("a folder");
    for file in ["main.tf", file] {
        std::fs::copy(example.join(file), terraform.dir().join(file)).expect("copied");
    }
    let filter = format!("-filter={file}");
    let text = std::fs::read_to_string(example.join(file)).expect("a test");
    let command = format!("Run: terraform test {filter}\n");
    let what = format!("{} of {}", command.trim(), example.display());
    assert!(text.contains(&command), "it should say: {what}");
    let ran = terraform
        .run(&["test", "-no-color", &filter])
        .expect("runs");
    expect_code(&ran, 0, &what);
    let runs = text
        .lines()
        .filter(|line| line.starts_with("run \""))
        .count();
    let said = format!("{runs} passed, 0 failed");
    assert!(runs > 0 && ran.text.contains(&said), "{what}: {}", ran.text);
    runs
}

#[test]
fn the_examples_own_tests_pass_mocked_and_in_a_sandbox() {
    let sandbox = sandbox();
    let (mut mocked, mut live) = (0, 0);
    for entry in std::fs::read_dir(root().join("examples")).expect("examples") {
        let example = entry.expect("readable").path();
        if !example.join("main.tf").is_file() {
            continue;
        }
        let before = sandbox.last_sequence().expect("recorded");
        mocked += own_tests(&sandbox, &example, "tests/mocked.tftest.hcl");
        let calls = sandbox.calls_since(before).expect("recorded");
        assert!(
            calls.is_empty(),
            "a mocked provider calls nothing: {calls:?}"
        );
        let in_a_sandbox = "tests/sandbox.tftest.hcl";
        if example.join(in_a_sandbox).is_file() {
            live += own_tests(&sandbox, &example, in_a_sandbox);
            common::expect_empty_account(&sandbox);
        }
    }
    assert!(mocked >= 7 && live >= 3, "{mocked} mocked, {live} live");
}
