//! The run's tables as CSV: a row an operation, node and measure, with counts, errors by kind and
//! percentiles.

use fwit_present::source::has_time;
use fwit_quantities::sample::{Measure, Outcome};
use fwit_report::run::compare::percentile_name;
use fwit_report::run::view::{PERCENTILES, Row, RunView, Shown, Summary, shown};

use crate::cells;
use crate::error::ExportError;

/// The text of the table.
pub(crate) fn csv(run: &RunView) -> Result<String, ExportError> {
    let mut header: Vec<String> =
        ["run_id", "started_at", "scope", "operation", "node", "measure"].map(String::from).into();
    header.extend(["issued", "completed", "rate_per_s", "redirected"].map(String::from));
    header.extend(Outcome::ALL.iter().map(|o| o.name().to_string()));
    header.extend(["errors", "samples", "given_up", "mean_us"].map(String::from));
    header.extend(PERCENTILES.map(|p| format!("{}_us", column(p))));
    header.extend(["max_us", "lower_bounds", "uncertain"].map(String::from));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let all = std::iter::once(("run", &run.total));
    let rows = all
        .chain(run.by_op.iter().map(|row| ("operation", row)))
        .chain(run.by_node.iter().map(|row| ("node", row)))
        .chain(run.by_op_node.iter().map(|row| ("operation and node", row)));
    // Another tool's latency is one: what stands under `cluster`.
    let measures: &[Measure] =
        if run.source.is_some() { &[Measure::Cluster] } else { &Measure::ALL };
    let rows = rows.flat_map(|(scope, row)| {
        measures.iter().map(move |measure| record(run, scope, row, *measure))
    });
    cells::csv(&header, rows)
}

/// `p50`, `p99_9`: a percentile's name as a column's.
fn column(p: f64) -> String {
    percentile_name(p).replace('.', "_")
}

fn record(run: &RunView, scope: &str, row: &Row, measure: Measure) -> Vec<String> {
    let summary = row.measure(measure);
    let started = if has_time(&run.started_at) { run.started_at.as_str() } else { "" };
    let mut out = vec![cells::text(&run.id), cells::text(started), scope.to_string()];
    out.push(cells::text(row.op.as_deref().unwrap_or_default()));
    out.push(cells::text(row.node.as_deref().unwrap_or_default()));
    out.push(measure.name().into());
    out.extend([row.issued, row.completed].map(|n| n.to_string()));
    out.push(number(row.rate_per_s));
    out.push(row.redirected.to_string());
    out.extend(Outcome::ALL.map(|o| row.count(o).to_string()));
    out.push(row.errors().to_string());
    out.extend([summary.count, summary.censored.map_or(0, |c| c.count)].map(|n| n.to_string()));
    let mean = summary.count > 0 && summary.has_mean();
    out.push(if mean { number(summary.mean_us) } else { String::new() });
    out.extend((0..PERCENTILES.len()).map(|i| percentile(summary, i)));
    let max = summary.samples() > 0 && summary.has_max();
    out.push(if max { summary.max_us.to_string() } else { String::new() });
    let names = |of: &dyn Fn(usize, f64) -> bool| {
        let all = PERCENTILES.into_iter().enumerate();
        let some = all.filter(|(i, p)| is_there(summary, *i, *p) && of(*i, *p));
        some.map(|(_, p)| column(p)).collect::<Vec<_>>()
    };
    let mut bounds = names(&|i, _| summary.is_beyond(i));
    bounds.extend((max && summary.is_max_beyond()).then(|| "max".to_string()));
    out.push(bounds.join(" "));
    out.push(names(&|_, p| shown(p, summary.samples()) == Shown::Greyed).join(" "));
    out
}

/// Whether a percentile is known and rests on enough samples to say anything.
fn is_there(summary: &Summary, i: usize, p: f64) -> bool {
    summary.has(i) && shown(p, summary.samples()) != Shown::Hidden
}

fn percentile(summary: &Summary, i: usize) -> String {
    let known = PERCENTILES.get(i).is_some_and(|p| is_there(summary, i, *p));
    let value = summary.at_us.get(i).filter(|_| known);
    value.map_or_else(String::new, u64::to_string)
}

/// A number as programs read it, without noise beyond six decimals.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain() {
        assert_eq!(
            [1.0, 0.5, 1e-9, -0.0, 1_234_567.25, f64::NAN].map(number),
            ["1", "0.5", "0", "0", "1234567.25", ""]
        );
        assert_eq!(PERCENTILES.map(column), ["p50", "p90", "p95", "p99", "p99_9"]);
    }
}
