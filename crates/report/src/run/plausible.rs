//! Refuses numbers that no run has: what passed by would show as nonsense later, far from its
//! cause.

use super::source::GivenFile;
use super::wire::{CountsFile, RunFile};

/// A number that can't be: where, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Implausible {
    pub place: String,
    pub what: String,
}

/// Longest warm-up, and longest measured window, s: a day, and a little for a late timer.
const WINDOW_MAX_S: f64 = 87_000.0;
/// Longest run of another tool, s.
const YEAR_S: f64 = 367.0 * 86_400.0;
/// A request may end so long after the window, s: the longest timeout, hop after hop.
const AFTER_S: f64 = 3_700.0;
/// Counts above can't be told apart as the numbers of a script.
const COUNT_MAX: u64 = 1 << 53;

/// Checks a run's times and counts.
///
/// # Errors
/// The first one that can't be, with its place.
pub(crate) fn check(file: &RunFile) -> Result<(), Implausible> {
    if let Some(problem) = file.labels.problem() {
        return wrong("labels", problem.trim_end_matches('.'));
    }
    let window = file.window;
    // Other tools' runs may be longer.
    let longest = if file.source.is_some() { YEAR_S } else { WINDOW_MAX_S };
    time("window.warmup_s", window.warmup_s, WINDOW_MAX_S)?;
    time("window.measured_s", window.measured_s, longest)?;
    if file.series.interval_s != 1 {
        return wrong("series.interval_s", "it is not 1");
    }
    let end = window.warmup_s + window.measured_s + AFTER_S;
    let mut last = None;
    for (i, second) in file.series.seconds.iter().enumerate() {
        let place = |field: &str| format!("series.seconds[{i}].{field}");
        if last.is_some_and(|last| second.t_s <= last) {
            return wrong(&place("t_s"), "it does not come after the one before");
        }
        if f64::from(second.t_s) > end {
            return wrong(&place("t_s"), "it is beyond the end of the run");
        }
        last = Some(second.t_s);
        for (field, value) in [("in_flight", second.in_flight), ("waiting", second.waiting)] {
            positive(&place(field), f64::from(value))?;
        }
    }
    for (name, list) in [("totals", &file.totals), ("warmup_totals", &file.warmup_totals)] {
        for (op, counts) in list {
            count(&format!("{name}.{op}"), counts)?;
        }
    }
    for (i, entry) in file.counts.iter().enumerate() {
        count(&format!("counts[{i}]"), &entry.counts)?;
    }
    for (i, entry) in file.latency.iter().enumerate() {
        positive(&format!("latency[{i}].mean_us"), entry.mean_us)?;
    }
    for (i, given) in file.given.iter().enumerate() {
        given_is_one(&format!("given[{i}]"), given)?;
    }
    for (i, node) in file.nodes.iter().enumerate() {
        positive(&format!("nodes[{i}].in_flight"), node.in_flight)?;
    }
    for (i, entity) in file.entities.iter().enumerate() {
        for (op, m) in &entity.ops {
            let place = |field: &str| format!("entities[{i}].ops.{op}.{field}");
            positive(&place("mean_us"), m.mean_us)?;
            positive(&place("sd_us"), m.sd_us)?;
        }
    }
    for (i, group) in file.errors.iter().enumerate() {
        if group.first_us > group.last_us {
            return wrong(&format!("errors[{i}]"), "it ends before it begins");
        }
    }
    if let Some(leadership) = &file.leadership {
        if leadership.spans.len() > 5_000 || leadership.gaps.len() > 1_000 {
            return wrong("leadership", "has more spans or gaps than a run keeps");
        }
        for (i, span) in leadership.spans.iter().enumerate() {
            stretch(&format!("leadership.spans[{i}]"), span.from_s, span.until_s, end)?;
        }
        for (i, gap) in leadership.gaps.iter().enumerate() {
            stretch(&format!("leadership.gaps[{i}]"), gap.from_s, gap.until_s, end)?;
        }
    }
    if file.timeline.len() > 2_000 {
        return wrong("timeline", "has more events than a run keeps");
    }
    for (i, event) in file.timeline.iter().enumerate() {
        stretch(&format!("timeline[{i}]"), event.at_s, event.until_s, end)?;
    }
    let long = |v: &super::vitals::Vitals| v.t_s.len() > 5_000 || v.nodes.len() > 200;
    if file.vitals.as_ref().is_some_and(long) {
        return wrong("vitals", "has more readings than a run keeps");
    }
    if file.vitals.as_ref().is_some_and(|vitals| !vitals.fits()) {
        return wrong("vitals", "its lists are not of one length, or its times do not rise");
    }
    positive("concurrency.effective", file.concurrency.effective)?;
    positive("concurrency.waiting", file.concurrency.waiting)
}

