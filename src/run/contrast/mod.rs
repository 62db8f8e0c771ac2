//! Separate runs side by side with intervals: a block bootstrap over each run's seconds, and its ratios.
//!
//! May not enter: verdicts beyond what such intervals allow, drawing. Called by: worker, run::compare. Calls: stats.
//! Invariant: an interval knows the noise within the runs, never what changed between them; the same files give the
//! same intervals. Work comes in steps, so that a worker can tell how far it is and stop.
//! Tests: beside the code.

mod control;
pub mod view;
mod words;

pub use self::control::{same_setting, setting_key};
pub use self::view::{Contrast, LEVEL, RANKS, RatioSpread, RunSpread, Scope, Spread, rank_place};
pub use self::words::{apply, interval};
use super::view::{Measure, Shown, shown};
use super::wire::RunFile;
pub use crate::stats::bootstrap::RESAMPLES;
use crate::stats::bootstrap::{Blocks, Bootstrap, Intervals};
use crate::stats::error::StatsError;
use crate::stats::sparse::{Sparse, bucket, bucket_range};

/// Fewest seconds of a run that give an interval.
pub const FEWEST_SECONDS: usize = 10;

/// What a run's file says of its measured seconds: a sparse histogram an operation and second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seconds {
    /// Operation, and its histogram of each second.
    ops: Vec<(String, Vec<Sparse>)>,
    count: usize,
}

