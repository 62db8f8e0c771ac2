//! Quantile estimators for small samples, and ranks of a quantile's confidence interval.
//!
//! For entity means, period values and other samples of tens; a request histogram uses the
//! percentile rule of [`super::buckets`], from which these estimators do not differ there. Results
//! have the unit of the input.

use super::error::{StatsError, finite, sorted, within};
use super::special::{beta_density, beta_inc, binomial_cdf};

/// A quantile with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The quantile, in the unit of the sample.
    pub value: f64,
    /// Its standard error, same unit.
    pub se: f64,
}

/// Harrell-Davis quantile with the Maritz-Jarrett standard error. Any order of the values; O(n log
/// n).
///
/// Source: Harrell and Davis, "A New Distribution-Free Quantile Estimator", Biometrika 69, 1982;
/// Maritz and Jarrett, JASA 73, 1978.
///
/// # Errors
/// No values, a value that is not finite, or `p` outside [0, 1].
pub fn harrell_davis(values: &[f64], p: f64) -> Result<Estimate, StatsError> {
    finite("Harrell-Davis quantile", values, 1)?;
    let v = sorted(values);
    let n = v.len() as f64;
    weigh(v.iter().enumerate().map(|(i, &x)| (x, (i + 1) as f64 / n)), n, p, None)
}

/// Harrell-Davis quantile of weighted values; n is Kish's effective size, (sum w)^2 / sum w^2.
///
/// Source: Akinshin, "Weighted quantile estimators", arXiv:2304.07265, 2023.
///
/// # Errors
/// As [`harrell_davis`]; different lengths, a negative or non-finite weight, or no positive weight.
pub fn harrell_davis_weighted(
    values: &[f64],
    weights: &[f64],
    p: f64,
) -> Result<Estimate, StatsError> {
    let what = "weighted Harrell-Davis quantile";
    finite(what, values, 1)?;
    if values.len() != weights.len() {
        return Err(StatsError::Lengths { what, left: values.len(), right: weights.len() });
    }
    if let Some(index) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        return Err(StatsError::BadValue {
            what,
            index,
            value: weights[index],
            wanted: "a weight of 0 or more",
        });
    }
    let sum: f64 = weights.iter().sum();
    let squares: f64 = weights.iter().map(|w| w * w).sum();
    if sum <= 0.0 {
        return Err(StatsError::NoSpread { what });
    }
    let mut order: Vec<usize> = (0..values.len().min(weights.len())).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut seen = 0.0;
    let steps = order.into_iter().map(|i| {
        seen += weights[i];
        (values[i], seen / sum)
    });
    weigh(steps, sum * sum / squares, p, None)
}

/// Harrell-Davis quantile trimmed to the densest interval of width 1/sqrt(n): as efficient in the
/// middle, and robust where the plain one follows a single outlier.
///
/// Source: Akinshin, "Trimmed Harrell-Davis quantile estimator based on the highest density
/// interval of the given width", Communications in Statistics, 2022.
///
/// # Errors
/// As [`harrell_davis`].
pub fn harrell_davis_trimmed(values: &[f64], p: f64) -> Result<Estimate, StatsError> {
    finite("trimmed Harrell-Davis quantile", values, 1)?;
    let v = sorted(values);
    let n = v.len() as f64;
    let steps = v.iter().enumerate().map(|(i, &x)| (x, (i + 1) as f64 / n));
    weigh(steps, n, p, Some(1.0 / n.sqrt()))
}

/// Sum of the values weighed by the Beta((n+1)p, (n+1)(1-p)) mass of their shares of the sample.
/// `steps` are (value, cumulative share) ascending.
fn weigh(
    steps: impl Iterator<Item = (f64, f64)>,
    n: f64,
    p: f64,
    width: Option<f64>,
) -> Result<Estimate, StatsError> {
    within("a quantile's p", p, 0.0, 1.0)?;
    if p == 0.0 || p == 1.0 {
        let ends: Vec<f64> = steps.map(|s| s.0).collect();
        let end = if p == 0.0 { ends.first() } else { ends.last() };
        return Ok(Estimate { value: end.copied().unwrap_or(f64::NAN), se: f64::NAN });
    }
    let (a, b) = ((n + 1.0) * p, (n + 1.0) * (1.0 - p));
    let (left, right) = width.map_or((0.0, 1.0), |w| densest(a, b, w));
    let (low, high) = (beta_inc(a, b, left), beta_inc(a, b, right));
    let (mut before, mut sum, mut squares) = (0.0, 0.0, 0.0);
    let mut shift = None;
    for (x, share) in steps {
        let now = (beta_inc(a, b, share.clamp(left, right)) - low) / (high - low);
        // Deviations from the first value keep the variance exact when all values are large.
        let d = x - *shift.get_or_insert(x);
        sum += (now - before) * d;
        squares += (now - before) * d * d;
        before = now;
    }
    let shift = shift.unwrap_or(f64::NAN);
    Ok(Estimate { value: shift + sum, se: (squares - sum * sum).max(0.0).sqrt() })
}

