//! The schedule of an open load: due times fixed by the seed before the start.

use fwit_model::plan::{Arrivals, Stage, stages};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// Due times after the start, rising; without end where the rate does not change.
#[derive(Debug)]
pub struct Schedule {
    rate_per_s: f64,
    arrivals: Arrivals,
    stages: Vec<Stage>,
    stream: Stream,
    /// Seconds; kept apart from microseconds so that rounding does not add up.
    at: f64,
    count: u64,
}

impl Schedule {
    /// The schedule of a seed. Stages, where there are any, are the rate instead.
    #[must_use]
    pub fn new(seed: u64, rate_per_s: f64, arrivals: Arrivals, stages: &[Stage]) -> Schedule {
        let stages = stages.to_vec();
        // With stages, time is counted in arrivals of a rate of 1, and the stages' integral turned
        // back.
        let rate_per_s = if stages.is_empty() { rate_per_s } else { 1.0 };
        Schedule {
            rate_per_s,
            arrivals,
            stages,
            stream: Stream::new(seed, "arrivals", 0),
            at: 0.0,
            count: 0,
        }
    }
}

impl Iterator for Schedule {
    type Item = Micros;

    fn next(&mut self) -> Option<Micros> {
        self.count += 1;
        self.at = match self.arrivals {
            Arrivals::Constant => self.count as f64 / self.rate_per_s,
            Arrivals::Poisson => self.at + self.stream.exponential(1.0 / self.rate_per_s),
        };
        let at =
            if self.stages.is_empty() { self.at } else { stages::due_s(&self.stages, self.at)? };
        Some(Micros::from_secs(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_keep_their_rate_without_drift() {
        let mut s = Schedule::new(1, 300.0, Arrivals::Constant, &[]);
        assert_eq!(s.nth(300 * 3_600 - 1), Some(Micros(3_600_000_000)));
    }

    #[test]
    fn stages_are_the_rate() {
        let stages = stages::parse("0→100 in 10s, 100 for 5s, 20 for 10s").unwrap();
        for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
            let due: Vec<f64> =
                Schedule::new(3, 1.0, arrivals, &stages).map(Micros::as_secs).collect();
            assert!(due.is_sorted() && due.last().is_some_and(|d| *d <= 25.0));
            let of =
                |from: f64, to: f64| due.iter().filter(|d| (from..to).contains(*d)).count() as f64;
            for (from, to, wanted) in
                [(0.0, 5.0, 125.0), (5.0, 10.0, 375.0), (10.0, 15.0, 500.0), (15.0, 25.0, 200.0)]
            {
                let slack =
                    if arrivals == Arrivals::Constant { 1.0 } else { 4.0 * f64::sqrt(wanted) };
                assert!(
                    (of(from, to) - wanted).abs() <= slack,
                    "{arrivals:?} {from}: {}",
                    of(from, to)
                );
            }
        }
    }

    #[test]
    fn poisson_gaps_have_mean_and_variance_of_the_exponential() {
        let due: Vec<f64> = Schedule::new(7, 200.0, Arrivals::Poisson, &[])
            .take(20_000)
            .map(Micros::as_secs)
            .collect();
        let gaps: Vec<f64> = due.windows(2).map(|w| w[1] - w[0]).collect();
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let sd = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n).sqrt();
        assert!((mean * 200.0 - 1.0).abs() < 0.03 && (sd / mean - 1.0).abs() < 0.05, "{mean} {sd}");
    }
}
