//! Fisher's exact test: whether two shares differ.
//!
//! Source: Fisher, J. R. Statist. Soc. 85, 1922; two-sided by the sum of all tables that are no
//! more probable (as R's `fisher.test` and scipy's `fisher_exact` have it).

use libm::{exp, lgamma};

/// Two-sided p that `hits_a` of `of_a` and `hits_b` of `of_b` come from one share. 1 where there is
/// nothing to compare.
#[must_use]
pub fn fisher_exact(hits_a: u64, of_a: u64, hits_b: u64, of_b: u64) -> f64 {
    let (hits_a, hits_b) = (hits_a.min(of_a), hits_b.min(of_b));
    let hits = hits_a + hits_b;
    let ln_choose = |n: u64, k: u64| {
        lgamma(n as f64 + 1.0) - lgamma(k as f64 + 1.0) - lgamma((n - k) as f64 + 1.0)
    };
    let ln_p =
        |a: u64| ln_choose(of_a, a) + ln_choose(of_b, hits - a) - ln_choose(of_a + of_b, hits);
    let seen = ln_p(hits_a);
    let all = hits.saturating_sub(of_b)..=hits.min(of_a);
    // Equal tables differ by rounding.
    let p: f64 = all.map(ln_p).filter(|p| *p <= seen + 1e-7).map(exp).sum();
    p.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_values() {
        // scipy.stats.fisher_exact
        for (a, of_a, b, of_b, p) in [
            (3, 10, 0, 10, 0.210_526_315_8),
            (1, 9, 11, 15, 0.009_422_533_2),
            (8, 10, 1, 6, 0.034_965_035_0),
            (0, 10, 0, 12, 1.0),
            (0, 0, 0, 0, 1.0),
        ] {
            let found = fisher_exact(a, of_a, b, of_b);
            assert!((found - p).abs() < 1e-8, "{a} of {of_a}, {b} of {of_b}: {found}");
            assert!((fisher_exact(b, of_b, a, of_a) - p).abs() < 1e-8);
        }
    }
}
