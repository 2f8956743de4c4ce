#![allow(clippy::unwrap_used, clippy::expect_used)]

mod brought;
mod strangers;

use super::*;
use crate::aws::SecretUse;
use crate::blueprint::{self, Facts, Spec};
use crate::engine::template::Template;
use serde_json::json;
use std::collections::BTreeSet;

const DAY: i64 = 86_400;
/// Any moment will do.
const NOW: i64 = 1_800_000_000;

fn arn(id: &str) -> String {
    format!("arn:aws:test:us-east-1:111122223333:{id}")
}

/// What AWS would answer if it had done what a template says.
fn live(value: &Value) -> Value {
    let reference = |id: &str| match id.split_once('.') {
        Some((id, "Arn")) => arn(id),
        Some((id, attribute)) => format!("{attribute}-of-{id}"),
        None => format!("ref-{id}"),
    };
    match value {
        Value::Array(items) => items.iter().map(live).collect(),
        Value::Object(members) => {
            let only = members.iter().next().filter(|_| members.len() == 1);
            match only.map(|(name, value)| (name.as_str(), value)) {
                Some(("Ref", Value::String(id))) => json!(reference(id)),
                Some(("Fn::GetAtt", Value::Array(parts))) => {
                    let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                    json!(reference(&parts.join(".")))
                }
                Some(("Fn::Sub", Value::String(text))) => {
                    let mut parts = text.split("${");
                    let mut out = parts.next().unwrap_or_default().to_owned();
                    for part in parts {
                        let (id, rest) = part.split_once('}').expect("closed");
                        out += &reference(id);
                        out += rest;
                    }
                    json!(out)
                }
                Some(("Fn::Join", Value::Array(parts))) => {
                    let texts: Vec<String> = live(&parts[1])
                        .as_array()
                        .expect("a list")
                        .iter()
                        .map(|part| part.as_str().expect("a text").to_owned())
                        .collect();
                    json!(texts.join(parts[0].as_str().expect("glue")))
                }
                _ => members
                    .iter()
                    .map(|(name, value)| (name.clone(), live(value)))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            }
        }
        other => other.clone(),
    }
}

fn of_template(template: &Template) -> Pipeline {
    let mut pipeline = Pipeline {
        id: "documents-dev@us-east-1".into(),
        account_id: "111122223333".into(),
        region: "us-east-1".into(),
        at: NOW,
        ..Pipeline::default()
    };
    for (id, resource) in &template.resources {
        let arn = arn(id);
        pipeline.resources.insert(
            id.clone(),
            Observed {
                type_name: resource.type_name.clone(),
                identifier: format!("id-{id}"),
                reference: format!("ref-{id}"),
                attributes: BTreeMap::from([("Arn".to_owned(), json!(arn))]),
                properties: live(&resource.properties),
            },
        );
        if resource.type_name == "AWS::SecretsManager::Secret" {
            let just_made = SecretUse {
                created: Some(NOW - DAY),
                ..SecretUse::default()
            };
            pipeline.secrets.insert(arn, just_made);
        }
    }
    pipeline
}

fn pipeline() -> Pipeline {
    let spec = Spec::new("documents", "dev");
    of_template(&blueprint::expand(&spec, &Facts::documentation()).expect("a template"))
}

fn set(pipeline: &mut Pipeline, id: &str, pointer: &str, value: Value) {
    let resource = pipeline.resources.get_mut(id).expect("a resource");
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = resource.properties.pointer_mut(parent).expect("a parent");
    match parent {
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
        parent => parent[name] = value,
    }
}

fn failed(report: &Report) -> BTreeSet<(&str, &str)> {
    let failed = report.findings.iter().filter(|f| f.status == Status::Fail);
    failed.map(|f| (f.check, f.logical_id.as_str())).collect()
}

#[test]
fn a_pipeline_that_is_as_its_template_says_fails_nothing() {
    let report = judge(&pipeline());
    assert_eq!(failed(&report), BTreeSet::new());
    assert!(
        report.count(Status::Pass) > 150,
        "{}",
        report.count(Status::Pass)
    );
    let waived: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Waived)
        .map(|finding| finding.check)
        .collect();
    assert!(waived.contains("buckets_log_access"), "{waived:?}");
    for finding in &report.findings {
        let unmet = matches!(finding.status, Status::Waived | Status::Account);
        assert_eq!(unmet, !finding.reason.is_empty(), "{finding:?}");
        assert!(!finding.observed.is_empty(), "{finding:?}");
        assert!(!finding.requirements.is_empty(), "{finding:?}");
    }
}

