//! Charts as data: scales, ticks and scenes computed from a run's numbers and what the reader has zoomed.
//!
//! May not enter: web-sys, Leptos, fonts, colour literals other than the two export palettes, statistics (a chart
//! draws intervals, it does not estimate them).
//! Called by: `browser` (which paints a [`Scene`](scene::Scene)), `page`, `export`. Calls: nothing of ours.
//! Invariant: the same data, view, size and text measure give the same scene; no input panics; nothing is
//! allocated per data point beyond the decimated columns.
//! Tests: beside the code; text width is an argument, so they need no font.

pub mod ink;
pub mod ramp;
pub mod scene;

pub mod axis;
pub mod decimate;
pub mod number;
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
pub mod view;

pub mod sign;
pub mod svg;
