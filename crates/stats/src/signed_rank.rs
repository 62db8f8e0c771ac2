//! Wilcoxon's signed-rank distribution: exact up to 50 pairs (ties and zeros included), normal
//! beyond.
//!
//! Source: Wilcoxon, Biometrics Bulletin 1, 1945; the counts by the recurrence over subsets of
//! ranks (Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*, 3.1); intervals from
//! Walsh averages, ibid. 3.3.

use super::special::{normal_cdf, normal_quantile};

/// Largest number of pairs with the exact distribution.
pub const EXACT_PAIRS: usize = 50;

/// A two-sided test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// The smaller of the two rank sums.
    pub w: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Pairs that are not zero, which alone count.
    pub pairs: usize,
}

/// Tests that the differences are symmetric around 0. Zero differences are dropped (Wilcoxon's
/// rule); equal sizes share their mean rank and the exact distribution is of those shared ranks.
/// With no difference left, p is 1. The values must be finite (checked by the callers in this
/// folder).
#[must_use]
pub fn signed_rank(differences: &[f64]) -> SignedRank {
    let mut d: Vec<f64> = differences.iter().copied().filter(|v| *v != 0.0).collect();
    d.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = d.len();
    // Twice the mid-ranks, so that they are whole.
    let mut ranks = vec![0_usize; n];
    let mut ties = 0.0;
    let mut i = 0;
    while i < n {
        let mut j = i;
        // Sizes that differ only by rounding of the logarithm are equal sizes.
        while j + 1 < n && d[j + 1].abs() - d[i].abs() <= 1e-12 * d[i].abs() {
            j += 1;
        }
        let t = (j - i + 1) as f64;
        ties += t * t * t - t;
        ranks[i..=j].fill(i + j + 2);
        i = j + 1;
    }
    let total = n * (n + 1);
    let plus: usize = d.iter().zip(&ranks).filter(|(v, _)| **v > 0.0).map(|(_, r)| *r).sum();
    let smaller = plus.min(total - plus);
    let p = if n == 0 {
        1.0
    } else if n <= EXACT_PAIRS {
        let ways = subset_sums(&ranks);
        let below: f64 = ways[..=smaller].iter().sum();
        (2.0 * below / libm::exp2(n as f64)).min(1.0)
    } else {
        let nf = n as f64;
        let variance = nf * (nf + 1.0) * (2.0 * nf + 1.0) / 24.0 - ties / 48.0;
        let z = (smaller as f64 / 2.0 - nf * (nf + 1.0) / 4.0 + 0.5) / variance.sqrt();
        (2.0 * normal_cdf(z)).min(1.0)
    };
    SignedRank { w: smaller as f64 / 2.0, p, pairs: n }
}

/// In how many of the 2^n sign choices the chosen ranks sum to each value.
fn subset_sums(ranks: &[usize]) -> Vec<f64> {
    let mut ways = vec![0.0; ranks.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    let mut reach = 0;
    for &r in ranks {
        reach += r;
        for s in (r..=reach).rev() {
            ways[s] += ways[s - r];
        }
    }
    ways
}

/// Which Walsh averages bound the interval of a level: the `k`-th smallest and the `k`-th largest
/// (from 1), and the exact coverage. `None` when no such pair reaches the level (fewer than 6 pairs
/// at 95 %, 5 at 90 %).
#[must_use]
pub fn interval_rank(n: usize, level: f64) -> Option<(usize, f64)> {
    let half = (1.0 - level) / 2.0;
    if n == 0 || !(half > 0.0 && half < 0.5) {
        return None;
    }
    if n > EXACT_PAIRS {
        let nf = n as f64;
        let (mean, sd) =
            (nf * (nf + 1.0) / 4.0, (nf * (nf + 1.0) * (2.0 * nf + 1.0) / 24.0).sqrt());
        let k = (mean + normal_quantile(half) * sd - 0.5).floor() + 1.0;
        let coverage = 1.0 - 2.0 * normal_cdf((k - 1.0 - mean + 0.5) / sd);
        return (k >= 1.0).then_some((k as usize, coverage));
    }
    let ranks: Vec<usize> = (1..=n).collect();
    let all = libm::exp2(n as f64);
    let (mut below, mut found) = (0.0, None);
    for (w, ways) in subset_sums(&ranks).into_iter().enumerate() {
        below += ways / all;
        if below > half {
            break;
        }
        found = Some((w + 1, 1.0 - 2.0 * below));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::vectors::{all, list, num};

    #[test]
    fn reference_values() {
        let v = &all()["paired calc"];
        let t = signed_rank(&list(&v["log_ratios"]));
        assert_eq!((t.w, t.p, t.pairs), (17.0, num(&v["wilcoxon_exact"]["p"]), 10));
        let (k, coverage) = interval_rank(10, 0.95).unwrap();
        assert_eq!((k, coverage), (9, 1.0 - 50.0 / 1024.0)); // the 9th and 47th of 55, 95.1 %
    }

    #[test]
    fn the_smallest_samples() {
        assert!(
            interval_rank(5, 0.95).is_none()
                && interval_rank(6, 0.95) == Some((1, 1.0 - 2.0 / 64.0))
        );
        assert!(interval_rank(4, 0.90).is_none() && interval_rank(5, 0.90).is_some());
        assert!(interval_rank(0, 0.95).is_none() && interval_rank(9, f64::NAN).is_none());
        assert_eq!(signed_rank(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).p, 2.0 / 64.0);
        assert_eq!(signed_rank(&[]).p, 1.0);
        assert_eq!(signed_rank(&[0.0, 0.0]), SignedRank { w: 0.0, p: 1.0, pairs: 0 });
    }

    #[test]
    fn ties_are_exact() {
        // Ranks 1.5 1.5 3: rank sums of the 8 sign choices are 0 1.5 1.5 3 3 4.5 4.5 6; W = 1.5.
        let t = signed_rank(&[-1.0, 1.0, 2.0]);
        assert_eq!((t.w, t.p), (1.5, 0.75));
    }

    #[test]
    fn exact_and_normal_meet() {
        let mut s = Stream::new(1, "signed-rank", 0);
        let d: Vec<f64> = (0..51).map(|_| s.normal() + 0.25).collect();
        let (beyond, exact) = (signed_rank(&d).p, signed_rank(&d[..50]).p);
        let near = signed_rank(&[&d[..50], &[0.0]].concat()).p;
        assert!(near == exact && (beyond - exact).abs() < 0.05, "{beyond} {exact}");
        let (k50, k51) = (interval_rank(50, 0.95).unwrap(), interval_rank(51, 0.95).unwrap());
        assert_eq!(k50.0, 435); // tables: T(0.025, 50) = 434
        assert!(k51.0 > k50.0 && k51.0 < k50.0 + 30 && (k51.1 - 0.95).abs() < 0.003, "{k51:?}");
    }
}
