//! The simulated cluster itself: its queues, replication, stored keys and event streams.
//!
//! A node works in order of arrival. So when a request arrives, all that happens to it there is
//! computed at once: when its turn comes, how long it takes, and (crashes are known beforehand)
//! whether it ends.

use super::ask::{self, Ask, Change};
use super::fan::Fan;
use super::law::{Drifting, Law, one_way};
use super::store::Store;
use super::timeline::Timeline;
use fwit_model::plan::{Delay, RateLimit, Reads, SimCluster, Writes};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// The state of a simulated cluster.
#[derive(Debug)]
pub struct Cluster {
    sim: SimCluster,
    nodes: Vec<Member>,
    /// Round trips between nodes, by place `from * n + to`.
    links: Vec<Delay>,
    link_random: Stream,
    factors: [f64; ask::OPERATIONS],
    fsync: Law,
    drift: Drifting,
    /// Who is up and who leads.
    pub timeline: Timeline,
    store: Store,
    /// Subscribers.
    pub fan: Fan,
    /// A log commits in its order.
    last_commit: Micros,
    /// When each node has the entry on its disk, microseconds.
    acks: Vec<u64>,
}

/// A node.
#[derive(Debug)]
struct Member {
    name: String,
    distance: Delay,
    read: Law,
    write: Law,
    redirect: Law,
    work: Stream,
    way: Stream,
    sync: Stream,
    /// When its server has done all that it has now.
    free: Micros,
    tokens: f64,
    tokens_at: Micros,
}

/// What becomes of a request at a node. Instants are those at which it leaves the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// An answer.
    Answer { at: Micros, status: u16, body: Body },
    /// Go there (307).
    Redirect { at: Micros, to: usize },
    /// The node asks that one itself.
    Forward { at: Micros, to: usize },
    /// The node goes, and the request with it.
    Dies { at: Micros },
}

/// What an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Bytes(u32),
    /// A text.
    Text(&'static str),
    /// Too many requests: come again after so long.
    Limited(Micros),
    /// Who the node is.
    Role,
}

impl Cluster {
    /// At its start.
    #[must_use]
    pub fn new(sim: &SimCluster, seed: u64) -> Cluster {
        let n = sim.nodes.len();
        let stream = |label, i: usize| Stream::new(seed, label, i as u64);
        let nodes = sim.nodes.iter().enumerate().map(|(i, node)| Member {
            name: sim.node_name(i),
            distance: node.distance,
            read: Law::new(&node.read),
            write: Law::new(&node.write),
            redirect: Law::new(&node.redirect),
            work: stream("sim work", i),
            way: stream("sim way", i),
            sync: stream("sim fsync", i),
            free: Micros::ZERO,
            tokens: sim.rate_limit.map_or(0.0, |l| l.burst),
            tokens_at: Micros::ZERO,
        });
        let mut links = vec![sim.between; n * n];
        for link in &sim.links {
            if let (Some(a), Some(b)) = (sim.position(&link.from), sim.position(&link.to)) {
                (links[a * n + b], links[b * n + a]) = (link.delay, link.delay);
            }
        }
        Cluster {
            nodes: nodes.collect(),
            links,
            link_random: stream("sim link", 0),
            factors: std::array::from_fn(|op| {
                sim.factors.get(ask::operation(op)).copied().unwrap_or(1.0)
            }),
            fsync: Law::new(&sim.fsync),
            drift: Drifting::new(sim.drift, seed),
            timeline: Timeline::new(sim, seed),
            store: Store::default(),
            fan: Fan::new(sim.events, seed),
            last_commit: Micros::ZERO,
            acks: Vec::new(),
            sim: sim.clone(),
        }
    }

