//! The load engine: entities, the slots they wait for, the leader they stick to, the events they
//! publish.
//!
//! Owns: a run while it happens, on any transport, and [`sim`], the simulated cluster on a virtual
//! clock.
//!
//! May not enter: fetch, timers, wall clocks. It reaches them only through the traits
//! `Clock` and `Transport`, which the browser and the simulation implement.
//!
//! Invariant: every request is counted when it is issued and once more when it ends; at the end of
//! a run `issued` equals the sum of the outcomes, whenever the run was stopped.
//!
//! Tests: beside the code; whole runs on a virtual clock in crates/report/tests/engine; `cargo test
//! -p fwit-engine -p fwit-report`.

pub mod arrivals;
pub mod choice;
pub mod client;
pub mod controls;
pub mod environment;
pub mod events;
pub mod faults;
mod find_leader;
mod guards;
pub mod history;
pub mod instrument;
pub mod leader;
pub mod live_run;
pub mod open_fault;
pub mod parking;
pub mod preflights;
mod read_back;
pub mod register;
mod remember;
pub mod roles;
pub mod shared;
pub mod sim;
pub mod slots;
pub mod subscriber;
pub mod timeline;
pub mod topology;
pub mod trial;
pub mod trust;
pub mod verify;
pub mod vitals;
mod watch_vitals;

#[cfg(test)]
#[path = "../../stats/src/vectors.rs"]
mod vectors;
