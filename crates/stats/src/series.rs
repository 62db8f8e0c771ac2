//! How far the seconds of one run depend on each other: autocorrelation, effective sample size.
//!
//! Series are values per 1-s interval in time order, in any unit.

use super::error::{StatsError, finite, mean_variance};

/// Autocovariances of lags 0..=`lags`, each divided by n (the biased form, which keeps them
/// consistent).
fn autocovariance(x: &[f64], lags: usize) -> Vec<f64> {
    let n = x.len();
    let (mean, _) = mean_variance(x);
    let e: Vec<f64> = x.iter().map(|v| v - mean).collect();
    (0..=lags.min(n - 1)).map(|k| (k..n).map(|i| e[i] * e[i - k]).sum::<f64>() / n as f64).collect()
}

/// Autocorrelations of lags 1..=`lags` (at most n - 1 of them), biased form.
///
/// # Errors
/// Fewer than 2 values, one not finite, or no spread.
pub fn autocorrelation(x: &[f64], lags: usize) -> Result<Vec<f64>, StatsError> {
    let what = "autocorrelation";
    finite(what, x, 2)?;
    let acv = autocovariance(x, lags);
    if acv[0] <= 0.0 {
        return Err(StatsError::NoSpread { what });
    }
    Ok(acv[1..].iter().map(|c| c / acv[0]).collect())
}

/// How many independent values the series is worth, at most n: n / (1 + 2 sum of autocorrelations),
/// summed in pairs of lags (1 and 2, 3 and 4, ...) as long as the pairs' sums are positive.
///
/// Source: Geyer, "Practical Markov Chain Monte Carlo", Statistical Science 7, 1992 (initial
/// positive sequence).
///
/// # Errors
/// As [`autocorrelation`].
pub fn effective_size(x: &[f64]) -> Result<f64, StatsError> {
    let rho = autocorrelation(x, x.len().saturating_sub(1))?;
    let pairs = rho.chunks(2).map(|pair| pair.iter().sum::<f64>());
    let sum: f64 = pairs.take_while(|pair| *pair > 0.0).sum();
    let n = x.len() as f64;
    Ok(n / (1.0 + 2.0 * sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, assert_close, list, num};
    use proptest::prelude::*;

    /// The reference file's series: AR(1), 0.7, from Marsaglia's xorshift32.
    fn reference() -> Vec<f64> {
        let (mut state, mut z) = (2_463_534_242_u32, 0.0);
        let mut x = Vec::new();
        for i in 0..1000 {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let u = f64::from(state) / 4_294_967_296.0;
            if i == 0 {
                assert_close(&[u], &[0.168_446_385_068_818_93], 1e-15);
            }
            z = 0.7 * z + (u - 0.5);
            x.push(z);
        }
        x
    }

    #[test]
    fn reference_values() {
        let v = &all()["autocorrelation calc"];
        let x = reference();
        let (mean, variance) = mean_variance(&x);
        assert_close(&[mean, variance], &[num(&v["mean"]), num(&v["var"])], 1e-8);
        assert_close(&autocorrelation(&x, 5).unwrap(), &list(&v["acf_biased_1_5"]), 1e-8);
        assert_close(&[effective_size(&x).unwrap()], &[num(&v["geyer_ess"])], 1e-6);
        assert_close(&[(variance / 1000.0).sqrt()], &[num(&v["naive_se"])], 1e-8);
    }

    #[test]
    fn series_without_an_answer() {
        assert!(effective_size(&[]).is_err() && effective_size(&[f64::NAN, 1.0]).is_err());
    }

    proptest! {
        #[test]
        fn sizes_stay_in_range(x in prop::collection::vec(-1e3_f64..1e3, 9..200)) {
            if let Ok(ess) = effective_size(&x) {
                prop_assert!(ess > 0.0 && ess <= x.len() as f64);
            }
        }
    }
}
