//! Compares separate runs by bootstrap: intervals from a block bootstrap over each run's seconds,
//! and those of the runs' ratios.
//!
//! May not enter: verdicts beyond what such intervals allow, drawing.
//! Invariant: an interval knows the noise within the runs, never what changed between them. The
//! same files give the same intervals. Work comes in steps, so that a worker can tell how far it is
//! and stop.
//! Tests: beside the code.

mod control;
pub mod view;
mod words;

use std::rc::Rc;

pub use self::control::{same_setting, setting_key};
pub use self::view::{
    BootstrapComparison, LEVEL, RANKS, RatioSpread, RunSpread, Scope, Spread, rank_place,
};
pub use self::words::apply;
use super::view::{Measure, Shown, shown};
use super::wire::RunFile;
pub use fwit_stats::bootstrap::RESAMPLES;
use fwit_stats::bootstrap::{Blocks, Bootstrap, Intervals};
use fwit_stats::error::StatsError;
use fwit_stats::sparse::{Sparse, bucket, bucket_range};

/// Fewest seconds of a run that give an interval.
pub const FEWEST_SECONDS: usize = 10;
/// Most intervals drawn from: of longer runs, several seconds are one.
const MOST_INTERVALS: usize = 1_800;

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

    /// Seconds that make one interval.
    fn together(&self) -> usize {
        self.count.div_ceil(MOST_INTERVALS).max(1)
    }

    /// The cells of every interval, of one operation or of all.
    fn cells(&self, op: Option<&str>) -> Vec<Sparse> {
        let together = self.together();
        let mut out = vec![Sparse::default(); self.count.div_ceil(together)];
        for (_, seconds) in self.ops.iter().filter(|o| op.is_none_or(|op| op == o.0)) {
            for (i, second) in seconds.iter().enumerate() {
                if let Some(sum) = out.get_mut(i / together) {
                    sum.merge(second);
                }
            }
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
    /// The bootstrap under way; what those before it in this scope gave.
    under_way: Option<Under>,
    done: Vec<Option<(RunSpread, Vec<Vec<f64>>)>>,
    out: BootstrapComparison,
}

#[derive(Debug)]
struct Under {
    bootstrap: Bootstrap,
    count: u64,
    block_s: f64,
    together: usize,
}

impl Job {
    /// Prepares the comparison of these runs; the first is the one the others are compared with.
    #[must_use]
    pub fn new(runs: Vec<Rc<Seconds>>, measure: Measure, resamples: u32) -> Job {
        let measure = if measure == Measure::Cluster { measure } else { Measure::Response };
        let mut ops: Vec<Option<String>> = vec![None];
        for (op, _) in runs.iter().flat_map(|r| &r.ops) {
            if !ops.iter().any(|o| o.as_ref() == Some(op)) {
                ops.push(Some(op.clone()));
            }
        }
        let problems =
            runs.iter().enumerate().filter(|(_, r)| r.len() < FEWEST_SECONDS).map(|(i, r)| {
                format!(
                    "{} has {} whole seconds measured; an interval takes {FEWEST_SECONDS}.",
                    super::compare::letter(i),
                    r.len()
                )
            });
        let out = BootstrapComparison {
            measure,
            resamples,
            seconds: runs.iter().map(|r| r.len() as u32).collect(),
            scopes: Vec::new(),
            problems: problems.collect(),
        };
        Job { runs, ops, at: 0, under_way: None, done: Vec::new(), out }
    }

    /// Does up to `k` more resamples of one run. True while there is more to do.
    pub fn step(&mut self, k: u32) -> bool {
        let Some(op) = self.ops.get(self.at).cloned() else { return false };
        if self.under_way.is_none() {
            // Every run draws by a seed of its own: two runs of a length would else draw the same
            // seconds.
            let seed = self.done.len() as u64 + 1;
            let run = self.runs.get(self.done.len());
            self.under_way =
                run.and_then(|r| begin(r, op.as_deref(), self.out.resamples, seed).ok());
        }
        match &mut self.under_way {
            Some(under) => {
                if under.bootstrap.step(k.max(1)) {
                    return true;
                }
                let finished = finish(under, ranks(op.as_deref()));
                self.done.push(finished);
            }
            None => self.done.push(None),
        }
        self.under_way = None;
        if self.done.len() >= self.runs.len() {
            let done = std::mem::take(&mut self.done);
            self.out.scopes.push(scope(op, done));
            self.at += 1;
        }
        self.at < self.ops.len()
    }

    /// Share of the work done, 0 to 1; all operations together count as two.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let within = self.under_way.as_ref().map_or(0.0, |u| u.bootstrap.progress());
        let runs = (self.done.len() as f64 + within) / self.runs.len().max(1) as f64;
        let scopes = if self.at == 0 { 2.0 * runs } else { self.at as f64 + 1.0 + runs };
        (scopes / (self.ops.len() as f64 + 1.0)).min(1.0)
    }

    /// What is done so far: the scope of all operations first.
    #[must_use]
    pub fn so_far(&self) -> &BootstrapComparison {
        &self.out
    }

    /// All of it.
    #[must_use]
    pub fn comparison(self) -> BootstrapComparison {
        self.out
    }
}

