//! What the simulated cluster draws at random: service times, distances, and their drift.
//!
//! Logarithm, exponential and cosine are the `libm` crate's (by way of [`Stream`]): the same bits
//! natively and in wasm.

use fwit_model::plan::{Delay, Drift, Service, Shape};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// Service times of one kind of work, ready to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    shape: Shape,
    /// The mean; of `bimodal` the fast mode's, ms.
    mean: f64,
    /// `exp(-sigma^2 / 2)`: what turns a mean into a lognormal's median.
    median: f64,
    sigma: f64,
    slow_share: f64,
    slow_factor: f64,
}

impl Law {
    /// From a plan's parameters.
    #[must_use]
    pub fn new(service: &Service) -> Law {
        let Service { shape, mean_ms, sigma, slow_share, slow_factor } = *service;
        let mean = match shape {
            Shape::Bimodal => mean_ms / (1.0 - slow_share + slow_share * slow_factor),
            _ => mean_ms,
        };
        Law { shape, mean, median: libm::exp(-sigma * sigma / 2.0), sigma, slow_share, slow_factor }
    }

    /// The next one, `factor` times as long.
    pub fn draw(&self, random: &mut Stream, factor: f64) -> Micros {
        let ms = match self.shape {
            Shape::Constant => self.mean,
            Shape::Exponential => random.exponential(self.mean),
            Shape::Lognormal => self.lognormal(random, self.mean),
            Shape::Bimodal => {
                let slow = random.chance(self.slow_share);
                self.lognormal(random, if slow { self.mean * self.slow_factor } else { self.mean })
            }
        };
        Micros::from_millis(ms * factor)
    }

    fn lognormal(&self, random: &mut Stream, mean: f64) -> f64 {
        if self.sigma > 0.0 { random.lognormal(mean * self.median, self.sigma) } else { mean }
    }
}

/// One way of a round trip.
pub fn one_way(delay: Delay, random: &mut Stream) -> Micros {
    let bend =
        if delay.jitter_ms > 0.0 { (random.unit() * 2.0 - 1.0) * delay.jitter_ms } else { 0.0 };
    Micros::from_millis((delay.mean_ms + bend) / 2.0)
}

/// How much slower than at its start the cluster is now.
#[derive(Debug)]
pub struct Drifting {
    drift: Drift,
    random: Stream,
    /// Whole seconds that have gone into `x`.
    seconds: u64,
    x: f64,
    factor: f64,
}

/// Bounds of the factor's logarithm: a hundredth and a hundred times.
const LN_MAX: f64 = 4.605_170_185_988_092;

impl Drifting {
    /// At the start of the cluster.
    #[must_use]
    pub fn new(drift: Drift, seed: u64) -> Drifting {
        Drifting {
            drift,
            random: Stream::new(seed, "sim drift", 0),
            seconds: 0,
            x: 0.0,
            factor: 1.0,
        }
    }

    /// The factor at an instant; instants never go back.
    pub fn factor(&mut self, now: Micros) -> f64 {
        let seconds = now.0 / 1_000_000;
        if seconds > self.seconds {
            if self.drift.sigma > 0.0 {
                for _ in self.seconds..seconds {
                    self.x =
                        self.drift.persistence * self.x + self.drift.sigma * self.random.normal();
                }
            }
            self.seconds = seconds;
            let ln = libm::log(self.drift.per_minute) * (seconds as f64 / 60.0) + self.x;
            self.factor = libm::exp(ln.clamp(-LN_MAX, LN_MAX));
        }
        self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_keeps_its_mean() {
        for shape in [Shape::Constant, Shape::Exponential, Shape::Lognormal, Shape::Bimodal] {
            let law = Law::new(&Service { shape, sigma: 0.5, ..Service::exponential(4.0) });
            let mut random = Stream::new(1, "law", shape as u64);
            let drawn: Vec<f64> =
                (0..100_000).map(|_| law.draw(&mut random, 2.0).as_millis()).collect();
            let mean = drawn.iter().sum::<f64>() / 1e5;
            assert!((mean / 8.0 - 1.0).abs() < 0.02, "{shape:?}: {mean}");
            let slow = drawn.iter().filter(|d| **d > 3.0 * mean).count() as f64 / 1e5;
            match shape {
                Shape::Constant => assert!(drawn.iter().all(|d| *d == 8.0)),
                Shape::Bimodal => assert!((0.08..0.12).contains(&slow), "{slow}"),
                _ => {}
            }
        }
    }

    #[test]
    fn ways_are_half_the_round_trip_and_bend_by_half_the_jitter() {
        let mut random = Stream::new(1, "way", 0);
        let way = |random: &mut Stream| {
            one_way(Delay { mean_ms: 10.0, jitter_ms: 4.0 }, random).as_millis()
        };
        let drawn: Vec<f64> = (0..10_000).map(|_| way(&mut random)).collect();
        assert!(drawn.iter().all(|d| (3.0..=7.0).contains(d)));
        assert!((drawn.iter().sum::<f64>() / 1e4 - 5.0).abs() < 0.05);
    }

    #[test]
    fn drift_grows_by_the_minute_and_wavers_by_the_second() {
        let mut steady = Drifting::new(Drift { per_minute: 1.1, ..Drift::default() }, 1);
        assert_eq!(steady.factor(Micros::ZERO), 1.0);
        assert!((steady.factor(Micros::from_secs(120.0)) - 1.21).abs() < 1e-12);
        let walk = Drift { sigma: 0.01, persistence: 1.0, ..Drift::default() };
        let mut walk = Drifting::new(walk, 1);
        let path: Vec<f64> = (0..600).map(|s| walk.factor(Micros(s * 1_000_000))).collect();
        assert!(path.windows(2).all(|p| (p[1] / p[0]).ln().abs() < 0.05) && path[599] != 1.0);
        // Far away, but never beyond a hundred times.
        let mut far = Drifting::new(Drift { per_minute: 2.0, ..Drift::default() }, 1);
        assert!((far.factor(Micros::from_secs(86_400.0)) - 100.0).abs() < 1e-9);
    }
}
