//! The simulated cluster of a plan (`cluster.sim`): its parameters, as their file has them.
//!
//! Model and file form are one here: every value is a number with its unit in its name, and a
//! checked one is used as it stands. Times are milliseconds, except where a name says seconds.

mod check;
mod presets;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BaseUrl, Node};
pub(super) use check::check;
pub use presets::{SIM_PRESETS, SimPreset, sim_preset};

/// A simulated cluster: nodes, distances, how they answer, what goes wrong. See docs/simulation.md.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimCluster {
    /// In files: a preset's name instead of parameters. Empty in a checked plan, which has the
    /// parameters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub preset: String,
    /// The members: at least one, with distinct names.
    pub nodes: Vec<SimNode>,
    /// Name of the node that leads at the start; empty for the first.
    pub leader: String,
    /// Round trip between any two nodes.
    pub between: Delay,
    /// Pairs of nodes that are further apart, or closer.
    pub links: Vec<Link>,
    /// Making a write durable, at each node: a delay, not a queue.
    pub fsync: Service,
    /// What a follower does with a read.
    pub reads: Reads,
    /// What a follower does with a write.
    pub writes: Writes,
    /// From the loss of a leader to the next one.
    pub election: Delay,
    /// Nodes that go away and come back.
    pub outages: Vec<Outage>,
    /// How many requests a node takes before it answers 429; `None` for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// How many requests a client has under way at a node; the others wait in its slots, as they do
    /// in front of a browser's six connections. `None` for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// The way of events to subscribers.
    pub events: Events,
    /// How service times change over the hour.
    pub drift: Drift,
    /// Operations that take a multiple of the read's or write's service time.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub factors: BTreeMap<String, f64>,
}

impl Default for SimCluster {
    fn default() -> Self {
        SimCluster {
            preset: String::new(),
            nodes: Vec::new(),
            leader: String::new(),
            between: Delay { mean_ms: 1.0, jitter_ms: 0.0 },
            links: Vec::new(),
            fsync: Service { shape: Shape::Constant, ..Service::exponential(1.0) },
            reads: Reads::Local,
            writes: Writes::Redirect,
            election: Delay { mean_ms: 1_500.0, jitter_ms: 500.0 },
            outages: Vec::new(),
            rate_limit: None,
            connections: None,
            events: Events::default(),
            drift: Drift::default(),
            factors: BTreeMap::new(),
        }
    }
}

/// One simulated node: a single server that works in order of arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimNode {
    /// Name in tables; empty for `n1`, `n2` and so on.
    pub name: String,
    /// Round trip between the clients and it.
    pub distance: Delay,
    /// What a read keeps it busy.
    pub read: Service,
    /// What a write or an event keeps it busy where it leads.
    pub write: Service,
    /// What passing a request on (a redirect, a forward) keeps it busy where it follows.
    pub redirect: Service,
}

impl Default for SimNode {
    fn default() -> Self {
        SimNode {
            name: String::new(),
            distance: Delay { mean_ms: 1.0, jitter_ms: 0.0 },
            read: Service::exponential(0.4),
            write: Service::exponential(2.0),
            redirect: Service::exponential(0.15),
        }
    }
}

/// A round trip: each way takes half of it, uniformly up to half the jitter more or less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delay {
    /// Its mean, ms.
    pub mean_ms: f64,
    /// Most that it is longer or shorter, ms; no more than the mean.
    pub jitter_ms: f64,
}

/// How long a piece of work takes. Whatever the shape, `mean_ms` is the mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// The distribution.
    pub shape: Shape,
    /// The mean, ms.
    pub mean_ms: f64,
    /// Standard deviation of the logarithm: of `lognormal`, and of each mode of `bimodal`.
    pub sigma: f64,
    /// `bimodal`: share of the slow mode, 0 to 1.
    pub slow_share: f64,
    /// `bimodal`: how many times longer the slow mode takes.
    pub slow_factor: f64,
}

