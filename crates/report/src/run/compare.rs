//! Compares two or more runs side by side: what differs between their plans, and in their numbers.
//!
//! May not enter: statistics (intervals come from `run::intervals`; whether a change made the
//! difference, only an experiment can say), drawing.
//! Invariant: the first run is the one that the others are compared with. A change is claimed only
//! where both percentiles may be shown in full, and nothing here is called significant.
//! Tests: beside the code.

use serde::Serialize;

use super::intervals::same_setting;
use super::view::{LatencyGroupsView, Measure, PERCENTILES, Row, RunView, Shown, shown};
use fwit_quantities::ratio::{Kind, points_words, ratio_words};

mod notes;
mod plans;

pub use notes::{Head, Mixture};
use notes::{mixture, notes, two_clocks};
pub use plans::PlanDifference;
use plans::plan_differences;

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Events a second.
    PerSecond,
    /// Microseconds.
    Micros,
    /// 0 to 1.
    Share,
    /// A bare number.
    Count,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither.
    Neither,
}

/// Whether a value went the good way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tendency {
    /// It did.
    Better,
    /// It went the other way.
    Worse,
    /// Less than half a percent apart.
    Same,
    /// Apart, and neither way is better; or too few samples to say.
    Neutral,
}

/// How a value differs from the first run's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Value less the first run's, in the metric's unit.
    pub difference: f64,
    /// Value over the first run's; `None` where that is zero.
    pub ratio: Option<f64>,
    /// Which way it went.
    pub tendency: Tendency,
    /// `12.3 % faster`, `half as long`, `2.40 times as high`, `+2.10 points`.
    pub words: String,
    /// 95 % interval of the ratio, of the noise within the two runs; `None` where it is not known
    /// (yet) or can't be given.
    pub interval: Option<[f64; 2]>,
    /// The ratio of the control, a run of the first's setting, to the first: what that setting
    /// moved by itself.
    pub control: Option<f64>,
    /// 95 % interval of that ratio.
    pub control_interval: Option<[f64; 2]>,
}

/// One metric over all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// The operation, `None` for the whole run.
    pub op: Option<String>,
    /// `throughput`, `p50`, `errors` …
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// A value a run; `None` where the run has none or too few samples.
    pub values: Vec<Option<f64>>,
    /// Whether each value rests on enough samples (n >= 10 / (1 - p)).
    pub reliable: Vec<bool>,
    /// Whether each value is a lower bound only: requests that were given up are among the slowest.
    pub beyond: Vec<bool>,
    /// How each differs from the first; `None` for the first, and where one of both has no value.
    pub changes: Vec<Option<Change>>,
}

/// A run of the first run's setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// Its place among the runs compared; `None` for one of the library.
    pub run: Option<usize>,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Latency against the first run's at one percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShiftPoint {
    /// The percentile, 0 to 1.
    pub p: f64,
    /// Value over the first run's.
    pub ratio: f64,
    /// 95 % interval of the ratio.
    pub interval: [f64; 2],
}

/// Runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The latency that percentiles are of.
    pub measure: Measure,
    /// The runs; the first is the one the others are compared with.
    pub runs: Vec<Head>,
    /// What differs between the plans, but for their names.
    pub plan_differences: Vec<PlanDifference>,
    /// All metrics: the whole runs first, then operation by operation.
    pub metrics: Vec<Metric>,
    /// What to keep in mind, a sentence each.
    pub notes: Vec<String>,
    /// What the intervals say, a sentence a run; empty before they are there.
    pub findings: Vec<String>,
    /// A run of the first run's setting, where there is one.
    pub control: Option<Control>,
    /// What the control shows.
    pub control_says: Vec<String>,
    /// The shift function of each run against the first; empty for the first.
    pub shift: Vec<Vec<ShiftPoint>>,
    /// The camps of each run.
    #[serde(rename = "camps")]
    pub latency_groups: Vec<LatencyGroupsView>,
}

impl Comparison {
    /// Which kinds of runs are compared.
    #[must_use]
    pub fn mixture(&self) -> Mixture {
        mixture(&self.runs)
    }
}

/// A percentile's name: `p50`, `p99.9`.
#[must_use]
pub fn percentile_name(p: f64) -> String {
    format!("p{}", (p * 1_000_000.0).round() / 10_000.0)
}

/// The label of run number `i`: A to Z, then A2 …
#[must_use]
pub fn letter(i: usize) -> String {
    let letter = char::from(b'A' + (i % 26) as u8);
    if i < 26 { letter.to_string() } else { format!("{letter}{}", i / 26 + 1) }
}

