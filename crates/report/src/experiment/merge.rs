//! An arm's periods as one run: counts and histograms added, entities of each pair kept apart.
//!
//! Entities draw their node anew in each pair (its seed is its own), so the same entity of two
//! pairs is two clients.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::wire::PeriodFile;
use crate::run::wire::{
    CensoredFile, CountsFile, EntityFile, LatencyFile, NodeCountsFile, PartsFile, RunFile,
};
use crate::run::{RunError, hist};
use fwit_quantities::sample::Measure;
use fwit_stats::recorder::new_histogram;

/// The periods as one run; `None` without one.
pub(super) fn merge(periods: &[&PeriodFile], name: &str) -> Result<Option<RunFile>, RunError> {
    let Some((first, rest)) = periods.split_first() else { return Ok(None) };
    let mut out = first.run.clone();
    out.name = name.into();
    out.series.seconds.clear();
    out.entities = Vec::new();
    for period in rest {
        add(&mut out, &period.run);
    }
    (out.latency, out.censored) = latencies(periods)?;
    for period in periods {
        out.entities.extend(period.run.entities.iter().map(|e| EntityFile {
            name: format!("pair {}, {}", period.pair + 1, e.name),
            ..e.clone()
        }));
    }
    let n = periods.len() as f64;
    out.concurrency.effective /= n;
    out.concurrency.waiting /= n;
    out.concurrency.littles_law_ratio = None;
    Ok(Some(out))
}

fn add(out: &mut RunFile, run: &RunFile) {
    out.window.warmup_s += run.window.warmup_s;
    out.window.measured_s += run.window.measured_s;
    out.time_sources.merge(run.time_sources);
    out.concurrency.effective += run.concurrency.effective;
    out.concurrency.waiting += run.concurrency.waiting;
    for (op, counts) in &run.totals {
        sum(out.totals.entry(op.clone()).or_default(), counts);
    }
    for (op, counts) in &run.warmup_totals {
        sum(out.warmup_totals.entry(op.clone()).or_default(), counts);
    }
    for entry in &run.counts {
        match out.counts.iter_mut().find(|c| c.op == entry.op && c.node == entry.node) {
            Some(NodeCountsFile { redirected, preflights, completed, counts, .. }) => {
                if let (Some(sum), Some(more)) = (completed.as_mut(), entry.completed) {
                    *sum = sum.saturating_add(more);
                }
                *redirected = redirected.saturating_add(entry.redirected);
                *preflights = preflights.saturating_add(entry.preflights);
                sum(counts, &entry.counts);
            }
            None => out.counts.push(entry.clone()),
        }
    }
    for entry in &run.parts {
        let same = |p: &&mut PartsFile| {
            (&p.op, &p.node, p.redirected) == (&entry.op, &entry.node, entry.redirected)
        };
        match out.parts.iter_mut().find(same) {
            Some(parts) => parts.sums.merge(&entry.sums),
            None => out.parts.push(entry.clone()),
        }
    }
    for node in &run.nodes {
        match out.nodes.iter_mut().find(|n| n.name == node.name) {
            Some(known) => {
                known.hops = known.hops.saturating_add(node.hops);
                known.status_requests = known.status_requests.saturating_add(node.status_requests);
            }
            None => out.nodes.push(node.clone()),
        }
    }
    let (own, more) = (&mut out.health, &run.health);
    for (list, more) in [(&mut own.signs, &more.signs), (&mut own.limits, &more.limits)] {
        for sign in more {
            if !list.contains(sign) {
                list.push(sign.clone());
            }
        }
    }
    out.health.verdict = out.health.verdict.max(run.health.verdict);
    out.errors.extend(run.errors.iter().cloned());
    out.subscribers.published = out.subscribers.published.saturating_add(run.subscribers.published);
}

fn sum(into: &mut CountsFile, more: &CountsFile) {
    let mut outcomes = into.outcomes();
    outcomes.iter_mut().zip(more.outcomes()).for_each(|(a, b)| *a = a.saturating_add(b));
    *into = CountsFile::new(into.issued.saturating_add(more.issued), outcomes);
}

/// Operation, node, redirected, measure.
type Key = (String, String, bool, Measure);

fn sum_histograms<'a>(
    entries: impl Iterator<Item = (Key, &'a String)>,
) -> Result<BTreeMap<Key, Histogram<u64>>, RunError> {
    let mut all: BTreeMap<Key, Histogram<u64>> = BTreeMap::new();
    for (key, text) in entries {
        let broken =
            |what| RunError::Broken { place: format!("a period's latency of {}", key.0), what };
        let histogram = hist::decode(text).map_err(broken)?;
        // A growing histogram takes every value.
        all.entry(key).or_insert_with(new_histogram).add(&histogram).ok();
    }
    Ok(all)
}

