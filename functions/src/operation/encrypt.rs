use super::{Call, Ending};
use crate::error::Failure;
use crate::event::Incoming;

pub(super) async fn perform(_call: &Call<'_>, _incoming: &Incoming) -> Result<Ending, Failure> {
    Ok(Ending::Ignored("nothing is done yet"))
}
