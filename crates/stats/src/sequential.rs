//! Confidence bounds that hold although a run is looked at every second: what ends a run early.
//!
//! The requests of a run depend on each other, and so do its seconds. So a bound rests on how the
//! figure varies from one batch (the time between two looks) to the next, and never claims more
//! than as many independent requests would. All figures here are ratios of sums over batches:
//! requests above a limit to answers, errors to requests, latency to answers, answers to seconds.
//!
//! Sources: ratio estimator, Cochran, *Sampling Techniques*, 3rd ed., 6.3; dependence of batches,
//! Geyer 1992 ([`super::series::effective_size`]); effective sample size of a share, Korn and
//! Graubard, *Survey Methodology* 24, 1998 (with their factor (t / z)² for few batches); looks by
//! Bonferroni.

use hdrhistogram::Histogram;

use super::quantile::first;
use super::series::effective_size;
use super::special::{beta_quantile, binomial_cdf, normal_quantile, t_quantile};

/// The share of runs that may be ended wrongly, at most, over all looks and thresholds.
pub const WRONG_STOPS: f64 = 0.01;
/// Most batches that are kept, an even number; beyond it two neighbours become one.
const BATCHES_MAX: usize = 120;
/// The error that one look may make.
const ALPHA_MIN: f64 = 1e-12;

/// The one-sided error that each of `looks` looks at each of `tests` thresholds may make, so that
/// all of them together make [`WRONG_STOPS`] at most (Bonferroni).
#[must_use]
pub fn alpha_of_a_look(looks: u64, tests: usize) -> f64 {
    (WRONG_STOPS / looks.max(1) as f64 / tests.max(1) as f64).max(ALPHA_MIN)
}

/// A lower and an upper bound, each one-sided at the level asked for; in the unit of the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The figure is at least so large.
    pub low: f64,
    /// The figure is at most so large.
    pub high: f64,
}

/// What was added to two sums between one look and the next, look by look.
#[derive(Clone, Debug)]
pub struct Batches {
    list: Vec<[f64; 2]>,
    /// Both sums at the last look.
    known: [f64; 2],
    /// Looks that one batch holds, and those that the last one holds so far.
    looks: (usize, usize),
}

impl Default for Batches {
    fn default() -> Batches {
        Batches { list: Vec::new(), known: [0.0; 2], looks: (1, 1) }
    }
}

impl Batches {
    /// The sums that nothing is counted before.
    pub fn begin(&mut self, above: f64, below: f64) {
        self.known = [above, below];
    }

    /// The two sums at another look: the ratio's numerator and its denominator.
    pub fn look(&mut self, above: f64, below: f64) {
        let new = [above - self.known[0], below - self.known[1]];
        // What has no answers says nothing of how they vary; its part is in the next batch.
        if new[1] <= 0.0 {
            return;
        }
        self.known = [above, below];
        match self.list.last_mut() {
            Some(last) if self.looks.1 < self.looks.0 => {
                last.iter_mut().zip(new).for_each(|(sum, new)| *sum += new);
                self.looks.1 += 1;
            }
            _ => {
                // The batches are whole here, so that pairs of them are too.
                if self.list.len() == BATCHES_MAX {
                    let sum = |pair: &[[f64; 2]]| [0, 1].map(|i| pair.iter().map(|b| b[i]).sum());
                    self.list = self.list.chunks(2).map(sum).collect();
                    self.looks.0 *= 2;
                }
                self.list.push(new);
                self.looks.1 = 1;
            }
        }
    }

    fn sums(&self) -> [f64; 2] {
        [0, 1].map(|i| self.list.iter().map(|b| b[i]).sum())
    }

    /// The ratio, the variance of its estimate by the batches, and the degrees of freedom of that;
    /// `None` below two batches.
    fn ratio(&self) -> Option<(f64, f64, f64)> {
        let (k, [above, below]) = (self.list.len() as f64, self.sums());
        if self.list.len() < 2 {
            return None;
        }
        let ratio = above / below;
        let rest: Vec<f64> = self.list.iter().map(|b| b[0] - ratio * b[1]).collect();
        let squares: f64 = rest.iter().map(|d| d * d).sum();
        let effective = effective_size(&rest).unwrap_or(k).clamp(1.0, k);
        let variance = k / (k - 1.0) * squares / (below * below) * k / effective;
        Some((ratio, variance, (effective - 1.0).max(1.0)))
    }
}

