//! A sample as sorted buckets with counts, and the percentile rule of the whole product.
//!
//! The rule is HdrHistogram's: the p-quantile is the smallest recorded value such that at least
//! `ceil(p * n)` samples are at or below it, and a value is reported as the highest value that its
//! bucket stands for. p = 0 reports the lowest value of the first bucket. Every table, file and
//! chart of single runs uses this; comparisons use [`between`].
//!
//! Values are in any one unit (microseconds in a run). A bucket is the half-open interval `[low,
//! low + width)`, and its samples are taken as spread evenly over it. They must not be taken as all
//! at one point: rounded clocks would then look like many latency groups.

use super::error::{StatsError, within};

/// One bucket of equal values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Lowest value it stands for.
    pub low: f64,
    /// Width; 0 for an exact value.
    pub width: f64,
    /// The value it is reported as: the highest value that it stands for.
    pub shown: f64,
    /// Samples in it.
    pub count: u64,
}

/// Buckets in ascending order, none empty, none overlapping.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Buckets {
    buckets: Vec<Bucket>,
    total: u64,
}

impl Buckets {
    /// The recorded values of an HdrHistogram (microseconds in a run file).
    #[must_use]
    pub fn from_histogram(histogram: &hdrhistogram::Histogram<u64>) -> Self {
        let mut out = Self::default();
        for step in histogram.iter_recorded() {
            let value = step.value_iterated_to();
            let low = histogram.lowest_equivalent(value) as f64;
            let high = histogram.highest_equivalent(value) as f64;
            out.push(Bucket {
                low,
                width: high - low + 1.0,
                shown: high,
                count: step.count_at_value(),
            });
        }
        out
    }

    /// Single values, each known to within `tick` (the clock's step, 0 for exact numbers): each is
    /// a bucket of that width around the value, so that a rounded clock does not make gaps.
    ///
    /// # Errors
    /// A value that is not finite; a negative or non-finite tick.
    pub fn from_values(values: &[f64], tick: f64) -> Result<Self, StatsError> {
        super::error::finite("a sample", values, 0)?;
        within("the clock's tick", tick, 0.0, f64::MAX)?;
        let mut out = Self::default();
        for v in super::error::sorted(values) {
            match out.buckets.last_mut() {
                Some(last) if v - last.shown < tick * 0.5 || v == last.shown => {
                    last.count += 1;
                    out.total += 1;
                }
                _ => out.push(Bucket { low: v - tick / 2.0, width: tick, shown: v, count: 1 }),
            }
        }
        Ok(out)
    }

    /// Given buckets; they are put in order, empty ones are dropped.
    ///
    /// # Errors
    /// A bound that is not finite, a negative width, or two buckets that overlap.
    pub fn new(mut buckets: Vec<Bucket>) -> Result<Self, StatsError> {
        let what = "histogram buckets";
        buckets.retain(|b| b.count > 0);
        for (index, b) in buckets.iter().enumerate() {
            for (value, good, wanted) in [
                (b.low, b.low.is_finite(), "finite"),
                (b.shown, b.shown.is_finite(), "finite"),
                (b.width, b.width.is_finite() && b.width >= 0.0, "a width of 0 or more"),
            ] {
                if !good {
                    return Err(StatsError::BadValue { what, index, value, wanted });
                }
            }
        }
        buckets.sort_by(|a, b| a.low.total_cmp(&b.low));
        let slack = |b: &Bucket| 1e-9 * (b.low.abs() + b.width);
        if let Some(at) =
            buckets.windows(2).position(|w| w[1].low < w[0].low + w[0].width - slack(&w[0]))
        {
            let value = buckets[at + 1].low;
            return Err(StatsError::BadValue {
                what,
                index: at + 1,
                value,
                wanted: "clear of the one before",
            });
        }
        let mut out = Self::default();
        buckets.into_iter().for_each(|b| out.push(b));
        Ok(out)
    }

    fn push(&mut self, bucket: Bucket) {
        self.total = self.total.saturating_add(bucket.count);
        self.buckets.push(bucket);
    }

