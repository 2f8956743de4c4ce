//! An append-only record of an apply, one JSON object a line: what was begun,
//! what came of it, what is being waited for. Progress is shown from it.
//!
//! It holds ids, actions and error codes, never properties, so that no secret
//! can be in it. It is a convenience: a journal that cannot be written never
//! fails an apply.

use super::graph::Queue;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Started,
    /// What is going to be done with a resource: `apply` or `delete`, then the
    /// logical ids that it waits for.
    Planned,
    Called,
    Created,
    Adopted,
    /// What was created may be used by what depends on it.
    Ready,
    Updated,
    Deleted,
    Failed,
    Waited,
    Finished,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Planned => "planned",
            Self::Called => "called",
            Self::Created => "created",
            Self::Adopted => "adopted",
            Self::Ready => "ready",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Failed => "failed",
            Self::Waited => "waited",
            Self::Finished => "finished",
        }
    }
}

#[derive(Debug, Default)]
pub struct Journal(Option<Mutex<File>>);

impl Journal {
    /// Appends to a file, making its folder; without the file there is no
    /// journal.
    pub fn file(path: &Path) -> Self {
        let open = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            OpenOptions::new().create(true).append(true).open(path)
        };
        match open() {
            Ok(file) => Self(Some(Mutex::new(file))),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "no journal is kept");
                Self(None)
            }
        }
    }

    pub fn none() -> Self {
        Self(None)
    }

    /// An operation begins in this process: who watches it sees when that is gone.
    pub(super) fn started(&self, what: &str) {
        let process = std::process::id();
        self.write(Event::Started, "", &format!("{what} by {process}"));
    }

    /// What is going to be done: a line for each node that is wanted.
    pub(super) fn plan(&self, verb: &str, queue: &Queue, wanted: impl Fn(&str) -> bool) {
        for (id, waits) in queue.edges().filter(|(id, _)| wanted(id)) {
            let words: Vec<&str> = std::iter::once(verb).chain(waits).collect();
            self.write(Event::Planned, id, &words.join(" "));
        }
    }

    pub fn write(&self, event: Event, logical_id: &str, detail: &str) {
        let Some(file) = &self.0 else { return };
        let time = OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .unwrap_or_default();
        let line = json!({
            "time": time,
            "event": event.name(),
            "logical_id": logical_id,
            "detail": detail,
        });
        let mut file = file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // One write a line: lines of several pipelines do not mix.
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            tracing::debug!(%error, "a journal line was lost");
        }
    }
}
