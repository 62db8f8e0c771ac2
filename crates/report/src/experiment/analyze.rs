//! From an experiment's file to everything a page shows of it.

use std::collections::BTreeMap;

use super::compare::{Compared, compare};
use super::lighter::lighter;
use super::merge::merge;
use super::metrics::{GROUPS, Latency, answers_and_errors, primaries};
use super::model::{PAIRS_MIN, claim_pairs};
use super::view::{ArmView, CurveView, DriftView, ExperimentView, PeriodView};
use super::wire::{ExperimentFile, PeriodFile};
use crate::run::{RunError, summary};
use fwit_quantities::units::three_digits;
use fwit_stats::drift::mann_kendall;
use fwit_stats::paired::{hodges_lehmann, hodges_lehmann_interval};
use fwit_stats::randomization::EITHER_MIN;

/// Where the percentile curves have their points.
const RANKS: [f64; 23] = [
    0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98,
    0.985, 0.99, 0.995, 0.998, 0.999, 0.9999,
];

/// Everything a page shows of an experiment.
///
/// # Errors
/// A period's run that contradicts itself or can't be read.
pub fn analyze(file: &ExperimentFile) -> Result<ExperimentView, RunError> {
    let compared = compare(file)?;
    let mut arms = Vec::with_capacity(file.arms.len());
    let mut curves = Vec::new();
    for (i, arm) in file.arms.iter().enumerate() {
        let own: Vec<&PeriodFile> =
            compared.pairs.iter().filter_map(|p| file.periods.get(*p.get(i)?)).collect();
        let run = merge(&own, &arm.name)?;
        curves.extend(arm_curves(i, &compared));
        arms.push(ArmView {
            name: arm.name.clone(),
            changes: arm
                .changes
                .iter()
                .map(|(path, value)| (path.clone(), fwit_model::json::write(value)))
                .collect(),
            run: run.as_ref().map(summary::view).transpose()?,
        });
    }
    let wanted = primaries();
    let text =
        |map: &BTreeMap<String, String>| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let periods = file.periods.iter().zip(&compared.measured).map(|(p, measured)| PeriodView {
        pair: p.pair,
        attempt: p.attempt,
        arm: p.arm,
        started_s: p.started_s,
        values: wanted.iter().map(|w| w.of(measured)).collect(),
        excluded: excluded(file, &compared, p),
        leader: p.leader[1].clone(),
        error_share: measured.error_share,
        run_id: p.run.id.clone(),
    });
    Ok(ExperimentView {
        id: file.id.clone(),
        name: file.name.clone(),
        labels: file.labels.clone(),
        started_at: file.started_at.clone(),
        finished_at: file.finished_at.clone(),
        ended: file.ended,
        trouble: file.trouble.clone(),
        lighter: file
            .periods
            .iter()
            .any(|p| p.invalid.is_some())
            .then(|| lighter(file))
            .flatten()
            .map(|(half, words)| (fwit_model::json::write(&half), words)),
        pairs: file.design.pairs,
        pairs_used: compared.pairs.len() as u32,
        claim_from: claim_pairs(file.arms.len()),
        extendable: file.design.extendable,
        period_s: file.design.period_s,
        settle_s: file.design.settle_s,
        metrics: wanted.iter().map(|w| (w.metric(&file.margins).name, w.unit())).collect(),
        periods: periods.collect(),
        drift: drift(file, &compared),
        notes: notes(file, &compared),
        environment: text(&file.environment),
        calibration: text(&file.calibration),
        plan_json: fwit_model::json::pretty(&file.base),
        comparisons: compared.comparisons,
        arms,
        curves,
    })
}

/// Why a period is not in the comparison: its own reason, or its pair's.
fn excluded(file: &ExperimentFile, compared: &Compared, period: &PeriodFile) -> Option<String> {
    let of_pair = |p: &&PeriodFile| (p.pair, p.attempt) == (period.pair, period.attempt);
    let used =
        compared.pairs.iter().flatten().filter_map(|i| file.periods.get(*i)).any(|p| of_pair(&p));
    if used {
        return None;
    }
    let other = || file.periods.iter().filter(of_pair).find_map(|p| p.invalid.as_ref());
    Some(period.invalid.clone().unwrap_or_else(|| match other() {
        Some(_) => "the other period of its pair does not count".into(),
        None => "its pair was not finished".into(),
    }))
}

