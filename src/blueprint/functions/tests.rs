//! What the requirements ask of the functions, as sentences.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::*;
use crate::blueprint::spec::{Architecture, Code, FunctionSettings};
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Facts, Spec, expand};
use crate::engine::template::Template;
use std::collections::BTreeSet;

fn template(change: impl FnOnce(&mut Spec)) -> Template {
    let mut spec = Spec::new("documents", "dev");
    change(&mut spec);
    expand(&spec, &Facts::documentation()).expect("the spec is valid")
}

fn properties<'t>(template: &'t Template, id: &str) -> &'t Value {
    &template.resources[id].properties
}

fn functions(template: &Template) -> impl Iterator<Item = (Function, &Value)> {
    Function::ALL
        .into_iter()
        .map(|function| (function, properties(template, &function.function_id())))
}

/// R032, R033, R034, R035, R036.
#[test]
fn documents_have_fifteen_seconds_and_what_waits_for_others_a_minute() {
    let template = template(|_| {});
    for (function, properties) in functions(&template) {
        let expected = match function {
            Function::Validate | Function::Encrypt | Function::Scan => 15,
            Function::Remediate | Function::Rotate | Function::Evaluate => 60,
        };
        assert_eq!(properties["Timeout"], expected, "{function:?}");
        assert_eq!(properties["Handler"], function.as_str());
    }
}

/// R037, R107.
#[test]
fn every_function_has_a_role_of_its_own() {
    let template = template(|_| {});
    let roles: BTreeSet<String> = functions(&template)
        .map(|(_, properties)| properties["Role"].to_string())
        .collect();
    assert_eq!(roles.len(), Function::ALL.len());
}

/// R038: in the pipeline's network, or in the one that was brought.
#[test]
fn every_function_is_in_all_private_subnets() {
    let ours = template(|spec| spec.network.availability_zones = 2);
    let brought = template(|spec| {
        spec.network.vpc_id = Some("vpc-1".into());
        spec.network.subnet_ids = vec!["subnet-1".into(), "subnet-2".into()];
    });
    for function in Function::ALL {
        let id = function.function_id();
        assert_eq!(
            properties(&ours, &id)["VpcConfig"]["SubnetIds"],
            json!([{ "Ref": "PrivateSubnet1" }, { "Ref": "PrivateSubnet2" }])
        );
        assert_eq!(
            properties(&brought, &id)["VpcConfig"]["SubnetIds"],
            json!(["subnet-1", "subnet-2"])
        );
    }
}

/// R039: no runtime that ends, and the processor that was asked for.
#[test]
fn every_function_runs_on_a_custom_runtime_without_an_end() {
    let arm = template(|_| {});
    let intel = template(|spec| spec.functions.architecture = Architecture::X86_64);
    for (_, properties) in functions(&arm) {
        assert_eq!(properties["Runtime"], "provided.al2023");
        assert_eq!(properties["Architectures"], json!(["arm64"]));
    }
    for (_, properties) in functions(&intel) {
        assert_eq!(properties["Architectures"], json!(["x86_64"]));
    }
}

/// R040, R047: concurrency is taken from the account's pool only when said.
#[test]
fn memory_timeout_and_concurrency_are_for_all_or_for_one() {
    let template = template(|spec| {
        let own = FunctionSettings {
            memory_mb: Some(1024),
            timeout_seconds: Some(29),
            reserved_concurrency: Some(5),
        };
        spec.functions.per_function.insert("scan".into(), own);
    });
    let scan = properties(&template, "ScanFunction");
    assert_eq!(scan["MemorySize"], 1024);
    assert_eq!(scan["Timeout"], 29);
    assert_eq!(scan["ReservedConcurrentExecutions"], 5);
    let validate = properties(&template, "ValidateFunction");
    assert_eq!(validate["MemorySize"], 512);
    assert!(validate.get("ReservedConcurrentExecutions").is_none());
}

/// R044 and its trap: no function is told of what it writes itself.
#[test]
fn uploads_validations_and_copies_go_to_one_function_each() {
    let template = template(|_| {});
    let facts = Facts::documentation();
    let spec = Spec::new("documents", "dev");
    let rule = |id: &str| &properties(&template, id)["EventPattern"];
    for (id, bucket, prefix) in [
        ("ValidateRule", Bucket::Raw, "raw/"),
        ("ScanRule", Bucket::Processed, "encrypted/"),
    ] {
        let pattern = rule(id);
        assert_eq!(pattern["source"], json!(["aws.s3"]));
        assert_eq!(
            pattern["detail"]["bucket"]["name"],
            json!([bucket.name(&spec, &facts)])
        );
        assert_eq!(
            pattern["detail"]["object"]["key"],
            json!([{ "prefix": prefix }])
        );
    }
    // A document of another pipeline, or what another account says, is not.
    let pattern = rule("EncryptRule");
    assert_eq!(pattern["source"], json!(["tap.pipeline"]));
    assert_eq!(
        pattern["detail"]["pipeline"],
        json!(["documents-dev@us-east-1"])
    );
    assert_eq!(pattern["account"], json!(["111122223333"]));
}

