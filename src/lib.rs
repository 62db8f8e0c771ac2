//! fwit: a load tester that runs in a browser page, and the viewer of its results. The map:
//!
//! | module | owns |
//! | --- | --- |
//! | [`units`] | durations and how numbers read |
//! | [`sample`] | one finished request |
//! | [`plan`] | what to run |
//! | [`dialect`] | how operations become a system's requests |
//!
//! The rest of the map grows with the modules.

pub mod check;
pub mod dialect;
pub mod entity;
pub mod plan;
pub mod present;
pub mod protocol;
pub mod route;
pub mod run;
pub mod sample;
pub mod sim;
pub mod stats;
pub mod units;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod page;
#[cfg(target_arch = "wasm32")]
pub mod worker;
