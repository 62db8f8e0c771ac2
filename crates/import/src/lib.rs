//! Other load testers' files as runs: a file, an archive of files, or several runs in one file,
//! read piece by piece.
//!
//! Owns: recognizing files by their content, unpacking them, one importer a tool, the run's file
//! that comes of it, with its source and its warnings; and the archive of fwit's own files that is
//! opened again (`pack`).
//! May not enter: the browser, views, statistics.
//! Invariant: a file is taken as hostile: it gives runs, or an error that says what is wrong and
//! where; never a panic, and no more memory than its limits.
//! Tests: beside the code; tests/ over fixtures that the real tools made.

pub mod draft;
pub mod error;
mod finish;
pub mod input;
mod judge;
mod open;
pub mod pack;
pub mod rows;
mod seconds;
pub mod tools;
pub mod units;
mod unpack;

pub use error::ImportError;
pub use unpack::FILES_MAX;

pub use open::{Found, ITEMS_MAX, Item, open};
