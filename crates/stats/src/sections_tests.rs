//! Tests of `sections`. How often intervals hold the truth: `tests/sections.rs`.

use super::*;
use crate::random::Stream;
use crate::vectors::assert_close;

#[test]
fn sections_are_as_alike_as_whole_seconds_allow() {
    for n in [60, 61, 119, 600] {
        let all: Vec<_> = sections(n).collect();
        assert_eq!((all.len(), all[0].start, all[5].end), (6, 0, n));
        assert!(all.windows(2).all(|w| w[0].end == w[1].start));
        assert!(all.iter().all(|r| r.len() == n / 6 || r.len() == n / 6 + 1));
    }
}

/// By numpy and scipy:
/// `e = sqrt(sum(log(x / 10) ** 2) / 5 / 6); 10 * exp(t.ppf([.025, .975], 5) * e)`, and for the
/// ratio `v = e ** 2 + f ** 2; t.ppf(.975, 5 * v ** 2 / (e ** 4 + f ** 4)) * sqrt(v)`.
#[test]
fn intervals_are_those_of_t() {
    let a = Estimate::new(10.0, &[9.0, 10.0, 11.0, 10.5, 9.5, 10.2], 1.0).unwrap();
    assert_close(&[a.error], &[0.02920530479818993], 1e-12);
    assert_close(&a.interval(0.95), &[9.276742551092832, 10.779645920886276], 1e-9);
    let b = Estimate::new(12.0, &[12.0, 12.5, 11.0, 12.0, 13.0, 12.2], 1.5).unwrap();
    let (ratio, interval) = b.over(&a, 0.95);
    assert_close(&[ratio], &[1.2], 1e-12);
    assert_close(&interval, &[1.0845203232219673, 1.3277759477313889], 1e-9);
    assert!(Estimate::new(10.0, &[9.0, 10.0, 11.0, 10.5, 9.5, 0.0], 1.0).is_none());
    assert!(Estimate::new(10.0, &[9.0; 5], 1.0).is_none());
}

/// Against the definition: the sum over all pairs of seconds, `phi ** abs(i - j)`.
#[test]
fn the_variance_of_a_mean_is_the_sum_over_pairs() {
    for (phi, n) in [(0.0, 60.0), (0.5, 60.0), (0.9, 100.0)] {
        let n = n as i32;
        let sum: f64 = (0..n)
            .flat_map(|i| (0..n).map(move |j| libm::pow(phi, f64::from((i - j).abs()))))
            .sum();
        assert_close(&[variance_of_mean(phi, f64::from(n))], &[sum / f64::from(n * n)], 1e-12);
    }
}

fn series(phi: f64, n: usize) -> Vec<f64> {
    let (mut s, mut x) = (Stream::new(3, "series", 0), 0.0);
    let mut next = || {
        x = phi * x + s.normal();
        x
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn the_more_seconds_hang_together_the_wider_until_nothing_is_said() {
    let factors = [0.0, 0.5, 0.7].map(|phi| widening(&series(phi, 600)).factor.unwrap());
    assert!(factors[0] < 1.02 && factors[1] < 1.1, "{factors:?}");
    assert!(factors[0] < factors[1] && factors[1] < factors[2], "{factors:?}");
    let short = widening(&series(0.7, 60)).factor.unwrap();
    assert!(short > factors[2], "{short}");
    let rising: Vec<f64> = (0..60).map(f64::from).collect();
    assert!(widening(&rising).factor.is_none() && widening(&rising).correlation > 0.9);
    assert_eq!(widening(&[5.0; 60]).correlation, 0.0);
}

#[test]
fn a_percentile_needs_answers_above_it_in_every_section() {
    let mut s = Stream::new(1, "run", 0);
    let mut second = |n: usize| {
        let mut cells = Sparse::default();
        (0..n).for_each(|_| cells.record(s.lognormal(4_000.0, 0.3) as u64));
        cells
    };
    let seconds: Vec<Sparse> = (0..60).map(|_| second(30)).collect();
    let run = RunEstimates::new(&seconds, &[0.5, 0.99, 0.999]).unwrap();
    assert_eq!((run.count, run.rate.unwrap().value), (1_800, 30.0));
    assert!(run.at[0].is_some() && run.at[1].is_some() && run.at[2].is_none());
    assert!(RunEstimates::new(&seconds[..58], &[0.5]).is_none());
    // A second without an answer has no median; a section without one has no percentile.
    let mut quiet = seconds;
    quiet[..10].fill(Sparse::default());
    let run = RunEstimates::new(&quiet, &[0.5]).unwrap();
    assert!(run.rate.is_none() && run.at[0].is_none());
}
