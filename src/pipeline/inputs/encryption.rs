//! The keys.

use super::syntax::valid_key_arn;
use crate::blueprint::spec::{Encryption, KeyArns};
use crate::pipeline::state::{EncryptionBlock, KeyArnsBlock};
use crate::pipeline::values::{Place, Reader};
use tf_provider::value::Value;

pub(super) fn encryption(r: &mut Reader, block: &Value<EncryptionBlock>) -> Encryption {
    let place = Place::root().at("encryption");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Encryption::default();
    let spec = Encryption {
        rotation_period_days: r.days(
            &place.at("rotation_period_days"),
            block.map(|b| &b.rotation_period_days),
            default.rotation_period_days,
            90..=2560,
        ),
        deletion_window_days: r.days(
            &place.at("deletion_window_days"),
            block.map(|b| &b.deletion_window_days),
            default.deletion_window_days,
            7..=30,
        ),
        key_arns: key_arns(r, &place.at("key_arns"), block.map(|b| &b.key_arns)),
    };
    if let (Some(data), Some(environment)) = (&spec.key_arns.data, &spec.key_arns.environment)
        && data == environment
    {
        r.problem(
            &place.at("key_arns").at("environment"),
            "One key for data and for function environments",
            format!(
                "{environment} is also key_arns.data. A function that may read its environment could then decrypt documents. \
                 Write the ARN of another key, or leave key_arns.environment out to have one created."
            ),
        );
    }
    spec
}

fn key_arns(r: &mut Reader, place: &Place, block: Option<&Value<KeyArnsBlock>>) -> KeyArns {
    let block = block.and_then(|b| r.block(b));
    let block = block.as_ref();
    // Each has probes of its own: two unknown keys are not one.
    let mut arn = |name: &'static str, digit: char, value: Option<&Value<String>>| {
        let place = place.at(name);
        let probes = ["a", "b"].map(|last| {
            format!("arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-0000000000{digit}{last}")
        });
        let text = r.text(&place, value, [&probes[0], &probes[1]])?;
        r.check(&place, &text, valid_key_arn(&text), "is not the ARN of a KMS key",
            "Write the key's ARN (not its alias), for example \"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\".");
        Some(text)
    };
    KeyArns {
        data: arn("data", '1', block.map(|b| &b.data)),
        environment: arn("environment", '2', block.map(|b| &b.environment)),
        logs: arn("logs", '3', block.map(|b| &b.logs)),
    }
}
