//! The page of fwit, a load tester that runs in a browser, and the viewer of its results.
//!
//! `browser` is the single home of web-sys, `worker` carries the crates' functions out in workers,
//! `page` has the views; these three exist for wasm32 only. [`protocol`] has the messages between
//! page and workers. What needs no browser lives in `crates/`: see docs/architecture.md.

pub mod entry_matching;
pub mod protocol;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod page;
#[cfg(target_arch = "wasm32")]
pub mod worker;
