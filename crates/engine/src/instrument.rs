//! The instrument's watch over itself while a run is under way: its heartbeat, and disturbances
//! with their times.
//!
//! A heartbeat is due every 25 ms in the same thread as the entities; when it is late, the
//! entities' own timers are late as well. While the thread stands still no beat comes, so one late
//! beat counts for every beat that was due meanwhile: else a stall is one value among many, however
//! long it is (coordinated omission). What the page and the browser tell (hidden, frozen, under
//! pressure) is kept as spans of time.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use fwit_quantities::units::Micros;
use fwit_stats::recorder::new_histogram;

/// Time between two heartbeats.
pub const HEARTBEAT: Micros = Micros(25_000);
/// A heartbeat that late is a span of its own.
const LATE: Micros = Micros(100_000);
/// A heartbeat that late: the thread did not run at all (frozen, suspended).
pub const GAP: Micros = Micros(1_000_000);
/// Wall clock and page clock that part by more: one of them was set, or the machine slept.
const STEP_US: i64 = 1_000_000;
/// Spans of one kind closer than this are one.
const JOIN: Micros = Micros(1_000_000);
/// Most spans that are kept.
const SPANS_MAX: usize = 500;

/// What can disturb the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// The tab was hidden. Workers go on: an annotation, no sign.
    Hidden,
    /// The browser froze the page.
    Frozen,
    /// The worker's heartbeat was more than 100 ms late.
    Late,
    /// The worker's heartbeat was more than a second late: it did not run.
    StoodStill,
    /// The wall clock moved against the page's.
    ClockStep,
    /// The browser reports a CPU under critical pressure.
    Pressure,
    /// Little's law does not hold.
    NotClosed,
}

/// What the browser reaches against a server that does nothing: its own origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Most requests a second.
    pub requests_per_s: f64,
    /// What one request alone takes there: p50, µs.
    pub overhead_p50_us: u64,
    /// p99, µs.
    pub overhead_p99_us: u64,
    /// Requests at a time, on one address, that the rate was reached with.
    pub in_flight: u32,
    /// What one of so many takes by the browser's timing entries, request start to last byte: what
    /// this browser adds to a service time. p50, µs; `None` where the browser tells no such times,
    /// and in files of before.
    #[serde(default)]
    pub service_p50_us: Option<u64>,
    /// The same by the page's clock, `fetch` to our code. p50, µs; `None` in files of before.
    #[serde(default)]
    pub page_p50_us: Option<u64>,
    /// What was asked.
    pub url: String,
    /// RFC 3339, UTC.
    pub measured_at: String,
}

/// The span of a disturbance, on the engine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// What.
    pub trouble: Disturbance,
    /// From.
    pub from: Micros,
    /// To.
    pub until: Micros,
}

/// What the instrument saw of itself.
#[derive(Debug)]
pub struct Instrument {
    lag: Histogram<u64>,
    /// Of the beats that came alone.
    beats: Histogram<u64>,
    window: (Micros, Micros),
    spans: Vec<Span>,
    /// Troubles that have begun and not ended.
    open: Vec<(Disturbance, Micros)>,
    /// Wall clock less page clock when last looked at, µs.
    offset_us: Option<i64>,
    /// Whether the browser tells of pressure at all.
    pub knows_pressure: bool,
}

impl Default for Instrument {
    fn default() -> Instrument {
        Instrument {
            lag: new_histogram(),
            beats: new_histogram(),
            window: (Micros::ZERO, Micros::ZERO),
            spans: Vec::new(),
            open: Vec::new(),
            offset_us: None,
            knows_pressure: false,
        }
    }
}

impl Instrument {
    /// The load begins at `now`; the measured window is `window`. What went on before is forgotten,
    /// what goes on still begins now.
    pub fn begin(&mut self, now: Micros, window: (Micros, Micros)) {
        self.lag.reset();
        self.beats.reset();
        self.window = window;
        self.spans.clear();
        self.open.iter_mut().for_each(|(_, since)| *since = now);
    }

    /// A heartbeat that was due at `due` came at `now`. Those that were due meanwhile are counted
    /// with it: each was late by what was left of the stall then.
    ///
    /// Source: the correction for coordinated omission of HdrHistogram, by Gil Tene
    /// (`recordValueWithExpectedInterval`), here down to the last beat missed.
    pub fn heartbeat(&mut self, due: Micros, now: Micros) {
        let lag = now.since(due);
        if self.window.0 <= due && due < self.window.1 {
            // A growing histogram takes every value.
            self.beats.record(lag.0).ok();
            let mut late = Some(lag.0);
            while let Some(us) = late {
                self.lag.record(us).ok();
                late = us.checked_sub(HEARTBEAT.0);
            }
        }
        if lag > GAP {
            self.add(Disturbance::StoodStill, due, now);
        } else if lag > LATE {
            self.add(Disturbance::Late, due, now);
        }
    }

    /// A disturbance begins or ends at `now`.
    pub fn mark(&mut self, trouble: Disturbance, begins: bool, now: Micros) {
        let at = self.open.iter().position(|(t, _)| *t == trouble);
        match (begins, at) {
            (true, None) => self.open.push((trouble, now)),
            (false, Some(at)) => {
                let (_, since) = self.open.swap_remove(at);
                self.add(trouble, since, now);
            }
            _ => {}
        }
    }

    /// The wall clock stands at `wall_us` when the page's stands at `now`.
    pub fn wall_clock(&mut self, wall_us: i64, now: Micros) {
        let offset = wall_us.saturating_sub(i64::try_from(now.0).unwrap_or(i64::MAX));
        if let Some(before) = self.offset_us
            && offset.abs_diff(before) > STEP_US as u64
        {
            self.add(Disturbance::ClockStep, now, now);
        }
        self.offset_us = Some(offset);
    }

