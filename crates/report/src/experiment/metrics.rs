//! From a period's run to the numbers that are compared.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::model::PRIMARIES;
use super::view::MetricUnit;
use super::wire::MarginsFile;
use crate::run::wire::RunFile;
use crate::run::{RunError, hist};
use fwit_model::dialect::Kind;
use fwit_quantities::sample::{Measure, Outcome};
use fwit_stats::buckets::{Buckets, Shown, displayable};
use fwit_stats::recorder::new_histogram;
use fwit_stats::survival;
use fwit_stats::verdict::Metric;

/// One period's numbers. Latencies are what the cluster took (redirects and
/// service), in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// Answers a second.
    pub throughput: f64,
    /// Reads, writes, all operations.
    pub groups: [Latency; 3],
    /// Operation by operation.
    pub by_op: BTreeMap<String, Latency>,
    /// Failed requests as a share.
    pub error_share: f64,
}

/// Latencies of some operations, µs.
#[derive(Clone, Debug)]
pub(super) struct Latency {
    /// Of answers.
    pub answers: Buckets,
    cut: Option<Box<Cut>>,
}

/// Where some times are known by a lower bound only: answers and bounds.
#[derive(Clone, Debug)]
struct Cut {
    answers: Histogram<u64>,
    bounds: Histogram<u64>,
}

impl Latency {
    pub(super) fn of(answers: &Histogram<u64>, bounds: &Histogram<u64>) -> Latency {
        let cut = || Box::new(Cut { answers: answers.clone(), bounds: bounds.clone() });
        Latency { answers: Buckets::from_histogram(answers), cut: (!bounds.is_empty()).then(cut) }
    }

    /// A percentile, interpolated so that periods of unequal counts compare; `None` with too few
    /// samples.
    pub(super) fn at(&self, p: f64) -> Option<f64> {
        let bounds = self.cut.as_ref().map_or(0, |cut| cut.bounds.len());
        if displayable(p, self.answers.total().saturating_add(bounds)) == Shown::Hidden {
            return None;
        }
        let Some(cut) = &self.cut else { return self.answers.interpolated(p) };
        // Where it falls among times of which only a lower bound is known, the largest of all
        // stands for it: leaving the period out would leave out what failed most.
        let found = survival::interpolated(&cut.answers, &cut.bounds, p);
        Some(found.unwrap_or_else(|| cut.answers.max().max(cut.bounds.max()) as f64))
    }

    /// Whether the percentile is told by a lower bound.
    fn is_bound(&self, p: f64) -> bool {
        let bound = |cut: &Cut| survival::interpolated(&cut.answers, &cut.bounds, p).is_none();
        self.cut.as_deref().is_some_and(bound)
    }
}

/// What a group of operations is called; places in [`Measured::groups`].
pub(super) const GROUPS: [&str; 3] = ["reads", "writes", "all operations"];

/// A metric.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// Answers a second.
    Throughput,
    /// A percentile of reads (0), writes (1) or all (2).
    Group(usize, f64),
    /// A percentile of one operation.
    Op(String, f64),
}

/// The names of the primary metrics, in the order of tables.
pub const PRIMARY_NAMES: [&str; PRIMARIES] =
    ["throughput", "read p50", "read p99", "write p50", "write p99"];

/// The primary metrics, in the order of tables.
pub(super) fn primaries() -> [What; PRIMARIES] {
    use What::{Group, Throughput};
    [Throughput, Group(0, 0.5), Group(0, 0.99), Group(1, 0.5), Group(1, 0.99)]
}

/// Further metrics: uncorrected, exploratory.
pub(super) fn exploratory(periods: &[Measured]) -> Vec<What> {
    let mut list =
        vec![What::Group(0, 0.9), What::Group(1, 0.9), What::Group(2, 0.5), What::Group(2, 0.99)];
    let mut names: Vec<&String> = Vec::new();
    for name in periods.iter().flat_map(|p| p.by_op.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        list.extend([0.5, 0.99].map(|p| What::Op(name.clone(), p)));
    }
    list
}

