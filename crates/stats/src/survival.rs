//! Percentiles where some times are known by a lower bound only: Kaplan and Meier's product-limit
//! estimator (1958) of how many requests take longer than a time.
//!
//! A request that was given up (a timeout, the end of a run) is right-censored: its answer would
//! have taken longer than that. It stays among those at risk until then, and is neither a fast
//! answer nor absent. A percentile whose rank falls among such requests is longer than the longest
//! time that was waited, and no more is known of it.
//!
//! Values are those of the histograms, in microseconds in a run. Without censored times the
//! percentiles are HdrHistogram's own.

use hdrhistogram::Histogram;

/// What is known of a percentile or a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// It is this.
    At(u64),
    /// It is longer than this.
    Beyond(u64),
}

impl Estimate {
    /// The value, or the bound.
    #[must_use]
    pub fn value(self) -> u64 {
        match self {
            Estimate::At(value) | Estimate::Beyond(value) => value,
        }
    }

    /// Whether only a lower bound is known.
    #[must_use]
    pub fn is_beyond(self) -> bool {
        matches!(self, Estimate::Beyond(_))
    }
}

/// The p-quantiles (0 to 1, rising) of answers of which these took `events` and of some more that
/// took longer than `censored`. `None` where there is neither.
#[must_use]
pub fn quantiles(
    events: &Histogram<u64>,
    censored: &Histogram<u64>,
    ps: &[f64],
) -> Option<Vec<Estimate>> {
    if events.is_empty() && censored.is_empty() {
        return None;
    }
    if censored.is_empty() {
        return Some(ps.iter().map(|p| Estimate::At(events.value_at_quantile(*p))).collect());
    }
    let steps = |h: &Histogram<u64>| -> Vec<(u64, u64)> {
        let high = |value| h.highest_equivalent(value);
        h.iter_recorded().map(|s| (high(s.value_iterated_to()), s.count_at_value())).collect()
    };
    let (events, cut) = (steps(events), steps(censored));
    let longest = |list: &[(u64, u64)]| list.last().map_or(0, |(value, _)| *value);
    let bound = longest(&events).max(longest(&cut));
    let mut at_risk: u64 = events.iter().chain(&cut).map(|(_, n)| *n).sum();
    let mut cut = cut.into_iter().peekable();
    let mut survive = 1.0;
    let mut wanted = ps.iter().peekable();
    let mut found = Vec::with_capacity(ps.len());
    for (value, count) in events {
        // An answer comes before what was given up at the same time.
        while let Some((_, n)) = cut.next_if(|(time, _)| *time < value) {
            at_risk -= n;
        }
        survive *= 1.0 - count as f64 / at_risk as f64;
        at_risk -= count;
        // A hair of tolerance for the product's rounding.
        while wanted.next_if(|p| survive <= 1.0 - **p + 1e-12).is_some() {
            found.push(Estimate::At(value));
        }
    }
    found.extend(wanted.map(|_| Estimate::Beyond(bound)));
    Some(found)
}

/// The p-quantile for comparisons, between two times: the rank of
/// [`super::buckets::Buckets::interpolated`] among all requests. `None` where there are none, or
/// where a time beside that rank is known by a bound only.
#[must_use]
pub fn interpolated(events: &Histogram<u64>, censored: &Histogram<u64>, p: f64) -> Option<f64> {
    let n = events.len().saturating_add(censored.len()) as f64;
    let rank = ((n + 1.0 / 3.0) * p + 1.0 / 3.0).clamp(1.0, n.max(1.0));
    let beside = [rank.floor() / n, rank.ceil() / n];
    let found = quantiles(events, censored, &beside)?;
    let middle = |found: &Estimate| {
        let (low, high) =
            (events.lowest_equivalent(found.value()), events.highest_equivalent(found.value()));
        (!found.is_beyond()).then(|| (low as f64 + high as f64 + 1.0) / 2.0)
    };
    let (low, high) = (middle(found.first()?)?, middle(found.last()?)?);
    Some(low + rank.fract() * (high - low))
}

