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

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod check;
pub mod dialect;
#[cfg(target_arch = "wasm32")]
pub mod page;
pub mod plan;
pub mod present;
pub mod protocol;
pub mod route;
pub mod run;
pub mod sample;
pub mod units;
