//! The latency table's columns: their cells' texts, and the order of rows by any of them.

use std::cmp::Ordering;

use super::figure::{self, Cell};
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::three_digits;
use fwit_report::run::compare::{
    Comparison, Metric, Mixture, PlanDifference, Unit, percentile_name,
};
use fwit_report::run::view::{Measure, NodeView, PERCENTILES, Row, Shown, shown};

/// A column of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Answers.
    Count,
    /// Answers a second.
    Rate,
    /// Mean, ms.
    Mean,
    /// Percentile number so many of [`PERCENTILES`], ms.
    Percentile(usize),
    /// Largest, ms.
    Max,
    /// Failed requests.
    Errors,
    /// Requests that were redirected.
    Redirected,
}

impl Column {
    /// All columns in their order.
    pub const ALL: [Column; 11] = [
        Column::Count,
        Column::Rate,
        Column::Mean,
        Column::Percentile(0),
        Column::Percentile(1),
        Column::Percentile(2),
        Column::Percentile(3),
        Column::Percentile(4),
        Column::Max,
        Column::Errors,
        Column::Redirected,
    ];

    /// Its heading.
    #[must_use]
    pub fn heading(self) -> String {
        match self {
            Column::Count => "answers".into(),
            Column::Rate => "per second".into(),
            Column::Mean => "mean".into(),
            Column::Percentile(i) => {
                PERCENTILES.get(i).copied().map(percentile_name).unwrap_or_default()
            }
            Column::Max => "max".into(),
            Column::Errors => "errors".into(),
            Column::Redirected => "redirected".into(),
        }
    }

    /// Whether it holds milliseconds.
    #[must_use]
    pub fn is_latency(self) -> bool {
        matches!(self, Column::Mean | Column::Percentile(_) | Column::Max)
    }

    /// Its cell in a row.
    #[must_use]
    pub fn cell(self, row: &Row, measure: Measure) -> Cell {
        let summary = row.measure(measure);
        match self {
            Column::Count => Cell::plain(figure::count(row.answers())),
            Column::Rate => Cell::plain(fwit_quantities::units::three_digits(row.rate_per_s)),
            Column::Mean => Cell::plain(figure::mean_and_max(summary).0),
            Column::Percentile(i) => figure::percentile_cell(summary, i),
            Column::Max => Cell::plain(figure::mean_and_max(summary).1),
            Column::Errors => {
                let text = figure::count(row.errors());
                let why = (row.errors() > 0).then(|| failures(row));
                Cell { text, shown: Shown::Full, why }
            }
            Column::Redirected => Cell::plain(figure::count(row.redirected)),
        }
    }

    fn key(self, row: &Row, measure: Measure) -> Option<f64> {
        let summary = row.measure(measure);
        let some = summary.count > 0;
        match self {
            Column::Count => Some(row.answers() as f64),
            Column::Rate => Some(row.rate_per_s),
            Column::Mean => (some && summary.has_mean()).then_some(summary.mean_us),
            Column::Percentile(i) => {
                let enough = shown(*PERCENTILES.get(i)?, summary.samples()) != Shown::Hidden;
                let visible = enough && summary.has(i);
                visible.then_some(*summary.at_us.get(i)? as f64)
            }
            Column::Max => {
                (summary.samples() > 0 && summary.has_max()).then_some(summary.max_us as f64)
            }
            Column::Errors => Some(row.errors() as f64),
            Column::Redirected => Some(row.redirected as f64),
        }
    }
}

/// A metric's value of the n-th run that is compared, with its unit; “≈” where it is of too few
/// answers.
#[must_use]
pub fn metric_value(metric: &Metric, i: usize) -> String {
    let Some(v) = metric.values.get(i).copied().flatten() else { return "–".into() };
    let text = match metric.unit {
        Unit::PerSecond => format!("{}/s", three_digits(v)),
        Unit::Micros if metric.beyond.get(i) == Some(&true) => format!("> {} ms", figure::ms(v)),
        Unit::Micros => format!("{} ms", figure::ms(v)),
        Unit::Share => figure::percent(v),
        Unit::Count => three_digits(v),
    };
    if metric.reliable.get(i) == Some(&false) { format!("≈{text}") } else { text }
}