/// R044: the words that the functions say and that the rules listen for.
#[test]
fn the_rules_listen_for_what_the_functions_say() {
    let source = include_str!("../../../functions/src/event.rs");
    for said in [EVENT_SOURCE, DOCUMENT_VALIDATED] {
        assert!(source.contains(&format!("\"{said}\"")), "{said}");
    }
}

/// R046: made first, encrypted, with an end, and never made by Lambda.
#[test]
fn every_function_has_a_log_group_before_its_first_call() {
    let template = template(|spec| spec.monitoring.log_retention_days = 400);
    for function in Function::ALL {
        let group = properties(&template, &function.log_group_id());
        assert_eq!(
            group["LogGroupName"],
            format!("/aws/lambda/{}-documents-dev", function.as_str())
        );
        assert_eq!(
            group["KmsKeyId"],
            json!({ "Fn::GetAtt": ["LogsKey", "Arn"] })
        );
        assert_eq!(group["RetentionInDays"], 400);
        let resource = &template.resources[&function.function_id()];
        assert!(resource.depends_on.contains(&function.log_group_id()));
    }
}

/// R047.
#[test]
fn what_no_function_could_handle_ends_in_one_encrypted_queue() {
    let template = template(|_| {});
    let queue = json!({ "Fn::GetAtt": ["DeadLetterQueue", "Arn"] });
    for (_, properties) in functions(&template) {
        assert_eq!(properties["DeadLetterConfig"]["TargetArn"], queue);
        assert_eq!(properties["TracingConfig"]["Mode"], "Active");
    }
    for id in ["ValidateRule", "EncryptRule", "ScanRule"] {
        let target = &properties(&template, id)["Targets"][0];
        assert_eq!(target["DeadLetterConfig"]["Arn"], queue);
        assert!(target["RetryPolicy"]["MaximumRetryAttempts"].as_u64() > Some(0));
    }
    let queue = properties(&template, "DeadLetterQueue");
    assert_eq!(
        queue["KmsMasterKeyId"],
        json!({ "Fn::GetAtt": ["LogsKey", "Arn"] })
    );
    let policy = &properties(&template, "DeadLetterQueuePolicy")["PolicyDocument"]["Statement"];
    assert_eq!(
        policy[0]["Condition"]["ArnLike"]["aws:SourceArn"],
        "arn:aws:events:us-east-1:111122223333:rule/*"
    );
    assert_eq!(policy[1]["Effect"], "Deny");
    let key = &properties(&template, "LogsKey")["KeyPolicy"]["Statement"];
    let grant = key.as_array().unwrap().iter();
    let grant = grant.filter(|statement| statement["Sid"] == "DeadLetters");
    assert_eq!(grant.count(), 1, "EventBridge may use the queue's key");
}

/// R048: nobody may invoke a function without saying for which resource of
/// this account.
#[test]
fn every_permission_names_a_source_and_its_account() {
    let template = template(|_| {});
    let permissions: Vec<_> = template
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_name == "AWS::Lambda::Permission")
        .collect();
    assert!(permissions.len() >= 3);
    for (id, permission) in permissions {
        let properties = &permission.properties;
        assert_eq!(properties["Action"], "lambda:InvokeFunction", "{id}");
        assert_ne!(properties["Principal"], "*", "{id}");
        // Both ask before there is a secret or a rule to ask for.
        let asks_early = ["config.amazonaws.com", "secretsmanager.amazonaws.com"]
            .contains(&properties["Principal"].as_str().unwrap());
        assert!(asks_early || properties.get("SourceArn").is_some(), "{id}");
        // API Gateway sends no account beside its ARN, which names it.
        if properties["Principal"] == "apigateway.amazonaws.com" {
            let source = properties["SourceArn"].to_string();
            assert!(source.contains(":111122223333:"), "{id}: {source}");
        } else {
            assert_eq!(properties["SourceAccount"], "111122223333", "{id}");
        }
    }
}

