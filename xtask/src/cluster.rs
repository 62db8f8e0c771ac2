//! A running local cluster: `fwit-cluster up`, started, understood by its lines, and stopped.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process;

/// How often a wait looks whether a signal came.
const TICK: Duration = Duration::from_millis(100);

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
    child: Child,
    /// Held open: the cluster stops when it closes, also when this process dies.
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    tail: VecDeque<String>,
    nodes: Vec<Node>,
}

impl Cluster {
    /// Starts `program up FLAGS --exit-on-stdin-eof` and waits for its `ready`.
    ///
    /// # Errors
    /// When the program is missing, ends before it is ready (with its last lines), is not ready within
    /// `patience`, announces a line that makes no sense, or a signal stops us. The cluster is stopped then.
    pub fn start(program: &Path, flags: &[impl AsRef<OsStr>], patience: Duration) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("up").args(flags).arg("--exit-on-stdin-eof");
        let name = process::describe(&command);
        let mut child =
            process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))
                .with_context(|| format!("cannot start {}", program.display()))?;
        let (sender, lines) = mpsc::channel();
        let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        if let Some(out) = out {
            process::forward_lines(out, sender.clone());
        }
        if let Some(err) = err {
            process::forward_lines(err, sender);
        }
        let mut cluster = Self { child, stdin, lines, tail: VecDeque::new(), nodes: Vec::new() };
        cluster.wait_until_ready(&name, patience)?;
        Ok(cluster)
    }

    /// The nodes in the order of their names.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Waits for the next line of the cluster's log, at most `patience`; false when the cluster has ended.
    pub fn watch(&mut self, patience: Duration, on_line: impl FnOnce(&str)) -> bool {
        match self.lines.recv_timeout(patience) {
            Ok(line) => {
                on_line(&line);
                process::keep(&mut self.tail, line);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// The last lines of the cluster's log.
    pub fn log(&mut self) -> String {
        while let Ok(line) = self.lines.try_recv() {
            process::keep(&mut self.tail, line);
        }
        Vec::from(self.tail.clone()).join("\n")
    }

    /// Stops the cluster and waits for its end.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(mut self) -> Result<()> {
        if self.end() {
            return Ok(());
        }
        bail!(
            "the cluster did not stop within {} s and was killed:\n{}",
            process::GRACE.as_secs(),
            self.log()
        )
    }

    fn end(&mut self) -> bool {
        drop(self.stdin.take());
        process::reap_or_kill(&mut self.child, process::GRACE)
    }

    fn wait_until_ready(&mut self, name: &str, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut pids = BTreeMap::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left.min(TICK)) {
                Ok(line) if line == "ready" => break,
                Ok(line) => {
                    let read = self.read(&line, &mut pids);
                    process::keep(&mut self.tail, line);
                    read?;
                }
                Err(RecvTimeoutError::Timeout) if process::stopped() => bail!("stopped"),
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(RecvTimeoutError::Timeout) => {
                    bail!("`{name}` was not ready after {} s; it said:\n{}", patience.as_secs(), self.log());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("`{name}` ended before it was ready; it said:\n{}", self.log());
                }
            }
        }
        if self.nodes.is_empty() {
            bail!("`{name}` was ready but announced no node");
        }
        for node in &mut self.nodes {
            node.pid = pids.get(&node.name).copied();
        }
        Ok(())
    }

    /// Reads one line; lines that are no announcement are the cluster's log.
    fn read(&mut self, line: &str, pids: &mut BTreeMap<String, u32>) -> Result<()> {
        if let Some(rest) = line.strip_prefix("node: ") {
            let [name, url, role] = words(rest).with_context(|| format!("the cluster said `{line}`"))?;
            let url = url.trim_end_matches('/').to_owned();
            self.nodes.push(Node { name: name.to_owned(), url, role: role.to_owned(), pid: None });
        } else if let Some(rest) = line.strip_prefix("pid: ") {
            let [name, pid] = words(rest).with_context(|| format!("the cluster said `{line}`"))?;
            let pid = pid.parse().with_context(|| format!("the cluster said `{line}`: no process id"))?;
            pids.insert(name.to_owned(), pid);
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
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
        let body = "echo 'starting'; echo 'node: n1 http://127.0.0.1:1/ leader'; echo 'pid: n1 42'; \
                    echo 'node: n2 http://127.0.0.1:2 follower'; echo ready; cat > /dev/null; echo bye";
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
        assert!(format!("{error:#}").contains("`node: n1`: expected 3 words, found 1"), "{error:#}");
    }

    #[test]
    fn a_cluster_that_is_never_ready_does_not_hang_us() {
        let program = script("slow", "echo waiting; cat > /dev/null");
        let error = Cluster::start(&program, &[] as &[&str], Duration::from_millis(200)).unwrap_err();
        fs::remove_dir_all(program.parent().unwrap()).unwrap();
        assert!(error.to_string().contains("was not ready"), "{error}");
    }
}
