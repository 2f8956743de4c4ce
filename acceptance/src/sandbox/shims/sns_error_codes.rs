//! SNS says ResourceNotFound where tags of a topic are asked for that is not
//! there. ministack says ResourceNotFoundException, which is the name of the
//! exception in the SDKs and not the code on the wire.

use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "sns_error_codes";

pub fn correct(call: &Inbound, reply: &Reply) -> Option<Reply> {
    if !call.is(
        "sns",
        &["ListTagsForResource", "TagResource", "UntagResource"],
    ) || reply::error_code(reply)? != "ResourceNotFoundException"
    {
        return None;
    }
    Some(reply::error(
        call,
        404,
        "ResourceNotFound",
        "Resource does not exist",
    ))
}