/// Check, resource, where its properties are changed, and to what.
type Breakage = (&'static str, &'static str, &'static str, Value);

fn breakages() -> Vec<Breakage> {
    let open =
        json!([{ "CidrIp": "0.0.0.0/0", "FromPort": 443, "IpProtocol": "tcp", "ToPort": 443 }]);
    let allow_all = json!({ "Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
    let other_account = json!({ "Sid": "Other", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:root" }, "Action": "s3:GetObject", "Resource": "*" });
    let decrypt =
        json!({ "Sid": "AnyKey", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": "*" });
    let whole = json!({ "Sid": "All", "Effect": "Allow", "Action": ["s3:*"], "Resource": "arn:aws:s3:::x" });
    vec![
        (
            "security_groups_closed_to_the_internet",
            "FunctionSecurityGroup",
            "/SecurityGroupIngress",
            open,
        ),
        (
            "security_groups_closed_to_the_internet",
            "EndpointIngressFromFunctions",
            "/CidrIpv6",
            json!("::/0"),
        ),
        (
            "network_acls_close_ports_of_administration",
            "NetworkAcl",
            "/ForeignEntries",
            json!(["ingress 90"]),
        ),
        (
            "network_acls_close_ports_of_administration",
            "NetworkAclInboundAnswers",
            "/CidrBlock",
            json!("0.0.0.0/0"),
        ),
        (
            "network_acls_are_used",
            "PrivateSubnet1NetworkAclAssociation",
            "/NetworkAclId",
            json!("acl-other"),
        ),
        (
            "default_security_groups_are_closed",
            "Vpc",
            "/DefaultSecurityGroupRules",
            json!(["sgr-1"]),
        ),
        (
            "subnets_give_no_public_addresses",
            "PrivateSubnet1",
            "/MapPublicIpOnLaunch",
            json!(true),
        ),
        (
            "route_tables_lead_to_no_gateway",
            "PrivateRouteTable",
            "/Routes",
            json!(["0.0.0.0/0 igw-1"]),
        ),
        (
            "vpcs_log_all_traffic",
            "FlowLog",
            "/TrafficType",
            json!("REJECT"),
        ),
        (
            "vpcs_have_endpoint_ec2",
            "Ec2Endpoint",
            "/ServiceName",
            json!("com.amazonaws.us-east-1.sqs"),
        ),
        (
            "vpcs_have_endpoint_ssm",
            "SsmEndpoint",
            "/VpcId",
            json!("vpc-other"),
        ),
        (
            "buckets_block_public_access",
            "RawBucket",
            "/PublicAccessBlockConfiguration/BlockPublicAcls",
            json!(false),
        ),
        (
            "buckets_have_no_acls",
            "RawBucket",
            "/OwnershipControls/Rules/0/ObjectOwnership",
            json!("ObjectWriter"),
        ),
        (
            "buckets_are_encrypted",
            "RawBucket",
            "/BucketEncryption",
            Value::Null,
        ),
        (
            "buckets_are_encrypted_with_a_key_of_ours",
            "RawBucket",
            "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm",
            json!("AES256"),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Effect",
            json!("Allow"),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Condition",
            json!({
                "Bool": { "aws:SecureTransport": "false" },
                "StringNotEquals": { "aws:PrincipalAccount": "111122223333" },
            }),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Condition",
            json!({ "Bool": { "aws:SecureTransport": "false", "aws:ViaAWSService": "false" } }),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport",
            json!(["false", "true"]),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Resource",
            json!([arn("RawBucket"), format!("{}/public/*", arn("RawBucket"))]),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Resource",
            json!(format!("{}/*", arn("RawBucket"))),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0/Action",
            json!(["s3:GetObject", "s3:PutObject"]),
        ),
        (
            "buckets_refuse_what_is_not_tls",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0",
            json!({
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "NotPrincipal": { "AWS": "arn:aws:iam::111122223333:role/legacy" },
                "Action": "s3:*",
                "Resource": [arn("RawBucket"), format!("{}/*", arn("RawBucket"))],
                "Condition": { "Bool": { "aws:SecureTransport": "false" } },
            }),
        ),
        (
            "buckets_log_access",
            "RawBucket",
            "/LoggingConfiguration",
            Value::Null,
        ),
        (
            "buckets_keep_versions",
            "RawBucket",
            "/VersioningConfiguration/Status",
            json!("Suspended"),
        ),
        (
            "buckets_have_a_lifecycle",
            "RawBucket",
            "/LifecycleConfiguration",
            Value::Null,
        ),
        (
            "buckets_notify",
            "RawBucket",
            "/NotificationConfiguration",
            json!({}),
        ),
        (
            "tables_recover_to_a_point_in_time",
            "AuditTable",
            "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
            json!(false),
        ),
        (
            "tables_are_encrypted_with_a_key_of_ours",
            "AuditTable",
            "/SSESpecification",
            Value::Null,
        ),
        (
            "tables_scale",
            "AuditTable",
            "/BillingMode",
            json!("PROVISIONED"),
        ),
        ("keys_rotate", "DataKey", "/EnableKeyRotation", json!(false)),
        ("keys_stay", "DataKey", "/Enabled", json!(false)),
        (
            "keys_are_not_public",
            "DataKey",
            "/KeyPolicy/Statement/0",
            allow_all.clone(),
        ),
        (
            "secrets_rotate",
            "ApiKeyRotation",
            "/RotationRules/AutomaticallyAfterDays",
            json!(365),
        ),
        (
            "topics_are_encrypted_with_a_key_of_ours",
            "AlertsTopic",
            "/KmsMasterKeyId",
            json!("alias/aws/sns"),
        ),
        (
            "queues_are_encrypted_with_a_key_of_ours",
            "DeadLetterQueue",
            "/KmsMasterKeyId",
            Value::Null,
        ),
        (
            "apis_are_regional_or_private",
            "RestApi",
            "/EndpointConfiguration/Types",
            json!(["EDGE"]),
        ),
        (
            "stages_log_and_measure",
            "ApiStage",
            "/MethodSettings/0/LoggingLevel",
            json!("OFF"),
        ),
        (
            "stages_have_a_client_certificate",
            "ApiStage",
            "/ClientCertificateId",
            Value::Null,
        ),
        (
            "stages_are_traced",
            "ApiStage",
            "/TracingEnabled",
            json!(false),
        ),
        (
            "stages_are_behind_a_web_acl",
            "WebAclAssociation",
            "/ResourceArn",
            json!("arn:aws:apigateway:us-east-1::/restapis/other/stages/v1"),
        ),
        (
            "stages_encrypt_what_they_cache",
            "ApiStage",
            "/MethodSettings/0/CachingEnabled",
            json!(true),
        ),
        ("web_acls_have_rules", "WebAcl", "/Rules", json!([])),
        (
            "web_acl_rules_are_measured",
            "WebAcl",
            "/Rules/0/VisibilityConfig/CloudWatchMetricsEnabled",
            json!(false),
        ),
        (
            "web_acls_log",
            "WebAclLogging",
            "/LogDestinationConfigs",
            json!([]),
        ),
        (
            "policies_grant_no_whole_service",
            "EncryptPolicy",
            "/PolicyDocument/Statement/0",
            whole,
        ),
        (
            "policies_decrypt_with_named_keys",
            "EncryptPolicy",
            "/PolicyDocument/Statement/0",
            decrypt,
        ),
        (
            "roles_have_no_inline_policies",
            "EncryptRole",
            "/InlinePolicies",
            json!(["extra"]),
        ),
        (
            "roles_have_no_policies_of_others",
            "EncryptRole",
            "/ManagedPolicyArns",
            json!([
                "ref-EncryptPolicy",
                "arn:aws:iam::aws:policy/AdministratorAccess"
            ]),
        ),
        (
            "roles_have_no_policies_of_others",
            "EncryptRole",
            "/ManagedPolicyArns",
            Value::Null,
        ),
        (
            "roles_have_their_boundary",
            "EncryptRole",
            "/PermissionsBoundary",
            Value::Null,
        ),
        (
            "roles_have_their_boundary",
            "EncryptRole",
            "/PermissionsBoundary",
            json!("ref-RemediatePolicy"),
        ),
        (
            "roles_have_their_boundary",
            "RotateRole",
            "/PermissionsBoundary",
            json!("arn:aws:iam::aws:policy/AdministratorAccess"),
        ),
        (
            "buckets_admit_no_other_account",
            "RawBucketPolicy",
            "/PolicyDocument/Statement/0",
            other_account,
        ),
        (
            "topics_admit_no_other_account",
            "AlertsTopicPolicy",
            "/PolicyDocument/Statement/0",
            allow_all.clone(),
        ),
        (
            "queues_admit_no_other_account",
            "DeadLetterQueuePolicy",
            "/PolicyDocument/Statement/0",
            allow_all,
        ),
        (
            "functions_are_not_public",
            "ApiEncryptPermission",
            "/Principal",
            json!("*"),
        ),
        (
            "functions_are_not_public",
            "EncryptFunction",
            "/ForeignPermissions",
            json!(["debug admits * to lambda:InvokeFunction"]),
        ),
        (
            "functions_are_in_a_vpc",
            "EncryptFunction",
            "/VpcConfig",
            Value::Null,
        ),
        (
            "functions_are_in_two_zones",
            "EncryptFunction",
            "/VpcConfig/SubnetIds",
            json!(["ref-PrivateSubnet1"]),
        ),
        (
            "functions_run_on_a_supported_runtime",
            "EncryptFunction",
            "/Runtime",
            json!("provided.al2"),
        ),
        (
            "log_groups_are_encrypted_with_a_key_of_ours",
            "ApiAccessLogGroup",
            "/KmsKeyId",
            Value::Null,
        ),
        (
            "log_groups_keep_a_year",
            "ApiAccessLogGroup",
            "/RetentionInDays",
            json!(90),
        ),
        (
            "alarms_act",
            "AlertsUndeliveredAlarm",
            "/ActionsEnabled",
            json!(false),
        ),
        (
            "alarms_look_every_five_minutes",
            "AlertsUndeliveredAlarm",
            "/Period",
            json!(60),
        ),
    ]
}

#[test]
fn each_check_fails_what_is_not_so_and_says_what_it_saw() {
    let sound = judge(&pipeline());
    let mut tried = BTreeSet::from([
        // Secrets are judged by their dates too.
        "secrets_have_rotated_in_time",
        "secrets_are_used",
    ]);
    for (check, id, pointer, value) in breakages().into_iter().chain(strangers::breakages()) {
        let mut broken = pipeline();
        set(&mut broken, id, pointer, value.clone());
        let report = judge(&broken);
        let found: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.check == check && finding.status == Status::Fail)
            .collect();
        // Where several associations say the same, one of them is not enough.
        if check != "network_acls_are_used" {
            assert_eq!(
                found.len(),
                1,
                "{check} of {id}{pointer} = {value}: {found:#?}"
            );
            let before = sound.findings.iter().find(|finding| {
                finding.check == check && finding.logical_id == found[0].logical_id
            });
            assert_ne!(
                before.map(|finding| &finding.observed),
                Some(&found[0].observed),
                "{check} should say what it saw"
            );
        }
        tried.insert(check);
    }
    // Only where there are any, and there.
    tried.insert("auditors_prove_who_they_are");
    let waived = checks::controls()
        .into_iter()
        .filter(|(_, _, status)| *status == Status::Waived)
        .map(|(_, name, _)| name);
    tried.extend(waived);
    let all: BTreeSet<&str> = checks::names().into_iter().collect();
    assert_eq!(tried, all, "every check is tried");
}

#[test]
fn an_acl_of_no_subnet_is_not_used() {
    let mut broken = pipeline();
    for n in 1..=3 {
        let id = format!("PrivateSubnet{n}NetworkAclAssociation");
        broken.resources.remove(&id).expect("an association");
    }
    let report = judge(&broken);
    assert_eq!(
        failed(&report),
        BTreeSet::from([("network_acls_are_used", "NetworkAcl")])
    );
}

#[test]
fn a_secret_is_in_time_until_its_rotation_is_overdue() {
    let arn = |pipeline: &Pipeline| pipeline.secrets.keys().next().unwrap().clone();
    let judged = |used: SecretUse| {
        let mut pipeline = pipeline();
        let arn = arn(&pipeline);
        pipeline.secrets.insert(arn, used);
        let report = judge(&pipeline);
        let failed: BTreeSet<String> = failed(&report)
            .into_iter()
            .map(|(check, _)| check.to_owned())
            .collect();
        failed.into_iter().collect::<Vec<_>>()
    };
    let days_ago = |days: i64| Some(NOW - days * DAY);
    let made_long_ago = SecretUse {
        created: days_ago(400),
        ..SecretUse::default()
    };
    assert_eq!(
        judged(made_long_ago),
        ["secrets_are_used", "secrets_have_rotated_in_time"]
    );
    let kept_up = SecretUse {
        rotated: days_ago(31),
        read: days_ago(90),
        ..made_long_ago
    };
    assert_eq!(judged(kept_up), Vec::<String>::new());
    let overdue = SecretUse {
        rotated: days_ago(32),
        read: days_ago(91),
        ..made_long_ago
    };
    assert_eq!(
        judged(overdue),
        ["secrets_are_used", "secrets_have_rotated_in_time"]
    );
    assert_eq!(
        judged(SecretUse::default()),
        ["secrets_are_used", "secrets_have_rotated_in_time"]
    );
}

#[test]
fn what_is_gone_fails_every_check_of_its_type() {
    let mut broken = pipeline();
    let key = broken.resources.remove("DataKey").expect("a key");
    broken.missing.insert("DataKey".into(), key.type_name);
    let report = judge(&broken);
    let gone: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.logical_id == "DataKey")
        .collect();
    assert_eq!(gone.len(), 3, "{gone:#?}");
    for finding in gone {
        assert_eq!(finding.status, Status::Fail);
        assert_eq!(finding.observed, "it does not exist");
    }
    assert_eq!(
        report.findings[0].status,
        Status::Fail,
        "what failed is first"
    );
}

#[test]
fn what_the_account_has_is_said_and_not_judged() {
    let mut pipeline = pipeline();
    pipeline.singletons.recorder = Some("default".into());
    pipeline.singletons.detector = Some(String::new());
    let report = judge(&pipeline);
    let said = |check: &str| {
        let finding = report.findings.iter().find(|one| one.check == check);
        finding
            .map(|one| (one.status, one.observed.clone()))
            .unwrap()
    };
    let account = Status::Account;
    assert_eq!(
        said("account_has_a_recorder"),
        (account, "Config recorder: default".into())
    );
    assert_eq!(
        said("account_has_a_detector"),
        (account, "there is no GuardDuty detector".into())
    );
    assert!(said("account_has_a_trail").1.contains("nobody may look"));
}

#[test]
fn findings_of_ocsf_have_ids_of_their_own_and_the_statuses_that_it_knows() {
    let mut broken = pipeline();
    set(&mut broken, "DataKey", "/EnableKeyRotation", json!(false));
    let report = judge(&broken);
    let findings = ocsf(&report);
    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), report.findings.len());
    let ids: BTreeSet<&str> = findings
        .iter()
        .map(|one| one["finding_info"]["uid"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), findings.len());
    let first = &findings[0];
    assert_eq!(first["compliance"]["status_id"], 3);
    assert_eq!(
        first["compliance"]["requirements"],
        json!(["PCI DSS v4.0.1/3.7.4"])
    );
    assert_eq!(
        first["unmapped"]["controls"]["prowler pci_4.0_aws"],
        json!(["kms_cmk_rotation_enabled"])
    );
    assert_eq!(first["time"], NOW * 1000);
}

#[test]
fn a_page_shows_what_failed_and_nothing_of_it_is_markup() {
    let mut broken = pipeline();
    set(
        &mut broken,
        "DataKey",
        "/EnableKeyRotation",
        json!("<b>no</b>"),
    );
    let page = page(&judge(&broken));
    assert!(page.contains("EnableKeyRotation = &lt;b&gt;no&lt;/b&gt;"));
    assert!(page.contains("<li class=\"fail\"><a href=\"#fail\"><b>1</b> Failed</a></li>"));
    assert!(page.contains("2027-01-15 08:00 UTC"));
    assert!(!page.contains("<script"));
    assert_eq!(
        page.matches("<article").count(),
        page.matches("</article>").count()
    );
}

#[test]
fn an_auditor_reads_of_controls_and_not_of_rows_of_our_own() {
    let report = judge(&pipeline());
    let words = report.findings.iter().flat_map(|one| {
        let texts = [one.title, one.reason, one.observed.as_str()];
        texts.map(ToOwned::to_owned)
    });
    let words = words.chain(checks::words().into_iter().map(ToOwned::to_owned));
    for text in words {
        let row = text
            .as_bytes()
            .windows(4)
            .any(|part| part[0] == b'R' && part[1..].iter().all(u8::is_ascii_digit));
        let mut parts = text.split(|letter: char| !letter.is_alphabetic());
        assert!(!row && !parts.any(|part| part == "mission"), "{text}");
    }
}

#[test]
fn a_backup_plan_is_not_said_to_be_missing_where_nobody_looked() {
    let report = judge(&pipeline());
    let mut findings = report.findings.iter();
    let finding = findings.find(|one| one.check == "tables_are_in_a_backup_plan");
    assert_eq!(
        finding.unwrap().observed,
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled = true; backup plans are the account's, and were not looked at"
    );
}

#[test]
fn no_control_is_judged_twice() {
    let mut seen = BTreeSet::new();
    for (control, check, _) in controls() {
        assert!(seen.insert(control), "{control:?} of {check}");
    }
    assert!(seen.len() > 150, "{}", seen.len());
}
