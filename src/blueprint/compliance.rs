//! Compliance (R109-R115): two rules of AWS Config over the pipeline's own
//! resources, answered by the evaluate function, those of the user's own, which
//! Config answers itself, and what happens when one is broken.

use super::encryption::Purpose;
use super::functions::{DEAD_LETTER_QUEUE_ID, Function};
use super::policy::{Statement, document};
use super::spec::{AccessLogEncryption, Provision};
use super::storage::Bucket;
use super::{Expansion, Facts, Spec, alerts, naming, object};
use crate::engine::TAG_PIPELINE;
use crate::engine::template::intrinsics::{get_att, reference};
use serde_json::{Value, json};

const PERMISSION_ID: &str = "EvaluateConfigPermission";
const RECORDER_ID: &str = "ConfigRecorder";
const CHANNEL_ID: &str = "ConfigDeliveryChannel";
const ROLE_ID: &str = "ConfigRole";
const RULE_ID: &str = "ComplianceRule";

/// Where in the log bucket the recorder writes.
const PREFIX: &str = "config";

/// What a rule asks: its parameter `check`, and the first part of its name.
const CHECKS: [(&str, &str, &str); 2] = [
    (
        "EncryptionConfigRule",
        "encryption",
        "What keeps data is encrypted with a customer managed key",
    ),
    (
        "AccessConfigRule",
        "access",
        "No policy lets in anybody it should not",
    ),
];

/// Whether there are rules. AWS takes none where nothing records; where the
/// account's recorder is to be used and there is none, the plan says so.
pub fn has_rules(spec: &Spec, facts: &Facts) -> bool {
    match spec.compliance.recorder {
        Provision::Managed => true,
        Provision::Existing => facts.account.recorder.as_deref() != Some(""),
        Provision::None => false,
    }
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    if x.spec.compliance.recorder == Provision::Managed {
        recorder(x);
    }
    if has_rules(x.spec, x.facts) {
        permission(x);
        for (id, check, about) in CHECKS {
            own_rule(x, id, check, about);
        }
        for (name, text) in &x.spec.compliance.custom_policies {
            custom_policy(x, name, text);
        }
        reaction(x);
    }
}

/// Of a check, or of what [`policy_base`] says of a custom policy.
fn rule_name(base: &str, spec: &Spec) -> String {
    naming::name(base, spec, naming::limit::CONFIG)
}

/// No policy's name can make it one of the checks.
fn policy_base(name: &str) -> String {
    format!("policy-{name}")
}

/// Config asks Lambda when a rule is put, before the rule has an ARN that the
/// permission could name: it is bound to the account, as AWS documents it
/// (<https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html>).
fn permission(x: &mut Expansion<'_>) {
    let properties = json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": get_att(&Function::Evaluate.function_id(), "Arn"),
        "Principal": "config.amazonaws.com",
        "SourceAccount": x.facts.account_id,
    });
    x.add(PERMISSION_ID, "AWS::Lambda::Permission", properties);
}

fn own_rule(x: &mut Expansion<'_>, id: &str, check: &str, about: &str) {
    let properties = json!({
        "ConfigRuleName": rule_name(check, x.spec),
        "Description": about,
        "InputParameters": { "check": check },
        "Scope": scope(x),
        "Source": {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": get_att(&Function::Evaluate.function_id(), "Arn"),
            "SourceDetails": changes(),
        },
    });
    rule(x, id, properties, &[PERMISSION_ID]);
}

/// Config itself reads the policy, and runs it with no permission of ours; it
/// takes two kinds of message for such a rule and no schedule
/// (<https://docs.aws.amazon.com/config/latest/APIReference/API_Source.html>).
fn custom_policy(x: &mut Expansion<'_>, name: &str, text: &str) {
    let properties = json!({
        "ConfigRuleName": rule_name(&policy_base(name), x.spec),
        "Description": format!("The custom policy {name}"),
        "Scope": scope(x),
        "Source": {
            "Owner": "CUSTOM_POLICY",
            "SourceDetails": changes(),
            "CustomPolicyDetails": { "PolicyRuntime": "guard-2.x.x", "PolicyText": text },
        },
    });
    let id = format!("{}PolicyRule", naming::stem(name));
    rule(x, &id, properties, &[]);
}

