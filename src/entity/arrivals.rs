//! The schedule of an open load: due times fixed by the seed before the start.

use crate::plan::Arrivals;
use crate::stats::random::Stream;
use crate::units::Micros;

/// Due times after the start, rising, without end.
#[derive(Debug)]
pub struct Schedule {
    rate_per_s: f64,
    arrivals: Arrivals,
    stream: Stream,
    /// Seconds; kept apart from microseconds so that rounding does not add up.
    at: f64,
    count: u64,
}

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn new(seed: u64, rate_per_s: f64, arrivals: Arrivals) -> Schedule {
        Schedule { rate_per_s, arrivals, stream: Stream::new(seed, "arrivals", 0), at: 0.0, count: 0 }
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
        Some(Micros::from_secs(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_keep_their_rate_without_drift() {
        let mut s = Schedule::new(1, 300.0, Arrivals::Constant);
        assert_eq!(s.nth(300 * 3_600 - 1), Some(Micros(3_600_000_000)));
    }

    #[test]
    fn poisson_gaps_have_mean_and_variance_of_the_exponential() {
        let due: Vec<f64> =
            Schedule::new(7, 200.0, Arrivals::Poisson).take(20_000).map(Micros::as_secs).collect();
        let gaps: Vec<f64> = due.windows(2).map(|w| w[1] - w[0]).collect();
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let sd = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n).sqrt();
        assert!((mean * 200.0 - 1.0).abs() < 0.03 && (sd / mean - 1.0).abs() < 0.05, "{mean} {sd}");
    }
}