    /// Name of a node.
    #[must_use]
    pub fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("", |n| &n.name)
    }

    /// How many requests a client has under way at a node, where the plan limits them.
    #[must_use]
    pub fn connections(&self) -> Option<u32> {
        self.sim.connections
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// One way between the clients and a node.
    pub fn way(&mut self, node: usize) -> Micros {
        self.nodes.get_mut(node).map_or(Micros::ZERO, |n| one_way(n.distance, &mut n.way))
    }

    /// One way between two nodes.
    pub fn link(&mut self, from: usize, to: usize) -> Micros {
        if from == to {
            return Micros::ZERO;
        }
        let delay = self.links.get(from * self.nodes.len() + to).copied().unwrap_or_default();
        one_way(delay, &mut self.link_random)
    }

    /// A request arrives at a node that is up, now. `hop` says that another node passed it on.
    pub fn arrive(
        &mut self,
        node: usize,
        ask: Ask,
        operation: usize,
        text: &str,
        now: Micros,
        hop: bool,
    ) -> Fate {
        let answer = |at, status, body| Fate::Answer { at, status, body };
        match ask {
            Ask::Ping => return answer(now, 200, Body::Role),
            Ask::Unknown => return answer(now, 404, Body::Text("404 page not found")),
            _ => {}
        }
        if !hop && let Some(wait) = self.over_limit(node, now) {
            return answer(now, 429, Body::Limited(wait));
        }
        let leader = self.timeline.leader(now);
        let (moves, forwards) = match ask {
            Ask::Read(_) => (self.sim.reads != Reads::Local, self.sim.reads == Reads::Forward),
            _ => (true, self.sim.writes == Writes::Forward),
        };
        if moves && leader != Some(node) {
            let at = self.serve(node, Work::Redirect, now);
            return match (self.survives(node, now, at), leader) {
                (Err(dies), _) => dies,
                (Ok(()), None) => answer(at, 503, Body::Text(NO_LEADER)),
                (Ok(()), Some(to)) if forwards && !hop => Fate::Forward { at, to },
                (Ok(()), Some(to)) => Fate::Redirect { at, to },
            };
        }
        let factor = self.factors.get(operation).copied().unwrap_or(1.0);
        match ask {
            Ask::Read(name) => {
                let at = self.serve(node, Work::Read(factor), now);
                if let Err(dies) = self.survives(node, now, at) {
                    return dies;
                }
                let lag = leader.map_or(Micros::ZERO, |l| self.lag(l, node));
                match self.store.read(name, at - lag) {
                    Some(bytes) => answer(at, 200, Body::Bytes(bytes)),
                    None => answer(at, 404, Body::Text("404 page not found")),
                }
            }
            Ask::Write(change) => {
                let done = self.serve(node, Work::Write(factor), now);
                if let Err(dies) = self.survives(node, now, done) {
                    return dies;
                }
                // A key is looked up in its turn, like everything that the leader decides.
                if let Change::Set { name, fresh: true, .. } = change
                    && self.store.read(name, Micros::MAX).is_some()
                {
                    return answer(done, 400, Body::Text("Blob already exists"));
                }
                let Some(at) = self.commit(node, done) else {
                    return answer(done, 503, Body::Text("lost the majority"));
                };
                if let Err(dies) = self.survives(node, now, at) {
                    return dies;
                }
                match change {
                    Change::Set { name, bytes, .. } => self.store.commit(name, Some(bytes), at),
                    Change::Delete(name) => self.store.commit(name, None, at),
                    Change::Publish => self.publish(node, text, at),
                    Change::Nothing => {}
                }
                answer(at, 200, Body::Bytes(0))
            }
            Ask::Ping | Ask::Unknown => answer(now, 404, Body::Bytes(0)),
        }
    }

    /// A node's server takes a piece of work in its turn; when it is done.
    fn serve(&mut self, node: usize, work: Work, now: Micros) -> Micros {
        let drift = self.drift.factor(now);
        let Some(n) = self.nodes.get_mut(node) else { return now };
        let takes = match work {
            Work::Read(factor) => n.read.draw(&mut n.work, drift * factor),
            Work::Write(factor) => n.write.draw(&mut n.work, drift * factor),
            Work::Redirect => n.redirect.draw(&mut n.work, drift),
        };
        n.free = n.free.max(now) + takes;
        n.free
    }

    /// Whether a node is there from now until then; what it had to do ends with it.
    fn survives(&mut self, node: usize, now: Micros, until: Micros) -> Result<(), Fate> {
        let goes = self.timeline.goes_after(node, now);
        if goes > until {
            return Ok(());
        }
        if let Some(n) = self.nodes.get_mut(node) {
            n.free = goes;
        }
        Err(Fate::Dies { at: goes })
    }

    /// When a write that the leader has done is durable at a majority: its own sync, and the round
    /// trips and syncs of the quickest others. `None` where too few are up.
    fn commit(&mut self, leader: usize, done: Micros) -> Option<Micros> {
        let drift = self.drift.factor(done);
        let mut acks = std::mem::take(&mut self.acks);
        acks.clear();
        for node in 0..self.nodes.len() {
            if node != leader && !self.timeline.is_up(node, done) {
                continue;
            }
            let ways = self.link(leader, node) + self.link(node, leader);
            let Some(n) = self.nodes.get_mut(node) else { continue };
            acks.push((done + ways + self.fsync.draw(&mut n.sync, drift)).0);
        }
        acks.sort_unstable();
        // The leader's own sync is one of the majority's, be it quick or slow.
        let at = acks.get(self.nodes.len() / 2).copied().map(Micros);
        self.acks = acks;
        let at = at?.max(self.last_commit);
        self.last_commit = at;
        Some(at)
    }

    /// How much later than the leader a node knows.
    fn lag(&self, leader: usize, node: usize) -> Micros {
        if leader == node {
            return Micros::ZERO;
        }
        let link = self.links.get(leader * self.nodes.len() + node).copied().unwrap_or_default();
        Micros::from_millis(link.mean_ms / 2.0)
    }

    /// The committed event goes to every subscriber, by way of its node.
    fn publish(&mut self, leader: usize, text: &str, at: Micros) {
        for (index, node) in self.fan.listeners(text) {
            let way = self.link(leader, node) + self.way(node);
            self.fan.deliver(index, text, at + way);
        }
    }

    /// How long to wait, where a node's bucket is empty.
    fn over_limit(&mut self, node: usize, now: Micros) -> Option<Micros> {
        let RateLimit { per_s, burst } = self.sim.rate_limit?;
        let n = self.nodes.get_mut(node)?;
        n.tokens = (n.tokens + now.since(n.tokens_at).as_secs() * per_s).min(burst);
        n.tokens_at = now;
        if n.tokens >= 1.0 {
            n.tokens -= 1.0;
            return None;
        }
        // `Retry-After` has whole seconds.
        Some(Micros::from_secs(((1.0 - n.tokens) / per_s).ceil()))
    }
}

/// A node's words where it knows of no leader.
pub const NO_LEADER: &str = "no current leader";

/// A piece of work; the factor is the operation's.
#[derive(Clone, Copy)]
enum Work {
    Read(f64),
    Write(f64),
    Redirect,
}
