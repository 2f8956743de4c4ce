//! What watches the pipeline: logs and alarms, findings, compliance rules.

use super::{Default_, Optional, block, flag, map, number, text};
use tf_provider::schema::Attribute;

pub fn monitoring() -> Attribute {
    block(
        Default_,
        "Log groups, alarms, a dashboard, and a log of the account's API calls in this region.",
        [
            (
                "log_retention_days",
                number(
                    Default_,
                    "Days that every log group keeps its events; one of CloudWatch's periods: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, \
                     731, 1096, 1827, 2192, 2557, 2922, 3288, 3653. Default 365; less misses PCI DSS 10.5.1 and is warned of. Changed in place; what is \
                     older than the new period is deleted.",
                ),
            ),
            (
                "api_calls",
                text(
                    Default_,
                    "The trail without which EventBridge sees no API calls. `existing`: the account has one that logs management events, or the plan \
                     warns that it has not. `managed`: the pipeline creates one; refused where there is one, since a second copy of management \
                     events is billed. `none`: API calls are not logged by the pipeline. Default `existing`. Changed in place: away from \
                     `managed` the trail is removed, and to `none` the log group of API calls, which is refused unless `allow_data_loss` is true.",
                ),
            ),
            (
                "read_only_api_calls",
                flag(
                    Default_,
                    "Whether the log of API calls also has those that change nothing: every Describe, Get and Decrypt of the whole account, which can \
                     be thousands for each one that does. Default false: it has the calls that change something, and of the others those that KMS \
                     refused. Changed in place.",
                ),
            ),
        ],
    )
}

pub fn threats() -> Attribute {
    block(
        Default_,
        "GuardDuty findings, which start remediation and alert.",
        [
            (
                "minimum_severity",
                number(
                    Default_,
                    "Least severity of a finding that is acted upon, 1 to 10, fractions allowed; GuardDuty calls 7 and more high. Default 7. Changed in place.",
                ),
            ),
            (
                "detector",
                text(
                    Default_,
                    "The region's one GuardDuty detector. `existing`: there is one, or the plan warns that there is none or that it is \
                     suspended. `managed`: the pipeline creates it; refused where there is one. `none`: the pipeline does without findings. Default `existing`. Changed in place: away from \
                     `managed` the detector is removed.",
                ),
            ),
            (
                "remediate_account",
                flag(
                    Default_,
                    "Whether remediation may also isolate instances, cut off users, roles and access keys, and close buckets that are not the pipeline's. \
                     Default false: of those it only reports what it would do. Changed in place.",
                ),
            ),
        ],
    )
}

pub fn compliance() -> Attribute {
    block(
        Default_,
        "Two AWS Config rules over the pipeline's own resources, and those of `custom_policies`: what keeps data is encrypted with a customer-managed key, and no \
         policy admits anybody whom it should not.",
        [
            (
                "recorder",
                text(
                    Default_,
                    "The region's one Config recorder, which rules need. `existing`: there is one, or the plan warns that there is none or that it does \
                     not record. `managed`: the pipeline creates it with delivery channel, role and bucket; refused where there is one. `none`: the pipeline does without \
                     rules. Default `existing`. Changed in place: away from `managed` the recorder is removed, with its delivery channel and role.",
                ),
            ),
            (
                "auto_remediate",
                flag(
                    Default_,
                    "Whether a bucket of this pipeline that a rule finds non-compliant gets its encryption, public access block and policy back; what else is \
                     found is only alerted of. Default true. Changed in place.",
                ),
            ),
            (
                "custom_policies",
                map(
                    Optional,
                    "Rules of your own, beside the two that the evaluate function answers: policies in the language of AWS CloudFormation Guard \
                     (`guard-2.x.x`), by name, which AWS Config runs over what carries the pipeline's tag. At most ten, each of 1 to 10000 characters; \
                     together with the rest of the block they must fit, compressed, into a parameter of 8 KB. Names are 1 to 32 lower-case letters, \
                     digits and single hyphens, starting with a letter; the rule is called `policy-NAME-...`. What breaks one is alerted of, and \
                     a bucket put right with `auto_remediate`. Default none. Changed in place.",
                ),
            ),
        ],
    )
}