/// The size of a sample of independent requests that would know a share as well as these batches
/// do; at most as many as there were.
fn effective_requests(batches: &Batches, alpha: f64) -> Option<(f64, f64)> {
    let (share, variance, df) = batches.ratio()?;
    let [_, n] = batches.sums();
    let independent = share * (1.0 - share) / n;
    let excess = if independent > 0.0 { (variance / independent).max(1.0) } else { 1.0 };
    let few = normal_quantile(alpha) / t_quantile(alpha, df);
    Some((share, n / excess * few * few))
}

/// Bounds of a share (0 to 1), from batches of hits and trials: Clopper and Pearson's, of as many
/// independent trials as the batches are worth. `None` below two batches.
///
/// Source: Korn and Graubard, *Survey Methodology* 24, 1998.
#[must_use]
pub fn share(batches: &Batches, alpha: f64) -> Option<Bounds> {
    let (share, n) = effective_requests(batches, alpha)?;
    let hits = share * n;
    let low = if hits > 0.0 { beta_quantile(hits, n - hits + 1.0, alpha) } else { 0.0 };
    let high = if hits < n { beta_quantile(hits + 1.0, n - hits, 1.0 - alpha) } else { 1.0 };
    Some(Bounds { low, high })
}

/// Bounds of the quantile `p` of the values of a histogram, in its unit: the order statistics
/// between which it lies whatever the distribution, of as many independent values as the batches
/// are worth. The batches count the values above the limit that is asked about, and all. `None`
/// below two batches; without a rank that is certain enough, a bound is 0 or infinite.
///
/// Source: David and Nagaraja, *Order Statistics*, 3rd ed., 7.1.
#[must_use]
pub fn quantile(
    histogram: &Histogram<u64>,
    p: f64,
    batches: &Batches,
    alpha: f64,
) -> Option<Bounds> {
    let n = effective_requests(batches, alpha)?.1.floor();
    let whole = n as u64;
    let share = |rank: u64| rank as f64 / n * histogram.len() as f64;
    // The value of rank r lies above the quantile with chance P(B <= r - 1).
    let below = first(whole, |k| binomial_cdf(k, whole, p) > alpha);
    let above = first(whole, |k| binomial_cdf(k, whole, p) >= 1.0 - alpha) + 1;
    let low = (whole > 0 && below > 0)
        .then(|| histogram.lowest_equivalent(value_of_rank(histogram, share(below).floor())));
    let high = (above <= whole)
        .then(|| histogram.highest_equivalent(value_of_rank(histogram, share(above).ceil())));
    Some(Bounds {
        low: low.map_or(0.0, |v| v as f64),
        high: high.map_or(f64::INFINITY, |v| v as f64),
    })
}

/// Bounds of the mean of a histogram's values, in its unit. The batches sum up values and count
/// them. `None` below two batches.
#[must_use]
pub fn mean(histogram: &Histogram<u64>, batches: &Batches, alpha: f64) -> Option<Bounds> {
    let (mean, variance, df) = batches.ratio()?;
    let sd = histogram.stdev();
    let independent = sd * sd / batches.sums()[1];
    Some(around(mean, variance.max(independent), alpha, df))
}

/// Bounds of a rate, 1/s. The batches count answers and seconds. `None` below two batches. It is
/// taken to vary as much at least as random arrivals do (Poisson).
#[must_use]
pub fn rate(batches: &Batches, alpha: f64) -> Option<Bounds> {
    let (rate, variance, df) = batches.ratio()?;
    let [answers, seconds] = batches.sums();
    let random = (answers + 1.0) / (seconds * seconds);
    Some(around(rate, variance.max(random), alpha, df))
}

fn around(middle: f64, variance: f64, alpha: f64, df: f64) -> Bounds {
    let half = -t_quantile(alpha, df) * variance.sqrt();
    Bounds { low: (middle - half).max(0.0), high: middle + half }
}

/// The value of that rank, from 1.
fn value_of_rank(histogram: &Histogram<u64>, rank: f64) -> u64 {
    let mut seen = 0;
    let found = histogram.iter_recorded().find(|cell| {
        seen += cell.count_at_value();
        seen as f64 >= rank.max(1.0)
    });
    found.map_or_else(|| histogram.max(), |cell| cell.value_iterated_to())
}

#[cfg(test)]
mod tests;