fn rule(x: &mut Expansion<'_>, id: &str, properties: Value, after: &[&str]) {
    let managed = x.spec.compliance.recorder == Provision::Managed;
    let recorded = managed.then_some(CHANNEL_ID);
    let after: Vec<&str> = after.iter().copied().chain(recorded).collect();
    x.add_after(id, "AWS::Config::ConfigRule", properties, &after);
}

/// The pipeline's tag (R115); with it Config takes no list of resource types
/// beside it, and what a check has nothing to say about it answers as not
/// applicable.
fn scope(x: &Expansion<'_>) -> Value {
    json!({ "TagKey": TAG_PIPELINE, "TagValue": naming::pipeline_id(x.spec, x.facts) })
}

/// Of a resource; without the second kind, large ones are never judged.
fn changes() -> Value {
    let on = |message: &str| json!({ "EventSource": "aws.config", "MessageType": message });
    json!([
        on("ConfigurationItemChangeNotification"),
        on("OversizedConfigurationItemChangeNotification"),
    ])
}

/// Of these rules and no others: the rules of strangers are not ours to answer
/// (R113, R114). What breaks a policy of the user's is treated alike: the
/// function puts back what it knows, and says of the rest that it cannot.
fn reaction(x: &mut Expansion<'_>) {
    let policies = x.spec.compliance.custom_policies.keys();
    let bases = CHECKS
        .map(|(_, check, _)| check.to_owned())
        .into_iter()
        .chain(policies.map(|name| policy_base(name)));
    let names: Vec<String> = bases.map(|base| rule_name(&base, x.spec)).collect();
    let target = |id: &str, arn: Value| {
        json!({
            "Id": id,
            "Arn": arn,
            "RetryPolicy": { "MaximumEventAgeInSeconds": 21_600, "MaximumRetryAttempts": 20 },
            "DeadLetterConfig": { "Arn": get_att(DEAD_LETTER_QUEUE_ID, "Arn") },
        })
    };
    let mut targets = vec![target("alerts", reference(alerts::TOPIC_ID))];
    let remediate = get_att(&Function::Remediate.function_id(), "Arn");
    if x.spec.compliance.auto_remediate {
        targets.push(target("remediate", remediate.clone()));
    }
    let properties = json!({
        "Name": naming::name("compliance", x.spec, naming::limit::RULE),
        "Description": "A resource of the pipeline is no longer compliant",
        "EventPattern": {
            "source": ["aws.config"],
            "detail-type": ["Config Rules Compliance Change"],
            "account": [x.facts.account_id],
            "detail": {
                "messageType": ["ComplianceChangeNotification"],
                "configRuleName": names,
                "newEvaluationResult": { "complianceType": ["NON_COMPLIANT"] },
            },
        },
        "State": "ENABLED",
        "Targets": targets,
        "Tags": x.tags(&[]),
    });
    x.add(RULE_ID, "AWS::Events::Rule", properties);
    if x.spec.compliance.auto_remediate {
        let properties = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": remediate,
            "Principal": "events.amazonaws.com",
            "SourceAccount": x.facts.account_id,
            "SourceArn": get_att(RULE_ID, "Arn"),
        });
        x.add(
            "ComplianceRulePermission",
            "AWS::Lambda::Permission",
            properties,
        );
    }
}