/// Compares runs with the first of them. `labels` name them; missing ones are [`letter`]s.
#[must_use]
pub fn compare(runs: &[&RunView], labels: &[String], measure: Measure) -> Comparison {
    let heads: Vec<Head> = runs
        .iter()
        .enumerate()
        .map(|(i, run)| Head {
            label: labels
                .get(i)
                .filter(|l| !l.trim().is_empty())
                .cloned()
                .unwrap_or_else(|| letter(i)),
            id: run.id.clone(),
            name: run.name.clone(),
            started_at: run.started_at.clone(),
            measured_s: run.measured_s,
            time_source: match &run.source {
                Some(source) => source.tool.clone(),
                None if run.simulated => "simulated".into(),
                None => run.time_sources.label(),
            },
            simulated: run.simulated,
            foreign: run.source.is_some(),
        })
        .collect();
    let measure = if two_clocks(runs) { Measure::Response } else { measure };
    let mut metrics = whole_run(runs, measure);
    for op in operations(runs) {
        let rows: Vec<Option<&Row>> = runs
            .iter()
            .map(|r| r.by_op.iter().find(|row| row.op.as_deref() == Some(&op)))
            .collect();
        metrics.push(of_rows(
            Some(&op),
            "throughput",
            Unit::PerSecond,
            Better::Higher,
            &rows,
            |row| row.rate_per_s,
        ));
        if runs.iter().any(|run| run.source.is_some()) {
            metrics.push(mean(Some(&op), &rows, measure));
        }
        for i in [0, 1, 3] {
            metrics.push(percentile(Some(&op), &rows, measure, i));
        }
        metrics.push(of_rows(
            Some(&op),
            "errors",
            Unit::Share,
            Better::Lower,
            &rows,
            Row::error_share,
        ));
    }
    if runs.iter().any(|run| run.source.is_some()) {
        // What no file has is no row.
        metrics.retain(|metric| metric.values.iter().any(Option::is_some));
    }
    mind_failures(&mut metrics, runs);
    Comparison {
        measure,
        notes: notes(runs, &heads),
        runs: heads,
        plan_differences: plan_differences(runs),
        metrics,
        findings: Vec::new(),
        control: control_among(runs),
        control_says: Vec::new(),
        shift: Vec::new(),
        latency_groups: runs.iter().map(|r| r.latency_groups.clone()).collect(),
    }
}

/// The first run after the first that has its setting.
fn control_among(runs: &[&RunView]) -> Option<Control> {
    let (first, others) = runs.split_first()?;
    let at = others.iter().position(|run| same_setting(&first.plan_json, &run.plan_json))?;
    others.get(at).map(|run| Control {
        run: Some(at + 1),
        id: run.id.clone(),
        name: run.name.clone(),
    })
}

fn whole_run(runs: &[&RunView], measure: Measure) -> Vec<Metric> {
    let rows: Vec<Option<&Row>> = runs.iter().map(|r| Some(&r.total)).collect();
    let mut list =
        vec![of_rows(None, "throughput", Unit::PerSecond, Better::Higher, &rows, |row| {
            row.rate_per_s
        })];
    if runs.iter().any(|run| run.source.is_some()) {
        list.push(mean(None, &rows, measure));
    }
    list.extend((0..PERCENTILES.len()).map(|i| percentile(None, &rows, measure, i)));
    list.push(of_rows(None, "errors", Unit::Share, Better::Lower, &rows, Row::error_share));
    list.push(of_rows(None, "redirected", Unit::Share, Better::Neither, &rows, |row| {
        if row.issued == 0 { 0.0 } else { row.redirected as f64 / row.issued as f64 }
    }));
    let effective = runs.iter().map(|r| Some(r.concurrency.effective)).collect();
    list.push(metric(
        None,
        "effective concurrency",
        Unit::Count,
        Better::Neither,
        effective,
        vec![true; runs.len()],
    ));
    let waiting =
        runs.iter().map(|r| r.source.is_none().then_some(r.concurrency.waiting)).collect();
    let simulated = runs.iter().all(|r| r.simulated);
    if runs.iter().any(|run| run.source.is_none()) {
        list.push(metric(
            None,
            if simulated { "waiting for a slot" } else { "waiting in the browser" },
            Unit::Count,
            Better::Lower,
            waiting,
            vec![true; runs.len()],
        ));
    }
    list
}

/// The mean: some files of other tools have no more.
fn mean(op: Option<&str>, rows: &[Option<&Row>], measure: Measure) -> Metric {
    let value = |row: &&Row| {
        let summary = row.measure(measure);
        (summary.count > 0 && summary.has_mean()).then_some(summary.mean_us)
    };
    let values: Vec<_> = rows.iter().map(|row| row.as_ref().and_then(value)).collect();
    let reliable = rows
        .iter()
        .map(|row| row.is_some_and(|row| shown(0.5, row.measure(measure).count) == Shown::Full))
        .collect();
    metric(op, "mean", Unit::Micros, Better::Lower, values, reliable)
}