/// Ends of the interval of this width that holds the most of Beta(a, b).
fn densest(a: f64, b: f64, width: f64) -> (f64, f64) {
    if width >= 1.0 {
        return (0.0, 1.0);
    }
    if a <= 1.0 && b <= 1.0 {
        return (0.5 - width / 2.0, 0.5 + width / 2.0);
    }
    if a <= 1.0 {
        return (0.0, width);
    }
    if b <= 1.0 {
        return (1.0 - width, 1.0);
    }
    let mode = (a - 1.0) / (a + b - 2.0);
    let (mut low, mut high) = ((mode - width).max(0.0), mode.min(1.0 - width));
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if beta_density(a, b, middle) < beta_density(a, b, middle + width) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, low + width)
}

/// Ranks (from 1) of the two order statistics that hold a quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranks {
    /// Rank of the lower end.
    pub low: u64,
    /// Rank of the upper end.
    pub high: u64,
    /// Exact coverage of the interval between them.
    pub coverage: f64,
}

/// The order statistics of `n` independent values between which the p-quantile lies with chance
/// `level` or more; `None` when no pair of the sample does (for p99 that is below 299 values).
/// Requests are not independent, so for a run this is a lower bound on the uncertainty.
///
/// Each side gets half of the error; where the sample has no such rank on one side, its end is
/// taken there and the other side gives what is left.
///
/// Source: David and Nagaraja, *Order Statistics*, 3rd ed., 7.1.
///
/// # Errors
/// `p` or `level` outside (0, 1).
pub fn quantile_ranks(n: u64, p: f64, level: f64) -> Result<Option<Ranks>, StatsError> {
    within("a quantile's p", p, 1e-9, 1.0 - 1e-9)?;
    within("a confidence level", level, 1e-9, 1.0 - 1e-9)?;
    if n < 2 {
        return Ok(None);
    }
    let cdf = |k: u64| binomial_cdf(k, n, p);
    let coverage = |low: u64, high: u64| cdf(high - 1) - cdf(low - 1);
    let half = (1.0 - level) / 2.0;
    // F(low - 1) <= half with low as large as possible; F(high - 1) >= 1 - half with high as small
    // as possible.
    let mut low = first(n, |k| cdf(k) > half);
    let mut high = first(n, |k| cdf(k) >= 1.0 - half) + 1;
    if low == 0 && high > n {
        (low, high) = (1, n);
    } else if high > n {
        high = n;
        low = first(n, |k| cdf(n - 1) - cdf(k) < level);
    } else if low == 0 {
        low = 1;
        high = first(n, |k| cdf(k) - cdf(0) >= level) + 1;
    }
    if low == 0 || high > n || low >= high {
        return Ok(None);
    }
    let coverage = coverage(low, high);
    Ok((coverage >= level).then_some(Ranks { low, high, coverage }))
}

