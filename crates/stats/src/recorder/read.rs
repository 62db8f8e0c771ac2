//! What was recorded: the sums of a run, read.

use hdrhistogram::Histogram;

use super::{
    EntityTally, Key, Latencies, NodeTally, PartSums, Recorder, SecondCell, Tally, Window,
};
use crate::gauge::Gauge;
use fwit_quantities::sample::{Measure, Outcome, TimeSources};
use fwit_quantities::units::Micros;

impl Recorder {
    /// Start of the run, start and end of the measured window.
    #[must_use]
    pub fn windows(&self) -> (Micros, Micros, Micros) {
        (self.start, self.measured_from, self.measured_to)
    }

    /// The tally of an operation at a node.
    #[must_use]
    pub fn tally(&self, window: Window, node: usize, op: usize) -> Tally {
        self.tallies[window as usize].get(node).and_then(|n| n.get(op)).copied().unwrap_or_default()
    }

    /// The latency histograms of the measured window that hold something, in the order of their
    /// keys: each of [`Measure::ALL`].
    pub fn histograms(&self) -> impl Iterator<Item = (Key, Measure, &Histogram<u64>)> {
        self.latencies().flat_map(|(key, l)| {
            let of = move |measure| match measure {
                Measure::Cluster => l.cluster.as_ref().unwrap_or(&l.service),
                Measure::Service => &l.service,
                Measure::Wait => &l.wait,
                Measure::Response => &l.response,
            };
            let list = Measure::ALL.into_iter().map(move |m| (key, m, of(m)));
            list.filter(|(_, _, h)| !h.is_empty())
        })
    }

    /// Where the response times of the measured window's answers went, in the order of their keys.
    pub fn parts(&self) -> impl Iterator<Item = (Key, PartSums)> {
        self.latencies().map(|(key, l)| (key, l.parts)).filter(|(_, parts)| parts.answers > 0)
    }

    fn latencies(&self) -> impl Iterator<Item = (Key, &Latencies)> {
        self.latencies.iter().enumerate().flat_map(|(op, list)| {
            let key = move |place: usize| Key {
                op: op as u8,
                node: (place / 2) as u16,
                redirected: place % 2 == 1,
            };
            let made = list.iter().enumerate();
            made.filter_map(move |(place, made)| Some((key(place), made.as_deref()?)))
        })
    }

    /// The seconds, warm-up included.
    #[must_use]
    pub fn seconds(&self) -> &[SecondCell] {
        &self.seconds
    }

    /// The entities.
    #[must_use]
    pub fn entities(&self) -> &[EntityTally] {
        &self.entities
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[NodeTally] {
        &self.nodes
    }

    /// Where service times of the measured window were read.
    #[must_use]
    pub fn sources(&self) -> TimeSources {
        self.sources
    }

    /// Requests in flight and waiting: the gauges themselves.
    #[must_use]
    pub fn gauges(&self) -> (&Gauge, &Gauge) {
        (&self.in_flight, &self.waiting)
    }

    /// Requests in flight and waiting, averaged over the measured window up to `now`.
    #[must_use]
    pub fn concurrency(&self, now: Micros) -> (f64, f64) {
        let now = now.min(self.measured_to);
        (self.in_flight_window.mean(now), self.waiting_window.mean(now))
    }

    /// Brings the gauges up to `now`, so that seconds can be read.
    pub fn advance(&mut self, now: Micros) {
        self.in_flight.advance(now);
        self.waiting.advance(now);
        self.active.advance(now);
    }

    /// Stall in the browser, time as the node tells it, and cost of redirects, of wire-timed
    /// answers.
    #[must_use]
    pub fn wire_histograms(&self) -> (&Histogram<u64>, &Histogram<u64>, &Histogram<u64>) {
        (&self.stall, &self.server, &self.redirect)
    }

    /// Requests of both windows that ended in this way.
    #[must_use]
    pub fn total(&self, outcome: Outcome) -> u64 {
        self.tallies.iter().flatten().flatten().map(|t| t.outcomes[outcome.index()]).sum()
    }

    /// Entities that took part, averaged over the measured window up to `now`; 0 in the open model.
    #[must_use]
    pub fn active(&self, now: Micros) -> f64 {
        self.active_window.mean(now.min(self.measured_to))
    }

    /// Little's law, `X (R + Z) / N`: the time that the cycles ended in the measured window took,
    /// over the time its entities were there. `None` before the measured window and in the open
    /// model.
    #[must_use]
    pub fn littles_law_ratio(&self, now: Micros) -> Option<f64> {
        let window = now.min(self.measured_to).since(self.measured_from).0;
        let there = self.active(now) * window as f64;
        (there > 0.0).then(|| self.cycle_us as f64 / there)
    }

    /// Of one second of the run: lengths of the cycles that ended in it over the time of the
    /// entities that were there, both in entity-seconds, and how many entities took part on
    /// average. Noisy where cycles are not much shorter than a second; sums over several seconds
    /// are less so.
    #[must_use]
    pub fn second_cycles(&self, second: usize) -> (f64, f64) {
        let cycles = self.seconds.get(second).map_or(0, |s| s.cycle_us);
        (cycles as f64 / 1e6, self.active.second(second))
    }

    /// The longest cycle that ended in those seconds.
    #[must_use]
    pub fn longest_cycle(&self, seconds: std::ops::Range<usize>) -> Micros {
        let longest = |s: usize| self.seconds.get(s).map_or(0, |s| s.longest_us);
        Micros(seconds.map(longest).max().unwrap_or_default())
    }

    /// Requests issued in the measured window, of all operations and nodes, that ended by
    /// themselves.
    #[must_use]
    pub fn ended_measured(&self) -> u64 {
        let of = |t: &Tally| t.outcomes.iter().sum::<u64>() - t.outcomes[Outcome::Aborted.index()];
        self.tallies[Window::Measured as usize].iter().flatten().map(of).sum()
    }
}
