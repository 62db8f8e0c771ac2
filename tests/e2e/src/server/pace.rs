//! How long the test server takes for each request.

use std::time::Duration;

use fwit_stats::random::Stream;

/// How long each request takes, from its arrival on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// As fast as the machine can.
    AtOnce,
    /// Always the same.
    Fixed(Duration),
    /// Some requests take one time, a share of them another.
    Bimodal {
        /// Most requests.
        fast: Duration,
        /// The others.
        slow: Duration,
        /// Share of the others, 0 to 1.
        slow_share: f64,
    },
    /// Lognormal: a few requests take many times the median.
    HeavyTailed {
        /// Half of the requests take longer.
        median: Duration,
        /// Standard deviation of the logarithm; 1 has a p99 of ten times the median.
        sigma: f64,
        /// None takes longer.
        most: Duration,
    },
    /// Always the same, but for a time in which nothing is answered.
    Stall {
        /// The usual time.
        usual: Duration,
        /// When it stops answering, after the first request.
        after: Duration,
        /// For how long.
        length: Duration,
    },
}

/// Draws the times of a pace.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    dice: Stream,
}

impl Pacer {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, dice: Stream::new(1, "pace", 0) }
    }

    /// How long a request takes that arrives so long after the first one.
    pub(super) fn next(&mut self, since_first: Duration) -> Duration {
        match self.pace {
            Pace::AtOnce => Duration::ZERO,
            Pace::Fixed(time) => time,
            Pace::Bimodal { fast, slow, slow_share } => {
                if self.dice.unit() < slow_share {
                    slow
                } else {
                    fast
                }
            }
            Pace::HeavyTailed { median, sigma, most } => {
                median.mul_f64((sigma * self.normal()).exp()).min(most)
            }
            Pace::Stall { usual, after, length } => {
                let (answer, end) = (since_first + usual, after + length);
                if answer > after && since_first < end { end - since_first } else { usual }
            }
        }
    }

    /// A standard normal number, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let (u, v) = (self.dice.unit(), self.dice.unit());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_stall_holds_back_whatever_would_be_answered_in_it() {
        let mut pacer = Pacer::new(Pace::Stall { usual: ms(2), after: ms(100), length: ms(50) });
        let times = [0, 97, 99, 120, 149, 150, 200].map(|at| pacer.next(ms(at)));
        assert_eq!(times, [2, 2, 51, 30, 1, 2, 2].map(ms));
    }

    #[test]
    fn shares_and_percentiles_are_those_asked_for() {
        let mut pacer = Pacer::new(Pace::Bimodal { fast: ms(20), slow: ms(60), slow_share: 0.3 });
        let slow = (0..10_000).filter(|_| pacer.next(ms(0)) == ms(60)).count();
        assert!((2_800..3_200).contains(&slow), "{slow}");
        let mut pacer =
            Pacer::new(Pace::HeavyTailed { median: ms(10), sigma: 1.0, most: ms(1_000) });
        let mut times: Vec<_> =
            (0..10_000).map(|_| pacer.next(ms(0)).as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        // p99 of a standard lognormal is exp(2.326).
        assert!((9.5..10.5).contains(&times[5_000]) && (88.0..120.0).contains(&times[9_900]));
    }
}
