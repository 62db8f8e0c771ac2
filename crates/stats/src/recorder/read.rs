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

    /// Lower bounds of the latencies that were given up (right-censored): of timeouts, of requests
    /// cut off by Stop, and of those that were due and never got a slot. By key and measure, where
    /// there are any.
    pub fn censored(&self) -> impl Iterator<Item = (Key, Measure, &Histogram<u64>)> {
        self.latencies().flat_map(|(key, l)| {
            let list = Measure::ALL.into_iter().zip(&l.censored);
            list.filter_map(move |(measure, h)| Some((key, measure, h.as_ref()?)))
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

    /// The first second whose latencies found no room (see [`super::CELLS_MAX`]); `None` where all
    /// did.
    #[must_use]
    pub fn full_from_s(&self) -> Option<u32> {
        self.full_from_s
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
        self.system.advance(now);
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

    /// Little's law, `λ W / L`, over the measured window up to `now`: the time that recorded
    /// requests spent in the system, over the integral of how many were in it, which is counted
    /// apart. 1 where no time was lost. Of requests that are still under way the record is missing:
    /// it says something only once they are over. `None` where none was in the system.
    #[must_use]
    pub fn littles_law_ratio(&self, now: Micros) -> Option<f64> {
        let window = now.min(self.measured_to).since(self.measured_from).0 as f64;
        let area = self.system_window.mean(now.min(self.measured_to)) * window;
        (area > 0.0).then(|| self.recorded_us as f64 / area)
    }

    /// Of one second of the run: the time that recorded requests spent in the system, and the
    /// integral of how many were in it, both in request-seconds.
    #[must_use]
    pub fn second_in_system(&self, second: usize) -> (f64, f64) {
        let recorded = self.seconds.get(second).map_or(0, |s| s.recorded_us);
        (recorded as f64 / 1e6, self.system.second(second))
    }

    /// Requests issued in the measured window, of all operations and nodes.
    #[must_use]
    pub fn issued_measured(&self) -> u64 {
        self.sum_measured(|tally| tally.issued)
    }

    /// Those that ended by themselves.
    #[must_use]
    pub fn ended_measured(&self) -> u64 {
        let aborted = Outcome::Aborted.index();
        self.sum_measured(|tally| tally.outcomes.iter().sum::<u64>() - tally.outcomes[aborted])
    }

    /// Those that failed.
    #[must_use]
    pub fn failed_measured(&self) -> u64 {
        let failed = || Outcome::ALL.into_iter().filter(|o| o.is_error());
        self.sum_measured(|tally| failed().map(|o| tally.outcomes[o.index()]).sum())
    }

    /// Answers that came in the measured window, whenever they were issued.
    #[must_use]
    pub fn completed_measured(&self) -> u64 {
        self.sum_measured(|tally| tally.completed)
    }

    fn sum_measured(&self, of: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies[Window::Measured as usize].iter().flatten().map(of).sum()
    }
}
