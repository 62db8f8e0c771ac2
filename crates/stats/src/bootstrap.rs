//! Confidence intervals of a single run: block bootstrap over its 1-s histograms.
//!
//! Seconds of a run depend on each other, so whole stretches are drawn with replacement: the
//! stationary bootstrap (Politis and Romano, JASA 89, 1994; geometric lengths) or the circular
//! moving block bootstrap (Politis and Romano 1992). Block length: at least 5 s, or what
//! [`super::series::block_length`] says. Percentile intervals.
//!
//! A resample is a list of stretches. How many of its samples are at or below a bucket is then a
//! sum of differences of counts that were summed up once, over buckets and over time; a quantile is
//! found by asking that of a few buckets near the run's own. Nothing is allocated inside the loop,
//! and the time taken hardly depends on how many requests there were. Work comes in steps, so that
//! a worker can report progress and stop in between.

use super::error::{StatsError, finite, within};
use super::random::Stream;
use super::series::block_length;

/// Resamples by default.
pub const RESAMPLES: u32 = 2000;
/// Shortest block, in intervals.
pub const SHORTEST_BLOCK: f64 = 5.0;

/// How blocks are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Blocks {
    /// Random lengths, this long in the mean.
    Stationary(f64),
    /// This long each, wrapping at the end of the run.
    Moving(f64),
}

impl Blocks {
    /// Stationary blocks for a run, from a series of it such as its 1-s medians: max(5,
    /// Politis-White). A series that is too short or does not vary takes 5.
    #[must_use]
    pub fn of_series(series: &[f64]) -> Self {
        Self::Stationary(
            block_length(series).map_or(SHORTEST_BLOCK, |b| b.stationary.max(SHORTEST_BLOCK)),
        )
    }
}

/// The intervals of a run, summed up over buckets and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// Number of intervals.
    count: usize,
    /// `sums[column * (count + 1) + t]`: samples of the first t intervals in this column and those
    /// before it.
    sums: Vec<u32>,
    /// What each column is reported as, ascending.
    values: Vec<f64>,
}

/// Intervals drawn one after the other: from, and up to but not including.
type Stretch = (usize, usize);

impl Intervals {
    /// From one sparse histogram per interval: (bucket index, count), each index at most once.
    /// `value` gives the highest equivalent value of a bucket index and must rise with it
    /// (microseconds for run files). Memory is 4 bytes times intervals times buckets in use: an
    /// hour of seconds takes some 15 MB.
    ///
    /// # Errors
    /// Fewer than 10 intervals, no sample at all, more than 2^32 samples, values that do not rise.
    pub fn new(
        intervals: &[Vec<(u32, u32)>],
        value: impl Fn(u32) -> f64,
    ) -> Result<Self, StatsError> {
        let what = "bootstrap of 1-s intervals";
        if intervals.len() < 10 {
            return Err(StatsError::TooFew { what, needed: 10, found: intervals.len() });
        }
        let mut used: Vec<u64> =
            intervals.iter().flatten().filter(|c| c.1 > 0).map(|c| u64::from(c.0)).collect();
        used.sort_unstable();
        used.dedup();
        let values: Vec<f64> = used.iter().map(|&b| value(b as u32)).collect();
        finite(what, &values, 1)?;
        if let Some(at) = values.windows(2).position(|w| w[1] <= w[0]) {
            let wanted = "above the bucket before it";
            return Err(StatsError::BadValue {
                what,
                index: at + 1,
                value: values[at + 1],
                wanted,
            });
        }
        let total: u64 = intervals.iter().flatten().map(|c| u64::from(c.1)).sum();
        within("the samples of the intervals", total as f64, 1.0, f64::from(u32::MAX))?;
        let (count, row) = (intervals.len(), intervals.len() + 1);
        let mut sums = vec![0_u32; row * used.len()];
        for (t, interval) in intervals.iter().enumerate() {
            for &(bucket, n) in interval.iter().filter(|c| c.1 > 0) {
                if let Ok(column) = used.binary_search(&u64::from(bucket)) {
                    sums[column * row + t + 1] += n;
                }
            }
        }
        for column in sums.chunks_exact_mut(row) {
            let mut sum = 0;
            for cell in column {
                sum += *cell;
                *cell = sum;
            }
        }
        for at in row..sums.len() {
            sums[at] += sums[at - row];
        }
        Ok(Self { count, sums, values })
    }

    /// Number of intervals.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Never true: there are at least 10 intervals.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Samples of the stretches in this column and those before it.
    fn up_to(&self, column: usize, stretches: &[Stretch]) -> u64 {
        let row = &self.sums[column * (self.count + 1)..(column + 1) * (self.count + 1)];
        stretches.iter().map(|&(from, to)| u64::from(row[to] - row[from])).sum()
    }

