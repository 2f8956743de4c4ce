//! The points, and the lives in which each has its turn.

use crate::matrix::{Point, Stage, TYPE, creations, points, sample};
use crate::settings::{after, before, config, replaced};
use crate::{WORKERS, confirm};
use acceptance::When;
use acceptance::tfclient::Resource;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, PoisonError};

/// How many points of create, update and destroy are run, and of replacement,
/// unless `TAP_MATRIX` asks for all.
const SAMPLED: usize = 6;
const REPLACEMENTS: usize = 2;
/// How often one create, update, replacement or destroy is struck: an apply of
/// the whole takes longer than the way from one point to the next.
const STRIKES: usize = 20;
/// The same of points that another life was past: they are farther apart then,
/// so that fewer of them are missed again.
const STRIKES_AGAIN: usize = 8;

/// What an undisturbed pipeline looks like from birth to end.
pub struct Undisturbed {
    pub before: Value,
    pub after: Value,
    pub replaced: Value,
    pub creations: BTreeMap<String, usize>,
    pub points: Points,
}

/// What a provider is at when it is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Create,
    Update,
    Replace,
    Destroy,
}

/// Points by what the provider is at.
#[derive(Default)]
pub struct Points {
    pub create: Vec<Point>,
    pub update: Vec<Point>,
    pub replace: Vec<Point>,
    pub destroy: Vec<Point>,
}

impl Points {
    pub fn count(&self) -> usize {
        self.create.len() + self.update.len() + self.replace.len() + self.destroy.len()
    }

    fn add(&mut self, work: Work, point: Point) {
        match work {
            Work::Create => self.create.push(point),
            Work::Update => self.update.push(point),
            Work::Replace => self.replace.push(point),
            Work::Destroy => self.destroy.push(point),
        }
    }
}

/// What all workers have still to do.
struct Schedule {
    queue: VecDeque<Chain>,
    /// Points that a life was past when it came to them: calls of different
    /// kinds have no order. They are dealt to lives of their own.
    late: Points,
    busy: usize,
    lives: usize,
}

/// The schedule, as the workers share it.
pub struct Shared {
    schedule: Mutex<Schedule>,
    /// A life has ended, or left something.
    changed: Condvar,
}

impl Shared {
    pub fn new(points: &Points) -> Self {
        Self {
            schedule: Mutex::new(Schedule::new(points)),
            changed: Condvar::new(),
        }
    }

    /// The next life; waits while another worker is at one that may leave
    /// something, and is none when all have had their turn.
    pub fn next(&self) -> Option<(Chain, Busy<'_>)> {
        let mut open = self.schedule.lock().expect("no panic");
        loop {
            if let Some(chain) = open.next() {
                open.busy += 1;
                return Some((chain, Busy(self)));
            }
            if open.busy == 0 {
                return None;
            }
            open = self.changed.wait(open).expect("no panic");
        }
    }

    pub fn later(&self, work: Work, point: Point) {
        let mut open = self.schedule.lock().expect("no panic");
        open.late.add(work, point);
        self.changed.notify_all();
    }

    pub fn left(&self) -> usize {
        self.schedule.lock().expect("no panic").left()
    }
}

/// A worker is at a life for as long as this is held, and not when it panics.
pub struct Busy<'a>(&'a Shared);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let open = self.0.schedule.lock();
        open.unwrap_or_else(PoisonError::into_inner).busy -= 1;
        self.0.changed.notify_all();
    }
}

impl Schedule {
    fn new(points: &Points) -> Self {
        let queue = chains(points, STRIKES, 0);
        Self {
            lives: queue.len(),
            queue,
            late: Points::default(),
            busy: 0,
        }
    }

    fn left(&self) -> usize {
        self.queue.iter().map(Chain::points).sum::<usize>() + self.late.count()
    }

    fn next(&mut self) -> Option<Chain> {
        // Until there are enough for a life they wait, while somebody is at work.
        let enough = self.busy == 0 || self.late.count() >= STRIKES_AGAIN;
        if self.queue.is_empty() && enough {
            let late = std::mem::take(&mut self.late);
            self.queue = chains(&late, STRIKES_AGAIN, self.lives);
            self.lives += self.queue.len();
        }
        self.queue.pop_front()
    }
}

/// What comes after an update was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Again,
    Revert,
}

