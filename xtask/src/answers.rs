//! Answers the requests of the browser tests, on loopback.
//!
//! The test runner's own server (tiny_http) is not for that: of connections that come faster than
//! its idle threads wake, it queues some behind threads that stay with another connection until
//! that closes. Of five that are opened at once and kept, one is not answered. A browser opens six.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// Taken where it is free: the URL is compiled into the tests, and should be the same the next
/// time.
const PORT: u16 = 7171;

/// Answers `/found` with 200 bytes and everything else with 404 until this program ends; gives the
/// origin.
///
/// # Errors
/// When no port is free.
pub(crate) fn serve() -> io::Result<String> {
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = listen(PORT).or_else(|_| listen(0))?;
    let origin = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that breaks is the browser's business.
            thread::spawn(move || answer_all(stream));
        }
    });
    Ok(origin)
}

fn answer_all(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if requests.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let (status, body) = if head.starts_with("GET /found ") {
            ("200 OK", "found\n".repeat(34))
        } else {
            ("404 Not Found", "There is nothing here.\n".to_owned())
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\
             Access-Control-Allow-Origin: *\r\nTiming-Allow-Origin: *\r\nCache-Control: \
             no-store\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes())?;
    }
}
