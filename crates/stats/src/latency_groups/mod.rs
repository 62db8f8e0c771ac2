//! Camps: groups of requests or of entities with a latency of their own.
//!
//! May not enter: drawing, file formats, where the numbers came from. Called by: the analysis
//! worker, import's summaries, the page's view models. Calls: the parent's statistics. Invariant: a
//! camp is only reported where a known label explains it or a test with a measured false-alarm rate
//! (examples/camp_rates.rs) found it; a mixture model's better fit is never the reason. Tests:
//! beside the code; whole pipeline, dip and false-alarm rates in camps/tests.rs.

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
