//! Starts `fwit-gateway`, reads its contract lines, speaks to it, and stops it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};

pub const BIN: &str = env!("CARGO_BIN_EXE_fwit-gateway");
/// The variable that holds the key, and the key.
pub const VARIABLE: &str = "GATEWAY_TEST_KEY";
pub const KEY: &str = "s3cretk3y";
/// The page that may use the gateway.
pub const PAGE: &str = "https://fwit.example";

pub struct Gateway {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// What it printed before `ready`.
    pub lines: Vec<String>,
    pub client: Client,
}

impl Gateway {
    /// Starts it before nodes n1, n2 ... of these addresses, and waits for `ready`.
    pub fn start(nodes: &[&str], flags: &[&str]) -> Self {
        let names = nodes.iter().enumerate();
        let nodes: Vec<String> =
            names.map(|(index, url)| format!("--node=n{}={url}", index + 1)).collect();
        let mut child = Command::new(BIN)
            .args(nodes)
            .args(["--port=0", "--page-port=0", "--exit-on-stdin-eof", "--allow-origin", PAGE])
            .args(flags)
            .env(VARIABLE, KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut error = String::new();
                child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                panic!("it ended before it was ready: {error}");
            }
            match line.trim_end() {
                "ready" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(40))
            .build()
            .unwrap();
        Self { child, stdin, stdout, lines, client }
    }

    /// What follows `start` in one of its lines.
    pub fn said(&self, start: &str) -> &str {
        let found = self.lines.iter().find_map(|line| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("no {start:?} in {:?}", self.lines))
    }

    /// The address of a node, by its place.
    pub fn node(&self, index: usize) -> &str {
        self.said(&format!("gateway: n{} ", index + 1)).split(' ').next().unwrap()
    }

    pub fn port(&self, index: usize) -> u16 {
        let authority = self.node(index).strip_prefix("http://127.0.0.1:").unwrap();
        authority.split('/').next().unwrap().parse().unwrap()
    }

    /// A request to the first node that names no page.
    pub fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.node(0)))
    }

    /// A request of the page to the first node.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.bare(method, path).header("origin", PAGE)
    }

    /// What the page gets.
    pub async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.unwrap()
    }

    /// Ends it; all that it printed.
    pub fn stop(mut self) -> String {
        drop(self.stdin.take());
        let mut printed = self.lines.join("\n");
        self.stdout.read_to_string(&mut printed).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        assert!(self.child.wait().unwrap().success());
        printed
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.stdin.take());
        for _ in 0..400 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the program says when it refuses to start.
pub fn refused(args: &[&str]) -> String {
    let mut command = Command::new(BIN);
    let done = command.args(args).env(VARIABLE, KEY).stdin(Stdio::null()).output().unwrap();
    assert!(!done.status.success(), "{args:?} was taken");
    String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap()
}

/// Awaits what should come at once, for as long as a loaded machine may need.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(40), future).await.expect("it never came")
}

pub fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// All values of a header, as browsers join them.
pub fn all(answer: &Response, name: &str) -> String {
    let values = answer.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(", ")
}

/// The time that the gateway says the node took, in milliseconds.
pub fn upstream_ms(answer: &Response) -> f64 {
    let all = all(answer, "server-timing");
    let text = all.split(", ").find_map(|entry| entry.strip_prefix("upstream;dur="));
    let text = text.unwrap_or_else(|| panic!("no time of the node: {all:?}"));
    assert_eq!(text.split_once('.').unwrap().1.len(), 3, "{text}");
    text.parse().unwrap()
}

/// Whether a page can read the answer and its times.
pub fn readable(answer: &Response, what: &str) {
    assert_eq!(all(answer, "access-control-allow-origin"), PAGE, "{what}");
    assert_eq!(all(answer, "timing-allow-origin"), PAGE, "{what}");
    assert!(all(answer, "vary").split(", ").any(|name| name == "Origin"), "{what}");
    let exposed = all(answer, "access-control-expose-headers");
    for name in ["Fwit-Leader", "Server-Timing", "*"] {
        assert!(exposed.split(", ").any(|e| e == name), "{what}: {exposed}");
    }
    assert!(upstream_ms(answer) >= 0.0, "{what}");
    assert!(!header(answer, "cache-control").is_empty(), "{what}");
    assert!(!format!("{:?}", answer.headers()).contains(KEY), "{what}: {answer:?}");
}
