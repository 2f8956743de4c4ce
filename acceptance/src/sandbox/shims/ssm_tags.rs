//! Tags belong to a parameter that exists; SSM refuses to list or change those
//! of another (InvalidResourceId). ministack lists none and stores what comes.

use serde_json::{Value, json};

use super::backend::Backend;
use crate::sandbox::reply::{self, Reply};

pub const NAME: &str = "ssm_tags";

pub async fn refuse(backend: &Backend<'_>) -> Option<Reply> {
    let call = backend.call;
    let body = call.json();
    if !call.is(
        "ssm",
        &[
            "ListTagsForResource",
            "AddTagsToResource",
            "RemoveTagsFromResource",
        ],
    ) || body.get("ResourceType").and_then(Value::as_str) != Some("Parameter")
    {
        return None;
    }
    let name = body.get("ResourceId").and_then(Value::as_str)?;
    let parameter = backend
        .json("ssm", "AmazonSSM.GetParameter", &json!({ "Name": name }))
        .await;
    (reply::error_code(&parameter)? == "ParameterNotFound").then(|| {
        reply::error(
            call,
            400,
            "InvalidResourceId",
            "The resource ID is not valid. Verify that you entered the correct ID and try again.",
        )
    })
}
