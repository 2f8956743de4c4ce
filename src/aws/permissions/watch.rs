//! What watches: logs, alarms, rules of events and of Config, the trail, the
//! detector.

use super::row::{Kind, NOTHING, On, Row, When, kind, row};

/// Calls about a log group ask for the ARN with a star behind, calls about its
/// tags for the one without
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html>).
const GROUP: On = On::Arns(&["logs:log-group:{LogGroupName}:*"]);
const GROUP_TAGS: On = On::Arns(&["logs:log-group:{LogGroupName}"]);
const ALARM: On = On::Arns(&["cloudwatch:alarm:{AlarmName}"]);
const DASHBOARD: On =
    On::Arns(&["arn:{partition}:cloudwatch::{account}:dashboard/{DashboardName}"]);
const CONFIG_RULE: &str = "config:config-rule/*";
const RECORDER: On = On::Arns(&["config:configuration-recorder/{Name}/*"]);
const TRAIL: On = On::Arns(&["cloudtrail:trail/{TrailName}"]);
const DETECTOR: On = On::Ours(&["guardduty:detector/*"]);
const DETECTORS: On = On::Arns(&["guardduty:detector/*"]);
/// Also those of other regions, and of the organization's account.
const TRAILS: On = On::Arns(&["arn:{partition}:cloudtrail:*:*:trail/*"]);
const ANY_ROLE: On = On::Arns(&["arn:{partition}:iam::{account}:role/*"]);
const API_ACCOUNT: On = On::Arns(&["arn:{partition}:apigateway:{region}::/account"]);

/// A rule is on the default bus, or on one that its ARN names before it.
const EVENT_RULE: On = On::Arns(&["events:rule/{Name}", "events:rule/{EventBusName}/{Name}"]);

const TO_EVENTS: When = &[("iam:PassedToService", &["events.amazonaws.com"])];
const TO_CONFIG: When = &[("iam:PassedToService", &["config.amazonaws.com"])];

const LOG_GROUPS: &[Row] = &[
    row(
        &[
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:DisassociateKmsKey",
            "logs:PutRetentionPolicy",
        ],
        GROUP,
    ),
    row(
        &[
            "logs:ListTagsForResource",
            "logs:TagResource",
            "logs:UntagResource",
        ],
        GROUP_TAGS,
    ),
    // Tags in the creating call
    // (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html).
    row(&["logs:CreateLogGroup"], GROUP).asks(&["logs:TagResource"]),
    // Of a key of the pipeline's own that is allowed anyhow
    // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
    row(
        &["logs:AssociateKmsKey", "logs:CreateLogGroup"],
        On::Named {
            property: "KmsKeyId",
            arn: "kms:key/{}",
            ours: NOTHING,
        },
    )
    .asks(&["kms:DescribeKey"])
    .when(&[("kms:ViaService", &["logs.{region}.amazonaws.com"])]),
    row(&["logs:DescribeLogGroups"], On::Anything),
];

const METRIC_FILTERS: &[Row] = &[
    row(
        &[
            "logs:DeleteMetricFilter",
            "logs:DescribeMetricFilters",
            "logs:PutMetricFilter",
        ],
        GROUP,
    ),
    row(&["logs:ListTagsForResource"], GROUP_TAGS),
];

/// The reference knows no resource for these.
const LOG_POLICIES: &[Row] = &[row(
    &[
        "logs:DeleteResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
    ],
    On::Anything,
)];

const ALARMS: &[Row] = &[
    row(
        &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ],
        ALARM,
    ),
    // A list, even of one.
    row(
        &["cloudwatch:DescribeAlarms"],
        On::Arns(&["cloudwatch:alarm:*"]),
    ),
];