/// A node's role, and whether it sends the timing header, in words.
#[must_use]
pub fn node_words(node: &NodeView) -> (&'static str, &'static str) {
    let role = match node.leads {
        Some(true) => "leader",
        Some(false) => "follower",
        None => "unknown",
    };
    let timing = match node.timing_header {
        Some(true) => "yes",
        Some(false) => "no",
        None => "no answer",
    };
    (role, timing)
}

/// The share of failed requests, and what they were: `2.00 %: timeout 2`.
#[must_use]
pub fn failures(row: &Row) -> String {
    format!("{}: {}", figure::percent(row.error_share()), outcomes(row))
}

/// The failed requests by class: `timeout 3, network 2`.
#[must_use]
pub fn outcomes(row: &Row) -> String {
    let failed = Outcome::ALL.into_iter().filter(|o| o.is_error() && row.count(*o) > 0);
    failed
        .map(|o| format!("{} {}", o.label(), figure::count(row.count(o))))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Sorts rows by a column, largest first or smallest first; rows without a value come last either
/// way.
pub fn sort<T>(
    rows: &mut [T],
    row: impl Fn(&T) -> &Row,
    column: Column,
    measure: Measure,
    falling: bool,
) {
    rows.sort_by(|a, b| {
        let (a, b) = (column.key(row(a), measure), column.key(row(b), measure));
        match (a, b) {
            (Some(a), Some(b)) => {
                let order = a.total_cmp(&b);
                if falling { order.reverse() } else { order }
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    });
}

/// What differs between plans: what is folded away (the parameters of a simulation, where it is
/// compared with real runs, that have none of them), and what is shown.
#[must_use]
pub fn folded(c: &Comparison) -> (Vec<&PlanDifference>, Vec<&PlanDifference>) {
    let both = c.mixture() == Mixture::Both;
    c.plan_differences.iter().partition(|d| both && d.field.starts_with("cluster.sim."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::view::Summary;

    fn row(op: &str, count: u64, p50: u64) -> Row {
        let mut outcomes = [0; 10];
        outcomes[Outcome::Ok.index()] = count;
        outcomes[Outcome::Timeout.index()] = 2;
        let cluster = Summary { count, at_us: [p50; 5], ..Summary::default() };
        Row { op: Some(op.into()), outcomes, cluster, ..Row::default() }
    }

    #[test]
    fn rows_are_sorted_by_what_is_shown() {
        let mut rows = vec![row("few", 2, 900), row("slow", 100, 500), row("fast", 100, 100)];
        let p50 = Column::Percentile(0);
        let names = |rows: &[Row]| rows.iter().filter_map(|r| r.op.clone()).collect::<Vec<_>>();
        sort(&mut rows, |r| r, p50, Measure::Cluster, true);
        assert_eq!(names(&rows), ["slow", "fast", "few"]);
        sort(&mut rows, |r| r, p50, Measure::Cluster, false);
        assert_eq!(names(&rows), ["fast", "slow", "few"]);
    }

    #[test]
    fn errors_say_what_they_were() {
        let cell = Column::Errors.cell(&row("get", 98, 1), Measure::Cluster);
        assert_eq!(cell.text, "2");
        assert_eq!(cell.why.unwrap(), "2.00\u{202f}%: timeout 2");
        assert_eq!(Column::ALL.iter().filter(|c| c.is_latency()).count(), 7);
    }

    #[test]
    fn parameters_of_a_simulation_are_folded_beside_real_runs_only() {
        use fwit_report::run::compare::compare;
        use fwit_report::run::{sample::sample, view::Measure};
        let simulated = |name: &str| {
            let plan_json =
                fwit_model::plan::wire::to_json(&fwit_model::plan::preset(name).unwrap());
            fwit_report::run::view::RunView { simulated: true, plan_json, ..sample(name, 1.0) }
        };
        let (real, sim, other) =
            (sample("a", 1.0), simulated("three regions"), simulated("busy leader"));
        let both = compare(&[&real, &sim], &[], Measure::Cluster);
        let (hidden, shown) = folded(&both);
        assert!(hidden.len() > 50 && shown.iter().any(|d| d.field == "cluster.dialect"));
        assert!(shown.iter().all(|d| !d.field.starts_with("cluster.sim.")), "{shown:?}");
        assert_eq!(folded(&compare(&[&sim, &other], &[], Measure::Cluster)).0.len(), 0);
    }
}
