//! What watches: logs and alarms.

use super::{Check, Controls};
use crate::evidence::subject::{many, seen, show};
use serde_json::Value;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "log_groups_are_encrypted_with_a_key_of_ours",
        title: "Logs are encrypted under a customer managed key",
        requirements: &["3.5.1", "10.3.2"],
        controls: Controls {
            prowler: &["cloudwatch_log_group_kms_encryption_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::Logs::LogGroup"],
        judge: |group| group.expects_key("KmsKeyId"),
        waiver: None,
    },
    Check {
        name: "log_groups_keep_a_year",
        title: "Logs are kept for twelve months",
        requirements: &["10.5.1"],
        controls: Controls {
            config_pack: &["CW_LOGGROUP_RETENTION_PERIOD_CHECK"],
            prowler: &["cloudwatch_log_group_retention_policy_specific_days_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::Logs::LogGroup"],
        judge: |group| {
            // Without a number they are kept for good.
            let days = group.at("RetentionInDays");
            let long = days.is_null() || days.as_i64().is_some_and(|days| days >= 365);
            let shown = match days {
                Value::Null => "for good".to_owned(),
                days => format!("{} days", show(days)),
            };
            seen(long, format!("kept {shown}"))
        },
        waiver: None,
    },
    Check {
        name: "alarms_act",
        title: "Alarms alert somebody",
        requirements: &["10.4.1", "10.7.2"],
        controls: Controls {
            config_pack: &["CLOUDWATCH_ALARM_ACTION_CHECK"],
            prowler: &["cloudwatch_alarm_actions_alarm_state_configured"],
            ..Controls::NONE
        },
        types: &["AWS::CloudWatch::Alarm"],
        judge: |alarm| {
            let on = *alarm.at("ActionsEnabled") != Value::Bool(false);
            let told = !many(alarm.at("AlarmActions")).is_empty()
                && !many(alarm.at("InsufficientDataActions")).is_empty();
            seen(
                on && told,
                format!(
                    "{}, {}",
                    alarm.show("ActionsEnabled"),
                    alarm.show("AlarmActions")
                ),
            )
        },
        waiver: None,
    },
    Check {
        name: "alarms_look_every_five_minutes",
        title: "Alarms look every five minutes",
        requirements: &["10.7.2"],
        controls: Controls {
            config_pack: &["CLOUDWATCH_ALARM_SETTINGS_CHECK"],
            ..Controls::NONE
        },
        types: &["AWS::CloudWatch::Alarm"],
        judge: |alarm| alarm.expects("Period", 300),
        waiver: None,
    },
];
