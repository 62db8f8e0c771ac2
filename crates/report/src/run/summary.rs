//! From a run's file to what a page shows of it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::hist::{add, short};
use super::source::GivenFile;
use super::view::{
    Censored, Concurrency, Curve, EntityOp, EntityView, HeatMap, LogHistogram, Measure, NodeView,
    OpSeries, PERCENTILES, PartsView, Row, RunView, Second, Summary,
};
use super::wire::{CountsFile, RunFile, SecondOpFile};
use super::{RunError, headlines, hist};
use fwit_model::dialect::{Kind, SIMULATED};
use fwit_stats::buckets::Buckets;
use fwit_stats::recorder::{PartSums, new_histogram};
use fwit_stats::sparse::{Sparse, bucket_range};
use fwit_stats::survival::{self, Estimate};

/// Bins of a histogram view a decade of latency.
const BINS_A_DECADE: f64 = 20.0;
/// Most columns of a heat map.
const HEAT_COLUMNS: usize = 300;

/// Histograms by operation, node and measure: of answers, and of lower bounds.
#[derive(Default)]
struct Histograms {
    answers: Of,
    censored: Of,
}

type Of = BTreeMap<(String, String, Measure), Histogram<u64>>;

/// What to show of a run.
///
/// # Errors
/// Where a part of the file contradicts itself or can't be read.
pub fn view(file: &RunFile) -> Result<RunView, RunError> {
    let mut warnings = Vec::new();
    let histograms = histograms(file)?;
    let measured_s = file.window.measured_s;
    let all = |_: &str, _: &str| true;
    let known = places(file.operations.iter().map(|o| o.name.as_str()));
    let used: Vec<(String, Kind)> = file
        .operations
        .iter()
        .filter(|o| {
            let weight = file.plan.mix.get(&o.name).copied().unwrap_or_default();
            weight > 0 || file.totals.get(&o.name).is_some_and(|c| c.issued > 0)
        })
        .map(|o| (o.name.clone(), o.kind))
        .collect();
    for (op, counts) in file.totals.iter().chain(&file.warmup_totals) {
        if !counts.is_conserved() {
            warnings.push(format!(
                "The counts of “{op}” do not add up: {} issued, {} ended.",
                counts.issued,
                counts.outcomes().iter().sum::<u64>()
            ));
        }
        if !known.contains_key(op.as_str()) {
            warnings.push(format!("“{op}” has counts, but this run has no such operation."));
        }
    }
    let row = |op: Option<&str>, node: Option<&str>| {
        let wanted =
            |o: &str, n: &str| op.is_none_or(|op| op == o) && node.is_none_or(|node| node == n);
        make_row(file, &histograms, op, node, &wanted, measured_s)
    };
    let nodes: Vec<&str> = file.nodes.iter().map(|n| n.name.as_str()).collect();
    let total = make_row(file, &histograms, None, None, &all, measured_s);
    let headlines = headlines::of_file(file, &total);
    let (seconds, op_seconds) = seconds(file, &used)?;
    Ok(RunView {
        id: file.id.clone(),
        name: file.name.clone(),
        labels: file.labels.clone(),
        plan_json: fwit_model::json::pretty(&file.plan),
        started_at: file.started_at.clone(),
        finished_at: file.finished_at.clone(),
        ended: file.ended,
        warmup_s: file.window.warmup_s,
        measured_s,
        sticky: !file.plan.disable_leader_stickiness,
        simulated: file.plan.cluster.dialect == SIMULATED,
        nodes: file.nodes.iter().map(node_view).collect(),
        environment: file.environment.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        time_sources: file.time_sources,
        total,
        by_op: used.iter().map(|(op, _)| row(Some(op), None)).collect(),
        by_node: nodes.iter().map(|node| row(None, Some(node))).collect(),
        by_op_node: used
            .iter()
            .flat_map(|(op, _)| nodes.iter().map(|node| row(Some(op), Some(node))))
            .filter(|r| r.issued > 0)
            .collect(),
        op_seconds,
        seconds,
        cluster_curves: curves(file, &histograms, Measure::Cluster, &used, &nodes),
        response_curves: curves(file, &histograms, Measure::Response, &used, &nodes),
        histograms: log_histograms(&histograms, &used),
        heat: heat(file)?,
        headlines,
        entities: entities(file, &used),
        latency_groups: super::latency_groups::of_file(file),
        subscribers: file.subscribers.clone(),
        errors: file.errors.clone(),
        concurrency: Concurrency {
            entities: file.concurrency.entities,
            effective: file.concurrency.effective,
            waiting: file.concurrency.waiting,
            littles_law_ratio: file.concurrency.littles_law_ratio,
            offered_per_s: file.concurrency.offered_per_s,
        },
        health: file.health.clone(),
        thresholds: file.thresholds.clone(),
        verification: file.verification.clone(),
        leadership: file.leadership.clone(),
        timeline: file.timeline.clone(),
        episodes: super::episodes::of_file(file),
        vitals: file.vitals.clone(),
        source: file.source.clone(),
        ops: used,
        warnings,
    })
}

