//! The sentences on separate runs, and the intervals beside each change of a comparison.
//!
//! They claim little: an interval of two separate runs never proves a difference, and one that
//! holds no change never proves that there is none.

use super::view::{RunIntervals, Scope, Spread, rank_place};
use crate::run::compare::{Comparison, Control, Metric, ShiftPoint, Tendency, Unit};
use crate::run::view::PERCENTILES;
use fwit_quantities::ratio::{ratio_range, ratio_signs};
use fwit_stats::verdict::{AgainstControl, against_control};

/// The spread of a metric in a scope's ratios, where the comparison looked at its latency.
fn spread(scope: &Scope, metric: &Metric, run: usize, same_measure: bool) -> Option<Spread> {
    let ratios = scope.ratios.get(run)?.as_ref()?;
    match metric.unit {
        Unit::PerSecond => ratios.rate,
        Unit::Micros if same_measure => {
            let p = PERCENTILES
                .into_iter()
                .find(|p| crate::run::compare::percentile_name(*p) == metric.name)?;
            *ratios.at.get(rank_place(p)?)?
        }
        _ => None,
    }
}

/// Puts intervals beside the changes, and says what they and the control allow. The intervals'
/// runs are the comparison's, with the control (where it is another run) after them.
pub fn apply(c: &mut Comparison, intervals: &RunIntervals, control: Option<Control>) {
    let (runs, same) = (c.runs.len(), intervals.measure == c.measure);
    let control_at = control.as_ref().map(|control| control.run.unwrap_or(runs));
    for metric in &mut c.metrics {
        let Some(scope) = intervals.scope(metric.op.as_deref()) else { continue };
        let by_itself = control_at.and_then(|at| spread(scope, metric, at, same));
        let spreads: Vec<Option<Spread>> =
            (0..runs).map(|i| spread(scope, metric, i, same)).collect();
        for (change, spread) in metric.changes.iter_mut().zip(spreads) {
            let (Some(change), Some(spread)) = (change, spread) else { continue };
            // Histograms of whole runs are finer than those of seconds: the interval stands around
            // what is shown.
            let Some(ratio) = change.ratio.filter(|r| *r > 0.0 && spread.value > 0.0) else {
                continue;
            };
            let moved = ratio / spread.value;
            let ends = [(spread.low * moved).min(ratio), (spread.high * moved).max(ratio)];
            if !ends.iter().all(|e| e.is_finite()) {
                continue;
            }
            if ends[0] <= 1.0 && ends[1] >= 1.0 && change.tendency != Tendency::Same {
                change.tendency = Tendency::Neutral;
            }
            change.interval = Some(ends);
            change.control = by_itself.map(|s| s.value);
            change.control_interval = by_itself.map(|s| [s.low, s.high]);
        }
    }
    c.shift = (0..runs).map(|i| shift(intervals, i)).collect();
    c.findings = (1..runs).filter_map(|i| finding(c, i)).collect();
    c.findings.extend(largest(c));
    c.findings.extend(intervals.problems.iter().cloned());
    c.control_says = control.as_ref().map(|control| control_says(c, control)).unwrap_or_default();
    c.control = control;
}

/// The ratio of the latencies at every percentile.
fn shift(intervals: &RunIntervals, run: usize) -> Vec<ShiftPoint> {
    let ratios = intervals.scope(None).and_then(|s| s.ratios.get(run)).and_then(Option::as_ref);
    ratios
        .into_iter()
        .flat_map(|r| super::RANKS.iter().zip(&r.at))
        .filter_map(|(p, s)| {
            s.map(|s| ShiftPoint { p: *p, ratio: s.value, interval: [s.low, s.high] })
        })
        .collect()
}

/// The metrics that a sentence names.
fn named(c: &Comparison) -> impl Iterator<Item = &Metric> {
    c.metrics
        .iter()
        .filter(|m| m.op.is_none() && matches!(m.name.as_str(), "throughput" | "p50" | "p99"))
}

