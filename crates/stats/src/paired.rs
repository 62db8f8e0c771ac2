//! Pairs of periods: log ratios, and the one-sample methods on them.
//!
//! The replicate is the pair, never the request: requests of one period share its hour, its caches
//! and its queues. Per pair the difference is `d = ln(B / A)` (no unit), so exp(d) is a ratio, and
//! swapping the arms only changes the sign.

use super::error::{StatsError, finite, mean_variance, median_sorted, within};
use super::random::Stream;
use super::signed_rank::interval_rank;
use super::special::{t_cdf, t_quantile, t_upper};

/// Largest number of pairs whose sign flips are all tried.
pub const EXACT_FLIPS: usize = 12;
/// Random flips beyond that.
pub const RANDOM_FLIPS: u32 = 10_000;

/// An interval of log ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Coverage reached, which for exact intervals is a little above the level asked for.
    pub coverage: f64,
}

impl Interval {
    /// Whether 0 (no difference) lies outside.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// Whether all of it lies strictly between `-margin` and `margin`.
    #[must_use]
    pub fn inside(&self, margin: f64) -> bool {
        self.low > -margin && self.high < margin
    }
}

/// ln(b / a) per pair.
///
/// # Errors
/// Different lengths, or a value that is not positive and finite.
pub fn log_ratios(a: &[f64], b: &[f64]) -> Result<Vec<f64>, StatsError> {
    let what = "paired comparison";
    if a.len() != b.len() {
        return Err(StatsError::Lengths { what, left: a.len(), right: b.len() });
    }
    for side in [a, b] {
        if let Some(index) = side.iter().position(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(StatsError::BadValue {
                what,
                index,
                value: side[index],
                wanted: "positive and finite",
            });
        }
    }
    Ok(a.iter().zip(b).map(|(a, b)| libm::log(*b) - libm::log(*a)).collect())
}

/// Hodges-Lehmann estimate: the median of all Walsh averages.
///
/// Source: Hodges and Lehmann, Ann. Math. Statist. 34, 1963.
///
/// # Errors
/// No value, or one that is not finite.
pub fn hodges_lehmann(d: &[f64]) -> Result<f64, StatsError> {
    finite("Hodges-Lehmann estimate", d, 1)?;
    Ok(median_sorted(&walsh_averages(d)))
}

/// The Wilcoxon interval of the Hodges-Lehmann estimate at a level; `None` when the sample is too
/// small for it.
///
/// # Errors
/// No value, one that is not finite, or a level outside (0, 1).
pub fn hodges_lehmann_interval(d: &[f64], level: f64) -> Result<Option<Interval>, StatsError> {
    finite("Hodges-Lehmann interval", d, 1)?;
    within("a confidence level", level, 1e-9, 1.0 - 1e-9)?;
    Ok(walsh_interval(&walsh_averages(d), d.len(), level))
}

/// (d_i + d_j) / 2 for i <= j, ascending.
fn walsh_averages(d: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(d.len() * (d.len() + 1) / 2);
    for (i, a) in d.iter().enumerate() {
        out.extend(d[i..].iter().map(|b| f64::midpoint(*a, *b)));
    }
    out.sort_unstable_by(f64::total_cmp);
    out
}

fn walsh_interval(walsh: &[f64], n: usize, level: f64) -> Option<Interval> {
    let (k, coverage) = interval_rank(n, level)?;
    Some(Interval {
        low: *walsh.get(k - 1)?,
        high: *walsh.get(walsh.len().checked_sub(k)?)?,
        coverage,
    })
}

