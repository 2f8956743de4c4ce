//! Continuous backups of a table that is not there: TableNotFoundException, as
//! the API reference has it, where ministack says ResourceNotFoundException.
//! Tags of one: ResourceNotFoundException, where ministack says
//! AccessDeniedException, which must never be taken for an absence. And a table
//! that is back under DynamoDB's own key has no SSEDescription at all, where
//! ministack shows a disabled one.

use serde_json::Value;

use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "dynamodb_error_codes";

pub fn correct(call: &Inbound, reply: &Reply) -> Option<Reply> {
    if call.service != "dynamodb" {
        return None;
    }
    let code = reply::error_code(reply).unwrap_or_default();
    match (call.operation.as_str(), code.as_str()) {
        ("DescribeContinuousBackups" | "UpdateContinuousBackups", "ResourceNotFoundException") => {
            Some(reply::error(
                call,
                400,
                "TableNotFoundException",
                &format!("Table not found: {}", call.resource),
            ))
        }
        ("ListTagsOfResource", "AccessDeniedException") => Some(reply::error(
            call,
            400,
            "ResourceNotFoundException",
            &format!(
                "Requested resource not found: ResourcArn: {} not found",
                call.resource
            ),
        )),
        ("DescribeTable" | "UpdateTable" | "CreateTable" | "DeleteTable", "") => {
            let mut body = reply::body_json(reply);
            let table = body.as_object_mut()?.values_mut().next()?.as_object_mut()?;
            if table
                .get("SSEDescription")?
                .get("Status")
                .and_then(Value::as_str)
                != Some("DISABLED")
            {
                return None;
            }
            table.remove("SSEDescription");
            Some(reply::with_body(reply.clone(), body.to_string()))
        }
        _ => None,
    }
}
