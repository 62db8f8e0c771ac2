//! How many pairs an experiment needs.
//!
//! Planned for a stated true difference: with as many pairs, four of five experiments claim it.
//! The level is the one that a claim needs among several metrics. Planning for a difference as
//! large as the margin and then asking for more than the margin would promise what no number of
//! pairs can hold.

use super::error::{StatsError, within};
use super::special::{chi2_upper, normal_quantile};

/// The difference that is planned for, in margins.
pub const PLANNED_MARGINS: f64 = 1.5;
/// With what probability it shall be claimed.
pub const POWER: f64 = 0.8;

/// How many pairs it takes, by the spread seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// In all, if the spread seen is the true one.
    pub pairs: u64,
    /// In all, if the true spread is as large as it may well be: its upper 80 % limit. A spread
    /// seen in two pairs says little.
    pub at_most: u64,
}

/// Pairs needed in all so that a true log ratio of `effect` is claimed with probability 0.8 at the
/// two-sided `level`, where log ratios have the standard deviation `sd`, seen with `freedom`
/// degrees of freedom. `fewest` is what a claim needs at least.
///
/// The formula is the normal one with Guenther's correction for the t-distribution,
/// `((z(1 - level / 2) + z(0.8)) sd / effect)^2 + z(1 - level / 2)^2 / 2`; an upper limit of `sd`
/// instead of its estimate is Browne's.
///
/// Sources: Guenther, Amer. Statist. 35, 1981; Browne, Statist. Med. 14, 1995.
///
/// # Errors
/// `sd` negative or not finite, `effect` not positive, `level` outside (0, 1), no freedom.
pub fn pairs_needed(
    sd: f64,
    freedom: usize,
    effect: f64,
    level: f64,
    fewest: u64,
) -> Result<Needed, StatsError> {
    within("the standard deviation of the pairs", sd, 0.0, f64::MAX)?;
    within("the difference to be seen", effect, f64::MIN_POSITIVE, f64::MAX)?;
    within("the level", level, 1e-12, 1.0 - 1e-12)?;
    within("the degrees of freedom", freedom as f64, 1.0, f64::MAX)?;
    let z = normal_quantile(1.0 - level / 2.0);
    let of = |sd: f64| {
        let root = (z + normal_quantile(POWER)) * sd / effect;
        ((root * root + z * z / 2.0 - 1e-9).ceil() as u64).max(fewest)
    };
    let freedom = freedom as f64;
    let upper = sd * (freedom / chi2_quantile(1.0 - POWER, freedom)).sqrt();
    Ok(Needed { pairs: of(sd), at_most: of(upper) })
}

/// The value that a chi-squared variable stays below with probability `p`.
fn chi2_quantile(p: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0 * freedom + 10.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if 1.0 - chi2_upper(middle, freedom) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_values() {
        // scipy.stats.chi2.ppf(0.2, [1, 8, 18])
        for (freedom, quantile) in [(1.0, 0.064_184_8), (8.0, 4.593_574), (18.0, 12.856_953)] {
            assert!((chi2_quantile(0.2, freedom) - quantile).abs() < 1e-5, "{freedom}");
        }
        // (1.959964 + 0.841621)^2 (0.05 / 0.07)^2 + 1.92 = 5.92; at 0.01: 7.05 + 3.32 = 9.28.
        let of = |level| pairs_needed(0.05, 8, 0.07, level, 6).unwrap();
        assert_eq!((of(0.05).pairs, of(0.01).pairs), (6, 10));
        // The upper limit: sd times 1.3197, so 11.68 (0.9427)^2 ... + 3.32.
        assert_eq!(of(0.01).at_most, 14);
    }

    #[test]
    fn two_pairs_say_little_and_bad_input_says_so() {
        let pilot = pairs_needed(0.03, 1, 0.07, 0.01, 8).unwrap();
        assert!(pilot.pairs == 8 && pilot.at_most > 30, "{pilot:?}");
        assert_eq!(pairs_needed(0.0, 1, 0.05, 0.05, 6), Ok(Needed { pairs: 6, at_most: 6 }));
        assert!(pairs_needed(f64::NAN, 1, 0.05, 0.05, 6).is_err());
        assert!(pairs_needed(0.1, 0, 0.05, 0.05, 6).is_err());
        assert!(pairs_needed(0.1, 1, 0.0, 0.05, 6).is_err());
    }
}
