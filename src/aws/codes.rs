//! What AWS's error codes mean to the engine, one table per service. A code
//! that is in no table is final: retrying what nobody understands only makes
//! an apply slow to fail.

mod apigateway;
mod cloudtrail;
mod cloudwatch;
mod common;
mod config;
mod dynamodb;
mod ec2;
mod events;
mod guardduty;
mod iam;
mod kms;
mod lambda;
mod logs;
mod s3;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;
mod sts;
mod wafv2;

use crate::engine::ErrorKind::{self, *};

/// The meaning of a code.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Means {
    Kind(ErrorKind),
    /// A server-side failure: the effect is unknown.
    Lost,
    /// What the message says decides, for codes that stand for several
    /// things: the first phrase (in lower case) that is in it, else the last.
    Says(&'static [(&'static str, ErrorKind)], ErrorKind),
}

/// Transient when the message speaks of a principal, else invalid. IAM takes
/// seconds to tell the other services of a new role, and they check the
/// principals of a policy when it is put
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
const POLICY: Means = Means::Says(&[("principal", Transient)], Invalid);

/// Codes of one service. `Operation:Code` goes before the code alone.
type Table = &'static [(&'static str, Means)];

fn table(operation: &str) -> Table {
    match operation.split(':').next() {
        Some("apigateway") => apigateway::TABLE,
        Some("cloudtrail") => cloudtrail::TABLE,
        Some("cloudwatch") => cloudwatch::TABLE,
        Some("config") => config::TABLE,
        Some("dynamodb") => dynamodb::TABLE,
        Some("ec2") => ec2::TABLE,
        Some("events") => events::TABLE,
        Some("guardduty") => guardduty::TABLE,
        Some("iam") => iam::TABLE,
        Some("kms") => kms::TABLE,
        Some("lambda") => lambda::TABLE,
        Some("logs") => logs::TABLE,
        Some("s3") => s3::TABLE,
        Some("secretsmanager") => secretsmanager::TABLE,
        Some("sns") => sns::TABLE,
        Some("sqs") => sqs::TABLE,
        Some("ssm") => ssm::TABLE,
        Some("sts") => sts::TABLE,
        Some("wafv2") => wafv2::TABLE,
        _ => &[],
    }
}

/// The kind of an error that AWS answered; `lost` is the kind of one whose
/// effect is unknown.
pub(super) fn kind(
    operation: &str,
    code: Option<&str>,
    message: &str,
    status: u16,
    lost: ErrorKind,
) -> ErrorKind {
    // Services of the query and JSON protocols may prefix or suffix the code.
    let code = code.map(|code| code.rsplit('#').next().unwrap_or(code));
    let known = code.and_then(|code| {
        let tables = table(operation).iter().chain(common::TABLE);
        let name = operation.split(':').nth(1).unwrap_or_default();
        let of_operation = |row: &str| row.split_once(':') == Some((name, code));
        tables
            .clone()
            .find(|(row, _)| of_operation(row))
            .or_else(|| tables.into_iter().find(|(row, _)| *row == code))
    });
    match known {
        Some((_, Means::Kind(kind))) => *kind,
        Some((_, Means::Lost)) => lost,
        Some((_, Means::Says(phrases, otherwise))) => {
            let message = message.to_ascii_lowercase();
            let said = phrases.iter().find(|(phrase, _)| message.contains(phrase));
            said.map_or(*otherwise, |(_, kind)| *kind)
        }
        None => by_status(status, lost),
    }
}

/// What an answer without a known code means. A 404 without a code that the
/// service documents may come from a proxy or a wrong endpoint: it never means
/// that something is gone.
fn by_status(status: u16, lost: ErrorKind) -> ErrorKind {
    match status {
        500.. => lost,
        429 => Throttled,
        403 => AccessDenied,
        _ => Other,
    }
}

#[cfg(test)]
mod tests;
