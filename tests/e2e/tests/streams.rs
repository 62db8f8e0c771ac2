//! Event streams that break off and go on: server-sent events with `Last-Event-ID`, and long
//! polling with the position in the body and in a header. The server's own books tell what had to
//! come.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fwit_e2e::{Browser, Page};
use fwit_report::run::view::SubscriberView;
use serde_json::{Value, json};

use crate::plain_server::{Asked, read};
use crate::runs::{PATIENCE, finish, start};

/// After so many events the server cuts its streams; so many polls are refused.
const CUT_EVERY: usize = 30;
/// How long a poll is held back.
const HELD: Duration = Duration::from_secs(2);
/// Of every answer.
const CORS: &str = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: \
                    Last-Event-ID\r\nAccess-Control-Expose-Headers: X-Index\r\n";

#[derive(Default)]
struct Books {
    /// What was published, in order.
    events: Vec<String>,
    /// Of them: while nobody listened to a stream.
    unheard: u64,
    streams: Vec<TcpStream>,
    polls: usize,
    refused: u64,
    cut: u64,
}

#[derive(Default)]
struct Feed {
    books: Mutex<Books>,
    new: Condvar,
}

impl Feed {
    /// Serves until the tests end. Returns its URL.
    fn serve() -> (String, Arc<Feed>) {
        let feed = Arc::new(Feed::default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = feed.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let feed = shared.clone();
                // A client that goes away ends its connection's thread.
                std::thread::spawn(move || feed.converse(stream).ok());
            }
        });
        (url, feed)
    }

    fn converse(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(asked) = read(&mut reader)? {
            if asked.path.starts_with("/sse") && asked.method == "GET" {
                return self.listen(stream, &asked);
            }
            let (status, index, body) = match asked.path.split_once("/poll") {
                Some((_, query)) => self.poll(query),
                None if asked.method == "POST" => self.publish(asked.body),
                None => ("204 No Content", 0, String::new()),
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{CORS}X-Index: {index}\r\n\r\n{body}",
                body.len()
            )?;
        }
        Ok(())
    }

    fn publish(&self, event: String) -> (&'static str, usize, String) {
        let mut books = self.books.lock().unwrap();
        books.events.push(event);
        let number = books.events.len();
        books.unheard += u64::from(books.streams.is_empty());
        let text = format!("id: e{number}\ndata: {}\n\n", books.events[number - 1]);
        books.streams.retain_mut(|stream| stream.write_all(text.as_bytes()).is_ok());
        if number.is_multiple_of(CUT_EVERY) && !books.streams.is_empty() {
            books.cut += 1;
            books.streams.clear();
        }
        self.new.notify_all();
        ("201 Created", number, String::new())
    }

    /// What came after the last event that the listener names, and all that comes.
    fn listen(&self, mut stream: TcpStream, asked: &Asked) -> std::io::Result<()> {
        let mut books = self.books.lock().unwrap();
        let last = asked.last_event_id.as_deref().and_then(|id| id.strip_prefix('e'));
        let from = last.and_then(|id| id.parse().ok()).unwrap_or(books.events.len());
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n{CORS}\r\n: hello\n\n")?;
        for (i, event) in books.events.iter().enumerate().skip(from) {
            write!(stream, "id: e{}\ndata: {event}\n\n", i + 1)?;
        }
        books.streams.push(stream);
        Ok(())
    }

    /// Held back until there is something after the index; without one, where the feed is.
    fn poll(&self, query: &str) -> (&'static str, usize, String) {
        let mut books = self.books.lock().unwrap();
        books.polls += 1;
        if books.polls.is_multiple_of(CUT_EVERY) {
            books.refused += 1;
            return ("503 Service Unavailable", 0, String::new());
        }
        let index = query.strip_prefix("?index=").and_then(|text| text.parse::<usize>().ok());
        let from = index.unwrap_or(books.events.len());
        if index.is_some() {
            let wait = |books: &mut Books| books.events.len() <= from;
            books = self.new.wait_timeout_while(books, HELD, wait).unwrap().0;
        }
        let index = books.events.len();
        let news = books.events.get(from..).unwrap_or_default().join(",");
        ("200 OK", index, format!("{{\"index\":{index},\"events\":[{news}]}}"))
    }
}

/// A run that publishes, with one listener: what it counted, and how many events were due.
fn heard(page: &Page, url: &str, events: &Value) -> (SubscriberView, u64) {
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let plan = json!({
        "format": "fwit-plan", "name": "streams",
        "cluster": { "dialect": "custom", "nodes": [{ "name": "n1", "url": url }], "custom": {
            "title": "a feed",
            "operations": [{ "name": "say", "kind": "publish", "key": "topic",
                "request": { "method": "POST", "path": "/say/${key}", "body": "${value}" } }],
            "events": events,
        } },
        "load": { "entities": 3, "think_ms": 20, "warmup_s": 1, "duration_s": 8 },
        "mix": { "say": 1 }, "subscribers": 1,
    });
    start(&browser, &plan);
    let (_, _, view) = finish(&browser);
    println!("{:?}", view.subscribers);
    (view.subscribers.list[0].clone(), view.subscribers.published)
}

#[test]
fn a_listener_that_is_cut_off_goes_on_after_the_last_event() {
    let page = Page::serve().unwrap();
    let (url, feed) = Feed::serve();
    let mut events =
        json!({ "stream": "sse", "path": "/sse/${key}", "event": { "pointer": "" }, "resume": {} });
    let (own, published) = heard(&page, &url, &events);
    let cut = std::mem::take(&mut *feed.books.lock().unwrap()).cut;
    assert!(cut > 1 && u64::from(own.disconnects) >= cut - 1, "{cut} cut, {own:?}");
    assert_eq!((own.lost, own.duplicates, own.reordered), (0, 0, 0), "{own:?}");
    assert!(own.received >= published && published > 50, "{published} {own:?}");
    // The control: without it, what was published meanwhile is lost, and told.
    events.as_object_mut().unwrap().remove("resume");
    let (own, _) = heard(&page, &url, &events);
    let unheard = feed.books.lock().unwrap().unheard;
    assert!(own.lost > 0 && own.lost <= unheard, "{unheard} unheard, {own:?}");
    // All but those that were sent in the moment of a cut were sent while it was cut off.
    let cut = feed.books.lock().unwrap().cut;
    assert!(own.lost - own.missed <= cut && own.duplicates == 0, "{cut} cut, {own:?}");
}

#[test]
fn long_polling_loses_nothing_with_the_position_in_the_body_or_a_header() {
    let page = Page::serve().unwrap();
    let with = |resume: Value| {
        let (url, feed) = Feed::serve();
        let mut events =
            json!({ "stream": "poll", "path": "/poll", "event": { "pointer": "/events/*" } });
        events["resume"] = resume;
        let (own, published) = heard(&page, &url, &events);
        let books = std::mem::take(&mut *feed.books.lock().unwrap());
        println!("{} polls, {} refused", books.polls, books.refused);
        // The first poll may be refused, and its listener has no stream to lose yet.
        assert!(books.refused > 0 && u64::from(own.disconnects) >= books.refused - 1, "{own:?}");
        assert_eq!((own.lost, own.duplicates, own.reordered), (0, 0, 0), "{own:?}");
        assert!(own.received >= published && published > 50, "{published} {own:?}");
    };
    let path = "/poll?index=${position}";
    with(json!({ "position_at": "/index", "path": path }));
    with(json!({ "position_header": "X-Index", "path": path }));
}
