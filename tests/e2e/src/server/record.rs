//! What the test server knows of every request: the truth that the page's numbers are held against.

use std::time::Duration;

/// One request, as the server saw it. Instants are since the server's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// When its head was read.
    pub arrived: Duration,
    /// When its answer was handed over for sending.
    pub answered: Duration,
}

impl Record {
    /// How long the server took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.answered - self.arrived
    }
}

/// The requests of a load, in the order of their answers.
#[derive(Debug, Clone, Default)]
pub struct Records(pub Vec<Record>);

impl Records {
    /// Those that arrived from `skip` after the first one on, for as long as `length`.
    #[must_use]
    pub fn window(&self, skip: Duration, length: Duration) -> Self {
        let Some(first) = self.0.iter().map(|r| r.arrived).min() else { return Self::default() };
        let from = first + skip;
        Self(
            self.0
                .iter()
                .filter(|r| r.arrived >= from && r.arrived < from + length)
                .copied()
                .collect(),
        )
    }

    /// Those that arrived from `skip` after the first one on and were answered within `length` of
    /// that: what a client that counts what it issued and got answered in its window has seen too.
    #[must_use]
    pub fn within(&self, skip: Duration, length: Duration) -> Self {
        let Some(first) = self.0.iter().map(|r| r.arrived).min() else { return Self::default() };
        let from = first + skip;
        let inside = |r: &&Record| r.arrived >= from && r.answered <= from + length;
        Self(self.0.iter().filter(inside).copied().collect())
    }

    /// How long the server took at a percentile (0 to 1) by the nearest rank, in milliseconds; 0
    /// without any.
    #[must_use]
    pub fn percentile_ms(&self, p: f64) -> f64 {
        let mut times: Vec<Duration> = self.0.iter().map(Record::took).collect();
        times.sort_unstable();
        let rank = (p * times.len() as f64).ceil() as usize;
        times.get(rank.saturating_sub(1)).map_or(0.0, |t| t.as_secs_f64() * 1e3)
    }

    /// How long the server took on average, in milliseconds; 0 without any.
    #[must_use]
    pub fn mean_ms(&self) -> f64 {
        let sum: f64 = self.0.iter().map(|r| r.took().as_secs_f64() * 1e3).sum();
        sum / self.0.len().max(1) as f64
    }

    /// Requests at the server at the same time, averaged over `length` from `skip` after the first
    /// one on.
    #[must_use]
    pub fn concurrency(&self, skip: Duration, length: Duration) -> f64 {
        let Some(first) = self.0.iter().map(|r| r.arrived).min() else { return 0.0 };
        let (from, to) = (first + skip, first + skip + length);
        let inside =
            |r: &Record| r.answered.min(to).saturating_sub(r.arrived.max(from)).as_secs_f64();
        self.0.iter().map(inside).sum::<f64>() / length.as_secs_f64()
    }

    /// The share of requests that took longer than so many milliseconds.
    #[must_use]
    pub fn share_above(&self, ms: f64) -> f64 {
        let above = self.0.iter().filter(|r| r.took().as_secs_f64() * 1e3 > ms).count();
        above as f64 / self.0.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_summed_up() {
        let at = |arrived, took| Record {
            arrived: Duration::from_millis(arrived),
            answered: Duration::from_millis(arrived + took),
        };
        let records = Records(vec![at(100, 10), at(100, 20), at(110, 30), at(140, 60)]);
        assert!((records.percentile_ms(0.5) - 20.0).abs() < 1e-9);
        assert!((records.percentile_ms(0.99) - 60.0).abs() < 1e-9);
        assert!((records.mean_ms() - 30.0).abs() < 1e-9);
        let whole = records.concurrency(Duration::ZERO, Duration::from_millis(100));
        let middle = records.concurrency(Duration::from_millis(10), Duration::from_millis(20));
        assert!((whole - 1.2).abs() < 1e-9 && (middle - 1.5).abs() < 1e-9, "{whole}, {middle}");
        assert!((records.share_above(25.0) - 0.5).abs() < 1e-9);
        let window = records.window(Duration::from_millis(10), Duration::from_millis(30));
        assert_eq!(window.0, [at(110, 30)]);
        let within = records.within(Duration::ZERO, Duration::from_millis(30));
        assert_eq!(within.0, [at(100, 10), at(100, 20)]);
        assert!(Records::default().percentile_ms(0.5).abs() < 1e-9);
    }
}
