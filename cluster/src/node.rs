//! One node: its store, its part in consensus, its leader, its limits. `serve` puts the ports in
//! front of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::http::HeaderValue;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use openraft::{BasicNode, Config, SnapshotPolicy};
use tokio::sync::{broadcast, watch};

use crate::flags::{ClusterFlags, NodeFlags, time};
use crate::metrics::Metrics;
use crate::raft::batch::Submitter;
use crate::raft::leader::{View, watch_leader};
use crate::raft::log::LogStore;
use crate::raft::machine::{Event, Machine};
use crate::raft::network::{ELECT, Peers, READ_INDEX};
use crate::raft::{NodeId, Raft};
use crate::secret::Secret;
use crate::shape::{Gate, Server, Timer};

/// Raft's heartbeat and its patience, without hops, in milliseconds. A dead leader is replaced
/// after the longer patience (its lease) plus one election time-out: 1 to 1.2 s.
const HEARTBEAT: u64 = 250;
const ELECTION: (u64, u64) = (400, 600);
/// A snapshot is taken when a restart would have to replay more than this.
const REPLAY_BYTES: usize = 64 << 20;
const REPLAY_ENTRIES: u64 = 20_000;
/// Entries kept behind a snapshot for followers that lag.
const KEPT_ENTRIES: u64 = 32;
/// Connections to other nodes are given up idle before those would close them.
const IDLE: Duration = Duration::from_secs(10);

/// A running node; clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Node(Arc<Parts>);

