//! A test that may be looked at after every pair: a sign-flip e-process.
//!
//! Where the arms do not differ and a fair coin decides which of them runs first, a pair's log
//! ratio is as likely to be `x` as `-x`, whatever came before. Each factor
//! `exp(lambda x) / cosh(lambda x)` then has mean 1 at most, and their product over the pairs
//! exceeds `1 / alpha` at any time with probability `alpha` at most (Ville's inequality): looking,
//! stopping and adding pairs cost nothing. The e-value is the mean of such products over both signs
//! and three `lambda`; `x` is the log ratio over the root mean square of those before it (the first
//! one over the margin).
//!
//! Sources: Ramdas, Grünwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid
//! inference", Statistical Science 38, 2023; de la Peña, Ann. Probab. 27, 1999, for the factor.

use super::error::{StatsError, finite, within};
use super::paired::Interval;

/// The strengths of bets that are mixed.
pub const LAMBDAS: [f64; 3] = [0.5, 1.0, 2.0];

/// Which way a difference is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Above,
    Below,
}

/// ln of the e-value against "no difference" after each pair, of log ratios in the order in which
/// they were measured. `first_scale`, such as the margin, is what the first one is measured by. A
/// claim may be made where it has ever been `ln(1 / alpha)`.
///
/// # Errors
/// A log ratio that is not finite, or a scale that is not positive.
pub fn log_e(log_ratios: &[f64], first_scale: f64) -> Result<Vec<f64>, StatsError> {
    check(log_ratios, first_scale)?;
    Ok(wealth(log_ratios.iter().copied(), first_scale, Side::Both).collect())
}

/// ln of the e-value against "the difference is as large as the margin, or larger", either way,
/// after each pair: the smaller of the two one-sided ones.
///
/// # Errors
/// As [`log_e`].
pub fn log_e_equivalent(log_ratios: &[f64], margin: f64) -> Result<Vec<f64>, StatsError> {
    check(log_ratios, margin)?;
    let from = |edge: f64, side| {
        let moved = log_ratios.iter().map(move |d| d - edge);
        wealth(moved, margin, side)
    };
    Ok(from(margin, Side::Below).zip(from(-margin, Side::Above)).map(|(a, b)| a.min(b)).collect())
}

/// The largest of some e-values' logarithms; that of 1 where there is none.
#[must_use]
pub fn largest(log_e: &[f64]) -> f64 {
    log_e.iter().copied().fold(0.0, f64::max)
}

/// The interval that holds the true log ratio at all times together with probability
/// `1 - alpha`: every difference whose e-value never reached `1 / alpha`. `None` while the pairs
/// bound nothing.
///
/// # Errors
/// As [`log_e`]; a level outside (0, 1).
pub fn interval(
    log_ratios: &[f64],
    first_scale: f64,
    alpha: f64,
) -> Result<Option<Interval>, StatsError> {
    /// Steps in which an end is looked for, from far out to the mean.
    const STEPS: i32 = 400;
    check(log_ratios, first_scale)?;
    within("the error rate", alpha, 1e-9, 0.5)?;
    let bar = -libm::log(alpha);
    let rejects = |true_value: f64| {
        let moved = log_ratios.iter().map(|d| d - true_value);
        wealth(moved, first_scale, Side::Both).any(|log| log >= bar)
    };
    let n = log_ratios.len().max(1) as f64;
    let mean = log_ratios.iter().sum::<f64>() / n;
    let far = log_ratios.iter().map(|d| (d - mean).abs()).fold(first_scale, f64::max) * 20.0;
    let end = |way: f64| {
        let at = |step: i32| {
            // Finer towards the mean.
            let share = f64::from(step) / f64::from(STEPS);
            mean + way * far * share * share
        };
        if !rejects(at(STEPS)) {
            return None;
        }
        let inside = (0..STEPS).rev().find(|step| !rejects(at(*step)))?;
        let (mut kept, mut out) = (at(inside), at(inside + 1));
        for _ in 0..40 {
            let middle = f64::midpoint(kept, out);
            if rejects(middle) { out = middle } else { kept = middle }
        }
        Some(out)
    };
    let (low, high) = (end(-1.0), end(1.0));
    Ok(low.zip(high).map(|(low, high)| Interval { low, high, coverage: 1.0 - alpha }))
}

fn check(log_ratios: &[f64], first_scale: f64) -> Result<(), StatsError> {
    finite("e-process", log_ratios, 0)?;
    within("the first pair's scale", first_scale, f64::MIN_POSITIVE, f64::MAX)
}

