//! Whether a resource's policy lets in nobody it should not (R110).

use super::Finding;
use super::item::Item;
use super::statement::{
    allows, deny_plain_http, is_administration, is_confusable, is_for_everybody, is_narrowed,
    statements,
};
use serde_json::Value;

pub fn judge(item: &Item) -> Finding {
    match item.resource_type.as_str() {
        "AWS::S3::Bucket" => bucket(item),
        "AWS::SNS::Topic" => resource_policy("topic", item.field(&["Policy"])),
        "AWS::SQS::Queue" => resource_policy("queue", item.field(&["Policy"])),
        "AWS::Lambda::Function" => function(item),
        "AWS::IAM::Role" => role(item),
        "AWS::IAM::Policy" => managed_policy(item),
        _ => Finding::NotApplicable("such a resource has no policy that is checked"),
    }
}

fn verdict(problem: Option<&str>) -> Finding {
    match problem {
        None => Finding::Compliant,
        Some(problem) => Finding::NonCompliant(problem.to_owned()),
    }
}

fn is_public(statement: &Value) -> bool {
    allows(statement) && is_for_everybody(statement) && !is_narrowed(statement)
}

fn bucket(item: &Item) -> Finding {
    let block = item.supplement("PublicAccessBlockConfiguration");
    let flags = [
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    ];
    if flags.iter().any(|flag| block[*flag] != Value::Bool(true)) {
        return verdict(Some("the bucket's public access block is not complete"));
    }
    let policy = item.supplement("BucketPolicy");
    let statements = statements(&policy["policyText"]);
    let problem = if statements.iter().any(is_public) {
        Some("the bucket's policy allows everybody")
    } else if !deny_plain_http(&statements, &item.resource_id) {
        Some("the bucket's policy does not refuse requests without TLS")
    } else {
        None
    };
    verdict(problem)
}

fn resource_policy(what: &str, policy: &Value) -> Finding {
    match statements(policy).iter().any(is_public) {
        true => Finding::NonCompliant(format!("the {what}'s policy allows everybody")),
        false => Finding::Compliant,
    }
}

fn function(item: &Item) -> Finding {
    let policy = item.supplement("Policy");
    let document = match policy.get("Statement") {
        Some(_) => policy,
        None => policy["policyText"].clone(),
    };
    let statements = statements(&document);
    let problem = if statements.iter().any(is_public) {
        Some("the function's policy allows everybody")
    } else if statements.iter().any(is_confusable) {
        Some("the function's policy lets a service invoke it for any account")
    } else {
        None
    };
    verdict(problem)
}

fn role(item: &Item) -> Finding {
    let trust = statements(item.field(&["assumeRolePolicyDocument"]));
    let inline = item.field(&["rolePolicyList"]).as_array();
    let inline: Vec<Value> = inline
        .into_iter()
        .flatten()
        .flat_map(|policy| statements(&policy["policyDocument"]))
        .collect();
    let attached = item.field(&["attachedManagedPolicies"]).as_array();
    let administrator = attached
        .into_iter()
        .flatten()
        .any(|policy| policy["policyName"] == "AdministratorAccess");
    let problem = if trust
        .iter()
        .any(|statement| allows(statement) && is_for_everybody(statement))
    {
        Some("everybody may assume the role")
    } else if trust.iter().any(is_confusable) {
        Some("a service may assume the role for any account")
    } else if administrator || inline.iter().any(is_administration) {
        Some("the role may do everything")
    } else {
        None
    };
    verdict(problem)
}

