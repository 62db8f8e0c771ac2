//! fwit: a load tester that runs in a browser page, and the viewer of its results. The map:
//!
//! | module | owns |
//! | --- | --- |
//! | [`units`] | durations and how numbers read |
//! | [`sample`] | one finished request |
//! | [`json`] | how JSON is read and written |
//! | [`plan`] | what to run |
//! | [`dialect`] | how operations become a system's requests |
//! | [`entity`] | the load engine |
//! | [`stats`] | histograms, tallies, statistics |
//! | [`experiment`] | arms in interleaved periods, compared pair by pair |
//! | [`sim`] | virtual time |
//! | [`run`] | the saved run and its view |
//! | [`chart`] | geometry of charts |
//! | [`check`] | what a connection check found |
//! | [`present`] | what the page says: words, figures, charts of runs |
//! | [`route`] | the page's addresses |
//! | [`protocol`] | what page and worker say to each other |
//!
//! `browser`, `worker` and `page` exist in the browser only. Who may import whom: docs/architecture.md.

pub mod chart;
pub mod check;
pub mod dialect;
pub mod entity;
pub mod experiment;
pub mod json;
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
