//! The page: Leptos views over the pure modules.
//!
//! May not enter: arithmetic, parsing, statistics (the pure modules have them), web-sys beyond
//! event types (`browser` has it).
//! Invariant: components take signals and callbacks and show them. What outlives a view is a
//! context of [`state`]; only those and [`actions`] talk to the workers and the store.
//! Tests: of what is pure in `present`, `route` and `run::compare`; the whole in tests/e2e.

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
mod intervals;
mod latency_groups;
mod library;
mod live;
mod notices;
mod parts;
mod plan_form;
mod result;
mod separate_runs;
mod state;

pub use frame::mount;
