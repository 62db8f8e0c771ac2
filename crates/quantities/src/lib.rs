//! The words that all of fwit's crates use: durations, how numbers read, outcomes, the sample.
//!
//! Owns: [`units`] (durations in whole microseconds, numbers as people read them), [`ratio`]
//! (changes in words) and [`sample`] (one finished request: its times, who answered, how it ended).
//!
//! May not enter: clocks, statistics, files, anything of one dialect or one view. Imports no other
//! crate of fwit.
//!
//! Tests: beside the code, `cargo test -p fwit-quantities`.

pub mod ratio;
pub mod sample;
pub mod units;
