//! What the page says: words and figures for people, and the small state machines behind its views.
//!
//! May not enter: the browser, Leptos, drawing, statistics.
//! Called by: page. Calls: plan, run's view, units.
//! Invariant: pure functions of plain data, so that everything the page says is tested natively.
//! Tests: beside the code.

pub mod charts;
pub mod experiment;
pub mod figure;
pub mod form;
pub mod inbox;
pub mod library;
pub mod method;
pub mod sentence;
pub mod shift;
pub mod table;
