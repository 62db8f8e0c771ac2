//! The built cluster on free ports: started, asked, broken.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use xtask::cluster::{Cluster as Running, Node};
use xtask::ports::check_free;

use crate::given;

/// How long the cluster may take to elect its first leader, or to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cluster of `FWIT_CLUSTER_BIN`; stops when dropped.
#[derive(Debug)]
pub struct Cluster {
    running: Running,
    client: reqwest::blocking::Client,
}

impl Cluster {
    /// Starts so many nodes on free ports, with further flags of `fwit-cluster up`.
    ///
    /// # Errors
    /// When `FWIT_CLUSTER_BIN` is not set, no ports are free, or the cluster does not become ready.
    pub fn start(nodes: u16, flags: &[&str]) -> Result<Self> {
        let program = given::path("FWIT_CLUSTER_BIN")?;
        let (port, count) = (free_ports(nodes)?.to_string(), nodes.to_string());
        let mut all = vec!["--nodes", &count, "--port", &port];
        all.extend(flags);
        let running = Running::start(&program, &all, PATIENCE)?;
        let client = reqwest::blocking::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { running, client })
    }

    /// The nodes with the roles they had at the start.
    pub fn nodes(&self) -> &[Node] {
        self.running.nodes()
    }

    /// The node that led at the start.
    ///
    /// # Errors
    /// When the cluster announced none.
    pub fn leader(&self) -> Result<&Node> {
        self.nodes()
            .iter()
            .find(|node| node.role == "leader")
            .context("the cluster announced no leader")
    }

    /// The nodes as the page's links carry them: `n1=URL,n2=URL`.
    pub fn link(&self) -> String {
        let nodes: Vec<String> =
            self.nodes().iter().map(|node| format!("{}={}", node.name, node.url)).collect();
        nodes.join(",")
    }

    /// The nodes as a plan's JSON has them.
    pub fn plan_nodes(&self) -> serde_json::Value {
        let node = |node: &Node| serde_json::json!({ "name": node.name, "url": node.url });
        self.nodes().iter().map(node).collect()
    }

    /// A node's metrics: each series, with its labels as they are printed, and its value.
    ///
    /// # Errors
    /// When the node does not answer, or with something else.
    pub fn metrics(&self, node: &Node) -> Result<BTreeMap<String, f64>> {
        let url = format!("{}/metrics", node.url);
        let answer =
            self.client.get(&url).send().and_then(|answer| answer.error_for_status()?.text());
        let text = answer.with_context(|| format!("cannot get {url}"))?;
        read_metrics(&text).with_context(|| format!("{url} has a line that is no metric"))
    }

    /// Sends SIGKILL to a node, by the process id that it was started with.
    ///
    /// # Errors
    /// When there is no such node, or its process id is unknown or gone.
    #[cfg(unix)]
    pub fn kill(&self, name: &str) -> Result<()> {
        use nix::sys::signal::{Signal, kill};
        let node = self.nodes().iter().find(|node| node.name == name);
        let pid = node
            .and_then(|node| node.pid)
            .with_context(|| format!("the cluster told no process id of {name}"))?;
        let pid = nix::unistd::Pid::from_raw(i32::try_from(pid)?);
        kill(pid, Signal::SIGKILL).with_context(|| format!("cannot kill {name}, process {pid}"))
    }

    /// Starts a node again that was killed, of a cluster that was started with these flags and with
    /// this folder as its `--data`. It ends with the returned value.
    ///
    /// # Errors
    /// When there is no such node, or its process does not start.
    pub fn restart(&self, name: &str, data: &Path, flags: &[&str]) -> Result<Restarted> {
        let first = self.nodes().first().context("the cluster has no nodes")?;
        let port = first.url.rsplit(':').next().context("a node's URL has a port")?;
        let id = name.trim_start_matches('n');
        let mut command = Command::new(given::path("FWIT_CLUSTER_BIN")?);
        command.args(["node", "--id", id, "--port", port]);
        command.args(["--nodes", &self.nodes().len().to_string()]).arg("--data").arg(data);
        command.args(flags).stdout(Stdio::null());
        let child = command.spawn().with_context(|| format!("cannot start {name} again"))?;
        Ok(Restarted(child))
    }

    /// Posts a fault (`pause`, `resume`, `step-down`) to a node; needs `--faults`.
    ///
    /// # Errors
    /// When the node does not take it.
    pub fn fault(&self, node: &Node, what: &str) -> Result<()> {
        let url = format!("{}/fault/{what}", node.url);
        self.client.post(&url).send().and_then(reqwest::blocking::Response::error_for_status)?;
        Ok(())
    }

    /// Stops the cluster.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(self) -> Result<()> {
        self.running.stop()
    }
}

/// A node that was started again; killed when dropped.
#[derive(Debug)]
pub struct Restarted(Child);

impl Restarted {
    /// Sends it SIGKILL and waits for its end.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Restarted {
    fn drop(&mut self) {
        self.end();
    }
}

/// The first of so many free ports in a row; the cluster's inner ports, 1000 higher, are free too.
///
/// # Errors
/// None are.
pub fn free_ports(nodes: u16) -> Result<u16> {
    // Below the ports that systems give to clients, and apart for test runs side by side.
    let start = 20_000 + u16::try_from(std::process::id() % 500)? * 10;
    for first in (start..28_000).step_by(10) {
        let mut ports = (first..first + nodes).chain(first + 1000..first + 1000 + nodes);
        if ports.all(|port| check_free(port).is_ok()) {
            return Ok(first);
        }
    }
    bail!("no {nodes} ports in a row are free between {start} and 28000")
}

/// Reads Prometheus' text format; a series must end in a number, and a time stamp is not expected.
pub(crate) fn read_metrics(text: &str) -> Result<BTreeMap<String, f64>> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) =
                line.rsplit_once(' ').with_context(|| format!("`{line}` has no value"))?;
            let value =
                value.parse().with_context(|| format!("`{line}` does not end in a number"))?;
            Ok((series.trim().to_owned(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_with_their_labels() {
        let text =
            "# HELP a b\n# TYPE a counter\na{route=\"set\",code=\"200\"} 12\n\nb 1.5e3\nc +Inf\n";
        let read = read_metrics(text).unwrap();
        assert_eq!(read.len(), 3);
        assert!((read["a{route=\"set\",code=\"200\"}"] - 12.0).abs() < f64::EPSILON);
        assert!((read["b"] - 1500.0).abs() < f64::EPSILON);
        assert!(
            format!("{:#}", read_metrics("<html>").unwrap_err()).contains("`<html>` has no value")
        );
        assert!(format!("{:#}", read_metrics("a b").unwrap_err()).contains("`a b`"));
    }

    #[test]
    fn ports_in_a_row_are_free() {
        let first = free_ports(3).unwrap();
        for port in [first, first + 2, first + 1000] {
            check_free(port).unwrap();
        }
    }
}
