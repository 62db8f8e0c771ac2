//! The importers, one file each: how a file of each tool is recognized by its content, and read.
//!
//! May not enter: what a run's file looks like (`draft` makes it).
//! Invariant: at most one importer recognizes a file; none panics, whatever is in it.
//! Tests: tests/, over the fixtures of each.

mod answers;
mod artillery;
mod autocannon;
mod figures;
mod fortio;
mod fwit_t;
mod gatling;
mod hdr;
mod hey;
mod hgrm;
mod hlog;
mod hyperfoil;
mod jmeter;
mod jmeter_xml;
mod k6_points;
mod k6_summary;
mod locust;
mod locust_csv;
mod locust_history;
mod oha;
mod skipped;
mod vegeta;
mod vegeta_report;
mod wrk;

use fwit_model::dialect::Kind;

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

/// Runs of one file that are kept.
pub(crate) const RUNS_MAX: usize = 200;

/// All importers; the first that recognizes a file reads it.
pub const ALL: &[&Importer] = &[
    &fwit_t::LOG,
    &hey::CSV,
    &k6_summary::SUMMARY,
    &k6_points::JSON,
    &k6_points::CSV,
    &jmeter::CSV,
    &jmeter_xml::XML,
    &autocannon::JSON,
    &oha::JSON,
    &oha::CSV,
    &vegeta::LINES,
    &vegeta::CSV,
    &vegeta_report::REPORT,
    &vegeta::GOB,
    &artillery::REPORT,
    &fortio::JSON,
    &hgrm::TEXT,
    &hlog::LOG,
    &wrk::OUTPUT,
    &locust::JSON,
    &locust_csv::STATS,
    &locust_csv::HISTORY,
    &locust_csv::FAILURES,
    &gatling::STATS,
    &gatling::LOG,
    &gatling::OTHERS,
    &hyperfoil::ALL_JSON,
];

/// Runs of one file after which its reader may stop: one more than are opened.
const RUNS_ENOUGH: usize = RUNS_MAX + 1;

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

/// Whether an operation of which only the name is known reads: it does, unless its name begins with
/// a method that writes.
fn kind_by_name(name: &str) -> Kind {
    let first = name.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let writes = ["POST", "PUT", "PATCH", "DELETE"].iter().any(|m| first.eq_ignore_ascii_case(m));
    if writes { Kind::Write } else { Kind::Read }
}
