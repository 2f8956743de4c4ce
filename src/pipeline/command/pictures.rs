//! `graph`: the pipeline that a file describes. `timeline` and `watch`: what is
//! drawn of the journals below `.terraform`.

use super::{refuse, template};
use crate::blueprint::naming;
use crate::engine::template::{LogicalId, Template};
use crate::picture::graph::{Architecture, mermaid, svg};
use crate::picture::{Record, timeline as drawn, watch::frame};
use crate::pipeline::cloud::{journal_folder, journal_path};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Clone, Copy)]
pub(super) enum Form {
    Html,
    Svg,
}

#[derive(Clone, Copy)]
pub(super) enum Graph {
    Svg,
    Mermaid,
}

/// Where the areas stand: who comes in, who works, what is kept, who watches.
const COLUMNS: [&[&str]; 4] = [
    &["firewall", "api", "access"],
    &["functions", "network"],
    &["storage", "audit", "secrets", "encryption"],
    &["monitoring", "threats", "compliance", "alerts"],
];

/// How often a journal is looked at.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) fn graph(file: &str, form: Graph) -> ExitCode {
    template::made_of(file, |state, diags, facts| {
        let (template, areas) = state.expanded(diags, facts)?;
        let drawn = architecture(&template, &areas);
        Some(match form {
            Graph::Svg => svg(&drawn),
            Graph::Mermaid => mermaid(&drawn),
        })
    })
}

fn architecture(template: &Template, areas: &BTreeMap<LogicalId, &'static str>) -> Architecture {
    let mut drawn = Architecture::new(&template.description, &COLUMNS);
    for (id, resource) in &template.resources {
        if let Some(area) = areas.get(id) {
            drawn.add(area, id, &resource.type_name);
        }
    }
    for id in template.resources.keys() {
        for on in template.dependencies(id) {
            if let (Some(from), Some(to)) = (areas.get(id), areas.get(&on)) {
                drawn.connect(from, to);
            }
        }
    }
    drawn
}

pub(super) fn timeline(journal: Option<&str>, form: Form) -> ExitCode {
    let (path, record) = match chosen(journal).and_then(|path| Ok((read(&path)?, path))) {
        Ok((record, path)) => (path, record),
        Err(sentence) => return refuse(&sentence),
    };
    let title = name(&path);
    match form {
        Form::Html => print!("{}", drawn::html(&record, &title)),
        Form::Svg => print!("{}", drawn::svg(&record, &title)),
    }
    ExitCode::SUCCESS
}

/// What ends an operation whose provider was killed.
const GONE: &str = "the provider is gone. Run the same command again; it goes on from here.";

/// Whether that process is no more, where the system says so.
fn is_gone(process: Option<u32>) -> bool {
    let all = Path::new("/proc");
    process.is_some_and(|id| all.join("self").exists() && !all.join(id.to_string()).exists())
}

/// Until the operation ends. In a terminal each picture takes the place of the
/// one before; elsewhere only the last one is printed.
pub(super) fn watch(journal: Option<&str>) -> ExitCode {
    let path = match chosen(journal) {
        Ok(path) => path,
        Err(sentence) => return refuse(&sentence),
    };
    let mut out = std::io::stdout();
    let live = out.is_terminal();
    let mut before = None;
    loop {
        // Asked first: what is gone has written all that it will.
        let gone = is_gone(before);
        let mut record = match read(&path) {
            Ok(record) => record,
            Err(sentence) => return refuse(&sentence),
        };
        let killed = gone && record.finished.is_none() && record.process == before;
        if killed {
            record.finished = Some(GONE.to_owned());
        }
        before = record.process;
        let over = record.finished.is_some();
        let now = if over {
            record.length
        } else {
            (OffsetDateTime::now_utc() - record.began).as_seconds_f64()
        };
        if live || over {
            let size = terminal_size::terminal_size();
            let (columns, rows) = size.map_or((100, 60), |(w, h)| (w.0.into(), h.0.into()));
            let frame = frame(&record, &name(&path), now, columns, rows);
            // To the top, each line over the old one, and what is below away.
            let shown = match live {
                true => format!("\x1b[H{}\x1b[J", frame.replace('\n', "\x1b[K\n")),
                false => frame,
            };
            // A terminal that is gone ends the watching.
            if out
                .write_all(shown.as_bytes())
                .and_then(|()| out.flush())
                .is_err()
            {
                return ExitCode::FAILURE;
            }
        }
        if over {
            return if killed {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
        std::thread::sleep(PAUSE);
    }
}

/// A journal, the one of a pipeline, or the newest.
fn chosen(journal: Option<&str>) -> Result<PathBuf, String> {
    match journal {
        Some(id) if naming::parse_pipeline_id(id).is_some() => Ok(journal_path(id)),
        Some(path) => Ok(path.into()),
        None => newest(&journal_folder()),
    }
}

fn newest(folder: &Path) -> Result<PathBuf, String> {
    let none = || {
        format!(
            "there is no journal in {}: run this where terraform apply runs, or name the file",
            folder.display()
        )
    };
    let entries = std::fs::read_dir(folder).map_err(|_| none())?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .max_by_key(|path| path.metadata().and_then(|about| about.modified()).ok())
        .ok_or_else(none)
}

fn read(path: &Path) -> Result<Record, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| format!("{} cannot be read: {cause}", path.display()))?;
    Record::parse(&text).map_err(|cause| format!("{} is no journal: {cause}", path.display()))
}

/// The pipeline's id.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
