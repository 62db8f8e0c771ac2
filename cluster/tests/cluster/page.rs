//! `page`: what a browser needs of the page's server, and what a client may not get.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::harness::{BIN, end, header};

/// A served folder, gone when dropped.
struct Site {
    folder: tempfile::TempDir,
    child: Child,
    stdin: Option<ChildStdin>,
    origin: String,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        std::fs::create_dir_all(dist.join("sub")).unwrap();
        std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(dist.join("index.html"), "<!DOCTYPE html>").unwrap();
        std::fs::write(dist.join("fwit_bg.wasm"), b"\0asm").unwrap();
        std::fs::write(dist.join("sub/a b.js"), "1").unwrap();
        let mut child = Command::new(BIN)
            .arg("page")
            .arg(&dist)
            .args(["--port=0", "--exit-on-stdin-eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.trim_end().strip_prefix("page: ").unwrap().to_owned();
        Self { folder, child, stdin, origin }
    }

    fn address(&self) -> &str {
        self.origin.strip_prefix("http://").unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// The whole answer to a request's first line, sent as it is.
    fn raw(&self, line: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stdin.take());
        end(&mut self.child);
    }
}

#[tokio::test]
async fn files_have_their_types_and_the_headers_a_measuring_page_needs() {
    let site = Site::start();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, kind, body) in [
        ("/", "text/html", "<!DOCTYPE html>"),
        ("/index.html?x=/../y", "text/html", "<!DOCTYPE html>"),
        ("/fwit_bg.wasm", "application/wasm", "\0asm"),
        ("/sub/a%20b.js", "text/javascript", "1"),
        ("/null", "text/plain; charset=utf-8", "null\n"),
    ] {
        let answer = client.get(format!("{}{path}", site.origin)).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "content-type")),
            (200, kind),
            "{path}"
        );
        assert_eq!(header(&answer, "cache-control"), "no-cache");
        assert_eq!(header(&answer, "timing-allow-origin"), "*");
        assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(&answer, "cross-origin-embedder-policy"), "credentialless");
        assert_eq!(answer.text().await.unwrap(), body, "{path}");
    }
    let head = client.head(format!("{}/fwit_bg.wasm", site.origin)).send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "4"));
    let posted = client.post(format!("{}/null", site.origin)).body("hello").send().await.unwrap();
    assert_eq!(posted.status(), 200);
    let deleted = client.delete(format!("{}/index.html", site.origin)).send().await.unwrap();
    assert_eq!(deleted.status(), 405);
    let other = site.origin.replace("127.0.0.1", "[::1]");
    assert_eq!(client.get(other).send().await.unwrap().status(), 200);
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let site = Site::start();
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sub/../../secret.txt",
        "/..%2fsecret.txt",
        "//etc/passwd",
        "/..%5csecret.txt",
        "/sub/",
        "/nothing",
    ] {
        let answer = site.raw(&format!("GET {path}"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(!answer.contains("secret"), "{path}: {answer}");
    }
}

#[test]
fn every_connection_is_answered_while_the_others_stay_open() {
    let site = Site::start();
    let mut connections: Vec<TcpStream> = (0..200).map(|_| site.connect()).collect();
    for _ in 0..2 {
        for connection in &mut connections {
            connection.write_all(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        }
        for connection in &mut connections {
            let mut lines = BufReader::with_capacity(4096, connection).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "HTTP/1.1 200 OK");
            assert!(lines.any(|line| line.unwrap().is_empty()));
        }
    }
}

#[test]
fn it_ends_with_its_standard_input_and_gives_its_port_back() {
    let mut site = Site::start();
    let address = site.address().to_owned();
    let port = address.rsplit_once(':').unwrap().1;
    let dist = site.folder.path().join("dist");
    let second = Command::new(BIN).arg("page").arg(&dist).args(["--port", port]).output().unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(
        !second.status.success() && error.contains(&format!("port {port} is taken")),
        "{error}"
    );
    drop(site.stdin.take());
    assert!(site.child.wait().unwrap().success());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_folder_without_a_page_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(BIN).arg("page").arg(folder.path()).arg("--port=0").output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && error.contains("has no index.html"), "{error}");
}
