//! Consensus: openraft over a redb log, the replicated state, and what a node knows of its leader.
//!
//! May not enter: the public protocol, CORS, shaping of client traffic (`http`).
//! Invariant: a command is acknowledged only after a majority has it on disk and this node has
//! applied it.
//! Tests: beside the code; with real processes in `cluster/tests`.

pub mod batch;
pub mod leader;
pub mod log;
pub mod machine;
pub mod network;
pub mod state;

use self::state::{Command, Outcome};

/// A node's number, from 1.
pub type NodeId = u64;

/// The batch of commands that one log entry holds; see [`batch`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Batch(pub Vec<Command>);

/// The outcome of each command of a [`Batch`], in its order; empty for entries that hold none.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Outcomes(pub Vec<Outcome>);

openraft::declare_raft_types!(
    /// The types that openraft is used with here.
    pub TypeConfig:
        D = Batch,
        R = Outcomes,
        NodeId = NodeId,
        Node = openraft::BasicNode,
        SnapshotData = std::io::Cursor<Vec<u8>>,
);

/// openraft's handle, with our types.
pub type Raft = openraft::Raft<TypeConfig>;
/// openraft's metrics, with our types.
pub type RaftMetrics = openraft::RaftMetrics<NodeId, openraft::BasicNode>;
