//! Starts `fwit-cluster up`, reads its contract lines, speaks to its nodes, and stops it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response};
use serde_json::Value;

pub const BIN: &str = env!("CARGO_BIN_EXE_fwit-cluster");
/// Ports of one cluster: public ones from the first, peer ones from the tenth.
const BLOCK: u16 = 20;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A block of free ports: below the ephemeral range, apart for each test process.
pub fn free_port() -> u16 {
    let start = 10_000 + u16::try_from(std::process::id() % 40).unwrap() * 500;
    for _ in 0..100 {
        let port = start + (NEXT.fetch_add(1, Ordering::Relaxed) % 25) * BLOCK;
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (0..BLOCK).all(|offset| free(port + offset)) {
            return port;
        }
    }
    panic!("no free block of ports from {start}");
}

#[derive(Debug, Clone)]
pub struct NodeLine {
    pub name: String,
    pub url: String,
    pub role: String,
    pub pid: i32,
}

pub struct Cluster {
    pub up: Child,
    pub stdin: Option<ChildStdin>,
    pub nodes: Vec<NodeLine>,
    pub port: u16,
    pub flags: Vec<String>,
    pub data: PathBuf,
    pub client: Client,
    extra: Vec<(Child, Option<ChildStdin>)>,
    _folder: Option<tempfile::TempDir>,
}

