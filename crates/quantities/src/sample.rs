//! One finished request: when each of its steps happened, who answered it, and how it ended.
//!
//! May not enter: how a dialect judges an answer, how samples are summed up.
//! Invariant: a failed request is a sample with an outcome, never an `Err`.
//! Tests: beside the code, and those of `fwit-engine`.

use serde::{Deserialize, Serialize};

use crate::units::Micros;

/// How a request ended. Every issued request ends in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done as asked.
    Ok,
    /// Answered: there is no such key.
    NotFound,
    /// Answered: another writer was there first (compare-and-set lost, key exists).
    Conflict,
    /// The node can't do it because it doesn't lead, and no redirect led to the leader.
    NotLeader,
    /// Turned away by a rate limit (HTTP 429).
    RateLimited,
    /// Refused as wrong: bad request, missing or bad credentials (other 4xx).
    Rejected,
    /// The node or its cluster can't serve now (5xx).
    Unavailable,
    /// No readable answer: connection refused or broken, blocked by CORS.
    Network,
    /// No answer within the plan's timeout.
    Timeout,
    /// Cut off by the end of the run: says nothing about the cluster.
    Aborted,
}

impl Outcome {
    /// All outcomes, in the order of tables and files.
    pub const ALL: [Outcome; 10] = [
        Outcome::Ok,
        Outcome::NotFound,
        Outcome::Conflict,
        Outcome::NotLeader,
        Outcome::RateLimited,
        Outcome::Rejected,
        Outcome::Unavailable,
        Outcome::Network,
        Outcome::Timeout,
        Outcome::Aborted,
    ];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::NotFound => "not_found",
            Outcome::Conflict => "conflict",
            Outcome::NotLeader => "not_leader",
            Outcome::RateLimited => "rate_limited",
            Outcome::Rejected => "rejected",
            Outcome::Unavailable => "unavailable",
            Outcome::Network => "network",
            Outcome::Timeout => "timeout",
            Outcome::Aborted => "aborted",
        }
    }

    /// The name in text for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Outcome::NotFound => "not found",
            Outcome::NotLeader => "not leader",
            Outcome::RateLimited => "rate limited",
            other => other.name(),
        }
    }

    /// Its place in [`Outcome::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether the cluster did its work: its latency counts. "Not found" and "conflict" are
    /// answers.
    #[must_use]
    pub fn is_answer(self) -> bool {
        matches!(self, Outcome::Ok | Outcome::NotFound | Outcome::Conflict)
    }

    /// Whether it counts as an error. Aborted requests are neither answers nor errors.
    #[must_use]
    pub fn is_error(self) -> bool {
        !self.is_answer() && self != Outcome::Aborted
    }
}

/// Where a service time was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeSource {
    /// The browser's network stack (Resource Timing, `Timing-Allow-Origin` sent), or the
    /// simulation.
    Wire,
    /// The page's clock around `fetch`: includes what the browser itself cost.
    PageClock,
}

/// What the network stack saw of a request's last hop. All instants on the run's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireTiming {
    /// The request was sent (Resource Timing's `requestStart`).
    pub request_start: Micros,
    /// The first byte of the answer came.
    pub response_start: Micros,
    /// The last byte of the answer came.
    pub response_end: Micros,
    /// Connection set-up (DNS, TCP, TLS); zero on a reused connection.
    pub connect: Micros,
    /// Whether a new connection was opened.
    pub new_connection: bool,
    /// Whether the answer came out of the browser's cache and not from the node.
    pub from_cache: bool,
    /// What the node says it took (`Server-Timing`), where it says so.
    pub server: Option<Micros>,
    /// The protocol the connection spoke.
    pub protocol: Protocol,
}

impl WireTiming {
    /// Service time: request start to last byte.
    #[must_use]
    pub fn service(&self) -> Micros {
        self.response_end.since(self.request_start)
    }
}