fn drift(file: &ExperimentFile, compared: &Compared) -> Vec<DriftView> {
    let own: Vec<usize> = compared.pairs.iter().filter_map(|p| p.first().copied()).collect();
    let at: Vec<f64> = own.iter().filter_map(|i| Some(file.periods.get(*i)?.started_s)).collect();
    // A step of the series is the mean distance of two periods.
    let span = at.last().copied().unwrap_or_default() - at.first().copied().unwrap_or_default();
    let minutes = span / at.len().saturating_sub(1).max(1) as f64 / 60.0;
    let one = |what: super::metrics::What| {
        let values: Option<Vec<f64>> =
            own.iter().map(|i| what.of(compared.measured.get(*i)?)).collect();
        let d = mann_kendall(&values?).ok()?;
        let name = what.metric(&file.margins).name;
        Some(DriftView { name, p: d.p, drifts: d.drifts(), per_minute: d.relative_slope / minutes })
    };
    primaries().into_iter().filter_map(one).collect()
}

/// The curves of an arm: at each percentile the centre of its counting periods' percentiles, and
/// the interval of that centre.
fn arm_curves(arm: usize, compared: &Compared) -> Vec<CurveView> {
    let one = |(group, name): (usize, &&str)| {
        let period = |pair: &Vec<usize>| compared.measured.get(*pair.get(arm)?)?.groups.get(group);
        let periods: Vec<&Latency> = compared.pairs.iter().filter_map(period).collect();
        let count: u64 = periods.iter().map(|l| l.answers.total()).sum();
        let points = curve(&periods);
        let view = CurveView { arm: arm as u32, of: (*name).to_string(), count, points };
        (!view.points.is_empty()).then_some(view)
    };
    GROUPS.iter().enumerate().filter_map(one).collect()
}

/// The points of [`CurveView`]: as far as every period has answers enough.
fn curve(periods: &[&Latency]) -> Vec<[f64; 4]> {
    let point = |&p: &f64| {
        let log = |l: &&Latency| l.at(p).filter(|q| *q > 0.0).map(libm::log);
        let logs: Vec<f64> = periods.iter().map(log).collect::<Option<_>>()?;
        let value = libm::exp(hodges_lehmann(&logs).ok()?);
        let band = hodges_lehmann_interval(&logs, 0.95).ok().flatten();
        let [low, high] = band.map_or([f64::NAN; 2], |i| [libm::exp(i.low), libm::exp(i.high)]);
        Some([p, value, low, high])
    };
    RANKS.iter().filter_map(point).collect()
}

fn notes(file: &ExperimentFile, compared: &Compared) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(shares) = &compared.clocks {
        let arms: Vec<_> = file
            .arms
            .iter()
            .zip(shares)
            .map(|(arm, share)| format!("{}: {:.1} %", arm.name, 100.0 * share))
            .collect();
        notes.push(format!(
            "The arms were not timed by the same clock (share of the answers on the page's clock, \
             {}). So latencies are compared as response times, which the page's clock takes for \
             all arms: they include the wait for slots and the browser's part.",
            arms.join("; ")
        ));
    }
    let (used, claim) = (compared.pairs.len(), claim_pairs(file.arms.len()));
    if file.ended.is_some() && (PAIRS_MIN as usize..claim as usize).contains(&used) {
        notes.push(format!(
            "With {used} pairs no difference can be claimed, however large: corrected over all \
             comparisons, the randomization test needs {claim}."
        ));
    }
    for c in &compared.comparisons {
        let [ab, ba] = c.orders;
        if used >= claim as usize && (ab.min(ba) as usize) < EITHER_MIN {
            notes.push(format!(
                "{} ran first in {ab} pairs and {} in {ba}: so one-sided by chance that a drift \
                 and a difference look the same, and nothing can be claimed. More pairs mend that.",
                c.a, c.b
            ));
        }
    }
    if !file.extended.is_empty() || file.design.stop_when_decided.is_some() {
        let why = match file.extended.as_slice() {
            [] => "It was looked at after every pair".to_string(),
            [pairs] => format!("Pairs were added after a look at {pairs}"),
            many => format!("Pairs were added {} times after a look", many.len()),
        };
        notes.push(format!(
            "{why}, so p-values of one fixed size do not hold. Verdicts and intervals are by \
             e-values, which hold at any time."
        ));
    }
    notes.extend(failures(file));
    let counted: Vec<_> =
        compared.pairs.iter().flatten().filter_map(|i| compared.measured.get(*i)).collect();
    let bounds = primaries().into_iter().filter(|w| counted.iter().any(|m| w.is_bound(m)));
    let bounds: Vec<String> = bounds.map(|w| w.metric(&file.margins).name).collect();
    if !bounds.is_empty() {
        notes.push(format!(
            "In some periods {} fell among requests that were given up: the longest time that was \
             waited stands for it, so the arm that fails is slower than told.",
            bounds.join(", ")
        ));
    }
    if !compared.missing.is_empty() {
        notes.push(format!(
            "Not compared, because a period had too few answers for it: {}. Longer periods or more \
             entities bring more.",
            compared.missing.join(", ")
        ));
    }
    notes.extend(dropped(file));
    notes.extend(file.trouble.clone().map(|t| format!("It ended before its time: {t}.")));
    let plans: Vec<_> = file.arms.iter().map(|a| &a.changes).collect();
    if plans.windows(2).all(|w| w[0] == w[1]) {
        notes.push(
            "All arms run the same plan: this shows how far the same setting moves by itself."
                .into(),
        );
    }
    notes
}

