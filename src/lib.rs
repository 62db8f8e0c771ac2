//! The page of fwit, a load tester that runs in a browser, and the viewer of its results.
//!
//! `browser` is the single home of web-sys, `worker` carries the crates' functions out in workers,
//! `page` has the views; these three exist for wasm32 only. [`protocol`] has the messages between page
//! and workers. What needs no browser lives in `crates/`: see docs/architecture.md.

pub mod protocol;

pub use fwit_chart as chart;
pub use fwit_engine as entity;
pub use fwit_engine::sim;
pub use fwit_model::{dialect, json, plan};
pub use fwit_present as present;
pub use fwit_present::route;
pub use fwit_quantities::{sample, units};
pub use fwit_report::{check, experiment, run};
pub use fwit_stats as stats;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod page;
#[cfg(target_arch = "wasm32")]
pub mod worker;