/// ln of the mean of the products, after each value.
fn wealth(
    values: impl Iterator<Item = f64>,
    first_scale: f64,
    side: Side,
) -> impl Iterator<Item = f64> {
    let signs: &[f64] = match side {
        Side::Both => &[1.0, -1.0],
        Side::Above => &[1.0],
        Side::Below => &[-1.0],
    };
    let bets: Vec<f64> =
        signs.iter().flat_map(|sign| LAMBDAS.map(|lambda| sign * lambda)).collect();
    let mut logs = vec![0.0_f64; bets.len()];
    let (mut squares, mut count) = (0.0_f64, 0_u32);
    values.map(move |value| {
        let scale = if count == 0 { first_scale } else { (squares / f64::from(count)).sqrt() };
        // After nothing but zeros any other value is infinitely large.
        let x = if value == 0.0 { 0.0 } else { value / scale };
        for (log, bet) in logs.iter_mut().zip(&bets) {
            // exp(t) / cosh(t) = 2 / (1 + exp(-2 t))
            let t = (bet * x).clamp(-300.0, 300.0);
            *log += std::f64::consts::LN_2 - libm::log1p(libm::exp(-2.0 * t));
        }
        squares += value * value;
        count += 1;
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| libm::exp(log - most)).sum();
        most + libm::log(sum / logs.len() as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn draws(seed: u64, n: usize, mean: f64, sd: f64) -> Vec<f64> {
        let mut s = Stream::new(seed, "e-process", 0);
        (0..n).map(|_| mean + sd * s.normal()).collect()
    }

    #[test]
    fn by_hand() {
        // One value of one margin: the mean over both signs of exp(t) / cosh(t) is 1.
        assert!(log_e(&[0.05], 0.05).unwrap()[0].abs() < 1e-12);
        assert_eq!(log_e(&[], 0.05), Ok(Vec::new()));
        // Two: the first is 1 by its scale, so is the second.
        let factor = |t: f64| 2.0 / (1.0 + (-2.0 * t).exp());
        let of = |t: f64| factor(t).powi(2);
        let six: f64 = LAMBDAS.iter().map(|l| of(*l) + of(-l)).sum();
        assert!((log_e(&[0.05, 0.05], 0.05).unwrap()[1] - (six / 6.0).ln()).abs() < 1e-12);
        assert!(log_e(&[f64::NAN], 0.05).is_err() && log_e(&[0.1], 0.0).is_err());
        assert!(log_e(&[0.0, 0.0, 1.0], 0.05).unwrap()[2].is_finite());
    }

    /// Over 40 looks of 2,000 experiments without a difference, with drift under fair coins.
    #[test]
    fn looking_at_any_time_costs_nothing() {
        let mut coins = Stream::new(3, "coins", 0);
        let ever = (0..2_000).filter(|seed| {
            let steady = draws(*seed, 40, 0.0, 0.03);
            let d: Vec<f64> = steady
                .iter()
                .map(|e| if coins.below(2) == 1 { 0.02 + e } else { -0.02 - e })
                .collect();
            largest(&log_e(&d, 0.05).unwrap()) >= 20.0_f64.ln()
        });
        // At most 5 %, and no less than a tenth of it: it has power.
        let ever = ever.count();
        assert!((10..=100).contains(&ever), "{ever}");
    }

    #[test]
    fn a_difference_is_found_and_a_small_one_is_equivalent() {
        let found = |n: usize, bar: f64| {
            let of = |seed| largest(&log_e(&draws(seed, n, 0.06, 0.05), 0.05).unwrap()) >= bar.ln();
            (0..200).filter(|seed| of(*seed)).count()
        };
        // 1.2 standard deviations: 0.89 by 20 pairs, as an independent simulation has it.
        assert_eq!(found(8, 100.0), 0);
        assert!((150..=195).contains(&found(20, 100.0)), "{}", found(20, 100.0));
        let last = |d: &[f64]| largest(&log_e_equivalent(d, 0.05).unwrap());
        let same = |seed| last(&draws(seed, 30, 0.0, 0.02));
        assert!((0..100).filter(|s| same(*s) >= 100.0_f64.ln()).count() > 95);
        let at_margin = |seed| last(&draws(seed, 30, 0.05, 0.02));
        assert!((0..400).filter(|s| at_margin(*s) >= 20.0_f64.ln()).count() <= 32);
    }

    #[test]
    fn the_interval_and_the_e_value_agree() {
        for seed in 0..60 {
            let d = draws(seed, 20, 0.03, 0.05);
            let ever = largest(&log_e(&d, 0.05).unwrap()) >= 20.0_f64.ln();
            let i = interval(&d, 0.05, 0.05).unwrap().unwrap();
            assert_eq!(i.excludes_zero(), ever, "{seed}: {i:?}");
        }
        // Five pairs bound nothing.
        assert_eq!(interval(&draws(1, 5, 0.03, 0.05), 0.05, 0.05), Ok(None));
    }

    #[test]
    fn the_interval_holds_the_truth_at_all_times() {
        let missed = (0..300).filter(|seed| {
            let d = draws(1_000 + seed, 25, 0.1, 0.05);
            let i = interval(&d, 0.05, 0.05).unwrap();
            i.is_some_and(|i| !(i.low..=i.high).contains(&0.1))
        });
        assert!(missed.count() <= 15);
    }
}
