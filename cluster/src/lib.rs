//! A local Raft cluster that speaks insi's HTTP protocol, for trying and testing fwit.
//!
//! | module | owns |
//! | --- | --- |
//! | `flags` | the command line and what it means: ports, delays, limits |
//! | `up` | the parent process: starts the nodes, waits for a leader, stops them |
//! | `control` | `status` and the fault commands |
//! | `page` | the built page, served beside the cluster |
//! | `serve` | one node on its two ports |
//! | `listen` | loopback ports: taken, served, and when to stop |
//! | `http` | what is asked of a node on its public port and its peer port |
//! | `node` | one node: puts the parts below together |
//! | `secret` | what the nodes of a cluster know each other by |
//! | `raft` | consensus, log, state, leader |
//! | `shape` | precise delays, the one server of a node, gates |
//! | `metrics` | what a node counts |
//!
//! Arrows: `up`, `page`, `serve` -> `listen`; `serve` -> `http` -> `node` -> `raft`, `metrics`,
//! `secret`, `shape`; `raft` -> `shape`. All may read `flags`. It imports nothing of the page: to
//! the cluster, the page is any browser.

pub mod control;
pub mod flags;
pub mod http;
pub mod listen;
pub mod metrics;
pub mod node;
pub mod page;
pub mod raft;
pub mod secret;
pub mod serve;
pub mod shape;
pub mod up;
