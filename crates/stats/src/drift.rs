//! Whether a series drifts: the Mann-Kendall test and Theil and Sen's slope.

use super::error::{StatsError, finite, median_sorted};
use super::special::normal_cdf;

/// A trend test with its slope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// Variance of S without a trend, corrected for ties.
    pub variance: f64,
    /// S in standard deviations, with continuity correction.
    pub z: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Theil-Sen slope: change per step of the series, in its unit.
    pub slope: f64,
    /// The slope over the median of the values, per step; NaN for a median of 0.
    pub relative_slope: f64,
}

impl Drift {
    /// Whether |z| is above 1.96.
    #[must_use]
    pub fn drifts(&self) -> bool {
        self.z.abs() > 1.96
    }
}

/// Tests a series in time order for a steady rise or fall; quadratic, meant for the periods of an
/// experiment (thin out series of more than a few thousand values).
///
/// Sources: Mann, Econometrica 13, 1945; Kendall, *Rank Correlation Methods*; Sen, JASA 63, 1968.
///
/// # Errors
/// Fewer than 4 values, or one that is not finite.
pub fn mann_kendall(x: &[f64]) -> Result<Drift, StatsError> {
    finite("Mann-Kendall drift test", x, 4)?;
    let n = x.len();
    let (mut s, mut slopes) = (0_i64, Vec::with_capacity(n * (n - 1) / 2));
    for i in 0..n {
        for j in i + 1..n {
            let rise = x[j] - x[i];
            s += i64::from(rise > 0.0) - i64::from(rise < 0.0);
            slopes.push(rise / (j - i) as f64);
        }
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let sorted = super::error::sorted(x);
    let term = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
    let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|c| term(c.len() as f64)).sum();
    let variance = (term(n as f64) - ties) / 18.0;
    let z = if variance > 0.0 { (s - s.signum()) as f64 / variance.sqrt() } else { 0.0 };
    let (slope, median) = (median_sorted(&slopes), median_sorted(&sorted));
    let relative_slope = if median == 0.0 { f64::NAN } else { slope / median };
    Ok(Drift { s, variance, z, p: (2.0 * normal_cdf(-z.abs())).min(1.0), slope, relative_slope })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, assert_close, list, num};
    use proptest::prelude::*;

    #[test]
    fn reference_values() {
        let v = &all()["mann_kendall"];
        let d = mann_kendall(&list(&v["x"])).unwrap();
        assert_eq!((d.s, d.variance, d.drifts()), (33, 125.0, true));
        assert_close(
            &[d.z, d.p, d.slope],
            &[num(&v["Z"]), num(&v["p"]), num(&v["theil_sen"])],
            1e-6,
        );
    }

    #[test]
    fn equal_values_do_not_drift() {
        let d = mann_kendall(&[5.0; 6]).unwrap();
        assert_eq!((d.s, d.z, d.p, d.slope), (0, 0.0, 1.0, 0.0));
        assert!(mann_kendall(&[1.0, 2.0, 3.0]).is_err());
    }

    proptest! {
        #[test]
        fn time_reversed_is_the_other_sign(x in prop::collection::vec(-100.0_f64..100.0, 4..40)) {
            let back: Vec<f64> = x.iter().rev().copied().collect();
            let (a, b) = (mann_kendall(&x).unwrap(), mann_kendall(&back).unwrap());
            prop_assert!(a.s == -b.s && (a.slope + b.slope).abs() < 1e-9 && (a.z + b.z).abs() < 1e-12);
        }
    }
}
