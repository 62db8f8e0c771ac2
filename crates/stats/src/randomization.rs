//! Randomization tests of paired periods: the orders that could have been drawn are drawn again.
//!
//! The only thing that chance decided is which arm of a pair ran first. Where the arms do not
//! differ, every period would have come out as it did under the other order too; so each order that
//! could have been drawn gives the difference that it would have shown, and p is the share of them
//! that show as much as the order that was drawn.
//!
//! Two schemes:
//! * **Orders** (8 pairs and more): all assignments with as many AB pairs as were drawn (252 for 5
//!   of 10). The estimate is the mean of the AB pairs' and the BA pairs' mean log ratios: a steady
//!   drift moves the one up and the other down by the same, and costs nothing.
//! * **Sign flips** (fewer pairs, of which there are too few orders for a claim): every log ratio
//!   may have had the other sign. The estimate is the mean.
//!
//! p, interval and claim are of one statistic: a 95 % interval excludes 0 exactly where p is at
//! most 0.05. Several metrics are tested jointly, under the same orders.
//!
//! Sources: Fisher, *The Design of Experiments*, 1935; Edgington and Onghena, *Randomization
//! Tests*, 4th ed., 2007; Hills and Armitage, "The two-period cross-over clinical trial", Br. J.
//! clin. Pharmac. 8, 1979, for the estimate; Westfall and Young, *Resampling-Based Multiple
//! Testing*, 1993, algorithm 2.8, for the family.

use super::design::PairOrder;
use super::error::{StatsError, finite, mean_variance};
use super::paired::Interval;
use super::random::Stream;

/// From so many pairs on, orders are drawn again instead of signs flipped.
pub const ORDERS_FROM: usize = 8;
/// Most pairs whose orders are all tried.
pub const EXACT_PAIRS: usize = 13;
/// Random orders beyond that.
pub const RANDOM_ORDERS: usize = 9_999;
/// Fewest pairs of either order: with less, a drift and a difference look the same.
pub const EITHER_MIN: usize = 2;

/// The smallest two-sided p that so many pairs can give, of which `ab` had A first. Random orders
/// stand for all of them here.
#[must_use]
pub fn smallest_p(pairs: usize, ab: usize) -> f64 {
    if ab.min(pairs.saturating_sub(ab)) < EITHER_MIN {
        return 1.0;
    }
    if pairs < ORDERS_FROM {
        return libm::exp2(1.0 - pairs as f64);
    }
    // 2 of all ways to choose `ab` of the pairs.
    (0..ab).fold(2.0, |p, i| p * (i + 1) as f64 / (pairs - i) as f64)
}

/// Degrees of freedom of [`Comparison::sd`] of so many pairs: of both orders' means, and below four
/// pairs of their common mean.
#[must_use]
pub fn freedom(pairs: usize) -> usize {
    pairs.saturating_sub(if pairs < 4 { 1 } else { 2 })
}

/// What the table and the verdict need of one metric's pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The log ratios ln(B / A), a pair each.
    pub log_ratios: Vec<f64>,
    /// The estimated log ratio.
    pub estimate: f64,
    /// 95 % interval; `None` where there are too few orders for one (below 6 pairs).
    pub ci95: Option<Interval>,
    /// 90 % interval: inside the margin, it shows equivalence of this metric alone.
    pub ci90: Option<Interval>,
    /// Two-sided p of this metric alone: twice the smaller side.
    pub p: f64,
    /// Standard deviation of the log ratios, drift taken out.
    pub sd: f64,
    /// Its degrees of freedom.
    pub freedom: usize,
}

impl Comparison {
    /// The estimate as a ratio B / A.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        libm::exp(self.estimate)
    }
}

/// Which arm ran first could have been decided otherwise in these ways.
#[derive(Debug, Clone)]
pub struct Redraws {
    /// +1 where A ran first (AB), -1 where B did.
    orders: Vec<f64>,
    by_orders: bool,
    /// Weights of the pairs' values in the estimate, a row each way; the first is what was drawn.
    rows: Vec<Vec<f64>>,
}

/// One metric's values and their scale under some redraws.
struct Prepared {
    values: Vec<f64>,
    /// Square root of their sum of squares, which no redraw changes.
    scale: f64,
}

