//! Little's law over short intervals of a run: `X (R + Z) / N`, and where it does not hold.
//!
//! X (R + Z) is the time of all cycles (think, wait, request) that ended in the interval, over the
//! interval. A cycle that lies across an edge is counted whole in one interval. So the law holds up
//! to the longest cycle over the interval; only a difference beyond that is told.

use fwit_quantities::units::Micros;
use fwit_stats::recorder::Recorder;

/// Seconds of an interval.
pub const INTERVAL: usize = 5;
/// Besides the cycles on the edges, so much may be missing or too much.
const TOLERANCE: f64 = 0.1;

/// The closure over the [`INTERVAL`] seconds that end with this one; `None` where no entity took
/// part (open model).
#[must_use]
pub fn at(recorder: &Recorder, second: usize) -> Option<f64> {
    let from = (second + 1).saturating_sub(INTERVAL);
    let (cycles, there) = sum(recorder, from..second + 1);
    (there > 0.0).then(|| cycles / there)
}

fn sum(recorder: &Recorder, seconds: std::ops::Range<usize>) -> (f64, f64) {
    seconds.map(|s| recorder.second_cycles(s)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1))
}

/// The intervals (first second, ratio) up to `now` in which the law does not hold. An interval
/// is judged when the next one is over: cycles that were under way in it have had time to end.
#[must_use]
pub fn failing(recorder: &Recorder, now: Micros) -> Vec<(usize, f64)> {
    let (start, _, to) = recorder.windows();
    let over = (now.min(to).since(start).0 / 1_000_000) as usize / INTERVAL;
    let mut list = Vec::new();
    // The first interval has the entities' start in it.
    for i in 1..over.saturating_sub(1) {
        let from = i * INTERVAL;
        let (cycles, there) = sum(recorder, from..from + INTERVAL);
        let longest = recorder.longest_cycle(from..from + 2 * INTERVAL).as_secs();
        if there > 0.0 {
            let littles_law_ratio = cycles / there;
            if (littles_law_ratio - 1.0).abs() > TOLERANCE + longest / INTERVAL as f64 {
                list.push((from, littles_law_ratio));
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    /// One entity, a cycle of 100 ms after the other; those that end in `lost` seconds are not
    /// told.
    fn run(lost: std::ops::Range<u64>, stall: std::ops::Range<u64>) -> Recorder {
        let mut r = Recorder::new(1, 1, 1, Micros(0), (Micros(0), Micros(60 * S)));
        r.joins(Micros(0));
        let mut at = 0;
        while at < 60 * S {
            let mut end = at + 100_000;
            if stall.contains(&(end / S)) {
                end = stall.end * S;
            }
            if !lost.contains(&(end / S)) {
                r.cycle(Micros(end - at), Micros(end));
            }
            at = end;
        }
        r.advance(Micros(60 * S));
        r
    }

    #[test]
    fn lost_work_is_found_and_a_stall_is_not_lost_work() {
        assert_eq!(failing(&run(0..0, 0..0), Micros(60 * S)), []);
        let lost = failing(&run(20..26, 0..0), Micros(60 * S));
        assert_eq!(lost.iter().map(|(s, _)| *s).collect::<Vec<_>>(), [20, 25]);
        assert!(lost[0].1 < 0.05 && lost[1].1 > 0.7);
        assert_eq!(failing(&run(0..0, 20..29), Micros(60 * S)), []);
        assert!((at(&run(0..0, 0..0), 30).unwrap() - 1.0).abs() < 0.03);
    }
}
