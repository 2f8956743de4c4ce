//! Secrets (R092-R100): the API key and generic credentials, each with a value
//! that AWS generates and a rotation that the rotate function does.
//!
//! What `functions/src/operation/rotate` goes by: the tag `tap:rotation` says
//! which kind of secret it is; `tap:rotation-hook` = `none` that a credential
//! opens nothing that would have to be told of a new password. With
//! `secrets.rotation_function_arn` there is something: the rotate function
//! calls that function in each step (R097).
//!
//! With `api.mutual_tls` there is one more (R094): the passphrase under which
//! clients are handed their certificate and key. It is a credential like the
//! others and rotates like them (R096). Certificates and keys themselves are in
//! no secret: the server's are ACM's, and the clients' never leave the clients.

use super::encryption::{DELETION_WINDOW_TAG, Purpose};
use super::functions::{DEAD_LETTER_QUEUE_ID, Function};
use super::storage::FORCE_DESTROY_TAG;
use super::{Expansion, Facts, Spec, naming};
use crate::engine::template::intrinsics::{get_att, reference};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const API_KEY_SECRET_ID: &str = "ApiKeySecret";

/// Where in the secret the API key stands: `ApiKey` resolves it from there, and
/// it is in no state or plan (R098, R100).
pub const API_KEY: &str = "api_key";

/// API Gateway takes 20 to 128 characters, Secrets Manager's rotation makes as
/// many (R098).
const API_KEY_LENGTH: u32 = 40;

/// As long as PCI DSS and every database can bear, without what connection
/// strings and shells trip over (R093); what the rotation makes is alike.
const PASSWORD_LENGTH: u32 = 32;
const EXCLUDED: &str = "/@\"\\";

/// Which kind of secret it is; the rotate function reads it.
const KIND_TAG: &str = "tap:rotation";
/// `none`: the credential opens nothing that has to be told.
const HOOK_TAG: &str = "tap:rotation-hook";

/// Which of the user's passwords the secret was given; another one has the
/// handler put it.
const PASSWORD_VERSION_TAG: &str = "tap:password-version";

/// The credential that comes with mutual TLS.
const CERTIFICATE: &str = "client-certificate";

const PERMISSION_ID: &str = "RotateSecretsPermission";
const RETIREMENT_ID: &str = "ApiKeyRetirementRule";

/// `api-key-documents-dev`.
///
/// AWS advises against names that end in a hyphen and six characters: that is
/// how the ARN of another secret ends
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>).
fn secret_name(base: &str, spec: &Spec) -> String {
    const ENDING: &str = "-s";
    let name = naming::name(base, spec, naming::limit::SECRET - ENDING.len());
    match name.rsplit_once('-') {
        Some((_, last)) if last.len() == 6 => name + ENDING,
        _ => name,
    }
}

/// The ARNs of the pipeline's secrets, for policies: each ends in a hyphen and
/// six characters that Secrets Manager chooses
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html>).
/// One pattern for all credentials, since a policy has room for 6144 characters
/// and there may be any number of them.
pub(super) fn arn_patterns(spec: &Spec, facts: &Facts) -> Vec<String> {
    let credentials = (!credentials(spec).is_empty()).then_some("credentials-*");
    let bases = ["api-key"].into_iter().chain(credentials);
    bases
        .map(|base| secret_name(base, spec))
        .map(|name| facts.arn("secretsmanager", &format!("secret:{name}-??????")))
        .collect()
}

/// Of the secret that holds the API key.
pub fn api_key_secret_name(spec: &Spec) -> String {
    secret_name("api-key", spec)
}

/// Of the secret that holds a credential.
pub fn credential_secret_name(credential: &str, spec: &Spec) -> String {
    secret_name(&format!("credentials-{credential}"), spec)
}

/// `DatabaseSecret`
pub fn credential_secret_id(credential: &str) -> String {
    format!("{}Secret", naming::stem(credential))
}

pub(super) fn expand(x: &mut Expansion<'_>) {
    api_key(x);
    for (name, user) in credentials(x.spec) {
        credential(x, name, user);
    }
    permission(x);
    retirement(x);
}

/// Name to user name: those of the user, and the passphrase of clients'
/// certificates.
fn credentials(spec: &Spec) -> BTreeMap<&str, &str> {
    let certificate = spec.api.mutual_tls.iter();
    certificate
        .map(|tls| (CERTIFICATE, tls.domain_name.as_str()))
        .chain(
            spec.secrets
                .credentials
                .iter()
                .map(|(name, user)| (name.as_str(), user.as_str())),
        )
        .collect()
}

