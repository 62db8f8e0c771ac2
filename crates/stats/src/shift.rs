//! The shift function: how B differs from A at every percentile, with the pair as the unit.
//!
//! Per pair and percentile the log ratio of the two periods' quantiles; over the pairs the
//! Hodges-Lehmann estimate with its Wilcoxon interval, and Hochberg's correction over the
//! percentiles. Source: the hierarchical shift function of Rousselet and Wilcox (rogme), with
//! paired rank methods in place of trimmed means. Everything here is exploratory: the primary
//! metrics have their own correction in `verdict`.

use super::buckets::{Buckets, Shown, displayable};
use super::error::StatsError;
use super::multiplicity::hochberg;
use super::paired::{Interval, hodges_lehmann, hodges_lehmann_interval, sign_flip};

/// The percentiles of the shift function.
pub const PERCENTILES: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// B against A at one percentile. Log ratios, ln(B / A).
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftPoint {
    /// The percentile as a share.
    pub p: f64,
    /// Pairs in which both periods have enough samples for this percentile.
    pub pairs: usize,
    /// Hodges-Lehmann estimate; `None` when no pair counts.
    pub estimate: Option<f64>,
    /// 95 % interval at this percentile alone; `None` below 6 pairs.
    pub ci95: Option<Interval>,
    /// Interval that covers 95 % over all percentiles together (Bonferroni); `None` when there are
    /// too few pairs for it.
    pub simultaneous: Option<Interval>,
    /// Sign-flip p, corrected by Hochberg over the percentiles; NaN when no pair counts.
    pub p_adjusted: f64,
}

/// The shift function of the pairs (A's period, B's period).
///
/// # Errors
/// A quantile of 0 or below, which has no ratio.
pub fn shift_function(
    pairs: &[(Buckets, Buckets)],
    seed: u64,
) -> Result<Vec<ShiftPoint>, StatsError> {
    let mut points = Vec::with_capacity(PERCENTILES.len());
    let mut raw = Vec::with_capacity(PERCENTILES.len());
    for p in PERCENTILES {
        let mut d = Vec::with_capacity(pairs.len());
        for (index, (a, b)) in pairs.iter().enumerate() {
            if displayable(p, a.total().min(b.total())) == Shown::Hidden {
                continue;
            }
            let (Some(qa), Some(qb)) = (a.interpolated(p), b.interpolated(p)) else { continue };
            if let Some(value) = [qa, qb].into_iter().find(|v| *v <= 0.0) {
                return Err(StatsError::BadValue {
                    what: "shift function",
                    index,
                    value,
                    wanted: "positive",
                });
            }
            d.push(libm::log(qb) - libm::log(qa));
        }
        let mut point = ShiftPoint {
            p,
            pairs: d.len(),
            estimate: None,
            ci95: None,
            simultaneous: None,
            p_adjusted: f64::NAN,
        };
        if !d.is_empty() {
            let level = 1.0 - 0.05 / PERCENTILES.len() as f64;
            point.simultaneous = hodges_lehmann_interval(&d, level)?;
            point.estimate = Some(hodges_lehmann(&d)?);
            point.ci95 = hodges_lehmann_interval(&d, 0.95)?;
            point.p_adjusted = sign_flip(&d, seed)?;
        }
        raw.push(point.p_adjusted);
        points.push(point);
    }
    for (point, p) in points.iter_mut().zip(hochberg(&raw)?) {
        point.p_adjusted = p;
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn period(s: &mut Stream, n: usize, scale: f64, tail: f64) -> Buckets {
        let values: Vec<f64> = (0..n)
            .map(|_| {
                let v = s.lognormal(1000.0, 0.3) * scale;
                if v > 1300.0 * scale { v * tail } else { v }
            })
            .collect();
        Buckets::from_values(&values, 0.0).unwrap()
    }

    #[test]
    fn a_change_of_the_tail_alone_shows_in_the_tail_alone() {
        let mut s = Stream::new(2, "shift", 0);
        let pairs: Vec<_> = (0..10)
            .map(|_| (period(&mut s, 2000, 1.0, 1.0), period(&mut s, 2000, 1.0, 1.5)))
            .collect();
        let points = shift_function(&pairs, 1).unwrap();
        for point in &points {
            let (estimate, ci) = (point.estimate.unwrap(), point.ci95.unwrap());
            assert_eq!(point.pairs, 10);
            if point.p >= 0.9 {
                assert!((estimate - libm::log(1.5)).abs() < 0.05 && ci.low > 0.3, "{point:?}");
                assert!(point.p_adjusted < 0.05);
            } else if point.p <= 0.7 {
                assert!(estimate.abs() < 0.02 && point.p_adjusted > 0.05, "{point:?}");
            }
            let wide = point.simultaneous.unwrap();
            assert!(wide.low <= ci.low && wide.high >= ci.high);
        }
    }

    #[test]
    fn percentiles_without_samples_are_left_open() {
        let mut s = Stream::new(2, "shift", 1);
        let pairs: Vec<_> = (0..6)
            .map(|_| (period(&mut s, 100, 1.0, 1.0), period(&mut s, 100, 2.0, 1.0)))
            .collect();
        let points = shift_function(&pairs, 1).unwrap();
        let last = points.last().unwrap();
        assert!(
            last.p == 0.99
                && last.pairs == 0
                && last.estimate.is_none()
                && last.p_adjusted.is_nan()
        );
        assert!((points[4].estimate.unwrap() - libm::log(2.0)).abs() < 0.15);
        assert!(points[4].simultaneous.is_none()); // 6 pairs cannot cover 99.5 %
        assert_eq!(shift_function(&[], 1).unwrap().len(), PERCENTILES.len());
        let zero = Buckets::from_values(&[0.0; 100], 0.0).unwrap();
        assert!(shift_function(&[(zero.clone(), zero)], 1).is_err());
    }
}
