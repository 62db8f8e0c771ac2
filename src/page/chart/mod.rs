//! Charts in the page: a figure with legend, cursor, table and export around any [`crate::chart::figure::Chart`].
//!
//! May not enter: arithmetic on data (that is `chart`'s), painting (`browser::canvas`'s), choice of what to show.
//! Called by: the other views of `page`. Calls: `chart`, `browser`.
//! Invariant: one frame is drawn however many signals changed; a pointer move repaints the overlay only.
//! Tests: the reducer, scenes and texts natively in `chart`; the components in a browser.

mod figure;
mod legend;
mod plot;
mod slot;
mod table;

pub use slot::Slot;
