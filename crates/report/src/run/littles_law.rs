//! Little's law, `L = λ W` (Little, 1961), from two counts that know nothing of each other: how
//! many requests were in the system, integrated over time as they came and went, and how long each
//! is recorded to have been there.
//!
//! Both are cut at the edges of the interval, so that the law holds in any interval, whatever the
//! cluster does: a hang is in both. Only lost time or lost requests break it: latencies recorded
//! wrongly, or answers that lay there while the page did not run (a suspended tab).

use fwit_quantities::units::Micros;
use fwit_stats::recorder::Recorder;

/// Seconds of an interval.
pub const INTERVAL: usize = 5;
/// So much of an interval's time may be missing or too much: clocks are rounded.
const TOLERANCE: f64 = 0.1;
/// Intervals with less in the system, in request-seconds, say nothing.
const LEAST: f64 = 0.05;

/// The ratio over the [`INTERVAL`] seconds that end with this one; `None` where next to nothing was
/// in the system.
#[must_use]
pub fn at(recorder: &Recorder, second: usize) -> Option<f64> {
    ratio(recorder, (second + 1).saturating_sub(INTERVAL)..second + 1)
}

fn ratio(recorder: &Recorder, seconds: std::ops::Range<usize>) -> Option<f64> {
    let (recorded, area) = seconds
        .map(|s| recorder.second_in_system(s))
        .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    (area > LEAST).then(|| recorded / area)
}

/// The intervals (first second, ratio) up to `now` in which the law does not hold; of a run whose
/// requests are over.
#[must_use]
pub fn failing(recorder: &Recorder, now: Micros) -> Vec<(usize, f64)> {
    let (start, _, to) = recorder.windows();
    let over = (now.min(to).since(start).0 / 1_000_000) as usize / INTERVAL;
    let of = |i: usize| Some((i * INTERVAL, ratio(recorder, i * INTERVAL..(i + 1) * INTERVAL)?));
    (0..over).filter_map(of).filter(|(_, ratio)| (ratio - 1.0).abs() > TOLERANCE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_quantities::sample::{Outcome, Protocol, Sample, WireTiming};

    const S: u64 = 1_000_000;

    /// One request of 100 ms after the other at a cluster that hangs in `hang`; the page does not
    /// run in `away`; `told` makes of a request's time what is recorded.
    fn run(
        hang: std::ops::Range<u64>,
        away: std::ops::Range<u64>,
        told: impl Fn(u64) -> u64,
    ) -> Recorder {
        let within = |at: u64, span: &std::ops::Range<u64>| span.contains(&(at / S));
        let mut r = Recorder::new(1, 1, 1, Micros(0), (Micros(0), Micros(60 * S)));
        let mut at = 0;
        while at < 60 * S {
            let answered = if within(at, &hang) { hang.end * S } else { at } + 100_000;
            let done = if within(answered, &away) { away.end * S } else { answered };
            r.enters_system(Micros(at), Micros(at));
            r.issued(0, 0, Micros(at));
            r.leaves_system(Micros(done));
            let sample = Sample {
                entity: 0,
                op: 0,
                asked: 0,
                answered: Some(0),
                redirected: false,
                due: Micros(at),
                issued: Micros(at),
                sent: Micros(at),
                redirect: Micros(0),
                done: Micros(at + told(done - at)),
                outcome: Outcome::Ok,
            };
            let wire = WireTiming {
                request_start: Micros(at),
                response_start: Micros(answered),
                response_end: Micros(answered),
                connect: Micros(0),
                new_connection: false,
                from_cache: false,
                server: None,
                protocol: Protocol::Http1,
            };
            r.ended(sample, Some(0), Some(wire), None);
            at = done;
        }
        r.advance(Micros(60 * S));
        r
    }

    fn whole(r: &Recorder) -> f64 {
        r.littles_law_ratio(Micros(60 * S)).unwrap()
    }

    #[test]
    fn a_hang_of_the_cluster_does_not_break_it() {
        let r = run(20..29, 0..0, |t| t);
        assert!((whole(&r) - 1.0).abs() < 1e-6, "{}", whole(&r));
        assert_eq!(failing(&r, Micros(60 * S)), []);
        assert!((0..60).all(|s| at(&r, s).is_none_or(|ratio| (ratio - 1.0).abs() < 1e-6)));
    }

    #[test]
    fn latencies_recorded_at_half_break_it() {
        let r = run(0..0, 0..0, |t| t / 2);
        assert!((whole(&r) - 0.5).abs() < 1e-3, "{}", whole(&r));
        assert_eq!(failing(&r, Micros(60 * S)).len(), 12);
    }

    #[test]
    fn a_tab_that_was_suspended_for_six_seconds_breaks_it() {
        let r = run(0..0, 20..26, |t| t);
        assert!((whole(&r) - 54.0 / 60.0).abs() < 0.01, "{}", whole(&r));
        let seconds: Vec<_> = failing(&r, Micros(60 * S)).into_iter().map(|(s, _)| s).collect();
        assert_eq!(seconds, [20, 25]);
    }
}
