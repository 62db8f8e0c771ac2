//! What a node counts, in the Prometheus text format.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::http::route::Route;
use crate::raft::leader::View;

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types)]
pub enum Via {
    /// A client.
    client,
    /// Another node, that forwarded a client's request.
    peer,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    method: String,
    code: u16,
    via: Via,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Started {
    route: &'static str,
    via: Via,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Role {
    role: &'static str,
}

/// The counters of one node; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    answered: Family<Answered, Counter>,
    started: Family<Started, Counter>,
    seconds: Family<Started, Histogram, fn() -> Histogram>,
    rejected: Family<Why, Counter>,
    role: Family<Role, Gauge>,
    term: Gauge,
    leader: Gauge,
    leader_changes: Counter,
    leading_since: Gauge<f64, AtomicU64>,
    applied: Gauge,
    /// Open event streams.
    pub subscribers: Gauge,
    /// Events written to subscribers.
    pub events_sent: Counter,
    cpu: Gauge<f64, AtomicU64>,
    memory: Gauge,
    threads: Gauge,
    open_files: Gauge,
}

const BUCKETS: [f64; 15] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let mut metrics = Self {
            registry: Arc::default(),
            answered: Family::default(),
            started: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            rejected: Family::default(),
            role: Family::default(),
            term: Gauge::default(),
            leader: Gauge::default(),
            leader_changes: Counter::default(),
            leading_since: Gauge::default(),
            applied: Gauge::default(),
            subscribers: Gauge::default(),
            events_sent: Counter::default(),
            cpu: Gauge::default(),
            memory: Gauge::default(),
            threads: Gauge::default(),
            open_files: Gauge::default(),
        };
        let m = &metrics;
        registry.register("fwit_requests", "Requests answered", m.answered.clone());
        registry.register("fwit_requests_started", "Requests received", m.started.clone());
        registry.register(
            "fwit_request_seconds",
            "Time from request to answer in the node",
            m.seconds.clone(),
        );
        registry.register(
            "fwit_rejected",
            "Requests refused before they were carried out",
            m.rejected.clone(),
        );
        registry.register("fwit_role", "1 for the role that the node has", m.role.clone());
        registry.register("fwit_raft_term", "Term of the node", m.term.clone());
        registry.register(
            "fwit_raft_leader",
            "Number of the node that leads, 0 when unknown",
            m.leader.clone(),
        );
        registry.register(
            "fwit_leader_changes",
            "Changes of leader that the node saw",
            m.leader_changes.clone(),
        );
        registry.register(
            "fwit_raft_leading_since_seconds",
            "Unix time since when the node leads, 0 while it does not",
            m.leading_since.clone(),
        );
        registry.register("fwit_raft_applied_index", "Last log entry applied", m.applied.clone());
        registry.register("fwit_subscribers", "Open event streams", m.subscribers.clone());
        registry.register(
            "fwit_events_sent",
            "Events written to subscribers",
            m.events_sent.clone(),
        );
        registry.register("process_cpu_seconds_total", "User and system CPU time", m.cpu.clone());
        registry.register("process_resident_memory_bytes", "Resident memory", m.memory.clone());
        registry.register("process_threads", "Threads", m.threads.clone());
        registry.register("process_open_fds", "Open files", m.open_files.clone());
        metrics.registry = Arc::new(registry);
        metrics
    }
}

impl Metrics {
    /// A request came in.
    pub fn start(&self, route: Route, via: Via) {
        self.started.get_or_create(&Started { route: route.name(), via }).inc();
    }

    /// A request was answered, `took` after it came in. Preflights are counted, but not among the
    /// latencies.
    pub fn answer(&self, route: Route, method: &str, code: u16, via: Via, took: Duration) {
        self.answered
            .get_or_create(&Answered { route: route.name(), method: method.to_owned(), code, via })
            .inc();
        if method != "OPTIONS" {
            self.seconds
                .get_or_create(&Started { route: route.name(), via })
                .observe(took.as_secs_f64());
        }
    }

    /// A request was refused: `ratelimited`, `unauthorized`, `host`, `secret`, `origin`,
    /// `no_leader`, `leader_dead`, `no_majority`, `stopped`, `catching_up`.
    pub fn reject(&self, reason: &'static str) {
        self.rejected.get_or_create(&Why { reason }).inc();
    }

    /// The leader changed, just now.
    pub fn leader_changed(&self, view: View) {
        self.leader_changes.inc();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.leading_since.set(if view.leading { now.as_secs_f64() } else { 0.0 });
    }

    /// The text that Prometheus reads.
    ///
    /// # Errors
    /// When formatting fails, which the encoder does not do on text.
    pub fn text(&self, view: View, applied: u64) -> Result<String, std::fmt::Error> {
        for role in ["leader", "follower", "candidate", "stopped"] {
            self.role.get_or_create(&Role { role }).set(i64::from(role == view.role()));
        }
        self.term.set(view.term.cast_signed());
        self.leader.set(view.leader.unwrap_or(0).cast_signed());
        self.applied.set(applied.cast_signed());
        if let Some(process) = process() {
            self.cpu.set(process.cpu_s);
            self.memory.set(process.memory);
            self.threads.set(process.threads);
            self.open_files.set(process.open_files);
        }
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

/// What the kernel says of this process.
struct Process {
    cpu_s: f64,
    memory: i64,
    threads: i64,
    open_files: i64,
}

/// From proc(5), /proc/pid/stat and /proc/pid/fd; none where there is no /proc.
fn process() -> Option<Process> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields count from after the name, which may hold anything; the first one there is number 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u32>().ok();
    let ticks = f64::from(field(14)? + field(15)?);
    let pages = i64::from(field(24)?);
    let per_second = f64::from(u32::try_from(rustix::param::clock_ticks_per_second()).ok()?);
    let open_files = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some(Process {
        cpu_s: ticks / per_second,
        memory: pages * i64::try_from(rustix::param::page_size()).ok()?,
        threads: i64::from(field(20)?),
        open_files: i64::try_from(open_files).ok()?,
    })
}
