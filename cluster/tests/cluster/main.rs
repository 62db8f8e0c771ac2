//! The cluster as its users meet it: real processes on free loopback ports.
//!
//! `harness` starts clusters and speaks to them; each other module tests one promise of the README.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod browser;
mod durability;
mod events;
mod faults;
mod harness;
mod leader;
mod limits;
mod metrics;
mod page;
mod peers;
mod process;
mod protocol;
mod shape;
mod stopped;