impl Redraws {
    /// All ways (or random ones, from `seed`, beyond 13 pairs) in which the pairs could have been
    /// ordered. Without two pairs of either order there is only the one that was drawn, by which
    /// nothing can be claimed.
    #[must_use]
    pub fn new(drawn: &[PairOrder], seed: u64) -> Redraws {
        let n = drawn.len();
        let orders: Vec<f64> =
            drawn.iter().map(|o| if *o == PairOrder::Ab { 1.0 } else { -1.0 }).collect();
        let ab = drawn.iter().filter(|o| **o == PairOrder::Ab).count();
        let by_orders = n >= ORDERS_FROM;
        let mut out = Redraws { orders: orders.clone(), by_orders, rows: Vec::new() };
        if !by_orders {
            out.rows.push(vec![1.0 / n.max(1) as f64; n]);
            if ab.min(n - ab) >= EITHER_MIN {
                out.rows.extend((1..1_u32 << n).map(|flips| {
                    (0..n)
                        .map(|i| if flips >> i & 1 == 1 { -1.0 } else { 1.0 } / n as f64)
                        .collect()
                }));
            }
            return out;
        }
        let weights = |orders: &[f64]| -> Vec<f64> {
            let side = |o: f64| if o > 0.0 { ab } else { n - ab };
            orders.iter().map(|o| o / (2.0 * side(*o).max(1) as f64)).collect()
        };
        out.rows.push(weights(&orders));
        if ab.min(n - ab) < EITHER_MIN {
            return out;
        }
        if n <= EXACT_PAIRS {
            for chosen in (0_u32..1 << n).filter(|c| c.count_ones() as usize == ab) {
                let other: Vec<f64> =
                    (0..n).map(|i| if chosen >> i & 1 == 1 { 1.0 } else { -1.0 }).collect();
                if other != orders {
                    out.rows.push(weights(&other));
                }
            }
        } else {
            let mut stream = Stream::new(seed, "redraws", 0);
            let mut other = orders;
            for _ in 0..RANDOM_ORDERS {
                stream.shuffle(&mut other);
                out.rows.push(weights(&other));
            }
        }
        out
    }

    /// How many pairs had A first, and how many B.
    #[must_use]
    pub fn orders(&self) -> [u32; 2] {
        let ab = self.orders.iter().filter(|o| **o > 0.0).count();
        [ab as u32, (self.orders.len() - ab) as u32]
    }

    /// The values that keep their place in time: under redrawn orders what the second period has
    /// over the first, else the log ratios.
    fn prepared(&self, log_ratios: &[f64], shift: f64) -> Prepared {
        let shifted = log_ratios.iter().map(|d| d - shift);
        if !self.by_orders {
            let values: Vec<f64> = shifted.collect();
            let scale = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            return Prepared { values, scale };
        }
        let values: Vec<f64> = shifted.zip(&self.orders).map(|(d, o)| d * o).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let scale = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>().sqrt();
        Prepared { values, scale }
    }

    fn check(&self, log_ratios: &[f64]) -> Result<(), StatsError> {
        let what = "randomization test";
        finite(what, log_ratios, 1)?;
        let (left, right) = (log_ratios.len(), self.orders.len());
        if left == right { Ok(()) } else { Err(StatsError::Lengths { what, left, right }) }
    }

    /// Compares two arms by their log ratios ln(B / A), a pair each, in the order of the pairs:
    /// estimate, intervals and p.
    ///
    /// # Errors
    /// As many log ratios as pairs are needed, all finite.
    pub fn compare(&self, log_ratios: Vec<f64>) -> Result<Comparison, StatsError> {
        self.check(&log_ratios)?;
        let own = self.prepared(&log_ratios, 0.0);
        let estimate = estimate(self.rows.first().map_or(&[], Vec::as_slice), &own);
        // What counts as equal: sums of the same numbers in another order differ by rounding.
        let close = 1e-12 * own.scale;
        let (mut above, mut below) = (1_u32, 1_u32);
        // From which true difference on a redraw shows as much as what was drawn.
        let (mut lows, mut highs) = (Vec::new(), Vec::new());
        for row in self.rows.iter().skip(1) {
            let gap = estimate - self::estimate(row, &own);
            above += u32::from(gap <= close);
            below += u32::from(gap >= -close);
            let moved = 1.0 - self.moves(row);
            if moved.abs() < 1e-9 {
                // The order that was drawn, once more.
                lows.push(f64::NEG_INFINITY);
                highs.push(f64::INFINITY);
            } else {
                let end = if gap.abs() <= close { 0.0 } else { gap / moved };
                lows.push(end);
                highs.push(end);
            }
        }
        lows.sort_unstable_by(f64::total_cmp);
        highs.sort_unstable_by(|a, b| b.total_cmp(a));
        let all = self.rows.len() as f64;
        // All true differences that p does not reject.
        let interval = |level: f64| {
            let k = ((1.0 - level) / 2.0 * all + 1e-9).floor();
            let place = (k as usize).checked_sub(1)?;
            let (low, high) = (*lows.get(place)?, *highs.get(place)?);
            let coverage = 1.0 - 2.0 * k / all;
            (low.is_finite() && high.is_finite()).then_some(Interval { low, high, coverage })
        };
        let (sd, freedom) = self.spread(&log_ratios);
        Ok(Comparison {
            estimate,
            ci95: interval(0.95),
            ci90: interval(0.90),
            p: (2.0 * f64::from(above.min(below)) / all).min(1.0),
            sd,
            freedom,
            log_ratios,
        })
    }