/// Two-sided sign-flip permutation test on the mean: all 2^n flips up to 12 values, else 10,000
/// random ones from `seed`, counting the sample itself (so that p is never 0).
///
/// Source: Fisher, *The Design of Experiments*, 1935, 21; Phipson and Smyth, SAGMB 9, 2010 for the
/// count.
///
/// # Errors
/// No value, or one that is not finite.
pub fn sign_flip(d: &[f64], seed: u64) -> Result<f64, StatsError> {
    finite("sign-flip test", d, 1)?;
    let scale: f64 = d.iter().map(|v| v.abs()).sum();
    // Sums of the same numbers in another order differ by rounding: what is that close is equal.
    let bar = d.iter().sum::<f64>().abs() - 1e-12 * scale;
    let extreme = |flips: u64| {
        let sum: f64 =
            d.iter().enumerate().map(|(i, v)| if flips >> i & 1 == 1 { -v } else { *v }).sum();
        sum.abs() >= bar
    };
    if d.len() <= EXACT_FLIPS {
        let all = 1_u64 << d.len();
        return Ok((0..all).filter(|&f| extreme(f)).count() as f64 / all as f64);
    }
    let mut stream = Stream::new(seed, "sign-flip", 0);
    let mut hits = 1_u32;
    for _ in 0..RANDOM_FLIPS {
        let mut sum = 0.0;
        for chunk in d.chunks(64) {
            let bits = stream.bits();
            sum += chunk
                .iter()
                .enumerate()
                .map(|(i, v)| if bits >> i & 1 == 1 { -v } else { *v })
                .sum::<f64>();
        }
        hits += u32::from(sum.abs() >= bar);
    }
    Ok(f64::from(hits) / f64::from(RANDOM_FLIPS + 1))
}

/// Student's paired t-test, beside the others for readers who expect it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedT {
    /// Mean of the log ratios.
    pub mean: f64,
    /// Standard error of the mean.
    pub se: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// 95 % interval.
    pub ci95: (f64, f64),
    /// 90 % interval.
    pub ci90: (f64, f64),
}

/// Paired t-test of the log ratios.
///
/// # Errors
/// Fewer than 2 values, one not finite, or no spread.
pub fn paired_t(d: &[f64]) -> Result<PairedT, StatsError> {
    let (mean, se, df) = mean_se("paired t-test", d)?;
    let half = |p: f64| t_quantile(p, df) * se;
    let p = 2.0 * t_cdf(-(mean / se).abs(), df);
    let (h95, h90) = (half(0.975), half(0.95));
    Ok(PairedT { mean, se, p, ci95: (mean - h95, mean + h95), ci90: (mean - h90, mean + h90) })
}

/// Two one-sided t-tests against a margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tost {
    /// t against the lower margin; large when the mean is clearly above it.
    pub t_lower: f64,
    /// t against the upper margin; very negative when the mean is clearly below it.
    pub t_upper: f64,
    /// One-sided p against the lower margin.
    pub p_lower: f64,
    /// One-sided p against the upper margin.
    pub p_upper: f64,
}

impl Tost {
    /// The p-value of equivalence: the larger of the two.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.p_lower.max(self.p_upper)
    }
}

/// Tests that the mean log ratio lies within `-margin..margin` (`margin` is ln(1 + delta),
/// positive).
///
/// Source: Schuirmann, J. Pharmacokin. Biopharm. 15, 1987.
///
/// # Errors
/// As [`paired_t`]; a margin that is not positive.
pub fn tost(d: &[f64], margin: f64) -> Result<Tost, StatsError> {
    within("the equivalence margin", margin, f64::MIN_POSITIVE, f64::MAX)?;
    let (mean, se, df) = mean_se("equivalence test", d)?;
    let (t_lower, t_up) = ((mean + margin) / se, (mean - margin) / se);
    Ok(Tost { t_lower, t_upper: t_up, p_lower: t_upper(t_lower, df), p_upper: t_cdf(t_up, df) })
}

fn mean_se(what: &'static str, d: &[f64]) -> Result<(f64, f64, f64), StatsError> {
    finite(what, d, 2)?;
    let (mean, variance) = mean_variance(d);
    if variance <= 0.0 {
        return Err(StatsError::NoSpread { what });
    }
    let n = d.len() as f64;
    Ok((mean, (variance / n).sqrt(), n - 1.0))
}

#[cfg(test)]
#[path = "paired_tests.rs"]
mod tests;
