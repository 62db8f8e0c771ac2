//! Who leads, as far as this node can tell, and whether that leader's process is there.
//!
//! Raft learns of a dead leader by its silence, a second or so late. A TCP connection to the
//! leader's peer port tells at once: a killed process closes it, and a new one is refused. Clients
//! get 502 from then on instead of a wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// The leader of the current term, when one is known; this node only while it leads.
    pub leader: Option<NodeId>,
    /// False once the leader's process is found to be gone.
    pub alive: bool,
    /// This node leads.
    pub leading: bool,
    /// This node leads, and a majority follows.
    pub followed: bool,
    /// This node asks for votes.
    pub candidate: bool,
    /// This node's own consensus has ended: its storage failed, or it is being stopped.
    pub stopped: bool,
    /// The current term.
    pub term: u64,
}

impl View {
    /// `leader`, `follower`, `candidate` or `stopped`.
    #[must_use]
    pub fn role(&self) -> &'static str {
        match self {
            Self { stopped: true, .. } => "stopped",
            Self { leading: true, .. } => "leader",
            Self { candidate: true, .. } => "candidate",
            _ => "follower",
        }
    }

    /// The leader, if it is known and its process answers.
    #[must_use]
    pub fn reachable(&self) -> Option<NodeId> {
        self.leader.filter(|_| self.alive)
    }

    /// `alive`: what is known of the leader's process; `silence`: how long a majority has been
    /// silent, should this node lead; `patience`: how long it may be.
    fn of(metrics: &RaftMetrics, alive: bool, silence: Duration, patience: Duration) -> Self {
        if metrics.running_state.is_err() {
            return Self::stopped(metrics.current_term);
        }
        let leading = leads(metrics);
        Self {
            // Raft names the node that has its vote, which may be itself long after it led.
            leader: metrics.current_leader.filter(|id| leading || *id != metrics.id),
            alive: alive || leading,
            leading,
            followed: leading && silence <= patience,
            candidate: metrics.state == ServerState::Candidate,
            stopped: false,
            term: metrics.current_term,
        }
    }

    /// Of a node whose consensus has ended in `term`: it no longer learns who leads.
    fn stopped(term: u64) -> Self {
        Self { stopped: true, term, ..Self::default() }
    }
}

fn leads(metrics: &RaftMetrics) -> bool {
    metrics.state == ServerState::Leader && metrics.current_leader == Some(metrics.id)
}

/// Since when this node leads, for as long as no majority has answered it.
#[derive(Debug, Default)]
struct Reign(Option<(u64, Instant)>);

impl Reign {
    /// How long a majority has been silent at `now`; zero where this node does not lead.
    fn silence(&mut self, metrics: &RaftMetrics, now: Instant) -> Duration {
        if !leads(metrics) {
            self.0 = None;
            return Duration::ZERO;
        }
        let begun = self.0.filter(|(term, _)| *term == metrics.current_term);
        let (_, since) = *self.0.insert(begun.unwrap_or((metrics.current_term, now)));
        metrics.millis_since_quorum_ack.map_or_else(|| now - since, Duration::from_millis)
    }
}

/// Starts watching. A leader counts as followed for as long as its followers take to elect another:
/// they keep to it for one `election_timeout_max`, and stand for election after one more.
///
/// `peer_of` gives the peer address of a node. `changed` is called at each change
/// of leader.
pub fn watch_leader(
    raft: &Raft,
    peer_of: impl Fn(NodeId) -> SocketAddr + Send + Sync + 'static,
    changed: impl Fn(View) + Send + 'static,
) -> watch::Receiver<View> {
    let patience = Duration::from_millis(2 * raft.config().election_timeout_max);
    let (sender, receiver) = watch::channel(View::default());
    tokio::spawn(follow(raft.metrics(), patience, sender, Arc::new(peer_of), changed));
    receiver
}

async fn follow(
    mut metrics: watch::Receiver<RaftMetrics>,
    patience: Duration,
    sender: watch::Sender<View>,
    peer_of: Arc<impl Fn(NodeId) -> SocketAddr + Send + Sync + 'static>,
    changed: impl Fn(View),
) {
    let (alive_sender, mut alive) = watch::channel(true);
    let alive_sender = Arc::new(alive_sender);
    let mut watched: Option<NodeId> = None;
    let mut probe: Option<tokio::task::JoinHandle<()>> = None;
    let mut reign = Reign::default();
    let mut ended = false;
    loop {
        let mut view = {
            let metrics = metrics.borrow_and_update();
            let now_alive = *alive.borrow_and_update();
            let silence = reign.silence(&metrics, Instant::now());
            if ended {
                View::stopped(metrics.current_term)
            } else {
                View::of(&metrics, now_alive, silence, patience)
            }
        };
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
        if ended {
            return;
        }
        // Consensus ends without a word when it panics: then the channel does.
        ended = tokio::select! {
            more = metrics.changed() => more.is_err(),
            more = alive.changed() => more.is_err(),
        };
    }
}

