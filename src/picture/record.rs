//! One apply or destroy, as its journal tells it.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last operation of a journal.
#[derive(Debug)]
pub struct Record {
    pub began: OffsetDateTime,
    /// Seconds from there to the last line.
    pub length: f64,
    /// What the last line says, if the operation has ended.
    pub finished: Option<String>,
    /// How many resources it is about, as it said when it began.
    pub total: usize,
    /// Of the provider that works on it.
    pub process: Option<u32>,
    /// In the order in which they were begun; those that were not are last.
    pub works: Vec<Work>,
}

/// What is done with one resource. One that is deleted and made anew is two.
#[derive(Debug, Default)]
pub struct Work {
    pub id: String,
    pub deletes: bool,
    /// What it had to wait for.
    pub after: BTreeSet<String>,
    pub steps: Vec<Step>,
    pub state: State,
    /// What AWS is being waited for, in words.
    pub waiting: Option<String>,
}

/// One call of a handler, in seconds from the beginning.
#[derive(Debug, PartialEq)]
pub struct Step {
    pub action: String,
    pub from: f64,
    pub to: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    #[default]
    Planned,
    Running,
    Done(Done),
    /// With the kind of the error and AWS's code.
    Failed(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Created,
    Adopted,
    Updated,
    Deleted,
}

impl Done {
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Adopted => "adopted",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

#[derive(Deserialize)]
struct Line {
    time: String,
    event: String,
    logical_id: String,
    detail: String,
}

impl Work {
    pub fn begun(&self) -> Option<f64> {
        self.steps.first().map(|step| step.from)
    }

    pub fn ended(&self) -> Option<f64> {
        self.steps.last().map(|step| step.to)
    }
}

impl Record {
    /// The last operation that a journal tells of. A line that is cut off, as
    /// the last one of a machine that died is, ends it.
    ///
    /// # Errors
    ///
    /// A sentence: it is no journal, or nothing has begun in it.
    pub fn parse(journal: &str) -> Result<Self, String> {
        let mut told = Telling::default();
        let count = journal.lines().count();
        for (number, text) in journal.lines().enumerate() {
            match serde_json::from_str(text) {
                Ok(line) => told.hear(&line, number + 1)?,
                Err(_) if number + 1 == count => {}
                Err(cause) => return Err(format!("line {}: {cause}", number + 1)),
            }
        }
        let mut record = told
            .record
            .ok_or_else(|| "no apply or destroy has begun in it".to_owned())?;
        record.close_what_is_open();
        let late = |work: &Work| work.begun().unwrap_or(f64::INFINITY);
        record.works.sort_by(|a, b| late(a).total_cmp(&late(b)));
        Ok(record)
    }

    pub fn count(&self, which: impl Fn(&Work) -> bool) -> usize {
        self.works.iter().filter(|work| which(work)).count()
    }

    /// The chain of work that decided how long it took, from its end to its
    /// beginning: the last to end, the last to end of what that waited for,
    /// and so on.
    pub fn critical_path(&self) -> Vec<&Work> {
        let by_id: BTreeMap<(&str, bool), &Work> = self
            .works
            .iter()
            .map(|work| ((work.id.as_str(), work.deletes), work))
            .collect();
        let ended = |work: &&Work| work.ended().unwrap_or(f64::NEG_INFINITY);
        let mut path: Vec<&Work> = Vec::new();
        let mut next = self
            .works
            .iter()
            .filter(|work| work.ended().is_some())
            .max_by(|a, b| ended(a).total_cmp(&ended(b)));
        while let Some(work) = next {
            path.push(work);
            next = work
                .after
                .iter()
                .filter_map(|id| by_id.get(&(id.as_str(), work.deletes)).copied())
                // In time order a chain has no circles.
                .filter(|before| before.ended().is_some() && before.begun() < work.begun())
                .max_by(|a, b| ended(a).total_cmp(&ended(b)));
        }
        path.reverse();
        path
    }

