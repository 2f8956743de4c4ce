//! What was brought is said, and neither passes nor fails.

use super::*;

fn brought(by: &str, type_name: &'static str, identifier: &str) -> Brought {
    Brought {
        by: by.into(),
        type_name,
        identifier: identifier.into(),
    }
}

fn report() -> Report {
    let mut spec = Spec::new("documents", "dev");
    spec.network.vpc_id = Some("vpc-1".into());
    spec.network.subnet_ids = vec!["subnet-1".into(), "subnet-2".into()];
    let template = blueprint::expand(&spec, &Facts::documentation()).expect("a template");
    let mut pipeline = of_template(&template);
    let key = "arn:aws:kms:us-east-1:111122223333:key/1";
    pipeline.brought = vec![
        brought("network.vpc_id", "AWS::EC2::VPC", "vpc-1"),
        brought("network.subnet_ids[0]", "AWS::EC2::Subnet", "subnet-1"),
        brought("network.vpc_id", "AWS::EC2::NetworkAcl", ""),
        brought("encryption.key_arns.data", "AWS::KMS::Key", key),
        brought("encryption.key_arns.logs", "AWS::KMS::Key", key),
    ];
    judge(&pipeline)
}

#[test]
fn each_check_says_which_attribute_brings_what_it_does_not_look_at() {
    let report = report();
    let of = |check: &str| -> Vec<(Status, &str, &str, &str)> {
        report
            .findings
            .iter()
            .filter(|one| one.check == check && one.status == Status::Account)
            .map(|one| {
                (
                    one.status,
                    one.logical_id.as_str(),
                    one.physical_id.as_str(),
                    one.observed.as_str(),
                )
            })
            .collect()
    };
    for (check, by, identifier) in [
        ("vpcs_log_all_traffic", "network.vpc_id", "vpc-1"),
        (
            "default_security_groups_are_closed",
            "network.vpc_id",
            "vpc-1",
        ),
        ("vpcs_have_endpoint_ecr_api", "network.vpc_id", "vpc-1"),
        ("network_acls_are_used", "network.vpc_id", ""),
        (
            "subnets_give_no_public_addresses",
            "network.subnet_ids[0]",
            "subnet-1",
        ),
        // It asks the functions and looks at their subnets.
        (
            "functions_are_in_two_zones",
            "network.subnet_ids[0]",
            "subnet-1",
        ),
    ] {
        let observed = format!("not looked at: brought by {by}");
        let said = (Status::Account, by, identifier, observed.as_str());
        assert_eq!(of(check), [said], "{check}");
    }
    let keys: Vec<&str> = of("keys_rotate").into_iter().map(|one| one.1).collect();
    assert_eq!(
        keys,
        ["encryption.key_arns.data", "encryption.key_arns.logs"]
    );
    for finding in &report.findings {
        let unmet = matches!(finding.status, Status::Waived | Status::Account);
        assert_eq!(unmet, !finding.reason.is_empty(), "{finding:?}");
    }
}

#[test]
fn what_was_brought_is_on_the_page_and_has_ids_of_its_own() {
    let report = report();
    let findings = ocsf(&report);
    let findings = findings.as_array().unwrap();
    let ids: BTreeSet<&str> = findings
        .iter()
        .map(|one| one["finding_info"]["uid"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), findings.len());
    let key = findings
        .iter()
        .find(|one| one["resources"][0]["name"] == "encryption.key_arns.data")
        .unwrap();
    assert_eq!(key["compliance"]["status"], "Warning");
    assert_eq!(
        key["resources"][0]["uid"],
        "arn:aws:kms:us-east-1:111122223333:key/1"
    );
    let page = page(&report);
    assert!(page.contains("not looked at: brought by network.vpc_id"));
    assert!(page.contains("<b>network.subnet_ids[0]</b>"));
}
