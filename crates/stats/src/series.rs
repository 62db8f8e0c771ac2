//! How far the seconds of one run depend on each other: autocorrelation, effective sample size,
//! block length.
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

/// Standard error of the mean from `batches` equal stretches, whose means are taken as independent;
/// values that do not fill a stretch are left out at the end.
///
/// # Errors
/// Fewer than 2 batches or fewer values than batches; one not finite.
pub fn batch_means_se(x: &[f64], batches: usize) -> Result<f64, StatsError> {
    let what = "batch means";
    if batches < 2 {
        return Err(StatsError::TooFew { what, needed: 2, found: batches });
    }
    finite(what, x, batches)?;
    let size = x.len() / batches;
    let means: Vec<f64> =
        x.chunks_exact(size).take(batches).map(|c| c.iter().sum::<f64>() / size as f64).collect();
    Ok((mean_variance(&means).1 / batches as f64).sqrt())
}

/// Block lengths for the bootstrap, in intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockLength {
    /// Mean length for the stationary bootstrap.
    pub stationary: f64,
    /// Length for the circular (moving) block bootstrap.
    pub circular: f64,
}

/// The automatic block length.
///
/// Source: Politis and White, Econometric Reviews 23, 2004, with the correction of Patton, Politis
/// and White, ibid. 28, 2009; lag window as in the Python package `arch`.
///
/// # Errors
/// Fewer than 9 values, one not finite, or no spread.
pub fn block_length(x: &[f64]) -> Result<BlockLength, StatsError> {
    let what = "block length";
    finite(what, x, 9)?;
    let n = x.len();
    let nf = n as f64;
    let log10 = libm::log10(nf);
    let longest = (3.0 * nf.sqrt()).min(nf / 3.0).ceil();
    let quiet = 5.max(log10 as usize);
    let lags = (nf.sqrt().ceil() as usize + quiet).min(n - 2);
    let acv = autocovariance(x, lags);
    if acv[0] <= 0.0 {
        return Err(StatsError::NoSpread { what });
    }
    // Each correlation is scaled by the two stretches that it compares, and small below this bar.
    let bar = 2.0 * (log10 / nf).sqrt();
    let (mean, _) = mean_variance(x);
    let squares: Vec<f64> = x.iter().map(|v| (v - mean) * (v - mean)).collect();
    let small = |k: usize| {
        let later: f64 = squares[k + 1..].iter().sum();
        let earlier: f64 = squares[..n - k - 1].iter().sum();
        (acv[k] * nf).abs() < bar * (later * earlier).sqrt()
    };
    // The window ends where `quiet` correlations in a row are small; twice as far is looked.
    let end = (quiet..=lags).find(|&i| (i - quiet..i).all(small)).map(|i| i - quiet);
    let window = end.map_or(lags, |m| (2 * m.max(1)).min(lags));
    let (mut slope, mut variance) = (0.0, acv[0]);
    for (k, c) in acv.iter().enumerate().take(window + 1).skip(1) {
        let share = k as f64 / window as f64;
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        slope += 2.0 * weight * k as f64 * c;
        variance += 2.0 * weight * c;
    }
    let length = |factor: f64| {
        let b = libm::cbrt(2.0 * slope * slope / (factor * variance * variance) * nf);
        if b.is_finite() { b.min(longest) } else { longest }
    };
    Ok(BlockLength { stationary: length(2.0), circular: length(4.0 / 3.0) })
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
        assert_close(&[batch_means_se(&x, 20).unwrap()], &[num(&v["batch_means_se_20x50"])], 1e-8);
        assert_close(&[(variance / 1000.0).sqrt()], &[num(&v["naive_se"])], 1e-8);
        let b = block_length(&x).unwrap();
        assert_close(
            &[b.stationary, b.circular],
            &list(&v["politis_white (arch): stationary,circular"]),
            1e-8,
        );
    }

    #[test]
    fn series_without_an_answer() {
        assert!(block_length(&[1.0; 100]).is_err() && block_length(&[1.0, 2.0]).is_err());
        assert!(effective_size(&[]).is_err() && effective_size(&[f64::NAN, 1.0]).is_err());
        assert!(batch_means_se(&[1.0, 2.0], 0).is_err() && batch_means_se(&[1.0], 5).is_err());
        assert_eq!(batch_means_se(&[3.0; 10], 5), Ok(0.0));
    }

    proptest! {
        #[test]
        fn sizes_and_lengths_stay_in_range(x in prop::collection::vec(-1e3_f64..1e3, 9..200)) {
            if let Ok(ess) = effective_size(&x) {
                prop_assert!(ess > 0.0 && ess <= x.len() as f64);
            }
            if let Ok(b) = block_length(&x) {
                let n = x.len() as f64;
                prop_assert!(b.stationary >= 0.0 && b.circular <= (3.0 * n.sqrt()).min(n / 3.0).ceil());
            }
        }
    }
}
