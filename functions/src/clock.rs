//! Time as rows, log lines and answers write it: RFC 3339, UTC, milliseconds.

use time::format_description::FormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

const MILLISECONDS: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const DAY: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

pub fn now_text() -> String {
    text(now())
}

/// `2026-01-31T23:59:59.042Z`
pub fn text(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    // The formats above name only parts that every instant has.
    at.format(MILLISECONDS).unwrap_or_default()
}

/// `2026-01-31`
pub fn day(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    at.format(DAY).unwrap_or_default()
}

/// An instant as AWS's events write it.
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// An instant in milliseconds since 1970, as API Gateway writes it.
pub fn from_epoch_milliseconds(milliseconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        let at = parse("2026-01-31T23:30:00.0421-01:00").unwrap();
        assert_eq!(text(at), "2026-02-01T00:30:00.042Z");
        assert_eq!(day(at), "2026-02-01");
        assert_eq!(
            from_epoch_milliseconds(1_000_042).map(text).unwrap(),
            "1970-01-01T00:16:40.042Z"
        );
    }
}
