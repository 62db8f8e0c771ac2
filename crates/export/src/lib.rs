//! A run in the forms that people and other tools read: an HTML report, a Markdown table, CSV,
//! HdrHistogram's two texts, OpenMetrics.
//!
//! Owns: the forms of a run that leave fwit ([`Form`]), which of them a run can have, their
//! escaping, the report's style. Its own file form is `fwit-report`'s.
//!
//! May not enter: the browser, clocks, statistics, wording that a view has too (`fwit-present` has
//! it).
//!
//! Invariant: pure functions of the run; every figure is one of the run's view or of its file's
//! histograms. No input panics. What a run holds is text to all forms: no name, address or message
//! of it becomes markup, a formula or another line.
//!
//! Tests: beside the code and in tests/: golden files, what fwit's importers read back, hostile and
//! empty runs; `cargo test -p fwit-export`.

mod cells;
mod comparison;
mod error;
mod export;
mod form;
mod hgrm;
mod histograms;
mod hlog;
mod html;
mod markdown;
mod metrics;
mod seconds;
mod summary;
mod when;

pub use comparison::comparison;
pub use error::ExportError;
pub use export::export;
pub use form::{Choice, Document, Form};
