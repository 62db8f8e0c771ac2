//! Prints how often the intervals of a single run hold the truth, and how many runs get none: a
//! Markdown table for docs/statistics.md.
//!
//! `cargo run --release -p fwit-stats --example single_run_coverage [runs a cell]` (default 2,000).
//! Runs are drawn with fixed seeds; what they are is told in tests/common/sections.rs.

use std::io::Write;

#[path = "../tests/common/sections.rs"]
mod common;

use common::{Hits, coverage};
use fwit_stats::special::clopper_pearson;

fn main() -> std::io::Result<()> {
    let runs = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(2_000);
    let mut out = std::io::stdout().lock();
    writeln!(out, "| seconds | AR(1) | throughput | p50 | p99 | no interval |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    for seconds in [60, 120, 300, 600] {
        for phi in [0.0, 0.7, 0.9] {
            let hits = coverage(seconds, phi, runs);
            let cells: Vec<String> = hits.iter().map(cell).collect();
            let none: Vec<String> = hits.iter().map(without).collect();
            writeln!(out, "| {seconds} | {phi} | {} | {} |", cells.join(" | "), none.join(", "))?;
            out.flush()?;
        }
    }
    Ok(())
}

/// `95.1 % (94.0 to 96.0)`.
fn cell(hits: &Hits) -> String {
    let [low, high] = clopper_pearson(hits.held, hits.given, 0.95).map(|share| share * 100.0);
    format!("{:.1} % ({low:.1} to {high:.1})", hits.held as f64 / hits.given as f64 * 100.0)
}

fn without(hits: &Hits) -> String {
    format!("{:.1} %", (hits.runs - hits.given) as f64 / hits.runs as f64 * 100.0)
}
