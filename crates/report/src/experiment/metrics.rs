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
use fwit_stats::verdict::Metric;

/// One period's numbers. Latencies are what the cluster took (redirects and
/// service), in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// Answers a second.
    pub throughput: f64,
    /// Reads, writes, all operations.
    pub groups: [Buckets; 3],
    /// Operation by operation.
    pub by_op: BTreeMap<String, Buckets>,
    /// Failed requests as a share.
    pub error_share: f64,
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
        let at = |buckets: &Buckets, p: f64| {
            (displayable(p, buckets.total()) != Shown::Hidden)
                .then(|| buckets.quantile(p))
                .flatten()
        };
        let value = match self {
            What::Throughput => Some(period.throughput),
            What::Group(group, p) => at(period.groups.get(*group)?, *p),
            What::Op(op, p) => at(period.by_op.get(op)?, *p),
        };
        value.filter(|v| v.is_finite() && *v > 0.0)
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

/// The numbers of a period.
pub(super) fn measure(run: &RunFile) -> Result<Measured, RunError> {
    let mut groups: [Histogram<u64>; 3] = std::array::from_fn(|_| new_histogram());
    let mut by_op: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    for (i, entry) in run.latency.iter().enumerate() {
        if entry.measure != Measure::Cluster {
            continue;
        }
        let histogram = hist::decode(&entry.hist).map_err(|what| RunError::Broken {
            place: format!("latency[{i}] of run {}", run.id),
            what,
        })?;
        let kind = run.operations.iter().find(|o| o.name == entry.op).map(|o| o.kind);
        let group = match kind {
            Some(Kind::Read) => groups.first_mut(),
            Some(Kind::Write) => groups.get_mut(1),
            _ => None,
        };
        // Growing histograms take every value.
        group.map(|g| g.add(&histogram).ok());
        groups[2].add(&histogram).ok();
        by_op.entry(entry.op.clone()).or_insert_with(new_histogram).add(&histogram).ok();
    }
    let (mut answers, mut errors) = (0_u64, 0_u64);
    for counts in run.totals.values() {
        for (outcome, count) in Outcome::ALL.into_iter().zip(counts.outcomes()) {
            answers = answers.saturating_add(if outcome.is_answer() { count } else { 0 });
            errors = errors.saturating_add(if outcome.is_error() { count } else { 0 });
        }
    }
    let seconds = run.window.measured_s;
    let ended = answers.saturating_add(errors);
    Ok(Measured {
        throughput: if seconds > 0.0 { answers as f64 / seconds } else { 0.0 },
        groups: groups.each_ref().map(Buckets::from_histogram),
        by_op: BTreeMap::from_iter(
            by_op.iter().map(|(op, h)| (op.clone(), Buckets::from_histogram(h))),
        ),
        error_share: if ended == 0 { 0.0 } else { errors as f64 / ended as f64 },
    })
}