/// Checks that percentiles rise, and that none is one of nothing.
fn given_is_one(place: &str, given: &GivenFile) -> Result<(), Implausible> {
    positive(&format!("{place}.mean_us"), given.mean_us.unwrap_or_default())?;
    let between = |p: &f64| (0.0..=1.0).contains(p);
    let rises = given.percentiles.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
    if !rises || !given.percentiles.iter().all(|(p, _)| between(p)) {
        return wrong(place, "its percentiles do not rise from 0 to 1");
    }
    if given.percentiles.len() > 10_000 || given.count > COUNT_MAX {
        return wrong(place, "it has more than a run has");
    }
    Ok(())
}

/// Checks that a stretch of time lies within a run and does not end before it begins.
fn stretch(place: &str, from_s: f64, until_s: f64, end: f64) -> Result<(), Implausible> {
    time(place, from_s, end)?;
    time(place, until_s, end)?;
    if from_s > until_s {
        return wrong(place, "it ends before it begins");
    }
    Ok(())
}

fn wrong(place: &str, what: impl Into<String>) -> Result<(), Implausible> {
    Err(Implausible { place: place.into(), what: what.into() })
}

fn time(place: &str, s: f64, max: f64) -> Result<(), Implausible> {
    if (0.0..=max).contains(&s) {
        return Ok(());
    }
    wrong(place, format!("{s} s is no length that a run has (0 to {max})"))
}

fn positive(place: &str, value: f64) -> Result<(), Implausible> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    wrong(place, format!("{value} is negative, or no number"))
}

fn count(place: &str, counts: &CountsFile) -> Result<(), Implausible> {
    let mut all = counts.outcomes().into_iter().chain([counts.issued]);
    match all.find(|n| *n > COUNT_MAX) {
        Some(n) => wrong(place, format!("{n} is more than anything that was counted")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::SecondFile;
    use super::*;
    use crate::experiment::a_run;

    /// What is wrong with a run that was changed so.
    fn of(change: impl FnOnce(&mut RunFile)) -> Option<String> {
        let mut file = a_run();
        change(&mut file);
        check(&file).err().map(|error| format!("{}: {}", error.place, error.what))
    }

    fn second(t_s: u32) -> SecondFile {
        SecondFile {
            t_s,
            in_flight: 1.0,
            waiting: 0.0,
            littles_law_ratio: None,
            target: None,
            given_us: None,
            ops: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn what_can_not_be_is_refused_with_its_place() {
        assert_eq!(of(|_| ()), None);
        for (change, place) in [
            (
                (|f: &mut RunFile| f.window.measured_s = -5.0) as fn(&mut RunFile),
                "window.measured_s",
            ),
            (|f| f.window.measured_s = 1e300, "window.measured_s"),
            (|f| f.window.warmup_s = f64::NAN, "window.warmup_s"),
            (|f| f.series.interval_s = 5, "series.interval_s"),
            (|f| f.series.seconds = vec![second(4), second(4)], "series.seconds[1].t_s"),
            (|f| f.series.seconds = vec![second(4), second(3)], "series.seconds[1].t_s"),
            (|f| f.series.seconds = vec![second(4_294_967_295)], "series.seconds[0].t_s"),
            (|f| f.totals.values_mut().for_each(|c| c.ok = u64::MAX), "totals."),
            (|f| f.counts[0].counts.issued = 1 << 60, "counts[0]"),
            (|f| f.latency[0].mean_us = -1.0, "latency[0].mean_us"),
            (|f| f.concurrency.waiting = f64::INFINITY, "concurrency.waiting"),
        ] {
            let said = of(change).unwrap();
            assert!(said.contains(place), "{said} does not name {place}");
        }
    }
}