/// What failed in which arm, and where the leader changed: it is in the numbers.
fn failures(file: &ExperimentFile) -> Option<String> {
    let own = |arm: usize| file.periods.iter().filter(move |p| p.arm as usize == arm);
    let mut parts = Vec::new();
    for (i, arm) in file.arms.iter().enumerate() {
        let (mut failed, mut all) = (0_u64, 0_u64);
        for [answers, errors] in own(i).map(|p| answers_and_errors(&p.run)) {
            failed = failed.saturating_add(errors);
            all = all.saturating_add(answers).saturating_add(errors);
        }
        let moved =
            |p: &&PeriodFile| matches!(&p.leader, [Some(before), Some(after)] if before != after);
        let elections = own(i).filter(moved).count();
        if failed > 0 {
            let share = 100.0 * failed as f64 / all.max(1) as f64;
            parts.push(format!("{}: {} % of the requests failed", arm.name, three_digits(share)));
        }
        if elections > 0 {
            let periods = if elections == 1 { "period" } else { "periods" };
            parts.push(format!("{}: the leader changed in {elections} {periods}", arm.name));
        }
    }
    let list = parts.join("; ");
    (!parts.is_empty()).then(|| format!("In the numbers, as they are the cluster’s: {list}."))
}

/// A reason without the nodes, shares and sentences that it names (`period::invalid` writes them).
fn reason_class(why: &str) -> &str {
    const CLASSES: [&str; 2] = ["the leader changed", "the browser made the numbers"];
    let known = CLASSES.into_iter().find(|class| why.starts_with(class));
    let failed = why.contains("of the requests failed").then_some("too many requests failed");
    known.or(failed).unwrap_or(why)
}