/// The HTTP version of a connection (Resource Timing's `nextHopProtocol`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Protocol {
    /// Not told (no `Timing-Allow-Origin`).
    #[default]
    Unknown,
    /// One request at a time a connection, six connections an origin.
    Http1,
    /// Many streams on one connection.
    Http2,
    /// HTTP/3 over QUIC.
    Http3,
}

impl Protocol {
    /// From ALPN names as browsers give them: `http/1.1`, `h2`, `h3`.
    #[must_use]
    pub fn from_alpn(name: &str) -> Protocol {
        match name {
            "http/1.1" | "http/1.0" => Protocol::Http1,
            "h2" | "h2c" => Protocol::Http2,
            "h3" => Protocol::Http3,
            _ => Protocol::Unknown,
        }
    }

    /// The name in text and files.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Protocol::Unknown => "unknown",
            Protocol::Http1 => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2",
            Protocol::Http3 => "HTTP/3",
        }
    }
}

/// One finished request. It may have gone through several hops: a node that redirected it, or that
/// said that it does not lead, and the node that it was then sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Index of the entity that sent it.
    pub entity: u32,
    /// Index of the operation in the dialect's table.
    pub op: u8,
    /// Index of the node of its first hop.
    pub asked: u16,
    /// Index of the node that answered, where known.
    pub answered: Option<u16>,
    /// Whether it had more than one hop.
    pub redirected: bool,
    /// When it was meant to be sent: the end of the think time, or the arrival's place in the
    /// schedule.
    pub due: Micros,
    /// When its first hop got a slot and was handed to the network stack.
    pub issued: Micros,
    /// When its last hop got a slot and was handed to the network stack.
    pub sent: Micros,
    /// Time in hops that did not answer, and in looking for the leader, before `sent`.
    pub redirect: Micros,
    /// When our code had the answer, or knew of the failure.
    pub done: Micros,
    /// How it ended.
    pub outcome: Outcome,
}

impl Sample {
    /// Time in our own queue: waiting for the slots of all hops.
    #[must_use]
    pub fn wait(&self) -> Micros {
        self.sent.since(self.due) - self.redirect
    }

    /// What a user of the cluster would have waited, due to done.
    #[must_use]
    pub fn response(&self) -> Micros {
        self.done - self.due
    }

    /// Where the response time went. Each part follows the one before on one chain of instants, so
    /// that their sum is the response time, to the clock's tick.
    #[must_use]
    pub fn parts(&self, wire: Option<&WireTiming>) -> Parts {
        let (sent, done) = (self.sent, self.done.max(self.sent));
        let (start, end) = match wire {
            // The entry's instants are rounded, in some browsers by another clock.
            Some(wire) => {
                let start = wire.request_start.clamp(sent, done);
                (start, wire.response_end.clamp(start, done))
            }
            None => (sent, done),
        };
        Parts {
            wait: self.wait(),
            redirect: self.redirect,
            browser: start.since(sent),
            service: end.since(start),
            page: done.since(end),
        }
    }
}

/// Where a response time went: five parts, in order of time. Without times from the wire the
/// service time has the browser's and the page's part in it, and these are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Waiting for slots: the first hop's, and each later one's.
    pub wait: Micros,
    /// Hops that did not answer, slot to callback, and looking for the leader.
    pub redirect: Micros,
    /// Last hop handed over to its request start: the browser's queue, connection, preflight.
    pub browser: Micros,
    /// Request start to last byte.
    pub service: Micros,
    /// Last byte to our code.
    pub page: Micros,
}

impl Parts {
    /// Their sum: the response time.
    #[must_use]
    pub fn sum(&self) -> Micros {
        self.wait + self.redirect + self.browser + self.service + self.page
    }

    /// What the cluster took: hops that did not answer, and the one that did.
    #[must_use]
    pub fn cluster(&self) -> Micros {
        self.redirect + self.service
    }
}

/// The latencies that have percentiles, never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Redirects, looking for the leader, and service: what the cluster took in all.
    Cluster,
    /// Last hop's request start to last byte.
    Service,
    /// Time in our own queue.
    Wait,
    /// Due to done: what a user would have waited.
    Response,
}

