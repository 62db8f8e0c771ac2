//! The valley test: does a histogram of latencies have two hills with a valley between them?
//!
//! Bins are equal on the logarithm; counts are spread evenly over their buckets, so that a clock's
//! ticks make no hills. A valley counts when, after smoothing, an inner bin holds less than half of
//! the lower hill, with at least 5 % of all samples on either side, and the difference is 4
//! standard deviations of Poisson counts on the square-root scale. examples/latency_group_rates.rs
//! measures its error rates.

use super::super::buckets::{Bucket, Buckets};

/// A valley between two hills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valley {
    /// Where the two groups part, in the unit of the sample.
    pub cut: f64,
    /// Share of the samples below the cut.
    pub below: f64,
    /// Depth: smoothed count of the valley's bin over the lower hill's.
    pub depth: f64,
    /// Depth in standard deviations.
    pub score: f64,
}

/// Fewest samples that the test takes.
pub const FEWEST: u64 = 30;
const SIDE: f64 = 0.05;
const DEPTH: f64 = 0.5;
const SCORE: f64 = 4.0;

/// The clearest valley of a sample of positive values, or `None` when there is none (or too few
/// samples). `tick` is the clock's step in the unit of the sample (0 when it is finer than the
/// buckets).
#[must_use]
pub fn valley(sample: &Buckets, tick: f64) -> Option<Valley> {
    let n = sample.total();
    let median = sample.quantile(0.5)?;
    if n < FEWEST || !(median.is_finite() && median > 0.0) {
        return None;
    }
    let ln_at = |p: f64| sample.quantile(p).filter(|q| *q > 0.0).map(libm::log);
    let (first, last) = (ln_at(0.005)?, ln_at(0.995)?);
    let iqr = ln_at(0.75)? - ln_at(0.25)?;
    // A bin narrower than two ticks or one bucket would show the clock.
    let bucket = sample.buckets().iter().find(|b| b.shown >= median).map_or(0.0, |b| b.width);
    let coarse = bucket.max(tick);
    let width = (iqr / libm::cbrt(n as f64)).max(2.0 * coarse / median);
    if !(last > first && width.is_finite()) {
        return None;
    }
    let bins =
        if width > 0.0 { ((last - first) / width).ceil().clamp(8.0, 400.0) as usize } else { 400 };
    let edge = |i: usize| libm::exp(first + (last - first) * i as f64 / bins as f64);
    let edges: Vec<f64> = (0..=bins).map(edge).collect();
    let raw = counts(sample.buckets(), &edges, tick);
    let smooth: Vec<f64> = (0..bins)
        .map(|i| {
            let at = |j: Option<usize>| j.and_then(|j| raw.get(j)).copied().unwrap_or(raw[i]);
            0.25 * at(i.checked_sub(1)) + 0.5 * raw[i] + 0.25 * at(Some(i + 1))
        })
        .collect();
    let mass: f64 = raw.iter().sum();
    let mut right = vec![0.0; bins + 1];
    for i in (0..bins).rev() {
        right[i] = f64::max(right[i + 1], smooth[i]);
    }
    let (mut left, mut before) = (smooth[0], raw[0]);
    let mut best: Option<(f64, usize, f64)> = None;
    for i in 1..bins - 1 {
        let after = mass - before - raw[i];
        let hill = left.min(right[i + 1]);
        if before >= SIDE * mass && after >= SIDE * mass && smooth[i] < DEPTH * hill {
            let score = 2.0 * core::f64::consts::SQRT_2 * (hill.sqrt() - smooth[i].sqrt());
            if score >= SCORE && best.is_none_or(|b| score > b.0) {
                best = Some((score, i, smooth[i] / hill));
            }
        }
        left = left.max(smooth[i]);
        before += raw[i];
    }
    let (score, at, depth) = best?;
    // The lowest stretch is the valley's floor; the cut is its middle.
    let floor = smooth[at];
    let end = (at..bins).take_while(|&j| smooth[j] <= floor).last().unwrap_or(at);
    let cut = (edges[at] * edges[end + 1]).sqrt();
    Some(Valley { cut, below: sample.cdf(cut), depth, score })
}

/// Samples per bin, each bucket (at least a tick wide) spread evenly over its width.
fn counts(buckets: &[Bucket], edges: &[f64], tick: f64) -> Vec<f64> {
    let mut out = vec![0.0; edges.len() - 1];
    for b in buckets {
        let (width, middle) = (b.width.max(tick), b.low + b.width / 2.0);
        let (low, high) = (middle - width / 2.0, middle + width / 2.0);
        let mut bin = edges.partition_point(|e| *e <= low).saturating_sub(1);
        while bin < out.len() && edges[bin] <= high {
            let inside = high.min(edges[bin + 1]) - low.max(edges[bin]);
            let share = if width > 0.0 {
                (inside / width).max(0.0)
            } else if edges[bin] <= low && low < edges[bin + 1] {
                1.0
            } else {
                0.0
            };
            out[bin] += share * b.count as f64;
            bin += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn sample(values: &[f64], tick: f64) -> Buckets {
        let rounded: Vec<f64> = values
            .iter()
            .map(|v| if tick > 0.0 { (v / tick).round() * tick } else { *v })
            .collect();
        Buckets::from_values(&rounded, tick).unwrap()
    }

    #[test]
    fn two_groups_are_parted_where_they_part() {
        let mut s = Stream::new(1, "valley", 0);
        let v: Vec<f64> =
            (0..2000).map(|i| s.lognormal(if i % 5 == 0 { 40.0 } else { 20.0 }, 0.05)).collect();
        for tick in [0.0, 0.1, 1.0] {
            let found = valley(&sample(&v, tick), tick).unwrap();
            assert!(
                (23.0..36.0).contains(&found.cut) && (found.below - 0.8).abs() < 0.01,
                "{found:?}"
            );
            assert!(found.depth < 0.1 && found.score > 4.0);
        }
    }

    #[test]
    fn a_coarse_clock_makes_no_valleys() {
        let mut s = Stream::new(2, "valley", 0);
        for _ in 0..50 {
            let v: Vec<f64> = (0..2000).map(|_| s.lognormal(20.0, 0.05)).collect();
            assert_eq!(valley(&sample(&v, 1.0), 1.0), None);
            assert_eq!(valley(&sample(&v, 0.1), 0.1), None);
        }
    }

    #[test]
    fn nothing_to_see() {
        assert_eq!(valley(&Buckets::default(), 0.1), None);
        assert_eq!(valley(&sample(&[5.0; 1000], 0.1), 0.1), None);
        assert_eq!(valley(&sample(&[0.0; 1000], 0.0), 0.0), None);
        let negative: Vec<f64> = (0..100).map(|i| f64::from(i) - 50.0).collect();
        assert_eq!(valley(&sample(&negative, 0.0), f64::NAN), None);
    }
}
