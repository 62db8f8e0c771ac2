//! A part of a run that is looked at: some seconds, some operations, some nodes; and its numbers.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::summary::summarize_cut;
use super::view::{Curve, Measure, Summary};
use super::wire::RunFile;
use super::{RunError, hist};
use fwit_quantities::sample::Outcome;
use fwit_stats::recorder::new_histogram;
use fwit_stats::sparse::{Sparse, bucket_range};

/// What is looked at. The default is the whole measured window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// From the first second to before the second, since the start, warm-up included.
    pub seconds: Option<(u32, u32)>,
    /// Operations; none means all.
    pub ops: Vec<String>,
    /// Nodes asked; none means all.
    pub nodes: Vec<String>,
}

impl Selection {
    /// Whether it is all of the measured window.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Selection::default()
    }

    fn has_op(&self, op: &str) -> bool {
        self.ops.is_empty() || self.ops.iter().any(|o| o == op)
    }

    fn has_node(&self, node: &str) -> bool {
        self.nodes.is_empty() || self.nodes.iter().any(|n| n == node)
    }
}

/// The numbers of one operation, one node, or all that is selected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SelectedRow {
    /// The operation; `None` for all.
    pub op: Option<String>,
    /// The node asked; `None` for all.
    pub node: Option<String>,
    /// Answers.
    pub answers: u64,
    /// Failed requests.
    pub errors: u64,
    /// Answers a second.
    pub rate_per_s: f64,
    /// What the cluster took.
    pub cluster: Summary,
    /// Response times.
    pub response: Summary,
}

/// The numbers of a selection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Selected {
    /// What was selected.
    pub selection: Selection,
    /// How long it lasts, s.
    pub length_s: f64,
    /// All of it.
    pub total: SelectedRow,
    /// A row an operation.
    pub by_op: Vec<SelectedRow>,
    /// A row a node asked; empty where seconds are selected, because a file keeps its seconds by
    /// operation alone.
    pub by_node: Vec<SelectedRow>,
    /// Curves of what the cluster took: all, each operation.
    pub cluster_curves: Vec<Curve>,
    /// Response time curves: all, each operation.
    pub response_curves: Vec<Curve>,
}

/// Counts and latencies.
#[derive(Clone, Default)]
struct Cell {
    answers: u64,
    errors: u64,
    cluster: Times,
    response: Times,
}

/// Latencies: of answers, and the lower bounds of what had none.
#[derive(Clone)]
struct Times {
    answers: Histogram<u64>,
    censored: Histogram<u64>,
}

impl Default for Times {
    fn default() -> Self {
        Times { answers: new_histogram(), censored: new_histogram() }
    }
}

impl Times {
    fn add(&mut self, other: &Times) {
        hist::add(&mut self.answers, &other.answers);
        hist::add(&mut self.censored, &other.censored);
    }

    fn summary(&self) -> Summary {
        summarize_cut(&self.answers, &self.censored)
    }
}

impl Cell {
    fn add(&mut self, other: &Cell) {
        self.answers = self.answers.saturating_add(other.answers);
        self.errors = self.errors.saturating_add(other.errors);
        self.cluster.add(&other.cluster);
        self.response.add(&other.response);
    }

    fn row(&self, op: Option<&str>, node: Option<&str>, length_s: f64) -> SelectedRow {
        SelectedRow {
            op: op.map(Into::into),
            node: node.map(Into::into),
            answers: self.answers,
            errors: self.errors,
            rate_per_s: super::summary::rate(self.answers, length_s),
            cluster: self.cluster.summary(),
            response: self.response.summary(),
        }
    }
}

/// The numbers of a part of a run. With seconds, latencies are of answers alone and have two
/// significant digits, as the file keeps them by the second; without, they have three, and what was
/// given up without an answer counts as longer than it was waited for.
///
/// # Errors
/// Where a part of the file can't be read.
pub fn select(file: &RunFile, selection: &Selection) -> Result<Selected, RunError> {
    let (by_op, by_node, length_s) = match selection.seconds {
        Some((from, to)) => {
            let by_op = of_seconds(file, selection, from, to)?;
            (by_op, BTreeMap::new(), f64::from(to.saturating_sub(from)))
        }
        None => {
            let (by_op, by_node) = of_window(file, selection)?;
            (by_op, by_node, file.window.measured_s)
        }
    };
    let mut total = Cell::default();
    by_op.values().for_each(|cell| total.add(cell));
    // In the order of the dialect.
    let ops: Vec<(&str, &Cell)> = file
        .operations
        .iter()
        .filter_map(|o| Some((o.name.as_str(), by_op.get(&o.name)?)))
        .collect();
    let curves = |of: fn(&Cell) -> &Histogram<u64>| -> Vec<Curve> {
        let all = std::iter::once((None, &total));
        let all = all.chain(ops.iter().map(|(op, cell)| (Some(*op), *cell)));
        all.map(|(op, cell)| curve(op, of(cell))).filter(|c| c.count > 0).collect()
    };
    Ok(Selected {
        selection: selection.clone(),
        length_s,
        by_op: ops.iter().map(|(op, cell)| cell.row(Some(op), None, length_s)).collect(),
        by_node: file
            .nodes
            .iter()
            .filter_map(|n| Some(by_node.get(&n.name)?.row(None, Some(&n.name), length_s)))
            .collect(),
        cluster_curves: curves(|cell| &cell.cluster.answers),
        response_curves: curves(|cell| &cell.response.answers),
        total: total.row(None, None, length_s),
    })
}