impl Service {
    /// Exponential with this mean, ms.
    #[must_use]
    pub const fn exponential(mean_ms: f64) -> Service {
        Service {
            shape: Shape::Exponential,
            mean_ms,
            sigma: 0.3,
            slow_share: 0.1,
            slow_factor: 10.0,
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Service::exponential(1.0)
    }
}

/// A distribution of service times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Always the mean.
    Constant,
    /// Exponential.
    Exponential,
    /// Lognormal.
    Lognormal,
    /// Fast, or slow with a given probability.
    Bimodal,
}

/// Another round trip between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Name of one node.
    pub from: String,
    /// Name of the other; the way back takes the same.
    pub to: String,
    /// The round trip.
    pub delay: Delay,
}

/// What a follower does with a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// Answers from its own copy, which lags by the way from the leader.
    Local,
    /// Asks the leader and hands its answer on.
    Forward,
    /// Sends the client to the leader (307).
    Leader,
}

/// What a follower does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writes {
    /// Sends the client to the leader (307).
    Redirect,
    /// Asks the leader and hands its answer on.
    Forward,
}

/// A node that goes away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Its name.
    pub node: String,
    /// When it crashes: seconds from the start of the cluster.
    pub at_s: f64,
    /// When it is back; `null` for never.
    #[serde(default)]
    pub back_s: Option<f64>,
}

/// A token bucket a node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests a second that it lets through.
    pub per_s: f64,
    /// Requests it lets through at once after a rest.
    pub burst: f64,
}

/// The way of an event from the leader to a subscriber, beside the distances of the nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Time it takes on top of the distances.
    pub delay: Delay,
    /// Share of events that a subscriber does not get, 0 to 1.
    pub loss: f64,
    /// Share of events that a subscriber gets twice, 0 to 1.
    pub duplication: f64,
}

/// How all service times change as time goes by: `growth^minutes * exp(x)`, where x moves once a
/// second, `x = persistence * x + sigma * normal`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drift {
    /// Factor a minute; 1 for none.
    pub per_minute: f64,
    /// Standard deviation of a second's step of the logarithm; 0 for none.
    pub sigma: f64,
    /// 0: each second by itself; below 1: a disturbance fades; 1: a random walk.
    pub persistence: f64,
}

impl Default for Drift {
    fn default() -> Self {
        Drift { per_minute: 1.0, sigma: 0.0, persistence: 0.0 }
    }
}

/// The address of simulated node number `index`, from 0: `http://n1.sim`.
#[must_use]
pub fn sim_url(index: usize) -> String {
    format!("http://n{}.sim", index + 1)
}

/// Which simulated node an address means.
#[must_use]
pub fn sim_index(url: &str) -> Option<usize> {
    // By bytes: every simulated request asks.
    let scheme =
        url.bytes().position(|b| b == b':').and_then(|at| url.get(at..)?.strip_prefix("://"));
    let host = scheme.unwrap_or(url).strip_prefix('n')?;
    let dot = host.bytes().position(|b| b == b'.')?;
    let end = host.get(dot..)?.strip_prefix(".sim")?.bytes().next();
    let number = host.get(..dot).filter(|_| end.is_none_or(|b| b"/?:".contains(&b)))?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

impl SimCluster {
    /// Name of node number `index`.
    #[must_use]
    pub fn node_name(&self, index: usize) -> String {
        let name = self.nodes.get(index).map_or("", |n| n.name.trim());
        if name.is_empty() { format!("n{}", index + 1) } else { name.to_string() }
    }

    /// The node of that name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        (0..self.nodes.len()).find(|i| self.node_name(*i) == name.trim())
    }

    /// The nodes as an entity sees them: names and addresses that exist in the simulation only.
    #[must_use]
    pub fn addresses(&self) -> Vec<Node> {
        let node = |i| {
            let url = BaseUrl::parse(&sim_url(i)).ok()?;
            Some(Node { name: self.node_name(i), url, lanes: Vec::new() })
        };
        (0..self.nodes.len()).filter_map(node).collect()
    }
}
