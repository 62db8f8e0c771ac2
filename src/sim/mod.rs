//! The simulation: a virtual clock and its executor.
//!
//! May not enter: real time, chance without a seed.
//! Called by: worker, tests. Calls: entity's doors to the world.
//! Invariant: the same plan and seed give the same run, byte for byte, on every machine.
//! Tests: beside the code.

pub mod clock;
