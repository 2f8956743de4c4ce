//! Who is alerted.

use super::syntax::valid_email;
use crate::blueprint::spec::Alerts;
use crate::pipeline::state::AlertsBlock;
use crate::pipeline::values::{Place, Reader};
use std::collections::BTreeSet;
use tf_provider::value::Value;

pub(super) fn alerts(r: &mut Reader, block: &Value<AlertsBlock>) -> Alerts {
    let place = Place::root().at("alerts").at("emails");
    let block = r.block(block);
    let list = r.texts(
        &place,
        block.as_ref().map(|b| &b.emails),
        "an e-mail address",
        0,
        |n| format!("probe-{n}@example.com"),
    );
    let mut emails = BTreeSet::new();
    for email in list.unwrap_or_default() {
        r.check(
            &place,
            &email,
            valid_email(&email),
            "is not an e-mail address",
            "Write an address that can receive mail, for example \"security@example.com\".",
        );
        if emails
            .iter()
            .any(|other: &String| other.eq_ignore_ascii_case(&email))
        {
            r.problem(
                &place,
                "An address stands twice",
                format!("\"{email}\" is in alerts.emails in two spellings; mail addresses are subscribed once. Remove one."),
            );
        }
        emails.insert(email);
    }
    Alerts {
        emails: emails.into_iter().collect(),
    }
}