/// The longest; `None` without any.
#[must_use]
pub fn maximum(events: &Histogram<u64>, censored: &Histogram<u64>) -> Option<Estimate> {
    let (event, cut) = (events.max(), censored.max());
    match (events.is_empty(), censored.is_empty()) {
        (true, true) => None,
        (false, true) => Some(Estimate::At(event)),
        (false, false) if event > cut => Some(Estimate::At(event)),
        _ => Some(Estimate::Beyond(cut)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::new_histogram;

    fn histogram(values: &[u64]) -> Histogram<u64> {
        let mut h = new_histogram();
        values.iter().for_each(|v| h.record(*v).unwrap());
        h
    }

    fn at(events: &Histogram<u64>, censored: &Histogram<u64>, p: f64) -> Estimate {
        quantiles(events, censored, &[p]).unwrap()[0]
    }

    /// Freireich's leukaemia data (1963), as every textbook of survival analysis has it: remission
    /// in weeks under 6-MP. S is 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448.
    #[test]
    fn the_textbook_example_comes_out() {
        let events = histogram(&[6, 6, 6, 7, 10, 13, 16, 22, 23]);
        let cut = histogram(&[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
        for (p, weeks) in [(0.14, 6), (0.19, 7), (0.24, 10), (0.3, 13), (0.37, 16), (0.46, 22)] {
            assert_eq!(at(&events, &cut, p), Estimate::At(weeks), "{p}");
        }
        assert_eq!(at(&events, &cut, 0.5), Estimate::At(23), "the median");
        assert_eq!(at(&events, &cut, 0.56), Estimate::Beyond(35));
        assert_eq!(maximum(&events, &cut), Some(Estimate::Beyond(35)));
    }

    #[test]
    fn without_censored_times_it_is_the_histogram() {
        let events = histogram(&(1..=1_000).map(|n| n * n).collect::<Vec<_>>());
        let none = new_histogram();
        let ps = [0.5, 0.9, 0.95, 0.99, 0.999, 1.0];
        let found = quantiles(&events, &none, &ps).unwrap();
        // The same by the estimator itself: one censored time that is the longest moves nothing.
        let cut = histogram(&[2_000_000]);
        let near = quantiles(&events, &cut, &ps[..4]).unwrap();
        for (i, p) in ps.into_iter().enumerate() {
            assert_eq!(found[i], Estimate::At(events.value_at_quantile(p)));
        }
        assert!(near.iter().zip(&found).all(|(a, b)| a.value().abs_diff(b.value()) < 3_000));
    }

    #[test]
    fn between_two_times_it_is_interpolated_until_a_bound_is_beside_the_rank() {
        // Rank (19 + 1/3) 0.9 + 1/3 = 17.73 of 19.
        let events = histogram(&(1..=18).map(|n| n * 1_000).collect::<Vec<_>>());
        let cut = histogram(&[100_000]);
        let found = interpolated(&events, &cut, 0.9).unwrap();
        assert!((found - 17_733.0).abs() < 10.0, "{found}");
        // Rank 18.70: the time above it is the one that was given up.
        assert_eq!(interpolated(&events, &cut, 0.95), None);
        let buckets = crate::buckets::Buckets::from_histogram(&events);
        let alone = interpolated(&events, &new_histogram(), 0.5).unwrap();
        assert!((alone - buckets.interpolated(0.5).unwrap()).abs() < 10.0);
    }

    #[test]
    fn two_in_a_hundred_that_time_out_are_the_p99() {
        let (mut events, mut cut) = (new_histogram(), new_histogram());
        events.record_n(5_000, 980).unwrap();
        cut.record_n(10_000_000, 20).unwrap();
        assert_eq!(at(&events, &cut, 0.5).value() / 100, 50);
        assert_eq!(at(&events, &cut, 0.98).value() / 100, 50);
        assert!(at(&events, &cut, 0.99).is_beyond());
        assert!(at(&events, &cut, 0.99).value() >= 10_000_000);
        assert_eq!(quantiles(&new_histogram(), &new_histogram(), &[0.5]), None);
        assert!(at(&new_histogram(), &cut, 0.5).is_beyond());
    }
}