    /// All samples of the stretches.
    fn total(&self, stretches: &[Stretch]) -> u64 {
        self.up_to(self.values.len() - 1, stretches)
    }

    /// The first column that holds `wanted` samples with those before it, looked for around `near`:
    /// in leaps that double from `leap` on, then by halves.
    fn column(&self, wanted: u64, near: usize, leap: usize, stretches: &[Stretch]) -> usize {
        let last = self.values.len() - 1;
        let holds = |column: usize| self.up_to(column, stretches) >= wanted;
        let (mut low, mut high, mut leap) = (near.min(last), near.min(last), leap.max(1));
        if holds(low) {
            // `high` holds; go down until `low` does not.
            while low > 0 && holds(low) {
                high = low;
                low = low.saturating_sub(leap);
                leap *= 2;
            }
            if low == 0 && holds(0) {
                return 0;
            }
        } else {
            while high < last && !holds(high) {
                low = high;
                high = (high + leap).min(last);
                leap *= 2;
            }
        }
        // `low` does not hold and `high` does (the last column holds everything).
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if holds(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// The p-quantile by the product's rule; NaN for an empty histogram. `near` is the column to
    /// look around, `leap` how far it may be; it learns.
    fn quantile(
        &self,
        stretches: &[Stretch],
        total: u64,
        p: f64,
        near: usize,
        leap: &mut usize,
    ) -> f64 {
        if total == 0 {
            return f64::NAN;
        }
        let wanted = ((p * total as f64).ceil() as u64).max(1);
        let column = self.column(wanted, near, *leap, stretches);
        *leap = usize::midpoint(*leap, column.abs_diff(near));
        self.values[column]
    }
}

/// A statistic of the run with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrapped {
    /// Of the run itself.
    pub value: f64,
    /// Lower end of the percentile interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation over the resamples.
    pub se: f64,
}

/// All intervals of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Samples per interval (requests per second for 1-s intervals).
    pub rate: Bootstrapped,
    /// One per p, in the order given.
    pub quantiles: Vec<Bootstrapped>,
    /// Resamples done.
    pub resamples: u32,
}

/// A bootstrap under way.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    intervals: Intervals,
    /// Ascending, with the place of each in the caller's order.
    ps: Vec<f64>,
    places: Vec<usize>,
    blocks: Blocks,
    stream: Stream,
    resamples: u32,
    done: u32,
    stretches: Vec<Stretch>,
    /// The columns of the run's own quantiles.
    near: Vec<usize>,
    /// How far, in columns, the last resample's quantiles were from them: where to look first.
    leaps: Vec<usize>,
    quantile: Vec<f64>,
    /// Draws, statistic by statistic (rate first), `resamples` places each.
    draws: Vec<f64>,
}

impl Bootstrap {
    /// Prepares `resamples` resamples (2,000 by default, at most 100,000) for the quantiles `ps`.
    ///
    /// # Errors
    /// A p outside [0, 1], a block shorter than 1 or longer than the run, or a number of resamples
    /// out of range.
    pub fn new(
        intervals: Intervals,
        ps: &[f64],
        blocks: Blocks,
        resamples: u32,
        seed: u64,
    ) -> Result<Self, StatsError> {
        for p in ps {
            within("a quantile's p", *p, 0.0, 1.0)?;
        }
        let (Blocks::Stationary(length) | Blocks::Moving(length)) = blocks;
        within("the block length", length, 1.0, intervals.len() as f64)?;
        within("the number of resamples", f64::from(resamples), 100.0, 100_000.0)?;
        let mut places: Vec<usize> = (0..ps.len()).collect();
        places.sort_by(|a, b| ps[*a].total_cmp(&ps[*b]));
        let ps_in_order: Vec<f64> = places.iter().map(|i| ps[*i]).collect();
        let all = [(0, intervals.len())];
        let total = intervals.total(&all) as f64;
        let near = |p: &f64| intervals.column(((p * total).ceil() as u64).max(1), 0, 1, &all);
        Ok(Self {
            near: ps_in_order.iter().map(near).collect(),
            ps: ps_in_order,
            blocks,
            stream: Stream::new(seed, "bootstrap", 0),
            resamples,
            done: 0,
            stretches: Vec::with_capacity(intervals.len()),
            leaps: vec![1; ps.len()],
            quantile: vec![0.0; ps.len()],
            draws: vec![0.0; (ps.len() + 1) * resamples as usize],
            places,
            intervals,
        })
    }