impl std::ops::Deref for Node {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What a node is made of.
#[allow(missing_debug_implementations, reason = "openraft's handle has none")]
pub struct Parts {
    /// Its number.
    pub id: NodeId,
    /// `n1`, `n2`, ...
    pub name: String,
    /// The name as a header value.
    pub name_header: HeaderValue,
    /// What it was started with.
    pub flags: ClusterFlags,
    /// When it was started.
    pub started: Instant,
    /// Consensus.
    pub raft: Raft,
    /// The state as applied here.
    pub machine: Machine,
    /// Takes writes.
    pub submitter: Submitter,
    /// The stream of events as applied here.
    pub events: broadcast::Sender<Event>,
    /// Who leads.
    pub leader: watch::Receiver<View>,
    /// The way to the other nodes.
    pub peers: Peers,
    /// What the nodes know each other by.
    pub secret: Secret,
    /// What is counted.
    pub metrics: Metrics,
    /// Precise waits.
    pub timer: Timer,
    /// The node's one server.
    pub server: Server,
    /// Service time of a read.
    pub read: Duration,
    /// Service time of a write.
    pub write: Duration,
    /// Half a client's round trip.
    pub client_half: Duration,
    /// What a redirect costs.
    pub redirect: Duration,
    /// Data operations a second.
    pub data_limit: Option<DefaultDirectRateLimiter>,
    /// Events a second.
    pub event_limit: Option<DefaultDirectRateLimiter>,
    caught_up: AtomicBool,
    handing_over: AtomicBool,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Node {
    /// Opens the store and starts consensus.
    ///
    /// # Errors
    /// When the data folder cannot be used, or consensus does not start.
    pub async fn start(flags: &NodeFlags) -> anyhow::Result<Self> {
        let cluster = flags.cluster.clone();
        let name = format!("n{}", flags.id);
        let folder = flags.data.join(&name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let secret = Secret::open(&flags.data)?;
        let log_path = folder.join("log.redb");
        let log = LogStore::open(&log_path)
            .with_context(|| format!("cannot open {}", log_path.display()))?;
        let (machine, events) = Machine::open(&folder)?;
        let timer = Timer::start()?;
        let addresses =
            cluster.ids().map(|id| cluster.peer_address(id)).collect::<anyhow::Result<_>>()?;
        let peers = Peers {
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .default_headers(secret.headers())
                .pool_max_idle_per_host(256)
                .pool_idle_timeout(IDLE)
                .connect_timeout(Duration::from_millis(500))
                .build()?,
            hop: time(cluster.hop_ms),
            timer: timer.clone(),
            gate: Gate::default(),
            quiet: Gate::default(),
            addresses,
        };
        let raft =
            Raft::new(flags.id, Arc::new(config(&cluster)?), peers.clone(), log, machine.clone())
                .await?;
        let metrics = Metrics::default();
        let leader = {
            let (peers, metrics) = (peers.clone(), metrics.clone());
            watch_leader(
                &raft,
                move |id| peers.address(id),
                move |view| metrics.leader_changed(view),
            )
        };
        Ok(Self(Arc::new(Parts {
            id: flags.id,
            name_header: HeaderValue::try_from(&name)?,
            name,
            started: Instant::now(),
            submitter: Submitter::start(raft.clone(), time(cluster.write_timeout_ms)),
            raft,
            machine,
            events,
            leader,
            peers,
            secret,
            metrics,
            timer,
            server: Server::default(),
            read: time(cluster.read_ms),
            write: time(cluster.write_ms),
            client_half: cluster.client_half(flags.id),
            redirect: time(cluster.redirect_ms),
            data_limit: limit(cluster.rate),
            event_limit: limit(cluster.event_rate),
            caught_up: AtomicBool::new(false),
            handing_over: AtomicBool::new(false),
            flags: cluster,
        })))
    }

    /// Founds the cluster where this is its first node, and starts the node's own chores.
    ///
    /// # Errors
    /// When the cluster cannot be founded.
    pub async fn join(&self) -> anyhow::Result<()> {
        if self.id == 1 && !self.raft.is_initialized().await? {
            let members: std::collections::BTreeMap<_, _> =
                self.flags.ids().map(|id| (id, BasicNode::new(self.peers.address(id)))).collect();
            self.raft.initialize(members).await.context("cannot found the cluster")?;
        }
        let node = self.clone();
        tokio::spawn(async move { node.catch_up().await });
        let node = self.clone();
        tokio::spawn(async move { node.take_snapshots().await });
        Ok(())
    }

    /// Whether this node leads and keeps the leadership.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.leader.borrow().leading && !self.hands_over()
    }

    /// Whether this node is giving its leadership away.
    #[must_use]
    pub fn hands_over(&self) -> bool {
        self.handing_over.load(Ordering::Acquire)
    }

    /// Why this node's own consensus has stopped, where it has.
    #[must_use]
    pub fn why_stopped(&self) -> Option<String> {
        self.leader.borrow().stopped.then(|| match &self.raft.metrics().borrow().running_state {
            Err(error) => error.to_string(),
            // A panic leaves no word.
            Ok(()) => "it panicked".to_owned(),
        })
    }

    /// Whether this node holds all that was acknowledged before it came up.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Acquire)
    }

    /// Stops or resumes all traffic, and Raft's clock with it, as SIGSTOP would.
    pub fn pause(&self, paused: bool) {
        self.raft.runtime_config().tick(!paused);
        self.raft.runtime_config().heartbeat(!paused);
        self.raft.runtime_config().elect(!paused);
        self.peers.gate.close(paused);
    }

