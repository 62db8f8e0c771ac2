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

/// What the network stack saw of one request. All instants on the run's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireTiming {
    /// Time lost in redirect hops before the last one, where there was any that the browser told
    /// of.
    pub redirect: Option<Micros>,
    /// Connection set-up of the last hop (DNS, TCP, TLS); zero on a reused connection.
    pub connect: Micros,
    /// Whether the last hop opened a new connection.
    pub new_connection: bool,
    /// Time the last hop waited inside the browser: its queue and preflight, not the set-up.
    pub stall: Micros,
    /// Request sent to first byte of the answer.
    pub first_byte: Micros,
    /// First to last byte of the answer.
    pub download: Micros,
    /// What the node says it took (`Server-Timing`), where it says so.
    pub server: Option<Micros>,
    /// The protocol the connection spoke.
    pub protocol: Protocol,
}

impl WireTiming {
    /// Service time: request start to last byte, with the cost of redirect hops, without the
    /// browser's queue.
    #[must_use]
    pub fn service(&self) -> Micros {
        self.redirect.unwrap_or_default() + self.first_byte + self.download
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

/// One finished request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Index of the entity that sent it.
    pub entity: u32,
    /// Index of the operation in the dialect's table.
    pub op: u8,
    /// Index of the node it was sent to.
    pub asked: u16,
    /// Index of the node that answered, where known.
    pub answered: Option<u16>,
    /// Whether it went through a redirect (or was resubmitted to the leader).
    pub redirected: bool,
    /// When it was meant to be sent: the end of the think time, or the arrival's place in the
    /// schedule.
    pub due: Micros,
    /// When it got its slot and was handed to the network stack.
    pub issued: Micros,
    /// When the last byte of the answer was read, or the failure was known.
    pub done: Micros,
    /// How it ended.
    pub outcome: Outcome,
}

impl Sample {
    /// Time in our own queue, due to issued.
    #[must_use]
    pub fn wait(&self) -> Micros {
        self.issued - self.due
    }

    /// What a user of the cluster would have waited, due to done.
    #[must_use]
    pub fn response(&self) -> Micros {
        self.done - self.due
    }

    /// Service time by the page's clock, issued to done.
    #[must_use]
    pub fn page_service(&self) -> Micros {
        self.done - self.issued
    }
}

/// The three latencies, never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Request start to last byte: what the cluster took.
    Service,
    /// Due to issued: time in our own queue.
    Wait,
    /// Due to done: what a user would have waited.
    Response,
}

impl Measure {
    /// All three, in the order of files.
    pub const ALL: [Measure; 3] = [Measure::Service, Measure::Wait, Measure::Response];

    /// Name in files and headings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
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

impl TimeSources {
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

    #[test]
    fn response_is_wait_plus_page_service() {
        let s = Sample {
            entity: 0,
            op: 0,
            asked: 0,
            answered: None,
            redirected: false,
            due: Micros(10),
            issued: Micros(25),
            done: Micros(125),
            outcome: Outcome::Ok,
        };
        assert_eq!(s.wait() + s.page_service(), s.response());
    }
}