/// The account's one recorder, when it is to be the pipeline's (R111).
fn recorder(x: &mut Expansion<'_>) {
    let role = json!({
        "RoleName": naming::of_all_regions("config", x.spec, x.facts, naming::limit::ROLE),
        "Description": "Records the configuration of the account's resources",
        "AssumeRolePolicyDocument": document([Statement::allow("Config")
            .service("config.amazonaws.com")
            .actions(["sts:AssumeRole"])
            .when("StringEquals", "aws:SourceAccount", x.facts.account_id.clone())]),
        "MaxSessionDuration": 3600,
        "ManagedPolicyArns": [
            format!("arn:{}:iam::aws:policy/service-role/AWS_ConfigRole", x.facts.partition),
            reference("ConfigPolicy"),
        ],
        "Tags": x.tags(&[]),
    });
    x.add(ROLE_ID, "AWS::IAM::Role", role);
    let policy = json!({
        "ManagedPolicyName": naming::of_all_regions("config", x.spec, x.facts, naming::limit::MANAGED_POLICY),
        "Description": "Delivers what the Config recorder records to the log bucket",
        "PolicyDocument": delivery(x.spec, x.facts),
    });
    x.add("ConfigPolicy", "AWS::IAM::ManagedPolicy", policy);
    let recorder = json!({
        "Name": naming::name("config", x.spec, naming::limit::CONFIG),
        "RoleARN": get_att(ROLE_ID, "Arn"),
        "RecordingGroup": { "AllSupported": true, "IncludeGlobalResourceTypes": true },
    });
    x.add(RECORDER_ID, "AWS::Config::ConfigurationRecorder", recorder);
    let brought = x.spec.storage.log_bucket_name.as_ref();
    let channel = object(json!({
        "Name": naming::name("config", x.spec, naming::limit::CONFIG),
        "S3BucketName": match brought {
            Some(name) => json!(name),
            None => reference(Bucket::Logs.bucket_id()),
        },
        "S3KeyPrefix": PREFIX,
    }));
    x.add_after(
        CHANNEL_ID,
        "AWS::Config::DeliveryChannel",
        channel,
        &[RECORDER_ID],
    );
}

/// Config delivers as the recorder's role, so that the bucket's own policy
/// needs no statement for it
/// (<https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html>).
fn delivery(spec: &Spec, facts: &Facts) -> Value {
    let bucket = facts.bucket_arn(&Bucket::Logs.name(spec, facts));
    let mut statements = vec![
        Statement::allow("Look")
            .actions(["s3:GetBucketAcl", "s3:ListBucket"])
            .resource(bucket.clone()),
        Statement::allow("Deliver")
            .actions(["s3:PutObject", "s3:PutObjectAcl"])
            .resource(format!("{bucket}/{PREFIX}/AWSLogs/{}/*", facts.account_id))
            .when("StringLike", "s3:x-amz-acl", "bucket-owner-full-control"),
    ];
    let under_our_key = spec.storage.log_bucket_name.is_none()
        && spec.storage.access_log_encryption == AccessLogEncryption::Kms;
    if under_our_key {
        statements.push(
            Statement::allow("Encrypt")
                .actions(["kms:Decrypt", "kms:GenerateDataKey"])
                .resource(Purpose::Logs.arn(spec)),
        );
    }
    document(statements)
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::unwrap_used)]
mod tests {
    use super::super::expand;
    use super::*;
    use crate::engine::template::Template;

    fn template(recorder: Provision, change: impl FnOnce(&mut Spec, &mut Facts)) -> Template {
        let mut spec = Spec::new("documents", "dev");
        spec.compliance.recorder = recorder;
        let mut facts = Facts::documentation();
        change(&mut spec, &mut facts);
        expand(&spec, &facts).expect("the spec is valid")
    }

