//! A plain HTTP/1.1 server for tests: a thread a connection, CORS and timing headers, no cluster.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as its handler sees it.
pub struct Asked {
    /// As HTTP writes it.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The body's text.
    pub body: String,
    /// What it says as `Last-Event-ID`.
    pub last_event_id: Option<String>,
}

/// Status line and body of an answer.
pub type Answered = (&'static str, String);

/// Answers to `GET /stream…` that do not end: what is written to them goes to their listeners.
pub type Streams = Arc<Mutex<Vec<TcpStream>>>;

/// Serves with a handler until the tests end. Returns its URL.
pub fn serve(handler: impl Fn(&Asked) -> Answered + Send + Sync + 'static) -> String {
    serve_streams(handler, &Streams::default())
}

/// As [`serve`], with streams.
pub fn serve_streams(
    handler: impl Fn(&Asked) -> Answered + Send + Sync + 'static,
    streams: &Streams,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (handler, streams) = (Arc::new(handler), streams.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (handler, streams) = (handler.clone(), streams.clone());
            // A client that goes away ends its connection's thread.
            std::thread::spawn(move || converse(stream, &*handler, &streams).ok());
        }
    });
    url
}

fn converse(
    mut stream: TcpStream,
    handler: &impl Fn(&Asked) -> Answered,
    streams: &Streams,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(asked) = read(&mut reader)? {
        if asked.path.starts_with("/stream") {
            let mut list = streams.lock().unwrap();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\
                 Access-Control-Allow-Origin: *\r\n\r\n"
            )?;
            list.push(stream);
            return Ok(());
        }
        let (status, answer) = handler(&asked);
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nAccess-Control-Allow-Origin: *\r\n\
             Access-Control-Allow-Methods: PUT, DELETE\r\nAccess-Control-Allow-Headers: \
             Content-Type\r\nAccess-Control-Max-Age: 600\r\nTiming-Allow-Origin: *\r\n\r\n{answer}",
            answer.len()
        )?;
    }
    Ok(())
}

/// Reads a request; none where the connection ended.
pub fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(ToString::to_string);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut length, mut last_event_id) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or_default();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("last-event-id") => {
                last_event_id = Some(value.trim().to_string());
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(Asked { method, path, body, last_event_id }))
}
