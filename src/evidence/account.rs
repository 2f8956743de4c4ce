//! What is the account's to meet: said, and not judged. Of what the account
//! has one of, the report says what there is.

use super::checks::Controls;
use super::{Control, Finding, Status};
use crate::aws::AccountState;

struct Duty {
    name: &'static str,
    title: &'static str,
    requirements: &'static [&'static str],
    controls: Controls,
    seen: fn(&AccountState) -> String,
}

const DUTIES: &[Duty] = &[
    Duty {
        name: "account_has_a_trail",
        title: "A trail of all regions logs management events, validated, encrypted and in CloudWatch Logs",
        requirements: &["10.2.1", "10.3.2", "10.3.4"],
        controls: Controls {
            security_hub: &[
                "CloudTrail.2",
                "CloudTrail.3",
                "CloudTrail.4",
                "CloudTrail.6",
                "CloudTrail.7",
            ],
            fsbp: &[
                "CloudTrail.1",
                "CloudTrail.2",
                "CloudTrail.4",
                "CloudTrail.5",
            ],
            config_pack: &[
                "CLOUDTRAIL_SECURITY_TRAIL_ENABLED",
                "CLOUD_TRAIL_ENABLED",
                "MULTI_REGION_CLOUD_TRAIL_ENABLED",
            ],
            prowler: &[],
        },
        seen: |account| one("trail that logs management events", &account.trail),
    },
    Duty {
        name: "account_has_a_recorder",
        title: "AWS Config records",
        requirements: &["2.2.1", "11.5.2"],
        controls: Controls {
            fsbp: &["Config.1"],
            ..Controls::NONE
        },
        seen: |account| {
            let off = account
                .recorder_is_stopped
                .then_some(", which does not record");
            one("Config recorder", &account.recorder) + off.unwrap_or_default()
        },
    },
    Duty {
        name: "account_has_a_detector",
        title: "GuardDuty detects, also in Lambda and S3",
        requirements: &["11.5.1"],
        controls: Controls {
            security_hub: &["GuardDuty.1", "GuardDuty.6", "GuardDuty.10"],
            fsbp: &["GuardDuty.1", "GuardDuty.6", "GuardDuty.10"],
            config_pack: &[],
            prowler: &["guardduty_is_enabled"],
        },
        seen: |account| {
            let off = account
                .detector_is_stopped
                .then_some(", which is suspended");
            one("GuardDuty detector", &account.detector) + off.unwrap_or_default()
        },
    },
    Duty {
        name: "account_inspects_functions",
        title: "Amazon Inspector scans functions",
        requirements: &["6.3.1", "11.3.1"],
        controls: Controls {
            security_hub: &["Inspector.3", "Inspector.4"],
            fsbp: &["Inspector.3", "Inspector.4"],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_finds_sensitive_data",
        title: "Amazon Macie looks for sensitive data",
        requirements: &["3.2.1", "12.10.7"],
        controls: Controls {
            config_pack: &[
                "MACIE_AUTO_SENSITIVE_DATA_DISCOVERY_CHECK",
                "MACIE_STATUS_CHECK",
            ],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_blocks_public_access",
        title: "The account blocks public access to buckets, snapshots and VPCs",
        requirements: &["1.4.4"],
        controls: Controls {
            security_hub: &["S3.1"],
            fsbp: &["S3.1", "EC2.172"],
            config_pack: &["S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS"],
            prowler: &[
                "ec2_ebs_snapshot_account_block_public_access",
                "s3_account_level_public_access_blocks",
            ],
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_logs_objects",
        title: "A trail logs what is done to objects",
        requirements: &["10.2.1"],
        controls: Controls {
            security_hub: &["S3.22", "S3.23"],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_protects_the_root_user",
        title: "The root user has a second factor of hardware and no access keys",
        requirements: &["8.2.1", "8.4.2"],
        controls: Controls {
            security_hub: &["IAM.6", "IAM.9"],
            prowler: &[
                "iam_no_root_access_key",
                "iam_root_hardware_mfa_enabled",
                "iam_root_mfa_enabled",
            ],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_asks_people_for_a_second_factor",
        title: "People have a second factor",
        requirements: &["8.4.1", "8.4.2"],
        controls: Controls {
            security_hub: &["IAM.5", "IAM.19"],
            prowler: &["iam_user_mfa_enabled_console_access"],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_has_a_password_policy",
        title: "Passwords are long, mixed, new and changed",
        requirements: &["8.3.6", "8.3.7", "8.3.9"],
        controls: Controls {
            security_hub: &["IAM.7", "IAM.11", "IAM.12", "IAM.14", "IAM.16", "IAM.17"],
            prowler: &["iam_password_policy_expires_passwords_within_90_days_or_less"],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_ends_unused_access",
        title: "Access that nobody uses ends, and keys of people are changed every 90 days",
        requirements: &["7.2.5", "8.2.6", "8.3.9"],
        controls: Controls {
            security_hub: &["IAM.3", "IAM.8"],
            config_pack: &["ACCESS_KEYS_ROTATED"],
            prowler: &[
                "iam_rotate_access_key_90_days",
                "iam_user_accesskey_unused",
                "iam_user_administrator_access_policy",
            ],
            ..Controls::NONE
        },
        seen: not_looked_at,
    },
    Duty {
        name: "account_can_ask_for_support",
        title: "Somebody may manage incidents with AWS Support, and AWS knows whom to call",
        requirements: &["12.10.3"],
        controls: Controls {
            security_hub: &["IAM.18"],
            fsbp: &["Account.1"],
            config_pack: &["IAM_POLICY_IN_USE"],
            prowler: &[],
        },
        seen: not_looked_at,
    },
    Duty {
        name: "certificates_are_renewed",
        title: "Certificates are renewed in time and have strong keys",
        requirements: &["4.2.1"],
        controls: Controls {
            security_hub: &["ACM.1", "ACM.2"],
            ..Controls::NONE
        },
        seen: |_| "only api.mutual_tls has a certificate, and it is your own".to_owned(),
    },
    Duty {
        name: "instances_have_alarms",
        title: "Instances have an alarm",
        requirements: &["10.7.2"],
        controls: Controls {
            config_pack: &["CLOUDWATCH_ALARM_RESOURCE_CHECK"],
            ..Controls::NONE
        },
        seen: |_| "the pipeline has no instances".to_owned(),
    },
];

fn one(what: &str, found: &Option<String>) -> String {
    match found.as_deref() {
        None => format!("nobody may look for a {what} with these credentials"),
        Some("") => format!("there is no {what}"),
        Some(name) => format!("{what}: {name}"),
    }
}

fn not_looked_at(_: &AccountState) -> String {
    "not looked at: it is not the pipeline's".to_owned()
}

pub(super) fn findings(account: &AccountState) -> Vec<Finding> {
    let finding = |duty: &Duty| Finding {
        requirements: duty.requirements,
        check: duty.name,
        title: duty.title,
        controls: duty.controls.all(),
        logical_id: String::new(),
        type_name: "AWS::::Account".to_owned(),
        physical_id: String::new(),
        observed: (duty.seen)(account),
        status: Status::Account,
        reason: "the account's to meet, not the pipeline's",
    };
    DUTIES.iter().map(finding).collect()
}

pub(super) fn controls() -> Vec<(Control, &'static str, Status)> {
    let of = |duty: &'static Duty| {
        let controls = duty.controls.all().into_iter();
        controls.map(move |control| (control, duty.name, Status::Account))
    };
    DUTIES.iter().flat_map(of).collect()
}