fn latencies(periods: &[&PeriodFile]) -> Result<(Vec<LatencyFile>, Vec<CensoredFile>), RunError> {
    let answered = periods.iter().flat_map(|p| &p.run.latency);
    let answered = sum_histograms(
        answered.map(|e| ((e.op.clone(), e.node.clone(), e.redirected, e.measure), &e.hist)),
    )?;
    let cut = periods.iter().flat_map(|p| &p.run.censored);
    let cut = sum_histograms(
        cut.map(|e| ((e.op.clone(), e.node.clone(), e.redirected, e.measure), &e.hist)),
    )?;
    let censored = cut.into_iter().map(|((op, node, redirected, measure), h)| CensoredFile {
        op,
        node,
        redirected,
        measure,
        count: h.len(),
        hist: hist::encode(&h),
    });
    let entries = answered.into_iter().map(|((op, node, redirected, measure), h)| LatencyFile {
        op,
        node,
        redirected,
        measure,
        count: h.len(),
        mean_us: (h.mean() * 1e3).round() / 1e3,
        max_us: h.max(),
        hist: hist::encode(&h),
    });
    Ok((entries.collect(), censored.collect()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::run::view::Ended;
    use crate::run::wire::{
        ConcurrencyFile, EntityOpFile, OperationFile, SeriesFile, VERSION, WindowFile,
    };
    use fwit_model::dialect::Kind;
    use fwit_model::plan::{preset, wire::to_file};
    use fwit_stats::random::Stream;

    /// One of them.
    pub(crate) fn a_run() -> RunFile {
        run("r1", 1.0)
    }

    /// A made-up run of 1,000 reads and as many writes in 10 s, `factor` times slower than usual.
    pub(in crate::experiment) fn run(id: &str, factor: f64) -> RunFile {
        let mut latency = Vec::new();
        for (op, median) in [("get", 2_000.0), ("set", 9_000.0)] {
            let mut h = new_histogram();
            let mut stream = Stream::new(1, id, 0);
            (0..1_000)
                .for_each(|_| h.record((factor * stream.lognormal(median, 0.4)) as u64).unwrap());
            for measure in Measure::ALL {
                latency.push(LatencyFile {
                    op: op.into(),
                    node: "n1".into(),
                    redirected: false,
                    measure,
                    count: h.len(),
                    mean_us: (h.mean() * 1e3).round() / 1e3,
                    max_us: h.max(),
                    hist: hist::encode(&h),
                });
            }
        }
        let counts = CountsFile { issued: 1_000, ok: 1_000, ..CountsFile::default() };
        let of = |op: &str| NodeCountsFile {
            op: op.into(),
            node: "n1".into(),
            redirected: 1,
            preflights: 0,
            completed: None,
            counts,
        };
        RunFile {
            format: "fwit-run".into(),
            version: VERSION,
            id: id.into(),
            name: "a".into(),
            labels: crate::run::labels::Labels::default(),
            plan: to_file(&preset("quick").unwrap()),
            started_at: String::new(),
            finished_at: String::new(),
            ended: Ended::Completed,
            window: WindowFile { warmup_s: 1.0, measured_s: 10.0 },
            environment: BTreeMap::new(),
            time_sources: fwit_quantities::sample::TimeSources::default(),
            operations: vec![
                OperationFile { name: "get".into(), kind: Kind::Read },
                OperationFile { name: "set".into(), kind: Kind::Write },
            ],
            nodes: Vec::new(),
            totals: [("get".to_string(), counts), ("set".to_string(), counts)].into(),
            warmup_totals: BTreeMap::new(),
            counts: vec![of("get"), of("set")],
            latency,
            censored: Vec::new(),
            parts: Vec::new(),
            series: SeriesFile { interval_s: 1, seconds: Vec::new() },
            entities: vec![EntityFile {
                name: "entity-0".into(),
                home: "n1".into(),
                latched: None,
                errors: 0,
                ops: [("get".to_string(), EntityOpFile { count: 9, mean_us: 2.0, sd_us: 1.0 })]
                    .into(),
            }],
            subscribers: crate::run::view::SubscribersView::default(),
            errors: Vec::new(),
            concurrency: ConcurrencyFile {
                dropped: 0,
                entities: 2,
                effective: 1.5,
                waiting: 0.0,
                littles_law_ratio: Some(1.0),
                due: None,
                offered_per_s: None,
            },
            thresholds: Vec::new(),
            health: crate::run::view::HealthView::default(),
            verification: None,
            leadership: None,
            timeline: Vec::new(),
            vitals: None,
            source: None,
            given: Vec::new(),
        }
    }

    pub(in crate::experiment) fn period(pair: u32, arm: u32, at: u32, factor: f64) -> PeriodFile {
        PeriodFile {
            pair,
            attempt: 1,
            arm,
            started_s: f64::from(at) * 11.0,
            leader: [Some("n1".into()), Some("n1".into())],
            invalid: None,
            run: run(&format!("p{pair}-{arm}"), factor),
        }
    }

    #[test]
    fn nothing_is_lost_when_periods_become_one_run() {
        let periods = [period(0, 0, 0, 1.0), period(1, 0, 3, 2.0), period(2, 0, 4, 1.0)];
        let merged = merge(&periods.each_ref(), "arm").unwrap().unwrap();
        let view = crate::run::summary::view(&merged).unwrap();
        assert_eq!(view.total.answers(), 6_000);
        assert_eq!(view.total.service.count, 6_000);
        assert_eq!(view.measured_s, 30.0);
        assert_eq!(view.total.rate_per_s, 200.0);
        assert_eq!((view.total.redirected, view.entities.len()), (6, 3));
        assert_eq!(view.entities[2].name, "pair 3, entity-0");
        assert!((view.concurrency.effective - 1.5).abs() < 1e-9);
        assert!(view.warnings.is_empty(), "{:?}", view.warnings);
        assert!(merge(&[], "none").unwrap().is_none());
    }
}
