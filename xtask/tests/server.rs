//! The page's server over real sockets: what a browser needs of it, and what a hostile client may not get.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use xtask::server::{Server, Taken, check_free};

/// A served folder in the system's temporary folder, gone when dropped.
struct Site {
    folder: PathBuf,
    server: Server,
    port: u16,
}

impl Site {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("fwit-server-{}-{name}", std::process::id()));
        let dist = folder.join("dist");
        fs::create_dir_all(dist.join("sub")).unwrap();
        fs::write(folder.join("secret.txt"), "secret").unwrap();
        fs::write(dist.join("index.html"), "<!DOCTYPE html>").unwrap();
        fs::write(dist.join("fwit_bg.wasm"), b"\0asm").unwrap();
        fs::write(dist.join("sub/a b.js"), "1").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.join("secret.txt"), dist.join("link.txt")).unwrap();
        let taken = Taken::new(0).unwrap();
        let port = taken.port();
        Self { server: taken.serve(&dist).unwrap(), folder, port }
    }

    fn connect(&self) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Connection { stream: BufReader::new(stream) }
    }

    fn ask(&self, request: &str) -> Answer {
        self.connect().ask(request)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Connection {
    /// Sends `METHOD TARGET` and reads the answer.
    fn ask(&mut self, request: &str) -> Answer {
        self.send(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        self.answer(!request.starts_with("HEAD"))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    fn answer(&mut self, with_body: bool) -> Answer {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if with_body && let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut answer.body).unwrap();
        }
        answer
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0))
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

#[test]
fn files_have_their_types_and_the_headers_a_measuring_page_needs() {
    let site = Site::new("types");
    for (target, content_type, body) in [
        ("/", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("/index.html?x=/../y", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("/fwit_bg.wasm", "application/wasm", "\0asm"),
        ("/sub/a%20b.js", "text/javascript; charset=utf-8", "1"),
    ] {
        let answer = site.ask(&format!("GET {target}"));
        assert_eq!((answer.status, answer.body.as_slice()), (200, body.as_bytes()), "{target}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{target}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("timing-allow-origin"), Some("*"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-embedder-policy"), Some("credentialless"));
    }
    let head = site.ask("HEAD /fwit_bg.wasm");
    assert_eq!((head.status, head.header("content-length")), (200, Some("4")));
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    let site = Site::new("etag");
    let etag = site.ask("GET /").header("etag").unwrap().to_owned();
    let mut connection = site.connect();
    connection.send(format!("GET / HTTP/1.1\r\nIf-None-Match: {etag}\r\n\r\n").as_bytes());
    assert_eq!(connection.answer(true).status, 304);
    fs::write(site.folder.join("dist/index.html"), "<!DOCTYPE html>\n").unwrap();
    connection.send(format!("GET / HTTP/1.1\r\nIf-None-Match: {etag}\r\n\r\n").as_bytes());
    assert_eq!(connection.answer(true).body, b"<!DOCTYPE html>\n");
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let site = Site::new("outside");
    for target in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sub/../../secret.txt",
        "/..%2fsecret.txt",
        "//etc/passwd",
        "/link.txt",
        "/sub",
        "/sub/",
        "/nothing",
        "http://x/index.html",
        "*",
    ] {
        let answer = site.ask(&format!("GET {target}"));
        assert_eq!(answer.status, 404, "{target}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[test]
fn null_answers_gets_and_posts_and_preflights() {
    let site = Site::new("null");
    let mut connection = site.connect();
    assert_eq!(connection.ask("GET /null").status, 200);
    connection.send(b"POST /null HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(connection.answer(true).status, 200);
    connection.send(b"POST /null HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(connection.answer(false).status, 100);
    connection.send(b"hi");
    assert_eq!(connection.answer(true).status, 200);
    assert_eq!(connection.ask("OPTIONS /null").status, 204);
    assert_eq!(connection.ask("POST /index.html").status, 405);
    assert_eq!(connection.ask("DELETE /null").status, 405);
}

#[test]
fn every_connection_is_answered_while_the_others_stay_open() {
    let site = Site::new("many");
    let mut connections: Vec<Connection> = (0..100).map(|_| site.connect()).collect();
    for _ in 0..2 {
        for connection in &mut connections {
            connection.send(b"GET /null HTTP/1.1\r\n\r\n");
        }
        for connection in &mut connections {
            assert_eq!(connection.answer(true).status, 200);
        }
    }
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let site = Site::new("pipeline");
    let mut connection = site.connect();
    connection.send(
        b"GET /null HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET /no HTTP/1.1\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(connection.answer(true).body, b"null\n");
    assert_eq!(connection.answer(true).body, b"<!DOCTYPE html>");
    assert_eq!(connection.answer(true).status, 404);
    assert!(connection.is_closed());
}

#[test]
fn malformed_requests_are_refused_and_the_server_lives_on() {
    let site = Site::new("malformed");
    let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: 1\r\n".repeat(100));
    for (request, status) in [
        ("\x16\x03\x01 TLS hello\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        (&long, 431),
        (&many, 431),
        ("POST /null HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("POST /null HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /null HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    ] {
        let mut connection = site.connect();
        connection.send(request.as_bytes());
        let answer = connection.answer(true);
        assert_eq!(answer.status, status, "{}", &request[..request.len().min(60)]);
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(site.ask("GET /").status, 200);
}

#[test]
fn a_taken_port_is_told_and_a_dropped_server_gives_it_back() {
    let site = Site::new("taken");
    let port = site.port;
    let error = Taken::new(port).unwrap_err().to_string();
    assert!(error.contains(&format!("port {port} is taken")), "{error}");
    assert!(check_free(port).is_err());
    assert_eq!(site.server.origin(), format!("http://127.0.0.1:{port}"));
    drop(site);
    check_free(port).unwrap();
}

#[test]
fn a_folder_without_a_page_is_refused() {
    let error = Taken::new(0).unwrap().serve(&std::env::temp_dir().join("fwit-none")).unwrap_err();
    assert!(error.to_string().contains("no index.html"), "{error}");
}