/// How many periods do not count, for which reasons, and what became of their pairs.
fn dropped(file: &ExperimentFile) -> Option<String> {
    let mut reasons: Vec<(&str, u32)> = Vec::new();
    for why in file.periods.iter().filter_map(|p| p.invalid.as_deref()) {
        let class = reason_class(why);
        match reasons.iter_mut().find(|(known, _)| *known == class) {
            Some((_, n)) => *n += 1,
            None => reasons.push((class, 1)),
        }
    }
    let out: u32 = reasons.iter().map(|(_, n)| n).sum();
    let list: Vec<_> = reasons.iter().map(|(why, n)| format!("{why} ({n})")).collect();
    let repeated = file.periods.iter().filter(|p| p.attempt > 1).map(|p| p.pair);
    let repeated = repeated.collect::<std::collections::BTreeSet<_>>().len();
    let then = match repeated {
        0 => "No pair was repeated.".to_string(),
        1 => "One pair was repeated.".to_string(),
        n => format!("{n} pairs were repeated."),
    };
    (out > 0).then(|| {
        format!("{out} of {} periods do not count: {}. {then}", file.periods.len(), list.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::super::compare::tests::experiment;
    use super::*;
    use fwit_quantities::sample::{Measure, TimeSources};
    use fwit_stats::recorder::new_histogram;

    #[test]
    fn arms_of_two_clocks_are_compared_by_response_times() {
        let says = |view: &ExperimentView| view.notes.iter().any(|n| n.contains("the same clock"));
        let mut file = experiment(1.2);
        assert!(!says(&analyze(&file).unwrap()));
        for period in &mut file.periods {
            let page_clock = 100 * u64::from(period.arm);
            period.run.time_sources = TimeSources { wire: 1_000 - page_clock, page_clock };
            // Only response times are left to compare.
            period.run.latency.retain(|l| l.measure == Measure::Response);
        }
        let view = analyze(&file).unwrap();
        assert!(says(&view), "{:?}", view.notes);
        assert!(view.comparisons[0].primaries.iter().any(|m| m.name.ends_with("p50")));
    }

    #[test]
    fn the_view_has_every_period_and_says_why_some_do_not_count() {
        let mut file = experiment(1.2);
        file.periods[4].invalid = Some("the leader changed from n1 to n2".into());
        let view = analyze(&file).unwrap();
        let note = "1 of 20 periods do not count: the leader changed (1). No pair was repeated.";
        assert!(view.notes.iter().any(|n| n == note), "{:?}", view.notes);
        assert_eq!((view.periods.len(), view.pairs_used, view.claim_from), (20, 9, 6));
        let out: Vec<_> = view.periods.iter().filter_map(|p| p.excluded.as_deref()).collect();
        assert_eq!(
            out,
            ["the leader changed from n1 to n2", "the other period of its pair does not count"]
        );
        assert_eq!(view.arms[0].run.as_ref().unwrap().total.answers(), 9 * 2_000);
        assert_eq!(view.curves.len(), 6);
        let curve = &view.curves[0];
        assert_eq!((curve.of.as_str(), curve.count), ("reads", 9_000));
        assert!(curve.points.iter().all(|[_, v, low, high]| low <= v && v <= high));
        assert!(view.notes.iter().any(|n| n.contains("1 of 20 periods")), "{:?}", view.notes);
        // It travels.
        let bytes = postcard::to_stdvec(&view).unwrap();
        assert_eq!(postcard::from_bytes::<ExperimentView>(&bytes).unwrap().periods, view.periods);
    }

    #[test]
    fn drift_is_seen_and_has_its_rate() {
        let mut file = experiment(1.0);
        for (i, period) in file.periods.iter_mut().enumerate() {
            let at = i as f64 * 60.0;
            period.run.window.measured_s = 10.0 * (1.0 + 0.01 * i as f64);
            period.started_s = at;
        }
        let view = analyze(&file).unwrap();
        let throughput = &view.drift[0];
        assert!(
            throughput.drifts && (throughput.per_minute + 0.009).abs() < 0.001,
            "{throughput:?}"
        );
        assert!(!view.drift[1].drifts);
    }

    #[test]
    fn a_curve_and_its_band_are_of_one_quantity() {
        // One of ten periods has a fifth of its requests at 100 ms: all requests together have
        // their p99 there, the periods' centre does not.
        let period = |slow: u64| {
            let mut h = new_histogram();
            (0..1_000).for_each(|i| h.record(if i < slow { 100_000 } else { 9_000 + i }).unwrap());
            Latency::of(&h, &new_histogram())
        };
        let list: Vec<Latency> = (0..10).map(|i| period(if i == 3 { 200 } else { 0 })).collect();
        let points = curve(&list.iter().collect::<Vec<_>>());
        assert!(points.iter().all(|[_, value, low, high]| low <= value && value <= high));
        let p99 = points.iter().find(|p| p[0] == 0.99).unwrap();
        assert!((p99[1] - 9_990.0).abs() < 20.0, "{p99:?}");
        // 1,000 answers a period have no p99.9 with three above it.
        assert_eq!(points.last().unwrap()[0], 0.995);
        assert!(points.windows(2).all(|w| w[0][1] <= w[1][1]));
        let five = curve(&list.iter().take(5).collect::<Vec<_>>());
        assert!(five.iter().all(|[_, value, low, _]| *value > 0.0 && low.is_nan()));
    }
}
