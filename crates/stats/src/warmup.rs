//! Where a series has settled: MSER-5.
//!
//! Source: White and Spratt, Winter Simulation Conference 2000 (MSER-5, from White 1997); Hoad,
//! Robinson and Davies, J. Operational Research Society 61, 2010 find it the best of the automatic
//! rules.

use super::error::{StatsError, finite};

/// Values per batch.
pub const BATCH: usize = 5;

/// Where the series is steady.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warmup {
    /// Batches of 5 in the series; values that do not fill a batch are left out at the end.
    pub batches: usize,
    /// Batches to leave out at the start.
    pub drop_batches: usize,
    /// Values to leave out at the start (seconds, for a 1-s series).
    pub drop: usize,
    /// The statistic at that point: squared standard error of the mean of what is left.
    pub statistic: f64,
    /// The statistic when nothing is left out.
    pub statistic_at_0: f64,
    /// Mean of what is left, in the unit of the series.
    pub mean_after: f64,
    /// False when the best point is the last one allowed (half of the series): not steady, measure
    /// longer.
    pub steady: bool,
}

/// MSER-5 of a series in time order (1-s means or rates).
///
/// # Errors
/// Fewer than 20 values (4 batches), or one that is not finite.
pub fn mser5(x: &[f64]) -> Result<Warmup, StatsError> {
    finite("MSER-5 warm-up check", x, 4 * BATCH)?;
    let b: Vec<f64> = x.chunks_exact(BATCH).map(|c| c.iter().sum::<f64>() / BATCH as f64).collect();
    let k = b.len();
    let last = k / 2;
    // From the end, keeping mean and squared deviations (Welford), so that the whole is linear.
    let (mut mean, mut squares, mut n) = (0.0, 0.0, 0.0);
    let mut at = vec![(0.0, 0.0); k];
    for d in (0..k).rev() {
        n += 1.0;
        let delta = b[d] - mean;
        mean += delta / n;
        squares += delta * (b[d] - mean);
        at[d] = (squares / (n * n), mean);
    }
    let mut best = 0;
    for d in 1..=last {
        if at[d].0 < at[best].0 {
            best = d;
        }
    }
    Ok(Warmup {
        batches: k,
        drop_batches: best,
        drop: best * BATCH,
        statistic: at[best].0,
        statistic_at_0: at[0].0,
        mean_after: at[best].1,
        steady: best < last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, assert_close, list, num};

    #[test]
    fn reference_values() {
        let v = &all()["mser5 calc"];
        let x: Vec<f64> = (0..300_i32)
            .map(|i| {
                10.0 + 20.0 * libm::exp(-f64::from(i) / 15.0)
                    + f64::from(i * 7919 % 101 - 50) / 25.0
            })
            .collect();
        assert_close(&x[..5], &list(&v["first5"]), 1e-12);
        let w = mser5(&x).unwrap();
        assert_eq!((w.batches, w.drop_batches, w.drop, w.steady), (60, 13, 65, true));
        assert_close(
            &[w.statistic, w.mean_after, w.statistic_at_0],
            &[num(&v["g_at_d"]), num(&v["mean_after"]), num(&v["g_at_0"])],
            1e-12,
        );
    }

    #[test]
    fn a_trend_is_never_steady_and_a_level_always() {
        let trend: Vec<f64> = (0..100).map(f64::from).collect();
        let w = mser5(&trend).unwrap();
        assert!(!w.steady && w.drop == 50);
        let level = mser5(&[3.0; 43]).unwrap();
        assert_eq!((level.drop, level.steady, level.mean_after, level.batches), (0, true, 3.0, 8));
        assert!(mser5(&[1.0; 19]).is_err() && mser5(&[f64::NAN; 30]).is_err());
    }
}