/// R048: what a function's tag does not name is taken away, so it names all
/// that the template declares, within the 256 characters of a tag's value
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html>).
#[test]
fn a_functions_tag_names_its_permissions() {
    let tagged = |template: &Template| {
        let named = functions(template).flat_map(|(function, properties)| {
            let mut tags = properties["Tags"].as_array().unwrap().iter();
            let value = tags.find(|tag| tag["Key"] == "tap:permissions");
            let value = value.unwrap()["Value"].as_str().unwrap().to_owned();
            assert!(value.len() <= 256, "{function:?}: {value}");
            let ids: Vec<_> = value.split_whitespace().map(ToOwned::to_owned).collect();
            ids.into_iter().map(move |id| (id, function.function_id()))
        });
        named.collect::<std::collections::BTreeMap<_, _>>()
    };
    let all = template(|_| {});
    let declared = all.resources.iter();
    let declared = declared.filter(|(_, one)| one.type_name == "AWS::Lambda::Permission");
    let named = tagged(&all);
    assert_eq!(named.len(), declared.clone().count());
    for (id, permission) in declared {
        let name = permission.properties["FunctionName"].to_string();
        assert!(name.contains(&format!("\"{}\"", named[id])), "{id}: {name}");
    }
    // After the overrides, whose tags replace the others.
    let overridden = template(|spec| {
        let tags = json!({ "Tags": [{ "Key": "a", "Value": "b" }] }).to_string();
        spec.overrides.insert("ScanFunction".to_owned(), tags);
    });
    assert_eq!(tagged(&overridden), named);
}

/// R049: the provider's code by its checksum, or the user's.
#[test]
fn code_is_the_providers_or_the_users() {
    let own = template(|_| {});
    let theirs = template(|spec| {
        spec.functions.code = Some(Code {
            s3_bucket: "code".into(),
            s3_key: "f.zip".into(),
            s3_object_version: Some("v1".into()),
        });
    });
    for (_, properties) in functions(&own) {
        assert_eq!(
            properties["Code"],
            json!({ "S3Bucket": bundle::BUCKET, "S3Key": format!("{}.zip", "0".repeat(64)) })
        );
    }
    for (_, properties) in functions(&theirs) {
        assert_eq!(
            properties["Code"],
            json!({ "S3Bucket": "code", "S3Key": "f.zip", "S3ObjectVersion": "v1" })
        );
    }
}