fn managed_policy(item: &Item) -> Finding {
    let versions = item.field(&["policyVersionList"]).as_array();
    let in_force = versions
        .into_iter()
        .flatten()
        .find(|version| version["isDefaultVersion"] == Value::Bool(true));
    let statements = in_force
        .map(|version| statements(&version["document"]))
        .unwrap_or_default();
    verdict(
        statements
            .iter()
            .any(is_administration)
            .then_some("the policy allows everything"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn finding(kind: &str, configuration: Value, supplement: Value) -> Finding {
        judge(&Item {
            resource_type: kind.to_owned(),
            configuration,
            supplementary_configuration: supplement.as_object().cloned().unwrap_or_default(),
            ..Item::default()
        })
    }

    #[test]
    fn a_bucket_is_closed_and_speaks_tls_only() {
        let block = |last: bool| json!({ "blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": last });
        let tls = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
        let open = json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "s3:GetObject", "Resource": "*" });
        let policy = |statements: Value| json!({ "policyText": json!({ "Statement": statements }).to_string() });
        for (block, policy, compliant) in [
            (block(true), policy(json!([tls])), true),
            (block(false), policy(json!([tls])), false),
            (json!(null), policy(json!([tls])), false),
            (block(true), policy(json!([tls, open])), false),
            (block(true), json!({ "policyText": null }), false),
        ] {
            let supplement =
                json!({ "PublicAccessBlockConfiguration": block, "BucketPolicy": policy });
            let finding = finding("AWS::S3::Bucket", json!({}), supplement.clone());
            assert_eq!(
                finding == Finding::Compliant,
                compliant,
                "{supplement}: {finding:?}"
            );
        }
    }

    #[test]
    fn a_role_is_for_the_right_service_and_account_and_not_for_everything() {
        let trust = |condition: Value| {
            let document = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole", "Condition": condition }] });
            crate::url::encoded(&document.to_string())
        };
        let ours = json!({ "StringEquals": { "aws:SourceAccount": "123456789012" } });
        let all = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } });
        for (configuration, compliant) in [
            (
                json!({ "assumeRolePolicyDocument": trust(ours.clone()) }),
                true,
            ),
            (
                json!({ "assumeRolePolicyDocument": trust(json!({})) }),
                false,
            ),
            (
                json!({ "assumeRolePolicyDocument": { "Statement": { "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" } } }),
                false,
            ),
            (
                json!({ "assumeRolePolicyDocument": trust(ours.clone()), "rolePolicyList": [{ "policyDocument": all }] }),
                false,
            ),
            (
                json!({ "assumeRolePolicyDocument": trust(ours), "attachedManagedPolicies": [{ "policyName": "AdministratorAccess" }] }),
                false,
            ),
        ] {
            let finding = finding("AWS::IAM::Role", configuration.clone(), json!({}));
            assert_eq!(
                finding == Finding::Compliant,
                compliant,
                "{configuration}: {finding:?}"
            );
        }
    }

    #[test]
    fn a_policy_is_judged_by_the_version_in_force() {
        let all = json!({ "Statement": [{ "Effect": "Allow", "Action": ["*"], "Resource": "*" }] })
            .to_string();
        let few = json!({ "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] }).to_string();
        let versions = |first: bool| json!({ "policyVersionList": [{ "document": all, "isDefaultVersion": first }, { "document": few, "isDefaultVersion": !first }] });
        assert_eq!(
            finding("AWS::IAM::Policy", versions(false), json!({})),
            Finding::Compliant
        );
        assert_ne!(
            finding("AWS::IAM::Policy", versions(true), json!({})),
            Finding::Compliant
        );
    }

    #[test]
    fn a_function_and_a_topic_are_for_those_they_are_meant_for() {
        let invoke = |condition: Value| json!({ "Policy": json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "lambda:InvokeFunction", "Condition": condition }] }).to_string() });
        let narrowed = invoke(
            json!({ "ArnLike": { "AWS:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/r" } }),
        );
        assert_eq!(
            finding("AWS::Lambda::Function", json!({}), narrowed),
            Finding::Compliant
        );
        assert_ne!(
            finding("AWS::Lambda::Function", json!({}), invoke(json!({}))),
            Finding::Compliant
        );
        assert_eq!(
            finding("AWS::Lambda::Function", json!({}), json!({})),
            Finding::Compliant
        );
        let open = json!({ "Policy": "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sns:Publish\",\"Resource\":\"*\"}]}" });
        assert_ne!(
            finding("AWS::SNS::Topic", open, json!({})),
            Finding::Compliant
        );
        assert_eq!(
            finding("AWS::SQS::Queue", json!({}), json!({})),
            Finding::Compliant
        );
    }
}
