//! The importers, one file each: how a file of each tool is recognized by its content, and read.
//!
//! May not enter: what a run's file looks like (`draft` makes it).
//! Invariant: at most one importer recognizes a file; none panics, whatever is in it.
//! Tests: tests/, over the fixtures of each.

mod fwit_t;
mod gatling;
mod hey;
mod hyperfoil;

use crate::draft::Draft;
use crate::error::ImportError;
use crate::input::Input;

/// One kind of file.
#[derive(Debug)]
pub struct Importer {
    /// The tool's name, for people.
    pub tool: &'static str,
    /// Which of its files.
    pub form: &'static str,
    /// Whether a file that begins like this is one. It sees up to 64 KiB.
    pub recognizes: fn(&[u8]) -> bool,
    /// Reads all runs of the file.
    pub read: fn(&mut Input<'_>) -> Result<Vec<Draft>, ImportError>,
}

/// All importers; the first that recognizes a file reads it.
pub const ALL: &[&Importer] = &[
    &fwit_t::LOG,
    &gatling::STATS,
    &gatling::LOG,
    &gatling::OTHERS,
    &hey::CSV,
    &hyperfoil::ALL_JSON,
];

/// What can be said of a file that nobody recognizes.
#[must_use]
pub fn unknown(head: &[u8]) -> String {
    let mut tools: Vec<&str> = ALL.iter().map(|i| i.tool).collect();
    tools.dedup();
    let start = String::from_utf8_lossy(head.get(..head.len().min(60)).unwrap_or_default());
    format!(
        "it begins with “{}”. Known are runs, experiments and plans of fwit, and files of {}",
        crate::error::clip(&start),
        tools.join(", ")
    )
}

/// What the CSV parser said, as an error with its line.
fn csv_error(form: &str, error: &csv::Error) -> ImportError {
    if let csv::ErrorKind::Io(io) = error.kind() {
        return crate::input::failed(io);
    }
    let line = error.position().map_or(1, csv::Position::line);
    ImportError::at_line(form, line, error.to_string())
}