fn histograms(file: &RunFile) -> Result<Histograms, RunError> {
    let mut out = Histograms::default();
    let answers = file.latency.iter().map(|e| (&e.op, &e.node, e.measure, e.count, &e.hist));
    let censored = file.censored.iter().map(|e| (&e.op, &e.node, e.measure, e.count, &e.hist));
    take(&mut out.answers, "latency", answers)?;
    take(&mut out.censored, "censored", censored)?;
    Ok(out)
}

fn take<'a>(
    into: &mut Of,
    list: &str,
    entries: impl Iterator<Item = (&'a String, &'a String, Measure, u64, &'a String)>,
) -> Result<(), RunError> {
    for (i, (op, node, measure, count, text)) in entries.enumerate() {
        let broken =
            |what: String| RunError::Broken { place: format!("{list}[{i}] ({op}, {node})"), what };
        let histogram = hist::decode(text).map_err(broken)?;
        if histogram.len() != count {
            return Err(broken(format!(
                "it counts {count} but its histogram holds {}",
                histogram.len()
            )));
        }
        let key = (op.clone(), node.clone(), measure);
        add(into.entry(key).or_insert_with(new_histogram), &histogram);
    }
    Ok(())
}

fn merged(
    histograms: &Of,
    measure: Measure,
    wanted: impl Fn(&str, &str) -> bool,
) -> Histogram<u64> {
    let mut sum = new_histogram();
    for ((op, node, m), h) in histograms {
        if *m == measure && wanted(op, node) {
            add(&mut sum, h);
        }
    }
    sum
}

fn make_row(
    file: &RunFile,
    histograms: &Histograms,
    op: Option<&str>,
    node: Option<&str>,
    wanted: &dyn Fn(&str, &str) -> bool,
    measured_s: f64,
) -> Row {
    let mut row = Row { op: op.map(Into::into), node: node.map(Into::into), ..Row::default() };
    for entry in file.counts.iter().filter(|c| wanted(&c.op, &c.node)) {
        let CountsFile { issued, .. } = entry.counts;
        row.issued = row.issued.saturating_add(issued);
        row.redirected = row.redirected.saturating_add(entry.redirected);
        row.preflights = row.preflights.saturating_add(entry.preflights);
        row.completed = row.completed.saturating_add(entry.completed());
        let outcomes = entry.counts.outcomes();
        row.outcomes.iter_mut().zip(outcomes).for_each(|(a, b)| *a = a.saturating_add(b));
    }
    for (place, measure) in Measure::ALL.into_iter().enumerate() {
        let answers = merged(&histograms.answers, measure, wanted);
        let censored = merged(&histograms.censored, measure, wanted);
        let summary = summarize_cut(&answers, &censored);
        if let Some(slot) = row.between_us.get_mut(place) {
            *slot = between(&answers, &censored, &summary);
        }
        *measure_mut(&mut row, measure) = summary;
    }
    if file.source.is_some() {
        exact(file, wanted, &mut row.cluster);
    }
    if let Some(given) = given(file, op, node).filter(|_| row.cluster.samples() == 0) {
        row.cluster = super::source::summary(given);
        if let Some(slot) = row.between_us.first_mut() {
            *slot = None;
        }
    }
    let mut parts = PartSums::default();
    for entry in file.parts.iter().filter(|p| wanted(&p.op, &p.node)) {
        parts.merge(&entry.sums);
    }
    row.parts = PartsView::of(&parts);
    row.rate_per_s = rate(row.completed, measured_s);
    row
}