/// The smallest number in `0..=n` for which a test, false up to some point and true from there, is
/// true; `n` when it never is.
pub(crate) fn first(n: u64, test: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if test(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, assert_close, list, num};
    use proptest::prelude::*;

    #[test]
    fn harrell_davis_reference_values() {
        let v = &all()["harrell_davis"];
        let case = &v["lib:perfolizer Case1"];
        let x = list(&case["x"]);
        let q: Vec<f64> =
            list(&case["p"]).iter().map(|&p| harrell_davis(&x, p).unwrap().value).collect();
        assert_close(&q, &list(&case["q"]), 1e-9);
        for case in v["lib:perfolizer weighted p=0.5"].as_array().unwrap() {
            let q = harrell_davis_weighted(&list(&case["x"]), &list(&case["w"]), 0.5).unwrap();
            assert_close(&[q.value], &[num(&case["q"])], 1e-8); // the published digits' own accuracy
        }
        let case = &v["calc: = scipy.stats.mstats.hdquantiles"];
        let x = list(&case["x"]);
        for (p, q) in case["q"].as_object().unwrap() {
            assert_close(&[harrell_davis(&x, p.parse().unwrap()).unwrap().value], &[num(q)], 1e-10);
        }
        let se = &v["calc: Maritz-Jarrett SE"];
        assert_close(&[harrell_davis(&x, 0.5).unwrap().se], &[num(&se["p0.5"])], 1e-10);
        assert_close(&[harrell_davis(&x, 0.9).unwrap().se], &[num(&se["p0.9"])], 1e-10);
    }

    #[test]
    fn trimmed_reference_values() {
        let v = &all()["trimmed_hd_sqrt lib:perfolizer"];
        let x = list(&v["x"]);
        let q: Vec<f64> =
            list(&v["p"]).iter().map(|&p| harrell_davis_trimmed(&x, p).unwrap().value).collect();
        assert_close(&q, &list(&v["q"]), num(&v["tol"]));
    }

    #[test]
    fn ranks_reference_values() {
        let v = &all()["order_statistic_ci_ranks_1based_95%"];
        for (name, n, p) in [
            ("n=100 p=.5", 100, 0.5),
            ("n=1000 p=.5", 1000, 0.5),
            ("n=1000 p=.99", 1000, 0.99),
            ("n=15000 p=.99", 15_000, 0.99),
            ("n=15000 p=.999", 15_000, 0.999),
        ] {
            let r = quantile_ranks(n, p, 0.95).unwrap().unwrap();
            assert_close(&[r.low as f64, r.high as f64, r.coverage], &list(&v[name]), 5e-5);
        }
        for (p, n) in v["min n two-sided"].as_object().unwrap() {
            let (p, n) = (p.parse().unwrap(), n.as_u64().unwrap());
            assert!(quantile_ranks(n, p, 0.95).unwrap().is_some(), "p{p} n{n}");
            assert!(quantile_ranks(n - 1, p, 0.95).unwrap().is_none(), "p{p} n{n} less one");
            assert!(quantile_ranks(n, 1.0 - p, 0.95).unwrap().is_some(), "p{p} n{n}, mirrored");
        }
    }

    #[test]
    fn bad_input_is_named() {
        assert!(harrell_davis(&[], 0.5).unwrap_err().to_string().contains("at least 1"));
        assert!(
            harrell_davis(&[1.0, f64::NAN], 0.5).unwrap_err().to_string().contains("position 1")
        );
        assert!(harrell_davis(&[1.0], 1.5).is_err() && harrell_davis(&[1.0], f64::NAN).is_err());
        assert!(harrell_davis_weighted(&[1.0], &[0.0], 0.5).is_err());
        assert!(harrell_davis_weighted(&[1.0], &[1.0, 2.0], 0.5).is_err());
        assert!(quantile_ranks(100, 0.0, 0.95).is_err());
        assert_eq!(harrell_davis(&[7.0; 9], 0.9).unwrap(), Estimate { value: 7.0, se: 0.0 });
    }

    proptest! {
        #[test]
        fn estimates_lie_within_the_sample_and_move_with_it(
            x in prop::collection::vec(-1e6_f64..1e6, 1..60), p in 0.01_f64..0.99, shift in -1e3_f64..1e3,
        ) {
            let (low, high) = x.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
            let moved: Vec<f64> = x.iter().map(|v| v + shift).collect();
            for f in [harrell_davis, harrell_davis_trimmed] {
                let e = f(&x, p).unwrap();
                prop_assert!(e.value >= low - 1e-6 && e.value <= high + 1e-6, "{e:?}");
                prop_assert!((f(&moved, p).unwrap().value - e.value - shift).abs() < 1e-5);
            }
            let equal = harrell_davis_weighted(&x, &vec![3.0; x.len()], p).unwrap();
            prop_assert!((equal.value - harrell_davis(&x, p).unwrap().value).abs() < 1e-6);
        }
    }
}
