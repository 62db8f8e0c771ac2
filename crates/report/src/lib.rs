//! Results: the saved run, the experiment, their comparisons and verdicts, and what a reader is
//! told.
//!
//! Owns: [`run`] (the saved run: its file, reading, view, comparison), [`experiment`] (arms in
//! interleaved periods, carried out and compared pair by pair), [`check`] (what the connection
//! check found, with advice) and [`lanes`] (how many a plan needs, and which the page finds).
//!
//! May not enter: browser types, real clocks, drawing, statistical formulas (`fwit-stats` has
//! them).
//!
//! Tests: beside the code; whole runs and experiments on virtual time in `tests/`; `cargo test -p
//! fwit-report`.

pub mod check;
pub mod experiment;
pub mod lanes;
pub mod run;
