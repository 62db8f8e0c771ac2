//! Systems that fwit did not write, from Debian's packages, on free ports of this machine: a
//! three-member etcd, and Redis with two replicas behind webdis.
//!
//! Where a program is missing the test that asks is left out, and a line says so; in CI that is an
//! error.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use xtask::need;

use crate::cluster::{free_ports, read_metrics};

/// How long a system may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two questions whether it does.
const PAUSE: Duration = Duration::from_millis(50);

/// A process that ends with its value.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self(child))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn client() -> Result<reqwest::blocking::Client> {
    Ok(reqwest::blocking::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?)
}

/// Asks until there is something, for [`PATIENCE`].
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(found) = look() {
            return Ok(found);
        }
        std::thread::sleep(PAUSE);
    }
    bail!("{what}: not within {} s", PATIENCE.as_secs())
}

/// Nodes as a plan's JSON has them.
fn plan_nodes(ports: impl Iterator<Item = u16>) -> Value {
    let node = |(i, port): (usize, u16)| json!({ "name": format!("n{}", i + 1), "url": format!("http://127.0.0.1:{port}") });
    ports.enumerate().map(node).collect()
}

/// etcd, three members.
#[derive(Debug)]
pub struct Etcd {
    program: PathBuf,
    control: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    members: Vec<Option<Process>>,
    client: reqwest::blocking::Client,
}

impl Etcd {
    /// Starts three members and waits for a leader. None where etcd is missing outside CI.
    ///
    /// # Errors
    /// When it does not start, or is missing in CI.
    pub fn start() -> Result<Option<Self>> {
        let program = need::program("etcd", "apt-get install etcd-server")?;
        let control = need::program("etcdctl", "apt-get install etcd-client")?;
        let (Some(program), Some(control)) = (program, control) else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let mut etcd = Self {
            program,
            control,
            folder,
            port: free_ports(3)?,
            members: vec![],
            client: client()?,
        };
        for i in 0..3 {
            let member = etcd.member(i)?;
            etcd.members.push(Some(member));
        }
        until("a leader of etcd", || etcd.leader())?;
        Ok(Some(etcd))
    }

    fn member(&self, i: u16) -> Result<Process> {
        let client = format!("http://127.0.0.1:{}", self.port + i);
        let peer = |i: u16| format!("http://127.0.0.1:{}", self.port + 1000 + i);
        let all: Vec<String> = (0..3).map(|i| format!("n{i}={}", peer(i))).collect();
        Process::start(
            Command::new(&self.program)
                .args(["--name", &format!("n{i}")])
                .arg("--data-dir")
                .arg(self.folder.path().join(format!("n{i}")))
                .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
                .args(["--listen-peer-urls", &peer(i)])
                .args(["--initial-advertise-peer-urls", &peer(i)])
                .args(["--initial-cluster", &all.join(","), "--initial-cluster-state", "new"])
                .args(["--log-level", "error"]),
        )
    }