impl What {
    /// Its value in a period; `None` where the period has too few answers for it.
    pub(super) fn of(&self, period: &Measured) -> Option<f64> {
        let value = match self {
            What::Throughput => Some(period.throughput),
            What::Group(group, p) => period.groups.get(*group)?.at(*p),
            What::Op(op, p) => period.by_op.get(op)?.at(*p),
        };
        value.filter(|v| v.is_finite() && *v > 0.0)
    }

    /// Whether its value in a period is only a lower bound of it.
    pub(super) fn is_bound(&self, period: &Measured) -> bool {
        match self {
            What::Throughput => false,
            What::Group(group, p) => period.groups.get(*group).is_some_and(|g| g.is_bound(*p)),
            What::Op(op, p) => period.by_op.get(op).is_some_and(|o| o.is_bound(*p)),
        }
    }

    pub(super) fn metric(&self, margins: &MarginsFile) -> Metric {
        match self {
            What::Throughput => margins.of(Metric::throughput(), None),
            What::Group(group, p) => {
                let name = ["read", "write", "all"].get(*group).copied().unwrap_or_default();
                margins.of(Metric::latency(name, *p), Some(*p))
            }
            What::Op(op, p) => margins.of(Metric::latency(op, *p), Some(*p)),
        }
    }

    pub(super) fn unit(&self) -> MetricUnit {
        if *self == What::Throughput { MetricUnit::PerSecond } else { MetricUnit::Micros }
    }
}

/// How many requests of a run were answered, and how many failed.
pub(super) fn answers_and_errors(run: &RunFile) -> [u64; 2] {
    let (mut answers, mut errors) = (0_u64, 0_u64);
    for counts in run.totals.values() {
        for (outcome, count) in Outcome::ALL.into_iter().zip(counts.outcomes()) {
            answers = answers.saturating_add(if outcome.is_answer() { count } else { 0 });
            errors = errors.saturating_add(if outcome.is_error() { count } else { 0 });
        }
    }
    [answers, errors]
}

/// The numbers of a period; latencies of this measure.
pub(super) fn measured(run: &RunFile, measure: Measure) -> Result<Measured, RunError> {
    // Of answers, and of lower bounds.
    let empty = || [new_histogram(), new_histogram()];
    let mut groups: [[Histogram<u64>; 2]; 3] = std::array::from_fn(|_| empty());
    let mut by_op: BTreeMap<String, [Histogram<u64>; 2]> = BTreeMap::new();
    let answered = run.latency.iter().map(|e| (0, &e.op, e.measure, &e.hist));
    let cut = run.censored.iter().map(|e| (1, &e.op, e.measure, &e.hist));
    for (side, op, of, text) in answered.chain(cut) {
        if of != measure {
            continue;
        }
        let histogram = hist::decode(text).map_err(|what| RunError::Broken {
            place: format!("latency of “{op}” in run {}", run.id),
            what,
        })?;
        let kind = run.operations.iter().find(|o| o.name == *op).map(|o| o.kind);
        let group = match kind {
            Some(Kind::Read) => groups.first_mut(),
            Some(Kind::Write) => groups.get_mut(1),
            _ => None,
        };
        // Growing histograms take every value.
        group.map(|g| g[side].add(&histogram).ok());
        groups[2][side].add(&histogram).ok();
        by_op.entry(op.clone()).or_insert_with(empty)[side].add(&histogram).ok();
    }
    let [answers, errors] = answers_and_errors(run);
    let completed = run.counts.iter().fold(0_u64, |sum, c| sum.saturating_add(c.completed()));
    let seconds = run.window.measured_s;
    let ended = answers.saturating_add(errors);
    Ok(Measured {
        // Without any answer the rate is not 0, which has no ratio, but below one answer.
        throughput: if seconds > 0.0 { (completed as f64).max(0.5) / seconds } else { 0.0 },
        groups: groups.each_ref().map(|[answers, bounds]| Latency::of(answers, bounds)),
        by_op: BTreeMap::from_iter(
            by_op.iter().map(|(op, [answers, bounds])| (op.clone(), Latency::of(answers, bounds))),
        ),
        error_share: if ended == 0 { 0.0 } else { errors as f64 / ended as f64 },
    })
}
