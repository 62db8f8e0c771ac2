//! The command line, and the addresses and delays that follow from it.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::raft::NodeId;

/// The environment variable by which the key reaches a node without standing in the process list.
pub const API_KEY_ENV: &str = "FWIT_CLUSTER_API_KEY";

/// A local Raft cluster that speaks insi's HTTP protocol.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Start a whole cluster and keep it running in the foreground.
    Up(Box<UpFlags>),
    /// Run one node in the foreground, with the same flags as `up`; also brings back a node that
    /// was killed.
    Node(Box<NodeFlags>),
    /// Serve a built page on 127.0.0.1 and [::1], and print `page: ORIGIN`.
    Page(PageFlags),
    /// Say for each node who it is, what its role is and whom it takes for the leader.
    Status(StatusFlags),
    /// The node stops answering clients and peers, until `resume`.
    Pause(Target),
    /// The node answers again.
    Resume(Target),
    /// The leader hands its leadership to another node.
    StepDown(Target),
    /// The node aborts at once.
    Crash(Target),
}

/// Flags of `up`.
#[derive(Debug, Args)]
pub struct UpFlags {
    /// What the nodes share.
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Folder for the nodes' data; left out: a new temporary folder, removed at the end.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Start a node that ended again after so many seconds, with its data.
    #[arg(long, value_parser = seconds)]
    pub restart_s: Option<f64>,
    /// Stop when standard input ends.
    #[arg(long)]
    pub exit_on_stdin_eof: bool,
}

/// Seconds up to an hour.
fn seconds(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|s| (0.0..=3_600.0).contains(s));
    value.ok_or_else(|| "it is not a number of seconds from 0 to 3600".into())
}

/// Flags of `node`.
#[derive(Debug, Args)]
pub struct NodeFlags {
    /// The node's number, from 1.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=7))]
    pub id: NodeId,
    /// What the nodes share; the same flags as were given to `up`.
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Folder for the cluster's data; the node's own is `n1`, `n2`, ... in it.
    #[arg(long)]
    pub data: PathBuf,
    /// Stop when standard input ends.
    #[arg(long)]
    pub exit_on_stdin_eof: bool,
}

/// Flags of `page`.
#[derive(Debug, Args)]
pub struct PageFlags {
    /// The folder that Trunk built.
    pub folder: PathBuf,
    /// Port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Stop when standard input ends.
    #[arg(long)]
    pub exit_on_stdin_eof: bool,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusFlags {
    /// Public port of the first node.
    #[arg(long, default_value_t = 7101)]
    pub port: u16,
    /// Number of nodes.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=7))]
    pub nodes: u8,
    /// The cluster's API key, when it has one.
    #[arg(long, env = API_KEY_ENV, hide_env_values = true)]
    pub api_key: Option<String>,
}

/// The node that a fault command speaks to.
#[derive(Debug, Args)]
pub struct Target {
    /// The node's URL, for example http://127.0.0.1:7101.
    pub node_url: String,
}

/// What a follower does with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Writes {
    /// Answers 307 with the leader's URL.
    Redirect,
    /// Passes it to the leader and its answer back.
    Forward,
}

/// What a follower does with a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reads {
    /// Answers from its own state, which may be stale.
    Local,
    /// Passes it to the leader and its answer back.
    Forward,
}

/// What all nodes of a cluster share.
#[derive(Debug, Clone, Args)]
pub struct ClusterFlags {
    /// Number of nodes, 1 to 7.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=7))]
    pub nodes: u8,
    /// Public port of the first node; the others follow it.
    #[arg(long, default_value_t = 7101)]
    pub port: u16,
    /// Peer port of the first node; left out: the public port plus 1000.
    #[arg(long)]
    pub peer_port: Option<u16>,
    /// What a follower does with a write.
    #[arg(long, value_enum, default_value_t = Writes::Redirect)]
    pub writes: Writes,
    /// What a follower does with a read.
    #[arg(long, value_enum, default_value_t = Reads::Local)]
    pub reads: Reads,
    /// Demand this key of every client.
    #[arg(long, env = API_KEY_ENV, hide_env_values = true)]
    pub api_key: Option<String>,
    /// Data operations a second that a key may do at each node; 0: no limit.
    #[arg(long, default_value_t = 0)]
    pub rate: u32,
    /// Events a second that a key may publish at each node; 0: no limit.
    #[arg(long, default_value_t = 0)]
    pub event_rate: u32,
    /// One way between two nodes, in milliseconds.
    #[arg(long, default_value = "0", value_parser = millis)]
    pub hop_ms: f64,
    /// Round trip between a client and each node, in milliseconds: `a,b,c`; half of it passes
    /// before the node sees the request, half after. Nodes left out have 0.
    #[arg(long, value_delimiter = ',', value_parser = millis)]
    pub client_ms: Vec<f64>,
    /// How long a read occupies a node's one server, in milliseconds.
    #[arg(long, default_value = "0", value_parser = millis)]
    pub read_ms: f64,
    /// How long a write occupies a node's one server, in milliseconds.
    #[arg(long, default_value = "0", value_parser = millis)]
    pub write_ms: f64,
    /// What a redirect costs at the follower, in milliseconds.
    #[arg(long, default_value = "0", value_parser = millis)]
    pub redirect_ms: f64,
    /// How long a write may wait for a majority, in milliseconds, before it is answered 500.
    #[arg(long, default_value = "3000", value_parser = millis)]
    pub write_timeout_ms: f64,
    /// Offer POST /fault/pause, resume, step-down and crash.
    #[arg(long)]
    pub faults: bool,
    /// The origin whose pages may use /fault, for example http://127.0.0.1:8080.
    #[arg(long)]
    pub page_origin: Option<String>,
    /// A further name by which clients may call the nodes; loopback names always may.
    #[arg(long)]
    pub allow_host: Vec<String>,
}

