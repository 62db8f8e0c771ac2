//! Simulated runs whose rate and percentiles are known, and how often the intervals of
//! `fwit_stats::sections` hold them. For tests/sections.rs and examples/single_run_coverage.rs.

use fwit_stats::random::Stream;
use fwit_stats::sections::RunEstimates;
use fwit_stats::sparse::Sparse;
use fwit_stats::special::{beta_inc, normal_quantile};

const PS: [f64; 2] = [0.5, 0.99];
/// Answers a second, in the mean.
const RATE: f64 = 100.0;
/// Standard deviation of a second's level, on the logarithm.
const LEVEL: f64 = 0.1;
/// The same of a request within its second.
const WITHIN: f64 = 0.3;

/// How often intervals were given, and held the truth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hits {
    /// Runs.
    pub runs: u64,
    /// Runs with an interval.
    pub given: u64,
    /// Intervals that hold the truth.
    pub held: u64,
}

/// Of throughput, p50 and p99 over so many runs of so many seconds. The seconds' level is an AR(1)
/// process of correlation `phi`: the rate follows it exactly, latencies are log-normal around it.
pub fn coverage(seconds: usize, phi: f64, runs: u64) -> [Hits; 3] {
    let mut hits = [Hits::default(); 3];
    // The mean of a log-normal rate; the quantiles of the sum of two normal logarithms. Busy
    // seconds have more of the requests, which moves the level of a request up.
    let median = 5_000.0 * (LEVEL * LEVEL).exp();
    let spread = (LEVEL * LEVEL + WITHIN * WITHIN).sqrt();
    let truth = [
        RATE * (LEVEL * LEVEL / 2.0).exp(),
        median,
        median * (normal_quantile(0.99) * spread).exp(),
    ];
    for run in 0..runs {
        let mut s = Stream::new(run, &format!("coverage {seconds} {phi}"), 0);
        let mut level = s.normal();
        let cells: Vec<Sparse> = (0..seconds)
            .map(|_| {
                let rate = RATE * (LEVEL * level).exp();
                // A fraction of an answer by chance, so that the mean is the rate.
                let answers = rate as u64 + u64::from(s.chance(rate.fract()));
                let mut cells = Sparse::default();
                for _ in 0..answers {
                    let us = s.lognormal(5_000.0 * (LEVEL * level).exp(), WITHIN);
                    cells.record(us as u64);
                }
                level = phi * level + (1.0 - phi * phi).sqrt() * s.normal();
                cells
            })
            .collect();
        let Some(found) = RunEstimates::new(&cells, &PS) else { continue };
        for (i, hit) in hits.iter_mut().enumerate() {
            let estimate = if i == 0 { found.rate } else { found.at[i - 1] };
            hit.runs += 1;
            if let Some(estimate) = estimate {
                let [low, high] = estimate.interval(0.95);
                hit.given += 1;
                hit.held += u64::from(low <= truth[i] && truth[i] <= high);
            }
        }
    }
    hits
}

/// Clopper and Pearson's 95 % interval of a share.
pub fn clopper_pearson(hits: u64, of: u64) -> [f64; 2] {
    let (k, n) = (hits as f64, of as f64);
    // The share at which the beta distribution reaches p, by halves.
    let quantile = |p: f64, a: f64, b: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if beta_inc(a, b, middle) < p { low = middle } else { high = middle }
        }
        low
    };
    let low = if hits == 0 { 0.0 } else { quantile(0.025, k, n - k + 1.0) };
    let high = if hits == of { 1.0 } else { quantile(0.975, k + 1.0, n - k) };
    [low, high]
}
