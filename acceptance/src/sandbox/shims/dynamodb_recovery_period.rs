//! Point-in-time recovery has a period of 1 to 35 days, 35 when none is given,
//! and reads back with it. ministack takes any number and forgets it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;

use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "dynamodb_recovery_period";

#[derive(Default)]
pub struct Periods(Mutex<BTreeMap<Place, u64>>);

pub fn refuse(call: &Inbound) -> Option<Reply> {
    let days = asked(call)?;
    let message = format!(
        "1 validation error detected: Value '{days}' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy constraint: Member must have value between 1 and 35"
    );
    (!(1..=35).contains(&days)).then(|| reply::error(call, 400, "ValidationException", &message))
}

impl Periods {
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !call.is(
            "dynamodb",
            &[
                "UpdateContinuousBackups",
                "DescribeContinuousBackups",
                "DeleteTable",
            ],
        ) || !reply.status().is_success()
        {
            return None;
        }
        let place = place(call, table(&call.json())?);
        let mut periods = super::lock(&self.0);
        if call.operation != "DescribeContinuousBackups" {
            periods.remove(&place);
        }
        if let Some(days) = asked(call) {
            periods.insert(place.clone(), days);
        }
        let mut body = reply::body_json(reply);
        let recovery =
            body.pointer_mut("/ContinuousBackupsDescription/PointInTimeRecoveryDescription")?;
        if recovery.get("PointInTimeRecoveryStatus")? != "ENABLED" {
            return None;
        }
        recovery.as_object_mut()?.insert(
            "RecoveryPeriodInDays".to_owned(),
            periods.get(&place).copied().unwrap_or(35).into(),
        );
        Some(reply::with_body(reply.clone(), body.to_string()))
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}

fn asked(call: &Inbound) -> Option<u64> {
    if !call.is("dynamodb", &["UpdateContinuousBackups"]) {
        return None;
    }
    call.json()
        .pointer("/PointInTimeRecoverySpecification/RecoveryPeriodInDays")?
        .as_u64()
}

/// A table's name, also when it is named by its ARN.
fn table(body: &Value) -> Option<&str> {
    body.get("TableName")?.as_str()?.rsplit('/').next()
}
