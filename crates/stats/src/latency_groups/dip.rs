//! Hartigan's dip test of unimodality.
//!
//! The dip is the largest distance between the sample's distribution function and the nearest
//! unimodal one. Source: Hartigan and Hartigan, "The Dip Test of Unimodality", Annals of Statistics
//! 13, 1985 (the algorithm of its section 5); the traps of the published Fortran are avoided: the
//! convex hulls are made anew in each round, and a round that narrows nothing ends the search
//! (1994), and both parts of the interval are searched (2003). As in R's diptest, the dip is never
//! below 1 / (2n).
//!
//! p-values: a table of the null distribution (uniform samples) made with this very function by
//! `examples/dip_table.rs`, interpolated in sqrt(n) times dip.

use super::super::error::{StatsError, finite, sorted};
use super::dip_table::{LEVELS, SIZES, TABLE};

/// The dip of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dip {
    /// The dip, between 1 / (2n) and 1/4.
    pub dip: f64,
    /// Chance of a dip this large under a uniform distribution, the least favourable of the
    /// unimodal ones.
    pub p: f64,
    /// Where the modal interval begins, in the unit of the sample.
    pub modal_low: f64,
    /// Where it ends.
    pub modal_high: f64,
}

/// Dip test of values in any order. Rounded values must be spread over their tick first
/// ([`super::super::buckets::Buckets::spread`]): ties are modes to this test.
///
/// # Errors
/// No values, or one that is not finite.
pub fn dip_test(values: &[f64]) -> Result<Dip, StatsError> {
    finite("dip test", values, 1)?;
    let x = sorted(values);
    let (dip, low, high) = dip_sorted(&x);
    Ok(Dip { dip, p: p_value(dip, x.len()), modal_low: x[low], modal_high: x[high] })
}

/// Dip of sorted finite values, with the first and the last index of the modal interval.
pub fn dip_sorted(x: &[f64]) -> (f64, usize, usize) {
    let n = x.len();
    let floor = 0.5 / n.max(1) as f64;
    if n < 2 || x[0] == x[n - 1] {
        return (floor, 0, n.saturating_sub(1));
    }
    let (mut low, mut high) = (0, n - 1);
    // All heights are in ranks; a step of the distribution function is 1 high.
    let mut dip = 1.0_f64;
    let (mut minorant, mut majorant) = (Vec::new(), Vec::new());
    loop {
        hull(x, low, high, true, &mut minorant);
        hull(x, low, high, false, &mut majorant);
        let (distance, left, right) = widest(x, &minorant, &majorant);
        if distance < dip {
            break;
        }
        let (to_left, to_right) = (minorant[left], majorant[right]);
        // Where the distribution function leaves its hulls outside of the new modal interval.
        for w in minorant[..=left].windows(2) {
            let slope = slope(x, w[0], w[1]);
            for j in w[0]..=w[1] {
                dip = dip.max((j - w[0]) as f64 + 1.0 - (x[j] - x[w[0]]) * slope);
            }
        }
        for w in majorant[right..].windows(2) {
            let slope = slope(x, w[0], w[1]);
            for j in w[0]..=w[1] {
                dip = dip.max((x[j] - x[w[0]]) * slope - (j as f64 - w[0] as f64 - 1.0));
            }
        }
        if (to_left, to_right) == (low, high) || to_left >= to_right {
            break;
        }
        (low, high) = (to_left, to_right);
    }
    (dip * floor, low, high)
}

fn slope(x: &[f64], from: usize, to: usize) -> f64 {
    let run = x[to] - x[from];
    if run > 0.0 { (to - from) as f64 / run } else { 0.0 }
}

/// Indices of the corners of the greatest convex minorant (or the least concave majorant) of the
/// points (x[i], i), `low..=high`.
fn hull(x: &[f64], low: usize, high: usize, convex: bool, corners: &mut Vec<usize>) {
    corners.clear();
    for i in low..=high {
        while let [.., a, b] = corners[..] {
            // Is b on the wrong side of (or on) the line from a to i?
            let turn = (b - a) as f64 * (x[i] - x[a]) - (i - a) as f64 * (x[b] - x[a]);
            if (convex && turn >= 0.0) || (!convex && turn <= 0.0) {
                corners.pop();
            } else {
                break;
            }
        }
        corners.push(i);
    }
}

/// The largest distance of the hulls, taken at a corner of either, and the corners (positions in
/// the two lists) that bound the new modal interval there.
fn widest(x: &[f64], minorant: &[usize], majorant: &[usize]) -> (f64, usize, usize) {
    if minorant.len() == 2 && majorant.len() == 2 {
        return (1.0, 0, majorant.len() - 1);
    }
    let (mut best, mut left, mut right) = (0.0, 0, majorant.len() - 1);
    // At a corner of the minorant: the majorant's segment over it, whose far end is the right
    // bound.
    let mut at = 0;
    for (i, &g) in minorant.iter().enumerate() {
        while at + 1 < majorant.len() - 1 && majorant[at + 1] < g {
            at += 1;
        }
        let (a, b) = (majorant[at], majorant[at + 1]);
        let d = a as f64 + (x[g] - x[a]) * slope(x, a, b) - g as f64 + 1.0;
        if d > best && b >= g {
            (best, left, right) = (d, i, at + 1);
        }
    }
    // At a corner of the majorant: the minorant's segment under it, whose near end is the left
    // bound.
    let mut at = 0;
    for (j, &l) in majorant.iter().enumerate() {
        while at + 1 < minorant.len() - 1 && minorant[at + 1] <= l {
            at += 1;
        }
        let (a, b) = (minorant[at], minorant[at + 1]);
        let d = l as f64 - (a as f64 + (x[l] - x[a]) * slope(x, a, b)) + 1.0;
        if d > best && a <= l {
            (best, left, right) = (d, at, j);
        }
    }
    (best, left, right)
}

/// p by the table: linear in sqrt(n) * dip within a row, and between the rows of the two nearest
/// sizes linear in their logarithm. Between 0.0001 (the table's end) and 1; NaN for fewer than 4
/// values, which have no row.
#[must_use]
pub fn p_value(dip: f64, n: usize) -> f64 {
    if n < SIZES[0] {
        return f64::NAN;
    }
    let scaled = dip * (n as f64).sqrt();
    let row = |r: usize| {
        let root = (SIZES[r] as f64).sqrt();
        let at = |c: usize| f64::from(TABLE[r][c]) * 1e-6 * root;
        let last = LEVELS.len() - 1;
        if scaled <= at(0) {
            return 1.0;
        }
        match (1..=last).find(|&c| scaled < at(c)) {
            None => 1.0 - LEVELS[last],
            Some(c) => {
                let share = (scaled - at(c - 1)) / (at(c) - at(c - 1));
                1.0 - LEVELS[c - 1] - share * (LEVELS[c] - LEVELS[c - 1])
            }
        }
    };
    let above = SIZES.iter().position(|&s| s >= n).unwrap_or(SIZES.len() - 1);
    if above == 0 || SIZES[above] <= n {
        return row(above);
    }
    let (small, large) = (SIZES[above - 1] as f64, SIZES[above] as f64);
    let share = libm::log(n as f64 / small) / libm::log(large / small);
    row(above - 1) * (1.0 - share) + row(above) * share
}
