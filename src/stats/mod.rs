//! Measuring and comparing: how a run is summed up, how two are compared, how camps are found.
//!
//! May not enter: clocks, browser types, file formats, randomness without a seed argument.
//! Called by: entity, experiment, sim, run, protocol, chart, worker and page. Calls: units, sample.
//! Invariant: every function is pure; the same input (and seed) gives the same bits on native and on wasm,
//! because transcendental functions come from the `libm` crate and never from the platform. Sums are the same
//! whatever the order of their parts.
//! Tests: beside the code; published reference values in tests/fixtures/vectors.json.

pub mod error;
pub mod errors;
pub mod gauge;
pub mod moments;
pub mod random;
pub mod recorder;
pub mod sparse;
pub mod special;

pub mod buckets;
pub mod multiplicity;
pub mod quantile;

pub mod paired;
pub mod shift;
pub mod signed_rank;
pub mod verdict;

pub mod design;

pub mod bootstrap;
pub mod camps;
pub mod change;
pub mod drift;
pub mod series;
pub mod warmup;

#[cfg(test)]
pub(crate) mod vectors;