    /// A call that has not come back ends with the record.
    fn close_what_is_open(&mut self) {
        for work in &mut self.works {
            if work.state == State::Running
                && let Some(step) = work.steps.last_mut()
            {
                step.to = self.length;
            }
        }
    }
}

/// A record in the making.
#[derive(Default)]
struct Telling {
    record: Option<Record>,
    places: BTreeMap<(String, bool), usize>,
    /// What was done before it could be used.
    kinds: BTreeMap<String, Done>,
}

impl Telling {
    fn hear(&mut self, line: &Line, number: usize) -> Result<(), String> {
        let time = OffsetDateTime::parse(&line.time, &Rfc3339)
            .map_err(|cause| format!("line {number}: {cause}"))?;
        if line.event == "started" {
            let total = line.detail.split_whitespace().next();
            let process = line.detail.split_once(" by ").map(|(_, process)| process);
            *self = Self::default();
            self.record = Some(Record {
                began: time,
                length: 0.0,
                finished: None,
                total: total.and_then(|word| word.parse().ok()).unwrap_or(0),
                process: process.and_then(|word| word.parse().ok()),
                works: Vec::new(),
            });
            return Ok(());
        }
        let Some(record) = &mut self.record else {
            // What stands before the first beginning is the manifest's.
            return Ok(());
        };
        if record.finished.is_some() {
            return Ok(());
        }
        let now = (time - record.began).as_seconds_f64();
        record.length = record.length.max(now);
        if line.event == "finished" {
            record.finished = Some(line.detail.clone());
            return Ok(());
        }
        self.hear_of_work(line, now);
        Ok(())
    }

    fn hear_of_work(&mut self, line: &Line, now: f64) {
        let id = &line.logical_id;
        let (verb, rest) = line.detail.split_once(' ').unwrap_or((&line.detail, ""));
        let deletes = match line.event.as_str() {
            "planned" | "called" => verb == "delete",
            "deleted" => true,
            // Of what runs: the deletion is over before the creation begins.
            _ => self.is_deleting(id),
        };
        if line.event == "called" && verb == "manifest" {
            return;
        }
        let kinds = &mut self.kinds;
        let Some(record) = &mut self.record else {
            return;
        };
        let place = *self.places.entry((id.clone(), deletes)).or_insert_with(|| {
            record.works.push(Work {
                id: id.clone(),
                deletes,
                ..Work::default()
            });
            record.works.len() - 1
        });
        let work = &mut record.works[place];
        let close = |work: &mut Work| {
            work.waiting = None;
            if let Some(step) = work.steps.last_mut()
                && step.to.is_nan()
            {
                step.to = now;
            }
        };
        match line.event.as_str() {
            "planned" => work.after = rest.split_whitespace().map(ToOwned::to_owned).collect(),
            "called" => {
                close(work);
                work.state = State::Running;
                work.steps.push(Step {
                    action: verb.to_owned(),
                    from: now,
                    to: f64::NAN,
                });
            }
            "waited" => work.waiting = Some(line.detail.clone()),
            "created" => _ = kinds.insert(id.clone(), Done::Created),
            "adopted" => _ = kinds.insert(id.clone(), Done::Adopted),
            "updated" => _ = kinds.entry(id.clone()).or_insert(Done::Updated),
            "ready" => {
                close(work);
                work.state = State::Done(kinds.get(id).copied().unwrap_or(Done::Updated));
            }
            "deleted" => {
                close(work);
                work.state = State::Done(Done::Deleted);
            }
            "failed" => {
                close(work);
                work.state = State::Failed(line.detail.clone());
            }
            // Of a later version.
            _ => {}
        }
    }

