//! One connection: reads request after request, answers each.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::files::Folder;

/// Bytes of a request's head; more is answered 431.
const HEAD: usize = 16 * 1024;
/// Bytes of a request's body; more is answered 413.
const BODY: usize = 1024 * 1024;
/// Header lines of a request.
const LINES: usize = 64;
/// How long a connection may be idle, or a peer leave us waiting.
const IDLE: Duration = Duration::from_secs(60);

/// Headers of every answer. Isolation (the first three) gives the page's clock steps of 5 µs instead of 100.
const ALWAYS: &str = "Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Embedder-Policy: credentialless\r\n\
    Cross-Origin-Resource-Policy: cross-origin\r\n\
    Cache-Control: no-cache\r\n\
    Timing-Allow-Origin: *\r\n\
    Access-Control-Allow-Origin: *\r\n\
    X-Content-Type-Options: nosniff\r\n";

/// What we need of a request's head.
struct Head {
    method: String,
    target: String,
    /// Whether the client wants to send more requests on this connection.
    keep: bool,
    /// Bytes of the body that follows.
    body: usize,
    /// Whether the client waits for our consent before it sends the body.
    asks_first: bool,
    if_none_match: Option<String>,
}

/// An answer without the headers of every answer.
struct Answer {
    status: &'static str,
    /// Whole lines, each ending in CR LF.
    headers: String,
    body: Vec<u8>,
}

/// Answers the requests of a connection until the client has no more, one is malformed, or the peer is silent.
pub(super) fn answer_all(mut stream: TcpStream, folder: &Folder) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    let mut buffer = Vec::new();
    loop {
        let head = match read_head(&mut stream, &mut buffer)? {
            None => return Ok(()),
            Some(Ok(head)) => head,
            Some(Err(refusal)) => return send(&mut stream, &refusal, false, true),
        };
        if head.asks_first && buffer.is_empty() && head.body > 0 {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        skip_body(&mut stream, &mut buffer, head.body)?;
        let answer = answer(&head, folder);
        send(&mut stream, &answer, head.keep, head.method != "HEAD")?;
        if !head.keep {
            return Ok(());
        }
    }
}

fn answer(head: &Head, folder: &Folder) -> Answer {
    let path = head.target.split('?').next().unwrap_or_default();
    match (head.method.as_str(), path) {
        ("OPTIONS", _) => Answer {
            status: "204 No Content",
            headers: "Access-Control-Allow-Methods: GET, HEAD, POST\r\nAccess-Control-Allow-Headers: *, Authorization\r\n\
                      Access-Control-Max-Age: 7200\r\n"
                .to_owned(),
            body: Vec::new(),
        },
        ("GET" | "HEAD" | "POST", "/null") => Answer::text("200 OK", "null\n"),
        ("GET" | "HEAD", _) => match folder.read(&head.target) {
            None => Answer::text("404 Not Found", "There is no such file.\n"),
            Some(file) => {
                let etag = format!("ETag: {}\r\n", file.etag);
                if head.if_none_match.as_deref().is_some_and(|known| known.split(',').any(|tag| tag.trim() == file.etag)) {
                    return Answer { status: "304 Not Modified", headers: etag, body: Vec::new() };
                }
                let headers = format!("{etag}Content-Type: {}\r\n", file.content_type);
                Answer { status: "200 OK", headers, body: file.content }
            }
        },
        _ => {
            let mut answer = Answer::text("405 Method Not Allowed", "Only GET and HEAD, and POST to /null.\n");
            answer.headers.push_str("Allow: GET, HEAD\r\n");
            answer
        }
    }
}

impl Answer {
    fn text(status: &'static str, body: &str) -> Self {
        let headers = "Content-Type: text/plain; charset=utf-8\r\n".to_owned();
        Self { status, headers, body: body.as_bytes().to_vec() }
    }
}

/// Reads a request's head and removes it from the buffer. None when the client closed between requests.
fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Result<Head, Answer>>> {
    loop {
        match parse_head(buffer) {
            Parsed::Whole(size, head) => {
                buffer.drain(..size);
                return Ok(Some(Ok(head)));
            }
            Parsed::Refused(answer) => return Ok(Some(Err(answer))),
            Parsed::Partial if buffer.len() >= HEAD => {
                let text = "The request's head is too long.\n";
                return Ok(Some(Err(Answer::text("431 Request Header Fields Too Large", text))));
            }
            Parsed::Partial => {}
        }
        if read_more(stream, buffer)? == 0 {
            return Ok(None);
        }
    }
}

enum Parsed {
    /// A head of so many bytes.
    Whole(usize, Head),
    Partial,
    Refused(Answer),
}

fn parse_head(buffer: &[u8]) -> Parsed {
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    let mut request = httparse::Request::new(&mut lines);
    let size = match request.parse(buffer) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(httparse::Error::TooManyHeaders) => {
            let text = "The request has too many headers.\n";
            return Parsed::Refused(Answer::text("431 Request Header Fields Too Large", text));
        }
        Err(wrong) => {
            let text = format!("The request is no HTTP/1: {wrong}.\n");
            return Parsed::Refused(Answer::text("400 Bad Request", &text));
        }
    };
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        keep: request.version == Some(1),
        body: 0,
        asks_first: false,
        if_none_match: None,
    };
    for line in request.headers.iter() {
        let value = String::from_utf8_lossy(line.value);
        let value = value.trim();
        match line.name.to_ascii_lowercase().as_str() {
            "connection" if value.eq_ignore_ascii_case("close") => head.keep = false,
            "connection" if value.eq_ignore_ascii_case("keep-alive") => head.keep = true,
            "transfer-encoding" => {
                let text = "Send a Content-Length, not a Transfer-Encoding.\n";
                return Parsed::Refused(Answer::text("411 Length Required", text));
            }
            "content-length" => match value.parse() {
                Ok(body) if body <= BODY => head.body = body,
                Ok(_) => {
                    let text = format!("The body is longer than {BODY} bytes.\n");
                    return Parsed::Refused(Answer::text("413 Content Too Large", &text));
                }
                Err(_) => {
                    return Parsed::Refused(Answer::text(
                        "400 Bad Request",
                        "Content-Length is no number.\n",
                    ));
                }
            },
            "expect" => head.asks_first = value.eq_ignore_ascii_case("100-continue"),
            "if-none-match" => head.if_none_match = Some(value.to_owned()),
            _ => {}
        }
    }
    Parsed::Whole(size, head)
}

fn skip_body(stream: &mut TcpStream, buffer: &mut Vec<u8>, body: usize) -> io::Result<()> {
    while buffer.len() < body {
        if read_more(stream, buffer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    buffer.drain(..body);
    Ok(())
}

fn read_more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 8 * 1024];
    let read = stream.read(&mut chunk)?;
    buffer.extend_from_slice(&chunk[..read]);
    Ok(read)
}

/// Sends head and body as one piece, so that a small answer is one packet.
fn send(stream: &mut TcpStream, answer: &Answer, keep: bool, with_body: bool) -> io::Result<()> {
    let Answer { status, headers, body } = answer;
    let connection = if keep { "keep-alive" } else { "close" };
    // An answer 204 or 304 has no body and says no length.
    let length = if status.starts_with("204") || status.starts_with("304") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}{length}{ALWAYS}Connection: {connection}\r\n\r\n")
        .into_bytes();
    if with_body {
        bytes.extend_from_slice(body);
    }
    stream.write_all(&bytes)
}
