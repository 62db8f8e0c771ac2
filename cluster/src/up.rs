//! `up`: starts the nodes as processes of their own, waits until they serve, and stops them at the
//! end.
//!
//! A node ends when its standard input does. The other end of that pipe is here, so nodes end with
//! this process, however it ends.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::process::{Child, ChildStdin, Command};

use crate::control::{self, Ping};
use crate::flags::{API_KEY_ENV, ClusterFlags, UpFlags};
use crate::listen::{stopped, taken};
use crate::raft::NodeId;

/// How long the nodes may take to find a leader.
const START: Duration = Duration::from_secs(30);
/// How long they may take to stop before they are killed.
const STOP: Duration = Duration::from_secs(5);

/// Runs a cluster until it is told to stop.
///
/// # Errors
/// When a port is taken, a node does not come up, or the data folder cannot be used.
pub async fn run(flags: Box<UpFlags>) -> anyhow::Result<()> {
    flags.cluster.check()?;
    ports_free(&flags.cluster)?;
    let temporary = match flags.data {
        None => Some(tempfile::Builder::new().prefix("fwit-cluster-").tempdir()?),
        Some(_) => None,
    };
    let data = match (&flags.data, &temporary) {
        (Some(data), _) => data.as_path(),
        (None, Some(folder)) => folder.path(),
        (None, None) => anyhow::bail!("no data folder"),
    };
    let (mut nodes, mut pipes) = (Vec::new(), Vec::new());
    for id in flags.cluster.ids() {
        let mut child = start(&flags.cluster, id, data)?;
        // Kept apart: waiting for a child closes its standard input.
        pipes.push(child.stdin.take());
        nodes.push((id, child));
    }
    let stop = stopped(flags.exit_on_stdin_eof);
    tokio::pin!(stop);
    let started = tokio::select! {
        started = ready(&flags.cluster, &mut nodes) => started.map(Some),
        stopped = &mut stop => stopped.map(|()| None),
    };
    let result = match started {
        Ok(Some(pings)) => {
            announce(&flags.cluster, &nodes, &pings)?;
            tokio::select! {
                () = watch_ends(&flags, data, &mut nodes, &mut pipes) => Ok(()),
                stopped = &mut stop => stopped,
            }
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    stop_all(nodes, pipes).await;
    result
}

/// Says before anything starts which port cannot be had.
fn ports_free(cluster: &ClusterFlags) -> anyhow::Result<()> {
    for id in cluster.ids() {
        let public = cluster.public_port(id);
        for port in [public, cluster.peer_address(id)?.port()] {
            anyhow::ensure!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(), taken(port));
        }
        if let Err(error) = TcpListener::bind((Ipv6Addr::LOCALHOST, public)) {
            anyhow::ensure!(error.kind() != std::io::ErrorKind::AddrInUse, taken(public));
        }
    }
    Ok(())
}

fn start(cluster: &ClusterFlags, id: NodeId, data: &Path) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("node")
        .arg(format!("--id={id}"))
        .arg("--exit-on-stdin-eof")
        .arg("--data")
        .arg(data);
    command.args(cluster.to_args()).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    match &cluster.api_key {
        Some(key) => command.env(API_KEY_ENV, key),
        None => command.env_remove(API_KEY_ENV),
    };
    command.spawn().with_context(|| format!("cannot start n{id}"))
}

/// Waits until all nodes agree on a leader and hold what it holds.
async fn ready(cluster: &ClusterFlags, nodes: &mut [(NodeId, Child)]) -> anyhow::Result<Vec<Ping>> {
    let client = control::client()?;
    let until = tokio::time::Instant::now() + START;
    loop {
        for (id, child) in nodes.iter_mut() {
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("n{id} stopped while starting ({status})");
            }
        }
        let asked = cluster
            .ids()
            .map(|id| control::ping(&client, cluster.url(id), cluster.api_key.as_deref()));
        let pings: Vec<_> =
            futures_util::future::join_all(asked).await.into_iter().flatten().collect();
        let first = pings.first().map(|ping| ping.leader_url.clone()).unwrap_or_default();
        let agreed = pings.iter().all(|ping| ping.caught_up && ping.leader_url == first);
        if pings.len() == nodes.len() && agreed && !first.is_empty() {
            return Ok(pings);
        }
        anyhow::ensure!(
            tokio::time::Instant::now() < until,
            "the nodes found no leader within {} s ({} of {} answer)",
            START.as_secs(),
            pings.len(),
            nodes.len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn announce(
    cluster: &ClusterFlags,
    nodes: &[(NodeId, Child)],
    pings: &[Ping],
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for (id, child) in nodes {
        writeln!(out, "pid: n{id} {}", child.id().unwrap_or(0))?;
    }
    for ((id, _), ping) in nodes.iter().zip(pings) {
        writeln!(out, "node: n{id} {} {}", cluster.url(*id), ping.role)?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    Ok(())
}

/// Tells of nodes that end, and starts them again where that is wanted, for as long as it is
/// polled.
async fn watch_ends(
    flags: &UpFlags,
    data: &Path,
    nodes: &mut [(NodeId, Child)],
    pipes: &mut [Option<ChildStdin>],
) {
    let ends = nodes.iter_mut().zip(pipes).map(|((id, child), pipe)| async move {
        loop {
            match child.wait().await {
                Ok(status) => eprintln!("fwit-cluster: n{id} ended ({status})"),
                Err(error) => return eprintln!("fwit-cluster: n{id}: {error}"),
            }
            let Some(seconds) = flags.restart_s else {
                return eprintln!("fwit-cluster: `fwit-cluster node --id {id} ...` brings it back");
            };
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            match start(&flags.cluster, *id, data) {
                Ok(mut again) => {
                    *pipe = again.stdin.take();
                    *child = again;
                    eprintln!("fwit-cluster: n{id} starts again");
                }
                Err(error) => return eprintln!("fwit-cluster: n{id}: {error:#}"),
            }
        }
    });
    futures_util::future::join_all(ends).await;
    std::future::pending::<()>().await;
}

async fn stop_all(mut nodes: Vec<(NodeId, Child)>, pipes: Vec<Option<ChildStdin>>) {
    drop(pipes);
    for (id, child) in &mut nodes {
        if tokio::time::timeout(STOP, child.wait()).await.is_err() {
            eprintln!("fwit-cluster: n{id} did not stop; killed");
            // It may have ended meanwhile.
            let _ = child.kill().await;
        }
    }
}
