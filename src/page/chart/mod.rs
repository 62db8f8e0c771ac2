//! Charts in the page: a figure with legend, cursor, table and export around any
//! [`fwit_chart::figure::Chart`].
//!
//! May not enter: arithmetic on data (`chart` has it), painting (`browser::canvas` has it), the
//! choice of what is shown (`page::charts` has it).
//! Invariant: however many signals change, one frame is drawn; a pointer move repaints the overlay
//! only.
//! Tests: the reducer, scenes and texts natively in `chart`; the components in a browser.

mod figure;
mod legend;
mod plot;
mod slot;
mod table;

pub use slot::Slot;
