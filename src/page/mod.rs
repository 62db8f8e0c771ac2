//! The page: Leptos views over the crates.
//!
//! May not enter: arithmetic, parsing, statistics (the crates have them), web-sys beyond
//! event types (`browser` has it).
//! Invariant: components take signals and callbacks and show them. What outlives a view is a
//! context of [`state`]; only those and [`actions`] talk to the workers and the store.
//! Tests: of what is pure in `fwit-present` and `fwit-report`; the whole in tests/e2e.

#![allow(
    clippy::needless_pass_by_value,
    reason = "components own their props; views made of parts own them too"
)]

mod actions;
mod automation;
pub mod chart;
mod charts;
mod compare;
mod drop_zone;
mod experiment;
mod frame;
mod import;
mod intervals;
mod labels;
mod latency_groups;
mod library;
mod live;
mod live_controls;
mod notices;
mod parts;
mod plan_form;
mod published;
mod result;
mod selection;
mod separate_runs;
mod state;

pub use frame::mount;
