//! The recorder's counts: by operation and node, by second, by entity, by node.

use crate::gauge::WindowArea;
use crate::moments::Moments;
use crate::sparse::Sparse;
use fwit_quantities::sample::{Protocol, TimeSources};

/// Which answers a latency belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Operation.
    pub op: u8,
    /// Node asked.
    pub node: u16,
    /// Whether it had more than one hop.
    pub redirected: bool,
}

/// The part of the run a request was issued in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Before the measured window.
    Warmup,
    /// What the tables show.
    Measured,
}

/// Counts of one operation at one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests issued, by the node of their first hop.
    pub issued: u64,
    /// How they ended.
    pub outcomes: [u64; 10],
    /// How many had more than one hop.
    pub redirected: u64,
    /// CORS preflights that the browser made for their hops.
    pub preflights: u64,
    /// Answers that came in the window, whenever they were issued.
    pub completed: u64,
}

/// One second of the run.
#[derive(Clone, Debug, Default)]
pub struct SecondCell {
    /// A cell an operation.
    pub ops: Vec<SecondOp>,
    /// How long recorded requests were in the system within it, µs together.
    pub recorded_us: u64,
}

/// One operation's second.
#[derive(Clone, Debug, Default)]
pub struct SecondOp {
    /// How requests ended in it, by outcome.
    pub outcomes: [u32; 10],
    /// What the cluster took for answers: redirects and service.
    pub cluster: Sparse,
    /// Response times of answers.
    pub response: Sparse,
}

/// One entity's sums over the measured window.
#[derive(Clone, Debug, Default)]
pub struct EntityTally {
    /// What the cluster took for answers (redirects and service), an entry an operation.
    pub ops: Vec<Moments>,
    /// Failed requests.
    pub errors: u64,
}

/// What is known of a node's connections.
#[derive(Clone, Debug)]
pub struct NodeTally {
    /// HTTP version seen last.
    pub protocol: Protocol,
    /// Answers with and without times from the wire.
    pub sources: TimeSources,
    /// Whether the browser was ever told the times of an answer of it.
    pub timing_header: bool,
    /// Answers of the measured window that came out of the browser's cache.
    pub cached: u64,
    /// Hops that reached it in the measured window: requests, and those sent on to it.
    pub hops: u64,
    /// Requests for its status in the whole run: who leads?
    pub status_requests: u64,
    /// New connections in the measured window.
    pub new_connections: u64,
    /// Requests in flight over the measured window.
    pub in_flight: WindowArea,
}
