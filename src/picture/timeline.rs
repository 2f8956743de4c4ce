//! An apply as it went: a bar for each resource, the critical path marked.

use super::html::escape;
use super::record::{Record, State, Work};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const WIDTH: f64 = 1200.0;
const LABELS: f64 = 300.0;
const RIGHT: f64 = 70.0;
const HEAD: f64 = 64.0;
const ROW: f64 = 18.0;
const BAR: f64 = 12.0;

/// What each call is drawn as, and in words.
const KINDS: [(&str, &str, &[&str]); 5] = [
    ("look", "looked for or read", &["find", "read", "resolve"]),
    ("make", "created", &["create", "configure"]),
    ("wait", "waited for AWS", &["wait"]),
    ("change", "changed", &["update"]),
    ("delete", "deleted", &["delete"]),
];

/// Colours that keep their distance from each other on white and on black, also
/// for who tells red from green badly.
const STYLE: &str = "\
svg{--ground:#fff;--text:#1b1f24;--faint:#d8dee4;--look:#afb8c1;--make:#0969da;--wait:#54aeff;\
--change:#bf8700;--delete:#8250df;--failed:#cf222e;--path:#1b1f24;\
font:12px system-ui,sans-serif;background:var(--ground)}\
@media(prefers-color-scheme:dark){svg{--ground:#0d1117;--text:#e6edf3;--faint:#30363d;--look:#6e7681;\
--make:#58a6ff;--wait:#1f4f82;--change:#d29922;--delete:#bc8cff;--failed:#ff7b72;--path:#e6edf3}}\
text{fill:var(--text)}.title{font-size:16px;font-weight:600}.end{text-anchor:end}.path{font-weight:700}\
.grid{stroke:var(--faint)}.chain{stroke:var(--path);fill:none;stroke-width:1.5}\
.look{fill:var(--look)}.make{fill:var(--make)}.wait{fill:var(--wait)}.change{fill:var(--change)}\
.delete{fill:var(--delete)}.failed{fill:var(--failed)}";

/// A page of its own, without anything from elsewhere.
pub fn html(record: &Record, title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n\
         <style>body{{margin:0;background:#fff}}@media(prefers-color-scheme:dark){{body{{background:#0d1117}}}}\
         div{{overflow-x:auto}}svg{{display:block;min-width:760px;width:100%;height:auto}}</style>\n\
         <div>{1}</div>\n</html>\n",
        escape(title),
        svg(record, title)
    )
}

pub fn svg(record: &Record, title: &str) -> String {
    let works: Vec<&Work> = record
        .works
        .iter()
        .filter(|work| work.begun().is_some())
        .collect();
    let path = record.critical_path();
    let on_path: BTreeSet<(&str, bool)> = path
        .iter()
        .map(|work| (work.id.as_str(), work.deletes))
        .collect();
    let height = HEAD + ROW * works.len() as f64 + 34.0;
    let scale = (WIDTH - LABELS - RIGHT) / record.length.max(0.001);
    let x = |seconds: f64| LABELS + seconds * scale;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{0}\">\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"12\" y=\"24\">{0}</text>\n<text x=\"12\" y=\"42\">{1}</text>\n",
        escape(title),
        escape(&summary(record, &path))
    );
    legend(&mut out);
    for second in ticks(record.length) {
        let at = x(second);
        _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{HEAD}\" y2=\"{0:.1}\"/>\
             <text x=\"{at:.1}\" y=\"{1:.1}\" text-anchor=\"middle\">{second} s</text>",
            height - 24.0,
            height - 10.0,
        );
    }
    let mut chain: Vec<(f64, f64)> = Vec::new();
    for (row, work) in works.iter().enumerate() {
        let y = HEAD + ROW * row as f64;
        let marked = on_path.contains(&(work.id.as_str(), work.deletes));
        row_of(&mut out, work, y, marked, &x);
        if marked && let (Some(begun), Some(ended)) = (work.begun(), work.ended()) {
            let middle = y + BAR / 2.0 + 2.0;
            chain.extend([(x(begun), middle), (x(ended), middle)]);
        }
    }
    let points: Vec<String> = chain
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    _ = writeln!(
        out,
        "<polyline class=\"chain\" points=\"{}\"/>\n</svg>",
        points.join(" ")
    );
    out
}

fn row_of(out: &mut String, work: &Work, y: f64, marked: bool, x: &impl Fn(f64) -> f64) {
    let class = if marked { "end path" } else { "end" };
    let base = y + BAR;
    _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{0:.1}\" y=\"{base:.1}\">{1}</text>",
        LABELS - 8.0,
        escape(&work.id)
    );
    for step in &work.steps {
        // What is over at once is seen all the same.
        let width = (x(step.to) - x(step.from)).max(1.0);
        _ = writeln!(
            out,
            "<rect class=\"{0}\" x=\"{1:.1}\" y=\"{2:.1}\" width=\"{width:.1}\" height=\"{BAR}\">\
             <title>{3}: {4}, {5:.2} s to {6:.2} s</title></rect>",
            kind(&step.action),
            x(step.from),
            y + 2.0,
            escape(&work.id),
            escape(&step.action),
            step.from,
            step.to,
        );
    }
    let end = x(work.ended().unwrap_or_default()) + 5.0;
    match &work.state {
        State::Failed(why) => {
            _ = writeln!(
                out,
                "<rect class=\"failed\" x=\"{0:.1}\" y=\"{1:.1}\" width=\"3\" height=\"{BAR}\"/>\
                 <text x=\"{2:.1}\" y=\"{base:.1}\">{3}</text>",
                end - 5.0,
                y + 2.0,
                end,
                escape(why)
            );
        }
        State::Running => {
            _ = writeln!(out, "<text x=\"{end:.1}\" y=\"{base:.1}\">not ended</text>");
        }
        State::Planned | State::Done(_) => {}
    }
}