fn percentile(op: Option<&str>, rows: &[Option<&Row>], measure: Measure, i: usize) -> Metric {
    let p = PERCENTILES[i];
    let summaries: Vec<_> = rows.iter().map(|row| row.map(|r| *r.measure(measure))).collect();
    let value = |row: &Row| {
        let enough = shown(p, row.measure(measure).samples()) != Shown::Hidden;
        enough.then(|| row.compared_us(measure, i))?
    };
    let values = rows.iter().map(|row| row.and_then(value)).collect();
    let reliable =
        summaries.iter().map(|s| s.is_some_and(|s| shown(p, s.samples()) == Shown::Full)).collect();
    let name = percentile_name(p);
    let mut metric = metric(op, &name, Unit::Micros, Better::Lower, values, reliable);
    // A bound has no ratio to anything.
    metric.beyond = summaries.iter().map(|s| s.is_some_and(|s| s.is_beyond(i))).collect();
    let first = metric.beyond.first().copied().unwrap_or_default();
    for (change, beyond) in metric.changes.iter_mut().zip(&metric.beyond) {
        change.take_if(|_| first || *beyond);
    }
    metric
}

/// A run of which this much more failed is not called better in anything else.
const FAILURES: f64 = 0.001;

/// Takes "better" from where more requests fail, and "worse" where fewer do: requests that fail are
/// in no latency, and make room for others.
fn mind_failures(metrics: &mut [Metric], runs: &[&RunView]) {
    let shares: Vec<f64> = runs.iter().map(|run| run.total.error_share()).collect();
    let Some(first) = shares.first() else { return };
    for metric in metrics.iter_mut().filter(|m| m.name != "errors") {
        for (change, share) in metric.changes.iter_mut().zip(&shares) {
            let Some(change) = change else { continue };
            let more = *share > first + FAILURES && change.tendency == Tendency::Better;
            let fewer = *share < first - FAILURES && change.tendency == Tendency::Worse;
            if more || fewer {
                change.tendency = Tendency::Neutral;
                change.words.push_str(if more {
                    ", but more failed"
                } else {
                    ", but fewer failed"
                });
            }
        }
    }
}

fn of_rows(
    op: Option<&str>,
    name: &str,
    unit: Unit,
    better: Better,
    rows: &[Option<&Row>],
    value: fn(&Row) -> f64,
) -> Metric {
    let values: Vec<_> = rows.iter().map(|row| row.filter(|r| r.issued > 0).map(value)).collect();
    let reliable = values.iter().map(Option::is_some).collect();
    metric(op, name, unit, better, values, reliable)
}

fn metric(
    op: Option<&str>,
    name: &str,
    unit: Unit,
    better: Better,
    values: Vec<Option<f64>>,
    reliable: Vec<bool>,
) -> Metric {
    let first = values.first().copied().flatten().zip(reliable.first().copied());
    let changes = values
        .iter()
        .zip(&reliable)
        .enumerate()
        .map(|(i, (value, sure))| match (i, first, value) {
            (1.., Some((first, first_sure)), Some(value)) => {
                Some(change(first, *value, unit, better, first_sure && *sure))
            }
            _ => None,
        })
        .collect();
    Metric {
        op: op.map(ToString::to_string),
        name: name.into(),
        unit,
        better,
        beyond: vec![false; values.len()],
        values,
        reliable,
        changes,
    }
}

fn change(first: f64, value: f64, unit: Unit, better: Better, sure: bool) -> Change {
    let difference = value - first;
    let ratio = (first != 0.0).then(|| value / first);
    // Shares and counts near zero have no ratio worth a word.
    let same = match ratio {
        Some(ratio) => (ratio - 1.0).abs() < 0.005,
        None => value == 0.0,
    };
    let tendency = match better {
        _ if same => Tendency::Same,
        Better::Neither => Tendency::Neutral,
        _ if !sure => Tendency::Neutral,
        Better::Higher if difference > 0.0 => Tendency::Better,
        Better::Lower if difference < 0.0 => Tendency::Better,
        _ => Tendency::Worse,
    };
    let words = match (unit, ratio) {
        _ if same => "the same".into(),
        (Unit::Share, _) => points_words(difference),
        (_, None) => "up from 0".into(),
        (Unit::Micros, Some(ratio)) => ratio_words(ratio, Kind::LATENCY),
        (Unit::PerSecond | Unit::Count, Some(ratio)) => ratio_words(ratio, Kind::HEIGHT),
    };
    Change {
        difference,
        ratio,
        tendency,
        words,
        interval: None,
        control: None,
        control_interval: None,
    }
}

/// All operations of all runs, in the order of the first run that has them.
fn operations(runs: &[&RunView]) -> Vec<String> {
    let mut ops: Vec<String> = Vec::new();
    for row in runs.iter().flat_map(|r| &r.by_op) {
        if let Some(op) = row.op.as_ref().filter(|op| !ops.contains(op)) {
            ops.push(op.clone());
        }
    }
    ops
}

#[cfg(test)]
mod tests;
