//! docs/proxies.md: its configurations of nginx and Caddy, in front of etcd.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fwit_e2e::Etcd;
use fwit_e2e::cluster::free_ports;
use xtask::need;

const PAGE: &str = include_str!("../../../docs/proxies.md");
const PATIENCE: Duration = Duration::from_secs(30);

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Asked, and not killed: nginx ends its worker then. It may have ended by itself.
        if let Ok(pid) = i32::try_from(self.0.id()) {
            let _ = nix::sys::signal::kill(
                nix::unistd::Pid::from_raw(pid),
                nix::sys::signal::Signal::SIGTERM,
            );
        }
        let _ = self.0.wait();
    }
}

/// The page's configuration, with ports that are free here.
fn configuration(kind: &str, etcd: &Etcd, first: u16) -> String {
    let text = PAGE.split(&format!("```{kind}\n")).nth(1).expect("it is on the page");
    let mut text = text.split("```").next().unwrap().to_string();
    let nodes = etcd.nodes();
    for (i, (own, theirs)) in [(8101, 2379), (8102, 22379), (8103, 32379)].into_iter().enumerate() {
        let url = nodes[i]["url"].as_str().unwrap();
        let port = url.rsplit(':').next().unwrap();
        let free = first + i as u16;
        for sign in [":", " "] {
            text = text.replace(&format!("{sign}{own}"), &format!("{sign}{free}"));
        }
        text = text.replace(&format!("127.0.0.1:{theirs}"), &format!("127.0.0.1:{port}"));
    }
    text
}

fn start(command: &mut Command) -> Running {
    Running(
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(),
    )
}

/// Asks each port as a browser does, once it listens.
fn hold(first: u16) {
    let client = reqwest::blocking::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    for port in first..first + 3 {
        let url = format!("http://127.0.0.1:{port}/v3/kv/range");
        let end = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "nothing listens at {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let preflight = client
            .request(reqwest::Method::OPTIONS, &url)
            .header("Origin", "http://page.example")
            .header("Access-Control-Request-Method", "POST")
            .send()
            .unwrap();
        assert_eq!(preflight.status().as_u16(), 204);
        assert_eq!(preflight.headers()["access-control-max-age"], "86400");
        let post = |body: &'static str| {
            client.post(&url).header("Origin", "http://page.example").body(body).send().unwrap()
        };
        // A good answer, and an error.
        for (body, status) in [(r#"{"key":"YQ=="}"#, 200), ("{}", 400)] {
            let answer = post(body);
            assert_eq!(answer.status().as_u16(), status);
            for name in ["access-control-allow-origin", "timing-allow-origin"] {
                let all: Vec<_> = answer.headers().get_all(name).iter().collect();
                assert_eq!(all, ["*"], "{name} of {status} at {port}");
            }
        }
    }
}

#[test]
fn nginx_adds_what_a_page_needs() {
    let Some(nginx) = need::program("nginx", "apt-get install nginx").unwrap() else { return };
    let Some(etcd) = Etcd::start().unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let first = free_ports(3).unwrap();
    let file = written(folder.path(), "nginx.conf", &configuration("nginx", &etcd, first));
    let _running =
        start(Command::new(nginx).arg("-p").arg(folder.path()).arg("-c").arg(file).args([
            "-e",
            "stderr",
            "-g",
            "daemon off; pid nginx.pid;",
        ]));
    hold(first);
}

#[test]
fn caddy_adds_what_a_page_needs() {
    let Some(caddy) = need::program("caddy", "apt-get install caddy").unwrap() else { return };
    let Some(etcd) = Etcd::start().unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let first = free_ports(3).unwrap();
    let file = written(folder.path(), "Caddyfile", &configuration("caddy", &etcd, first));
    let _running =
        start(Command::new(caddy).args(["run", "--adapter", "caddyfile", "--config"]).arg(file));
    hold(first);
}

fn written(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
