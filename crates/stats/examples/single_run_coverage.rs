//! Prints how often the intervals of a single run hold the truth, and how many runs get none: a
//! Markdown table for docs/statistics.md.
//!
//! `cargo run --release -p fwit-stats --example single_run_coverage [runs a cell]` (default 2,000).
//! Runs are drawn with fixed seeds; what they are is told in tests/common/sections.rs.

use std::io::Write;

#[path = "../tests/common/sections.rs"]
mod common;
#[path = "common/share.rs"]
mod share;

use common::{Hits, coverage};
use share::share;

fn main() -> std::io::Result<()> {
    let runs = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(2_000);
    let mut out = std::io::stdout().lock();
    writeln!(out, "| seconds | AR(1) | throughput | p50 | p99 | no interval |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    for seconds in [60, 120, 300, 600] {
        for phi in [0.0, 0.7, 0.9] {
            let hits = coverage(seconds, phi, runs);
            let cells: Vec<String> = hits.iter().map(|h| share(h.held, h.given)).collect();
            let none: Vec<String> = hits.iter().map(without).collect();
            writeln!(out, "| {seconds} | {phi} | {} | {} |", cells.join(" | "), none.join(", "))?;
            out.flush()?;
        }
    }
    Ok(())
}

fn without(hits: &Hits) -> String {
    format!("{:.1} %", (hits.runs - hits.given) as f64 / hits.runs as f64 * 100.0)
}