    fn properties<'t>(template: &'t Template, id: &str) -> &'t Value {
        &template.resources[id].properties
    }

    fn config_types(template: &Template) -> Vec<&str> {
        let mut types: Vec<&str> = template
            .resources
            .values()
            .map(|resource| resource.type_name.as_str())
            .filter(|name| name.starts_with("AWS::Config::"))
            .collect();
        types.sort_unstable();
        types
    }

    /// R109, R110: custom rules, answered by our own function.
    #[test]
    fn the_rules_are_answered_by_the_evaluate_function() {
        let template = template(Provision::Existing, |_, _| {});
        for (id, check) in [
            ("EncryptionConfigRule", "encryption"),
            ("AccessConfigRule", "access"),
        ] {
            let rule = properties(&template, id);
            assert_eq!(rule["ConfigRuleName"], format!("{check}-documents-dev"));
            assert_eq!(rule["InputParameters"], json!({ "check": check }));
            let source = &rule["Source"];
            assert_eq!(source["Owner"], "CUSTOM_LAMBDA");
            assert_eq!(
                source["SourceIdentifier"],
                json!({ "Fn::GetAtt": ["EvaluateFunction", "Arn"] })
            );
            // Without the second kind, large resources are never judged.
            let kinds = source["SourceDetails"].as_array().unwrap();
            let kinds: Vec<&Value> = kinds.iter().map(|detail| &detail["MessageType"]).collect();
            assert_eq!(
                kinds,
                [
                    "ConfigurationItemChangeNotification",
                    "OversizedConfigurationItemChangeNotification",
                ]
            );
            assert!(
                template.resources[id]
                    .depends_on
                    .contains(&"EvaluateConfigPermission".to_owned()),
                "Config asks whether it may invoke the function"
            );
        }
        let permission = properties(&template, "EvaluateConfigPermission");
        assert_eq!(permission["Principal"], "config.amazonaws.com");
        assert_eq!(permission["SourceAccount"], "111122223333");
    }

    /// R109, R115: of the user's own, answered by Config itself.
    #[test]
    fn a_custom_policy_is_a_rule_of_the_pipelines_resources_that_needs_no_function() {
        let text = "rule encrypted when resourceType == \"AWS::S3::Bucket\" { supplementaryConfiguration exists }";
        for (recorder, after) in [
            (Provision::Existing, &[] as &[&str]),
            (Provision::Managed, &["ConfigDeliveryChannel"]),
        ] {
            let template = template(recorder, |spec, _| {
                spec.compliance.custom_policies =
                    [("data-encrypted".into(), text.to_owned())].into();
            });
            assert_eq!(
                properties(&template, "DataEncryptedPolicyRule"),
                &json!({
                    "ConfigRuleName": "policy-data-encrypted-documents-dev",
                    "Description": "The custom policy data-encrypted",
                    "Scope": { "TagKey": "tap:pipeline", "TagValue": "documents-dev@us-east-1" },
                    "Source": {
                        "Owner": "CUSTOM_POLICY",
                        "SourceDetails": changes(),
                        "CustomPolicyDetails": { "PolicyRuntime": "guard-2.x.x", "PolicyText": text },
                    },
                })
            );
            let rule = &template.resources["DataEncryptedPolicyRule"];
            assert_eq!(rule.depends_on, after);
            let heard = &properties(&template, "ComplianceRule")["EventPattern"]["detail"];
            assert_eq!(
                heard["configRuleName"],
                json!([
                    "encryption-documents-dev",
                    "access-documents-dev",
                    "policy-data-encrypted-documents-dev",
                ])
            );
        }
    }

    /// R111: nothing of the account is touched unless it is asked for.
    #[test]
    fn the_accounts_recorder_is_used_made_or_done_without() {
        let rule = "AWS::Config::ConfigRule";
        let existing = template(Provision::Existing, |_, _| {});
        assert_eq!(config_types(&existing), [rule, rule]);
        let managed = template(Provision::Managed, |_, _| {});
        assert_eq!(
            config_types(&managed),
            [
                rule,
                rule,
                "AWS::Config::ConfigurationRecorder",
                "AWS::Config::DeliveryChannel",
            ]
        );
        let none = template(Provision::None, |_, _| {});
        assert_eq!(config_types(&none), [] as [&str; 0]);
        assert!(!none.resources.contains_key("ComplianceRule"));
    }

    /// R111: AWS takes no rule where nothing records.
    #[test]
    fn there_are_no_rules_where_the_account_has_no_recorder() {
        let known = |name: &str| {
            let name = name.to_owned();
            template(Provision::Existing, |_, facts| {
                facts.account.recorder = Some(name);
            })
        };
        assert_eq!(config_types(&known("")).len(), 0);
        assert_eq!(config_types(&known("default")).len(), 2);
    }

    /// R111: in the order that Config wants.
    #[test]
    fn a_managed_recorder_records_before_there_is_a_rule() {
        let template = template(Provision::Managed, |_, _| {});
        let channel = &template.resources["ConfigDeliveryChannel"];
        assert_eq!(channel.depends_on, ["ConfigRecorder"]);
        let rule = &template.resources["EncryptionConfigRule"];
        assert!(
            rule.depends_on
                .contains(&"ConfigDeliveryChannel".to_owned())
        );
    }

    /// R112, R107
    #[test]
    fn the_recorders_role_has_awss_policy_and_may_deliver_and_no_more() {
        let template = template(Provision::Managed, |_, _| {});
        let role = properties(&template, "ConfigRole");
        assert_eq!(
            role["ManagedPolicyArns"],
            json!([
                "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
                { "Ref": "ConfigPolicy" },
            ])
        );
        let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
        assert_eq!(
            trust["Condition"]["StringEquals"]["aws:SourceAccount"],
            "111122223333"
        );
        let policy = &properties(&template, "ConfigPolicy")["PolicyDocument"]["Statement"];
        let put = policy[1]["Resource"].as_str().unwrap();
        assert!(put.ends_with("/config/AWSLogs/111122223333/*"), "{put}");
        assert_eq!(
            policy[2]["Resource"],
            json!({ "Fn::GetAtt": ["LogsKey", "Arn"] })
        );
    }

    #[test]
    fn a_log_bucket_that_the_user_brought_is_delivered_to_without_our_key() {
        let template = template(Provision::Managed, |spec, _| {
            spec.storage.log_bucket_name = Some("theirs".into());
        });
        let channel = properties(&template, "ConfigDeliveryChannel");
        assert_eq!(channel["S3BucketName"], "theirs");
        let policy = &properties(&template, "ConfigPolicy")["PolicyDocument"]["Statement"];
        assert_eq!(policy.as_array().unwrap().len(), 2);
    }

    /// R113, R114: of these rules alone; to the topic always, to the function
    /// only where it may act.
    #[test]
    fn a_broken_rule_alerts_and_is_put_right_where_that_is_wanted() {
        for auto_remediate in [true, false] {
            let template = template(Provision::Existing, |spec, _| {
                spec.compliance.auto_remediate = auto_remediate;
            });
            let rule = properties(&template, "ComplianceRule");
            let detail = &rule["EventPattern"]["detail"];
            assert_eq!(
                detail["configRuleName"],
                json!(["encryption-documents-dev", "access-documents-dev"])
            );
            assert_eq!(
                detail["newEvaluationResult"]["complianceType"],
                json!(["NON_COMPLIANT"])
            );
            let targets = rule["Targets"].as_array().unwrap();
            let ids: Vec<&Value> = targets.iter().map(|target| &target["Id"]).collect();
            let expected: &[&str] = match auto_remediate {
                true => &["alerts", "remediate"],
                false => &["alerts"],
            };
            assert_eq!(ids, expected);
            for target in targets {
                assert!(target["RetryPolicy"].is_object());
                assert!(target["DeadLetterConfig"]["Arn"].is_object());
            }
            let permitted = template.resources.contains_key("ComplianceRulePermission");
            assert_eq!(permitted, auto_remediate);
        }
    }

    /// R115: the rules see this pipeline's resources only.
    #[test]
    fn the_rules_are_scoped_by_the_pipelines_tag_alone() {
        let template = template(Provision::Existing, |_, _| {});
        for id in ["EncryptionConfigRule", "AccessConfigRule"] {
            assert_eq!(
                properties(&template, id)["Scope"],
                json!({ "TagKey": "tap:pipeline", "TagValue": "documents-dev@us-east-1" })
            );
        }
    }
}
