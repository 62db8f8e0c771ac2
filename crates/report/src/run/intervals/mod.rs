//! Intervals of separate runs and of their ratios, from six sections of each run
//! (`fwit_stats::sections`).
//!
//! May not enter: verdicts beyond what such intervals allow, drawing.
//! Invariant: an interval knows the noise within the runs, never what changed between them; where
//! none can be given, a sentence says why and what to do. The same files give the same intervals.
//! Work comes in steps, so that a worker can tell how far it is and stop.
//! Tests: beside the code.

mod control;
pub mod view;
mod words;

use std::rc::Rc;

pub use self::control::{same_setting, setting_key};
pub use self::view::{
    LEVEL, RANKS, RatioSpread, RunIntervals, RunSpread, Scope, Spread, rank_place,
};
pub use self::words::apply;
use super::view::Measure;
use super::wire::RunFile;
use fwit_stats::sections::{Estimate, FEWEST_SECONDS, RunEstimates, SECTIONS};
use fwit_stats::sparse::{Sparse, bucket, bucket_range};

/// What a run's file says of its measured seconds: a sparse histogram an operation and second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seconds {
    /// Operation, and its histogram of each second.
    ops: Vec<(String, Vec<Sparse>)>,
    count: usize,
}

impl Seconds {
    /// The whole seconds of the measured window, in what the cluster took or in response times.
    #[must_use]
    pub fn of(file: &RunFile, measure: Measure) -> Seconds {
        let (from, to) =
            (file.window.warmup_s, file.window.warmup_s + file.window.measured_s + 0.05);
        let inside = |t: u32| f64::from(t) >= from && f64::from(t) + 1.0 <= to;
        let count = file.series.seconds.iter().filter(|s| inside(s.t_s)).count();
        let mut out = Seconds { ops: Vec::new(), count };
        for (i, second) in file.series.seconds.iter().filter(|s| inside(s.t_s)).enumerate() {
            for (name, cell) in &second.ops {
                let gaps = if measure == Measure::Cluster { &cell.cluster } else { &cell.response };
                let Some(sparse) = Sparse::from_gaps(gaps) else { continue };
                let place = match out.ops.iter().position(|o| o.0 == *name) {
                    Some(place) => place,
                    None => {
                        out.ops.push((name.clone(), vec![Sparse::default(); count]));
                        out.ops.len() - 1
                    }
                };
                if let Some(slot) = out.ops.get_mut(place).and_then(|o| o.1.get_mut(i)) {
                    *slot = sparse;
                }
            }
        }
        out
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Cells of histograms held: 8 bytes each.
    #[must_use]
    pub fn cells_held(&self) -> usize {
        self.ops.iter().flat_map(|o| &o.1).map(|s| s.cells().len()).sum()
    }

    /// The histogram of every second, of one operation or of all.
    fn cells(&self, op: Option<&str>) -> Vec<Sparse> {
        let mut out = vec![Sparse::default(); self.count];
        for (_, seconds) in self.ops.iter().filter(|o| op.is_none_or(|op| op == o.0)) {
            out.iter_mut().zip(seconds).for_each(|(sum, second)| sum.merge(second));
        }
        out
    }
}

/// A comparison under way: all operations first, then one by one; run by run within each.
#[derive(Debug)]
pub struct Job {
    runs: Vec<Rc<Seconds>>,
    /// What is still to be done, in order; `None` is all operations.
    ops: Vec<Option<String>>,
    at: usize,
    /// What the runs before the next gave in this scope.
    done: Vec<Option<RunEstimates>>,
    out: RunIntervals,
}

impl Job {
    /// Prepares the comparison of these runs; the first is the one the others are compared with.
    #[must_use]
    pub fn new(runs: Vec<Rc<Seconds>>, measure: Measure) -> Job {
        let measure = if measure == Measure::Cluster { measure } else { Measure::Response };
        let mut ops: Vec<Option<String>> = vec![None];
        for (op, _) in runs.iter().flat_map(|r| &r.ops) {
            if !ops.iter().any(|o| o.as_ref() == Some(op)) {
                ops.push(Some(op.clone()));
            }
        }
        let out = RunIntervals {
            measure,
            seconds: runs.iter().map(|r| r.len() as u32).collect(),
            scopes: Vec::new(),
            problems: Vec::new(),
        };
        Job { runs, ops, at: 0, done: Vec::new(), out }
    }

