//! What the binary does when a person runs it with a command.

mod functions;
mod pictures;
mod report;
pub(super) mod template;

use pictures::{Form, Graph};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: terraform-provider-tap template FILE
       terraform-provider-tap functions [ARCHITECTURE FILE]
       terraform-provider-tap graph [--mermaid] FILE
       terraform-provider-tap timeline [--svg] [JOURNAL | ID]
       terraform-provider-tap watch [JOURNAL | ID]
       terraform-provider-tap report [--html | --ocsf] ID
       terraform-provider-tap report --controls
       terraform-provider-tap version

template prints the CloudFormation template that a tap_secure_pipeline stands for.
FILE is JSON with the block's attributes, for example
  {\"name\": \"documents\", \"environment_suffix\": \"dev\"}
and may set account_id and region. FILE - is standard input. What the template
takes from an account is that of the account in AWS' documentation, but for what
\"facts\" says: zone_ids, prefix_list_ids, administrator_arn and account. With
them the functions are those that this binary holds.

functions lists the Lambda functions that this binary holds; with arm64 or
x86_64 and a FILE it writes their zip there.

graph draws the pipeline, area by area, as SVG or as text for Mermaid; its FILE is
that of template.

timeline prints a page that shows the last apply or destroy, a bar for each
resource, its critical path marked; with --svg only the picture. watch shows one
that is under way, to its end or that of its provider. JOURNAL is a file below
.terraform/tap, in the folder in which Terraform runs, and ID the pipeline that it is
of; without them, the one that was written last.

report judges a pipeline as it is in the account against PCI DSS v4.0.1, control by
control: what failed and what is waived, or all of it as a page or as compliance
findings of OCSF. ID is name-environment_suffix@region. It changes nothing.
Credentials come from the AWS_* variables and files, as for the AWS CLI. The exit
code is 0 when nothing failed, 3 when something did and 1 when there is no report.
With --controls it lists what it judges, as JSON.";

/// Runs a command, if the arguments are one. `None`: they are not.
pub fn run(arguments: &[String]) -> Option<ExitCode> {
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [_, "--help" | "-h"] | ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            Some(ExitCode::SUCCESS)
        }
        ["template", file] => Some(template::print(file)),
        ["functions"] => Some(functions::list()),
        ["functions", architecture, file] => Some(functions::write(architecture, file)),
        ["timeline"] => Some(pictures::timeline(None, Form::Html)),
        ["timeline", "--svg"] => Some(pictures::timeline(None, Form::Svg)),
        ["timeline", "--svg", journal] => Some(pictures::timeline(Some(journal), Form::Svg)),
        ["timeline", journal] => Some(pictures::timeline(Some(journal), Form::Html)),
        ["graph", file] => Some(pictures::graph(file, Graph::Svg)),
        ["graph", "--mermaid", file] => Some(pictures::graph(file, Graph::Mermaid)),
        ["report", "--controls"] => Some(report::controls()),
        ["report", "--html", id] => Some(report::print(id, report::Form::Html)),
        ["report", "--ocsf", id] => Some(report::print(id, report::Form::Ocsf)),
        ["report", id] if !id.starts_with("--") => Some(report::print(id, report::Form::Text)),
        ["watch"] => Some(pictures::watch(None)),
        ["watch", journal] => Some(pictures::watch(Some(journal))),
        [
            "template" | "functions" | "graph" | "report" | "timeline" | "watch",
            ..,
        ] => {
            println!("{USAGE}");
            Some(ExitCode::from(2))
        }
        ["--version" | "version"] => {
            println!("terraform-provider-tap {}", env!("CARGO_PKG_VERSION"));
            Some(ExitCode::SUCCESS)
        }
        _ => None,
    }
}

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}");
    ExitCode::FAILURE
}
