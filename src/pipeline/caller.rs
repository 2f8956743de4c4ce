//! What whoever applies a pipeline must be allowed.

use super::command::template;
use super::failure::error;
use crate::aws::{PolicyScope, required_policy};
use crate::blueprint::Facts;
use serde_json::{Value, json};
use tf_provider::{AttributePath, Diagnostics};

/// Attributes of a rendered template that the block does not have: here they
/// are arguments.
const ARGUMENTS: [&str; 3] = ["account_id", "facts", "region"];

/// The policy for a pipeline of these settings, as JSON; or what is wrong with
/// them, said of the function's arguments: settings, account, region.
pub fn required_iam_policy(
    diags: &mut Diagnostics,
    settings: &Value,
    account_id: &str,
    region: &str,
) -> Option<String> {
    let written = settings.as_object();
    if let Some(key) = ARGUMENTS
        .iter()
        .find(|key| written.is_some_and(|written| written.contains_key(**key)))
    {
        refuse(diags, 0, format!("{key} is not an attribute of it."));
        return None;
    }
    let text = |key: &str| written?.get(key)?.as_str();
    let (name, suffix) = (text("name"), text("environment_suffix"));
    let mut complete = written.cloned().unwrap_or_default();
    complete.insert("account_id".to_owned(), json!(account_id));
    complete.insert("region".to_owned(), json!(region));
    let (state, known) = match template::parse(&Value::Object(complete).to_string()) {
        Ok(parsed) => parsed,
        Err(cause) => {
            refuse(diags, 0, format!("{cause}."));
            return None;
        }
    };
    let mut found = Diagnostics::default();
    let expanded = state.expanded(&mut found, known);
    for wrong in &found.errors {
        let of_account = wrong.attribute == AttributePath::new("account_id");
        refuse(diags, i64::from(of_account), template::line(wrong));
    }
    let ((expanded, _), name, suffix) = (expanded?, name?, suffix?);
    let scope = PolicyScope {
        partition: Facts::partition_of(region),
        account_id,
        region,
        // As the blueprint's `naming::pipeline_id` has it.
        pipeline: &format!("{name}-{suffix}@{region}"),
    };
    let policy = required_policy(&expanded, &scope);
    found.errors.is_empty().then(|| policy.to_string())
}

fn refuse(diags: &mut Diagnostics, argument: i64, detail: String) {
    error(
        diags,
        AttributePath::function_argument(argument),
        "No policy can be made of this",
        detail,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(settings: &Value, account_id: &str) -> Result<Value, Vec<(AttributePath, String)>> {
        let mut diags = Diagnostics::default();
        let policy = required_iam_policy(&mut diags, settings, account_id, "eu-central-1");
        match policy {
            Some(policy) => Ok(serde_json::from_str(&policy).unwrap()),
            None => Err(diags
                .errors
                .into_iter()
                .map(|error| (error.attribute, error.detail.to_string()))
                .collect()),
        }
    }

    #[test]
    fn a_policy_is_of_the_account_and_the_region_that_were_asked_for() {
        let settings = json!({ "name": "documents", "environment_suffix": "dev", "storage": null });
        let text = of(&settings, "123456789012").unwrap().to_string();
        assert!(text.contains("arn:aws:kms:eu-central-1:123456789012:key/*"));
        assert!(text.contains("\"documents-dev@eu-central-1\""));
        assert!(
            !text.contains("111122223333"),
            "the documentation's account"
        );
        // A managed policy holds so many, and the documentation says five of them.
        assert!(text.len() < 5 * 6_144, "{} characters", text.len());
        // IAM's endpoint is one to another region, where that is us-east-1.
        assert!(text.contains("vpce:AllowMultiRegion"));
        let mut diags = Diagnostics::default();
        let home = required_iam_policy(&mut diags, &settings, "123456789012", "us-east-1");
        assert!(!home.unwrap().contains("vpce:AllowMultiRegion"));
    }

    #[test]
    fn what_is_wrong_is_said_of_its_argument() {
        let settings = json!({ "name": "documents", "environment_suffix": "dev" });
        let wrong = of(&settings, "12").unwrap_err();
        assert_eq!(wrong[0].0, AttributePath::function_argument(1));
        for (settings, says) in [
            (
                json!({ "name": "documents", "environment_suffix": "dev", "nmae": 1 }),
                "nmae",
            ),
            (
                json!({ "name": "documents", "environment_suffix": "dev", "storage": { "glacier": 1 } }),
                "storage.glacier",
            ),
            (
                json!({ "name": "documents", "environment_suffix": "dev", "region": "us-east-1" }),
                "region",
            ),
            (json!({ "name": "documents" }), "environment_suffix"),
        ] {
            let wrong = of(&settings, "123456789012").unwrap_err();
            assert_eq!(wrong[0].0, AttributePath::function_argument(0));
            assert!(wrong[0].1.contains(says), "{wrong:?}");
        }
    }
}