/// One pipeline's life, in which it is struck again and again: each provider
/// goes on where the one before was killed.
pub struct Chain {
    pub number: usize,
    pub create: Vec<Point>,
    pub update: (Vec<Point>, Then),
    pub replace: (Vec<Point>, Then),
    pub destroy: Vec<Point>,
}

impl Chain {
    pub fn new(number: usize) -> Self {
        let then = match number.is_multiple_of(2) {
            true => Then::Again,
            false => Then::Revert,
        };
        Self {
            number,
            create: Vec::new(),
            update: (Vec::new(), then),
            replace: (Vec::new(), then),
            destroy: Vec::new(),
        }
    }

    pub fn points(&self) -> usize {
        self.create.len() + self.update.0.len() + self.replace.0.len() + self.destroy.len()
    }
}

pub async fn undisturbed(stage: &Stage) -> Result<Undisturbed, String> {
    let sandbox = &stage.sandbox;
    let provider = stage.provider().await?;
    let mut resource = Resource::new(TYPE);
    stage
        .apply(&provider, &mut resource, &config(&before()))
        .await?;
    let create = sandbox.calls()?;
    let account = stage.account();

    // Only then is there something to unsubscribe.
    confirm(sandbox)?;
    let since = sandbox.last_sequence()?;
    stage
        .apply(&provider, &mut resource, &config(&replaced()))
        .await?;
    let replace = sandbox.mutations_since(since)?;
    let another = stage.account();
    confirm(sandbox)?;
    stage
        .apply(&provider, &mut resource, &config(&before()))
        .await?;

    let since = sandbox.last_sequence()?;
    stage
        .apply(&provider, &mut resource, &config(&after()))
        .await?;
    let update = sandbox.mutations_since(since)?;
    let changed = stage.account();

    confirm(sandbox)?;
    let since = sandbox.last_sequence()?;
    stage.destroy(&provider, &mut resource).await?;
    let destroy = sandbox.mutations_since(since)?;
    stage.empty()?;
    Ok(Undisturbed {
        before: account,
        after: changed,
        replaced: another,
        creations: creations(&create),
        points: Points {
            create: sample(points(&create), SAMPLED),
            update: sample(points(&update), SAMPLED),
            replace: sample(points(&replace), REPLACEMENTS),
            destroy: sample(points(&destroy), SAMPLED),
        },
    })
}

/// The pipeline is complete and only its state is lost: the one strike after
/// which a create is not simply continued.
pub fn loses_only_the_state(point: &Point) -> bool {
    point.when == When::After && point.is_last_of("ssm", "PutParameter")
}

/// Points dealt to lives, each of which has its own from begin to end.
fn dealt(points: &[Point], strikes: usize) -> Vec<Vec<Point>> {
    let (alone, mut points): (Vec<Point>, Vec<Point>) =
        points.iter().cloned().partition(loses_only_the_state);
    points.sort_by_key(|point| point.at);
    let count = points
        .len()
        .div_ceil(strikes)
        .max(WORKERS)
        .min(points.len());
    let mut lives = vec![Vec::new(); count];
    for (index, point) in points.into_iter().enumerate() {
        lives[index % count].push(point);
    }
    lives.extend(alone.into_iter().map(|point| vec![point]));
    lives
}

/// Lives, counted from `first`, in which each point has its turn once.
fn chains(points: &Points, strikes: usize, first: usize) -> VecDeque<Chain> {
    let mut chains: VecDeque<Chain> = VecDeque::new();
    let mut at = |number: usize, add: &dyn Fn(&mut Chain)| {
        while chains.len() <= number {
            chains.push_back(Chain::new(first + chains.len()));
        }
        add(&mut chains[number]);
    };
    for (number, points) in dealt(&points.create, strikes).into_iter().enumerate() {
        at(number, &|chain| chain.create.clone_from(&points));
    }
    for (number, points) in dealt(&points.update, strikes).into_iter().enumerate() {
        at(number, &|chain| chain.update.0.clone_from(&points));
    }
    for (number, points) in dealt(&points.destroy, strikes).into_iter().enumerate() {
        at(number, &|chain| chain.destroy.clone_from(&points));
    }
    for points in dealt(&points.replace, strikes) {
        let mut chain = Chain::new(first + chains.len());
        chain.replace.0 = points;
        chains.push_back(chain);
    }
    chains
}

/// Points, for a sentence.
pub fn list(points: &[Point]) -> String {
    let names: Vec<String> = points.iter().map(Point::to_string).collect();
    names.join(", ")
}
