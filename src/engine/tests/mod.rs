//! The engine against a small cloud in memory: what it promises, as
//! sentences (`reasons`, `order`, `failures`, `ownership`, `drift`,
//! `lifecycle`), and held against random graphs, failures and interruptions
//! (`stories`).

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cloud;
mod drift;
mod failures;
mod graphs;
mod lifecycle;
mod order;
mod ownership;
mod reasons;
mod stories;
mod terraform;
mod types;