    /// By how much an estimate under a redraw moves with a true difference of 1.
    fn moves(&self, row: &[f64]) -> f64 {
        if self.by_orders {
            row.iter().zip(&self.orders).map(|(w, o)| w * o).sum()
        } else {
            row.iter().sum()
        }
    }

    /// Standard deviation of the log ratios about their order's mean, with its degrees of freedom;
    /// about the common mean below four pairs.
    fn spread(&self, log_ratios: &[f64]) -> (f64, usize) {
        let of = |order: f64| -> Vec<f64> {
            let own = log_ratios.iter().zip(&self.orders).filter(|(_, o)| **o == order);
            own.map(|(d, _)| *d).collect()
        };
        let groups = [of(1.0), of(-1.0)];
        let n = log_ratios.len();
        if n < 4 || groups.iter().any(Vec::is_empty) {
            return (mean_variance(log_ratios).1.sqrt(), n.saturating_sub(1));
        }
        let squares: f64 = groups
            .iter()
            .filter(|g| g.len() > 1)
            .map(|g| mean_variance(g).1 * (g.len() - 1) as f64)
            .sum();
        ((squares / freedom(n) as f64).sqrt(), freedom(n))
    }

    /// p of each metric of a family, corrected for the others: the step-down maximum of the
    /// standardised estimates under joint redraws. Each list holds a log ratio a pair. Where the
    /// metrics go together, that costs less than dividing the level by their number.
    ///
    /// # Errors
    /// As [`Redraws::compare`].
    pub fn family(&self, family: &[&[f64]]) -> Result<Vec<f64>, StatsError> {
        let mut own = Vec::with_capacity(family.len());
        for log_ratios in family {
            self.check(log_ratios)?;
            own.push(self.prepared(log_ratios, 0.0));
        }
        Ok(self.step_down(&own, |estimate, _| estimate.abs()))
    }

    /// p of equivalence of each metric of a family, corrected for the others: that its difference
    /// is not as large as its margin (as a log ratio, above 0). Each metric is moved by the margin
    /// that is nearer, and tested on that side, jointly as in [`Redraws::family`].
    ///
    /// Source: Schuirmann, J. Pharmacokin. Biopharm. 15, 1987, for the two one-sided tests, of
    /// which the nearer margin's is the larger.
    ///
    /// # Errors
    /// As [`Redraws::compare`].
    pub fn equivalence(&self, family: &[(&[f64], f64)]) -> Result<Vec<f64>, StatsError> {
        let mut own = Vec::with_capacity(family.len());
        let mut sides = Vec::with_capacity(family.len());
        for (log_ratios, margin) in family {
            self.check(log_ratios)?;
            let estimate = estimate(
                self.rows.first().map_or(&[], Vec::as_slice),
                &self.prepared(log_ratios, 0.0),
            );
            let side = if estimate < 0.0 { -1.0 } else { 1.0 };
            own.push(self.prepared(log_ratios, side * margin));
            sides.push(side);
        }
        // Far inside the margin is far on the other side of it.
        Ok(self.step_down(&own, |estimate, metric| -estimate * sides[metric]))
    }

    /// Step-down maxT over all redraws; `extremity` of an estimate of a metric grows with what
    /// speaks against its hypothesis.
    fn step_down(&self, family: &[Prepared], extremity: impl Fn(f64, usize) -> f64) -> Vec<f64> {
        let standardised = |row: &[f64]| -> Vec<f64> {
            family
                .iter()
                .enumerate()
                .map(|(metric, own)| {
                    let one = extremity(estimate(row, own), metric);
                    if own.scale > 0.0 { one / own.scale } else { f64::NEG_INFINITY }
                })
                .collect()
        };
        let Some(first) = self.rows.first() else { return Vec::new() };
        let drawn = standardised(first);
        let mut by_size: Vec<usize> = (0..family.len()).collect();
        by_size.sort_by(|a, b| drawn[*b].total_cmp(&drawn[*a]));
        let mut hits = vec![0_u32; family.len()];
        for row in &self.rows {
            let redrawn = standardised(row);
            let mut largest = f64::NEG_INFINITY;
            for &metric in by_size.iter().rev() {
                largest = largest.max(redrawn[metric]);
                hits[metric] += u32::from(largest >= drawn[metric] - 1e-12);
            }
        }
        let mut p = vec![1.0; family.len()];
        let mut least = 0.0_f64;
        for metric in by_size {
            if family[metric].scale > 0.0 {
                least = least.max(f64::from(hits[metric]) / self.rows.len() as f64);
                p[metric] = least;
            }
        }
        p
    }
}

/// The weighted sum of a metric's values.
fn estimate(row: &[f64], own: &Prepared) -> f64 {
    row.iter().zip(&own.values).map(|(w, v)| w * v).sum()
}

#[cfg(test)]
#[path = "randomization_tests.rs"]
mod tests;