    /// Gives the leadership away; ends when another node leads.
    ///
    /// openraft 0.9 has no transfer (Ongaro's thesis, 3.10), so it is put together: take no more
    /// writes, wait until all are applied, fall silent until the lease of the followers is over,
    /// have the best follower stand.
    pub async fn hand_over(&self) {
        let _undo = HandOver::begin(self);
        let mut metrics = self.raft.metrics();
        // Ends when the channel does: with the node.
        let _ = metrics.wait_for(|m| m.last_applied.map(|id| id.index) == m.last_log_index).await;
        self.peers.quiet.close(true);
        tokio::time::sleep(Duration::from_millis(self.raft.config().election_timeout_max + 20))
            .await;
        let mut leader = self.leader.clone();
        loop {
            let followers = {
                let metrics = self.raft.metrics();
                let metrics = metrics.borrow();
                let mut known: Vec<_> = metrics
                    .replication
                    .iter()
                    .flatten()
                    .filter(|(id, _)| **id != self.id)
                    .map(|(id, matched)| (matched.map(|id| id.index), *id))
                    .collect();
                known.sort_unstable();
                known
            };
            let moved = async {
                for (_, follower) in followers.into_iter().rev() {
                    let url = format!("http://{}{}", self.peers.address(follower), ELECT);
                    let asked = self
                        .peers
                        .client
                        .post(url)
                        .timeout(Duration::from_millis(500))
                        .send()
                        .await;
                    if asked.is_ok() {
                        break;
                    }
                }
                let wait = leader.wait_for(|view| view.leader.is_some_and(|id| id != self.id));
                tokio::time::timeout(
                    Duration::from_millis(self.raft.config().election_timeout_min),
                    wait,
                )
                .await
                .is_ok()
            };
            if moved.await {
                return;
            }
        }
    }

    /// Asks the leader how far it has come, and waits until this node has come as far.
    async fn catch_up(&self) {
        let mut leader = self.leader.clone();
        loop {
            let Ok(view) =
                leader.wait_for(|view| view.reachable().is_some()).await.map(|view| *view)
            else {
                return;
            };
            let Some(id) = view.reachable() else { continue };
            if let Some(index) = self.read_index(id).await {
                let reached =
                    self.raft.wait(None).applied_index_at_least(Some(index), "caught up").await;
                if reached.is_ok() {
                    self.caught_up.store(true, Ordering::Release);
                }
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn read_index(&self, leader: NodeId) -> Option<u64> {
        if leader == self.id {
            return self
                .raft
                .get_read_log_id()
                .await
                .ok()
                .map(|(read, _)| read.map_or(0, |id| id.index));
        }
        let url = format!("http://{}{}", self.peers.address(leader), READ_INDEX);
        let answer =
            self.peers.client.get(url).timeout(Duration::from_secs(2)).send().await.ok()?;
        answer.error_for_status().ok()?.text().await.ok()?.parse().ok()
    }

    async fn take_snapshots(&self) {
        let mut beat = tokio::time::interval(Duration::from_secs(1));
        loop {
            beat.tick().await;
            let unsaved = self.machine.unsaved();
            let due = unsaved.bytes > REPLAY_BYTES || unsaved.entries > REPLAY_ENTRIES;
            if due && self.raft.trigger().snapshot().await.is_err() {
                return;
            }
        }
    }
}

/// A hand-over under way; its end lets the node lead or follow as before.
struct HandOver<'a>(&'a Node);

impl<'a> HandOver<'a> {
    fn begin(node: &'a Node) -> Self {
        node.handing_over.store(true, Ordering::Release);
        Self(node)
    }
}

impl Drop for HandOver<'_> {
    fn drop(&mut self) {
        self.0.peers.quiet.close(false);
        self.0.handing_over.store(false, Ordering::Release);
    }
}

fn config(cluster: &ClusterFlags) -> anyhow::Result<Config> {
    // Two hops a message; patience grows with them.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 60000, checked by the flag"
    )]
    let hops = (4.0 * cluster.hop_ms).ceil() as u64;
    let config = Config {
        cluster_name: "fwit".to_owned(),
        heartbeat_interval: HEARTBEAT + hops,
        election_timeout_min: ELECTION.0 + 2 * hops,
        election_timeout_max: ELECTION.1 + 2 * hops,
        install_snapshot_timeout: 2000 + hops,
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: KEPT_ENTRIES,
        ..Config::default()
    };
    config.validate().context("the timing of Raft")
}

fn limit(per_second: u32) -> Option<DefaultDirectRateLimiter> {
    std::num::NonZeroU32::new(per_second).map(|rate| RateLimiter::direct(Quota::per_second(rate)))
}