    /// The buckets, ascending.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Number of samples.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Mean, taking each bucket's samples as spread evenly over it; `None` when empty.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let sum: f64 = self.buckets.iter().map(|b| (b.low + b.width / 2.0) * b.count as f64).sum();
        (self.total > 0).then(|| sum / self.total as f64)
    }

    /// The p-quantile by the product's rule; `None` when empty or `p` is not in [0, 1].
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        let wanted = ((p * self.total as f64).ceil() as u64).max(1);
        let mut seen = 0_u64;
        let found = self.buckets.iter().find(|b| {
            seen = seen.saturating_add(b.count);
            seen >= wanted
        })?;
        Some(if p == 0.0 { found.low } else { found.shown })
    }

    /// The p-quantile between two samples, for comparisons: see [`between`].
    #[must_use]
    pub fn interpolated(&self, p: f64) -> Option<f64> {
        between(self.buckets.iter().map(|b| (b.low, b.width, b.count)), self.total, p)
    }

    /// Share of the samples below `x`, linear within a bucket; 0 when empty.
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        let mut below = 0.0;
        for b in &self.buckets {
            if b.low >= x {
                break;
            }
            let part = if b.width > 0.0 { ((x - b.low) / b.width).min(1.0) } else { 1.0 };
            below += part * b.count as f64;
        }
        if self.total == 0 { 0.0 } else { below / self.total as f64 }
    }

    /// At most `n` values that spread as the sample does: the j-th stands at the ((j + 1/2) /
    /// n)-quantile of the linear distribution function. What jitter does, without chance; for tests
    /// on single values.
    #[must_use]
    pub fn spread(&self, n: usize) -> Vec<f64> {
        let n = n.min(usize::try_from(self.total).unwrap_or(usize::MAX));
        let mut out = Vec::with_capacity(n);
        let (mut below, mut at) = (0.0, 0);
        for j in 0..n {
            let rank = (j as f64 + 0.5) / n as f64 * self.total as f64;
            while at + 1 < self.buckets.len() && below + self.buckets[at].count as f64 <= rank {
                below += self.buckets[at].count as f64;
                at += 1;
            }
            let b = &self.buckets[at];
            out.push(b.low + b.width * ((rank - below) / b.count as f64).clamp(0.0, 1.0));
        }
        out
    }
}

/// The p-quantile of `total` samples in ascending cells (low, width, count) by Hyndman and Fan's
/// eighth rule (The American Statistician 50, 1996): rank (n + 1/3) p + 1/3, linear between the two
/// samples beside it; a cell's samples are spread evenly over it. It is about as often too high as
/// too low whatever n is, where rank `ceil(p n)` makes p99 of 300 samples lower than that of 399.
/// `None` when empty or `p` is not in [0, 1].
pub(crate) fn between(
    cells: impl Iterator<Item = (f64, f64, u64)>,
    total: u64,
    p: f64,
) -> Option<f64> {
    if total == 0 || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let rank = ((total as f64 + 1.0 / 3.0) * p + 1.0 / 3.0).clamp(1.0, total as f64);
    let (below, above) = (rank.floor(), rank.ceil());
    let (mut seen, mut low) = (0.0, None);
    for (start, width, count) in cells {
        let count = count as f64;
        let at = |k: f64| start + width * (k - seen - 0.5) / count;
        if low.is_none() && seen + count >= below {
            low = Some(at(below));
        }
        if let Some(low) = low.filter(|_| seen + count >= above) {
            return Some(low + (rank - below) * (at(above) - low));
        }
        seen += count;
    }
    None
}

/// Whether a percentile may be shown for a sample of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// At least ten samples lie beyond it: shown as it is.
    Full,
    /// Between three and ten: shown greyed, with its sample size.
    Greyed,
    /// Fewer than three: not shown.
    Hidden,
}

