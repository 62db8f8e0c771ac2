//! A share with its interval, as the tables of docs/statistics.md have it.

use fwit_stats::special::clopper_pearson;

/// `4.2 % (3.4 to 5.2)`: of how many, with Clopper and Pearson's 95 % interval.
pub fn share(hits: u64, of: u64) -> String {
    let percent = 100.0 * hits as f64 / of.max(1) as f64;
    let [low, high] = clopper_pearson(hits, of, 0.95).map(|p| 100.0 * p);
    format!("{percent:.1} % ({low:.1} to {high:.1})")
}
