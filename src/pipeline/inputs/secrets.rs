//! The secrets.

use super::syntax::valid_arn;
use crate::blueprint::spec::Secrets;
use crate::pipeline::state::{SecretsBlock, State, TextMap};
use crate::pipeline::values::{Place, Reader};
use std::collections::{BTreeMap, BTreeSet};
use tf_provider::value::Value;

/// Passwords that the user supplies, by the credential's name. They are in
/// memory for one apply; `Debug` does not print them.
#[derive(Clone, Default)]
pub struct Passwords(pub BTreeMap<String, String>);

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// Reads them; no problem quotes one.
pub(super) fn passwords(r: &mut Reader, config: &State, secrets: &Secrets) -> Passwords {
    let place = Place::root().at("credential_passwords_wo");
    let Value::Value(entries) = &config.credential_passwords_wo else {
        return Passwords::default();
    };
    let mut known = BTreeMap::new();
    for (name, value) in entries {
        let place = place.key(name);
        r.check(
            &place,
            name,
            secrets.credentials.contains_key(name),
            "is none of secrets.credentials",
            "Write the name of one of them.",
        );
        let Value::Value(password) = value else {
            continue;
        };
        let sound = (1..=512).contains(&password.len()) && password.trim() == password;
        if !sound {
            r.problem(
                &place,
                "Invalid value",
                "It is not a password. Write 1 to 512 characters without white space at the ends.",
            );
        }
        known.insert(name.clone(), password.clone());
    }
    if !entries.is_empty() && secrets.rotation_function_arn.is_none() {
        r.problem(
            &place,
            "Nobody would tell what the password opens of the next one",
            "A rotation replaces each password, and only a function of yours can put the new one into effect. \
             Write secrets.rotation_function_arn, or have AWS generate the password.",
        );
    }
    Passwords(known)
}

pub(super) fn secrets(r: &mut Reader, config: &State) -> Secrets {
    let block: &Value<SecretsBlock> = &config.secrets;
    let place = Place::root().at("secrets");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Secrets::default();
    Secrets {
        rotation_days: r.days(
            &place.at("rotation_days"),
            block.map(|b| &b.rotation_days),
            default.rotation_days,
            1..=90,
        ),
        credentials: match block.map(|b| &b.credentials) {
            None | Some(Value::Null) => default.credentials,
            Some(map) => credentials(r, &place.at("credentials"), map),
        },
        rotation_function_arn: rotation_function(
            r,
            &place.at("rotation_function_arn"),
            block.map(|b| &b.rotation_function_arn),
        ),
        credential_passwords_version: r.maybe_whole(
            &Place::root().at("credential_passwords_wo_version"),
            Some(&config.credential_passwords_wo_version),
            1..=1_000_000,
        ),
    }
}

fn credentials(r: &mut Reader, place: &Place, map: &TextMap) -> BTreeMap<String, String> {
    let credentials = r.text_map(place, map, ["probe-a", "probe-b"]);
    let mut plain = BTreeSet::new();
    for (name, user) in &credentials {
        let place = place.key(name);
        let shaped = (1..=32).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('-')
            && !name.contains("--")
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        r.check(
            &place,
            name,
            shaped,
            "is not a name for a credential",
            "Write 1 to 32 lower-case letters, digits and single hyphens, starting with a letter, for example \"database\".",
        );
        // Without hyphens, as logical ids are.
        let letters = name.replace('-', "");
        r.check(
            &place,
            name,
            letters != "apikey",
            "is the name of the secret that holds the API key",
            "Write another name.",
        );
        r.check(
            &place,
            name,
            plain.insert(letters),
            "is also the name of another one, but for its hyphens",
            "Write another name.",
        );
        let printable = |c: char| c.is_ascii_graphic() && !"\"\\/".contains(c);
        r.check(
            &place,
            user,
            (1..=64).contains(&user.len()) && user.chars().all(printable),
            "is not a user name",
            "Write 1 to 64 characters without white space, quotation marks, slashes and backslashes, for example \"dbadmin\".",
        );
    }
    credentials
}

fn rotation_function(
    r: &mut Reader,
    place: &Place,
    value: Option<&Value<String>>,
) -> Option<String> {
    let probes = [
        "arn:aws:lambda:us-east-1:111122223333:function:probe-a",
        "arn:aws:lambda:us-east-1:111122223333:function:probe-b",
    ];
    let arn = r.text(place, value, probes)?;
    r.check(
        place,
        &arn,
        valid_arn("lambda", "function:", &arn),
        "is not the ARN of a Lambda function",
        "Write one such as \"arn:aws:lambda:us-east-1:111122223333:function:rotate-database\".",
    );
    Some(arn)
}