/// Mean and maximum as another tool has them: its histogram may be coarser than they are.
fn exact(file: &RunFile, wanted: &dyn Fn(&str, &str) -> bool, summary: &mut Summary) {
    let entries = || {
        let all = file.latency.iter().filter(|e| e.measure == Measure::Cluster);
        all.filter(|e| wanted(&e.op, &e.node))
    };
    let count: f64 = entries().map(|e| e.count as f64).sum();
    if count > 0.0 {
        let sum: f64 = entries().map(|e| e.mean_us * e.count as f64).sum();
        summary.mean_us = short(sum / count);
        // Percentiles stay as the tool has them, also where it rounds them above its maximum.
        summary.max_us = entries().map(|e| e.max_us).max().unwrap_or_default();
    }
}

/// What another tool gave of exactly these.
fn given<'f>(file: &'f RunFile, op: Option<&str>, node: Option<&str>) -> Option<&'f GivenFile> {
    file.given.iter().find(|g| g.op.as_deref() == op && g.node.as_deref() == node)
}

/// The latency of that kind, to be filled.
pub(super) fn measure_mut(row: &mut Row, measure: Measure) -> &mut Summary {
    match measure {
        Measure::Cluster => &mut row.cluster,
        Measure::Service => &mut row.service,
        Measure::Wait => &mut row.wait,
        Measure::Response => &mut row.response,
    }
}

/// Answers a second.
pub(super) fn rate(answers: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { answers as f64 / seconds } else { 0.0 }
}

/// Count, mean and percentiles.
#[must_use]
pub fn summarize(histogram: &Histogram<u64>) -> Summary {
    summarize_cut(histogram, &new_histogram())
}

/// The same, where of some more only lower bounds are known. Count and mean are of answers.
#[must_use]
pub fn summarize_cut(histogram: &Histogram<u64>, censored: &Histogram<u64>) -> Summary {
    let Some(found) = survival::quantiles(histogram, censored, &PERCENTILES) else {
        return Summary::default();
    };
    let longest = survival::maximum(histogram, censored);
    let of = |i: usize| found.get(i).copied();
    Summary {
        count: histogram.len(),
        mean_us: if histogram.is_empty() { 0.0 } else { short(histogram.mean()) },
        max_us: longest.map_or(0, Estimate::value),
        at_us: std::array::from_fn(|i| of(i).map_or(0, Estimate::value)),
        censored: (!censored.is_empty()).then(|| Censored {
            count: censored.len(),
            beyond: std::array::from_fn(|i| of(i).is_some_and(Estimate::is_beyond)),
            max_beyond: longest.is_some_and(Estimate::is_beyond),
            answers_at_us: PERCENTILES.map(|p| histogram.value_at_quantile(p)),
        }),
        given: None,
    }
}

/// The percentiles as they are compared; a bound stays one. `None` without samples.
fn between(
    answers: &Histogram<u64>,
    censored: &Histogram<u64>,
    summary: &Summary,
) -> Option<[f64; 5]> {
    let buckets = censored.is_empty().then(|| Buckets::from_histogram(answers));
    let at = |i: usize| {
        let p = *PERCENTILES.get(i)?;
        let found = match &buckets {
            Some(buckets) => buckets.interpolated(p),
            None => survival::interpolated(answers, censored, p),
        };
        found.or_else(|| summary.at_us.get(i).map(|us| *us as f64))
    };
    (summary.samples() > 0).then(|| std::array::from_fn(|i| at(i).unwrap_or_default()))
}

