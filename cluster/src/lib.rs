//! A local Raft cluster that speaks insi's HTTP protocol, for trying and testing fwit.
//!
//! | module | owns |
//! | --- | --- |
//! | `flags` | the command line and what it means: ports, delays, limits |
//! | `up` | the parent process: starts the nodes, waits for a leader, stops them |
//! | `control` | `status` and the fault commands |
//! | `node` | one node: puts the parts below together |
//! | `raft` | consensus, log, state, leader |
//! | `http` | the public port and the peer port |
//! | `shape` | precise delays, the one server of a node, gates |
//! | `metrics` | what a node counts |
//!
//! Arrows: `up`, `control` -> `flags`; `node` -> `http` -> `raft`, `shape`, `metrics`; `raft` -> `shape`.
//! It imports nothing of the page: the cluster is an honest foreign server.

pub mod control;
pub mod flags;
pub mod http;
pub mod metrics;
pub mod node;
pub mod raft;
pub mod shape;
pub mod up;
