//! The simulated cluster and its arithmetic cross-check.
//!
//! May not enter: browser types, real clocks, chance without a seed.
//! Called by: worker, experiment's tests. Calls: entity, stats.
//! Invariant: the same plan and seed give the same bytes on native and on wasm.
//! Tests: beside the code; reference values in tests/fixtures/vectors.json.

pub mod cluster_model;
pub mod mva;
