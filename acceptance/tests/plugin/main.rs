//! The plugin room, driven from outside: the binary `testprovider` is started by
//! our own client, by the real Terraform, by hand, and by a parent that dies.

// Helpers of tests stop where they stand, as tests do.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod by_client;
mod by_hand;
mod by_terraform;
mod door;
mod harness;
mod keeping_state;
mod log;
mod stopping;
mod terraform_stops;
mod values;
