//! A secret's first value. It is made by Secrets Manager's own generator and
//! goes into the creating call; nothing else ever holds it: no property, no
//! state, no log, no error.

use crate::aws::clients::Clients;
use crate::aws::error::HandlerResultExt;
use crate::aws::resource_type::Outcome;
use crate::engine::{ErrorKind, HandlerError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a value is made
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html>).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct GenerateSecretString {
    /// A JSON object, as text, that the generated password is put into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_string_template: Option<String>,
    /// Under which name it is put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generate_string_key: Option<String>,
    #[serde(default = "usual_length")]
    password_length: i64,
    #[serde(default)]
    exclude_characters: String,
    #[serde(default)]
    exclude_numbers: bool,
    #[serde(default)]
    exclude_punctuation: bool,
    #[serde(default)]
    exclude_uppercase: bool,
    #[serde(default)]
    exclude_lowercase: bool,
    #[serde(default)]
    include_space: bool,
    #[serde(default = "yes")]
    require_each_included_type: bool,
}

fn usual_length() -> i64 {
    32
}

fn yes() -> bool {
    true
}

/// A value on its way to AWS. It can be sent and nothing else: it has no
/// `Debug`, no `Serialize` and no `Clone`.
pub(super) struct SecretValue(String);

impl SecretValue {
    /// For the request alone.
    pub fn into_request(self) -> String {
        self.0
    }
}

impl GenerateSecretString {
    /// A sentence on what AWS would refuse.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=4096).contains(&self.password_length) {
            return Err("GenerateSecretString.PasswordLength: must be 1 to 4096".to_owned());
        }
        match (&self.secret_string_template, &self.generate_string_key) {
            (None, None) => Ok(()),
            (Some(_), Some(_)) => self.template().map(drop),
            _ => Err(
                "GenerateSecretString: SecretStringTemplate and GenerateStringKey need each other"
                    .to_owned(),
            ),
        }
    }

    fn template(&self) -> Result<Map<String, Value>, String> {
        let text = self.secret_string_template.as_deref().unwrap_or("{}");
        // The parser's own message would quote the text.
        serde_json::from_str(text).map_err(|_| {
            "GenerateSecretString.SecretStringTemplate: must be a JSON object, as text".to_owned()
        })
    }

    /// Makes a value, for the secret of that name: with the password that the
    /// user has for it, or with one that AWS generates.
    pub async fn generate(&self, clients: &Clients, secret: &str) -> Outcome<SecretValue> {
        const OPERATION: &str = "secretsmanager:GetRandomPassword";
        let invalid = |problem| HandlerError::ours(ErrorKind::Invalid, OPERATION, problem);
        if let Some(password) = clients.supplied(secret) {
            return self.compose(password).map_err(invalid);
        }
        let answer = clients
            .secretsmanager()
            .get_random_password()
            .password_length(self.password_length)
            .exclude_characters(&self.exclude_characters)
            .exclude_numbers(self.exclude_numbers)
            .exclude_punctuation(self.exclude_punctuation)
            .exclude_uppercase(self.exclude_uppercase)
            .exclude_lowercase(self.exclude_lowercase)
            .include_space(self.include_space)
            .require_each_included_type(self.require_each_included_type)
            .send()
            .await
            .during(OPERATION)?;
        let password = answer
            .random_password
            .filter(|password| !password.is_empty())
            .ok_or_else(|| {
                let message = "AWS answered no password";
                HandlerError::ours(ErrorKind::Other, OPERATION, message)
            })?;
        self.compose(password).map_err(invalid)
    }

    fn compose(&self, password: String) -> Result<SecretValue, String> {
        let Some(key) = &self.generate_string_key else {
            return Ok(SecretValue(password));
        };
        let mut object = self.template()?;
        object.insert(key.clone(), Value::String(password));
        Ok(SecretValue(Value::Object(object).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(properties: Value) -> GenerateSecretString {
        serde_json::from_value(properties).unwrap()
    }

    #[test]
    fn the_password_stands_in_the_template_under_its_key() {
        let of_user = settings(json!({
            "SecretStringTemplate": r#"{"username":"dbadmin"}"#, "GenerateStringKey": "password",
        }));
        let value = of_user.compose("p\"w".into()).unwrap().into_request();
        let value: Value = serde_json::from_str(&value).unwrap();
        assert_eq!(value, json!({ "username": "dbadmin", "password": "p\"w" }));
        let alone = settings(json!({})).compose("pw".into()).unwrap();
        assert_eq!(alone.into_request(), "pw");
    }

    #[test]
    fn what_cannot_be_composed_is_refused_without_quoting_it() {
        for (wrong, property) in [
            (json!({ "PasswordLength": 0 }), "PasswordLength"),
            (json!({ "GenerateStringKey": "k" }), "SecretStringTemplate"),
            (json!({ "SecretStringTemplate": "{}" }), "GenerateStringKey"),
            (
                json!({ "SecretStringTemplate": "hunter2", "GenerateStringKey": "k" }),
                "JSON object",
            ),
        ] {
            let problem = settings(wrong).check().unwrap_err();
            assert!(problem.contains(property), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