/// Where each name stands.
fn places<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    BTreeMap::from_iter(names.enumerate().map(|(place, name)| (name, place)))
}

pub(super) fn sparse(gaps: &[u32], t_s: u32) -> Result<Sparse, RunError> {
    Sparse::from_gaps(gaps).ok_or_else(|| RunError::Broken {
        place: format!("series, second {t_s}"),
        what: "its numbers are not a sparse histogram".into(),
    })
}

/// The seconds of all operations together, and of each of these.
fn seconds(
    file: &RunFile,
    ops: &[(String, Kind)],
) -> Result<(Vec<Second>, Vec<OpSeries>), RunError> {
    let places = places(ops.iter().map(|(op, _)| op.as_str()));
    let count = file.series.seconds.len();
    let mut all = Vec::with_capacity(count);
    let series =
        |(op, _): &(String, Kind)| OpSeries { op: op.clone(), seconds: Vec::with_capacity(count) };
    let mut by_op: Vec<OpSeries> = ops.iter().map(series).collect();
    for cell in &file.series.seconds {
        let mut sum = Second { t_s: cell.t_s, ..Second::default() };
        by_op.iter_mut().for_each(|series| series.seconds.push(sum.clone()));
        (sum.in_flight, sum.waiting) = (cell.in_flight, cell.waiting);
        (sum.littles_law_ratio, sum.target) = (cell.littles_law_ratio, cell.target);
        let (mut cluster, mut response) = (Sparse::default(), Sparse::default());
        for (name, SecondOpFile { answers, errors, cluster: s, response: r, .. }) in &cell.ops {
            let (s, r) = (sparse(s, cell.t_s)?, sparse(r, cell.t_s)?);
            sum.answers = sum.answers.saturating_add(*answers);
            sum.errors = sum.errors.saturating_add(*errors);
            cluster.merge(&s);
            response.merge(&r);
            let series = places.get(name.as_str()).and_then(|place| by_op.get_mut(*place));
            if let Some(own) = series.and_then(|series| series.seconds.last_mut()) {
                (own.answers, own.errors) = (*answers, *errors);
                (own.cluster_us, own.response_us) =
                    (hist::two_percentiles(&s), hist::two_percentiles(&r));
            }
        }
        (sum.cluster_us, sum.response_us) =
            (hist::two_percentiles(&cluster).or(cell.given_us), hist::two_percentiles(&response));
        all.push(sum);
    }
    Ok((all, by_op))
}

fn curves(
    file: &RunFile,
    histograms: &Histograms,
    measure: Measure,
    ops: &[(String, Kind)],
    nodes: &[&str],
) -> Vec<Curve> {
    let curve = |op: Option<&str>, node: Option<&str>| {
        let h = merged(&histograms.answers, measure, |o, n| {
            op.is_none_or(|op| op == o) && node.is_none_or(|node| node == n)
        });
        let points =
            h.iter_quantiles(5).map(|v| (v.quantile_iterated_to().min(1.0), v.value_iterated_to()));
        if let Some(given) =
            given(file, op, node).filter(|_| h.is_empty() && measure == Measure::Cluster)
        {
            return super::source::curve(given);
        }
        let points = if h.is_empty() { Vec::new() } else { points.collect() };
        Curve { op: op.map(Into::into), node: node.map(Into::into), count: h.len(), points }
    };
    std::iter::once(curve(None, None))
        .chain(ops.iter().map(|(op, _)| curve(Some(op), None)))
        .chain(nodes.iter().map(|node| curve(None, Some(node))))
        .filter(|c| c.count > 0)
        .collect()
}

