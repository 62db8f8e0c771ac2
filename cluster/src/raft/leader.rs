//! Who leads, as far as this node can tell, and whether that leader's process is there.
//!
//! Raft learns of a dead leader by its silence, a second or so late. A TCP connection to the
//! leader's peer port tells at once: a killed process closes it, and a new one is refused. Clients
//! get 502 from then on instead of a wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use openraft::ServerState;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::{NodeId, Raft, RaftMetrics};

/// How often a leader that refuses connections is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// A node's view of the cluster's leadership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The leader of the current term, when one is known.
    pub leader: Option<NodeId>,
    /// False once the leader's process is found to be gone.
    pub alive: bool,
    /// This node leads.
    pub leading: bool,
    /// This node asks for votes.
    pub candidate: bool,
    /// The current term.
    pub term: u64,
}

impl View {
    /// `leader`, `follower` or `candidate`.
    #[must_use]
    pub fn role(&self) -> &'static str {
        match (self.leading, self.candidate) {
            (true, _) => "leader",
            (_, true) => "candidate",
            _ => "follower",
        }
    }

    /// The leader, if it is known and its process answers.
    #[must_use]
    pub fn reachable(&self) -> Option<NodeId> {
        self.leader.filter(|_| self.alive)
    }

    fn of(metrics: &RaftMetrics, alive: bool) -> Self {
        let leading =
            metrics.state == ServerState::Leader && metrics.current_leader == Some(metrics.id);
        Self {
            leader: metrics.current_leader,
            alive: alive || leading,
            leading,
            candidate: metrics.state == ServerState::Candidate,
            term: metrics.current_term,
        }
    }
}

/// Starts watching; `peer_of` gives the peer address of a node. `changed` is called at each change
/// of leader.
pub fn watch_leader(
    raft: &Raft,
    peer_of: impl Fn(NodeId) -> SocketAddr + Send + Sync + 'static,
    changed: impl Fn(View) + Send + 'static,
) -> watch::Receiver<View> {
    let metrics = raft.metrics();
    let view = View::of(&metrics.borrow(), false);
    let (sender, receiver) = watch::channel(view);
    tokio::spawn(follow(metrics, sender, Arc::new(peer_of), changed));
    receiver
}

async fn follow(
    mut metrics: watch::Receiver<RaftMetrics>,
    sender: watch::Sender<View>,
    peer_of: Arc<impl Fn(NodeId) -> SocketAddr + Send + Sync + 'static>,
    changed: impl Fn(View),
) {
    let (alive_sender, mut alive) = watch::channel(true);
    let alive_sender = Arc::new(alive_sender);
    let mut watched: Option<NodeId> = None;
    let mut probe: Option<tokio::task::JoinHandle<()>> = None;
    loop {
        let view = {
            let metrics = metrics.borrow_and_update();
            let now_alive = *alive.borrow_and_update();
            View::of(&metrics, now_alive)
        };
        let mut view = view;
        let target = view.leader.filter(|_| !view.leading);
        if target != watched {
            watched = target;
            if let Some(old) = probe.take() {
                old.abort();
            }
            alive_sender.send_replace(true);
            view.alive = true;
            if let Some(leader) = target {
                probe = Some(tokio::spawn(hold(peer_of(leader), alive_sender.clone())));
            }
        }
        let before = *sender.borrow();
        if before != view {
            sender.send_replace(view);
            if before.leader != view.leader {
                changed(view);
            }
        }
        tokio::select! {
            more = metrics.changed() => if more.is_err() { return },
            more = alive.changed() => if more.is_err() { return },
        }
    }
}

/// Holds a connection to the leader, and says when none can be had.
async fn hold(peer: SocketAddr, alive: Arc<watch::Sender<bool>>) {
    loop {
        match TcpStream::connect(peer).await {
            Ok(mut stream) => {
                alive.send_if_modified(|held| !std::mem::replace(held, true));
                // Nothing is ever sent; the read ends when the process does.
                let _ = stream.read(&mut [0; 1]).await;
            }
            Err(_) => {
                alive.send_if_modified(|held| std::mem::replace(held, false));
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