/// R100: the environment holds names and no secret, under its own key.
#[test]
fn a_function_is_told_what_it_needs_and_nothing_more() {
    let template = template(|_| {});
    let settings = include_str!("../../../functions/src/settings.rs");
    let document = ["TAP_MAX_DOCUMENT_BYTES"];
    for (function, more) in [
        (
            Function::Validate,
            vec![
                "TAP_DOCUMENT_TYPES",
                "TAP_RAW_BUCKET",
                "TAP_UPLOAD_ROLE_ARN",
            ],
        ),
        (
            Function::Encrypt,
            vec![
                "TAP_DATA_KEY_ARN",
                "TAP_DOCUMENT_TYPES",
                "TAP_PROCESSED_BUCKET",
                "TAP_RAW_BUCKET",
            ],
        ),
        (
            Function::Scan,
            vec!["TAP_PROCESSED_BUCKET", "TAP_TOPIC_ARN"],
        ),
        (
            Function::Remediate,
            vec!["TAP_BASELINE", "TAP_REMEDIATION_SCOPE", "TAP_TOPIC_ARN"],
        ),
        (
            Function::Rotate,
            vec!["TAP_API_KEY_SECRET_ARN", "TAP_USAGE_PLAN_ID"],
        ),
        (Function::Evaluate, vec![]),
    ] {
        let properties = properties(&template, &function.function_id());
        assert_eq!(
            properties["KmsKeyArn"],
            json!({ "Fn::GetAtt": ["EnvironmentKey", "Arn"] })
        );
        let variables = properties["Environment"]["Variables"].as_object().unwrap();
        let mut expected: BTreeSet<&str> = more.into_iter().collect();
        expected.extend(["TAP_PIPELINE", "TAP_AUDIT_TABLE"]);
        if function <= Function::Scan {
            expected.extend(document);
        }
        let named: BTreeSet<&str> = variables.keys().map(String::as_str).collect();
        assert_eq!(named, expected, "{function:?}");
        for name in named {
            assert!(settings.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}

#[test]
fn what_is_configured_reaches_the_functions_in_their_own_words() {
    let template = template(|spec| {
        spec.functions.max_document_mb = 20;
        spec.functions.document_types = vec!["pdf".into(), "text".into()];
        let pattern = ("ticket".to_owned(), r"T-\d{6}".to_owned());
        spec.functions.patterns = [pattern].into();
        spec.threats.remediate_account = true;
        spec.compliance.auto_remediate = false;
        spec.secrets.rotation_function_arn = Some("arn:aws:lambda:x".into());
    });
    let variable = |id: &str, name: &str| {
        let variables = &properties(&template, id)["Environment"]["Variables"];
        variables[name].as_str().unwrap_or_default().to_owned()
    };
    let validate = |name: &str| variable("ValidateFunction", name);
    assert_eq!(validate("TAP_MAX_DOCUMENT_BYTES"), "20971520");
    assert_eq!(validate("TAP_DOCUMENT_TYPES"), "pdf,text");
    let patterns: Value = serde_json::from_str(&variable("ScanFunction", "TAP_PATTERNS")).unwrap();
    assert_eq!(
        patterns,
        json!([{ "name": "ticket", "pattern": r"T-\d{6}" }])
    );
    let remediate = |name: &str| variable("RemediateFunction", name);
    assert_eq!(remediate("TAP_REMEDIATION_SCOPE"), "account");
    // That is about Config's rules; findings are acted upon all the same.
    assert_eq!(remediate("TAP_DRY_RUN"), "");
    let hook = variable("RotateFunction", "TAP_ROTATION_HOOK_ARN");
    assert_eq!(hook, "arn:aws:lambda:x");
}

/// What a bucket is put back to, with its references put in.
fn baseline(template: &Template, id: &str) -> Value {
    let text = properties(template, id)["Value"]["Fn::Sub"]
        .as_str()
        .unwrap();
    serde_json::from_str(text).expect("JSON")
}

/// The baseline says what the template says, also where the user has
/// overridden it: else remediation would take the user's override away.
#[test]
fn remediation_puts_a_bucket_back_to_what_the_template_says() {
    let plain = template(|_| {});
    for bucket in Bucket::ALL {
        let id = format!("{}Baseline", bucket.bucket_id());
        let name = properties(&plain, &id)["Name"].as_str().unwrap();
        assert!(name.starts_with("/tap/documents-dev/baseline/documents-"));
        let baseline = baseline(&plain, &id);
        let declared = properties(&plain, bucket.bucket_id());
        assert_eq!(
            baseline["PublicAccessBlockConfiguration"],
            declared["PublicAccessBlockConfiguration"]
        );
        assert!(baseline["PolicyDocument"]["Statement"].is_array());
        let rule = &baseline["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        let key = &rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"];
        assert!(["${DataKey.Arn}", "${LogsKey.Arn}"].contains(&key.as_str().unwrap()));
    }
    let overridden = template(|spec| {
        let patch = json!({ "PublicAccessBlockConfiguration": { "BlockPublicAcls": false } });
        let patch = ("RawBucket".to_owned(), patch.to_string());
        spec.overrides = [patch].into();
    });
    let flags = &baseline(&overridden, "RawBucketBaseline")["PublicAccessBlockConfiguration"];
    assert_eq!(flags["BlockPublicAcls"], false);
    assert_eq!(flags["BlockPublicPolicy"], true);
}

#[test]
fn a_bucket_that_was_brought_is_not_put_back_to_anything() {
    let template = template(|spec| spec.storage.log_bucket_name = Some("theirs".into()));
    assert!(!template.resources.contains_key("LogsBucketBaseline"));
    assert!(template.resources.contains_key("RawBucketBaseline"));
}

/// EventBridge, SQS and IAM refuse longer ones.
#[test]
fn names_stay_within_what_the_services_take() {
    let mut spec = Spec::new(&"n".repeat(40), &"s".repeat(16));
    spec.access.trusted_account_ids = vec!["210987654321".into()];
    let template = expand(&spec, &Facts::documentation()).expect("valid");
    for (id, resource) in &template.resources {
        let properties = &resource.properties;
        for (name, limit) in [
            ("FunctionName", 64),
            ("RoleName", 64),
            ("ManagedPolicyName", 128),
            ("QueueName", 80),
        ] {
            if let Some(text) = properties[name].as_str() {
                assert!(text.len() <= limit, "{id}: {text}");
            }
        }
        if resource.type_name == "AWS::Events::Rule" {
            assert!(properties["Name"].as_str().unwrap().len() <= 64, "{id}");
        }
    }
}
