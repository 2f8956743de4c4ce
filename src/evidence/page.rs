//! The report as a page: one file without scripts, for a browser and a
//! printer, light and dark, narrow and wide.

use super::{Finding, Report, Status};
use crate::picture::html::escape;
use std::collections::BTreeMap;
use std::fmt::Write;
use time::OffsetDateTime;

const STYLE: &str = include_str!("page.css");

/// Chapters of PCI DSS v4.0.1, by the first number of a requirement.
const CHAPTERS: [&str; 12] = [
    "Network security controls",
    "Secure configurations",
    "Stored account data",
    "Cryptography during transmission",
    "Malicious software",
    "Secure systems and software",
    "Access by need to know",
    "Users are identified and authenticated",
    "Physical access",
    "Logging and monitoring",
    "Testing of security",
    "Organizational policies",
];

/// A page of HTML.
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    let id = escape(&report.pipeline_id);
    // Writing into a string does not fail.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>PCI DSS v4.0.1: {id}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>PCI DSS v4.0.1: {id}</h1>\n<p>Account {}, region {}, as of {}. \
         Made by terraform-provider-tap {} from what AWS answered; nothing was changed.</p>\n",
        escape(&report.account_id),
        escape(&report.region),
        timestamp(report.at),
        env!("CARGO_PKG_VERSION"),
    );
    summary(&mut out, report);
    chapters(&mut out, report);
    for status in Status::ALL {
        section(&mut out, report, status);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// `2026-11-30 09:15 UTC`
pub fn timestamp(at: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at) else {
        return at.to_string();
    };
    format!(
        "{}-{:02}-{:02} {:02}:{:02} UTC",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute()
    )
}

fn heading(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Fail => ("Failed", "What is not as the requirement wants it."),
        Status::Pass => ("Passed", "What AWS answered, and meets the requirement."),
        Status::Waived => (
            "Waived",
            "What is not met, and why it need not be. An auditor may see it otherwise.",
        ),
        Status::Account => (
            "The account's",
            "What no pipeline can meet, and what was brought to this one: its owner has to show it.",
        ),
    }
}

fn summary(out: &mut String, report: &Report) {
    out.push_str("<ul class=\"summary\">\n");
    for status in Status::ALL {
        let _ = writeln!(
            out,
            "<li class=\"{status}\"><a href=\"#{status}\"><b>{}</b> {}</a></li>",
            report.count(status),
            heading(status).0
        );
    }
    out.push_str("</ul>\n");
}

/// A finding counts once in each chapter that it is about.
fn chapters(out: &mut String, report: &Report) {
    let mut counts: BTreeMap<usize, BTreeMap<Status, usize>> = BTreeMap::new();
    for finding in &report.findings {
        let mut chapters: Vec<usize> = finding.requirements.iter().map(|r| chapter(r)).collect();
        chapters.dedup();
        for chapter in chapters {
            *counts
                .entry(chapter)
                .or_default()
                .entry(finding.status)
                .or_default() += 1;
        }
    }
    out.push_str("<table class=\"chapters\">\n<thead><tr><th>Requirement</th>");
    for status in Status::ALL {
        let _ = write!(out, "<th class=\"number\">{}</th>", heading(status).0);
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (chapter, by_status) in counts {
        let title = CHAPTERS.get(chapter.wrapping_sub(1)).unwrap_or(&"");
        let _ = write!(out, "<tr><td>{chapter}. {title}</td>");
        for status in Status::ALL {
            let count = by_status.get(&status).copied().unwrap_or_default();
            let class = if count == 0 { "none" } else { status.as_str() };
            let _ = write!(out, "<td class=\"number {class}\">{count}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn chapter(requirement: &str) -> usize {
    let first = requirement.split('.').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}

fn section(out: &mut String, report: &Report, status: Status) {
    let findings: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.status == status)
        .collect();
    let (title, about) = heading(status);
    let _ = writeln!(
        out,
        "<section>\n<h2 id=\"{status}\">{title}: {}</h2>\n<p>{about}</p>",
        findings.len()
    );
    let mut checks: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        match checks.last_mut() {
            Some((check, group)) if *check == finding.check => group.push(finding),
            _ => checks.push((finding.check, vec![finding])),
        }
    }
    for (_, group) in checks {
        let Some(first) = group.first() else { continue };
        let _ = writeln!(
            out,
            "<article class=\"{status}\">\n<h3>{}</h3>\n<p class=\"ids\">PCI DSS {} \
             <span>{}</span></p>",
            escape(first.title),
            first.requirements.join(", "),
            escape(&first.control_ids().join(", ")),
        );
        if !first.reason.is_empty() && status == Status::Waived {
            let _ = writeln!(out, "<p>Why it is waived: {}.</p>", escape(first.reason));
        }
        out.push_str("<table>\n<tbody>\n");
        for finding in group {
            let name = match finding.logical_id.as_str() {
                "" => "The account",
                id => id,
            };
            let _ = writeln!(
                out,
                "<tr><td><b>{}</b><br><code>{}</code></td><td>{}</td></tr>",
                escape(name),
                escape(&finding.physical_id),
                escape(&finding.observed),
            );
        }
        out.push_str("</tbody>\n</table>\n</article>\n");
    }
    out.push_str("</section>\n");
}
