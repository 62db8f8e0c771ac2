//! The browser: the single home of web-sys.
//!
//! May not enter: Leptos, statistics, policy. Called by: worker, page. Calls: protocol, chart, entity's doors.
//! Invariant: every browser resource is a handle that undoes itself on drop.
//! Tests: tests/browser, in a real browser.

pub mod canvas;
pub mod clock;
pub mod event_stream;
pub mod frame;
pub mod listener;
pub mod observe;
pub mod resource_timing;
pub mod save;
pub mod theme;
pub mod transport;
