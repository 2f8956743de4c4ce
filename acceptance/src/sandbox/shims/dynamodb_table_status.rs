//! A table is CREATING, UPDATING or DELETING for a while, and meanwhile AWS
//! refuses to change it (ResourceInUseException), to switch on its recovery
//! (ContinuousBackupsUnavailableException) and to make another of its name.
//! In ministack every change is done when the call returns, which would hide a
//! handler that does not wait.
//!
//! At AWS it takes five to thirty seconds, here a quarter of one, or as long as
//! `POST /_sandbox/settle?ms=N` says.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "dynamodb_table_status";

const SETTLES_IN: Duration = Duration::from_millis(250);

pub struct Tables {
    unsettled: Mutex<BTreeMap<Place, Unsettled>>,
    settles_in: Mutex<Duration>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            unsettled: Mutex::default(),
            settles_in: Mutex::new(SETTLES_IN),
        }
    }
}

struct Unsettled {
    status: &'static str,
    until: Instant,
    /// What DescribeTable goes on to show of a table that is being deleted.
    last_seen: Value,
}

impl Tables {
    /// Refuses what an unsettled table does not take; describes one that is on its way out.
    pub fn answer(&self, call: &Inbound) -> Option<Reply> {
        let name = table(call)?;
        let mut tables = super::lock(&self.unsettled);
        tables.retain(|_, table| table.until > Instant::now());
        let table = tables.get(&place(call, &name))?;
        let in_use = |what: &str| {
            Some(reply::error(
                call,
                400,
                "ResourceInUseException",
                &format!("Attempt to change a resource which is still in use: {what}: {name}"),
            ))
        };
        match (call.operation.as_str(), table.status) {
            ("DescribeTable", "DELETING") => {
                Some(reply::json(call, &json!({ "Table": table.last_seen })))
            }
            ("CreateTable", "DELETING") => in_use("Table is being deleted"),
            ("CreateTable", _) => None,
            ("UpdateTable" | "DeleteTable", "CREATING") => in_use("Table is being created"),
            ("UpdateTable" | "DeleteTable", "UPDATING") => in_use("Table is being updated"),
            ("UpdateTable" | "DeleteTable", _) => in_use("Table is being deleted"),
            ("UpdateContinuousBackups", "CREATING") => Some(reply::error(
                call,
                400,
                "ContinuousBackupsUnavailableException",
                &format!("Backups are being enabled for the table: {name}. Please retry later"),
            )),
            (
                "PutItem" | "GetItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan",
                "CREATING" | "DELETING",
            ) => Some(reply::error(
                call,
                400,
                "ResourceNotFoundException",
                "Requested resource not found",
            )),
            _ => None,
        }
    }

    /// Notes what was begun, and shows tables as what they still are.
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if !call.is(
            "dynamodb",
            &["CreateTable", "UpdateTable", "DeleteTable", "DescribeTable"],
        ) || !reply.status().is_success()
        {
            return None;
        }
        let mut body = reply::body_json(reply);
        let field = if call.operation == "DescribeTable" {
            "Table"
        } else {
            "TableDescription"
        };
        let description = body.get_mut(field)?;
        let place = place(call, description.get("TableName")?.as_str()?);
        let mut tables = super::lock(&self.unsettled);
        let begun = match call.operation.as_str() {
            "CreateTable" => Some("CREATING"),
            "UpdateTable" => Some("UPDATING"),
            "DeleteTable" => Some("DELETING"),
            _ => None,
        };
        if let Some(status) = begun {
            show(description, status);
            let until = Instant::now() + *super::lock(&self.settles_in);
            tables.insert(
                place,
                Unsettled {
                    status,
                    until,
                    last_seen: description.clone(),
                },
            );
        } else {
            let table = tables
                .get(&place)
                .filter(|table| table.until > Instant::now())?;
            show(description, table.status);
        }
        Some(reply::with_body(reply.clone(), body.to_string()))
    }

    /// How long changes take from now on, until the next reset.
    pub fn settle_in(&self, time: Duration) {
        *super::lock(&self.settles_in) = time;
    }

    pub fn reset(&self) {
        super::lock(&self.unsettled).clear();
        self.settle_in(SETTLES_IN);
    }
}

/// A new table's indexes are created with it; in other states they stay usable.
fn show(description: &mut Value, status: &str) {
    description["TableStatus"] = status.into();
    if status == "CREATING" {
        for index in description
            .get_mut("GlobalSecondaryIndexes")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            index["IndexStatus"] = status.into();
        }
    }
}

fn table(call: &Inbound) -> Option<String> {
    if call.service != "dynamodb" {
        return None;
    }
    Some(
        call.json()
            .get("TableName")?
            .as_str()?
            .rsplit('/')
            .next()?
            .to_owned(),
    )
}
