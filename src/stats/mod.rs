//! Measuring and comparing: histograms, tallies, gauges, and the statistics.
//!
//! May not enter: clocks, the network, chance without a seed.
//! Called by: entity, run, experiment, worker. Calls: sample, units.
//! Invariant: every sum is the same whatever the order of its parts.
//! Tests: beside the code.

pub mod errors;
pub mod gauge;
pub mod moments;
pub mod random;
pub mod recorder;
pub mod sparse;
