//! An apply as it goes on: what a terminal shows of its journal.

use super::record::{Record, State, Work};
use std::fmt::Write as _;

/// What fits into a terminal of so many columns and rows, at so many seconds
/// from the beginning; lines end with a line feed, none is longer than the
/// terminal is wide.
pub fn frame(record: &Record, title: &str, now: f64, columns: usize, rows: usize) -> String {
    let total = record.total.max(record.works.len());
    let over = record.count(|work| matches!(work.state, State::Done(_)));
    let failed: Vec<&Work> = matching(record, |state| matches!(state, State::Failed(_)));
    let running: Vec<&Work> = matching(record, |state| *state == State::Running);
    let left = total.saturating_sub(over + failed.len() + running.len());
    let mut lines = vec![
        format!("{title}  {}", clock(now)),
        bar(over, total, columns),
        String::new(),
    ];
    // The head, the words between and the count of what is left.
    let mut room = rows.saturating_sub(lines.len() + 4);
    let mut list = |name: &str, works: &[&Work], line: &dyn Fn(&Work) -> String| {
        if works.is_empty() || room < 2 {
            return;
        }
        lines.push(format!("{name} ({})", works.len()));
        let shown = works.len().min(room - 1);
        lines.extend(works.iter().take(shown).map(|work| line(work)));
        room = room.saturating_sub(shown + 1);
        if shown < works.len() {
            lines.push(format!("  and {} more", works.len() - shown));
            room = room.saturating_sub(1);
        }
    };
    list("failed", &failed, &|work| match &work.state {
        State::Failed(why) => format!("  {:<34} {why}", work.id),
        _ => String::new(),
    });
    list("in flight", &running, &|work| {
        let step = work.steps.last();
        let action = step.map_or("", |step| step.action.as_str());
        let since = work.begun().map_or(0.0, |begun| (now - begun).max(0.0));
        let waiting = work.waiting.as_deref().unwrap_or_default();
        format!(
            "  {:<34} {action:<9} {:>7}  {waiting}",
            work.id,
            clock(since)
        )
    });
    lines.push(match &record.finished {
        Some(said) => format!("ended: {said}"),
        None => format!("{left} left"),
    });
    let mut out = String::new();
    for line in lines {
        let line: String = line.chars().take(columns).collect();
        _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn matching(record: &Record, which: impl Fn(&State) -> bool) -> Vec<&Work> {
    let works = record.works.iter();
    works.filter(|work| which(&work.state)).collect()
}

/// `[####----] 2 of 4`
fn bar(over: usize, total: usize, columns: usize) -> String {
    let count = format!(" {over} of {total}");
    let width = columns.saturating_sub(count.len() + 2).clamp(4, 80);
    let full = (width * over).checked_div(total).unwrap_or(0);
    format!("[{}{}]{count}", "#".repeat(full), "-".repeat(width - full))
}

/// `4.2 s`, `1 m 04 s`
fn clock(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds as u64;
    format!("{} m {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(last: &[&str]) -> Record {
        let line = |event: &str, id: &str, detail: &str| {
            format!(
                r#"{{"time":"2026-11-29T20:00:00Z","event":"{event}","logical_id":"{id}","detail":"{detail}"}}"#
            )
        };
        let mut journal = vec![
            line("started", "", "8 changes"),
            line("called", "Vpc", "create"),
            line("ready", "Vpc", "v"),
            line("called", "S3Endpoint", "create"),
            line("waited", "S3Endpoint", "the endpoint is pending"),
            line("called", "Table", "create"),
            line("failed", "Table", "AccessDenied AccessDeniedException"),
        ];
        journal.extend(last.iter().map(|said| line("finished", "", said)));
        Record::parse(&journal.join("\n")).unwrap()
    }

    #[test]
    fn it_shows_how_far_it_is_what_is_in_flight_what_failed_and_what_is_left() {
        assert_eq!(
            frame(&record(&[]), "documents-dev", 64.0, 60, 24),
            "\
documents-dev  1 m 04 s
[######---------------------------------------------] 1 of 8

failed (1)
  Table                              AccessDenied AccessDeni
in flight (1)
  S3Endpoint                         create    1 m 04 s  the
5 left
"
        );
        assert!(frame(&record(&["1 errors"]), "x", 3.0, 80, 24).ends_with("ended: 1 errors\n"));
    }

    #[test]
    fn it_fits_into_the_terminal() {
        for (columns, rows) in [(20, 8), (40, 10), (200, 50)] {
            let frame = frame(&record(&[]), "documents-dev@us-east-1", 5.0, columns, rows);
            assert!(frame.lines().count() <= rows, "{columns}x{rows}:\n{frame}");
            assert!(
                frame.lines().all(|line| line.chars().count() <= columns),
                "{frame}"
            );
        }
    }
}