    fn post(&self, i: u16, path: &str) -> Option<Value> {
        let url = format!("http://127.0.0.1:{}{path}", self.port + i);
        let text = self.client.post(url).body("{}").send().ok()?.text().ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The member that says that it leads.
    pub fn leader(&self) -> Option<u16> {
        (0..3).find(|i| {
            self.post(*i, "/v3/maintenance/status").is_some_and(|status| {
                let leader = status.get("leader");
                leader.is_some() && leader == status.pointer("/header/member_id")
            })
        })
    }

    /// The nodes as a plan has them.
    pub fn nodes(&self) -> Value {
        plan_nodes(self.port..self.port + 3)
    }

    /// Requests of a gRPC method that all members handled with success. The JSON gateway is one of
    /// its clients.
    ///
    /// # Errors
    /// When a member does not answer.
    pub fn handled(&self, method: &str) -> Result<u64> {
        let mut sum = 0.0;
        for i in 0..3 {
            let url = format!("http://127.0.0.1:{}/metrics", self.port + i);
            let text = self.client.get(url).send()?.text()?;
            let ours = |name: &str| {
                name.starts_with("grpc_server_handled_total")
                    && name.contains("grpc_code=\"OK\"")
                    && name.contains(&format!("grpc_method=\"{method}\""))
            };
            let metrics = read_metrics(&text)?;
            sum += metrics.iter().filter(|(name, _)| ours(name)).map(|(_, n)| n).sum::<f64>();
        }
        Ok(sum as u64)
    }

    /// Sends SIGKILL to a member.
    pub fn kill(&mut self, i: u16) {
        self.members[usize::from(i)] = None;
    }

    /// Starts a killed member again.
    ///
    /// # Errors
    /// When its process does not start.
    pub fn restart(&mut self, i: u16) -> Result<()> {
        let member = self.member(i)?;
        self.members[usize::from(i)] = Some(member);
        Ok(())
    }

    /// What etcd's own client says.
    fn etcdctl(&self, args: &[&str]) -> Result<String> {
        let endpoints: Vec<String> =
            (0..3).map(|i| format!("127.0.0.1:{}", self.port + i)).collect();
        let output = Command::new(&self.control)
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &endpoints.join(",")])
            .args(args)
            .output()?;
        if !output.status.success() {
            bail!("etcdctl {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// All keys with a prefix, as etcd's own client reads them.
    ///
    /// # Errors
    /// When it does not work.
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let text = self.etcdctl(&["get", "--prefix", "--keys-only", prefix])?;
        Ok(text.lines().filter(|line| !line.is_empty()).map(ToString::to_string).collect())
    }

    /// Lets nobody in without a token from now on. Gives one.
    ///
    /// # Errors
    /// When it does not work.
    pub fn demand_token(&self) -> Result<String> {
        self.etcdctl(&["user", "add", "root:fwit"])?;
        self.etcdctl(&["user", "grant-role", "root", "root"])?;
        self.etcdctl(&["auth", "enable"])?;
        let url = format!("http://127.0.0.1:{}/v3/auth/authenticate", self.port);
        let body = r#"{"name":"root","password":"fwit"}"#;
        let text = self.client.post(url).body(body).send()?.text()?;
        let answer: Value = serde_json::from_str(&text)?;
        let token = answer.get("token").and_then(Value::as_str);
        Ok(token.with_context(|| format!("no token in {text}"))?.to_string())
    }
}

/// Redis, a master and two replicas, each behind a webdis.
#[derive(Debug)]
pub struct Webdis {
    port: u16,
    _processes: Vec<Process>,
    _folder: tempfile::TempDir,
    client: reqwest::blocking::Client,
}

impl Webdis {
    /// Starts all six, and waits until the replicas follow. None where a program is missing outside
    /// CI.
    ///
    /// # Errors
    /// When they don't start, or a program is missing in CI.
    pub fn start() -> Result<Option<Self>> {
        let redis = need::program("redis-server", "apt-get install redis-server")?;
        let webdis = need::program("webdis", "apt-get install webdis")?;
        let (Some(redis), Some(webdis)) = (redis, webdis) else { return Ok(None) };
        let (folder, port) = (tempfile::tempdir()?, free_ports(3)?);
        let mut processes = Vec::new();
        for i in 0..3 {
            processes.push(redis_server(&redis, folder.path(), port, i)?);
            let config = folder.path().join(format!("webdis{i}.json"));
            let settings = json!({
                "redis_host": "127.0.0.1", "redis_port": port + 1000 + i,
                "http_host": "127.0.0.1", "http_port": port + i,
                "threads": 2, "pool_size": 20, "daemonize": false, "websockets": true,
                "database": 0, "verbosity": 0,
                "logfile": folder.path().join(format!("webdis{i}.log")),
            });
            std::fs::write(&config, settings.to_string())?;
        }
        let this = Self { port, _processes: processes, _folder: folder, client: client()? };
        // webdis connects when it starts.
        let listens =
            |i: u16| std::net::TcpStream::connect(("127.0.0.1", this.port + 1000 + i)).ok();
        for i in 0..3 {
            until("redis", || listens(i))?;
        }
        let mut this = this;
        for i in 0..3 {
            let config = this._folder.path().join(format!("webdis{i}.json"));
            this._processes.push(Process::start(Command::new(&webdis).arg(config))?);
        }
        until("a replica's link", || {
            let linked =
                |i| this.get(i, "/ROLE").is_some_and(|r| r.to_string().contains("connected"));
            (linked(1) && linked(2) && this.get(0, "/ROLE").is_some()).then_some(())
        })?;
        Ok(Some(this))
    }

    /// The answer of a node's webdis.
    pub fn get(&self, i: u16, path: &str) -> Option<Value> {
        let url = format!("http://127.0.0.1:{}{path}", self.port + i);
        serde_json::from_str(&self.client.get(url).send().ok()?.text().ok()?).ok()
    }

    /// The nodes as a plan has them.
    pub fn nodes(&self) -> Value {
        plan_nodes(self.port..self.port + 3)
    }

    /// Makes a node the master, and the others its replicas.
    ///
    /// # Errors
    /// When one does not take it.
    pub fn fail_over(&self, to: u16) -> Result<()> {
        self.get(to, "/REPLICAOF/NO/ONE").context("no answer to REPLICAOF NO ONE")?;
        let of = format!("/REPLICAOF/127%2e0%2e0%2e1/{}", self.port + 1000 + to);
        for i in (0..3).filter(|i| *i != to) {
            self.get(i, &of).with_context(|| format!("no answer to {of}"))?;
        }
        Ok(())
    }

    /// What a node says that it is: `master`, `slave`.
    pub fn role(&self, i: u16) -> Option<String> {
        Some(self.get(i, "/ROLE")?.pointer("/ROLE/0")?.as_str()?.to_string())
    }
}

fn redis_server(program: &Path, folder: &Path, port: u16, i: u16) -> Result<Process> {
    let own = folder.join(format!("redis{i}"));
    std::fs::create_dir_all(&own)?;
    let mut command = Command::new(program);
    command.args(["--port", &(port + 1000 + i).to_string(), "--bind", "127.0.0.1"]);
    command.arg("--dir").arg(own).args(["--save", "", "--appendonly", "no"]);
    if i > 0 {
        command.args(["--replicaof", "127.0.0.1", &(port + 1000).to_string()]);
    }
    Process::start(&mut command)
}
