//! The run's seconds as CSV: a row a second for the run, and one for each operation in it.

use fwit_report::run::RunError;
use fwit_report::run::view::RunView;
use fwit_report::run::wire::{RunFile, SecondFile, SecondOpFile};
use fwit_stats::sparse::Sparse;

use crate::cells;
use crate::error::ExportError;
use crate::summary::number;
use crate::when;

/// Percentiles of each latency of a second, and their names.
const AT: [(&str, f64); 3] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];

/// The text of the table.
pub(crate) fn csv(file: &RunFile, view: &RunView) -> Result<String, ExportError> {
    let mut header: Vec<String> =
        ["second", "time_utc", "phase", "scope", "operation", "answers", "errors", "aborted"]
            .map(String::from)
            .into();
    for measure in ["cluster", "response"] {
        header.extend(AT.map(|(name, _)| format!("{measure}_{name}_us")));
        header.push(format!("{measure}_max_us"));
    }
    header.extend(["in_flight", "waiting", "target"].map(String::from));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let ops: Vec<&str> = view.ops.iter().map(|(op, _)| op.as_str()).collect();
    let mut rows = Vec::new();
    for second in &file.series.seconds {
        rows.extend(of_second(file, second, &ops)?);
    }
    cells::csv(&header, rows)
}

/// When in a run a second is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before what counts.
    WarmUp,
    /// In the measured window, or at least its beginning is.
    Measured,
    /// After it: the last answers.
    Drain,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Phase::WarmUp => "warm-up",
            Phase::Measured => "measured",
            Phase::Drain => "drain",
        }
    }
}

/// The phase in which a second begins.
pub(crate) fn phase(file: &RunFile, t_s: u32) -> Phase {
    let (at, window) = (f64::from(t_s), file.window);
    if at < window.warmup_s {
        Phase::WarmUp
    } else if at < window.warmup_s + window.measured_s {
        Phase::Measured
    } else {
        Phase::Drain
    }
}

/// A second's rows: the run's, then one an operation, whether it had answers or not.
fn of_second(
    file: &RunFile,
    second: &SecondFile,
    ops: &[&str],
) -> Result<Vec<Vec<String>>, RunError> {
    let lead = |scope: &str, op: &str| {
        vec![
            second.t_s.to_string(),
            when::at_second(&file.started_at, second.t_s),
            phase(file, second.t_s).name().to_string(),
            scope.to_string(),
            cells::text(op),
        ]
    };
    let mut all = (0_u64, 0_u64, 0_u64, Sparse::default(), Sparse::default());
    let mut of_ops = Vec::new();
    let none = SecondOpFile::default();
    for cell in second.ops.values() {
        let (cluster, response) = latencies(second, cell)?;
        all.0 += u64::from(cell.answers);
        all.1 += u64::from(cell.errors);
        all.2 += u64::from(cell.aborted);
        all.3.merge(&cluster);
        all.4.merge(&response);
    }
    for op in ops {
        let cell = second.ops.get(*op).unwrap_or(&none);
        let (cluster, response) = latencies(second, cell)?;
        let mut row = lead("operation", op);
        row.extend([cell.answers, cell.errors, cell.aborted].map(|n| n.to_string()));
        row.extend(figures(&cluster).into_iter().chain(figures(&response)));
        row.extend([String::new(), String::new(), String::new()]);
        of_ops.push(row);
    }
    let mut row = lead("run", "");
    row.extend([all.0, all.1, all.2].map(|n| n.to_string()));
    let mut cluster = figures(&all.3);
    if let (true, Some([p50, p99])) = (all.3.is_empty(), second.given_us) {
        // Another tool's percentiles of the second, where it has no distribution.
        cluster = vec![p50.to_string(), String::new(), p99.to_string(), String::new()];
    }
    row.extend(cluster.into_iter().chain(figures(&all.4)));
    row.extend([second.in_flight, second.waiting].map(|n| number(f64::from(n))));
    row.push(second.target.map_or_else(String::new, |n| number(f64::from(n))));
    Ok(std::iter::once(row).chain(of_ops).collect())
}

fn latencies(second: &SecondFile, cell: &SecondOpFile) -> Result<(Sparse, Sparse), RunError> {
    let read = |gaps: &[u32]| {
        Sparse::from_gaps(gaps).ok_or_else(|| RunError::Broken {
            place: format!("series, second {}", second.t_s),
            what: "its numbers are not a sparse histogram".into(),
        })
    };
    Ok((read(&cell.cluster)?, read(&cell.response)?))
}

/// Percentiles and maximum of a second, µs; empty cells without answers.
fn figures(sparse: &Sparse) -> Vec<String> {
    let at = |p| sparse.at(p).map_or_else(String::new, |us| us.to_string());
    AT.map(|(_, p)| at(p)).into_iter().chain([at(1.0)]).collect()
}
