//! The plan: what to run. Its model, its file form, the form's draft, its presets and its link.
//!
//! May not enter: how a plan is carried out, clocks, anything of one dialect's protocol.
//! Invariant: a `Plan` is valid; every way to make one goes through [`validate`], which returns all
//! problems at once. Secrets (API keys) are no part of a plan.
//! Tests: beside the code.

mod address;
pub mod chaos;
mod draft;
mod fields;
mod file;
mod lines;
mod link;
pub mod name;
mod nodes;
mod presets;
mod problem;
mod sim;
pub mod stages;
pub mod threshold;
mod trusted;
mod validate;
pub mod wire;

pub use address::BaseUrl;
pub use chaos::Chaos;
pub use draft::{NodeDraft, PlanDraft, sim_text};
pub use fields::{FieldKind, PlanField, plan_field, plan_fields};
pub use link::{from_link, to_link};
pub use nodes::NODES_MAX;
pub use presets::{PRESETS, Preset, default_nodes, preset};
pub use problem::Problem;
pub use sim::{
    Delay, Drift, Events, Link, Outage, RateLimit, Reads, SIM_PRESETS, Service, Shape, SimCluster,
    SimNode, SimPreset, Writes, sim_index, sim_preset, sim_url,
};
pub use stages::{Ramp, Stage};
pub use threshold::Threshold;
pub use validate::validate;

use std::sync::Arc;

use crate::dialect::Dialect;
use fwit_quantities::units::Micros;

/// What to run: cluster, load, mix, keys. Valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// A name for people, shown wherever the run is shown.
    pub name: String,
    /// Everything random in the run follows from it.
    pub seed: u64,
    /// The nodes and how to talk to them.
    pub cluster: Cluster,
    /// How much load, for how long.
    pub load: Load,
    /// Weight of each operation, in the dialect's order; at least one is above zero.
    pub mix: Vec<(String, u32)>,
    /// Keys and values.
    pub keys: Keys,
    /// Entities keep asking their own node, and every redirect is paid for, every time.
    pub disable_leader_stickiness: bool,
    /// WebSocket clients on the events topic.
    pub subscribers: u32,
    /// After the load, read back every key whose writing was acknowledged.
    pub verify: bool,
    /// What must hold: `get.service.p95 < 50ms`.
    pub thresholds: Vec<Threshold>,
    /// What happens meanwhile: `at 60s: pause leader for 5s`.
    pub chaos: Vec<Chaos>,
}

/// The cluster under test.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The protocol its nodes speak.
    pub dialect: Arc<Dialect>,
    /// Its nodes: at least one, with distinct names and addresses.
    pub nodes: Vec<Node>,
    /// Origins besides the nodes' own that an API key may be sent to: where leaders may be.
    pub trusted_origins: Vec<BaseUrl>,
    /// What is simulated; there exactly where the dialect is the simulated cluster's.
    pub sim: Option<SimCluster>,
}

/// One member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name in tables.
    pub name: String,
    /// Where it answers.
    pub url: BaseUrl,
    /// More origins of the same node, each a connection pool of its own in the browser.
    pub lanes: Vec<BaseUrl>,
}

impl Node {
    /// All origins to send to: the lanes where there are any, else the node's own.
    pub fn lane_urls(&self) -> impl Iterator<Item = &BaseUrl> {
        let own = if self.lanes.is_empty() { Some(&self.url) } else { None };
        own.into_iter().chain(&self.lanes)
    }
}

/// [`Load::queue_max`] where the file leaves it out: about 100 MB.
pub const QUEUE_MAX: u32 = 100_000;

/// How much load, for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Closed or open.
    pub model: Model,
    /// Simulated clients; with stages of a closed load, as many as the highest stage has. In the
    /// open model: who an arrival's operation is done for, in turn.
    pub entities: u32,
    /// Time before the measured window.
    pub warmup: Micros,
    /// The measured window.
    pub duration: Micros,
    /// How long a request may take before it is given up.
    pub timeout: Micros,
    /// Open model: so many due requests may wait for a slot. What becomes due beyond is dropped,
    /// and counted.
    pub queue_max: u32,
    /// How entities or rate change over warm-up and measured window together; empty where they
    /// don't.
    pub stages: Vec<Stage>,
}

impl Load {
    /// Warm-up and measured window together.
    #[must_use]
    pub fn total(&self) -> Micros {
        self.warmup + self.duration
    }

    /// Entities of the closed model, or arrivals a second of the open one, that the plan wants at a
    /// moment after the start.
    #[must_use]
    pub fn target(&self, at: Micros) -> f64 {
        match self.model {
            _ if !self.stages.is_empty() => stages::level(&self.stages, at),
            Model::Closed { .. } => f64::from(self.entities),
            Model::Open { rate_per_s, .. } => rate_per_s,
        }
    }
}

/// Who decides when the next request is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// The entities: each sends its next request a think time after the last answer.
    Closed {
        /// Least think time.
        think: Micros,
        /// Up to this much more, uniformly.
        jitter: Micros,
    },
    /// A schedule fixed before the start: requests are due whether or not earlier ones were
    /// answered.
    Open {
        /// Arrivals a second, over all nodes.
        rate_per_s: f64,
        /// How the arrivals are spaced.
        arrivals: Arrivals,
    },
}

/// The spacing of open arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Independent arrivals: exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
}

/// Keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// How many distinct keys there are: `stress-key-0` and up.
    pub space: u32,
    /// How many of the keys it wrote an entity remembers, for get and delete.
    pub known: u32,
    /// Bytes a value.
    pub value_bytes: u32,
}
