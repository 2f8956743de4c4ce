//! A role of another account acts in that account. ministack does STS and knows
//! which account a session's key belongs to; moto has never heard of that key
//! and would put everything into the sandbox' own account. So moto is told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hyper::header::HeaderValue;

use crate::sandbox::emulators::ACCOUNT;
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;
use crate::sandbox::route::{self, Emulator};

pub const NAME: &str = "moto_account";

/// The accounts of the session keys that STS has given out.
#[derive(Default)]
pub struct Accounts(Mutex<BTreeMap<String, String>>);

impl Accounts {
    /// The call under its account's id instead of the key that it was signed
    /// with: two keys of one account see the same things. Both emulators take
    /// a key of twelve digits for an account.
    pub fn of(&self, call: &Inbound) -> Inbound {
        let mut call = call.clone();
        let account = super::lock(&self.0).get(&call.access_key).cloned();
        let is_account =
            call.access_key.len() == 12 && call.access_key.bytes().all(|b| b.is_ascii_digit());
        if let Some(account) = account {
            call.access_key = account;
        } else if !is_account {
            call.access_key = ACCOUNT.to_owned();
        }
        call
    }

    /// The call as moto must get it.
    pub fn introduce(&self, call: &Inbound) -> Inbound {
        let mut call = call.clone();
        if route::emulator(&call.service) == Emulator::Moto
            && call.access_key != ACCOUNT
            && let Ok(account) = HeaderValue::from_str(&call.access_key)
        {
            call.headers.insert("x-moto-account-id", account);
        }
        call
    }

    /// Changes nothing in the answer.
    pub fn learn(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if call.is("sts", &["AssumeRole", "AssumeRoleWithWebIdentity"]) {
            let text = String::from_utf8_lossy(reply.body());
            let user = text.split_once("<AssumedRoleUser>")?.1;
            let account = reply::element(user, "Arn")?.split(':').nth(4)?.to_owned();
            super::lock(&self.0).insert(reply::element(&text, "AccessKeyId")?.to_owned(), account);
        }
        None
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}