fn api_key(x: &mut Expansion<'_>) {
    let recipe = json!({
        "SecretStringTemplate": "{}",
        "GenerateStringKey": API_KEY,
        "PasswordLength": API_KEY_LENGTH,
        "ExcludePunctuation": true,
        "RequireEachIncludedType": true,
    });
    let about = format!("API key of {}", naming::pipeline_id(x.spec, x.facts));
    let kind = [(KIND_TAG, "api-key".to_owned())];
    secret(x, API_KEY_SECRET_ID, "api-key", about, recipe, &kind);
    // Whoever sets up a rotation has the function test the key that there is.
    rotation(x, "ApiKeyRotation", API_KEY_SECRET_ID, &["UsagePlanKey"]);
}

fn credential(x: &mut Expansion<'_>, name: &str, user: &str) {
    let recipe = json!({
        "SecretStringTemplate": json!({ "username": user }).to_string(),
        "GenerateStringKey": "password",
        "PasswordLength": PASSWORD_LENGTH,
        "ExcludeCharacters": EXCLUDED,
        "IncludeSpace": false,
        "RequireEachIncludedType": true,
    });
    let about = format!(
        "Credentials {name} of {}",
        naming::pipeline_id(x.spec, x.facts)
    );
    let mut tags = vec![(KIND_TAG, "credentials".to_owned())];
    if let Some(version) = x.spec.secrets.credential_passwords_version {
        tags.push((PASSWORD_VERSION_TAG, version.to_string()));
    }
    if x.spec.secrets.rotation_function_arn.is_none() {
        tags.push((HOOK_TAG, "none".to_owned()));
    }
    let id = credential_secret_id(name);
    let base = format!("credentials-{name}");
    secret(x, &id, &base, about, recipe, &tags);
    rotation(x, &format!("{}Rotation", naming::stem(name)), &id, &[]);
}

fn secret(
    x: &mut Expansion<'_>,
    id: &str,
    base: &str,
    about: String,
    recipe: Value,
    more_tags: &[(&str, String)],
) {
    let mut tags = more_tags.to_vec();
    tags.push((FORCE_DESTROY_TAG, x.spec.storage.force_destroy.to_string()));
    // As long as its key, without which it is worth nothing.
    let window = x.spec.encryption.deletion_window_days;
    tags.push((DELETION_WINDOW_TAG, window.to_string()));
    let properties = json!({
        "Name": secret_name(base, x.spec),
        "Description": about,
        "KmsKeyId": Purpose::Data.arn(x.spec),
        "GenerateSecretString": recipe,
        "Tags": x.tags(&tags),
    });
    x.add(id, "AWS::SecretsManager::Secret", properties);
}

/// An apply sets the schedule up and rotates nothing: what has just been made
/// is new enough, and a changed schedule is no reason.
fn rotation(x: &mut Expansion<'_>, id: &str, secret_id: &str, after: &[&str]) {
    let after: Vec<&str> = [PERMISSION_ID].iter().chain(after).copied().collect();
    let properties = json!({
        "SecretId": reference(secret_id),
        "RotationLambdaARN": get_att(&Function::Rotate.function_id(), "Arn"),
        "RotationRules": { "AutomaticallyAfterDays": x.spec.secrets.rotation_days },
        "RotateImmediatelyOnUpdate": false,
    });
    x.add_after(
        id,
        "AWS::SecretsManager::RotationSchedule",
        properties,
        &after,
    );
}

/// Bound to the account, as AWS documents it: Secrets Manager asks before there
/// is a rotation that it would act for
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html>).
fn permission(x: &mut Expansion<'_>) {
    let properties = json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": get_att(&Function::Rotate.function_id(), "Arn"),
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": x.facts.account_id,
    });
    x.add(PERMISSION_ID, "AWS::Lambda::Permission", properties);
}

/// Deletes, every hour, the API keys that a rotation has replaced and whose
/// overlap is over.
fn retirement(x: &mut Expansion<'_>) {
    let function = get_att(&Function::Rotate.function_id(), "Arn");
    let properties = json!({
        "Name": naming::name("retire-api-keys", x.spec, naming::limit::RULE),
        "Description": "API keys that a rotation has replaced are deleted when their overlap is over",
        "ScheduleExpression": "rate(1 hour)",
        "State": "ENABLED",
        "Targets": [{
            "Id": "rotate",
            "Arn": function,
            // The next one comes in an hour.
            "RetryPolicy": { "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 8 },
            "DeadLetterConfig": { "Arn": get_att(DEAD_LETTER_QUEUE_ID, "Arn") },
        }],
        "Tags": x.tags(&[]),
    });
    x.add(RETIREMENT_ID, "AWS::Events::Rule", properties);
    let properties = json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": function,
        "Principal": "events.amazonaws.com",
        "SourceAccount": x.facts.account_id,
        "SourceArn": get_att(RETIREMENT_ID, "Arn"),
    });
    x.add(
        "ApiKeyRetirementRulePermission",
        "AWS::Lambda::Permission",
        properties,
    );
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::unwrap_used)]
mod tests {
    use super::super::{Facts, expand};
    use super::*;
    use crate::engine::template::Template;

