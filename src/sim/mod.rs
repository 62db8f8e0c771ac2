//! Virtual time, and the simulated cluster's arithmetic cross-check.
//!
//! May not enter: browser types, real clocks, chance without a seed.
//! Called by: worker, tests. Calls: entity's doors to the world, stats.
//! Invariant: the same plan and seed give the same bytes on native and on wasm.
//! Tests: beside the code; reference values in tests/fixtures/vectors.json.

pub mod clock;
pub mod cluster_model;
pub mod mva;
