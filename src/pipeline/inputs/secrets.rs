//! The secrets.

use super::syntax::valid_arn;
use crate::blueprint::spec::Secrets;
use crate::pipeline::state::{SecretsBlock, TextMap};
use crate::pipeline::values::{Place, Reader};
use std::collections::{BTreeMap, BTreeSet};
use tf_provider::value::Value;

pub(super) fn secrets(r: &mut Reader, block: &Value<SecretsBlock>) -> Secrets {
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