    fn template(change: impl FnOnce(&mut Spec)) -> Template {
        let mut spec = Spec::new("documents", "dev");
        change(&mut spec);
        expand(&spec, &Facts::documentation()).expect("the spec is valid")
    }

    fn properties<'t>(template: &'t Template, id: &str) -> &'t Value {
        &template.resources[id].properties
    }

    fn of_type<'t>(template: &'t Template, type_name: &str) -> Vec<&'t Value> {
        let resources = template.resources.values();
        let wanted = resources.filter(|resource| resource.type_name == type_name);
        wanted.map(|resource| &resource.properties).collect()
    }

    fn tag<'t>(properties: &'t Value, key: &str) -> Option<&'t str> {
        let tags = properties["Tags"].as_array()?;
        let tag = tags.iter().find(|tag| tag["Key"] == key)?;
        tag["Value"].as_str()
    }

    /// R092, R098
    #[test]
    fn the_api_key_is_a_secret_under_the_customers_key() {
        let template = template(|_| {});
        let secret = properties(&template, "ApiKeySecret");
        assert_eq!(secret["Name"], "api-key-documents-dev");
        assert_eq!(
            secret["KmsKeyId"],
            json!({ "Fn::GetAtt": ["DataKey", "Arn"] })
        );
        let recipe = &secret["GenerateSecretString"];
        assert_eq!(recipe["GenerateStringKey"], "api_key");
        let length = recipe["PasswordLength"].as_u64().unwrap();
        assert!((20..=128).contains(&length), "what API Gateway takes");
        assert_eq!(tag(secret, "tap:rotation"), Some("api-key"));
    }

    /// R093: a user and a password of 32 characters without what connection
    /// strings trip over; one secret for each that is asked for.
    #[test]
    fn each_credential_is_a_secret_of_its_own() {
        let template = template(|spec| {
            spec.secrets.credentials = [("database", "dbadmin"), ("payments-db", "app")]
                .map(|(name, user)| (name.to_owned(), user.to_owned()))
                .into();
        });
        for (id, name, user) in [
            (
                "DatabaseSecret",
                "credentials-database-documents-dev",
                "dbadmin",
            ),
            (
                "PaymentsDbSecret",
                "credentials-payments-db-documents-dev",
                "app",
            ),
        ] {
            let secret = properties(&template, id);
            assert_eq!(secret["Name"], name);
            let recipe = &secret["GenerateSecretString"];
            let within: Value =
                serde_json::from_str(recipe["SecretStringTemplate"].as_str().unwrap()).unwrap();
            assert_eq!(within, json!({ "username": user }));
            assert_eq!(recipe["GenerateStringKey"], "password");
            assert_eq!(recipe["PasswordLength"], 32);
            assert_eq!(recipe["ExcludeCharacters"], "/@\"\\");
            assert_eq!(recipe["IncludeSpace"], false);
            assert_eq!(tag(secret, "tap:rotation"), Some("credentials"));
        }
    }

    /// R094: with mutual TLS one more, and none without a value.
    #[test]
    fn there_is_no_secret_without_a_value_and_none_without_a_rotation() {
        let template = template(|spec| {
            spec.api.mutual_tls = Some(super::super::spec::MutualTls {
                domain_name: "api.example.com".into(),
                certificate_arn: "arn:aws:acm:us-east-1:111122223333:certificate/c".into(),
                truststore_uri: "s3://b/k".into(),
                truststore_version: None,
            });
        });
        let secrets = of_type(&template, "AWS::SecretsManager::Secret");
        assert_eq!(secrets.len(), 3);
        assert!(template.resources.contains_key("ClientCertificateSecret"));
        for secret in &secrets {
            assert!(secret["GenerateSecretString"].is_object());
        }
        let rotated = of_type(&template, "AWS::SecretsManager::RotationSchedule");
        let mut rotated: Vec<&Value> = rotated.iter().map(|one| &one["SecretId"]["Ref"]).collect();
        rotated.sort_by_key(|id| id.to_string());
        assert_eq!(
            rotated,
            ["ApiKeySecret", "ClientCertificateSecret", "DatabaseSecret"]
        );
    }

    /// R095, R096: on schedule, and not because somebody applies.
    #[test]
    fn every_secret_rotates_on_schedule_and_never_by_an_apply() {
        for (days, spec) in [(30, None), (90, Some(90))] {
            let template = template(|s| {
                if let Some(days) = spec {
                    s.secrets.rotation_days = days;
                }
            });
            for schedule in of_type(&template, "AWS::SecretsManager::RotationSchedule") {
                assert_eq!(
                    schedule["RotationRules"],
                    json!({ "AutomaticallyAfterDays": days })
                );
                assert_eq!(schedule["RotateImmediatelyOnUpdate"], false);
                assert_eq!(
                    schedule["RotationLambdaARN"],
                    json!({ "Fn::GetAtt": ["RotateFunction", "Arn"] })
                );
            }
        }
    }

    /// R096: setting a rotation up has the function test the key that there is,
    /// so that must be in its usage plan, and the function may be invoked.
    #[test]
    fn a_rotation_is_set_up_when_the_function_can_test_what_there_is() {
        let template = template(|_| {});
        assert_eq!(
            template.resources["ApiKeyRotation"].depends_on,
            ["RotateSecretsPermission", "UsagePlanKey"]
        );
        assert_eq!(
            template.resources["DatabaseRotation"].depends_on,
            ["RotateSecretsPermission"]
        );
    }

    /// R097
    #[test]
    fn secrets_manager_may_invoke_the_rotation_for_this_account_only() {
        let template = template(|_| {});
        let permission = properties(&template, "RotateSecretsPermission");
        assert_eq!(permission["Principal"], "secretsmanager.amazonaws.com");
        assert_eq!(permission["SourceAccount"], "111122223333");
    }

    /// R097: a password that nobody is told of is rotated only where nobody has
    /// to be told.
    #[test]
    fn credentials_say_whether_there_is_something_to_be_told_of_a_new_password() {
        let without = template(|_| {});
        let secret = properties(&without, "DatabaseSecret");
        assert_eq!(tag(secret, "tap:rotation-hook"), Some("none"));
        let hook = "arn:aws:lambda:us-east-1:111122223333:function:hook";
        let with = template(|spec| spec.secrets.rotation_function_arn = Some(hook.into()));
        let secret = properties(&with, "DatabaseSecret");
        assert_eq!(tag(secret, "tap:rotation-hook"), None);
        let schedule = properties(&with, "DatabaseRotation");
        assert_eq!(
            schedule["RotationLambdaARN"],
            json!({ "Fn::GetAtt": ["RotateFunction", "Arn"] }),
            "the rotation's frame is ours"
        );
    }

    /// R096: what a rotation has replaced goes away.
    #[test]
    fn replaced_api_keys_are_retired_on_schedule() {
        let template = template(|_| {});
        let rule = properties(&template, "ApiKeyRetirementRule");
        assert_eq!(rule["ScheduleExpression"], "rate(1 hour)");
        let target = &rule["Targets"][0];
        assert_eq!(
            target["Arn"],
            json!({ "Fn::GetAtt": ["RotateFunction", "Arn"] })
        );
        assert!(target["RetryPolicy"].is_object());
        assert!(target["DeadLetterConfig"]["Arn"].is_object());
        let permission = properties(&template, "ApiKeyRetirementRulePermission");
        assert_eq!(
            permission["SourceArn"],
            json!({ "Fn::GetAtt": ["ApiKeyRetirementRule", "Arn"] })
        );
        assert_eq!(permission["SourceAccount"], "111122223333");
    }

    /// R099
    #[test]
    fn a_secret_says_how_it_is_to_be_deleted() {
        for force in [true, false] {
            let template = template(|spec| spec.storage.force_destroy = force);
            for secret in of_type(&template, "AWS::SecretsManager::Secret") {
                let said = tag(secret, "tap:force-destroy");
                assert_eq!(said, Some(if force { "true" } else { "false" }));
                assert_eq!(tag(secret, "tap:deletion-window-days"), Some("7"));
            }
        }
    }

    /// The trap of partial ARNs.
    #[test]
    fn no_name_of_a_secret_ends_like_an_arn() {
        for (suffix, name) in [
            ("dev", "api-key-documents-dev"),
            ("stage1", "api-key-documents-stage1-s"),
        ] {
            assert_eq!(
                secret_name("api-key", &Spec::new("documents", suffix)),
                name
            );
        }
    }

    /// R100: a template holds recipes, never a value.
    #[test]
    fn no_secret_is_written_out() {
        let template = template(|_| {});
        for secret in of_type(&template, "AWS::SecretsManager::Secret") {
            assert_eq!(secret.get("SecretString"), None);
        }
    }
}