fn log_histograms(histograms: &Histograms, ops: &[(String, Kind)]) -> Vec<LogHistogram> {
    let one = |op: Option<&str>| {
        let h = merged(&histograms.answers, Measure::Cluster, |o, _| op.is_none_or(|op| op == o));
        log_histogram(op, &h)
    };
    std::iter::once(one(None))
        .chain(ops.iter().map(|(op, _)| one(Some(op))))
        .filter(|h| !h.counts.is_empty())
        .collect()
}

fn log_bin(us: f64) -> i64 {
    (us.max(1.0).log10() * BINS_A_DECADE).floor() as i64
}

fn log_histogram(op: Option<&str>, h: &Histogram<u64>) -> LogHistogram {
    let mut bins: BTreeMap<i64, u64> = BTreeMap::new();
    for cell in h.iter_recorded() {
        let value = cell.value_iterated_to();
        let middle = (h.lowest_equivalent(value) as f64 + value as f64 + 1.0) / 2.0;
        *bins.entry(log_bin(middle)).or_default() += cell.count_at_value();
    }
    let (Some(first), Some(last)) = (bins.keys().next().copied(), bins.keys().next_back().copied())
    else {
        return LogHistogram { op: op.map(Into::into), ..LogHistogram::default() };
    };
    LogHistogram {
        op: op.map(Into::into),
        edges_us: (first..=last + 1).map(|b| 10_f64.powf(b as f64 / BINS_A_DECADE)).collect(),
        counts: (first..=last).map(|b| bins.get(&b).copied().unwrap_or_default()).collect(),
    }
}

fn heat(file: &RunFile) -> Result<HeatMap, RunError> {
    let length = file
        .series
        .seconds
        .iter()
        .map(|s| s.t_s as usize + 1)
        .max()
        .unwrap_or_default()
        .min(90_000);
    let column_s = length.div_ceil(HEAT_COLUMNS).max(1);
    let mut cells: BTreeMap<(usize, i64), u32> = BTreeMap::new();
    for second in &file.series.seconds {
        for op in second.ops.values() {
            for &(bucket, count) in sparse(&op.cluster, second.t_s)?.cells() {
                let (low, width) = bucket_range(bucket);
                let at = (second.t_s as usize / column_s, log_bin(low as f64 + width as f64 / 2.0));
                let cell = cells.entry(at).or_default();
                *cell = cell.saturating_add(count);
            }
        }
    }
    let bins = cells.keys().map(|(_, bin)| *bin);
    let (Some(first), Some(last)) = (bins.clone().min(), bins.max()) else {
        return Ok(HeatMap::default());
    };
    let rows = (last - first + 1) as usize;
    let mut counts = vec![0; rows * length.div_ceil(column_s)];
    for ((column, bin), count) in cells {
        if let Some(cell) = counts.get_mut(column * rows + (bin - first) as usize) {
            *cell = count;
        }
    }
    let edges_us = (first..=last + 1).map(|b| 10_f64.powf(b as f64 / BINS_A_DECADE)).collect();
    Ok(HeatMap { column_s: column_s as u32, edges_us, counts })
}

fn entities(file: &RunFile, ops: &[(String, Kind)]) -> Vec<EntityView> {
    let one = |e: &super::wire::EntityFile| EntityView {
        name: e.name.clone(),
        home: e.home.clone(),
        latched: e.latched.clone(),
        ops: ops
            .iter()
            .map(|(op, _)| {
                e.ops.get(op).map_or_else(EntityOp::default, |o| EntityOp {
                    count: o.count,
                    mean_us: o.mean_us,
                    sd_us: o.sd_us,
                })
            })
            .collect(),
        errors: e.errors,
    };
    file.entities.iter().map(one).collect()
}

fn node_view(n: &super::wire::NodeFile) -> NodeView {
    NodeView {
        name: n.name.clone(),
        url: n.url.clone(),
        lanes: n.lanes.clone(),
        leads: n.leads,
        protocol: n.protocol.clone(),
        timing_header: n.timing_header,
        in_flight: n.in_flight,
        slots: n.slots,
        hops: n.hops,
        status_requests: n.status_requests,
        discovered: n.discovered,
    }
}
