//! The report as compliance findings of the Open Cybersecurity Schema
//! Framework, which SIEMs and Security Lake take: version 1.5.0, class 2003
//! (<https://schema.ocsf.io/1.5.0/classes/compliance_finding>).

use super::{Finding, Report, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const VERSION: &str = "1.5.0";

/// A list of findings, of which each has an id that is the same in every
/// report on the pipeline.
pub fn ocsf(report: &Report) -> Value {
    let findings = report.findings.iter();
    findings.map(|finding| one(report, finding)).collect()
}

fn one(report: &Report, finding: &Finding) -> Value {
    const CLASS: i64 = 2003;
    const CREATE: i64 = 1;
    let (status, status_id) = match finding.status {
        Status::Pass => ("Pass", 1),
        Status::Fail => ("Fail", 3),
        // Neither met nor broken: a person decides.
        Status::Waived | Status::Account => ("Warning", 2),
    };
    let (severity, severity_id) = match finding.status {
        Status::Fail => ("High", 4),
        _ => ("Informational", 1),
    };
    let milliseconds = report.at * 1000;
    let requirements: Vec<String> = finding
        .requirements
        .iter()
        .map(|requirement| format!("PCI DSS v4.0.1/{requirement}"))
        .collect();
    let mut by_standard: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for control in &finding.controls {
        let ids = by_standard.entry(control.standard.as_str()).or_default();
        ids.push(control.id);
    }
    let resource = match finding.logical_id.as_str() {
        "" => report.account_id.as_str(),
        id => id,
    };
    json!({
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Compliance Finding: Create",
        "time": milliseconds,
        "severity": severity,
        "severity_id": severity_id,
        "status": "New",
        "status_id": 1,
        "status_detail": finding.observed,
        "message": format!("{}: {}", finding.title, finding.observed),
        "metadata": {
            "version": VERSION,
            // The one that brings `cloud`.
            "profiles": ["cloud"],
            "event_code": finding.check,
            "product": {
                "name": "terraform-provider-tap",
                "uid": "terraform-provider-tap",
                "vendor_name": "terraform-provider-tap",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "finding_info": {
            "uid": format!("{}/{resource}/{}", report.pipeline_id, finding.check),
            "title": finding.title,
            "desc": finding.title,
            "types": ["Compliance"],
            "created_time": milliseconds,
        },
        "compliance": {
            "control": finding.check,
            "requirements": requirements,
            "standards": ["PCI DSS v4.0.1"],
            "status": status,
            "status_id": status_id,
            "status_detail": match finding.reason {
                "" => finding.observed.clone(),
                reason => format!("{}: {reason}", finding.status),
            },
        },
        "cloud": {
            "provider": "AWS",
            "region": report.region,
            "account": {
                "uid": report.account_id,
                "type": "AWS Account",
                "type_id": 10,
            },
        },
        "resources": [{
            "uid": match finding.physical_id.as_str() {
                "" => resource,
                id => id,
            },
            "name": resource,
            "type": finding.type_name,
            "region": report.region,
            "group": { "name": report.pipeline_id },
        }],
        "unmapped": {
            "pipeline": report.pipeline_id,
            "controls": by_standard,
        },
    })
}