    /// Does up to `k` more resamples. True while there are more to do.
    pub fn step(&mut self, k: u32) -> bool {
        let end = self.resamples.min(self.done.saturating_add(k));
        let n = self.intervals.len();
        while self.done < end {
            draw(&mut self.stream, self.blocks, n, &mut self.stretches);
            let total = self.intervals.total(&self.stretches);
            for (i, q) in self.quantile.iter_mut().enumerate() {
                let (p, near, leap) = (self.ps[i], self.near[i], &mut self.leaps[i]);
                *q = self.intervals.quantile(&self.stretches, total, p, near, leap);
            }
            let (at, row) = (self.done as usize, self.resamples as usize);
            self.draws[at] = total as f64 / n as f64;
            for (i, q) in self.quantile.iter().enumerate() {
                self.draws[(i + 1) * row + at] = *q;
            }
            self.done += 1;
        }
        self.done < self.resamples
    }

    /// Share of the resamples done, 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f64 {
        f64::from(self.done) / f64::from(self.resamples)
    }

    /// What the resamples done so far gave for one statistic: 0 is the rate, then the quantiles as
    /// the caller ordered them; empty for another number. Of two runs, draw by draw, they give the
    /// interval of a ratio.
    #[must_use]
    pub fn draws(&self, statistic: usize) -> &[f64] {
        let place = match statistic.checked_sub(1) {
            None => Some(0),
            Some(place) => self.places.iter().position(|p| *p == place).map(|i| i + 1),
        };
        let row = self.resamples as usize;
        place
            .and_then(|s| self.draws.get(s * row..s * row + self.done as usize))
            .unwrap_or_default()
    }

    /// The intervals at a level such as 0.95, from the resamples done so far.
    ///
    /// # Errors
    /// A level outside (0, 1), or fewer than 100 resamples done.
    pub fn outcome(&self, level: f64) -> Result<Outcome, StatsError> {
        within("a confidence level", level, 1e-9, 1.0 - 1e-9)?;
        if self.done < 100 {
            return Err(StatsError::TooFew {
                what: "bootstrap",
                needed: 100,
                found: self.done as usize,
            });
        }
        let n = self.intervals.len();
        let total = self.intervals.total(&[(0, n)]);
        let own: Vec<f64> = self.near.iter().map(|&column| self.intervals.values[column]).collect();
        let row = self.resamples as usize;
        let summed = |statistic: usize, value: f64| {
            let draws = &self.draws[statistic * row..statistic * row + self.done as usize];
            summary(draws, value, level)
        };
        let rate = summed(0, total as f64 / n as f64);
        let mut quantiles = vec![rate; self.ps.len()];
        for (i, place) in self.places.iter().enumerate() {
            quantiles[*place] = summed(i + 1, own[i]);
        }
        Ok(Outcome { rate, quantiles, resamples: self.done })
    }
}

fn summary(draws: &[f64], value: f64, level: f64) -> Bootstrapped {
    // A resample can be empty where most seconds are; it has no quantile and counts for none.
    let mut v: Vec<f64> = draws.iter().copied().filter(|d| d.is_finite()).collect();
    if v.is_empty() {
        return Bootstrapped { value, low: f64::NAN, high: f64::NAN, se: f64::NAN };
    }
    v.sort_unstable_by(f64::total_cmp);
    let se = super::error::mean_variance(&v).1.sqrt();
    let rank = |p: f64| ((p * v.len() as f64).ceil() as usize).clamp(1, v.len()) - 1;
    let half = (1.0 - level) / 2.0;
    Bootstrapped { value, low: v[rank(half)], high: v[v.len() - 1 - rank(half)], se }
}

/// The stretches of one resample of n intervals; a stretch never goes beyond the run's end, where
/// it goes on at the start.
fn draw(stream: &mut Stream, blocks: Blocks, n: usize, stretches: &mut Vec<Stretch>) {
    stretches.clear();
    let any = |stream: &mut Stream| stream.below(n as u32) as usize;
    let length = match blocks {
        Blocks::Stationary(_) => usize::MAX,
        Blocks::Moving(length) => length.round().max(1.0) as usize,
    };
    // Where the stretch begins, and what is left of its block; how many intervals there are so far.
    let (mut from, mut left, mut drawn) = (any(stream), length, 0);
    while drawn < n {
        let most = (n - from).min(n - drawn);
        let ends = match blocks {
            Blocks::Stationary(mean) => stream.until(1.0 / mean, most),
            Blocks::Moving(_) => (left <= most).then_some(left),
        };
        let taken = ends.unwrap_or(most);
        stretches.push((from, from + taken));
        drawn += taken;
        (from, left) = if ends.is_some() { (any(stream), length) } else { (0, left - taken) };
    }
}

#[cfg(test)]
#[path = "bootstrap_tests.rs"]
mod tests;
