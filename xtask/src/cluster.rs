//! A running local cluster: `fwit-cluster up`, and the nodes that it announces.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::service::Service;

/// A node, as the cluster announced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `n1`, `n2`, ...
    pub name: String,
    /// Base URL without a closing slash.
    pub url: String,
    /// `leader` or `follower`, when it was announced.
    pub role: String,
    /// Process id, when the cluster told it.
    pub pid: Option<u32>,
}

/// A cluster that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Cluster {
    service: Service,
    nodes: Vec<Node>,
}

impl Cluster {
    /// Starts `program up FLAGS --exit-on-stdin-eof` and waits for its `ready`.
    ///
    /// # Errors
    /// As [`Service::start`], and when the cluster announces a line that makes no sense, or no
    /// node.
    pub fn start(program: &Path, flags: &[impl AsRef<OsStr>], patience: Duration) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("up").args(flags).arg("--exit-on-stdin-eof");
        let mut told = Told::default();
        let service =
            Service::start("the cluster", &mut command, patience, |line| told.read(line))?;
        for node in &mut told.nodes {
            node.pid = told.pids.get(&node.name).copied();
        }
        Ok(Self { service, nodes: told.nodes })
    }

    /// The nodes in the order of their names.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Waits for the next line of the cluster's log, at most `patience`; false when the cluster has
    /// ended.
    pub fn watch(&mut self, patience: Duration, on_line: impl FnOnce(&str)) -> bool {
        self.service.watch(patience, on_line)
    }

    /// The last lines of the cluster's log.
    pub fn log(&mut self) -> String {
        self.service.log()
    }

    /// Stops the cluster and waits for its end.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(self) -> Result<()> {
        self.service.stop()
    }
}

/// What the cluster has announced so far.
#[derive(Default)]
struct Told {
    nodes: Vec<Node>,
    pids: BTreeMap<String, u32>,
}

impl Told {
    /// Reads one line, and gives whether the cluster is ready. Lines that are no announcement are
    /// its log.
    fn read(&mut self, line: &str) -> Result<bool> {
        if let Some(rest) = line.strip_prefix("node: ") {
            let [name, url, role] = words(rest)?;
            let url = url.trim_end_matches('/').to_owned();
            self.nodes.push(Node { name: name.to_owned(), url, role: role.to_owned(), pid: None });
        } else if let Some(rest) = line.strip_prefix("pid: ") {
            let [name, pid] = words(rest)?;
            self.pids.insert(name.to_owned(), pid.parse().context("this is no process id")?);
        } else if line == "ready" && self.nodes.is_empty() {
            bail!("it announced no node");
        }
        Ok(line == "ready")
    }
}

fn words<const N: usize>(text: &str) -> Result<[&str; N]> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let found = words.len();
    words.try_into().map_err(|_| anyhow::anyhow!("expected {N} words, found {found}"))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A stand-in for the cluster's program: a shell script.
    fn script(name: &str, body: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("fwit-xtask-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("fwit-cluster");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn start(name: &str, body: &str) -> Result<Cluster> {
        let program = script(name, body);
        let started = Cluster::start(&program, &[] as &[&str], PATIENCE);
        fs::remove_dir_all(program.parent().unwrap()).unwrap();
        started
    }

    #[test]
    fn announcements_are_read_and_the_end_of_stdin_stops_it() {
        let body = "echo 'starting'; echo 'node: n1 http://127.0.0.1:1/ leader'; echo 'pid: n1 \
                    42'; echo 'node: n2 http://127.0.0.1:2 follower'; echo ready; cat > \
                    /dev/null; echo bye";
        let cluster = start("good", body).unwrap();
        let node = |name: &str, url: &str, role: &str, pid| Node {
            name: name.to_owned(),
            url: url.to_owned(),
            role: role.to_owned(),
            pid,
        };
        let expected = [
            node("n1", "http://127.0.0.1:1", "leader", Some(42)),
            node("n2", "http://127.0.0.1:2", "follower", None),
        ];
        assert_eq!(cluster.nodes(), expected);
        cluster.stop().unwrap();
    }

    #[test]
    fn an_early_end_is_told_in_the_clusters_words() {
        let error = start("early", "echo 'port 7102 is taken' >&2; exit 1").unwrap_err();
        assert!(error.to_string().contains("port 7102 is taken"), "{error}");
    }

    #[test]
    fn a_senseless_line_is_quoted() {
        let error = start("senseless", "echo 'node: n1'; cat > /dev/null").unwrap_err();
        assert!(
            format!("{error:#}").contains("`node: n1`: expected 3 words, found 1"),
            "{error:#}"
        );
    }

    #[test]
    fn a_cluster_that_is_never_ready_does_not_hang_us() {
        let program = script("slow", "echo waiting; cat > /dev/null");
        let error =
            Cluster::start(&program, &[] as &[&str], Duration::from_millis(200)).unwrap_err();
        fs::remove_dir_all(program.parent().unwrap()).unwrap();
        assert!(error.to_string().contains("was not ready"), "{error}");
    }
}
