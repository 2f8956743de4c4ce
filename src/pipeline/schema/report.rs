//! `tap_compliance_report`.

use super::{Computed, Required, attributes, list, number, text};
use std::collections::HashMap;
use tf_provider::schema::{Attribute, AttributeType, Block, Description, Schema};

pub fn report() -> Schema {
    Schema {
        version: 0,
        block: Block {
            version: 0,
            attributes: rows(),
            description: Description::markdown(
                "A pipeline as it is in the account, judged against PCI DSS v4.0.1, control by control. \
                 It reads every resource of the pipeline, and changes nothing. A report that could not read something is an error, never a pass. \
                 The command `terraform-provider-tap report` makes the same.",
            ),
            ..Block::default()
        },
    }
}

fn rows() -> HashMap<String, Attribute> {
    attributes([
        (
            "pipeline_id",
            text(
                Required,
                "`id` of a `tap_secure_pipeline`, for example `documents-dev@us-east-1`. Whether a state has it does not matter.",
            ),
        ),
        (
            "account_id",
            text(Computed, "AWS account the pipeline is in."),
        ),
        ("region", text(Computed, "AWS region the pipeline is in.")),
        (
            "checked_at",
            text(
                Computed,
                "When AWS was asked, as `2026-11-30 09:15 UTC`. Differs with every read.",
            ),
        ),
        (
            "passed",
            number(Computed, "Number of findings that meet their requirement."),
        ),
        (
            "failed",
            number(
                Computed,
                "Number of findings that do not meet it and have to.",
            ),
        ),
        (
            "waived",
            number(
                Computed,
                "Number of findings that do not meet it and need not, each with its `reason`.",
            ),
        ),
        (
            "account_level",
            number(
                Computed,
                "What the account's owner has to show, as a password policy, or whoever owns what was brought, as a key or a network.",
            ),
        ),
        ("findings", findings()),
        (
            "ocsf_json",
            text(
                Computed,
                "The findings as JSON: compliance findings (class 2003) of OCSF 1.5.0, for a SIEM. The time is in it, so that it differs with every read; \
                 a file of it is made by `terraform-provider-tap report --ocsf ID`.",
            ),
        ),
        (
            "html",
            text(
                Computed,
                "The report as one page of HTML without scripts, to read and to print. The time is in it, so that it differs with every read; \
                 a file of it is made by `terraform-provider-tap report --html ID`.",
            ),
        ),
    ])
}

fn findings() -> Attribute {
    let of = AttributeType::AttributeList(attributes([
        (
            "requirements",
            list(Computed, "Of PCI DSS v4.0.1, for example `3.7.4`."),
        ),
        (
            "controls",
            list(
                Computed,
                "What others call it, for example `KMS.4` (AWS Security Hub) or `kms_cmk_rotation_enabled` (Prowler).",
            ),
        ),
        (
            "check",
            text(Computed, "Our name for it, for example `keys_rotate`."),
        ),
        ("title", text(Computed, "What is asked.")),
        (
            "logical_id",
            text(
                Computed,
                "The resource, by its key in `resources` of the pipeline. The attribute, for example `network.vpc_id`, of what was brought and is not looked at. Empty for what is the account's.",
            ),
        ),
        (
            "resource_type",
            text(Computed, "CloudFormation's name of its type."),
        ),
        (
            "physical_id",
            text(
                Computed,
                "What AWS calls the resource. Empty where it does not exist.",
            ),
        ),
        (
            "observed",
            text(
                Computed,
                "What was seen: what AWS answered, that the resource does not exist, or that it was not looked at.",
            ),
        ),
        (
            "status",
            text(Computed, "`pass`, `fail`, `waived` or `account`."),
        ),
        (
            "reason",
            text(
                Computed,
                "Why it is waived, or that the account has to meet it, or who brought it; else empty.",
            ),
        ),
    ]));
    Attribute {
        attr_type: of,
        constraint: Computed,
        description: Description::markdown("One check of one resource each, what failed first."),
        ..Attribute::default()
    }
}
