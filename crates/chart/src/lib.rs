//! Charts as data: scales, ticks and scenes, computed from numbers and what the reader has zoomed.
//!
//! Owns: the geometry of every chart, its SVG, and the colours of both themes.
//!
//! May not enter: web-sys, Leptos, fonts, runs, statistics (a chart draws intervals, it does not
//! estimate them). Imports no other crate of fwit.
//!
//! Invariant: the same data, view, size and text measure give the same scene. No input panics.
//! Nothing is allocated per data point beyond the decimated columns.
//!
//! Tests: beside the code; text width is an argument, so they need no font; `cargo test -p
//! fwit-chart`.

pub mod ink;
pub mod ramp;
pub mod scene;

pub mod axis;
pub mod decimate;
pub mod number;
pub mod region;
pub mod scale;
pub mod ticks;

pub mod figure;
pub mod heatmap;
pub mod histogram;
pub mod interval;
pub mod line;
pub mod paired;
pub mod percentile;
pub mod strip;
pub mod swarm;
pub mod viewport;

mod bitmap;
pub mod sign;
pub mod svg;
