//! Of two things of one name WAF says WAFDuplicateItemException
//! (<https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html>).
//! moto says WafV2DuplicateItem.

use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "wafv2_items";

pub fn correct(call: &Inbound, reply: &Reply) -> Option<Reply> {
    const MESSAGE: &str = "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an existing one.";
    let duplicate = call.service == "wafv2"
        && reply::error_code(reply).as_deref() == Some("WafV2DuplicateItem");
    duplicate.then(|| reply::error(call, 400, "WAFDuplicateItemException", MESSAGE))
}