/// The counts in one line.
fn summary(record: &Record, path: &[&Work]) -> String {
    let over = record.count(|work| matches!(work.state, State::Done(_)));
    let failed = record.count(|work| matches!(work.state, State::Failed(_)));
    let busy: f64 = path
        .iter()
        .flat_map(|work| &work.steps)
        .map(|step| step.to - step.from)
        .sum();
    let mut text = format!(
        "{over} of {} done in {:.1} s",
        record.total.max(record.works.len()),
        record.length
    );
    if failed > 0 {
        _ = write!(text, ", {failed} failed");
    }
    if record.finished.is_none() {
        text.push_str(", not ended");
    }
    _ = write!(
        text,
        "; the critical path is {} resources and {busy:.1} s",
        path.len()
    );
    text
}

fn legend(out: &mut String) {
    let mut at = LABELS;
    for (class, words, _) in KINDS {
        _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{at}\" y=\"49\" width=\"10\" height=\"10\"/><text x=\"{0}\" y=\"58\">{words}</text>",
            at + 14.0
        );
        at += 34.0 + 7.0 * words.len() as f64;
    }
}

fn kind(action: &str) -> &'static str {
    let found = KINDS
        .iter()
        .find(|(_, _, actions)| actions.contains(&action));
    found.map_or("look", |(class, _, _)| class)
}

/// About ten marks at whole, round numbers of seconds or of their parts.
fn ticks(length: f64) -> Vec<f64> {
    let rough = (length / 10.0).max(0.001);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let count = (length / step).floor() as u32;
    // Rounded: three tenths are not 0.30000000000000004.
    (0..=count)
        .map(|n| (f64::from(n) * step * 1000.0).round() / 1000.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let line = |second: u32, event: &str, id: &str, detail: &str| {
            format!(
                r#"{{"time":"2026-11-29T20:00:{second:02}Z","event":"{event}","logical_id":"{id}","detail":"{detail}"}}"#
            )
        };
        let journal = [
            line(0, "started", "", "3 changes"),
            line(0, "planned", "Vpc", "apply"),
            line(0, "planned", "Subnet", "apply Vpc"),
            line(0, "planned", "Table", "apply"),
            line(0, "called", "Vpc", "create"),
            line(1, "called", "Table", "create"),
            line(4, "ready", "Vpc", "v"),
            line(4, "called", "Subnet", "create"),
            line(5, "failed", "Table", "AccessDenied <none>"),
            line(9, "called", "Subnet", "wait"),
            line(10, "ready", "Subnet", "s"),
            line(10, "finished", "", "1 errors"),
        ];
        Record::parse(&journal.join("\n")).unwrap()
    }

    #[test]
    fn each_call_is_a_bar_at_its_time_and_the_critical_path_is_drawn_through_them() {
        let svg = svg(&record(), "apply of documents-dev");
        let at = |seconds: f64| LABELS + seconds * (WIDTH - LABELS - RIGHT) / 10.0;
        assert_eq!(svg.matches("<rect class=\"make\"").count(), 1 + 3, "{svg}");
        assert!(
            svg.contains(&format!("class=\"wait\" x=\"{:.1}\"", at(9.0))),
            "{svg}"
        );
        assert!(svg.contains("Subnet: wait, 9.00 s to 10.00 s"));
        assert!(svg.contains(
            "2 of 3 done in 10.0 s, 1 failed; the critical path is 2 resources and 10.0 s"
        ));
        let chain = svg.split("points=\"").nth(1).unwrap();
        let points: Vec<&str> = chain.split('"').next().unwrap().split(' ').collect();
        let xs: Vec<f64> = points
            .iter()
            .map(|point| point.split(',').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(
            xs,
            [at(0.0), at(4.0), at(4.0), at(10.0)].map(|x| (x * 10.0).round() / 10.0)
        );
    }

    #[test]
    fn what_would_be_markup_is_text_and_nothing_comes_from_elsewhere() {
        let page = html(&record(), "a <b> & \"c\"");
        assert!(page.contains("a &lt;b&gt; &amp; &quot;c&quot;"));
        assert!(page.contains("AccessDenied &lt;none&gt;"));
        assert!(!page.contains("<none>") && !page.contains("src=") && !page.contains("href="));
    }

    #[test]
    fn the_marks_are_round() {
        assert_eq!(ticks(7.7).len(), 8);
        assert_eq!(ticks(0.9)[3], 0.3);
        assert_eq!(ticks(600.0)[1], 100.0);
        assert_eq!(ticks(0.0), [0.0]);
    }
}