    fn add(&mut self, trouble: Disturbance, from: Micros, until: Micros) {
        let room = self.spans.len() < SPANS_MAX;
        match self.spans.iter_mut().rev().find(|s| s.trouble == trouble) {
            Some(last) if from.since(last.until) < JOIN => last.until = last.until.max(until),
            _ if room => self.spans.push(Span { trouble, from, until }),
            _ => {}
        }
    }

    /// How late heartbeats of the measured window were, µs: those that came, and those that were
    /// missed meanwhile. A share of them is a share of the time.
    #[must_use]
    pub fn lag(&self) -> &Histogram<u64> {
        &self.lag
    }

    /// How many heartbeats of the measured window came later than that: how often the thread stood
    /// still, not how long.
    #[must_use]
    pub fn late_beats(&self, than: Micros) -> u64 {
        self.beats.len() - self.beats.count_between(0, than.0)
    }

    /// All spans so far, by their start; those under way end at `now`.
    #[must_use]
    pub fn spans(&self, now: Micros) -> Vec<Span> {
        let open = self.open.iter().map(|(trouble, from)| Span {
            trouble: *trouble,
            from: *from,
            until: now,
        });
        let mut list: Vec<Span> = self.spans.iter().copied().chain(open).collect();
        list.sort_by_key(|a| a.from);
        list
    }

    /// How long a disturbance lasted within a window, up to `now`.
    #[must_use]
    pub fn time_of(&self, trouble: Disturbance, window: (Micros, Micros), now: Micros) -> Micros {
        let inside = |s: &Span| s.until.min(window.1).since(s.from.max(window.0));
        let list = self.spans(now);
        list.iter().filter(|s| s.trouble == trouble).fold(Micros::ZERO, |sum, s| sum + inside(s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn late_heartbeats_are_counted_and_long_ones_are_spans() {
        let mut i = Instrument::default();
        i.begin(Micros(0), (Micros(S), Micros(20 * S)));
        i.heartbeat(Micros(S / 2), Micros(S / 2 + 90_000));
        i.heartbeat(Micros(2 * S), Micros(2 * S + 3_000));
        i.heartbeat(Micros(3 * S), Micros(3 * S + 150_000));
        i.heartbeat(Micros(3 * S + 200_000), Micros(3 * S + 400_000));
        i.heartbeat(Micros(5 * S), Micros(7 * S));
        assert_eq!(i.late_beats(Micros(0)), 4, "the warm-up's are not counted");
        // 3 ms is one beat, 150 and 200 ms are seven and nine, two seconds are 81.
        assert_eq!((i.lag().len(), i.lag().max() / 1_000), (1 + 7 + 9 + 81, 2_000));
        let of = |trouble, from, until| Span { trouble, from: Micros(from), until: Micros(until) };
        assert_eq!(
            i.spans(Micros(9 * S)),
            [
                of(Disturbance::Late, 3 * S, 3 * S + 400_000),
                of(Disturbance::StoodStill, 5 * S, 7 * S)
            ]
        );
    }

    #[test]
    fn a_late_heartbeat_counts_for_the_beats_it_missed() {
        // 99 ms late every 2.7 s: 3.7 % of the time, and one beat of a hundred.
        let mut i = Instrument::default();
        i.begin(Micros(0), (Micros(0), Micros(60 * S)));
        let (mut due, mut stall) = (Micros(0), Micros(2_700_000));
        while due < Micros(60 * S) {
            let now = if due >= stall { due + Micros(99_000) } else { due };
            if due >= stall {
                stall += Micros(2_700_000);
            }
            i.heartbeat(due, now);
            due = now + HEARTBEAT;
        }
        let p99 = i.lag().value_at_quantile(0.99);
        assert!((70_000..100_000).contains(&p99), "{p99}");
        // Late by 99, 74, 49 and 24 ms.
        let late = i.lag().len() - i.lag().count_between(0, 10_000);
        assert_eq!(late, 4 * i.late_beats(Micros(10_000)));
        let share = late as f64 / i.lag().len() as f64;
        assert!((0.03..0.045).contains(&share), "{share}");
    }

    #[test]
    fn a_trouble_lasts_until_it_ends_or_until_now() {
        let mut i = Instrument::default();
        i.mark(Disturbance::Hidden, true, Micros(0));
        i.begin(Micros(S), (Micros(2 * S), Micros(10 * S)));
        i.mark(Disturbance::Hidden, true, Micros(3 * S));
        assert_eq!(
            i.time_of(Disturbance::Hidden, (Micros(2 * S), Micros(10 * S)), Micros(5 * S)),
            Micros(3 * S)
        );
        i.mark(Disturbance::Hidden, false, Micros(6 * S));
        i.mark(Disturbance::Hidden, false, Micros(8 * S));
        assert_eq!(i.spans(Micros(9 * S))[0].until, Micros(6 * S));
    }

    #[test]
    fn a_wall_clock_that_jumps_is_noted_and_one_that_drifts_is_not() {
        let mut i = Instrument::default();
        for s in 0..100_i64 {
            i.wall_clock(1_000 * S as i64 + s * 1_010_000, Micros(s as u64 * S));
        }
        assert!(i.spans(Micros(100 * S)).is_empty());
        i.wall_clock(3_000 * S as i64, Micros(100 * S));
        assert_eq!(i.spans(Micros(100 * S))[0].trouble, Disturbance::ClockStep);
    }
}