type Cells = BTreeMap<String, Cell>;

/// Of these seconds, by operation.
fn of_seconds(file: &RunFile, selected: &Selection, from: u32, to: u32) -> Result<Cells, RunError> {
    let mut sparse: BTreeMap<&str, (Sparse, Sparse)> = BTreeMap::new();
    let mut cells = Cells::new();
    for second in file.series.seconds.iter().filter(|s| (from..to).contains(&s.t_s)) {
        for (op, own) in second.ops.iter().filter(|(op, _)| selected.has_op(op)) {
            let cell = cells.entry(op.clone()).or_default();
            cell.answers = cell.answers.saturating_add(u64::from(own.answers));
            cell.errors = cell.errors.saturating_add(u64::from(own.errors));
            let sums = sparse.entry(op).or_default();
            sums.0.merge(&super::summary::sparse(&own.cluster, second.t_s)?);
            sums.1.merge(&super::summary::sparse(&own.response, second.t_s)?);
        }
    }
    for (op, (cluster, response)) in &sparse {
        if let Some(cell) = cells.get_mut(*op) {
            fill(&mut cell.cluster.answers, cluster);
            fill(&mut cell.response.answers, response);
        }
    }
    Ok(cells)
}

/// A bucket's values count at its middle.
fn fill(histogram: &mut Histogram<u64>, sparse: &Sparse) {
    for &(bucket, count) in sparse.cells() {
        let (low, width) = bucket_range(bucket);
        // A growing histogram takes every value.
        histogram.record_n(low + (width - 1) / 2, u64::from(count)).ok();
    }
}

/// Of the measured window, by operation and by node.
fn of_window(file: &RunFile, selected: &Selection) -> Result<(Cells, Cells), RunError> {
    let (mut by_op, mut by_node) = (Cells::new(), Cells::new());
    let has = |op: &str, node: &str| selected.has_op(op) && selected.has_node(node);
    for entry in file.counts.iter().filter(|c| has(&c.op, &c.node)) {
        let answers = entry.completed();
        let outcomes = Outcome::ALL.into_iter().zip(entry.counts.outcomes());
        let errors = outcomes.filter(|(o, _)| o.is_error()).map(|(_, n)| n).sum::<u64>();
        for cell in [by_op.entry(entry.op.clone()), by_node.entry(entry.node.clone())] {
            let cell = cell.or_default();
            cell.answers = cell.answers.saturating_add(answers);
            cell.errors = cell.errors.saturating_add(errors);
        }
    }
    let answers = file.latency.iter().map(|e| (&e.op, &e.node, e.measure, &e.hist, false));
    let bounds = file.censored.iter().map(|e| (&e.op, &e.node, e.measure, &e.hist, true));
    let wanted = answers.chain(bounds).filter(|(op, node, ..)| has(op, node));
    for (op, node, measure, text, is_bound) in wanted {
        let list = if is_bound { "censored" } else { "latency" };
        let place = || format!("{list} ({op}, {node})");
        let histogram =
            hist::decode(text).map_err(|what| RunError::Broken { place: place(), what })?;
        for cell in [by_op.entry(op.clone()), by_node.entry(node.clone())] {
            let cell = cell.or_default();
            let times = match measure {
                Measure::Cluster => &mut cell.cluster,
                Measure::Response => &mut cell.response,
                Measure::Service | Measure::Wait => continue,
            };
            let sum = if is_bound { &mut times.censored } else { &mut times.answers };
            hist::add(sum, &histogram);
        }
    }
    Ok((by_op, by_node))
}

fn curve(op: Option<&str>, h: &Histogram<u64>) -> Curve {
    let points =
        h.iter_quantiles(5).map(|v| (v.quantile_iterated_to().min(1.0), v.value_iterated_to()));
    let points = if h.is_empty() { Vec::new() } else { points.collect() };
    Curve { op: op.map(Into::into), node: None, count: h.len(), points }
}
