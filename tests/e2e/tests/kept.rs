//! Whether a cluster kept its word: a server that loses acknowledged writes, serves stale reads and
//! miscounts, as its own books say, and one that does not.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fwit_e2e::{Browser, Page};
use fwit_report::run::view::{RunView, Verification, Violation};
use serde_json::{Value, json};

use crate::plain_server::{self, Asked, Streams};
use crate::runs::{PATIENCE, finish, start};

/// Since when a value stands at a key; none for nothing.
type Stored = (Instant, Option<String>);

/// A store in insi's protocol, with its faults and its books.
#[derive(Default)]
struct Store {
    /// Every n-th write or increment is acknowledged and lost; 0 for none.
    loses: u64,
    /// Every n-th increment is made twice; 0 for none.
    doubles: u64,
    /// Reads find what was there so long ago.
    behind: Duration,
    stored: BTreeMap<String, Vec<Stored>>,
    truth: BTreeMap<String, String>,
    writes: u64,
    increments: u64,
    untrue: u64,
    lost_increments: u64,
    doubled_increments: u64,
}

impl Store {
    fn at(&self, key: &str, then: Instant) -> Option<String> {
        let list = self.stored.get(key)?;
        list.iter().rev().find(|(since, _)| *since <= then)?.1.clone()
    }

    fn put(&mut self, key: &str, value: Option<String>) {
        match &value {
            Some(value) => self.truth.insert(key.into(), value.clone()),
            None => self.truth.remove(key),
        };
        self.writes += 1;
        if self.loses == 0 || !self.writes.is_multiple_of(self.loses) {
            self.stored.entry(key.into()).or_default().push((Instant::now(), value));
        }
    }

    fn increment(&mut self, key: &str) {
        self.increments += 1;
        let lost = self.loses > 0 && self.increments.is_multiple_of(self.loses);
        let doubled = self.doubles > 0 && self.increments.is_multiple_of(self.doubles);
        self.lost_increments += u64::from(lost);
        self.doubled_increments += u64::from(doubled);
        let before: i64 =
            self.at(key, Instant::now()).and_then(|v| v.parse().ok()).unwrap_or_default();
        let value = Some((before + 1 - i64::from(lost) + i64::from(doubled)).to_string());
        self.stored.entry(key.into()).or_default().push((Instant::now(), value));
    }

    fn get(&mut self, key: &str) -> (&'static str, String) {
        let now = Instant::now();
        let found = self.at(key, now.checked_sub(self.behind).unwrap_or(now));
        if key.starts_with("stress-key") {
            self.untrue += u64::from(self.truth.get(key) != found.as_ref());
        }
        match found {
            Some(value) => ("200 OK", json!({ "data": value }).to_string()),
            None => ("404 Not Found", "404 page not found".into()),
        }
    }

    /// Keys that are not as they should be.
    fn wrong(&self) -> u64 {
        let keys = self.stored.keys().chain(self.truth.keys());
        let keys: std::collections::BTreeSet<&String> =
            keys.filter(|key| key.starts_with("stress-key")).collect();
        let now = Instant::now();
        keys.into_iter().filter(|key| self.truth.get(*key) != self.at(key, now).as_ref()).count()
            as u64
    }