/// Parses a delay in milliseconds.
fn millis(text: &str) -> Result<f64, String> {
    let value: f64 =
        text.parse().map_err(|_| format!("{text:?} is not a number of milliseconds"))?;
    if (0.0..=60_000.0).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{text} is not within 0 and 60000 ms"))
    }
}

impl ClusterFlags {
    /// Checks what single flags cannot.
    ///
    /// # Errors
    /// When ports run out of range or into each other, or there are more client delays than nodes.
    pub fn check(&self) -> anyhow::Result<()> {
        let nodes = u16::from(self.nodes);
        let peer = self.first_peer_port()?;
        for (flag, first) in [("--port", self.port), ("--peer-port", peer)] {
            anyhow::ensure!(first > 0, "{flag} must not be 0; choose a free port");
            anyhow::ensure!(
                first.checked_add(nodes - 1).is_some(),
                "{flag} {first}: too high for {nodes} nodes"
            );
        }
        anyhow::ensure!(
            self.port.abs_diff(peer) >= nodes,
            "public ports from {} and peer ports from {peer} overlap; use --peer-port",
            self.port
        );
        anyhow::ensure!(
            self.client_ms.len() <= usize::from(self.nodes),
            "--client-ms has {} values for {nodes} nodes",
            self.client_ms.len()
        );
        Ok(())
    }

    /// The first peer port.
    ///
    /// # Errors
    /// When the public port plus 1000 is no port.
    pub fn first_peer_port(&self) -> anyhow::Result<u16> {
        self.peer_port.or_else(|| self.port.checked_add(1000)).ok_or_else(|| {
            anyhow::anyhow!("--port {} leaves no room for peer ports; use --peer-port", self.port)
        })
    }

    /// The numbers of the nodes.
    pub fn ids(&self) -> std::ops::RangeInclusive<NodeId> {
        1..=NodeId::from(self.nodes)
    }

    /// A node's public port.
    #[must_use]
    pub fn public_port(&self, id: NodeId) -> u16 {
        self.port + offset(id)
    }

    /// A node's public URL.
    #[must_use]
    pub fn url(&self, id: NodeId) -> String {
        format!("http://127.0.0.1:{}", self.public_port(id))
    }

    /// A node's peer address.
    ///
    /// # Errors
    /// As [`Self::first_peer_port`].
    pub fn peer_address(&self, id: NodeId) -> anyhow::Result<SocketAddr> {
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, self.first_peer_port()? + offset(id))))
    }

    /// Half of the round trip between a client and the node.
    #[must_use]
    pub fn client_half(&self, id: NodeId) -> Duration {
        time(self.client_ms.get(usize::from(offset(id))).copied().unwrap_or(0.0)) / 2
    }

    /// The flags again, as arguments for a node; the key goes by [`API_KEY_ENV`].
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<String> = vec![
            format!("--nodes={}", self.nodes),
            format!("--port={}", self.port),
            format!(
                "--writes={}",
                if self.writes == Writes::Redirect { "redirect" } else { "forward" }
            ),
            format!("--reads={}", if self.reads == Reads::Local { "local" } else { "forward" }),
            format!("--rate={}", self.rate),
            format!("--event-rate={}", self.event_rate),
            format!("--hop-ms={}", self.hop_ms),
            format!("--read-ms={}", self.read_ms),
            format!("--write-ms={}", self.write_ms),
            format!("--redirect-ms={}", self.redirect_ms),
            format!("--write-timeout-ms={}", self.write_timeout_ms),
        ];
        args.extend(self.peer_port.map(|port| format!("--peer-port={port}")));
        args.extend(self.client_ms.iter().map(|ms| format!("--client-ms={ms}")));
        args.extend(self.faults.then(|| "--faults".to_owned()));
        args.extend(self.page_origin.iter().map(|origin| format!("--page-origin={origin}")));
        args.extend(self.allow_host.iter().map(|host| format!("--allow-host={host}")));
        args.into_iter().map(OsString::from).collect()
    }
}

/// Milliseconds as a [`Duration`].
#[must_use]
pub fn time(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}

fn offset(id: NodeId) -> u16 {
    // Numbers of nodes are 1 to 7.
    u16::try_from(id.saturating_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(args: &[&str]) -> UpFlags {
        let cli = Cli::parse_from(["fwit-cluster", "up"].iter().chain(args));
        match cli.task {
            Task::Up(flags) => *flags,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_flags_survive_the_way_to_a_node() {
        let flags = up(&[
            "--nodes=5",
            "--client-ms=1,2.5,0",
            "--writes=forward",
            "--reads=forward",
            "--faults",
            "--rate=7",
            "--page-origin=http://p",
            "--allow-host=a",
            "--allow-host=b",
            "--hop-ms=0.25",
            "--peer-port=9000",
        ]);
        let args: Vec<String> =
            flags.cluster.to_args().into_iter().map(|a| a.into_string().unwrap()).collect();
        let again = up(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(format!("{:?}", flags.cluster), format!("{:?}", again.cluster));
    }

    #[test]
    fn ports_that_collide_are_refused() {
        assert!(up(&[]).cluster.check().is_ok());
        assert!(
            up(&["--peer-port=7102"]).cluster.check().unwrap_err().to_string().contains("overlap")
        );
        assert!(
            up(&["--port=65000"]).cluster.check().unwrap_err().to_string().contains("--peer-port")
        );
        assert!(
            up(&["--client-ms=1,2,3,4"])
                .cluster
                .check()
                .unwrap_err()
                .to_string()
                .contains("4 values")
        );
    }
}