impl Seconds {
    /// The whole seconds of the measured window, in service or response times.
    #[must_use]
    pub fn of(file: &RunFile, measure: Measure) -> Seconds {
        let (from, to) = (file.window.warmup_s, file.window.warmup_s + file.window.measured_s + 0.05);
        let inside = |t: u32| f64::from(t) >= from && f64::from(t) + 1.0 <= to;
        let count = file.series.seconds.iter().filter(|s| inside(s.t_s)).count();
        let mut out = Seconds { ops: Vec::new(), count };
        for (i, second) in file.series.seconds.iter().filter(|s| inside(s.t_s)).enumerate() {
            for (name, cell) in &second.ops {
                let gaps = if measure == Measure::Service { &cell.service } else { &cell.response };
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

    /// The cells of every second, of one operation or of all.
    fn cells(&self, op: Option<&str>) -> Vec<Sparse> {
        let mut out = vec![Sparse::default(); self.count];
        for (_, seconds) in self.ops.iter().filter(|o| op.is_none_or(|op| op == o.0)) {
            out.iter_mut().zip(seconds).for_each(|(sum, s)| sum.merge(s));
        }
        out
    }
}

/// A contrast under way: all operations first, then one by one; run by run within each.
#[derive(Debug)]
pub struct Job {
    runs: Vec<Seconds>,
    /// What is still to be done, in order; `None` is all operations.
    ops: Vec<Option<String>>,
    at: usize,
    /// Bootstraps of the scope under way, a place a run.
    under_way: Vec<Option<Bootstrap>>,
    counts: Vec<u64>,
    blocks: Vec<f64>,
    out: Contrast,
}

impl Job {
    /// Prepares the contrast of these runs; the first is the one the others are compared with.
    #[must_use]
    pub fn new(runs: Vec<Seconds>, measure: Measure, resamples: u32) -> Job {
        let measure = if measure == Measure::Service { measure } else { Measure::Response };
        let mut ops: Vec<Option<String>> = vec![None];
        for (op, _) in runs.iter().flat_map(|r| &r.ops) {
            if !ops.iter().any(|o| o.as_ref() == Some(op)) {
                ops.push(Some(op.clone()));
            }
        }
        let problems = runs.iter().enumerate().filter(|(_, r)| r.len() < FEWEST_SECONDS).map(|(i, r)| {
            format!(
                "{} has {} whole seconds measured; an interval takes {FEWEST_SECONDS}.",
                super::compare::letter(i),
                r.len()
            )
        });
        let out = Contrast {
            measure,
            resamples,
            seconds: runs.iter().map(|r| r.len() as u32).collect(),
            scopes: Vec::new(),
            problems: problems.collect(),
        };
        let mut job = Job {
            runs,
            ops,
            at: 0,
            under_way: Vec::new(),
            counts: Vec::new(),
            blocks: Vec::new(),
            out,
        };
        job.prepare();
        job
    }

    fn prepare(&mut self) {
        (self.under_way, self.counts, self.blocks) = (Vec::new(), Vec::new(), Vec::new());
        let Some(op) = self.ops.get(self.at) else { return };
        for (i, run) in self.runs.iter().enumerate() {
            let cells = run.cells(op.as_deref());
            self.counts.push(cells.iter().map(Sparse::count).sum());
            // Every run draws by a seed of its own: two runs of a length would else draw the same seconds.
            let (bootstrap, block) = match bootstrap(&cells, self.out.resamples, i as u64 + 1) {
                Ok((bootstrap, block)) => (Some(bootstrap), block),
                Err(_) => (None, f64::NAN),
            };
            self.under_way.push(bootstrap);
            self.blocks.push(block);
        }
    }

    /// Does up to `k` more resamples of one run. True while there is more to do.
    pub fn step(&mut self, k: u32) -> bool {
        if self.at >= self.ops.len() {
            return false;
        }
        let open = self.under_way.iter_mut().flatten().find(|b| b.progress() < 1.0);
        if let Some(bootstrap) = open {
            bootstrap.step(k.max(1));
        }
        if self.under_way.iter().flatten().all(|b| b.progress() >= 1.0) {
            let scope = self.finish();
            self.out.scopes.push(scope);
            self.at += 1;
            self.prepare();
        }
        self.at < self.ops.len()
    }

    /// Share of the scopes done, 0 to 1: all operations take about half of the time that the others take together.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let within: f64 = self.under_way.iter().flatten().map(Bootstrap::progress).sum();
        let runs = self.under_way.iter().flatten().count().max(1);
        (self.at as f64 + within / runs as f64) / self.ops.len().max(1) as f64
    }

    /// What is done so far: the scope of all operations first.
    #[must_use]
    pub fn so_far(&self) -> &Contrast {
        &self.out
    }

    /// All of it.
    #[must_use]
    pub fn contrast(self) -> Contrast {
        self.out
    }

    fn finish(&self) -> Scope {
        let op = self.ops.get(self.at).cloned().flatten();
        let one = |i: usize| -> Option<RunSpread> {
            let bootstrap = self.under_way.get(i)?.as_ref()?;
            let outcome = bootstrap.outcome(LEVEL).ok()?;
            let (count, block_s) = (*self.counts.get(i)?, *self.blocks.get(i)?);
            let at = RANKS.iter().zip(&outcome.quantiles).map(|(p, q)| {
                let spread = Spread { value: q.value, low: q.low, high: q.high };
                (shown(*p, count) != Shown::Hidden && q.value.is_finite()).then_some(spread)
            });
            let rate = Spread { value: outcome.rate.value, low: outcome.rate.low, high: outcome.rate.high };
            Some(RunSpread { count, rate, at: at.collect(), block_s })
        };
        let runs: Vec<Option<RunSpread>> = (0..self.runs.len()).map(one).collect();
        let ratio = |i: usize| -> Option<RatioSpread> {
            let (a, b) = (self.under_way.first()?.as_ref()?, self.under_way.get(i)?.as_ref()?);
            let (of_a, of_b) = (runs.first()?.as_ref()?, runs.get(i)?.as_ref()?);
            let rate = ratio_spread(of_b.rate.value / of_a.rate.value, a.draws(0), b.draws(0), 0.0)?;
            let at = (0..RANKS.len()).map(|k| {
                let (qa, qb) = ((*of_a.at.get(k)?)?.value, (*of_b.at.get(k)?)?.value);
                ratio_spread(qb / qa, a.draws(k + 1), b.draws(k + 1), grain(qa).max(grain(qb)))
            });
            Some(RatioSpread { rate, at: at.collect() })
        };
        let ratios = (0..self.runs.len()).map(|i| if i == 0 { None } else { ratio(i) }).collect();
        Scope { op, runs, ratios }
    }
}

fn bootstrap(cells: &[Sparse], resamples: u32, seed: u64) -> Result<(Bootstrap, f64), StatsError> {
    let list: Vec<Vec<(u32, u32)>> =
        cells.iter().map(|s| s.cells().iter().map(|c| (u32::from(c.0), c.1)).collect()).collect();
    let highest = |index: u32| {
        let (low, width) = bucket_range(index as u16);
        (low + (width - 1)) as f64
    };
    let intervals = Intervals::new(&list, highest)?;
    // The longer of what the rates and what the medians ask for.
    let rates: Vec<f64> = cells.iter().map(|s| s.count() as f64).collect();
    let medians: Vec<f64> = cells.iter().filter_map(|s| s.at(0.5)).map(|v| v as f64).collect();
    let length = |b: Blocks| match b {
        Blocks::Stationary(length) | Blocks::Moving(length) => length,
    };
    let block = length(Blocks::of_series(&rates)).max(length(Blocks::of_series(&medians)));
    let block = block.min(intervals.len() as f64);
    Ok((Bootstrap::new(intervals, &RANKS, Blocks::Stationary(block), resamples, seed)?, block))
}

/// How finely the seconds tell a latency from its neighbours: the width of its bucket over itself.
fn grain(us: f64) -> f64 {
    let (_, width) = bucket_range(bucket(us as u64));
    width as f64 / us.max(1.0)
}

/// The percentile interval of b / a, draw by draw, widened by the grain of the buckets and holding `value`.
fn ratio_spread(value: f64, a: &[f64], b: &[f64], grain: f64) -> Option<Spread> {
    let mut ratios: Vec<f64> = b.iter().zip(a).map(|(b, a)| b / a).filter(|r| r.is_finite()).collect();
    if ratios.is_empty() || !value.is_finite() {
        return None;
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let half = (1.0 - LEVEL) / 2.0;
    let rank = ((half * ratios.len() as f64).ceil() as usize).clamp(1, ratios.len()) - 1;
    let (low, high) = (ratios.get(rank)?, ratios.get(ratios.len() - 1 - rank)?);
    Some(Spread { value, low: (low / (1.0 + grain)).min(value), high: (high * (1.0 + grain)).max(value) })
}

#[cfg(test)]
mod tests;