const DASHBOARDS: &[Row] = &[row(
    &[
        "cloudwatch:DeleteDashboards",
        "cloudwatch:GetDashboard",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutDashboard",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    ],
    DASHBOARD,
)];

const EVENT_RULES: &[Row] = &[
    row(
        &[
            "events:DeleteRule",
            "events:DescribeRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
        ],
        EVENT_RULE,
    ),
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
    row(
        &["events:PutTargets"],
        On::Arns(&["arn:{partition}:iam::{account}:role/{Targets/*/RoleArn}"]),
    )
    .asks(&["iam:PassRole"])
    .when(TO_EVENTS),
];

/// AWS chooses the id that a rule's ARN holds.
const RULES_OF_CONFIG: &[Row] = &[
    row(&["config:PutConfigRule"], On::Made(&[CONFIG_RULE]))
        .asks(&["config:PutConfigRule", "config:TagResource"]),
    row(
        &["config:DeleteConfigRule", "config:PutConfigRule"],
        On::Ours(&[CONFIG_RULE]),
    ),
    // Whose a rule is stands in its tags.
    row(
        &["config:GetCustomRulePolicy", "config:ListTagsForResource"],
        On::Arns(&[CONFIG_RULE]),
    ),
    row(&["config:DescribeConfigRules"], On::Anything),
];

const RECORDERS: &[Row] = &[
    row(
        &[
            "config:DeleteConfigurationRecorder",
            "config:ListTagsForResource",
            "config:PutConfigurationRecorder",
        ],
        RECORDER,
    ),
    row(&["config:PutConfigurationRecorder"], RECORDER).asks(&["config:TagResource"]),
    row(
        &["config:PutConfigurationRecorder"],
        On::Arns(&["arn:{partition}:iam::{account}:role/{RoleARN}"]),
    )
    .asks(&["iam:PassRole"])
    .when(TO_CONFIG),
    row(&["config:DescribeConfigurationRecorders"], On::Anything),
];

const DELIVERY_CHANNELS: &[Row] = &[
    row(
        &[
            "config:DeleteDeliveryChannel",
            "config:DescribeConfigurationRecorderStatus",
            "config:DescribeConfigurationRecorders",
            "config:DescribeDeliveryChannels",
            "config:PutDeliveryChannel",
        ],
        On::Anything,
    ),
    // The recorder that is started may be of any name.
    row(
        &[
            "config:ListTagsForResource",
            "config:StartConfigurationRecorder",
            "config:StopConfigurationRecorder",
        ],
        On::Arns(&["config:configuration-recorder/*"]),
    ),
];

const CLOUDTRAILS: &[Row] = &[row(
    &[
        "cloudtrail:AddTags",
        "cloudtrail:CreateTrail",
        "cloudtrail:DeleteTrail",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetTrail",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:ListTags",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:RemoveTags",
        "cloudtrail:StartLogging",
        "cloudtrail:StopLogging",
        "cloudtrail:UpdateTrail",
    ],
    TRAIL,
)];

const GUARDDUTY: &[Row] = &[
    row(&["guardduty:CreateDetector"], On::Made(&["*"]))
        .asks(&["guardduty:CreateDetector", "guardduty:TagResource"]),
    // https://docs.aws.amazon.com/guardduty/latest/ug/slr-permissions.html
    row(
        &["guardduty:CreateDetector"],
        On::Arns(&[
            "arn:{partition}:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
        ]),
    )
    .asks(&["iam:CreateServiceLinkedRole"])
    .when(&[("iam:AWSServiceName", &["guardduty.amazonaws.com"])]),
    // Its protection from malware is on in a new detector
    // (https://docs.aws.amazon.com/guardduty/latest/ug/slr-permissions-malware-protection.html).
    row(
        &["guardduty:CreateDetector"],
        On::Arns(&[
            "arn:{partition}:iam::{account}:role/aws-service-role/malware-protection.guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDutyMalwareProtection",
        ]),
    )
    .asks(&["iam:CreateServiceLinkedRole"])
    .when(&[("iam:AWSServiceName", &["malware-protection.guardduty.amazonaws.com"])]),
    row(
        &[
            "guardduty:DeleteDetector",
            "guardduty:TagResource",
            "guardduty:UntagResource",
            "guardduty:UpdateDetector",
        ],
        DETECTOR,
    ),
    row(&["guardduty:GetDetector"], DETECTORS),
    row(&["guardduty:ListDetectors"], On::Anything),
];

/// What an account has one of, and whose it is.
pub(super) const FACTS: &[Row] = &[
    row(
        &[
            "cloudtrail:DescribeTrails",
            "config:DescribeConfigurationRecorderStatus",
            "config:DescribeConfigurationRecorders",
            "guardduty:ListDetectors",
            "logs:DescribeResourcePolicies",
        ],
        On::Anything,
    ),
    row(&["guardduty:GetDetector"], DETECTORS),
    row(
        &[
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTags",
        ],
        TRAILS,
    ),
    row(
        &["config:ListTagsForResource"],
        On::Arns(&["config:configuration-recorder/*"]),
    ),
    row(&["apigateway:GetAccount"], API_ACCOUNT).asks(&["apigateway:GET"]),
    row(&["iam:GetRole"], ANY_ROLE),
];

pub(super) const KINDS: &[Kind] = &[
    kind("AWS::Logs::LogGroup", LOG_GROUPS),
    kind("AWS::Logs::MetricFilter", METRIC_FILTERS),
    kind("AWS::Logs::ResourcePolicy", LOG_POLICIES),
    kind("AWS::CloudWatch::Alarm", ALARMS),
    kind("AWS::CloudWatch::Dashboard", DASHBOARDS),
    kind("AWS::Events::Rule", EVENT_RULES),
    kind("AWS::Config::ConfigRule", RULES_OF_CONFIG),
    kind("AWS::Config::ConfigurationRecorder", RECORDERS),
    kind("AWS::Config::DeliveryChannel", DELIVERY_CHANNELS),
    kind("AWS::CloudTrail::Trail", CLOUDTRAILS),
    kind("AWS::GuardDuty::Detector", GUARDDUTY),
];
