//! The load engine: entities, the slots they wait for, the leader they stick to, the events they publish; and
//! whose a timing entry is.
//!
//! May not enter: fetch, timers, wall clocks: `Clock` and `Transport` (in [`world`]) are its only doors to
//! the world, and the browser and the simulation implement them.
//! Called by: worker, experiment, tests. Calls: plan, dialect, sample, stats.
//! Invariant: every request is counted when it is issued and once more when it ends; at the end of a run
//! `issued` equals the sum of the outcomes, whatever was stopped when.
//! Tests: beside the code, and whole runs on a virtual clock in tests/engine.rs.

pub mod arrivals;
pub mod choice;
pub mod client;
pub mod crowd;
pub mod engine;
pub mod events;
pub mod instrument;
pub mod leader;
pub mod names;
pub mod parking;
pub mod shared;
pub mod slots;
pub mod subscriber;
pub mod topology;
pub mod verify;
mod warm;
pub mod world;