    fn is_deleting(&self, id: &str) -> bool {
        let place = self.places.get(&(id.to_owned(), true));
        let works = self.record.as_ref().map(|record| &record.works);
        place
            .zip(works)
            .is_some_and(|(place, works)| works[*place].state == State::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: u32, event: &str, id: &str, detail: &str) -> String {
        format!(
            r#"{{"time":"2026-11-29T20:00:{second:02}Z","event":"{event}","logical_id":"{id}","detail":"{detail}"}}"#
        )
    }

    fn journal() -> String {
        [
            line(0, "started", "", "9 changes"),
            line(1, "called", "Old", "create"),
            line(2, "finished", "", "0 errors"),
            line(10, "started", "", "4 changes by 4711"),
            line(10, "planned", "A", "apply"),
            line(10, "planned", "B", "apply A"),
            line(10, "planned", "C", "apply A"),
            line(10, "planned", "D", "apply B C"),
            line(10, "called", "A", "create"),
            line(12, "created", "A", "a-1"),
            line(12, "called", "A", "wait"),
            line(13, "ready", "A", "a-1"),
            line(13, "called", "B", "create"),
            line(13, "called", "C", "find"),
            line(14, "adopted", "C", "c-1"),
            line(14, "called", "C", "update"),
            line(15, "updated", "C", "c-1"),
            line(15, "ready", "C", "c-1"),
            line(16, "waited", "B", "the endpoint is pending"),
            line(20, "failed", "B", "AccessDenied AccessDeniedException"),
        ]
        .join("\n")
    }

    #[test]
    fn the_last_operation_is_told_with_its_steps_and_its_ends() {
        let record = Record::parse(&journal()).unwrap();
        assert_eq!((record.total, record.finished.as_deref()), (4, None));
        assert_eq!(record.process, Some(4711));
        let ids: Vec<&str> = record.works.iter().map(|work| work.id.as_str()).collect();
        assert_eq!(ids, ["A", "B", "C", "D"]);
        let steps: Vec<(&str, f64, f64)> = record.works[0]
            .steps
            .iter()
            .map(|step| (step.action.as_str(), step.from, step.to))
            .collect();
        assert_eq!(steps, [("create", 0.0, 2.0), ("wait", 2.0, 3.0)]);
        let states: Vec<&State> = record.works.iter().map(|work| &work.state).collect();
        let failed = State::Failed("AccessDenied AccessDeniedException".to_owned());
        assert_eq!(
            states,
            [
                &State::Done(Done::Created),
                &failed,
                &State::Done(Done::Adopted),
                &State::Planned
            ]
        );
    }

    #[test]
    fn the_critical_path_goes_through_what_ended_last() {
        let record = Record::parse(&journal()).unwrap();
        let path: Vec<&str> = record
            .critical_path()
            .iter()
            .map(|w| w.id.as_str())
            .collect();
        assert_eq!(path, ["A", "B"]);
    }

    #[test]
    fn what_still_runs_goes_on_to_the_last_line_and_what_is_made_anew_is_two() {
        let journal = [
            line(0, "started", "", "2 changes"),
            line(0, "planned", "A", "delete"),
            line(1, "called", "A", "delete"),
            line(2, "deleted", "A", "a-1"),
            line(3, "called", "A", "create"),
            line(4, "waited", "A", "the endpoint is pending"),
            line(5, "called", "B", "create"),
        ]
        .join("\n");
        let record = Record::parse(&format!("{journal}\n{{\"time\":\"20")).unwrap();
        let told: Vec<(&str, bool, &State)> = record
            .works
            .iter()
            .map(|work| (work.id.as_str(), work.deletes, &work.state))
            .collect();
        assert_eq!(
            told,
            [
                ("A", true, &State::Done(Done::Deleted)),
                ("A", false, &State::Running),
                ("B", false, &State::Running)
            ]
        );
        assert_eq!(record.works[1].ended(), Some(5.0));
        assert_eq!(
            record.works[1].waiting.as_deref(),
            Some("the endpoint is pending")
        );
    }

    #[test]
    fn what_is_no_journal_is_refused_with_its_line() {
        assert!(Record::parse("").unwrap_err().contains("has begun"));
        let wrong = format!(
            "{}\nnonsense\n{}",
            line(0, "started", "", "1"),
            line(1, "x", "", "")
        );
        assert!(Record::parse(&wrong).unwrap_err().starts_with("line 2:"));
    }
}
