//! Raft's messages to other nodes: postcard bodies in HTTP POSTs to the peer port, with the hop of
//! the shape.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use openraft::error::{
    InstallSnapshotError, NetworkError, RPCError, RaftError, RemoteError, Unreachable,
};
use openraft::network::{Backoff, RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse,
    VoteRequest, VoteResponse,
};
use openraft::{AnyError, BasicNode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{NodeId, TypeConfig};
use crate::shape::{Gate, Timer};

/// Paths of the peer port that Raft's messages go to.
pub const APPEND: &str = "/raft/append";
/// See [`APPEND`].
pub const VOTE: &str = "/raft/vote";
/// See [`APPEND`].
pub const SNAPSHOT: &str = "/raft/snapshot";
/// The path that asks a node to stand for election.
pub const ELECT: &str = "/raft/elect";
/// The path that tells the log index up to which a node must have applied to hold all that is
/// acknowledged; 503 off the leader.
pub const READ_INDEX: &str = "/raft/read-index";

/// What is needed to reach any node; clones share the connections.
#[derive(Debug, Clone)]
pub struct Peers {
    /// Pooled connections; each request by them carries the cluster's secret.
    pub client: reqwest::Client,
    /// One way between two nodes.
    pub hop: Duration,
    /// Precise waits.
    pub timer: Timer,
    /// Closed while the node is paused.
    pub gate: Gate,
    /// Closed while the node gives its leadership away: it then sends no entries.
    pub quiet: Gate,
    /// Peer addresses, node 1 first.
    pub addresses: Arc<[SocketAddr]>,
}

impl Peers {
    /// The peer address of a node. Unknown numbers give an address that refuses.
    #[must_use]
    pub fn address(&self, node: NodeId) -> SocketAddr {
        usize::try_from(node)
            .ok()
            .and_then(|number| self.addresses.get(number.checked_sub(1)?))
            .copied()
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

impl RaftNetworkFactory<TypeConfig> for Peers {
    type Network = Connection;

    async fn new_client(&mut self, target: NodeId, _: &BasicNode) -> Connection {
        Connection { target, peers: self.clone() }
    }
}

/// The way to one other node.
#[derive(Debug)]
pub struct Connection {
    target: NodeId,
    peers: Peers,
}

type Sent<T, E> = Result<T, RPCError<NodeId, BasicNode, E>>;

impl Connection {
    async fn call<T, E>(&self, path: &str, message: &impl Serialize, within: Duration) -> Sent<T, E>
    where
        T: DeserializeOwned,
        E: std::error::Error + DeserializeOwned + Debug + 'static,
    {
        self.peers.gate.open().await;
        let body = postcard::to_stdvec(message).map_err(|e| network(&e))?;
        self.peers.timer.wait(self.peers.hop).await;
        let url = format!("http://{}{path}", self.peers.address(self.target));
        let answer = self.peers.client.post(url).timeout(within).body(body).send().await;
        let answer = answer.map_err(|e| {
            if e.is_connect() { RPCError::Unreachable(Unreachable::new(&e)) } else { network(&e) }
        })?;
        if !answer.status().is_success() {
            return Err(network(&AnyError::error(format!("peer answered {}", answer.status()))));
        }
        let bytes = answer.bytes().await.map_err(|e| network(&e))?;
        self.peers.timer.wait(self.peers.hop).await;
        self.peers.gate.open().await;
        let result: Result<T, E> = postcard::from_bytes(&bytes).map_err(|e| network(&e))?;
        result.map_err(|e| RPCError::RemoteError(RemoteError::new(self.target, e)))
    }
}

fn network<E: std::error::Error>(
    error: &(impl std::error::Error + 'static),
) -> RPCError<NodeId, BasicNode, E> {
    RPCError::Network(NetworkError::new(error))
}

impl RaftNetwork<TypeConfig> for Connection {
    async fn append_entries(
        &mut self,
        message: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Sent<AppendEntriesResponse<NodeId>, RaftError<NodeId>> {
        self.peers.quiet.open().await;
        self.call(APPEND, &message, option.hard_ttl()).await
    }

    async fn install_snapshot(
        &mut self,
        message: InstallSnapshotRequest<TypeConfig>,
        option: RPCOption,
    ) -> Sent<InstallSnapshotResponse<NodeId>, RaftError<NodeId, InstallSnapshotError>> {
        self.call(SNAPSHOT, &message, option.hard_ttl()).await
    }

    async fn vote(
        &mut self,
        message: VoteRequest<NodeId>,
        option: RPCOption,
    ) -> Sent<VoteResponse<NodeId>, RaftError<NodeId>> {
        self.call(VOTE, &message, option.hard_ttl()).await
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(std::iter::repeat(Duration::from_millis(100)))
    }
}
