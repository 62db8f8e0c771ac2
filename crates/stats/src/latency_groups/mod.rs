//! Finds latency groups (the users' "camps"): groups of requests or of entities with a latency of
//! their own.
//!
//! May not enter: drawing, file formats, where the numbers came from.
//! Invariant: a group is reported only where a known label explains it, or where a test found it
//! whose false-alarm rate was measured (examples/latency_group_rates.rs). A better fit of a mixture
//! model is never the reason.
//! Tests: beside the code; the whole pipeline, the dip test and false alarms in
//! latency_groups/tests.rs.

pub mod pipeline;

pub mod labels;

pub mod dip;
mod dip_table;
pub mod valley;

pub mod clusters;
pub mod entities;
pub mod profile;

#[cfg(test)]
mod tests;