    fn answer(&mut self, asked: &Asked) -> (&'static str, String) {
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let key = body["key"].as_str().unwrap_or_default();
        match asked.path.split('?').next().unwrap_or_default() {
            "/db/api/v1/ping" => {
                return ("200 OK", r#"{"status":"ok","role":"leader","term":1}"#.into());
            }
            "/db/api/v1/set" => self.put(key, body["value"].as_str().map(Into::into)),
            "/db/api/v1/delete" => self.put(key, None),
            "/db/api/v1/bump" => self.increment(key),
            "/db/api/v1/get" => {
                let query = asked.path.split("key=").nth(1).unwrap_or_default();
                return self.get(query.split('&').next().unwrap_or_default());
            }
            _ => return ("404 Not Found", String::new()),
        }
        ("200 OK", String::new())
    }
}

/// A run of sets, gets, deletes and increments over a store.
fn run_over(store: Store, entities: u32, keys: &Value) -> (Store, RunView) {
    let store = Arc::new(Mutex::new(store));
    let shared = store.clone();
    let url = plain_server::serve(move |asked| shared.lock().unwrap().answer(asked));
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let mut plan = json!({
        "format": "fwit-plan", "name": "kept",
        "cluster": { "dialect": "insi", "nodes": [{ "name": "n1", "url": url, "lanes": [] }] },
        "load": { "think_ms": 2, "think_jitter_ms": 1, "warmup_s": 0, "duration_s": 10 },
        "mix": { "set": 3, "get": 4, "delete": 1, "bump": 1 },
        "keys": { "known": 20 }, "verify": true,
    });
    crate::runs::merge(&mut plan, json!({ "load": { "entities": entities }, "keys": keys }));
    start(&browser, &plan);
    let (_, _, view) = finish(&browser);
    let store = std::mem::take(&mut *store.lock().unwrap());
    (store, view)
}

fn found(view: &RunView) -> &Verification {
    let found = view.verification.as_ref().unwrap();
    println!(
        "{} requests; {:?}",
        view.total.issued,
        Verification { findings: Vec::new(), ..found.clone() }
    );
    assert_eq!((found.unchecked, found.foreign), (0, 0), "{found:?}");
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    found
}

#[test]
fn a_server_that_keeps_its_word_is_found_to() {
    let (books, view) = run_over(Store::default(), 30, &json!({ "space": 200 }));
    let found = found(&view);
    assert_eq!(books.wrong(), 0);
    assert_eq!((found.lost(), found.stale(), found.counters.extra), (0, 0, 0));
    assert!(found.present > 100 && found.counters.right > 50 && found.findings.is_empty());
    assert!(found.reads[0].checked > 100);
}

#[test]
fn one_acknowledged_write_in_a_hundred_that_is_lost_is_found_and_counted() {
    let store = Store { loses: 100, ..Store::default() };
    // So many keys that two writes of one do not overlap: which is the last is then certain.
    let (books, view) = run_over(store, 30, &json!({ "space": 1_000_000, "known": 200 }));
    let found = found(&view);
    assert_eq!(found.missing + found.outdated, books.wrong(), "{:?}", found.findings);
    assert_eq!(found.counters.lost, books.lost_increments);
    assert!(found.missing > 0 && found.counters.lost > 0, "{} writes", books.writes);
    assert!(view.headlines.iter().any(|h| h.starts_with("Acknowledged writes were lost")));
    let samples = found.findings.iter().filter(|f| f.what == Violation::Missing);
    assert!(
        samples.clone().count() > 0 && samples.clone().all(|f| f.key.starts_with("stress-key"))
    );
}

#[test]
fn reads_that_are_stale_for_two_hundred_milliseconds_are_counted_exactly() {
    let store = Store { behind: Duration::from_millis(200), ..Store::default() };
    // One entity does one thing after another: what is true when it reads is certain.
    let (books, view) = run_over(store, 1, &json!({ "space": 5 }));
    let found = found(&view);
    let stale: u64 = found.reads.iter().map(|r| r.stale).sum();
    let most = found.reads.iter().map(|r| r.stale_max_us).max().unwrap();
    println!("{stale} stale reads, up to {most} µs; {} by the server's books", books.untrue);
    // The read-back began right after the last write: what it found wrong once is in the books too.
    assert_eq!(stale + found.late, books.untrue);
    assert_eq!(found.lost(), 0);
    assert!(stale > 20 && most < 200_000 && most > 50_000);
    let sample = found.findings.iter().find(|f| f.what == Violation::StaleRead).unwrap();
    assert!(sample.entity == Some(0) && sample.op == "get" && sample.node == "n1");
}

#[test]
fn increments_that_are_made_twice_are_counted_exactly() {
    let store = Store { doubles: 50, ..Store::default() };
    let (books, view) = run_over(store, 30, &json!({ "space": 200 }));
    let found = found(&view);
    assert_eq!(found.counters.extra, books.doubled_increments);
    assert!(found.counters.extra > 0 && found.lost() == 0 && found.stale() == 0);
}

/// A server of events with its faults and its books.
#[derive(Default)]
struct Publisher {
    published: u64,
    dropped: u64,
    doubled: u64,
}

/// A run of publishing over a server that drops every n-th event and sends every m-th twice; 0 for
/// none.
fn publish_over(drops: u64, doubles: u64) -> (Publisher, RunView) {
    let (streams, books) = (Streams::default(), Arc::new(Mutex::new(Publisher::default())));
    let (out, inside) = (streams.clone(), books.clone());
    let url = plain_server::serve_streams(
        move |asked| {
            if asked.path != "/publish" {
                return ("404 Not Found", String::new());
            }
            // One after another, so that all listeners see one order.
            let mut books = inside.lock().unwrap();
            books.published += 1;
            let n = books.published;
            let times = match () {
                () if drops > 0 && n.is_multiple_of(drops) => 0,
                () if doubles > 0 && n % doubles == 1 => 2,
                () => 1,
            };
            books.dropped += u64::from(times == 0);
            books.doubled += u64::from(times == 2);
            for stream in out.lock().unwrap().iter_mut() {
                let line = format!("{}\n", asked.body).repeat(times);
                // A listener that is gone is not this run's.
                let _ = stream.write_all(line.as_bytes());
            }
            ("200 OK", String::new())
        },
        &streams,
    );
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let dialect = json!({
        "title": "events",
        "operations": [{ "name": "publish", "kind": "publish", "key": "topic",
            "request": { "method": "POST", "path": "/publish", "body": "${value}" } }],
        "events": { "stream": "json", "path": "/stream?topic=${key}", "event": {} },
    });
    let plan = json!({
        "format": "fwit-plan", "name": "events",
        "cluster": { "dialect": "custom", "custom": dialect,
            "nodes": [{ "name": "n1", "url": url, "lanes": [] }] },
        "load": { "entities": 3, "think_ms": 5, "warmup_s": 0, "duration_s": 8 },
        "subscribers": 2,
    });
    start(&browser, &plan);
    let (_, _, view) = finish(&browser);
    let books = std::mem::take(&mut *books.lock().unwrap());
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    assert_eq!(view.subscribers.published, books.published);
    println!("{} published; {:?}", books.published, view.subscribers.list);
    (books, view)
}

#[test]
fn events_that_are_dropped_or_doubled_are_counted_exactly() {
    let (books, view) = publish_over(50, 70);
    assert!(books.dropped > 2 && books.doubled > 2, "{}", books.published);
    for subscriber in &view.subscribers.list {
        assert_eq!((subscriber.lost, subscriber.duplicates), (books.dropped, books.doubled));
        assert_eq!((subscriber.missed, subscriber.disconnects), (0, 0));
        assert_eq!(subscriber.received + subscriber.lost, books.published);
    }
    let (books, view) = publish_over(0, 0);
    for subscriber in &view.subscribers.list {
        assert_eq!((subscriber.lost, subscriber.duplicates, subscriber.reordered), (0, 0, 0));
        assert_eq!(subscriber.received, books.published);
    }
}
