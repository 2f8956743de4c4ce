//! The roles of people.

use super::syntax::{check_ranges, valid_account, valid_principal, words};
use crate::blueprint::spec::Access;
use crate::pipeline::state::{AccessBlock, TextList};
use crate::pipeline::values::{Place, Reader};
use tf_provider::value::Value;

pub(super) fn access(r: &mut Reader, block: &Value<AccessBlock>) -> Access {
    let place = Place::root().at("access");
    let block = r.block(block);
    let block = block.as_ref();
    let access = Access {
        trusted_account_ids: trusted(
            r,
            &place.at("trusted_account_ids"),
            block.map(|b| &b.trusted_account_ids),
        ),
        external_id: external_id(r, &place.at("external_id"), block.map(|b| &b.external_id)),
        allowed_cidrs: check_ranges(
            r,
            &place.at("allowed_cidrs"),
            block.map(|b| &b.allowed_cidrs),
        ),
        require_mfa: r.flag(block.map(|b| &b.require_mfa), Access::default().require_mfa),
        administrator_arns: administrators(
            r,
            &place.at("administrator_arns"),
            block.map(|b| &b.administrator_arns),
        ),
    };
    // What is unknown may turn out to be null.
    let known =
        block.is_none_or(|b| !b.trusted_account_ids.is_unknown() && !b.external_id.is_unknown());
    match (access.trusted_account_ids.is_empty(), &access.external_id) {
        (false, None) if known => r.problem(
            &place.at("trusted_account_ids"),
            "Other accounts without an external id",
            "trusted_account_ids is given without external_id, so that whoever acts for those accounts could be made to act on yours. \
             Write external_id, a value that you agree upon with them.",
        ),
        (true, Some(_)) if known => r.problem(
            &place.at("external_id"),
            "An external id for nobody",
            "external_id is given without trusted_account_ids. Write trusted_account_ids, the accounts that shall audit, or remove external_id.",
        ),
        _ => {}
    }
    access
}

fn trusted(r: &mut Reader, place: &Place, value: Option<&TextList>) -> Vec<String> {
    let list = r.texts(place, value, "an account id", 0, |n| format!("{n:012}"));
    let list = words(list);
    for account in &list {
        r.check(
            place,
            account,
            valid_account(account),
            "is not an AWS account id",
            "Write twelve digits, as a string.",
        );
    }
    list
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn external_id(r: &mut Reader, place: &Place, value: Option<&Value<String>>) -> Option<String> {
    let text = r.text(place, value, ["probe-a", "probe-b"])?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    r.check(
        place,
        &text,
        (2..=1224).contains(&text.len()) && text.chars().all(allowed),
        "is not an external id",
        "Write 2 to 1224 letters, digits or any of _ + = , . @ : / -, for example a UUID.",
    );
    Some(text)
}

fn administrators(r: &mut Reader, place: &Place, value: Option<&TextList>) -> Option<Vec<String>> {
    let list = r.texts(place, value, "an ARN", 1, |n| {
        format!("arn:aws:iam::111122223333:role/probe-{n}")
    })?;
    let list = words(Some(list));
    for arn in &list {
        r.check(
            place,
            arn,
            valid_principal(arn),
            "is not the ARN of a role, a user or an account's root",
            "Write one such as \"arn:aws:iam::111122223333:role/administrator\"; of a session, the role behind it.",
        );
    }
    if list.is_empty() {
        r.problem(
            place,
            "Nobody would administer",
            "administrator_arns is empty. Write who administers keys and buckets, or leave it out for the principal that creates the pipeline.",
        );
    }
    Some(list)
}