    /// Looks at one more run. True while there is more to do.
    pub fn step(&mut self) -> bool {
        let Some(op) = self.ops.get(self.at).cloned() else { return false };
        if let Some(run) = self.runs.get(self.done.len()) {
            let found = RunEstimates::new(&run.cells(op.as_deref()), &ranks(op.as_deref()));
            if op.is_none() {
                let label = super::compare::letter(self.done.len());
                self.out.problems.extend(problem(&label, run.len(), found.as_ref()));
            }
            self.done.push(found);
        }
        if self.done.len() >= self.runs.len() {
            let done = std::mem::take(&mut self.done);
            self.out.scopes.push(scope(op, &done));
            self.at += 1;
        }
        self.at < self.ops.len()
    }

    /// Share of the work done, 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let runs = self.done.len() as f64 / self.runs.len().max(1) as f64;
        ((self.at as f64 + runs) / self.ops.len() as f64).min(1.0)
    }

    /// What is done so far: the scope of all operations first.
    #[must_use]
    pub fn so_far(&self) -> &RunIntervals {
        &self.out
    }

    /// All of it.
    #[must_use]
    pub fn comparison(self) -> RunIntervals {
        self.out
    }
}

/// The percentiles that are looked at: all of them for the whole run, those of the tables for a
/// single operation (the others are asked for at a rank that no run has).
fn ranks(op: Option<&str>) -> Vec<f64> {
    let wanted = |p: f64| op.is_none() || [0.1, 0.5, 0.9, 0.99].contains(&p);
    RANKS.iter().map(|p| if wanted(*p) { *p } else { f64::NAN }).collect()
}

/// Why a run has no intervals, or not all of them, and what to do.
fn problem(label: &str, seconds: usize, found: Option<&RunEstimates>) -> Option<String> {
    const DO: &str = "A longer run has intervals, and an interleaved experiment says more.";
    if seconds == 0 {
        return Some(format!(
            "{label} has no intervals: its file has no seconds, so its noise can't be told."
        ));
    }
    let Some(found) = found else {
        return Some(format!(
            "{label} has no intervals: its measured window of {seconds} s is too short to tell \
             its noise from what it measures; they take {FEWEST_SECONDS} s. {DO}"
        ));
    };
    let what = match (found.rates.factor, found.medians.factor) {
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => "throughput",
        (Some(_), None) => "latencies",
        (None, None) => "throughput and latencies",
    };
    let r = [found.rates, found.medians]
        .iter()
        .filter(|w| w.factor.is_none())
        .fold(0.0, |most, w| f64::max(most, w.correlation));
    Some(format!(
        "{label} has no intervals of {what}: its seconds hang together (the correlation of one \
         with the next is {r:.2}) for longer than a section of {} s, so it rose, fell or wavered \
         slowly and its {seconds} s say too little. {DO}",
        seconds / SECTIONS
    ))
}

fn scope(op: Option<String>, done: &[Option<RunEstimates>]) -> Scope {
    let run = |run: &RunEstimates| RunSpread {
        count: run.count,
        rate: run.rate.map(|e| spread(e.value, e.interval(LEVEL), 0.0)),
        at: run
            .at
            .iter()
            .map(|e| e.map(|e| spread(e.value, e.interval(LEVEL), grain(e.value))))
            .collect(),
    };
    let ratio = |i: usize| -> Option<RatioSpread> {
        let (a, b) = (done.first()?.as_ref()?, done.get(i)?.as_ref()?);
        let over = |b: Option<Estimate>, a: Option<Estimate>, grained: bool| {
            let (a, b) = (a?, b?);
            let (value, ends) = b.over(&a, LEVEL);
            Some(spread(
                value,
                ends,
                if grained { grain(a.value).max(grain(b.value)) } else { 0.0 },
            ))
        };
        let at = b.at.iter().zip(&a.at).map(|(b, a)| over(*b, *a, true)).collect();
        Some(RatioSpread { rate: over(b.rate, a.rate, false), at })
    };
    let ratios = (0..done.len()).map(|i| if i == 0 { None } else { ratio(i) }).collect();
    Scope { op, ratios, runs: done.iter().map(|d| d.as_ref().map(run)).collect() }
}

/// How finely the seconds tell a latency from its neighbours: the width of its bucket over itself.
fn grain(us: f64) -> f64 {
    let (_, width) = bucket_range(bucket(us as u64));
    width as f64 / us.max(1.0)
}

/// An interval, widened by the grain of the buckets.
fn spread(value: f64, [low, high]: [f64; 2], grain: f64) -> Spread {
    Spread { value, low: low / (1.0 + grain), high: high * (1.0 + grain) }
}

#[cfg(test)]
mod tests;
