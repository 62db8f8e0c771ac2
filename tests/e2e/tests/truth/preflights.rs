//! CORS preflights: as few as the browser allows, and as many as the page says, by a server that
//! counts them.

use std::collections::HashMap;
use std::time::Duration;

use fwit_e2e::server::{Options, Pace, Server};
use fwit_e2e::{Browser, Page};
use fwit_engine::preflights::{Assumed, MAX_AGE_DEFAULT, forecast};
use fwit_model::plan::wire;
use fwit_quantities::units::Micros;
use fwit_report::run::view::Measure;
use serde_json::{Value, json};

use super::open_page;
use crate::runs::{finish, merge, start_with};

const ANSWER: Duration = Duration::from_millis(20);
const WARMUP_S: f64 = 1.0;

/// What was seen of a run with a key: of the measured window.
struct Seen {
    /// Shares of the requests that made a preflight: by the server, by the run's file, by the
    /// forecast.
    shares: [f64; 3],
    /// How often leave was asked for each URL in the whole run.
    by_url: HashMap<String, usize>,
}

fn run(max_age: Option<u32>, seconds: u32, changes: Value) -> Seen {
    let page = Page::serve().unwrap();
    let server = Server::start(Options::paced(Pace::Fixed(ANSWER))).unwrap();
    server.change(|manner| manner.max_age = max_age);
    let browser = Browser::shared().unwrap();
    open_page(&browser, &page);
    let mut plan = json!({
        "name": "preflights",
        "cluster": { "dialect": "insi",
            "nodes": [{ "name": "n1", "url": server.url("127.0.0.1") }] },
        "load": { "entities": 12, "think_ms": 20, "think_jitter_ms": 20, "warmup_s": WARMUP_S,
            "duration_s": seconds },
    });
    merge(&mut plan, changes);
    start_with(&browser, &plan, &json!({ "apiKey": "planted-key" }));
    let (_, _, view) = finish(&browser);
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    // How long answers take on this machine, now: the forecast is of their number.
    let answer = Micros(view.total.measure(Measure::Response).mean_us as u64);
    println!("answers took {answer}, at the server {ANSWER:?}");
    let known = max_age.map_or(MAX_AGE_DEFAULT, |s| Micros::from_secs(f64::from(s)));
    let assumed = Assumed { max_age: known, answer };
    let expected = forecast(&wire::read(&plan.to_string()).unwrap(), true, assumed);
    let told: (u64, u64) =
        expected.iter().fold((0, 0), |(p, n), op| (p + op.preflights, n + op.requests));
    let (counts, records) = (server.counts(), server.records());
    let begin = records.0.iter().map(|r| r.arrived).min().unwrap();
    let inside = |at: Duration| {
        let at = at.saturating_sub(begin).as_secs_f64();
        at >= WARMUP_S && at < WARMUP_S + f64::from(seconds)
    };
    let load = || {
        counts
            .preflights
            .iter()
            .filter(|(path, _)| !["/ping", "/metrics"].iter().any(|p| path.contains(p)))
    };
    let asked = load().filter(|(_, at)| inside(*at)).count() as f64;
    let requests = records.0.iter().filter(|r| inside(r.arrived)).count() as f64;
    let share = |part: u64, of: u64| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    let seen = Seen {
        shares: [
            asked / requests,
            share(view.total.preflights, view.total.issued),
            share(told.0, told.1),
        ],
        by_url: load().fold(HashMap::new(), |mut urls, (path, _)| {
            *urls.entry(path.clone()).or_default() += 1;
            urls
        }),
    };
    println!(
        "max-age {max_age:?}: preflights a request: server {:.4}, file {:.4}, forecast {:.4}; {} \
         URLs, at most {:?} each",
        seen.shares[0],
        seen.shares[1],
        seen.shares[2],
        seen.by_url.len(),
        seen.by_url.values().max()
    );
    seen
}

impl Seen {
    /// Forecast, file and server agree within two points.
    fn assert_foretold(&self) {
        let [server, file, forecast] = self.shares;
        assert!((file - server).abs() < 0.02, "the file says {file}, the server {server}");
        assert!((forecast - server).abs() < 0.02, "the forecast is {forecast}, not {server}");
    }
}

#[test]
fn posts_ask_once_a_slot_and_gets_once_a_value_and_slot() {
    let posts = run(Some(7_200), 3, json!({ "mix": { "set": 1 } }));
    posts.assert_foretold();
    assert_eq!(posts.by_url.len(), 1);
    assert!(posts.by_url.values().all(|n| *n <= 6), "{:?}", posts.by_url);
    let gets = run(Some(7_200), 8, json!({ "mix": { "get": 1 }, "keys": { "space": 100 } }));
    gets.assert_foretold();
    // Each distinct URL once; a slot's own parameter makes it distinct.
    assert!(gets.by_url.values().all(|n| *n == 1), "{:?}", gets.by_url);
    assert!(gets.by_url.len() > 90, "{}", gets.by_url.len());
}

#[test]
fn leave_that_ends_is_asked_for_again_as_foretold() {
    // Without Max-Age browsers keep it for 5 s.
    let default = run(None, 12, json!({ "mix": { "set": 1 } }));
    default.assert_foretold();
    assert!(default.by_url.values().all(|n| *n > 6), "{:?}", default.by_url);
    let short = run(Some(3), 9, json!({ "mix": { "set": 1, "get": 1 }, "keys": { "space": 30 } }));
    short.assert_foretold();
    assert!(short.shares[0] > 0.03, "{:?}", short.shares);
}

#[test]
fn answers_out_of_the_browsers_cache_are_told() {
    let page = Page::serve().unwrap();
    let server = Server::start(Options::paced(Pace::Fixed(ANSWER))).unwrap();
    server.change(|manner| manner.cache_control = Some("max-age=60"));
    let browser = Browser::shared().unwrap();
    open_page(&browser, &page);
    let plan = json!({
        "name": "cached",
        "cluster": { "dialect": "insi",
            "nodes": [{ "name": "n1", "url": server.url("127.0.0.1") }] },
        "load": { "entities": 2, "think_ms": 20, "warmup_s": 0, "duration_s": 2 },
        "mix": { "get": 1 },
        "keys": { "space": 3 },
    });
    let cached = |options: Value| {
        start_with(&browser, &plan, &options);
        let (_, _, view) = finish(&browser);
        view.health.signs.iter().any(|sign| sign.contains("came out of the browser's cache"))
    };
    assert!(cached(json!({ "apiKey": "planted-key" })));
    // Without a key the browser must not keep anything.
    assert!(!cached(json!({})));
}
