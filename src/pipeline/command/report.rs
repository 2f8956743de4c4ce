//! `report`: a live pipeline, judged. Credentials and the rest come from the
//! `AWS_*` variables and files, as for the AWS CLI.

use super::super::cloud::Session;
use super::super::report::report;
use super::super::settling;
use super::{refuse, template::line};
use crate::aws::AwsSettings;
use crate::blueprint::naming;
use crate::evidence::{self, Report, Status};
use crate::plugin;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use tf_provider::Diagnostics;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    Html,
    Ocsf,
}

/// What the exit code says when something failed: neither success nor that the
/// report could not be made.
const FAILED: u8 = 3;

pub(super) fn print(id: &str, form: Form) -> ExitCode {
    let Some((_, _, region)) = naming::parse_pipeline_id(id) else {
        return refuse(&format!(
            "\"{id}\" is not the id of a pipeline. Write name-environment_suffix@region, for example documents-dev@us-east-1."
        ));
    };
    let runtime = match plugin::runtime() {
        Ok(runtime) => runtime,
        Err(cause) => return refuse(&format!("the runtime cannot start: {cause}")),
    };
    let mut diags = Diagnostics::default();
    let made = runtime.block_on(async {
        let session = Session::new(AwsSettings::default());
        let cloud = settling::cloud(&mut diags, &session, Some(&region)).await?;
        report(&mut diags, &cloud, id, CancellationToken::new()).await
    });
    for error in &diags.errors {
        eprintln!("error: {}", line(error));
    }
    let Some(report) = made else {
        return ExitCode::FAILURE;
    };
    print!(
        "{}",
        match form {
            Form::Text => text(&report),
            Form::Html => evidence::page(&report),
            Form::Ocsf => format!("{:#}\n", evidence::ocsf(&report)),
        }
    );
    match report.count(Status::Fail) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    }
}

/// Every control, as JSON: what the report judges, and under which name.
pub(super) fn controls() -> ExitCode {
    let rows: Vec<_> = evidence::controls()
        .into_iter()
        .map(|(control, check, status)| {
            json!({
                "standard": control.standard.as_str(),
                "control": control.id,
                "check": check,
                "stance": status.as_str(),
            })
        })
        .collect();
    println!("{:#}", json!(rows));
    ExitCode::SUCCESS
}

/// What failed and what is waived, resource by resource, and what was brought
/// and so not looked at; of the rest how much.
fn text(report: &Report) -> String {
    let mut lines = vec![format!(
        "{} in account {}, {}",
        report.pipeline_id,
        report.account_id,
        evidence::timestamp(report.at)
    )];
    for status in [Status::Fail, Status::Waived] {
        for finding in report.findings.iter().filter(|one| one.status == status) {
            let reason = match finding.reason {
                "" => String::new(),
                reason => format!(" ({reason})"),
            };
            lines.push(format!(
                "{status:<6}  {} {}: {}: {}{reason}",
                finding.requirements.join(" "),
                finding.check,
                finding.logical_id,
                finding.observed
            ));
        }
    }
    lines.extend(not_looked_at(report));
    let controls: BTreeSet<&str> = report
        .findings
        .iter()
        .flat_map(|finding| finding.control_ids())
        .collect();
    lines.push(format!(
        "{} findings on {} controls: {} passed, {} failed, {} waived, {} of the account or of who brought it",
        report.findings.len(),
        controls.len(),
        report.count(Status::Pass),
        report.count(Status::Fail),
        report.count(Status::Waived),
        report.count(Status::Account)
    ));
    lines.join("\n") + "\n"
}

/// A line for each thing that was brought: nobody should take "0 failed" for
/// its pass.
fn not_looked_at(report: &Report) -> impl Iterator<Item = String> {
    let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
    let brought = report
        .findings
        .iter()
        .filter(|one| one.status == Status::Account && !one.logical_id.is_empty());
    for finding in brought {
        *checks.entry(&finding.logical_id).or_default() += 1;
    }
    checks.into_iter().map(|(by, checks)| {
        format!("account {by}: brought, and not looked at by {checks} of the checks")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Control, Finding, Standard};

    #[test]
    fn findings_and_controls_are_counted_apart_and_what_was_brought_is_told() {
        let control = |id| Control {
            standard: Standard::Fsbp,
            id,
        };
        let finding = |logical_id: &str, status: Status| Finding {
            requirements: &["3.7.4"],
            check: "keys_rotate",
            title: "Keys rotate",
            controls: vec![control("KMS.4"), control("KMS.5")],
            logical_id: logical_id.into(),
            type_name: "AWS::KMS::Key".into(),
            physical_id: String::new(),
            observed: "EnableKeyRotation = false".into(),
            status,
            reason: "",
        };
        let report = Report {
            pipeline_id: "documents-dev@us-east-1".into(),
            account_id: "111122223333".into(),
            findings: vec![
                finding("DataKey", Status::Fail),
                finding("EnvironmentKey", Status::Pass),
                finding("LogsKey", Status::Pass),
                finding("encryption.key_arns.logs", Status::Account),
                finding("", Status::Account),
            ],
            ..Report::default()
        };
        let said = text(&report);
        let lines: Vec<&str> = said.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "fail  3.7.4 keys_rotate: DataKey: EnableKeyRotation = false",
                "account encryption.key_arns.logs: brought, and not looked at by 1 of the checks",
                "5 findings on 2 controls: 2 passed, 1 failed, 0 waived, 2 of the account or of who brought it",
            ]
        );
    }
}