impl Measure {
    /// All of them, in the order of files.
    pub const ALL: [Measure; 4] =
        [Measure::Cluster, Measure::Service, Measure::Wait, Measure::Response];

    /// Name in files and headings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Measure::Cluster => "cluster",
            Measure::Service => "service",
            Measure::Wait => "wait",
            Measure::Response => "response",
        }
    }
}

/// Where service times were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeSources {
    /// Answers timed by the browser's network stack.
    pub wire: u64,
    /// Answers timed by the page's clock.
    pub page_clock: u64,
}

/// Shares of answers on the page's clock may differ by so much between runs that are compared.
const PAGE_SHARE_APART: f64 = 0.01;

impl TimeSources {
    /// Adds another's counts.
    pub fn merge(&mut self, other: TimeSources) {
        self.wire = self.wire.saturating_add(other.wire);
        self.page_clock = self.page_clock.saturating_add(other.page_clock);
    }

    /// The share of answers timed by the page's clock (0 to 1); `None` without answers.
    #[must_use]
    pub fn page_share(&self) -> Option<f64> {
        let all = self.wire.saturating_add(self.page_clock);
        (all > 0).then(|| self.page_clock as f64 / all as f64)
    }

    /// Whether runs with these shares of answers on the page's clock were timed by two clocks: then
    /// only response times, which the page's clock takes for all, can be compared.
    #[must_use]
    pub fn are_two_clocks(shares: impl Iterator<Item = f64>) -> bool {
        let (least, most) = shares.fold((1.0_f64, 0.0_f64), |(a, b), s| (a.min(s), b.max(s)));
        most - least > PAGE_SHARE_APART
    }

    /// `wire`, `page clock`, or a mix of both with its share; `none` without answers.
    #[must_use]
    pub fn label(&self) -> String {
        match (self.wire, self.page_clock) {
            (0, 0) => "none".into(),
            (_, 0) => "wire".into(),
            (0, _) => "page clock".into(),
            (wire, page) => {
                format!("wire, {:.1}% page clock", 100.0 * page as f64 / (wire + page) as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_stands_at_its_index_and_is_one_kind() {
        for (i, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome.index(), i);
            let kinds = [outcome.is_answer(), outcome.is_error(), outcome == Outcome::Aborted];
            assert_eq!(kinds.iter().filter(|k| **k).count(), 1, "{outcome:?}");
        }
    }

    fn redirected() -> Sample {
        Sample {
            entity: 0,
            op: 0,
            asked: 0,
            answered: Some(1),
            redirected: true,
            due: Micros(10),
            issued: Micros(25),
            sent: Micros(60),
            redirect: Micros(20),
            done: Micros(125),
            outcome: Outcome::Ok,
        }
    }

    fn wire(request_start: u64, response_end: u64) -> WireTiming {
        WireTiming {
            request_start: Micros(request_start),
            response_start: Micros(response_end),
            response_end: Micros(response_end),
            connect: Micros::ZERO,
            new_connection: false,
            from_cache: false,
            server: None,
            protocol: Protocol::Http1,
        }
    }

    #[test]
    fn five_parts_are_one_response_time() {
        let s = redirected();
        let parts = s.parts(Some(&wire(62, 120)));
        let expected = Parts {
            wait: Micros(30),
            redirect: Micros(20),
            browser: Micros(2),
            service: Micros(58),
            page: Micros(5),
        };
        assert_eq!((parts, parts.sum()), (expected, s.response()));
        assert_eq!(parts.cluster(), Micros(78));
        let unsplit = s.parts(None);
        assert_eq!((unsplit.service, unsplit.sum()), (Micros(65), s.response()));
    }

    #[test]
    fn instants_of_another_clock_do_not_break_the_sum() {
        let s = redirected();
        for (start, end) in [(0, 120), (62, 900), (900, 950), (100, 70), (0, 0)] {
            assert_eq!(s.parts(Some(&wire(start, end))).sum(), s.response(), "{start} {end}");
        }
    }
}
