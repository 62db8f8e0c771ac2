//! `node`: takes the node's ports, starts the node, and serves it until it is told to stop.

use std::time::Duration;

use crate::flags::NodeFlags;
use crate::node::Node;
use crate::{http, listen};

/// Runs a node until it is told to stop.
///
/// # Errors
/// When a port is taken, the data folder cannot be used, or consensus does not start.
pub async fn run(flags: Box<NodeFlags>) -> anyhow::Result<()> {
    flags.cluster.check()?;
    let nodes = flags.cluster.nodes;
    anyhow::ensure!(
        flags.cluster.ids().contains(&flags.id),
        "--id {} is not one of {nodes} nodes",
        flags.id
    );
    let peers = listen::one(flags.cluster.peer_address(flags.id)?).await?;
    let public = listen::both(flags.cluster.public_port(flags.id)).await?;
    let node = Node::start(&flags).await?;
    tokio::spawn(listen::serve(peers, http::peers(&node)));
    node.join().await?;
    for listener in public {
        tokio::spawn(listen::serve(listener, http::public(&node)));
    }
    listen::stopped(flags.exit_on_stdin_eof).await?;
    // What is acknowledged is on disk; a shutdown only ends sooner what a kill would end too.
    let _ = tokio::time::timeout(Duration::from_secs(2), node.raft.shutdown()).await;
    Ok(())
}
