//! What the page says: words and figures for people, form fields, routes, and the charts of runs.
//!
//! Owns: the sentences, tables and labels of every view, the draft states behind its forms, and the
//! page's addresses ([`route`]).
//!
//! May not enter: the browser, Leptos, drawing, statistics.
//!
//! Invariant: pure functions of plain data, so that all that the page says is tested natively.
//!
//! Tests: beside the code; `cargo test -p fwit-present`.

pub mod browser_share;
pub mod charts;
mod drawn;
pub mod experiment;
pub mod experiment_form;
pub mod figure;
pub mod form;
pub mod happened;
pub mod inbox;
pub mod lane_words;
pub mod lanes;
pub mod library;
pub mod library_choice;
pub mod library_edit;
pub mod library_order;
pub mod library_search;
pub mod library_words;
pub mod method;
mod over_time;
pub mod parts;
pub mod preflights;
pub mod protocol;
pub mod published;
pub mod reach;
pub mod route;
pub mod selection;
pub mod sentence;
pub mod shift;
pub mod simulated;
pub mod source;
pub mod subscribers;
pub mod table;
pub mod verification;
pub mod vitals;
