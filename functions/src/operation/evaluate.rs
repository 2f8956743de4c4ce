use super::{Call, Ending, Origin};
use crate::error::Failure;
use crate::event::Incoming;
use serde_json::Value;

pub(super) fn origin(_event: &Value) -> Option<Origin> {
    None
}

pub(super) async fn perform(_call: &Call<'_>, _incoming: &Incoming) -> Result<Ending, Failure> {
    Ok(Ending::Ignored("nothing is done yet"))
}
