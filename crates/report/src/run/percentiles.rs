//! Percentiles of one latency, and whether each of them may be shown.

use serde::{Deserialize, Serialize};

pub use fwit_stats::buckets::{Shown, displayable as shown};

/// The percentiles of every table, in its order.
pub const PERCENTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Count, mean and percentiles of one latency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Samples.
    pub count: u64,
    /// Mean, µs.
    pub mean_us: f64,
    /// Largest, µs.
    pub max_us: u64,
    /// Values at [`PERCENTILES`], µs, by Kaplan and Meier where some times are censored. Whether
    /// each may be shown follows from [`samples`](Summary::samples) alone: [`shown`].
    pub at_us: [u64; 5],
    /// What was given up, where anything was.
    #[serde(default)]
    pub censored: Option<Censored>,
    /// Which of the figures another tool gave, where it gave no distribution.
    #[serde(default)]
    pub given: Option<Given>,
}

/// Which figures of a latency are known. The others are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The mean.
    pub mean: bool,
    /// The largest.
    pub max: bool,
    /// Those at [`PERCENTILES`].
    pub at: [bool; 5],
}

/// Requests of which a lower bound is known only: timeouts, and what was cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Censored {
    /// How many.
    pub count: u64,
    /// Whether each percentile falls among them: it is longer than its value.
    pub beyond: [bool; 5],
    /// Whether the longest is one of them: the maximum is longer than its value.
    pub max_beyond: bool,
    /// Values at [`PERCENTILES`] of answers alone, µs.
    pub answers_at_us: [u64; 5],
}

impl Summary {
    /// How many times the percentiles rest on: of answers and censored ones.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.count.saturating_add(self.censored.map_or(0, |c| c.count))
    }

    /// Whether percentile number `i` is known.
    #[must_use]
    pub fn has(&self, i: usize) -> bool {
        self.given.is_none_or(|given| given.at.get(i).copied().unwrap_or_default())
    }

    /// Whether the mean is known.
    #[must_use]
    pub fn has_mean(&self) -> bool {
        self.given.is_none_or(|given| given.mean)
    }

    /// Whether the largest is known.
    #[must_use]
    pub fn has_max(&self) -> bool {
        self.given.is_none_or(|given| given.max)
    }

    /// Whether percentile number `i` is longer than its value.
    #[must_use]
    pub fn is_beyond(&self, i: usize) -> bool {
        self.censored.is_some_and(|c| c.beyond.get(i).copied().unwrap_or_default())
    }

    /// Whether the maximum is longer than its value.
    #[must_use]
    pub fn is_max_beyond(&self) -> bool {
        self.censored.is_some_and(|c| c.max_beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_needs_ten_samples_above_it() {
        for (p, full, greyed) in [
            (0.5, 20, 6),
            (0.9, 100, 30),
            (0.95, 200, 60),
            (0.99, 1_000, 300),
            (0.999, 10_000, 3_000),
        ] {
            assert_eq!(shown(p, full), Shown::Full);
            assert_eq!(shown(p, full - 1), Shown::Greyed);
            assert_eq!(shown(p, greyed), Shown::Greyed);
            assert_eq!(shown(p, greyed - 1), Shown::Hidden);
        }
    }
}
