//! The points, and the lives in which each has its turn.

use crate::matrix::{Point, Stage, TYPE, creations, points, sample};
use crate::settings::{after, before, config, replaced};
use crate::{WORKERS, confirm};
use acceptance::When;
use acceptance::tfclient::Resource;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// How many points of create, update and destroy are run, and of replacement,
/// unless `TAP_MATRIX` asks for all.
const SAMPLED: usize = 6;
const REPLACEMENTS: usize = 2;
/// How often one create, update, replacement or destroy is struck: an apply of
/// the whole takes longer than the way from one point to the next.
const STRIKES: usize = 20;

/// What an undisturbed pipeline looks like from birth to end.
pub struct Undisturbed {
    pub before: Value,
    pub after: Value,
    pub replaced: Value,
    pub creations: BTreeMap<String, usize>,
    pub create: Vec<Point>,
    pub update: Vec<Point>,
    pub replace: Vec<Point>,
    pub destroy: Vec<Point>,
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
        create: sample(points(&create), SAMPLED),
        update: sample(points(&update), SAMPLED),
        replace: sample(points(&replace), REPLACEMENTS),
        destroy: sample(points(&destroy), SAMPLED),
    })
}

/// The pipeline is complete and only its state is lost: the one strike after
/// which a create is not simply continued.
pub fn loses_only_the_state(point: &Point) -> bool {
    point.when == When::After && point.is_last_of("ssm", "PutParameter")
}

/// Points dealt to lives, each of which has its own from begin to end.
fn dealt(points: &[Point]) -> Vec<Vec<Point>> {
    let (alone, mut points): (Vec<Point>, Vec<Point>) =
        points.iter().cloned().partition(loses_only_the_state);
    points.sort_by_key(|point| point.at);
    let mut lives = vec![Vec::new(); points.len().div_ceil(STRIKES).max(WORKERS)];
    let count = lives.len();
    for (index, point) in points.into_iter().enumerate() {
        lives[index % count].push(point);
    }
    lives.extend(alone.into_iter().map(|point| vec![point]));
    lives
}

pub fn chains(undisturbed: &Undisturbed) -> VecDeque<Chain> {
    let mut chains = VecDeque::new();
    let at = |chains: &mut VecDeque<Chain>, number: usize| {
        while chains.len() <= number {
            let number = chains.len();
            chains.push_back(Chain::new(number));
        }
    };
    for (number, points) in dealt(&undisturbed.create).into_iter().enumerate() {
        at(&mut chains, number);
        chains[number].create = points;
    }
    for (number, points) in dealt(&undisturbed.update).into_iter().enumerate() {
        at(&mut chains, number);
        chains[number].update.0 = points;
    }
    for (number, points) in dealt(&undisturbed.destroy).into_iter().enumerate() {
        at(&mut chains, number);
        chains[number].destroy = points;
    }
    for points in dealt(&undisturbed.replace) {
        let mut chain = Chain::new(chains.len());
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