/// `B against A: throughput 12% higher (95 % interval +10 % to +14 %), …`
fn finding(c: &Comparison, run: usize) -> Option<String> {
    let (first, own) = (c.runs.first()?, c.runs.get(run)?);
    let parts: Vec<String> = named(c)
        .filter_map(|m| {
            let change = m.changes.get(run)?.as_ref()?;
            let [low, high] = change.interval?;
            let held = if low <= 1.0 && high >= 1.0 { ", which also holds no change" } else { "" };
            Some(format!("{} {} ({}{held})", m.name, change.words, ratio_range(low, high)))
        })
        .collect();
    (!parts.is_empty()).then(|| {
        format!("{} against {}, with 95 % intervals: {}.", own.label, first.label, parts.join(", "))
    })
}

/// The largest difference whose interval excludes no change, and that it was picked for its size:
/// such a one is too large on average (the winner's curse).
fn largest(c: &Comparison) -> Option<String> {
    let all: Vec<(f64, String)> = c
        .metrics
        .iter()
        .flat_map(|m| c.runs.iter().zip(&m.changes).map(move |(run, change)| (m, run, change)))
        .filter_map(|(m, run, change)| {
            let change = change.as_ref()?;
            let (ratio, [low, high]) = (change.ratio?, change.interval?);
            let size = if low > 1.0 || high < 1.0 { libm::log(ratio).abs() } else { 0.0 };
            let op = m.op.as_ref().map(|op| format!("{op} ")).unwrap_or_default();
            Some((size, format!("{} {op}{} {}", run.label, m.name, change.words)))
        })
        .collect();
    let (size, words) = all.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (*size > 0.0 && all.len() > 1).then(|| {
        format!(
            "The largest of {} differences, {words}, was picked for its size: measured again, expect \
             a smaller one.",
            all.len()
        )
    })
}

/// What the control shows: how far the same setting moved by itself, and how the changes stand to
/// that.
fn control_says(c: &Comparison, control: &Control) -> Vec<String> {
    let Some(first) = c.runs.first() else { return Vec::new() };
    let name = match control.run.and_then(|i| c.runs.get(i)) {
        Some(run) => run.label.clone(),
        None => format!("“{}”, in this browser’s library,", control.name),
    };
    let by_itself = |m: &Metric| {
        m.changes.iter().flatten().find_map(|change| change.control.zip(change.control_interval))
    };
    let moved: Vec<(&Metric, (f64, [f64; 2]))> =
        named(c).filter_map(|m| by_itself(m).map(|moved| (m, moved))).collect();
    if moved.is_empty() {
        return vec![format!(
            "{name} has the setting of {}, but too little of it was measured to serve as a \
             control.",
            first.label
        )];
    }
    let list: Vec<String> = moved
        .iter()
        .map(|(m, (ratio, [low, high]))| {
            format!("{} {} ({})", m.name, ratio_signs(*ratio), ratio_range(*low, *high))
        })
        .collect();
    let mut out = vec![format!(
        "Control (A-A): {name} has the setting of {}. From one to the other that setting moved by \
         itself: {}.",
        first.label,
        list.join(", ")
    )];
    for (i, run) in c.runs.iter().enumerate().skip(1).filter(|(i, _)| control.run != Some(*i)) {
        let mut classes: [Vec<&str>; 3] = Default::default();
        for (m, (_, ends)) in &moved {
            let Some(ratio) = m.changes.get(i).and_then(Option::as_ref).and_then(|c| c.ratio)
            else {
                continue;
            };
            // A control that came out alike by chance is no proof of calm: the far end of its
            // interval counts.
            let far = ends.iter().map(|e| libm::log(*e).abs()).fold(0.0, f64::max);
            let class = against_control(libm::log(ratio), far) as usize;
            if let Some(list) = classes.get_mut(class) {
                list.push(&m.name);
            }
        }
        let words = [
            (AgainstControl::NoMore, "no further than its interval reaches"),
            (
                AgainstControl::SameSize,
                "at most three times as far, which that setting may well move by itself",
            ),
            (
                AgainstControl::Beyond,
                "more than three times as far: a hint that the change did it, not a proof",
            ),
        ];
        let parts: Vec<String> = words
            .iter()
            .filter_map(|(class, text)| {
                classes.get(*class as usize).filter(|l| !l.is_empty()).map(|l| (l, text))
            })
            .map(|(names, text)| format!("{} went {text}", names.join(", ")))
            .collect();
        if !parts.is_empty() {
            out.push(format!("{}: {}.", run.label, parts.join("; ")));
        }
    }
    out
}
