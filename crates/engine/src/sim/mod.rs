//! The simulated cluster on virtual time, and the arithmetic that cross-checks it.
//!
//! May not enter: browser types, real clocks, chance without a seed, the platform's own logarithm
//! or cosine.
//! Invariant: the same plan and seed give the same bytes on native and on wasm.
//! Tests: beside the code; whole runs in crates/report/tests/engine; reference values in
//! tests/fixtures/vectors.json.

pub mod clock;
pub mod transport;

pub mod arms;
mod ask;
mod cluster;
mod fan;
mod law;
mod store;
mod timeline;

pub mod cluster_model;
pub mod mva;
