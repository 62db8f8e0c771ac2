//! Measuring and comparing: how a run is summed up, how two are compared, how latency groups are
//! found.
//!
//! Owns: the recorder and its histograms, tallies and gauges; quantiles, tests and intervals;
//! latency groups of entities and requests (the users' "camps").
//!
//! May not enter: clocks, browser types, file formats, randomness without a seed argument. Imports
//! `fwit-quantities` alone.
//!
//! Invariant: every function is pure. The same input and seed give the same bits natively and on
//! wasm: transcendental functions come from the `libm` crate, never from the platform. Sums do not
//! depend on the order of their parts.
//!
//! Tests: beside the code, with published reference values in tests/fixtures/vectors.json; `cargo
//! test -p fwit-stats`.

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

pub mod e_process;
pub mod fisher;
pub mod paired;
pub mod power;
pub mod randomization;
pub mod shift;
pub mod signed_rank;
pub mod survival;
pub mod verdict;

pub mod design;

pub mod change;
pub mod drift;
pub mod latency_groups;
pub mod sections;
pub mod sequential;
pub mod series;
pub mod warmup;

#[cfg(test)]
pub(crate) mod vectors;
