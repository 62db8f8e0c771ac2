//! The latencies of some answers: a histogram each, and where the response times went.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use fwit_quantities::sample::{Measure, Parts, Sample, TimeSource};
use fwit_quantities::units::Micros;

/// Largest latency that histograms tell apart: ten minutes, the longest timeout of a plan.
pub const LATENCY_MAX: u64 = 600_000_000;

/// An empty latency histogram: from 1 µs up, three significant digits, growing with the largest
/// value.
#[must_use]
pub fn new_histogram() -> Histogram<u64> {
    #[allow(
        clippy::expect_used,
        reason = "fails for more than five digits only; every test that records covers it"
    )]
    Histogram::new(3).expect("three significant digits")
}

/// The latencies of one operation's answers at one node.
#[derive(Clone, Debug)]
pub(super) struct Latencies {
    pub(super) service: Histogram<u64>,
    pub(super) wait: Histogram<u64>,
    pub(super) response: Histogram<u64>,
    /// Made with the first answer that cost more than its service; the same as `service` until
    /// then.
    pub(super) cluster: Option<Histogram<u64>>,
    /// Lower bounds of what was given up, in the order of [`Measure::ALL`], made when needed.
    pub(super) censored: [Option<Histogram<u64>>; 4],
    pub(super) parts: PartSums,
}

impl Latencies {
    pub(super) fn new() -> Latencies {
        let [service, wait, response] = std::array::from_fn(|_| new_histogram());
        let censored = [const { None }; 4];
        Latencies { service, wait, response, cluster: None, censored, parts: PartSums::default() }
    }

    /// An answer that was issued in the measured window.
    pub(super) fn add_service(&mut self, parts: Parts) {
        if parts.redirect > Micros::ZERO && self.cluster.is_none() {
            self.cluster = Some(self.service.clone());
        }
        if let Some(cluster) = &mut self.cluster {
            count(cluster, parts.cluster().0);
        }
        count(&mut self.service, parts.service.0);
    }

    /// An answer that was due in the measured window.
    pub(super) fn add_response(
        &mut self,
        parts: Parts,
        server: Option<Micros>,
        source: TimeSource,
    ) {
        count(&mut self.wait, parts.wait.0);
        count(&mut self.response, parts.sum().0);
        self.parts.add(parts, server, source);
    }

    /// A request that was given up: its last hop had no answer for so long. `issued` and `due` say
    /// whether these lie in the measured window. How long it waited for slots is known.
    pub(super) fn cut_off(&mut self, sample: &Sample, last_hop: Micros, issued: bool, due: bool) {
        if issued {
            self.censor(Measure::Cluster, sample.redirect + last_hop);
            self.censor(Measure::Service, last_hop);
        }
        if due {
            count(&mut self.wait, sample.wait().0);
            self.censor(Measure::Response, sample.response());
        }
    }

    /// A request that waited for so long, and never got a slot.
    pub(super) fn never_issued(&mut self, waited: Micros) {
        self.censor(Measure::Wait, waited);
        self.censor(Measure::Response, waited);
    }

    fn censor(&mut self, measure: Measure, at_least: Micros) {
        let list = self.censored.get_mut(measure as usize);
        list.into_iter().for_each(|h| count(h.get_or_insert_with(new_histogram), at_least.0));
    }
}

/// Where the response times of some answers went, summed up: [`Parts`], exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSums {
    /// Answers.
    pub answers: u64,
    /// Answers without times from the wire: their service has the browser's and the page's part in
    /// it.
    pub not_split: u64,
    /// Waiting for slots, µs.
    pub wait_us: u64,
    /// Hops that did not answer, and looking for the leader, µs.
    pub redirect_us: u64,
    /// Handed over to request start, µs.
    pub browser_us: u64,
    /// Request start to last byte, µs.
    pub service_us: u64,
    /// Last byte to our code, µs.
    pub page_us: u64,
    /// Answers whose node said how long it took (`Server-Timing`).
    pub server_answers: u64,
    /// What those nodes said, µs.
    pub server_us: u64,
}

impl PartSums {
    fn add(&mut self, parts: Parts, server: Option<Micros>, source: TimeSource) {
        self.merge(&PartSums {
            answers: 1,
            not_split: u64::from(source == TimeSource::PageClock),
            wait_us: parts.wait.0,
            redirect_us: parts.redirect.0,
            browser_us: parts.browser.0,
            service_us: parts.service.0,
            page_us: parts.page.0,
            server_answers: u64::from(server.is_some()),
            server_us: server.unwrap_or_default().0,
        });
    }

    /// Adds another's sums.
    pub fn merge(&mut self, other: &PartSums) {
        self.answers = self.answers.saturating_add(other.answers);
        self.not_split = self.not_split.saturating_add(other.not_split);
        self.wait_us = self.wait_us.saturating_add(other.wait_us);
        self.redirect_us = self.redirect_us.saturating_add(other.redirect_us);
        self.browser_us = self.browser_us.saturating_add(other.browser_us);
        self.service_us = self.service_us.saturating_add(other.service_us);
        self.page_us = self.page_us.saturating_add(other.page_us);
        self.server_answers = self.server_answers.saturating_add(other.server_answers);
        self.server_us = self.server_us.saturating_add(other.server_us);
    }
}

/// Counts a value; the histogram grows with it, so it always fits.
pub(super) fn count(histogram: &mut Histogram<u64>, value: u64) {
    histogram.record(value.min(LATENCY_MAX)).ok();
}