/// The places of the percentiles that are looked at: all of them for the whole run, those of the
/// tables for a single operation.
fn ranks(op: Option<&str>) -> Vec<usize> {
    let wanted = |p: f64| op.is_none() || [0.1, 0.5, 0.9, 0.99].contains(&p);
    (0..RANKS.len()).filter(|i| RANKS.get(*i).is_some_and(|p| wanted(*p))).collect()
}

fn begin(run: &Seconds, op: Option<&str>, resamples: u32, seed: u64) -> Result<Under, StatsError> {
    let cells = run.cells(op);
    let count = cells.iter().map(Sparse::count).sum();
    let ps: Vec<f64> = ranks(op).into_iter().filter_map(|i| RANKS.get(i).copied()).collect();
    let (bootstrap, block) = bootstrap(&cells, &ps, resamples, seed)?;
    let together = run.together();
    Ok(Under { bootstrap, count, block_s: block * together as f64, together })
}

/// The run's part of a scope, and its draws: of the rate, then of the percentiles at [`RANKS`].
fn finish(under: &Under, ranks: Vec<usize>) -> Option<(RunSpread, Vec<Vec<f64>>)> {
    let outcome = under.bootstrap.outcome(LEVEL).ok()?;
    let a_second = 1.0 / under.together as f64;
    let of = |b: &fwit_stats::bootstrap::Bootstrapped, by: f64| Spread {
        value: b.value * by,
        low: b.low * by,
        high: b.high * by,
    };
    let mut at = vec![None; RANKS.len()];
    let mut draws = vec![Vec::new(); RANKS.len() + 1];
    if let Some(first) = draws.first_mut() {
        *first = under.bootstrap.draws(0).iter().map(|d| d * a_second).collect();
    }
    for (k, place) in ranks.into_iter().enumerate() {
        let enough = RANKS.get(place).is_some_and(|p| shown(*p, under.count) != Shown::Hidden);
        if let (Some(q), Some(slot), Some(list)) =
            (outcome.quantiles.get(k), at.get_mut(place), draws.get_mut(place + 1))
            && enough
            && q.value.is_finite()
        {
            *slot = Some(of(q, 1.0));
            *list = under.bootstrap.draws(k + 1).to_vec();
        }
    }
    let run = RunSpread {
        count: under.count,
        rate: of(&outcome.rate, a_second),
        at,
        block_s: under.block_s,
    };
    Some((run, draws))
}

fn scope(op: Option<String>, done: Vec<Option<(RunSpread, Vec<Vec<f64>>)>>) -> Scope {
    let ratio = |i: usize| -> Option<RatioSpread> {
        let ((of_a, a), (of_b, b)) = (done.first()?.as_ref()?, done.get(i)?.as_ref()?);
        let rate = ratio_spread(of_b.rate.value / of_a.rate.value, a.first()?, b.first()?, 0.0)?;
        let at = (0..RANKS.len()).map(|k| {
            let (qa, qb) = ((*of_a.at.get(k)?)?.value, (*of_b.at.get(k)?)?.value);
            ratio_spread(qb / qa, a.get(k + 1)?, b.get(k + 1)?, grain(qa).max(grain(qb)))
        });
        Some(RatioSpread { rate, at: at.collect() })
    };
    let ratios = (0..done.len()).map(|i| if i == 0 { None } else { ratio(i) }).collect();
    Scope { op, ratios, runs: done.into_iter().map(|d| d.map(|d| d.0)).collect() }
}

fn bootstrap(
    cells: &[Sparse],
    ps: &[f64],
    resamples: u32,
    seed: u64,
) -> Result<(Bootstrap, f64), StatsError> {
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
    Ok((Bootstrap::new(intervals, ps, Blocks::Stationary(block), resamples, seed)?, block))
}

/// How finely the seconds tell a latency from its neighbours: the width of its bucket over itself.
fn grain(us: f64) -> f64 {
    let (_, width) = bucket_range(bucket(us as u64));
    width as f64 / us.max(1.0)
}

/// The percentile interval of b / a, draw by draw, widened by the grain of the buckets and holding
/// `value`.
fn ratio_spread(value: f64, a: &[f64], b: &[f64], grain: f64) -> Option<Spread> {
    let mut ratios: Vec<f64> =
        b.iter().zip(a).map(|(b, a)| b / a).filter(|r| r.is_finite()).collect();
    if ratios.is_empty() || !value.is_finite() {
        return None;
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let half = (1.0 - LEVEL) / 2.0;
    let rank = ((half * ratios.len() as f64).ceil() as usize).clamp(1, ratios.len()) - 1;
    let (low, high) = (ratios.get(rank)?, ratios.get(ratios.len() - 1 - rank)?);
    Some(Spread {
        value,
        low: (low / (1.0 + grain)).min(value),
        high: (high * (1.0 + grain)).max(value),
    })
}

#[cfg(test)]
mod tests;