impl Cluster {
    /// Starts three nodes with `flags` and waits for `ready`.
    pub fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_path_buf();
        let mut cluster = Self::start_at(free_port(), &data, flags);
        cluster._folder = Some(folder);
        cluster
    }

    pub fn start_at(port: u16, data: &Path, flags: &[&str]) -> Self {
        Self::launch(Command::new(BIN), port, data, flags)
    }

    /// As [`Self::start_at`]; no file of the nodes may grow beyond `blocks` of 512 bytes, as if the
    /// disk were full then.
    pub fn start_limited(blocks: u32, port: u16, data: &Path, flags: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        // The signal would end a process that writes beyond; without it the write fails.
        let limit = "trap '' XFSZ; ulimit -f \"$0\" && exec \"$@\"";
        shell.args(["-c", limit, &blocks.to_string(), BIN]);
        Self::launch(shell, port, data, flags)
    }

    fn launch(mut command: Command, port: u16, data: &Path, flags: &[&str]) -> Self {
        await_free((port..port + 3).chain(port + 10..port + 13));
        let mut own: Vec<String> =
            vec![format!("--port={port}"), format!("--peer-port={}", port + 10)];
        own.extend(flags.iter().map(ToString::to_string));
        let mut up = command
            .arg("up")
            .args(&own)
            .arg("--data")
            .arg(data)
            .arg("--exit-on-stdin-eof")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = up.stdin.take();
        let mut pids = Vec::new();
        let mut nodes = Vec::new();
        let mut ready = false;
        for line in BufReader::new(up.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["pid:", name, pid] => pids.push(((*name).to_owned(), pid.parse().unwrap())),
                ["node:", name, url, role] => {
                    let pid = pids.iter().find(|(n, _)| n == name).expect("pid lines come first").1;
                    let (name, url, role) =
                        ((*name).to_owned(), (*url).to_owned(), (*role).to_owned());
                    nodes.push(NodeLine { name, url, role, pid });
                }
                ["ready"] => {
                    ready = true;
                    break;
                }
                other => panic!("not a line of the contract: {other:?}"),
            }
        }
        assert!(ready, "`up` ended before it was ready");
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            // Before the nodes close what is idle.
            .pool_idle_timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self {
            up,
            stdin,
            nodes,
            port,
            flags: own,
            data: data.to_path_buf(),
            client,
            extra: Vec::new(),
            _folder: None,
        }
    }

    /// Starts one node alone, as a user brings a killed one back.
    pub fn start_node(&mut self, index: usize) {
        let mut command = self.node_command(index, &self.data);
        self.run_node(index, &mut command);
    }

    /// Starts one node with a data folder of its own: the first line that it complains in.
    pub async fn start_node_in(&mut self, index: usize, data: &Path) -> String {
        let mut command = self.node_command(index, data);
        let errors = self.run_node(index, command.stderr(Stdio::piped())).stderr.take().unwrap();
        let line = tokio::task::spawn_blocking(|| BufReader::new(errors).lines().next());
        let line = tokio::time::timeout(Duration::from_secs(40), line).await.expect("it complains");
        line.unwrap().expect("it complains").unwrap()
    }

    fn node_command(&self, index: usize, data: &Path) -> Command {
        let mut command = Command::new(BIN);
        command
            .arg("node")
            .arg(format!("--id={}", index + 1))
            .args(&self.flags)
            .arg("--data")
            .arg(data)
            .arg("--exit-on-stdin-eof")
            .stdin(Stdio::piped());
        command
    }

    fn run_node(&mut self, index: usize, command: &mut Command) -> &mut Child {
        let port = self.port + u16::try_from(index).unwrap();
        await_free([port, port + 10].into_iter());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        self.nodes[index].pid = i32::try_from(child.id()).unwrap();
        self.extra.push((child, stdin));
        &mut self.extra.last_mut().unwrap().0
    }

    /// SIGKILL.
    pub fn kill(&self, index: usize) {
        let pid = rustix::process::Pid::from_raw(self.nodes[index].pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }

    pub fn url(&self, index: usize, path: &str) -> String {
        format!("{}{path}", self.nodes[index].url)
    }

    pub fn api(&self, index: usize, path: &str) -> String {
        format!("{}/db/api/v1/{path}", self.nodes[index].url)
    }

    /// A URL of the peer port.
    pub fn peer(&self, index: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port + 10 + u16::try_from(index).unwrap())
    }

    pub async fn post(&self, index: usize, path: &str, body: &Value) -> Response {
        self.client.post(self.api(index, path)).body(body.to_string()).send().await.unwrap()
    }

    pub async fn get(&self, index: usize, path: &str) -> Response {
        self.client.get(self.api(index, path)).send().await.unwrap()
    }

    /// Stores a blob, as a form of a page does.
    pub async fn put_blob(&self, index: usize, key: &str, bytes: &[u8]) -> Response {
        let mut body = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n{key}\r\n--edge\r\n\
             Content-Disposition: form-data; name=\"blob\"; filename=\"b.bin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        let request = self.client.post(self.api(index, "blob/set"));
        request
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    pub async fn options(&self, url: String) -> Response {
        self.client.request(Method::OPTIONS, url).send().await.unwrap()
    }

    pub async fn ping(&self, index: usize) -> Option<Value> {
        let request = self.client.get(self.api(index, "ping")).timeout(Duration::from_secs(1));
        request.send().await.ok()?.json().await.ok()
    }

    /// Waits until `wanted` nodes agree on a leader among them; its index.
    pub async fn leader_of(&self, wanted: &[usize]) -> usize {
        let mut leader = None;
        eventually("the nodes agree on a leader", async || {
            let mut urls = Vec::new();
            for index in wanted {
                let Some(ping) = self.ping(*index).await else { return false };
                if ping["caught_up"] != true {
                    return false;
                }
                urls.push(ping["leader_url"].as_str().unwrap().to_owned());
            }
            leader = self
                .nodes
                .iter()
                .position(|node| node.url == urls[0])
                .filter(|i| wanted.contains(i));
            leader.is_some() && urls.iter().all(|url| *url == urls[0])
        })
        .await;
        leader.unwrap()
    }

    pub async fn leader(&self) -> usize {
        self.leader_of(&(0..self.nodes.len()).collect::<Vec<_>>()).await
    }

    /// A node that does not lead.
    pub async fn follower(&self) -> usize {
        let leader = self.leader().await;
        (0..self.nodes.len()).find(|index| *index != leader).unwrap()
    }

    /// Waits until a node answers a get of `key` with `value`.
    pub async fn reads(&self, index: usize, key: &str, value: &str) {
        let wanted = serde_json::json!({ "data": value });
        eventually(&format!("{} holds {key}", self.nodes[index].name), async || {
            match self.client.get(self.api(index, &format!("get?key={key}"))).send().await {
                Ok(answer) => answer.json::<Value>().await.is_ok_and(|body| body == wanted),
                Err(_) => false,
            }
        })
        .await;
    }

    /// Reads `key` from a node that comes up until it answers, and sees it never answer with less
    /// than it should hold.
    pub async fn never_stale(&self, index: usize, key: &str, value: &str) {
        eventually(&format!("{} answers", self.nodes[index].name), async || {
            let Ok(answer) =
                self.client.get(self.api(index, &format!("get?key={key}"))).send().await
            else {
                return false;
            };
            match answer.status().as_u16() {
                503 => false,
                200 => {
                    assert_eq!(answer.text().await.unwrap(), format!("{{\"data\":\"{value}\"}}\n"));
                    true
                }
                code => panic!("{code}: the node serves before it holds what was acknowledged"),
            }
        })
        .await;
    }

    /// The value of a metric by the start of its line; 0 when the line is not there.
    pub async fn metric(&self, index: usize, line: &str) -> f64 {
        let text = self
            .client
            .get(self.url(index, "/metrics"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        text.lines()
            .find_map(|l| l.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
            .unwrap_or(0.0)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stdin.take());
        for (mut child, stdin) in self.extra.drain(..) {
            drop(stdin);
            end(&mut child);
        }
        end(&mut self.up);
    }
}

/// Waits until ports are free: nodes that were killed a moment ago may still be on their way out
/// of the kernel.
fn await_free(ports: impl Iterator<Item = u16>) {
    let start = Instant::now();
    for port in ports {
        while TcpListener::bind(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "port {port} does not become free");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Waits for a child that was told to end; kills it if it does not.
pub fn end(child: &mut Child) {
    for _ in 0..400 {
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Polls until `holds`, for as long as a loaded machine may need.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(40), "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

pub fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The time that a node says it took, in milliseconds.
pub fn handler_ms(answer: &Response) -> f64 {
    let text = header(answer, "server-timing");
    text.strip_prefix("handler;dur=")
        .unwrap_or_else(|| panic!("no Server-Timing: {text:?}"))
        .parse()
        .unwrap()
}
