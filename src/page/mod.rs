//! The page: Leptos components that show state and pass on what the user did.
//!
//! May not enter: maths, parsing, web-sys beyond events. Called by: main. Calls: every pure module, browser.
//! Invariant: components derive; only handlers and the pump write.
//! Tests: in a browser.

pub mod chart;