/// How the p-quantile of `n` samples may be shown: full from `n >= 10 / (1 - p)`, hidden below `3 /
/// (1 - p)`, greyed between. p = 1 (the maximum) is full for any sample; a `p` outside [0, 1] is
/// hidden.
#[must_use]
pub fn displayable(p: f64, n: u64) -> Shown {
    if !(0.0..=1.0).contains(&p) || n == 0 {
        return Shown::Hidden;
    }
    if p == 1.0 {
        return Shown::Full;
    }
    // 1 - 0.999 is a hair more than 0.001: forgive rounding, or 10,000 samples would not show
    // p99.9.
    let beyond = n as f64 * (1.0 - p) * (1.0 + 1e-9);
    if beyond >= 10.0 {
        Shown::Full
    } else if beyond >= 3.0 {
        Shown::Greyed
    } else {
        Shown::Hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    #[test]
    fn the_display_rule_at_its_edges() {
        assert_eq!(displayable(0.99, 1000), Shown::Full);
        assert_eq!(displayable(0.99, 999), Shown::Greyed);
        assert_eq!(displayable(0.99, 300), Shown::Greyed);
        assert_eq!(displayable(0.99, 299), Shown::Hidden);
        assert_eq!(
            (displayable(0.999, 10_000), displayable(0.999, 9_999)),
            (Shown::Full, Shown::Greyed)
        );
        assert_eq!((displayable(1.0, 1), displayable(1.0, 0)), (Shown::Full, Shown::Hidden));
        assert_eq!(displayable(f64::NAN, 1000), Shown::Hidden);
    }

    #[test]
    fn rounded_values_become_buckets_of_a_tick() {
        let b = Buckets::from_values(&[3.0, 1.0, 1.0, 2.0], 1.0).unwrap();
        assert_eq!(b.buckets()[0], Bucket { low: 0.5, width: 1.0, shown: 1.0, count: 2 });
        assert_eq!((b.total(), b.quantile(0.5), b.quantile(0.51)), (4, Some(1.0), Some(2.0)));
        assert!((b.cdf(1.0) - 0.25).abs() < 1e-12 && b.cdf(99.0) == 1.0 && b.cdf(-1.0) == 0.0);
        assert_eq!(b.spread(4), [0.75, 1.25, 2.0, 3.0]);
        assert_eq!(b.mean(), Some(1.75));
    }

    #[test]
    fn bad_buckets_are_refused_and_empty_ones_have_no_quantile() {
        let one = |low: f64| Bucket { low, width: 1.0, shown: low, count: 1 };
        assert!(Buckets::new(vec![one(0.0), one(0.5)]).is_err());
        assert!(Buckets::new(vec![one(f64::NAN)]).is_err());
        assert!(Buckets::from_values(&[1.0, f64::INFINITY], 0.0).is_err());
        let none = Buckets::default();
        assert!(none.quantile(0.5).is_none() && none.mean().is_none() && none.spread(5).is_empty());
        assert!(Buckets::from_values(&[1.0], 0.0).unwrap().quantile(1.5).is_none());
    }

    /// By numpy: `np.quantile(x, p, method="median_unbiased")`.
    #[test]
    fn comparisons_interpolate_by_hyndman_and_fans_eighth_rule() {
        let b = Buckets::from_values(&[1.0, 2.0, 4.0, 7.0, 11.0, 16.0, 22.0], 0.0).unwrap();
        for (p, q) in [
            (0.05, 1.0),
            (0.1, 1.0666666666666667),
            (0.25, 2.333333333333333),
            (0.5, 7.0),
            (0.6, 9.933333333333334),
            (0.9, 21.6),
            (0.99, 22.0),
        ] {
            let found = b.interpolated(p).unwrap();
            assert!((found - q).abs() < 1e-9, "{p}: {found} is not {q}");
        }
        assert_eq!((b.interpolated(1.1), Buckets::default().interpolated(0.5)), (None, None));
        // Twenty samples of one bucket are spread over it.
        let one = Buckets::new(vec![Bucket { low: 10.0, width: 2.0, shown: 11.0, count: 20 }]);
        assert!((one.unwrap().interpolated(0.5).unwrap() - 11.0).abs() < 1e-9);
    }

    /// p99 of exponential samples: the median over 2,000 draws is the truth for any n.
    #[test]
    fn unequal_counts_make_no_difference() {
        let typical = |n: usize, of: fn(&Buckets) -> f64| {
            let mut draws: Vec<f64> = (0..2_000)
                .map(|seed| {
                    let mut s = crate::random::Stream::new(seed, "counts", n as u64);
                    let values: Vec<f64> = (0..n).map(|_| s.exponential(1.0)).collect();
                    of(&Buckets::from_values(&values, 0.0).unwrap())
                })
                .collect();
            draws.sort_by(f64::total_cmp);
            draws[1_000]
        };
        let ratio = |of| typical(399, of) / typical(300, of);
        let ranked = ratio(|b| b.quantile(0.99).unwrap());
        let between = ratio(|b| b.interpolated(0.99).unwrap());
        assert!(ranked > 1.04, "the rank alone makes them differ: {ranked}");
        assert!((between - 1.0).abs() < 0.02, "{between}");
    }

    proptest! {
        #[test]
        fn quantiles_are_the_histograms_own(values in prop::collection::vec(1_u64..50_000_000, 1..300), p in 0.0_f64..=1.0) {
            let mut h = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).unwrap();
            for v in values {
                h.record(v).unwrap();
            }
            let b = Buckets::from_histogram(&h);
            prop_assert_eq!(b.total(), h.len());
            for p in [p, 0.0, 0.5, 0.99, 1.0] {
                prop_assert_eq!(b.quantile(p), Some(h.value_at_quantile(p) as f64));
            }
        }
    }
}