/// Holds a connection to the leader, and says when none can be had.
async fn hold(peer: SocketAddr, alive: Arc<watch::Sender<bool>>) {
    loop {
        match TcpStream::connect(peer).await {
            Ok(mut stream) => {
                alive.send_if_modified(|held| !std::mem::replace(held, true));
                // Nothing is ever sent; the read ends when the process does, or when the leader
                // closes an idle connection.
                let _ = stream.read(&mut [0; 1]).await;
            }
            Err(_) => {
                alive.send_if_modified(|held| std::mem::replace(held, false));
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use openraft::error::Fatal;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// Node 1 in term 3, whose vote `leader` has.
    fn metrics(state: ServerState, leader: Option<NodeId>) -> RaftMetrics {
        let mut metrics = RaftMetrics::new_initial(1);
        (metrics.state, metrics.current_leader, metrics.current_term) = (state, leader, 3);
        metrics
    }

    fn view(metrics: &RaftMetrics) -> View {
        View::of(metrics, true, Duration::ZERO, PATIENCE)
    }

    #[test]
    fn a_node_names_itself_only_while_it_leads() {
        use ServerState::{Candidate, Follower, Leader, Learner, Shutdown};
        for state in [Candidate, Follower, Leader, Learner, Shutdown] {
            let own = view(&metrics(state, Some(1)));
            assert_eq!(own.leader, (state == Leader).then_some(1), "{state:?}");
            assert_eq!(own.leading, state == Leader);
            let other = view(&metrics(state, Some(2)));
            assert_eq!(other.leader, Some(2), "{state:?}");
            assert!(!other.leading);
        }
    }

    #[test]
    fn stopped_consensus_has_no_leader() {
        for (state, leader) in [(ServerState::Shutdown, 1), (ServerState::Leader, 1)] {
            let mut metrics = metrics(state, Some(leader));
            metrics.running_state = Err(Fatal::Panicked);
            let view = view(&metrics);
            assert_eq!(view, View { stopped: true, term: 3, ..View::default() });
            assert_eq!((view.role(), view.reachable()), ("stopped", None));
        }
    }

    #[test]
    fn a_leader_is_followed_until_a_majority_is_silent_for_too_long() {
        let mut leading = metrics(ServerState::Leader, Some(1));
        let (mut reign, start) = (Reign::default(), Instant::now());
        let mut followed = |metrics: &RaftMetrics, after: Duration| {
            let silence = reign.silence(metrics, start + after);
            View::of(metrics, true, silence, PATIENCE).followed
        };
        // No majority has answered yet: since the reign began.
        assert!(followed(&leading, Duration::ZERO));
        assert!(followed(&leading, PATIENCE));
        assert!(!followed(&leading, PATIENCE * 2));
        leading.millis_since_quorum_ack = Some(1000);
        assert!(followed(&leading, PATIENCE * 3));
        leading.millis_since_quorum_ack = Some(1001);
        assert!(!followed(&leading, PATIENCE * 3));
        // Elected again, it is given time anew.
        (leading.millis_since_quorum_ack, leading.current_term) = (None, 4);
        assert!(followed(&leading, PATIENCE * 4));
        assert!(!followed(&metrics(ServerState::Follower, Some(2)), PATIENCE * 4));
    }

    /// A panic in consensus leaves no word in its metrics.
    #[tokio::test]
    async fn consensus_that_ends_without_a_word_has_stopped() {
        let (word, metrics) = watch::channel(metrics(ServerState::Leader, Some(1)));
        let (sender, mut views) = watch::channel(View::default());
        let nowhere = Arc::new(|_| SocketAddr::from(([127, 0, 0, 1], 0)));
        tokio::spawn(follow(metrics, PATIENCE, sender, nowhere, |_| {}));
        views.wait_for(|view| view.leading).await.unwrap();
        drop(word);
        views.wait_for(|view| view.stopped && view.leader.is_none()).await.unwrap();
    }
}
